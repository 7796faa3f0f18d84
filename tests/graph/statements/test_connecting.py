"""Servers that are reached over TLS or over lines that break."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from oa_graph.errors import StoreUnavailable
from oa_graph.graph.adhoc import AdhocQueries, ResultLimits
from oa_graph.graph.session import Graph
from oa_graph.neo4j_server import Address, Memory
from oa_graph.neo4j_server import ManagedNeo4j as ManagedServer
from tests.conftest import Server
from tests.flaky_proxy import line

pytestmark = pytest.mark.anyio

_CERTIFICATES = """
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=An authority" -keyout ca.key -out ca.pem
openssl req -newkey rsa:2048 -nodes -subj "/CN=127.0.0.1" -keyout private.key -out server.csr
printf "subjectAltName=IP:127.0.0.1" > names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out public.crt
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, and the certificate that it gave to a server."""
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run(["/bin/sh", "-ec", _CERTIFICATES], cwd=folder, capture_output=True, check=True)
    return folder


@pytest.fixture(scope="module")
def encrypted(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Address]:
    policy = {"enabled": "true", "base_directory": str(certificates), "client_auth": "NONE"}
    config = {f"dbms.ssl.policy.bolt.{name}": value for name, value in policy.items()}
    config["server.bolt.tls_level"] = "OPTIONAL"  # our own look at a managed server is without
    memory = Memory(heap_mib=512, page_cache_mib=64)
    with ManagedServer(tmp_path_factory.mktemp("encrypted") / "data", memory=memory, extra_config=config) as server:
        yield server.start()


@asynccontextmanager
async def connected(address: Address, scheme: str, ca_file: Path | None) -> AsyncGenerator[Graph]:
    uri = address.bolt.replace("bolt://", scheme)
    graph = Graph.connect(uri, address.username, address.password, database=address.database, ca_file=ca_file)
    try:
        yield graph
    finally:
        await graph.close()


@pytest.mark.parametrize("scheme", ["bolt+s://", "neo4j+s://"])
async def test_a_server_is_trusted_when_one_of_the_given_authorities_signs_for_it(
    encrypted: Address, certificates: Path, scheme: str
) -> None:
    async with connected(encrypted, scheme, certificates / "ca.pem") as graph:
        assert await graph.execute("RETURN 1 AS one") == [{"one": 1}]
        door = AdhocQueries(graph, at_once=1, bounds=ResultLimits(20.0, 10, 1))
        asked = await door.ask("RETURN 1 AS one", {}, client="an analyst")
        assert [rows.lines async for rows in asked.rows()] == [b"[1]\n"]
        await door.close()


async def test_a_server_is_not_trusted_because_of_an_authority_that_nobody_gave(encrypted: Address) -> None:
    async with connected(encrypted, "bolt+s://", None) as graph:
        with pytest.raises(StoreUnavailable):
            await graph.execute("RETURN 1 AS one")


@pytest.mark.parametrize(("liveness_sec", "tests"), [(None, 0), (3600.0, 0), (0.0, 1)])
async def test_a_connection_that_was_idle_for_too_long_is_tested(
    server: Server, liveness_sec: float | None, tests: int
) -> None:
    """A load balancer may have dropped it without a word."""
    async with line(server.uri) as (passing, uri):
        graph = Graph.connect(
            uri, server.username, server.password, database=server.database, pool=1, liveness_sec=liveness_sec
        )
        try:
            await graph.execute("RETURN 1 AS one")
            await graph.execute("RETURN 1 AS one")
        finally:
            await graph.close()
    assert passing.tested == tests
