"""What a run measured: calls by endpoint, refusals, promises that the server broke; and the report of it."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from rich.console import Group
from rich.table import Table
from rich.text import Text

LOST_STATUS = 0
"""Stands for the status of a call that got no answer at all."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One way in which calls of an endpoint failed. `code` None: the body held no code of the protocol."""

    endpoint: str
    status: int
    code: int | None
    expected: bool
    """Whether the crowd provoked it, or the protocol names it as a normal answer."""
    example: str
    """The words of the first one."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the calls of one endpoint took, in milliseconds, refused ones included."""

    count: int
    p50: float
    p90: float
    p99: float
    max: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Latency:
        """The figures of at least one call."""
        ordered = sorted(milliseconds)
        return cls(
            count=len(ordered),
            p50=percentile(ordered, 0.5),
            p90=percentile(ordered, 0.9),
            p99=percentile(ordered, 0.99),
            max=ordered[-1],
        )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least of the ordered values that at least this share of them does not exceed (nearest rank)."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


@dataclass(slots=True)
class Ledger:
    """Takes the notes while a run is going on; belongs to one event loop."""

    latencies: dict[str, array[float]] = field(default_factory=dict[str, "array[float]"])
    """Milliseconds of each answered call, by endpoint."""
    mistakes: Counter[tuple[str, int, int | None, bool]] = field(
        default_factory=Counter[tuple[str, int, int | None, bool]]
    )
    """By endpoint, status, code and whether it was expected."""
    examples: dict[tuple[str, int, int | None, bool], str] = field(
        default_factory=dict[tuple[str, int, int | None, bool], str]
    )
    broken: Counter[str] = field(default_factory=Counter[str])
    """Promises of the protocol that did not hold, in words."""
    finished: Counter[str] = field(default_factory=Counter[str])
    """Answered tasks by kind."""
    skipped: Counter[str] = field(default_factory=Counter[str])
    """Tasks given back, by kind."""
    resent: int = 0
    """Calls that were sent again because a connection broke."""

    def time(self, endpoint: str, milliseconds: float) -> None:
        """Note how long an answered call took."""
        self.latencies.setdefault(endpoint, array("d")).append(milliseconds)

    def mistake(self, mistake: Mistake) -> None:
        """Note a call that did not succeed."""
        key = (mistake.endpoint, mistake.status, mistake.code, mistake.expected)
        self.mistakes[key] += 1
        self.examples.setdefault(key, mistake.example)

    def report(self, *, users: int, seconds: float, seed: int, habits: Mapping[str, int]) -> Report:
        """All that was noted until now, as one value."""
        return Report(
            users=users,
            seconds=seconds,
            seed=seed,
            habits=dict(habits),
            finished=dict(sorted(self.finished.items())),
            skipped=dict(sorted(self.skipped.items())),
            resent=self.resent,
            latencies={name: Latency.of(self.latencies[name]) for name in sorted(self.latencies)},
            mistakes={
                Mistake(*key, self.examples[key]): count
                for key, count in sorted(self.mistakes.items(), key=lambda item: (item[0][3], -item[1], item[0][:2]))
            },
            broken=dict(self.broken),
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What a crowd did and how the server took it."""

    users: int
    seconds: float
    seed: int
    habits: Mapping[str, int]
    """How many bots had which habit."""
    finished: Mapping[str, int]
    """Answered tasks by kind."""
    skipped: Mapping[str, int]
    """Tasks given back, by kind."""
    resent: int
    latencies: Mapping[str, Latency]
    """By endpoint, such as `POST /tasks/{id}/ack`."""
    mistakes: Mapping[Mistake, int]
    """How often each; unexpected ones first."""
    broken: Mapping[str, int]
    """Promises of the protocol that did not hold, in words, and how often."""

    @property
    def tasks(self) -> int:
        """All answered tasks."""
        return sum(self.finished.values())

    @property
    def tasks_per_second(self) -> float:
        """Answered tasks over the whole run."""
        return self.tasks / self.seconds if self.seconds > 0 else 0.0

    @property
    def unexpected(self) -> tuple[str, ...]:
        """A line for everything that should not have happened; empty after a good run."""
        refused = (
            f"{mistake.endpoint}: {_outcome(mistake)}, {count} times; the first: {mistake.example}"
            for mistake, count in self.mistakes.items()
            if not mistake.expected
        )
        return (*refused, *(f"{promise}, {count} times" for promise, count in self.broken.items()))

    def as_json(self) -> dict[str, object]:
        """The report for machines; times in milliseconds unless a name says otherwise."""
        return {
            "users": self.users,
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
            "habits": dict(self.habits),
            "tasks": {
                "finished": dict(self.finished),
                "skipped": dict(self.skipped),
                "total": self.tasks,
                "per_second": round(self.tasks_per_second, 3),
            },
            "resent": self.resent,
            "endpoints": {
                name: {
                    "count": latency.count,
                    "p50": round(latency.p50, 3),
                    "p90": round(latency.p90, 3),
                    "p99": round(latency.p99, 3),
                    "max": round(latency.max, 3),
                }
                for name, latency in self.latencies.items()
            },
            "errors": [
                {
                    "endpoint": mistake.endpoint,
                    "status": mistake.status,
                    "error_code": mistake.code,
                    "expected": mistake.expected,
                    "count": count,
                    "example": mistake.example,
                }
                for mistake, count in self.mistakes.items()
            ],
            "broken_promises": dict(self.broken),
            "unexpected": list(self.unexpected),
        }

    def table(self) -> Group:
        """The report for people, to be printed by rich."""
        parts = [self._work(), self._times(), *([self._refusals()] if self.mistakes else [])]
        # The words are the server's: as Text, no bracket in them is taken for markup.
        return Group(*parts, *(Text(line, style="red") for line in self.unexpected))

    def _work(self) -> Table:
        table = Table(title=f"{self.tasks} tasks in {self.seconds:.1f} s: {self.tasks_per_second:.1f} a second")
        table.add_column("kind of task")
        for column in ("answered", "skipped"):
            table.add_column(column, justify="right")
        for kind in sorted({*self.finished, *self.skipped}):
            table.add_row(kind, str(self.finished.get(kind, 0)), str(self.skipped.get(kind, 0)))
        return table

    def _times(self) -> Table:
        table = Table(title="Latency in milliseconds")
        table.add_column("endpoint")
        for column in ("calls", "p50", "p90", "p99", "max"):
            table.add_column(column, justify="right")
        for name, latency in self.latencies.items():
            figures = (latency.p50, latency.p90, latency.p99, latency.max)
            table.add_row(name, str(latency.count), *(f"{figure:.1f}" for figure in figures))
        return table

    def _refusals(self) -> Table:
        table = Table(title="Calls without success")
        for column in ("endpoint", "answer"):
            table.add_column(column)
        table.add_column("times", justify="right")
        table.add_column("expected")
        for mistake, count in self.mistakes.items():
            table.add_row(mistake.endpoint, _outcome(mistake), str(count), "yes" if mistake.expected else "NO")
        return table


def _outcome(mistake: Mistake) -> str:
    if mistake.status == LOST_STATUS:
        return "no answer"
    return f"{mistake.status}" if mistake.code is None else f"{mistake.status}/{mistake.code}"
