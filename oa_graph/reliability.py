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

from oa_graph.domain.posts import GRADED_LABELS, Role, TextLabel
from oa_graph.graph.reliability import LabelsGiven, RankingsGiven, labels_given, rankings_given
from oa_graph.graph.session import Graph
from oa_graph.language import normalized
from oa_graph.policy.agreement import (
    AgreementMeasurement,
    Metric,
    OneCoin,
    Unit,
    kendall_w,
    krippendorff_alpha,
    one_coin,
)

TREES = 20_000
"""How many trees are looked at, unless it is said otherwise: a quarter of a million posts, where trees have 12."""
AT_LEAST = 20
"""Fewer judgements say nothing of a person."""
BELOW = 0.6
"""Who is right less often is not trusted. A coin is right half of the time."""

_VERDICT = (TextLabel.SPAM, TextLabel.LANG_MISMATCH)
"""The labels that decide whether a post is accepted."""


class JudgementKind(StrEnum):
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
    work: JudgementKind
    value: float | None
    """In [0, 1]; None: not defined."""
    judgements: int
    """Reviews, or pairs of replies, that others judged too."""
    why: str | None = None
    """Why it is not defined."""


@dataclass(frozen=True, slots=True)
class AllJudgements:
    """What people said, and in how many trees of which language: all that figures are made of."""

    lang: str | None
    labels: LabelsGiven
    rankings: Sequence[RankingsGiven]


# From the graph


async def agreement(
    graph: Graph, *, lang: str | None = None, trees: int | None = TREES, seconds: float | None = None
) -> Agreements:
    """How far people agree in the first `trees` by id, or in all. Raise as `judgements` does."""
    judged = await judgements(graph, lang=lang, trees=trees, seconds=seconds)
    return await asyncio.to_thread(agreements, judged)


async def reliabilities(
    graph: Graph,
    *,
    lang: str | None = None,
    at_least: int = AT_LEAST,
    trees: int | None = TREES,
    seconds: float | None = None,
) -> list[Reliability]:
    """How reliable each person is who judged something in the first `trees` by id, or in all, that others judged too.

    Without a value, and with the reason, for those who judged less than `at_least` such things. Raise as `judgements`
    does.
    """
    judged = await judgements(graph, lang=lang, labels=_VERDICT, trees=trees, seconds=seconds)
    return await asyncio.to_thread(reliabilities_of, judged, at_least=at_least)


async def agreements_and_reliabilities(
    graph: Graph, *, lang: str | None = None, trees: int | None = TREES, seconds: float | None = None
) -> tuple[Agreements, list[Reliability]]:
    """`agreement` and `reliabilities` from one reading. Raise as `judgements` does."""
    judged = await judgements(graph, lang=lang, trees=trees, seconds=seconds)
    return await asyncio.to_thread(agreements, judged), await asyncio.to_thread(reliabilities_of, judged)


async def distrusted(
    graph: Graph, *, below: float = BELOW, at_least: int = AT_LEAST, lang: str | None = None, trees: int | None = TREES
) -> frozenset[str]:
    """The ids of users whose reviews or rankings are right less often than `below`.

    Who judged too little to tell is trusted. Raise as `judgements` does.
    """
    users = await reliabilities(graph, lang=lang, at_least=at_least, trees=trees)
    return frozenset(user.user for user in users if user.value is not None and user.value < below)


async def judgements(
    graph: Graph,
    *,
    lang: str | None = None,
    labels: Iterable[str] = tuple(TextLabel),
    trees: int | None = TREES,
    seconds: float | None = None,
) -> AllJudgements:
    """What people said in the first `trees` by id; neither of the two statements may take longer than so many seconds.

    Raise StoreBusy, StoreUnavailable.
    """
    lang = lang and normalized(lang)
    names = [str(label) for label in labels]
    given_labels = await labels_given(graph, names, lang=lang, trees=trees, seconds=seconds)
    ranked = await rankings_given(graph, lang=lang, trees=trees, seconds=seconds)
    return AllJudgements(lang, given_labels, ranked)


