"""Applies `cypher/schema/` in order, each file once, and remembers it in the graph.

A `(:Schema {version, name, checksum, applied})` node stands for each applied file. A file that changed after it was
applied, or a graph that knows more files than the program, is an error: neither can be mended by guessing.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import LiteralString

from oa_graph.errors import RetriesExhausted, SchemaChanged, SchemaTooNew, ServerTooOld
from oa_graph.graph.session import Graph, StatementRefused
from oa_graph.graph.statements import schema_files

_ATTEMPTS = 10
_PAUSE = 0.2
"""Seconds at most, before a step is tried again."""

_POPULATED = 6 * 3600
"""Seconds until the indexes of a graph that came from elsewhere must be full: a minute for a million posts."""


_NEWEST = "EXPLAIN RETURN format(datetime(), 'uuuu') AS year"
"""Has the newest function that the statements of `cypher/` use."""


def known() -> list[str]:
    """The names of all steps."""
    return [step.name for step in schema_files()]


async def apply(graph: Graph) -> list[str]:
    """Apply what is new and return the names.

    Raise ServerTooOld, SchemaChanged or SchemaTooNew before touching anything.
    """
    await _check_language(graph)
    applied = {
        row["version"]: row["checksum"]
        for row in await graph.execute("MATCH (s:Schema) RETURN s.version AS version, s.checksum AS checksum")
    }
    known = {step.version: step for step in schema_files()}
    if strange := applied.keys() - known.keys():
        raise SchemaTooNew(found=max(strange), known=max(known))
    for version, checksum in applied.items():
        if known[version].checksum != checksum:
            raise SchemaChanged(name=known[version].name)
    new = [step for step in schema_files() if step.version not in applied]
    if not new:
        return []
    # The constraint comes first: two processes that start at once can then not both write the same step.
    await graph.execute("CREATE CONSTRAINT schema_version IF NOT EXISTS FOR (s:Schema) REQUIRE s.version IS UNIQUE")
    for step in new:
        for statement in step.statements:
            await _apply(graph, statement)
        await graph.execute(
            "MERGE (s:Schema {version: $version}) "
            "SET s.name = $name, s.checksum = $checksum, s.applied = coalesce(s.applied, $now)",
            version=step.version,
            name=step.name,
            checksum=step.checksum,
            now=datetime.now(UTC),
        )
    await graph.execute("CALL db.awaitIndexes($seconds)", seconds=_POPULATED)
    return [step.name for step in new]


async def _check_language(graph: Graph) -> None:
    """Ask the server itself, since its version does not tell: Aura reports `5.27-aura`."""
    try:
        await graph.execute(_NEWEST)
    except StatementRefused as error:
        why = str(error.values["why"]).partition("\n")[0]
        raise ServerTooOld(uri=graph.endpoint.uri, why=why) from error


async def _apply(graph: Graph, statement: LiteralString) -> object:
    """Run a step that changes nothing where it has run before.

    Of several processes that start at once, one may find that another made the index between its look and its making,
    or wait for one that waits for it; it sees what is left to do when it looks again.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await graph.execute(statement)
        except (StatementRefused, RetriesExhausted):
            if attempt == _ATTEMPTS:
                raise
        await asyncio.sleep(random.uniform(0, _PAUSE))
