"""Agreement and reliability: published figures, worked examples, and what must hold whatever people say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.policy.agreement import (
    Metric,
    Places,
    Unit,
    concordance,
    kendall_w,
    krippendorff_alpha,
    one_coin,
)

each_metric = pytest.mark.parametrize("metric", Metric)

_ = None

OBSERVERS = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3),
    (_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _),
)
"""Four observers of twelve units: Krippendorff, Computing Krippendorff's alpha-reliability (2011), section C."""


def seen_by(*observers: Sequence[float | None]) -> list[Unit[float]]:
    """Units, from what each observer said of all of them."""
    people = [f"observer {i}" for i in range(len(observers))]
    return [(people, judgements) for judgements in zip(*observers, strict=True)]


@st.composite
def judged(draw: st.DrawFn, values: st.SearchStrategy[float], *, alike: bool = False) -> list[Unit[float]]:
    """Units that several people judged, with gaps; `alike`: those who judge one say the same."""
    units: list[Unit[float]] = []
    for _ in range(draw(st.integers(1, 12))):
        people = draw(st.lists(st.sampled_from("abcde"), unique=True, max_size=5))
        judgements = [draw(values)] * len(people) if alike else [draw(values) for _ in people]
        units.append((people, [None if draw(st.integers(0, 5)) == 0 else value for value in judgements]))
    return units


LIKERT = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
ANY = st.one_of(LIKERT, st.integers(0, 10**6).map(lambda value: value / 10**6))


# Krippendorff's alpha


@pytest.mark.parametrize(("metric", "alpha"), [(Metric.NOMINAL, 0.743), (Metric.INTERVAL, 0.849)])
def test_alpha_is_that_of_the_published_example(metric: Metric, alpha: float) -> None:
    measurement = krippendorff_alpha(seen_by(*OBSERVERS), metric)
    assert measurement.value == pytest.approx(alpha, abs=0.0005)
    assert (measurement.items, measurement.people, measurement.judgements) == (11, 4, 40)
    assert (measurement.chance, measurement.why) == (0.0, None)


def test_alpha_of_yes_and_no_is_that_of_the_published_example() -> None:
    # the same paper, section A: two observers, ten units
    one, other = (0, 1, 0, 0, 0, 0, 0, 0, 1, 0), (1, 1, 1, 0, 0, 1, 0, 0, 0, 0)
    assert krippendorff_alpha(seen_by(one, other)).value == pytest.approx(0.095, abs=0.0005)


def test_alpha_of_five_names_is_that_of_the_published_example() -> None:
    # the same paper, section B: two observers, twelve units
    measurement = krippendorff_alpha(seen_by([*map(ord, "aabbdcccedda")], [*map(ord, "babbbccceddd")]))
    assert measurement.value == pytest.approx(0.692, abs=0.0005)


@each_metric
@pytest.mark.parametrize(
    ("units", "why"),
    [
        ([], "nothing was judged by two people"),
        ([("a", [1.0]), ("ab", [None, 0.0])], "nothing was judged by two people"),
        ([("ab", [1.0, 1.0]), ("bc", [1.0, 1.0])], "everybody always said the same"),
        # what one person alone said of something else is no variation
        ([("ab", [0.1, 0.1]), ("abc", [0.1, 0.1, 0.1]), ("a", [0.9])], "everybody always said the same"),
    ],
)
def test_where_nobody_could_disagree_alpha_is_not_defined(metric: Metric, units: list[Unit[float]], why: str) -> None:
    measurement = krippendorff_alpha(units, metric)
    assert (measurement.value, measurement.chance, measurement.why) == (None, None, why)


def test_values_as_near_to_each_other_as_numbers_can_be_are_the_same() -> None:
    measurement = krippendorff_alpha([("ab", [0.0, 1e-300]), ("ab", [1e-300, 0.0])], Metric.INTERVAL)
    assert (measurement.value, measurement.why) == (None, "everybody always said the same")


