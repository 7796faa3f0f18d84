"""What Prometheus reads: counts by route, kind, name and code, whatever people send, and without the database too."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from oa_graph.domain.limits import Limits
from oa_graph.graph.session import Graph
from tests import processes
from tests.builders import plant
from tests.conftest import Server
from tests.http.api.conftest import WEB, Service, admit, serving
from tests.http.api.frontend import Frontend, answer, user

pytestmark = pytest.mark.anyio

ADA = user("ada")

Series = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def series(text: str) -> Series:
    """Each value by its name and labels."""
    samples = [sample for family in families(text) for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


async def scraped(url: str) -> Series:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as prometheus:
        got = await prometheus.get(f"{url}/metrics")
    assert got.status_code == 200
    assert got.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return series(got.text)


def value(samples: Series, name: str, **labels: str) -> float:
    return samples.get((f"oa_graph_{name}", frozenset(labels.items())), 0)


@pytest.fixture
async def own(graph: Graph) -> Graph:
    await admit(graph)
    return graph


async def test_requests_are_told_apart_by_route_and_never_by_path(own: Graph) -> None:
    async with serving(own) as url, Frontend(url, WEB) as web:
        for number in range(3):
            await web.get(f"/messages/00000000-0000-4000-8000-00000000000{number}?api_key={WEB}")
        await web.http.get("/secret-path")
        await web.http.request("PROPFIND", "/secret-path")
        got = (await web.http.get("/metrics")).text
    samples = series(got)
    asked = {"method": "GET", "route": "/api/v1/messages/{message_id}"}
    assert value(samples, "http_requests_total", status="404", **asked) == 3
    assert value(samples, "http_request_duration_seconds_count", **asked) == 3
    assert value(samples, "http_request_duration_seconds_sum", **asked) > 0
    assert value(samples, "http_requests_total", method="GET", route="none", status="404") == 1
    assert value(samples, "http_requests_total", method="other", route="none", status="404") == 1
    assert value(samples, "http_requests_in_progress") == 1
    assert value(samples, "errors_total", error="PostNotFound", code="2001") == 3
    assert value(samples, "errors_total", error="NotFoundException", code="0") == 2
    assert "secret" not in got
    assert WEB not in got


async def test_tasks_are_counted_by_kind_and_by_how_each_step_ended(own: Graph) -> None:
    async with serving(own, Limits(max_pending_tasks_per_user=1)) as url, Frontend(url, WEB) as web:
        task = await web.ask("initial_prompt", ADA)
        ack = await web.ack(task)
        interaction = answer(task, ack, ADA)
        assert await web.settle(interaction) == await web.settle(interaction)
        assert (await web.post("/tasks/interaction", answer(task, "unknown", ADA))).status_code == 400
        assert (await web.post("/tasks/", {"type": "assistant_reply", "user": ADA})).status_code == 503
        skipped = await web.ask("initial_prompt", ADA)
        assert (await web.post("/tasks/", {"user": ADA})).status_code == 400
        assert (await web.post(f"/tasks/{skipped['id']}/nack", {"reason": ""})).status_code == 204
        samples = await scraped(url)
    prompts = {
        outcome: value(samples, "tasks_total", kind="initial_prompt", outcome=outcome)
        for outcome in ("handed_out", "acknowledged", "stored", "repeated", "refused")
    }
    assert prompts == {"handed_out": 2, "acknowledged": 1, "stored": 1, "repeated": 1, "refused": 1}
    assert value(samples, "tasks_total", kind="", outcome="no_task") == 1
    assert value(samples, "tasks_total", kind="assistant_reply", outcome="nothing") == 1
    assert value(samples, "tasks_total", kind="random", outcome="limited") == 1
    assert value(samples, "errors_total", error="TooManyPending", code="1012") == 1


async def test_trees_and_reserved_places_are_counted_when_they_are_asked_for(own: Graph) -> None:
    await plant(own, {"What is rain?": {"?Water.": {}}}, {"What is snow?": {}})
    async with serving(own) as url, Frontend(url, WEB) as web:
        await web.ask("initial_prompt", ADA)
        before = await scraped(url)
        for number in range(3):
            await web.ask("label_assistant_reply", user(f"reviewer {number}"))
        samples = await scraped(url)
    assert value(samples, "up") == 1
    assert value(samples, "trees", state="growing", lang="en") == 2
    assert value(samples, "places_reserved", kind="initial_prompt") == 1
    assert value(before, "places_reserved", kind="label_assistant_reply") == 0
    assert value(samples, "places_reserved", kind="label_assistant_reply") == 1


async def test_statements_are_timed_by_name_and_a_transaction_has_an_end(own: Graph) -> None:
    await plant(own, {"What is rain?": {"?Water.": {}}})
    async with serving(own) as url, Frontend(url, WEB) as web:
        await web.work("label_assistant_reply", ADA)
        samples = await scraped(url)
    for name in ("tasks/lease_uniform", "tasks/acknowledge", "tasks/submit_review", "commit"):
        assert value(samples, "database_statement_duration_seconds_count", query=name) == 1
        assert value(samples, "database_statements_total", query=name, outcome="done") == 1
    assert value(samples, "database_sessions_in_use") == 0
    assert value(samples, "database_connections_max") == own.pool


async def test_without_the_database_the_service_still_tells_of_itself() -> None:
    away = Graph.connect(f"bolt://127.0.0.1:{processes.free_port()}", "neo4j", "x", database="neo4j", pool=3)
    try:
        async with serving(away) as url, Frontend(url, WEB) as web:
            assert (await web.post("/tasks/", {"user": ADA})).status_code == 503
            samples = await scraped(url)
    finally:
        await away.close()
    assert value(samples, "up") == 0
    assert ("oa_graph_up", frozenset()) in samples
    assert not [name for name, _ in samples if name.startswith(("oa_graph_trees", "oa_graph_places"))]
    assert value(samples, "http_requests_total", method="POST", route="/api/v1/tasks", status="503") == 1
    assert value(samples, "errors_total", error="StoreUnavailable", code="0") == 1
    assert value(samples, "database_retries_total") == 9
    assert value(samples, "database_statements_total", query="clients/by_key_hash", outcome="away") == 10
    assert ("process_cpu_seconds_total", frozenset()) in samples


async def test_who_asks_for_openmetrics_gets_it(service: Service) -> None:
    accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.1"}
    async with service.frontend(None) as prometheus:
        got = await prometheus.http.get("/metrics", headers=accept)
    assert got.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert "\noa_graph_up 1.0\n" in got.text
    assert got.text.endswith("\n# EOF\n")


@pytest.mark.usefixtures("graph")
async def test_workers_count_together_and_a_dead_one_stays_counted(server: Server, tmp_path: Path) -> None:
    environment = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}
    folder = tmp_path / "counts"
    folder.mkdir()
    left = folder / "counter_1.db"
    left.write_bytes(b"\0" * 64)
    env = environment | {"OA_GRAPH_API_KEY": WEB, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    with processes.serve(tmp_path / "log", ["--data", tmp_path, "--workers", "2"], env) as service:
        assert not left.exists()
        # Each on a connection of its own, so that both workers get some.
        for _ in range(20):
            async with httpx.AsyncClient(trust_env=False, timeout=60) as frontend:
                assert (await frontend.get(f"{service.url}/health/live")).status_code == 200
        samples = await scraped(service.url)
        live = {"method": "GET", "route": "/health/live"}
        assert value(samples, "http_requests_total", status="200", **live) == 20
        assert value(samples, "http_request_duration_seconds_count", **live) == 20
        assert value(samples, "database_connections_max") == 100
        assert value(samples, "up") == 1
        pids = {int(dict(labels)["pid"]) for name, labels in samples if name == "process_cpu_seconds_total"}
        assert len(pids) == 2
        victim = psutil.Process(min(pids))
        os.kill(victim.pid, signal.SIGKILL)
        psutil.wait_procs([victim], timeout=processes.PATIENCE)
        samples = await _until_two(service.url, without=victim.pid)
        assert value(samples, "http_requests_total", status="200", **live) == 20
        assert value(samples, "database_connections_max") == 100
        assert service.end() == 0


async def _until_two(url: str, *, without: int) -> Series:
    """What is told once uvicorn has started another worker."""
    while True:
        try:
            samples = await scraped(url)
        except httpx.TransportError:
            continue
        pids = {dict(labels)["pid"] for name, labels in samples if name == "process_cpu_seconds_total"}
        if len(pids) == 2 and str(without) not in pids:
            return samples
