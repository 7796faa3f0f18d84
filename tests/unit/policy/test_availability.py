from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import PoolCount, TaskKind
from oa_graph.policy.availability import SAMPLE_SIZE, count, counts
from oa_graph.policy.sampling import pools

ALL = Limits(rank_prompter_replies=True)


def look(pool: str, seen: int, open: int | None = None, last_key: float | None = None) -> PoolCount:
    return PoolCount(pool=pool, seen=seen, open=seen if open is None else open, last_key=last_key)


@given(st.integers(0, SAMPLE_SIZE - 1), st.data())
def test_a_pool_seen_to_its_end_is_counted_exactly(seen: int, data: st.DataObject) -> None:
    opened = data.draw(st.integers(0, seen))
    assert count(look("label_initial_prompt en", seen, opened)) == opened


def test_a_pool_that_just_fills_the_look_is_counted_exactly() -> None:
    assert count(look("label_initial_prompt en", SAMPLE_SIZE)) == SAMPLE_SIZE


def test_a_key_does_not_make_a_short_look_an_estimate() -> None:
    assert count(look("label_initial_prompt en", SAMPLE_SIZE - 1, last_key=0.1)) == SAMPLE_SIZE - 1


def test_a_larger_pool_is_estimated_by_the_density_of_its_keys() -> None:
    assert count(look("label_initial_prompt en", SAMPLE_SIZE, last_key=0.1)) == 10 * SAMPLE_SIZE
    assert count(look("label_initial_prompt en", SAMPLE_SIZE, 20, last_key=0.1)) == 200


@pytest.mark.parametrize("last_key", [0.0, 1.0, 1.7e12])
def test_an_estimate_is_never_below_what_was_seen(last_key: float) -> None:
    assert count(look("label_initial_prompt en", SAMPLE_SIZE, 20, last_key=last_key)) == 20


@pytest.mark.parametrize("size", [150, 1_000, 20_000])
def test_estimates_are_near_the_truth(size: int) -> None:
    rng = Random(8)
    keys = sorted((rng.random(), rng.random() < 0.5) for _ in range(size))
    seen = keys[:SAMPLE_SIZE]
    estimate = count(look("label_initial_prompt en", SAMPLE_SIZE, sum(own for _, own in seen), last_key=seen[-1][0]))
    assert estimate == pytest.approx(size / 2, rel=0.25)


def test_the_pools_of_a_kind_are_added_up() -> None:
    looks = [look("assistant_reply en 0", 3), look("assistant_reply en 1", 4), look("prompter_reply en 0", 5)]
    numbers = counts(looks, prompts=2, prompts_to_rank=0, limits=Limits())
    assert numbers == {
        "initial_prompt": 2,
        "prompter_reply": 5,
        "assistant_reply": 7,
        "rank_initial_prompts": 0,
        "rank_prompter_replies": 0,
        "rank_assistant_replies": 0,
        "label_initial_prompt": 0,
        "label_prompter_reply": 0,
        "label_assistant_reply": 0,
        "random": 14,
    }


@given(st.data(), st.integers(0, 50), st.integers(0, 50))
def test_random_is_the_sum_of_all_kinds(data: st.DataObject, prompts: int, prompts_to_rank: int) -> None:
    looks = [look(pool, data.draw(st.integers(0, 20))) for pool in pools(list(TaskKind), "en", ALL)]
    numbers = counts(looks, prompts=prompts, prompts_to_rank=prompts_to_rank, limits=ALL)
    assert numbers.pop("random") == sum(numbers.values())
    assert set(numbers) == set(TaskKind) - {TaskKind.DECIDE_END}


def test_end_votes_are_counted_for_clients_that_can_show_them() -> None:
    assert "decide_end" not in counts([], prompts=0, prompts_to_rank=0, limits=ALL)
    numbers = counts([look("decide_end en", 3)], prompts=0, prompts_to_rank=0, limits=ALL)
    assert numbers["decide_end"] == numbers["random"] == 3


@pytest.mark.parametrize(("waiting", "tasks"), [(0, 0), (1, 0), (2, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_it_takes_two_prompts_to_rank_and_four_to_fill_a_task(waiting: int, tasks: int) -> None:
    numbers = counts([], prompts=0, prompts_to_rank=waiting, limits=Limits())
    assert numbers["rank_initial_prompts"] == numbers["random"] == tasks


def test_kinds_that_are_switched_off_are_not_counted() -> None:
    looks = [look("rank_prompter_replies en", 5)]
    bounds = Limits(rank_initial_prompts=False, rank_prompter_replies=False)
    assert counts(looks, prompts=0, prompts_to_rank=8, limits=bounds)["random"] == 0
