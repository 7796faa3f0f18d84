"""What the service writes to its log: a line a request, with its id everywhere, and no key or token ever."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Generator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from oa_graph.api import logs
from oa_graph.errors import StoreBusy, StoreUnavailable
from oa_graph.graph import clients
from oa_graph.graph.session import Graph
from oa_graph.settings import Neo4jSettings, Settings
from tests import processes
from tests.builders import CLIENT, plant
from tests.conftest import Server
from tests.http.api.conftest import admit, serving
from tests.http.api.frontend import Body, user

pytestmark = pytest.mark.anyio

KEY, TOKEN = "k3y-that-nobody-else-has", "t0ken-that-nobody-else-has"
ADA = user("ada")
TEXT = "words that somebody wrote"


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


# As people run it


@pytest.fixture
def environment(server: Server) -> dict[str, str]:
    where = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}
    return where | {"OA_GRAPH_API_KEY": KEY, "OA_GRAPH_ROOT_TOKENS": json.dumps([TOKEN])}


async def hand_in(url: str, request: str) -> None:
    """Writes a prompt."""
    headers = {"X-API-Key": KEY, "X-Request-ID": request}
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", headers=headers, trust_env=False, timeout=60) as web:
        task = (await web.post("/tasks/", json={"type": "initial_prompt", "user": ADA})).json()
        await web.post(f"/tasks/{task['id']}/ack", json={"message_id": "m"})
        answer = {"type": "text_reply_to_message", "message_id": "m", "user_message_id": "u", "text": TEXT, "user": ADA}
        assert (await web.post("/tasks/interaction", json=answer)).status_code == 200


@pytest.mark.usefixtures("graph")
async def test_each_request_is_a_line_that_programs_can_read(environment: dict[str, str], tmp_path: Path) -> None:
    env = environment | {"OA_GRAPH_SLOW_STATEMENT_MS": "1"}
    with processes.serve(tmp_path / "log", ["--data", tmp_path], env) as service:
        await hand_in(service.url, "the-id")
        assert service.end() == 0
        entries = [entry for entry in lines(service.output()) if entry.get("request_id") == "the-id"]
    requests = [entry for entry in entries if "route" in entry]
    assert [(entry["method"], entry["route"], entry["status"]) for entry in requests] == [
        ("POST", "/api/v1/tasks", 200),
        ("POST", "/api/v1/tasks/{task_id}/ack", 204),
        ("POST", "/api/v1/tasks/interaction", 200),
    ]
    for entry in requests:
        assert entry["level"] == "info"
        assert entry["time"].endswith("Z")
        assert entry["statements"] >= 1
        assert 0 < entry["database_ms"] < entry["duration_ms"]
        assert len(entry["client"]) == 36
    slow = {entry["query"]: entry for entry in entries if "query" in entry}
    assert slow["tasks/submit_text"]["level"] == "warning"
    assert slow["tasks/submit_text"]["duration_ms"] > 1
    assert TEXT not in service.output()
    assert KEY not in service.output()


@pytest.mark.usefixtures("graph")
async def test_people_read_plain_lines_and_debug_tells_no_secret(environment: dict[str, str], tmp_path: Path) -> None:
    env = environment | {"OA_GRAPH_LOG_FORMAT": "text", "OA_GRAPH_LOG_LEVEL": "debug"}
    with processes.serve(tmp_path / "log", ["--data", tmp_path], env) as service:
        await hand_in(service.url, "the-id")
        await drive(service.url)
        await knock(service.url)
        assert service.end() == 0
        said = service.output()
    assert "POST /api/v1/tasks/interaction 200" in said
    assert said.count("[the-id]") >= 3
    assert " DEBUG " in said
    assert TEXT not in said
    assert secrets_in(said) == []


async def knock(url: str) -> None:
    """Asks for a web socket, which there is none."""
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    headers |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    async with httpx.AsyncClient(trust_env=False, timeout=60) as web:
        got = await web.get(f"{url}/api/v1/tasks?api_key={KEY}", headers=headers)
    assert got.status_code == 405


async def test_errors_while_the_database_is_away_come_once_with_a_count() -> None:
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.addFilter(logs.Repeats(seconds=0.2))
    driver, ours = (logging.getLogger(name) for name in ("neo4j.io.of_a_test", "oa_graph.of_a_test"))
    for logger in (driver, ours):
        logger.addHandler(handler)
        logger.propagate = False
    for number in range(100):
        driver.error("[#%04X]  _: <CONNECTION> error: %s", number, "broken")
        ours.warning("%s: %s", "StoreUnavailable", StoreUnavailable(why=f"nobody listens on {number}"))
        ours.warning("slow statement %s", number)
    ours.warning("%s: %s", "StoreBusy", StoreBusy(why="all wait"))
    async with asyncio.timeout(processes.PATIENCE):
        while output.getvalue().count("more like this") < 2:  # noqa: ASYNC110 - a thread writes it
            await asyncio.sleep(0.05)
    lines = [line for line in output.getvalue().splitlines() if not line.startswith("slow statement")]
    assert sorted(lines) == [
        "StoreBusy: The graph database did not answer in time: all wait.",
        "StoreUnavailable: The graph database does not answer: nobody listens on 0.",
        "StoreUnavailable: The graph database does not answer: nobody listens on 0. (99 more like this in 0.2 s)",
        "[#0000]  _: <CONNECTION> error: broken",
        "[#0000]  _: <CONNECTION> error: broken (99 more like this in 0.2 s)",
    ]
    assert output.getvalue().count("slow statement") == 100


# Keys and tokens


def secrets_in(text: str) -> list[str]:
    return [secret for secret in (KEY, TOKEN) if secret in text]


POSTS: list[tuple[str, str]] = [
    ("POST", "/api/v1/nowhere/{secret}"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
]
BODIES: list[bytes | None] = [None, b"{", b"{}", json.dumps({"user": ADA, "message_id": "m", "text": "x"}).encode()]


async def drive(url: str) -> str:
    """Sends every operation with the secrets in every place where one may stand; returns all that was answered."""
    answers: list[str] = []
    # Not httpx: it logs the addresses that it asks for, and this is no frontend's test.
    async with aiohttp.ClientSession(url) as web:
        document: Body = await (await web.get("/api/v1/openapi.json")).json()
        operations = [(method.upper(), path) for path, item in document["paths"].items() for method in item]
        for method, path in [*operations, *POSTS]:
            way = path.replace("{secret}", "x").replace("{", "").replace("}", "")
            for number, body in enumerate(BODIES):
                headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
                headers |= {"X-API-Key": KEY} if number % 2 else {}
                query = {"access_token": TOKEN} | ({} if number % 2 else {"api_key": KEY})
                if number == 3:
                    query = {"api_key": KEY + "-wrong", "max_count": "none", "token": TOKEN}
                    headers["Authorization"] = f"Bearer {TOKEN}-wrong"
                async with web.request(method, way, params=query, headers=headers, data=body) as got:
                    answers.append(f"{got.status} {got.headers} {await got.text()}")
    return "\n".join(answers)


@pytest.fixture
def everything() -> Generator[io.StringIO]:
    """All that any logger says at its most talkative, in both formats."""
    heard = io.StringIO()
    handlers = [logging.StreamHandler(heard), logging.StreamHandler(heard)]
    for handler, formatter in zip(handlers, (logs.JsonLines(), logs.TextLines()), strict=True):
        handler.setFormatter(formatter)
    names = ["", "oa_graph", "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "litestar", "asyncio"]
    names += ["neo4j", "neo4j.io", "neo4j.pool", "httpx", "httpcore", *logging.root.manager.loggerDict]
    loggers = {name: logging.getLogger(name) for name in names}
    before = {name: (logger.level, logger.propagate, logger.disabled) for name, logger in loggers.items()}
    for name, logger in loggers.items():
        logger.setLevel(logging.DEBUG)
        logger.disabled, logger.propagate = False, name != ""
    for handler in handlers:
        logging.getLogger().addHandler(handler)
    yield heard
    for handler in handlers:
        logging.getLogger().removeHandler(handler)
    for name, (level, propagate, disabled) in before.items():
        loggers[name].setLevel(level)
        loggers[name].propagate, loggers[name].disabled = propagate, disabled


@pytest.fixture
async def damaged(graph: Graph) -> Graph:
    """A graph in which some requests meet a fault of ours."""
    await admit(graph)
    await graph.execute("MATCH (client:Client {id: $id}) SET client.key_hash = $new", id=CLIENT.id, new=hashed(KEY))
    await plant(graph, {"What is rain?": {"?Water.": {}}})
    await graph.execute("MATCH (post:Post) REMOVE post.role")
    return graph


def hashed(key: str) -> str:
    return clients.key_hash(key)


async def test_no_key_or_token_is_logged_or_repeated_whatever_goes_wrong(
    damaged: Graph, everything: io.StringIO
) -> None:
    async with serving(damaged, root_tokens=[TOKEN]) as url:
        answers = await drive(url)
        post = (await damaged.execute("MATCH (post:Post) RETURN post.id AS id LIMIT 1"))[0]["id"]
        headers = {"X-API-Key": KEY}
        async with aiohttp.ClientSession(url) as web:
            fault = await web.get(f"/api/v1/messages/{post}", params={"api_key": KEY}, headers=headers)
            assert fault.status == 500
            answers += await fault.text()
    heard = everything.getvalue()
    assert "Traceback" in heard
    assert "[#" in heard  # the driver's own words
    assert hashed(KEY) in heard  # all that the database is told of a key
    assert secrets_in(heard) == []
    assert secrets_in(answers) == []


async def test_no_key_or_token_is_logged_when_the_database_is_away(everything: io.StringIO) -> None:
    away = Graph.connect(f"bolt://127.0.0.1:{processes.free_port()}", "neo4j", TOKEN, database="neo4j", pool=3)
    try:
        async with serving(away, root_tokens=[TOKEN]) as url, aiohttp.ClientSession(url) as web:
            for params, headers in (({"api_key": KEY}, {}), ({}, {"X-API-Key": KEY})):
                got = await web.post("/api/v1/tasks/", json={"user": ADA}, params=params, headers=headers)
                assert got.status == 503
                assert secrets_in(await got.text()) == []
    finally:
        await away.close()
    assert "StoreUnavailable" in everything.getvalue()
    assert secrets_in(everything.getvalue()) == []


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(Settings.model_validate({"api_key": KEY, "root_tokens": [TOKEN]}))
    shown += repr(Neo4jSettings.model_validate({"password": KEY}))
    assert secrets_in(shown) == []


# The lines themselves


def record(message: str, *, error: BaseException | None = None) -> logging.LogRecord:
    trace = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("a", logging.WARNING, "", 1, message, None, trace)


def test_a_line_is_one_line_with_its_trace_inside() -> None:
    line = logs.JsonLines().format(record("two\nlines", error=ValueError("no")))
    assert "\n" not in line
    assert json.loads(line)["trace"].endswith("ValueError: no")
    assert json.loads(line)["message"] == "two\nlines"


@pytest.mark.parametrize(("format", "expected"), [("auto", logs.JsonLines), ("text", logs.TextLines)])
def test_where_nobody_sits_at_a_terminal_lines_are_for_programs(
    format: logs.Format, expected: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    chosen = logs.config(format=format, level="info")["formatters"]["line"]["()"]
    assert chosen == f"{expected.__module__}.{expected.__qualname__}"
