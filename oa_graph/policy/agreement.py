"""Measures of agreement between raters, and an estimate of each rater's accuracy.

A *unit* is one judged thing: its raters and their values; a value is None where a rater gave none. Alpha and W measure
agreement; 1 is the best value. The one-coin model estimates how often each rater is right without known truth. An
undefined measure is None and has a reason: raters who had no chance to disagree do not agree.

Sums are exact or rounded once, so the order of units and raters does not change a measure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from math import exp, fsum, log
from typing import TypeVar

Rater = Hashable
T = TypeVar("T", bound=Hashable)
Unit = tuple[Sequence[Rater], Sequence[T | None]]
"""The raters of one thing and their values, in the same order; None: no value."""
Places = Mapping[str, float]
"""The place of each ranked thing, by id. Smaller is better; equal places are a tie."""


class Metric(StrEnum):
    """The distance between two values."""

    NOMINAL = "nominal"
    """0 for equal values, 1 for others."""
    INTERVAL = "interval"
    """The square of the difference."""


@dataclass(frozen=True, slots=True)
class AgreementMeasurement:
    """A measure of agreement, and the size of its data."""

    value: float | None
    """None: not defined."""
    items: int = 0
    """Units with at least two raters."""
    people: int = 0
    """Raters of these units."""
    judgements: int = 0
    chance: float | None = None
    """The expected value for random judgements."""
    why: str | None = None
    """Reason for a missing value."""


# Krippendorff's alpha


def krippendorff_alpha(units: Iterable[Unit[float]], metric: Metric = Metric.NOMINAL) -> AgreementMeasurement:
    """Return Krippendorff's alpha: 1 minus the ratio of the disagreement within units to that of all pairs of values.

    1: full agreement; 0: as by chance; below 0: less agreement than by chance. Units with fewer than two raters do
    not count. Alpha is undefined when all values are equal.
    """
    combinations, people = _pairable(units)
    values = Counter[float]()
    for combination, times in combinations.items():
        for value in combination:
            values[value] += times
    items, judgements = combinations.total(), values.total()
    if not items:
        return AgreementMeasurement(None, why="nothing was judged by two people")
    distances = _nominal_distances if metric is Metric.NOMINAL else _squared_distances
    total = distances(values) if len(values) > 1 else 0
    if not total:
        return AgreementMeasurement(None, items, len(people), judgements, why="everybody always said the same")
    within = fsum(
        times * distances(Counter(combination)) / (len(combination) - 1)
        for combination, times in combinations.items()
        if combination[0] != combination[-1]
    )
    return AgreementMeasurement(1 - (judgements - 1) * within / total, items, len(people), judgements, 0.0)


def _pairable(units: Iterable[Unit[float]]) -> tuple[Counter[tuple[float, ...]], set[Rater]]:
    """Return how often units got each combination of two or more values, and all raters of these units.

    Raters use few different values, so there are few combinations.
    """
    combinations = Counter[tuple[float, ...]]()
    people = set[Rater]()
    for raters, values in units:
        present = [value for value in values if value is not None]
        if len(present) > 1:
            combinations[tuple(sorted(present))] += 1
            people.update(raters if len(present) == len(values) else _raters_with_values(raters, values))
    return combinations, people


def _raters_with_values(raters: Sequence[Rater], values: Sequence[object]) -> list[Rater]:
    """Return the raters who gave a value."""
    return [rater for rater, value in zip(raters, values, strict=True) if value is not None]


def _nominal_distances(counts: Mapping[float, int]) -> float:
    """Return the number of ordered pairs of different values."""
    return sum(counts.values()) ** 2 - sum(times**2 for times in counts.values())


def _squared_distances(counts: Mapping[float, int]) -> float:
    """Return the sum of the squared differences of all ordered pairs, computed from the mean."""
    count = sum(counts.values())
    mean = fsum(times * value for value, times in counts.items()) / count
    return 2 * count * fsum(times * (value - mean) ** 2 for value, times in counts.items())


# Kendall's W


def concordance(rankings: Sequence[Sequence[float]]) -> float | None:
    """Return Kendall's W of rankings of the same things, corrected for ties; None when each ranking is one tie.

    Each ranking holds the place of each thing, in the same order of things. W is the spread of the sums of places,
    relative to the spread under full agreement: 1 for full agreement, 0 for equal sums. Its mean is 1/m for m random
    orders. The computation uses integers, so full agreement is exactly 1.
    """
    raters, things = len(rankings), len(rankings[0]) if rankings else 0
    doubled = [_doubled_ranks(ranking) for ranking in rankings]
    sums = [sum(column) for column in zip(*doubled, strict=True)]
    ties = sum(times**3 - times for ranks in doubled for times in Counter(ranks).values())
    largest = things * (raters**2 * (things**3 - things) - raters * ties)
    return 3 * (things * sum(rank_sum**2 for rank_sum in sums) - sum(sums) ** 2) / largest if largest else None


def _doubled_ranks(places: Sequence[float]) -> list[int]:
    """Return twice the rank of each place, from 1 on; ties get the mean of their ranks."""
    order = sorted(places)
    first: dict[float, int] = {}
    for rank, place in enumerate(order):
        first.setdefault(place, rank)
    if len(first) == len(order):
        return [2 * first[place] + 2 for place in places]
    return [2 * first[place] + order.count(place) + 1 for place in places]


def kendall_w(parents: Iterable[tuple[Sequence[Rater], Sequence[Places]]]) -> AgreementMeasurement:
    """Return the weighted mean of Kendall's W over several sets of rankings, such as the replies to each post.

    Only things that all rankings of a set hold count. A set of n things and m rankings has the weight m(n-1), the
    maximum of its Friedman statistic, so the mean is the sum of these statistics over the sum of their maxima.
    `AgreementMeasurement.chance` is the mean of 1/m with the same weights.
    """
    weights, values, chances = list[int](), list[float](), list[float]()
    people, judgements = set[Rater](), 0
    why = "nothing was ranked by two people"
    for raters, rankings in parents:
        if len(rankings) < 2:
            continue
        common = rankings[0].keys()
        if any(ranking.keys() != common for ranking in rankings):
            common = set(common).intersection(*rankings[1:])
        if len(common) < 2:
            why = "no two people ranked the same two things"
            continue
        value = concordance([[ranking[thing] for thing in common] for ranking in rankings])
        if value is None:
            why = "nobody tells any two things apart"
            continue
        weight = len(rankings) * (len(common) - 1)
        weights.append(weight)
        values.append(weight * value)
        chances.append(weight / len(rankings))
        people.update(raters)
        judgements += len(rankings)
    if not weights:
        return AgreementMeasurement(None, why=why)
    total = sum(weights)
    return AgreementMeasurement(fsum(values) / total, len(weights), len(people), judgements, fsum(chances) / total)


# One-coin model

_MIN_PROBABILITY = 1e-9
"""Probabilities stay this far from 0 and 1; otherwise a single vote could outweigh all others."""


@dataclass(frozen=True, slots=True)
class OneCoin:
    """The result of the one-coin model."""

    reliability: Mapping[Rater, float] = field(default_factory=dict[Rater, float])
    """The probability that each rater is right; empty when undefined."""
    judgements: Mapping[Rater, int] = field(default_factory=dict[Rater, int])
    """Counted judgements of each rater: those of units with another rater."""
    shares: Mapping[Hashable, float] = field(default_factory=dict[Hashable, float])
    """The estimated share of units in each category."""
    likelihoods: Sequence[float] = ()
    """The log-likelihood after each step; it falls only by rounding."""
    converged: bool = True
    items: int = 0
    """Units with at least two raters."""
    why: str | None = None
    """Reason for missing reliabilities."""


def one_coin(units: Iterable[Unit[Hashable]], *, steps: int = 200, tolerance: float = 1e-7) -> OneCoin:
    """Fit the model of Dawid and Skene with one parameter for each rater: the probability that they are right.

    All wrong categories are equally likely. The fit uses expectation maximization. It starts from the shares of the
    votes of each unit, and ends when a step raises the mean log-likelihood of a judgement by less than `tolerance`, or
    after `steps` steps. Units with fewer than two raters do not count.

    The model takes the weighted majority for the truth, so it rates a single rater with a better judgement as
    unreliable.
    """
    votes = _votes(units)
    people = list(dict.fromkeys(chain.from_iterable(raters for raters, _ in votes)))
    categories = list(dict.fromkeys(chain.from_iterable(values for _, values in votes)))
    judgements = Counter(chain.from_iterable(raters for raters, _ in votes))
    if len(categories) < 2:
        why = "everybody always said the same" if categories else "nothing was judged by two people"
        return OneCoin(judgements=judgements, items=len(votes), why=why)
    numbers, positions = (
        {person: i for i, person in enumerate(people)},
        {category: i for i, category in enumerate(categories)},
    )
    model = _OneCoinModel(
        [[(numbers[rater], positions[value]) for rater, value in zip(*vote, strict=True)] for vote in votes],
        [judgements[who] for who in people],
        len(categories),
    )
    likelihoods, converged = model.fit(steps, tolerance * judgements.total())
    return OneCoin(
        dict(zip(people, model.reliabilities, strict=True)),
        judgements,
        dict(zip(categories, model.shares, strict=True)),
        likelihoods,
        converged,
        len(votes),
    )


def _votes(units: Iterable[Unit[Hashable]]) -> list[tuple[Sequence[Rater], Sequence[Hashable]]]:
    """Return the units with at least two values, without missing values."""
    votes = list[tuple[Sequence[Rater], Sequence[Hashable]]]()
    for raters, values in units:
        present = [value for value in values if value is not None]
        if len(present) > 1:
            votes.append((raters if len(present) == len(values) else _raters_with_values(raters, values), present))
    return votes


class _OneCoinModel:
    """The state of the fit. Raters and categories are numbers; a vote is a pair of both."""

    def __init__(self, votes: Sequence[Sequence[tuple[int, int]]], judged: Sequence[int], category_count: int) -> None:
        self._votes = votes
        self._judged = judged
        self._category_count = category_count
        sums, shares = [0.0] * len(judged), [0.0] * category_count
        for vote in votes:
            counts = Counter(category for _, category in vote)
            for person, category in vote:
                sums[person] += counts[category] / len(vote)
            for category, times in counts.items():
                shares[category] += times / len(vote)
        self._maximise(sums, shares)

    def _maximise(self, sums: Sequence[float], shares: Sequence[float]) -> None:
        """Set reliabilities and shares to their most likely values for the expected categories."""
        self.reliabilities = [
            min(max(total / judged, _MIN_PROBABILITY), 1 - _MIN_PROBABILITY)
            for total, judged in zip(sums, self._judged, strict=True)
        ]
        self.shares = [max(share / len(self._votes), _MIN_PROBABILITY) for share in shares]

    def fit(self, steps: int, min_gain: float) -> tuple[tuple[float, ...], bool]:
        """Run steps until one gains less than `min_gain`; return the log-likelihoods, and whether the fit converged."""
        likelihoods = list[float]()
        for _ in range(steps):
            likelihood, sums, shares = self._expect()
            likelihoods.append(likelihood)
            if len(likelihoods) > 1 and likelihood - likelihoods[-2] < min_gain:
                return tuple(likelihoods), True
            self._maximise(sums, shares)
        return tuple(likelihoods), False

    def _expect(self) -> tuple[float, list[float], list[float]]:
        """Return the log-likelihood, the expected right votes by rater, and the expected units by category.

        `weights` are the log-ratios between a right vote and one for a certain wrong category.
        """
        wrong = [log((1 - reliability) / (self._category_count - 1)) for reliability in self.reliabilities]
        weights = [log(reliability) - other for reliability, other in zip(self.reliabilities, wrong, strict=True)]
        start = [log(share) for share in self.shares]
        sums, shares = [0.0] * len(weights), [0.0] * self._category_count
        likelihood = sum(map(float.__mul__, wrong, map(float, self._judged)))
        for votes in self._votes:
            scores = start.copy()
            for person, category in votes:
                scores[category] += weights[person]
            top = max(scores)
            chances = [exp(score - top) for score in scores]
            total = sum(chances)
            likelihood += top + log(total)
            for category, chance in enumerate(chances):
                chances[category] = chance = chance / total
                shares[category] += chance
            for person, category in votes:
                sums[person] += chances[category]
        return likelihood, sums, shares
