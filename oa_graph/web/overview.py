"""What the collection needs now, how fast it gets it, and what is stuck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from oa_graph.domain.progress import CollectionProgress, WorkSlot
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.web.kinds import words_of
from oa_graph.web.render import fragment, page, see_other
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import marked
from oa_graph.web.trees import STATES

STATE_WORDS: Mapping[TreeState, str] = {state: words.label for state, words in STATES.items()}
"""States of trees in the words of the pages."""

_REASONS: Mapping[str, str] = {
    "its scoring broke off": marked("Its scoring broke off."),
    "its scoring failed": marked("Its scoring failed."),
    "nobody has activated it": marked("It came with an import, and nobody has activated it."),
    "halted: nothing of it stands": marked("All of it was deleted."),
    "halted: its author is away": marked("Its author was banned or deleted."),
    "halted by a moderator": marked("An operator or the automatic moderation halted it."),
    "its prompt is deleted": marked("Its prompt is deleted."),
    "its author is away": marked("Its author was banned or deleted."),
    "no post of it wants anything": marked("None of its messages wants anything: limits changed, or a step broke off."),
}
"""Why a tree is stuck, by the words of `cypher/explore/stuck_trees.cypher`."""

_PROMPTS = 5
_STUCK = 50
_FLAGS = 100
"""More flags are not counted."""
_SECONDS = 5.0
"""For a statement of this page."""
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """The answers of one hour."""

    hours_ago: int
    answers: int
    height: float
    """Of the greatest of all."""


def bars(work: Sequence[WorkSlot], now: datetime) -> list[Bar]:
    """Return the answers of each hour of the last day, the oldest first."""
    answers = [0] * _HOURS
    for slot in work:
        hours_ago = int((now - slot.start) / timedelta(hours=1))
        if 0 <= hours_ago < _HOURS:
            answers[hours_ago] += slot.answers
    greatest = max(answers) or 1
    return [Bar(ago, answers[ago], answers[ago] / greatest) for ago in reversed(range(_HOURS))]


async def _now(request: PageRequest) -> dict[str, Any]:
    """What the page shows anew every few seconds."""
    progress = await request.collection.statistics.progress(seconds=_SECONDS)
    states = [state for state in TreeState if any(count.state is state for count in progress.trees)]
    trees: dict[str, dict[TreeState, int]] = {}
    for count in progress.trees:
        trees.setdefault(count.lang, {})[count.state] = count.trees
    flags = await request.collection.posts.open_flags(limit=_FLAGS)
    return {
        "progress": progress,
        "people": _people(progress),
        "bars": bars(progress.work, progress.at),
        "states": states,
        "trees": trees,
        "state_words": STATE_WORDS,
        "kind_words": _kind_words,
        "flags": len(flags),
        "most_flags": _FLAGS,
    }


def _people(progress: CollectionProgress) -> int:
    """Those who hold a lease or answered within the newest slot: at least so many are at work."""
    newest = max((slot.people for slot in progress.work if slot.start > progress.at - timedelta(minutes=20)), default=0)
    return max(newest, max((pool.people for pool in progress.pools), default=0))


def _kind_words(kind: str) -> str:
    return words_of(TaskKind(kind)).title if kind in {*TaskKind} else kind


@get("/overview")
async def overview(request: PageRequest) -> Response[Any]:
    """The whole page."""
    statistics = request.collection.statistics
    prompts = await statistics.waiting_prompts(limit=_PROMPTS, seconds=_SECONDS)
    stuck = await statistics.stuck_trees(limit=_STUCK, seconds=_SECONDS)
    return page(
        request,
        "overview.html",
        prompts=prompts,
        stuck=stuck,
        reasons=_REASONS,
        **await _now(request),
    )


@get("/overview/now")
async def overview_now(request: PageRequest) -> Response[Any]:
    """What changes on it from moment to moment."""
    return fragment(request, "overview_now.html", **await _now(request))


@post("/trees/{tree_id:uuid}/unhalt")
async def unhalt(request: PageRequest, tree_id: FromPath[UUID]) -> Response[Any]:
    """Let a halted tree go on."""
    await request.collection.moderation.unhalt(str(tree_id))
    return see_other("/overview")
