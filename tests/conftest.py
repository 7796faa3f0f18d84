"""One Neo4j for each worker of a run, emptied before each test that asks for the graph.

It is a server of the worker's own. A database that the environment names is used only with `--neo4j=given`, and only if
it is empty.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from neo4j import GraphDatabase

from oa_graph import neo4j_server
from oa_graph.domain.limits import Limits
from oa_graph.errors import RetriesExhausted
from oa_graph.graph import schema
from oa_graph.graph.session import Graph

_KEPT = frozenset({"OA_GRAPH_CACHE"})
"""Where the managed server comes from is no matter of the tests."""
_ENVIRONMENT = dict(os.environ)
"""As whoever runs the tests has it."""

# A busy machine is slow to make examples and to try them, whatever they are about.
settings.register_profile("usual", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("wide", settings.get_profile("usual"), max_examples=1000)  # for `make test-slow`
if settings.get_current_profile_name() == "default":  # a profile that somebody chose stays
    settings.load_profile("usual")

WAYS = ("managed", "container", "given")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--neo4j",
        choices=WAYS,
        default="managed",
        help="where the tests find Neo4j: a managed server of their own, Docker, or the empty database at NEO4J_URI",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("neo4j") == "given" and config.getoption("numprocesses", None):
        raise pytest.UsageError("--neo4j=given takes -n0: workers would empty the database of each other")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    seen = Counter(item.nodeid for item in items)
    if shared := [id for id, count in seen.items() if count > 1]:
        raise pytest.UsageError(f"several tests have the same id, and workers would run only one of them: {shared[:3]}")


@dataclass(frozen=True, slots=True)
class Server:
    """Where the Neo4j of this run answers."""

    uri: str
    username: str
    password: str
    database: str


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "asyncio", {"use_uvloop": False}


@pytest.fixture(scope="session", autouse=True)
def _own_environment() -> Generator[None]:
    """The settings of whoever runs the tests must not leak into them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("OA_GRAPH_", "NEO4J_")) and name not in _KEPT]:
            patch.delenv(name)
        patch.setenv("OA_GRAPH_AOT", "off")  # nothing is trained beside tests; a cache that is there is used
        yield


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    way = request.config.getoption("--neo4j")
    if way == "container":
        yield from _container()
    elif way == "given":
        yield from _named()
    else:
        yield from _managed(tmp_path_factory.mktemp("neo4j"))


def _named() -> Generator[Server]:
    """The server that the environment names. End the run where its database holds anything: tests would remove it."""
    if not (uri := _ENVIRONMENT.get("NEO4J_URI")):
        pytest.exit("--neo4j=given: NEO4J_URI is not set", pytest.ExitCode.USAGE_ERROR)
    username, password = _ENVIRONMENT.get("NEO4J_USERNAME", "neo4j"), _ENVIRONMENT.get("NEO4J_PASSWORD", "")
    database = _ENVIRONMENT.get("NEO4J_DATABASE", "neo4j")
    with GraphDatabase.driver(uri, auth=(username, password)) as driver:  # pyright: ignore[reportUnknownMemberType] - its options are untyped
        if driver.execute_query("MATCH (n) WHERE NOT n:Schema RETURN n LIMIT 1", database_=database).records:
            pytest.exit(
                f"the database at {uri} is not empty, and the tests would empty it", pytest.ExitCode.USAGE_ERROR
            )
        yield Server(uri, username, password, database)
        driver.execute_query("MATCH (n) WHERE NOT n:Schema DETACH DELETE n", database_=database)


def _managed(data: Path) -> Generator[Server]:
    with neo4j_server.ManagedNeo4j(data, memory=neo4j_server.Memory(heap_mib=1024, page_cache_mib=256)) as running:
        address = running.start()
        yield Server(address.bolt, address.username, address.password, address.database)


def _container() -> Generator[Server]:
    from testcontainers.community.neo4j import Neo4jContainer

    container = Neo4jContainer("neo4j:2026.08.1-community")
    # As docker-compose.yml: statements of analysts reach neither files nor addresses.
    container.with_env("NEO4J_dbms_security_allow__csv__import__from__file__urls", "false")
    container.with_env("NEO4J_internal_dbms_cypher__ip__blocklist", "0.0.0.0/0,::/0")
    with container:
        yield Server(container.get_connection_url(), container.username, container.password, "neo4j")


@pytest.fixture(scope="session")
async def connected(server: Server) -> AsyncGenerator[Graph]:
    graph = Graph.connect(server.uri, server.username, server.password, database=server.database, pool=100)
    try:
        await schema.apply(graph)
        yield graph
    finally:
        await graph.close()


@pytest.fixture
async def graph(connected: Graph) -> Graph:
    """The graph of this run, empty but for the schema."""
    empty = "MATCH (n) WHERE NOT n:Schema CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"
    while True:
        with suppress(RetriesExhausted):  # what a service of these tests does beside requests may be in the way
            await connected.execute(empty)
            return connected


@pytest.fixture
def rng() -> Random:
    return Random(7)


@pytest.fixture
def limits() -> Limits:
    return Limits()
