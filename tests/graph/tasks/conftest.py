"""The statements are planned before the first race: else each of its runners would plan them anew."""

from __future__ import annotations

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.graph.session import Graph
from oa_graph.tasks.warm_up import warm_up


@pytest.fixture(scope="session", autouse=True)
async def _warm(connected: Graph) -> None:
    await warm_up(connected, Limits())
