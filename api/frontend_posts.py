"""Messages by the ids that frontends gave them: each frontend reads its own, and nobody is acting."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get
from litestar.params import FromPath

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import KEYED, fails
from oa_graph.api.flag import NO, YES, Flag, flag
from oa_graph.api.keys import keyed
from oa_graph.graph import posts, trees

UNKNOWN = fails(errors.PostNotFound)


async def _id(request: Call, frontend_id: str) -> str:
    return await posts.named(request.graph, frontend_id, client=request.caller.id)


@get(
    "/{message_id:str}",
    summary="Read a message by the frontend's id",
    operation_id="get_message_by_frontend_id",
    responses=UNKNOWN,
)
async def one(request: Call, message_id: FromPath[str]) -> wire.Message:
    """The message that was sent with this `user_message_id`, deleted and rejected ones too."""
    found = await posts.post(request.graph, await _id(request, message_id), viewer=None)
    return wire.message(found, viewer=None)


@get(
    "/{message_id:str}/conversation",
    summary="Read a conversation by the frontend's id",
    operation_id="get_conv_by_frontend_id",
    responses=fails(errors.PostNotFound, errors.BrokenThread),
)
async def conversation(request: Call, message_id: FromPath[str]) -> wire.Conversation:
    """From the root to this message."""
    thread = await posts.thread(request.graph, await _id(request, message_id), viewer=None)
    return wire.conversation(thread, viewer=None)


@get(
    "/{message_id:str}/tree",
    summary="Read a tree by the frontend's id",
    operation_id="get_tree_by_frontend_id",
    responses=UNKNOWN,
)
async def tree(
    request: Call,
    message_id: FromPath[str],
    include_spam: Annotated[Flag, flag("Also what is under review or rejected.", default=True)] = YES,
    include_deleted: Annotated[Flag, flag("Also what is deleted.", default=False)] = NO,
) -> wire.MessageTree:
    """All messages of the tree that this one belongs to."""
    id = await _id(request, message_id)
    whole = await trees.tree_of(request.graph, id)
    found = await posts.tree_posts(
        request.graph, id, viewer=None, include_rejected=bool(include_spam), include_deleted=bool(include_deleted)
    )
    return wire.tree(whole, found, viewer=None)


@get(
    "/{message_id:str}/children",
    summary="Read the replies to a message by the frontend's id",
    operation_id="get_children_by_frontend_id",
    responses=UNKNOWN,
)
async def children(request: Call, message_id: FromPath[str]) -> list[wire.Message]:
    """The replies that are not deleted, whatever their reviews say."""
    found = await posts.children(request.graph, await _id(request, message_id), viewer=None)
    return wire.messages(found, viewer=None)


@get(
    "/{message_id:str}/descendants",
    summary="Read all that is below a message by the frontend's id",
    operation_id="get_descendants_by_frontend_id",
    responses=UNKNOWN,
)
async def descendants(request: Call, message_id: FromPath[str]) -> wire.MessageTree:
    """The replies, the replies to them and so on, deleted and rejected ones too; the message itself is left out."""
    id = await _id(request, message_id)
    return wire.branch(id, await posts.descendants(request.graph, id, viewer=None), viewer=None)


@get(
    "/{message_id:str}/longest_conversation_in_tree",
    summary="Read the longest conversation of a tree by the frontend's id",
    operation_id="get_longest_conv_by_frontend_id",
    responses=UNKNOWN,
)
async def longest_conversation(request: Call, message_id: FromPath[str]) -> wire.Conversation:
    """From the root to the deepest message of the tree, without what is deleted or rejected. Of several the oldest."""
    thread = await posts.longest_thread(request.graph, await _id(request, message_id), viewer=None)
    return wire.conversation(thread, viewer=None)


@get(
    "/{message_id:str}/max_children_in_tree",
    summary="Read the message of a tree that has most replies by the frontend's id",
    operation_id="get_max_children_by_frontend_id",
    responses=UNKNOWN,
)
async def max_children(request: Call, message_id: FromPath[str]) -> wire.MessageTree:
    """That message, then the replies to it, all that are not deleted; under its id."""
    id = await _id(request, message_id)
    return wire.widest(id, await posts.most_replies(request.graph, id, viewer=None), viewer=None)


router = Router(
    "/frontend_messages",
    route_handlers=[one, conversation, tree, children, descendants, longest_conversation, max_children],
    guards=[keyed],
    security=KEYED,
    tags=["messages"],
)
