"""What is played for the AOT cache."""

from __future__ import annotations

import asyncio

import pytest

from oa_graph import training
from oa_graph.graph.session import Graph
from oa_graph.neo4j_server import Address
from tests.conftest import Server


@pytest.mark.anyio
async def test_a_training_plays_the_service_with_a_crowd(graph: Graph, server: Server) -> None:
    address = Address(server.uri, "", server.username, server.password, server.database)
    await asyncio.to_thread(training.run_workload, address, seconds=2)
    (row,) = await graph.execute("MATCH (user:User) WHERE user.name STARTS WITH 'crowd-' RETURN count(*) AS users")
    assert row["users"] > 0