@each_metric
def test_alpha_is_negative_where_people_disagree_more_than_by_chance(metric: Metric) -> None:
    value = krippendorff_alpha([("ab", [0.0, 1.0]), ("ab", [1.0, 0.0])], metric).value
    assert value == pytest.approx(-0.5)


@each_metric
@given(units=judged(ANY), rng=st.randoms(use_true_random=False))
def test_alpha_is_at_most_1_and_depends_on_no_order(metric: Metric, units: list[Unit[float]], rng: Random) -> None:
    measurement = krippendorff_alpha(units, metric)
    assert measurement.value is None or measurement.value <= 1
    assert (measurement.value is None) == (measurement.why is not None)
    mixed: list[Unit[float]] = []
    for who, judgements in units:
        order = rng.sample(range(len(who)), len(who))
        mixed.append(([who[i] for i in order], [judgements[i] for i in order]))
    rng.shuffle(mixed)
    assert krippendorff_alpha(mixed, metric) == measurement


@each_metric
@given(units=judged(ANY, alike=True))
def test_full_agreement_is_1_if_there_was_anything_to_differ_in(metric: Metric, units: list[Unit[float]]) -> None:
    answered = [[value for value in judgements if value is not None] for _, judgements in units]
    values = {value for judgements in answered if len(judgements) > 1 for value in judgements}
    assert krippendorff_alpha(units, metric).value == (1.0 if len(values) > 1 else None)


@given(units=judged(LIKERT))
def test_alpha_is_the_same_for_any_scale_and_for_two_values_by_any_metric(units: list[Unit[float]]) -> None:
    far = [(who, [None if value is None else 8 * value + 3 for value in judgements]) for who, judgements in units]
    for metric in Metric:
        assert krippendorff_alpha(far, metric).value == pytest.approx(krippendorff_alpha(units, metric).value)
    halves = [
        (who, [None if value is None else float(value >= 0.5) for value in judgements]) for who, judgements in units
    ]
    nominal, interval = (krippendorff_alpha(halves, metric).value for metric in Metric)
    assert nominal == pytest.approx(interval)


# Kendall's W


def test_w_is_that_of_the_published_example() -> None:
    # three executives rank six applicants: Siegel, Nonparametric statistics (1956), chapter 9
    assert concordance([(1, 6, 3, 2, 5, 4), (1, 5, 6, 4, 2, 3), (6, 3, 2, 5, 4, 1)]) == pytest.approx(0.162, abs=0.0005)


def test_w_with_ties_is_that_of_the_published_example() -> None:
    # Kendall, Rank correlation methods (1948), chapter 6
    x = (1, 4.5, 2, 4.5, 3, 7.5, 6, 9, 7.5, 10)
    y = (2.5, 1, 2.5, 4.5, 4.5, 8, 9, 6.5, 10, 6.5)
    z = (2, 1, 4.5, 4.5, 4.5, 4.5, 8, 8, 8, 10)
    assert concordance([x, y, z]) == pytest.approx(0.828, abs=0.0005)


def ranked(*orders: str) -> tuple[str, list[Places]]:
    """Several people's orders of letters, best first."""
    return "uvwxyz"[: len(orders)], [{letter: place for place, letter in enumerate(order)} for order in orders]


def test_w_of_several_parents_is_a_mean_by_what_each_could_tell() -> None:
    # 1 from 2 people and 3 replies weighs 4, 0 from 2 people and 2 replies weighs 2
    measurement = kendall_w([ranked("abc", "abc"), ranked("pq", "qp")])
    assert measurement.value == pytest.approx(4 / 6)
    assert (measurement.items, measurement.people, measurement.judgements, measurement.chance) == (
        2,
        2,
        4,
        pytest.approx(1 / 2),
    )


def test_chance_is_what_random_orders_come_to() -> None:
    rng = Random(5)
    measurement = kendall_w(ranked(*("".join(rng.sample("abcd", 4)) for _ in range(3))) for _ in range(3000))
    assert measurement.chance == pytest.approx(1 / 3)
    assert measurement.value == pytest.approx(1 / 3, abs=0.02)


