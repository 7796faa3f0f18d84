"""How far people agree, and how often each is right, from nothing but what they said.

What is judged is a *unit*: who judged it, and what each of them said, None where somebody said nothing. Alpha and W are
measures of agreement, 1 at best; the one-coin model says of each person how often he is right, though nobody knows what
is. Where a figure is not defined it is None and says why: that people had no chance to disagree is no agreement.

Sums are exact or rounded once, so neither the order of units nor that of people changes a measure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from math import exp, fsum, log
from typing import TypeVar

Who = Hashable
T = TypeVar("T", bound=Hashable)
Unit = tuple[Sequence[Who], Sequence[T | None]]
"""Who judged one thing, and what each said of it, in the same order; None: nothing."""
Places = Mapping[str, float]
"""By the id of what was ranked: its place in somebody's order, the smaller the better; equal places are a tie."""


class Metric(StrEnum):
    """How far apart two values are."""

    NOMINAL = "nominal"
    """They differ or they do not."""
    ORDINAL = "ordinal"
    """By how many of all values lie between them."""
    INTERVAL = "interval"
    """By their difference."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How far people agree, and what that was computed from."""

    value: float | None
    """None: not defined."""
    items: int = 0
    """Units that two or more people judged."""
    people: int = 0
    """Who judged them."""
    judgements: int = 0
    chance: float | None = None
    """What the value would be on average if everybody judged at random."""
    why: str | None = None
    """Why there is no value."""


# Krippendorff's alpha


def krippendorff_alpha(units: Iterable[Unit[float]], metric: Metric = Metric.NOMINAL) -> Measure:
    """Krippendorff's alpha: 1 less the disagreement within units over that between any two values of all units.

    1: all agree; 0: as if values were dealt out at random; below 0: people disagree more than by chance. Units that
    fewer than two people judged do not count. Not defined when all values are the same: nobody could have disagreed.
    """
    alike, people = _pairable(units)
    values = Counter[float]()
    for said, times in alike.items():
        for value in said:
            values[value] += times
    items, judgements = alike.total(), values.total()
    if not items:
        return Measure(None, why="nothing was judged by two people")
    apart = _apart(metric, values)
    total = apart(values) if len(values) > 1 else 0
    if not total:
        return Measure(None, items, len(people), judgements, why="everybody always said the same")
    within = fsum(
        times * apart(Counter(said)) / (len(said) - 1) for said, times in alike.items() if said[0] != said[-1]
    )
    return Measure(1 - (judgements - 1) * within / total, items, len(people), judgements, 0.0)


def _pairable(units: Iterable[Unit[float]]) -> tuple[Counter[tuple[float, ...]], set[Who]]:
    """How often each combination of two values or more was given to a unit, and by whom in all.

    People give few different values, so the combinations are few, however many units there are.
    """
    alike = Counter[tuple[float, ...]]()
    people = set[Who]()
    for who, said in units:
        given = [value for value in said if value is not None]
        if len(given) > 1:
            alike[tuple(sorted(given))] += 1
            people.update(who if len(given) == len(said) else _speakers(who, said))
    return alike, people


def _speakers(who: Sequence[Who], said: Sequence[object]) -> list[Who]:
    """Those who said something."""
    return [each for each, value in zip(who, said, strict=True) if value is not None]


def _apart(metric: Metric, values: Mapping[float, int]) -> Callable[[Mapping[float, int]], float]:
    """A function from values, with how often each was given, to the sum of distances over all ordered pairs of them.

    The ordinal distance is that between the middles of two values when all that were given stand in a row.
    """
    if metric is Metric.NOMINAL:
        return _different
    if metric is Metric.INTERVAL:
        return _squares
    middles, below = dict[float, float](), 0
    for value in sorted(values):
        middles[value] = below + values[value] / 2
        below += values[value]
    return lambda given: _squares({middles[value]: times for value, times in given.items()})


def _different(given: Mapping[float, int]) -> float:
    return sum(given.values()) ** 2 - sum(times**2 for times in given.values())


def _squares(given: Mapping[float, int]) -> float:
    """The sum of the squares of all differences, by way of the mean."""
    count = sum(given.values())
    mean = fsum(times * value for value, times in given.items()) / count
    return 2 * count * fsum(times * (value - mean) ** 2 for value, times in given.items())


