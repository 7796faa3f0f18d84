"""The database dies, goes away or is damaged: what was acknowledged is there, and the service says what is wrong."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import current_process
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from oa_graph.api import health
from oa_graph.api.request_metrics import Metrics
from oa_graph.collection import Collection
from oa_graph.domain.limits import Limits
from oa_graph.domain.users import AuthMethod, UserIdentity
from oa_graph.errors import RetriesExhausted
from oa_graph.graph import schema, users
from oa_graph.graph.session import Graph
from oa_graph.neo4j_server import ManagedNeo4j, Memory
from oa_graph.tasks.warm_up import GiveWay
from tests import processes
from tests.builders import CLIENT, context_of, plant
from tests.http.api.conftest import WEB, Service, admit, serving, snapshot
from tests.http.api.frontend import Body, Frontend, answer, labels, text, user

pytestmark = pytest.mark.anyio

ADA = user("ada")
PERSON = UserIdentity(method=AuthMethod.LOCAL, name=ADA["id"], display_name="")
KEY = "a-key-for-the-load"
QUICK = {
    "OA_GRAPH_API_KEY": KEY,
    "OA_GRAPH_LIMITS__GOAL_TREE_SIZE": "3",
    "OA_GRAPH_LIMITS__MAX_TREE_DEPTH": "1",
    "OA_GRAPH_LIMITS__NUM_REVIEWS_INITIAL_PROMPT": "1",
    "OA_GRAPH_LIMITS__NUM_REVIEWS_REPLY": "1",
    "OA_GRAPH_LIMITS__NUM_REQUIRED_RANKINGS": "1",
    "OA_GRAPH_LIMITS__MAX_PENDING_TASKS_PER_USER": "1000",
}
GIVEN = {"labe": "Review", "rank": "Ranking"}
WORKERS, BEFORE, AFTER = 8, 40, 5


@pytest.fixture
def database(tmp_path: Path) -> Generator[ManagedNeo4j]:
    """A server of the test's own, that it may kill."""
    bolt, http = processes.free_port(), processes.free_port()
    memory = Memory(heap_mib=512, page_cache_mib=64)
    server = ManagedNeo4j(tmp_path / "data", memory=memory, bolt_port=bolt, http_port=http)
    server.start()
    yield server
    server.stop()


@dataclass(slots=True)
class Load:
    """Frontends at work, and what they were told."""

    url: str
    taken: dict[str, str] = field(default_factory=dict[str, str])
    """The kind of each task whose answer got 200, by its id."""
    away: list[httpx.Response] = field(default_factory=list[httpx.Response])
    """Answers while the database was not there."""
    odd: list[str] = field(default_factory=list[str])
    """What nothing explains."""
    closing: bool = False

    async def reach(self, number: int) -> None:
        async with asyncio.timeout(processes.PATIENCE):
            while len(self.taken) < number:  # noqa: ASYNC110 - nothing is to be gained by telling of each
                await asyncio.sleep(0.02)

    async def worker(self, number: int) -> None:
        who = user(f"worker {number}")
        async with Frontend(self.url, KEY) as frontend:
            while not self.closing:
                got = await self.send(frontend, "/tasks/", {"type": "random", "user": who})
                if got.status_code != 200:
                    await asyncio.sleep(0.05)
                    continue
                task: Body = got.json()
                await self.send(frontend, f"/tasks/{task['id']}/ack", {"message_id": task["id"]})
                got = await self.send(frontend, "/tasks/interaction", answer(task, task["id"], who))
                if got.status_code == 200:
                    self.taken[task["id"]] = task["type"]

    async def send(self, frontend: Frontend, path: str, body: Body) -> httpx.Response:
        """Sends a request until it is answered by something that a database had a say in."""
        while True:
            got = await frontend.post(path, body)
            code = got.json().get("error_code") if got.content else None
            if got.status_code == 503 and code in (0, 4):
                self.away.append(got)
                await asyncio.sleep(0.1)
                continue
            if got.status_code not in (200, 204) and (got.status_code, code) != (503, 1006):
                self.odd.append(f"{path} {got.status_code} {got.text}")
            return got


