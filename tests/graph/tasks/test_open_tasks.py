"""The open tasks of a user: what was handed out, until it is answered, skipped or expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from oa_graph.context import utc_now
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import OpenTask, Task, TaskKind
from oa_graph.errors import TaskNotFound
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, Worker, expire, lapse, plant, questions
from tests.graph.tasks.work import KINDS, plant_all

pytestmark = pytest.mark.anyio

TYPING = TaskKind.ASSISTANT_REPLY


@pytest.fixture
def ada(graph: Graph, limits: Limits, rng: Random) -> Worker:
    return Worker(graph, limits, rng, ADA)


async def test_tasks_of_each_kind_are_listed_as_they_were_handed_out_newest_first(
    graph: Graph, limits: Limits, ada: Worker
) -> None:
    await plant_all(graph, limits)
    start = utc_now()
    tasks: list[Task] = []
    for i, kind in enumerate(KINDS):
        ada.clock = lambda i=i: start + timedelta(seconds=i)
        tasks.append(await ada.ask(kind))
    open_tasks = [OpenTask(task, created=start + timedelta(seconds=i), message_id=None) for i, task in enumerate(tasks)]
    assert await ada.open_tasks() == open_tasks[::-1]
    assert [await ada.open_task(task) for task in tasks] == open_tasks


async def test_the_ack_the_renewed_lease_and_a_lapsed_one_are_told(graph: Graph, ada: Worker) -> None:
    await plant(graph, *questions(1))
    task = await ada.ask(TYPING)
    await ada.ack(task, "m-1")
    lease = await ada.keep(task)
    (listed,) = await ada.open_tasks()
    assert listed.message_id == "m-1"
    assert lease is not None
    assert listed.task == replace(task, lease_until=lease.until)
    await lapse(graph, task)
    (listed,) = await ada.open_tasks()
    assert listed.task == replace(task, lease_until=None)


async def test_what_is_answered_skipped_or_expired_is_not_open_nor_what_others_have(
    graph: Graph, limits: Limits, ada: Worker
) -> None:
    await plant(graph, *questions(6))
    bob = Worker(graph, limits, ada.rng, BOB)
    answered, skipped, expired, late = [await ada.ask(TYPING) for _ in range(4)]
    theirs = await bob.ask(TYPING)
    await ada.write(answered)
    await ada.skip(skipped)
    await expire(graph, expired)
    assert [listed.task.id for listed in await ada.open_tasks()] == [late.id]
    assert [listed.task.id for listed in await bob.open_tasks()] == [theirs.id]
    assert (await ada.open_task(late)).task.id == late.id
    for task in (answered, skipped, expired, theirs):
        with pytest.raises(TaskNotFound):
            await ada.open_task(task)
    await ada.write(late)
    assert await ada.open_tasks() == []


async def test_a_collective_task_stays_open_until_it_is_closed(graph: Graph, ada: Worker) -> None:
    await plant(graph, *questions(1))
    task = await ada.ask(TYPING, collective=True)
    await ada.ack(task, "m-1")
    assert [listed.task for listed in await ada.open_tasks()] == [task]
    await ada.tasks.close("m-1", client=ada.client)
    assert await ada.open_tasks() == []


async def test_authors_are_hidden_where_the_limits_hide_them_in_tasks(
    graph: Graph, limits: Limits, ada: Worker
) -> None:
    await plant(graph, *questions(1), author=BOB)
    task = await ada.ask(TYPING)
    assert not task.thread[0].hides_author
    ada.limits = replace(limits, hide_authors_of_unfinished_trees=True)
    (listed,) = await ada.open_tasks()
    assert listed.task.thread[0].hides_author
    assert await ada.open_task(task) == listed


async def test_at_most_the_hundred_newest_are_listed(graph: Graph, ada: Worker) -> None:
    user = await ada.user()
    now = utc_now()
    await graph.execute(
        """
        MATCH (user:User {id: $user}) UNWIND range(1, 120) AS i
        CREATE (user)-[:TOOK]->(:Task {id: 't' + i, kind: 'initial_prompt', client: 'client', holder: user.id,
          created: $now - duration({seconds: i}), collective: false})
        """,
        user=user.id,
        now=now,
    )
    assert [listed.task.id for listed in await ada.open_tasks()] == [f"t{i}" for i in range(1, 101)]
