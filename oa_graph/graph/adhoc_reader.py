"""The process that reads the answers of analysts' statements; `oa_graph.graph.adhoc` starts it.

Decoding an answer holds the interpreter's lock, and one row can be large. Here that neither delays the service nor
takes its memory, and ending the process ends its connection, and with it the statement.

Standard input has a line of JSON for the `Endpoint`, then one for each `ReaderRequest`. Standard output has
frames: a byte for the `FrameKind`, four for the length, and as many of content.
"""

from __future__ import annotations

import json
import re
import resource
import struct
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from time import monotonic
from typing import Any, cast

from neo4j import Driver, GraphDatabase
from neo4j.exceptions import DriverError, Neo4jError
from pydantic_core import to_json

from oa_graph.errors import (
    AnswerTooLarge,
    OaGraphError,
    StatementFailed,
    StatementTooHungry,
    StatementTooSlow,
)
from oa_graph.graph.notifications import Notification, notifications
from oa_graph.graph.saved_queries import plain_values
from oa_graph.graph.session import Endpoint, StatementRefused, translated
from oa_graph.graph.statements import LANGUAGE, allowed_by_guard
from oa_graph.graph.telemetry import is_timeout
from oa_graph.policy import statement_guard

ROW_MIB = 8
"""No line is larger: whoever reads the answer has to hold it as a whole."""
MEMORY_MIB = 1024
"""Of this process. A row whose values take more is too large."""
_AHEAD = 100
"""Rows that are asked for at once."""
_CHUNK = 1 << 15
"""Bytes of rows that are sent at once while there are many."""
_PAUSE = 0.05
"""Seconds after which a row is sent even if it is alone."""

HEADER = struct.Struct(">cI")


class FrameKind(Enum):
    """What a frame holds."""

    READY = b"S"
    """It takes requests, from now on."""
    WARNINGS = b"W"
    """A JSON list of `Notification`s."""
    COLUMNS = b"C"
    """A JSON list of names."""
    ROWS = b"R"
    """The number of rows in four bytes, and the rows, each a line of JSON."""
    DONE = b"D"
    """The answer is whole."""
    FAILED = b"F"
    """A JSON `ReaderFailure`; the rest of the answer does not come."""


@dataclass(frozen=True, slots=True)
class ReaderRequest:
    """A statement, and how large its answer may be."""

    statement: str
    parameters: Mapping[str, Any]
    metadata: Mapping[str, str]
    seconds: float
    rows: int
    mib: int


@dataclass(frozen=True, slots=True)
class ReaderFailure:
    """The name of an error of `oa_graph.errors` with its values."""

    error: str
    values: Mapping[str, Any]
    is_over: bool
    """Whether the server has told so itself; else it may still be at work."""


Send = Callable[[FrameKind, bytes], None]


def main() -> None:
    """Answer one statement after the other, until standard input ends."""
    lines, frames = sys.stdin.buffer, sys.stdout.buffer

    def send(kind: FrameKind, content: bytes) -> None:
        frames.write(HEADER.pack(kind.value, len(content)) + content)
        frames.flush()

    with suppress(ValueError, OSError):  # a system without this limit goes on without it
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MIB << 20, MEMORY_MIB << 20))
    endpoint = Endpoint(**json.loads(lines.readline()))
    send(FrameKind.READY, b"")
    with _driver(endpoint) as driver:
        for line in lines:
            _answer(driver, endpoint.database, ReaderRequest(**json.loads(line)), send)


def _driver(endpoint: Endpoint) -> Driver:
    address, options = endpoint.for_driver()
    return GraphDatabase.driver(address, max_connection_pool_size=1, **options)  # pyright: ignore[reportUnknownMemberType] - its options are untyped


def _answer(driver: Driver, database: str, request: ReaderRequest, send: Send) -> None:
    try:
        with translated():
            _run(driver, database, request, send)
    except MemoryError:
        _fail(send, AnswerTooLarge(limit=ROW_MIB, what="MiB in a row"), is_over=False)
        raise SystemExit from None  # what the driver holds by now is anybody's guess
    except AnswerTooLarge as error:
        _fail(send, error, is_over=True)
    except OaGraphError as error:
        _fail(
            send, _for_analysts(error, request.seconds), is_over=not isinstance(error.__cause__, DriverError | OSError)
        )
    else:
        send(FrameKind.DONE, b"")