def test_only_replies_that_all_rankers_saw_count() -> None:
    assert kendall_w([ranked("abc", "acbd", "abe")]).value == 1.0


@pytest.mark.parametrize(
    ("parents", "why"),
    [
        ([], "nothing was ranked by two people"),
        ([ranked("abc")], "nothing was ranked by two people"),
        ([ranked("ab", "bc")], "no two people ranked the same two things"),
        ([("uv", [{"a": 1, "b": 1}, {"a": 2, "b": 2}])], "nobody tells any two things apart"),
    ],
)
def test_where_no_orders_can_be_compared_w_is_not_defined(parents: list[tuple[str, list[Places]]], why: str) -> None:
    measurement = kendall_w(parents)
    assert (measurement.value, measurement.chance, measurement.why) == (None, None, why)


@st.composite
def parents(draw: st.DrawFn, *, alike: bool = False) -> list[tuple[str, list[Places]]]:
    """Rankings of the replies to several posts: of different sets, with ties."""
    rankings: list[tuple[str, list[Places]]] = []
    for _ in range(draw(st.integers(0, 6))):
        replies = "abcde"[: draw(st.integers(1, 5))]
        place = st.integers(0, 4)
        people = "uvwxyz"[: draw(st.integers(1, 6))]
        if alike:
            order = draw(st.permutations(replies))
            rankings.append((people, [{reply: i for i, reply in enumerate(order)} for _ in people]))
        else:
            some = st.sets(st.sampled_from(replies))
            rankings.append((people, [{reply: draw(place) for reply in sorted(draw(some))} for _ in people]))
    return rankings


@given(parents(), st.randoms(use_true_random=False))
def test_w_is_a_share_and_depends_on_no_order(ranked_parents: list[tuple[str, list[Places]]], rng: Random) -> None:
    measurement = kendall_w(ranked_parents)
    assert measurement.value is None or 0 <= measurement.value <= 1
    assert (measurement.value is None) == (measurement.why is not None)
    mixed: list[tuple[Sequence[str], list[Places]]] = []
    for who, places in ranked_parents:
        order = rng.sample(range(len(who)), len(who))
        mixed.append(([who[i] for i in order], [places[i] for i in order]))
    rng.shuffle(mixed)
    other = kendall_w(mixed)
    assert (other.value, other.items, other.people, other.judgements) == (
        measurement.value,
        measurement.items,
        measurement.people,
        measurement.judgements,
    )


@given(parents(alike=True))
def test_orders_that_are_all_the_same_have_a_w_of_1(ranked_parents: list[tuple[str, list[Places]]]) -> None:
    assert kendall_w(ranked_parents).value in (1.0, None)


# One coin for each person


def crowd(rng: Random, skills: Sequence[float], *, items: int, kinds: int = 2, of_each: int = 3) -> list[Unit[int]]:
    """What people with such skills say of things of so many kinds, each kind as often."""
    units: list[Unit[int]] = []
    for _ in range(items):
        truth, who = rng.randrange(kinds), rng.sample(range(len(skills)), of_each)
        wrong = [kind for kind in range(kinds) if kind != truth]
        units.append((who, [truth if rng.random() < skills[person] else rng.choice(wrong) for person in who]))
    return units


def test_skills_are_found_where_votes_are_just_as_frequent_as_these_skills_make_them() -> None:
    """Ann is right nine times of ten, Bob eight, Cat seven.

    Of a thousand things, half of each kind, all combinations of votes are then there in whole numbers, and no other
    skills make them as likely.
    """
    skills = {"ann": 0.9, "bob": 0.8, "cat": 0.7}
    units: list[Unit[bool]] = []
    for truth, *votes in product([False, True], repeat=4):
        chance = prod(skill if vote == truth else 1 - skill for vote, skill in zip(votes, skills.values(), strict=True))
        units += [(list(skills), votes)] * round(500 * chance)
    assert len(units) == 1000
    model = one_coin(units, tolerance=1e-14, steps=1000)
    assert model.converged
    assert model.reliability == pytest.approx(skills, abs=1e-5)
    assert model.shares == pytest.approx({False: 0.5, True: 0.5}, abs=1e-5)
    assert model.judgements == dict.fromkeys(skills, 1000)


