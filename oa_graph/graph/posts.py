"""Posts: reading them alone, as threads, trees and lists; deciding and editing; what people think of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from oa_graph.errors import BrokenThread, PostNotFound, UserNotFound
from oa_graph.graph.session import Decode, Row, Tx, decoder, many, maybe, milliseconds, run
from oa_graph.model import (
    FIRST_ID,
    LAST_ID,
    Among,
    Bound,
    EmojiCode,
    Flag,
    Post,
    Revision,
    Role,
    Span,
    TextQuery,
    Thread,
    TreeState,
    User,
)


def decode(fields: Mapping[str, Any], viewer: str | None) -> Post:
    """A post from the map that the statements of `posts/` and `tasks/` return, as the user `viewer` sees it."""
    get = fields.get
    reactions = cast("list[list[str]]", get("reactions") or ())
    emojis = cast("list[str]", [*(get("imported_emojis") or ()), *(emoji for emoji, _ in reactions)])
    return Post(
        id=fields["id"],
        tree=fields["tree"],
        role=Role(fields["role"]),
        text=fields["text"],
        lang=fields["lang"],
        depth=fields["depth"],
        created=get("created"),
        parent=get("parent"),
        author=get("author"),
        frontend_id=get("frontend_id"),
        accepted=get("accepted"),
        reviews=get("reviews") or 0,
        rankings=get("rankings") or 0,
        rank=get("rank"),
        deleted=get("deleted") or False,
        edited=get("edited") or False,
        synthetic=get("synthetic") or False,
        model_name=get("model_name"),
        emojis=Counter(emojis) if emojis else {},
        own_emojis=tuple(emoji for emoji, who in reactions if who == viewer),
        margin=get("consensus_margin"),
    )


def _seen_by(viewer: str | None) -> Decode[Post]:
    return lambda row: decode(row["post"], viewer)


async def post(tx: Tx, id: str, *, viewer: str | None) -> Post:
    """The post, deleted or rejected ones too; raises PostNotFound."""
    found = await maybe(tx, "posts/post", _seen_by(viewer), id=id)
    if found is None:
        raise PostNotFound(id=id)
    return found


async def thread(tx: Tx, id: str, *, viewer: str | None) -> Thread:
    """From the root to the post; raises PostNotFound, or BrokenThread when an ancestor may not be shown.

    The last post itself may be under review or rejected: it is its own ancestors that make a thread.
    """
    found = await ancestry(tx, id, viewer=viewer)
    if any(each.deleted or not each.accepted for each in found[:-1]):
        raise BrokenThread(id=id)
    return tuple(found)


async def ancestry(tx: Tx, id: str, *, viewer: str | None) -> list[Post]:
    """From the root to the post, whatever became of them; raises PostNotFound."""
    found = await many(tx, "posts/thread", _seen_by(viewer), id=id)
    if not found:
        raise PostNotFound(id=id)
    return found


async def children(tx: Tx, id: str, *, viewer: str | None) -> list[Post]:
    """The live replies, whatever their reviews say; raises PostNotFound."""
    return _some(await many(tx, "posts/children", _post_of, id=id), id, viewer)


async def tree_posts(
    tx: Tx, id: str, *, viewer: str | None, include_rejected: bool, include_deleted: bool
) -> list[Post]:
    """The posts of the tree that post `id` belongs to, by depth, then age; raises PostNotFound."""
    found = await many(
        tx,
        "posts/tree",
        _seen_by(viewer),
        id=id,
        include_rejected=include_rejected,
        include_deleted=include_deleted,
    )
    if not found:
        await post(tx, id, viewer=None)  # tells an unknown post from a tree whose posts are all left out
    return found


async def named(tx: Tx, frontend_id: str, *, client: str) -> str:
    """The id of the post that an API client knows by an id of its own; raises PostNotFound."""
    found = await maybe(tx, "posts/named", lambda row: str(row["id"]), client=client, frontend_id=frontend_id)
    if found is None:
        raise PostNotFound(id=frontend_id)
    return found


async def descendants(tx: Tx, id: str, *, viewer: str | None) -> list[Post]:
    """All posts below one, by depth, then age; raises PostNotFound."""
    return _some(await many(tx, "posts/descendants", _post_of, id=id), id, viewer)


async def longest_thread(tx: Tx, id: str, *, viewer: str | None) -> Thread:
    """The longest thread of the tree that post `id` belongs to, without what is deleted or rejected.

    Empty when not even the root stands. Raises PostNotFound.
    """
    return tuple(_some(await many(tx, "posts/longest_thread", _post_of, id=id), id, viewer))


async def most_replies(tx: Tx, id: str, *, viewer: str | None) -> list[Post]:
    """The live post with most live replies in the tree of post `id`, then those replies; raises PostNotFound."""
    return _some(await many(tx, "posts/most_replies", _post_of, id=id), id, viewer)


def _post_of(row: Row) -> Mapping[str, Any] | None:
    return row["post"]


def _some(rows: Sequence[Mapping[str, Any] | None], id: str, viewer: str | None) -> list[Post]:
    """The posts of rows, of which one null says that post `id` is there and has none to show."""
    if not rows:
        raise PostNotFound(id=id)
    return [decode(fields, viewer) for fields in rows if fields is not None]


class Listed(NamedTuple):
    """One post of a list, with its author where that was asked for."""

    post: Post
    user: User | None


_FIRST_MOMENT, _LAST_MOMENT = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

_user = decoder(User)


async def page(
    tx: Tx,
    span: Span[datetime],
    *,
    among: Among,
    viewer: str | None,
    search: TextQuery | None = None,
    with_user: bool = False,
) -> list[Listed]:
    """Posts by the time of their creation, as far as the span goes.

    A search needs the language of `among`, whose index it asks.
    """
    if among.authors == ():
        return []
    low, high = span.low or Bound(_FIRST_MOMENT, None), span.high or Bound(_LAST_MOMENT, None)
    # The graph takes one moment in two zones for two times.
    parameters: dict[str, object] = {
        "authors": None if among.authors is None else list(among.authors),
        "client": among.client,
        "lang": among.lang,
        "low": low.value.astimezone(UTC),
        "low_id": FIRST_ID if low.id is None else low.id,
        "high": high.value.astimezone(UTC),
        "high_id": LAST_ID if high.id is None else high.id,
        "only_roots": among.only_roots,
        "include_deleted": among.include_deleted,
        "limit": span.limit,
        "with_user": with_user,
    }

    def listed(row: Row) -> Listed:
        return Listed(decode(row["post"], viewer), None if row["user"] is None else _user(row["user"]))

    if search is None:
        name = "posts/newest" if span.desc else "posts/oldest"
        return await many(tx, name, listed, by=_by(among), **parameters)
    name = "posts/newest_hits" if span.desc else "posts/oldest_hits"
    asked = {"index": search.index, "words": search.words, "scope": search.scope}
    return await many(tx, name, listed, **asked, **parameters)


def _by(among: Among) -> str:
    """The index that passes over least."""
    if among.authors is not None:
        return "author"
    if among.client is not None:
        return "client" if among.lang is None else "client_lang"
    return "all" if among.lang is None else "lang"


async def decide(tx: Tx, id: str, *, accepted: bool) -> None:
    """Accepts or rejects a post."""
    await run(tx, "posts/decide", id=id, accepted=accepted)


@dataclass(frozen=True, slots=True)
class Changed:
    """The posts of one tree that were deleted or restored; none when all were so before."""

    tree_id: str
    posts: list[str]


_changed = decoder(Changed)


async def delete(tx: Tx, ids: Sequence[str], *, now: datetime) -> list[Changed]:
    """Marks posts and all below them as deleted, tree by tree; raises PostNotFound when none of several is there."""
    found = await many(tx, "posts/delete", _changed, ids=list(ids), now_ms=milliseconds(now))
    if ids and not found:
        raise PostNotFound(id=ids[0])
    return found


async def restore(tx: Tx, id: str) -> Changed:
    """Takes back the deletion of a post and of those above it; raises PostNotFound."""
    found = await maybe(tx, "posts/restore", _changed, id=id)
    if found is None:
        raise PostNotFound(id=id)
    return found


async def of_author(tx: Tx, user: str) -> list[str]:
    """The live posts of a user; raises UserNotFound."""
    found = await maybe(tx, "posts/of_author", lambda row: [str(each) for each in row["ids"]], user_id=user)
    if found is None:
        raise UserNotFound(id=user)
    return found


async def edit(tx: Tx, id: str, *, text: str, editor: str, revisions: tuple[str, str], now: datetime) -> None:
    """Gives a post another text and keeps the versions; `revisions`: ids for the original and the new one.

    Raises PostNotFound.
    """
    parameters = {"post_id": id, "user_id": editor, "text": text, "ids": list(revisions), "now": now}
    if await maybe(tx, "posts/edit", lambda row: row, **parameters) is None:
        raise PostNotFound(id=id)


async def history(tx: Tx, id: str) -> list[Revision]:
    """The versions of a post, the original first; none when it was never edited. Raises PostNotFound."""
    rows = await many(tx, "posts/history", lambda row: row["revision"], id=id)
    if not rows:
        raise PostNotFound(id=id)
    return [_revision({**each, "post": id}) for each in rows if each is not None]


_revision = decoder(Revision)


async def flags(tx: Tx, span: Span[datetime]) -> list[Flag]:
    """Flagged posts, sorted by the time of the last flag, then by their id."""
    low, high = span.low or Bound(_FIRST_MOMENT, FIRST_ID), span.high or Bound(_LAST_MOMENT, LAST_ID)
    return await many(
        tx,
        "posts/flags",
        _flag,
        low=low.value,
        low_id=low.id or FIRST_ID,
        high=high.value,
        high_id=high.id or LAST_ID,
        desc=span.desc,
        limit=span.limit,
    )


_flag = decoder(Flag)


async def process_flag(tx: Tx, post: str) -> Flag:
    """A moderator has looked at a flagged post; raises PostNotFound where there is no flag."""
    found = await maybe(tx, "posts/process_flag", _flag, post_id=post)
    if found is None:
        raise PostNotFound(id=post)
    return found


@dataclass(frozen=True, slots=True)
class Remarked:
    """The post that was remarked on; `before`: what the same user said of it earlier."""

    author: str | None
    created: datetime
    live: bool
    before: Mapping[str, Any] | None


_remarked = decoder(Remarked)


async def remark(tx: Tx, *, user: str, post: str, labels: Mapping[str, float], text: str, now: datetime) -> Remarked:
    """Keeps labels that belong to no task; raises PostNotFound."""
    parameters = {"user_id": user, "post_id": post, "labels": dict(labels), "text": text, "now": now}
    found = await maybe(tx, "posts/remark", _remarked, **parameters)
    if found is None:
        raise PostNotFound(id=post)
    return found


@dataclass(frozen=True, slots=True)
class Reacted:
    """What a moderator's rules need to know after a reaction."""

    tree_id: str
    state: TreeState
    depth: int
    standing: bool
    changed: bool
    red_flags: int
    skips: int


