"""The user's own work: messages and their states, points, and place on the leaderboard."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from oa_graph.domain.listings import PageRange
from oa_graph.domain.scores import TimeFrame
from oa_graph.errors import NotEditable, TextDuplicated, TextTooLong
from oa_graph.installation import PAGES
from oa_graph.web.explanations import explanation
from oa_graph.web.kinds import words_of
from oa_graph.web.render import page, see_other
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import N_

_MAX_MESSAGES = 50
_DONE = ("edited", "withdrawn")
_LEADERBOARD_PLACES = 5
"""How many places of the leaderboard are shown around the user's own."""


@get("/mine")
async def mine(request: PageRequest, done: FromQuery[str] = "", changed: FromQuery[str] = "") -> Response[Any]:
    """Show the user's own work. `done`: `edited` or `withdrawn`; `changed`: the id of that message."""
    return await _page(request, done=done if done in _DONE else "", changed=changed)


async def _page(
    request: PageRequest, *, status: int = 200, done: str = "", changed: str = "", problem: str = "", written: str = ""
) -> Response[Any]:
    collection, me = request.collection, request.me
    await collection.leaderboards.update()
    total = await collection.leaderboards.score(me.id, TimeFrame.TOTAL)
    newest: PageRange[datetime] = PageRange(low=None, high=None, desc=True, limit=_MAX_MESSAGES)
    _, messages = await collection.own_posts.page(newest, client=PAGES, method=me.method, name=me.name)
    return page(
        request,
        "mine.html",
        status=status,
        entry=total,
        days=_days_in_a_row(request),
        around=await collection.leaderboards.window(me.id, TimeFrame.TOTAL, size=_LEADERBOARD_PLACES),
        open_tasks=await collection.tasks.open(me),
        words_of=words_of,
        messages=messages,
        done=done,
        changed=changed,
        problem=problem,
        written=written,
    )


@post("/mine/{post_id:uuid}")
async def change_message(request: PageRequest, post_id: FromPath[UUID]) -> Response[Any]:
    """Edit or withdraw a message of the user."""
    id, me, own_posts = str(post_id), request.me, request.collection.own_posts
    text = (await request.field("text")).strip()
    try:
        if await request.field("action") == "withdraw":
            await own_posts.withdraw(id, client=PAGES, method=me.method, name=me.name)
            return see_other(f"/mine?done=withdrawn&changed={id}")
        if not text:
            return await _page(request, status=422, problem=request.gettext(N_("Please write something first.")))
        await own_posts.edit(id, text, client=PAGES, method=me.method, name=me.name)
    except (NotEditable, TextTooLong, TextDuplicated) as error:
        status = 409 if isinstance(error, NotEditable) else 422
        return await _page(request, status=status, problem=explanation(request, error), written=text)
    return see_other(f"/mine?done=edited&changed={id}")


def _days_in_a_row(request: PageRequest) -> int:
    me, today = request.me, request.collection.context.clock().date()
    if me.streak_start is None or me.last_activity is None or (today - me.last_activity.date()).days > 1:
        return 0
    return (me.last_activity.date() - me.streak_start.date()).days + 1
