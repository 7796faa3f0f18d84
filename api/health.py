"""For whoever runs the service: is it alive, can it work?"""

from __future__ import annotations

import asyncio
import logging

from litestar import Router, get

from oa_graph import errors, installation
from oa_graph.api import wire
from oa_graph.api.document import OPEN, error_responses_of
from oa_graph.api.request import ApiRequest
from oa_graph.api.request_metrics import Metrics
from oa_graph.collection import Collection
from oa_graph.errors import NotNow, StoreDiskFull, StoreUnavailable
from oa_graph.tasks.warm_up import warm_up

log = logging.getLogger(__name__)

_AWAY = 5.0
"""Seconds until a warm-up is tried again that found no database."""
_LOOK = 0.05
_LONGEST_TURN = 10.0
"""Seconds that a statement of the warm-up waits for requests to be answered at most: it may hold locks meanwhile."""
_HEAD_START = 1.0
"""Seconds that people who wait for readiness have: of two that ask for one plan at once, both would make it."""


async def warm_up_behind_readiness(collection: Collection, metrics: Metrics) -> None:
    """Have the statements planned behind readiness, giving way to requests; once the database is there."""

    async def give_way() -> None:
        for _ in range(round(_LONGEST_TURN / _LOOK)):
            if not metrics.in_progress:
                return
            await asyncio.sleep(_LOOK)

    await asyncio.sleep(_HEAD_START)
    while True:
        try:
            return await warm_up(collection.graph, collection.context.limits, give_way=give_way)
        except NotNow as error:
            log.warning("warm-up failed: %s", error)
        except Exception:  # people work without it
            return log.exception("warm-up failed")
        await asyncio.sleep(_AWAY)


@get("/live", summary="Liveness probe", operation_id="live")
async def live() -> wire.Health:
    """The process answers."""
    return wire.Health(status="live")


@get(
    "/ready",
    summary="Readiness probe",
    operation_id="ready",
    responses=error_responses_of(errors.StoreUnavailable, errors.StoreDiskFull),
)
async def ready(request: ApiRequest) -> wire.Health:
    """The database answers too."""
    try:
        await request.collection.graph.execute("RETURN 1 AS one")
    except StoreUnavailable as error:
        if installation.is_disk_full(request.password_file):
            raise StoreDiskFull() from error
        raise
    return wire.Health(status="ready")


router = Router("/health", route_handlers=[live, ready], security=OPEN, tags=["health"])
