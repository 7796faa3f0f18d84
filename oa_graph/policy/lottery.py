"""Which waiting prompts become growing trees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from oa_graph.domain.trees import Rating
from oa_graph.policy.rating import chance


@dataclass(frozen=True, slots=True)
class Ticket:
    """One waiting prompt."""

    tree: str
    author: str | None
    """None: the system wrote it."""
    wins: int
    """How often a reply by this author was ranked first within the last month."""
    mu: float
    sigma: float


def draw(tickets: Sequence[Ticket], count: int, *, floor: float, rng: Random) -> list[str]:
    """Return the trees of up to `count` winners, in the order drawn, without replacement.

    An author has the weight 1 + wins for any number of prompts: well-ranked replies raise the odds, many prompts do
    not. The weight is split equally among the author's prompts, then scaled by the probability that a prompt beats an
    average new one, at least `floor`, so every prompt keeps a chance. While no prompt is ranked, this equals the
    original's lottery: an author by weight, then one of their prompts uniformly. Each draw splits the weight among the
    prompts that are left, just as a draw by the next request does.

    Each prompt of the system counts as a prompt of a separate author.
    """
    left = list(tickets)
    won: list[str] = []
    while left and len(won) < count:
        (place,) = rng.choices(range(len(left)), weights(left, floor=floor))
        won.append(left.pop(place).tree)
    return won


def weights(tickets: Sequence[Ticket], *, floor: float) -> list[float]:
    """Return the weight of each ticket in the next draw."""
    prompts = Counter(ticket.author for ticket in tickets)
    values = [
        (1 + ticket.wins)
        * max(floor, chance(Rating(ticket.mu, ticket.sigma)))
        / (1 if ticket.author is None else prompts[ticket.author])
        for ticket in tickets
    ]
    # without a floor all weights may be 0; then all tickets are equal
    return values if sum(values) > 0 else [1.0] * len(values)
