"""The door for statements of analysts: so many at once, each looked at, each with only so much time.

Answers are read by processes of their own (`oa_graph.graph.door_reader`), which are started with the first statement
and ended when they have nothing to do. A statement is given up by ending its process. Some expressions are ended
neither by that nor by a time limit of the server, so a place is free again only when the server is really done.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from secrets import token_hex
from time import monotonic
from typing import Any, NamedTuple

from neo4j.exceptions import Neo4jError
from pydantic_core import to_json

from oa_graph import errors
from oa_graph.errors import (
    ClientNotAuthorized,
    DoorBusy,
    DoorClosed,
    NotNow,
    OaGraphError,
    StatementTooHungry,
    StatementTooSlow,
    StoreBusy,
    StoreUnavailable,
)
from oa_graph.graph import guard
from oa_graph.graph.door_reader import HEADER, Kind, Request
from oa_graph.graph.notifications import Notification
from oa_graph.graph.session import Graph, StatementRefused, transaction_metadata

log = logging.getLogger(__name__)

_GRACE = 3.0
"""Seconds that the server gets to say that the time is over."""
_IDLE = 60.0
"""Seconds that a process without a statement is kept."""
_ASK_AGAIN = 2.0
"""Seconds between two questions whether a statement is still at work whose process was ended."""
_STOPS = 10.0
"""Seconds in which a statement ends that was told to stop; the door closes for the client of one that does not."""
_OUTSIDE = ("file:///oa-graph-looks-for-this.csv", "http://192.0.2.1/", "http://[2001:db8::1]/")
"""What `LOAD CSV` must refuse to try: a file, and addresses of RFC 5737 and RFC 3849 that nobody has."""
_OUTSIDE_SEC = 30.0
"""Time for one of these."""


class Bounds(NamedTuple):
    """What one statement may take."""

    seconds: float
    rows: int
    mib: int


class Rows(NamedTuple):
    """Some rows of an answer."""

    number: int
    lines: bytes
    """Each row as a line of JSON, an array with a value for each column."""


class _Reader:
    """A process that reads answers, seen from this side."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._idle: asyncio.TimerHandle | None = None

    @classmethod
    async def start(cls, graph: Graph) -> _Reader:
        process = await create_subprocess_exec(
            sys.executable, "-m", "oa_graph.graph.door_reader", stdin=PIPE, stdout=PIPE
        )
        reader = cls(process)
        try:
            await reader._write(to_json(graph.endpoint))
            await reader.frame()  # it is ready; the time to get there is not that of a statement
        except BaseException as error:
            reader.end()
            if isinstance(error, EOFError):
                raise StoreUnavailable(why="the process that reads answers ended at its start") from error
            raise
        return reader

    async def ask(self, request: Request) -> None:
        if self._idle:
            self._idle.cancel()
        await self._write(to_json(request))

    async def frame(self) -> tuple[Kind, bytes]:
        """Raises EOFError when the process has ended."""
        if self._process.stdout is None:
            raise AssertionError("its output is a pipe")
        kind, length = HEADER.unpack(await self._process.stdout.readexactly(HEADER.size))
        return Kind(kind), await self._process.stdout.readexactly(length)

    def rest(self) -> None:
        """Ends the process, unless it is asked something before long."""
        self._idle = asyncio.get_running_loop().call_later(_IDLE, self.end)

    def end(self) -> None:
        """Ends the process and its connection at once."""
        if self._idle:
            self._idle.cancel()
        with suppress(ProcessLookupError):
            self._process.kill()

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def ended(self) -> None:
        await self._process.wait()

    async def _write(self, line: bytes) -> None:
        if self._process.stdin is None:
            raise AssertionError("its input is a pipe")
        self._process.stdin.write(line + b"\n")
        with suppress(ConnectionError):  # the next frame tells that it has ended
            await self._process.stdin.drain()


class Asked:
    """An answer on its way. Whoever does not read it to its end calls `leave`."""

    def __init__(self, door: Door, reader: _Reader, mark: str, seconds: float) -> None:
        self.columns: tuple[str, ...] = ()
        self.warnings: tuple[Notification, ...] = ()
        self._door = door
        self._reader = reader
        self._mark = mark
        self._seconds = seconds
        self._first: Rows | None = None
        self._is_over = self._is_late = False
        self._deadline = asyncio.get_running_loop().call_later(seconds + _GRACE, self._give_up)

    async def begin(self) -> None:
        """Waits until there are columns and a first row, so that what fails before that raises here."""
        self._first = await self._next()

    async def rows(self) -> AsyncIterator[Rows]:
        """Every row. Raises what a statement can end with."""
        rows = self._first
        while rows is not None:
            yield rows
            rows = await self._next()

    def leave(self) -> None:
        """The rest is not wanted."""
        if not self._is_over:
            self._finish(is_over=False)

    def _give_up(self) -> None:
        """Its time is over, and the server did not end it; also when nobody reads what is there."""
        self._is_late = True
        self._reader.end()

    async def _next(self) -> Rows | None:
        while not self._is_over:
            try:
                kind, content = await self._reader.frame()
            except EOFError:
                self._finish(is_over=False)
                raise StatementTooSlow(seconds=self._seconds) if self._is_late else StatementTooHungry() from None
            match kind:
                case Kind.READY:
                    pass
                case Kind.WARNINGS:
                    self.warnings = tuple(Notification(**warning) for warning in json.loads(content))
                case Kind.COLUMNS:
                    self.columns = tuple(json.loads(content))
                case Kind.ROWS:
                    return Rows(int.from_bytes(content[:4]), content[4:])
                case Kind.DONE:
                    self._finish(is_over=True)
                case Kind.FAILED:
                    failure = json.loads(content)
                    self._finish(is_over=failure["is_over"])
                    raise _error(failure)
        return None

    def _finish(self, *, is_over: bool) -> None:
        self._is_over = True
        self._deadline.cancel()
        self._door.finish(self._reader, self._mark, is_over=is_over)


