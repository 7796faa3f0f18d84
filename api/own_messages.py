"""The messages of one user for that user: what became of them, and their correction."""

from __future__ import annotations

from uuid import UUID

from litestar import Router, delete, get, put
from litestar.params import FromPath, JSONBody

from oa_graph import errors
from oa_graph.api import listings, pages, wire
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.keys import requires_key
from oa_graph.api.pages import Cursors
from oa_graph.api.query_params import YES
from oa_graph.api.request import ApiRequest


@get(
    "/{auth_method:str}/{username:str}/messages/status",
    summary="Page through what became of a user's messages",
    operation_id="query_own_messages",
    responses=error_responses(errors.UserNotFound, errors.InvalidCursor, errors.IncompleteCursor),
)
async def page(
    request: ApiRequest,
    auth_method: FromPath[str],
    username: FromPath[str],
    before: listings.Before = None,
    after: listings.After = None,
    max_count: listings.MaxCount = 10,
    desc: listings.NewestFirst = YES,
) -> wire.OwnMessagePage:
    """All messages of a user of this client, deleted ones too, by the time of their creation."""
    cursors = Cursors(before, after, max_count, bool(desc), pages.moment)
    user, own_posts = await request.collection.own_posts.page(
        cursors.span(), client=request.auth, method=auth_method, name=username
    )
    shown, has_more = cursors.cut(own_posts)
    prev, next = cursors.links([listings.cursor(own.post) for own in shown], has_more=has_more)
    return wire.OwnMessagePage(
        prev=prev,
        next=next,
        sort_key="created_date",
        order="desc" if desc else "asc",
        items=[wire.own_message(own, viewer=user.id) for own in shown],
    )


@put(
    "/{auth_method:str}/{username:str}/messages/{message_id:str}",
    summary="Edit a message of one's own",
    operation_id="edit_own_message",
    responses=error_responses(
        errors.UserNotFound,
        errors.PostNotFound,
        errors.UserDisabled,
        errors.NotEditable,
        errors.TextTooLong,
        errors.TextDuplicated,
    ),
)
async def edit(
    request: ApiRequest,
    auth_method: FromPath[str],
    username: FromPath[str],
    message_id: FromPath[UUID],
    data: JSONBody[wire.OwnMessageText],
) -> wire.Message:
    """Give a message of a user of this client another text; every version is kept.

    Only within `OA_GRAPH_LIMITS__AUTHOR_EDIT_SEC` of writing, before anybody has judged or answered it, and while no
    other user has an open task about it. The text that it has already changes nothing.
    """
    post = await request.collection.own_posts.edit(
        str(message_id), data.text, client=request.auth, method=auth_method, name=username
    )
    return wire.message(post, viewer=post.author)


@delete(
    "/{auth_method:str}/{username:str}/messages/{message_id:str}",
    status_code=204,
    summary="Withdraw a message of one's own",
    operation_id="withdraw_own_message",
    responses=error_responses(errors.UserNotFound, errors.PostNotFound, errors.UserDisabled, errors.NotEditable),
)
async def withdraw(
    request: ApiRequest, auth_method: FromPath[str], username: FromPath[str], message_id: FromPath[UUID]
) -> None:
    """Delete a message of a user of this client, under the same conditions as an edit. A deleted one stays deleted."""
    await request.collection.own_posts.withdraw(str(message_id), client=request.auth, method=auth_method, name=username)


router = Router(
    "/frontend_users",
    route_handlers=[page, edit, withdraw],
    guards=[requires_key],
    security=KEYED,
    tags=["users"],
)
