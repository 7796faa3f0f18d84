"""`oa-graph work` at a pseudo-terminal: `kill -9` of the worker and of the service in the middle of typing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from oa_graph.graph.session import Graph
from tests.conftest import Server
from tests.processes import COMMAND, PATIENCE, environment, free_port, run, serve

pytestmark = pytest.mark.anyio

KEY = "key-of-the-worker-of-this-test"
ESCAPE_ENTER = "\x1b\r"


@contextmanager
def worker(url: str, drafts: Path) -> Generator[pexpect.spawn[str]]:
    """A worker that writes first messages, at a terminal of its own."""
    words = [*COMMAND[1:], "work", "--url", url, "--user", "ada", "--kind", "initial_prompt", "--drafts", str(drafts)]
    terminal: pexpect.spawn[str] = pexpect.spawn(
        sys.executable,
        words,
        env={**environment(OA_GRAPH_API_KEY=KEY), "TERM": "xterm"},
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(40, 120),
    )
    try:
        yield terminal
    finally:
        terminal.close(force=True)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def typed(drafts: Path) -> str:
    return "".join(file.read_text("utf-8") for file in drafts.rglob("*.json"))


async def test_no_word_is_lost_when_worker_and_service_are_killed(server: Server, graph: Graph, tmp_path: Path) -> None:
    settings = {
        "NEO4J_URI": server.uri,
        "NEO4J_USERNAME": server.username,
        "NEO4J_PASSWORD": server.password,
        "NEO4J_DATABASE": server.database,
        "OA_GRAPH_API_KEY": KEY,
    }
    drafts, port = tmp_path / "drafts", free_port()
    with serve(tmp_path / "first.log", env=settings, port=port) as service:
        with worker(service.url, drafts) as terminal:
            terminal.expect("Do you accept the terms")
            terminal.sendline("y")
            terminal.expect("Write the first message")
            terminal.expect(">")
            terminal.send("Why does warm air\r")
            terminal.send("hold mo")
            until(lambda: "hold mo" in typed(drafts))
            terminal.kill(9)
            terminal.wait()
        with worker(service.url, drafts) as terminal:
            terminal.expect("You left 1 of your tasks open")
            terminal.expect("hold mo")
            service.process.kill()
            service.process.wait()
            terminal.send("re water, שלום?")
            until(lambda: "שלום?" in typed(drafts))
            terminal.send(ESCAPE_ENTER)
            terminal.expect("does not answer")
            terminal.kill(9)  # with a finished answer that the service does not have
            terminal.wait()
    with serve(tmp_path / "second.log", env=settings, port=port) as service, worker(service.url, drafts) as terminal:
        terminal.expect("Sent")
    rows = await graph.execute("MATCH (post:Post) RETURN post.text AS text")
    assert [row["text"] for row in rows] == ["Why does warm air\nhold more water, שלום?"]


def test_a_worker_needs_a_terminal() -> None:
    result = run("work", "--url", "http://127.0.0.1:9", "--api-key", KEY)
    assert result.returncode == 1
    assert "needs a terminal" in result.stderr
