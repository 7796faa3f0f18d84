"""Forbidden clauses, hidden wherever an expression can stand: refused, or run without touching any canary.

The canaries are a node, a file, a local address and a transaction of somebody else. Plans are not looked at: a plan
hides SHOW and LOAD inside of list expressions.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oa_graph.errors import OaGraphError
from oa_graph.graph.adhoc import AdhocQueries, ResultLimits
from oa_graph.graph.session import Graph

pytestmark = pytest.mark.anyio

SECRET = "canary-7f3a"
"""Stands in the file and in the other transaction: an answer that holds it has read one of them."""

PAYLOADS = (
    "CREATE (n:Canary) RETURN 1 AS x",
    "MERGE (n:Canary) RETURN 1 AS x",
    "MATCH (n:Canary) DETACH DELETE n",
    "MATCH (n:Canary) SET n.touched = true RETURN 1 AS x",
    "MATCH (n:Canary) REMOVE n.text RETURN 1 AS x",
    "MATCH (n:Canary) CALL (n) { SET n.touched = true } IN TRANSACTIONS RETURN 1 AS x",
    "INSERT (n:Canary) RETURN 1 AS x",
    "SHOW TRANSACTIONS YIELD currentQuery AS x RETURN x",
    "SHOW SETTINGS YIELD value AS x RETURN x",
    "TERMINATE TRANSACTIONS 'neo4j-transaction-1' YIELD message AS x RETURN x",
    "CALL dbms.listConfig() YIELD value AS x RETURN x",
    "CALL tx.setMetaData({a: 1}) RETURN 1 AS x",
    "CALL db.createLabel('Canary2') RETURN 1 AS x",
    "LOAD CSV FROM 'ADDRESS' AS x RETURN x",
    "LOAD CSV FROM 'FILE' AS x RETURN x",
    "USE system RETURN 1 AS x",
)

SUBQUERIES = (
    "COLLECT { PAYLOAD }",
    "COUNT { PAYLOAD }",
    "EXISTS { PAYLOAD }",
    "COLLECT { CALL () { PAYLOAD } RETURN x }",
)

EXPRESSIONS = (
    "EXPRESSION",
    "[y IN [1] | EXPRESSION]",
    "[y IN [1] WHERE EXPRESSION IS NOT NULL]",
    "[y IN EXPRESSION | y]",
    "{a: EXPRESSION}",
    "{a: [EXPRESSION]}.a",
    "[1, 2][0..size(toString(EXPRESSION))]",
    "CASE WHEN EXPRESSION IS NULL THEN 1 ELSE 2 END",
    "CASE EXPRESSION WHEN 1 THEN 1 END",
    "coalesce(null, EXPRESSION)",
    "any(y IN [1] WHERE EXPRESSION IS NOT NULL)",
    "reduce(a = 0, y IN [1] | a + size(toString(EXPRESSION)))",
    "[(a:Canary)-->(b) | EXPRESSION]",
    "NOT (EXPRESSION IS NULL)",
    "s'{EXPRESSION}'",
    'S"{EXPRESSION}"',
    "s'a{EXPRESSION}b' + 'c'",
    "s'{s\"{EXPRESSION}\"}'",
    "'' + s'{EXPRESSION}'",
    "-size(toString(EXPRESSION))",
    "(EXPRESSION)",
    "`coalesce`(EXPRESSION)",
    "'a' /* ' */ + toString(EXPRESSION)",
)

STATEMENTS = (
    "RETURN EXPRESSION AS x",
    "UNWIND [EXPRESSION] AS x RETURN x",
    "WITH 1 AS y WHERE EXPRESSION IS NOT NULL RETURN y AS x",
    "MATCH (n:Canary) WHERE EXPRESSION IS NOT NULL RETURN n.id AS x",
    "MATCH (n:Canary {id: EXPRESSION}) RETURN n.id AS x",
    "MATCH (n:$(toString(EXPRESSION))) RETURN n.id AS x",
    "RETURN 1 AS x ORDER BY EXPRESSION",
    "RETURN 1 AS x LIMIT size(toString(EXPRESSION))",
    "LET x = EXPRESSION RETURN x",
    "FILTER EXPRESSION IS NOT NULL RETURN 1 AS x",
    "RETURN 1 AS x UNION ALL RETURN EXPRESSION AS x",
    "CALL () { RETURN EXPRESSION AS x } RETURN x",
    "RETURN 1 AS y NEXT RETURN EXPRESSION AS x",
    "CALL db.index.fulltext.queryNodes('text_english', toString(EXPRESSION)) YIELD node RETURN 1 AS x",
    "PAYLOAD",
    "RETURN 1 AS x; PAYLOAD",
    "CALL () { PAYLOAD } RETURN 1 AS x",
    "CALL () { PAYLOAD }",
    "MATCH (n:Canary) PAYLOAD",
    "RETURN '\\\\' AS y /* ' */ NEXT PAYLOAD",
    "RETURN 1 AS y NEXT PAYLOAD",
)


@st.composite
def statements(draw: st.DrawFn) -> str:
    statement = draw(st.sampled_from(STATEMENTS))
    for _ in range(draw(st.integers(0, 2))):
        statement = statement.replace("EXPRESSION", draw(st.sampled_from(EXPRESSIONS)))
    statement = statement.replace("EXPRESSION", draw(st.sampled_from(SUBQUERIES)))
    return statement.replace("PAYLOAD", draw(st.sampled_from(PAYLOADS)))


@dataclass
class Canaries:
    """What nobody may touch, and how to see whether somebody did."""

    graph: Graph
    address: str
    file: Path
    visits: int = 0

    def visit(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()

    async def state(self) -> tuple[object, ...]:
        nodes = await self.graph.execute("MATCH (n) WHERE NOT n:Schema RETURN labels(n) AS labels, properties(n) AS n")
        return (nodes, self.file.read_text(), self.visits)


@asynccontextmanager
async def set_out(graph: Graph, folder: Path) -> AsyncGenerator[Canaries]:
    file = folder / "canary.csv"
    file.write_text(SECRET)
    await graph.execute("CREATE (:Canary {id: 'a', text: 'b'})-[:OF]->(:Canary {id: 'c'})")
    canaries = Canaries(graph, "", file)
    server = await asyncio.start_server(canaries.visit, "127.0.0.1", 0)
    canaries.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        yield canaries


async def ask(door: AdhocQueries, statement: str) -> str:
    """The whole answer, or nothing where the statement is refused or fails."""
    try:
        asked = await door.ask(statement, {}, client="an analyst")
        try:
            return "".join([rows.lines.decode() async for rows in asked.rows()])
        finally:
            asked.cancel()
    except OaGraphError:
        return ""


async def test_a_hidden_clause_is_refused_or_touches_nothing(graph: Graph, tmp_path: Path) -> None:
    """Whatever the guard takes is really run, beside a transaction of somebody else that must outlive it."""
    async with set_out(graph, tmp_path) as canaries, graph.reading(seconds=None) as other:
        before = await canaries.state()
        door = AdhocQueries(graph, at_once=2, bounds=ResultLimits(seconds=10.0, rows=1000, mib=1))
        loop = asyncio.get_running_loop()
        rows = await (await other.run(f"UNWIND range(1, 100000) AS n RETURN n, '{SECRET}' AS mark")).fetch(1)
        assert len(rows) == 1

        @settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(statements())
        def every_place(statement: str) -> None:
            sent = statement.replace("ADDRESS", canaries.address).replace("FILE", canaries.file.as_uri())
            answer = asyncio.run_coroutine_threadsafe(ask(door, sent), loop).result(60)
            assert SECRET not in answer, sent

        await asyncio.to_thread(every_place)
        assert await canaries.state() == before
        assert (await (await other.run("RETURN 1 AS alive")).single()) is not None
        await door.close()
