"""The Neo4j server of a data folder: start, join, release and stop it.

Three kinds of locks coordinate processes. The kernel releases each when its process dies:

    run/change.lock     held briefly by a process that starts, stops or moves the store; names process and activity
    run/server.lock     inherited by the Java process: Java runs while it is held
    run/holders/*       one for each user of the server; the last one to release it stops the server

So a crash needs no cleanup. A server outlives a killed starter, and the next start joins it. A killed server recovers
its store at the next start. Java runs in a separate session, so that Ctrl-C in a terminal does not reach it, and is
detached, so that no process has to wait for it.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple, Self

from oa_graph.neo4j_server import bolt, jar_list, jars, java, locks, store
from oa_graph.neo4j_server.errors import (
    FolderBusy,
    RestartCancelled,
    ServerDied,
    ServerRefuses,
    ServerSilent,
    ServerStuck,
    StoreHeld,
    StoreNotClosed,
)
from oa_graph.neo4j_server.home import DATABASE, INTERNAL_SETTINGS, USERNAME, DataFolder, LaunchPlan, RunState
from oa_graph.neo4j_server.locks import Process
from oa_graph.neo4j_server.memory import Memory, sized_from_machine
from oa_graph.neo4j_server.ownership import PortOwner, running_pid
from oa_graph.neo4j_server.ports import HOST, Claims, Ports, choose_ports

_POLL_INTERVAL = 0.02  # seconds between two checks
_UNAUTHORIZED = "Neo.ClientError.Security.Unauthorized"
# in seconds:
_CHANGE_TIMEOUT = 120.0  # for another process's start, stop or dump
_START_TIMEOUT = 600.0  # until the first answer; a recovery of many transactions takes minutes
_REFUSAL_TIMEOUT = 3.0  # for refusals after Bolt opened, which happens when the databases have started or failed
_STOP_TIMEOUT = 120.0  # until a server is killed that writes back its data
_FAILED_STOP_TIMEOUT = 10.0  # the same for a server that does not answer; its store is recovered later


@dataclass(frozen=True, slots=True)
class Address:
    """The addresses and the login of a server."""

    bolt: str  # "bolt://127.0.0.1:7687"
    http: str  # "http://127.0.0.1:7474", the Neo4j Browser; opens about a second after Bolt
    username: str
    password: str = field(repr=False)
    database: str


class HealthReport(NamedTuple):
    """The health of a started server."""

    condition: Literal["answers", "fails", "ended", "away"]
    """fails: the server runs and does not answer. away: it was stopped on purpose, or another process works on it."""
    start: str
    """The start time, which identifies the server."""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a data folder."""

    state: Literal["running", "starting", "stopped", "busy"]  # busy: a dump, a load or the like
    pid: int | None
    bolt: str | None
    http: str | None
    since: datetime | None
    holders: tuple[Process, ...]
    kept: bool  # keeps running without holders
    store_bytes: int
    version: str
    username: str | None = None


