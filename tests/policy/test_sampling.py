from __future__ import annotations

from itertools import chain
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.model import Limits, Sampling, TaskKind
from oa_graph.policy.kinds import KINDS, Family, offered
from oa_graph.policy.sampling import (
    CHILDREN_CLASSES,
    LAPSED_SHARE,
    REACH,
    TRIES,
    WEIGHTED_TRIES,
    Draw,
    draws,
    kind_of,
    pools,
    reply_pool,
)
from tests.policy.distribution import assert_fits
from tests.strategies import limits

REPLIES = (TaskKind.PROMPTER_REPLY, TaskKind.ASSISTANT_REPLY)
LABELS = (TaskKind.LABEL_PROMPTER_REPLY, TaskKind.LABEL_ASSISTANT_REPLY)
KIND_SETS = st.sets(st.sampled_from(TaskKind))


class Luck(Random):
    """Every chance comes out as told: 0.0 takes it, 0.999 does not."""

    def __init__(self, value: float) -> None:
        super().__init__(0)
        self.value = value

    def random(self) -> float:
        return self.value


def drawn(kinds: tuple[TaskKind, ...], luck: float = 0.999, **bounds: object) -> list[Draw]:
    return draws(kinds, "en", Limits(**bounds), rng=Luck(luck))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("children", "name"), [(0, "0"), (7, "7"), (8, "8"), (9, "8"), (500, "8")])
def test_parents_with_many_children_share_a_pool(children: int, name: str) -> None:
    assert reply_pool(TaskKind.ASSISTANT_REPLY, "en", children) == f"assistant_reply en {name}"


@given(KIND_SETS, limits())
def test_a_pool_tells_its_kind_and_stands_once(kinds: set[TaskKind], bounds: Limits) -> None:
    found = pools(kinds, "pt-BR", bounds)
    assert len(set(found)) == len(found)
    pooled = {
        kind
        for kind in kinds
        if KINDS[kind].family not in (Family.PROMPT, Family.RANK_PROMPTS) and offered(kind, bounds)
    }
    assert {kind_of(pool) for pool in found} == pooled


def test_labels_and_rankings_have_one_pool_for_each_kind() -> None:
    kinds = (*LABELS, TaskKind.RANK_ASSISTANT_REPLIES)
    assert pools(kinds, "de", Limits()) == (
        "rank_assistant_replies de",
        "label_prompter_reply de",
        "label_assistant_reply de",
    )


def test_prompter_siblings_have_a_pool_only_where_they_are_ranked() -> None:
    kinds = (TaskKind.RANK_PROMPTER_REPLIES,)
    assert pools(kinds, "en", Limits()) == ()
    assert draws(kinds, "en", Limits(), rng=Random(0)) == []
    assert pools(kinds, "en", Limits(rank_prompter_replies=True)) == ("rank_prompter_replies en",)


def test_an_assistants_post_is_looked_for_only_below_its_limit_of_replies() -> None:
    kinds = (TaskKind.PROMPTER_REPLY,)
    assert pools(kinds, "en", Limits()) == ("prompter_reply en 0",)
    assert pools(kinds, "en", Limits(num_prompter_replies=2)) == (
        "prompter_reply en 0",
        "prompter_reply en 1",
    )


@given(st.integers(1, 12), st.integers(0, 50))
def test_no_parent_of_a_tree_made_under_larger_limits_is_out_of_sight(now: int, children: int) -> None:
    bounds = Limits(max_children_count=now)
    assert reply_pool(TaskKind.ASSISTANT_REPLY, "en", children) in pools(REPLIES, "en", bounds)


@given(KIND_SETS, limits(), st.randoms(use_true_random=False))
def test_draws_look_in_every_pool_and_nowhere_else(kinds: set[TaskKind], bounds: Limits, rng: Random) -> None:
    looked = chain.from_iterable(each.pools for each in draws(kinds, "en", bounds, rng=rng))
    assert set(looked) == set(pools(kinds, "en", bounds))


@given(KIND_SETS, limits(), st.randoms(use_true_random=False))
def test_weights_are_chances_and_reach_every_post_of_todays_trees(
    kinds: set[TaskKind], bounds: Limits, rng: Random
) -> None:
    for each in draws(kinds, "en", bounds, rng=rng):
        assert each.pools
        assert not each.by_depth or len(each.by_depth) >= max(REACH, bounds.max_tree_depth + 1)
        assert not each.by_rank or len(each.by_rank) >= REACH
        assert all(0 <= weight <= 1 for weight in (*each.by_depth, *each.by_rank))
        assert each.by_depth[:1] in ((), (1,))
        assert each.by_rank[:1] in ((), (1,))


