"""The door for analysts: what it lets through, what it tells, what it refuses, and that nothing gets past it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from oa_graph import neo4j_server
from oa_graph.domain.users import ApiClient
from oa_graph.graph import adhoc, clients, schema
from oa_graph.graph.session import Graph
from oa_graph.graph.telemetry import FIELDS
from oa_graph.policy import statement_guard
from tests.builders import plant
from tests.http.api.conftest import ANALYST, ANALYST_ID, DEFAULT, WEB, Service, admit, serving, snapshot

pytestmark = pytest.mark.anyio

NOT_ALLOWED, BUSY, TOO_LARGE, TOO_SLOW, FAILED, CLOSED = 7000, 7001, 7002, 7003, 7004, 7005
SECOND_ANALYST = "the key of a second analyst"


class Desk:
    """An analyst's."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def send(self, statement: str, **parameters: Any) -> httpx.Response:
        body = {"statement": statement, "parameters": parameters}
        return await self.http.post("/api/v1/cypher", json=body)

    async def lines(self, statement: str, **parameters: Any) -> list[Any]:
        got = await self.send(statement, **parameters)
        assert got.status_code == 200, got.text
        assert got.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in got.text.splitlines()]

    async def whole(self, statement: str, **parameters: Any) -> list[Any]:
        """The rows of an answer that says it is whole."""
        _, *rows, last = await self.lines(statement, **parameters)
        assert last == {"rows": len(rows), "complete": True, "warnings": last["warnings"], "error": None}
        return rows

    async def refused(self, statement: str, **parameters: Any) -> tuple[int, str]:
        got = await self.send(statement, **parameters)
        assert got.status_code in (400, 503), got.text
        return got.json()["error_code"], got.json()["message"]


@asynccontextmanager
async def sitting(url: str, key: str = ANALYST) -> AsyncGenerator[Desk]:
    headers = {"X-API-Key": key}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=90, trust_env=False) as http:
        yield Desk(http)


@pytest.fixture
async def desk(service: Service) -> AsyncGenerator[Desk]:
    await plant(service.graph, {"What is rain?": {"Water.": {"Why?": {}}, "Weather.": {}}})
    async with sitting(service.url) as desk:
        yield desk


@asynccontextmanager
async def bounded(graph: Graph, **settings: object) -> AsyncGenerator[Desk]:
    """A desk before a service with other bounds."""
    await admit(graph)
    second = ApiClient("second", "another notebook", analyst=True)
    await clients.create(graph, client=second, key_hash=clients.key_hash(SECOND_ANALYST))
    async with serving(graph, DEFAULT, None, **settings) as url, sitting(url) as desk:
        yield desk


# What it gives


async def test_an_answer_has_its_columns_its_rows_and_an_end(desk: Desk) -> None:
    assert await desk.lines("MATCH (p:Post) WHERE p.depth = $d RETURN p.text AS text, p.depth ORDER BY text", d=1) == [
        {"columns": ["text", "p.depth"]},
        ["Water.", 1],
        ["Weather.", 1],
        {"rows": 2, "complete": True, "warnings": [], "error": None},
    ]
    assert await desk.lines("MATCH (x:Nothing) RETURN x") == [
        {"columns": ["x"]},
        {"rows": 0, "complete": True, "warnings": [NO_LABEL], "error": None},
    ]


NO_LABEL = {
    "message": "The label `Nothing` does not exist in database `neo4j`. Verify that the spelling is correct.",
    "line": 1,
    "column": 10,
}


@pytest.mark.parametrize(
    ("statement", "places"),
    [
        ("MATCH (p:Pst) RETURN p.nme", [("`Pst`", 1, 10), ("`nme`", 1, 24)]),
        ("// Mine.\nMATCH (p:Post)\n  -[:REPLYS_TO]->() RETURN p.text", [("`REPLYS_TO`", 3, 6)]),
        ("MATCH (a:Post), (b:Post) RETURN count(*)", [("cartesian product", 1, 1)]),
        ("MATCH (p:Post) RETURN id(p)", [("deprecated", 1, 23)]),
        ("MATCH (p:Post) WHERE p.text = 'Water.' RETURN p.id", []),
    ],
)
async def test_what_the_database_remarks_stands_in_the_last_line(
    desk: Desk, statement: str, places: list[tuple[str, int, int]]
) -> None:
    *_, last = await desk.lines(statement)
    assert [(warning["line"], warning["column"]) for warning in last["warnings"]] == [place[1:] for place in places]
    for warning, (words, _, _) in zip(last["warnings"], places, strict=True):
        assert words in warning["message"]