class ManagedNeo4j:
    """The managed server of a data folder.

    Several objects, in one process or in many, may share a server. Ports, memory and settings apply to a start; an
    object that joins a running server does not change it. With `low_priority` the server runs at a low CPU priority.
    """

    def __init__(
        self,
        data: Path,
        *,
        memory: Memory | None = None,
        bolt_port: int | None = None,
        http_port: int | None = None,
        extra_config: Mapping[str, str] | None = None,
        jvm_options: Sequence[str] = (),
        low_priority: bool = False,
    ) -> None:
        self._home = DataFolder(data.expanduser().absolute())
        self._requested_memory = memory
        self._requested_ports = (bolt_port, http_port)
        self._extra = dict(extra_config or {})
        self._jvm_options = tuple(jvm_options)
        self._low_priority = low_priority
        self._holder_lock: tuple[int, Path] | None = None
        self._log_from = 0  # offset in neo4j.log of the server that we started
        self._ports: Ports | None = None  # the ports that `start` returned
        self._cancelled = threading.Event()  # cancels waiting for the server
        self._owner: PortOwner | None = None

    def __repr__(self) -> str:
        return f"ManagedNeo4j({str(self._home.root)!r})"

    @property
    def data(self) -> Path:
        return self._home.root

    @property
    def password_file(self) -> Path:
        """The file with the password; it exists after the first start."""
        return self._home.password_file

    @property
    def _memory(self) -> Memory:
        """The requested memory, or a default for the present store."""
        return self._requested_memory or sized_from_machine(self._home.size())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def start(self, *, keep: bool = False) -> Address:
        """Start the server, or join a running one, and wait until it answers a statement.

        With `keep` the server runs without holders until `stop`. Raise an error of this package if the start fails;
        then nothing keeps running.
        """
        jars.fetch()  # before the lock: a download takes long, and has its own lock
        with self._change("starting a server"):
            state = self._join() or self._launch()
            if keep and not state.keep:
                self._home.write_state(replace(state, keep=True))
            self._register_holder()
            self._ports = state.ports
            return self._address(state.ports)

    def release(self) -> None:
        """Stop using the server. The last user stops it, unless it was started with `keep`."""
        if self._holder_lock is None:
            return
        with self._change("stopping the server"):
            self._unregister_holder()
            state = self._running()
            if state and not state.keep and not self._holders():
                self._end_process()
                self._record_stop()

    def stop(self) -> bool:
        """Stop the server, even if others use it; return whether it was running."""
        if not self._home.run.exists():
            return False
        with self._change("stopping the server"):
            self._unregister_holder()
            was_running = self._running() is not None
            if was_running:
                self._end_process()
            self._record_stop()  # also for a dead server, which a supervisor would restart
            return was_running

    def check_health(self) -> HealthReport:
        """Check the server that `start` returned."""
        state = self._home.read_state()
        if state is None or state.doing == "stopped" or locks.is_locked(self._change_lock):
            return HealthReport("away", "")
        if not self._is_alive():
            return HealthReport("ended", state.since)
        if state.doing != "serving":  # a command whose caller was killed
            return HealthReport("away", state.since)
        return HealthReport("answers" if self._is_answering(self._ports or state.ports) else "fails", state.since)

    def restart(self, cancelled: threading.Event) -> bool:
        """Restart the server on the Bolt port that `start` returned. A running server that does not answer is stopped.

        Return False if it answers by now, or was stopped on purpose. Raise FolderBusy at once if another process
        works on the folder, RestartCancelled as soon as `cancelled` is set, and the errors of `start`.
        """
        with self._change("restarting the server", seconds=0):
            state, ports = self._home.read_state(), self._ports
            if state is None or ports is None or state.doing == "stopped" or self._is_answering(ports):
                return False
            self._requested_ports = (ports.bolt, self._requested_ports[1])  # users of the server expect it there
            self._cancelled = cancelled
            try:
                if self._is_alive():
                    self._end_process(_FAILED_STOP_TIMEOUT)
                self._launch(ports, keep=state.keep)
            finally:
                self._cancelled = threading.Event()
            return True

    def has_store(self) -> bool:
        """Return whether the folder has a database, even an empty one, or one is being created."""
        return self._is_alive() or self._home.has_store()

    def address(self) -> Address | None:
        """Return the address of the server if it answers."""
        state = self._home.read_state() if self._is_alive() else None
        return self._address(state.ports) if state and self._is_answering(state.ports) else None

    def status(self) -> Status:
        """Return the state of the folder without waiting."""
        state = self._home.read_state() if self._is_alive() else None
        if state is None:
            return Status("stopped", None, None, None, None, (), False, self._home.size(), jar_list.SERVER_VERSION)
        serving = state.doing == "serving"
        current = ("running" if self._is_answering(state.ports) else "starting") if serving else "busy"
        address = self._address(state.ports) if serving else None
        return Status(
            state=current,
            pid=running_pid(self._home),
            bolt=address and address.bolt,
            http=address and address.http,
            since=datetime.fromisoformat(state.since),
            holders=tuple(self._holders()),
            kept=state.keep,
            store_bytes=self._home.size(),
            version=state.version,
            username=address and address.username,
        )

    def dump(self, to: Path, *, replace_file: bool = False) -> None:
        """Write the database to a file for `load`. The dump has no users and passwords.

        Raise FolderMissing, and DumpExists if the file exists and `replace_file` is false.
        """
        store.check_dump_target(to.absolute(), replace_file=replace_file)
        with self._offline("dump"):
            self._with_clean_store(lambda: store.dump(self._home, self._memory, to.absolute()))

    def load(self, source: Path) -> None:
        """Replace the database by a dump. A failure keeps the old database. Raise NotADump, DumpDamaged."""
        store.check_dump(source)
        with self._offline("load"):
            store.load(self._home, self._memory, source.absolute())

    def clone(self, to: Path, *, replace_data: bool = False) -> None:
        """Create another data folder with a copy of the database, and a new password.

        Raise StoreNotEmpty if the folder has data and `replace_data` is false.
        """
        other = ManagedNeo4j(to, memory=self._requested_memory)
        if not replace_data:
            store.check_empty(other._home)
        other._home.prepare()
        file = other._home.run / "clone.dump"
        try:
            self.dump(file, replace_file=True)
            other.load(file)
        finally:
            file.unlink(missing_ok=True)

    def check(self) -> None:
        """Check the consistency of the store. Raise StoreDamaged with the report."""
        with self._offline("check"):
            self._with_clean_store(lambda: store.check(self._home, self._memory))

    def import_csv(
        self,
        *,
        nodes: Mapping[str, Sequence[Path]],
        relationships: Mapping[str, Sequence[Path]],
    ) -> None:
        """Create the database from CSV files by `neo4j-admin database import full`.

        `nodes` and `relationships` map labels (joined by ":") and types to files with headers. Constraints and
        indexes are not created. Raises StoreNotEmpty if there is data.
        """
        store.check_empty(self._home)
        with self._offline("import"):
            store.import_csv(self._home, self._memory, nodes=nodes, relationships=relationships)

    # Locks and holders

    @property
    def _change_lock(self) -> Path:
        return self._home.run / "change.lock"

    @contextmanager
    def _change(self, doing: str, *, seconds: float = _CHANGE_TIMEOUT) -> Generator[None]:
        self._home.prepare()
        path = self._change_lock
        descriptor = locks.open_lock(path)
        try:
            if not locks.wait_lock(descriptor, seconds=seconds):
                process, activity = locks.signature(path)
                raise FolderBusy(
                    folder=self.data, pid=process.pid, command=process.command, doing=activity, seconds=seconds
                )
            locks.sign(descriptor, doing=doing)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _offline(self, doing: str) -> Generator[None]:
        """Stop a running server during the block, and start it again at the end."""
        jars.fetch()
        with self._change(f"doing a {doing}"):
            state = self._running()
            if state:
                self._end_process()
            self._check_store_unlocked()
            self._home.finish_swap()
            try:
                yield
            finally:
                if state:
                    self._launch(state.ports, keep=state.keep)
                else:
                    self._record_stop()

    def _register_holder(self) -> None:
        if self._holder_lock is None:
            path = self._home.run / "holders" / f"{os.getpid()}-{os.urandom(4).hex()}"
            descriptor = locks.open_lock(path)
            locks.wait_lock(descriptor, seconds=_CHANGE_TIMEOUT)
            locks.sign(descriptor, doing="using the server")
            self._holder_lock = descriptor, path
            atexit.register(self.release)

    def _unregister_holder(self) -> None:
        if self._holder_lock is not None:
            descriptor, path = self._holder_lock
            self._holder_lock = None
            atexit.unregister(self.release)
            path.unlink(missing_ok=True)
            os.close(descriptor)

    def _holders(self) -> list[Process]:
        paths = sorted((self._home.run / "holders").glob("*"))
        return [locks.signature(path)[0] for path in paths if locks.is_locked(path)]

    def _remove_stale_holders(self) -> None:
        """Remove files of killed holders. Needs the change lock, so that no holder is being registered."""
        for path in (self._home.run / "holders").glob("*"):
            if not locks.is_locked(path):
                path.unlink(missing_ok=True)

    # The process

    def _is_alive(self) -> bool:
        return locks.is_locked(self._home.run / "server.lock")

    def _record_stop(self) -> None:
        """Record that the server was stopped on purpose. A full disk does not prevent the stop."""
        if state := self._home.read_state():
            with suppress(OSError):
                self._home.write_state(replace(state, doing="stopped"))

    def _running(self) -> RunState | None:
        """Return the running server, under the change lock. Waits for an admin command of a killed process."""
        end = time.monotonic() + _CHANGE_TIMEOUT
        while self._is_alive():
            state = self._home.read_state()
            if state and state.doing == "serving" and running_pid(self._home):
                return state
            if time.monotonic() > end:
                pid, doing = running_pid(self._home) or 0, state.doing if state else "at work"
                command = locks.command_of(pid)
                raise FolderBusy(folder=self.data, pid=pid, command=command, doing=doing, seconds=_CHANGE_TIMEOUT)
            time.sleep(_POLL_INTERVAL)
        return None

    def _join(self) -> RunState | None:
        """Return the running server once it answers; None if there is none, or it is outdated."""
        state = self._running()
        if state and self._is_outdated(state):
            self._end_process()
        elif state:
            with suppress(ServerDied):  # the server of a killed starter may be starting or stopping
                self._await_answer(state.ports)
                return state
        return None

    def _is_outdated(self, state: RunState) -> bool:
        """Return whether the server has no holders and other jars, memory or settings than ours."""
        return not state.keep and not self._holders() and state.plan != self._plan(state.ports)[1]

    def _plan(self, ports: Ports, *, internal: bool = True) -> tuple[LaunchPlan, str]:
        plan = LaunchPlan(ports, self._memory, self._extra, internal)
        text = repr([jar_list.fingerprint(), java.options(), self._requested_memory, sorted(self._extra.items())])
        return plan, hashlib.sha256(text.encode()).hexdigest()[:12]

    def _check_store_unlocked(self) -> None:
        process = locks.posix_holder(self._home.root / "data" / "databases" / "store_lock")
        if process:
            raise StoreHeld(folder=self.data, pid=process.pid, command=process.command)

    def _launch(self, ports: Ports | None = None, *, keep: bool = False) -> RunState:
        """Start the server and wait for it. A failed start is repeated if a remedy is known."""
        self._check_store_unlocked()
        self._home.finish_swap()
        self._remove_stale_holders()
        internal = True
        for last in (False, False, True):
            try:
                state = self._spawn(ports, internal=internal, keep=keep)
                self._await_answer(state.ports)
            except ServerDied as death:
                internal = internal and not any(setting in str(death) for setting in INTERNAL_SETTINGS)
                if last or (internal and not self._try_remedies()):
                    raise
            except BaseException:
                self._end_process()
                raise
            else:
                return state
        raise AssertionError("the last try returns or raises")

    def _try_remedies(self) -> bool:
        """Fix known causes of a failed start; return whether there was one."""
        crashed = "fatal error has been detected by the Java Runtime" in self._home.console.read_text(
            "utf-8", "replace"
        )
        if crashed:
            java.discard_aot_cache()  # a damaged cache crashes the JVM
        return bool(crashed or self._port_was_taken() or jars.repair())

    def _port_was_taken(self) -> bool:
        """Return whether other ports would be chosen now, since a process without claims took one."""
        last = self._home.read_state()
        if last is None or self._requested_ports != (None, None):
            return False
        with _claims() as claims:
            return choose_ports(None, None, last=last.ports, claims=claims) != last.ports

    def _spawn(self, ports: Ports | None, *, internal: bool, keep: bool) -> RunState:
        previous = self._home.read_state()
        with _claims() as claims:
            last = ports or (previous.ports if previous else None)
            chosen = choose_ports(*self._requested_ports, last=last, claims=claims)
            return self._spawn_on(chosen, claims, internal=internal, keep=keep)

    def _spawn_on(self, ports: Ports, claims: Claims, *, internal: bool, keep: bool) -> RunState:
        plan, fingerprint = self._plan(ports, internal=internal)
        self._home.configure(plan)
        now = datetime.now(UTC).isoformat()
        state = RunState("serving", ports.bolt, ports.http, now, jar_list.SERVER_VERSION, fingerprint, keep)
        self._home.write_state(state)
        self._log_from = self._home.log_size()
        homes = (f"--home-dir={self.data}", f"--config-dir={self.data / 'conf'}")
        extra = (f"-XX:ErrorFile={self._home.logs}/crash-%p.log", *self._jvm_options)
        command = java.command(java.SERVER, *homes, heap_mib=plan.memory.heap_mib, extra=extra)
        if self._low_priority:
            command = ["nice", "-n", "10", *command]
        store.spawn(self._home, command, claims.descriptors)
        return state

    def _await_answer(self, ports: Ports) -> None:
        started, refused_at = time.monotonic(), None
        while True:
            alive = self._is_alive()  # before the probe: the next round handles a server that exits in between
            try:
                return self._probe(ports)
            except bolt.Refusal as refusal:
                refused_at = refused_at or time.monotonic()
                if refusal.code == _UNAUTHORIZED or time.monotonic() - refused_at > _REFUSAL_TIMEOUT:
                    raise self._refusal_error(ports, refusal) from refusal
            except OSError:
                if time.monotonic() - started > _START_TIMEOUT:
                    bolt_url, tail = self._address(ports).bolt, self._home.tail(self._log_from)
                    raise ServerSilent(bolt=bolt_url, seconds=_START_TIMEOUT, tail=tail, logs=self._home.logs) from None
            if not alive:
                raise ServerDied(tail=self._home.tail(self._log_from), logs=self._home.logs)
            self._pause()

    def _refusal_error(self, ports: Ports, refusal: bolt.Refusal) -> ServerRefuses:
        why = self._home.database_failure() or refusal
        return ServerRefuses(bolt=self._address(ports).bolt, why=why, logs=self._home.logs)

    def _pause(self) -> None:
        if self._cancelled.wait(_POLL_INTERVAL):
            raise RestartCancelled()

    def _is_answering(self, ports: Ports) -> bool:
        try:
            self._probe(ports)
        except (OSError, bolt.Refusal):
            return False
        return True

    def _probe(self, ports: Ports) -> None:
        if self._owner is None or self._owner.port != ports.bolt:
            self._owner = PortOwner(self.data, ports.bolt)
        bolt.probe(ports.bolt, username=USERNAME, password=self._home.password(), database=DATABASE, permit=self._owner)

    def _address(self, ports: Ports) -> Address:
        return Address(
            bolt=f"bolt://{HOST}:{ports.bolt}",
            http=f"http://{HOST}:{ports.http}",
            username=USERNAME,
            password=self._home.password(),
            database=DATABASE,
        )

    def _end_process(self, timeout: float | None = None) -> None:
        """Stop the process. Kill it if it does not exit in time.

        `timeout` in seconds; None: long for a server that answers, short for a failed one.
        """
        for signal_number, seconds in ((signal.SIGTERM, timeout or self._stop_timeout()), (signal.SIGKILL, 10.0)):
            if pid := running_pid(self._home):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal_number)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                if not self._is_alive():
                    return
                self._pause()
        raise ServerStuck(pid=running_pid(self._home))

    def _stop_timeout(self) -> float:
        state = self._home.read_state()
        answers = state is not None and state.doing == "serving" and self._is_answering(state.ports)
        return _STOP_TIMEOUT if answers else _FAILED_STOP_TIMEOUT

    def _with_clean_store(self, work: Callable[[], None]) -> None:
        """Run work that needs a cleanly closed store. If needed, start and stop a server to close it."""
        try:
            work()
        except StoreNotClosed:
            self._launch()
            self._end_process()
            work()


def _claims() -> Claims:
    return Claims(jars.cache_folder() / "ports")
