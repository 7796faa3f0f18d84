"""Messages whose reviewers contradict each other, for moderators to look at."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import FromPath, QueryParameter

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.keys import requires_key, requires_trusted
from oa_graph.api.request import ApiRequest


@get(
    "/",
    summary="List contested messages",
    operation_id="get_contested_messages",
    responses=error_responses(),
)
async def contested(
    request: ApiRequest, max_count: Annotated[int, QueryParameter(ge=1, le=1000)] = 50
) -> list[wire.MessageComplaint]:
    """Messages that some reviewers call spam and others do not, the most disputed first.

    Those that a moderator has looked at since the newest review are left out.
    """
    ids = await request.collection.statistics.contested_posts(
        limit=max_count, seconds=request.settings.statement_timeout_sec
    )
    return [wire.complaint(complaint) for complaint in await request.collection.posts.complaints_about(ids)]


@post(
    "/{message_id:str}/settled",
    status_code=204,
    summary="Mark a contested message as settled",
    operation_id="settle_contested_message",
    responses=error_responses(errors.PostNotFound),
)
async def settle(request: ApiRequest, message_id: FromPath[UUID]) -> None:
    """A moderator has looked at the reviews and flags of the message. The next ones call one again."""
    await request.collection.posts.settle(str(message_id))


router = Router(
    "/admin/contested_messages",
    route_handlers=[contested, settle],
    guards=[requires_key, requires_trusted],
    security=KEYED,
    tags=["admin"],
)