async def test_an_answer_that_is_cut_has_its_warnings_too(graph: Graph) -> None:
    async with bounded(graph, cypher_rows=250) as desk:
        *_, last = await desk.lines("UNWIND range(1, 300) AS i OPTIONAL MATCH (p:Pst) RETURN i, p")
    assert (last["complete"], [warning["column"] for warning in last["warnings"]]) == (False, [45])


async def test_values_are_json(desk: Desk) -> None:
    (row,) = await desk.whole(
        """
        RETURN 1, 2.5, true, null, 'größe', [1, [2]], {a: 1}, datetime('2026-03-01T12:00:00.25Z'), date('2026-03-01'),
          duration('P1DT2H'), 0.0 / 0.0, 1.0 / 0.0, 9007199254740993, $given
        """,
        given={"list": [1, "zwei", None]},
    )
    assert row == [
        *(1, 2.5, True, None, "größe", [1, [2]], {"a": 1}, "2026-03-01T12:00:00.250000Z", "2026-03-01"),
        *("P1DT2H", "NaN", "Infinity", 9007199254740993, {"list": [1, "zwei", None]}),
    ]


async def test_nodes_edges_and_paths_are_json(desk: Desk) -> None:
    (row,) = await desk.whole("MATCH path = (a:Post {text: 'Water.'})-[r:REPLY_TO]->(b) RETURN a, r, path")
    node, edge, path = row
    assert (node["labels"], node["text"]) == (["InEnglish", "Post"], "Water.")
    assert edge["type"] == "REPLY_TO"
    assert [path[0], path[1]] == [node, edge]
    assert path[2]["text"] == "What is rain?"


HONEST = (
    "MATCH (a:Post)-[:REPLY_TO*1..3]->(b:Post) RETURN count(*) AS n",
    "MATCH (p:Post) CALL (p) { MATCH (p)<-[:REPLY_TO]-(r) RETURN count(r) AS n } RETURN p.text AS text, n",
    "MATCH (p:Post) RETURN COLLECT { MATCH (p)<-[:REPLY_TO]-(r) RETURN r.text } AS replies",
    "MATCH (p:Post) WHERE EXISTS { (p)<-[:REPLY_TO]-() } RETURN p.text AS text",
    "MATCH (p:$('Po' + 'st')) RETURN count(p) AS n",
    "CALL db.labels() YIELD label RETURN label",
    "CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()",
    "CALL db.index.fulltext.queryNodes('text_english', 'water') YIELD node, score RETURN node.text AS text, score",
    "MATCH p = SHORTEST 1 (a:Post {text: 'Why?'})-[:REPLY_TO]->+(b:Post {depth: 0}) RETURN length(p) AS n",
    "UNWIND range(0, 9) AS i RETURN i, sum(i) AS n UNION ALL RETURN 1 AS i, 2 AS n",
    "RETURN reduce(n = 0, i IN range(1, 1000) | n + i) AS n; // 'twas all",
    "MATCH (p:Post) RETURN date.truncate('month', p.created) AS month, count(*) AS n",
    "WITH 1 AS x RETURN x NEXT RETURN x + 1 AS y",
)


@pytest.mark.parametrize("statement", HONEST)
async def test_what_only_reads_is_answered(desk: Desk, statement: str) -> None:
    await desk.whole(statement)


async def test_many_rows_come_in_order_and_whole(desk: Desk) -> None:
    rows = await desk.whole("UNWIND range(1, 20000) AS i RETURN i, 'x' AS x")
    assert rows == [[i, "x"] for i in range(1, 20_001)]


