"""What is counted and timed for Prometheus, and `/metrics`, where it is read.

Requests are told apart by their route, never by their path, so that neither ids nor keys become series. With several
workers each writes its counts to files of a common folder, PROMETHEUS_MULTIPROC_DIR, which `oa-graph serve` makes, and
whichever of them is asked adds them up. What the graph holds is counted when it is asked for.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter as Tally
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from litestar import Response, get
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from oa_graph import hosting
from oa_graph.api.call import Call
from oa_graph.errors import OaGraphError
from oa_graph.graph import tasks, trees
from oa_graph.graph.session import Graph
from oa_graph.graph.trees import Grove
from oa_graph.model import Limits, TaskKind
from oa_graph.policy import sampling

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the Prometheus client knows that there are several workers."""

_REQUEST_SEC = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STATEMENT_SEC = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNROUTED = "none"
"""The route of what reached no handler."""
NOTHING_TO_DO = "nothing_to_do"
"""Counted instead of the status 503 that says that there is no task; the state of such a request holds the reason."""

_GLANCE_SEC, _PATIENCE_SEC = 3.0, 5.0
"""What a scrape grants the server for each statement, and all in all: Prometheus itself gives up after 10."""
_LANGUAGES, _LANGUAGES_SHOWN = 1000, 30
_PLACES = 1000
"""Reserved places that are counted in each pool."""


disable_created_metrics()  # a moment of birth for each series would double their number


class Metrics:
    """The counts of one process. Series are looked up by a cache: the library's own way takes a lock each time."""

    def __init__(self, *, pool: int) -> None:
        self.in_progress = 0
        """Requests that this process is answering."""
        self.registry = own = CollectorRegistry()
        self._requests = cache(
            Counter(
                "oa_graph_http_requests",
                f"Requests answered; `{NOTHING_TO_DO}` is the 503 that says that there is no task.",
                ["method", "route", "status"],
                registry=own,
            ).labels
        )
        self._request_sec = cache(
            Histogram(
                "oa_graph_http_request_duration_seconds",
                "From the request's first byte to the answer's last.",
                ["method", "route"],
                buckets=_REQUEST_SEC,
                registry=own,
            ).labels
        )
        self._open = Gauge(
            "oa_graph_http_requests_in_progress",
            "Requests that are being answered.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self._errors = cache(
            Counter(
                "oa_graph_errors",
                "Errors told to frontends, by their name in this program and by the protocol's code.",
                ["error", "code"],
                registry=own,
            ).labels
        )
        self._tasks = cache(
            Counter(
                "oa_graph_tasks", "Steps in the life of tasks, by how they ended.", ["kind", "outcome"], registry=own
            ).labels
        )
        self._statement_sec = cache(
            Histogram(
                "oa_graph_database_statement_duration_seconds",
                "From before a connection is sought until the last row is read; `commit` ends a transaction.",
                ["query"],
                buckets=_STATEMENT_SEC,
                registry=own,
            ).labels
        )
        self._statements = cache(
            Counter(
                "oa_graph_database_statements",
                "Statements sent, by name and outcome: done, taken, transient, timeout, away, failed, cancelled.",
                ["query", "outcome"],
                registry=own,
            ).labels
        )
        self._again = Counter(
            "oa_graph_database_retries", "Statements and transactions that were sent once more.", registry=own
        )
        self._sessions = Gauge(
            "oa_graph_database_sessions_in_use",
            "Sessions that are open; each with work in it holds a connection.",
            registry=own,
            multiprocess_mode="livesum",
        )
        Gauge(
            "oa_graph_database_connections_max",
            "Connections that the pools may open.",
            registry=own,
            multiprocess_mode="livesum",
        ).set(pool)

    # What happens in a request

    def begun(self) -> None:
        self.in_progress += 1
        self._open.inc()

    def answered(self, *, method: str, route: str, status: str, seconds: float) -> None:
        """The request that had `begun` is over."""
        self.in_progress -= 1
        self._open.dec()
        method = method if method in _METHODS else "other"
        self._requests(method, route, status).inc()
        self._request_sec(method, route).observe(seconds)

    def error(self, name: str, code: int) -> None:
        self._errors(name, code).inc()

    def task(self, kind: str, outcome: str) -> None:
        self._tasks(kind, outcome).inc()

    def statement(self, name: str, seconds: float, outcome: str) -> None:
        self._statement_sec(name).observe(seconds)
        self._statements(name, outcome).inc()

    def again(self) -> None:
        self._again.inc()

    def session(self, change: int) -> None:
        self._sessions.inc(change)

    # What is read

    def sources(self) -> Iterator[Collector]:
        """Where the counts of all workers are, and how each process is."""
        yield PlatformCollector(registry=None)
        folder = os.environ.get(FOLDER)
        if folder is None:
            yield cast("Collector", self.registry)
            yield ProcessCollector(registry=None)
            return
        alive = _alive(Path(folder))
        yield MultiProcessCollector(CollectorRegistry(), path=folder)
        yield _Given(list(_processes(alive)))


