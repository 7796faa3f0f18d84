"""What moderators do, and the reactions that call for them.

Each action is one transaction. When it ends, trees, places, counters, ranks and leaderboards agree again, by the steps
of `oa_graph.tree_lifecycle`. The same action twice has the effect of one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TypeVar
from uuid import uuid4

from oa_graph import graph, leaderboards, tree_lifecycle
from oa_graph.blindness import blinded
from oa_graph.context import Context, Step
from oa_graph.domain.posts import EmojiCode, EmojiOp, Post
from oa_graph.domain.scores import PostCounts
from oa_graph.domain.trees import Tree, TreeState
from oa_graph.domain.users import ApiClient, User, UserIdentity
from oa_graph.errors import TextTooLong, UserDisabled, UserNotFound
from oa_graph.graph.moderation import RemovedTree
from oa_graph.graph.session import Tx
from oa_graph.policy import growth
from oa_graph.policy.permissions import check_judge

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PurgeResult:
    """What a purge changed. `preview`: it was done and taken back."""

    before: PostCounts
    after: PostCounts
    preview: bool
    seconds: float


class Moderation:
    """What moderators do in a collection. Who may do it is the caller's to check."""

    def __init__(self, context: Context) -> None:
        self._context = context

    # Posts

    async def delete(self, post: str) -> None:
        """Delete a post and all below it. Raise PostNotFound."""
        await self.act(lambda step: tree_lifecycle.delete(step, [post]))

    async def undelete(self, post: str) -> None:
        """Take back the deletion of a post and of those above it. Raise PostNotFound."""
        await self.act(lambda step: tree_lifecycle.restore(step, post))

    async def delete_posts_of(self, user: str) -> None:
        """Delete all posts of a user, and all below them. Raise UserNotFound."""

        async def work(step: Step) -> None:
            await tree_lifecycle.delete(step, await graph.posts.of_author(step.tx, user))

        await self.act(work)

    async def edit(self, post: str, text: str, *, client: ApiClient, user: UserIdentity) -> None:
        """Replace the text of a post, and keep every version. Raise PostNotFound, TextTooLong or UserDisabled."""
        longest = self._context.limits.message_size_limit
        if len(text) > longest:
            raise TextTooLong(length=len(text), limit=longest)
        editor, revisions = await self._active_user(client, user), (str(uuid4()), str(uuid4()))
        now = self._context.clock()
        await graph.posts.edit(self._context.store, post, text=text, editor=editor.id, revisions=revisions, now=now)

    async def react(
        self, post: str, emoji: EmojiCode, op: EmojiOp, *, client: ApiClient, user: UserIdentity
    ) -> tuple[Post, str]:
        """Add a reaction to a post or remove it; return the post as the user sees it now, and the user's id.

        Raise PostNotFound, UserDisabled, or ClientNotAuthorized for a model's client.
        """
        check_judge(client)
        reacting = await self._active_user(client, user)
        store = self._context.store
        # What a toggle means is settled before anything is written: a commit whose answer was lost may run again.
        add = op is EmojiOp.ADD or (
            op is EmojiOp.TOGGLE and emoji not in (await graph.posts.post(store, post, viewer=reacting.id)).own_emojis
        )

        async def work(tx: Tx) -> Post:
            await tree_lifecycle.react(self._context.step(tx), user=reacting.id, post=post, emoji=emoji, add=add)
            return await graph.posts.post(tx, post, viewer=reacting.id)

        (shown,) = await blinded(self._context, [await store.transact(work)])
        return shown, reacting.id

    async def _active_user(self, client: ApiClient, identity: UserIdentity) -> User:
        now = self._context.clock()
        user = await graph.users.upsert(
            self._context.store, client=client.id, user=identity, id=str(uuid4()), now=now, changes={}
        )
        if user.deleted or not user.enabled:
            raise UserDisabled(id=identity.name)
        return user

    async def set_ended(self, post: str, *, ended: bool) -> None:
        """Say whether the conversation ends at a post, whatever the votes said. Raise PostNotFound.

        At an end no reply is wanted. A reply that is accepted later means that it was none.
        """
        await self.act(lambda step: tree_lifecycle.set_ended(step, post, ended=ended))

    # Trees

    async def halt(self, post: str) -> Tree:
        """Halt the tree that a post belongs to, whatever its state; return the tree. Raise PostNotFound."""

        async def work(step: Step) -> Tree:
            tree = await graph.trees.tree_of(step.tx, post)
            await tree_lifecycle.halt(step, tree.id)
            return await graph.trees.tree_of(step.tx, post)

        return await self.act(work)

    async def unhalt(self, post: str) -> Tree:
        """Let a halted tree go on, unless it waits for the lottery; return the tree. Raise PostNotFound."""

        async def work(step: Step) -> Tree:
            tree = await graph.trees.tree_of(step.tx, post)
            facts = await graph.trees.facts(step.tx, tree.id, limits=step.limits)
            if facts is not None and facts.state is not TreeState.PROMPT_LOTTERY_WAITING:
                await tree_lifecycle.enter(step, facts, growth.unhalted(facts), halted_for=growth.halted_for(facts))
            return await graph.trees.tree_of(step.tx, post)

        return await self.act(work)

    # Users

    async def change_user(self, user: str, changes: Mapping[str, object]) -> User:
        """Change the account of a user; `enabled` false bans the user. Raise UserNotFound.

        A banned user holds no places, and the user's prompts leave the lottery; both come back with the user.
        """

        async def work(step: Step) -> User:
            prompts = await graph.users.prompts(step.tx, user) if "enabled" in changes else []
            if changes.get("enabled") is False:
                await graph.tasks.release(step.tx, user, now=step.now)
            changed, was_away = await graph.users.change(step.tx, user, changes=changes, now=step.now)
            is_away = changed.deleted or not changed.enabled
            if is_away and "enabled" in changes:  # again: before the lock the user may have got another task,
                await graph.tasks.release(step.tx, user, now=step.now)
            if is_away is not was_away:  # or may have begun another tree
                await _advance_all(step, {*prompts, *await graph.users.prompts(step.tx, user)})
            return changed

        return await self.act(work)

    async def anonymise(self, user: str) -> None:
        """End the account of a user and remove the user's names; what the user wrote stays. Raise UserNotFound."""
        name = f"deleted_{uuid4()}"

        async def work(step: Step) -> None:
            prompts = await graph.users.prompts(step.tx, user)
            await graph.tasks.release(step.tx, user, now=step.now)
            await graph.users.anonymise(step.tx, user, name=name, now=step.now)
            await graph.tasks.release(step.tx, user, now=step.now)  # again: see `change_user`
            await _advance_all(step, {*prompts, *await graph.users.prompts(step.tx, user)})

        await self.act(work)

    # Purging

    async def purge(self, user: str, *, ban: bool, preview: bool) -> PurgeResult:
        """Remove all that a user wrote and judged, and the user's figures; `ban` also disables and deletes the user.

        Trees that the user began are removed whole, elsewhere the user's posts with all below them. Raise UserNotFound.
        """

        async def work(step: Step) -> None:
            affected = await _lock_affected_trees(step.tx, [user])
            await graph.tasks.release(step.tx, user, now=step.now)
            if ban:
                changes = {"enabled": False, "deleted": True}
                await graph.users.change(step.tx, user, changes=changes, now=step.now)
            await leaderboards.withdraw_judgements(step.tx, user)
            await graph.moderation.withdraw(step.tx, user)
            targets = await graph.moderation.posts_to_purge(step.tx, user, with_prompts=True)
            removed = await _remove(step, targets.ids)
            await graph.moderation.forget_tasks(step.tx, user)
            await _update_trees(step, [*affected, *targets.trees], removed)
            await leaderboards.delete_figures(step.tx, user)

        return await self._purge(work, preview=preview)

    async def purge_posts(
        self, user: str, *, with_prompts: bool, since: datetime | None, until: datetime | None, preview: bool
    ) -> PurgeResult:
        """Remove what a user wrote between two moments, with all below it. Raise UserNotFound.

        Without `with_prompts` the trees that the user began stay, but for the user's replies.
        """

        async def work(step: Step) -> None:
            targets = await graph.moderation.posts_to_purge(
                step.tx, user, with_prompts=with_prompts, since=since, until=until
            )
            removed = await _remove(step, targets.ids)
            await _update_trees(step, targets.trees, removed)

        return await self._purge(work, preview=preview)

    async def _purge(self, work: Callable[[Step], Awaitable[None]], *, preview: bool) -> PurgeResult:
        started = monotonic()

        async def counted(step: Step) -> tuple[PostCounts, PostCounts]:
            await leaderboards.apply_credits(step.tx, now=step.now)
            before = await leaderboards.system_stats(step.tx)
            await work(step)
            await leaderboards.apply_credits(step.tx, now=step.now)
            return before, await leaderboards.system_stats(step.tx)

        if preview:
            before, after = await self._context.store.dry_run(self._action(counted))
        else:
            before, after = await self.act(counted)
        return PurgeResult(before, after, preview, monotonic() - started)

    # Merging

    async def merge(self, destination: str, sources: Sequence[str]) -> None:
        """Give all that the source users did to the destination user, and remove the sources.

        Raise UserNotFound, or StillChanging when the figures of a user concerned do not stop changing.
        """
        merged = sorted({*sources} - {destination})

        async def work(step: Step) -> None:
            await _lock_affected_trees(step.tx, [destination, *merged])
            trees: set[str] = set()
            authors: set[str] = set()
            for source in merged:
                result = await graph.moderation.merge_into(step.tx, source, destination, now=step.now)
                trees |= result.trees
                authors |= result.authors
            # The author of a waiting prompt may be away now, or is no longer.
            for tree in sorted(trees.union(await graph.users.prompts(step.tx, destination))):
                await tree_lifecycle.reevaluate(step, tree)
            for source in merged:  # last: whoever holds the ledger of figures waits for nobody else
                await leaderboards.delete_figures(step.tx, source)
            await leaderboards.recount(step.tx, sorted({destination, *authors} - {*merged}), now=step.now)

        await self.act(work)

    async def act(self, work: Callable[[Step], Awaitable[T]]) -> T:
        """Run one action in one transaction, with what it means for the leaderboards."""
        return await self._context.store.transact(self._action(work), no_timeout=True)

    def _action(self, work: Callable[[Step], Awaitable[T]]) -> Callable[[Tx], Awaitable[T]]:
        """One action: `work`, and what it means for the leaderboards."""

        async def action(tx: Tx) -> T:
            step = self._context.step(tx)
            result = await work(step)
            await leaderboards.apply_credits(tx, now=step.now)
            return result

        return action


