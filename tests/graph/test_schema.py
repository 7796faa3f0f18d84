"""The schema is applied step by step, once each, and a graph that does not fit the program is told apart."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from oa_graph.errors import SchemaChanged, SchemaTooNew
from oa_graph.graph import schema
from oa_graph.graph.queries import SchemaFile, schema_files
from oa_graph.graph.session import Graph
from tests.builders import at_once

pytestmark = pytest.mark.anyio

EXTRA = SchemaFile(
    version=9000,
    name="schema/9000_extra",
    checksum="extra",
    statements=("CREATE INDEX extra_of_a_test IF NOT EXISTS FOR (n:ExtraOfATest) ON (n.name)",),
)


def know(monkeypatch: pytest.MonkeyPatch, *files: SchemaFile) -> None:
    """The program knows other files than it has."""
    monkeypatch.setattr(schema, "schema_files", lambda: files)


async def remembered(graph: Graph) -> list[tuple[int, str, str]]:
    rows = await graph.execute(
        "MATCH (s:Schema) RETURN s.version AS version, s.name AS name, s.checksum AS checksum ORDER BY version"
    )
    return [(row["version"], row["name"], row["checksum"]) for row in rows]


@pytest.fixture(autouse=True)
async def restored(connected: Graph) -> AsyncGenerator[None]:
    """What a test does to the schema is undone for the others."""
    yield
    await connected.execute("DROP INDEX extra_of_a_test IF EXISTS")
    await connected.execute("MATCH (s:Schema) DELETE s")
    await schema.apply(connected)


FILLS_GAPS = re.compile(r"MATCH .*\((?P<name>\w+):\w+\) WHERE (?P=name)\.\w+ IS NULL\s")
CLEARS_AWAY = re.compile(r"MATCH \((?P<name>\w+):\w+\) CALL \((?P=name)\) \{ DETACH DELETE (?P=name) \}")


def again_is_nothing(statement: str) -> bool:
    """Whether the statement, done again, does nothing: it makes or drops something once, fills gaps or clears away."""
    return any(word in statement for word in ("IF NOT EXISTS", "IF EXISTS")) or any(
        each.match(statement) for each in (FILLS_GAPS, CLEARS_AWAY)
    )


def made(statement: str) -> set[str]:
    """The name of the index or constraint that the statement makes."""
    found = re.match(r"CREATE (?:FULLTEXT |)(?:INDEX|CONSTRAINT) (\w+) ", statement)
    return {found[1]} if found else set()


async def test_the_files_are_numbered_without_a_gap_and_can_be_applied_twice() -> None:
    files = schema_files()
    assert [each.version for each in files] == list(range(1, len(files) + 1))
    for each in files:
        assert each.statements
        assert all(again_is_nothing(statement) for statement in each.statements), "a crash may come before it is noted"


async def test_a_new_graph_gets_every_file_once_with_its_checksum(graph: Graph) -> None:
    await graph.execute("MATCH (s:Schema) DELETE s")
    assert await schema.apply(graph) == [each.name for each in schema_files()]
    assert await remembered(graph) == [(each.version, each.name, each.checksum) for each in schema_files()]
    assert await schema.apply(graph) == []


async def test_all_that_the_files_promise_is_there(graph: Graph) -> None:
    rows = await graph.execute("SHOW INDEXES YIELD name, state RETURN name, state")
    online = {row["name"] for row in rows if row["state"] == "ONLINE"}
    statements = [statement for each in schema_files() for statement in each.statements]
    gone = {found[1] for each in statements if (found := re.match(r"DROP \w+ (\w+) IF EXISTS", each))}
    assert {name for each in statements for name in made(each)} - gone <= online
    assert not gone & online


async def test_a_new_file_is_applied_alone(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, *schema_files(), EXTRA)
    assert await schema.apply(graph) == [EXTRA.name]
    rows = await graph.execute("SHOW INDEXES YIELD name RETURN name")
    assert "extra_of_a_test" in {row["name"] for row in rows}


async def test_a_file_that_changed_after_it_was_applied_is_an_error_and_nothing_is_done(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await remembered(graph)
    first, *others = schema_files()
    know(monkeypatch, replace(first, checksum="another"), *others, EXTRA)
    with pytest.raises(SchemaChanged, match=first.name):
        await schema.apply(graph)
    assert await remembered(graph) == before


async def test_a_graph_that_is_newer_than_the_program_is_an_error_and_nothing_is_done(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, *schema_files(), EXTRA)
    await schema.apply(graph)
    before = await remembered(graph)
    monkeypatch.undo()
    with pytest.raises(SchemaTooNew, match="9000"):
        await schema.apply(graph)
    assert await remembered(graph) == before


async def test_a_graph_with_a_file_that_the_program_skipped_is_an_error(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, *schema_files(), EXTRA)
    await schema.apply(graph)
    know(monkeypatch, *schema_files(), replace(EXTRA, version=9001, name="schema/9001_more"))
    with pytest.raises(SchemaTooNew, match="9000"):
        await schema.apply(graph)


async def test_processes_that_start_at_once_apply_it_together(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, *schema_files(), EXTRA)
    await graph.execute("MATCH (s:Schema) DELETE s")
    _, failed = await at_once(schema.apply(graph) for _ in range(4))
    assert failed == []
    assert len(await remembered(graph)) == len(schema_files()) + 1
