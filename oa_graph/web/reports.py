"""Reported and contested messages, and decisions on them."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from oa_graph.domain.progress import Complaint
from oa_graph.errors import PostNotFound
from oa_graph.web import labels
from oa_graph.web.overview import STATE_WORDS
from oa_graph.web.render import page, see_other
from oa_graph.web.request import PageRequest

_MAX_COMPLAINTS = 50
_STATEMENT_SEC = 5.0

Decision = Literal["keep", "delete", "restore", "undo"]
_DECISIONS: frozenset[str] = frozenset({"keep", "delete", "restore", "undo"})


@get("/reports")
async def reports(request: PageRequest, done: FromQuery[str] = "", message: FromQuery[str] = "") -> Response[Any]:
    """List flagged messages that no moderator has looked at since. `done` and `message`: the last decision."""
    complaints = await request.collection.posts.complaints(limit=_MAX_COMPLAINTS)
    return _page(request, complaints, contested=False, done=done, message=message)


@get("/reports/contested")
async def contested(request: PageRequest, done: FromQuery[str] = "", message: FromQuery[str] = "") -> Response[Any]:
    """List messages whose reviewers contradict each other."""
    ids = await request.collection.statistics.contested_posts(limit=_MAX_COMPLAINTS, seconds=_STATEMENT_SEC)
    complaints = await request.collection.posts.complaints_about(ids)
    live = [complaint for complaint in complaints if not complaint.post.deleted]
    return _page(request, live, contested=True, done=done, message=message)


def _page(
    request: PageRequest, complaints: list[Complaint], *, contested: bool, done: str, message: str
) -> Response[Any]:
    return page(
        request,
        "reports.html",
        complaints=complaints,
        contested=contested,
        done=done if done in _DECISIONS else "",
        message=_valid_id(message),
        max_complaints=_MAX_COMPLAINTS,
        state_words=STATE_WORDS,
        label_words=labels.WORDS,
    )


def _valid_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


@get("/reports/{message_id:uuid}")
async def report(request: PageRequest, message_id: FromPath[UUID]) -> Response[Any]:
    """Show a message in its thread, with its flags and reports."""
    id = str(message_id)
    complaints = await request.collection.posts.complaints_about([id])
    if not complaints:
        raise PostNotFound(id=id)
    return page(
        request,
        "report_thread.html",
        complaint=complaints[0],
        thread=await request.collection.posts.ancestry(id),
        history=await request.collection.posts.history(id),
        state_words=STATE_WORDS,
        label_words=labels.WORDS,
    )


@post("/reports/{message_id:uuid}")
async def decide(request: PageRequest, message_id: FromPath[UUID]) -> Response[Any]:
    """Keep, delete or restore a message, or undo a deletion or restoration."""
    id, decision = str(message_id), await request.field("decision")
    back = "/reports/contested" if await request.field("contested") else "/reports"
    if decision not in _DECISIONS:
        return see_other(back)
    moderation = request.collection.moderation
    match decision, await request.field("undone"):
        case ("delete", _) | ("undo", "restore"):
            await moderation.delete(id)
        case ("restore", _) | ("undo", "delete"):
            await moderation.undelete(id)
        case _:
            pass
    if decision != "undo":
        await request.collection.posts.settle(id)
    return see_other(f"{back}?done={decision}&message={id}")
