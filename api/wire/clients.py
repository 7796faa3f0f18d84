"""API clients, without their keys."""

from __future__ import annotations

from dataclasses import asdict

from oa_graph.api.wire.base import Out
from oa_graph.domain import users


class ApiClientResponse(Out):
    """A frontend application."""

    id: str
    description: str
    admin_email: str | None
    enabled: bool
    trusted: bool
    analyst: bool
    """May send statements to `POST /cypher`."""
    frontend_type: str | None
    capabilities: list[str]
    """What it can show beyond the original's frontends."""
    writes_as_model: str | None
    """The language model whose texts it brings."""


def api_client(value: users.ApiClient) -> ApiClientResponse:
    return ApiClientResponse.model_validate({**asdict(value), "capabilities": list(value.capabilities)})
