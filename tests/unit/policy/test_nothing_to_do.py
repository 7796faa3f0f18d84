"""Why there is no task: what a user is told follows from what anybody could get."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import NoTaskReason, Occupancy, PoolOccupancy, TaskKind
from oa_graph.errors import NothingToHandOut
from oa_graph.policy import nothing_to_do
from oa_graph.policy.nothing_to_do import ASK_AGAIN_MS, WHY, NothingFound

EMPTY = Occupancy(pools=[], growing=0, reviewing=0, waiting=0, ranking=0, prompt_lapse=None)
GROWING = replace(EMPTY, growing=1)
FULL = Limits(max_active_trees=0, max_initial_prompt_review=0)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
REPLY, PROMPT, TO_RANK = TaskKind.ASSISTANT_REPLY, TaskKind.INITIAL_PROMPT, TaskKind.RANK_INITIAL_PROMPTS


def no_task_error(*languages: NothingFound) -> NothingToHandOut:
    return nothing_to_do.no_task_error(languages, kind="random", now=NOW, people=6)


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
    ("lapses", "prompt_lapse", "milliseconds", "seconds"),
    [
        ([], None, ASK_AGAIN_MS, 30),
        ([10**9], None, ASK_AGAIN_MS, 30),
        ([9_000, 5_001], None, 4_001, 5),
        ([9_000], 3_000, 2_000, 2),
        ([1_001], None, 1, 1),
        ([1_000], None, 0, 1),
    ],
)
def test_it_is_worth_asking_again_when_a_reservation_ends(
    lapses: list[int], prompt_lapse: int | None, milliseconds: int, seconds: int
) -> None:
    occupancy = replace(EMPTY, pools=[pool(REPLY, next_lapse=lapse) for lapse in lapses], prompt_lapse=prompt_lapse)
    wait = nothing_to_do.wait_ms(occupancy, now_ms=1_000)
    assert (wait, nothing_to_do.seconds(wait)) == (milliseconds, seconds)


@pytest.mark.parametrize("reason", WHY)
def test_each_reason_is_a_sentence_with_the_people_that_a_tree_needs(reason: NoTaskReason) -> None:
    message = str(no_task_error(NothingFound("en", reason)))
    assert message.startswith("No task of kind random is available in language en: ")
    assert message.endswith(".")
    assert ("6 different people" in message) == (reason is NoTaskReason.ALL_DONE_BY_USER)


def test_a_request_in_several_languages_is_told_the_reason_and_time_of_the_one_that_may_have_a_task_first() -> None:
    error = no_task_error(
        NothingFound("de", NoTaskReason.LANGUAGE_EMPTY),
        NothingFound("fr", NoTaskReason.ALL_RESERVED, wait_ms=9_500),
        NothingFound("en", NoTaskReason.ALL_DONE_BY_USER),
    )
    assert error.values["reason"] is NoTaskReason.ALL_RESERVED
    assert error.values["seconds"] == 10
    assert error.values["retry_at"] == NOW + timedelta(seconds=9.5)
    assert str(error).startswith(
        "No task of kind random is available in language de or fr or en: de: the language has no tree that is being "
        "worked on; fr: every open place is reserved for somebody; en: this user has answered, skipped or written "
    )
    assert "6 different people" in str(error)


def test_a_reason_that_all_languages_share_is_told_once() -> None:
    error = no_task_error(*(NothingFound(lang, NoTaskReason.IDLE) for lang in ("{0}", "en")))
    assert str(error) == "No task of kind random is available in language {0} or en: no tree wants it."
    assert error.values["retry_at"] == NOW + timedelta(milliseconds=ASK_AGAIN_MS)
