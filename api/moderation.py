"""What moderators do with messages and trees, and the reactions that call for them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import MediaType, Response, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import ACTING, KEYED, error_responses
from oa_graph.api.keys import requires_key, requires_trusted, resolves_user
from oa_graph.api.query_params import BooleanParam, boolean_param
from oa_graph.api.request import ApiRequest

UNKNOWN = error_responses(errors.PostNotFound, errors.UserNotFound)


@delete("/{message_id:str}", summary="Delete a message", operation_id="delete_message", responses=UNKNOWN)
async def remove(request: ApiRequest, message_id: FromPath[UUID]) -> None:
    """Mark a message and all below it as deleted; its tree goes on without them."""
    await request.collection.moderation.delete(str(message_id))


@put(
    "/{message_id:str}/undelete",
    status_code=202,
    media_type=MediaType.JSON,
    summary="Restore a message",
    operation_id="undelete_message",
    responses=UNKNOWN,
)
async def restore(request: ApiRequest, message_id: FromPath[UUID]) -> Response[None]:
    """Take back the deletion of a message and of those above it; what is below stays deleted."""
    await request.collection.moderation.undelete(str(message_id))
    return Response(None)


@put(
    "/{message_id:str}/end",
    summary="End a conversation at a message",
    operation_id="end_conversation",
    responses=UNKNOWN,
)
async def end(request: ApiRequest, message_id: FromPath[UUID]) -> wire.Message:
    """Let the conversation end at a message, whatever the votes said: it wants no more replies.

    A reply that is accepted later takes the end back.
    """
    return await _set_ended(request, message_id, ended=True)


@delete(
    "/{message_id:str}/end",
    status_code=200,
    summary="Take back the end of a conversation",
    operation_id="reopen_conversation",
    responses=UNKNOWN,
)
async def reopen(request: ApiRequest, message_id: FromPath[UUID]) -> wire.Message:
    """Let the conversation go on at a message, whatever the votes said."""
    return await _set_ended(request, message_id, ended=False)


async def _set_ended(request: ApiRequest, message_id: UUID, *, ended: bool) -> wire.Message:
    await request.collection.moderation.set_ended(str(message_id), ended=ended)
    viewer = request.user_id
    return wire.message(await request.collection.posts.get(str(message_id), viewer=viewer), viewer=viewer)


@put(
    "/{message_id:str}/tree/state",
    summary="Halt a tree, or take it up again",
    operation_id="set_tree_state",
    responses=UNKNOWN,
)
async def set_state(
    request: ApiRequest,
    message_id: FromPath[UUID],
    halt: Annotated[BooleanParam, boolean_param("true: nothing more is done in the tree; false: it goes on.")],
) -> wire.MessageTreeStateResponse:
    """Where the tree of this message is after that."""
    moderation = request.collection.moderation
    act = moderation.halt if halt else moderation.unhalt
    return wire.tree_state(await act(str(message_id)))


@get(
    "/{message_id:str}/history",
    summary="Read the versions of a message",
    operation_id="get_message_history",
    responses=UNKNOWN,
)
async def history(request: ApiRequest, message_id: FromPath[UUID]) -> list[wire.MessageRevision]:
    """Every version, the original first; empty for a message that was never edited."""
    revisions = await request.collection.posts.history(str(message_id))
    return wire.history(revisions, viewer=request.user_id)


@get(
    "/{message_id:str}/reviews",
    summary="Read the reviews of a message",
    operation_id="get_message_reviews",
    responses=UNKNOWN,
)
async def reviews(request: ApiRequest, message_id: FromPath[UUID]) -> list[wire.MessageReview]:
    """What was said of a message by labels, the oldest first: reviews, labels without a task, reports, an import's."""
    return wire.reviews(await request.collection.posts.reviews(str(message_id)))


@post(
    "/{message_id:str}/edit",
    status_code=200,
    media_type=MediaType.JSON,
    summary="Edit a message",
    operation_id="edit_message",
    responses=error_responses(errors.PostNotFound, errors.TextTooLong, errors.UserDisabled),
)
async def edit(
    request: ApiRequest, message_id: FromPath[UUID], data: JSONBody[wire.EditMessageRequest]
) -> Response[None]:
    """Give a message another text; reviews and ranks stay, and every version is kept."""
    await request.collection.moderation.edit(
        str(message_id), data.new_content, client=request.auth, user=data.user.identity()
    )
    return Response(None)


@post(
    "/{message_id:str}/emoji",
    status_code=202,
    summary="React to a message",
    operation_id="post_message_emoji",
    responses=error_responses(errors.PostNotFound, errors.UserDisabled),
)
async def react(
    request: ApiRequest, message_id: FromPath[UUID], data: JSONBody[wire.MessageEmojiRequest]
) -> wire.Message:
    """Give a message a reaction or take it back; the message as that user sees it now.

    `+1` takes the place of `-1` and the reverse; on one's own message they are ignored. `red_flag` calls a moderator.
    """
    message, viewer = await request.collection.moderation.react(
        str(message_id), data.emoji, data.op, client=request.auth, user=data.user.identity()
    )
    return wire.message(message, viewer=viewer)


routers = (
    Router(
        "/messages",
        route_handlers=[remove, restore, end, reopen, set_state, history, reviews],
        guards=[requires_key, requires_trusted, resolves_user],
        security=[*KEYED, *ACTING],
        tags=["messages"],
    ),
    Router(
        "/messages", route_handlers=[edit], guards=[requires_key, requires_trusted], security=KEYED, tags=["messages"]
    ),
    Router("/messages", route_handlers=[react], guards=[requires_key], security=KEYED, tags=["messages"]),
)
