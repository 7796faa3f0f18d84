"""Figures, frames, points and levels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.posts import Role, TextLabel
from oa_graph.domain.scores import CONDUCT, FIGURES, WORK, Credit, Figures, ScoredPost, Slot, TimeFrame
from oa_graph.policy import scoring

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)
HOUR, DAY = 3_600_000, 86_400_000


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


figures = st.dictionaries(st.sampled_from(FIGURES), st.integers(1, 5), max_size=3)
moments = st.integers(0, 40 * 24 * 60).map(lambda minutes: ms(NOON) - minutes * 60_000)
credits = st.lists(st.builds(Credit, moments, figures, st.sampled_from(["ada", "bob"])), max_size=12)


def total(
    changes: dict[tuple[str, TimeFrame], dict[str, int]], *others: dict[tuple[str, TimeFrame], dict[str, int]]
) -> object:
    sums = dict[tuple[str, TimeFrame], Figures]()
    for scores in (changes, *others):
        for key, change in scores.items():
            sums[key] = scoring.total(sums.get(key, {}), change)
    return {key: change for key, change in sums.items() if change}


# Points and levels


@pytest.mark.parametrize(
    ("done", "points"),
    [
        ({}, 0),
        ({"prompts": 9, "accepted_prompts": 9}, 0),
        ({"prompts": 19, "accepted_prompts": 10}, 2),
        ({"replies_assistant": 1, "accepted_replies_assistant": 1}, 8),
        ({"replies_prompter": 1, "accepted_replies_prompter": 1}, 2),
        ({"labels_simple": 1, "labels_full": 1, "rankings_total": 1}, 4),
        ({"reply_ranked_1": 1, "reply_ranked_2": 1, "reply_ranked_3": 1}, 13),
    ],
)
def test_points_are_those_of_the_protocol(done: Figures, points: int) -> None:
    assert scoring.points(done) == points


def test_levels_begin_where_the_protocol_says() -> None:
    firsts = [0, *(next(p for p in range(7000) if scoring.level(p) == level) for level in range(2, 101))]
    assert firsts[:7] == [0, 4, 9, 16, 24, 32, 42]
    assert firsts[-1] == 6000
    assert all(one < other for one, other in pairwise(firsts))
    assert scoring.level(10**9) == 100


def test_flags_weigh_threefold_and_spam_itself_not_at_all() -> None:
    assert scoring.troll_points({"red_flags": 2, "upvotes": 1, "downvotes": 3, "spam": 9, "pii": 1}) == 9


def test_a_mean_of_nothing_is_none() -> None:
    assert scoring.mean({}, TextLabel.QUALITY) is None
    figures = scoring.total(scoring.label_points({"quality": 0.5}), scoring.label_points({"quality": 0.1}))
    assert scoring.mean(figures, TextLabel.QUALITY) == pytest.approx(0.3)


def test_labels_are_rounded_where_they_are_counted() -> None:
    assert scoring.label_points({"spam": 0.49, "pii": 0.5, "text": "x", "id": None}) == {"pii": 1}


# Time


def test_a_day_is_the_last_24_hours_and_a_week_begins_at_midnight_seven_days_ago() -> None:
    assert scoring.frame_start(TimeFrame.DAY, NOON) == NOON - timedelta(days=1)
    assert scoring.frame_start(TimeFrame.WEEK, NOON) == datetime(2026, 3, 8, tzinfo=UTC)
    assert scoring.frame_start(TimeFrame.MONTH, NOON) == datetime(2026, 2, 13, tzinfo=UTC)
    assert scoring.frame_start(TimeFrame.TOTAL, NOON) is None


@given(moments)
def test_a_frame_sees_what_is_younger_than_its_base(at: int) -> None:
    seen = scoring.frames_at(scoring.slot_start(at), ms(NOON))
    for frame in TimeFrame:
        base = scoring.frame_start(frame, NOON)
        if base is None or at >= ms(base):
            assert frame in seen
        elif at < ms(base) - 600_000:
            assert frame not in seen


@given(moments)
def test_a_slot_is_due_when_the_next_frame_lets_go_of_it(at: int) -> None:
    start, now = scoring.slot_start(at), ms(NOON)
    seen = scoring.frames_at(start, now)
    due = scoring.next_frame_end(start, now)
    if due is None:
        assert seen == [TimeFrame.TOTAL]
    else:
        assert scoring.frames_at(start, due - 1) == seen
        assert len(scoring.frames_at(start, due)) < len(seen)


# Adding up


@given(credits)
def test_each_frame_gets_the_sum_of_what_it_sees(work: list[Credit]) -> None:
    now = ms(NOON)
    expected = dict[tuple[str, TimeFrame], Figures]()
    for credit in work:
        assert credit.user
        for frame in scoring.frames_at(scoring.slot_start(credit.at), now):
            expected[credit.user, frame] = scoring.total(expected.get((credit.user, frame), {}), credit.figures)
    assert total(scoring.update(work, (), now=now).changes) == {
        key: figures for key, figures in expected.items() if figures
    }


@given(credits, credits, st.integers(0, 40))
def test_in_steps_it_comes_to_the_same(first: list[Credit], second: list[Credit], days: int) -> None:
    earlier, later = ms(NOON), ms(NOON) + days * DAY
    one = scoring.update(first, (), now=earlier)
    kept = [slot for slot in one.slots if slot.due is not None]
    two = scoring.update(second, kept, now=later)
    assert total(one.changes, two.changes) == total(scoring.update([*first, *second], (), now=later).changes)


@given(credits)
def test_what_is_taken_back_leaves_nothing(work: list[Credit]) -> None:
    back = [scoring.negated(credit) for credit in work]
    update = scoring.update([*work, *back], (), now=ms(NOON))
    assert total(update.changes) == {}
    assert all(slot.due is None for slot in update.slots)


def test_a_slot_that_no_frame_but_the_total_sees_is_not_kept() -> None:
    old = Credit(ms(NOON) - 60 * DAY, {"prompts": 1}, "ada")
    update = scoring.update([old], (), now=ms(NOON))
    assert update.slots == [Slot("ada", scoring.slot_start(old.at), {"prompts": 1}, (TimeFrame.TOTAL,), None)]
    assert update.changes == {("ada", TimeFrame.TOTAL): {"prompts": 1}}


# Posts

standings = st.builds(
    ScoredPost,
    id=st.just("id"),
    author=st.just("ada"),
    at=moments,
    lang=st.just("en"),
    depth=st.integers(0, 2),
    role=st.sampled_from(Role),
    deleted=st.booleans(),
    accepted=st.booleans(),
    synthetic=st.booleans(),
    aborted=st.booleans(),
    reactions=st.lists(st.sampled_from(["+1", "-1", "red_flag", "rofl"]), max_size=3),
    labels=st.lists(
        st.dictionaries(st.sampled_from(TextLabel), st.sampled_from([0.0, 0.5, 1.0]), max_size=3), max_size=2
    ),
)


@given(standings)
def test_a_post_deleted_and_restored_counts_as_before(post: ScoredPost) -> None:
    there, back = scoring.change_credit(post, "deleted").figures, scoring.change_credit(post, "restored").figures
    assert scoring.total(there, back) == {}


@given(standings)
def test_a_post_that_is_removed_has_counted_for_nothing(post: ScoredPost) -> None:
    stood = {**({} if post.deleted else scoring.post_points(post)), **scoring.post_tally(post)}
    assert scoring.total(stood, scoring.change_credit(post, "removed").figures) == {}


def test_every_figure_is_one_of_work_or_conduct() -> None:
    assert len(set(FIGURES)) == len(FIGURES) == len(WORK) + len(CONDUCT)
