"""Whole graphs out of the store and into it: how fast, beside the bare driver, and in how much memory.

    python -m tests.bench.exchange export|import URI USER DATABASE FILE     the password in NEO4J_PASSWORD
    python -m tests.bench.exchange build FOLDER FILE                        the data folder of a managed server

runs one of them in a process of its own, so that its memory is nobody else's.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import psutil

from oa_graph.cli import main
from oa_graph.exchange import Counts, Into, Wish, export_trees, import_trees
from oa_graph.graph.exchange import streamed
from oa_graph.graph.session import Graph
from oa_graph.managed import Server
from oa_graph.model import Limits, TreeState
from tests.bench.place import CHECKOUT, Place


@dataclass(frozen=True, slots=True)
class Exported:
    """An export of everything as oasst trees, after the same statement read by the bare driver."""

    posts: int
    bare_per_second: float
    """Posts; read and dropped."""
    per_second: float
    cpu_us: float
    """Of the exporting process, for one post."""
    rss_mib: float
    """The most that the exporting process held, the interpreter and all modules included."""
    file_mib: float


@dataclass(frozen=True, slots=True)
class Imported:
    """An import of the file that an export wrote, into a graph without these trees."""

    posts: int
    per_second: float
    cpu_us: float
    rss_mib: float


def measure_export(place: Place, file: Path) -> Exported:
    """Writes every tree of the graph into `file`. Raises RuntimeError with what the process said when it fails."""
    return Exported(**_apart(place, "export", file))


def measure_import(place: Place, file: Path) -> Imported:
    """Brings the trees of `file` into the graph as finished ones, as a data set comes.

    The graph must not have them, and has the schema already.
    """
    return Imported(**_apart(place, "import", file))


def measure_building(server: Server, file: Path) -> Imported:
    """Makes the store of a server, which has to be empty, of `file` at once, by `oa-graph import --bulk`.

    From the command to its end: the server is stopped, started again and indexed meanwhile.
    """
    return Imported(**_run("build", str(server.data), str(file)))


def _apart(place: Place, what: str, file: Path) -> dict[str, Any]:
    return _run(what, place.uri, place.username, place.database, str(file), NEO4J_PASSWORD=place.password)


def _run(what: str, *words: str, **environment: str) -> dict[str, Any]:
    command = (sys.executable, "-m", "tests.bench.exchange", what, *words)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")} | environment
    done = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the {what} failed; it said:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout)


async def _export(graph: Graph, file: Path) -> Exported:
    await _stream(graph)  # the first time warms the server
    begun = perf_counter()
    posts = await _stream(graph)
    bare = posts / (perf_counter() - begun)
    begun, cpu = perf_counter(), process_time()
    counts = await export_trees(graph, file, states=None, include_deleted=True, include_rejected=True)
    wall, cpu = perf_counter() - begun, process_time() - cpu
    size = file.stat().st_size / 2**20  # noqa: ASYNC240 - one look, and nobody waits
    return Exported(counts.posts, bare, counts.posts / wall, 1e6 * cpu / counts.posts, _peak(), size)


async def _stream(graph: Graph) -> int:
    """What the export asks for, read and dropped."""
    posts = 0
    async for _, found in streamed(graph, states=frozenset(TreeState)):
        posts += len(found)
    return posts


async def _import(graph: Graph, file: Path) -> Imported:
    begun, cpu = perf_counter(), process_time()
    counts: Counts = await import_trees(graph, file, limits=Limits(), wish=Wish(into=Into.FINISHED))
    wall, cpu = perf_counter() - begun, process_time() - cpu
    return Imported(counts.posts, counts.posts / wall, 1e6 * cpu / max(1, counts.posts), _peak())


def _peak() -> float:
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return psutil.Process().memory_info().rss / 2**20


def _build(folder: str, file: str) -> Imported:
    begun, cpu = perf_counter(), process_time()
    main(["import", "--bulk", "--into", "finished", file, "--data", folder], standalone_mode=False)
    wall, cpu = perf_counter() - begun, process_time() - cpu
    peak = _peak()
    with Path(file).open("rb") as lines:
        posts = sum(line.count(b'"message_id": ') for line in lines)
    return Imported(posts, posts / wall, 1e6 * cpu / posts, peak)


async def _main(arguments: Sequence[str]) -> None:
    what, uri, username, database, file = arguments
    graph = Graph.connect(uri, username, os.environ["NEO4J_PASSWORD"], database=database)
    try:
        found = await (_export if what == "export" else _import)(graph, Path(file))
    finally:
        await graph.close()
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    if sys.argv[1] == "build":
        print(json.dumps(asdict(_build(*sys.argv[2:]))))
    else:
        asyncio.run(_main(sys.argv[1:]))