async def test_no_acknowledged_answer_is_lost_when_the_database_is_killed(
    database: ManagedNeo4j, tmp_path: Path
) -> None:
    address = database.address()
    assert address
    env = QUICK | {"NEO4J_URI": address.bolt, "NEO4J_PASSWORD": address.password}
    with processes.serve(tmp_path / "log", ["--data", tmp_path / "serve"], env) as service:
        load = Load(service.url)
        workers = [asyncio.create_task(load.worker(i)) for i in range(WORKERS)]
        async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=60) as health:
            await load.reach(BEFORE)
            pid = database.status().pid
            assert pid
            os.kill(pid, signal.SIGKILL)
            dead = await health.get("/health/ready")
            assert (dead.status_code, dead.json()["error_code"]) == (503, 0)
            assert dead.headers["retry-after"].isdigit()
            assert (await health.get("/health/live")).status_code == 200
            assert await asyncio.to_thread(database.start) == address
            await load.reach(len(load.taken) + AFTER)
            assert (await health.get("/health/ready")).status_code == 200
        load.closing = True
        await asyncio.gather(*workers)
        _says_once(service.output())
    assert load.odd == []
    assert load.away
    assert {got.headers["retry-after"].isdigit() for got in load.away} == {True}
    stored = await _stored(address.bolt, address.password)
    assert {id: stored.get(id) for id in load.taken} == {
        id: GIVEN.get(kind[:4], "Post") for id, kind in load.taken.items()
    }
    assert Counter(stored.values()).keys() >= {"Post", "Review"}


def _says_once(output: str) -> None:
    """A line that the database does not answer stands there once a kind, however many met it; the rest is counted."""
    entries = [line for line in map(json.loads, filter(_is_json, output.splitlines())) if line["level"] != "info"]
    about = [line for line in entries if line["logger"].startswith("neo4j") or "does not answer" in line["message"]]
    kinds = Counter(line["logger"] for line in about if "more like this" not in line["message"])
    assert kinds
    assert set(kinds.values()) == {1}, kinds


def _is_json(line: str) -> bool:
    return line.startswith("{")


async def _stored(uri: str, password: str) -> dict[str, str]:
    """What each task gave, once."""
    graph = Graph.connect(uri, "neo4j", password, database="neo4j", pool=2)
    try:
        rows = await graph.execute(
            """
            MATCH (task:Task)-[:GAVE]->(given) WHERE task.done IS NOT NULL
            RETURN task.id AS id, collect(labels(given)[0]) AS given
            """
        )
    finally:
        await graph.close()
    assert all(len(row["given"]) == 1 for row in rows)
    return {row["id"]: row["given"][0] for row in rows}


ENDPOINTS: list[tuple[str, str, object]] = [
    ("POST", "/tasks/", {"user": ADA}),
    ("POST", "/tasks/availability", ADA),
    ("POST", "/tasks/00000000-0000-4000-8000-000000000000/ack", {"message_id": "a"}),
    ("POST", "/tasks/interaction", text("a", ADA)),
    ("POST", "/text_labels/", labels("00000000-0000-4000-8000-000000000000", ADA)),
    ("POST", "/frontend_users/", ADA),
    ("GET", "/messages/00000000-0000-4000-8000-000000000000", None),
]


async def test_a_service_without_a_database_starts_and_says_what_is_missing() -> None:
    graph = Graph.connect(f"bolt://127.0.0.1:{processes.free_port()}", "neo4j", "x", database="neo4j", pool=20)
    try:
        async with serving(graph) as url, Frontend(url, WEB) as web:
            assert (await web.http.get("/health/live")).status_code == 200
            calls = (web.http.request(how, f"/api/v1{path}", json=body) for how, path, body in ENDPOINTS)
            for got in await asyncio.gather(*calls, web.http.get("/health/ready")):
                assert (got.status_code, got.json()["error_code"]) == (503, 0), got.text
                assert got.headers["retry-after"] == "5"
                assert "bolt" not in got.text
            assert (await web.get("/text_labels/report_labels")).status_code == 200
    finally:
        await graph.close()


async def _is_running(graph: Graph) -> None:
    """Waits until a request's statement runs, hence waits for what somebody else holds."""
    mine = "SHOW TRANSACTIONS YIELD metaData AS told WHERE told.query = 'users/upsert' RETURN told"
    async with asyncio.timeout(processes.PATIENCE):
        while not await graph.execute(mine):  # noqa: ASYNC110 - the server tells nobody of it
            await asyncio.sleep(0.02)


