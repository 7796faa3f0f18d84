from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.trees import Rating
from oa_graph.policy.lottery import Ticket, draw, weights
from oa_graph.policy.rating import NEW, chance
from tests.strategies import ratings
from tests.unit.policy.distribution import assert_fits

FLOOR = 0.1


def ticket(tree: str, author: str | None, *, wins: int = 0, rating: Rating = NEW) -> Ticket:
    return Ticket(tree=tree, author=author, wins=wins, mu=rating.mu, sigma=rating.sigma)


AUTHORS = {"ann": 0, "bob": 3, "eve": 1}


@st.composite
def waiting(draw: st.DrawFn) -> list[Ticket]:
    """Prompts by a few authors and by the system."""
    authors = draw(st.lists(st.sampled_from([None, *AUTHORS]), min_size=1, max_size=8))
    return [
        ticket(f"tree {place}", author, wins=AUTHORS.get(author or "", 0), rating=draw(ratings()))
        for place, author in enumerate(authors)
    ]


def by_author(tickets: list[Ticket], shares: list[float]) -> Mapping[str | None, float]:
    totals: dict[str | None, float] = {}
    for ticket, weight in zip(tickets, shares, strict=True):
        totals[ticket.author] = totals.get(ticket.author, 0) + weight
    return totals


@given(waiting(), st.integers(0, 10), st.randoms(use_true_random=False))
def test_winners_are_waiting_trees_none_of_them_twice(tickets: list[Ticket], count: int, rng: Random) -> None:
    won = draw(tickets, count, floor=FLOOR, rng=rng)
    assert len(won) == len(set(won)) == min(count, len(tickets))
    assert set(won) <= {ticket.tree for ticket in tickets}


def test_nobody_wins_where_nobody_waits() -> None:
    assert draw([], 2, floor=FLOOR, rng=Random(0)) == []


@given(st.integers(1, 50), st.integers(0, 9))
def test_more_prompts_do_not_raise_the_odds_of_an_author(prompts: int, wins: int) -> None:
    tickets = [ticket(f"tree {number}", "ann", wins=wins) for number in range(prompts)]
    assert sum(weights(tickets, floor=FLOOR)) == pytest.approx((1 + wins) * 0.5)


@given(waiting())
def test_an_author_weighs_no_more_than_with_the_best_prompt_alone(tickets: list[Ticket]) -> None:
    for author, total in by_author(tickets, weights(tickets, floor=FLOOR)).items():
        if author is not None:
            own = [own_ticket for own_ticket in tickets if own_ticket.author == author]
            alone = [weights([own_ticket], floor=FLOOR)[0] for own_ticket in own]
            assert total <= max(alone) + 1e-9


@given(waiting())
def test_no_prompt_falls_below_the_floor(tickets: list[Ticket]) -> None:
    for ticket, weight in zip(tickets, weights(tickets, floor=FLOOR), strict=True):
        share = 1 if ticket.author is None else sum(other.author == ticket.author for other in tickets)
        assert weight * share >= FLOOR * (1 + ticket.wins) - 1e-12


def test_the_better_prompt_of_an_author_is_the_likelier() -> None:
    good, bad = Rating(40, 2), Rating(10, 2)
    rng = Random(4)
    tickets = [ticket("good", "ann", rating=good), ticket("bad", "ann", rating=bad)]
    assert_fits(lambda: draw(tickets, 1, floor=0, rng=rng)[0], {"good": chance(good), "bad": chance(bad)})


def test_a_floor_of_one_takes_no_note_of_ranks() -> None:
    tickets = [ticket("good", "ann", rating=Rating(40, 2)), ticket("bad", "bob", rating=Rating(10, 2))]
    assert weights(tickets, floor=1) == [1, 1]


def test_unranked_prompts_are_drawn_as_in_the_original() -> None:
    """An author with weight 1 + wins, then one of that author's prompts uniformly."""
    rng = Random(5)
    tickets = [
        ticket("a1", "ann"),
        ticket("b1", "bob", wins=3),
        ticket("b2", "bob", wins=3),
        ticket("e1", "eve", wins=1),
        ticket("e2", "eve", wins=1),
        ticket("e3", "eve", wins=1),
        ticket("s1", None),
        ticket("s2", None),
    ]
    original = {"a1": 1, "b1": 4 / 2, "b2": 4 / 2, "e1": 2 / 3, "e2": 2 / 3, "e3": 2 / 3, "s1": 1, "s2": 1}
    assert_fits(lambda: draw(tickets, 1, floor=FLOOR, rng=rng)[0], original)


def test_the_second_winner_is_drawn_from_those_left_by_their_own_weights() -> None:
    rng = Random(6)
    tickets = [ticket("a1", "ann"), ticket("a2", "ann"), ticket("b1", "bob")]
    # first a1 or a2 with 1/4 each, then the other one and b1 weigh the same
    pairs: dict[tuple[str, ...], float] = {
        ("a1", "a2"): 1,
        ("a1", "b1"): 1,
        ("a2", "a1"): 1,
        ("a2", "b1"): 1,
        ("b1", "a1"): 2,
        ("b1", "a2"): 2,
    }
    assert_fits(lambda: tuple(draw(tickets, 2, floor=FLOOR, rng=rng)), pairs)


def test_chances_that_all_vanish_are_equal() -> None:
    hopeless = Rating(mu=-1e9, sigma=1)
    tickets = [ticket("one", "ann", rating=hopeless), ticket("two", "bob", rating=hopeless)]
    assert weights(tickets, floor=0) == [1, 1]
