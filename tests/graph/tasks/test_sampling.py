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

from oa_graph.domain.limits import Limits, SamplingPolicy
from oa_graph.domain.posts import DEPTH_CAP, Role
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import NothingToHandOut
from oa_graph.graph.session import Graph
from oa_graph.tasks import Tasks
from tests.builders import ADA, BOB, CLIENT, Shape, Worker, at_once, context_of, lapse, person, plant, questions

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
    expected = {key: draws * weight / total for key, weight in weights.items()}
    assert {key for key in drawn if expected.get(key, 0) == 0} == set()
    statistic = sum((drawn.get(key, 0) - mean) ** 2 / mean for key, mean in expected.items() if mean > 0)
    freedom = sum(mean > 0 for mean in expected.values()) - 1
    return float(((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / sqrt(2 / (9 * freedom)))


def generous(sampling: SamplingPolicy, **changes: int) -> Limits:
    limits = Limits(
        sampling=sampling,
        max_active_trees=0,
        max_initial_prompt_review=0,
        max_children_count=MANY,
        num_prompter_replies=MANY,
        goal_tree_size=MANY,
        max_tree_depth=4,
    )
    return replace(limits, **changes)


async def draws(graph: Graph, limits: Limits, count: int, kind: TaskKind | None = None) -> Counter[str]:
    """How often each post was handed out, each time to somebody new."""
    tasks, counts = Tasks(context_of(graph, limits, Random(5))), Counter[str]()

    async def ask(i: int) -> str:
        task = await tasks.request(kind, client=CLIENT, user=person(f"worker {i}"))
        return task.thread[-1].id

    for start in range(0, count, 8):
        done, failed = await at_once(ask(start + i) for i in range(8))
        assert failed == []
        counts.update(done)
    return counts


class Place:
    """A planted post, as the expectation needs it."""

    def __init__(self, row: Mapping[str, object]) -> None:
        self.id, self.parent, self.tree = str(row["id"]), row["parent"], str(row["tree"])
        self.depth, self.children, self.rank = (int(str(row[name])) for name in ("depth", "children", "rank"))
        self.prompter = row["role"] == Role.PROMPTER


async def planted_places(graph: Graph) -> list[Place]:
    rows = await graph.execute(
        "MATCH (p:Post) RETURN p.id AS id, p.tree AS tree, "
        "head([(p)-[:REPLY_TO]->(a) | a.id]) AS parent, p.depth AS depth, "
        "p.role AS role, coalesce(p.rank, 0) AS rank, COUNT { (p)<-[:REPLY_TO]-() } AS children"
    )
    return [Place(row) for row in rows]


Weigh = Callable[[Sequence[Place], Sequence[Place], Limits], Mapping[str, float]]
"""Returns the weight of each open place of one kind, from these places and all posts."""


def open_places(places: Sequence[Place], limits: Limits) -> list[Place]:
    return [place for place in places if place.depth < limits.max_tree_depth]


def expected(sampling: SamplingPolicy, places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    """A kind by its number of open places, then a place of this kind by the policy."""
    shares: dict[str, float] = {}
    for is_prompter in (True, False):
        candidates = [place for place in open_places(places, limits) if place.prompter is is_prompter]
        weights = POLICIES[sampling](candidates, places, limits)
        total = sum(weights.values())
        shares |= {id: len(candidates) * weight / total for id, weight in weights.items()}
    return shares


def evenly(candidates: Sequence[Place], places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    return {place.id: 1.0 for place in candidates}


def by_thread(candidates: Sequence[Place], places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    """A thread by chance, then one of its open posts by chance."""
    known, weights = {place.id: place for place in places}, Counter[str]()
    is_open = {place.id for place in candidates}
    for leaf in (place for place in places if place.children == 0):
        thread, post = [leaf], leaf
        while post.parent is not None:
            post = known[str(post.parent)]
            thread.append(post)
        on_thread = [place for place in thread if place.id in is_open]
        for place in on_thread:
            weights[place.id] += 1 / len(on_thread)  # pyright: ignore[reportArgumentType] - a Counter of shares
    return weights


def by_tree(candidates: Sequence[Place], places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    """A tree by chance, then one of its open posts by chance."""
    sizes = Counter(place.tree for place in candidates)
    return {place.id: 1 / sizes[place.tree] for place in candidates}


def by_inverse_depth(candidates: Sequence[Place], places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    return {place.id: 1 / (1 + place.depth) for place in candidates}


def by_fewest(candidates: Sequence[Place], places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    least = min(place.children for place in candidates)
    return {place.id: float(place.children == least) for place in candidates}


def lonely_first(candidates: Sequence[Place], places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    lonely = [place for place in candidates if place.prompter and place.children == 1]
    p = limits.p_lonely_child_extension if lonely else 0
    return {place.id: (1 - p) / len(candidates) + (p / len(lonely) if place in lonely else 0) for place in candidates}


def by_rank(candidates: Sequence[Place], places: Sequence[Place], limits: Limits) -> Mapping[str, float]:
    """By the ranks of a post and of all posts above it."""
    known = {place.id: place for place in places}

    def ranks(place: Place) -> int:
        return place.rank + (0 if place.parent is None else ranks(known[str(place.parent)]))

    return {place.id: limits.rank_decay ** ranks(place) for place in candidates}


POLICIES: Mapping[SamplingPolicy, Weigh] = {
    SamplingPolicy.UNIFORM: evenly,
    SamplingPolicy.RANDOM_TREE: by_tree,
    SamplingPolicy.RANDOM_THREAD: by_thread,
    SamplingPolicy.INVERSE_DEPTH: by_inverse_depth,
    SamplingPolicy.FEWEST_REPLIES: by_fewest,
    SamplingPolicy.LONELY_FIRST: lonely_first,
    SamplingPolicy.BY_RANK: by_rank,
}


def bush(name: str, *branches: int) -> Shape:
    """A tree whose posts at each depth have so many replies."""
    if not branches:
        return {name: {}}
    below = [bush(f"{name}.{i}", *branches[1:]) for i in range(branches[0])]
    return {name: {text: shape for branch in below for text, shape in branch.items()}}


SMALL = (bush("a", 2, 1), bush("b", 1, 1, 2), bush("c", 3), bush("d"))


@pytest.mark.parametrize("sampling", POLICIES)
async def test_a_small_pool_is_drawn_from_as_the_policy_promises(graph: Graph, sampling: SamplingPolicy) -> None:
    limits = generous(sampling)
    await plant(graph, *SMALL, limits=limits)
    await _rank(graph)
    places = await planted_places(graph)
    assert surprise(await draws(graph, limits, 400), expected(sampling, places, limits)) < ONE_IN_A_MILLION


@pytest.mark.parametrize("sampling", POLICIES)
async def test_a_large_pool_is_drawn_from_as_the_policy_promises(graph: Graph, sampling: SamplingPolicy) -> None:
    limits = generous(sampling)
    shapes = [bush(f"{i}", *((2, 1), (1, 1, 2), (3,), (), (1, 2))[i % 5]) for i in range(80)]
    await plant(graph, *shapes, limits=limits)
    await _rank(graph)
    places = await planted_places(graph)
    assert len(places) > 300
    drawn, weights = await draws(graph, limits, 720), expected(sampling, places, limits)
    assert surprise(drawn, weights) < FEW_OF_EACH
    alike = {place.id: f"{place.depth} {place.children} {place.rank}" for place in places}
    assert surprise(_grouped(drawn, alike), _grouped(weights, alike)) < ONE_IN_A_MILLION


def _grouped(of: Mapping[str, float], alike: Mapping[str, str]) -> Counter[str]:
    """The same by sort of place: fewer figures, so that a small lean of all places of one sort shows."""
    sums = Counter[str]()
    for id, weight in of.items():
        sums[alike[id]] += weight  # pyright: ignore[reportArgumentType] - a Counter of shares
    return sums


async def _rank(graph: Graph) -> None:
    """Siblings are ranked in the order of their names."""
    await graph.execute(
        "MATCH (p:Post)-[:REPLY_TO]->(above) WITH above, p ORDER BY p.text WITH above, collect(p) AS siblings "
        "UNWIND range(0, size(siblings) - 1) AS i WITH siblings[i] AS p, i SET p.rank = i"
    )


async def test_a_tree_of_many_threads_is_found_as_often_as_its_threads(graph: Graph) -> None:
    limits = generous(SamplingPolicy.RANDOM_THREAD, max_tree_depth=1)
    await plant(graph, bush("wide", 12), bush("narrow", 1), bush("bare"), limits=limits)
    weights = expected(SamplingPolicy.RANDOM_THREAD, await planted_places(graph), limits)
    assert sorted(weights.values()) == pytest.approx([3 / 14, 3 / 14, 36 / 14])
    assert surprise(await draws(graph, limits, 400), weights) < ONE_IN_A_MILLION


async def test_what_was_rejected_or_deleted_is_no_thread(graph: Graph) -> None:
    limits = generous(SamplingPolicy.RANDOM_THREAD, max_tree_depth=1)
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
    places = [place for place in await planted_places(graph) if place.depth == 1]
    drawn = await draws(graph, limits, 480, TaskKind.LABEL_ASSISTANT_REPLY)
    assert surprise(drawn, {place.id: 1.0 for place in places}) < (ONE_IN_A_MILLION if size < 100 else FEW_OF_EACH)


@pytest.mark.parametrize("sampling", POLICIES)
async def test_no_reply_is_asked_for_below_the_depth_of_the_tree(graph: Graph, sampling: SamplingPolicy) -> None:
    limits = generous(sampling, max_tree_depth=2)
    planted = await plant(graph, bush("a", 1, 1), limits=limits)
    assert set(await draws(graph, limits, 80)) == {planted["a"], planted["a.0"]}


async def test_a_tree_keeps_the_depth_of_its_creation(graph: Graph) -> None:
    await plant(graph, bush("a", 1, 1), limits=generous(SamplingPolicy.UNIFORM, max_tree_depth=2))
    deeper = generous(SamplingPolicy.UNIFORM, max_tree_depth=DEPTH_CAP)
    assert len(set(await draws(graph, deeper, 40))) == 2


@pytest.mark.parametrize("sampling", POLICIES)
async def test_the_only_place_is_found_whatever_its_weight(graph: Graph, sampling: SamplingPolicy) -> None:
    limits = generous(sampling, max_tree_depth=5)
    planted = await plant(graph, bush("a", 1, 1, 1, 1), limits=limits)
    await graph.execute(
        "MATCH (p:Post) WHERE p.id <> $id SET p.pool = null, p.key = null, p.wants = null", id=planted["a.0.0.0.0"]
    )
    await graph.execute("MATCH (p:Post {id: $id}) SET p.rank = 60", id=planted["a.0.0.0.0"])
    assert set(await draws(graph, limits, 8)) == {planted["a.0.0.0.0"]}


@pytest.mark.parametrize("sampling", POLICIES)
async def test_lapsed_places_come_back_while_others_are_free(graph: Graph, sampling: SamplingPolicy) -> None:
    limits = Limits(sampling=sampling, max_children_count=1, max_tree_depth=1, max_pending_tasks_per_user=MANY)
    await plant(graph, *(bush(f"{i}") for i in range(60)), limits=limits)
    worker = Worker(graph, limits, Random(3), ADA)
    lost = [await worker.ask(TaskKind.ASSISTANT_REPLY) for _ in range(10)]
    await lapse(graph)
    others = Worker(graph, limits, Random(3), BOB)
    drawn = {(await others.ask(TaskKind.ASSISTANT_REPLY)).thread[-1].id for _ in range(50)}
    assert drawn & {task.thread[-1].id for task in lost}
    drawn |= {(await others.ask(TaskKind.ASSISTANT_REPLY)).thread[-1].id for _ in range(10)}
    assert len(drawn) == 60
    with pytest.raises(NothingToHandOut):
        await others.ask(TaskKind.ASSISTANT_REPLY)


async def test_a_language_is_matched_exactly(graph: Graph) -> None:
    limits = Limits()
    await plant(graph, bush("a"), lang="en-US", limits=limits)
    worker = Worker(graph, limits, Random(3), ADA)
    with pytest.raises(NothingToHandOut):
        await worker.ask(TaskKind.ASSISTANT_REPLY, lang="en")
    assert (await worker.ask(TaskKind.ASSISTANT_REPLY, lang="en-US")).thread[-1].text == "a"


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
    rng, counts = Random(11), Counter[str]()
    for i in range(400):
        counts[(await Worker(graph, limits, rng, person(f"worker {i}")).ask()).kind] += 1
    weights = {
        TaskKind.RANK_ASSISTANT_REPLIES: 10,
        TaskKind.LABEL_ASSISTANT_REPLY: 5,
        TaskKind.LABEL_INITIAL_PROMPT: 5,
        TaskKind.ASSISTANT_REPLY: 2,
    }
    assert surprise(counts, {str(kind): float(weight) for kind, weight in weights.items()}) < ONE_IN_A_MILLION


async def test_a_task_keeps_its_policy_and_the_weight_of_its_place(graph: Graph) -> None:
    limits = generous(SamplingPolicy.INVERSE_DEPTH, max_tree_depth=1)
    await plant(graph, *(bush(f"{i}", 1) for i in range(3)), limits=limits)
    await draws(graph, limits, 8, TaskKind.ASSISTANT_REPLY)
    (row,) = await graph.execute(
        "MATCH (t:Task) WHERE t.weight IS NOT NULL RETURN collect(DISTINCT [t.policy, t.weight]) AS drawn"
    )
    assert row["drawn"] == [["inverse_depth", 1.0]]


async def test_the_kinds_of_a_group_may_have_policies_with_different_statements(graph: Graph) -> None:
    limits = replace(
        generous(SamplingPolicy.BY_RANK),
        sampling_prompter_reply=SamplingPolicy.RANDOM_TREE,
        p_lonely_child_extension=0.0,
    )
    await plant(graph, *SMALL, limits=limits)
    await _rank(graph)
    places = await planted_places(graph)
    shares = expected(SamplingPolicy.BY_RANK, places, limits)
    of_prompter = {place.id for place in places if place.prompter}
    by_tree_shares = expected(SamplingPolicy.RANDOM_TREE, places, limits)
    mixed = {id: share if id in of_prompter else by_tree_shares[id] for id, share in shares.items()}
    assert surprise(await draws(graph, limits, 400), mixed) < ONE_IN_A_MILLION
