"""The driver, its transactions, and how rows become values.

A `Tx` runs named statements. There are two: `Graph` itself, where each statement is a transaction of its own and one
round trip, and the one that `Graph.transact` hands to its work, where several statements stand or fall together.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import floor
from pathlib import Path
from time import perf_counter
from typing import Any, LiteralString, Protocol, TypeVar, cast

from neo4j import (
    AsyncDriver,
    AsyncGraphDatabase,
    AsyncResult,
    AsyncSession,
    AsyncTransaction,
    Auth,
    TrustCustomCAs,
    basic_auth,
)
from neo4j import Query as DriverQuery
from neo4j.auth_management import AsyncAuthManager
from neo4j.exceptions import (
    ClientError,
    ConfigurationError,
    ConnectionAcquisitionTimeoutError,
    ConstraintError,
    DatabaseError,
    DatabaseUnavailable,
    DriverError,
    Forbidden,
    ForbiddenOnReadOnlyDatabase,
    Neo4jError,
    NotALeader,
    ServiceUnavailable,
    SessionExpired,
)
from neo4j.time import DateTime
from pydantic import TypeAdapter

from oa_graph.errors import LoginRefused, OaGraphError, RetriesExhausted, StoreBusy, StoreFailed, StoreUnavailable
from oa_graph.graph import deadline, telemetry
from oa_graph.graph.statements import LANGUAGE, Statement, catalogue, with_language
from oa_graph.graph.telemetry import timed, watching

T = TypeVar("T")
Row = Mapping[str, Any]
Decode = Callable[[Row], T]

ATTEMPTS = 10
"""How often a statement or a transaction is sent while it fails for a reason that may pass.

Attempts are counted and not seconds: each rival that wins is one rival less, however slow the machine is.
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_PAUSE = 0.01
"""Seconds before the first retry; doubled each time, drawn between half and whole, so that rivals part."""


class KeyTaken(OaGraphError):
    """Another node already has this key: {why}."""


class StatementRefused(OaGraphError):
    """The graph database refused a statement: {why}"""


class WriteRefused(StatementRefused):
    """The graph database refused a statement: {why}"""


def milliseconds(moment: datetime) -> int:
    """A moment as the ends of reservations are kept: whole milliseconds since 1970."""
    return floor(moment.timestamp() * 1000)


def moment(milliseconds: int) -> datetime:
    """Return the moment of some whole milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def decoder(shape: type[T]) -> Decode[T]:
    """A function from a row to a value of `shape`, whose fields are named as the columns are."""
    return TypeAdapter(shape).validate_python


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a database is, and how to log in."""

    uri: str
    username: str
    password: str = field(repr=False)
    database: str
    ca_file: str | None = None
    """Authorities that sign the server's certificate, instead of the system's."""
    liveness_sec: float | None = None
    """A connection that was idle for longer is tested before its use."""

    def for_driver(self) -> tuple[str, dict[str, Any]]:
        """The address and the options of a driver. It takes authorities beside an address without `+s` only."""
        options: dict[str, Any] = {
            "auth": (self.username, self.password),
            "connection_timeout": 5.0,
            "liveness_check_timeout": self.liveness_sec,
            "telemetry_disabled": True,
            "user_agent": "oa-graph",
        }
        if self.ca_file is None:
            return self.uri, options
        trusted = {"encrypted": True, "trusted_certificates": TrustCustomCAs(self.ca_file)}
        return self.uri.replace("+s://", "://", 1), options | trusted


class Tx(Protocol):
    """Runs statements by name; parameters are the statement's `in` lines."""

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]: ...


class Store(Tx, Protocol):
    """A `Tx` that can also run several statements as one: the graph itself, or a rehearsal on it."""

    async def transact(self, work: Callable[[Tx], Awaitable[T]], *, no_timeout: bool = False) -> T: ...

    async def dry_run(self, work: Callable[[Tx], Awaitable[T]]) -> T: ...


async def many(tx: Tx, name: str, decode: Decode[T], /, **parameters: object) -> list[T]:
    """Every row of statement `name`, decoded."""
    return [decode(row) for row in await tx.rows(name, parameters)]


async def maybe(tx: Tx, name: str, decode: Decode[T], /, **parameters: object) -> T | None:
    """The row of statement `name`, or None when there is none."""
    rows = await tx.rows(name, parameters)
    return decode(rows[0]) if rows else None


async def one(tx: Tx, name: str, decode: Decode[T], /, **parameters: object) -> T:
    """The one row of statement `name`."""
    (row,) = await tx.rows(name, parameters)
    return decode(row)


