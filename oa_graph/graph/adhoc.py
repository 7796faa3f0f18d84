"""Ad-hoc queries of analysts: each statement is checked first, and their number and time are limited.

Separate processes read the results (`oa_graph.graph.adhoc_reader`). They start with the first statement and end when
they are idle. A statement is cancelled by ending its process. Neither that nor a time limit of the server stops every
expression, so a statement counts against the limit until the server has really ended it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_hex
from time import monotonic, perf_counter
from typing import Any, NamedTuple

from neo4j.exceptions import Neo4jError
from pydantic_core import to_json

from oa_graph import errors
from oa_graph.errors import (
    AdhocQueriesBusy,
    ClientNotAuthorized,
    NotNow,
    OaGraphError,
    StatementStillRunning,
    StatementTooHungry,
    StatementTooSlow,
    StoreBusy,
    StoreUnavailable,
)
from oa_graph.graph.adhoc_reader import HEADER, FrameKind, ReaderRequest
from oa_graph.graph.notifications import Notification
from oa_graph.graph.session import Graph, StatementRefused, transaction_metadata
from oa_graph.graph.telemetry import FIELDS
from oa_graph.policy import statement_guard

log = logging.getLogger(__name__)

_GRACE = 3.0
"""Seconds that the server gets, after the time limit, to end a statement by itself."""
_IDLE = 60.0
"""Seconds after which an idle process is ended."""
_ASK_AGAIN = 2.0
"""Seconds between two checks whether the server still runs a cancelled statement."""
_STOPS = 10.0
"""Seconds that a cancelled statement may take to end. After that, its client may send no other until it has ended."""
_OUTSIDE = ("file:///oa-graph-looks-for-this.csv", "http://192.0.2.1/", "http://[2001:db8::1]/")
"""What the server must refuse to `LOAD CSV`: a file, and addresses that RFC 5737 and RFC 3849 reserve for examples."""
_OUTSIDE_SEC = 30.0
"""Seconds for one of these tries."""


_LOGGED = 500
"""Characters of a statement in the log."""


@dataclass(slots=True)
class StatementRecord:
    """What becomes of one statement, for the log: who read what stands there, whatever the outcome."""

    client: str
    statement: str
    since: float = field(default_factory=perf_counter)
    rows: int = 0
    size: int = 0
    outcome: str = "left"
    """`complete`; `left`: the asker went away; else the name of an error."""

    def write(self) -> None:
        """Log it."""
        digest = sha256(self.statement.encode("utf-8", "replace")).hexdigest()[:16]
        fields: Mapping[str, object] = {
            "client": self.client,
            "digest": digest,
            "statement": " ".join(self.statement[: 2 * _LOGGED].split())[:_LOGGED],
            "rows": self.rows,
            "bytes": self.size,
            "duration_ms": round((perf_counter() - self.since) * 1000, 2),
            "outcome": self.outcome,
        }
        log.info(
            "statement %s of %s: %s, %d rows", digest, self.client, self.outcome, self.rows, extra={FIELDS: fields}
        )


class ResultLimits(NamedTuple):
    """The limits of one statement."""

    seconds: float
    rows: int
    mib: int


class EncodedRows(NamedTuple):
    """Some rows of a result."""

    number: int
    lines: bytes
    """Each row as a line of JSON, an array with a value for each column."""


class _Reader:
    """The handle of a process that reads results."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._idle: asyncio.TimerHandle | None = None

    @classmethod
    async def start(cls, graph: Graph) -> _Reader:
        process = await create_subprocess_exec(
            sys.executable, "-m", "oa_graph.graph.adhoc_reader", stdin=PIPE, stdout=PIPE
        )
        reader = cls(process)
        try:
            await reader._write(to_json(graph.endpoint))
            await reader.frame()  # it is ready; its start does not count as time of a statement
        except BaseException as error:
            reader.end()
            if isinstance(error, EOFError):
                raise StoreUnavailable(why="the process that reads answers ended at its start") from error
            raise
        return reader

    async def ask(self, request: ReaderRequest) -> None:
        if self._idle:
            self._idle.cancel()
        await self._write(to_json(request))

    async def frame(self) -> tuple[FrameKind, bytes]:
        """Return the next frame. Raise EOFError when the process has ended."""
        if self._process.stdout is None:
            raise AssertionError("its output is a pipe")
        kind, length = HEADER.unpack(await self._process.stdout.readexactly(HEADER.size))
        return FrameKind(kind), await self._process.stdout.readexactly(length)

    def rest(self) -> None:
        """End the process after a while, unless it gets another statement."""
        self._idle = asyncio.get_running_loop().call_later(_IDLE, self.end)

    def end(self) -> None:
        """End the process and its connection at once."""
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


