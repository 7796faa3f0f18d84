"""A thread that supervises the managed server of a service and restarts it.

A killed server is restarted at once. A server that does not answer statements (it hangs, or its database failed, such
as on a full disk) is restarted after a timeout. A server that was stopped on purpose, or that another process works on,
is not touched. If restarts do not help, the service exits, so that its service manager notices.
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

from oa_graph.neo4j_server.errors import FolderBusy, ManagedServerError, NotMended, RestartCancelled, ServerStuck
from oa_graph.neo4j_server.server import HealthReport, ManagedNeo4j

log = logging.getLogger(__name__)

_CHECK_INTERVAL = 1.0  # seconds between two checks
_FAILURE_TIMEOUT = 30.0  # seconds without an answer before a running server is restarted
_RECOVERY_TIMEOUT = 600.0  # the same for a server without an answer since its start: a recovery takes minutes
_RESTART_INTERVAL = 600.0  # seconds between two restarts of running servers
_SUCCESS_AFTER = 60.0  # seconds until a restart counts as a success
_MAX_ATTEMPTS = 5  # failed restarts in a row before the service exits
_MAX_PAUSE = 60.0  # seconds between two failed restarts

DISK_FULL = 64 << 20
"""Free bytes that a restart needs: Neo4j preallocates a log of this size."""
_DISK_LOW = 1 << 30  # free bytes below which a warning is logged
_WARNING_INTERVAL = 600.0  # seconds between two warnings


@dataclass(frozen=True, slots=True)
class SupervisionHistory:
    """The results of earlier checks. Times are seconds of the monotonic clock."""

    healthy_at: float
    """When the server last answered, or was not supervised."""
    answered_start: str = ""
    """The start time of the last server that answered."""
    attempts: int = 0
    """Failed restarts in a row."""
    restarted_at: float = float("-inf")
    force_restarted_at: float = float("-inf")
    """When a running server was restarted."""


def record_health(health: HealthReport, history: SupervisionHistory, *, now: float) -> SupervisionHistory:
    """Return the history after a check."""
    if health.condition == "away":
        return replace(history, healthy_at=now)
    if health.condition != "answers":
        return history
    stays = history.attempts > 0 and now - history.restarted_at >= _SUCCESS_AFTER
    return replace(history, healthy_at=now, answered_start=health.start, attempts=0 if stays else history.attempts)


Action = Literal["none", "start", "restart", "give up"]


def decide(health: HealthReport, history: SupervisionHistory, *, now: float, free_bytes: int) -> Action:
    """Return the action that a check requires."""
    if health.condition in ("answers", "away"):
        return "none"
    if health.condition == "fails":
        timeout = _FAILURE_TIMEOUT if health.start == history.answered_start else _RECOVERY_TIMEOUT
        is_due = (
            now - history.healthy_at >= timeout
            and now - history.force_restarted_at >= _RESTART_INTERVAL
            and free_bytes >= DISK_FULL
        )
        return "restart" if is_due else "none"
    if history.attempts and free_bytes < DISK_FULL:
        return "none"
    if history.attempts >= _MAX_ATTEMPTS:
        return "give up"
    pause = min(2.0**history.attempts, _MAX_PAUSE) if history.attempts else 0
    return "start" if now - history.restarted_at >= pause else "none"


class Supervisor:
    """Supervises a started server during the context.

    When it gives up it calls `end`, which stops the work inside the context, and raises NotMended at the exit.
    """

    def __init__(self, server: ManagedNeo4j, *, end: Callable[[], None] | None = None) -> None:
        self._server = server
        self._end = end or _terminate
        self._history = SupervisionHistory(healthy_at=time.monotonic())
        self._look = HealthReport("answers", "")
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
        while not (self._halt.wait(_CHECK_INTERVAL) or self._failure):
            try:
                self._step()
            except Exception:  # the next check may succeed
                log.exception("Neo4j health check failed")

    def _step(self) -> None:
        free = free_bytes(self._server.data)
        self._warn_of_full_disk(free)
        health, now = self._server.check_health(), time.monotonic()
        self._report(health, free)
        self._history = record_health(health, self._history, now=now)
        match decide(health, self._history, now=now, free_bytes=free):
            case "none":
                pass
            case "give up":
                self._give_up()
            case action:
                self._restart(action)

    def _report(self, health: HealthReport, free: int) -> None:
        """Log a change of the condition."""
        previous, self._look = self._look, health
        is_first_failure = (
            health.condition == "fails" and previous.condition != "fails"
        )  # one look may meet a server that ends
        if is_first_failure or health.condition == self._reported:
            return
        self._reported = health.condition
        match health.condition:
            case "answers":
                log.warning("Neo4j is answering again")
            case "away":
                log.warning("Neo4j was stopped or is being changed by another process; not supervised meanwhile")
            case "ended":
                log.error("Neo4j exited; its logs are in %s", self._logs)
            case "fails":
                plan = f"after {_FAILURE_TIMEOUT:.0f} s" if free >= DISK_FULL else "once the full disk has space"
                log.error("Neo4j does not answer; restart %s; its logs are in %s", plan, self._logs)

    @property
    def _logs(self) -> Path:
        return self._server.data / "logs"

    def _warn_of_full_disk(self, free: int) -> None:
        now = time.monotonic()
        if free >= _DISK_LOW or now - self._warned_at < _WARNING_INTERVAL:
            return
        self._warned_at = now
        log.warning("disk of %s is nearly full: %d MiB free", self._server.data, free >> 20)

    def _restart(self, action: Action) -> None:
        log.warning("Neo4j: %s, attempt %d", action, self._history.attempts + 1)
        started, error = time.monotonic(), None
        try:
            if not self._server.restart(self._halt):
                return
        except (RestartCancelled, FolderBusy):
            return
        except (ManagedServerError, OSError) as failure:
            error = self._last_error = failure
        now = time.monotonic()
        self._history = replace(
            self._history,
            attempts=self._history.attempts + 1,
            restarted_at=now,
            force_restarted_at=now if action == "restart" else self._history.force_restarted_at,
        )
        if error:
            log.error("Neo4j: %s failed after %.1f s: %s", action, now - started, error)
            if isinstance(error, ServerStuck):
                self._give_up()
        else:
            log.warning("Neo4j restarted in %.1f s", now - started)

    def _give_up(self) -> None:
        why = self._last_error or "it exited soon after each start"
        self._failure = NotMended(attempts=self._history.attempts, why=why)
        log.critical("%s The service exits.", self._failure)
        self._end()


def free_bytes(folder: Path) -> int:
    """Return the free bytes of the disk of a folder."""
    return shutil.disk_usage(folder).free


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
