"""Random crowds play with the whole protocol; what must be true is true after each step they take.

Each seed is one play: the rules, the people and all that they do follow from it (but for the places, which the graph
draws). What they did is told when an invariant breaks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from oa_graph.domain.limits import Limits, SamplingPolicy
from oa_graph.domain.tasks import LabelAnswer, RankingAnswer, Task, TaskKind, TextAnswer
from oa_graph.domain.trees import TreeState
from oa_graph.errors import OaGraphError, RetriesExhausted, StoreUnavailable
from oa_graph.graph.session import Graph, KeyTaken, StatementRefused
from oa_graph.moderation import Moderation
from tests.builders import Worker, answer_for, context_of, expire, labels_for, lapse, person, ranking_for, text_for
from tests.invariants import broken

pytestmark = pytest.mark.anyio

STEPS = 90
OURS = (StatementRefused, KeyTaken, RetriesExhausted, StoreUnavailable)
"""Faults that no crowd may bring about."""

RULES: tuple[Limits, ...] = (
    Limits(goal_tree_size=5, max_tree_depth=2, num_reviews_reply=1, num_reviews_initial_prompt=1, max_active_trees=2),
    Limits(goal_tree_size=4, max_tree_depth=1, num_reviews_reply=2, num_reviews_initial_prompt=1, max_active_trees=1),
    Limits(
        goal_tree_size=8,
        max_tree_depth=4,
        max_children_count=2,
        num_prompter_replies=2,
        num_reviews_reply=1,
        num_reviews_initial_prompt=2,
        num_required_rankings=2,
        rank_prompter_replies=True,
        sampling=SamplingPolicy.FEWEST_REPLIES,
    ),
    Limits(
        goal_tree_size=3,
        num_reviews_reply=1,
        num_reviews_initial_prompt=1,
        num_required_rankings=1,
        auto_mod_max_skip_reply=2,
        auto_mod_red_flags=1,
        sampling=SamplingPolicy.UNIFORM,
    ),
    Limits(goal_tree_size=1, num_reviews_initial_prompt=1, num_prompt_rankings=1, prompts_to_rank=2),
)


@dataclass
class Play:
    """A crowd and all that it holds."""

    graph: Graph
    limits: Limits
    rng: Random
    crowd: list[Worker]
    held: list[tuple[Worker, Task]] = field(default_factory=list[tuple[Worker, Task]])
    """Tasks in somebody's hands, some of them answered long ago."""
    story: list[str] = field(default_factory=list[str])

    def somebody(self) -> Worker:
        return self.rng.choice(self.crowd)

    def something(self) -> tuple[Worker, Task]:
        return self.rng.choice(self.held)

    async def work(self) -> None:
        """Everything at once, as most people do."""
        who = self.somebody()
        task = await who.ask()
        self.held.append((who, task))
        await who.ack(task)
        await who.settle(self._mostly_good(task))

    async def ask(self) -> None:
        who = self.somebody()
        kind = self.rng.choice([None, None, None, *TaskKind])
        task = await who.ask(kind, collective=self.rng.random() < 0.05)
        self.held.append((who, task))

    async def ack(self) -> None:
        who, task = self.something()
        await who.ack(task)

    async def answer(self) -> None:
        who, task = self.something()
        await who.ack(task)
        await who.settle(self._mostly_good(task))

    async def answer_unacknowledged(self) -> None:
        who, task = self.something()
        await who.settle(answer_for(task))

    async def answer_for_another(self) -> None:
        _, task = self.something()
        await self.somebody().settle(answer_for(task))

    async def answer_wrongly(self) -> None:
        who, task = self.something()
        await who.settle(
            self.rng.choice(
                [
                    text_for(task, text="x" * (self.limits.message_size_limit + 1)),
                    text_for(task, text="The same as ever.", frontend_id="the same as ever"),
                    ranking_for(task, 0, 0),
                    LabelAnswer(task.id, "no post", "", {"spam": 0.0}, is_report=False),
                    LabelAnswer(task.id, task.thread[-1].id if task.thread else "", "", {}, is_report=False),
                ]
            )
        )

    async def skip(self) -> None:
        who, task = self.something()
        await who.skip(task)

    async def report(self) -> None:
        _, task = self.something()
        if task.thread:
            await self.somebody().report(self.rng.choice(task.thread).id)

    async def lapse(self) -> None:
        await lapse(self.graph, self.something()[1])

    async def expire(self) -> None:
        await expire(self.graph, self.something()[1])

    async def disable(self) -> None:
        who, enabled = await self.somebody().user(), self.rng.random() < 0.5
        changes = {"enabled": enabled}
        await Moderation(context_of(self.graph, self.limits, self.rng)).change_user(who.id, changes)

    def _mostly_good(self, task: Task) -> TextAnswer | RankingAnswer | LabelAnswer:
        if task.form is not None:
            return labels_for(task, spam=float(self.rng.random() < 0.2))
        if task.candidates:
            order = self.rng.sample(range(len(task.candidates)), len(task.candidates))
            return ranking_for(task, *order, not_rankable=self.rng.random() < 0.1)
        return text_for(task)

    async def step(self) -> None:
        steps: dict[Callable[[], Awaitable[None]], int] = {self.work: 100, self.ask: 20}
        if self.held:
            steps |= {
                self.answer: 20,
                self.ack: 3,
                self.answer_unacknowledged: 2,
                self.answer_for_another: 2,
                self.answer_wrongly: 3,
                self.skip: 3,
                self.report: 1,
                self.lapse: 4,
                self.expire: 1,
                self.disable: 1,
            }
        (step,) = self.rng.choices(list(steps), list(steps.values()))
        name = getattr(step, "__name__", "")
        try:
            await step()
        except OURS:
            self.story.append(f"{name}, which is our fault")
            raise
        except OaGraphError as error:
            name = f"{name}: {error}"
        self.story.append(name)
        self.held = self.held[-12:]


@pytest.mark.parametrize("seed", range(10))
async def test_a_random_crowd_never_breaks_an_invariant(graph: Graph, seed: int) -> None:
    rng = Random(seed)
    limits = replace(RULES[seed % len(RULES)], max_pending_tasks_per_user=50)
    play = Play(graph, limits, rng, [Worker(graph, limits, rng, person(f"worker {i}")) for i in range(7)])
    for i in range(STEPS):
        await play.step()
        if i % 4 == 3:
            wrong = await broken(graph, limits)
            assert not wrong, "\n".join([*wrong, "after", *play.story])
    states = await graph.execute("MATCH (tree:Tree) RETURN tree.state AS state")
    assert {row["state"] for row in states} - {TreeState.INITIAL_PROMPT_REVIEW}, "this crowd got nowhere"


@pytest.mark.parametrize("seed", range(5))
async def test_a_crowd_that_does_everything_at_once_never_breaks_an_invariant(graph: Graph, seed: int) -> None:
    rng = Random(seed)
    limits = replace(RULES[seed], max_pending_tasks_per_user=50)
    play = Play(graph, limits, rng, [Worker(graph, limits, rng, person(f"worker {i}")) for i in range(16)])
    for _ in range(8):
        await asyncio.gather(*(play.step() for _ in range(24)))
        wrong = await broken(graph, limits)
        assert not wrong, "\n".join([*wrong, "after", *play.story])