# Kendall's W


def concordance(rankings: Sequence[Sequence[float]]) -> float | None:
    """Kendall's W of rankings of the same things, with the correction for ties; None when nobody tells any two apart.

    Each ranking gives the place of each thing, in the same order of things. W compares how far sums of places lie from
    each other with how far they would if all agreed: 1 then, 0 when the sums are all the same. Of m orders made at
    random it is 1/m on average. Whole numbers throughout, so full agreement is 1 and not nearly 1.
    """
    raters, things = len(rankings), len(rankings[0]) if rankings else 0
    doubled = [_doubled_ranks(ranking) for ranking in rankings]
    sums = [sum(column) for column in zip(*doubled, strict=True)]
    ties = sum(times**3 - times for ranks in doubled for times in Counter(ranks).values())
    most = things * (raters**2 * (things**3 - things) - raters * ties)
    return 3 * (things * sum(each**2 for each in sums) - sum(sums) ** 2) / most if most else None


def _doubled_ranks(places: Sequence[float]) -> list[int]:
    """Twice the rank of each from 1 on; who ties has the mean of the ranks that they share."""
    order = sorted(places)
    first: dict[float, int] = {}
    for rank, place in enumerate(order):
        first.setdefault(place, rank)
    if len(first) == len(order):
        return [2 * first[place] + 2 for place in places]
    return [2 * first[place] + order.count(place) + 1 for place in places]


def kendall_w(parents: Iterable[tuple[Sequence[Who], Sequence[Places]]]) -> Measure:
    """Kendall's W of several sets of rankings: for each set of replies by itself, then the mean.

    Of each set those things count that all of its rankings have. In the mean a set of n things that m people ranked
    weighs m(n-1): that is the most that Friedman's statistic of it can be, so the mean is the sum of these statistics
    over the most that they could come to. `Measure.chance` is the mean of 1/m, weighed in the same way.
    """
    weights, values, chances = list[int](), list[float](), list[float]()
    people, judgements = set[Who](), 0
    why = "nothing was ranked by two people"
    for who, rankings in parents:
        if len(rankings) < 2:
            continue
        common = rankings[0].keys()
        if any(ranking.keys() != common for ranking in rankings):
            common = set(common).intersection(*rankings[1:])
        if len(common) < 2:
            why = "no two people ranked the same two things"
            continue
        value = concordance([[ranking[each] for each in common] for ranking in rankings])
        if value is None:
            why = "nobody tells any two things apart"
            continue
        weight = len(rankings) * (len(common) - 1)
        weights.append(weight)
        values.append(weight * value)
        chances.append(weight / len(rankings))
        people.update(who)
        judgements += len(rankings)
    if not weights:
        return Measure(None, why=why)
    total = sum(weights)
    return Measure(fsum(values) / total, len(weights), len(people), judgements, fsum(chances) / total)


# One coin for each person

_SURE = 1e-9
"""Nobody is held to be right, or wrong, more surely than to within this: else one vote would outweigh all others."""


@dataclass(frozen=True, slots=True)
class OneCoin:
    """What the one-coin model says."""

    reliability: Mapping[Who, float] = field(default_factory=dict[Who, float])
    """How often each person is right; empty when that is not defined."""
    judgements: Mapping[Who, int] = field(default_factory=dict[Who, int])
    """Of each person, those that count: of what somebody else judged too."""
    shares: Mapping[Hashable, float] = field(default_factory=dict[Hashable, float])
    """How much of what was judged is what, by what was said of it."""
    likelihoods: Sequence[float] = ()
    """The logarithm of the likelihood, step by step; it never falls but by rounding."""
    converged: bool = True
    items: int = 0
    """Units that two or more people judged."""
    why: str | None = None
    """Why there are no reliabilities."""


