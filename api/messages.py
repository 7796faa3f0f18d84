"""Messages, called posts everywhere but on the wire: in lists, alone, in their conversation, in their tree."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from litestar.types import OperationIDCreator
from litestar.types.internal_types import PathParameterDefinition

from oa_graph import errors
from oa_graph.api import listings, wire
from oa_graph.api.document import ACTING, KEYED, error_responses
from oa_graph.api.keys import requires_key, resolves_user
from oa_graph.api.query_params import NO, YES, BooleanParam, boolean_param
from oa_graph.api.request import ApiRequest
from oa_graph.policy.permissions import visible_client

UNKNOWN = error_responses(errors.PostNotFound, errors.UserNotFound)

Author = Annotated[str | None, QueryParameter(description="Of the author; `auth_method` and `username` go together.")]


@get(
    "/",
    summary="List messages",
    operation_id="query_messages",
    responses=error_responses(errors.UserNotFound, errors.AuthAndUsernameRequired),
)
async def listing(
    request: ApiRequest,
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
    client = visible_client(request.auth, api_client_id)
    of = listings.post_filter(client=client, lang=lang, only_roots=only_roots, deleted=allow_deleted)
    of = await listings.of_author(request, of, auth_method=auth_method, username=username)
    return await listings.list_messages(request, of, start=start_date, end=end_date, max_count=max_count, desc=desc)


@get(
    "/cursor",
    summary="Page through messages",
    operation_id="get_messages_cursor",
    responses=error_responses(
        errors.UserNotFound, errors.AuthAndUsernameRequired, errors.InvalidCursor, errors.IncompleteCursor
    ),
)
async def paging(
    request: ApiRequest,
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
    include_user: Annotated[BooleanParam, boolean_param("Also tell who wrote each message.", default=False)] = NO,
) -> wire.MessagePage:
    """Messages by the time of their creation, rejected ones and those under review too."""
    client = visible_client(request.auth, api_client_id)
    of = listings.post_filter(client=client, lang=lang, only_roots=only_roots, deleted=include_deleted)
    of = await listings.of_author(request, of, user_id=user_id, auth_method=auth_method, username=username)
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


async def _by_id(message_id: FromPath[UUID]) -> str:
    """The id of a message as it stands in the path."""
    return str(message_id)


async def _by_frontend_id(request: ApiRequest, message_id: FromPath[str]) -> str:
    """The id of the message that the frontend sent with this `user_message_id`. Raise PostNotFound."""
    return await request.collection.posts.by_frontend_id(message_id, client=request.auth)


PostId = NamedDependency[str]
"""The id of the message; each of the two routers finds it in its own way."""


def _operation_id(name: str) -> OperationIDCreator:
    """Tell the operations of the two routers apart."""

    def operation_id(handler: object, method: object, path: list[str | PathParameterDefinition]) -> str:
        return f"{name}_by_frontend_id" if _BY_FRONTEND_ID.strip("/") in path else name

    return operation_id


_BY_FRONTEND_ID = "/frontend_messages"


@get("/{message_id:str}", summary="Read a message", operation_id=_operation_id("get_message"), responses=UNKNOWN)
async def one(request: ApiRequest, post_id: PostId) -> wire.Message:
    """A message, also a deleted or rejected one."""
    post = await request.collection.posts.get(post_id, viewer=request.user_id)
    return wire.message(post, viewer=request.user_id)


@get(
    "/{message_id:str}/conversation",
    summary="Read a conversation",
    operation_id=_operation_id("get_conversation"),
    responses=error_responses(errors.PostNotFound, errors.UserNotFound, errors.BrokenThread),
)
async def conversation(request: ApiRequest, post_id: PostId) -> wire.Conversation:
    """From the root to this message."""
    thread = await request.collection.posts.thread(post_id, viewer=request.user_id)
    return wire.conversation(thread, viewer=request.user_id)


@get("/{message_id:str}/tree", summary="Read a tree", operation_id=_operation_id("get_tree"), responses=UNKNOWN)
async def tree(
    request: ApiRequest,
    post_id: PostId,
    include_spam: Annotated[BooleanParam, boolean_param("Also what is under review or rejected.", default=True)] = YES,
    include_deleted: Annotated[BooleanParam, boolean_param("Also what is deleted.", default=False)] = NO,
) -> wire.MessageTree:
    """All messages of the tree that this one belongs to."""
    whole = await request.collection.posts.tree(post_id)
    posts = await request.collection.posts.tree_posts(
        post_id,
        viewer=request.user_id,
        include_rejected=bool(include_spam),
        include_deleted=bool(include_deleted),
    )
    return wire.tree(whole, posts, viewer=request.user_id)


@get(
    "/{message_id:str}/tree/state", summary="Read the state of a tree", operation_id="get_tree_state", responses=UNKNOWN
)
async def tree_state(request: ApiRequest, post_id: PostId) -> wire.MessageTreeStateResponse:
    """The state of the tree that this message belongs to."""
    return wire.tree_state(await request.collection.posts.tree(post_id))


@get(
    "/{message_id:str}/children",
    summary="Read the replies to a message",
    operation_id=_operation_id("get_children"),
    responses=UNKNOWN,
)
async def children(request: ApiRequest, post_id: PostId) -> list[wire.Message]:
    """The replies that are not deleted, whatever their reviews say."""
    replies = await request.collection.posts.children(post_id, viewer=request.user_id)
    return wire.messages(replies, viewer=request.user_id)


@get(
    "/{message_id:str}/descendants",
    summary="Read all that is below a message",
    operation_id=_operation_id("get_descendants"),
    responses=UNKNOWN,
)
async def descendants(request: ApiRequest, post_id: PostId) -> wire.MessageTree:
    """The replies, the replies to them and so on, also deleted and rejected ones; the message itself is left out."""
    posts = await request.collection.posts.descendants(post_id, viewer=request.user_id)
    return wire.branch(post_id, posts, viewer=request.user_id)


@get(
    "/{message_id:str}/longest_conversation_in_tree",
    summary="Read the longest conversation of a tree",
    operation_id=_operation_id("get_longest_conversation"),
    responses=UNKNOWN,
)
async def longest_conversation(request: ApiRequest, post_id: PostId) -> wire.Conversation:
    """From the root to the deepest message of the tree, without deleted and rejected ones. Of several the oldest."""
    thread = await request.collection.posts.longest_thread(post_id, viewer=request.user_id)
    return wire.conversation(thread, viewer=request.user_id)


@get(
    "/{message_id:str}/max_children_in_tree",
    summary="Read the message of a tree that has most replies",
    operation_id=_operation_id("get_max_children"),
    responses=UNKNOWN,
)
async def max_children(request: ApiRequest, post_id: PostId) -> wire.MessageTree:
    """That message, then the replies to it, all that are not deleted; under its id."""
    posts = await request.collection.posts.most_replies(post_id, viewer=request.user_id)
    return wire.widest(post_id, posts, viewer=request.user_id)


_READING = [one, conversation, tree, children, descendants, longest_conversation, max_children]

routers = (
    Router(
        "/messages",
        route_handlers=[listing, paging],
        guards=[requires_key, resolves_user],
        security=[*KEYED, *ACTING],
        tags=["messages"],
    ),
    Router(
        "/messages",
        route_handlers=[*_READING, tree_state],
        dependencies={"post_id": Provide(_by_id)},
        guards=[requires_key, resolves_user],
        security=[*KEYED, *ACTING],
        tags=["messages"],
    ),
    Router(  # of each frontend its own messages; nobody is acting
        _BY_FRONTEND_ID,
        route_handlers=_READING,
        dependencies={"post_id": Provide(_by_frontend_id)},
        guards=[requires_key],
        security=KEYED,
        tags=["messages"],
    ),
)
