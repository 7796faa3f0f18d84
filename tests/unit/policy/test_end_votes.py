"""Which posts are asked about, and when the majority of the votes is certain."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.limits import PRESETS, Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.policy.end_votes import ask_from_depth, verdict
from tests.unit.policy.distribution import assert_fits


@pytest.mark.parametrize(
    ("votes_for", "votes_against", "votes_wanted", "decision"),
    [
        (0, 0, 3, None),
        (1, 0, 2, None),
        (1, 1, 1, None),
        (2, 0, 1, True),
        (0, 2, 1, False),
        (2, 1, 0, True),
        (1, 2, 0, False),
        (1, 0, 0, True),
        (3, 1, 1, True),
        (2, 1, 2, None),
    ],
)
def test_the_majority_decides_once_the_missing_votes_cannot_change_it(
    votes_for: int, votes_against: int, votes_wanted: int, decision: bool | None
) -> None:
    assert verdict(votes_for=votes_for, votes_against=votes_against, votes_wanted=votes_wanted) is decision


@given(st.integers(0, 10).map(lambda half: 2 * half + 1), st.data())
def test_an_odd_number_of_votes_always_decides(votes: int, data: st.DataObject) -> None:
    votes_for = data.draw(st.integers(0, votes))
    assert verdict(votes_for=votes_for, votes_against=votes - votes_for, votes_wanted=0) is (votes_for > votes / 2)


@pytest.mark.parametrize("votes", [2, 4])
def test_an_even_number_of_votes_is_no_limit(votes: int) -> None:
    with pytest.raises(ValueError, match="num_end_votes"):
        Limits(num_end_votes=votes)


def test_presets_have_odd_numbers_of_votes() -> None:
    assert all(limits.num_end_votes % 2 for limits in PRESETS.values())


def test_only_replies_of_the_assistant_are_asked_about_by_chance() -> None:
    limits = Limits(p_end_vote=1.0, end_vote_min_depth=3)
    depths = {kind: ask_from_depth(kind, limits, Random(1)) for kind in TaskKind}
    assert {kind for kind, depth in depths.items() if depth is not None} == {TaskKind.LABEL_ASSISTANT_REPLY}
    assert depths[TaskKind.LABEL_ASSISTANT_REPLY] == 3


def test_the_chance_is_the_one_of_the_limits() -> None:
    limits, rng = Limits(p_end_vote=0.25), Random(5)
    assert_fits(
        lambda: ask_from_depth(TaskKind.LABEL_ASSISTANT_REPLY, limits, rng) is not None,
        {True: 0.25, False: 0.75},
        draws=4_000,
    )