class _Given(Collector):
    """Families that were counted beforehand."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _alive(folder: Path) -> list[int]:
    """The processes that count there. Gauges of those that have died are dropped; counters stay."""
    found = {int(each.stem.rpartition("_")[2]) for each in folder.glob("counter_*.db")}
    dead = {pid for pid in found if not _is_alive(pid)}
    for gauges in folder.glob("gauge_live*_*.db"):
        if int(gauges.stem.rpartition("_")[2]) in dead:
            gauges.unlink(missing_ok=True)
    return sorted(found - dead)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _processes(pids: Collection[int]) -> Iterator[Metric]:
    """The usual metrics of a process, with its id where there are several."""
    merged: dict[str, Metric] = {}
    for pid in pids:
        for family in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():
            whole = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                whole.add_sample(sample.name, {"pid": str(pid)}, sample.value)
    yield from merged.values()


async def _graph_families(graph: Graph, limits: Limits) -> list[Metric]:
    """What the graph holds, or just that it does not answer."""
    up = GaugeMetricFamily("oa_graph_up", "Whether the graph database answers.")
    try:
        async with asyncio.timeout(_PATIENCE_SEC):
            found = await _held(graph, limits)
    except (OaGraphError, TimeoutError):
        up.add_metric([], 0)
        return [up]
    up.add_metric([], 1)
    return [up, *found]


async def _held(graph: Graph, limits: Limits) -> list[Metric]:
    tx, now = graph.glance(seconds=_GLANCE_SEC), datetime.now(UTC)
    groves = await trees.counts(tx, limit=_LANGUAGES, now=now)
    groves.sort(key=lambda each: -sum(each.states.values()))
    kinds = list(TaskKind)
    pools = [pool for each in groves[:_LANGUAGES_SHOWN] for pool in sampling.pools(kinds, each.lang, limits)]
    reserved = await tasks.reserved(tx, pools, limit=_PLACES, now=now)
    return [_trees(groves), _reserved(groves, reserved)]


def _trees(groves: Sequence[Grove]) -> Metric:
    """Trees by state and language. Languages are what people write there: beyond the largest they are summed up."""
    family = GaugeMetricFamily("oa_graph_trees", "Trees by state and language.", labels=["state", "lang"])
    tally = Tally[tuple[str, str]]()
    for number, grove in enumerate(groves):
        lang = grove.lang if number < _LANGUAGES_SHOWN else "other"
        tally.update({(state, lang): count for state, count in grove.states.items()})
    for (state, lang), count in tally.items():
        family.add_metric([state, lang], count)
    return family


def _reserved(groves: Sequence[Grove], places: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(
        "oa_graph_places_reserved",
        "Places that are wholly in somebody's hands, by kind of task; one that takes one more person is not counted.",
        labels=["kind"],
    )
    tally = Tally[str]({TaskKind.INITIAL_PROMPT.value: sum(each.leased for each in groves)})
    for pool, count in places.items():
        tally[sampling.kind_of(pool)] += count
    for kind in TaskKind:
        family.add_metric([kind], tally[kind])
    return family


def _disk(password_file: Path | None) -> list[Metric]:
    """Where the database is managed: another has operators of its own."""
    free = hosting.free_disk_bytes(password_file)
    family = GaugeMetricFamily("oa_graph_disk_free_bytes", "What the disk of the managed Neo4j has left.", value=free)
    return [] if free is None else [family]


def _written(metrics: Metrics, families: Sequence[Metric], accept: str) -> tuple[bytes, str]:
    scraped = CollectorRegistry()
    for source in metrics.sources():
        scraped.register(source)
    scraped.register(_Given(families))
    encode, kind = choose_encoder(accept)
    return encode(cast("Any", scraped)), kind


def _build() -> Metric:
    family = GaugeMetricFamily("oa_graph_build_info", "The version that runs.", labels=["version"])
    family.add_metric([version("oa-graph")], 1)
    return family


@get("/metrics", include_in_schema=False)
async def scrape(request: Call) -> Response[bytes]:
    """Everything that is counted, for Prometheus. Open, as in the original: a proxy keeps it inside."""
    graph = await _graph_families(request.graph, request.limits)
    families = [_build(), *_disk(request.desk.server.password_file), *graph]
    metrics = cast("Metrics", request.app.state["metrics"])
    # Litestar names the charset of texts by itself.
    body, kind = await asyncio.to_thread(_written, metrics, families, request.headers.get("accept", ""))
    return Response(body, media_type=kind.replace("; charset=utf-8", "") if kind.startswith("text/") else kind)
