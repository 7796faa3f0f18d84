"""What moderators do, and reactions, which call for them.

Each action is one transaction, after which all is right again: trees, places, counters, ranks and boards follow at
once, by the steps of `oa_graph.lifecycle`. Doing something twice is doing it once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from time import monotonic
from typing import TypeVar
from uuid import uuid4

from oa_graph import boards, lifecycle
from oa_graph.errors import TextTooLong, UserDisabled, UserNotFound
from oa_graph.graph import moderation as removing
from oa_graph.graph import posts, tasks, trees, users
from oa_graph.graph.moderation import Gone
from oa_graph.graph.session import Graph, Store, Tx
from oa_graph.lifecycle import Moment
from oa_graph.model import Client, EmojiCode, EmojiOp, Limits, Person, Post, SystemStats, Tree, TreeState, User
from oa_graph.policy import growth

T = TypeVar("T")


async def _act(graph: Store, limits: Limits, rng: Random, work: Callable[[Moment], Awaitable[T]]) -> T:
    return await graph.transact(_action(limits, rng, work), patient=True)


def _action(limits: Limits, rng: Random, work: Callable[[Moment], Awaitable[T]]) -> Callable[[Tx], Awaitable[T]]:
    """One action: `work`, and what it means for the boards."""

    async def whole(tx: Tx) -> T:
        at = Moment(tx, limits, datetime.now(UTC), rng)
        found = await work(at)
        await boards.fold(tx, now=at.now)
        return found

    return whole


# Posts


async def delete(graph: Store, limits: Limits, *, rng: Random, post: str) -> None:
    """Deletes a post and all below it. Raises PostNotFound."""
    await _act(graph, limits, rng, lambda at: lifecycle.delete(at, [post]))


async def undelete(graph: Store, limits: Limits, *, rng: Random, post: str) -> None:
    """Takes back the deletion of a post and of those above it. Raises PostNotFound."""
    await _act(graph, limits, rng, lambda at: lifecycle.restore(at, post))


async def delete_of(graph: Store, limits: Limits, *, rng: Random, user: str) -> None:
    """Deletes all posts of a user, and all below them. Raises UserNotFound."""

    async def work(at: Moment) -> None:
        await lifecycle.delete(at, await posts.of_author(at.tx, user))

    await _act(graph, limits, rng, work)


async def edit(graph: Store, limits: Limits, *, client: Client, person: Person, post: str, text: str) -> None:
    """Gives a post another text and keeps every version. Raises PostNotFound, TextTooLong or UserDisabled."""
    if len(text) > limits.message_size_limit:
        raise TextTooLong(length=len(text), limit=limits.message_size_limit)
    editor, revisions = await _somebody(graph, client, person), (str(uuid4()), str(uuid4()))
    await posts.edit(graph, post, text=text, editor=editor.id, revisions=revisions, now=datetime.now(UTC))


async def react(
    graph: Store,
    limits: Limits,
    *,
    rng: Random,
    client: Client,
    person: Person,
    post: str,
    emoji: EmojiCode,
    op: EmojiOp,
) -> tuple[Post, str]:
    """Gives a post a reaction or takes it back; the post as that person sees it now, and the person's id.

    Raises PostNotFound or UserDisabled.
    """
    user = await _somebody(graph, client, person)
    # What a toggle means is settled before anything is written: a commit whose answer was lost may run again.
    add = op is EmojiOp.ADD or (
        op is EmojiOp.TOGGLE and emoji not in (await posts.post(graph, post, viewer=user.id)).own_emojis
    )

    async def work(at: Moment) -> tuple[Post, str]:
        await lifecycle.react(at, user=user.id, post=post, emoji=emoji, add=add)
        return await posts.post(at.tx, post, viewer=user.id), user.id

    return await graph.transact(lambda tx: work(Moment(tx, limits, datetime.now(UTC), rng)))


async def _somebody(graph: Store, client: Client, person: Person) -> User:
    now = datetime.now(UTC)
    user = await users.upsert(graph, client=client.id, person=person, id=str(uuid4()), now=now, changes={})
    if user.deleted or not user.enabled:
        raise UserDisabled(id=person.name)
    return user


# Trees


async def halt(graph: Store, limits: Limits, *, rng: Random, post: str) -> Tree:
    """Halts the tree that a post belongs to, whatever its state; the tree as it is now. Raises PostNotFound."""

    async def work(at: Moment) -> Tree:
        tree = await trees.tree_of(at.tx, post)
        await lifecycle.halt(at, tree.id)
        return await trees.tree_of(at.tx, post)

    return await _act(graph, limits, rng, work)


async def unhalt(graph: Store, limits: Limits, *, rng: Random, post: str) -> Tree:
    """Takes a tree up again, unless it waits for the lottery; the tree as it is now. Raises PostNotFound."""

    async def work(at: Moment) -> Tree:
        tree = await trees.tree_of(at.tx, post)
        facts = await trees.facts(at.tx, tree.id, limits=limits)
        if facts is not None and facts.state is not TreeState.PROMPT_LOTTERY_WAITING:
            await lifecycle.enter(at, facts, growth.unhalted(facts), halted_for=growth.halted_for(facts))
        return await trees.tree_of(at.tx, post)

    return await _act(graph, limits, rng, work)


# Users


async def change(graph: Store, limits: Limits, *, rng: Random, user: str, changes: Mapping[str, object]) -> User:
    """Changes the account of a user, who is banned by `enabled` false. Raises UserNotFound.

    Who is banned holds no places any more, and his prompts leave the lottery; they come back with him.
    """

    async def work(at: Moment) -> User:
        began = await users.prompts(at.tx, user) if "enabled" in changes else []
        if changes.get("enabled") is False:
            await tasks.release(at.tx, user, now=at.now)
        found, away_before = await users.change(at.tx, user, changes=changes, now=at.now)
        away = found.deleted or not found.enabled
        if away and "enabled" in changes:  # again: before his lock was ours he may have been handed something,
            await tasks.release(at.tx, user, now=at.now)
        if away is not away_before:  # or may have begun another tree
            await _reconsider(at, {*began, *await users.prompts(at.tx, user)})
        return found

    return await _act(graph, limits, rng, work)


async def anonymise(graph: Store, limits: Limits, *, rng: Random, user: str) -> None:
    """Ends the account of a user and takes his names away; what he wrote stays. Raises UserNotFound."""
    name = f"deleted_{uuid4()}"

    async def work(at: Moment) -> None:
        began = await users.prompts(at.tx, user)
        await tasks.release(at.tx, user, now=at.now)
        await users.anonymise(at.tx, user, name=name, now=at.now)
        await tasks.release(at.tx, user, now=at.now)  # again: see `change`
        await _reconsider(at, {*began, *await users.prompts(at.tx, user)})

    await _act(graph, limits, rng, work)


async def _reconsider(at: Moment, began: Iterable[str]) -> None:
    for tree in sorted(began):
        await lifecycle.advance(at, tree)


async def _held(tx: Tx, ids: Sequence[str]) -> Sequence[str]:
    """Locks users, and the trees that change when they go; those trees. Raises UserNotFound.

    Trees come first, as everywhere; then they are sought again, for an answer may have come before the users' locks.
    """
    found = await removing.touched(tx, ids)
    if missing := {*ids} - {*found.known}:
        raise UserNotFound(id=min(missing))
    await removing.lock_users(tx, ids)
    return (await removing.touched(tx, ids)).trees


# Purging


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge changed. `preview`: it was done and taken back."""

    before: SystemStats
    after: SystemStats
    preview: bool
    seconds: float