_reacted = decoder(Reacted)
_OPPOSITES = {EmojiCode.THUMBS_UP: EmojiCode.THUMBS_DOWN, EmojiCode.THUMBS_DOWN: EmojiCode.THUMBS_UP}


async def react(tx: Tx, *, user: str, post: str, emoji: EmojiCode, add: bool, renew: bool, now: datetime) -> Reacted:
    """Gives a post a reaction of a user or takes it back; raises PostNotFound.

    A red flag also calls a moderator; with `renew` even when the user's flag is there already.
    """
    found = await maybe(
        tx,
        "posts/react",
        _reacted,
        user_id=user,
        post_id=post,
        emoji=emoji.value,
        opposite=_OPPOSITES[emoji].value if emoji in _OPPOSITES else "",
        add=add,
        renew=renew,
        now=now,
    )
    if found is None:
        raise PostNotFound(id=post)
    return found


async def report(
    tx: Tx,
    *,
    user: str,
    post: str,
    labels: Mapping[str, float],
    conduct: Mapping[str, int],
    text: str,
    now: datetime,
) -> None:
    """Keeps a report; raises PostNotFound. `conduct`: what the labels count for the author of the post."""
    parameters = {"user_id": user, "post_id": post, "labels": dict(labels), "text": text, "now": now}
    if await maybe(tx, "posts/report", lambda row: row, conduct=dict(conduct), **parameters) is None:
        raise PostNotFound(id=post)


def decode_all(maps: Sequence[Mapping[str, Any]] | None, viewer: str | None) -> Thread:
    """Posts from a list of maps; none from null."""
    return tuple(decode(each, viewer) for each in maps or ())
