from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise, permutations
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oa_graph.policy.ranking import consensus
from tests.strategies import Profile, partial_profiles, profiles


def order_of(profile: Sequence[Sequence[str]]) -> tuple[str, ...]:
    result = consensus(profile)
    assert result is not None
    return result.order


def margin(profile: Profile, better: str, worse: str) -> int:
    return sum(1 if vote.index(better) < vote.index(worse) else -1 for vote in profile)


def disagreement(profile: Profile, order: Sequence[str]) -> int:
    """Kendall's distance to all voters: how many of their pairs the order turns round."""
    return sum(vote.index(better) > vote.index(worse) for vote in profile for better, worse in combinations(order, 2))


def has_cycle(profile: Profile) -> bool:
    """Whether no order agrees with every strict majority."""
    return not any(
        all(margin(profile, *pair) >= 0 for pair in combinations(order, 2)) for order in permutations(profile[0])
    )


@given(partial_profiles())
def test_a_consensus_orders_the_ids_that_all_voters_ranked(profile: Profile) -> None:
    common = sorted(set(profile[0]).intersection(*profile))
    result = consensus(profile)
    assert (result is None) is (len(common) < 2)
    assert result is None or sorted(result.order) == common


@given(partial_profiles(), st.randoms(use_true_random=False))
def test_voters_are_equal(profile: Profile, rng: Random) -> None:
    assert consensus(profile) == consensus(rng.sample(profile, len(profile)))


@given(st.permutations("abcde"), st.integers(1, 9))
def test_a_unanimous_order_is_kept_and_as_sure_as_there_are_voters(order: list[str], voters: int) -> None:
    result = consensus([order] * voters)
    assert result is not None
    assert result.order == tuple(order)
    assert result.margin == voters


@given(profiles(min_ids=3))
def test_who_beats_everybody_else_comes_first(profile: Profile) -> None:
    winners = [
        one for one in profile[0] if all(margin(profile, one, other) > 0 for other in profile[0] if other != one)
    ]
    assume(winners)
    assert order_of(profile)[0] == winners[0]


@given(profiles(min_ids=3))
def test_who_loses_to_everybody_else_comes_last(profile: Profile) -> None:
    losers = [one for one in profile[0] if all(margin(profile, one, other) < 0 for other in profile[0] if other != one)]
    assume(losers)
    assert order_of(profile)[-1] == losers[0]


@given(profiles())
def test_without_a_cycle_no_order_agrees_with_more_voters(profile: Profile) -> None:
    """Kemeny's rule by brute force is the oracle."""
    assume(not has_cycle(profile))
    least = min(disagreement(profile, order) for order in permutations(profile[0]))
    assert disagreement(profile, order_of(profile)) == least


def step_by_step(profile: Profile) -> list[str]:
    """Ranked pairs as written down, with the places of the ids given by mean rank instead of by id alone."""
    ids = sorted(profile[0], key=lambda one: (sum(vote.index(one) for vote in profile), one))
    pairs = [(margin(profile, *pair), pair) for pair in permutations(ids, 2) if margin(profile, *pair) >= 0]
    edges: set[tuple[str, str]] = set()

    def leads(start: str, end: str) -> bool:
        return start == end or any(leads(worse, end) for better, worse in edges if better == start)

    for _, (better, worse) in sorted(pairs, key=lambda entry: -entry[0]):
        if not leads(worse, better):
            edges.add((better, worse))
    order: list[str] = []
    while left := [one for one in ids if one not in order]:
        order.append(next(one for one in left if not any((other, one) in edges for other in left)))
    return order


@given(profiles())
def test_the_order_is_that_of_the_procedure_step_by_step(profile: Profile) -> None:
    assert list(order_of(profile)) == step_by_step(profile)


@given(profiles(max_ids=6))
def test_the_margin_is_that_of_the_weakest_neighbours_and_never_negative(profile: Profile) -> None:
    result = consensus(profile)
    assert result is not None
    assert result.margin is not None
    assert result.margin == min(margin(profile, *pair) for pair in pairwise(result.order))
    assert result.margin >= 0


@given(profiles(), st.permutations("abcdefgh"))
def test_ids_decide_only_where_mean_ranks_do_not(profile: Profile, names: list[str]) -> None:
    """New names give the same order, unless two ids share a mean rank."""
    ids = profile[0]
    assume(len({sum(vote.index(one) for vote in profile) for one in ids}) == len(ids))
    renamed = dict(zip("abcdefgh", names, strict=True))
    result = order_of([[renamed[one] for one in vote] for vote in profile])
    assert result == tuple(renamed[one] for one in order_of(profile))


VOTES = ["PQRS", "PQRS", "QRPS", "QRSP", "RPQS"]


@pytest.mark.parametrize(
    ("ids", "order"),
    [
        ({"P": "a1", "Q": "b2", "R": "c3", "S": "d4"}, "PQRS"),
        ({"R": "a1", "P": "b2", "Q": "c3", "S": "d4"}, "QRPS"),
    ],
)
def test_in_a_perfect_tie_the_ids_decide(ids: dict[str, str], order: str) -> None:
    """P beats Q beats R beats P; the weakest of the three are P over Q and R over P, by one voter each.

    P and R have the same mean rank too, so the smaller id says which of the two pairs is locked.
    """
    result = consensus([[ids[number] for number in vote] for vote in VOTES])
    assert result is not None
    assert result.order == tuple(ids[number] for number in order)
    assert result.margin == 1


def test_a_tie_goes_to_the_better_mean_rank_against_the_ids() -> None:
    # two voters against two on a and z, but z is never worse than second
    votes = ["zmna", "znma", "azmn", "aznm"]
    result = consensus(votes)
    assert result is not None
    assert result.order[:2] == ("z", "a")
    assert result.margin == 0


def test_a_tie_is_locked_after_all_that_is_decided() -> None:
    # b beats c and d; a ties with all three and d beats c: a's mean rank puts it beside d, where its id decides
    assert order_of(["abdc", "bdca"]) == ("b", "a", "d", "c")


def test_a_tie_in_everything_goes_to_the_smaller_id() -> None:
    result = consensus(["ba", "ab"])
    assert result is not None
    assert (result.order, result.margin) == (("a", "b"), 0)


def test_one_voter_decides_alone() -> None:
    assert order_of(["cab"]) == ("c", "a", "b")


@pytest.mark.parametrize("profile", [[], [[]], [["a"]], [["a", "b"], ["b", "c"]]])
def test_less_than_two_common_ids_have_no_order(profile: Profile) -> None:
    assert consensus(profile) is None


def test_a_reply_that_some_voters_never_saw_has_no_rank() -> None:
    assert order_of(["abc", "xacb", "abxc"]) == ("a", "b", "c")


@pytest.mark.parametrize(("not_rankable", "ranked"), [(0, True), (1, True), (2, True), (3, False), (9, False)])
def test_a_strict_majority_may_say_that_all_candidates_are_bad(not_rankable: int, ranked: bool) -> None:
    assert (consensus(["ab", "ab"], not_rankable=not_rankable) is not None) is ranked


def test_nobody_ranked_anything() -> None:
    assert consensus([], not_rankable=3) is None