# What it tells of mistakes


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("RETRUN 1", "Invalid input 'RETRUN'"),
        ("RETRUN 1", "(line 1, column 1)"),
        ("MATCH (n)\nRETURN m", "(line 2, column 8)"),
        ("RETURN $missing AS x", "missing"),
        ("RETURN 1 / 0 AS x", "by zero"),
        ("RETURN date('yesterday') AS x", "yesterday"),
        ("RETURN date({year: 99999}) AS x", "cannot be shown"),
        ("CALL db.index.fulltext.queryNodes('no such', 'x')", "no such"),
    ],
)
async def test_a_mistake_is_told_in_the_servers_words(desk: Desk, statement: str, words: str) -> None:
    code, message = await desk.refused(statement)
    assert code == FAILED
    assert words in message


async def test_a_failure_within_an_answer_stands_at_its_end(desk: Desk) -> None:
    first, *rows, last = await desk.lines("UNWIND range(0, 9000) AS i RETURN 1 / (8000 - i) AS x")
    assert first == {"columns": ["x"]}
    assert 0 < len(rows) <= 8000
    assert (last["rows"], last["complete"], last["error"]["error_code"]) == (len(rows), False, FAILED)


@pytest.mark.parametrize("value", [2**63, [{"a": -(2**64)}]])
async def test_parameters_that_the_database_cannot_hold_are_told(desk: Desk, value: object) -> None:
    assert (await desk.refused("RETURN $x AS x", x=value))[0] == FAILED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"RETURN 1",
        b"[]",
        b"{}",
        b'{"statement": 1}',
        b'{"statement": null}',
        b'{"statement": "RETURN 1", "parameters": []}',
        b'{"statement": "RETURN \\ud800"}',
        b'{"statement": "RETURN $x AS x", "parameters": {"x": "\\udc00"}}',
    ],
)
async def test_a_body_that_does_not_fit_is_told_by_field(desk: Desk, body: bytes) -> None:
    got = await desk.http.post("/api/v1/cypher", content=body, headers={"Content-Type": "application/json"})
    assert got.status_code == 422, got.text


async def test_a_door_that_is_closed_says_so(graph: Graph) -> None:
    async with bounded(graph, cypher=False) as desk:
        got = await desk.send("RETURN 1 AS x")
        assert (got.status_code, got.json()["error_code"]) == (403, 2)


# Bounds


async def test_a_long_answer_is_cut_and_says_so(graph: Graph) -> None:
    async with bounded(graph, cypher_rows=250) as desk:
        assert len(await desk.whole("UNWIND range(1, 250) AS i RETURN i")) == 250
        _, *rows, last = await desk.lines("UNWIND range(1, 100000) AS i RETURN i")
        assert len(rows) == 250
        assert (last["rows"], last["complete"], last["error"]["error_code"]) == (250, False, TOO_LARGE)
        assert "250 rows" in last["error"]["message"]


async def test_a_large_answer_is_cut_between_rows_and_says_so(graph: Graph) -> None:
    async with bounded(graph, cypher_mib=1) as desk:
        got = await desk.send("UNWIND range(1, 3000) AS i RETURN $text AS text", text="x" * 1000)
        _, *rows, last = (json.loads(line) for line in got.text.splitlines())
        assert len(rows) == (1 << 20) // 1005
        assert (last["complete"], last["error"]["error_code"]) == (False, TOO_LARGE)


async def test_a_row_that_is_too_large_does_not_come_into_memory(graph: Graph) -> None:
    async with bounded(graph) as desk:
        code, message = await desk.refused("RETURN [i IN range(1, 40000) | $text] AS x", text="x" * 1000)
        assert code == TOO_LARGE
        assert "MiB in a row" in message
        await eventually_answers(desk)


async def test_a_slow_statement_is_given_up(graph: Graph) -> None:
    async with bounded(graph, cypher_sec=1) as desk:
        began = time.monotonic()
        code, _ = await desk.refused("UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN sum(a) AS x")
        assert code == TOO_SLOW
        assert time.monotonic() - began < 10


async def test_a_statement_that_wants_too_much_memory_is_told_so(graph: Graph) -> None:
    async with bounded(graph, cypher_sec=60) as desk:
        hungry = "UNWIND range(1, 1000000) AS i WITH collect(toString(i) + $text) AS xs RETURN size(xs) AS x"
        code, message = await desk.refused(hungry, text="x" * 2000)
        assert (code, "memory" in message) == (TOO_LARGE, True)
        assert await desk.whole("RETURN 1 AS x") == [[1]]


