"""Parts of sorted lists, and which posts a list has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from oa_graph.domain.trees import TreeState

V = TypeVar("V")


FIRST_ID, LAST_ID = "", "\uffff"
"""Ids before and behind all that there are."""
FIRST_MOMENT, LAST_MOMENT = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
"""Times before and behind all that there are."""


@dataclass(frozen=True, slots=True)
class Bound(Generic[V]):
    """One end of a span, by (value, id), itself left out. `id` None: not settled yet."""

    value: V
    id: str | None


@dataclass(frozen=True, slots=True)
class PageRange(Generic[V]):
    """A part of a list that is sorted by (value, id): what lies between two bounds, `limit` items of it at most.

    `low` is the smaller bound and `high` the greater, whichever way the list is read; None: no bound there.
    """

    low: Bound[V] | None
    high: Bound[V] | None
    desc: bool
    """Whether to read from `high` downwards."""
    limit: int


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Which posts a list is of. None: whichever."""

    authors: tuple[str, ...] | None = None
    """User ids; an empty tuple stands for nobody."""
    client: str | None = None
    lang: str | None = None
    only_roots: bool = False
    include_deleted: bool = False


@dataclass(frozen=True, slots=True)
class TreeFilter:
    """Which trees a list is of."""

    states: frozenset[TreeState] = frozenset(TreeState)
    lang: str | None = None
    """None: any."""
    include_deleted: bool = False
    """Also trees whose prompt is deleted."""
