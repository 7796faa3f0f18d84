"""The door for statements of analysts: so many at once, each looked at, each with only so much time.

A statement is worked on by a task of its own, which its asker can leave behind: some expressions are ended by no time
limit of the server, and a place is free again only when the server is really done.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from secrets import token_hex
from typing import Any, cast

from neo4j import AsyncTransaction
from neo4j.exceptions import DriverError, Neo4jError

from oa_graph.errors import (
    AnswerTooLarge,
    DoorBusy,
    OaGraphError,
    StatementFailed,
    StatementTooHungry,
    StatementTooSlow,
    StoreBusy,
    StoreUnavailable,
)
from oa_graph.graph import guard
from oa_graph.graph.asking import plain
from oa_graph.graph.notifications import Notification, notifications
from oa_graph.graph.queries import let_through
from oa_graph.graph.session import Graph, StatementRefused
from oa_graph.graph.watch import is_timeout

log = logging.getLogger(__name__)

Row = tuple[Any, ...]

ROW_MIB = 8
"""No row is larger: it would have to be in memory as a whole, as a value of Python, before it could be counted."""
_GRACE = 3.0
"""Seconds that the server gets to say that the time is over."""
_AHEAD = 100
"""Rows that are asked for at once, and rows that wait for a slow reader."""
_LOOK = 0.02
"""Seconds between two looks at how large a row has become."""
_ASK_AGAIN = 2.0
"""Seconds between two questions whether a statement is still at work that the connection was lost to."""

_EXPLAIN = "EXPLAIN "
_PLACE = re.compile(r" *\(line (\d+), column (\d+) \(offset: \d+\)\).*", re.DOTALL)


class _Left(Exception):
    """Nobody wants the rest."""


class Asked:
    """An answer on its way. Whoever does not read it to its end calls `leave`."""

    def __init__(self, *, seconds: float) -> None:
        self.seconds = seconds
        self.columns: tuple[str, ...] = ()
        self.warnings: tuple[Notification, ...] = ()
        self._deadline = asyncio.get_running_loop().time() + seconds + _GRACE
        self._queue: asyncio.Queue[Row | Exception | None] = asyncio.Queue(_AHEAD)
        self._left = False
        self._first: Row | None = None

    # ---------- the asker's side

    async def begin(self) -> None:
        """Waits until there are columns and a first row, so that what fails before that raises here."""
        self.columns = await self._next() or ()
        self._first = await self._next()

    async def rows(self) -> AsyncIterator[Row]:
        """Every row, in the values of `asking.Answer`. Raises what a statement can end with."""
        row = self._first
        while row is not None:
            yield row
            row = await self._next()

    @property
    def is_waiting(self) -> bool:
        """Whether there is no row at the moment."""
        return self._queue.empty()

    def leave(self) -> None:
        """The rest is not wanted."""
        self._left = True
        while not self._queue.empty():  # so that whoever waits to put something in sees it
            self._queue.get_nowait()

    async def _next(self) -> Row | None:
        try:
            async with asyncio.timeout_at(self._deadline):
                found = await self._queue.get()
        except TimeoutError:
            self.leave()
            raise StatementTooSlow(seconds=self.seconds) from None
        if isinstance(found, Exception):
            raise found
        return found

    # ---------- the other side

    async def put(self, found: Row | Exception | None) -> None:
        """Hands on a row, or how it ends. Raises _Left when nobody waits for it."""
        try:
            async with asyncio.timeout_at(self._deadline):
                if not self._left:
                    await self._queue.put(found)
        except TimeoutError:
            self._left = True
        if self._left:
            raise _Left

    async def end(self, found: Exception | None) -> None:
        try:
            await self.put(found)
        except _Left:
            return


class Door:
    """The door of one process."""

    def __init__(self, graph: Graph, *, at_once: int, seconds: float) -> None:
        self._graph = graph
        self._at_once = at_once
        self._seconds = seconds
        self._at_work: set[asyncio.Task[None]] = set()

    @property
    def at_work(self) -> int:
        """How many statements the server works on, whether or not anybody still waits for them."""
        return len(self._at_work)

    async def ask(self, statement: str, parameters: Mapping[str, object]) -> Asked:
        """An answer that has begun.

        Raises what `guard.checked` and `guard.check_plan` raise, DoorBusy, StatementTooSlow, StatementTooHungry,
        StatementFailed with the server's words, AnswerTooLarge for the first row, and StoreUnavailable.
        """
        text = guard.checked(statement, parameters)
        if len(self._at_work) >= self._at_once:
            raise DoorBusy(limit=self._at_once)
        asked = Asked(seconds=self._seconds)
        task = asyncio.create_task(self._work(text, parameters, asked))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        try:
            await asked.begin()
        except BaseException:
            asked.leave()
            raise
        return asked

    async def close(self) -> None:
        """Gives up whatever is at work."""
        waiting = list(self._at_work)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _work(self, text: str, parameters: Mapping[str, object], asked: Asked) -> None:
        """One statement, until the server is done with it."""
        mark, ended = token_hex(8), True
        try:
            await self._weighed(text, parameters, asked, mark)
            await asked.end(None)
        except _Left:
            return
        except AnswerTooLarge as error:
            ended = False
            await asked.end(error)
        except OaGraphError as error:
            ended = not isinstance(error.__cause__, DriverError | OSError)
            await asked.end(_told(error, asked.seconds))
        except Exception as error:
            ended = False
            await asked.end(error)
        if not ended:
            await self._until_ended(mark)

    async def _weighed(self, text: str, parameters: Mapping[str, object], asked: Asked, mark: str) -> None:
        """`_run`, ended when a row grows too large while it comes in."""
        began: list[AsyncTransaction] = []
        running = asyncio.create_task(self._run(text, parameters, asked, mark, began))
        try:
            while not running.done():
                await asyncio.wait((running,), timeout=_LOOK)
                if began and _coming_in(began[0]) > ROW_MIB << 20 and running.cancel():
                    raise AnswerTooLarge(limit=ROW_MIB, what="MiB in a row")
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        await running

    async def _run(
        self, text: str, parameters: Mapping[str, object], asked: Asked, mark: str, began: list[AsyncTransaction]
    ) -> None:
        async with self._graph.reading(seconds=self._seconds, ahead=_AHEAD, notify=True, mark=mark) as transaction:
            began.append(transaction)
            explained = await transaction.run(let_through(_EXPLAIN + text), dict(parameters))
            summary = await explained.consume()
            asked.warnings = tuple(map(_in_statement, notifications(summary)))
            guard.check_plan(summary.query_type or "", cast("Mapping[str, Any] | None", summary.plan))
            result = await transaction.run(let_through(text), dict(parameters))
            await asked.put(tuple(result.keys()))
            async for record in result:
                await asked.put(_values(record))

    async def _until_ended(self, mark: str) -> None:
        """Waits for a statement that the connection to is lost."""
        while True:
            try:
                if not await self._graph.is_running(mark):
                    return
            except (StoreUnavailable, StoreBusy):
                log.debug("cannot ask whether %s has ended", mark)
            except OaGraphError as error:  # this server does not tell
                log.warning("cannot see whether a statement has ended: %s", error)
                return
            await asyncio.sleep(_ASK_AGAIN)


def _values(record: Any) -> Row:
    try:
        return tuple(plain(each) for each in record)
    except (DriverError, ValueError, OverflowError) as error:
        raise StatementFailed(why=f"a value of the answer cannot be shown: {error.__cause__ or error}") from None


def _coming_in(transaction: AsyncTransaction) -> int:
    """Bytes of the message that is being read; 0 where the driver has changed inside, for it has no public word."""
    connection: Any = getattr(transaction, "_connection", None)
    buffer: Any = getattr(getattr(connection, "inbox", None), "_buffer", None)
    return int(getattr(buffer, "used", 0))


def _told(error: OaGraphError, seconds: float) -> OaGraphError:
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

    def moved(found: re.Match[str]) -> str:
        line, column = int(found[1]), int(found[2])
        return f" (line {line}, column {_column(line, column)})"

    return _PLACE.sub(moved, words)


def _in_statement(notification: Notification) -> Notification:
    """A notification about what is explained, with the place in the statement as it was sent to us."""
    if notification.line is None or notification.column is None:
        return notification
    return replace(notification, column=_column(notification.line, notification.column))


def _column(line: int, column: int) -> int:
    return max(column - len(_EXPLAIN), 1) if line == 1 else column
