"""A moderator: all that `oa_graph.moderation` does, in the fewest words."""

from __future__ import annotations

from datetime import datetime
from random import Random

from oa_graph import moderation
from oa_graph.graph.session import Graph
from oa_graph.model import EmojiCode, EmojiOp, Limits, Person, Post, Tree, User
from tests.builders import CLIENT, person

EVA = person("eva")


class Office:
    """A moderator at work."""

    def __init__(self, graph: Graph, limits: Limits, rng: Random) -> None:
        self.graph, self.limits, self.rng = graph, limits, rng

    async def delete(self, post: str) -> None:
        await moderation.delete(self.graph, self.limits, rng=self.rng, post=post)

    async def undelete(self, post: str) -> None:
        await moderation.undelete(self.graph, self.limits, rng=self.rng, post=post)

    async def delete_of(self, user: str) -> None:
        await moderation.delete_of(self.graph, self.limits, rng=self.rng, user=user)

    async def edit(self, post: str, text: str, *, editor: Person = EVA) -> None:
        await moderation.edit(self.graph, self.limits, client=CLIENT, person=editor, post=post, text=text)

    async def react(self, post: str, emoji: EmojiCode, op: EmojiOp = EmojiOp.TOGGLE, *, who: Person = EVA) -> Post:
        found, _ = await moderation.react(
            self.graph, self.limits, rng=self.rng, client=CLIENT, person=who, post=post, emoji=emoji, op=op
        )
        return found

    async def halt(self, post: str) -> Tree:
        return await moderation.halt(self.graph, self.limits, rng=self.rng, post=post)

    async def unhalt(self, post: str) -> Tree:
        return await moderation.unhalt(self.graph, self.limits, rng=self.rng, post=post)

    async def change(self, user: str, **changes: object) -> User:
        return await moderation.change(self.graph, self.limits, rng=self.rng, user=user, changes=changes)

    async def anonymise(self, user: str) -> None:
        await moderation.anonymise(self.graph, self.limits, rng=self.rng, user=user)

    async def purge(self, user: str, *, ban: bool = True, preview: bool = False) -> moderation.Purged:
        return await moderation.purge(self.graph, self.limits, rng=self.rng, user=user, ban=ban, preview=preview)

    async def purge_posts(
        self,
        user: str,
        *,
        with_prompts: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
        preview: bool = False,
    ) -> moderation.Purged:
        return await moderation.purge_posts(
            self.graph,
            self.limits,
            rng=self.rng,
            user=user,
            with_prompts=with_prompts,
            since=since,
            until=until,
            preview=preview,
        )

    async def merge(self, destination: str, *sources: str) -> None:
        await moderation.merge(self.graph, self.limits, rng=self.rng, destination=destination, sources=sources)