async def _advance_all(step: Step, trees: Iterable[str]) -> None:
    for tree in sorted(trees):
        await tree_lifecycle.advance(step, tree)


async def _lock_affected_trees(tx: Tx, users: Sequence[str]) -> Sequence[str]:
    """Lock users, and the trees that change when they go; return those trees. Raise UserNotFound.

    Trees come first, as everywhere. They are sought again then: an answer may have come before the users' locks.
    """
    affected = await graph.moderation.lock_affected_trees(tx, users)
    if missing := {*users} - {*affected.known}:
        raise UserNotFound(id=min(missing))
    await graph.moderation.lock_users(tx, users)
    return (await graph.moderation.lock_affected_trees(tx, users)).trees


async def _remove(step: Step, ids: Sequence[str]) -> list[RemovedTree]:
    await leaderboards.credit_posts(step.tx, ids, "removed")
    return await graph.moderation.remove(step.tx, ids, now=step.now)


async def _update_trees(step: Step, affected: Iterable[str], removed: Sequence[RemovedTree]) -> None:
    """Carry on the trees that are left; others take the place of those that are not."""
    for tree in sorted(set(affected) - {tree.id for tree in removed}):
        await tree_lifecycle.reevaluate(step, tree)
    for tree in removed:
        await tree_lifecycle.after_removal(step, tree.lang, tree.state)
