"""How far people agree, and whom to trust, from what the graph holds.

Agreement is Krippendorff's alpha for each label of reviews, and Kendall's W for rankings of replies. How reliable a
person is, the one-coin model of Dawid and Skene says: from reviews, by whether a post should be rejected, and from
rankings, by which of two replies is better. `oa_graph.policy.agreement` has all three as plain functions.

All of it is computed from the first trees by id: as good as a draw, and always the same one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Literal

from oa_graph.graph import stats
from oa_graph.graph.session import Graph
from oa_graph.graph.stats import LabelsGiven, RankingsGiven
from oa_graph.language import normalized
from oa_graph.model import GRADED_LABELS, Role, TextLabel
from oa_graph.policy.agreement import Measure, Metric, OneCoin, Unit, kendall_w, krippendorff_alpha, one_coin

TREES = 20_000
"""How many trees are looked at, unless it is said otherwise: a quarter of a million posts, where trees have 12."""
AT_LEAST = 20
"""Fewer judgements say nothing of a person."""
BELOW = 0.6
"""Who is right less often is not trusted. A coin is right half of the time."""

_VERDICT = (TextLabel.SPAM, TextLabel.LANG_MISMATCH)
"""The labels that decide whether a post is accepted."""


class Work(StrEnum):
    """What people are judged by."""

    REVIEWS = "reviews"
    RANKINGS = "rankings"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree on one thing."""

    name: str
    """A label, or whose replies were ranked: `assistant_replies`, `prompter_replies`."""
    measure: Literal["krippendorff_alpha", "kendall_w"]
    metric: Metric | None
    """Of alpha: how far apart two values are."""
    value: float | None
    """None: not defined."""
    chance: float | None = None
    """What it would be on average if everybody judged at random."""
    items: int = 0
    """Posts, or parents of ranked replies, that two or more people judged."""
    people: int = 0
    judgements: int = 0
    """Labels, or rankings."""
    why: str | None = None
    """Why it is not defined."""


