"""A tree grows from its prompt to its export by nothing but the steps that people take."""

from __future__ import annotations

from random import Random

import pytest

from oa_graph.errors import NothingToHandOut
from oa_graph.graph import posts, trees
from oa_graph.graph.session import Graph, Row
from oa_graph.model import Limits, TaskKind, TreeState
from tests.builders import Hands, person

pytestmark = pytest.mark.anyio


async def test_a_crowd_takes_a_prompt_to_its_export(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=5, max_tree_depth=2, max_children_count=3, num_reviews_reply=2)
    crowd = [Hands(graph, limits, rng, person(f"worker {i}")) for i in range(12)]
    await crowd[0].write(await crowd[0].ask(TaskKind.INITIAL_PROMPT), "What is rain?")
    states: list[Row] = []
    for _ in range(400):
        hands = rng.choice(crowd)
        try:
            task = await hands.ask()
        except NothingToHandOut:
            continue
        match task.kind.value.split("_")[0]:
            case "label":
                await hands.label(task, spam=float(rng.random() < 0.1))
            case "rank":
                await hands.rank(task)
            case _ if task.kind is TaskKind.INITIAL_PROMPT:
                await hands.skip(task)
            case _:
                await hands.write(task)
        states = await graph.execute("MATCH (t:Tree) RETURN t.state AS state, t.id AS id")
        if all(row["state"] == TreeState.READY_FOR_EXPORT for row in states):
            break
    (row,) = states
    assert row["state"] == TreeState.READY_FOR_EXPORT
    found = await posts.tree_posts(graph, row["id"], viewer=None, include_rejected=True, include_deleted=True)
    assert sum(each.accepted is True for each in found) >= 5
    assert all((each.role == "prompter") == (each.depth % 2 == 0) for each in found)
    siblings = [each for each in found if each.depth == 1 and each.accepted]
    if len(siblings) > 1:
        assert sorted(each.rank for each in siblings if each.rank is not None) == list(range(len(siblings)))
    assert (await trees.tree_of(graph, row["id"])).won_lottery is not None