async def purge(graph: Graph, limits: Limits, *, rng: Random, user: str, ban: bool, preview: bool) -> Purged:
    """Removes all that a user wrote and said, and his figures; with `ban` he is disabled and deleted.

    Trees that he began go as a whole, elsewhere his posts with all below them. Raises UserNotFound.
    """

    async def work(at: Moment) -> None:
        touched = await _held(at.tx, [user])
        await tasks.release(at.tx, user, now=at.now)
        if ban:
            await users.change(at.tx, user, changes={"enabled": False, "deleted": True}, now=at.now)
        await boards.withdraw(at.tx, user)
        await removing.withdraw(at.tx, user)
        doomed = await removing.doomed(at.tx, user, with_prompts=True)
        gone = await _remove(at, doomed.ids)
        await removing.forget_tasks(at.tx, user)
        await _go_on(at, [*touched, *doomed.trees], gone)
        await boards.drop(at.tx, user)

    return await _purge(graph, limits, rng, work, preview=preview)


async def purge_posts(
    graph: Graph,
    limits: Limits,
    *,
    rng: Random,
    user: str,
    with_prompts: bool,
    since: datetime | None,
    until: datetime | None,
    preview: bool,
) -> Purged:
    """Removes what a user wrote between two moments, with all below it. Raises UserNotFound.

    Without `with_prompts` the trees that he began stay, but for his replies.
    """

    async def work(at: Moment) -> None:
        doomed = await removing.doomed(at.tx, user, with_prompts=with_prompts, since=since, until=until)
        gone = await _remove(at, doomed.ids)
        await _go_on(at, doomed.trees, gone)

    return await _purge(graph, limits, rng, work, preview=preview)


