"""API clients: admitted, shown, shut out, given other keys; and no key is ever shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oa_graph.domain.users import ApiClient, ClientChanges
from oa_graph.graph import clients
from oa_graph.graph.session import Graph

pytestmark = pytest.mark.anyio

BOT = ApiClient("bot", "a bot", frontend_type="bot", capabilities=("rank_initial_prompts", "whatever comes"))
WEB = ApiClient("web", "the website", admin_email="ada@example.org", trusted=True)


@pytest.fixture
async def admitted(graph: Graph) -> Graph:
    for client in (WEB, BOT):
        await clients.create(graph, client=client, key_hash=clients.key_hash(f"key of {client.id}"))
    return graph


async def owner(graph: Graph, key: str) -> ApiClient | None:
    return await clients.by_key_hash(graph, clients.key_hash(key))


async def test_clients_are_listed_by_description_with_all_but_their_keys(admitted: Graph) -> None:
    assert await clients.list_all(admitted) == [BOT, WEB]
    for name, parameters in (("clients/list", {}), ("clients/rotate", {"id": "bot", "key_hash": "new"})):
        rows = await admitted.rows(name, parameters)
        assert rows
        assert {row["client"]["key_hash"] for row in rows} == {None}


async def test_a_client_is_shut_out_and_let_in_again_with_the_same_key(admitted: Graph) -> None:
    off = replace(BOT, enabled=False)
    assert await clients.change(admitted, "bot", changes=ClientChanges(enabled=False)) == off
    assert await owner(admitted, "key of bot") == off
    assert await clients.list_all(admitted) == [off, WEB]
    assert await clients.change(admitted, "bot", changes=ClientChanges(enabled=True)) == BOT
    assert await owner(admitted, "key of bot") == BOT


async def test_capabilities_are_added_removed_and_replaced(admitted: Graph) -> None:
    for changes, expected in (
        (ClientChanges(added=("end_vote", "whatever comes")), (*BOT.capabilities, "end_vote")),
        (ClientChanges(removed=("whatever comes", "unheard of")), ("rank_initial_prompts", "end_vote")),
        (ClientChanges(capabilities=("one", "two")), ("one", "two")),
        (ClientChanges(trusted=True), ("one", "two")),
        (ClientChanges(capabilities=()), ()),
    ):
        changed = await clients.change(admitted, "bot", changes=changes)
        assert changed
        assert changed.capabilities == expected
    assert await owner(admitted, "key of bot") == replace(BOT, trusted=True, capabilities=())


async def test_a_new_key_replaces_the_old_one_and_changes_nothing_else(admitted: Graph) -> None:
    assert await clients.rotate(admitted, "bot", key_hash=clients.key_hash("new")) == BOT
    assert await owner(admitted, "key of bot") is None
    assert await owner(admitted, "new") == BOT
    assert await clients.list_all(admitted) == [BOT, WEB]


async def test_a_client_that_is_not_there_is_not_made(admitted: Graph) -> None:
    assert await clients.change(admitted, "nobody", changes=ClientChanges(enabled=True)) is None
    assert await clients.rotate(admitted, "nobody", key_hash=clients.key_hash("new")) is None
    assert len(await clients.list_all(admitted)) == 2
