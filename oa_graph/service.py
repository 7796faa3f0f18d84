"""The service: the HTTP API and the pages in one application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar import Litestar

from oa_graph.api import app as api
from oa_graph.graph.session import Graph
from oa_graph.installation import Database
from oa_graph.settings import Settings
from oa_graph.web.app import routes

if TYPE_CHECKING:
    from oa_graph.api.tracing import Tracing


def create_app(
    settings: Settings | None = None,
    graph: Graph | None = None,
    tracing: Tracing | None = None,
    *,
    database: Database | None = None,
) -> Litestar:
    """Return the service. The arguments are those of `oa_graph.api.app.create_app`."""
    return api.create_app(settings, graph, tracing, database=database, further=routes())
