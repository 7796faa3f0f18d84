"""The Neo4j server of one data folder: start or join it, leave or stop it.

Three kinds of lock say what is going on, and each is given back by the kernel when its process dies, however:

    run/change.lock     whoever starts, stops or moves the store; short, and signed with who and what
    run/server.lock     handed to the Java process, which keeps it for its life: it is held = Java runs
    run/holders/*       one for each user of the server; the last to leave stops it

So nothing is to be cleared up after a crash. A server whose starter was killed goes on, and the next start
joins it; one that was killed itself recovers its store when it is started again. Java runs in a session of
its own, so that Ctrl-C in a terminal reaches only us, and as nobody's child, so that nobody must wait for it.
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

from oa_graph.managed import aot, bolt, jars, java, locks, store
from oa_graph.managed.errors import (
    FolderBusy,
    RestartCancelled,
    ServerDied,
    ServerRefuses,
    ServerSilent,
    ServerStuck,
    StoreHeld,
    StoreNotClosed,
)
from oa_graph.managed.home import DATABASE, INTERNAL, USERNAME, Home, Plan, State
from oa_graph.managed.locks import Process
from oa_graph.managed.memory import Memory, sized_from_machine
from oa_graph.managed.ownership import PortOwner, running_pid
from oa_graph.managed.ports import HOST, Claims, Ports, choose_ports

_POLL = 0.02  # seconds between two looks
_UNAUTHORIZED = "Neo.ClientError.Security.Unauthorized"
_BUSY = 120.0  # seconds to wait for somebody else's start, stop or dump
_ANSWERS = 600.0  # to answer after a start; a recovery of many transactions takes minutes
_REFUSES = 3.0  # to go on refusing once it speaks Bolt, which it does when its databases have started or failed
_ENDS = 120.0  # to write everything back and end; only then it is killed
_FAILED_ENDS = 10.0  # the same for one that does not answer: it writes nothing back, and its store is recovered


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server answers, and as whom."""

    bolt: str  # "bolt://127.0.0.1:7687"
    http: str  # "http://127.0.0.1:7474", the Neo4j Browser; it opens about a second after Bolt
    username: str
    password: str = field(repr=False)
    database: str


class Look(NamedTuple):
    """How a server is that was started."""

    condition: Literal["answers", "fails", "ended", "away"]
    """It fails: it runs and answers no statement. Away: it was stopped on purpose, or somebody works on it."""
    start: str
    """When it was started: another server has another time."""


@dataclass(frozen=True, slots=True)
class Status:
    """What is going on in a data folder."""

    state: Literal["running", "starting", "stopped", "busy"]  # busy: a dump, a load or the like
    pid: int | None
    bolt: str | None
    http: str | None
    since: datetime | None
    holders: tuple[Process, ...]
    kept: bool  # goes on when the last holder leaves
    store_bytes: int
    version: str
    username: str | None = None


