"""Lists of messages, newest or oldest first: what a request may ask of them, and the list or page that is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.params import QueryParameter

from oa_graph.api import pages, wire
from oa_graph.api.instant import Instant, instant
from oa_graph.api.pages import Cursors
from oa_graph.api.query_params import BooleanParam, boolean_param
from oa_graph.api.request import ApiRequest
from oa_graph.domain.listings import FIRST_ID, LAST_ID, Bound, PageRange, PostFilter
from oa_graph.domain.posts import Post
from oa_graph.errors import AuthAndUsernameRequired
from oa_graph.graph.posts import ListedPost

Before = Annotated[str | None, QueryParameter(description="The messages that precede this cursor.")]
After = Annotated[str | None, QueryParameter(description="The messages that follow this cursor.")]
MaxCount = Annotated[int, QueryParameter(ge=1, le=1000, description="How many messages at most.")]
StartDate = Annotated[Instant | None, instant("None that was created before; naive times are UTC.")]
EndDate = Annotated[Instant | None, instant("None that was created after; naive times are UTC.")]
OnlyRoots = Annotated[BooleanParam, boolean_param("Only initial prompts.", default=False)]
IncludeDeleted = Annotated[BooleanParam, boolean_param("Also what is deleted.", default=False)]
NewestFirst = Annotated[BooleanParam, boolean_param("The newest first.", default=True)]
Descending = Annotated[BooleanParam, boolean_param("The newest first.", default=False)]
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


def post_filter(*, client: str | None, lang: str | None, only_roots: BooleanParam, deleted: BooleanParam) -> PostFilter:
    """Which posts a list is of, so far; the authors may be added."""
    lang = wire.language(lang) if lang else None
    return PostFilter(client=client, lang=lang, only_roots=bool(only_roots), include_deleted=bool(deleted))


async def of_author(
    request: ApiRequest, of: PostFilter, *, user_id: UUID | None = None, auth_method: str | None, username: str | None
) -> PostFilter:
    """The same of one author only, by id, by name, or by both. Raise AuthAndUsernameRequired."""
    if user_id is not None:
        of = replace(of, authors=(str(user_id),))
    if auth_method is None and username is None:
        return of
    if not auth_method or not username:
        raise AuthAndUsernameRequired
    return await request.collection.posts.written_by(of, method=auth_method, name=username)


async def list_messages(
    request: ApiRequest,
    of: PostFilter,
    *,
    start: Instant | None,
    end: Instant | None,
    max_count: int,
    desc: BooleanParam,
) -> list[wire.Message]:
    """The messages between two times, both included."""
    span = PageRange(
        low=Bound(start.at, FIRST_ID) if start else None,
        high=Bound(end.at, LAST_ID) if end else None,
        desc=bool(desc),
        limit=max_count,
    )
    listed_posts = await request.collection.posts.page(span, where=of, viewer=request.user_id)
    return wire.messages((listed.post for listed in listed_posts), viewer=request.user_id)


async def page(
    request: ApiRequest,
    of: PostFilter,
    *,
    before: str | None,
    after: str | None,
    max_count: int,
    desc: BooleanParam,
    search_query: str | None = None,
    include_user: bool = False,
) -> wire.MessagePage:
    """The messages around a cursor. A search without a language is none."""
    cursors = Cursors(before, after, max_count, bool(desc), pages.moment)
    listed_posts = await request.collection.posts.page(
        cursors.span(), where=of, words=search_query, with_user=include_user, viewer=request.user_id
    )
    shown, has_more = cursors.cut(listed_posts)
    prev, next = cursors.links([cursor(listed.post) for listed in shown], has_more=has_more)
    return wire.MessagePage(
        prev=prev,
        next=next,
        sort_key="created_date",
        order="desc" if desc else "asc",
        items=_messages(shown, viewer=request.user_id, now=request.collection.context.clock()),
    )


def cursor(post: Post) -> str:
    """The cursor of a message in a list by time."""
    return pages.cursor(post.id, wire.moment(post.created) or "")


def _messages(posts: Sequence[ListedPost], *, viewer: str | None, now: datetime) -> list[wire.Message]:
    return [
        wire.message(listed.post, viewer=viewer, author=wire.user(listed.user, now=now) if listed.user else None)
        for listed in posts
    ]
