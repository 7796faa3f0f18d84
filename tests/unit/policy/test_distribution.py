"""The yardstick itself: it takes what fits and refuses what does not."""

from random import Random

import pytest

from tests.unit.policy.distribution import assert_fits

RNG_SEED = 1


def test_a_fair_coin_fits() -> None:
    rng = Random(RNG_SEED)
    assert_fits(lambda: rng.random() < 0.5, {True: 1, False: 1})


def test_a_slightly_bent_coin_does_not_fit() -> None:
    rng = Random(RNG_SEED)
    with pytest.raises(AssertionError):
        assert_fits(lambda: rng.random() < 0.53, {True: 1, False: 1})


def test_something_that_must_never_be_drawn_does_not_fit() -> None:
    with pytest.raises(AssertionError):
        assert_fits(lambda: "other", {"one": 1, "two": 1})
