"""Messages, called posts everywhere but on the wire: in lists, alone, in their conversation, in their tree."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath, QueryParameter

from oa_graph import errors
from oa_graph.api import listings, wire
from oa_graph.api.call import Call
from oa_graph.api.document import ACTING, KEYED, fails
from oa_graph.api.flag import NO, YES, Flag, flag
from oa_graph.api.keys import acting, keyed
from oa_graph.api.users import visible_client
from oa_graph.graph import posts, trees

UNKNOWN = fails(errors.PostNotFound, errors.UserNotFound)

Author = Annotated[str | None, QueryParameter(description="Of the author; `auth_method` and `username` go together.")]


@get(
    "/",
    summary="List messages",
    operation_id="query_messages",
    responses=fails(errors.UserNotFound, errors.AuthAndUsernameRequired),
)
async def listing(
    request: Call,
    auth_method: Author = None,
    username: Author = None,
    api_client_id: listings.ClientId = None,
    max_count: listings.MaxCount = 10,
    start_date: listings.StartDate = None,
    end_date: listings.EndDate = None,
    only_roots: listings.OnlyRoots = NO,
    desc: listings.NewestFirst = YES,
    allow_deleted: listings.IncludeDeleted = NO,
    lang: listings.Lang = None,
) -> list[wire.Message]:
    """Messages by the time of their creation, rejected ones and those under review too."""
    client = visible_client(request.caller, api_client_id)
    of = listings.among(client=client, lang=lang, only_roots=only_roots, deleted=allow_deleted)
    of = await listings.by_author(request, of, auth_method=auth_method, username=username)
    return await listings.listed(request, of, start=start_date, end=end_date, max_count=max_count, desc=desc)


@get(
    "/cursor",
    summary="Page through messages",
    operation_id="get_messages_cursor",
    responses=fails(errors.UserNotFound, errors.AuthAndUsernameRequired, errors.InvalidCursor, errors.IncompleteCursor),
)
async def paging(
    request: Call,
    before: listings.Before = None,
    after: listings.After = None,
    user_id: Annotated[UUID | None, QueryParameter(description="Only messages of this author.")] = None,
    auth_method: Author = None,
    username: Author = None,
    api_client_id: listings.ClientId = None,
    only_roots: listings.OnlyRoots = NO,
    include_deleted: listings.IncludeDeleted = NO,
    max_count: listings.MaxCount = 10,
    desc: listings.Descending = NO,
    search_query: Annotated[
        str | None,
        QueryParameter(
            max_length=512,
            description="Only messages with all of these words, in any of their forms; what stands in double quotes is "
            "a phrase. Needs `lang`. Words that are too common in the language count for nothing.",
        ),
    ] = None,
    lang: listings.Lang = None,
    include_user: Annotated[Flag, flag("Also tell who wrote each message.", default=False)] = NO,
) -> wire.MessagePage:
    """Messages by the time of their creation, rejected ones and those under review too."""
    client = visible_client(request.caller, api_client_id)
    of = listings.among(client=client, lang=lang, only_roots=only_roots, deleted=include_deleted)
    of = await listings.by_author(request, of, user_id=user_id, auth_method=auth_method, username=username)
    return await listings.page(
        request,
        of,
        before=before,
        after=after,
        max_count=max_count,
        desc=desc,
        search_query=search_query,
        include_user=bool(include_user),
    )


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


@get(
    "/{message_id:str}/descendants",
    summary="Read all that is below a message",
    operation_id="get_descendants",
    responses=UNKNOWN,
)
async def descendants(request: Call, message_id: FromPath[UUID]) -> wire.MessageTree:
    """The replies, the replies to them and so on, deleted and rejected ones too; the message itself is left out."""
    found = await posts.descendants(request.graph, str(message_id), viewer=request.viewer_id)
    return wire.branch(message_id, found, viewer=request.viewer_id)


@get(
    "/{message_id:str}/longest_conversation_in_tree",
    summary="Read the longest conversation of a tree",
    operation_id="get_longest_conv",
    responses=UNKNOWN,
)
async def longest_conversation(request: Call, message_id: FromPath[UUID]) -> wire.Conversation:
    """From the root to the deepest message of the tree, without what is deleted or rejected. Of several the oldest."""
    thread = await posts.longest_thread(request.graph, str(message_id), viewer=request.viewer_id)
    return wire.conversation(thread, viewer=request.viewer_id)


@get(
    "/{message_id:str}/max_children_in_tree",
    summary="Read the message of a tree that has most replies",
    operation_id="get_max_children",
    responses=UNKNOWN,
)
async def max_children(request: Call, message_id: FromPath[UUID]) -> wire.MessageTree:
    """That message, then the replies to it, all that are not deleted; under its id."""
    found = await posts.most_replies(request.graph, str(message_id), viewer=request.viewer_id)
    return wire.widest(message_id, found, viewer=request.viewer_id)


router = Router(
    "/messages",
    route_handlers=[
        listing,
        paging,
        one,
        conversation,
        tree,
        tree_state,
        children,
        descendants,
        longest_conversation,
        max_children,
    ],
    guards=[keyed, acting],
    security=[*KEYED, *ACTING],
    tags=["messages"],
)
