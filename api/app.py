"""The application: routes, what they work with, and how errors look."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from multiprocessing import current_process, parent_process
from multiprocessing.process import BaseProcess
from random import Random
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.datastructures import State

from oa_graph import boards, hosting, lifecycle
from oa_graph.api import (
    accounts,
    admin,
    authored,
    backend_settings,
    cypher,
    docs,
    flag,
    flags,
    frontend_posts,
    health,
    instant,
    labels,
    metrics,
    moderation,
    people,
    posts,
    purging,
    stats,
    tasks,
    users,
)
from oa_graph.api.call import Call, Desk
from oa_graph.api.codec import Json
from oa_graph.api.errors import HANDLERS
from oa_graph.api.keys import Keys
from oa_graph.api.metrics import Metrics
from oa_graph.api.observation import Observed
from oa_graph.graph import clock
from oa_graph.graph.door import Bounds, Door
from oa_graph.graph.session import Graph
from oa_graph.settings import Neo4jSettings, Settings, neo4j_settings
from oa_graph.settings import settings as environment

if TYPE_CHECKING:
    from oa_graph.api.tracing import Tracing

log = logging.getLogger(__name__)

_BODY_FLOOR = 1 << 20
_BYTES_A_CHARACTER = 12
"""At most, in JSON: a pair of escaped surrogates."""


def create_app(
    settings: Settings | None = None, graph: Graph | None = None, tracing: Tracing | None = None
) -> Litestar:
    """The service. What is not given comes from the environment; a `graph` that is given is left open at the end."""
    chosen = settings or environment()
    counts = Metrics(pool=graph.pool if graph else chosen.pool_size)
    spans = tracing or spans_wanted(os.environ)
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
            frontend_posts.router,
            *authored.routers,
            admin.router,
            *moderation.routers,
            *accounts.routers,
            flags.router,
            purging.router,
            cypher.router,
        ],
    )
    app = Litestar(
        route_handlers=[
            Router("/", route_handlers=[api, health.router], dto=Json, return_dto=Json),
            metrics.scrape,
            docs.openapi,
            docs.assets,
        ],
        lifespan=[partial(_open, settings=chosen, graph=graph, tracing=spans)],
        state=State({"metrics": counts}),
        request_class=Call,
        exception_handlers=HANDLERS,
        type_decoders=[
            (lambda shape: shape is flag.Flag, flag.read),
            (lambda shape: shape is flag.Wish, flag.read_wish),
            (lambda shape: shape is instant.Instant, instant.read),
        ],
        cors_config=_cors(chosen.cors_origins),
        request_max_body_size=_BODY_FLOOR + _BYTES_A_CHARACTER * chosen.limits.message_size_limit,
        openapi_config=docs.CONFIG,
        logging_config=None,
    )
    app.asgi_handler = Observed(
        app.asgi_handler,
        metrics=counts,
        tracing=spans,
        slow_sec=chosen.slow_statement_ms / 1000,
        deadline_sec=chosen.request_deadline_sec,
    )
    return app


_EXPOSED = ["Retry-After", "X-OASST-Lease", "X-Request-ID"]
"""Headers of responses that scripts of another origin may read."""


def _cors(origins: Sequence[str]) -> CORSConfig | None:
    """Who may call from a web page; None: pages of this service alone. Browsers forbid credentials for any origin."""
    if not origins:
        return None
    return CORSConfig(list(origins), allow_credentials="*" not in origins, expose_headers=_EXPOSED)


_OTEL = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""OpenTelemetry's own variables; without one there is nowhere to send spans to, and none are made."""


def spans_wanted(environment: Mapping[str, str]) -> Tracing | None:
    """Where spans go; None: nowhere, and they cost nothing."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or not any(map(environment.get, _OTEL)):
        return None
    try:
        from oa_graph.api.tracing import from_environment  # here: it is an extra, and takes a while to load
    except ImportError as error:
        log.warning("no spans are sent: the extra `otel` is not installed (%s)", error)
        return None
    return from_environment()


@asynccontextmanager
async def _open(
    app: Litestar, *, settings: Settings, graph: Graph | None, tracing: Tracing | None
) -> AsyncGenerator[None]:
    """What requests work with, from the start of the process to its end."""
    started = monotonic()
    if parent := parent_process():
        Thread(target=_end_with, args=[parent], name="parent", daemon=True).start()
    server = neo4j_settings()
    used = graph or _connect(server, settings)
    copy = hosting.connect_copy(settings)
    door = Door(
        copy or used,
        at_once=settings.cypher_at_once,
        bounds=Bounds(settings.cypher_sec, settings.cypher_rows, settings.cypher_mib),
        despite_load_csv=settings.cypher_despite_load_csv,
    )
    try:
        rng = settings.random(current_process().name)  # of each worker another, and the same at each start
        app.state["desk"] = Desk(used, settings.limits, rng, settings, server, settings.rates, door)
        app.state["keys"] = Keys(
            used,
            cache_sec=settings.client_cache_sec,
            root_tokens=[token.get_secret_value() for token in settings.root_tokens],
        )
        async with _in_background(used, settings, app.state["metrics"], rng):
            log.info("ready to answer requests after %.1f s", monotonic() - started)
            yield
    finally:
        await door.close()
        if copy:
            await copy.close()
        if graph is None:
            await used.close()
        if tracing:
            await asyncio.to_thread(tracing.close)


def _end_with(parent: BaseProcess) -> None:
    """A worker whose parent was killed ends as one that was told to, and gives up the port."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


@asynccontextmanager
async def _in_background(graph: Graph, settings: Settings, metrics: Metrics, rng: Random) -> AsyncGenerator[None]:
    """Run what goes on beside requests."""
    tasks = [asyncio.create_task(work) for work in _background_work(graph, settings, metrics, rng)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


_FIRST_WORKERS = {"MainProcess", "SpawnProcess-1"}
"""Names of the only worker, and of the first of several; one that takes the place of another has a later number."""


def _background_work(
    graph: Graph, settings: Settings, metrics: Metrics, rng: Random
) -> Iterator[Coroutine[object, object, None]]:
    yield clock.follow(graph)
    yield lifecycle.follow_limits(graph, settings.limits, rng=rng)
    if current_process().name in _FIRST_WORKERS:  # the server keeps its plans for all
        yield health.warm_up(graph, settings.limits, metrics)
    if settings.boards_every_sec:
        yield boards.follow(graph, every=settings.boards_every_sec)


def _connect(server: Neo4jSettings, settings: Settings) -> Graph:
    if server.uri is None:
        raise ValueError("NEO4J_URI is not set; `oa-graph serve` starts a server of its own")
    return Graph.connect(
        server.uri,
        server.username,
        server.password.get_secret_value(),
        database=server.database,
        pool=settings.pool_size,
        statement_sec=settings.statement_timeout_sec,
        permit=hosting.login_permit(server.uri, server.password_file),
        ca_file=server.ca_file,
        liveness_sec=server.liveness_sec,
    )
