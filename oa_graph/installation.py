"""What an installation needs before it can serve: a database that answers, a schema, and a trusted key."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from oa_graph import leaderboards
from oa_graph.context import utc_now
from oa_graph.domain.users import ApiClient
from oa_graph.errors import Setup
from oa_graph.graph import clients, schema
from oa_graph.graph.session import Graph
from oa_graph.neo4j_server import Address, ManagedNeo4j, Memory, PortOwner, Supervisor, jars, sized_from_machine
from oa_graph.neo4j_server.supervision import DISK_FULL, free_bytes
from oa_graph.policy.kinds import CAPABILITIES
from oa_graph.settings import Neo4jSettings, Settings

_KEY_FILE = "api-key"
_BOARDS = "schema/0003_boards"
TRUSTED = str(uuid5(NAMESPACE_URL, "oa-graph:trusted-client"))
"""The id of the installation's own client, which each start makes sure of."""


PAGES = ApiClient(
    id=str(uuid5(NAMESPACE_URL, "oa-graph:pages-client")),
    description="The pages of this installation",
    frontend_type="web",
    capabilities=tuple(sorted(CAPABILITIES)),
)
"""The client that the pages act as. It has no key, so that no request of the HTTP API can be its."""
_NO_KEY = "pages"
"""Stands in the place of the hash of a key; no key has it."""


Starting = Callable[[Path], AbstractContextManager[object]]
"""Shows that the server of a data folder starts, for as long as it does."""


class NoGraph(Setup):
    """There is no graph in {folder}. Make one with `oa-graph serve`, `oa-graph import FILE` or `oa-graph demo`, or name another folder with `--data` or OA_GRAPH_DATA."""  # noqa: E501 - one sentence is one line


class NoServer(Setup):
    """No Neo4j server runs for {folder}. Start one with `oa-graph db start`, or name another with NEO4J_URI."""


class CopyNotServing(Setup):
    """The copy in {folder} has no server that answers; `oa-graph serve` and `oa-graph db start` start it."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the graph of this installation is."""

    uri: str
    username: str
    password: str = field(repr=False)
    database: str
    browser: str | None
    """The address of the Neo4j Browser; None when it is not ours to know."""
    password_file: Path | None = None
    """The file that holds the password; None when it is not the managed server's."""
    server: ManagedNeo4j | None = field(default=None, repr=False)
    """The managed server; None for another."""
    ca_file: Path | None = None
    liveness_sec: float | None = None

    def connect(self, *, pool: int = 20, statement_sec: float | None = None) -> Graph:
        """Open a pool of at most `pool` connections; the server ends a transaction after `statement_sec`."""
        return Graph.connect(
            self.uri,
            self.username,
            self.password,
            database=self.database,
            pool=pool,
            statement_sec=statement_sec,
            permit=login_permit(self.uri, self.password_file),
            ca_file=self.ca_file,
            liveness_sec=self.liveness_sec,
        )

    def environment(self) -> Mapping[str, str]:
        """What a worker process needs to find the same database."""
        place = {"NEO4J_URI": self.uri, "NEO4J_USERNAME": self.username, "NEO4J_DATABASE": self.database}
        if self.password_file:  # which also tells that process whose password it is, for `login_permit`
            return place | {"NEO4J_PASSWORD_FILE": str(self.password_file)}
        return place | {"NEO4J_PASSWORD": self.password}


def data_folder(password_file: Path | None) -> Path | None:
    """The data folder of the managed server whose password a file holds; None for the password of another server."""
    if password_file is None:
        return None
    file = password_file.absolute()
    has_run = (file.parent / "run" / "server.lock").exists()
    return file.parent if has_run and ManagedNeo4j(file.parent).password_file == file else None


def login_permit(uri: str, password_file: Path | None) -> Callable[[], bool] | None:
    """Tell before each log-in whether the managed server has the port at `uri`; None for another server."""
    folder, address = data_folder(password_file), urlsplit(uri)
    is_here = address.hostname in ("127.0.0.1", "localhost")
    return PortOwner(folder, address.port) if folder and is_here and address.port else None


def free_disk_bytes(password_file: Path | None) -> int | None:
    """What the disk of the managed server has left; None for another server."""
    folder = data_folder(password_file)
    return free_bytes(folder) if folder else None


def is_disk_full(password_file: Path | None) -> bool:
    """Whether the disk of the managed server has no room to work with."""
    free = free_disk_bytes(password_file)
    return free is not None and free < DISK_FULL


def says_starting(folder: Path) -> str:
    """What to show of `Starting`: the server is there for one command, unless somebody keeps it."""
    return f"starting Neo4j for {folder}; `oa-graph db start` keeps it running"


def managed(settings: Settings) -> ManagedNeo4j:
    """The managed server of the data folder; nothing is started yet."""
    memory = None
    if settings.heap_mib is not None or settings.page_cache_mib is not None:
        fair = sized_from_machine()
        memory = Memory(
            heap_mib=settings.heap_mib or fair.heap_mib,
            page_cache_mib=settings.page_cache_mib or fair.page_cache_mib,
        )
    return ManagedNeo4j(settings.data, memory=memory, bolt_port=settings.bolt_port, http_port=settings.http_port)


