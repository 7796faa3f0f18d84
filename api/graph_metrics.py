"""Metrics of the graph, read when Prometheus asks: trees by state and language, and reserved places."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Sequence

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from oa_graph.collection import Collection
from oa_graph.domain.tasks import TaskKind
from oa_graph.errors import OaGraphError
from oa_graph.graph import tasks, trees
from oa_graph.graph.trees import LanguageTreeCounts
from oa_graph.policy import sampling

_STATEMENT_SEC, _TOTAL_SEC = 3.0, 5.0
"""Time limits of each statement and of all of them. Prometheus itself gives up after 10 seconds."""
_LANGUAGES, _LANGUAGES_SHOWN = 1000, 30
_PLACES = 1000
"""The most reserved places that are counted in one pool."""


async def graph_families(collection: Collection) -> list[Metric]:
    """Return the metrics of the graph, or only that it does not answer."""
    up = GaugeMetricFamily("oa_graph_up", "Whether the graph database answers.")
    try:
        async with asyncio.timeout(_TOTAL_SEC):
            families = await _counted(collection)
    except (OaGraphError, TimeoutError):
        up.add_metric([], 0)
        return [up]
    up.add_metric([], 1)
    return [up, *families]


async def _counted(collection: Collection) -> list[Metric]:
    tx, now = collection.graph.with_deadline(seconds=_STATEMENT_SEC), collection.context.clock()
    language_counts = await trees.counts(tx, limit=_LANGUAGES, now=now)
    language_counts.sort(key=lambda counts: -sum(counts.states.values()))
    kinds = list(TaskKind)
    pools = [
        pool
        for counts in language_counts[:_LANGUAGES_SHOWN]
        for pool in sampling.pools(kinds, counts.lang, collection.context.limits)
    ]
    reserved = await tasks.reserved(tx, pools, limit=_PLACES, now=now)
    return [_trees(language_counts), _reserved(language_counts, reserved)]


def _trees(language_counts: Sequence[LanguageTreeCounts]) -> Metric:
    """Trees by state and language. Users write the languages, so all but the largest are summed up as `other`."""
    family = GaugeMetricFamily("oa_graph_trees", "Trees by state and language.", labels=["state", "lang"])
    tally = Tally[tuple[str, str]]()
    for number, counts in enumerate(language_counts):
        lang = counts.lang if number < _LANGUAGES_SHOWN else "other"
        tally.update({(state, lang): count for state, count in counts.states.items()})
    for (state, lang), count in tally.items():
        family.add_metric([state, lang], count)
    return family


def _reserved(language_counts: Sequence[LanguageTreeCounts], places: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(
        "oa_graph_places_reserved",
        "Places that are wholly in somebody's hands, by kind of task; one that takes one more person is not counted.",
        labels=["kind"],
    )
    tally = Tally[str]({TaskKind.INITIAL_PROMPT.value: sum(counts.leased for counts in language_counts)})
    for pool, count in places.items():
        tally[sampling.kind_of(pool)] += count
    for kind in TaskKind:
        family.add_metric([kind], tally[kind])
    return family
