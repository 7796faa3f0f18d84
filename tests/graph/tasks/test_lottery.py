"""Which prompts grow: how many are asked for, how they are ranked, and how they are drawn."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest

from oa_graph import leaderboards, tree_lifecycle
from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import Post
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import ApiClient
from oa_graph.errors import NothingToHandOut
from oa_graph.graph import trees
from oa_graph.graph.session import Graph, milliseconds
from oa_graph.policy import rating
from oa_graph.tree_lifecycle import Step
from tests.builders import ADA, BOB, CAT, Shape, Worker, context_of, person, plant, questions, ranking_for, state_of
from tests.invariants import check

pytestmark = pytest.mark.anyio

WAITING = TreeState.PROMPT_LOTTERY_WAITING


async def states(graph: Graph) -> dict[str, int]:
    rows = await graph.execute("MATCH (t:Tree) RETURN t.state AS state, count(t) AS count")
    return {row["state"]: row["count"] for row in rows}


async def draw(graph: Graph, limits: Limits, rng: Random) -> int:
    return await graph.transact(lambda tx: tree_lifecycle.run_lottery(Step(tx, limits, datetime.now(UTC), rng), "en"))


# Drawing


async def test_an_accepted_prompt_is_drawn_with_its_last_review(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=1, num_reviews_initial_prompt=1)
    await plant(graph, *questions(3, undecided=True), state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    first = await ada.review(TaskKind.LABEL_INITIAL_PROMPT)
    assert await state_of(graph, first) is TreeState.GROWING
    assert (await trees.tree_of(graph, first)).won_lottery is not None
    second = await ada.review(TaskKind.LABEL_INITIAL_PROMPT)
    assert await state_of(graph, second) is WAITING
    await check(graph, limits)


async def test_a_tree_that_stops_growing_lets_a_waiting_one_grow(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=1, goal_tree_size=2, num_reviews_reply=1)
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    await plant(graph, *questions(2), state=WAITING, limits=limits)
    await Worker(graph, limits, rng, ADA).review(TaskKind.LABEL_ASSISTANT_REPLY)
    assert await states(graph) == {TreeState.READY_FOR_EXPORT: 1, TreeState.GROWING: 1, WAITING: 1}
    await check(graph, limits)


async def test_a_lottery_fills_every_gap_and_no_more(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=12)
    await plant(graph, *questions(4), limits=limits)
    await plant(graph, *questions(20), state=WAITING, limits=limits)
    await tree_lifecycle.start_waiting_trees(context_of(graph, limits, rng))
    assert await states(graph) == {TreeState.GROWING: 12, WAITING: 12}
    await check(graph, limits)


async def test_prompts_with_a_goal_of_one_are_done_once_they_are_accepted(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=1, goal_tree_size=1, num_reviews_initial_prompt=1)
    await plant(graph, *questions(8, undecided=True), state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    for _ in range(8):
        await ada.review(TaskKind.LABEL_INITIAL_PROMPT)
    assert await states(graph) == {TreeState.READY_FOR_EXPORT: 8}
    await check(graph, limits)


async def test_waiting_trees_that_have_all_their_posts_are_ranked_one_after_the_other(
    graph: Graph, rng: Random
) -> None:
    limits = Limits(max_active_trees=1, goal_tree_size=3, num_required_rankings=1)
    shapes: list[Shape] = [{f"{i}?": {f"{i}.": {}, f"{i}!": {}}} for i in range(4)]
    await plant(graph, *shapes, state=WAITING, limits=limits)
    assert await draw(graph, limits, rng) == 1
    ada = Worker(graph, limits, rng, ADA)
    for _ in range(4):
        await ada.rank(await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES))
    assert await states(graph) == {TreeState.READY_FOR_EXPORT: 4}
    await check(graph, limits)


async def test_a_language_is_drawn_for_alone(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=1)
    await plant(graph, *questions(1), state=WAITING, lang="de", limits=limits)
    assert await draw(graph, limits, rng) == 0
    await tree_lifecycle.start_waiting_trees(context_of(graph, limits, rng))
    assert await states(graph) == {TreeState.GROWING: 1}


async def test_the_prompts_of_a_disabled_author_are_not_drawn(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=5)
    await plant(graph, *questions(2), state=WAITING, author=ADA, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    await ada.user(enabled=False)
    assert await draw(graph, limits, rng) == 0
    await ada.user(enabled=True)
    assert await draw(graph, limits, rng) == 2
    await check(graph, limits)


async def draws(graph: Graph, limits: Limits, count: int) -> Counter[str]:
    """How often each prompt is drawn first."""
    rng, counts = Random(13), Counter[str]()
    roots = {
        row["id"]: row["text"]
        for row in await graph.execute("MATCH (t:Tree)-[:ROOT]->(p:Post) RETURN t.id AS id, p.text AS text")
    }
    for _ in range(count):
        async with graph.dry_run_session() as store:
            await tree_lifecycle.run_lottery(Step(store, limits, datetime.now(UTC), rng), "en")
            for id, text in roots.items():
                if (await trees.tree_of(store, id)).state is TreeState.GROWING:
                    counts[text] += 1
    return counts


async def test_many_prompts_do_not_raise_an_authors_odds(graph: Graph) -> None:
    limits = Limits(max_active_trees=1)
    await plant(graph, *questions(4), state=WAITING, author=ADA, limits=limits)
    await plant(graph, {"Bob's?": {}}, state=WAITING, author=BOB, limits=limits)
    counts = await draws(graph, limits, 100)
    assert 25 < counts["Bob's?"] < 75


async def test_first_places_of_the_last_month_raise_an_authors_odds(graph: Graph) -> None:
    limits = Limits(max_active_trees=1)
    await plant(graph, {"Ada's?": {}}, state=WAITING, author=ADA, limits=limits)
    await plant(graph, {"Bob's?": {}}, state=WAITING, author=BOB, limits=limits)
    await graph.execute(
        "MATCH (u:User {name: 'bob'}) CREATE (:Credit {user: u.id, at: $now, reply_ranked_1: 3}) "
        "WITH 1 AS one MATCH (u:User {name: 'ada'}) CREATE (:Credit {user: u.id, at: 0, reply_ranked_1: 99})",
        now=milliseconds(datetime.now(UTC)),
    )
    await leaderboards.apply_due_credits(graph, now=datetime.now(UTC))
    counts = await draws(graph, limits, 100)
    assert 59 < counts["Bob's?"] < 100


async def test_well_ranked_prompts_are_drawn_more_often_and_bad_ones_not_never(graph: Graph) -> None:
    limits = Limits(max_active_trees=1, prompt_chance_floor=0.3)
    planted = await plant(graph, {"Good?": {}}, {"Bad?": {}}, state=WAITING, limits=limits)
    await graph.execute("MATCH (p:Post {id: $id}) SET p.rating_mu = 60, p.rating_sigma = 1", id=planted["Good?"])
    await graph.execute("MATCH (p:Post {id: $id}) SET p.rating_mu = -20, p.rating_sigma = 1", id=planted["Bad?"])
    counts = await draws(graph, limits, 100)
    assert 55 < counts["Good?"] < 98
    unranked = Limits(max_active_trees=1, rank_initial_prompts=False)
    assert 25 < (await draws(graph, unranked, 100))["Bad?"] < 75


# Asking for prompts


async def prompts_wanted(graph: Graph, limits: Limits) -> int:
    return (await Worker(graph, limits, Random(1), CAT).available())["initial_prompt"]


async def test_prompts_are_wanted_for_missing_trees_and_free_reviews_while_few_wait(graph: Graph) -> None:
    limits = Limits(max_active_trees=3, max_initial_prompt_review=4, max_prompt_lottery_waiting=6)
    assert await prompts_wanted(graph, limits) == 6
    await plant(graph, *questions(2), limits=limits)
    await plant(graph, {"?New?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    assert await prompts_wanted(graph, limits) == 4
    await plant(graph, {"Other?": {}}, {"Another?": {}}, {"More?": {}}, state=WAITING, limits=limits)
    assert await prompts_wanted(graph, limits) == 3
    await Worker(graph, limits, Random(1), ADA).ask(TaskKind.INITIAL_PROMPT)
    assert await prompts_wanted(graph, limits) == 2


async def test_no_prompt_is_asked_for_in_a_language_that_takes_none(graph: Graph, rng: Random) -> None:
    limits = Limits(init_prompt_disabled_langs=("en", "xx"))
    ada = Worker(graph, limits, rng, ADA)
    assert (await ada.available())["initial_prompt"] == 0
    with pytest.raises(NothingToHandOut):
        await ada.ask(TaskKind.INITIAL_PROMPT)
    with pytest.raises(NothingToHandOut):
        await ada.ask()
    assert await ada.ask(TaskKind.INITIAL_PROMPT, lang="de")


# Ranking prompts


@pytest.fixture
def limits() -> Limits:
    return Limits(max_active_trees=0, max_initial_prompt_review=0, num_prompt_rankings=2)


async def test_prompts_to_rank_come_from_other_peoples_trees(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(graph, *questions(3), state=WAITING, author=ADA, limits=limits)
    await plant(graph, {"Bob's?": {}}, {"Bob's other?": {}}, state=WAITING, author=BOB, limits=limits)
    ada, cat = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, CAT)
    task = await ada.ask(TaskKind.RANK_INITIAL_PROMPTS)
    assert {post.text for post in task.candidates} == {"Bob's?", "Bob's other?"}
    assert task.thread == ()
    assert len((await cat.ask(TaskKind.RANK_INITIAL_PROMPTS)).candidates) == limits.prompts_to_rank


async def test_one_prompt_alone_is_not_ranked(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(graph, *questions(1), state=WAITING, limits=limits)
    with pytest.raises(NothingToHandOut):
        await Worker(graph, limits, rng, ADA).ask(TaskKind.RANK_INITIAL_PROMPTS)


async def test_an_order_of_prompts_moves_their_ratings(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(graph, *questions(3), state=WAITING, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.RANK_INITIAL_PROMPTS)
    await ada.ack(task)
    await ada.settle(ranking_for(task, 2, 0, 1))
    order = [task.candidates[i].id for i in (2, 0, 1)]
    ratings = await trees.ratings(graph, order, new=rating.NEW)
    mus = [ratings[id].mu for id in order]
    assert mus == sorted(mus, reverse=True)
    assert mus[0] > rating.NEW.mu > mus[2]
    assert all(ratings[id].sigma < rating.NEW.sigma for id in order)
    await check(graph, limits)


async def test_prompts_ranked_often_enough_or_by_the_same_person_are_not_offered_again(
    graph: Graph, limits: Limits, rng: Random
) -> None:
    await plant(graph, *questions(3), state=WAITING, limits=limits)
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    await ada.rank(await ada.ask(TaskKind.RANK_INITIAL_PROMPTS))
    with pytest.raises(NothingToHandOut):
        await ada.ask(TaskKind.RANK_INITIAL_PROMPTS)
    await bob.rank(await bob.ask(TaskKind.RANK_INITIAL_PROMPTS))
    with pytest.raises(NothingToHandOut):
        await cat.ask(TaskKind.RANK_INITIAL_PROMPTS)
    await check(graph, limits)


async def test_random_gives_prompts_to_rank_only_to_frontends_that_can_show_them(
    graph: Graph, limits: Limits, rng: Random
) -> None:
    await plant(graph, *questions(3), state=WAITING, limits=limits)
    old = ApiClient(id="old", description="an old frontend")
    with pytest.raises(NothingToHandOut):
        await Worker(graph, limits, rng, ADA, old).ask()
    assert (await Worker(graph, limits, rng, ADA, old).available())["rank_initial_prompts"] == 0
    assert (await Worker(graph, limits, rng, ADA).available())["rank_initial_prompts"] == 1
    assert (await Worker(graph, limits, rng, ADA).ask()).kind is TaskKind.RANK_INITIAL_PROMPTS
    named = await Worker(graph, limits, rng, BOB, old).ask(TaskKind.RANK_INITIAL_PROMPTS)
    assert named.kind is TaskKind.RANK_INITIAL_PROMPTS


async def test_a_prompt_that_grows_is_no_longer_ranked_and_its_order_is_still_taken(
    graph: Graph, limits: Limits, rng: Random
) -> None:
    await plant(graph, *questions(2), state=WAITING, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.RANK_INITIAL_PROMPTS)
    await draw(graph, Limits(max_active_trees=2), rng)
    with pytest.raises(NothingToHandOut):
        await Worker(graph, limits, rng, BOB).ask(TaskKind.RANK_INITIAL_PROMPTS)
    assert await ada.rank(task)
    await check(graph, limits)


async def test_prompts_to_rank_are_drawn_from_all_that_wait(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=0, num_prompt_rankings=1000)
    await plant(graph, *questions(60), state=WAITING, limits=limits)
    seen = Counter[str]()
    for i in range(75):
        task = await Worker(graph, limits, rng, person(f"worker {i}")).ask(TaskKind.RANK_INITIAL_PROMPTS)
        seen.update(_texts(task.candidates))
    assert len(seen) > 50
    assert max(seen.values()) < 25


def _texts(posts: tuple[Post, ...]) -> list[str]:
    return [post.text for post in posts]
