"""Statements by name: what they give back, when they are sent again, and what their failures become."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from oa_graph.errors import RetriesExhausted, StoreUnavailable
from oa_graph.graph import queries, users
from oa_graph.graph.session import Graph, StatementRefused, Taken, Tx, many, maybe, one
from oa_graph.model import Person
from tests.builders import ADA, BOB, CLIENT, plant, snapshot
from tests.conftest import Server

pytestmark = pytest.mark.anyio


async def remember(tx: Tx, who: Person, id: str) -> str:
    user = await users.upsert(tx, client=CLIENT.id, person=who, id=id, now=datetime.now(UTC), changes={})
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
    assert await many(graph, "users/user", dict, **parameters) == []
    assert await maybe(graph, "users/user", dict, **parameters) is None
    with pytest.raises(ValueError, match="not enough values"):
        await one(graph, "users/user", dict, **parameters)


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
    async with graph.rehearsal() as store:
        first = await remember(store, ADA, "a")
        assert await store.transact(lambda tx: remember(tx, ADA, "b")) == first
    assert await snapshot(graph) == before


async def test_a_key_that_is_taken_has_an_error_of_its_own_alone_or_in_a_transaction(graph: Graph) -> None:
    await remember(graph, ADA, "a")
    with pytest.raises(Taken):
        await remember(graph, BOB, "a")
    with pytest.raises(Taken):
        await graph.transact(lambda tx: remember(tx, BOB, "a"))

    async def inside(tx: Tx) -> str:
        try:
            return await remember(tx, BOB, "a")
        except Taken:
            return "taken"

    async with graph.rehearsal() as store:
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
                await tx.rows("posts/decide", {"id": id, "accepted": True})
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


async def test_a_wrong_password_is_a_store_that_does_not_answer(server: Server) -> None:
    if not server.password:
        pytest.skip("this server asks for no password")
    stranger = Graph.connect(server.uri, server.username, "a wrong password", database=server.database)
    try:
        with pytest.raises(StoreUnavailable):
            await remember(stranger, ADA, "a")
    finally:
        await stranger.close()


def test_errors_of_the_store_say_why() -> None:
    assert "3 attempts: busy" in str(RetriesExhausted(attempts=3, why="busy"))


# The files


def test_each_file_is_named_in_its_first_line() -> None:
    for name, query in queries.catalogue().items():
        assert query.name == name
        assert f"// {name}: " in query.text
        assert not query.text.rstrip().endswith(";")
