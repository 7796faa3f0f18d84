from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from oa_graph.simulator.profiles import CRASHING, DILIGENT, MIX, SLOW, Profile, assign_profiles


def test_the_mix_names_every_habit_that_was_asked_for() -> None:
    names = {profile.name for profile in MIX}
    assert names == {"diligent", "slow", "skipping", "spamming", "double-clicking", "crashing"}


def test_most_are_diligent_and_come_first() -> None:
    shared = assign_profiles(MIX, 50)
    assert shared[:26] == [DILIGENT] * 26
    assert Counter(shared)[CRASHING] == 5


def test_a_single_bot_is_diligent() -> None:
    assert assign_profiles(MIX, 1) == [DILIGENT]


def test_a_demo_has_every_habit() -> None:
    assert set(assign_profiles(MIX, 24)) == set(MIX)


def test_chances_are_chances() -> None:
    for profile in MIX:
        chances = [value for value in _figures(profile) if isinstance(value, float)]
        assert all(0.0 <= chance <= 1.0 for chance in chances)
        assert 0.0 <= profile.think[0] <= profile.think[1]


@given(st.integers(1, 300), st.lists(st.floats(0.01, 5), min_size=2, max_size=2))
def test_every_user_gets_a_habit_and_shares_hold_within_one(users: int, weights: list[float]) -> None:
    mix = {DILIGENT: weights[0], SLOW: weights[1]}
    counts = Counter(assign_profiles(mix, users))
    assert counts.total() == users
    for profile, weight in mix.items():
        assert abs(counts[profile] - users * weight / sum(weights)) <= 1


def _figures(profile: Profile) -> list[object]:
    return [getattr(profile, name) for name in Profile.__slots__]
