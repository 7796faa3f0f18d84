"""The data folder of one server: where things lie in it, its settings and its password.

It is an ordinary Neo4j home, so that Neo4j's own tools and manual apply:

    neo4j-password        mode 600; whoever reads it is the database's administrator
    conf/neo4j.conf       written at each start
    data/                 the store
    logs/                 neo4j.log, debug.log; console.log has what the JVM itself said
    run/                  locks, ports and the process of now; see server.py
    staging/              a store that is being loaded or imported, until it is whole
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from oa_graph.managed.errors import PasswordMissing
from oa_graph.managed.memory import INITIAL_HEAP_MIB, Memory
from oa_graph.managed.ports import HOST, Ports

USERNAME = "neo4j"
DATABASE = "neo4j"

# Procedures that only read, plus the driver's and the Browser's own; what writes goes through Cypher.
_PROCEDURES = (
    "db.awaitIndex", "db.awaitIndexes", "db.index.fulltext.*", "db.index.vector.query*", "db.info",
    "db.labels", "db.ping", "db.prepareForReplanning", "db.propertyKeys", "db.relationshipTypes",
    "db.resampleIndex", "db.resampleOutdatedIndexes", "db.schema.*", "db.stats.*", "dbms.clientConfig",
    "dbms.components", "dbms.info", "dbms.listCapabilities", "dbms.listConnections", "dbms.queryJmx",
    "dbms.showCurrentUser", "dbms.cluster.routing.getRoutingTable", "dbms.routing.getRoutingTable",
    "tx.getMetaData", "tx.setMetaData",
)  # fmt: skip

# Neo4j promises nothing about these: a server that does not know them is started without.
INTERNAL = {
    # else a clean stop waits 10 s for connections that are open and idle
    "internal.server.bolt.thread_pool_shutdown_wait_time": "0s",
    "internal.server.bolt.connection_shutdown_wait_time": "0s",
    # else a stop waits 60 s for a transaction that it has ended and that nobody closes, beside 10 s for it to be done
    "internal.db.transaction.shutdown_terminated_transaction_wait_timeout": "5s",
    # LOAD CSV reads from no address at all
    "internal.dbms.cypher_ip_blocklist": "0.0.0.0/0,::/0",
}


_LOG_END = 1 << 20  # bytes of debug.log in which a failure is looked for
_FAILED_START = re.compile(rf'Failed to start DatabaseId\{{\w+\[{DATABASE}\]\}}","stacktrace":"((?:[^"\\]|\\.)*)')


@dataclass(frozen=True, slots=True)
class Plan:
    """What a server is started with."""

    ports: Ports
    memory: Memory
    extra: Mapping[str, str]
    internal: bool = True

    def settings(self) -> dict[str, str]:
        bolt, http = f"{HOST}:{self.ports.bolt}", f"{HOST}:{self.ports.http}"
        return {
            "server.default_listen_address": HOST,
            "server.default_advertised_address": HOST,
            "server.bolt.listen_address": bolt,
            "server.bolt.advertised_address": bolt,
            "server.http.listen_address": http,
            "server.http.advertised_address": http,
            "server.http_enabled_modules": "TRANSACTIONAL_ENDPOINTS,BROWSER,QUERY_API_ENDPOINTS",
            "server.http.x_forward.enabled": "false",
            "server.https.enabled": "false",
            "dbms.security.http_access_control_allow_origin": f"http://{http}",
            "server.memory.heap.initial_size": f"{min(self.memory.heap_mib, INITIAL_HEAP_MIB)}m",
            "server.memory.heap.max_size": f"{self.memory.heap_mib}m",
            "server.memory.pagecache.size": f"{self.memory.page_cache_mib}m",
            # Nothing is told to anybody, nobody is looked for: neither by usage reports nor by the Browser,
            # nor by the fleet manager, which would open a port of its own and look for other servers.
            "dbms.usage_report.enabled": "false",
            "client.allow_telemetry": "false",
            "dbms.fleet_manager.enabled": "false",
            "server.fleet_discovery.enabled": "false",
            "dbms.security.allow_csv_import_from_file_urls": "false",
            # It listens on loopback only, and one old password in a Browser would lock the service out.
            "dbms.security.auth_max_failed_attempts": "0",
            "dbms.security.procedures.allowlist": ",".join(_PROCEDURES),
            "db.query.default_language": "CYPHER_25",
            # One statement leaves memory to the others.
            "db.memory.transaction.max": f"{self.memory.heap_mib // 2}m",
            "db.logs.query.enabled": "OFF",
            # A search asks for what is new by itself; without this every text would cost three times as much CPU.
            "db.index.fulltext.eventually_consistent_refresh_interval": "1s",
            # Logs serve recovery alone, for Community has no incremental backup; each is laid out in full.
            "db.tx_log.rotation.size": "64m",
            "db.tx_log.rotation.retention_policy": "1 days 512M",
            **(INTERNAL if self.internal else {}),
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class State:
    """What runs in a folder, or ran there last; in `run/server.json`."""

    doing: str  # "serving", "stopped" on purpose, or the name of an administrator's command
    bolt: int
    http: int
    since: str  # ISO 8601, UTC
    version: str
    plan: str  # the fingerprint of what it was started with
    keep: bool = False

    @property
    def ports(self) -> Ports:
        return Ports(self.bolt, self.http)


@dataclass(frozen=True, slots=True)
class Home:
    """The places in a data folder."""

    root: Path

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def pid_file(self) -> Path:
        return self.run / "server.pid"

    @property
    def console(self) -> Path:
        return self.logs / "console.log"

    @property
    def password_file(self) -> Path:
        return self.root / "neo4j-password"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    def store(self, name: str = DATABASE) -> tuple[Path, Path]:
        """Give the two folders that are one database."""
        return self.root / "data" / "databases" / name, self.root / "data" / "transactions" / name

    def has_store(self) -> bool:
        """Tell whether there is one, or one that `settle` puts in its place."""
        return (self.run / "swap").exists() or any(folder.exists() for folder in self.store())

    def prepare(self) -> None:
        """Make the folders, for this user alone."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for folder in (self.run, self.run / "holders", self.logs, self.root / "conf"):
            folder.mkdir(exist_ok=True)

    def configure(self, plan: Plan) -> None:
        """Write neo4j.conf, and the password where Neo4j looks for it when it makes its first store."""
        lines = [f"{key}={value}\n" for key, value in plan.settings().items()]
        if any(line.count("\n") != 1 for line in lines):
            raise ValueError("a setting of Neo4j has no line breaks")
        write(self.root / "conf" / "neo4j.conf", "# Written by oa-graph at each start.\n" + "".join(lines))
        initial = self.root / "data" / "dbms" / "auth.ini"
        initial.parent.mkdir(parents=True, exist_ok=True)
        write(initial, _credential(self.password()))

    def password(self) -> str:
        """Read the password, or make it for a folder without a store."""
        with suppress(FileNotFoundError):
            return self.password_file.read_text().strip()
        if any(folder.exists() for folder in self.store("system")):
            raise PasswordMissing(file=self.password_file, folder=self.root)
        password = secrets.token_urlsafe(24)
        write(self.password_file, password + "\n")
        return password

    def state(self) -> State | None:
        with suppress(OSError, ValueError, TypeError):
            return State(**json.loads((self.run / "server.json").read_text()))
        return None

    def remember(self, state: State) -> None:
        write(self.run / "server.json", json.dumps(asdict(state)))

    def log_size(self) -> int:
        with suppress(OSError):
            return (self.logs / "neo4j.log").stat().st_size
        return 0

    def tail(self, log_from: int = 0, *, lines: int = 15) -> str:
        """Give the last that the server said, for people; of its log what comes after `log_from` bytes."""
        said = [
            *_last_lines(self.logs / "neo4j.log", lines, skip=log_from),
            *_last_lines(self.console, lines),
        ]
        return "\n".join(f"    {line}" for line in said) or "    nothing"

    def database_failure(self) -> str | None:
        """Give why the database did not start the last time, in Neo4j's words; None where its log has nothing."""
        with suppress(OSError):
            log = (self.logs / "debug.log").read_bytes()[-_LOG_END:].decode(errors="replace")
            if failures := _FAILED_START.findall(log):
                return str(failures[-1]).split(r"\n")[0]
        return None

    def size(self) -> int:
        """Give the bytes of the store with its logs."""
        total = 0
        for folder, _, names in os.walk(self.root / "data"):
            for name in names:
                with suppress(OSError):  # files come and go while it runs
                    total += os.lstat(os.path.join(folder, name)).st_blocks * 512
        return total

    def commit_staging(self) -> None:
        """Put the staged store in the place of the old one; a crash in between is made up for by `settle`."""
        write(self.run / "swap", "")
        self.settle()

    def settle(self) -> None:
        """Finish a swap that was decided on, drop what was not."""
        if (self.run / "swap").exists():
            for new, old in zip(Home(self.staging).store(), self.store(), strict=True):
                if new.exists():
                    shutil.rmtree(old, ignore_errors=True)
                    old.parent.mkdir(parents=True, exist_ok=True)
                    new.replace(old)
        shutil.rmtree(self.staging, ignore_errors=True)
        (self.run / "swap").unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Write a file for this user alone, all of it or nothing, and lasting."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    part.replace(path)


def _credential(password: str) -> str:
    """Give the line that `neo4j-admin dbms set-initial-password` would write, which takes a JVM a second."""
    salt = secrets.token_bytes(32)
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(1023):
        digest = hashlib.sha256(digest).digest()
    return f"{USERNAME}:SHA-256,{digest.hex()},{salt.hex()},1024:\n"


def _last_lines(file: Path, lines: int, *, skip: int = 0) -> list[str]:
    with suppress(OSError):
        return file.read_bytes()[skip:].decode(errors="replace").splitlines()[-lines:]
    return []
