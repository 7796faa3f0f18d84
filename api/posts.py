"""Messages, called posts everywhere but on the wire: alone, in their conversation, in their tree."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import ACTING, KEYED, fails
from oa_graph.api.flag import NO, YES, Flag, flag
from oa_graph.api.keys import acting, keyed
from oa_graph.graph import posts, trees

UNKNOWN = fails(errors.PostNotFound, errors.UserNotFound)


@get("/{message_id:str}", summary="Read a message", operation_id="get_message", responses=UNKNOWN)
async def one(request: Call, message_id: FromPath[UUID]) -> wire.Message:
    """A message, deleted and rejected ones too."""
    found = await posts.post(request.graph, str(message_id), viewer=request.viewer_id)
    return wire.message(found, viewer=request.viewer_id)


@get(
    "/{message_id:str}/conversation",
    summary="Read a conversation",
    operation_id="get_conversation",
    responses=fails(errors.PostNotFound, errors.UserNotFound, errors.BrokenThread),
)
async def conversation(request: Call, message_id: FromPath[UUID]) -> wire.Conversation:
    """From the root to this message."""
    thread = await posts.thread(request.graph, str(message_id), viewer=request.viewer_id)
    return wire.conversation(thread, viewer=request.viewer_id)


@get("/{message_id:str}/tree", summary="Read a tree", operation_id="get_tree", responses=UNKNOWN)
async def tree(
    request: Call,
    message_id: FromPath[UUID],
    include_spam: Annotated[Flag, flag("Also what is under review or rejected.", default=True)] = YES,
    include_deleted: Annotated[Flag, flag("Also what is deleted.", default=False)] = NO,
) -> wire.MessageTree:
    """All messages of the tree that this one belongs to."""
    whole = await trees.tree_of(request.graph, str(message_id))
    found = await posts.tree_posts(
        request.graph,
        str(message_id),
        viewer=request.viewer_id,
        include_rejected=bool(include_spam),
        include_deleted=bool(include_deleted),
    )
    return wire.tree(whole, found, viewer=request.viewer_id)


@get(
    "/{message_id:str}/tree/state", summary="Read the state of a tree", operation_id="get_tree_state", responses=UNKNOWN
)
async def tree_state(request: Call, message_id: FromPath[UUID]) -> wire.MessageTreeStateResponse:
    """Where the tree of this message is on its way."""
    return wire.tree_state(await trees.tree_of(request.graph, str(message_id)))


@get(
    "/{message_id:str}/children",
    summary="Read the replies to a message",
    operation_id="get_children",
    responses=UNKNOWN,
)
async def children(request: Call, message_id: FromPath[UUID]) -> list[wire.Message]:
    """The replies that are not deleted, whatever their reviews say."""
    found = await posts.children(request.graph, str(message_id), viewer=request.viewer_id)
    return wire.messages(found, viewer=request.viewer_id)


router = Router(
    "/messages",
    route_handlers=[one, conversation, tree, tree_state, children],
    guards=[keyed, acting],
    security=[*KEYED, *ACTING],
    tags=["messages"],
)