@contextmanager
def database(
    settings: Settings, server_settings: Neo4jSettings, *, reads: bool = False, starting: Starting = nullcontext
) -> Generator[Database]:
    """The server that the environment names; without one the managed server, started or joined, and left at the end.

    `reads`: an empty graph is of no use. Raise NoGraph where there is none, and makes nothing.
    """
    if named := _named_database(server_settings):
        yield named
        return
    server = managed(settings)
    if reads and not server.has_store():
        raise NoGraph(folder=server.data)
    with _started(server, starting) as address:
        yield _managed_database(server, address)


def running_database(settings: Settings, server_settings: Neo4jSettings | None = None) -> Database:
    """Return the server that the environment names, or the managed one if it runs; start nothing. Raise NoServer."""
    if named := _named_database(server_settings or Neo4jSettings.model_validate({})):
        return named
    server = managed(settings)
    if (address := server.address()) is None:
        raise NoServer(folder=server.data)
    return _managed_database(server, address)


def _named_database(server_settings: Neo4jSettings) -> Database | None:
    if server_settings.uri is None:
        return None
    return Database(
        server_settings.uri,
        server_settings.username,
        server_settings.password.get_secret_value(),
        server_settings.database,
        browser=None,
        password_file=server_settings.password_file,
        ca_file=server_settings.ca_file,
        liveness_sec=server_settings.liveness_sec,
    )


def _managed_database(server: ManagedNeo4j, address: Address) -> Database:
    return Database(
        address.bolt,
        address.username,
        address.password,
        address.database,
        address.http,
        server.password_file,
        server,
    )


@contextmanager
def copy(settings: Settings, *, starting: Starting = nullcontext) -> Generator[None]:
    """Run the server of the copy for analysts, if there is one. Raise NoGraph where `oa-graph db clone` made none.

    It has half the memory that a server of its own would have, and gives way to others when the machine is busy.
    """
    if settings.cypher_copy is None:
        yield
        return
    server = ManagedNeo4j(settings.cypher_copy, memory=sized_from_machine(share=0.5), low_priority=True)
    if not server.has_store():
        raise NoGraph(folder=server.data)
    with _started(server, starting):
        yield


def connect_copy(settings: Settings) -> Graph | None:
    """A connection to the copy for analysts; None where there is none. Raise CopyNotServing."""
    if settings.cypher_copy is None:
        return None
    server = ManagedNeo4j(settings.cypher_copy)
    if (address := server.address()) is None:
        raise CopyNotServing(folder=server.data)
    return _managed_database(server, address).connect(pool=settings.cypher_at_once + 1)


@contextmanager
def _started(server: ManagedNeo4j, starting: Starting) -> Generator[Address]:
    jars.fetch()  # which shows its own progress
    with nullcontext() if server.address() else starting(server.data):
        address = server.start()
    try:
        yield address
    finally:
        server.release()


def supervised(neo4j: Database) -> AbstractContextManager[object]:
    """Look after the managed server while a service uses it; another server has its own operators."""
    return Supervisor(neo4j.server) if neo4j.server else nullcontext()


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """The key of the trusted client, and where it comes from."""

    value: str = field(repr=False)
    path: Path | None
    """The file that keeps it; None when a setting gave it."""
    is_new: bool


def trusted_key(settings: Settings) -> TrustedKey:
    """The key of the settings, or the one that the first start made at random and kept in a file of mode 600."""
    if settings.api_key is not None:
        return TrustedKey(settings.api_key.get_secret_value(), None, is_new=False)
    path = settings.data / _KEY_FILE
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{_KEY_FILE}-{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(draft, path)  # fails when the file is there: of two first starts at once, one makes the key
        is_new = True
    except FileExistsError:
        is_new = False
    finally:
        draft.unlink()
    return TrustedKey(path.read_text("utf-8").strip(), path, is_new=is_new)


def installed_key(settings: Settings) -> TrustedKey:
    """The trusted key of an installation that there is. Raise NoGraph where there is none, and makes nothing."""
    known = settings.api_key is not None or (settings.data / _KEY_FILE).exists()
    if not known and not managed(settings).has_store():
        raise NoGraph(folder=settings.data)
    return trusted_key(settings)


async def prepare(graph: Graph, *, key: str) -> None:
    """Apply the schema, and make sure of the trusted client and that of the pages."""
    new = await schema.apply(graph)
    if _BOARDS in new and len(new) < len(schema.known()):
        await leaderboards.rebuild(graph, now=utc_now())  # events before that left nothing to go by
    trusted = ApiClient(id=TRUSTED, description="The trusted client of this installation", trusted=True, analyst=True)
    await _make_sure_of_client(graph, trusted, clients.key_hash(key))
    await _make_sure_of_client(graph, PAGES, _NO_KEY)


async def _make_sure_of_client(graph: Graph, client: ApiClient, key_hash: str) -> None:
    """Write the client only where it differs: the first request needs the plan of the statement that looks, too."""
    if await clients.by_key_hash(graph, key_hash) != client:
        await clients.create(graph, client=client, key_hash=key_hash)