async def run(tx: Tx, name: str, /, **parameters: object) -> None:
    """Run statement `name` for what it does."""
    await tx.rows(name, parameters)


def native(value: Any) -> Any:
    """The driver's times become standard ones; containers are walked."""
    if isinstance(value, DateTime):
        return value.to_native()
    if isinstance(value, list):
        return [native(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: native(item) for key, item in cast("dict[str, Any]", value).items()}
    return value


def _query(name: str) -> Statement:
    return catalogue()[name]


def transaction_metadata(query: str | None = None) -> dict[str, str]:
    """What `SHOW TRANSACTIONS` and the server's query log tell of a transaction: who sent it, for which request."""
    metadata = {"app": "oa_graph"}
    if query:
        metadata["query"] = query
    if seen := watching.get():
        metadata["request"] = seen.request
    return metadata


class _Transaction:
    """The `Tx` of `Graph.transact`, and the `Store` of `Graph.rehearsal`, where all happens in one transaction."""

    def __init__(self, transaction: AsyncTransaction) -> None:
        self._transaction = transaction

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        try:
            query = _query(name)
            with timed(name):
                result = await self._transaction.run(query.text, query.sent(parameters))
                return [native(dict(record)) async for record in result]
        except ConstraintError as error:
            raise KeyTaken(why=error.message) from error

    async def transact(self, work: Callable[[Tx], Awaitable[T]], *, no_timeout: bool = False) -> T:
        return await work(self)

    async def dry_run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        return await work(self)


_FOREIGN = "its port belongs to another program"


class _NotPermitted(ConfigurationError):
    """The listener may not have the password. Of this kind, the driver closes a connection of the pool by itself."""


class _Login(AsyncAuthManager):
    """What a connection logs in with, if it may; the driver asks for each use of a connection."""

    def __init__(self, auth: Auth, permit: Callable[[], bool]) -> None:
        self._auth = auth
        self._permit = permit

    async def get_auth(self) -> Auth:
        if not self._permit():
            raise _NotPermitted(_FOREIGN)
        return self._auth

    async def handle_security_exception(self, auth: object, error: Neo4jError) -> bool:
        return False


class Graph:
    """A Neo4j database. One for each process and event loop; close it with `close`."""

    def __init__(
        self,
        driver: AsyncDriver,
        endpoint: Endpoint,
        *,
        pool: int,
        statement_sec: float | None,
        permit: Callable[[], bool] | None,
    ) -> None:
        self._driver = driver
        self._permit = permit
        self.endpoint = endpoint
        self.pool = pool
        """The most connections that are open at once."""
        self._statement_sec = statement_sec
        # Only a cluster can answer a read from a server that has not seen the write before it.
        routed = endpoint.uri.startswith("neo4j")
        self._bookmarks = driver.execute_query_bookmark_manager if routed else None

    @classmethod
    def connect(
        cls,
        uri: str,
        username: str,
        password: str,
        *,
        database: str,
        pool: int = 50,
        statement_sec: float | None = None,
        patience_sec: float = 10.0,
        permit: Callable[[], bool] | None = None,
        ca_file: Path | None = None,
        liveness_sec: float | None = None,
    ) -> Graph:
        """Open a pool of at most `pool` connections; nothing is sent before the first statement.

        The server gives up a transaction that runs longer than `statement_sec`; None leaves that to its own setting.
        Who gets no connection for `patience_sec` is told that the database is too busy. `permit` tells before each
        log-in whether the server may have the password; None: it may. `ca_file` and `liveness_sec` are those of
        `Endpoint`.
        """
        endpoint = Endpoint(uri, username, password, database, ca_file and str(ca_file), liveness_sec)
        address, options = endpoint.for_driver()
        if permit:
            options["auth"] = _Login(basic_auth(username, password), permit)
        driver = AsyncGraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType] - its options are untyped
            address,
            max_connection_pool_size=pool,
            connection_acquisition_timeout=patience_sec,
            notifications_min_severity="OFF",
            **options,
        )
        return cls(driver, endpoint, pool=pool, statement_sec=statement_sec, permit=permit)

    async def close(self) -> None:
        await self._driver.close()

    def check_permit(self) -> None:
        """For who sends the password by another way than the driver. Raise StoreUnavailable where it may not go."""
        if self._permit and not self._permit():
            raise StoreUnavailable(why=_FOREIGN)

    @asynccontextmanager
    async def session(
        self, *, read: bool = False, ahead: int = 1000, notify: bool = False
    ) -> AsyncGenerator[AsyncSession]:
        """A driver session, for streams; everything else goes through named statements.

        `ahead`: how many rows the driver asks for at once, and so holds. `notify`: ask the server for notifications.
        """
        async with self._driver.session(  # pyright: ignore[reportUnknownMemberType] - its options are untyped
            database=self.endpoint.database,
            default_access_mode="READ" if read else "WRITE",
            bookmark_manager=self._bookmarks,
            fetch_size=ahead,
            notifications_min_severity="INFORMATION" if notify else None,  # None: as the driver, which asks for none
        ) as session:
            seen = watching.get()
            if seen is None:
                yield session
                return
            seen.session(1)
            try:
                yield session
            finally:
                seen.session(-1)

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        """One statement, one transaction, one round trip; sent again while the failure is transient.

        A connection lost at the commit may have committed. Every write that goes this way is therefore guarded by
        an id made beforehand or by a state that it changes, so that sending it again finds its own work.
        """
        async with deadline.kept():
            return await _retried(lambda: self._sent(_query(name), parameters, seconds=self._statement_sec))

    async def _sent(self, query: Statement, parameters: Mapping[str, object], *, seconds: float | None) -> list[Row]:
        statement = DriverQuery(query.text, metadata=transaction_metadata(query.name), timeout=seconds)
        with timed(query.name):
            async with self.session(read=query.mode == "read") as session:
                result = await session.run(statement, query.sent(parameters))
                return [native(dict(record)) async for record in result]

    def with_deadline(self, *, seconds: float) -> Tx:
        """The same graph, for looks that are not worth waiting for: sent once, with only so much time."""
        return _WithDeadline(self._sent, seconds)

    async def transact(self, work: Callable[[Tx], Awaitable[T]], *, no_timeout: bool = False) -> T:
        """Run `work` in one write transaction; it may run again, so it touches nothing but its `Tx`.

        The driver's own way of running again counts seconds, and a slow moment of the machine can be longer than those.

        `no_timeout`: the transaction, and what follows it, may take longer than a request usually may.
        """
        seconds = None if no_timeout else self._statement_sec
        if no_timeout:
            deadline.lift()

        async def attempt() -> T:
            async with self._transaction(transaction_metadata(), seconds) as transaction:
                done, worked = await work(_Transaction(transaction)), perf_counter()
                await transaction.commit()
                telemetry.record_commit(perf_counter() - worked)
                return done

        async with deadline.kept():
            return await _retried(attempt)

    async def dry_run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """As `transact` without a timeout, but nothing is kept: return what would come of it."""
        deadline.lift()

        async def attempt() -> T:
            async with self._transaction(transaction_metadata("rehearsal"), None) as transaction:
                done = await work(_Transaction(transaction))
                await transaction.rollback()
                return done

        return await _retried(attempt)

    @asynccontextmanager
    async def dry_run_session(self) -> AsyncGenerator[Store]:
        """A store in which everything can be done and nothing is kept."""
        with translated():
            async with self._transaction(transaction_metadata("rehearsal"), None) as transaction:
                yield _Transaction(transaction)
                await transaction.rollback()

    @asynccontextmanager
    async def reading(
        self, *, seconds: float | None, ahead: int = 1000, notify: bool = False
    ) -> AsyncGenerator[AsyncTransaction]:
        """A transaction that only reads, for a stream; the server gives it up after `seconds`.

        `ahead` and `notify` are those of `session`.
        """
        metadata = transaction_metadata("reading")
        with translated():
            async with self._transaction(metadata, seconds, read=True, ahead=ahead, notify=notify) as transaction:
                yield transaction
                await transaction.rollback()

    @asynccontextmanager
    async def _transaction(
        self,
        metadata: dict[str, str],
        seconds: float | None,
        *,
        read: bool = False,
        ahead: int = 1000,
        notify: bool = False,
    ) -> AsyncGenerator[AsyncTransaction]:
        async with (
            self.session(read=read, ahead=ahead, notify=notify) as session,
            await session.begin_transaction(metadata=metadata, timeout=seconds) as transaction,
        ):
            yield transaction

    @asynccontextmanager
    async def committing(
        self, text: LiteralString, parameters: Mapping[str, object], *, write: bool
    ) -> AsyncGenerator[AsyncResult]:
        """One statement that somebody wrote, in a transaction of its own or in those that it makes.

        Raise WriteRefused for one that writes, unless it may.
        """
        with translated():
            async with self.session(read=not write, notify=True) as session:
                statement = DriverQuery(with_language(text), metadata=transaction_metadata())
                yield await session.run(statement, dict(parameters))

    async def is_running(self, mark: str) -> bool:
        """Whether the server still works on the transaction that was begun with this mark, with or without us."""
        (row,) = await self._execute(  # a request whose time is over may ask, too
            "SHOW TRANSACTIONS YIELD metaData WHERE metaData.mark = $mark RETURN count(*) AS running", {"mark": mark}
        )
        return row["running"] > 0

    async def execute(self, text: LiteralString, **parameters: object) -> list[Row]:
        """A statement that has no file: schema steps and server questions."""
        async with deadline.kept():
            return await self._execute(text, parameters)

    async def _execute(self, text: LiteralString, parameters: Mapping[str, object]) -> list[Row]:
        with translated():
            async with self.session() as session:
                statement = DriverQuery(LANGUAGE + text, metadata=transaction_metadata())
                result = await session.run(statement, dict(parameters))
                return [native(record.data()) async for record in result]


