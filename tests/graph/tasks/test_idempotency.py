"""A request with a key has one task, however often it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from oa_graph.domain.limits import Limits, Quota
from oa_graph.domain.tasks import Task, TaskKind
from oa_graph.domain.users import ApiClient
from oa_graph.errors import IdempotencyKeyReused, NothingToHandOut, TooManyPending, TooManyRequests
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, Worker, answer_for, at_once, expire, lapse, plant, questions, sent_statements
from tests.conftest import Server
from tests.flaky_proxy import Line, line
from tests.graph.tasks.work import KINDS, plant_all
from tests.invariants import check

pytestmark = pytest.mark.anyio

TYPING = TaskKind.ASSISTANT_REPLY
KEY = "0b5f8f0e-key"
AT_ONCE = 12


@pytest.fixture
def ada(graph: Graph, limits: Limits, rng: Random) -> Worker:
    return Worker(graph, limits, rng, ADA)


async def task_ids(graph: Graph) -> list[str]:
    return [str(row["id"]) for row in await graph.execute("MATCH (task:Task) RETURN task.id AS id")]


async def counts(graph: Graph) -> list[int]:
    return [row["count"] for row in await graph.execute("MATCH (quota:Quota) RETURN quota.count AS count")]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_request_gets_the_same_task(graph: Graph, limits: Limits, ada: Worker, kind: TaskKind) -> None:
    await plant_all(graph, limits)
    task = await ada.ask(kind, key=KEY)
    assert task.kind is kind
    for _ in range(2):
        assert await ada.ask(kind, key=KEY) == task
    assert await task_ids(graph) == [task.id]
    await ada.ack(task)
    assert await ada.settle(answer_for(task))
    await check(graph, limits)


async def test_a_request_for_any_kind_gets_the_same_task(graph: Graph, limits: Limits, ada: Worker) -> None:
    await plant_all(graph, limits)
    for key in range(12):
        task = await ada.ask(key=str(key))
        assert await ada.ask(key=str(key)) == task
        await ada.skip(task)


async def test_another_key_has_another_task_and_so_has_none(graph: Graph, ada: Worker) -> None:
    await plant(graph, *questions(4))
    tasks = [await ada.ask(TYPING, key=key) for key in ("a", "b", None, None)]
    assert len({task.id for task in tasks}) == 4
    rows = await graph.execute("MATCH (task:Task) WHERE task.request_hash IS NULL RETURN task.id AS id")
    assert {row["id"] for row in rows} == {task.id for task in tasks[2:]}


async def test_another_client_has_keys_of_its_own(graph: Graph, ada: Worker) -> None:
    await plant(graph, *questions(2))
    other = Worker(graph, ada.limits, ada.rng, ADA, ApiClient("another"))
    assert (await ada.ask(TYPING, key=KEY)).id != (await other.ask(TYPING, key=KEY)).id


THE_SAME: Mapping[str, Any] = {"kind": TYPING}
ANOTHER: list[Mapping[str, Any]] = [
    {"kind": TaskKind.PROMPTER_REPLY},
    {"kind": None},
    {"lang": "de"},
    {"langs": ("en", "de")},
    {"collective": True},
]


@pytest.mark.parametrize("another", ANOTHER, ids=str)
async def test_the_key_of_another_request_is_refused(graph: Graph, ada: Worker, another: Mapping[str, Any]) -> None:
    await plant(graph, *questions(3, "Water"))
    await ada.ask(TYPING, key=KEY)
    with pytest.raises(IdempotencyKeyReused, match=KEY):
        await ada.ask(key=KEY, **{**THE_SAME, **another})
    assert len(await task_ids(graph)) == 1


async def test_the_key_of_another_user_is_refused_and_of_the_same_with_a_new_display_name_is_not(
    graph: Graph, ada: Worker
) -> None:
    await plant(graph, *questions(3))
    task = await ada.ask(TYPING, key=KEY)
    with pytest.raises(IdempotencyKeyReused):
        await Worker(graph, ada.limits, ada.rng, BOB).ask(TYPING, key=KEY)
    ada.who = replace(ADA, display_name="Ada L.")
    assert (await ada.ask(TYPING, key=KEY)).id == task.id
    assert (await ada.ask(TYPING, langs=("en",), key=KEY)).id == task.id


async def test_the_task_stays_that_of_the_key_whatever_becomes_of_it(graph: Graph, limits: Limits, ada: Worker) -> None:
    await plant(graph, *questions(6))
    done, skipped, expired, late = [await ada.ask(TYPING, key=f"key {i}") for i in range(4)]
    await ada.write(done)
    await ada.skip(skipped)
    await expire(graph, expired)
    await lapse(graph, late)
    again = [await ada.ask(TYPING, key=f"key {i}") for i in range(4)]
    assert [task.lease_until for task in (again[0], again[1], again[3])] == [None] * 3
    assert [task.id for task in again] == [task.id for task in (done, skipped, expired, late)]
    assert [task.thread[-1].text for task in again] == [task.thread[-1].text for task in (done, skipped, expired, late)]
    assert len(await task_ids(graph)) == 4
    await check(graph, limits)


async def test_a_request_that_got_no_task_keeps_nothing(graph: Graph, ada: Worker) -> None:
    with pytest.raises(NothingToHandOut):
        await ada.ask(TYPING, key=KEY)
    await plant(graph, *questions(1))
    assert (await ada.ask(TYPING, key=KEY)).kind is TYPING


async def test_a_request_sent_again_counts_against_no_limit(graph: Graph, ada: Worker) -> None:
    await plant(graph, *questions(3))
    quotas = (Quota("of ada", limit=1, span_sec=60),)
    ada.limits = replace(ada.limits, max_pending_tasks_per_user=1)
    task = await ada.ask(TYPING, key=KEY, quotas=quotas)
    for _ in range(3):
        assert await ada.ask(TYPING, key=KEY, quotas=quotas) == task
    assert await counts(graph) == [1]
    with pytest.raises(TooManyRequests):
        await ada.ask(TYPING, key="another", quotas=quotas)
    with pytest.raises(TooManyPending):
        await ada.ask(TYPING, key="another")


@pytest.mark.parametrize("kind", [TYPING, TaskKind.INITIAL_PROMPT])
async def test_a_key_costs_no_further_statement(graph: Graph, ada: Worker, kind: TaskKind) -> None:
    await plant(graph, *questions(2))
    with sent_statements() as without:
        await ada.ask(kind)
    with sent_statements() as with_key:
        await ada.ask(kind, key=KEY)
    assert with_key.names == without.names
    with sent_statements() as again:
        await ada.ask(kind, key=KEY)
    assert again.names == ["tasks/lease_uniform", "tasks/reread_lease"]


# At the same instant


@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_request_sent_many_times_at_once_has_one_task(
    graph: Graph, limits: Limits, kind: TaskKind
) -> None:
    await plant_all(graph, limits)
    workers = [Worker(graph, limits, Random(i), ADA) for i in range(AT_ONCE)]
    tasks, failed = await at_once(worker.ask(kind, key=KEY) for worker in workers)
    assert failed == []
    assert [task.id for task in tasks] == await task_ids(graph) * AT_ONCE
    assert tasks == [tasks[0]] * AT_ONCE
    (row,) = await graph.execute("MATCH ()-[lease:LEASES|LEASES_VOTE]->() RETURN count(lease) AS leases")
    assert row["leases"] <= 1
    await check(graph, limits)


async def test_the_same_request_sent_many_times_at_once_counts_once(graph: Graph, limits: Limits) -> None:
    await plant(graph, *questions(AT_ONCE))
    quotas = (Quota("of ada", limit=AT_ONCE, span_sec=60),)
    workers = [Worker(graph, limits, Random(i), ADA) for i in range(AT_ONCE)]
    await workers[0].user()
    tasks, failed = await at_once(worker.ask(TYPING, key=KEY, quotas=quotas) for worker in workers)
    assert failed == []
    assert len({task.id for task in tasks}) == 1
    assert await counts(graph) == [1]


async def test_of_different_requests_with_one_key_at_once_one_is_taken(graph: Graph, limits: Limits) -> None:
    await plant_all(graph, limits)
    workers = [Worker(graph, limits, Random(i), who) for i, who in enumerate((ADA, BOB) * 8)]
    kinds = [*KINDS, *KINDS]
    tasks, failed = await at_once(worker.ask(kind, key=KEY) for worker, kind in zip(workers, kinds, strict=True))
    assert len(tasks) + len(failed) == len(kinds)
    assert {type(error) for error in failed} == {IdempotencyKeyReused}
    assert await task_ids(graph) == [tasks[0].id]
    assert {task.id for task in tasks} == {tasks[0].id}
    await check(graph, limits)


# When the answer of the database is lost


@pytest.fixture
async def lossy(server: Server, graph: Graph, limits: Limits, rng: Random) -> AsyncGenerator[tuple[Line, Worker]]:
    """Ada, behind a line that breaks when told to."""
    async with line(server.uri) as (made, uri):
        behind = Graph.connect(uri, server.username, server.password, database=server.database)
        yield made, Worker(behind, limits, rng, ADA)
        await behind.close()


STATEMENTS = {
    TaskKind.DECIDE_END: "tasks/lease_end_vote",
    TaskKind.INITIAL_PROMPT: "tasks/lease_prompt",
    TaskKind.RANK_INITIAL_PROMPTS: "tasks/lease_prompts_to_rank",
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_task_whose_response_was_lost_is_that_of_the_key(
    graph: Graph, limits: Limits, lossy: tuple[Line, Worker], kind: TaskKind
) -> None:
    await plant_all(graph, limits)
    cut, ada = lossy
    await ada.user()
    cut.lose_answer_of(STATEMENTS.get(kind, "tasks/lease_uniform"))
    task: Task = await ada.ask(kind, key=KEY)
    assert cut.broken == 1
    assert await ada.ask(kind, key=KEY) == task
    assert await task_ids(graph) == [task.id]
