"""Which waiting prompts become growing trees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from oa_graph.model import Rating
from oa_graph.policy.rating import chance


@dataclass(frozen=True, slots=True)
class Ticket:
    """One waiting prompt."""

    tree: str
    author: str | None
    """None: the system wrote it."""
    wins: int
    """How often a reply of this author was put first within the last month."""
    mu: float
    sigma: float


def draw(tickets: Sequence[Ticket], count: int, *, floor: float, rng: Random) -> list[str]:
    """The trees of up to `count` winners, in the order drawn, without replacement.

    An author weighs 1 + wins, whatever the number of prompts, so many prompts do not raise the odds and
    well-ranked replies do. That weight is shared out equally among the prompts and then scaled by how well
    each ranks: by the probability that it beats an average new prompt, but never less than `floor`, so no
    prompt waits without hope. While no prompt is ranked this is the original's lottery: an author by weight,
    then one of the prompts uniformly. After each draw the weight is shared anew among the prompts left, as it
    is when the next tree is drawn by another request.

    Each prompt of the system counts as that of an author of its own: nobody gains by it.
    """
    left = list(tickets)
    won: list[str] = []
    while left and len(won) < count:
        (place,) = rng.choices(range(len(left)), weights(left, floor=floor))
        won.append(left.pop(place).tree)
    return won


def weights(tickets: Sequence[Ticket], *, floor: float) -> list[float]:
    """The weight of each ticket in the next draw."""
    prompts = Counter(each.author for each in tickets)
    found = [
        (1 + each.wins)
        * max(floor, chance(Rating(each.mu, each.sigma)))
        / (1 if each.author is None else prompts[each.author])
        for each in tickets
    ]
    # without a floor, chances may all vanish; then none is better than another
    return found if sum(found) > 0 else [1.0] * len(found)
