"""Posts: reading them alone, as threads and as trees; deciding, deleting, remarking and reporting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from oa_graph.errors import BrokenThread, PostNotFound
from oa_graph.graph.session import Decode, Tx, decoder, many, maybe, run
from oa_graph.model import Post, Role, Thread, TreeState


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
    found = await many(tx, "posts/thread", _seen_by(viewer), id=id)
    if not found:
        raise PostNotFound(id=id)
    if any(each.deleted or not each.accepted for each in found[:-1]):
        raise BrokenThread(id=id)
    return tuple(found)


async def children(tx: Tx, id: str, *, viewer: str | None) -> list[Post]:
    """The live replies, whatever their reviews say; raises PostNotFound."""
    rows = await many(tx, "posts/children", lambda row: row["post"], id=id)
    if not rows:
        raise PostNotFound(id=id)
    return [decode(fields, viewer) for fields in rows if fields is not None]


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


async def decide(tx: Tx, id: str, *, accepted: bool) -> None:
    """Accepts or rejects a post."""
    await run(tx, "posts/decide", id=id, accepted=accepted)


async def delete(tx: Tx, id: str) -> None:
    """Marks a post and all below it as deleted."""
    await run(tx, "posts/delete", id=id)


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
class Reported:
    """What a moderator's rules need to know after a report."""

    tree_id: str
    state: TreeState
    depth: int
    standing: bool
    red_flags: int


_reported = decoder(Reported)


async def report(
    tx: Tx,
    *,
    user: str,
    post: str,
    labels: Mapping[str, float],
    conduct: Mapping[str, int],
    text: str,
    now: datetime,
) -> Reported:
    """Keeps a report and flags the post; raises PostNotFound. `conduct`: what the labels count for its author."""
    parameters = {"user_id": user, "post_id": post, "labels": dict(labels), "text": text, "now": now}
    found = await maybe(tx, "posts/report", _reported, conduct=dict(conduct), **parameters)
    if found is None:
        raise PostNotFound(id=post)
    return found


def decode_all(maps: Sequence[Mapping[str, Any]] | None, viewer: str | None) -> Thread:
    """Posts from a list of maps; none from null."""
    return tuple(decode(each, viewer) for each in maps or ())
