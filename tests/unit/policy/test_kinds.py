from __future__ import annotations

from itertools import chain, combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.policy.kinds import KINDS, may_be_named, weighted_order
from tests.strategies import EXAMPLES, limits
from tests.unit.policy.distribution import assert_fits

EXTRA = ["rank_initial_prompts", "end_vote"]
GROUPS = {spec.group: spec.weight for spec in KINDS.values()}


def group_of(kinds: tuple[TaskKind, ...]) -> str:
    (group,) = {KINDS[kind].group for kind in kinds}
    return group


def test_every_kind_has_an_entry_and_an_example() -> None:
    assert set(KINDS) == set(EXAMPLES) == set(TaskKind)
    assert all(kind is spec.kind for kind, spec in KINDS.items())


def test_kinds_of_a_group_have_one_weight() -> None:
    assert all(spec.weight == GROUPS[spec.group] for spec in KINDS.values())


def test_the_weights_are_those_of_the_original() -> None:
    assert GROUPS == {
        "ranking": 10,
        "label reply": 5,
        "label prompt": 5,
        "reply": 2,
        "rank prompts": 1,
        "end votes": 1,
        "prompt": 0.01,
    }


@given(limits(), st.sampled_from([[], EXTRA]), st.randoms(use_true_random=False))
def test_a_race_names_every_kind_that_is_offered_once(bounds: Limits, capabilities: list[str], rng: Random) -> None:
    missing: set[TaskKind] = set()
    if not bounds.rank_prompter_replies:
        missing.add(TaskKind.RANK_PROMPTER_REPLIES)
    if not bounds.rank_initial_prompts or not capabilities:
        missing.add(TaskKind.RANK_INITIAL_PROMPTS)
    if not capabilities:
        missing.add(TaskKind.DECIDE_END)
    named = list(chain.from_iterable(weighted_order(bounds, capabilities=capabilities, rng=rng)))
    assert sorted(named) == sorted(set(TaskKind) - missing)


def test_a_kind_with_a_capability_is_for_clients_that_have_it() -> None:
    assert {spec.kind: spec.capability for spec in KINDS.values() if spec.capability} == {
        TaskKind.RANK_INITIAL_PROMPTS: "rank_initial_prompts",
        TaskKind.DECIDE_END: "end_vote",
    }
    assert may_be_named(TaskKind.RANK_INITIAL_PROMPTS, ())  # the original's protocol has it
    assert not may_be_named(TaskKind.DECIDE_END, ["rank_initial_prompts"])
    assert may_be_named(TaskKind.DECIDE_END, ["end_vote"])


POSSIBLE = [
    set(groups)
    for groups in [
        *combinations(["ranking", "label reply", "reply", "rank prompts"], 2),
        ("ranking", "label reply", "label prompt"),
        ("reply", "rank prompts", "label prompt"),
        tuple(GROUPS),
    ]
]


@pytest.mark.parametrize("possible", POSSIBLE, ids=lambda groups: "+".join(sorted(groups)))
def test_the_first_possible_group_is_drawn_by_weight_whichever_are_possible(possible: set[str]) -> None:
    rng = Random(7)

    def first() -> str:
        order = map(group_of, weighted_order(Limits(), capabilities=EXTRA, rng=rng))
        return next(group for group in order if group in possible)

    assert_fits(first, {group: GROUPS[group] for group in possible}, draws=8_000)


def test_a_race_is_the_same_for_the_same_seed() -> None:
    assert weighted_order(Limits(), capabilities=(), rng=Random(3)) == weighted_order(
        Limits(), capabilities=(), rng=Random(3)
    )