@dataclass(frozen=True, slots=True)
class _WithDeadline:
    """The `Tx` of `Graph.glance`."""

    send: Callable[..., Awaitable[list[Row]]]
    seconds: float

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        async with deadline.kept():
            with translated():
                return await self.send(_query(name), parameters, seconds=self.seconds)


def _removed_meanwhile(error: Exception) -> bool:
    """Whether a statement met something that a purge or a merge took away while it ran; from anew it will not."""
    return isinstance(error, ClientError) and error.code == "Neo.ClientError.Statement.EntityNotFound"


class translated:  # noqa: N801 - reads as a statement where it is used
    """Driver errors become ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (Neo4jError, DriverError)) and (ours := _ours(error)):
            raise ours from error


_AWAY = (
    DatabaseUnavailable,
    ForbiddenOnReadOnlyDatabase,
    NotALeader,
    ServiceUnavailable,
    SessionExpired,
    _NotPermitted,
)
"""There is no server, or none that works with us on this database: only an operator or time can help."""

_LOST = (
    "Neo.ClientError.Database.DatabaseNotFound",
    "Neo.ClientError.General.WriteOnReadOnlyAccessDatabase",
    "Neo.ClientError.Transaction.Terminated",
)
"""The database is not there (yet) or takes no writes; or somebody ended the transaction."""

_SECURITY = "Neo.ClientError.Security."
"""A wrong or expired password, or too many wrong ones from the same address, whoever sent them."""

_STATEMENTS = ("Neo.DatabaseError.Statement.", "Neo.DatabaseError.Schema.")
"""The server failed at what it was told to do; with other codes it has failed itself, as with a full disk."""


def _ours(error: Neo4jError | DriverError) -> OaGraphError | None:
    """What a failure means to whoever asked; None: a mistake in how the driver is used."""
    match error:
        case ConstraintError():
            return KeyTaken(why=error.message)
        case ConnectionAcquisitionTimeoutError():
            return StoreBusy(why=str(error))
        case Neo4jError() if telemetry.is_timeout(error):
            return StoreBusy(why=error.message)
        case Forbidden():
            return StoreUnavailable(why=str(error))
        case Neo4jError() if (error.code or "").startswith(_SECURITY):
            return LoginRefused(why=error.message)
        case Neo4jError() if isinstance(error, _AWAY) or error.code in _LOST:
            return StoreUnavailable(why=str(error))
        case DatabaseError() if not (error.code or "").startswith(_STATEMENTS):
            return StoreFailed(why=str(error))
        case Neo4jError() if error.is_retryable() or _removed_meanwhile(error):
            return RetriesExhausted(attempts=ATTEMPTS, why=error.message)
        case Neo4jError() if error.code == "Neo.ClientError.Statement.AccessMode":
            return WriteRefused(why=error.message)
        case Neo4jError():
            return StatementRefused(why=error.message)
        case _ if isinstance(error, _AWAY) or error.is_retryable():
            return StoreUnavailable(why=str(error))
        case _:
            return None


async def _retried(attempt: Callable[[], Awaitable[T]]) -> T:
    pause = _FIRST_PAUSE
    with translated():
        for _ in range(ATTEMPTS - 1):
            try:
                return await attempt()
            except (Neo4jError, DriverError) as error:
                ours = isinstance(error, ClientError) or not error.is_retryable()
                if ours and not _removed_meanwhile(error):
                    raise
            telemetry.record_retry()
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            pause *= 2
        return await attempt()
