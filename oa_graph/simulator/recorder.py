"""The measurements of a run: latencies by endpoint, refusals, broken promises; and their report."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import ceil

from rich.console import Group
from rich.table import Table
from rich.text import Text

from oa_graph.client import ApiError, ClientError, ProtocolViolation

LOST_STATUS = 0
"""The status of a call without a response."""

_expected: ContextVar[frozenset[int]] = ContextVar("expected", default=frozenset())


@contextmanager
def expecting(codes: frozenset[int]) -> Generator[None]:
    """Mark refusals with these codes, of the calls inside, as expected."""
    token = _expected.set(codes)
    try:
        yield
    finally:
        _expected.reset(token)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A failure of calls of an endpoint. `code` None: the body has no code of the protocol."""

    endpoint: str
    status: int
    code: int | None
    expected: bool
    """Whether the crowd provoked it, or it is a normal response."""
    example: str
    """The message of the first one."""


@dataclass(frozen=True, slots=True)
class Latency:
    """The latencies of an endpoint in milliseconds, including refused calls."""

    count: int
    p50: float
    p90: float
    p99: float
    max: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Latency:
        """Return the statistics of at least one call."""
        ordered = sorted(milliseconds)
        return cls(
            count=len(ordered),
            p50=percentile(ordered, 0.5),
            p90=percentile(ordered, 0.9),
            p99=percentile(ordered, 0.99),
            max=ordered[-1],
        )


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return a percentile of sorted values by the nearest-rank method."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


@dataclass(slots=True)
class Recorder:
    """Records the measurements of a run, as the observer of its clients; belongs to one event loop."""

    latencies: dict[str, array[float]] = field(default_factory=dict[str, "array[float]"])
    """Milliseconds of each answered call, by endpoint."""
    mistakes: Counter[tuple[str, int, int | None, bool]] = field(
        default_factory=Counter[tuple[str, int, int | None, bool]]
    )
    """By endpoint, status, code and whether it was expected."""
    examples: dict[tuple[str, int, int | None, bool], str] = field(
        default_factory=dict[tuple[str, int, int | None, bool], str]
    )
    broken_promises: Counter[str] = field(default_factory=Counter[str])
    """Violations of the protocol, as sentences."""
    finished: Counter[str] = field(default_factory=Counter[str])
    """Answered tasks by kind."""
    skipped: Counter[str] = field(default_factory=Counter[str])
    """Skipped tasks by kind."""
    resent: int = 0
    """Calls that were repeated after a connection error."""

    def answered(self, endpoint: str, seconds: float) -> None:
        """Record the latency of an answered call."""
        self.latencies.setdefault(endpoint, array("d")).append(1000 * seconds)

    def repeated(self, endpoint: str) -> None:
        """Count a call that is sent again."""
        self.resent += 1

    def failed(self, error: ClientError) -> None:
        """Record a refusal, a lost call or a violation of the protocol."""
        match error:
            case ProtocolViolation():
                self.broken_promises[str(error)] += 1
            case ApiError():
                is_expected = error.is_among(_expected.get())
                self.record_mistake(Mistake(error.endpoint, error.status, error.code, is_expected, error.message))
            case _:
                self.record_mistake(Mistake(error.endpoint, LOST_STATUS, None, expected=False, example=str(error)))

    def record_mistake(self, mistake: Mistake) -> None:
        """Record a failed call."""
        key = (mistake.endpoint, mistake.status, mistake.code, mistake.expected)
        self.mistakes[key] += 1
        self.examples.setdefault(key, mistake.example)

    def report(self, *, users: int, seconds: float, seed: int, profiles: Mapping[str, int]) -> SimulationReport:
        """Return a report of all measurements."""
        return SimulationReport(
            users=users,
            seconds=seconds,
            seed=seed,
            profiles=dict(profiles),
            finished=dict(sorted(self.finished.items())),
            skipped=dict(sorted(self.skipped.items())),
            resent=self.resent,
            latencies={name: Latency.of(self.latencies[name]) for name in sorted(self.latencies)},
            mistakes={
                Mistake(*key, self.examples[key]): count
                for key, count in sorted(self.mistakes.items(), key=lambda item: (item[0][3], -item[1], item[0][:2]))
            },
            broken_promises=dict(self.broken_promises),
        )


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """The report of a run."""

    users: int
    seconds: float
    seed: int
    profiles: Mapping[str, int]
    """Number of bots by profile."""
    finished: Mapping[str, int]
    """Answered tasks by kind."""
    skipped: Mapping[str, int]
    """Skipped tasks by kind."""
    resent: int
    latencies: Mapping[str, Latency]
    """By endpoint, such as `POST /tasks/{id}/ack`."""
    mistakes: Mapping[Mistake, int]
    """Number of each, unexpected ones first."""
    broken_promises: Mapping[str, int]
    """Violations of the protocol, as sentences, with their number."""

    @property
    def tasks(self) -> int:
        """Return the number of answered tasks."""
        return sum(self.finished.values())

    @property
    def tasks_per_second(self) -> float:
        """Return the answered tasks per second over the whole run."""
        return self.tasks / self.seconds if self.seconds > 0 else 0.0

    @property
    def unexpected(self) -> tuple[str, ...]:
        """Return a line for each unexpected failure and violation."""
        mistakes = (
            f"{mistake.endpoint}: {_outcome(mistake)}, {count} times; the first: {mistake.example}"
            for mistake, count in self.mistakes.items()
            if not mistake.expected
        )
        return (*mistakes, *(f"{promise}, {count} times" for promise, count in self.broken_promises.items()))

    def as_json(self) -> dict[str, object]:
        """Return the report as JSON; times are in milliseconds unless a name says otherwise."""
        return {
            "users": self.users,
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
            "habits": dict(self.profiles),
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
            "broken_promises": dict(self.broken_promises),
            "unexpected": list(self.unexpected),
        }

    def table(self) -> Group:
        """Return the report as tables for rich."""
        parts = [self._work(), self._times(), *([self._refusals()] if self.mistakes else [])]
        # Text, since messages of the server must not be parsed as markup.
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
        table = Table(title="Failed calls")
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
