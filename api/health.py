"""For whoever runs the service: is it alive, can it work?"""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context
from typing import cast

from litestar import Router, get

from oa_graph import errors, protocol
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import OPEN, told
from oa_graph.errors import NotNow, StoreUnavailable
from oa_graph.graph.session import Graph
from oa_graph.model import Limits

log = logging.getLogger(__name__)


class Readiness:
    """Whether the statements are planned, so that the first people do not wait for it."""

    def __init__(self, graph: Graph, limits: Limits) -> None:
        self._graph = graph
        self._limits = limits
        self._is_warm = False
        self._warming: asyncio.Task[None] | None = None

    async def warm(self) -> None:
        """A database that is not there yet is no reason not to start."""
        try:
            await protocol.warm(self._graph, self._limits)
            self._is_warm = True
        except NotNow as error:
            log.warning("warm-up failed: %s", error)

    def check(self) -> None:
        """Raises StoreUnavailable until what was not warmed at the start has been made up for."""
        if self._is_warm:
            return
        if self._warming is None or self._warming.done():
            # In a context of its own: it is no part of the request that asked.
            self._warming = asyncio.create_task(self.warm(), context=Context())
        raise StoreUnavailable(why="it is being warmed up")


@get("/live", summary="Liveness probe", operation_id="live")
async def live() -> wire.Health:
    """The process answers."""
    return wire.Health(status="live")


@get("/ready", summary="Readiness probe", operation_id="ready", responses=told(errors.StoreUnavailable))
async def ready(request: Call) -> wire.Health:
    """The database answers too, and has seen the statements once."""
    await request.graph.execute("RETURN 1 AS one")
    cast("Readiness", request.app.state["readiness"]).check()
    return wire.Health(status="ready")


router = Router("/health", route_handlers=[live, ready], security=OPEN, tags=["health"])
