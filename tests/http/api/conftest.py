"""The service under test: a real uvicorn on the graph of the run, one for each set of limits, and frontends for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
import uvicorn

from oa_graph import tree_lifecycle
from oa_graph.api.tracing import Tracing
from oa_graph.domain.limits import Limits
from oa_graph.domain.users import ApiClient, ClientChanges
from oa_graph.errors import NotNow
from oa_graph.graph import clients
from oa_graph.graph.session import Graph
from oa_graph.service import create_app
from oa_graph.settings import Settings
from tests.builders import CLIENT
from tests.http.api.frontend import Frontend
from tests.http.api.report import reports

WEB, BOT, OFF, ROOT = "key-of-the-website", "key-of-a-bot", "key-of-a-client-that-is-off", "the-root-token"
ANALYST = "key-of-an-analyst"
BOT_ID = "6b0f7b0a-31c5-4d0e-9a53-1f6f0a6a0b07"
ANALYST_ID = "0d6f2f0e-5c1b-4a5e-8a35-6d0a0c1a9b11"
"""The website is `tests.builders.CLIENT`, so that what is planted belongs to it."""

DEFAULT = Limits()


def key_for(operation: str) -> str:
    """A key that may call it."""
    return ANALYST if operation == "POST /api/v1/cypher" or "/api/v1/queries/" in operation else WEB


Serve = Callable[[Limits], Awaitable[str]]


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals belong to pytest."""
        yield


@asynccontextmanager
async def serving(
    graph: Graph, limits: Limits = DEFAULT, tracing: Tracing | None = None, /, **overrides: object
) -> AsyncGenerator[str]:
    """The address of a service on `graph`, in the event loop of the tests; `overrides`: settings, and a port.

    Tests ask for tasks more often than people do, and for boards when they want them: neither goes by itself here.
    """
    port = int(str(overrides.pop("port", 0)))
    usual = {"limits": limits, "root_tokens": [ROOT], "client_cache_sec": 0, "seed": 7}
    settings = Settings.model_validate({**usual, "rate_limit": False, "boards_every_sec": 0, **overrides})
    config = uvicorn.Config(
        create_app(settings, graph, tracing),
        port=port,
        access_log=False,
        log_level="critical",
        ws="none",
        lifespan="on",
    )
    server = _Uvicorn(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the service did not start"
        await asyncio.sleep(0.01)
    served_port = server.servers[0].sockets[0].getsockname()[1]
    with suppress(NotNow):  # some tests want a service without a database
        await limits_applied(graph, limits)
    try:
        yield f"http://127.0.0.1:{served_port}"
    finally:
        server.should_exit = True
        await task


async def limits_applied(graph: Graph, limits: Limits) -> None:
    """Returns when the service has looked at unfinished trees: from then on nothing changes the graph by itself."""
    applied = "MATCH (applied:AppliedLimits {fingerprint: $limits}) RETURN applied"
    while not await graph.execute(applied, limits=tree_lifecycle.fingerprint(limits)):  # noqa: ASYNC110 - another's event
        await asyncio.sleep(0.01)


@pytest.fixture(scope="session")
async def serve(connected: Graph) -> AsyncGenerator[Serve]:
    """Gives the address of a service with these limits; one is started for each set of them, and kept."""
    known: dict[Limits, str] = {}
    async with AsyncExitStack() as stack:

        async def start(limits: Limits) -> str:
            if limits not in known:
                known[limits] = await stack.enter_async_context(serving(connected, limits))
            return known[limits]

        yield start


async def admit(graph: Graph) -> None:
    """The clients of these tests: trusted, untrusted, disabled, and an analyst's, which is not trusted."""
    bot = ApiClient(BOT_ID, "a bot", frontend_type="bot")
    await clients.create(graph, client=CLIENT, key_hash=clients.key_hash(WEB))
    await clients.create(graph, client=bot, key_hash=clients.key_hash(BOT))
    analyst = ApiClient(ANALYST_ID, "a notebook", analyst=True)
    await clients.create(graph, client=analyst, key_hash=clients.key_hash(ANALYST))
    await clients.create(graph, client=replace(bot, id="off", enabled=False), key_hash=clients.key_hash(OFF))


async def remove_end_votes(graph: Graph) -> None:
    """The website can no longer show votes on ends of conversations, as the original's."""
    await clients.change(graph, CLIENT.id, changes=ClientChanges(removed=("end_vote",)))


@dataclass(frozen=True, slots=True)
class Service:
    """The service, and what is behind it."""

    url: str
    graph: Graph

    def frontend(self, key: str | None = WEB) -> Frontend:
        return Frontend(self.url, key)


@pytest.fixture
async def service(graph: Graph, serve: Serve, limits: Limits) -> Service:
    """A service on an empty graph; a test that wants other limits overrides `limits`."""
    await admit(graph)
    return Service(await serve(limits), graph)


@pytest.fixture
async def web(service: Service) -> AsyncGenerator[Frontend]:
    """The website: trusted, and able to show every kind of task."""
    async with service.frontend(WEB) as frontend:
        yield frontend


@pytest.fixture
async def bot(service: Service) -> AsyncGenerator[Frontend]:
    """A bot: not trusted."""
    async with service.frontend(BOT) as frontend:
        yield frontend


async def snapshot(graph: Graph) -> list[Any]:
    """All nodes with their labels and properties and all edges with theirs, in an order that does not change."""
    nodes = await graph.execute(
        "MATCH (n) RETURN elementId(n) AS id, labels(n) AS labels, properties(n) AS properties ORDER BY id"
    )
    edges = await graph.execute(
        """
        MATCH (a)-[r]->(b)
        RETURN elementId(r) AS id, elementId(a) AS start, type(r) AS type, properties(r) AS properties,
          elementId(b) AS end ORDER BY id
        """
    )
    return [*nodes, *edges]


def pytest_configure(config: pytest.Config) -> None:
    """Load the plugin that collects `test_every_request`; other layers do without it, since it takes seconds."""
    if not config.pluginmanager.has_plugin("schemathesis"):
        config.pluginmanager.import_plugin("schemathesis.pytest.plugin")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Put the operation into the id of a Schemathesis test, which pytest 9.2 omits: workers know tests by their ids."""
    if hasattr(item, "operation_label"):
        assert item.parent
        item._id = item.parent.id.child(item.name)  # pyright: ignore[reportPrivateUsage]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The tables that tests of this folder have told."""
    for title, lines in reports(config).items():
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)
