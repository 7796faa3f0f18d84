"""All frontends at once, until trees are done: the whole work, and every response on the way is complete."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.http.clients import shapes
from tests.http.clients.conftest import SMALL, Open
from tests.http.clients.oasst_client import DiscordBot
from tests.http.clients.website import Visitor, Website

pytestmark = pytest.mark.anyio

ROUNDS = 28
"""Nobody asks more often than the rate limit lets him."""


@pytest.fixture
def limits(limits: Any) -> Any:
    """Deeper trees and more opinions; places that a bot leaves come back at once."""
    deeper = {"max_tree_depth": 3, "num_reviews_initial_prompt": 2, "num_reviews_reply": 2, "num_required_rankings": 2}
    small = {"max_active_trees": 2, "max_initial_prompt_review": 2, "max_prompt_lottery_waiting": 3, "lease_sec": 1}
    return replace(limits, **{**SMALL, **deeper, **small, "p_full_labeling_review_reply_prompter": 0.5})


async def test_all_frontends_together_grow_trees_until_they_are_exported(
    website: Website, discord: DiscordBot, terminal: Open, script: Open
) -> None:
    visitors = [website.visitor(name) for name in ("ada", "bob", "cat", "dan", "zoë")]
    terminals = [await terminal(name) for name in ("ada", "eve")]
    workers = [*visitors, discord, *terminals, await script("4711")]
    for worker in [*visitors[:4], *terminals]:
        await (worker.sign_in() if isinstance(worker, Visitor) else worker.register())
    seen: list[shapes.Task] = []
    done: list[str] = []
    for _ in range(ROUNDS):
        await asyncio.gather(*(visitor.dashboard() for visitor in visitors))
        tasks = await asyncio.gather(*(worker.work() for worker in workers))
        seen.extend(task for task in tasks if task)
        done = await exported(visitors[0], seen)
        if len(done) >= 2:
            break
        if not any(tasks):
            await asyncio.sleep(0.2)
    assert len(done) >= 2, sorted(task.type for task in seen)
    kinds = {task.type for task in seen}
    assert kinds >= {"initial_prompt", "assistant_reply", "label_initial_prompt", "label_assistant_reply"}
    assert "rank_assistant_replies" in kinds
    for root in done:
        await check_finished(visitors[0], root)


async def exported(visitor: Visitor, seen: list[shapes.Task]) -> list[str]:
    """The roots of the trees that are done, of those that somebody worked on."""
    roots = {str(thread[0].id) for thread in map(shapes.thread, seen) if thread}
    states = [await visitor.tree_state(root) for root in sorted(roots)]
    return [state.message_tree_id for state in states if state.state == "ready_for_export"]


async def check_finished(visitor: Visitor, root: str) -> None:
    """A done tree has its goal, and an order among the replies to each message."""
    state = await visitor.tree_state(root)
    assert state.active is False
    tree = await visitor.tree(root, include_spam=False)
    assert tree.id == root
    assert len(tree.messages) >= state.goal_tree_size
    assert {message.review_result for message in tree.messages} == {True}
    for parent in tree.messages:
        ranks = sorted(
            message.rank if message.rank is not None else -1
            for message in tree.messages
            if message.parent_id == parent.id and message.is_assistant
        )
        assert ranks in ([], [-1], list(range(len(ranks))))
