"""How much work a collection still needs, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from oa_graph.domain.limits import Limits
from oa_graph.domain.progress import PoolStatus, WorkSlot
from oa_graph.domain.tasks import TaskKind
from oa_graph.policy.kinds import KINDS, TaskFamily

_HOUR = timedelta(hours=1)
_DAY_HOURS = 24.0

_COUNTED = frozenset({TaskFamily.LABEL, TaskFamily.RANK})
"""Families whose open places say how many answers are wanted; places for replies take more than the goal needs."""


def wanted_answers(pools: Iterable[PoolStatus], *, missing_posts: int, limits: Limits) -> int:
    """Return how many answers trees at work still want: open judgements, and posts that lack with their reviews."""
    open_judgements = sum(pool.wants for pool in pools if _is_counted(pool.kind))
    return open_judgements + missing_posts * (1 + limits.num_reviews_reply)


def _is_counted(kind: str) -> bool:
    return kind in {*TaskKind} and KINDS[TaskKind(kind)].family in _COUNTED


def answers_per_hour(work: Sequence[WorkSlot], *, now: datetime) -> float:
    """Return the answers of the last hour; where it had none, the average of the last day."""
    last_hour = sum(slot.answers for slot in work if slot.start > now - _HOUR)
    return float(last_hour) if last_hour else sum(slot.answers for slot in work) / _DAY_HOURS


def seconds_left(answers: int, *, per_hour: float) -> float | None:
    """Return how long so many answers take; None: nobody works."""
    return None if per_hour <= 0 else answers / per_hour * _HOUR.total_seconds()
