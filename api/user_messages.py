"""The messages of one user, by the user's id or by the frontend's name for the user."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath

from oa_graph import errors
from oa_graph.api import listings, wire
from oa_graph.api.document import ACTING, KEYED, error_responses
from oa_graph.api.keys import requires_key, resolves_user
from oa_graph.api.query_params import NO, YES
from oa_graph.api.request import ApiRequest
from oa_graph.domain.listings import PostFilter
from oa_graph.policy.permissions import visible_client

CURSORS = (errors.InvalidCursor, errors.IncompleteCursor)


async def _by_name(request: ApiRequest, of: PostFilter, auth_method: str, username: str) -> PostFilter:
    """The same of the users of this name only. Raise UserNotFound."""
    return await request.collection.posts.written_by(of, method=auth_method, name=username, must_exist=True)


@get(
    "/{user_id:str}/messages",
    summary="List the messages of a user",
    operation_id="query_user_messages",
    responses=error_responses(errors.UserNotFound),
)
async def of_id(
    request: ApiRequest,
    user_id: FromPath[UUID],
    api_client_id: listings.ClientId = None,
    max_count: listings.MaxCount = 10,
    start_date: listings.StartDate = None,
    end_date: listings.EndDate = None,
    only_roots: listings.OnlyRoots = NO,
    desc: listings.NewestFirst = YES,
    include_deleted: listings.IncludeDeleted = NO,
    lang: listings.Lang = None,
) -> list[wire.Message]:
    """The user's messages by the time of their creation; none when there is no such user."""
    of = listings.post_filter(
        client=visible_client(request.auth, api_client_id), lang=lang, only_roots=only_roots, deleted=include_deleted
    )
    of = replace(of, authors=(str(user_id),))
    return await listings.list_messages(request, of, start=start_date, end=end_date, max_count=max_count, desc=desc)


@get(
    "/{user_id:str}/messages/cursor",
    summary="Page through the messages of a user",
    operation_id="query_user_messages_cursor",
    responses=error_responses(errors.UserNotFound, *CURSORS),
)
async def page_of_id(
    request: ApiRequest,
    user_id: FromPath[UUID],
    before: listings.Before = None,
    after: listings.After = None,
    only_roots: listings.OnlyRoots = NO,
    include_deleted: listings.IncludeDeleted = NO,
    max_count: listings.MaxCount = 10,
    desc: listings.Descending = NO,
    lang: listings.Lang = None,
) -> wire.MessagePage:
    """The user's messages by the time of their creation; none when there is no such user."""
    of = listings.post_filter(
        client=visible_client(request.auth, None), lang=lang, only_roots=only_roots, deleted=include_deleted
    )
    of = replace(of, authors=(str(user_id),))
    return await listings.page(request, of, before=before, after=after, max_count=max_count, desc=desc)


@get(
    "/{auth_method:str}/{username:str}/messages",
    summary="List the messages of a user by name",
    operation_id="query_frontend_user_messages",
    responses=error_responses(errors.UserNotFound),
)
async def of_name(
    request: ApiRequest,
    auth_method: FromPath[str],
    username: FromPath[str],
    api_client_id: listings.ClientId = None,
    max_count: listings.MaxCount = 10,
    start_date: listings.StartDate = None,
    end_date: listings.EndDate = None,
    only_roots: listings.OnlyRoots = NO,
    desc: listings.NewestFirst = YES,
    include_deleted: listings.IncludeDeleted = NO,
    lang: listings.Lang = None,
) -> list[wire.Message]:
    """Messages by the time of their creation; for trusted clients of the users of this name in all frontends."""
    of = listings.post_filter(
        client=visible_client(request.auth, api_client_id), lang=lang, only_roots=only_roots, deleted=include_deleted
    )
    of = await _by_name(request, of, auth_method, username)
    return await listings.list_messages(request, of, start=start_date, end=end_date, max_count=max_count, desc=desc)


@get(
    "/{auth_method:str}/{username:str}/messages/cursor",
    summary="Page through the messages of a user by name",
    operation_id="query_frontend_user_messages_cursor",
    responses=error_responses(errors.UserNotFound, *CURSORS),
)
async def page_of_name(
    request: ApiRequest,
    auth_method: FromPath[str],
    username: FromPath[str],
    before: listings.Before = None,
    after: listings.After = None,
    only_roots: listings.OnlyRoots = NO,
    include_deleted: listings.IncludeDeleted = NO,
    max_count: listings.MaxCount = 10,
    desc: listings.Descending = NO,
    lang: listings.Lang = None,
) -> wire.MessagePage:
    """Messages by the time of their creation; for trusted clients of the users of this name in all frontends."""
    of = listings.post_filter(
        client=visible_client(request.auth, None), lang=lang, only_roots=only_roots, deleted=include_deleted
    )
    of = await _by_name(request, of, auth_method, username)
    return await listings.page(request, of, before=before, after=after, max_count=max_count, desc=desc)


routers = [
    Router(
        "/users",
        route_handlers=[of_id, page_of_id],
        guards=[requires_key, resolves_user],
        security=[*KEYED, *ACTING],
        tags=["users"],
    ),
    Router("/frontend_users", route_handlers=[of_name], guards=[requires_key], security=KEYED, tags=["users"]),
    Router(
        "/frontend_users",
        route_handlers=[page_of_name],
        guards=[requires_key, resolves_user],
        security=[*KEYED, *ACTING],
        tags=["users"],
    ),
]
"""The protocol resolves no acting user where messages are listed by name, though it does where they are paged."""
