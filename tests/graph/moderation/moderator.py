"""A moderator: all that `oa_graph.moderation` does, in the fewest words."""

from __future__ import annotations

from datetime import datetime
from random import Random

from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import EmojiCode, EmojiOp, Post
from oa_graph.domain.trees import Tree
from oa_graph.domain.users import User, UserIdentity
from oa_graph.graph.session import Graph
from oa_graph.moderation import Moderation, PurgeResult
from tests.builders import CLIENT, context_of, person

EVA = person("eva")


class Moderator:
    """A moderator at work."""

    def __init__(self, graph: Graph, limits: Limits, rng: Random) -> None:
        self.graph, self.limits, self.rng = graph, limits, rng

    @property
    def moderation(self) -> Moderation:
        return Moderation(context_of(self.graph, self.limits, self.rng))

    async def delete(self, post: str) -> None:
        await self.moderation.delete(post)

    async def undelete(self, post: str) -> None:
        await self.moderation.undelete(post)

    async def delete_of(self, user: str) -> None:
        await self.moderation.delete_posts_of(user)

    async def edit(self, post: str, text: str, *, editor: UserIdentity = EVA) -> None:
        await self.moderation.edit(post, text, client=CLIENT, user=editor)

    async def react(
        self, post: str, emoji: EmojiCode, op: EmojiOp = EmojiOp.TOGGLE, *, who: UserIdentity = EVA
    ) -> Post:
        seen, _ = await self.moderation.react(post, emoji, op, client=CLIENT, user=who)
        return seen

    async def halt(self, post: str) -> Tree:
        return await self.moderation.halt(post)

    async def unhalt(self, post: str) -> Tree:
        return await self.moderation.unhalt(post)

    async def change(self, user: str, **changes: object) -> User:
        return await self.moderation.change_user(user, changes)

    async def anonymise(self, user: str) -> None:
        await self.moderation.anonymise(user)

    async def purge(self, user: str, *, ban: bool = True, preview: bool = False) -> PurgeResult:
        return await self.moderation.purge(user, ban=ban, preview=preview)

    async def purge_posts(
        self,
        user: str,
        *,
        with_prompts: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
        preview: bool = False,
    ) -> PurgeResult:
        return await self.moderation.purge_posts(
            user, with_prompts=with_prompts, since=since, until=until, preview=preview
        )

    async def merge(self, destination: str, *sources: str) -> None:
        await self.moderation.merge(destination, sources)
