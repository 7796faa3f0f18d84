"""Why there is no task for a user, and when it is worth asking again."""

from __future__ import annotations

from collections.abc import Collection
from math import ceil

from oa_graph.errors import NothingToHandOut
from oa_graph.model import Limits, NoTaskReason, Occupancy, TaskKind
from oa_graph.policy import growth
from oa_graph.policy.kinds import offered
from oa_graph.policy.sampling import kind_of

ASK_AGAIN_SEC = 30
"""At the latest: an answer of somebody else may bring work at any moment."""

_WHY = {
    NoTaskReason.ALL_DONE_BY_USER: "this user has answered, skipped or written everything that is open; "
    "with the present limits a tree needs {people} different people",
    NoTaskReason.ALL_RESERVED: "every open place is reserved for somebody",
    NoTaskReason.LIMIT_REACHED: "the settings allow no more of it",
    NoTaskReason.LANGUAGE_EMPTY: "the language has no tree that is being worked on",
    NoTaskReason.IDLE: "no tree wants it",
}


def error(
    reason: NoTaskReason, *, kind: str, lang: str, seconds: int = ASK_AGAIN_SEC, people: int = 0
) -> NothingToHandOut:
    """The error for a request that is handed no task.

    `seconds` says when to ask again, `people` how many different people a tree needs.
    """
    why = _WHY[reason].format(people=people)
    return NothingToHandOut(kind=kind, lang=lang, why=why, reason=reason, seconds=seconds)


def reason(occupancy: Occupancy, *, kinds: Collection[TaskKind], lang: str, limits: Limits) -> NoTaskReason:
    """Why a user got none of these kinds, judged by what anybody could get of them."""
    if any(pool.free >= _least(pool.pool) for pool in occupancy.pools):
        return NoTaskReason.ALL_DONE_BY_USER
    prompts = TaskKind.INITIAL_PROMPT in kinds
    if _lapses(occupancy) or (prompts and _missing_prompts(occupancy, lang=lang, limits=limits)):
        return NoTaskReason.ALL_RESERVED
    if {*kinds} <= {TaskKind.INITIAL_PROMPT} or not any(offered(kind, limits) for kind in kinds):
        return NoTaskReason.LIMIT_REACHED
    if not (occupancy.growing or occupancy.reviewing or occupancy.waiting or occupancy.ranking):
        return NoTaskReason.LANGUAGE_EMPTY
    return NoTaskReason.LIMIT_REACHED if prompts else NoTaskReason.IDLE


def seconds(occupancy: Occupancy, *, now_ms: int) -> int:
    """After how many seconds it is worth asking again: when a reservation ends, but within `ASK_AGAIN_SEC`."""
    lapses = _lapses(occupancy) + ([occupancy.prompt_lapse] if occupancy.prompt_lapse else [])
    return max(1, ceil(min([ASK_AGAIN_SEC, *((lapse - now_ms) / 1000 for lapse in lapses)])))


def _least(pool: str) -> int:
    """How many free places make a task."""
    return 2 if kind_of(pool) is TaskKind.RANK_INITIAL_PROMPTS else 1


def _lapses(occupancy: Occupancy) -> list[int]:
    return [pool.next_lapse for pool in occupancy.pools if pool.next_lapse is not None]


def _missing_prompts(occupancy: Occupancy, *, lang: str, limits: Limits) -> int:
    """How many prompts are wanted, those that somebody is writing included."""
    return growth.lottery_places(
        lang=lang,
        growing=occupancy.growing,
        reviewing=occupancy.reviewing,
        waiting=occupancy.waiting,
        limits=limits,
    )
