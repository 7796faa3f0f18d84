"""The settings, as the original's admin pages show them; secrets never leave the process."""

from __future__ import annotations

from litestar import Router, get

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import KEYED, fails
from oa_graph.api.keys import keyed, trusted


@get(
    "/public",
    summary="Read the settings that everybody may know",
    operation_id="get_backend_settings_public",
    responses=fails(errors.ClientNotAuthorized),
)
async def public(request: Call) -> wire.PublicSettings:
    """What frontends need to know, such as how long a message may be."""
    return wire.public_settings(request.desk.settings)


@get(
    "/full",
    guards=[trusted],
    summary="Read all settings",
    operation_id="get_backend_settings_full",
    responses=fails(errors.ClientNotAuthorized),
)
async def full(request: Call) -> wire.Settings:
    """All settings, under the original's names and, below `oa_graph`, under the service's own.

    Of a secret it is only told whether it is set: asterisks, or empty.
    """
    return wire.full_settings(request.desk.settings, request.desk.server)


router = Router(
    "/admin/backend_settings", route_handlers=[public, full], guards=[keyed], security=KEYED, tags=["admin"]
)