@pytest.mark.parametrize("kinds", [2, 4])
def test_who_guesses_and_who_says_the_opposite_are_told_from_the_others(kinds: int) -> None:
    skills = [0.9] * 8 + [1 / kinds, 0.02]
    model = one_coin(crowd(Random(3), skills, items=3000, kinds=kinds))
    assert model.converged
    assert [model.reliability[i] for i in range(10)] == pytest.approx(skills, abs=0.06)


@st.composite
def votes(draw: st.DrawFn) -> list[Unit[str]]:
    units: list[Unit[str]] = []
    for _ in range(draw(st.integers(0, 15))):
        people = draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=4))
        units.append((people, [draw(st.sampled_from(["x", "y", "z", None])) for _ in people]))
    return units


@given(votes())
def test_the_likelihood_never_falls_and_reliabilities_are_shares(units: list[Unit[str]]) -> None:
    model = one_coin(units, tolerance=0, steps=50)
    assert all(after >= before - 1e-9 for before, after in zip(model.likelihoods, model.likelihoods[1:], strict=False))
    assert all(0 <= share <= 1 for share in model.reliability.values())
    assert (model.why is None) == bool(model.reliability)
    if not model.why:
        assert model.reliability.keys() == model.judgements.keys()
        assert sum(model.shares.values()) == pytest.approx(1)


@given(votes(), st.randoms(use_true_random=False))
def test_reliabilities_depend_on_no_order(units: list[Unit[str]], rng: Random) -> None:
    steps = 6  # a start at which two truths are as likely is a ridge: rounding decides, many steps later
    model = one_coin(units, tolerance=-1, steps=steps)
    mixed = rng.sample(units, len(units))
    assert one_coin(mixed, tolerance=-1, steps=steps).reliability == pytest.approx(model.reliability, abs=1e-6)


def test_it_ends_when_it_may_take_no_more_steps() -> None:
    model = one_coin(crowd(Random(3), [0.6] * 6, items=200), steps=2, tolerance=0)
    assert (len(model.likelihoods), model.converged) == (2, False)


@pytest.mark.parametrize(
    ("units", "why"),
    [
        ([], "nothing was judged by two people"),
        ([("a", [1]), ("b", [0])], "nothing was judged by two people"),
        ([("ab", [0, 0]), ("ab", [0, 0]), ("c", [1])], "everybody always said the same"),
    ],
)
def test_where_nothing_can_be_told_of_anybody_there_are_no_reliabilities(units: list[Unit[int]], why: str) -> None:
    model = one_coin(units)
    assert (model.reliability, model.why) == ({}, why)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kinds", [2, 3])
def test_reliabilities_are_those_of_crowd_kit(kinds: int) -> None:
    aggregation: Any = pytest.importorskip("crowdkit.aggregation")
    pandas: Any = pytest.importorskip("pandas")
    units = crowd(Random(11), [0.95, 0.9, 0.8, 0.8, 0.7, 0.6, 0.5, 0.3], items=150, kinds=kinds)
    rows = [(i, who, label) for i, unit in enumerate(units) for who, label in zip(*unit, strict=True)]
    theirs = aggregation.OneCoinDawidSkene(n_iter=300, tol=1e-12).fit(
        pandas.DataFrame(rows, columns=["task", "worker", "label"])
    )
    model = one_coin(units, steps=300, tolerance=1e-12)
    assert model.reliability == pytest.approx(theirs.skills_.to_dict(), abs=1e-4)
    assert model.shares == pytest.approx(theirs.priors_.to_dict(), abs=1e-4)
