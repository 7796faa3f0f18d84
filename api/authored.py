"""The messages of one user, found by his id or by the name that a frontend gives him."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath

from oa_graph import errors
from oa_graph.api import listings, wire
from oa_graph.api.call import Call
from oa_graph.api.document import ACTING, KEYED, fails
from oa_graph.api.flag import NO, YES
from oa_graph.api.keys import acting, keyed
from oa_graph.api.users import visible_client
from oa_graph.errors import UserNotFound
from oa_graph.model import Among

CURSORS = (errors.InvalidCursor, errors.IncompleteCursor)


async def _by_name(request: Call, of: Among, auth_method: str, username: str) -> Among:
    """The same of the users of this name only. Raises UserNotFound."""
    found = await listings.by_author(request, of, auth_method=auth_method, username=username)
    if not found.authors:
        raise UserNotFound(id=f"{auth_method}:{username}")
    return found


@get(
    "/{user_id:str}/messages",
    summary="List the messages of a user",
    operation_id="query_user_messages",
    responses=fails(errors.UserNotFound),
)
async def of_id(
    request: Call,
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
    of = listings.among(
        client=visible_client(request.caller, api_client_id), lang=lang, only_roots=only_roots, deleted=include_deleted
    )
    of = replace(of, authors=(str(user_id),))
    return await listings.listed(request, of, start=start_date, end=end_date, max_count=max_count, desc=desc)


@get(
    "/{user_id:str}/messages/cursor",
    summary="Page through the messages of a user",
    operation_id="query_user_messages_cursor",
    responses=fails(errors.UserNotFound, *CURSORS),
)
async def page_of_id(
    request: Call,
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
    of = listings.among(
        client=visible_client(request.caller, None), lang=lang, only_roots=only_roots, deleted=include_deleted
    )
    of = replace(of, authors=(str(user_id),))
    return await listings.page(request, of, before=before, after=after, max_count=max_count, desc=desc)


@get(
    "/{auth_method:str}/{username:str}/messages",
    summary="List the messages of a user by his name",
    operation_id="query_frontend_user_messages",
    responses=fails(errors.UserNotFound),
)
async def of_name(
    request: Call,
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
    of = listings.among(
        client=visible_client(request.caller, api_client_id), lang=lang, only_roots=only_roots, deleted=include_deleted
    )
    of = await _by_name(request, of, auth_method, username)
    return await listings.listed(request, of, start=start_date, end=end_date, max_count=max_count, desc=desc)


@get(
    "/{auth_method:str}/{username:str}/messages/cursor",
    summary="Page through the messages of a user by his name",
    operation_id="query_frontend_user_messages_cursor",
    responses=fails(errors.UserNotFound, *CURSORS),
)
async def page_of_name(
    request: Call,
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
    of = listings.among(
        client=visible_client(request.caller, None), lang=lang, only_roots=only_roots, deleted=include_deleted
    )
    of = await _by_name(request, of, auth_method, username)
    return await listings.page(request, of, before=before, after=after, max_count=max_count, desc=desc)


routers = [
    Router(
        "/users",
        route_handlers=[of_id, page_of_id],
        guards=[keyed, acting],
        security=[*KEYED, *ACTING],
        tags=["users"],
    ),
    Router("/frontend_users", route_handlers=[of_name], guards=[keyed], security=KEYED, tags=["users"]),
    Router(
        "/frontend_users",
        route_handlers=[page_of_name],
        guards=[keyed, acting],
        security=[*KEYED, *ACTING],
        tags=["users"],
    ),
]
"""The protocol resolves no acting user where messages are listed by name, though it does where they are paged."""
