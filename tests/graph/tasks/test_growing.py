"""A tree grows from its prompt to its export by nothing but the steps that people take."""

from __future__ import annotations

from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import NothingToHandOut
from oa_graph.graph import posts, trees
from oa_graph.graph.session import Graph, Row
from tests.builders import Worker, person, plant, state_of

pytestmark = pytest.mark.anyio


async def test_a_crowd_takes_a_prompt_to_its_export(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=5, max_tree_depth=2, max_children_count=3, num_reviews_reply=2)
    crowd = [Worker(graph, limits, rng, person(f"worker {i}")) for i in range(12)]
    await crowd[0].write(await crowd[0].ask(TaskKind.INITIAL_PROMPT), "What is rain?")
    states: list[Row] = []
    for _ in range(400):
        worker = rng.choice(crowd)
        try:
            task = await worker.ask()
        except NothingToHandOut:
            continue
        match task.kind.value.split("_")[0]:
            case "label":
                await worker.label(task, spam=float(rng.random() < 0.1))
            case "rank":
                await worker.rank(task)
            case _ if task.kind is TaskKind.INITIAL_PROMPT:
                await worker.skip(task)
            case _:
                await worker.write(task)
        states = await graph.execute("MATCH (t:Tree) RETURN t.state AS state, t.id AS id")
        if all(row["state"] == TreeState.READY_FOR_EXPORT for row in states):
            break
    (row,) = states
    assert row["state"] == TreeState.READY_FOR_EXPORT
    tree_posts = await posts.tree_posts(graph, row["id"], viewer=None, include_rejected=True, include_deleted=True)
    assert sum(post.accepted is True for post in tree_posts) >= 5
    assert all((post.role == "prompter") == (post.depth % 2 == 0) for post in tree_posts)
    siblings = [post for post in tree_posts if post.depth == 1 and post.accepted]
    if len(siblings) > 1:
        assert sorted(post.rank for post in siblings if post.rank is not None) == list(range(len(siblings)))
    assert (await trees.tree_of(graph, row["id"])).won_lottery is not None


async def test_replies_are_ranked_while_the_tree_grows_when_a_limit_says_so(graph: Graph, rng: Random) -> None:
    limits = Limits(rank_while_growing=True, max_children_count=2, num_required_rankings=2, goal_tree_size=20)
    planted = await plant(
        graph,
        {
            "Which?": {"This.": {}, "That.": {}},
        },
        {"Undecided?": {"Yes.": {}, "?No.": {}}},
        limits=limits,
    )
    judges = [Worker(graph, limits, rng, person(f"judge {i}")) for i in range(3)]
    for judge in judges[:2]:
        task = await judge.ask(TaskKind.RANK_ASSISTANT_REPLIES)
        assert task.thread[-1].id == planted["Which?"]
        first = next(i for i, post in enumerate(task.candidates) if post.text == "That.")
        await judge.rank(task, (first, 1 - first))
    with pytest.raises(NothingToHandOut):
        await judges[2].ask(TaskKind.RANK_ASSISTANT_REPLIES)
    assert await state_of(graph, planted["Which?"]) is TreeState.GROWING
    rows = await graph.execute(
        "MATCH (p:Post) WHERE p.rank IS NOT NULL RETURN p.text AS text, p.rank AS rank ORDER BY rank"
    )
    assert rows == [{"text": "That.", "rank": 0}, {"text": "This.", "rank": 1}]


async def test_a_parent_that_was_ranked_takes_no_more_replies(graph: Graph, rng: Random) -> None:
    limits = Limits(rank_while_growing=True, max_children_count=2, num_required_rankings=1, max_tree_depth=1)
    planted = await plant(graph, {"Which?": {"This.": {}, "That.": {}, "?More.": {}}}, limits=limits)
    judge = Worker(graph, limits, rng, person("judge"))
    with pytest.raises(NothingToHandOut):
        await judge.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    for i in range(limits.num_reviews_reply):
        reviewer = Worker(graph, limits, rng, person(f"reviewer {i}"))
        await reviewer.label(await reviewer.ask(TaskKind.LABEL_ASSISTANT_REPLY), spam=1.0)
    # A tree whose parents take no replies is full; this one is ranked at once.
    assert await state_of(graph, planted["Which?"]) is TreeState.RANKING