class Door:
    """The door of one process."""

    def __init__(self, graph: Graph, *, at_once: int, bounds: Bounds, despite_load_csv: bool = False) -> None:
        self._graph = graph
        self._at_once = at_once
        self._bounds = bounds
        self._is_safe = despite_load_csv
        self._clients: dict[str, str] = {}
        """Who has sent each statement that the server works on, by its mark."""
        self._endless: set[str] = set()
        """The marks of those that go on although they were told to stop."""
        self._idle: list[_Reader] = []
        self._busy: set[_Reader] = set()
        self._waiting: set[asyncio.Task[None]] = set()

    @property
    def at_work(self) -> int:
        """How many statements the server works on, whether or not anybody still waits for them."""
        return len(self._clients)

    async def ask(self, statement: str, parameters: Mapping[str, object], *, client: str) -> Asked:
        """An answer that has begun.

        Raises what `guard.checked` and `guard.check_plan` raise, DoorBusy, DoorClosed, StatementTooSlow,
        StatementTooHungry, StatementFailed with the server's words, AnswerTooLarge for the first row, StoreUnavailable,
        and ClientNotAuthorized where the server lets statements read files or addresses.
        """
        text = guard.checked(statement, parameters)
        if any(self._clients[mark] == client for mark in self._endless):
            raise DoorClosed()
        if not self._is_safe:
            await self._check_load_csv()
        self._graph.check_permit()
        if self.at_work >= self._at_once:
            raise DoorBusy(limit=self._at_once)
        mark = token_hex(8)
        self._clients[mark] = client
        try:
            reader = await self._reader()
        except BaseException:
            del self._clients[mark]
            raise
        self._busy.add(reader)
        asked = Asked(self, reader, mark, self._bounds.seconds)
        try:
            metadata = transaction_metadata("reading") | {"mark": mark}
            await reader.ask(Request(text, parameters, metadata, *self._bounds))
            await asked.begin()
        except BaseException:
            asked.leave()
            raise
        return asked

    def finish(self, reader: _Reader, mark: str, *, is_over: bool) -> None:
        """Takes back a process, and the place when the server is done."""
        self._busy.discard(reader)
        if is_over:
            del self._clients[mark]
            self._idle.append(reader)
            reader.rest()
            return
        reader.end()
        task = asyncio.get_running_loop().create_task(self._until_ended(mark))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def close(self) -> None:
        """Gives up whatever is at work."""
        for task in self._waiting:
            task.cancel()
        readers = [*self._idle, *self._busy]
        for reader in readers:
            reader.end()
        await asyncio.gather(*self._waiting, *(reader.ended() for reader in readers), return_exceptions=True)

    async def _reader(self) -> _Reader:
        while self._idle:
            if (reader := self._idle.pop()).is_alive:
                return reader
        return await _Reader.start(self._graph)

    async def _check_load_csv(self) -> None:
        """Raises ClientNotAuthorized, unless the server refuses to read from anywhere; its word counts from then on."""
        for url in _OUTSIDE:
            try:
                async with self._graph.reading(seconds=_OUTSIDE_SEC) as transaction:
                    await (await transaction.run("LOAD CSV FROM $url AS line RETURN line LIMIT 1", url=url)).consume()
            except (StatementRefused, StoreBusy, StoreUnavailable) as error:
                if _is_forbidden(error.__cause__):
                    continue
                if isinstance(error, StoreUnavailable):
                    raise
            log.warning("analysts' statements are not taken: on the database server LOAD CSV may read %s", url)
            raise ClientNotAuthorized(why="on this database server LOAD CSV may read files or addresses")
        self._is_safe = True

    async def _until_ended(self, mark: str) -> None:
        """Waits for a statement whose connection is lost."""
        late = monotonic() + _STOPS
        try:
            while await self._is_running(mark):
                if mark not in self._endless and monotonic() > late:
                    self._endless.add(mark)
                    log.error("statement %s of client %s was told to stop and still runs", mark, self._clients[mark])
                await asyncio.sleep(_ASK_AGAIN)
        finally:
            self._endless.discard(mark)
            del self._clients[mark]

    async def _is_running(self, mark: str) -> bool:
        try:
            return await self._graph.is_running(mark)
        except NotNow:
            log.debug("cannot ask whether statement %s has ended", mark)
            return True
        except OaGraphError as error:  # this server does not tell
            log.warning("cannot see whether a statement has ended: %s", error)
            return False


def _is_forbidden(error: BaseException | None) -> bool:
    """Whether a setting of the server or a right of its user forbids what failed."""
    return isinstance(error, Neo4jError) and (
        error.code == "Neo.ClientError.Security.Forbidden" or "configuration property" in (error.message or "")
    )


def _error(failure: Mapping[str, Any]) -> OaGraphError:
    """The error that a process reports."""
    kind = getattr(errors, failure["error"])
    error: OaGraphError = kind(**failure["values"])
    return error
