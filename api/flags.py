"""Messages to which moderators were called."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import FromPath, QueryParameter

from oa_graph import errors
from oa_graph.api import pages, wire
from oa_graph.api.call import Call
from oa_graph.api.document import KEYED, fails
from oa_graph.api.flag import NO, Flag, flag
from oa_graph.api.keys import keyed, trusted
from oa_graph.graph import posts
from oa_graph.model import Span


@get("/", summary="List flagged messages", operation_id="get_flagged_messages", responses=fails())
async def some(
    request: Call, max_count: Annotated[int, QueryParameter(ge=1, le=10_000)]
) -> list[wire.FlaggedMessageResponse]:
    """Those that were flagged longest ago first."""
    found = await posts.flags(request.graph, Span(low=None, high=None, desc=False, limit=max_count))
    return [wire.flag(each) for each in found]


@get(
    "/cursor",
    summary="List flagged messages by pages",
    operation_id="get_flagged_messages_cursor",
    responses=fails(errors.InvalidCursor, errors.IncompleteCursor),
)
async def page(
    request: Call,
    before: Annotated[str | None, QueryParameter(description="a cursor: what comes before it")] = None,
    after: Annotated[str | None, QueryParameter(description="a cursor: what follows it")] = None,
    max_count: Annotated[int, QueryParameter(ge=1, le=1000)] = 10,
    desc: Annotated[Flag, flag("The newest first.", default=False)] = NO,
) -> wire.FlaggedMessagePage:
    """Flagged messages, by the time of the last flag."""
    cursors = pages.Cursors(before, after, max_count, bool(desc), pages.moment)
    found, more = cursors.cut(await posts.flags(request.graph, cursors.span()))
    links = cursors.links([pages.cursor(each.post, each.created.isoformat()) for each in found], more=more)
    return wire.flagged(found, links=links, desc=bool(desc))


@post(
    "/{message_id:str}/processed",
    status_code=200,
    summary="Mark a flag as processed",
    operation_id="process_flagged_message",
    responses=fails(errors.PostNotFound),
)
async def process(request: Call, message_id: FromPath[UUID]) -> wire.FlaggedMessageResponse:
    """A moderator has looked at the message. The next flag calls one again."""
    return wire.flag(await posts.process_flag(request.graph, str(message_id)))


@post("/{message_id:str}/processed", status_code=200, include_in_schema=False)
async def process_as_before(request: Call, message_id: FromPath[UUID]) -> wire.FlaggedMessageResponse:
    """The same where the original has it."""
    return wire.flag(await posts.process_flag(request.graph, str(message_id)))


router = Router(
    "/admin",
    route_handlers=[
        Router("/flagged_messages", route_handlers=[some, page, process]),
        Router("/admin/flagged_messages", route_handlers=[process_as_before]),
    ],
    guards=[keyed, trusted],
    security=KEYED,
    tags=["admin"],
)
