"""Posts: reading them alone, as threads, trees and lists; deciding and editing; what people think of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from oa_graph.domain.limits import Limits
from oa_graph.domain.listings import FIRST_ID, FIRST_MOMENT, LAST_ID, LAST_MOMENT, Bound, PageRange, PostFilter
from oa_graph.domain.posts import (
    EmojiCode,
    FlaggedPost,
    Post,
    PostReview,
    ReviewKind,
    Revision,
    Role,
    TextLabel,
    TextQuery,
    Thread,
)
from oa_graph.domain.progress import Complaint, ReportReason
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import User
from oa_graph.errors import BrokenThread, PostNotFound, UserNotFound
from oa_graph.graph.outcomes import OwnPostOutcome
from oa_graph.graph.session import Decode, Row, Tx, decoder, many, maybe, milliseconds, one, run


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
        author_ends=get("author_ends") or False,
        ended=get("ended"),
        margin=get("consensus_margin"),
    )


def _viewed_by(viewer: str | None) -> Decode[Post]:
    return lambda row: decode(row["post"], viewer)


async def post(tx: Tx, id: str, *, viewer: str | None) -> Post:
    """The post, deleted or rejected ones too; raise PostNotFound."""
    found_post = await maybe(tx, "posts/post", _viewed_by(viewer), id=id)
    if found_post is None:
        raise PostNotFound(id=id)
    return found_post


async def thread(tx: Tx, id: str, *, viewer: str | None) -> Thread:
    """From the root to the post; raise PostNotFound, or BrokenThread when an ancestor may not be shown.

    The last post itself may be under review or rejected: it is its own ancestors that make a thread.
    """
    ancestors = await ancestry(tx, id, viewer=viewer)
    if any(ancestor.deleted or not ancestor.accepted for ancestor in ancestors[:-1]):
        raise BrokenThread(id=id)
    return tuple(ancestors)


async def ancestry(tx: Tx, id: str, *, viewer: str | None) -> list[Post]:
    """From the root to the post, whatever became of them; raise PostNotFound."""
    ancestors = await many(tx, "posts/thread", _viewed_by(viewer), id=id)
    if not ancestors:
        raise PostNotFound(id=id)
    return ancestors


async def children(tx: Tx, id: str, *, viewer: str | None) -> list[Post]:
    """The live replies, whatever their reviews say; raise PostNotFound."""
    return _slice(await many(tx, "posts/children", _post_of, id=id), id, viewer)


async def tree_posts(
    tx: Tx, id: str, *, viewer: str | None, include_rejected: bool, include_deleted: bool
) -> list[Post]:
    """The posts of the tree that post `id` belongs to, by depth, then age; raise PostNotFound."""
    posts = await many(
        tx,
        "posts/tree",
        _viewed_by(viewer),
        id=id,
        include_rejected=include_rejected,
        include_deleted=include_deleted,
    )
    if not posts:
        await post(tx, id, viewer=None)  # tells an unknown post from a tree whose posts are all left out
    return posts


async def by_frontend_id(tx: Tx, frontend_id: str, *, client: str) -> str:
    """The id of the post that an API client knows by an id of its own; raise PostNotFound."""
    id = await maybe(tx, "posts/by_frontend_id", lambda row: str(row["id"]), client=client, frontend_id=frontend_id)
    if id is None:
        raise PostNotFound(id=frontend_id)
    return id


async def descendants(tx: Tx, id: str, *, viewer: str | None) -> list[Post]:
    """All posts below one, by depth, then age; raise PostNotFound."""
    return _slice(await many(tx, "posts/descendants", _post_of, id=id), id, viewer)


async def longest_thread(tx: Tx, id: str, *, viewer: str | None) -> Thread:
    """The longest thread of the tree that post `id` belongs to, without what is deleted or rejected.

    Empty when not even the root stands. Raise PostNotFound.
    """
    return tuple(_slice(await many(tx, "posts/longest_thread", _post_of, id=id), id, viewer))


async def most_replies(tx: Tx, id: str, *, viewer: str | None) -> list[Post]:
    """The live post with most live replies in the tree of post `id`, then those replies; raise PostNotFound."""
    return _slice(await many(tx, "posts/most_replies", _post_of, id=id), id, viewer)


def _post_of(row: Row) -> Mapping[str, Any] | None:
    return row["post"]


def _slice(rows: Sequence[Mapping[str, Any] | None], id: str, viewer: str | None) -> list[Post]:
    """The posts of rows, of which one null says that post `id` is there and has none to show."""
    if not rows:
        raise PostNotFound(id=id)
    return [decode(fields, viewer) for fields in rows if fields is not None]


class ListedPost(NamedTuple):
    """One post of a list, with its author where that was asked for."""

    post: Post
    user: User | None


_user = decoder(User)


async def page(
    tx: Tx,
    span: PageRange[datetime],
    *,
    among: PostFilter,
    viewer: str | None,
    search: TextQuery | None = None,
    with_user: bool = False,
) -> list[ListedPost]:
    """Posts by the time of their creation, as far as the span goes.

    A search needs the language of `among`, whose index it asks.
    """
    if among.authors == ():
        return []
    low, high = span.low or Bound(FIRST_MOMENT, None), span.high or Bound(LAST_MOMENT, None)
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

    def listed(row: Row) -> ListedPost:
        return ListedPost(decode(row["post"], viewer), None if row["user"] is None else _user(row["user"]))

    if search is None:
        name = "posts/newest" if span.desc else "posts/oldest"
        return await many(tx, name, listed, by=_by(among), **parameters)
    name = "posts/newest_hits" if span.desc else "posts/oldest_hits"
    asked = {"index": search.index, "words": search.words, "scope": search.scope}
    return await many(tx, name, listed, **asked, **parameters)


def _by(among: PostFilter) -> str:
    """The index that passes over least."""
    if among.authors is not None:
        return "author"
    if among.client is not None:
        return "client" if among.lang is None else "client_lang"
    return "all" if among.lang is None else "lang"


async def decide(tx: Tx, id: str, *, accepted: bool, num_end_votes: int, ask_from_depth: int | None) -> None:
    """Accept or reject a post. `ask_from_depth`: of `oa_graph.policy.end_votes`."""
    await run(tx, "posts/decide", id=id, accepted=accepted, num_end_votes=num_end_votes, ask_from_depth=ask_from_depth)


async def set_ended(tx: Tx, id: str, *, ended: bool) -> str:
    """Say whether the conversation ends at a post; return the id of its tree. Raise PostNotFound."""
    tree = await maybe(tx, "posts/set_ended", lambda row: str(row["tree_id"]), id=id, ended=ended)
    if tree is None:
        raise PostNotFound(id=id)
    return tree


@dataclass(frozen=True, slots=True)
class ChangedTree:
    """The posts of one tree that were deleted or restored; none when all were so before."""

    tree_id: str
    posts: list[str]


_changed = decoder(ChangedTree)


async def delete(tx: Tx, ids: Sequence[str], *, now: datetime) -> list[ChangedTree]:
    """Mark posts and all below them as deleted, tree by tree; raise PostNotFound when none of several is there."""
    trees = await many(tx, "posts/delete", _changed, ids=list(ids), now_ms=milliseconds(now))
    if ids and not trees:
        raise PostNotFound(id=ids[0])
    return trees


async def restore(tx: Tx, id: str) -> ChangedTree:
    """Take back the deletion of a post and of those above it; raise PostNotFound."""
    tree = await maybe(tx, "posts/restore", _changed, id=id)
    if tree is None:
        raise PostNotFound(id=id)
    return tree


async def of_author(tx: Tx, user: str) -> list[str]:
    """The live posts of a user; raise UserNotFound."""
    ids = await maybe(tx, "posts/of_author", lambda row: [str(id) for id in row["ids"]], user_id=user)
    if ids is None:
        raise UserNotFound(id=user)
    return ids


async def edit(tx: Tx, id: str, *, text: str, editor: str, revisions: tuple[str, str], now: datetime) -> None:
    """Give a post another text and keep the versions; `revisions`: ids for the original and the new one.

    Raise PostNotFound.
    """
    parameters = {"post_id": id, "user_id": editor, "text": text, "ids": list(revisions), "now": now}
    if await maybe(tx, "posts/edit", lambda row: row, **parameters) is None:
        raise PostNotFound(id=id)


@dataclass(frozen=True, slots=True)
class OwnPostLock:
    """Whether an author may change a post, which is locked until the transaction ends."""

    outcome: OwnPostOutcome
    user_id: str | None


_locked = decoder(OwnPostLock)


async def lock_own(
    tx: Tx, id: str, *, client: str, method: str, name: str, text: str | None, limits: Limits, now: datetime
) -> OwnPostLock:
    """Lock a post for a change by its author, who is named; `text`: the new one, None to withdraw the post."""
    return await one(
        tx,
        "posts/lock_own",
        _locked,
        client=client,
        method=method,
        name=name,
        post_id=id,
        text=text,
        window_start=now - timedelta(seconds=limits.duplicate_window_sec),
        since=_editable_since(limits, now),
        now=now,
    )


def _editable_since(limits: Limits, now: datetime) -> datetime:
    """When the oldest post was written that its author may still change; in the future if none may be."""
    return now - timedelta(seconds=limits.author_edit_sec) if limits.author_edit_sec else LAST_MOMENT


@dataclass(frozen=True, slots=True)
class OwnPostState:
    """What became of a post, as its author may know it."""

    id: str
    tree_state: TreeState
    reviewable: bool
    editable: bool
    task_kind: str | None


_own_state = decoder(OwnPostState)


async def own_states(tx: Tx, ids: Sequence[str], *, limits: Limits, now: datetime) -> dict[str, OwnPostState]:
    """What became of some posts, by id."""
    states = await many(tx, "posts/own_states", _own_state, ids=list(ids), since=_editable_since(limits, now), now=now)
    return {state.id: state for state in states}


async def history(tx: Tx, id: str) -> list[Revision]:
    """The versions of a post, the original first; none when it was never edited. Raise PostNotFound."""
    rows = await many(tx, "posts/history", lambda row: row["revision"], id=id)
    if not rows:
        raise PostNotFound(id=id)
    return [_revision({**row, "post": id}) for row in rows if row is not None]


_revision = decoder(Revision)


async def reviews(tx: Tx, id: str) -> list[PostReview]:
    """What was said of a post by labels, the oldest first. Raise PostNotFound."""
    rows = await many(tx, "posts/reviews", lambda row: row, id=id)
    if not rows:
        raise PostNotFound(id=id)
    return [
        PostReview(
            kind=ReviewKind(row["kind"]),
            labels={TextLabel(name): value for name, value in row["labels"] if name in {*TextLabel}},
            user=row["user"],
            created=row["created"],
            text=row["text"] or "",
        )
        for row in rows
        if row["kind"] is not None
    ]


async def flags(tx: Tx, span: PageRange[datetime]) -> list[FlaggedPost]:
    """Flagged posts, sorted by the time of the last flag, then by their id."""
    low, high = span.low or Bound(FIRST_MOMENT, FIRST_ID), span.high or Bound(LAST_MOMENT, LAST_ID)
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


_flag = decoder(FlaggedPost)


async def open_flags(tx: Tx, *, limit: int) -> list[FlaggedPost]:
    """Flagged posts that no moderator has looked at since, the last flagged first."""
    return await many(tx, "posts/open_flags", _flag, limit=limit)


async def complaints(tx: Tx, ids: Sequence[str], *, reasons: int) -> list[Complaint]:
    """Some posts with what people said against them, in this order, with at most so many `reasons` of each."""
    return await many(tx, "posts/complaints", _complaint, ids=list(ids), limit=reasons)


def _complaint(row: Row) -> Complaint:
    return Complaint(
        post=decode(row["post"], None),
        state=TreeState(row["state"]),
        author=row["author"],
        red_flags=row["red_flags"],
        reports=row["reports"],
        reasons=[_reason(report) for report in row["reasons"]],
        processed=row["processed"],
        created=row["created"],
    )


def _reason(report: Mapping[str, Any]) -> ReportReason:
    labels = {name: value for name, value in report.items() if name not in ("text", "created")}
    return ReportReason(report["text"], report["created"], labels)


async def process_flag(tx: Tx, post: str) -> FlaggedPost:
    """A moderator has looked at a flagged post; raise PostNotFound where there is no flag."""
    flagged_post = await maybe(tx, "posts/process_flag", _flag, post_id=post)
    if flagged_post is None:
        raise PostNotFound(id=post)
    return flagged_post


async def settle(tx: Tx, post: str, *, now: datetime) -> None:
    """A moderator has looked at a post, its reviews and its flag; raise PostNotFound."""
    if await maybe(tx, "posts/settle", dict, post_id=post, now=now) is None:
        raise PostNotFound(id=post)


@dataclass(frozen=True, slots=True)
class RemarkResult:
    """The post that was remarked on; `before`: what the same user said of it earlier."""

    author: str | None
    created: datetime
    live: bool
    before: Mapping[str, Any] | None


_remarked = decoder(RemarkResult)


async def remark(
    tx: Tx, *, user: str, post: str, labels: Mapping[str, float], text: str, now: datetime
) -> RemarkResult:
    """Keep labels that belong to no task; raise PostNotFound."""
    parameters = {"user_id": user, "post_id": post, "labels": dict(labels), "text": text, "now": now}
    result = await maybe(tx, "posts/remark", _remarked, **parameters)
    if result is None:
        raise PostNotFound(id=post)
    return result


@dataclass(frozen=True, slots=True)
class ReactionResult:
    """What a moderator's rules need to know after a reaction."""

    tree_id: str
    state: TreeState
    depth: int
    standing: bool
    changed: bool
    red_flags: int
    skips: int


_reacted = decoder(ReactionResult)
_OPPOSITES = {EmojiCode.THUMBS_UP: EmojiCode.THUMBS_DOWN, EmojiCode.THUMBS_DOWN: EmojiCode.THUMBS_UP}


async def react(
    tx: Tx, *, user: str, post: str, emoji: EmojiCode, add: bool, renew: bool, now: datetime
) -> ReactionResult:
    """Give a post a reaction of a user or take it back; raise PostNotFound.

    A red flag also calls a moderator; with `renew` even when the user's flag is there already.
    """
    result = await maybe(
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
    if result is None:
        raise PostNotFound(id=post)
    return result


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
    """Keep a report; raise PostNotFound. `conduct`: what the labels count for the author of the post."""
    parameters = {"user_id": user, "post_id": post, "labels": dict(labels), "text": text, "now": now}
    if await maybe(tx, "posts/report", lambda row: row, conduct=dict(conduct), **parameters) is None:
        raise PostNotFound(id=post)


def decode_all(maps: Sequence[Mapping[str, Any]] | None, viewer: str | None) -> Thread:
    """Posts from a list of maps; none from null."""
    return tuple(decode(fields, viewer) for fields in maps or ())