async def test_a_request_that_runs_while_the_database_is_stopped_is_told_so(database: ManagedNeo4j) -> None:
    """And a database that takes no writes afterwards is not one that works; what only reads goes on."""
    address = database.address()
    assert address
    graph = Graph.connect(address.bolt, "neo4j", address.password, database="neo4j", pool=20)
    try:
        await schema.apply(graph)
        await admit(graph)
        async with serving(graph) as url, Frontend(url, WEB) as web:
            async with graph.dry_run_session() as store:
                await users.upsert(store, client=CLIENT.id, user=PERSON, id="a", now=datetime.now(UTC), changes={})
                waiting = asyncio.create_task(web.post("/frontend_users/", ADA))
                await _is_running(graph)
                await asyncio.to_thread(database.stop)
            got = await waiting
            assert (got.status_code, got.json()["error_code"] in (0, 4)) == (503, True), got.text
            assert got.headers["retry-after"].isdigit()
            read_only = ManagedNeo4j(
                database.data,
                memory=Memory(heap_mib=512, page_cache_mib=64),
                bolt_port=int(address.bolt.rpartition(":")[2]),
                extra_config={"server.databases.default_to_read_only": "true"},
            )
            await asyncio.to_thread(read_only.start)
            for path, body in (("/tasks/", {"user": ADA}), ("/frontend_users/", ADA)):
                got = await web.post(path, body)
                assert (got.status_code, got.json()["error_code"]) == (503, 0), got.text
            assert (await web.post("/tasks/availability", ADA)).status_code == 200
            await asyncio.to_thread(read_only.stop)
            await asyncio.to_thread(database.start)
            assert (await web.post("/tasks/", {"user": ADA})).status_code == 200
    finally:
        await graph.close()


