"""Who looks on while one request is worked on: the names, times and outcomes of what it asks of the graph.

The API sets a `Observer` for each request; commands have none, and nothing is spent on it then.
"""

from __future__ import annotations

from asyncio import CancelledError
from contextvars import ContextVar
from time import perf_counter
from types import TracebackType
from typing import Protocol

from neo4j.exceptions import ConstraintError, DriverError, Neo4jError

from oa_graph.graph import deadline

FIELDS = "fields"
"""The name by which a log record carries what is told apart from its message: `extra={FIELDS: {...}}`."""

COMMIT = "commit"
"""The name under which the end of a transaction of several statements is told, in the place of a statement's."""


class Observer(Protocol):
    """What is told of one request. It is called in the request's own task and must be quick."""

    @property
    def request(self) -> str:
        """The request's id, which the database's own log shows as well."""
        ...

    def statement(self, name: str, seconds: float, outcome: str) -> None:
        """A statement has ended as `done`, `taken` (a key is), `transient`, `timeout`, `away`, `failed` or `cancelled`.

        The time is from before a connection is sought until the last row is read.
        """
        ...

    def again(self) -> None:
        """A statement or a transaction is sent once more."""
        ...

    def session(self, change: int) -> None:
        """One session more (1) or less (-1) is open; each with work in it holds a connection of the pool."""
        ...

    def task(self, kind: str, outcome: str) -> None:
        """A step in the life of a task of this kind has ended so; the kind is empty where none is known."""
        ...


watching: ContextVar[Observer | None] = ContextVar("watching", default=None)


def record_task(kind: str | None, outcome: str) -> None:
    """Tell how a step in a task's life has ended."""
    if watch := watching.get():
        watch.task(kind or "", outcome)


def record_retry() -> None:
    """Tell that something is sent once more."""
    if watch := watching.get():
        watch.again()


def record_commit(seconds: float) -> None:
    """Tell how long the end of a transaction took, after its last statement."""
    if watch := watching.get():
        watch.statement(COMMIT, seconds, "done")


class timed:  # noqa: N801 - reads as a statement where it is used
    """Tells of the statement that is run inside."""

    __slots__ = ("_name", "_since", "_watch")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> timed:
        self._watch = watching.get()
        self._since = perf_counter()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._watch:
            self._watch.statement(self._name, perf_counter() - self._since, _outcome(error) if error else "done")


_TOO_LONG = (
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
    "Neo.ClientError.Transaction.LockClientStopped",
)
"""The last is what a transaction is told that was waiting for a lock, also when it is ended for another reason."""


def is_timeout(error: Neo4jError) -> bool:
    """Whether the server gave a transaction up because its time was over."""
    return error.code in _TOO_LONG


def _outcome(error: BaseException) -> str:
    match error:
        case ConstraintError():
            return "taken"
        case Neo4jError() if is_timeout(error):
            return "timeout"
        case CancelledError() if deadline.has_passed():
            return "timeout"
        case Neo4jError() if error.is_retryable():
            return "transient"
        case DriverError():
            return "away"
        case Exception():
            return "failed"
        case _:
            return "cancelled"
