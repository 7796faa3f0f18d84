"""Keeping the managed server up for a service: a thread that looks at it and starts it again.

A server that was killed is started at once, one that runs and answers no statement (hung, or a database that has given
up as on a full disk) after a while. One that was stopped on purpose, or that somebody works on, is left alone. Where
that does not help, the service is ended, so that whatever runs the service sees it.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from oa_graph.managed.errors import FolderBusy, ManagedServer, NotMended, RestartCancelled, ServerStuck
from oa_graph.managed.server import Look, Server

log = logging.getLogger(__name__)

_EVERY = 1.0  # seconds between two looks
_FAILS = 30.0  # seconds without an answer after which a server is ended and started again
_RECOVERS = 600.0  # the same for a server that has not answered since its start: a recovery takes minutes
_AGAIN = 600.0  # seconds between two restarts of servers that run
_STAYS_UP = 60.0  # seconds after which a restart counts as a success
_ATTEMPTS = 5  # restarts in a row without success, after which the service ends
_LONGEST_PAUSE = 60.0  # seconds between two of them

DISK_FULL = 64 << 20
"""Free bytes below which a server that has failed is not started again: Neo4j lays out a log of this size first."""
_DISK_LOW = 1 << 30  # free bytes below which there is a warning
_REPEAT = 600.0  # seconds between two warnings


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier looks have left, in seconds of the monotonic clock."""

    well_at: float
    """When the server answered last, or was not ours to look after."""
    answered: str = ""
    """The start of the server that has answered."""
    attempts: int = 0
    """Restarts in a row without success."""
    mended_at: float = float("-inf")
    failed_at: float = float("-inf")
    """When a server that ran was ended and started again."""


def after(look: Look, past: Past, *, now: float) -> Past:
    """Take note of a look."""
    if look.condition == "away":
        return replace(past, well_at=now)
    if look.condition != "answers":
        return past
    stays = past.attempts > 0 and now - past.mended_at >= _STAYS_UP
    return replace(past, well_at=now, answered=look.start, attempts=0 if stays else past.attempts)


Action = Literal["none", "start", "restart", "give up"]


def decide(look: Look, past: Past, *, now: float, free_bytes: int) -> Action:
    """Say what a look calls for."""
    if look.condition in ("answers", "away"):
        return "none"
    if look.condition == "fails":
        patience = _FAILS if look.start == past.answered else _RECOVERS
        is_due = now - past.well_at >= patience and now - past.failed_at >= _AGAIN and free_bytes >= DISK_FULL
        return "restart" if is_due else "none"
    if past.attempts and free_bytes < DISK_FULL:
        return "none"
    if past.attempts >= _ATTEMPTS:
        return "give up"
    pause = min(2.0**past.attempts, _LONGEST_PAUSE) if past.attempts else 0
    return "start" if now - past.mended_at >= pause else "none"


class Supervisor:
    """Looks after a server that was started, for as long as the context lasts.

    When it gives up it calls `end`, which ends the work inside the context, and raises NotMended at its end.
    """

    def __init__(self, server: Server, *, end: Callable[[], None] | None = None) -> None:
        self._server = server
        self._end = end or _terminate
        self._past = Past(well_at=time.monotonic())
        self._look = Look("answers", "")
        self._reported = self._look.condition
        self._halt = threading.Event()
        self._failure: NotMended | None = None
        self._last_error: Exception | None = None
        self._warned_at = float("-inf")
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._halt.set()
        self._thread.join()
        if self._failure:
            raise self._failure from self._last_error

    def _run(self) -> None:
        while not (self._halt.wait(_EVERY) or self._failure):
            try:
                self._step()
            except Exception:  # whatever it is, the next look may be better
                log.exception("the look at Neo4j failed")

    def _step(self) -> None:
        free = free_bytes(self._server.data)
        self._warn_of_full_disk(free)
        look, now = self._server.look(), time.monotonic()
        self._report(look, free)
        self._past = after(look, self._past, now=now)
        match decide(look, self._past, now=now, free_bytes=free):
            case "none":
                pass
            case "give up":
                self._give_up()
            case action:
                self._mend(action)

    def _report(self, look: Look, free: int) -> None:
        """Log what has changed."""
        before, self._look = self._look, look
        is_passing = look.condition == "fails" and before.condition != "fails"  # one look may meet a server that ends
        if is_passing or look.condition == self._reported:
            return
        self._reported = look.condition
        match look.condition:
            case "answers":
                log.warning("Neo4j answers again")
            case "away":
                log.warning("Neo4j was stopped, or is being started, stopped or moved; it is left alone")
            case "ended":
                log.error("Neo4j has ended; its logs are in %s", self._logs)
            case "fails":
                plan = f"after {_FAILS:.0f} s" if free >= DISK_FULL else "once the disk has room, which is full"
                log.error("Neo4j runs and does not answer; it is restarted %s; its logs are in %s", plan, self._logs)

    @property
    def _logs(self) -> Path:
        return self._server.data / "logs"

    def _warn_of_full_disk(self, free: int) -> None:
        now = time.monotonic()
        if free >= _DISK_LOW or now - self._warned_at < _REPEAT:
            return
        self._warned_at = now
        log.warning("the disk of %s is nearly full: %d MiB are free", self._server.data, free >> 20)

    def _mend(self, action: Action) -> None:
        log.warning("Neo4j: %s, attempt %d", action, self._past.attempts + 1)
        started, error = time.monotonic(), None
        try:
            if not self._server.mend(self._halt):
                return
        except (RestartCancelled, FolderBusy):
            return
        except (ManagedServer, OSError) as failure:
            error = self._last_error = failure
        now = time.monotonic()
        self._past = replace(
            self._past,
            attempts=self._past.attempts + 1,
            mended_at=now,
            failed_at=now if action == "restart" else self._past.failed_at,
        )
        if error:
            log.error("Neo4j: %s failed after %.1f s: %s", action, now - started, error)
            if isinstance(error, ServerStuck):
                self._give_up()
        else:
            log.warning("Neo4j was started again in %.1f s", now - started)

    def _give_up(self) -> None:
        why = self._last_error or "it ended soon after each start"
        self._failure = NotMended(attempts=self._past.attempts, why=why)
        log.critical("%s The service ends.", self._failure)
        self._end()


def free_bytes(folder: Path) -> int:
    """Give how many bytes the disk of a folder has left."""
    return shutil.disk_usage(folder).free


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