@dataclass(frozen=True, slots=True)
class Agreements:
    """How far people agree on each label, and on rankings."""

    lang: str | None
    """Of the trees; None: all."""
    trees: int
    """That were looked at."""
    labels: Sequence[Agreement] = ()
    rankings: Sequence[Agreement] = ()

    @property
    def rows(self) -> list[Agreement]:
        return [*self.labels, *self.rankings]


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often a person is right, as far as others can tell."""

    user: str
    work: Work
    value: float | None
    """In [0, 1]; None: not defined."""
    judgements: int
    """Reviews, or pairs of replies, that others judged too."""
    why: str | None = None
    """Why it is not defined."""


@dataclass(frozen=True, slots=True)
class Judgements:
    """What people said, and in how many trees of which language: all that figures are made of."""

    lang: str | None
    labels: LabelsGiven
    rankings: Sequence[RankingsGiven]


# From the graph


async def agreement(
    graph: Graph, *, lang: str | None = None, trees: int | None = TREES, seconds: float | None = None
) -> Agreements:
    """How far people agree in the first `trees` by id, or in all. Raises as `judgements` does."""
    found = await judgements(graph, lang=lang, trees=trees, seconds=seconds)
    return await asyncio.to_thread(agreements, found)


async def reliabilities(
    graph: Graph,
    *,
    lang: str | None = None,
    at_least: int = AT_LEAST,
    trees: int | None = TREES,
    seconds: float | None = None,
) -> list[Reliability]:
    """How reliable each person is who judged something in the first `trees` by id, or in all, that others judged too.

    Without a value, and with the reason, for those who judged less than `at_least` such things. Raises as `judgements`
    does.
    """
    found = await judgements(graph, lang=lang, labels=_VERDICT, trees=trees, seconds=seconds)
    return await asyncio.to_thread(reliabilities_of, found, at_least=at_least)


async def both(
    graph: Graph, *, lang: str | None = None, trees: int | None = TREES, seconds: float | None = None
) -> tuple[Agreements, list[Reliability]]:
    """`agreement` and `reliabilities` from one reading. Raises as `judgements` does."""
    found = await judgements(graph, lang=lang, trees=trees, seconds=seconds)
    return await asyncio.to_thread(agreements, found), await asyncio.to_thread(reliabilities_of, found)


async def distrusted(
    graph: Graph, *, below: float = BELOW, at_least: int = AT_LEAST, lang: str | None = None, trees: int | None = TREES
) -> frozenset[str]:
    """The ids of users whose reviews or rankings are right less often than `below`.

    Who judged too little to tell is trusted. Raises as `judgements` does.
    """
    found = await reliabilities(graph, lang=lang, at_least=at_least, trees=trees)
    return frozenset(each.user for each in found if each.value is not None and each.value < below)


async def judgements(
    graph: Graph,
    *,
    lang: str | None = None,
    labels: Iterable[str] = tuple(TextLabel),
    trees: int | None = TREES,
    seconds: float | None = None,
) -> Judgements:
    """What people said in the first `trees` by id; neither of the two statements may take longer than so many seconds.

    Raises StoreBusy, StoreUnavailable.
    """
    lang = lang and normalized(lang)
    names = [str(label) for label in labels]
    given = await stats.labels_given(graph, names, lang=lang, trees=trees, seconds=seconds)
    ranked = await stats.rankings_given(graph, lang=lang, trees=trees, seconds=seconds)
    return Judgements(lang, given, ranked)


# From what people said


def agreements(found: Judgements) -> Agreements:
    """How far people agree: takes a second for every 50 thousand posts."""
    return Agreements(
        found.lang,
        found.labels.trees,
        [_on_label(TextLabel(name), found.labels) for name in found.labels.values],
        [_on_rankings(role, found.rankings) for role in (Role.ASSISTANT, Role.PROMPTER)],
    )


def _on_label(label: TextLabel, given: LabelsGiven) -> Agreement:
    metric = Metric.INTERVAL if label in GRADED_LABELS else Metric.NOMINAL
    said = given.values[label]
    if metric is Metric.NOMINAL:
        said = ([_yes(value) for value in values] for values in said)
    measured = krippendorff_alpha(zip(given.makers, said, strict=True), metric)
    return _agreement(label.value, "krippendorff_alpha", metric, measured)


def _yes(value: float | None) -> float | None:
    """Frontends ask for a yes or a no and may send what lies between."""
    return None if value is None else float(value >= 0.5)


def _on_rankings(role: Role, given: Iterable[RankingsGiven]) -> Agreement:
    measured = kendall_w((each.makers, each.places) for each in given if each.role is role)
    return _agreement(f"{role}_replies", "kendall_w", None, measured)


def _agreement(
    name: str, measure: Literal["krippendorff_alpha", "kendall_w"], metric: Metric | None, found: Measure
) -> Agreement:
    return Agreement(
        name, measure, metric, found.value, found.chance, found.items, found.people, found.judgements, found.why
    )


def reliabilities_of(found: Judgements, *, at_least: int = AT_LEAST) -> list[Reliability]:
    """How reliable each person is, by kind of work and id; `found` has the labels that decide verdicts."""
    return [
        *_reliabilities(Work.REVIEWS, one_coin(_rejections(found.labels)), at_least),
        *_reliabilities(Work.RANKINGS, one_coin(_pairs(found.rankings)), at_least),
    ]


def _rejections(given: LabelsGiven) -> Iterator[Unit[bool]]:
    """Of each post: who would reject it."""
    columns = [given.values[label] for label in _VERDICT]
    for makers, *said in zip(given.makers, *columns, strict=True):
        yield makers, [_rejects(*each) for each in zip(*said, strict=True)]


def _rejects(spam: float | None, lang_mismatch: float | None) -> bool | None:
    if spam is None and lang_mismatch is None:
        return None
    return (spam or 0) + (lang_mismatch or 0) >= 0.5


def _pairs(given: Iterable[RankingsGiven]) -> Iterator[Unit[bool]]:
    """Of each pair of replies: who holds the one to be better than the other.

    Every other pair is asked the other way round: else one answer could be the likelier only because of the ids.
    """
    asked = 0
    for each in given:
        for one, other in combinations(sorted({reply for places in each.places for reply in places}), 2):
            asked += 1
            if asked % 2:
                one, other = other, one
            yield (
                each.makers,
                [places[one] < places[other] if one in places and other in places else None for places in each.places],
            )


def _reliabilities(work: Work, model: OneCoin, at_least: int) -> Iterator[Reliability]:
    few = f"fewer than {at_least} judgements that others made too"
    for who, judged in sorted((str(who), judged) for who, judged in model.judgements.items()):
        if model.why or judged < at_least:
            yield Reliability(who, work, None, judged, model.why or few)
        else:
            yield Reliability(who, work, model.reliability[who], judged)
