"""Users as the service knows them: looked up by id, listed by name, searched."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath, QueryParameter

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.keys import requires_key
from oa_graph.api.pages import Cursors, cursor
from oa_graph.api.query_params import NO, BooleanParam, boolean_param
from oa_graph.api.request import ApiRequest
from oa_graph.domain.listings import FIRST_ID, LAST_ID, Bound, PageRange
from oa_graph.domain.users import User
from oa_graph.errors import IdWithoutName, SortKeyUnsupported
from oa_graph.users import SortKey

_SORT_KEYS: Mapping[str, Callable[[User], str]] = {
    "username": lambda user: user.name,
    "display_name": lambda user: user.display_name,
}
"""By sort key: what stands in the cursors of users."""

ClientId = Annotated[UUID | None, QueryParameter(description="whose users; trusted clients see everybody's")]
Method = Annotated[str | None, QueryParameter(description="only users known in this way, such as `discord`")]
Search = Annotated[
    str | None,
    QueryParameter(description="only users whose name has this part, to the letter; the name that sorts is meant"),
]
Lowest = Annotated[str | None, QueryParameter(description="Lower bound (inclusive).")]
Highest = Annotated[str | None, QueryParameter(description="Upper bound (inclusive).")]
Before = Annotated[str | None, QueryParameter(description="the cursor or name that the page ends before")]
After = Annotated[str | None, QueryParameter(description="the cursor or name that the page begins behind")]
MaxCount = Annotated[int, QueryParameter(ge=1, le=10_000)]
GtId = Annotated[UUID | None, QueryParameter(description="with the lower bound: only behind this user of that name")]
LtId = Annotated[UUID | None, QueryParameter(description="with the upper bound: only before this user of that name")]


def _bound(value: str | None, id: UUID | None, *, names: tuple[str, str], inclusive: str) -> Bound[str] | None:
    """A bound that is spelled out; `inclusive` is the id that takes in all users of the name. Raise IdWithoutName."""
    if value is not None:
        return Bound(value, str(id) if id else inclusive)
    if id is not None:
        raise IdWithoutName(id=names[0], name=names[1])
    return None


async def _users(
    request: ApiRequest,
    sort: SortKey,
    *,
    lowest: str | None,
    gt_id: UUID | None,
    highest: str | None,
    lt_id: UUID | None,
    client_id: UUID | None,
    search: str | None,
    method: str | None,
    max_count: int,
    desc: BooleanParam,
) -> list[wire.FrontEndUser]:
    """Users by one of `_SORT_KEYS`. Raise IdWithoutName."""
    span = PageRange(
        low=_bound(lowest, gt_id, names=("gt_id", f"gte_{sort}"), inclusive=FIRST_ID),
        high=_bound(highest, lt_id, names=("lt_id", f"lte_{sort}"), inclusive=LAST_ID),
        desc=bool(desc),
        limit=max_count,
    )
    users = await request.collection.users.page(
        sort, span, client=request.auth, client_id=client_id, search=search or None, method=method or None
    )
    return wire.users(users, now=request.collection.context.clock())


@get(
    "/by_username",
    summary="List users by name",
    operation_id="users_by_username",
    responses=error_responses(errors.ClientNotAuthorized, errors.IdWithoutName),
)
async def by_username(
    request: ApiRequest,
    api_client_id: ClientId = None,
    gte_username: Lowest = None,
    gt_id: GtId = None,
    lte_username: Highest = None,
    lt_id: LtId = None,
    search_text: Search = None,
    auth_method: Method = None,
    max_count: MaxCount = 100,
    desc: Annotated[BooleanParam, boolean_param("whether to begin at the end", default=False)] = NO,
) -> list[wire.FrontEndUser]:
    """Users in the order of their names, and of their ids where names are the same."""
    return await _users(
        request,
        "username",
        lowest=gte_username,
        gt_id=gt_id,
        highest=lte_username,
        lt_id=lt_id,
        client_id=api_client_id,
        search=search_text,
        method=auth_method,
        max_count=max_count,
        desc=desc,
    )


@get(
    "/by_display_name",
    summary="List users by display name",
    operation_id="users_by_display_name",
    responses=error_responses(errors.ClientNotAuthorized, errors.IdWithoutName),
)
async def by_display_name(
    request: ApiRequest,
    api_client_id: ClientId = None,
    gte_display_name: Lowest = None,
    gt_id: GtId = None,
    lte_display_name: Highest = None,
    lt_id: LtId = None,
    auth_method: Method = None,
    search_text: Search = None,
    max_count: MaxCount = 100,
    desc: Annotated[BooleanParam, boolean_param("whether to begin at the end", default=False)] = NO,
) -> list[wire.FrontEndUser]:
    """Users in the order of their display names, and of their ids where those are the same."""
    return await _users(
        request,
        "display_name",
        lowest=gte_display_name,
        gt_id=gt_id,
        highest=lte_display_name,
        lt_id=lt_id,
        client_id=api_client_id,
        search=search_text,
        method=auth_method,
        max_count=max_count,
        desc=desc,
    )


_WITH_ID = re.compile(r"[0-9a-fA-F-]{36}\$")


def _cursor(text: str | None) -> str | None:
    """A name may hold a dollar: only what stands behind an id is split from it."""
    return f"${text}" if text and "$" in text and not _WITH_ID.match(text) else text


def _page(sort: str, users: Sequence[User], cursors: Cursors[str], now: datetime) -> wire.FrontEndUserPage:
    shown, has_more = cursors.cut(users)
    name = _SORT_KEYS[sort]
    prev, next = cursors.links([cursor(user.id, name(user)) for user in shown], has_more=has_more)
    items = wire.users(shown, now=now)
    return wire.FrontEndUserPage(prev=prev, next=next, sort_key=sort, items=items, order="asc")


@get(
    "/cursor",
    summary="Page through users",
    operation_id="users_cursor",
    responses=error_responses(errors.ClientNotAuthorized, errors.SortKeyUnsupported),
)
async def page(
    request: ApiRequest,
    before: Before = None,
    after: After = None,
    sort_key: Annotated[str, QueryParameter(max_length=32, description="or `display_name`")] = "username",
    max_count: MaxCount = 100,
    api_client_id: ClientId = None,
    search_text: Search = None,
    auth_method: Method = None,
) -> wire.FrontEndUserPage:
    """One page of users, by name or display name and then by id, always ascending."""
    if sort_key not in ("username", "display_name"):
        raise SortKeyUnsupported(key=sort_key, known=" or ".join(_SORT_KEYS))
    cursors = Cursors(_cursor(before), _cursor(after), max_count, desc=False, read=str, blank=True)
    users = await request.collection.users.page(
        sort_key,
        cursors.span(),
        client=request.auth,
        client_id=api_client_id,
        search=search_text or None,
        method=auth_method or None,
    )
    return _page(sort_key, users, cursors, request.collection.context.clock())


@get(
    "/{user_id:str}",
    summary="Read a user by id",
    operation_id="get_user",
    responses=error_responses(errors.ClientNotAuthorized, errors.UserNotFound),
)
async def one(request: ApiRequest, user_id: FromPath[UUID], api_client_id: ClientId = None) -> wire.FrontEndUser:
    """A user by the id that the service assigned."""
    user = await request.collection.users.get(str(user_id), client=request.auth, client_id=api_client_id)
    return wire.user(user, now=request.collection.context.clock())


@get(
    "/",
    summary="List users by name (obsolete)",
    operation_id="get_frontend_users",
    deprecated=True,
    responses=error_responses(errors.ClientNotAuthorized, errors.IdWithoutName),
)
async def obsolete(
    request: ApiRequest,
    api_client_id: ClientId = None,
    gte_username: Lowest = None,
    gt_id: GtId = None,
    lte_username: Highest = None,
    lt_id: LtId = None,
    search_text: Search = None,
    auth_method: Method = None,
    max_count: MaxCount = 100,
) -> list[wire.FrontEndUser]:
    """As `/users/by_username`. Stands beside `POST /frontend_users/`: Litestar takes one router for each path."""
    return await _users(
        request,
        "username",
        lowest=gte_username,
        gt_id=gt_id,
        highest=lte_username,
        lt_id=lt_id,
        client_id=api_client_id,
        search=search_text,
        method=auth_method,
        max_count=max_count,
        desc=NO,
    )


router = Router(
    "/users",
    route_handlers=[by_username, by_display_name, page, one],
    guards=[requires_key],
    security=KEYED,
    tags=["users"],
)
