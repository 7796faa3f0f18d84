"""What operators do."""

from __future__ import annotations

from secrets import token_hex
from uuid import uuid4

from litestar import MediaType, Router, post
from litestar.params import JSONBody

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import ROOTED, STORE, told
from oa_graph.api.keys import rooted
from oa_graph.graph import clients
from oa_graph.graph.clients import key_hash


@post(
    "/api_client",
    status_code=200,
    guards=[rooted],
    security=ROOTED,
    media_type=MediaType.JSON,
    summary="Admit a frontend",
    operation_id="create_api_client",
    responses=told(errors.RootTokenNotAuthorized, *STORE, invalid=True),
)
async def create_client(request: Call, data: JSONBody[wire.CreateApiClientRequest]) -> str:
    """Admits a frontend application; answers with its key, which is told only now."""
    key = token_hex(32)
    await clients.create(request.graph, client=data.client(str(uuid4())), key_hash=key_hash(key))
    return key


router = Router("/admin", route_handlers=[create_client], tags=["admin"])
