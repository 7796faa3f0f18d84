"""Which place a task takes: every policy has the distribution that it promises, in small pools and in large ones.

The choice is made in the graph, with its own dice. So a right policy is called wrong once in a million runs, and the
exact expectation is computed here from the trees as they were planted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from random import Random

import pytest

from oa_graph import protocol
from oa_graph.errors import NothingToHandOut
from oa_graph.graph.session import Graph
from oa_graph.model import DEPTH_CAP, Limits, Role, Sampling, TaskKind, TaskRequest, TreeState
from tests.builders import ADA, BOB, CLIENT, Hands, Shape, at_once, lapse, person, plant, questions

pytestmark = pytest.mark.anyio

MANY = 10**6
"""Room for so many people at each place that no place is ever full, so that each draw meets the same pool."""

ONE_IN_A_MILLION = 4.75
"""The normal quantile."""

FEW_OF_EACH = 8.0
"""Where each place is drawn twice or so, the approximation is rough; places that are never drawn still stand out."""


def surprise(drawn: Mapping[str, int], weights: Mapping[str, float]) -> float:
    """How many standard deviations the draws are off, by Pearson's statistic in Wilson and Hilferty's approximation."""
    draws, total = sum(drawn.values()), sum(weights.values())
    expected = {each: draws * weight / total for each, weight in weights.items()}
    assert {each for each in drawn if expected.get(each, 0) == 0} == set()
    found = sum((drawn.get(each, 0) - wanted) ** 2 / wanted for each, wanted in expected.items() if wanted > 0)
    freedom = sum(wanted > 0 for wanted in expected.values()) - 1
    return float(((found / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / sqrt(2 / (9 * freedom)))


def generous(sampling: Sampling, **more: int) -> Limits:
    limits = Limits(
        sampling=sampling,
        max_active_trees=0,
        max_initial_prompt_review=0,
        max_children_count=MANY,
        num_prompter_replies=MANY,
        goal_tree_size=MANY,
        max_tree_depth=4,
    )
    return replace(limits, **more)


async def draws(graph: Graph, limits: Limits, count: int, kind: TaskKind | None = None) -> Counter[str]:
    """How often each post was handed out, each time to somebody new."""
    rng, found = Random(5), Counter[str]()

    async def ask(i: int) -> str:
        task = await protocol.hand_out(
            graph, limits, rng=rng, ask=TaskRequest(CLIENT, person(f"worker {i}"), kind, "en")
        )
        return task.thread[-1].id

    for start in range(0, count, 8):
        done, failed = await at_once(ask(start + i) for i in range(8))
        assert failed == []
        found.update(done)
    return found


class Place:
    """A planted post, as the expectation needs it."""

    def __init__(self, row: Mapping[str, object]) -> None:
        self.id, self.parent = str(row["id"]), row["parent"]
        self.depth, self.children, self.rank = (int(str(row[name])) for name in ("depth", "children", "rank"))
        self.prompter = row["role"] == Role.PROMPTER


async def planted_places(graph: Graph) -> list[Place]:
    rows = await graph.execute(
        "MATCH (p:Post) RETURN p.id AS id, head([(p)-[:REPLY_TO]->(a) | a.id]) AS parent, p.depth AS depth, "
        "p.role AS role, coalesce(p.rank, 0) AS rank, COUNT { (p)<-[:REPLY_TO]-() } AS children"
    )
    return [Place(row) for row in rows]


Weigh = Callable[[Sequence[Place], Limits], Mapping[str, float]]


def open_places(places: Sequence[Place], limits: Limits) -> list[Place]:
    return [each for each in places if each.depth < limits.max_tree_depth]


def evenly(places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    return {each.id: 1.0 for each in open_places(places, limits)}


def by_thread(places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    """A thread by chance, then one of its open posts by chance."""
    known, weights = {each.id: each for each in places}, Counter[str]()
    for leaf in (each for each in places if each.children == 0):
        thread, post = [leaf], leaf
        while post.parent is not None:
            post = known[str(post.parent)]
            thread.append(post)
        found = open_places(thread, limits)
        for each in found:
            weights[each.id] += 1 / len(found)  # pyright: ignore[reportArgumentType] - a Counter of shares
    return weights


def by_inverse_depth(places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    return {each.id: 1 / (1 + each.depth) for each in open_places(places, limits)}


def by_fewest(places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    least = min(each.children for each in open_places(places, limits))
    return {each.id: float(each.children == least) for each in open_places(places, limits)}


def lonely_first(places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    found = open_places(places, limits)
    lonely = [each for each in found if each.prompter and each.children == 1]
    p = limits.p_lonely_child_extension
    return {each.id: (1 - p) / len(found) + (p / len(lonely) if each in lonely else 0) for each in found}


def by_rank(places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    return {each.id: limits.rank_decay**each.rank for each in open_places(places, limits)}


POLICIES: Mapping[Sampling, Weigh] = {
    Sampling.UNIFORM: evenly,
    Sampling.RANDOM_THREAD: by_thread,
    Sampling.INVERSE_DEPTH: by_inverse_depth,
    Sampling.FEWEST_REPLIES: by_fewest,
    Sampling.LONELY_FIRST: lonely_first,
    Sampling.BY_RANK: by_rank,
}


def bush(name: str, *branches: int) -> Shape:
    """A tree whose posts at each depth have so many replies."""
    if not branches:
        return {name: {}}
    below = [bush(f"{name}.{i}", *branches[1:]) for i in range(branches[0])]
    return {name: {text: shape for each in below for text, shape in each.items()}}


SMALL = (bush("a", 2, 1), bush("b", 1, 1, 2), bush("c", 3), bush("d"))


@pytest.mark.parametrize("sampling", POLICIES)
async def test_a_small_pool_is_drawn_from_as_the_policy_promises(graph: Graph, sampling: Sampling) -> None:
    limits = generous(sampling)
    await plant(graph, *SMALL, limits=limits)
    await _rank(graph)
    places = await planted_places(graph)
    assert surprise(await draws(graph, limits, 400), POLICIES[sampling](places, limits)) < ONE_IN_A_MILLION


@pytest.mark.parametrize("sampling", POLICIES)
async def test_a_large_pool_is_drawn_from_as_the_policy_promises(graph: Graph, sampling: Sampling) -> None:
    limits = generous(sampling)
    shapes = [bush(f"{i}", *((2, 1), (1, 1, 2), (3,), (), (1, 2))[i % 5]) for i in range(80)]
    await plant(graph, *shapes, limits=limits)
    await _rank(graph)
    places = await planted_places(graph)
    assert len(places) > 300
    drawn, weights = await draws(graph, limits, 720), POLICIES[sampling](places, limits)
    assert surprise(drawn, weights) < FEW_OF_EACH
    alike = {each.id: f"{each.depth} {each.children} {each.rank}" for each in places}
    assert surprise(_grouped(drawn, alike), _grouped(weights, alike)) < ONE_IN_A_MILLION


def _grouped(of: Mapping[str, float], alike: Mapping[str, str]) -> Counter[str]:
    """The same by sort of place: fewer figures, so that a small lean of all places of one sort shows."""
    found = Counter[str]()
    for id, weight in of.items():
        found[alike[id]] += weight  # pyright: ignore[reportArgumentType] - a Counter of shares
    return found


async def _rank(graph: Graph) -> None:
    """Siblings are ranked in the order of their names."""
    await graph.execute(
        "MATCH (p:Post)-[:REPLY_TO]->(above) WITH above, p ORDER BY p.text WITH above, collect(p) AS siblings "
        "UNWIND range(0, size(siblings) - 1) AS i WITH siblings[i] AS p, i SET p.rank = i"
    )


async def test_a_tree_of_many_threads_is_found_as_often_as_its_threads(graph: Graph) -> None:
    limits = generous(Sampling.RANDOM_THREAD, max_tree_depth=1)
    await plant(graph, bush("wide", 12), bush("narrow", 1), bush("bare"), limits=limits)
    weights = by_thread(await planted_places(graph), limits)
    assert sorted(weights.values()) == [1, 1, 12]
    assert surprise(await draws(graph, limits, 400), weights) < ONE_IN_A_MILLION


async def test_what_was_rejected_or_deleted_is_no_thread(graph: Graph) -> None:
    limits = generous(Sampling.RANDOM_THREAD, max_tree_depth=1)
    planted = await plant(
        graph,
        bush("Where?", 1),
        {"When?": {"!Soon.": {}, "-Later.": {}, "-Never.": {}, "!Always.": {}, "Now.": {}}},
        limits=limits,
    )
    drawn = await draws(graph, limits, 240)
    assert surprise(drawn, {planted["Where?"]: 1, planted["When?"]: 1}) < ONE_IN_A_MILLION


@pytest.mark.parametrize("size", [20, 150])
async def test_reviews_are_spread_evenly(graph: Graph, size: int) -> None:
    limits = Limits(num_reviews_reply=MANY)
    await plant(graph, *questions(size, "?Answer"), limits=limits)
    places = [each for each in await planted_places(graph) if each.depth == 1]
    drawn = await draws(graph, limits, 480, TaskKind.LABEL_ASSISTANT_REPLY)
    assert surprise(drawn, {each.id: 1.0 for each in places}) < (ONE_IN_A_MILLION if size < 100 else FEW_OF_EACH)


@pytest.mark.parametrize("sampling", POLICIES)
async def test_no_reply_is_asked_for_below_the_depth_of_the_tree(graph: Graph, sampling: Sampling) -> None:
    limits = generous(sampling, max_tree_depth=2)
    planted = await plant(graph, bush("a", 1, 1), limits=limits)
    assert set(await draws(graph, limits, 80)) == {planted["a"], planted["a.0"]}


async def test_a_tree_keeps_the_depth_of_its_creation(graph: Graph) -> None:
    await plant(graph, bush("a", 1, 1), limits=generous(Sampling.UNIFORM, max_tree_depth=2))
    deeper = generous(Sampling.UNIFORM, max_tree_depth=DEPTH_CAP)
    assert len(set(await draws(graph, deeper, 40))) == 2


@pytest.mark.parametrize("sampling", POLICIES)
async def test_the_only_place_is_found_whatever_its_weight(graph: Graph, sampling: Sampling) -> None:
    limits = generous(sampling, max_tree_depth=5)
    planted = await plant(graph, bush("a", 1, 1, 1, 1), limits=limits)
    await graph.execute(
        "MATCH (p:Post) WHERE p.id <> $id SET p.pool = null, p.key = null, p.wants = null", id=planted["a.0.0.0.0"]
    )
    await graph.execute("MATCH (p:Post {id: $id}) SET p.rank = 60", id=planted["a.0.0.0.0"])
    assert set(await draws(graph, limits, 8)) == {planted["a.0.0.0.0"]}


@pytest.mark.parametrize("sampling", POLICIES)
async def test_lapsed_places_come_back_while_others_are_free(graph: Graph, sampling: Sampling) -> None:
    limits = Limits(sampling=sampling, max_children_count=1, max_tree_depth=1, max_pending_tasks_per_user=MANY)
    await plant(graph, *(bush(f"{i}") for i in range(60)), limits=limits)
    hands = Hands(graph, limits, Random(3), ADA)
    lost = [await hands.ask(TaskKind.ASSISTANT_REPLY) for _ in range(10)]
    await lapse(graph)
    others = Hands(graph, limits, Random(3), BOB)
    found = {(await others.ask(TaskKind.ASSISTANT_REPLY)).thread[-1].id for _ in range(50)}
    assert found & {task.thread[-1].id for task in lost}
    found |= {(await others.ask(TaskKind.ASSISTANT_REPLY)).thread[-1].id for _ in range(10)}
    assert len(found) == 60
    with pytest.raises(NothingToHandOut):
        await others.ask(TaskKind.ASSISTANT_REPLY)


async def test_a_language_is_matched_exactly(graph: Graph) -> None:
    limits = Limits()
    await plant(graph, bush("a"), lang="en-US", limits=limits)
    hands = Hands(graph, limits, Random(3), ADA)
    with pytest.raises(NothingToHandOut):
        await hands.ask(TaskKind.ASSISTANT_REPLY, lang="en")
    assert (await hands.ask(TaskKind.ASSISTANT_REPLY, lang="en-US")).thread[-1].text == "a"


async def test_random_draws_among_possible_kinds_by_their_weights(graph: Graph) -> None:
    limits = Limits(
        max_active_trees=0,
        max_initial_prompt_review=0,
        max_children_count=MANY,
        num_reviews_reply=MANY,
        num_reviews_initial_prompt=MANY,
        num_required_rankings=MANY,
    )
    await plant(graph, {"Grow?": {"?Yes.": {}}}, limits=limits)
    await plant(graph, {"?Good?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    await plant(graph, {"Which?": {"This.": {}, "That.": {}}}, state=TreeState.RANKING, limits=limits)
    rng, found = Random(11), Counter[str]()
    for i in range(400):
        found[(await Hands(graph, limits, rng, person(f"worker {i}")).ask()).kind] += 1
    weights = {
        TaskKind.RANK_ASSISTANT_REPLIES: 10,
        TaskKind.LABEL_ASSISTANT_REPLY: 5,
        TaskKind.LABEL_INITIAL_PROMPT: 5,
        TaskKind.ASSISTANT_REPLY: 2,
    }
    assert surprise(found, {str(kind): float(weight) for kind, weight in weights.items()}) < ONE_IN_A_MILLION
