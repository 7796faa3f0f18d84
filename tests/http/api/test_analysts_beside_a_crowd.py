"""Analysts who misbehave beside a crowd at work: the crowd and the liveness probe hardly notice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import httpx
import pytest

from oa_graph.graph.session import Graph
from oa_graph.simulator.recorder import SimulationReport, percentile
from oa_graph.simulator.simulate import simulate
from tests.builders import Shape, plant
from tests.conftest import Server
from tests.http.api.conftest import ANALYST, WEB, admit
from tests.processes import serve

pytestmark = pytest.mark.anyio

SECONDS = 20
"""For which the crowd works, once alone and once beside the analysts."""
STATEMENT_SEC = 3
"""The time limit of an analyst's statement."""
SLOWER = 3
"""How many times as long as alone a call of the crowd may take, where the machine is so slow that this is longer.

A crowd that does wait for analysts waits until their statements are given up; each fault of old was such an outage.
Nothing shorter is a fault: the analysts leave the crowd less of the processors, and any call can be late.
"""

LABELS = "&".join(f"(A{i}|B{i})" for i in range(24))
EXPRESSIONS = "+".join(["1"] * 20_000)
STATEMENTS = (
    "RETURN s'{size([x IN [1] | COLLECT { TERMINATE TRANSACTIONS \"a\" YIELD message RETURN message }][0])}' AS x",
    f"MATCH (n:{LABELS}) RETURN n",
    "RETURN size([x IN range(1, 1000000) | [y IN range(1, 1000) | y]]) AS x",
    "MATCH (n:Post) WHERE n.text =~ '(a+)+b' RETURN n",
    "RETURN size(reduce(a = 'x', i IN range(1, 60) | a + a)) AS x",
    "RETURN replace(replace(replace('aaaa', 'a', $text), 'x', $text), 'x', $text) AS x",
    "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN sum(a) AS x",
    "UNWIND range(1, 5000000) AS i WITH collect(toString(i) + $text) AS xs RETURN size(xs) AS x",
    "WITH range(1, 1000000) AS x RETURN x AS a, x AS b, x AS c, x AS d, x AS e, x AS f, x AS g",
    "RETURN [i IN range(1, 100000) | $text] AS x",
    "MATCH p = (a)-[*]-(b) RETURN count(p) AS x",
    "MATCH (a), (b), (c), (d) RETURN count(*) AS x",
    f"RETURN {'(' * 5000}1{')' * 5000} AS x",
    f"RETURN {EXPRESSIONS} AS x",
    "MATCH (n:Post) DETACH DELETE n",
    "UNWIND range(1, 3000000) AS i RETURN i ORDER BY -i",
    "UNWIND range(1, 3000000) AS i WITH DISTINCT i RETURN i, $text AS text",
    "CALL db.labels() YIELD label UNWIND range(1, 10000000) AS i RETURN label, count(i) AS x",
)
"""In the order of what they try: to hide a clause, to plan, to loop and to grow without end, to read too much."""


class Analyst:
    """Sends one statement after the other until it is told to stop."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers={"X-API-Key": ANALYST}, timeout=60, trust_env=False)
        self.answered = 0

    async def send(self, statement: str) -> None:
        body = {"statement": statement, "parameters": {"text": "x" * 1000} if "$text" in statement else {}}
        async with self._http.stream("POST", "/api/v1/cypher", json=body) as answer:
            async for _ in answer.aiter_raw():
                pass
        assert answer.status_code in (200, 400, 503), answer.status_code
        self.answered += 1

    async def hang_up(self) -> None:
        """Leaves before the answer; one that finds the door busy is answered at once."""
        with suppress(httpx.ReadTimeout):
            await self._http.post("/api/v1/cypher", json={"statement": STATEMENTS[6]}, timeout=0.5)

    async def read_nothing(self) -> None:
        """Asks for a long answer and does not read on."""
        body = {"statement": "UNWIND range(1, 5000000) AS i RETURN i, 'some text that fills the pipe' AS text"}
        async with self._http.stream("POST", "/api/v1/cypher", json=body):
            await asyncio.sleep(2)

    async def send_rubbish(self) -> None:
        answer = await self._http.post("/api/v1/cypher", content=b'{"statement": ' + b"[" * 100_000)
        assert answer.status_code in (400, 422)

    async def misbehave(self, stop: asyncio.Event) -> None:
        async with self._http:
            ways: list[Callable[[], Awaitable[None]]] = [self.read_nothing, self.send_rubbish, self.hang_up]
            while not stop.is_set():
                for statement in STATEMENTS:
                    if stop.is_set():
                        return
                    await self.send(statement)
                for way in ways:
                    await way()


async def live_ms(url: str, stop: asyncio.Event) -> list[float]:
    """How long the liveness probe took, asked all the time."""
    times: list[float] = []
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        while not stop.is_set():
            since = perf_counter()
            assert (await http.get("/health/live")).status_code == 200
            times.append((perf_counter() - since) * 1000)
            await asyncio.sleep(0.05)
    return sorted(times)


async def watched(url: str) -> tuple[SimulationReport, list[float]]:
    """What a crowd reports that works for a while, and the liveness probe meanwhile."""
    stop = asyncio.Event()
    probe = asyncio.create_task(live_ms(url, stop))
    report = await simulate(url, WEB, users=12, seconds=SECONDS, seed=5, pace=0.3)
    stop.set()
    return report, await probe


def slowest(report: SimulationReport) -> float:
    """The largest p90 of the calls of the crowd, in milliseconds: a late call of a busy machine is no outage."""
    return max(latency.p90 for latency in report.latencies.values())


async def test_a_crowd_hardly_notices_analysts_who_misbehave(graph: Graph, server: Server, tmp_path: Path) -> None:
    await admit(graph)
    trees: list[Shape] = [{f"Prompt {i} to begin with": {"A reply.": {}}} for i in range(20)]
    await plant(graph, *trees)
    neo4j = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}
    with serve(tmp_path / "log", ["--data", tmp_path], neo4j | {"OA_GRAPH_CYPHER_SEC": str(STATEMENT_SEC)}) as service:
        # First a while that does not count: a cold server plans each statement that is new to it.
        await simulate(service.url, WEB, users=4, seconds=180, seed=6, pace=0.1, until=lambda now: now.tasks >= 40)
        alone, live_alone = await watched(service.url)
        stop = asyncio.Event()
        analysts = [Analyst(service.url) for _ in range(4)]
        misbehaving = [asyncio.create_task(analyst.misbehave(stop)) for analyst in analysts]
        beside, live_beside = await watched(service.url)
        stop.set()
        await asyncio.gather(*misbehaving)
        assert "Traceback" not in service.output()
    assert sum(analyst.answered for analyst in analysts) > len(STATEMENTS)
    for report in (alone, beside):
        assert not report.unexpected, report.as_json()
    assert sum(beside.finished.values()) > 20
    calls, probes = (slowest(alone), slowest(beside)), (percentile(live_alone, 0.9), percentile(live_beside, 0.9))
    print(f"p90 in ms, alone and beside analysts: calls {calls}, /health/live {probes}")
    for without, with_analysts in (calls, probes):
        assert with_analysts < max(STATEMENT_SEC * 1000, SLOWER * without)
    assert percentile(live_beside, 0.5) < STATEMENT_SEC * 1000 / 2
