"""The trees that a crowd has come across: their states, and what is in one of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .client import CallFailed
from .stage import Stage
from .wire import Tree, TreePost

READY = "ready_for_export"
FINAL = frozenset({READY, "aborted_low_grade", "halted_by_moderator", "scoring_failed"})
"""Trees in these states are not asked about again."""
EVERY = 0.8
"""Seconds between two looks at the trees that bots have touched."""
ALL_EVERY = 8
"""Every so many looks go to all trees: a lottery changes trees that nobody has touched."""
AT_ONCE = 4
"""Questions to the server at the same time; the crowd should have it for itself."""


@dataclass(slots=True)
class Forest:
    """The states of the trees that bots of a stage have seen; others are not known here."""

    stage: Stage
    states: dict[str, str] = field(default_factory=dict[str, str])
    """By tree id; a tree that was seen and not yet asked about is not there."""

    def ready(self) -> list[str]:
        """The trees that are finished."""
        return [tree for tree, state in self.states.items() if state == READY]

    def counts(self) -> Counter[str]:
        """How many trees are in each state."""
        return Counter(self.states.values())

    async def watch(self) -> None:
        """Keep the states up to date until cancelled."""
        looks = 0
        while True:
            await self.look(everywhere=looks % ALL_EVERY == 0)
            looks += 1
            await asyncio.sleep(EVERY)

    async def look(self, *, everywhere: bool) -> None:
        """Ask for the states of trees touched since the last look, or of all that may still change."""
        asked = self.stage.touched | (self.states.keys() if everywhere else set[str]())
        self.stage.touched.clear()
        places = asyncio.Semaphore(AT_ONCE)

        async def ask(tree: str) -> None:
            async with places:
                try:
                    self.states[tree] = (await self.stage.client.tree_state(tree)).state
                except CallFailed:
                    self.stage.touched.add(tree)  # it is in the ledger; the next look asks again

        await asyncio.gather(*(ask(tree) for tree in asked if self.states.get(tree) not in FINAL))


def replies(tree: Tree, parent: TreePost) -> list[TreePost]:
    """The live, accepted replies to a post, best first, those without a rank last."""
    found = (post for post in tree.messages if post.parent_id == parent.id and post.review_result and not post.deleted)
    return sorted(found, key=lambda post: (post.rank is None, post.rank or 0, post.id or ""))


def root(tree: Tree) -> TreePost | None:
    """The prompt of a tree."""
    return next((post for post in tree.messages if post.id == tree.id), None)


def best_thread(tree: Tree) -> Sequence[TreePost]:
    """From the prompt to the best reply, and to the best reply to that, as far as it goes."""

    def descend() -> Iterator[TreePost]:
        post = root(tree)
        while post is not None:
            yield post
            post = next(iter(replies(tree, post)), None)

    return tuple(descend())
