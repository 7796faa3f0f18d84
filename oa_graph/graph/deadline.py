"""When a request has to be over: connecting, waiting for the pool, statements and retries share one time limit.

The API sets it for each request; commands, streams and what an operator has waited for have none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from oa_graph.errors import StoreBusy


class _Deadline(NamedTuple):
    at: float
    """On the clock of the event loop."""
    seconds: float


_deadline: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Generator[None]:
    """Let everything that is asked of the graph inside end after that time, counted from now."""
    token = _deadline.set(_Deadline(asyncio.get_running_loop().time() + seconds, seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def lift() -> None:
    """Give the request in hand all the time that it needs from here on."""
    _deadline.set(None)


def has_passed() -> bool:
    """Tell whether the time of the request in hand is over."""
    deadline = _deadline.get()
    return deadline is not None and asyncio.get_running_loop().time() >= deadline.at


@asynccontextmanager
async def kept() -> AsyncGenerator[None]:
    """End what is done inside when the time of the request in hand is over. Raise StoreBusy then.

    The driver drops a connection on which something is cancelled. What was being committed may have been committed.
    """
    deadline = _deadline.get()
    timeout = asyncio.timeout_at(deadline and deadline.at)
    try:
        async with timeout:
            yield
    except TimeoutError as error:
        if deadline is None or not timeout.expired():
            raise
        raise StoreBusy(why=f"the {deadline.seconds:g} seconds of the request are over") from error
