"""A collective task is answered by many, until it is closed."""

from __future__ import annotations

from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import Task, TaskKind, TextAnswer
from oa_graph.domain.trees import TreeState
from oa_graph.errors import TaskAlreadyDone
from oa_graph.graph.session import Graph
from tests.builders import (
    ADA,
    BOB,
    CAT,
    CLIENT,
    Worker,
    answer_for,
    at_once,
    labels_for,
    person,
    plant,
    ranking_for,
    text_for,
)
from tests.invariants import check

pytestmark = pytest.mark.anyio


def reply_of(worker: Worker, task: Task) -> TextAnswer:
    """Frontends give each message an id of its own."""
    return text_for(task, text=f"By {worker.who.name}.", frontend_id=f"post of {worker.who.name}")


@pytest.fixture
def trio(graph: Graph, limits: Limits, rng: Random) -> tuple[Worker, Worker, Worker]:
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    return ada, bob, cat


async def shared(worker: Worker, kind: TaskKind) -> Task:
    task = await worker.ask(kind, collective=True)
    await worker.ack(task)
    return task


async def test_many_people_reply_to_one_post_until_the_task_is_closed(
    graph: Graph, limits: Limits, trio: tuple[Worker, Worker, Worker]
) -> None:
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob, cat = trio
    task = await shared(ada, TaskKind.ASSISTANT_REPLY)
    ids = {await worker.settle(reply_of(worker, task)) for worker in (ada, bob)}
    assert len(ids) == 2
    await check(graph, limits)
    first = await ada.tasks.close(f"ack {task.id}", client=CLIENT)
    assert first not in ids
    with pytest.raises(TaskAlreadyDone):
        await cat.settle(reply_of(cat, task))
    assert await bob.settle(reply_of(bob, task)) in ids
    await check(graph, limits)


async def test_nobody_replies_twice_to_a_collective_task(
    graph: Graph, limits: Limits, trio: tuple[Worker, Worker, Worker]
) -> None:
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob, _ = trio
    task = await shared(ada, TaskKind.ASSISTANT_REPLY)
    await bob.settle(reply_of(bob, task))
    with pytest.raises(TaskAlreadyDone):
        await bob.settle(text_for(task, text="Another.", frontend_id="another"))


async def test_many_people_review_one_post_until_it_has_enough(
    graph: Graph, limits: Limits, trio: tuple[Worker, Worker, Worker]
) -> None:
    planted = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada, bob, _ = trio
    task = await shared(ada, TaskKind.LABEL_ASSISTANT_REPLY)
    for worker in trio:
        await worker.settle(labels_for(task))
    (row,) = await graph.execute("MATCH (p:Post {id: $id}) RETURN p.accepted AS accepted", id=planted["Water."])
    assert row["accepted"] is True
    with pytest.raises(TaskAlreadyDone):
        await bob.settle(labels_for(task, quality=1.0))
    await check(graph, limits)


async def test_many_people_rank_and_the_tree_is_scored(
    graph: Graph, limits: Limits, trio: tuple[Worker, Worker, Worker]
) -> None:
    await plant(graph, {"Which?": {"P": {}, "Q": {}}}, state=TreeState.RANKING, limits=limits)
    task = await shared(trio[0], TaskKind.RANK_ASSISTANT_REPLIES)
    for worker in trio:
        await worker.settle(ranking_for(task, 1, 0))
    rows = await graph.execute("MATCH (p:Post {depth: 1}) RETURN p.id AS id, p.rank AS rank")
    assert {row["id"]: row["rank"] for row in rows} == {task.candidates[1].id: 0, task.candidates[0].id: 1}
    await check(graph, limits)


async def test_many_prompts_come_from_one_task(
    graph: Graph, limits: Limits, trio: tuple[Worker, Worker, Worker]
) -> None:
    task = await shared(trio[0], TaskKind.INITIAL_PROMPT)
    for worker in trio:
        await worker.settle(reply_of(worker, task))
    (row,) = await graph.execute("MATCH (t:Tree) RETURN count(t) AS trees")
    assert row["trees"] == 3
    await check(graph, limits)


async def test_somebody_never_seen_before_joins_in(
    graph: Graph, limits: Limits, trio: tuple[Worker, Worker, Worker]
) -> None:
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    task = await shared(trio[0], TaskKind.LABEL_ASSISTANT_REPLY)
    stranger = Worker(graph, limits, Random(1), person("stranger"))
    assert await stranger.settle(answer_for(task))


async def test_everybody_at_once(graph: Graph) -> None:
    limits = Limits(num_reviews_reply=40)
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    crowd = [Worker(graph, limits, Random(i), person(f"worker {i}")) for i in range(32)]
    task = await shared(crowd[0], TaskKind.LABEL_ASSISTANT_REPLY)
    done, failed = await at_once(worker.settle(labels_for(task)) for worker in crowd)
    assert failed == []
    assert len(set(done)) == 32
    (row,) = await graph.execute("MATCH (p:Post {depth: 1}) RETURN p.reviews AS reviews")
    assert row["reviews"] == 32
    await check(graph, limits)


async def test_closing_gives_the_place_back_at_once(graph: Graph, rng: Random) -> None:
    limits = Limits(max_children_count=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    task = await shared(ada, TaskKind.ASSISTANT_REPLY)
    await ada.tasks.close(f"ack {task.id}", client=CLIENT)
    await check(graph, limits)
    assert await bob.ask(TaskKind.ASSISTANT_REPLY)


async def test_one_who_skips_leaves_the_task_to_the_others(graph: Graph, rng: Random) -> None:
    limits = Limits(max_children_count=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    task = await shared(ada, TaskKind.ASSISTANT_REPLY)
    await ada.skip(task)
    await check(graph, limits)
    assert await bob.settle(reply_of(bob, task))
    await check(graph, limits)


async def test_a_collective_task_never_expires(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(graph, {"What is rain?": {}}, limits=limits)
    await shared(Worker(graph, limits, rng, ADA), TaskKind.ASSISTANT_REPLY)
    (row,) = await graph.execute("MATCH (t:Task) RETURN t.expires AS expires")
    assert row["expires"] is None
