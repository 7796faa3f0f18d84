"""Where a measurement takes place: a Neo4j of its own, and the service in a process of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp

from oa_graph.domain.limits import Limits
from oa_graph.neo4j_server import ManagedNeo4j
from oa_graph.neo4j_server.ports import any_free_port
from oa_graph.settings import Neo4jSettings

CHECKOUT = Path(__file__).parents[1]
_READY = 120.0
"""Seconds for the service to come up."""


@dataclass(frozen=True, slots=True)
class Place:
    """A Neo4j. `server` None: somebody else's."""

    uri: str
    username: str
    password: str = field(repr=False)
    database: str
    server: ManagedNeo4j | None = None

    @property
    def pid(self) -> int | None:
        """Of the Neo4j process, if it is ours."""
        return self.server.status().pid if self.server else None

    @property
    def store_bytes(self) -> int | None:
        return self.server.status().store_bytes if self.server else None


def named_place() -> Place | None:
    """The server that NEO4J_URI names."""
    settings = Neo4jSettings()  # pyright: ignore[reportCallIssue] - pydantic fills it in
    if settings.uri is None:
        return None
    return Place(settings.uri, settings.username, settings.password.get_secret_value(), settings.database)


@contextmanager
def folder(kept: Path | None, name: str) -> Generator[Path]:
    """A data folder: `name` in the one that is kept, else one that is gone afterwards."""
    if kept is not None:
        path = kept.expanduser().absolute() / name
        path.mkdir(parents=True, exist_ok=True)
        yield path
    else:
        with tempfile.TemporaryDirectory(prefix="oa-graph-bench-", ignore_cleanup_errors=True) as path:
            yield Path(path)


@contextmanager
def started(server: ManagedNeo4j) -> Generator[Place]:
    """The managed server, running."""
    os.environ["OA_GRAPH_AOT"] = "off"  # else a first start trains a cache for the next one, on all cores
    address = server.start()
    try:
        yield Place(address.bolt, address.username, address.password, address.database, server)
    finally:
        server.release()


def managed(data: Path) -> ManagedNeo4j:
    """A server on ports that nobody uses, with the memory that the service would give it."""
    return ManagedNeo4j(data, bolt_port=any_free_port(), http_port=any_free_port())


@dataclass(frozen=True, slots=True)
class Service:
    """The service, running."""

    url: str
    key: str = field(repr=False)
    pid: int


@asynccontextmanager
async def serving(place: Place, limits: Limits, *, key: str, log: Path) -> AsyncGenerator[Service]:
    """`oa-graph serve` on this Neo4j; raises RuntimeError with its last words when it does not come up."""
    port = any_free_port()
    command = (
        sys.executable,
        "-m",
        "oa_graph.cli",
        "serve",
        "--port",
        str(port),
        "--data",
        str(log.parent / "service"),
    )
    process = _spawn(command, _environment(place, limits, key), log)
    service = Service(f"http://127.0.0.1:{port}", key, process.pid)
    try:
        await _ready(service, process, log)
        yield service
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _spawn(command: Sequence[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(command, env=environment, cwd=CHECKOUT, stdout=output, stderr=output)


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-4000:]


def _environment(place: Place, limits: Limits, key: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OA_GRAPH_", "NEO4J_"))}
    return own | {
        "NEO4J_URI": place.uri,
        "NEO4J_USERNAME": place.username,
        "NEO4J_PASSWORD": place.password,
        "NEO4J_DATABASE": place.database,
        "OA_GRAPH_API_KEY": key,
        "OA_GRAPH_RATE_LIMIT": "false",
        **_limits(limits),
    }


def _limits(limits: Limits) -> Mapping[str, str]:
    usual = asdict(Limits())
    return {
        f"OA_GRAPH_LIMITS__{name.upper()}": str(value) for name, value in asdict(limits).items() if value != usual[name]
    }


async def _ready(service: Service, process: subprocess.Popen[bytes], log: Path) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(int(_READY / 0.1)):
            if process.poll() is not None:
                break
            try:
                async with session.get(f"{service.url}/health/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise RuntimeError(f"the service did not come up; it said:\n{_last_words(log)}")


def new_key() -> str:
    return secrets.token_hex(16)
