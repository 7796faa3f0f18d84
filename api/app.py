"""The application: routes, what they work with, and how errors look."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from multiprocessing import current_process, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.types import ControllerRouterHandler

from oa_graph import installation, leaderboards, tree_lifecycle
from oa_graph.api import (
    admin,
    backend_settings,
    contested_messages,
    cypher,
    datasets,
    docs,
    flagged_messages,
    frontend_users,
    guidelines,
    health,
    instant,
    invites,
    messages,
    metrics,
    moderation,
    own_messages,
    queries,
    query_params,
    stats,
    tasks,
    text_labels,
    trees,
    user_admin,
    user_messages,
    users,
)
from oa_graph.api.codec import Json
from oa_graph.api.errors import HANDLERS
from oa_graph.api.keys import ClientCache
from oa_graph.api.observation import ObservationMiddleware
from oa_graph.api.request import ApiRequest
from oa_graph.api.request_metrics import Metrics
from oa_graph.collection import Collection
from oa_graph.context import Context
from oa_graph.graph.adhoc import AdhocQueries, ResultLimits
from oa_graph.graph.clock import DatabaseClock
from oa_graph.graph.session import Graph
from oa_graph.installation import Database
from oa_graph.settings import Neo4jSettings, Settings

if TYPE_CHECKING:
    from oa_graph.api.tracing import Tracing

log = logging.getLogger(__name__)

_BODY_FLOOR = 1 << 20
_BYTES_A_CHARACTER = 12
"""At most, in JSON: a pair of escaped surrogates."""


def create_app(
    settings: Settings | None = None,
    graph: Graph | None = None,
    tracing: Tracing | None = None,
    *,
    database: Database | None = None,
    further: Sequence[ControllerRouterHandler] = (),
) -> Litestar:
    """Return the API. The environment gives what is not given here; a given `graph` is left open at the end.

    `database` is where the collection is; without it as `Collection.open` finds it. `further` are routes that stand
    beside those of the API.
    """
    chosen, neo4j = settings or Settings.model_validate({}), Neo4jSettings.model_validate({})
    counts = Metrics(pool=graph.pool if graph else chosen.pool_size)
    spans = tracing or spans_wanted(os.environ)
    api = Router(
        "/api/v1",
        route_handlers=[
            tasks.router,
            text_labels.router,
            *messages.routers,
            trees.router,
            frontend_users.router,
            stats.users,
            stats.router,
            users.router,
            backend_settings.router,
            *user_messages.routers,
            own_messages.router,
            *admin.routers,
            invites.router,
            *moderation.routers,
            *user_admin.routers,
            flagged_messages.router,
            contested_messages.router,
            guidelines.router,
            cypher.router,
            datasets.router,
            queries.router,
        ],
    )
    app = Litestar(
        route_handlers=[
            Router("/", route_handlers=[api, health.router], dto=Json, return_dto=Json),
            metrics.scrape,
            docs.openapi,
            docs.assets,
            *further,
        ],
        lifespan=[partial(_open, settings=chosen, graph=graph, database=database, tracing=spans)],
        state=State(
            {
                "metrics": counts,
                "settings": chosen,
                "neo4j_settings": neo4j,
                "browser": database.browser if database else None,
                "password_file": database.password_file if database else neo4j.password_file,
            }
        ),
        request_class=ApiRequest,
        exception_handlers=HANDLERS,
        type_decoders=[
            (lambda shape: shape is query_params.BooleanParam, query_params.read_boolean),
            (lambda shape: shape is query_params.OptionalBooleanParam, query_params.read_optional_boolean),
            (lambda shape: shape is instant.Instant, instant.read),
        ],
        cors_config=_cors(chosen.cors_origins),
        request_max_body_size=_BODY_FLOOR + _BYTES_A_CHARACTER * chosen.limits.message_size_limit,
        openapi_config=docs.CONFIG,
        logging_config=None,
    )
    app.asgi_handler = ObservationMiddleware(
        app.asgi_handler,
        metrics=counts,
        tracing=spans,
        slow_sec=chosen.slow_statement_ms / 1000,
        deadline_sec=chosen.request_deadline_sec,
    )
    return app


_EXPOSED = ["ETag", "Retry-After", "X-OASST-Lease", "X-Request-ID"]
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
    app: Litestar, *, settings: Settings, graph: Graph | None, database: Database | None, tracing: Tracing | None
) -> AsyncGenerator[None]:
    """Open what requests work with, from the start of the process to its end."""
    started = monotonic()
    if parent := parent_process():
        Thread(target=_end_with, args=[parent], name="parent", daemon=True).start()
    async with AsyncExitStack() as stack:
        if tracing:
            stack.push_async_callback(asyncio.to_thread, tracing.close)
        clock = DatabaseClock()
        collection = await _collection(stack, settings, graph, database, clock)
        app.state["collection"] = collection
        app.state["adhoc"] = await _adhoc_queries(stack, settings, collection)
        app.state["client_cache"] = ClientCache(
            collection,
            cache_sec=settings.client_cache_sec,
            root_tokens=[token.get_secret_value() for token in settings.root_tokens],
        )
        await stack.enter_async_context(_in_background(collection, clock, settings, app.state["metrics"]))
        log.info("ready to answer requests after %.1f s", monotonic() - started)
        yield


async def _collection(
    stack: AsyncExitStack, settings: Settings, graph: Graph | None, database: Database | None, clock: DatabaseClock
) -> Collection:
    rng = settings.random(current_process().name)  # of each worker another, and the same at each start
    if graph is None:
        return await stack.enter_async_context(Collection.open(settings, database=database, clock=clock, rng=rng))
    context = Context(
        store=graph,
        limits=settings.limits,
        rate_limits=settings.rate_limits,
        session_limits=settings.session_limits,
        clock=clock,
        rng=rng,
        guidelines_cache_sec=settings.guidelines_cache_sec,
    )
    return Collection(graph, context)


async def _adhoc_queries(stack: AsyncExitStack, settings: Settings, collection: Collection) -> AdhocQueries:
    """Where analysts' statements run: the copy for analysts, or the collection's own database."""
    copy = installation.connect_copy(settings)
    if copy:
        stack.push_async_callback(copy.close)
    adhoc = AdhocQueries(
        copy or collection.graph,
        at_once=settings.cypher_at_once,
        bounds=ResultLimits(settings.cypher_sec, settings.cypher_rows, settings.cypher_mib),
        despite_load_csv=settings.cypher_despite_load_csv,
    )
    stack.push_async_callback(adhoc.close)
    return adhoc


def _end_with(parent: BaseProcess) -> None:
    """A worker whose parent was killed ends as one that was told to, and gives up the port."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


@asynccontextmanager
async def _in_background(
    collection: Collection, clock: DatabaseClock, settings: Settings, metrics: Metrics
) -> AsyncGenerator[None]:
    """Run what goes on beside requests."""
    tasks = [asyncio.create_task(work) for work in _background_work(collection, clock, settings, metrics)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


_FIRST_WORKERS = {"MainProcess", "SpawnProcess-1"}
"""Names of the only worker, and of the first of several; one that takes the place of another has a later number."""


def _background_work(
    collection: Collection, clock: DatabaseClock, settings: Settings, metrics: Metrics
) -> Iterator[Coroutine[object, object, None]]:
    yield clock.follow(collection.graph)
    yield tree_lifecycle.follow_limits(collection.context)
    if current_process().name in _FIRST_WORKERS:  # the server keeps its plans for all
        yield health.warm_up_behind_readiness(collection, metrics)
    if settings.boards_every_sec:
        yield leaderboards.update_regularly(collection.context, every=settings.boards_every_sec)
