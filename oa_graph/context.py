"""What every verb of a collection works with, and what every step of a tree does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from oa_graph.domain.limits import Limits, RateLimits
from oa_graph.domain.sessions import SessionLimits
from oa_graph.graph.session import Store, Tx

Clock = Callable[[], datetime]
"""Returns the time, as an aware datetime."""


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """What every step of a tree needs beside the tree: the transaction, the rules, the time and the random source."""

    tx: Tx
    limits: Limits
    now: datetime
    rng: Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The store, rules, clock and random source of an open collection; `dataclasses.replace` makes a changed one."""

    store: Store
    limits: Limits
    rate_limits: RateLimits | None = None
    """How often users may request tasks; None: without limit. The HTTP API counts by them, the verbs do not."""
    session_limits: SessionLimits = field(default_factory=SessionLimits)
    clock: Clock = utc_now
    rng: Random
    guidelines_cache_sec: float = 30.0
    """Seconds until a new guideline of another process takes effect in this one."""

    def step(self, tx: Tx) -> Step:
        """Return what a step in the transaction `tx` needs, at the present time."""
        return Step(tx, self.limits, self.clock(), self.rng)
