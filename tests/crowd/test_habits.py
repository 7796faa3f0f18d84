from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from oa_graph.crowd.habits import CRASHING, DILIGENT, MIX, SLOW, Habit, share_out


def test_the_mix_names_every_habit_that_was_asked_for() -> None:
    names = {habit.name for habit in MIX}
    assert names == {"diligent", "slow", "skipping", "spamming", "double-clicking", "crashing"}


def test_most_are_diligent_and_come_first() -> None:
    shared = share_out(MIX, 50)
    assert shared[:26] == [DILIGENT] * 26
    assert Counter(shared)[CRASHING] == 5


def test_a_single_bot_is_diligent() -> None:
    assert share_out(MIX, 1) == [DILIGENT]


def test_a_demo_has_every_habit() -> None:
    assert set(share_out(MIX, 24)) == set(MIX)


def test_chances_are_chances() -> None:
    for habit in MIX:
        chances = [value for value in _figures(habit) if isinstance(value, float)]
        assert all(0.0 <= chance <= 1.0 for chance in chances)
        assert 0.0 <= habit.think[0] <= habit.think[1]


@given(st.integers(1, 300), st.lists(st.floats(0.01, 5), min_size=2, max_size=2))
def test_every_user_gets_a_habit_and_shares_hold_within_one(users: int, weights: list[float]) -> None:
    mix = {DILIGENT: weights[0], SLOW: weights[1]}
    counts = Counter(share_out(mix, users))
    assert counts.total() == users
    for habit, weight in mix.items():
        assert abs(counts[habit] - users * weight / sum(weights)) <= 1


def _figures(habit: Habit) -> list[object]:
    return [getattr(habit, name) for name in Habit.__slots__]
