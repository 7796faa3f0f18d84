"""What moderators do with messages and trees, and the reactions that call for them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import MediaType, Response, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from oa_graph import errors, moderation
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import ACTING, KEYED, fails
from oa_graph.api.flag import Flag, flag
from oa_graph.api.keys import acting, keyed, trusted
from oa_graph.graph import posts

UNKNOWN = fails(errors.PostNotFound, errors.UserNotFound)


@delete("/{message_id:str}", summary="Delete a message", operation_id="delete_message", responses=UNKNOWN)
async def remove(request: Call, message_id: FromPath[UUID]) -> None:
    """Marks a message and all below it as deleted; its tree goes on without them."""
    await moderation.delete(request.graph, request.limits, rng=request.rng, post=str(message_id))


@put(
    "/{message_id:str}/undelete",
    status_code=202,
    media_type=MediaType.JSON,
    summary="Restore a message",
    operation_id="undelete_message",
    responses=UNKNOWN,
)
async def restore(request: Call, message_id: FromPath[UUID]) -> Response[None]:
    """Takes back the deletion of a message and of those above it; what is below stays deleted."""
    await moderation.undelete(request.graph, request.limits, rng=request.rng, post=str(message_id))
    return Response(None)


@put(
    "/{message_id:str}/tree/state",
    summary="Halt a tree, or take it up again",
    operation_id="set_tree_state",
    responses=UNKNOWN,
)
async def set_state(
    request: Call,
    message_id: FromPath[UUID],
    halt: Annotated[Flag, flag("true: nothing more is done in the tree; false: it goes on.")],
) -> wire.MessageTreeStateResponse:
    """Where the tree of this message is after that."""
    act = moderation.halt if halt else moderation.unhalt
    return wire.tree_state(await act(request.graph, request.limits, rng=request.rng, post=str(message_id)))


@get(
    "/{message_id:str}/history",
    summary="Read the versions of a message",
    operation_id="get_message_history",
    responses=UNKNOWN,
)
async def history(request: Call, message_id: FromPath[UUID]) -> list[wire.MessageRevision]:
    """Every version, the original first; empty for a message that was never edited."""
    found = await posts.history(request.graph, str(message_id))
    return wire.history(found, viewer=request.viewer_id)


@post(
    "/{message_id:str}/edit",
    status_code=200,
    media_type=MediaType.JSON,
    summary="Edit a message",
    operation_id="edit_message",
    responses=fails(errors.PostNotFound, errors.TextTooLong, errors.UserDisabled),
)
async def edit(request: Call, message_id: FromPath[UUID], data: JSONBody[wire.EditMessageRequest]) -> Response[None]:
    """Gives a message another text; reviews and ranks stay, and every version is kept."""
    await moderation.edit(
        request.graph,
        request.limits,
        client=request.caller,
        person=data.user.person(),
        post=str(message_id),
        text=data.new_content,
    )
    return Response(None)


@post(
    "/{message_id:str}/emoji",
    status_code=202,
    summary="React to a message",
    operation_id="post_message_emoji",
    responses=fails(errors.PostNotFound, errors.UserDisabled),
)
async def react(request: Call, message_id: FromPath[UUID], data: JSONBody[wire.MessageEmojiRequest]) -> wire.Message:
    """Gives a message a reaction or takes it back; the message as that user sees it now.

    `+1` takes the place of `-1` and the reverse; on one's own message they are ignored. `red_flag` calls a moderator.
    """
    found, viewer = await moderation.react(
        request.graph,
        request.limits,
        rng=request.rng,
        client=request.caller,
        person=data.user.person(),
        post=str(message_id),
        emoji=data.emoji,
        op=data.op,
    )
    return wire.message(found, viewer=viewer)


routers = (
    Router(
        "/messages",
        route_handlers=[remove, restore, set_state, history],
        guards=[keyed, trusted, acting],
        security=[*KEYED, *ACTING],
        tags=["messages"],
    ),
    Router("/messages", route_handlers=[edit], guards=[keyed, trusted], security=KEYED, tags=["messages"]),
    Router("/messages", route_handlers=[react], guards=[keyed], security=KEYED, tags=["messages"]),
)
