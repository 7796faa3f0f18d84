from __future__ import annotations

from itertools import chain
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.limits import FOR_REPLIES, Limits, SamplingPolicy
from oa_graph.domain.tasks import TaskKind
from oa_graph.graph.statements import catalogue
from oa_graph.policy.kinds import KINDS, TaskFamily, is_offered
from oa_graph.policy.sampling import (
    CHILDREN_CLASSES,
    LAPSED_SHARE,
    POLICIES,
    draw,
    kind_of,
    policy_of,
    pools,
    reply_pool,
)
from tests.strategies import limits
from tests.unit.policy.distribution import assert_fits

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


def batches(kind: TaskKind, luck: float = 0.999, **bounds: object) -> tuple[tuple[str, ...], ...]:
    return draw(kind, "en", Limits(**bounds), rng=Luck(luck)).batches  # pyright: ignore[reportArgumentType]


def assistant_pools(*classes: int) -> tuple[str, ...]:
    return tuple(f"assistant_reply en {children}" for children in classes)


@pytest.mark.parametrize(("children", "name"), [(0, "0"), (7, "7"), (8, "8"), (9, "8"), (500, "8")])
def test_parents_with_many_children_share_a_pool(children: int, name: str) -> None:
    assert reply_pool(TaskKind.ASSISTANT_REPLY, "en", children) == f"assistant_reply en {name}"


@given(KIND_SETS, limits())
def test_a_pool_tells_its_kind_and_stands_once(kinds: set[TaskKind], bounds: Limits) -> None:
    names = pools(kinds, "pt-BR", bounds)
    assert len(set(names)) == len(names)
    pooled = {
        kind
        for kind in kinds
        if KINDS[kind].family in (TaskFamily.REPLY, TaskFamily.LABEL, TaskFamily.RANK) and is_offered(kind, bounds)
    }
    assert {kind_of(pool) for pool in names} == pooled


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


POOLED = [kind for kind, spec in KINDS.items() if spec.family in (TaskFamily.REPLY, TaskFamily.LABEL, TaskFamily.RANK)]


@given(st.sampled_from(POOLED), limits(), st.randoms(use_true_random=False))
def test_draws_look_in_every_pool_and_nowhere_else(kind: TaskKind, bounds: Limits, rng: Random) -> None:
    if is_offered(kind, bounds):
        looked = draw(kind, "en", bounds, rng=rng).batches
        assert all(looked)
        assert set(chain.from_iterable(looked)) == set(pools([kind], "en", bounds))


def test_every_policy_is_described_and_has_a_statement_if_it_weighs_places() -> None:
    assert POLICIES.keys() == set(SamplingPolicy)
    weighted = {policy for policy, spec in POLICIES.items() if spec.weighted}
    statements = {name for name in catalogue() if name.startswith("tasks/lease_") and "prompt" not in name}
    statements.remove("tasks/lease_end_vote")
    assert statements == {f"tasks/lease_{policy}" for policy in (*weighted, SamplingPolicy.UNIFORM)}


def test_each_kind_has_its_policy() -> None:
    bounds = Limits(
        sampling=SamplingPolicy.FEWEST_REPLIES,
        sampling_prompter_reply=SamplingPolicy.BY_RANK,
        sampling_reviews=SamplingPolicy.INVERSE_DEPTH,
        sampling_rankings=SamplingPolicy.RANDOM_TREE,
    )
    assert {kind: policy_of(kind, bounds) for kind in POOLED} == {
        TaskKind.ASSISTANT_REPLY: SamplingPolicy.FEWEST_REPLIES,
        TaskKind.PROMPTER_REPLY: SamplingPolicy.BY_RANK,
        TaskKind.LABEL_INITIAL_PROMPT: SamplingPolicy.INVERSE_DEPTH,
        TaskKind.LABEL_PROMPTER_REPLY: SamplingPolicy.INVERSE_DEPTH,
        TaskKind.LABEL_ASSISTANT_REPLY: SamplingPolicy.INVERSE_DEPTH,
        TaskKind.RANK_PROMPTER_REPLIES: SamplingPolicy.RANDOM_TREE,
        TaskKind.RANK_ASSISTANT_REPLIES: SamplingPolicy.RANDOM_TREE,
    }
    assert policy_of(TaskKind.PROMPTER_REPLY, Limits()) is SamplingPolicy.LONELY_FIRST


@pytest.mark.parametrize("name", ["sampling_reviews", "sampling_rankings"])
@pytest.mark.parametrize("policy", sorted(FOR_REPLIES))
def test_a_policy_for_replies_is_refused_for_other_kinds(name: str, policy: SamplingPolicy) -> None:
    with pytest.raises(ValueError, match=f"{name}: {policy} is for replies only"):
        Limits(**{name: policy})  # pyright: ignore[reportArgumentType]


def test_reviews_and_rankings_have_one_batch() -> None:
    assert batches(TaskKind.LABEL_ASSISTANT_REPLY) == (("label_assistant_reply en",),)
    assert batches(TaskKind.RANK_ASSISTANT_REPLIES) == (("rank_assistant_replies en",),)


@pytest.mark.parametrize("policy", sorted(set(SamplingPolicy) - FOR_REPLIES))
def test_parents_of_todays_trees_come_before_those_of_larger_ones(policy: SamplingPolicy) -> None:
    usual, older = batches(TaskKind.ASSISTANT_REPLY, sampling=policy)
    assert usual == assistant_pools(0, 1, 2)
    assert older == assistant_pools(*range(3, 9))
    assert batches(TaskKind.PROMPTER_REPLY, sampling=policy) == (("prompter_reply en 0",),)


def test_with_large_limits_all_parents_are_in_one_batch() -> None:
    assert batches(TaskKind.ASSISTANT_REPLY, max_children_count=20) == (assistant_pools(*range(CHILDREN_CLASSES)),)


def test_fewest_replies_goes_through_the_classes_in_order() -> None:
    classes = batches(TaskKind.ASSISTANT_REPLY, sampling=SamplingPolicy.FEWEST_REPLIES)
    assert classes == tuple(assistant_pools(children) for children in range(CHILDREN_CLASSES))


def test_lonely_prompts_come_first_with_some_luck() -> None:
    first, *rest = batches(TaskKind.ASSISTANT_REPLY, luck=0.0)
    assert first == assistant_pools(1)
    assert tuple(rest) == batches(TaskKind.ASSISTANT_REPLY)


def test_what_is_lonely_is_a_limit() -> None:
    assert batches(TaskKind.ASSISTANT_REPLY, luck=0.0, lonely_children_count=4)[0] == assistant_pools(1, 2, 3)
    assert len(batches(TaskKind.ASSISTANT_REPLY, luck=0.0, lonely_children_count=1)) == 2


def test_assistant_posts_are_never_lonely() -> None:
    (only,) = batches(TaskKind.PROMPTER_REPLY, luck=0.0, num_prompter_replies=2)
    assert only == ("prompter_reply en 0", "prompter_reply en 1")


def test_lonely_prompts_come_first_as_often_as_the_limits_say() -> None:
    rng = Random(11)
    assert_fits(
        lambda: len(draw(TaskKind.ASSISTANT_REPLY, "en", Limits(), rng=rng).batches), {3: 0.75, 2: 0.25}, draws=5_000
    )


def test_lapsed_reservations_come_first_now_and_then() -> None:
    rng = Random(12)
    assert_fits(
        lambda: draw(TaskKind.ASSISTANT_REPLY, "en", Limits(), rng=rng).lapsed_first,
        {True: LAPSED_SHARE, False: 1 - LAPSED_SHARE},
        draws=5_000,
    )
