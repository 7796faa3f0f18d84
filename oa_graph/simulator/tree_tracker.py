"""The states and contents of the trees that a crowd sees."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from oa_graph.client import ClientError, Message, Tree

from .run import Run

READY = "ready_for_export"
FINAL = frozenset({READY, "aborted_low_grade", "halted_by_moderator", "scoring_failed"})
"""Trees in these states are not updated."""
UPDATE_INTERVAL = 0.8
"""Seconds between two updates of the trees that bots touched."""
FULL_UPDATE_EVERY = 8
"""Every n-th update covers all trees: a lottery changes trees that no bot touched."""
MAX_CONCURRENT = 4
"""Concurrent calls; a small number, so that they do not slow down the crowd."""


@dataclass(slots=True)
class TreeTracker:
    """The states of the trees that the bots of a run saw."""

    run: Run
    states: dict[str, str] = field(default_factory=dict[str, str])
    """By tree id; a tree appears with its first update."""

    def ready(self) -> list[str]:
        """Return the finished trees."""
        return [tree for tree, state in self.states.items() if state == READY]

    def counts(self) -> Counter[str]:
        """Return the number of trees in each state."""
        return Counter(self.states.values())

    async def watch(self) -> None:
        """Update the states until cancelled."""
        count = 0
        while True:
            await self.update(everywhere=count % FULL_UPDATE_EVERY == 0)
            count += 1
            await asyncio.sleep(UPDATE_INTERVAL)

    async def update(self, *, everywhere: bool) -> None:
        """Fetch the states of trees touched since the last update, or of all trees that may change."""
        trees = self.run.touched_trees | (self.states.keys() if everywhere else set[str]())
        self.run.touched_trees.clear()
        semaphore = asyncio.Semaphore(MAX_CONCURRENT)

        async def update_tree(tree: str) -> None:
            async with semaphore:
                try:
                    self.states[tree] = (await self.run.client.tree_state(tree)).state
                except ClientError:
                    self.run.touched_trees.add(tree)  # the next update tries again

        await asyncio.gather(*(update_tree(tree) for tree in trees if self.states.get(tree) not in FINAL))


def replies(tree: Tree, parent: Message) -> list[Message]:
    """Return the live, accepted replies to a post, best first, those without a rank last."""
    accepted = (
        post for post in tree.messages if post.parent_id == parent.id and post.review_result and not post.deleted
    )
    return sorted(accepted, key=lambda post: (post.rank is None, post.rank or 0, post.id or ""))


def root(tree: Tree) -> Message | None:
    """Return the prompt of a tree."""
    return next((post for post in tree.messages if post.id == tree.id), None)


def best_thread(tree: Tree) -> Sequence[Message]:
    """Return the thread that follows the best reply at each step."""

    def descend() -> Iterator[Message]:
        post = root(tree)
        while post is not None:
            yield post
            post = next(iter(replies(tree, post)), None)

    return tuple(descend())
