"""Samples of what the statements for analysts answer, for `cypher/README.md`.

    python -m tests.graph.explore.samples

plants the garden into a server of its own, or into the empty one that NEO4J_URI names, asks each statement, and writes
the section anew. It is the same whenever nothing has changed.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path

from bench.place import managed, named_place, started
from oa_graph.graph import schema
from oa_graph.graph.saved_queries import run_saved_query, saved_queries
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import Statement
from tests.graph.explore.sample_graph import PARAMETERS, plant_garden
from tests.paths import ROOT

README = ROOT / "cypher" / "README.md"
BEGINS, ENDS = "<!-- samples -->\n", "<!-- /samples -->\n"

_ROWS = 3
_WIDTH = 32
"""Characters of a text, at most."""


async def section(graph: Graph) -> str:
    """All samples, from a graph that the garden grows in."""
    return "\n".join([await _sample(graph, query) for query in saved_queries()])


async def _sample(graph: Graph, query: Statement) -> str:
    parameters = PARAMETERS.get(query.short, {})
    async with run_saved_query(graph, query.name, parameters) as answer:
        columns, rows = answer.columns, [row async for row in answer.rows]
    asked = ", ".join(f"`{name}` = `{value}`" for name, value in parameters.items())
    return "\n".join(
        [
            f"{title(query)} Needs {', '.join(query.needs)}.{f' Here with {asked}.' if asked else ''}",
            "",
            _line(columns),
            "|---" * len(columns) + "|",
            *(_line([_cell(value) for value in row]) for row in rows[:_ROWS]),
            *(["", f"… and {len(rows) - _ROWS} more."] if len(rows) > _ROWS else []),
            "",
        ]
    )


def title(query: Statement) -> str:
    """The line that a statement stands in."""
    name = query.name
    return f"**[`{name}`]({name}.cypher)**: {query.description}."


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.4g}" if value % 1 else f"{value:.1f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case list():
            return _cut(", ".join(str(element) for element in value))  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
        case _:
            return _cut(str(value))


def _cut(text: str) -> str:
    plain = " ".join(text.split()).replace("|", "\\|")
    return plain if len(plain) <= _WIDTH else plain[: _WIDTH - 1].rstrip() + "…"


def current_samples(readme: str) -> str:
    """The samples that a README has now."""
    return readme.partition(BEGINS)[2].partition(ENDS)[0]


def renewed(readme: str, samples: str) -> str:
    before, _, rest = readme.partition(BEGINS)
    return before + BEGINS + samples + ENDS + rest.partition(ENDS)[2]


@asynccontextmanager
async def _garden(uri: str, username: str, password: str, database: str) -> AsyncGenerator[Graph]:
    graph = Graph.connect(uri, username, password, database=database)
    try:
        if await graph.execute("MATCH (node) WHERE NOT node:Schema RETURN node LIMIT 1"):
            raise ValueError("the server at NEO4J_URI holds data; the garden needs an empty one")
        await schema.apply(graph)
        await plant_garden(graph)
        yield graph
    finally:
        await graph.close()


async def _write(uri: str, username: str, password: str, database: str) -> None:
    async with _garden(uri, username, password, database) as graph:
        samples = await section(graph)
    README.write_text(renewed(README.read_text("utf-8"), samples), "utf-8")


def main() -> None:
    if elsewhere := named_place():
        asyncio.run(_write(elsewhere.uri, elsewhere.username, elsewhere.password, elsewhere.database))
        return
    with (
        tempfile.TemporaryDirectory(prefix="oa-graph-samples-", ignore_cleanup_errors=True) as data,
        started(managed(Path(data))) as place,
    ):
        asyncio.run(_write(place.uri, place.username, place.password, place.database))


if __name__ == "__main__":
    main()
