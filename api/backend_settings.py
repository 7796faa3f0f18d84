"""The settings, as the original's admin pages show them; secrets never leave the process."""

from __future__ import annotations

from litestar import Router, get

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.keys import requires_key, requires_trusted
from oa_graph.api.request import ApiRequest


@get(
    "/public",
    summary="Read the settings that everybody may know",
    operation_id="get_backend_settings_public",
    responses=error_responses(errors.ClientNotAuthorized),
)
async def public(request: ApiRequest) -> wire.PublicSettings:
    """What frontends need to know, such as how long a message may be."""
    return wire.public_settings(request.settings)


@get(
    "/full",
    guards=[requires_trusted],
    summary="Read all settings",
    operation_id="get_backend_settings_full",
    responses=error_responses(errors.ClientNotAuthorized),
)
async def full(request: ApiRequest) -> wire.Settings:
    """All settings, under the original's names and, below `oa_graph`, under the service's own.

    Of a secret it is only told whether it is set: asterisks, or empty.
    """
    return wire.full_settings(request.settings, request.neo4j_settings)


router = Router(
    "/admin/backend_settings", route_handlers=[public, full], guards=[requires_key], security=KEYED, tags=["admin"]
)
