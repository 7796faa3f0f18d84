"""The user's own work: messages and their states, points, and place on the leaderboard."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Response, get

from oa_graph.domain.listings import PageRange
from oa_graph.domain.scores import WORK, TimeFrame
from oa_graph.installation import PAGES
from oa_graph.web.render import page
from oa_graph.web.request import PageRequest

_MAX_MESSAGES = 50
_LEADERBOARD_PLACES = 5
"""How many places of the leaderboard are shown around the user's own."""


@get("/mine")
async def mine(request: PageRequest) -> Response[Any]:
    """Show the user's own work."""
    collection, me = request.collection, request.me
    await collection.leaderboards.update()
    total = await collection.leaderboards.score(me.id, TimeFrame.TOTAL)
    newest: PageRange[datetime] = PageRange(low=None, high=None, desc=True, limit=_MAX_MESSAGES)
    _, written = await collection.own_posts.page(newest, client=PAGES, method=me.method, name=me.name)
    return page(
        request,
        "mine.html",
        entry=total,
        work=sum(total.figures.get(name, 0) for name in WORK[:6]),
        days=_days_in_a_row(request),
        around=await collection.leaderboards.window(me.id, TimeFrame.TOTAL, size=_LEADERBOARD_PLACES),
        messages=written,
    )


def _days_in_a_row(request: PageRequest) -> int:
    me, today = request.me, request.collection.context.clock().date()
    if me.streak_start is None or me.last_activity is None or (today - me.last_activity.date()).days > 1:
        return 0
    return (me.last_activity.date() - me.streak_start.date()).days + 1
