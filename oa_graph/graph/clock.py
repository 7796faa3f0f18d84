"""One time for all processes that work on one database: the database's.

A process whose clock is minutes ahead would take reservations of the others for lapsed, and hand out their places.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from oa_graph.errors import NotNow
from oa_graph.graph.session import Row, Tx, one

log = logging.getLogger(__name__)

_TOLERATED = timedelta(seconds=2)
"""A smaller difference is that of an answer that took its time, and does no harm."""
_EVERY_SEC = 60.0

_ahead = timedelta()
"""How far the database's clock is ahead of the one of this process."""


def _own() -> datetime:
    return datetime.now(UTC)


def now() -> datetime:
    """The time, as the database has it by the latest look at its clock."""
    return _own() + _ahead


async def look(tx: Tx) -> None:
    """Compares the clocks; from then on `now` goes by the database's where they are apart."""
    global _ahead
    sent = _own()
    theirs = await one(tx, "tasks/clock", _moment)
    apart = theirs - (sent + (_own() - sent) / 2)
    seen = apart if abs(apart) > _TOLERATED else timedelta()
    if abs(seen - _ahead) > _TOLERATED:
        log.warning(
            "the clock of this process is %.0f s off the database's, which is used instead", -apart.total_seconds()
        )
    _ahead = seen


def _moment(row: Row) -> datetime:
    return row["now"]


async def follow(tx: Tx) -> None:
    """Compares the clocks now and each minute, until it is cancelled."""
    while True:
        try:
            await look(tx)
        except NotNow as error:
            log.warning("clock not compared: %s", error)
        await asyncio.sleep(_EVERY_SEC)