@pytest.mark.parametrize("policy", Sampling)
def test_reviews_and_rankings_are_uniform_under_every_policy(policy: Sampling) -> None:
    (each,) = drawn(LABELS, sampling=policy)
    assert each.pools == ("label_prompter_reply en", "label_assistant_reply en")
    assert (each.tries, each.by_thread) == (TRIES, False)
    assert each.by_depth == each.by_rank == ()


def test_uniform_is_one_draw_over_all_parents_of_todays_trees() -> None:
    usual, older = drawn(REPLIES, sampling=Sampling.UNIFORM)
    assert usual.pools == (
        "prompter_reply en 0",
        "assistant_reply en 0",
        "assistant_reply en 1",
        "assistant_reply en 2",
    )
    assert (usual.tries, usual.by_thread) == (TRIES, False)
    assert usual.by_depth == usual.by_rank == ()
    assert older.pools == tuple(f"assistant_reply en {children}" for children in range(3, 9))


def test_with_large_limits_all_parents_are_in_one_draw() -> None:
    (only,) = drawn(REPLIES, sampling=Sampling.UNIFORM, max_children_count=20, num_prompter_replies=20)
    assert len(only.pools) == 2 * CHILDREN_CLASSES


def test_random_thread_leaves_the_weight_to_the_threads() -> None:
    each = drawn(REPLIES, sampling=Sampling.RANDOM_THREAD)[0]
    assert (each.by_thread, each.tries) == (True, WEIGHTED_TRIES)
    assert each.by_depth == each.by_rank == ()


def test_inverse_depth_halves_the_weight_of_the_first_replies() -> None:
    each = drawn(REPLIES, sampling=Sampling.INVERSE_DEPTH)[0]
    assert each.by_depth[:4] == (1, 1 / 2, 1 / 3, 1 / 4)
    assert each.by_rank == ()
    assert (each.by_thread, each.tries) == (False, WEIGHTED_TRIES)


def test_by_rank_decays_with_each_rank() -> None:
    each = drawn(REPLIES, sampling=Sampling.BY_RANK, rank_decay=0.25)[0]
    assert each.by_rank[:3] == (1, 0.25, 0.0625)
    assert each.by_depth == ()
    assert (each.by_thread, each.tries) == (False, WEIGHTED_TRIES)


def test_by_rank_without_a_second_chance_takes_the_best_only() -> None:
    each = drawn(REPLIES, sampling=Sampling.BY_RANK, rank_decay=0)[0]
    assert each.by_rank[:3] == (1, 0, 0)


def test_fewest_replies_goes_through_the_classes_in_order() -> None:
    found = drawn(REPLIES, sampling=Sampling.FEWEST_REPLIES, num_prompter_replies=2)
    assert [each.pools for each in found[:3]] == [
        ("prompter_reply en 0", "assistant_reply en 0"),
        ("prompter_reply en 1", "assistant_reply en 1"),
        ("assistant_reply en 2",),
    ]
    assert len(found) == CHILDREN_CLASSES


def test_lonely_prompts_come_first_with_some_luck() -> None:
    lucky = drawn(REPLIES, luck=0.0)
    assert lucky[0].pools == ("assistant_reply en 1",)
    assert [each.pools for each in lucky[1:]] == [each.pools for each in drawn(REPLIES)]


def test_what_is_lonely_is_a_limit() -> None:
    assert drawn(REPLIES, luck=0.0, lonely_children_count=4)[0].pools == (
        "assistant_reply en 1",
        "assistant_reply en 2",
        "assistant_reply en 3",
    )
    assert len(drawn(REPLIES, luck=0.0, lonely_children_count=1)) == 2


def test_assistant_posts_are_never_lonely() -> None:
    (only,) = drawn((TaskKind.PROMPTER_REPLY,), luck=0.0, num_prompter_replies=2)
    assert only.pools == ("prompter_reply en 0", "prompter_reply en 1")


def test_lonely_prompts_come_first_as_often_as_the_limits_say() -> None:
    rng = Random(11)
    assert_fits(lambda: len(draws(REPLIES, "en", Limits(), rng=rng)), {3: 0.75, 2: 0.25}, draws=5_000)


def test_lapsed_reservations_come_first_now_and_then() -> None:
    rng = Random(12)

    def lapsed() -> bool:
        (shared,) = {each.lapsed_first for each in draws(REPLIES, "en", Limits(), rng=rng)}
        return shared

    assert_fits(lapsed, {True: LAPSED_SHARE, False: 1 - LAPSED_SHARE}, draws=5_000)
