"""The statements are planned before the first race: else each of its runners would plan them anew."""

from __future__ import annotations

import pytest

from oa_graph import protocol
from oa_graph.graph.session import Graph
from oa_graph.model import Limits


@pytest.fixture(scope="session", autouse=True)
async def _warm(connected: Graph) -> None:
    await protocol.warm(connected, Limits())
