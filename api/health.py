"""For whoever runs the service: is it alive, can it work?"""

from __future__ import annotations

from litestar import Router, get

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import OPEN, told


@get("/live", summary="Is it alive?", operation_id="live")
async def live() -> wire.Health:
    """The process answers."""
    return wire.Health(status="live")


@get("/ready", summary="Can it work?", operation_id="ready", responses=told(errors.StoreUnavailable))
async def ready(request: Call) -> wire.Health:
    """The database answers too."""
    await request.graph.execute("RETURN 1 AS one")
    return wire.Health(status="ready")


router = Router("/health", route_handlers=[live, ready], security=OPEN, tags=["health"])
