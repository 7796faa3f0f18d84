"""API clients: admitted, shown, shut out, given other keys; and no key is ever shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oa_graph.graph import clients
from oa_graph.graph.session import Graph
from oa_graph.model import Client

pytestmark = pytest.mark.anyio

BOT = Client("bot", "a bot", frontend_type="bot", capabilities=("rank_initial_prompts", "whatever comes"))
WEB = Client("web", "the website", admin_email="ada@example.org", trusted=True)


@pytest.fixture
async def admitted(graph: Graph) -> Graph:
    for each in (WEB, BOT):
        await clients.create(graph, client=each, key_hash=clients.key_hash(f"key of {each.id}"))
    return graph


async def owner(graph: Graph, key: str) -> Client | None:
    return await clients.by_key_hash(graph, clients.key_hash(key))


async def test_clients_are_listed_by_description_with_all_but_their_keys(admitted: Graph) -> None:
    assert await clients.every(admitted) == [BOT, WEB]
    for name, more in (("clients/list", {}), ("clients/enable", {"id": "bot", "enabled": True})):
        rows = await admitted.rows(name, more)
        assert rows
        assert {row["client"]["key_hash"] for row in rows} == {None}


async def test_a_client_is_shut_out_and_let_in_again_with_the_same_key(admitted: Graph) -> None:
    off = replace(BOT, enabled=False)
    assert await clients.enable(admitted, "bot", enabled=False) == off
    assert await owner(admitted, "key of bot") == off
    assert await clients.every(admitted) == [off, WEB]
    assert await clients.enable(admitted, "bot", enabled=True) == BOT
    assert await owner(admitted, "key of bot") == BOT


async def test_a_new_key_replaces_the_old_one_and_changes_nothing_else(admitted: Graph) -> None:
    assert await clients.rotate(admitted, "bot", key_hash=clients.key_hash("new")) == BOT
    assert await owner(admitted, "key of bot") is None
    assert await owner(admitted, "new") == BOT
    assert await clients.every(admitted) == [BOT, WEB]


async def test_a_client_that_is_not_there_is_not_made(admitted: Graph) -> None:
    assert await clients.enable(admitted, "nobody", enabled=True) is None
    assert await clients.rotate(admitted, "nobody", key_hash=clients.key_hash("new")) is None
    assert len(await clients.every(admitted)) == 2