def one_coin(units: Iterable[Unit[Hashable]], *, steps: int = 200, tolerance: float = 1e-7) -> OneCoin:
    """The model of Dawid and Skene with one number for each person: how often he is right, whatever is the truth.

    Who is wrong is wrong in each way as often. Found by expectation and maximisation from a start that follows from the
    votes alone: each unit is what its votes say, in their proportion. Ends when a step makes the mean log-likelihood of
    a judgement greater by less than `tolerance`, or after so many steps. Units that fewer than two people judged do not
    count, since they tell nothing of anybody.

    The truth of the model is what most people say, weighed by how often they are right: who is alone with a better
    judgement is taken for unreliable.
    """
    votes = _votes(units)
    people = list(dict.fromkeys(chain.from_iterable(who for who, _ in votes)))
    kinds = list(dict.fromkeys(chain.from_iterable(said for _, said in votes)))
    judgements = Counter(chain.from_iterable(who for who, _ in votes))
    if len(kinds) < 2:
        why = "everybody always said the same" if kinds else "nothing was judged by two people"
        return OneCoin(judgements=judgements, items=len(votes), why=why)
    numbers, places = {each: i for i, each in enumerate(people)}, {each: i for i, each in enumerate(kinds)}
    coins = _Coins(
        [[(numbers[who], places[said]) for who, said in zip(*vote, strict=True)] for vote in votes],
        [judgements[who] for who in people],
        len(kinds),
    )
    likelihoods, converged = coins.settle(steps, tolerance * judgements.total())
    return OneCoin(
        dict(zip(people, coins.right, strict=True)),
        judgements,
        dict(zip(kinds, coins.shares, strict=True)),
        likelihoods,
        converged,
        len(votes),
    )


def _votes(units: Iterable[Unit[Hashable]]) -> list[tuple[Sequence[Who], Sequence[Hashable]]]:
    """What counts."""
    found = list[tuple[Sequence[Who], Sequence[Hashable]]]()
    for who, said in units:
        given = [value for value in said if value is not None]
        if len(given) > 1:
            found.append((who if len(given) == len(said) else _speakers(who, said), given))
    return found


class _Coins:
    """The state of the model, people and kinds as numbers: votes are pairs of the two."""

    def __init__(self, votes: Sequence[Sequence[tuple[int, int]]], judged: Sequence[int], kinds: int) -> None:
        self._votes = votes
        self._judged = judged
        self._kinds = kinds
        sums, shares = [0.0] * len(judged), [0.0] * kinds
        for each in votes:
            agreed = Counter(kind for _, kind in each)
            for who, kind in each:
                sums[who] += agreed[kind] / len(each)
            for kind, times in agreed.items():
                shares[kind] += times / len(each)
        self._maximise(sums, shares)

    def _maximise(self, sums: Sequence[float], shares: Sequence[float]) -> None:
        """People and kinds as they are most likely when each unit is what it is believed to be."""
        self.right = [
            min(max(total / judged, _SURE), 1 - _SURE) for total, judged in zip(sums, self._judged, strict=True)
        ]
        self.shares = [max(share / len(self._votes), _SURE) for share in shares]

    def settle(self, steps: int, least: float) -> tuple[tuple[float, ...], bool]:
        """Steps until one gains less than `least`; the log-likelihood before each, and whether it came to that."""
        likelihoods = list[float]()
        for _ in range(steps):
            likelihood, sums, shares = self._expect()
            likelihoods.append(likelihood)
            if len(likelihoods) > 1 and likelihood - likelihoods[-2] < least:
                return tuple(likelihoods), True
            self._maximise(sums, shares)
        return tuple(likelihoods), False

    def _expect(self) -> tuple[float, list[float], list[float]]:
        """The log-likelihood; by person, how many votes are believed to be right; by kind, how much there is of it.

        A vote that is right is `weight` more likely, in logarithms, than one that is wrong in a certain way.
        """
        wrong = [log((1 - each) / (self._kinds - 1)) for each in self.right]
        weights = [log(each) - other for each, other in zip(self.right, wrong, strict=True)]
        start = [log(each) for each in self.shares]
        sums, shares = [0.0] * len(weights), [0.0] * self._kinds
        likelihood = sum(map(float.__mul__, wrong, map(float, self._judged)))
        for votes in self._votes:
            scores = start.copy()
            for who, kind in votes:
                scores[kind] += weights[who]
            top = max(scores)
            chances = [exp(score - top) for score in scores]
            total = sum(chances)
            likelihood += top + log(total)
            for kind, chance in enumerate(chances):
                chances[kind] = chance = chance / total
                shares[kind] += chance
            for who, kind in votes:
                sums[who] += chances[kind]
        return likelihood, sums, shares
