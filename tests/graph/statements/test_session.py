"""Statements by name: what they give back, when they are sent again, and what their failures become."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from neo4j.exceptions import Neo4jError

from oa_graph.domain.users import UserIdentity
from oa_graph.errors import LoginRefused, OaGraphError, RetriesExhausted, StoreBusy, StoreFailed, StoreUnavailable
from oa_graph.graph import deadline, statements, users
from oa_graph.graph.notifications import notifications
from oa_graph.graph.session import Graph, KeyTaken, Row, StatementRefused, Tx, many, maybe, one, translated
from tests.builders import ADA, BOB, CLIENT, observing, plant, snapshot
from tests.conftest import Server

pytestmark = pytest.mark.anyio

ACCEPTED = {"accepted": True, "num_end_votes": 3, "ask_from_depth": None}
"""How the tests decide on posts."""


async def remember(tx: Tx, who: UserIdentity, id: str) -> str:
    user = await users.upsert(tx, client=CLIENT.id, user=who, id=id, now=datetime.now(UTC), changes={})
    return user.id


async def test_rows_become_values_and_times_become_those_of_python(graph: Graph) -> None:
    await remember(graph, ADA, "a")
    user = await users.find(graph, client=CLIENT.id, method=ADA.method, name=ADA.name)
    assert user is not None
    assert isinstance(user.created, datetime)
    assert user.created.tzinfo is not None
    assert await users.find(graph, client=CLIENT.id, method=BOB.method, name=BOB.name) is None


async def test_one_row_is_exactly_one(graph: Graph) -> None:
    parameters = {"client": CLIENT.id, "method": "local", "name": "nobody"}
    assert await many(graph, "users/find", dict, **parameters) == []
    assert await maybe(graph, "users/find", dict, **parameters) is None
    with pytest.raises(ValueError, match="not enough values"):
        await one(graph, "users/find", dict, **parameters)


async def test_only_who_asks_for_notifications_gets_them(graph: Graph, caplog: pytest.LogCaptureFixture) -> None:
    async def remarks(*, notify: bool) -> list[str]:
        async with graph.reading(seconds=None, notify=notify) as transaction:
            result = await transaction.run("MATCH (none:Nothing) RETURN none")
            return [str(remark) for remark in notifications(await result.consume())]

    assert await remarks(notify=False) == []
    (remark,) = await remarks(notify=True)
    assert remark.endswith("Verify that the spelling is correct. (line 1, column 13)")
    assert caplog.text == ""  # the driver would write each into the log


def test_a_sentence_has_one_full_stop() -> None:
    why = "The transaction has been terminated: it has run longer than the configured timeout. "
    assert str(StoreBusy(why=why)) == f"The graph database did not answer in time: {why.strip()}"


async def test_works_of_a_transaction_stand_or_fall_together(graph: Graph) -> None:
    async def fail(tx: Tx) -> None:
        await remember(tx, ADA, "a")
        raise LookupError

    before = await snapshot(graph)
    with pytest.raises(LookupError):
        await graph.transact(fail)
    assert await snapshot(graph) == before


async def test_a_rehearsal_sees_its_own_work_and_keeps_nothing(graph: Graph) -> None:
    before = await snapshot(graph)
    async with graph.dry_run_session() as store:
        first = await remember(store, ADA, "a")
        assert await store.transact(lambda tx: remember(tx, ADA, "b")) == first
    assert await snapshot(graph) == before


async def test_a_key_that_is_taken_has_an_error_of_its_own_alone_or_in_a_transaction(graph: Graph) -> None:
    await remember(graph, ADA, "a")
    with pytest.raises(KeyTaken):
        await remember(graph, BOB, "a")
    with pytest.raises(KeyTaken):
        await graph.transact(lambda tx: remember(tx, BOB, "a"))

    async def inside(tx: Tx) -> str:
        try:
            return await remember(tx, BOB, "a")
        except KeyTaken:
            return "taken"

    async with graph.dry_run_session() as store:
        assert await inside(store) == "taken"


async def test_a_statement_that_the_server_does_not_take_is_refused(graph: Graph) -> None:
    with pytest.raises(StatementRefused):
        await graph.execute("RETURN nothing")


async def test_rivals_who_wait_for_each_other_are_sent_again(graph: Graph) -> None:
    planted = await plant(graph, {"One?": {}}, {"Other?": {}})
    ids, runs = sorted(planted.ids.values()), 0

    async def lock(first: str, second: str) -> None:
        async def work(tx: Tx) -> None:
            nonlocal runs
            runs += 1
            for id in (first, second):
                await tx.rows("posts/decide", {"id": id, **ACCEPTED})
                await asyncio.sleep(0.1)

        await graph.transact(work)

    await asyncio.gather(lock(*ids), lock(*reversed(ids)))
    assert runs >= 3


async def test_who_waits_in_vain_is_told_so() -> None:
    away = Graph.connect("bolt://127.0.0.1:1", "neo4j", "nothing", database="neo4j")
    try:
        with pytest.raises(StoreUnavailable):
            await remember(away, ADA, "a")
    finally:
        await away.close()


async def test_a_wrong_password_is_a_log_in_that_is_refused(server: Server) -> None:
    if not server.password:
        pytest.skip("this server asks for no password")
    stranger = Graph.connect(server.uri, server.username, "a wrong password", database=server.database)
    try:
        with pytest.raises(LoginRefused, match="unauthorized due to authentication failure"):
            await remember(stranger, ADA, "a")
    finally:
        await stranger.close()


async def test_no_connection_is_used_without_permission_and_none_is_lost_by_that(server: Server) -> None:
    permitted = [True]
    guarded = Graph.connect(
        server.uri,
        server.username,
        server.password,
        database=server.database,
        pool=1,
        patience_sec=1,
        permit=lambda: permitted[-1],
    )
    try:
        for answer in (True, False, False, True):
            permitted.append(answer)
            if answer:
                assert await guarded.execute("RETURN 1 AS one") == [{"one": 1}]
            else:
                with pytest.raises(StoreUnavailable, match="another program"):
                    await guarded.execute("RETURN 1 AS one")
    finally:
        await guarded.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Neo.ClientError.Security.Unauthorized", LoginRefused),
        ("Neo.ClientError.Security.AuthenticationRateLimit", LoginRefused),
        ("Neo.ClientError.Security.CredentialsExpired", LoginRefused),
        ("Neo.ClientError.Security.Forbidden", StoreUnavailable),
        ("Neo.DatabaseError.General.UnknownError", StoreFailed),
        ("Neo.DatabaseError.Transaction.TransactionStartFailed", StoreFailed),
        ("Neo.DatabaseError.Statement.ExecutionFailed", StatementRefused),
        ("Neo.TransientError.General.DatabaseUnavailable", StoreUnavailable),
    ],
)
def test_a_failure_of_the_server_is_no_failure_of_a_statement(code: str, kind: type[OaGraphError]) -> None:
    with pytest.raises(kind), translated():
        raise Neo4jError._hydrate_neo4j(code=code, message="why")  # pyright: ignore[reportPrivateUsage] - as the driver makes them


# What the server is told, and when it gives up


@asynccontextmanager
async def connection(server: Server, *, pool: int = 2, **settings: Any) -> AsyncGenerator[Graph]:
    graph = Graph.connect(server.uri, server.username, server.password, database=server.database, pool=pool, **settings)
    try:
        yield graph
    finally:
        await graph.close()


async def running(graph: Graph, query: str) -> Row:
    """The transaction that runs this statement, once there is one."""
    async with asyncio.timeout(60):
        while True:
            for row in await graph.execute(
                "SHOW TRANSACTIONS YIELD transactionId AS id, metaData AS told, currentQuery"
            ):
                if f"// {query}: " in str(row["currentQuery"]):
                    return row
            await asyncio.sleep(0.02)


class Seen:
    """A `Observer` that remembers."""

    request = "the-request"

    def __init__(self) -> None:
        self.statements: list[tuple[str, str]] = []
        self.retries = 0
        self.sessions: list[int] = []

    def statement(self, name: str, seconds: float, outcome: str) -> None:
        assert seconds >= 0
        self.statements.append((name, outcome))

    def again(self) -> None:
        self.retries += 1

    def session(self, change: int) -> None:
        self.sessions.append(change)

    def task(self, kind: str, outcome: str) -> None:
        raise AssertionError("no task is worked on")


def watched() -> AbstractContextManager[Seen]:
    return observing(Seen())


@asynccontextmanager
async def locked(graph: Graph) -> AsyncGenerator[dict[str, object]]:
    """What `posts/decide` needs for a post that somebody else holds."""
    planted = await plant(graph, {"One?": {}})
    decision: dict[str, object] = {"id": planted["One?"], **ACCEPTED}
    async with graph.dry_run_session() as store:
        await store.rows("posts/decide", decision)
        yield decision


async def test_the_server_knows_a_statement_by_its_name_and_request(graph: Graph) -> None:
    metadata = {"app": "oa_graph", "request": "the-request"}
    async with locked(graph) as decision:
        with watched() as seen:
            alone = asyncio.create_task(graph.rows("posts/decide", decision))
            row = await running(graph, "posts/decide")
            assert row["told"] == metadata | {"query": "posts/decide"}
            await graph.execute("TERMINATE TRANSACTIONS $id", id=row["id"])
            with pytest.raises(StoreBusy):
                await alone
            among = asyncio.create_task(graph.transact(lambda tx: tx.rows("posts/decide", decision)))
            row = await running(graph, "posts/decide")
            assert row["told"] == metadata
            await graph.execute("TERMINATE TRANSACTIONS $id", id=row["id"])
            with pytest.raises(StoreBusy):
                await among
    assert seen.statements == [("posts/decide", "timeout")] * 2
    assert sum(seen.sessions) == 0


async def test_a_statement_that_takes_too_long_is_given_up(graph: Graph, server: Server) -> None:
    async with locked(graph) as decision, connection(server, statement_sec=0.2) as hasty:
        with watched() as seen:
            with pytest.raises(StoreBusy):
                await hasty.rows("posts/decide", decision)
            with pytest.raises(StoreBusy):
                await hasty.transact(lambda tx: tx.rows("posts/decide", decision))
            with pytest.raises(StoreBusy):
                await graph.with_deadline(seconds=0.2).rows("posts/decide", decision)
    assert seen.statements.count(("posts/decide", "timeout")) == 3
    assert seen.retries == 0


async def test_what_a_request_waits_for_has_one_deadline_which_work_without_a_timeout_lifts(graph: Graph) -> None:
    async with locked(graph) as decision:

        async def decide(tx: Tx) -> None:
            await tx.rows("posts/decide", decision)

        with watched() as seen, deadline.within(0.5):
            with pytest.raises(StoreBusy, match=r"the 0.5 seconds of the request are over"):
                await graph.rows("posts/decide", decision)
            with pytest.raises(StoreBusy):
                await graph.transact(decide)
            with pytest.raises(StoreBusy):
                await graph.execute("RETURN 1 AS one")
            assert not await graph.is_running("a mark")
    assert seen.statements[0] == ("posts/decide", "timeout")
    with deadline.within(0):
        await graph.transact(decide, no_timeout=True)
        assert await graph.execute("RETURN 1 AS one") == [{"one": 1}]
    assert sum(seen.sessions) == 0


async def test_who_gets_no_connection_is_told_that_the_store_is_busy(graph: Graph, server: Server) -> None:
    async with connection(server, pool=1, patience_sec=0.2) as narrow, narrow.dry_run_session() as store:
        await remember(store, ADA, "a")
        with pytest.raises(StoreBusy):
            await remember(narrow, BOB, "b")
        with pytest.raises(StoreBusy):
            await narrow.transact(lambda tx: remember(tx, BOB, "b"))


async def test_a_database_that_is_not_there_is_a_store_that_does_not_answer(server: Server) -> None:
    nowhere = Graph.connect(server.uri, server.username, server.password, database="nowhere")
    try:
        with pytest.raises(StoreUnavailable):
            await remember(nowhere, ADA, "a")
    finally:
        await nowhere.close()


async def test_a_watch_is_told_of_statements_and_of_the_end_of_a_transaction(graph: Graph) -> None:
    with watched() as seen:
        await remember(graph, ADA, "a")
        with pytest.raises(KeyTaken):
            await remember(graph, BOB, "a")
        await graph.transact(lambda tx: remember(tx, BOB, "b"))
    name = "users/upsert"
    assert seen.statements == [(name, "done"), (name, "taken"), (name, "done"), ("commit", "done")]
    assert seen.sessions == [1, -1] * 3
    assert seen.retries == 0


async def test_a_glance_is_not_tried_again() -> None:
    away = Graph.connect("bolt://127.0.0.1:1", "neo4j", "nothing", database="neo4j")
    try:
        with watched() as seen, pytest.raises(StoreUnavailable):
            await away.with_deadline(seconds=1).rows("trees/languages", {})
        assert (seen.retries, seen.statements) == (0, [("trees/languages", "away")])
    finally:
        await away.close()


def test_errors_of_the_store_say_why() -> None:
    assert "failed 3 times: busy" in str(RetriesExhausted(attempts=3, why="busy"))


# The files


def test_each_file_is_named_in_its_first_line() -> None:
    for name, query in statements.catalogue().items():
        assert query.name == name
        assert f"// {name}: " in query.text
        assert not query.text.rstrip().endswith(";")
