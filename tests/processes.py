"""Commands of ours as processes of their own, watched and always ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PATIENCE = 600.0
"""Seconds for what takes a few on a machine that is not busy; on one that is, starting Neo4j takes minutes."""
COMMAND = [sys.executable, "-m", "oa_graph.cli"]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**settings: str) -> dict[str, str]:
    """The environment without the settings of whoever runs the tests."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OA_GRAPH_", "NEO4J_")) or name == "OA_GRAPH_CACHE"
    }
    own = {
        "OA_GRAPH_AOT": "off",
        "OA_GRAPH_HEAP_MIB": "512",
        "OA_GRAPH_PAGE_CACHE_MIB": "64",
        "OA_GRAPH_RATE_LIMIT": "false",
    }
    return {**kept, **own, **settings}


def run(*words: str | Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """`oa-graph` with these words, to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        env=environment(**settings),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def hears_interrupts() -> None:
    """For a new process: a shell that runs the tests in the background has its children ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True, slots=True)
class Serving:
    """An `oa-graph serve` that answers."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def output(self) -> str:
        """What it has written so far."""
        return self.log.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal; returns the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def serve(
    log: Path, words: Sequence[str | Path] = (), env: Mapping[str, str] | None = None, *, port: int | None = None
) -> Generator[Serving]:
    """`oa-graph serve` on a port, from when it is ready; None: on a free one."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(port), *map(str, words)],
            env=environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            preexec_fn=hears_interrupts,
        )
    try:
        _await(process, url, log)
        yield Serving(process, url, log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/health/ready", timeout=10, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"not ready within {PATIENCE} s: {log.read_text()}")