def _fail(send: Send, error: OaGraphError, *, is_over: bool) -> None:
    send(FrameKind.FAILED, to_json(ReaderFailure(type(error).__name__, error.values, is_over)))


def _run(driver: Driver, database: str, request: ReaderRequest, send: Send) -> None:
    with (
        driver.session(  # pyright: ignore[reportUnknownMemberType] - its options are untyped
            database=database,
            default_access_mode="READ",
            fetch_size=_AHEAD,
            notifications_min_severity="INFORMATION",
        ) as session,
        session.begin_transaction(metadata=dict(request.metadata), timeout=request.seconds) as transaction,
    ):
        summary = transaction.run(allowed_by_guard(_EXPLAIN + request.statement), dict(request.parameters)).consume()
        statement_guard.check_plan(summary.query_type or "", cast("Mapping[str, Any] | None", summary.plan))
        send(FrameKind.WARNINGS, to_json([_in_statement(notification) for notification in notifications(summary)]))
        result = transaction.run(allowed_by_guard(LANGUAGE + request.statement), dict(request.parameters))
        send(FrameKind.COLUMNS, to_json(result.keys()))
        rows = _RowBuffer(request, send)
        try:
            for record in result:
                rows.add(_line(record))
        finally:
            rows.flush()
        transaction.rollback()


class _RowBuffer:
    """Rows on their way out, many at once while there are many."""

    def __init__(self, request: ReaderRequest, send: Send) -> None:
        self._request = request
        self._send = send
        self._waiting = bytearray()
        self._count = self._total = self._size = 0
        self._sent = monotonic()

    def add(self, line: bytes) -> None:
        """Raise AnswerTooLarge for a line that is too many or too large."""
        if self._total == self._request.rows:
            raise AnswerTooLarge(limit=self._request.rows, what="rows")
        if len(line) > ROW_MIB << 20:
            raise AnswerTooLarge(limit=ROW_MIB, what="MiB in a row")
        if self._size + len(line) > self._request.mib << 20:
            raise AnswerTooLarge(limit=self._request.mib, what="MiB")
        self._waiting += line
        self._count += 1
        self._total += 1
        self._size += len(line)
        if len(self._waiting) > _CHUNK or monotonic() - self._sent > _PAUSE:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        if self._count:
            self._send(FrameKind.ROWS, self._count.to_bytes(4) + self._waiting)
        self._waiting, self._count, self._sent = bytearray(), 0, monotonic()


def _line(record: Any) -> bytes:
    """JSON has no infinities and no NaN: they are texts, and so is whatever else it has no form for."""
    try:
        row = [plain_values(value) for value in record]
    except (DriverError, ValueError, OverflowError) as error:
        raise StatementFailed(why=f"a value of the answer cannot be shown: {error.__cause__ or error}") from None
    return to_json(row, inf_nan_mode="strings", bytes_mode="base64", fallback=str) + b"\n"


_EXPLAIN = LANGUAGE + "EXPLAIN "
_PLACE = re.compile(r" *\(line (\d+), column (\d+) \(offset: \d+\)\).*", re.DOTALL)


def _for_analysts(error: OaGraphError, seconds: float) -> OaGraphError:
    """What an error of the database means to an analyst."""
    cause = error.__cause__
    if isinstance(cause, Neo4jError) and is_timeout(cause):
        return StatementTooSlow(seconds=seconds)
    if isinstance(cause, Neo4jError) and (cause.code or "").endswith("OutOfMemoryError"):
        return StatementTooHungry()
    if isinstance(error, StatementRefused):
        return StatementFailed(why=_in_place(str(error.values["why"])))
    return error


def _in_place(words: str) -> str:
    """The server's words, with the place in the statement as it was sent to us."""

    def moved(match: re.Match[str]) -> str:
        line, column = int(match[1]), int(match[2])
        return f" (line {line}, column {_column(line, column)})"

    return _PLACE.sub(moved, words)


def _in_statement(notification: Notification) -> Notification:
    """A notification about what is explained, with the place in the statement as it was sent to us."""
    if notification.line is None or notification.column is None:
        return notification
    return replace(notification, column=_column(notification.line, notification.column))


def _column(line: int, column: int) -> int:
    return max(column - len(_EXPLAIN), 1) if line == 1 else column


if __name__ == "__main__":
    main()
