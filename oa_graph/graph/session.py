"""The driver, its transactions, and how rows become values.

A `Tx` runs named statements. There are two: `Graph` itself, where each statement is a transaction of its own and one
round trip, and the one that `Graph.transact` hands to its work, where several statements stand or fall together.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, LiteralString, Protocol, TypeVar, cast

from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncManagedTransaction, AsyncSession, AsyncTransaction
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConstraintError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)
from neo4j.time import DateTime
from pydantic import TypeAdapter

from oa_graph.errors import OaGraphError, RetriesExhausted, StoreUnavailable
from oa_graph.graph.queries import Query, catalogue

T = TypeVar("T")
Row = Mapping[str, Any]
Decode = Callable[[Row], T]

ATTEMPTS = 10
"""How often a statement is sent while it fails for a reason that may pass."""
_FIRST_PAUSE = 0.01
"""Seconds before the first retry; doubled each time, drawn between half and whole, so that rivals part."""


class Taken(OaGraphError):
    """Another node already has this key: {why}."""


class StatementRefused(OaGraphError):
    """The graph database refused a statement: {why}"""


def milliseconds(moment: datetime) -> int:
    """A moment as the ends of reservations are kept: whole milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def decoder(shape: type[T]) -> Decode[T]:
    """A function from a row to a value of `shape`, whose fields are named as the columns are."""
    return TypeAdapter(shape).validate_python


class Tx(Protocol):
    """Runs statements by name; parameters are the statement's `in` lines."""

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]: ...


class Store(Tx, Protocol):
    """A `Tx` that can also run several statements as one: the graph itself, or a rehearsal on it."""

    async def transact(self, work: Callable[[Tx], Awaitable[T]]) -> T: ...


async def many(tx: Tx, name: str, decode: Decode[T], /, **parameters: object) -> list[T]:
    """Every row of statement `name`, decoded."""
    return [decode(row) for row in await tx.rows(name, parameters)]


async def maybe(tx: Tx, name: str, decode: Decode[T], /, **parameters: object) -> T | None:
    """The row of statement `name`, or None when there is none."""
    found = await tx.rows(name, parameters)
    return decode(found[0]) if found else None


async def one(tx: Tx, name: str, decode: Decode[T], /, **parameters: object) -> T:
    """The one row of statement `name`."""
    (row,) = await tx.rows(name, parameters)
    return decode(row)


async def run(tx: Tx, name: str, /, **parameters: object) -> None:
    """Runs statement `name` for what it does."""
    await tx.rows(name, parameters)


def _native(value: Any) -> Any:
    """The driver's times become standard ones; containers are walked."""
    if isinstance(value, DateTime):
        return value.to_native()
    if isinstance(value, list):
        return [_native(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _native(each) for key, each in cast("dict[str, Any]", value).items()}
    return value


def _query(name: str) -> Query:
    return catalogue()[name]


class _Transaction:
    """The `Tx` of `Graph.transact`, and the `Store` of `Graph.rehearsal`, where all happens in one transaction."""

    def __init__(self, transaction: AsyncManagedTransaction | AsyncTransaction) -> None:
        self._transaction = transaction

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        try:
            query = _query(name)
            result = await self._transaction.run(query.text, query.sent(parameters))
            return [_native(dict(record)) async for record in result]
        except ConstraintError as error:
            raise Taken(why=error.message) from error

    async def transact(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        return await work(self)


class Graph:
    """A Neo4j database. One for each process and event loop; close it with `close`."""

    def __init__(self, driver: AsyncDriver, *, database: str, routed: bool) -> None:
        self._driver = driver
        self._database = database
        # Only a cluster can answer a read from a server that has not seen the write before it.
        self._bookmarks = driver.execute_query_bookmark_manager if routed else None

    @classmethod
    def connect(cls, uri: str, username: str, password: str, *, database: str, pool: int = 50) -> Graph:
        """Opens a pool of at most `pool` connections; nothing is sent before the first statement."""
        driver = AsyncGraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType] - its options are untyped
            uri,
            auth=(username, password),
            max_connection_pool_size=pool,
            connection_acquisition_timeout=10.0,
            connection_timeout=5.0,
            max_transaction_retry_time=15.0,
            initial_retry_delay=_FIRST_PAUSE,
            notifications_min_severity="OFF",
            telemetry_disabled=True,
            user_agent="oa-graph",
        )
        return cls(driver, database=database, routed=uri.startswith("neo4j"))

    async def close(self) -> None:
        await self._driver.close()

    @asynccontextmanager
    async def session(self, *, read: bool = False) -> AsyncGenerator[AsyncSession]:
        """A driver session, for streams; everything else goes through named statements."""
        async with self._driver.session(  # pyright: ignore[reportUnknownMemberType] - its options are untyped
            database=self._database,
            default_access_mode="READ" if read else "WRITE",
            bookmark_manager=self._bookmarks,
        ) as session:
            yield session

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        """One statement, one transaction, one round trip; sent again while the failure is transient.

        A connection lost at the commit may have committed. Every write that goes this way is therefore guarded by
        an id made beforehand or by a state that it changes, so that sending it again finds its own work.
        """
        query = _query(name)

        async def attempt() -> list[Row]:
            async with self.session(read=query.mode == "read") as session:
                result = await session.run(query.text, query.sent(parameters))
                return [_native(dict(record)) async for record in result]

        return await _retried(attempt)

    async def transact(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Runs `work` in one write transaction; it may run again, so it touches nothing but its `Tx`."""

        async def attempt() -> T:
            async with self.session() as session:
                return await session.execute_write(lambda tx: work(_Transaction(tx)))

        with _translated():
            return await attempt()

    @asynccontextmanager
    async def rehearsal(self) -> AsyncGenerator[Store]:
        """A store in which everything can be done and nothing is kept."""
        with _translated():
            async with self.session() as session, await session.begin_transaction() as transaction:
                yield _Transaction(transaction)
                await transaction.rollback()

    async def execute(self, text: LiteralString, **parameters: object) -> list[Row]:
        """A statement that has no file: schema steps and server questions."""
        with _translated():
            async with self.session() as session:
                result = await session.run(text, parameters)
                return [_native(record.data()) async for record in result]


class _translated:  # noqa: N801 - reads as a statement where it is used
    """Driver errors become ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case ConstraintError():
                raise Taken(why=error.message) from error
            case ServiceUnavailable() | SessionExpired() | AuthError():
                raise StoreUnavailable(why=str(error)) from error
            case Neo4jError() if error.is_retryable():
                raise RetriesExhausted(attempts=ATTEMPTS, why=error.message) from error
            case DriverError() if error.is_retryable():
                raise StoreUnavailable(why=str(error)) from error
            case Neo4jError():
                raise StatementRefused(why=error.message) from error
            case _:
                return None


async def _retried(attempt: Callable[[], Awaitable[T]]) -> T:
    pause = _FIRST_PAUSE
    with _translated():
        for _ in range(ATTEMPTS - 1):
            try:
                return await attempt()
            except (Neo4jError, DriverError) as error:
                if isinstance(error, ClientError) or not error.is_retryable():
                    raise
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause *= 2
        return await attempt()
