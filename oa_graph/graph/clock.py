"""One time for all processes that work on one database: the database's.

A process whose clock is minutes ahead would take the leases of other processes for lapsed, and lease their places
again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from oa_graph.errors import NotNow
from oa_graph.graph.session import Row, Tx, one

log = logging.getLogger(__name__)

_TOLERATED = timedelta(seconds=2)
"""A smaller difference comes from the time that an answer takes, and does no harm."""
_EVERY_SEC = 60.0


def _machine_time() -> datetime:
    return datetime.now(UTC)


class DatabaseClock:
    """A clock that returns the time of the database, by the latest comparison; this machine's time before the first."""

    def __init__(self, machine_time: Callable[[], datetime] = _machine_time) -> None:
        self._machine_time = machine_time
        self._ahead = timedelta()
        """How far the database's clock is ahead of this machine's."""

    def __call__(self) -> datetime:
        return self._machine_time() + self._ahead

    async def compare(self, tx: Tx) -> None:
        """Compare the clocks; the database's counts from then on if they differ."""
        sent = self._machine_time()
        database_time = await one(tx, "tasks/clock", _time)
        difference = database_time - (sent + (self._machine_time() - sent) / 2)
        ahead = difference if abs(difference) > _TOLERATED else timedelta()
        if abs(ahead - self._ahead) > _TOLERATED:
            log.warning(
                "the clock of this process is %.0f s off the database's, which is used instead",
                -difference.total_seconds(),
            )
        self._ahead = ahead

    async def follow(self, tx: Tx) -> None:
        """Compare the clocks now and each minute, until it is cancelled."""
        while True:
            try:
                await self.compare(tx)
            except NotNow as error:
                log.warning("clock not compared: %s", error)
            await asyncio.sleep(_EVERY_SEC)


def _time(row: Row) -> datetime:
    return row["now"]
