"""Users as the service knows them: looked up by id, listed by name, searched."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Protocol
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath, QueryParameter

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import KEYED, fails
from oa_graph.api.flag import NO, Flag, flag
from oa_graph.api.keys import keyed, visible_client
from oa_graph.api.pages import Cursors, cursor
from oa_graph.errors import IdWithoutName, SortKeyUnsupported, UserNotFound
from oa_graph.graph import users
from oa_graph.graph.session import Tx
from oa_graph.model import FIRST_ID, LAST_ID, Bound, Span, User


class Listing(Protocol):
    """A way to list users."""

    def __call__(
        self, tx: Tx, span: Span[str], /, *, client: str | None, search: str | None, method: str | None
    ) -> Awaitable[list[User]]: ...


SORTED: Mapping[str, tuple[Listing, Callable[[User], str]]] = {
    "username": (users.by_name, lambda user: user.name),
    "display_name": (users.by_display_name, lambda user: user.display_name),
}
"""By sort key: how users are listed, and what stands in their cursors."""

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
    """A bound that is spelled out; `inclusive` is the id that takes in all users of the name. Raises IdWithoutName."""
    if value is not None:
        return Bound(value, str(id) if id else inclusive)
    if id is not None:
        raise IdWithoutName(id=names[0], name=names[1])
    return None


def _span(
    sort: str,
    *,
    gte: str | None,
    gt_id: UUID | None,
    lte: str | None,
    lt_id: UUID | None,
    desc: bool,
    max_count: int,
) -> Span[str]:
    return Span(
        low=_bound(gte, gt_id, names=("gt_id", f"gte_{sort}"), inclusive=FIRST_ID),
        high=_bound(lte, lt_id, names=("lt_id", f"lte_{sort}"), inclusive=LAST_ID),
        desc=desc,
        limit=max_count,
    )


async def listed(
    request: Call, sort: str, span: Span[str], *, api_client_id: UUID | None, search: str | None, method: str | None
) -> list[User]:
    """Those of the users in a span that the caller may see. Raises ClientNotAuthorized."""
    client = visible_client(request.caller, api_client_id)
    listing, _ = SORTED[sort]
    return await listing(request.graph, span, client=client, search=search or None, method=method or None)


@get(
    "/by_username",
    summary="List users by name",
    operation_id="users_by_username",
    responses=fails(errors.ClientNotAuthorized, errors.IdWithoutName),
)
async def by_username(
    request: Call,
    api_client_id: ClientId = None,
    gte_username: Lowest = None,
    gt_id: GtId = None,
    lte_username: Highest = None,
    lt_id: LtId = None,
    search_text: Search = None,
    auth_method: Method = None,
    max_count: MaxCount = 100,
    desc: Annotated[Flag, flag("whether to begin at the end", default=False)] = NO,
) -> list[wire.FrontEndUser]:
    """Users in the order of their names, and of their ids where names are the same."""
    span = _span(
        "username",
        gte=gte_username,
        gt_id=gt_id,
        lte=lte_username,
        lt_id=lt_id,
        desc=bool(desc),
        max_count=max_count,
    )
    found = await listed(request, "username", span, api_client_id=api_client_id, search=search_text, method=auth_method)
    return wire.users(found, now=datetime.now(UTC))


@get(
    "/by_display_name",
    summary="List users by display name",
    operation_id="users_by_display_name",
    responses=fails(errors.ClientNotAuthorized, errors.IdWithoutName),
)
async def by_display_name(
    request: Call,
    api_client_id: ClientId = None,
    gte_display_name: Lowest = None,
    gt_id: GtId = None,
    lte_display_name: Highest = None,
    lt_id: LtId = None,
    auth_method: Method = None,
    search_text: Search = None,
    max_count: MaxCount = 100,
    desc: Annotated[Flag, flag("whether to begin at the end", default=False)] = NO,
) -> list[wire.FrontEndUser]:
    """Users in the order of their display names, and of their ids where those are the same."""
    span = _span(
        "display_name",
        gte=gte_display_name,
        gt_id=gt_id,
        lte=lte_display_name,
        lt_id=lt_id,
        desc=bool(desc),
        max_count=max_count,
    )
    found = await listed(
        request, "display_name", span, api_client_id=api_client_id, search=search_text, method=auth_method
    )
    return wire.users(found, now=datetime.now(UTC))


_WITH_ID = re.compile(r"[0-9a-fA-F-]{36}\$")


def _cursor(given: str | None) -> str | None:
    """A name may hold a dollar: only what stands behind an id is split from it."""
    return f"${given}" if given and "$" in given and not _WITH_ID.match(given) else given


def _page(sort: str, found: Sequence[User], cursors: Cursors[str]) -> wire.FrontEndUserPage:
    shown, more = cursors.cut(found)
    _, name = SORTED[sort]
    prev, next = cursors.links([cursor(each.id, name(each)) for each in shown], more=more)
    items = wire.users(shown, now=datetime.now(UTC))
    return wire.FrontEndUserPage(prev=prev, next=next, sort_key=sort, items=items, order="asc")


@get(
    "/cursor",
    summary="Page through users",
    operation_id="users_cursor",
    responses=fails(errors.ClientNotAuthorized, errors.SortKeyUnsupported),
)
async def page(
    request: Call,
    before: Before = None,
    after: After = None,
    sort_key: Annotated[str, QueryParameter(max_length=32, description="or `display_name`")] = "username",
    max_count: MaxCount = 100,
    api_client_id: ClientId = None,
    search_text: Search = None,
    auth_method: Method = None,
) -> wire.FrontEndUserPage:
    """One page of users, by name or display name and then by id, always ascending."""
    if sort_key not in SORTED:
        raise SortKeyUnsupported(key=sort_key, known=" or ".join(SORTED))
    cursors = Cursors(_cursor(before), _cursor(after), max_count, desc=False, read=str, blank=True)
    found = await listed(
        request, sort_key, cursors.span(), api_client_id=api_client_id, search=search_text, method=auth_method
    )
    return _page(sort_key, found, cursors)


@get(
    "/{user_id:str}",
    summary="Read a user by id",
    operation_id="get_user",
    responses=fails(errors.ClientNotAuthorized, errors.UserNotFound),
)
async def one(request: Call, user_id: FromPath[UUID], api_client_id: ClientId = None) -> wire.FrontEndUser:
    """A user by the id that the service gave him."""
    client = visible_client(request.caller, api_client_id)
    found = await users.by_id(request.graph, str(user_id), client=client)
    if found is None:
        raise UserNotFound(id=user_id)
    return wire.user(found, now=datetime.now(UTC))


@get(
    "/",
    summary="List users by name (obsolete)",
    operation_id="get_frontend_users",
    deprecated=True,
    responses=fails(errors.ClientNotAuthorized, errors.IdWithoutName),
)
async def obsolete(
    request: Call,
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
    span = _span(
        "username", gte=gte_username, gt_id=gt_id, lte=lte_username, lt_id=lt_id, desc=False, max_count=max_count
    )
    found = await listed(request, "username", span, api_client_id=api_client_id, search=search_text, method=auth_method)
    return wire.users(found, now=datetime.now(UTC))


router = Router(
    "/users", route_handlers=[by_username, by_display_name, page, one], guards=[keyed], security=KEYED, tags=["users"]
)
