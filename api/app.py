"""The application: routes, what they work with, and how errors look."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import Random

from litestar import Litestar, Router

from oa_graph import boards, protocol
from oa_graph.api import admin, backend_settings, docs, flag, health, labels, people, posts, stats, tasks, users
from oa_graph.api.access_log import AccessLog
from oa_graph.api.call import Call, Desk
from oa_graph.api.codec import Json
from oa_graph.api.errors import HANDLERS
from oa_graph.api.keys import Keys
from oa_graph.errors import NotNow
from oa_graph.graph.session import Graph
from oa_graph.model import Limits
from oa_graph.settings import Neo4jSettings, Settings, neo4j_settings
from oa_graph.settings import settings as environment

log = logging.getLogger(__name__)

_BODY_FLOOR = 1 << 20
_BYTES_A_CHARACTER = 12
"""At most, in JSON: a pair of escaped surrogates."""


def create_app(settings: Settings | None = None, graph: Graph | None = None) -> Litestar:
    """The service. What is not given comes from the environment; a `graph` that is given is left open at the end."""
    chosen = settings or environment()
    api = Router(
        "/api/v1",
        route_handlers=[
            tasks.router,
            labels.router,
            posts.router,
            users.router,
            stats.users,
            stats.router,
            people.router,
            backend_settings.router,
            admin.router,
        ],
    )
    app = Litestar(
        route_handlers=[
            Router("/", route_handlers=[api, health.router], dto=Json, return_dto=Json),
            docs.openapi,
            docs.assets,
        ],
        lifespan=[partial(_open, settings=chosen, graph=graph)],
        request_class=Call,
        exception_handlers=HANDLERS,
        type_decoders=[(lambda shape: shape is flag.Flag, flag.read)],
        request_max_body_size=_BODY_FLOOR + _BYTES_A_CHARACTER * chosen.limits.message_size_limit,
        openapi_config=docs.CONFIG,
        logging_config=None,
    )
    app.asgi_handler = AccessLog(app.asgi_handler)
    return app


@asynccontextmanager
async def _open(app: Litestar, *, settings: Settings, graph: Graph | None) -> AsyncGenerator[None]:
    """What requests work with, from the start of the process to its end."""
    server = neo4j_settings()
    used = graph or _connect(server, pool=settings.pool_size)
    try:
        app.state["desk"] = Desk(used, settings.limits, Random(settings.seed), settings, server, settings.rates)
        app.state["keys"] = Keys(
            used,
            cache_sec=settings.client_cache_sec,
            root_tokens=[token.get_secret_value() for token in settings.root_tokens],
        )
        await _warm(used, settings.limits)
        async with _in_background(used, settings):
            yield
    finally:
        if graph is None:
            await used.close()


@asynccontextmanager
async def _in_background(graph: Graph, settings: Settings) -> AsyncGenerator[None]:
    """What goes on beside requests."""
    if not settings.boards_every_sec:
        yield
        return
    task = asyncio.create_task(boards.follow(graph, every=settings.boards_every_sec))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _connect(server: Neo4jSettings, *, pool: int) -> Graph:
    if server.uri is None:
        raise ValueError("NEO4J_URI is not set; `oa-graph serve` starts a server of its own")
    return Graph.connect(
        server.uri,
        server.username,
        server.password.get_secret_value(),
        database=server.database,
        pool=pool,
    )


async def _warm(graph: Graph, limits: Limits) -> None:
    """A database that is not there yet is no reason not to start: `/health/ready` tells."""
    try:
        await protocol.warm(graph, limits)
    except NotNow as error:
        log.warning("not warmed: %s", error)
