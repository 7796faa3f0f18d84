"""What somebody has done: messages and their state, points, place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Response, get

from oa_graph.domain.listings import PageRange
from oa_graph.domain.scores import WORK, TimeFrame
from oa_graph.installation import PAGES
from oa_graph.web.render import page
from oa_graph.web.request import PageRequest

_MESSAGES = 50
_AROUND = 5
"""Places shown of the leaderboard."""


@get("/mine")
async def mine(request: PageRequest) -> Response[Any]:
    """My work."""
    collection, me = request.collection, request.me
    await collection.leaderboards.update()
    total = await collection.leaderboards.score(me.id, TimeFrame.TOTAL)
    newest: PageRange[datetime] = PageRange(low=None, high=None, desc=True, limit=_MESSAGES)
    _, written = await collection.own_posts.page(newest, client=PAGES, method=me.method, name=me.name)
    return page(
        request,
        "mine.html",
        entry=total,
        work=sum(total.figures.get(name, 0) for name in WORK[:6]),
        days=_days_in_a_row(request),
        around=await collection.leaderboards.window(me.id, TimeFrame.TOTAL, size=_AROUND),
        messages=written,
    )


def _days_in_a_row(request: PageRequest) -> int:
    me, today = request.me, request.collection.context.clock().date()
    if me.streak_start is None or me.last_activity is None or (today - me.last_activity.date()).days > 1:
        return 0
    return (me.last_activity.date() - me.streak_start.date()).days + 1
