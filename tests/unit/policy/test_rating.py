from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.trees import Rating
from oa_graph.policy.rating import NEW, chance, rate
from tests.strategies import ratings

BELIEFS = st.lists(ratings(), min_size=2, max_size=6)


def test_a_new_prompt_has_an_even_chance() -> None:
    assert chance(NEW) == 0.5


@given(ratings())
def test_a_chance_is_a_probability_on_the_side_of_its_mean(rating: Rating) -> None:
    assert 0 < chance(rating) < 1
    assert (chance(rating) > 0.5) is (rating.mu > NEW.mu) or chance(rating) == 0.5


def test_the_chance_of_a_known_prompt_is_that_of_the_normal_distribution() -> None:
    # (33.333… - 25) / sqrt(2·4.1667² + 8.3333² + 8.3333²) = 0.6325
    assert chance(Rating(mu=25 + 25 / 3, sigma=25 / 3)) == pytest.approx(0.73645, abs=1e-4)


def test_even_a_hopeless_prompt_keeps_some_chance() -> None:
    assert chance(Rating(mu=-300, sigma=1)) > 0


def test_new_prompts_are_rated_in_the_order_of_their_first_ranking() -> None:
    best, middle, worst = rate([NEW, NEW, NEW])
    assert best.mu > middle.mu > worst.mu
    assert best.mu > NEW.mu > worst.mu


@given(BELIEFS)
def test_the_first_gains_the_last_loses_and_nobody_gets_less_sure(order: list[Rating]) -> None:
    after = rate(order)
    assert len(after) == len(order)
    assert after[0].mu >= order[0].mu
    assert after[-1].mu <= order[-1].mu
    assert all(new.sigma <= old.sigma for new, old in zip(after, order, strict=True))


@given(BELIEFS)
def test_a_rating_is_repeatable(order: list[Rating]) -> None:
    assert rate(order) == rate(order)


@pytest.mark.parametrize("order", [[], [NEW]])
def test_a_ranking_of_less_than_two_says_nothing(order: list[Rating]) -> None:
    assert rate(order) == order


def test_rankings_that_agree_separate_the_good_from_the_bad() -> None:
    beliefs = [NEW] * 4
    for _ in range(10):
        beliefs = rate(beliefs)
    chances = [chance(belief) for belief in beliefs]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.7
    assert chances[-1] < 0.3
