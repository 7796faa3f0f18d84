"""Taking what users did out of the graph, or giving it to another user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from oa_graph.domain.trees import TreeState
from oa_graph.errors import UserNotFound
from oa_graph.graph.session import Row, Tx, decoder, many, maybe, milliseconds, one, run

_FIRST_MOMENT, _LAST_MOMENT = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AffectedTrees:
    """Which of some users there are, and the trees that change with them."""

    known: list[str]
    trees: list[str]


_touched = decoder(AffectedTrees)


async def lock_affected_trees(tx: Tx, users: Sequence[str]) -> AffectedTrees:
    """The trees that lose or change something when users go; locks them."""
    return await one(tx, "moderation/lock_affected_trees", _touched, users=list(users))


async def withdraw(tx: Tx, user: str) -> None:
    """Take what a user said of posts out of the graph."""
    await run(tx, "moderation/withdraw", user_id=user)


@dataclass(frozen=True, slots=True)
class PurgeTargets:
    """Posts to be removed, and their trees."""

    ids: list[str]
    trees: list[str]


_doomed = decoder(PurgeTargets)


async def posts_to_purge(
    tx: Tx, user: str, *, with_prompts: bool, since: datetime | None = None, until: datetime | None = None
) -> PurgeTargets:
    """The posts of a user and all below them; locks their trees. Raise UserNotFound."""
    targets = await maybe(
        tx,
        "moderation/posts_to_purge",
        _doomed,
        user_id=user,
        with_prompts=with_prompts,
        since=since or _FIRST_MOMENT,
        until=until or _LAST_MOMENT,
    )
    if targets is None:
        raise UserNotFound(id=user)
    return targets


@dataclass(frozen=True, slots=True)
class RemovedTree:
    """A tree that was removed."""

    id: str
    lang: str
    state: TreeState


_gone = decoder(RemovedTree)


async def remove(tx: Tx, ids: Sequence[str], *, now: datetime) -> list[RemovedTree]:
    """Take posts out of the graph, with all that hangs on them; the trees that went with their roots."""
    return await many(tx, "moderation/remove", _gone, ids=list(ids), now_ms=milliseconds(now))


async def forget_tasks(tx: Tx, user: str) -> None:
    """Remove the tasks of a user that nothing is left of."""
    await run(tx, "moderation/forget_tasks", user_id=user)


# Giving to another user


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What it means that two users are one: trees that lost a review or a ranking, and whose figures changed."""

    trees: frozenset[str]
    authors: frozenset[str]


async def lock_users(tx: Tx, users: Sequence[str]) -> None:
    """Lock users until the transaction ends."""
    await run(tx, "moderation/lock_users", users=list(users))


async def merge_into(tx: Tx, source: str, destination: str, *, now: datetime) -> MergeResult:
    """Give all that the source did to the destination, and remove the source.

    Where only one of a kind may be, such as a review of one post, what both did stays once.
    """
    ids = {"source": source, "destination": destination}
    lost = [
        *await many(tx, "moderation/move_reviews", _lost, **ids),
        *await many(tx, "moderation/move_rankings", _lost, **ids),
        *await many(tx, "moderation/move_reactions", _lost, **ids),
        *await many(tx, "moderation/move_remarks", _lost, **ids),
    ]
    await run(tx, "moderation/move_end_votes", **ids)
    await run(tx, "moderation/move_posts", **ids)
    await run(tx, "moderation/drop_own_votes", user_id=destination)
    await run(tx, "moderation/merge_into", **ids, now_ms=milliseconds(now))
    return MergeResult(
        trees=frozenset(tree for tree, _ in lost if tree), authors=frozenset(author for _, author in lost if author)
    )


def _lost(row: Row) -> tuple[str | None, str | None]:
    return row.get("tree_id"), row["author"]
