"""The data folder of a server: its paths, settings and password.

It is a standard Neo4j home, so that Neo4j's tools and manual apply:

    neo4j-password        mode 600; it gives full access to the database
    conf/neo4j.conf       written at each start
    data/                 the store
    logs/                 neo4j.log, debug.log; console.log has the output of the JVM
    run/                  locks, ports and the present process; see server.py
    staging/              a store that is being loaded or imported, until it is complete
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

from oa_graph.neo4j_server.errors import PasswordMissing
from oa_graph.neo4j_server.memory import INITIAL_HEAP_MIB, Memory
from oa_graph.neo4j_server.ports import HOST, Ports

USERNAME = "neo4j"
DATABASE = "neo4j"

# Read-only procedures, and those that the driver and the Browser need. Writes use plain Cypher.
_PROCEDURES = (
    "db.awaitIndex", "db.awaitIndexes", "db.index.fulltext.*", "db.index.vector.query*", "db.info",
    "db.labels", "db.ping", "db.prepareForReplanning", "db.propertyKeys", "db.relationshipTypes",
    "db.resampleIndex", "db.resampleOutdatedIndexes", "db.schema.*", "db.stats.*", "dbms.clientConfig",
    "dbms.components", "dbms.info", "dbms.listCapabilities", "dbms.listConnections", "dbms.queryJmx",
    "dbms.showCurrentUser", "dbms.cluster.routing.getRoutingTable", "dbms.routing.getRoutingTable",
    "tx.getMetaData", "tx.setMetaData",
)  # fmt: skip

# Unsupported settings of Neo4j: if a server does not know them, it is started without them.
INTERNAL_SETTINGS = {
    # else a clean stop waits 10 s for idle connections
    "internal.server.bolt.thread_pool_shutdown_wait_time": "0s",
    "internal.server.bolt.connection_shutdown_wait_time": "0s",
    # else a stop waits 60 s for terminated transactions that nobody closes, in addition to 10 s for running ones
    "internal.db.transaction.shutdown_terminated_transaction_wait_timeout": "5s",
    # blocks all addresses for LOAD CSV
    "internal.dbms.cypher_ip_blocklist": "0.0.0.0/0,::/0",
}


_LOG_TAIL = 1 << 20  # bytes at the end of debug.log that are searched for a failure
_FAILED_START = re.compile(rf'Failed to start DatabaseId\{{\w+\[{DATABASE}\]\}}","stacktrace":"((?:[^"\\]|\\.)*)')


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """The configuration of a server start."""

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
            # No telemetry, no usage reports, and no fleet manager, which would open a port and search for servers.
            "dbms.usage_report.enabled": "false",
            "client.allow_telemetry": "false",
            "dbms.fleet_manager.enabled": "false",
            "server.fleet_discovery.enabled": "false",
            "dbms.security.allow_csv_import_from_file_urls": "false",
            # The server listens on loopback only, and an old password in a Browser would lock the service out.
            "dbms.security.auth_max_failed_attempts": "0",
            "dbms.security.procedures.allowlist": ",".join(_PROCEDURES),
            "db.query.default_language": "CYPHER_25",
            # A statement must leave memory to others.
            "db.memory.transaction.max": f"{self.memory.heap_mib // 2}m",
            "db.logs.query.enabled": "OFF",
            # Searches refresh the index themselves; without this each text would take three times the CPU time.
            "db.index.fulltext.eventually_consistent_refresh_interval": "1s",
            # Transaction logs serve recovery only, since Community has no incremental backup; each is preallocated.
            "db.tx_log.rotation.size": "64m",
            "db.tx_log.rotation.retention_policy": "1 days 512M",
            **(INTERNAL_SETTINGS if self.internal else {}),
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class RunState:
    """The process that runs in a folder, or ran there last; stored in `run/server.json`."""

    doing: str  # "serving", "stopped" (on purpose), or the name of an admin command
    bolt: int
    http: int
    since: str  # ISO 8601, UTC
    version: str
    plan: str  # the fingerprint of its configuration
    keep: bool = False

    @property
    def ports(self) -> Ports:
        return Ports(self.bolt, self.http)


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths in a data folder."""

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
        """Return the two folders of a database."""
        return self.root / "data" / "databases" / name, self.root / "data" / "transactions" / name

    def has_store(self) -> bool:
        """Return whether there is a store, or one that `finish_swap` moves into place."""
        return (self.run / "swap").exists() or any(folder.exists() for folder in self.store())

    def prepare(self) -> None:
        """Create the folders, accessible to this user only."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for folder in (self.run, self.run / "holders", self.logs, self.root / "conf"):
            folder.mkdir(exist_ok=True)

    def configure(self, plan: LaunchPlan) -> None:
        """Write neo4j.conf, and the initial password for a new store."""
        lines = [f"{key}={value}\n" for key, value in plan.settings().items()]
        if any(line.count("\n") != 1 for line in lines):
            raise ValueError("a setting of Neo4j cannot hold line breaks")
        write(self.root / "conf" / "neo4j.conf", "# Written by oa-graph at each start.\n" + "".join(lines))
        initial = self.root / "data" / "dbms" / "auth.ini"
        initial.parent.mkdir(parents=True, exist_ok=True)
        write(initial, _credential(self.password()))

    def password(self) -> str:
        """Read the password, or create it for a folder without a store."""
        with suppress(FileNotFoundError):
            return self.password_file.read_text().strip()
        if any(folder.exists() for folder in self.store("system")):
            raise PasswordMissing(file=self.password_file, folder=self.root)
        password = secrets.token_urlsafe(24)
        write(self.password_file, password + "\n")
        return password

    def read_state(self) -> RunState | None:
        with suppress(OSError, ValueError, TypeError):
            return RunState(**json.loads((self.run / "server.json").read_text()))
        return None

    def write_state(self, state: RunState) -> None:
        write(self.run / "server.json", json.dumps(asdict(state)))

    def log_size(self) -> int:
        with suppress(OSError):
            return (self.logs / "neo4j.log").stat().st_size
        return 0

    def tail(self, log_from: int = 0, *, lines: int = 15) -> str:
        """Return the last lines of the server's logs; of neo4j.log those after `log_from` bytes."""
        output = [
            *_last_lines(self.logs / "neo4j.log", lines, skip=log_from),
            *_last_lines(self.console, lines),
        ]
        return "\n".join(f"    {line}" for line in output) or "    nothing"

    def database_failure(self) -> str | None:
        """Return Neo4j's message about the last failed start of the database; None if the log has none."""
        with suppress(OSError):
            log = (self.logs / "debug.log").read_bytes()[-_LOG_TAIL:].decode(errors="replace")
            if failures := _FAILED_START.findall(log):
                return str(failures[-1]).split(r"\n")[0]
        return None

    def size(self) -> int:
        """Return the size of the store with its transaction logs in bytes."""
        total = 0
        for folder, _, names in os.walk(self.root / "data"):
            for name in names:
                with suppress(OSError):  # a running server removes files
                    total += os.lstat(os.path.join(folder, name)).st_blocks * 512
        return total

    def commit_staging(self) -> None:
        """Replace the store by the staged one. After a crash `finish_swap` completes it."""
        write(self.run / "swap", "")
        self.finish_swap()

    def finish_swap(self) -> None:
        """Complete a committed swap, discard other staged data."""
        if (self.run / "swap").exists():
            for new, old in zip(DataFolder(self.staging).store(), self.store(), strict=True):
                if new.exists():
                    shutil.rmtree(old, ignore_errors=True)
                    old.parent.mkdir(parents=True, exist_ok=True)
                    new.replace(old)
        shutil.rmtree(self.staging, ignore_errors=True)
        (self.run / "swap").unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Write a file atomically and durably, readable by this user only."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    part.replace(path)


def _credential(password: str) -> str:
    """Return the line that `neo4j-admin dbms set-initial-password` writes, without starting a JVM."""
    salt = secrets.token_bytes(32)
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(1023):
        digest = hashlib.sha256(digest).digest()
    return f"{USERNAME}:SHA-256,{digest.hex()},{salt.hex()},1024:\n"


def _last_lines(file: Path, lines: int, *, skip: int = 0) -> list[str]:
    with suppress(OSError):
        return file.read_bytes()[skip:].decode(errors="replace").splitlines()[-lines:]
    return []
