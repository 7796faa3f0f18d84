"""The statements for analysts on a large graph: how long each takes, from asking to its last row.

    python -m bench.explore URI USER DATABASE [PID of Neo4j]     the password in NEO4J_PASSWORD

prints them, one a line.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass

from bench.meter import Meter
from bench.place import Place
from oa_graph.errors import StoreBusy
from oa_graph.graph.saved_queries import run_saved_query, saved_queries
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import Statement

CAP = 120.0
"""Seconds that a statement may take, at most."""


@dataclass(frozen=True, slots=True)
class Explored:
    """One statement, asked for everything or, where it has to be told which, for one thing in the middle."""

    name: str
    seconds: float | None
    """Until the last row, with the plan and the store in memory; None: it was given up."""
    rows: int
    cpu_seconds: float | None
    """Of Neo4j; None where it is not ours to read. Where others are at work too, this is the figure to compare by."""
    others: float
    """Cores that everything else took meanwhile."""
    heavy: bool
    """Whether its header says that it takes long."""


def measure_explorations(place: Place) -> list[Explored]:
    """Every statement of `cypher/explore/`, by name: once to plan it and to warm the store, then once by the clock."""
    return asyncio.run(_measure(place, place.pid))


async def _measure(place: Place, pid: int | None) -> list[Explored]:
    graph = Graph.connect(place.uri, place.username, place.password, database=place.database)
    try:
        some, meter = await _somewhere(graph), Meter(neo4j=pid, service=None)
        explored: list[Explored] = []
        for query in saved_queries():
            parameters = {name: some[name] for name in query.required}
            explored.append(await _explored(graph, query, parameters, meter))
        return explored
    finally:
        await graph.close()


async def _somewhere(graph: Graph) -> dict[str, object]:
    """A deep post, its tree, and a task; what there is none of is an id that nothing has."""
    rows = await graph.execute(
        """
        OPTIONAL MATCH (tree:Tree {state: 'ready_for_export'})
        WITH tree LIMIT 1
        OPTIONAL MATCH (post:Post {tree: tree.id})
        WITH post ORDER BY post.depth DESC, post.id LIMIT 1
        OPTIONAL MATCH (task:Task)
        WITH post, task LIMIT 1
        RETURN coalesce(post.id, '') AS post, coalesce(post.tree, '') AS tree, coalesce(task.id, '') AS task
        """
    )
    return dict(rows[0])


async def _explored(graph: Graph, query: Statement, parameters: dict[str, object], meter: Meter) -> Explored:
    heavy = query.cost.startswith("scan, heavy")
    try:
        await _read(graph, query, parameters)
        with meter.reading() as spent:
            rows = await _read(graph, query, parameters)
    except StoreBusy:
        return Explored(query.name, None, 0, None, 0.0, heavy)
    return Explored(query.name, spent.wall, rows, spent.neo4j or None, spent.others / spent.wall, heavy)


async def _read(graph: Graph, query: Statement, parameters: dict[str, object]) -> int:
    """How many rows there are, each read and dropped."""
    rows = 0
    async with run_saved_query(graph, query.name, parameters, seconds=CAP) as answer:
        async for _ in answer.rows:
            rows += 1
    return rows


def main() -> None:
    uri, username, database, *pids = sys.argv[1:]
    place = Place(uri, username, os.environ["NEO4J_PASSWORD"], database)
    for answer in asyncio.run(_measure(place, int(pids[0]) if pids else None)):
        seconds = f"over {CAP:.0f}" if answer.seconds is None else f"{answer.seconds:.2f}"
        cpu = "" if answer.cpu_seconds is None else f"{answer.cpu_seconds:.2f}"
        print(f"{answer.name:34}{seconds:>9} s, CPU {cpu:>7}, {answer.rows:6} rows{'  heavy' if answer.heavy else ''}")


if __name__ == "__main__":
    main()
