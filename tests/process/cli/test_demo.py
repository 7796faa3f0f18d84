"""`oa-graph demo` as a newcomer runs it: a process of its own, in a pipe, from an empty folder."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from socket import create_server

import pytest

from oa_graph.neo4j_server import ManagedNeo4j
from tests.processes import COMMAND, PATIENCE, environment, hears_interrupts, run

SMALL = {
    "OA_GRAPH_LIMITS__GOAL_TREE_SIZE": "4",
    "OA_GRAPH_LIMITS__NUM_REQUIRED_RANKINGS": "1",
    "OA_GRAPH_LIMITS__NUM_REVIEWS_INITIAL_PROMPT": "1",
    "OA_GRAPH_LIMITS__NUM_REVIEWS_REPLY": "1",
}


@pytest.fixture
def busy_port() -> Generator[int]:
    """The port that a demo takes when it is free; whoever has it already keeps it busy as well."""
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(create_server(("127.0.0.1", 8080)))
        yield 8080


@pytest.fixture
def folder(tmp_path: Path) -> Generator[Path]:
    """An empty folder; a database that runs in the demo's data folder afterwards is stopped."""
    yield tmp_path
    ManagedNeo4j(tmp_path / "my demo" / "data").stop()


def paste(command: str, folder: Path) -> str:
    """What a command prints that a user pastes into a shell."""
    got = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert got.returncode == 0, (command, got.stdout, got.stderr)
    return got.stdout


def wait_for(text: str, file: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 2 * PATIENCE
    while text not in file.read_text():
        assert process.poll() is None, file.read_text()
        assert time.monotonic() < until
        time.sleep(0.2)
    return file.read_text()


def test_a_demo_beside_a_busy_port_prints_commands_that_work_while_it_is_up_and_afterwards(
    folder: Path, busy_port: int
) -> None:
    printed = folder / "printed"
    words = ["demo", "--trees", "1", "--data", "my demo/data", "--out", "my demo/trees.jsonl"]
    with printed.open("wb") as file:
        demo = subprocess.Popen(
            [*COMMAND, *words],
            cwd=folder,
            env=environment(**SMALL),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            preexec_fn=hears_interrupts,
        )
    try:
        text = wait_for("press Ctrl-C to stop it", printed, demo)
        states, report, show, export, frame = re.findall(r"^\S*python\S* .*$", text, re.MULTILINE)
        assert "ready_for_export" in paste(states, folder)
        assert "label_assistant_reply" in paste(states.replace("tree_states", "guideline_versions"), folder)
        paste(report, folder)
        assert (folder / "my demo" / "report.html").read_text().startswith("<!doctype html>")
        assert "assistant" in paste(show, folder)
        paste(export, folder)
        assert (folder / "my demo" / "pairs.jsonl").is_file()
        assert "assistant_replies" in paste(frame, folder)

        assert f"127.0.0.1:{busy_port}" not in text
        password = folder / "my demo" / "data" / "neo4j-password"
        assert re.search(
            rf"^Neo4j Browser +http://\S+\nUser +neo4j\nPassword file +{re.escape(str(password))}$", text, re.M
        )
        log = re.search(r"its log is (.+)$", text, re.MULTILINE)
        assert log is not None
        assert "/api/v1/tasks" in Path(log[1]).read_text()
        assert [line for line in text.splitlines() if line.startswith("{")] == []
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(PATIENCE) == 0
    assert "ready_for_export" in paste(states, folder)


def test_a_demo_on_a_port_that_is_in_use_ends_before_it_starts_anything(folder: Path) -> None:
    with closing(create_server(("127.0.0.1", 0))) as foreign:
        port = str(foreign.getsockname()[1])
        got = run("demo", "--port", port, "--data", folder / "data")
    assert got.returncode == 1
    assert got.stderr.splitlines() == [f"Error: Port {port} on 127.0.0.1 is in use; choose another port, or none."]
    assert not (folder / "data").exists()
