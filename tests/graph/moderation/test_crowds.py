"""Random crowds work while moderators moderate; what must be true is true after each step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import EmojiCode, EmojiOp
from oa_graph.errors import OaGraphError, RetriesExhausted, StoreUnavailable
from oa_graph.graph.session import Graph, KeyTaken, StatementRefused
from tests.builders import Worker, answer_for, person
from tests.graph.moderation.moderator import Moderator
from tests.invariants import broken, same_when_counted_anew

pytestmark = pytest.mark.anyio

STEPS = 50
FAULTS = (StatementRefused, KeyTaken, RetriesExhausted, StoreUnavailable)

QUIET = {
    "work": 60,
    "delete": 4,
    "undelete": 6,
    "halt": 1,
    "unhalt": 2,
    "edit": 1,
    "react": 3,
    "ban": 2,
    "pardon": 3,
    "end": 1,
    "delete_of": 1,
    "purge": 1,
    "purge_posts": 1,
    "merge": 1,
}
WILD = QUIET | {"work": 25, "merge": 2, "purge": 2}
"""Moderators are as many as workers, and get in each other's way."""

RULES: tuple[Limits, ...] = (
    Limits(goal_tree_size=4, max_tree_depth=2, num_reviews_reply=1, num_reviews_initial_prompt=1, max_active_trees=2),
    Limits(goal_tree_size=3, max_tree_depth=1, num_reviews_reply=1, num_reviews_initial_prompt=1, max_active_trees=1),
    Limits(
        goal_tree_size=5,
        max_tree_depth=3,
        num_prompter_replies=2,
        num_reviews_reply=2,
        num_reviews_initial_prompt=1,
        num_required_rankings=1,
        rank_prompter_replies=True,
        auto_mod_red_flags=2,
        auto_mod_max_skip_reply=2,
    ),
)


class Play:
    """A crowd, a moderator, and all that there is to moderate."""

    def __init__(self, graph: Graph, limits: Limits, rng: Random) -> None:
        self.graph, self.rng = graph, rng
        self.office = Moderator(graph, limits, rng)
        self.crowd = [Worker(graph, limits, rng, person(f"worker {i}")) for i in range(6)]
        self.story: list[str] = []

    async def post(self) -> str:
        rows = await self.graph.execute("MATCH (p:Post) RETURN p.id AS id ORDER BY p.created, p.id")
        return str(self.rng.choice(rows)["id"])

    async def user(self) -> str:
        return (await self.rng.choice(self.crowd).user()).id

    async def work(self) -> None:
        who = self.rng.choice(self.crowd)
        task = await who.ask()
        if self.rng.random() < 0.1:
            await who.skip(task)
        elif self.rng.random() < 0.85:
            await who.ack(task)
            await who.settle(answer_for(task))

    async def delete(self) -> None:
        await self.office.delete(await self.post())

    async def undelete(self) -> None:
        await self.office.undelete(await self.post())

    async def halt(self) -> None:
        await self.office.halt(await self.post())

    async def unhalt(self) -> None:
        await self.office.unhalt(await self.post())

    async def edit(self) -> None:
        await self.office.edit(await self.post(), f"Edited {self.rng.random()}.")

    async def react(self) -> None:
        who, emoji = self.rng.choice(self.crowd).who, self.rng.choice([*EmojiCode])
        await self.office.react(await self.post(), emoji, self.rng.choice([*EmojiOp]), who=who)

    async def ban(self) -> None:
        await self.office.change(await self.user(), enabled=False)

    async def pardon(self) -> None:
        await self.office.change(await self.user(), enabled=True)

    async def end(self) -> None:
        await self.office.anonymise(await self.user())

    async def delete_of(self) -> None:
        await self.office.delete_of(await self.user())

    async def purge(self) -> None:
        await self.office.purge(await self.user(), ban=False, preview=self.rng.random() < 0.3)

    async def purge_posts(self) -> None:
        await self.office.purge_posts(await self.user(), with_prompts=self.rng.random() < 0.5)

    async def merge(self) -> None:
        await self.office.merge(await self.user(), await self.user())

    async def step(self, weights: Mapping[str, int]) -> None:
        (name,) = self.rng.choices(list(weights), list(weights.values()))
        act: Callable[[], Awaitable[None]] = getattr(self, name)
        try:
            await act()
        except FAULTS:
            self.story.append(f"{name}, which is our fault")
            raise
        except (OaGraphError, IndexError) as error:  # an empty graph has no post to choose
            name = f"{name}: {error}"
        self.story.append(name)

    async def together(self, people: int, weights: Mapping[str, int]) -> None:
        await asyncio.gather(*(self.step(weights) for _ in range(people)))


@pytest.mark.parametrize("seed", range(6))
async def test_moderators_never_break_an_invariant(graph: Graph, seed: int) -> None:
    play = Play(graph, RULES[seed % len(RULES)], Random(seed))
    for i in range(STEPS):
        await play.step(QUIET)
        if i % 3 == 2 or not play.story[-1].startswith("work"):
            wrong = await broken(graph, play.office.limits)
            assert not wrong, "\n".join([*wrong, "after", *play.story])
    await same_when_counted_anew(graph)


@pytest.mark.parametrize("seed", range(3))
async def test_moderators_amid_a_crowd_never_break_an_invariant(graph: Graph, seed: int) -> None:
    play = Play(graph, RULES[seed], Random(seed))
    for _ in range(4):
        await play.together(8, QUIET)
        await play.together(8, QUIET)
        await play.together(16, WILD)
        wrong = await broken(graph, play.office.limits)
        assert not wrong, "\n".join([*wrong, "after", *play.story])
    await same_when_counted_anew(graph)