async def _remove(at: Moment, ids: Sequence[str]) -> list[Gone]:
    await boards.credit_posts(at.tx, ids, "removed")
    return await removing.remove(at.tx, ids, now=at.now)


async def _go_on(at: Moment, touched: Iterable[str], gone: Sequence[Gone]) -> None:
    """Carries on the trees that are left; others take the place of those that are not."""
    for tree in sorted(set(touched) - {each.id for each in gone}):
        await lifecycle.reconsider(at, tree)
    for each in gone:
        await lifecycle.make_up_for(at, each.lang, each.state)


async def _purge(
    graph: Graph, limits: Limits, rng: Random, work: Callable[[Moment], Awaitable[None]], *, preview: bool
) -> Purged:
    started = monotonic()

    async def whole(at: Moment) -> tuple[SystemStats, SystemStats]:
        await boards.fold(at.tx, now=at.now)
        before = await boards.system_stats(at.tx)
        await work(at)
        await boards.fold(at.tx, now=at.now)
        return before, await boards.system_stats(at.tx)

    if preview:
        before, after = await graph.rehearse(_action(limits, rng, whole))
    else:
        before, after = await _act(graph, limits, rng, whole)
    return Purged(before, after, preview, monotonic() - started)


# Merging


async def merge(graph: Store, limits: Limits, *, rng: Random, destination: str, sources: Sequence[str]) -> None:
    """Makes several users one: what the sources did is the destination's, and they are no more.

    Raises UserNotFound, or StillChanging when the figures of somebody concerned are never still.
    """
    others = sorted({*sources} - {destination})

    async def work(at: Moment) -> None:
        await _held(at.tx, [destination, *others])
        changed: set[str] = set()
        authors: set[str] = set()
        for source in others:
            moved = await removing.give(at.tx, source, destination, now=at.now)
            changed |= moved.trees
            authors |= moved.authors
        # Whose prompts wait may be somebody who is away now, or is no longer.
        for tree in sorted(changed.union(await users.prompts(at.tx, destination))):
            await lifecycle.reconsider(at, tree)
        for source in others:  # last: who holds the ledger waits for nobody else
            await boards.drop(at.tx, source)
        await boards.recount(at.tx, sorted({destination, *authors} - {*others}), now=at.now)

    await _act(graph, limits, rng, work)
