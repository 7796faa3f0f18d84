"""What is counted: times, rates, and the CPU that it took."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, cast

import psutil


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds."""

    count: int
    p50: float
    p90: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency | None:
        if not seconds:
            return None
        ordered = sorted(seconds)

        def at(share: float) -> float:
            return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)

        return cls(len(ordered), at(0.5), at(0.9), at(0.99))


@dataclass(slots=True)
class Notes:
    """What the workers of one side write down."""

    seconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    failures: Counter[str] = field(default_factory=Counter[str])

    def time(self, name: str, begun: float) -> None:
        self.seconds.setdefault(name, []).append(perf_counter() - begun)

    def latencies(self) -> dict[str, Latency]:
        return {name: latency for name, seconds in self.seconds.items() if (latency := Latency.of(seconds))}


@dataclass(slots=True)
class Spent:
    """Seconds that passed, and CPU seconds that were spent in them; cores are CPU seconds by seconds."""

    wall: float = 0.0
    neo4j: float = 0.0
    service: float = 0.0
    client: float = 0.0
    others: float = 0.0
    """By everything else on the machine."""

    def __iadd__(self, other: Spent) -> Spent:
        self.wall += other.wall
        self.neo4j += other.neo4j
        self.service += other.service
        self.client += other.client
        self.others += other.others
        return self


class Meter:
    """Reads the CPU clocks of the processes that take part."""

    def __init__(self, *, neo4j: int | None, service: int | None) -> None:
        self._pids: Mapping[str, int | None] = {"neo4j": neo4j, "service": service, "client": os.getpid()}

    @contextmanager
    def reading(self) -> Generator[Spent]:
        """What the block costs, filled in at its end."""
        spent, begun = Spent(), perf_counter()
        before, busy = self._read(), _busy()
        try:
            yield spent
        finally:
            spent.wall = perf_counter() - begun
            after = {name: value - before[name] for name, value in self._read().items()}
            spent.neo4j, spent.service, spent.client = after["neo4j"], after["service"], after["client"]
            spent.others = max(0.0, _busy() - busy - sum(after.values()))

    def _read(self) -> dict[str, float]:
        return {name: _cpu(pid) if pid else 0.0 for name, pid in self._pids.items()}


def _cpu(pid: int) -> float:
    """CPU seconds of a process and of those that it started and that still run."""
    total = 0.0
    process = cast("Any", psutil.Process(pid))
    for member in (process, *process.children(recursive=True)):
        times = member.cpu_times()
        total += float(times.user) + float(times.system)
    return total


def _busy() -> float:
    times = cast("Any", psutil).cpu_times()
    return float(sum(times)) - float(times.idle) - float(getattr(times, "iowait", 0.0)) - _guests(times)


def _guests(times: Any) -> float:
    """Linux counts them among `user` and `nice` as well."""
    return float(getattr(times, "guest", 0.0)) + float(getattr(times, "guest_nice", 0.0))