async def test_a_service_is_ready_once_the_database_answers(
    database: ManagedNeo4j, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warm-up is tried again until there is a database, and nobody waits for its end."""
    address = database.address()
    assert address
    await asyncio.to_thread(database.stop)
    own = Graph.connect(address.bolt, "neo4j", address.password, database="neo4j", pool=20)
    monkeypatch.setattr(health, "_HEAD_START", 0)
    monkeypatch.setattr(health, "_AWAY", 0.1)
    is_warming, is_cancelled = asyncio.Event(), asyncio.Event()

    async def warm(graph: Graph, limits: Limits, **_: object) -> None:
        await graph.execute("RETURN 1 AS one")
        is_warming.set()
        try:
            await asyncio.Event().wait()
        finally:
            is_cancelled.set()

    monkeypatch.setattr(health, "warm_up", warm)
    try:
        async with serving(own) as url, Frontend(url, WEB) as web:
            first = await web.http.get("/health/ready")
            assert (first.status_code, first.headers["retry-after"]) == (503, "5")
            assert (await web.http.get("/health/live")).status_code == 200
            await asyncio.to_thread(database.start)
            assert (await web.http.get("/health/ready")).status_code == 200
            async with asyncio.timeout(processes.PATIENCE):
                await is_warming.wait()
            assert not is_cancelled.is_set()
        assert is_cancelled.is_set()
    finally:
        await own.close()


async def test_a_warm_up_gives_way_to_requests_and_is_the_first_workers(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics, steps = Metrics(pool=1), list[str]()
    collection = Collection(graph, context_of(graph, Limits(), Random(1)))
    monkeypatch.setattr(health, "_HEAD_START", 0)
    monkeypatch.setattr(health, "_LONGEST_TURN", processes.PATIENCE)

    async def warm(graph: Graph, limits: Limits, *, give_way: GiveWay) -> None:
        await give_way()
        steps.append("warm")

    monkeypatch.setattr(health, "warm_up", warm)
    metrics.begun()
    warming = asyncio.create_task(health.warm_up_behind_readiness(collection, metrics))
    await asyncio.sleep(0.2)
    steps.append("request")
    metrics.answered(method="GET", route="/", status="200", seconds=0.2)
    await warming
    assert steps == ["request", "warm"]
    monkeypatch.setattr(current_process(), "name", "SpawnProcess-2")
    async with serving(graph):
        pass
    assert steps == ["request", "warm"]


async def test_a_database_that_keeps_refusing_is_named_too_busy(
    web: Frontend, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> Any:
        raise RetriesExhausted(attempts=8, why="deadlock")

    before = await snapshot(service.graph)
    monkeypatch.setattr(Graph, "rows", refuse)
    got = await web.post("/tasks/", {"user": ADA})
    monkeypatch.undo()
    assert (got.status_code, got.json()["error_code"]) == (503, 4)
    assert got.headers["retry-after"] == "1"
    assert "deadlock" not in got.text
    assert await snapshot(service.graph) == before


async def test_a_fault_of_ours_is_told_without_its_insides_and_changes_nothing(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {"?Water.": {}}})
    task = await web.ask("label_assistant_reply", ADA)
    ack = await web.ack(task)
    await service.graph.execute("MATCH (task:Task) SET task.kind = 'label_nonsense'")
    await service.graph.execute("MATCH (post:Post {text: 'What is rain?'}) REMOVE post.role")
    before = await snapshot(service.graph)
    fault = {"message": "INTERNAL_SERVER_ERROR", "error_code": 0}
    got = await web.get(f"/messages/{planted['What is rain?']}")
    assert (got.status_code, got.json()) == (500, fault)
    got = await web.post("/tasks/interaction", answer(task, ack, ADA))
    assert (got.status_code, got.json()) == (500, fault)
    got = await web.post("/text_labels/", answer(task, ack, ADA))
    assert (got.status_code, got.json()) == (400, {"detail": "Bad Request", "message": "Bad Request", "error_code": 0})
    assert await snapshot(service.graph) == before


async def test_a_hung_database_is_given_up_at_the_deadline_and_an_answer_sent_again_is_one(
    database: ManagedNeo4j,
) -> None:
    """Connections that wait, requests that wait for one, and reads, writes and probes alike."""
    address, pid = database.address(), database.status().pid
    assert address
    assert pid
    graph = Graph.connect(address.bolt, "neo4j", address.password, database="neo4j", pool=3)
    try:
        await schema.apply(graph)
        await admit(graph)
        async with serving(graph, request_deadline_sec=20) as url, Frontend(url, WEB) as web:
            task = await web.ask("initial_prompt", ADA)
            interaction = answer(task, await web.ack(task), ADA)
            os.kill(pid, signal.SIGSTOP)
            try:
                async with asyncio.timeout(processes.PATIENCE):
                    calls = (web.http.request(how, f"/api/v1{path}", json=body) for how, path, body in ENDPOINTS)
                    probe = web.http.get("/health/ready")
                    got = await asyncio.gather(web.post("/tasks/interaction", interaction), *calls, probe)
                assert {response.status_code for response in got} == {503}
                assert {response.json()["error_code"] for response in got} <= {0, 4}
                assert all(response.headers["retry-after"].isdigit() for response in got)
                assert (await web.http.get("/health/live")).status_code == 200
            finally:
                os.kill(pid, signal.SIGCONT)
            async with asyncio.timeout(processes.PATIENCE):
                while (again := await web.post("/tasks/interaction", interaction)).status_code == 503:
                    pass
            assert again.status_code == 200, again.text
            assert {(await web.http.get("/health/ready")).status_code for _ in range(10)} == {200}
        (row,) = await graph.execute("MATCH (task:Task)-[:GAVE]->(post:Post) RETURN count(*) AS answers")
        assert row["answers"] == 1
    finally:
        await graph.close()


async def test_a_refused_log_in_is_told_in_a_sentence_of_its_own(database: ManagedNeo4j) -> None:
    """Also when the server takes no log-in from here any more, since there were too many wrong ones."""
    address = database.address()
    assert address
    stranger = Graph.connect(address.bolt, "neo4j", "an old password", database="neo4j", pool=20)
    try:
        async with serving(stranger) as url, Frontend(url, WEB) as web:
            for got in [await web.post("/tasks/", {"user": ADA}) for _ in range(6)]:
                assert (got.status_code, got.json()) == (
                    503,
                    {"message": "The graph database refuses the log-in of this service.", "error_code": 0},
                )
                assert got.headers["retry-after"] == "5"
    finally:
        await stranger.close()