async def test_one_that_the_server_cannot_end_keeps_its_place_until_it_ends(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer comes in time all the same. Until then the door is closed for whoever sent the statement."""
    monkeypatch.setattr(adhoc, "_STOPS", 0.0)
    endless = "RETURN size([x IN range(1, 1000000) WHERE $text CONTAINS toString(-x) | x]) AS x"
    async with bounded(graph, cypher_sec=3, cypher_at_once=1) as desk:
        assert await desk.whole("RETURN 1 AS x") == [[1]]
        began = time.monotonic()
        code, message = await desk.refused(endless, text="x" * 250_000)  # a quarter of a minute at the least
        took = time.monotonic() - began
        assert code == TOO_SLOW, message
        assert took < 20
        desk.http.headers["X-API-Key"] = SECOND_ANALYST
        code, message = await desk.refused("RETURN 1 AS x")
        assert (code, "1 statements" in message) == (BUSY, True)
        desk.http.headers["X-API-Key"] = ANALYST
        until = time.monotonic() + 60
        while f"client {ANALYST_ID} was told to stop and still runs" not in caplog.text:
            assert time.monotonic() < until
            await asyncio.sleep(0.1)
        got = await desk.send("RETURN 1 AS x")
        assert (got.status_code, got.json()["error_code"], "retry-after" in got.headers) == (503, CLOSED, True)
        await eventually_answers(desk, seconds=180)


async def test_the_door_stays_shut_where_load_csv_may_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The file is forbidden on this server, addresses are not."""
    lenient = {"internal.dbms.cypher_ip_blocklist": ""}
    with neo4j_server.ManagedNeo4j(tmp_path, memory=neo4j_server.Memory(512, 64), extra_config=lenient) as server:
        at = server.start()
        lax = Graph.connect(at.bolt, at.username, at.password, database=at.database)
        await schema.apply(lax)
        async with bounded(lax) as desk:
            for _ in range(2):
                got = await desk.send("RETURN 1 AS x")
                assert (got.status_code, got.json()["error_code"]) == (403, 2)
            assert "LOAD CSV may read http://192.0.2.1/" in caplog.text
        async with bounded(lax, cypher_despite_load_csv=True) as desk:
            assert await desk.whole("RETURN 1 AS x") == [[1]]
            assert (await desk.refused("LOAD CSV FROM 'http://192.0.2.1/' AS x RETURN x"))[0] == NOT_ALLOWED
        await lax.close()


async def test_so_many_are_at_work_at_once(graph: Graph) -> None:
    slow = "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN sum(a) AS x"
    async with bounded(graph, cypher_sec=3, cypher_at_once=2) as desk:
        waiting = [asyncio.create_task(desk.refused(slow)) for _ in range(2)]
        await asyncio.sleep(0.5)
        got = await desk.send("RETURN 1 AS x")
        assert (got.status_code, got.json()["error_code"], "retry-after" in got.headers) == (503, BUSY, True)
        assert [code for code, _ in await asyncio.gather(*waiting)] == [TOO_SLOW, TOO_SLOW]
        assert await desk.whole("RETURN 1 AS x") == [[1]]


async def test_whoever_goes_away_gives_the_place_back(graph: Graph) -> None:
    async with bounded(graph, cypher_at_once=1) as desk:
        for _ in range(3):
            body = {
                "statement": "UNWIND range(1, 100000) AS i RETURN i, $text AS text",
                "parameters": {"text": "x" * 500},
            }
            async with desk.http.stream("POST", "/api/v1/cypher", json=body) as got:
                assert got.status_code == 200
                await anext(got.aiter_raw())
            await eventually_answers(desk, seconds=10)


async def eventually_answers(desk: Desk, *, seconds: float = 60) -> None:
    """The place is free again."""
    until = time.monotonic() + seconds
    got = await desk.send("RETURN 1 AS x")
    while got.status_code == 503 and time.monotonic() < until:
        await asyncio.sleep(0.1)
        got = await desk.send("RETURN 1 AS x")
    assert got.status_code == 200, got.text


# The log


async def test_each_statement_is_in_the_log_with_who_what_and_how_much(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "oa_graph.graph.adhoc"):
        await desk.whole("UNWIND [1, 2] AS x\n  RETURN x, $secret AS y", secret="nobody's business")
        await desk.refused("CREATE (n)")
    entries = [getattr(record, FIELDS) for record in caplog.records if record.name == "oa_graph.graph.adhoc"]
    assert [(entry["client"], entry["statement"], entry["rows"], entry["outcome"]) for entry in entries] == [
        (ANALYST_ID, "UNWIND [1, 2] AS x RETURN x, $secret AS y", 2, "complete"),
        (ANALYST_ID, "CREATE (n)", 0, "StatementNotAllowed"),
    ]
    assert all(len(entry["digest"]) == 16 and entry["duration_ms"] > 0 for entry in entries)
    assert "nobody" not in caplog.text


# Attacks

ATTACKS = (
    # writes, in all their clauses
    "CREATE (:Post {id: 'x'})",
    "create (:Post {id: 'x'})",
    "INSERT (:Post {id: 'x'})",
    "MERGE (:Post {id: 'x'})",
    "MERGE (p:Post {id: 'x'}) ON CREATE SET p.text = 'x' RETURN p",
    "MATCH (p:Post) SET p.text = 'x'",
    "MATCH (p:Post) SET p += {text: 'x'}",
    "MATCH (p:Post) SET p[$name] = 'x'",
    "MATCH (p:Post) SET p:$($name)",
    "MATCH (p:Post) REMOVE p.text",
    "MATCH (p:Post) REMOVE p:$('Post')",
    "MATCH (p:Post) DELETE p",
    "MATCH (p) DETACH DELETE p",
    "MATCH (p) NODETACH DELETE p",
    "MATCH (a)-[r]->(b) DELETE r",
    "FOREACH (x IN [1] | CREATE (:Post {id: 'x'}))",
    "MATCH (p:Post) FOREACH (x IN [1] | SET p.text = 'x')",
    "MATCH (c:Client) SET c.analyst = true, c.trusted = true RETURN c",
    # writes inside something
    "CALL { CREATE (:Post {id: 'x'}) } RETURN 1 AS x",
    "CALL () { CREATE (n:Post {id: 'x'}) RETURN n } RETURN n",
    "MATCH (p:Post) CALL (p) { SET p.text = 'x' } RETURN 1 AS x",
    "CALL { CREATE (:Post {id: 'x'}) } IN TRANSACTIONS RETURN 1 AS x",
    "MATCH (p:Post) CALL (p) { DETACH DELETE p } IN TRANSACTIONS OF 1 ROW ON ERROR CONTINUE RETURN 1 AS x",
    "MATCH (p:Post) CALL (p) { RETURN 1 AS x } IN 2 CONCURRENT TRANSACTIONS RETURN x",
    "RETURN EXISTS { CREATE (:Post {id: 'x'}) } AS x",
    "RETURN COUNT { MERGE (:Post {id: 'x'}) } AS x",
    "RETURN COLLECT { CREATE (p:Post {id: 'x'}) RETURN p } AS x",
    "RETURN [x IN [1] | COLLECT { CALL () { CREATE (p:Post {id: 'x'}) RETURN p } RETURN p }] AS x",
    "RETURN 1 AS x UNION CREATE (p:Post {id: 'x'}) RETURN 1 AS x",
    "RETURN 1 AS x NEXT CREATE (p:Post {id: 'x'}) RETURN 1 AS x",
    "WHEN true THEN { CREATE (p:Post {id: 'x'}) RETURN 1 AS x } ELSE { RETURN 2 AS x }",
    "OPTIONAL CALL () { CREATE (p:Post {id: 'x'}) RETURN p } RETURN p",
    # the schema
    "CREATE INDEX x FOR (p:Post) ON (p.x)",
    "CREATE CONSTRAINT x FOR (p:Post) REQUIRE p.x IS UNIQUE",
    "DROP INDEX open_places",
    "DROP INDEX $name IF EXISTS",
    "CALL db.createLabel('X')",
    "CALL db.index.fulltext.createNodeIndex('x', ['Post'], ['text'])",
    # the server
    "CREATE USER eve SET PASSWORD 'password'",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
    "ALTER USER neo4j SET PASSWORD 'password'",
    "DROP USER neo4j",
    "RENAME USER neo4j TO eve",
    "GRANT ROLE admin TO eve",
    "CREATE DATABASE x",
    "DROP DATABASE neo4j",
    "STOP DATABASE neo4j",
    "START DATABASE neo4j",
    "ALTER DATABASE neo4j SET ACCESS READ ONLY",
    "CREATE ALIAS x FOR DATABASE neo4j",
    "ENABLE SERVER 'x'",
    "DEALLOCATE DATABASES FROM SERVER 'x'",
    "DRYRUN REALLOCATE DATABASES",
    "SHOW USERS",
    "SHOW CURRENT USER",
    "SHOW SETTINGS",
    "SHOW TRANSACTIONS YIELD currentQuery, parameters",
    "SHOW DATABASES",
    "SHOW PROCEDURES",
    "SHOW FUNCTIONS",
    "SHOW INDEXES",
    "SHOW CONSTRAINTS",
    "TERMINATE TRANSACTION 'neo4j-transaction-1'",
    "TERMINATE TRANSACTIONS $name",
    "SHOW TRANSACTIONS YIELD transactionId AS t TERMINATE TRANSACTIONS t YIELD message RETURN message",
    "USE system SHOW USERS",
    "USE system MATCH (n) RETURN n",
    "USE neo4j MATCH (n) RETURN n",
    "USE graph.byName('system') MATCH (n) RETURN n",
    "CALL () { USE system MATCH (n) RETURN n } RETURN n",
    # hidden in expressions, where no plan shows them
    "RETURN [x IN [1] | COLLECT { SHOW TRANSACTIONS YIELD parameters RETURN parameters }] AS x",
    "RETURN [x IN [1] | COLLECT { SHOW SETTINGS YIELD value RETURN value }] AS x",
    "RETURN [x IN [1] | COLLECT { TERMINATE TRANSACTION 'neo4j-transaction-1' YIELD message RETURN message }] AS x",
    "RETURN [x IN [1] | COLLECT { CALL dbms.listConnections() YIELD username RETURN username }] AS x",
    "RETURN [x IN [1] | COLLECT { CALL tx.getMetaData() YIELD metadata RETURN metadata }] AS x",
    "RETURN [x IN [1] | COLLECT { CALL\n/* db.labels */`dbms`\n.\n`listConfig`('x') YIELD value RETURN value }] AS x",
    "RETURN [x IN [1] | EXISTS { LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line }] AS x",
    "RETURN all(x IN [1] WHERE COUNT { LOAD CSV FROM 'http://127.0.0.1:1/' AS line RETURN line } > 0) AS x",
    "RETURN reduce(a = 0, x IN [1] | a + COUNT { LOAD CSV FROM 'file:///x' AS line RETURN line }) AS x",
    "RETURN [(a)-->(b) | COLLECT { LOAD CSV FROM 'file:///x' AS line RETURN line }] AS x",
    "MATCH (n) RETURN n {.*, x: COLLECT { LOAD CSV FROM 'file:///x' AS line RETURN line }} AS x",
    "MATCH (n) ORDER BY COUNT { LOAD CSV FROM 'file:///x' AS line RETURN line } RETURN n",
    "RETURN CASE WHEN true THEN [x IN [1] | COLLECT { LOAD CSV FROM 'file:///x' AS l RETURN l }] END AS x",
    # files and addresses
    "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    "LOAD CSV WITH HEADERS FROM 'http://169.254.169.254/latest/meta-data' AS line RETURN line",
    "LOAD /* */ CSV FROM $name AS line RETURN line",
    "load\ncsv from 'ftp://127.0.0.1/x' as line return line",
    "USING PERIODIC COMMIT 1 LOAD CSV FROM 'file:///x' AS line RETURN line",
    "CALL apoc.load.json('http://127.0.0.1:1/') YIELD value RETURN value",
    "RETURN apoc.load.json('http://127.0.0.1:1/') AS x",
    "RETURN ai.text.embed('x', 'openai', {token: 'x'}) AS x",
    "CALL genai.vector.encodeBatch(['x'], 'OpenAI', {}) YIELD vector RETURN vector",
    # procedures
    "CALL dbms.listConfig()",
    "CALL dbms.queryJmx('*:*')",
    "CALL dbms.killConnection('x')",
    "CALL dbms.setConfigValue('a', 'b')",
    "CALL tx.setMetaData({app: 'x'})",
    "CALL db.stats.retrieve('QUERIES')",
    "CALL db.stats.collect('QUERIES')",
    "CALL db.resampleIndex('x')",
    "CALL db.prepareForReplanning(0)",
    "CALL db.clearQueryCaches()",
    "CALL $name()",
    "CALL `db.labels`()",
    "CALL db.labels() YIELD label CALL dbms.listConfig() YIELD name RETURN name",
    "CALL db.labels() YIELD label CREATE (:Post {id: label})",
    "RETURN apoc.cypher.runFirstColumnMany('CREATE (n)', {}) AS x",
    # several statements
    "RETURN 1 AS x; CREATE (:Post {id: 'x'})",
    "RETURN 1 AS x;;",
    "; CREATE (:Post {id: 'x'})",
    "BEGIN; CREATE (:Post {id: 'x'}); COMMIT",
    "COMMIT",
    ":use system",
    ":param x => 1",
    # prefixes
    "EXPLAIN CREATE (:Post {id: 'x'})",
    "EXPLAIN MATCH (n) RETURN n",
    "PROFILE CREATE (:Post {id: 'x'})",
    "PROFILE MATCH (n) RETURN n",
    "CYPHER 5 CREATE (:Post {id: 'x'})",
    "CYPHER 25 runtime=slotted MATCH (n) RETURN n",
    "CYPHER replan=force EXPLAIN MATCH (n) RETURN n",
    "/* EXPLAIN */ CYPHER 5 PROFILE MATCH (n) RETURN n",
    # what looks like something else
    "CRE/**/ATE (:Post {id: 'x'})",
    "RETURN 1 AS x //\rCREATE (:Post {id: 'x'})",
    "RETURN 1 AS x // \\u000aCREATE (:Post {id: 'x'})",
    "RETURN '\\u0027 AS x CREATE (:Post {id: \\u0027x\\u0027}) //' AS x",
    "RETURN `\\u0060 CREATE (:Post {id: 'x'}) //` AS x",
    "\\u0043REATE (:Post {id: 'x'})",
    "CRE\\u0041TE (:Post {id: 'x'})",
    "RETURN [x IN [1] | COLLECT { \\u004c\\u004f\\u0041\\u0044 CSV FROM 'file:///x' AS l RETURN l }] AS x",
    "RETURN [x IN [1] | COLLECT { C\\u0041LL dbms.listConfig() YIELD name RETURN name }] AS x",
    "RETURN 1 AS x \\u003b CREATE (:Post {id: 'x'})",
    "ＣＲＥＡＴＥ (:Post {id: 'x'})",
    "CREATE\u200b (:Post {id: 'x'})",
    "C\u200dREATE (:Post {id: 'x'})",
    "CREATE\u00a0(:Post {id: 'x'})",
    "\u202eCREATE (:Post {id: 'x'})",
    "RETURN 1 AS x // \u2028 \n CREATE (:Post {id: 'x'})",
    "LOAD\u2003CSV FROM 'file:///x' AS l RETURN l",
    "RETURN [x IN [1] | COLLECT { LOAD\u3000CSV FROM 'file:///x' AS l RETURN l }] AS x",
    "SHOW\u180eUSERS",
    "ſHOW USERS",
    "\0CREATE (:Post {id: 'x'})",
    "\ufeffCREATE (:Post {id: 'x'})",
    "RETURN 'a' AS x /* ' */ CREATE (:Post {id: 'x'})",
    "RETURN \"'\" AS x CREATE (:Post {id: 'x'}) RETURN \"'\" AS y",
    "RETURN `'` AS x CREATE (:Post {id: 'x'}) RETURN `'` AS y",
    "RETURN '\\\\' AS x CREATE (:Post {id: 'x'}) //'",
    "RETURN `a``` CREATE (:Post {id: 'x'}) //`",
    "RETURN 1. LOAD CSV FROM 'file:///x' AS l RETURN l",
    # bombs: long, deep, and for the parser, the planner, the memory
    "RETURN " + "1 + " * 100_000 + "1 AS x",
    "RETURN " + "(" * 100 + "1" + ")" * 100 + " AS x",
    "RETURN " + "[" * 4000 + "]" * 4000 + " AS x",
    "RETURN " + "{a: " * 40 + "1" + "}" * 40 + " AS x",
    "RETURN " + "COLLECT { RETURN " * 20 + "1 AS y" + " }" * 20 + " AS x",
    "MATCH (a) WHERE " + "EXISTS { MATCH (a)-->(b) WHERE " * 20 + "true" + " }" * 20 + " RETURN a",
    "MATCH (a) RETURN " + "[(a)-->(b) | " * 20 + "1" + "]" * 20 + " AS x",
    "RETURN " + "NOT " * 500 + "true AS x",
    "RETURN " + "NOT(" * 100 + "true" + ")" * 100 + " AS x",
    "MATCH (n:" + "!" * 300 + "A) RETURN n",
    "RETURN true" + " XOR NOT true" * 100 + " AS x",
    "RETURN " + "- " * 500 + "1 AS x",
    "RETURN reduce(a = 0, i IN range(1, 100000000000) | a + i) AS x",
    "RETURN size([i IN range(1, 10^9) | i]) AS x",
    "WITH 1000000000 AS n RETURN [i IN range(1, n) | i] AS x",
    "RETURN any(i IN range(1, $huge) WHERE i < 0) AS x",
    "RETURN size(reduce(s = 'x', i IN range(1, 40) | s + s)) AS x",
    "RETURN replace(replace(replace($wide, 'x', $wide), 'x', $wide), 'x', $wide) AS x",
)


@pytest.fixture
async def watched(service: Service) -> AsyncGenerator[Desk]:
    """A desk before a graph that has to stay as it is, on a server that has to."""
    await plant(service.graph, {"What is rain?": {"Water.": {}}})
    before = await state(service.graph)
    async with sitting(service.url) as desk:
        yield desk
    assert await state(service.graph) == before


async def state(graph: Graph) -> tuple[object, ...]:
    return (
        await snapshot(graph),
        await graph.execute("SHOW INDEXES YIELD name, type, labelsOrTypes, properties RETURN * ORDER BY name"),
        await graph.execute("SHOW CONSTRAINTS YIELD name, type RETURN * ORDER BY name"),
        await graph.execute("SHOW USERS YIELD user, suspended RETURN * ORDER BY user"),
        await graph.execute("SHOW DATABASES YIELD name, access, currentStatus RETURN * ORDER BY name"),
    )


@pytest.mark.parametrize("statement", ATTACKS, ids=lambda statement: statement[:60].encode("ascii", "replace").decode())
async def test_an_attack_is_refused_and_changes_nothing(watched: Desk, statement: str) -> None:
    began = time.monotonic()
    code, message = await watched.refused(statement, name="Post", huge=10**12, wide="x" * 2000)
    assert code in (NOT_ALLOWED, TOO_LARGE, FAILED), message
    assert "passwd" not in message or "root:" not in message
    assert time.monotonic() - began < 15


SHOWN_BY_THE_PLAN = [
    statement
    for statement in ATTACKS
    if len(statement) < 200
    and statement.isascii()
    and not any(part in statement for part in ("[x IN", "\\u", "range(", "$wide"))
]


def unread(statement: str, parameters: object) -> str:
    return statement


@pytest.mark.parametrize("statement", SHOWN_BY_THE_PLAN, ids=lambda statement: statement[:60])
async def test_if_words_were_overlooked_the_plan_and_the_access_mode_would_stand(
    watched: Desk, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_guard, "checked_statement", unread)
    got = await watched.send(statement, name="Post")
    if got.status_code == 200:
        assert any(word in statement for word in ONLY_WORDS_FORBID), got.text


ONLY_WORDS_FORBID = ("CALL db.", "CALL `db", "USE neo4j", "EXISTS {", "COUNT {", "CYPHER", "EXPLAIN", "PROFILE")
"""What reads, and yet is not taken; and what no plan shows. That it changes nothing is seen at the end."""


async def test_the_trusted_key_of_a_website_is_no_analysts(service: Service) -> None:
    async with sitting(service.url, WEB) as desk:
        got = await desk.send("RETURN 1 AS x")
        assert (got.status_code, got.json()["error_code"]) == (403, 2)