# From what people said


def agreements(judged: AllJudgements) -> Agreements:
    """How far people agree: takes a second for every 50 thousand posts."""
    return Agreements(
        judged.lang,
        judged.labels.trees,
        [_on_label(TextLabel(name), judged.labels) for name in judged.labels.values],
        [_on_rankings(role, judged.rankings) for role in (Role.ASSISTANT, Role.PROMPTER)],
    )


def _on_label(label: TextLabel, labels: LabelsGiven) -> Agreement:
    metric = Metric.INTERVAL if label in GRADED_LABELS else Metric.NOMINAL
    posts = labels.values[label]
    if metric is Metric.NOMINAL:
        posts = ([_yes(value) for value in values] for values in posts)
    measured = krippendorff_alpha(zip(labels.makers, posts, strict=True), metric)
    return _agreement(label.value, "krippendorff_alpha", metric, measured)


def _yes(value: float | None) -> float | None:
    """Frontends ask for a yes or a no and may send what lies between."""
    return None if value is None else float(value >= 0.5)


def _on_rankings(role: Role, rankings: Iterable[RankingsGiven]) -> Agreement:
    measured = kendall_w((ranking.makers, ranking.places) for ranking in rankings if ranking.role is role)
    return _agreement(f"{role}_replies", "kendall_w", None, measured)


def _agreement(
    name: str,
    measure: Literal["krippendorff_alpha", "kendall_w"],
    metric: Metric | None,
    measurement: AgreementMeasurement,
) -> Agreement:
    return Agreement(
        name,
        measure,
        metric,
        measurement.value,
        measurement.chance,
        measurement.items,
        measurement.people,
        measurement.judgements,
        measurement.why,
    )


def reliabilities_of(judged: AllJudgements, *, at_least: int = AT_LEAST) -> list[Reliability]:
    """How reliable each person is, by kind of work and id; `found` has the labels that decide verdicts."""
    return [
        *_reliabilities(JudgementKind.REVIEWS, one_coin(_rejections(judged.labels)), at_least),
        *_reliabilities(JudgementKind.RANKINGS, one_coin(_pairs(judged.rankings)), at_least),
    ]


def _rejections(labels: LabelsGiven) -> Iterator[Unit[bool]]:
    """Of each post: who would reject it."""
    columns = [labels.values[label] for label in _VERDICT]
    for makers, *post_values in zip(labels.makers, *columns, strict=True):
        yield makers, [_rejects(*values) for values in zip(*post_values, strict=True)]


def _rejects(spam: float | None, lang_mismatch: float | None) -> bool | None:
    if spam is None and lang_mismatch is None:
        return None
    return (spam or 0) + (lang_mismatch or 0) >= 0.5


def _pairs(rankings: Iterable[RankingsGiven]) -> Iterator[Unit[bool]]:
    """Of each pair of replies: who holds the one to be better than the other.

    Every other pair is asked the other way round: else one answer could be the likelier only because of the ids.
    """
    asked = 0
    for ranking in rankings:
        for one, other in combinations(sorted({reply for places in ranking.places for reply in places}), 2):
            asked += 1
            if asked % 2:
                one, other = other, one
            yield (
                ranking.makers,
                [
                    places[one] < places[other] if one in places and other in places else None
                    for places in ranking.places
                ],
            )


def _reliabilities(work: JudgementKind, model: OneCoin, at_least: int) -> Iterator[Reliability]:
    few = f"fewer than {at_least} judgements that others made too"
    for who, judged in sorted((str(who), judged) for who, judged in model.judgements.items()):
        if model.why or judged < at_least:
            yield Reliability(who, work, None, judged, model.why or few)
        else:
            yield Reliability(who, work, model.reliability[who], judged)
