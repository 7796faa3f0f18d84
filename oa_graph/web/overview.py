"""The state of the collection: open work, its rate, and stuck trees."""

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
from oa_graph.web.texts import N_
from oa_graph.web.trees import STATES

STATE_WORDS: Mapping[TreeState, str] = {state: words.label for state, words in STATES.items()}
"""States of trees in the words of the pages."""

_REASONS: Mapping[str, str] = {
    "its scoring broke off": N_("Its scoring broke off."),
    "its scoring failed": N_("Its scoring failed."),
    "nobody has activated it": N_("It was imported and has not been activated."),
    "halted: nothing of it stands": N_("All of it was deleted."),
    "halted: its author is away": N_("Its author was banned or deleted."),
    "halted by a moderator": N_("An operator or the automatic moderation halted it."),
    "its prompt is deleted": N_("Its prompt is deleted."),
    "its author is away": N_("Its author was banned or deleted."),
    "no post of it wants anything": N_("None of its messages has open work: limits changed, or a step failed."),
}
"""Why a tree is stuck, by the words of `cypher/explore/stuck_trees.cypher`."""

_MAX_PROMPTS = 5
_MAX_STUCK_TREES = 50
_MAX_FLAGS = 100
"""More flags are not counted."""
_STATEMENT_SEC = 5.0
"""For a statement of this page."""
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """The number of answers in one hour."""

    hours_ago: int
    answers: int
    height: float
    """As a share of the highest bar."""


def bars(work: Sequence[WorkSlot], now: datetime) -> list[Bar]:
    """Return the answers of each hour of the last day, the oldest first."""
    answers = [0] * _HOURS
    for slot in work:
        hours_ago = int((now - slot.start) / timedelta(hours=1))
        if 0 <= hours_ago < _HOURS:
            answers[hours_ago] += slot.answers
    greatest = max(answers) or 1
    return [Bar(ago, answers[ago], answers[ago] / greatest) for ago in reversed(range(_HOURS))]


async def _figures_now(request: PageRequest) -> dict[str, Any]:
    """Return the figures that the page refreshes every few seconds."""
    progress = await request.collection.statistics.progress(seconds=_STATEMENT_SEC)
    states = [state for state in TreeState if any(count.state is state for count in progress.trees)]
    trees: dict[str, dict[TreeState, int]] = {}
    for count in progress.trees:
        trees.setdefault(count.lang, {})[count.state] = count.trees
    flags = await request.collection.posts.open_flags(limit=_MAX_FLAGS)
    return {
        "progress": progress,
        "people": _people(progress),
        "bars": bars(progress.work, progress.at),
        "states": states,
        "trees": trees,
        "state_words": STATE_WORDS,
        "kind_words": _kind_words,
        "flags": len(flags),
        "max_flags": _MAX_FLAGS,
    }


def _people(progress: CollectionProgress) -> int:
    """Return a lower bound of the number of people at work: those who hold a lease or have answered lately."""
    newest = max((slot.people for slot in progress.work if slot.start > progress.at - timedelta(minutes=20)), default=0)
    return max(newest, max((pool.people for pool in progress.pools), default=0))


def _kind_words(kind: str) -> str:
    return words_of(TaskKind(kind)).title if kind in {*TaskKind} else kind


@get("/overview")
async def overview(request: PageRequest) -> Response[Any]:
    """Show the state of the collection."""
    statistics = request.collection.statistics
    prompts = await statistics.waiting_prompts(limit=_MAX_PROMPTS, seconds=_STATEMENT_SEC)
    stuck = await statistics.stuck_trees(limit=_MAX_STUCK_TREES, seconds=_STATEMENT_SEC)
    return page(
        request,
        "overview.html",
        prompts=prompts,
        stuck=stuck,
        reasons=_REASONS,
        **await _figures_now(request),
    )


@get("/overview/now")
async def overview_now(request: PageRequest) -> Response[Any]:
    """Return the part of the page that is refreshed."""
    return fragment(request, "overview_now.html", **await _figures_now(request))


@post("/trees/{tree_id:uuid}/unhalt")
async def unhalt(request: PageRequest, tree_id: FromPath[UUID]) -> Response[Any]:
    """Resume a halted tree."""
    await request.collection.moderation.unhalt(str(tree_id))
    return see_other("/overview")
