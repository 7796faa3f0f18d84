"""`/metrics` for Prometheus.

With several workers, each writes its counts to files in a common folder, PROMETHEUS_MULTIPROC_DIR, which
`oa-graph serve` creates. The worker that answers a scrape adds them up.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from litestar import Response, get
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from oa_graph import installation
from oa_graph.api.graph_metrics import graph_families
from oa_graph.api.request import ApiRequest
from oa_graph.api.request_metrics import Metrics

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which the Prometheus client knows that there are several workers."""


def _sources(metrics: Metrics) -> Iterator[Collector]:
    """Yield the collectors of the counts of all workers, and of each process."""
    yield PlatformCollector(registry=None)
    folder = os.environ.get(FOLDER)
    if folder is None:
        yield cast("Collector", metrics.registry)
        yield ProcessCollector(registry=None)
        return
    alive = _alive(Path(folder))
    yield MultiProcessCollector(CollectorRegistry(), path=folder)
    yield _FixedCollector(list(_processes(alive)))


class _FixedCollector(Collector):
    """Metrics that were read beforehand."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _alive(folder: Path) -> list[int]:
    """Return the live processes that count there. Gauges of dead processes are deleted; their metrics stay."""
    pids = {int(file.stem.rpartition("_")[2]) for file in folder.glob("counter_*.db")}
    dead = {pid for pid in pids if not _is_alive(pid)}
    for gauges in folder.glob("gauge_live*_*.db"):
        if int(gauges.stem.rpartition("_")[2]) in dead:
            gauges.unlink(missing_ok=True)
    return sorted(pids - dead)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _processes(pids: Iterable[int]) -> Iterator[Metric]:
    """The usual metrics of a process, with its id where there are several."""
    merged: dict[str, Metric] = {}
    for pid in pids:
        for family in ProcessCollector(pid=lambda pid=pid: pid, registry=None).collect():
            whole = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                whole.add_sample(sample.name, {"pid": str(pid)}, sample.value)
    yield from merged.values()


def _disk(password_file: Path | None) -> list[Metric]:
    """The free disk space of a managed Neo4j; none for another server."""
    free = installation.free_disk_bytes(password_file)
    family = GaugeMetricFamily("oa_graph_disk_free_bytes", "What the disk of the managed Neo4j has left.", value=free)
    return [] if free is None else [family]


def _written(metrics: Metrics, families: Sequence[Metric], accept: str) -> tuple[bytes, str]:
    scraped = CollectorRegistry()
    for source in _sources(metrics):
        scraped.register(source)
    scraped.register(_FixedCollector(families))
    encode, kind = choose_encoder(accept)
    return encode(cast("Any", scraped)), kind


def _build() -> Metric:
    family = GaugeMetricFamily("oa_graph_build_info", "The version that runs.", labels=["version"])
    family.add_metric([version("oa-graph")], 1)
    return family


@get("/metrics", include_in_schema=False)
async def scrape(request: ApiRequest) -> Response[bytes]:
    """All metrics, for Prometheus. Without a key, as in the original: a proxy has to keep it private."""
    graph = await graph_families(request.collection)
    families = [_build(), *_disk(request.password_file), *graph]
    metrics = cast("Metrics", request.app.state["metrics"])
    # Litestar names the charset of texts by itself.
    body, kind = await asyncio.to_thread(_written, metrics, families, request.headers.get("accept", ""))
    return Response(body, media_type=kind.replace("; charset=utf-8", "") if kind.startswith("text/") else kind)