class ResultStream:
    """The result of a statement while it is read. A caller that does not read all rows calls `cancel`."""

    def __init__(self, queries: AdhocQueries, reader: _Reader, mark: str, seconds: float) -> None:
        self.columns: tuple[str, ...] = ()
        self.warnings: tuple[Notification, ...] = ()
        self._queries = queries
        self._reader = reader
        self._mark = mark
        self._seconds = seconds
        self._first: EncodedRows | None = None
        self._is_over = self._is_late = False
        self._deadline = asyncio.get_running_loop().call_later(seconds + _GRACE, self._give_up)

    async def begin(self) -> None:
        """Wait for the columns and the first row, so that errors before them are raised here."""
        self._first = await self._next()

    async def rows(self) -> AsyncIterator[EncodedRows]:
        """Yield all rows. Raise the errors that `AdhocQueries.ask` names."""
        rows = self._first
        while rows is not None:
            yield rows
            rows = await self._next()

    def cancel(self) -> None:
        """Cancel the statement if it is not over."""
        if not self._is_over:
            self._finish(is_over=False)

    def _give_up(self) -> None:
        """End a statement that is over its time, and that the server did not end, or whose rows nobody reads."""
        self._is_late = True
        self._reader.end()

    async def _next(self) -> EncodedRows | None:
        while not self._is_over:
            try:
                kind, content = await self._reader.frame()
            except EOFError:
                self._finish(is_over=False)
                raise StatementTooSlow(seconds=self._seconds) if self._is_late else StatementTooHungry() from None
            match kind:
                case FrameKind.READY:
                    pass
                case FrameKind.WARNINGS:
                    self.warnings = tuple(Notification(**warning) for warning in json.loads(content))
                case FrameKind.COLUMNS:
                    self.columns = tuple(json.loads(content))
                case FrameKind.ROWS:
                    return EncodedRows(int.from_bytes(content[:4]), content[4:])
                case FrameKind.DONE:
                    self._finish(is_over=True)
                case FrameKind.FAILED:
                    failure = json.loads(content)
                    self._finish(is_over=failure["is_over"])
                    raise _error(failure)
        return None

    def _finish(self, *, is_over: bool) -> None:
        self._is_over = True
        self._deadline.cancel()
        self._queries.finish(self._reader, self._mark, is_over=is_over)


class AdhocQueries:
    """The ad-hoc queries of one process."""

    def __init__(self, graph: Graph, *, at_once: int, bounds: ResultLimits, despite_load_csv: bool = False) -> None:
        self._graph = graph
        self._at_once = at_once
        self._bounds = bounds
        self._is_safe = despite_load_csv
        self._clients: dict[str, str] = {}
        """The client of each running statement, by the mark of the statement."""
        self._endless: set[str] = set()
        """The marks of cancelled statements that still run."""
        self._idle: list[_Reader] = []
        self._busy: set[_Reader] = set()
        self._waiting: set[asyncio.Task[None]] = set()

    @property
    def at_work(self) -> int:
        """The number of statements that the server runs, cancelled ones included."""
        return len(self._clients)

    async def ask(self, statement: str, parameters: Mapping[str, object], *, client: str) -> ResultStream:
        """Run a statement, and return its result once the first row is there.

        Raise what `statement_guard.checked_statement` and `check_plan` raise, AdhocQueriesBusy, StatementStillRunning,
        StatementTooSlow, StatementTooHungry, StatementFailed with the server's words, AnswerTooLarge for the first row,
        StoreUnavailable, and ClientNotAuthorized where the server lets statements read files or addresses.
        """
        text = statement_guard.checked_statement(statement, parameters)
        if any(self._clients[mark] == client for mark in self._endless):
            raise StatementStillRunning()
        if not self._is_safe:
            await self._check_load_csv()
        self._graph.check_permit()
        if self.at_work >= self._at_once:
            raise AdhocQueriesBusy(limit=self._at_once)
        mark = token_hex(8)
        self._clients[mark] = client
        try:
            reader = await self._reader()
        except BaseException:
            del self._clients[mark]
            raise
        self._busy.add(reader)
        result = ResultStream(self, reader, mark, self._bounds.seconds)
        try:
            metadata = transaction_metadata("reading") | {"mark": mark}
            await reader.ask(ReaderRequest(text, parameters, metadata, *self._bounds))
            await result.begin()
        except BaseException:
            result.cancel()
            raise
        return result

    def finish(self, reader: _Reader, mark: str, *, is_over: bool) -> None:
        """Release the process of a statement; release its place too if the server has ended it."""
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
        """Cancel all statements and end all processes."""
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
        """Raise ClientNotAuthorized if `LOAD CSV` may read anything. A server that refuses is not asked again."""
        for url in _OUTSIDE:
            try:
                async with self._graph.reading(seconds=_OUTSIDE_SEC) as transaction:
                    await (await transaction.run("LOAD CSV FROM $url AS line RETURN line LIMIT 1", url=url)).consume()
            except (StatementRefused, StoreBusy, StoreUnavailable) as error:
                if _is_forbidden(error.__cause__):
                    continue
                if isinstance(error, StoreUnavailable):
                    raise
            log.warning("ad-hoc queries are refused: on the database server LOAD CSV may read %s", url)
            raise ClientNotAuthorized(why="on this database server LOAD CSV may read files or addresses")
        self._is_safe = True

    async def _until_ended(self, mark: str) -> None:
        """Wait until the server has ended a cancelled statement, and release its place."""
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
        except OaGraphError as error:  # this server does not list its transactions
            log.warning("cannot see whether a statement has ended: %s", error)
            return False


def _is_forbidden(error: BaseException | None) -> bool:
    """Whether the statement failed because a setting of the server, or a missing right of its user, forbids it."""
    return isinstance(error, Neo4jError) and (
        error.code == "Neo.ClientError.Security.Forbidden" or "configuration property" in (error.message or "")
    )


def _error(failure: Mapping[str, Any]) -> OaGraphError:
    """The error that a reading process reports."""
    kind = getattr(errors, failure["error"])
    error: OaGraphError = kind(**failure["values"])
    return error
