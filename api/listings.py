"""Lists of messages, newest or oldest first: what a request may ask of them, and the list or page that is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar.params import QueryParameter

from oa_graph.api import pages, wire
from oa_graph.api.call import Call
from oa_graph.api.flag import Flag, flag
from oa_graph.api.instant import Instant, instant
from oa_graph.api.pages import Cursors
from oa_graph.errors import AuthAndUsernameRequired
from oa_graph.graph import posts, users
from oa_graph.graph.posts import Listed
from oa_graph.model import FIRST_ID, LAST_ID, Among, Bound, Span
from oa_graph.policy import search

Before = Annotated[str | None, QueryParameter(description="The messages that precede this cursor.")]
After = Annotated[str | None, QueryParameter(description="The messages that follow this cursor.")]
MaxCount = Annotated[int, QueryParameter(ge=1, le=1000, description="How many messages at most.")]
StartDate = Annotated[Instant | None, instant("None that was created before; naive times are UTC.")]
EndDate = Annotated[Instant | None, instant("None that was created after; naive times are UTC.")]
OnlyRoots = Annotated[Flag, flag("Only initial prompts.", default=False)]
IncludeDeleted = Annotated[Flag, flag("Also what is deleted.", default=False)]
NewestFirst = Annotated[Flag, flag("The newest first.", default=True)]
Descending = Annotated[Flag, flag("The newest first.", default=False)]
Lang = Annotated[
    str | None, QueryParameter(description="Only messages with this language tag; `en` does not include `en-US`.")
]
ClientId = Annotated[
    UUID | None,
    QueryParameter(
        description="Only messages of this API client. Defaults to the caller's own client, for a trusted client to "
        "all; only trusted clients may name another."
    ),
]


def among(*, client: str | None, lang: str | None, only_roots: Flag, deleted: Flag) -> Among:
    """Which posts a list is of, so far; the authors may be added."""
    lang = wire.language(lang) if lang else None
    return Among(client=client, lang=lang, only_roots=bool(only_roots), include_deleted=bool(deleted))


async def by_author(
    request: Call, of: Among, *, user_id: UUID | None = None, auth_method: str | None, username: str | None
) -> Among:
    """The same of one author only, by id, by name, or by both. Raises AuthAndUsernameRequired."""
    if user_id is not None:
        of = replace(of, authors=(str(user_id),))
    if auth_method is None and username is None:
        return of
    if not auth_method or not username:
        raise AuthAndUsernameRequired
    found = await users.namesakes(request.graph, client=of.client, method=auth_method, name=username)
    return replace(of, authors=tuple(each for each in found if of.authors is None or each in of.authors))


async def listed(
    request: Call, of: Among, *, start: Instant | None, end: Instant | None, max_count: int, desc: Flag
) -> list[wire.Message]:
    """The messages between two times, both included."""
    span = Span(
        low=Bound(start.at, FIRST_ID) if start else None,
        high=Bound(end.at, LAST_ID) if end else None,
        desc=bool(desc),
        limit=max_count,
    )
    found = await posts.page(request.graph, span, among=of, viewer=request.viewer_id)
    return wire.messages((each.post for each in found), viewer=request.viewer_id)


async def page(
    request: Call,
    of: Among,
    *,
    before: str | None,
    after: str | None,
    max_count: int,
    desc: Flag,
    search_query: str | None = None,
    include_user: bool = False,
) -> wire.MessagePage:
    """The messages around a cursor. A search without a language is none."""
    cursors = Cursors(before, after, max_count, bool(desc), pages.moment)
    found = await posts.page(
        request.graph,
        cursors.span(),
        among=of,
        viewer=request.viewer_id,
        search=search.query(search_query, of.lang, of) if search_query and of.lang else None,
        with_user=include_user,
    )
    shown, more = cursors.cut(found)
    prev, next = cursors.links([_cursor(each) for each in shown], more=more)
    return wire.MessagePage(
        prev=prev,
        next=next,
        sort_key="created_date",
        order="desc" if desc else "asc",
        items=_messages(shown, viewer=request.viewer_id),
    )


def _cursor(value: Listed) -> str:
    return pages.cursor(value.post.id, wire.moment(value.post.created) or "")


def _messages(found: Sequence[Listed], *, viewer: str | None) -> list[wire.Message]:
    now = datetime.now(UTC)
    return [
        wire.message(each.post, viewer=viewer, author=wire.user(each.user, now=now) if each.user else None)
        for each in found
    ]