class Server:
    """The managed server of one data folder.

    Several of these, in one process or in many, may share it. Ports, memory and settings count for whoever
    starts it; those who join take it as it is. With `gives_way` it gets what other processes leave of the processors.
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
        gives_way: bool = False,
    ) -> None:
        self._home = Home(data.expanduser().absolute())
        self._wish = memory
        self._asked = (bolt_port, http_port)
        self._extra = dict(extra_config or {})
        self._jvm_options = tuple(jvm_options)
        self._gives_way = gives_way
        self._hold: tuple[int, Path] | None = None
        self._log_from = 0  # where in neo4j.log the server that we started begins
        self._ports: Ports | None = None  # those that `start` gave
        self._halt = threading.Event()  # once it is set, whatever waits for the server gives up
        self._owner: PortOwner | None = None

    def __repr__(self) -> str:
        return f"Server({str(self._home.root)!r})"

    @property
    def data(self) -> Path:
        return self._home.root

    @property
    def password_file(self) -> Path:
        """The file that holds the password of the user of `Address`; it is there once the server has started."""
        return self._home.password_file

    @property
    def _memory(self) -> Memory:
        """What was asked for, or a fair share for the store as it is now."""
        return self._wish or sized_from_machine(self._home.size())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def start(self, *, keep: bool = False) -> Address:
        """Start the server, or join the one that runs, and wait until it answers a statement.

        With `keep` it goes on after the last holder has left, until `stop`. Raises an error of this package
        when it does not come up; nothing is left running then.
        """
        jars.fetch()  # before the lock: the first time takes a while, and has a lock of its own
        with self._change("starting a server"):
            state = self._joined() or self._launch()
            if keep and not state.keep:
                self._home.remember(replace(state, keep=True))
            self._take_hold()
            self._ports = state.ports
            return self._address(state.ports)

    def leave(self) -> None:
        """Give up the server; the last to do so stops it, unless it was started to be kept."""
        if self._hold is None:
            return
        with self._change("stopping the server"):
            self._drop_hold()
            state = self._running()
            if state and not state.keep and not self._holders():
                self._end()
                self._record_stop()

    def stop(self) -> bool:
        """Stop the server, whoever holds it; False when none ran."""
        if not self._home.run.exists():
            return False
        with self._change("stopping the server"):
            self._drop_hold()
            ran = self._running() is not None
            if ran:
                self._end()
            self._record_stop()  # also of one that has died, which a supervisor would start again
            return ran

    def look(self) -> Look:
        """See how the server is that `start` gave."""
        state = self._home.state()
        if state is None or state.doing == "stopped" or locks.is_locked(self._change_lock):
            return Look("away", "")
        if not self._is_alive():
            return Look("ended", state.since)
        if state.doing != "serving":  # a command whose caller was killed
            return Look("away", state.since)
        return Look("answers" if self._answers(self._ports or state.ports) else "fails", state.since)

    def mend(self, halt: threading.Event) -> bool:
        """Start the server again on the Bolt port that `start` gave; one that runs without answering is ended first.

        False where it answers by now, or was stopped on purpose. Raises FolderBusy at once where somebody else is at
        work, RestartCancelled as soon as `halt` is set, and what `start` raises.
        """
        with self._change("restarting the server", seconds=0):
            state, ports = self._home.state(), self._ports
            if state is None or ports is None or state.doing == "stopped" or self._answers(ports):
                return False
            self._asked = (ports.bolt, self._asked[1])  # whoever uses the server looks for it there
            self._halt = halt
            try:
                if self._is_alive():
                    self._end(_FAILED_ENDS)
                self._launch(ports, keep=state.keep)
            finally:
                self._halt = threading.Event()
            return True

    def has_store(self) -> bool:
        """Tell whether a database was made here, even an empty one, or is just being made."""
        return self._is_alive() or self._home.has_store()

    def address(self) -> Address | None:
        """Give where the server answers, if it does."""
        state = self._home.state() if self._is_alive() else None
        return self._address(state.ports) if state and self._answers(state.ports) else None

    def status(self) -> Status:
        """Look, without waiting for anybody."""
        state = self._home.state() if self._is_alive() else None
        if state is None:
            return Status("stopped", None, None, None, None, (), False, self._home.size(), jars.SERVER_VERSION)
        serving = state.doing == "serving"
        word = ("running" if self._answers(state.ports) else "starting") if serving else "busy"
        address = self._address(state.ports) if serving else None
        return Status(
            state=word,
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
        """Write the database into one file, for `load`; users and passwords are not in it.

        Raises FolderMissing, and DumpExists when the file is there and is not to be replaced.
        """
        store.check_dump_target(to.absolute(), replace_file=replace_file)
        with self._at_rest("dump"):
            self._closed(lambda: store.dump(self._home, self._memory, to.absolute()))

    def load(self, source: Path) -> None:
        """Put a dump in the place of the database. When it fails the old one is still there. Raises NotADump."""
        store.check_dump(source)
        with self._at_rest("load"):
            store.load(self._home, self._memory, source.absolute())

    def clone(self, to: Path, *, replace_data: bool = False) -> None:
        """Make another data folder with the same database, and a password and ports of its own.

        Raises StoreNotEmpty when there is data already and it is not to be replaced.
        """
        other = Server(to, memory=self._wish)
        if not replace_data:
            store.refuse_data(other._home)
        other._home.prepare()
        file = other._home.run / "clone.dump"
        try:
            self.dump(file, replace_file=True)
            other.load(file)
        finally:
            file.unlink(missing_ok=True)

    def check(self) -> None:
        """Read the whole store and compare it with itself. Raises StoreDamaged with what does not fit."""
        with self._at_rest("check"):
            self._closed(lambda: store.check(self._home, self._memory))

    def import_csv(
        self,
        *,
        nodes: Mapping[str, Sequence[Path]],
        relationships: Mapping[str, Sequence[Path]],
        replace_data: bool = False,
        options: Sequence[str] = (),
        first: Callable[[], None] | None = None,
    ) -> None:
        """Make the database from CSV files: `neo4j-admin database import full`.

        Each label (several joined by ":") and each type names its files, each of which begins with a header.
        `options` are more of that command's. Raises StoreNotEmpty when there is data and it is not to be
        replaced; constraints and indexes come afterwards. When it fails the old database is still there.

        `first` may look at the running server once nobody can start or join it any more; what it raises ends this.
        """
        if not replace_data:
            store.refuse_data(self._home)
        with self._at_rest("import", first):
            store.import_csv(self._home, self._memory, nodes=nodes, relationships=relationships, options=options)

    # Who may change something, and who uses the server

    @property
    def _change_lock(self) -> Path:
        return self._home.run / "change.lock"

    @contextmanager
    def _change(self, doing: str, *, seconds: float = _BUSY) -> Generator[None]:
        self._home.prepare()
        path = self._change_lock
        descriptor = locks.open_lock(path)
        try:
            if not locks.wait_lock(descriptor, seconds=seconds):
                process, busy = locks.signature(path)
                raise FolderBusy(
                    folder=self.data, pid=process.pid, command=process.command, doing=busy, seconds=seconds
                )
            locks.sign(descriptor, doing=doing)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _at_rest(self, doing: str, first: Callable[[], None] | None = None) -> Generator[None]:
        """Have the store to ourselves, and bring back the server if there was one."""
        jars.fetch()
        with self._change(f"doing a {doing}"):
            if first:
                first()
            state = self._running()
            if state:
                self._end()
            self._refuse_strangers()
            self._home.settle()
            try:
                yield
            finally:
                if state:
                    self._launch(state.ports, keep=state.keep)
                else:
                    self._record_stop()

    def _take_hold(self) -> None:
        if self._hold is None:
            path = self._home.run / "holders" / f"{os.getpid()}-{os.urandom(4).hex()}"
            descriptor = locks.open_lock(path)
            locks.wait_lock(descriptor, seconds=_BUSY)
            locks.sign(descriptor, doing="using the server")
            self._hold = descriptor, path
            atexit.register(self.leave)  # a program that just ends leaves as well

    def _drop_hold(self) -> None:
        if self._hold is not None:
            descriptor, path = self._hold
            self._hold = None
            atexit.unregister(self.leave)
            path.unlink(missing_ok=True)
            os.close(descriptor)

    def _holders(self) -> list[Process]:
        paths = sorted((self._home.run / "holders").glob("*"))
        return [locks.signature(path)[0] for path in paths if locks.is_locked(path)]

    def _sweep(self) -> None:
        """Drop what killed holders left; only under the change lock, when nobody is making one."""
        for path in (self._home.run / "holders").glob("*"):
            if not locks.is_locked(path):
                path.unlink(missing_ok=True)

    # The process

    def _is_alive(self) -> bool:
        return locks.is_locked(self._home.run / "server.lock")

    def _record_stop(self) -> None:
        """Note that it is stopped on purpose; a disk without room for that keeps nobody from stopping it."""
        if state := self._home.state():
            with suppress(OSError):
                self._home.remember(replace(state, doing="stopped"))

    def _running(self) -> State | None:
        """Give the server that runs; under the change lock. Waits for a command whose starter was killed."""
        end = time.monotonic() + _BUSY
        while self._is_alive():
            state = self._home.state()
            if state and state.doing == "serving" and running_pid(self._home):
                return state
            if time.monotonic() > end:
                pid, doing = running_pid(self._home) or 0, state.doing if state else "at work"
                command = locks.command_of(pid)
                raise FolderBusy(folder=self.data, pid=pid, command=command, doing=doing, seconds=_BUSY)
            time.sleep(_POLL)
        return None

    def _joined(self) -> State | None:
        """Give the server that runs, once it answers; None when none does or a new one is better."""
        state = self._running()
        if state and self._is_left_over(state):
            self._end()
        elif state:
            with suppress(ServerDied):  # one whose starter was killed may be on its way up, or down
                self._await_answer(state.ports)
                return state
        return None

    def _is_left_over(self, state: State) -> bool:
        """Tell whether nobody holds it and we would start another: with other jars, memory or settings."""
        return not state.keep and not self._holders() and state.plan != self._plan(state.ports)[1]

    def _plan(self, ports: Ports, *, internal: bool = True) -> tuple[Plan, str]:
        plan = Plan(ports, self._memory, self._extra, internal)
        text = repr([jars.fingerprint(), java.options(), self._wish, sorted(self._extra.items())])
        return plan, hashlib.sha256(text.encode()).hexdigest()[:12]

    def _refuse_strangers(self) -> None:
        process = locks.posix_holder(self._home.root / "data" / "databases" / "store_lock")
        if process:
            raise StoreHeld(folder=self.data, pid=process.pid, command=process.command)

    def _launch(self, ports: Ports | None = None, *, keep: bool = False) -> State:
        """Start the server and wait for it. A start that fails is tried again where a remedy is known."""
        self._refuse_strangers()
        self._home.settle()
        self._sweep()
        internal = True
        for last in (False, False, True):
            try:
                state = self._spawn(ports, internal=internal, keep=keep)
                self._await_answer(state.ports)
            except ServerDied as death:
                internal = internal and not any(setting in str(death) for setting in INTERNAL)
                if last or (internal and not self._remedied()):
                    raise
            except BaseException:
                self._end()
                raise
            else:
                return state
        raise AssertionError("the last try returns or raises")

    def _remedied(self) -> bool:
        """Look for what makes a server die at its start, and mend it."""
        crashed = "fatal error has been detected by the Java Runtime" in self._home.console.read_text(
            "utf-8", "replace"
        )
        if crashed:
            aot.discard()  # a cache whose content was damaged on the disk crashes the JVM
        return bool(crashed or self._port_was_taken() or jars.repair())

    def _port_was_taken(self) -> bool:
        """Tell whether others would be chosen now; whoever took one knows nothing of our claims."""
        last = self._home.state()
        if last is None or self._asked != (None, None):
            return False
        with _claims() as claims:
            return choose_ports(None, None, last=last.ports, claims=claims) != last.ports

    def _spawn(self, ports: Ports | None, *, internal: bool, keep: bool) -> State:
        known = self._home.state()
        with _claims() as claims:
            last = ports or (known.ports if known else None)
            chosen = choose_ports(*self._asked, last=last, claims=claims)
            return self._spawn_on(chosen, claims, internal=internal, keep=keep)

    def _spawn_on(self, ports: Ports, claims: Claims, *, internal: bool, keep: bool) -> State:
        plan, fingerprint = self._plan(ports, internal=internal)
        self._home.configure(plan)
        now = datetime.now(UTC).isoformat()
        state = State("serving", ports.bolt, ports.http, now, jars.SERVER_VERSION, fingerprint, keep)
        self._home.remember(state)
        self._log_from = self._home.log_size()
        homes = (f"--home-dir={self.data}", f"--config-dir={self.data / 'conf'}")
        extra = (f"-XX:ErrorFile={self._home.logs}/crash-%p.log", *self._jvm_options)
        command = java.command(java.SERVER, *homes, heap_mib=plan.memory.heap_mib, extra=extra)
        if self._gives_way:
            command = ["nice", "-n", "10", *command]
        store.spawn(self._home, command, claims.descriptors)
        return state

    def _await_answer(self, ports: Ports) -> None:
        started, refused_at = time.monotonic(), None
        while True:
            alive = self._is_alive()  # asked before: a server that ends in between is seen in the next round
            try:
                return self._ask(ports)
            except bolt.Refusal as refusal:
                refused_at = refused_at or time.monotonic()
                if refusal.code == _UNAUTHORIZED or time.monotonic() - refused_at > _REFUSES:
                    raise self._refuses(ports, refusal) from refusal
            except OSError:
                if time.monotonic() - started > _ANSWERS:
                    bolt_url, tail = self._address(ports).bolt, self._home.tail(self._log_from)
                    raise ServerSilent(bolt=bolt_url, seconds=_ANSWERS, tail=tail, logs=self._home.logs) from None
            if not alive:
                raise ServerDied(tail=self._home.tail(self._log_from), logs=self._home.logs)
            self._pause()

    def _refuses(self, ports: Ports, refusal: bolt.Refusal) -> ServerRefuses:
        why = self._home.database_failure() or refusal
        return ServerRefuses(bolt=self._address(ports).bolt, why=why, logs=self._home.logs)

    def _pause(self) -> None:
        if self._halt.wait(_POLL):
            raise RestartCancelled()

    def _answers(self, ports: Ports) -> bool:
        try:
            self._ask(ports)
        except (OSError, bolt.Refusal):
            return False
        return True

    def _ask(self, ports: Ports) -> None:
        if self._owner is None or self._owner.port != ports.bolt:
            self._owner = PortOwner(self.data, ports.bolt)
        bolt.ask(ports.bolt, username=USERNAME, password=self._home.password(), database=DATABASE, permit=self._owner)

    def _address(self, ports: Ports) -> Address:
        return Address(
            bolt=f"bolt://{HOST}:{ports.bolt}",
            http=f"http://{HOST}:{ports.http}",
            username=USERNAME,
            password=self._home.password(),
            database=DATABASE,
        )

    def _end(self, patience: float | None = None) -> None:
        """Let the server write everything back and end; kill it only when it does not.

        `patience`: seconds until then; None: long for one that answers, short for one that has failed.
        """
        for way, seconds in ((signal.SIGTERM, patience or self._patience()), (signal.SIGKILL, 10.0)):
            if pid := running_pid(self._home):
                with suppress(ProcessLookupError):
                    os.kill(pid, way)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                if not self._is_alive():
                    return
                self._pause()
        raise ServerStuck(pid=running_pid(self._home))

    def _patience(self) -> float:
        state = self._home.state()
        answers = state is not None and state.doing == "serving" and self._answers(state.ports)
        return _ENDS if answers else _FAILED_ENDS

    def _closed(self, work: Callable[[], None]) -> None:
        """Do what needs a store that was closed cleanly; only a server that runs on it once can close it."""
        try:
            work()
        except StoreNotClosed:
            self._launch()
            self._end()
            work()


def _claims() -> Claims:
    return Claims(jars.cache_folder() / "ports")
