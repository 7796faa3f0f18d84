"""Why there is no task: what a user is told follows from what anybody could get."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oa_graph.model import Limits, NoTaskReason, Occupancy, PoolOccupancy, TaskKind
from oa_graph.policy import nothing_to_do
from oa_graph.policy.nothing_to_do import ASK_AGAIN_SEC

EMPTY = Occupancy(pools=[], growing=0, reviewing=0, waiting=0, ranking=0, prompt_lapse=None)
GROWING = replace(EMPTY, growing=1)
FULL = Limits(max_active_trees=0, max_initial_prompt_review=0)
REPLY, PROMPT, TO_RANK = TaskKind.ASSISTANT_REPLY, TaskKind.INITIAL_PROMPT, TaskKind.RANK_INITIAL_PROMPTS


def pool(kind: TaskKind, *, free: int = 0, next_lapse: int | None = None) -> PoolOccupancy:
    return PoolOccupancy(f"{kind} en", free, next_lapse)


@pytest.mark.parametrize(
    ("occupancy", "kinds", "limits", "reason"),
    [
        (replace(GROWING, pools=[pool(REPLY, free=1)]), [REPLY], Limits(), NoTaskReason.ALL_DONE_BY_USER),
        (replace(GROWING, pools=[pool(REPLY, free=1, next_lapse=9)]), [REPLY], Limits(), NoTaskReason.ALL_DONE_BY_USER),
        (replace(GROWING, pools=[pool(REPLY, next_lapse=9)]), [REPLY, PROMPT], FULL, NoTaskReason.ALL_RESERVED),
        (replace(EMPTY, prompt_lapse=9), [PROMPT], Limits(max_active_trees=1), NoTaskReason.ALL_RESERVED),
        (GROWING, [PROMPT], FULL, NoTaskReason.LIMIT_REACHED),
        (GROWING, [REPLY, PROMPT], FULL, NoTaskReason.LIMIT_REACHED),
        (GROWING, [PROMPT], Limits(init_prompt_disabled_langs=("en",)), NoTaskReason.LIMIT_REACHED),
        (GROWING, [TaskKind.RANK_PROMPTER_REPLIES], Limits(), NoTaskReason.LIMIT_REACHED),
        (EMPTY, [REPLY], Limits(), NoTaskReason.LANGUAGE_EMPTY),
        (EMPTY, [REPLY, PROMPT], FULL, NoTaskReason.LANGUAGE_EMPTY),
        (GROWING, [REPLY], Limits(), NoTaskReason.IDLE),
        (replace(EMPTY, waiting=1, pools=[pool(TO_RANK, free=1)]), [TO_RANK], Limits(), NoTaskReason.IDLE),
        (replace(EMPTY, waiting=2, pools=[pool(TO_RANK, free=2)]), [TO_RANK], Limits(), NoTaskReason.ALL_DONE_BY_USER),
    ],
)
def test_the_reason_is_the_first_that_holds(
    occupancy: Occupancy, kinds: list[TaskKind], limits: Limits, reason: NoTaskReason
) -> None:
    assert nothing_to_do.reason(occupancy, kinds=kinds, lang="en", limits=limits) is reason


@pytest.mark.parametrize(
    ("lapses", "prompt_lapse", "seconds"),
    [
        ([], None, ASK_AGAIN_SEC),
        ([10**9], None, ASK_AGAIN_SEC),
        ([9_000, 5_001], None, 5),
        ([9_000], 3_000, 2),
        ([1_001], None, 1),
    ],
)
def test_it_is_worth_asking_again_when_a_reservation_ends(
    lapses: list[int], prompt_lapse: int | None, seconds: int
) -> None:
    occupancy = replace(EMPTY, pools=[pool(REPLY, next_lapse=lapse) for lapse in lapses], prompt_lapse=prompt_lapse)
    assert nothing_to_do.seconds(occupancy, now_ms=1_000) == seconds


@pytest.mark.parametrize("reason", NoTaskReason)
def test_each_reason_is_a_sentence_with_the_people_that_a_tree_needs(reason: NoTaskReason) -> None:
    message = str(nothing_to_do.error(reason, kind="random", lang="en", people=6))
    assert message.startswith("Nothing of kind random to hand out in language en right now: ")
    assert message.endswith(".")
    assert ("6 different people" in message) == (reason is NoTaskReason.ALL_DONE_BY_USER)
