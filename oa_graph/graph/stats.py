"""Statistics: the tallies of languages, the states and sizes of trees, and cached statistics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from oa_graph.domain.progress import StateCount, WorkSlot
from oa_graph.domain.scores import SLOT_MS
from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Row, Tx, decoder, many, milliseconds, one, run


@dataclass(frozen=True, slots=True)
class LanguageTally:
    """The trees and posts of a language."""

    lang: str
    trees: int = 0
    posts: int = 0
    deleted: int = 0
    human_prompter: int = 0
    human_assistant: int = 0


_tally = decoder(LanguageTally)


async def tallies(tx: Tx) -> list[LanguageTally]:
    """Trees and posts by language."""
    return await many(tx, "stats/tallies", lambda row: _tally(row["tally"]))


async def count_posts(tx: Tx) -> list[Row]:
    """The tallies as they should be; looks at every post."""
    return await many(tx, "stats/count_posts", dict)


async def set_tallies(tx: Tx, tallies: Sequence[Row]) -> None:
    """Replace all tallies; who calls it holds the ledger."""
    await run(tx, "stats/set_tallies", tallies=[dict(tally) for tally in tallies])


_state_count = decoder(StateCount)


async def states(tx: Tx) -> list[StateCount]:
    """Trees by language and state; those that are not 0."""
    return await many(tx, "stats/states", _state_count, states=[state.value for state in TreeState])


@dataclass(frozen=True, slots=True)
class TreeSize:
    """A tree and its live posts."""

    id: str
    state: TreeState
    goal: int
    depth: int
    oldest: datetime
    newest: datetime
    posts: int


_tree_size = decoder(TreeSize)


async def tree_sizes(tx: Tx, states: Iterable[TreeState], *, limit: int) -> list[TreeSize]:
    """The trees in some states, at most `limit` of each, oldest first."""
    return await many(tx, "stats/tree_sizes", _tree_size, states=[state.value for state in states], limit=limit)


_DAY = timedelta(days=1)


async def work(tx: Tx, *, now: datetime) -> list[WorkSlot]:
    """What was done in the last day, by slots of ten minutes."""
    since = milliseconds(now - _DAY)
    return await many(
        tx,
        "stats/work",
        _work_slot,
        now_ms=milliseconds(now),
        until_ms=milliseconds(now + _DAY) + SLOT_MS,
        since_ms=since,
    )


def _work_slot(row: Row) -> WorkSlot:
    return WorkSlot(datetime.fromtimestamp(row["start"] / 1000, UTC), row["people"], row["answers"])


async def missing_posts(tx: Tx) -> int:
    """How many posts growing trees still lack of their goals."""
    return await one(tx, "stats/missing_posts", lambda row: int(row["posts"]))


async def accepted_terms(tx: Tx) -> int:
    """How many enabled users have accepted the terms."""
    return await one(tx, "stats/accepted_terms", lambda row: int(row["users"]))


@dataclass(frozen=True, slots=True)
class CachedStats:
    """Statistics that are kept ready: JSON's own values."""

    name: str
    stats: Any
    updated: datetime


async def cached(tx: Tx) -> list[CachedStats]:
    """What is kept ready, by name."""
    return await many(
        tx, "stats/cached", lambda row: CachedStats(row["name"], json.loads(row["stats"]), row["updated"])
    )


async def cache(tx: Tx, stats: Mapping[str, object], *, now: datetime) -> None:
    """Keep statistics ready under their names."""
    await run(tx, "stats/cache", stats={name: json.dumps(value) for name, value in stats.items()}, now=now)
