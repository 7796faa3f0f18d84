"""A server whose default is Cypher 5, as Aura and a Neo4j fresh from the download are: everything works there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import LiteralString

import pytest

from oa_graph.errors import ServerTooOld
from oa_graph.graph import saved_queries, schema
from oa_graph.graph.notifications import Notification
from oa_graph.graph.session import Graph, StatementRefused
from oa_graph.graph.statements import catalogue, typed_by_operator, with_language
from oa_graph.neo4j_server import Address, ManagedNeo4j, Memory
from oa_graph.simulator.simulate import simulate
from tests import processes
from tests.graph.statements.test_plans import explained
from tests.http.api.conftest import ANALYST, WEB, admit, serving
from tests.http.api.frontend import Frontend

pytestmark = pytest.mark.anyio

ONLY_25 = "RETURN format(date('2026-03-01'), 'uuuu') AS year"
"""Cypher 5 has no `format`."""


@pytest.mark.parametrize(
    "statement",
    [
        "CYPHER 5 RETURN 1",
        "cypher 25 runtime=slotted RETURN 1",
        "// CYPHER\n/* all */ CYPHER 5 RETURN 1",
        "EXPLAIN CYPHER 5 RETURN 1",
        " PROFILE\nCYPHER\n5 RETURN 1",
    ],
)
def test_a_statement_that_names_its_language_is_sent_as_it_is(statement: str) -> None:
    assert with_language(typed_by_operator(statement)) == statement


@pytest.mark.parametrize(
    "statement",
    ["RETURN 1", "// CYPHER 5\nRETURN 1", "CYPHER replan=skip RETURN 1", "RETURN 'CYPHER 5'", "/* /* */" * 40 + "X"],
)
def test_any_other_statement_gets_the_language_of_the_program(statement: str) -> None:
    assert with_language(typed_by_operator(statement)) == f"CYPHER 25 {statement}"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Generator[Address]:
    memory = Memory(heap_mib=768, page_cache_mib=64)
    five = {"db.query.default_language": "CYPHER_5"}
    with ManagedNeo4j(tmp_path_factory.mktemp("cypher 5") / "data", memory=memory, extra_config=five) as server:
        yield server.start()


@pytest.fixture(scope="module")
async def plain(address: Address) -> AsyncGenerator[Graph]:
    """The graph of that server."""
    graph = Graph.connect(address.bolt, address.username, address.password, database=address.database, pool=20)
    try:
        yield graph
    finally:
        await graph.close()


async def test_a_server_that_does_not_know_the_language_is_refused_before_anything_is_written(
    plain: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oa_graph.graph.session.LANGUAGE", "CYPHER 26 ")
    with pytest.raises(ServerTooOld, match=r"bolt://127.*oa-graph needs: 26 is not a valid option"):
        await schema.apply(plain)
    monkeypatch.undo()
    assert await plain.execute("SHOW CONSTRAINTS YIELD name") == []
    assert await plain.execute("MATCH (n) RETURN n") == []


async def test_the_schema_a_crowd_and_every_statement_work(plain: Graph) -> None:
    async with plain.session() as session:
        with pytest.raises(Exception, match="Unknown function 'format'"):
            await (await session.run(ONLY_25)).consume()
    assert await schema.apply(plain) == schema.known()
    await admit(plain)
    async with serving(plain) as url:
        report = await simulate(
            url, WEB, users=4, seconds=processes.PATIENCE, seed=5, pace=0, until=lambda progress: progress.tasks >= 30
        )
        assert (report.unexpected, report.tasks >= 30) == ((), True)
        async with Frontend(url, ANALYST) as analyst:
            lines = (await analyst.post("/cypher/", {"statement": ONLY_25})).text.splitlines()
            assert lines[1] == '["2026"]'
            wrong = await analyst.post("/cypher/", {"statement": "RETURN yeer"})
            assert "(line 1, column 8)" in wrong.json()["message"]
    for query in catalogue().values():
        async with plain.session() as session:
            summary = await (await session.run(explained(query), query.sent({}))).consume()
        assert summary.plan is not None, query.name  # pyright: ignore[reportUnknownMemberType]


async def test_what_people_type_works_too(address: Address, plain: Graph, tmp_path: Path) -> None:
    env = {"NEO4J_URI": address.bolt, "NEO4J_PASSWORD": address.password, "OA_GRAPH_DATA": str(tmp_path)}
    shell = f":param year => format(date('2025-01-01'), 'uuuu')\n{ONLY_25}, $year AS before;\nCYPHER 5 {ONLY_25};\n"
    asked, typed = await asyncio.gather(
        asyncio.to_thread(processes.run, "query", "--file", "-", "--as", "jsonl", stdin=ONLY_25, **env),
        asyncio.to_thread(processes.run, "db", "shell", stdin=shell, **env),
    )
    assert asked.stdout == '{"year":"2026"}\n', asked.stderr
    assert "2026" in typed.stdout, typed.stderr
    assert "2025" in typed.stdout
    assert "Unknown function 'format'" in typed.stderr
    assert await plain.execute(ONLY_25) == [{"year": "2026"}]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("RETURN yeer", 'Variable `yeer` not defined (line 1, column 8)\n"RETURN yeer"\n        ^'),
        ("RETURN\n  yeer", 'Variable `yeer` not defined (line 2, column 3 (offset: 19))\n"  yeer"\n   ^'),
        ("CYPHER 25 RETURN yeer", "(line 1, column 18 (offset: 17))"),
    ],
)
async def test_a_refusal_names_the_place_in_what_was_written(plain: Graph, statement: LiteralString, why: str) -> None:
    with pytest.raises(StatementRefused) as error:
        async with saved_queries.run_query(plain, statement, {}):
            pass
    assert why in str(error.value)


async def test_a_remark_names_the_place_in_what_was_written(plain: Graph) -> None:
    remarks: list[Notification] = []
    async with saved_queries.run_query(plain, "MATCH (n:Nowhere) RETURN n", {}, on_warning=remarks.append) as answer:
        assert [row async for row in answer.rows] == []
    assert [(remark.line, remark.column) for remark in remarks] == [(1, 10)]
