"""Messages to which moderators were called."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import FromPath, QueryParameter

from oa_graph import errors
from oa_graph.api import pages, wire
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.keys import requires_key, requires_trusted
from oa_graph.api.query_params import NO, BooleanParam, boolean_param
from oa_graph.api.request import ApiRequest
from oa_graph.domain.listings import PageRange


@get("/", summary="List flagged messages", operation_id="get_flagged_messages", responses=error_responses())
async def list_flagged(
    request: ApiRequest, max_count: Annotated[int, QueryParameter(ge=1, le=10_000)]
) -> list[wire.FlaggedMessageResponse]:
    """Those that were flagged longest ago first."""
    flagged_posts = await request.collection.posts.flagged(PageRange(low=None, high=None, desc=False, limit=max_count))
    return [wire.flag(flagged_post) for flagged_post in flagged_posts]


@get(
    "/cursor",
    summary="List flagged messages by pages",
    operation_id="get_flagged_messages_cursor",
    responses=error_responses(errors.InvalidCursor, errors.IncompleteCursor),
)
async def page(
    request: ApiRequest,
    before: Annotated[str | None, QueryParameter(description="a cursor: what comes before it")] = None,
    after: Annotated[str | None, QueryParameter(description="a cursor: what follows it")] = None,
    max_count: Annotated[int, QueryParameter(ge=1, le=1000)] = 10,
    desc: Annotated[BooleanParam, boolean_param("The newest first.", default=False)] = NO,
) -> wire.FlaggedMessagePage:
    """Flagged messages, by the time of the last flag."""
    cursors = pages.Cursors(before, after, max_count, bool(desc), pages.moment)
    flagged_posts, has_more = cursors.cut(await request.collection.posts.flagged(cursors.span()))
    links = cursors.links(
        [pages.cursor(flagged_post.post, flagged_post.created.isoformat()) for flagged_post in flagged_posts],
        has_more=has_more,
    )
    return wire.flagged(flagged_posts, links=links, desc=bool(desc))


@get(
    "/complaints",
    summary="List complaints about messages",
    operation_id="get_complaints",
    responses=error_responses(),
)
async def complaints(
    request: ApiRequest, max_count: Annotated[int, QueryParameter(ge=1, le=1000)] = 100
) -> list[wire.MessageComplaint]:
    """Flagged messages that no moderator has looked at since, with what people said, the last flagged first."""
    return [wire.complaint(complaint) for complaint in await request.collection.posts.complaints(limit=max_count)]


@post(
    "/{message_id:str}/processed",
    status_code=200,
    summary="Mark a flag as processed",
    operation_id="process_flagged_message",
    responses=error_responses(errors.PostNotFound),
)
async def process(request: ApiRequest, message_id: FromPath[UUID]) -> wire.FlaggedMessageResponse:
    """A moderator has looked at the message. The next flag calls one again."""
    return wire.flag(await request.collection.posts.process_flag(str(message_id)))


@post("/{message_id:str}/processed", status_code=200, include_in_schema=False)
async def process_as_before(request: ApiRequest, message_id: FromPath[UUID]) -> wire.FlaggedMessageResponse:
    """The same where the original has it."""
    return wire.flag(await request.collection.posts.process_flag(str(message_id)))


router = Router(
    "/admin",
    route_handlers=[
        Router("/flagged_messages", route_handlers=[list_flagged, page, complaints, process]),
        Router("/admin/flagged_messages", route_handlers=[process_as_before]),
    ],
    guards=[requires_key, requires_trusted],
    security=KEYED,
    tags=["admin"],
)
