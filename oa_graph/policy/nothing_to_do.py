"""The reason why a user gets no task, and when to ask again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import NoTaskReason, Occupancy, TaskKind
from oa_graph.errors import NothingToHandOut
from oa_graph.policy import growth
from oa_graph.policy.kinds import is_offered
from oa_graph.policy.sampling import kind_of

ASK_AGAIN_MS = 30_000
"""Upper bound: an answer by another user may create work at any moment."""

WHY = {
    NoTaskReason.ALL_DONE_BY_USER: "this user has answered, skipped or written everything that is open; "
    "with the present limits a tree needs {people} different people",
    NoTaskReason.ALL_RESERVED: "every open place is reserved for somebody",
    NoTaskReason.LIMIT_REACHED: "the settings allow no more of it",
    NoTaskReason.LANGUAGE_EMPTY: "the language has no tree that is being worked on",
    NoTaskReason.IDLE: "no tree wants it",
}


@dataclass(frozen=True, slots=True)
class NothingFound:
    """Why there is no task in one language."""

    lang: str
    reason: NoTaskReason
    wait_ms: int = ASK_AGAIN_MS
    """After how many milliseconds to ask again."""


def no_task_error(languages: Sequence[NothingFound], *, kind: str, now: datetime, people: int = 0) -> NothingToHandOut:
    """Return the error for a request that gets no task in any of its languages.

    Its reason is that of the language in which there may be a task first. `people`: how many different people a tree
    needs.
    """
    first = min(languages, key=lambda language: language.wait_ms)
    reasons = {language.lang: WHY[language.reason].format(people=people) for language in languages}
    if len(set(reasons.values())) == 1:
        (why,) = set(reasons.values())
    else:
        why = "; ".join(f"{lang}: {text}" for lang, text in reasons.items())
    return NothingToHandOut(
        kind=kind,
        lang=" or ".join(reasons),
        why=why,
        reason=first.reason,
        seconds=seconds(first.wait_ms),
        retry_at=now + timedelta(milliseconds=first.wait_ms),
    )


def seconds(wait_ms: float) -> int:
    """Return whole seconds after which so many milliseconds are over, at least 1."""
    return max(1, ceil(wait_ms / 1000))


def reason(occupancy: Occupancy, *, kinds: Collection[TaskKind], lang: str, limits: Limits) -> NoTaskReason:
    """Return why a user got none of these kinds, judged by the places that are open to anybody."""
    if any(pool.free >= _places_per_task(pool.pool) for pool in occupancy.pools):
        return NoTaskReason.ALL_DONE_BY_USER
    prompts = TaskKind.INITIAL_PROMPT in kinds
    if _lapses(occupancy) or (prompts and _missing_prompts(occupancy, lang=lang, limits=limits)):
        return NoTaskReason.ALL_RESERVED
    if {*kinds} <= {TaskKind.INITIAL_PROMPT} or not any(is_offered(kind, limits) for kind in kinds):
        return NoTaskReason.LIMIT_REACHED
    if not (occupancy.growing or occupancy.reviewing or occupancy.waiting or occupancy.ranking):
        return NoTaskReason.LANGUAGE_EMPTY
    return NoTaskReason.LIMIT_REACHED if prompts else NoTaskReason.IDLE


def wait_ms(occupancy: Occupancy, *, now_ms: int) -> int:
    """Return after how many milliseconds to ask again: when the next lease ends, at most `ASK_AGAIN_MS`."""
    lapses = _lapses(occupancy) + ([occupancy.prompt_lapse] if occupancy.prompt_lapse else [])
    return max(0, min([ASK_AGAIN_MS, *(lapse - now_ms for lapse in lapses)]))


def _places_per_task(pool: str) -> int:
    """Return how many free places a task needs."""
    return 2 if kind_of(pool) is TaskKind.RANK_INITIAL_PROMPTS else 1


def _lapses(occupancy: Occupancy) -> list[int]:
    return [pool.next_lapse for pool in occupancy.pools if pool.next_lapse is not None]


def _missing_prompts(occupancy: Occupancy, *, lang: str, limits: Limits) -> int:
    """Return how many prompts are wanted, including those that users are writing."""
    return growth.lottery_places(
        lang=lang,
        growing=occupancy.growing,
        reviewing=occupancy.reviewing,
        waiting=occupancy.waiting,
        limits=limits,
    )
