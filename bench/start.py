"""How long a start takes, what it costs, and how much memory the service holds: `python -m bench.start`.

Starts `oa-graph serve` with the managed Neo4j on a graph that is there already, asks for a task as soon as it is
ready, and lets a crowd work. `--checkout` measures other checkouts in the same run, turn by turn, because only figures
of one run can be compared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import httpx
import psutil

from bench import fill
from bench.generate import Plan
from bench.place import CHECKOUT, Place, managed, started
from oa_graph.graph import schema
from oa_graph.graph.session import Graph
from oa_graph.neo4j_server import ManagedNeo4j
from oa_graph.neo4j_server.ports import any_free_port

_PATIENCE = 600.0
"""Seconds for a service to become ready."""
_SETTLED = 30.0
"""Seconds after the first task until the memory at rest is read: what goes on behind readiness is over then."""


@dataclass(frozen=True, slots=True)
class Started:
    """One start, from the command to the end of the crowd. CPU is of all processes of the service together."""

    checkout: str
    ready_s: float
    first_task_s: float
    first_task_cpu_s: float
    settled_cpu_s: float
    settled_mib: Mapping[str, int]
    """Resident memory by process, with nobody at work."""
    crowd_mib: Mapping[str, int] | None = None
    crowd_tasks: int = 0
    crowd_cpu_ms: float = 0.0
    """For one finished task."""
    load_before: float = 0.0


class Watched:
    """An `oa-graph serve` on a data folder, and its Neo4j."""

    def __init__(self, checkout: Path, data: Path) -> None:
        self.began = monotonic()
        self.url = f"http://127.0.0.1:{any_free_port()}"
        self.data = data
        self._cpu_of_ended = 0.0
        words = ("serve", "--port", self.url.rpartition(":")[2], "--data", str(data))
        with (data.parent / "serve.log").open("ab") as log:
            self.process = psutil.Popen(
                [sys.executable, "-m", "oa_graph.cli", *words], cwd=checkout, env=_environment(), stdout=log, stderr=log
            )

    @property
    def seconds(self) -> float:
        return monotonic() - self.began

    def _processes(self) -> Mapping[str, psutil.Process]:
        pid = ManagedNeo4j(self.data).status().pid
        return {"service": self.process, **({"neo4j": psutil.Process(pid)} if pid else {})}

    def cpu(self) -> float:
        return sum(_cpu(process) for process in self._processes().values())

    def resident(self) -> dict[str, int]:
        return {name: process.memory_info().rss >> 20 for name, process in self._processes().items()}

    def key(self) -> str:
        return (self.data / "api-key").read_text().strip()

    def await_ready(self) -> None:
        with httpx.Client(trust_env=False, timeout=10) as client:
            while self.seconds < _PATIENCE:
                try:
                    if client.get(f"{self.url}/health/ready").status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                sleep(0.02)
        raise RuntimeError(f"not ready after {_PATIENCE} s; see {self.data.parent / 'serve.log'}")

    def take_task(self) -> None:
        """Ask as a new user; on a busy machine a cold server may need longer than a statement may take."""
        user = {"id": str(uuid4()), "display_name": "Ada", "auth_method": "local"}
        wish, key = {"type": "random", "user": user, "lang": "en"}, {"X-API-Key": self.key()}
        with httpx.Client(trust_env=False, timeout=_PATIENCE, headers=key) as client:
            while self.seconds < 2 * _PATIENCE:
                if client.post(f"{self.url}/api/v1/tasks/", json=wish).is_success:
                    return
        raise RuntimeError("no task was handed out")


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OA_GRAPH_", "NEO4J_"))}
    kept = {"OA_GRAPH_CACHE": os.environ["OA_GRAPH_CACHE"]} if "OA_GRAPH_CACHE" in os.environ else {}
    return {**own, **kept, "OA_GRAPH_AOT": "off", "OA_GRAPH_RATE_LIMIT": "false"}


@contextmanager
def _serving(checkout: Path, data: Path) -> Generator[Watched]:
    watched = Watched(checkout, data)
    try:
        yield watched
    finally:
        watched.process.terminate()
        watched.process.wait(_PATIENCE)


def measure(checkout: Path, data: Path, *, users: int, seconds: float) -> Started:
    """Start once, and let so many users work for so long; 0 seconds: nobody works."""
    load = os.getloadavg()[0]
    with _serving(checkout, data) as watched:
        watched.await_ready()
        ready = watched.seconds
        watched.take_task()
        first_task, first_cpu = watched.seconds, watched.cpu()
        sleep(_SETTLED)
        settled_cpu, settled_mib = watched.cpu(), watched.resident()
        tasks = _crowd(watched, users, seconds) if seconds else 0
        return Started(
            checkout=str(checkout),
            ready_s=round(ready, 2),
            first_task_s=round(first_task, 2),
            first_task_cpu_s=round(first_cpu, 2),
            settled_cpu_s=round(settled_cpu, 2),
            settled_mib=settled_mib,
            crowd_mib=watched.resident() if tasks else None,
            crowd_tasks=tasks,
            crowd_cpu_ms=round(1000 * (watched.cpu() - settled_cpu) / tasks, 2) if tasks else 0.0,
            load_before=round(load, 2),
        )


def _crowd(watched: Watched, users: int, seconds: float) -> int:
    words = ("--url", watched.url, "--api-key", watched.key(), "--users", str(users), "--seconds", str(seconds))
    command = [sys.executable, "-m", "oa_graph.cli", "simulate", *words, "--pace", "0", "--json"]
    report = subprocess.run(command, cwd=CHECKOUT, env=_environment(), capture_output=True, text=True, check=False)
    return json.loads(report.stdout)["tasks"]["total"]


def _make_graph(data: Path, posts: int) -> None:
    server = managed(data)
    if posts:
        fill.by_import(Plan(posts), server, data.parent / "csv")
    with started(server) as place:
        asyncio.run(_apply_schema(place))


async def _apply_schema(place: Place) -> None:
    graph = Graph.connect(place.uri, place.username, place.password, database=place.database)
    try:
        await schema.apply(graph)
    finally:
        await graph.close()


def _options(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.start", description=__doc__)
    parser.add_argument("--checkout", type=Path, action="append", help="a checkout to measure; may be repeated (this)")
    parser.add_argument("--rounds", type=int, default=1, help="starts of each checkout (%(default)s)")
    parser.add_argument("--posts", type=int, default=0, help="in the graph that is started on (%(default)s)")
    parser.add_argument("--users", type=int, default=32, help="of the crowd (%(default)s)")
    parser.add_argument("--seconds", type=float, default=120.0, help="that the crowd works (%(default)s)")
    return parser.parse_args(words)


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="oa-graph-bench-", ignore_cleanup_errors=True) as folder:
        original = Path(folder) / "graph" / "data"
        original.parent.mkdir()
        _make_graph(original, options.posts)
        for number in range(options.rounds):
            for place, checkout in enumerate(options.checkout or [CHECKOUT]):
                data = Path(folder) / f"{number}-{place}" / "data"
                shutil.copytree(original, data)
                started = measure(checkout, data, users=options.users, seconds=options.seconds)
                print(json.dumps(asdict(started)), flush=True)
                shutil.rmtree(data.parent, ignore_errors=True)


if __name__ == "__main__":
    main()
