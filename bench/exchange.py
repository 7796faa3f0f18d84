"""Whole graphs out of the store and into it: how fast, beside the bare driver, and in how much memory.

    python -m bench.exchange export|import URI USER DATABASE FILE     the password in NEO4J_PASSWORD

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

from bench.place import CHECKOUT, Place
from oa_graph.datasets import Destination, ImportCounts, ImportOptions, export_trees, import_trees
from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from oa_graph.graph.datasets import streamed_trees
from oa_graph.graph.session import Graph


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


def _apart(place: Place, what: str, file: Path) -> dict[str, Any]:
    return _run(what, place.uri, place.username, place.database, str(file), NEO4J_PASSWORD=place.password)


def _run(direction: str, *words: str, **environment: str) -> dict[str, Any]:
    command = (sys.executable, "-m", "bench.exchange", direction, *words)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")} | environment
    done = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the {direction} failed; it said:\n{done.stderr[-4000:]}")
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
    async for _, posts_of_tree in streamed_trees(graph, states=frozenset(TreeState)):
        posts += len(posts_of_tree)
    return posts


async def _import(graph: Graph, file: Path) -> Imported:
    begun, cpu = perf_counter(), process_time()
    counts: ImportCounts = await import_trees(
        graph, file, limits=Limits(), options=ImportOptions(into=Destination.FINISHED)
    )
    wall, cpu = perf_counter() - begun, process_time() - cpu
    return Imported(counts.posts, counts.posts / wall, 1e6 * cpu / max(1, counts.posts), _peak())


def _peak() -> float:
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return psutil.Process().memory_info().rss / 2**20


async def _main(arguments: Sequence[str]) -> None:
    direction, uri, username, database, file = arguments
    graph = Graph.connect(uri, username, os.environ["NEO4J_PASSWORD"], database=database)
    try:
        result = await (_export if direction == "export" else _import)(graph, Path(file))
    finally:
        await graph.close()
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
