"""Every step that an event allows a tree is taken with that event."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from random import Random

import pytest

from oa_graph import tree_lifecycle
from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import Role
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import NothingToHandOut
from oa_graph.graph import posts, trees
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, CAT, DAN, EVE, Shape, Worker, figures, person, plant, state_of
from tests.invariants import check

pytestmark = pytest.mark.anyio

CROWD = (ADA, BOB, CAT, DAN, EVE)


def crowd(graph: Graph, limits: Limits, rng: Random) -> list[Worker]:
    return [Worker(graph, limits, rng, who) for who in CROWD]


async def accepted(graph: Graph, post: str) -> bool | None:
    return (await posts.post(graph, post, viewer=None)).accepted


# Reviews


@pytest.mark.parametrize(
    ("votes", "verdict"),
    [
        ([(0, 0), (0, 0), (0, 0)], True),
        ([(1, 0), (0, 0), (0, 0)], True),
        ([(1, 0), (1, 0), (0, 0)], False),
        ([(1, 0), (0, 1), (0, 0)], False),
        ([(1, 1), (0, 0), (0, 0)], False),
        ([(0, 1), (0, 0), (0, 0)], True),
        ([(0, 0), (0, 0)], None),
    ],
)
async def test_three_reviews_accept_or_reject_a_reply(
    graph: Graph, limits: Limits, rng: Random, votes: Sequence[tuple[float, float]], verdict: bool | None
) -> None:
    planted = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    for worker, (spam, lang_mismatch) in zip(crowd(graph, limits, rng), votes, strict=False):
        task = await worker.ask(TaskKind.LABEL_ASSISTANT_REPLY)
        await worker.label(task, spam=spam, lang_mismatch=lang_mismatch)
    assert await accepted(graph, planted["Water."]) is verdict
    await check(graph, limits)


async def test_a_score_that_equals_the_threshold_rejects(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=1, acceptance_threshold_reply=0.6)
    planted = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.label(task, spam=0.1, lang_mismatch=0.3)
    assert await accepted(graph, planted["Water."]) is False


@pytest.mark.parametrize(
    ("spam", "state", "verdict"),
    [(0.0, TreeState.GROWING, True), (1.0, TreeState.ABORTED_LOW_GRADE, False)],
)
async def test_the_reviews_of_a_prompt_start_its_tree_or_end_it(
    graph: Graph, limits: Limits, rng: Random, spam: float, state: TreeState, verdict: bool
) -> None:
    planted = await plant(graph, {"?What is rain?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    for worker in crowd(graph, limits, rng)[:3]:
        await worker.review(TaskKind.LABEL_INITIAL_PROMPT, spam=spam)
    assert await state_of(graph, planted["What is rain?"]) is state
    assert await accepted(graph, planted["What is rain?"]) is verdict
    await check(graph, limits)


async def late_review(graph: Graph, limits: Limits, rng: Random, *, first: float, last: float) -> bool | None:
    """A verdict with `first`, then one more review with `last` by somebody who had been away."""
    planted = await plant(graph, {"What is rain?": {"?Water.": {}, "?Weather.": {}}}, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await graph.execute("MATCH ()-[l:LEASES]->(p) SET l.until = 1, p.key = 0.5")
    post = task.thread[-1].id
    while await accepted(graph, post) is None:
        await bob.review(TaskKind.LABEL_ASSISTANT_REPLY, spam=first)
    await ada.label(task, spam=last)
    await check(graph, limits)
    assert post in planted.ids.values()
    return await accepted(graph, post)


async def test_an_acceptance_is_never_taken_back(graph: Graph, rng: Random) -> None:
    assert await late_review(graph, Limits(num_reviews_reply=1), rng, first=0.0, last=1.0) is True


async def test_a_rejected_reply_can_be_accepted_by_a_late_review(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=1, acceptance_threshold_reply=0.4)
    assert await late_review(graph, limits, rng, first=1.0, last=0.0) is True


async def test_a_rejected_reply_makes_room_for_another(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=1, max_children_count=1, max_tree_depth=1)
    await plant(graph, {"What is rain?": {"?Spam.": {}}}, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    with pytest.raises(NothingToHandOut):
        await bob.ask(TaskKind.ASSISTANT_REPLY)
    await ada.review(TaskKind.LABEL_ASSISTANT_REPLY, spam=1.0)
    assert (await bob.ask(TaskKind.ASSISTANT_REPLY)).thread[-1].text == "What is rain?"
    await check(graph, limits)


async def test_a_parent_whose_replies_were_all_rejected_is_extended_again(graph: Graph, limits: Limits) -> None:
    planted = await plant(graph, {"What is rain?": {"!One.": {}, "!Two.": {}, "-Three.": {}}}, limits=limits)
    task = await Worker(graph, limits, Random(1), ADA).ask(TaskKind.ASSISTANT_REPLY)
    assert task.thread[-1].id == planted["What is rain?"]


# Growing up


async def test_a_tree_at_its_goal_is_ranked_after_its_last_review(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=3, num_reviews_reply=1)
    planted = await plant(graph, {"What is rain?": {"Water.": {}, "?Weather.": {}}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    with pytest.raises(NothingToHandOut):
        await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.review(TaskKind.LABEL_ASSISTANT_REPLY)
    assert await state_of(graph, planted["Water."]) is TreeState.RANKING
    assert (await ada.available())["rank_assistant_replies"] == 1
    await check(graph, limits)


async def test_a_rejection_below_the_goal_lets_the_tree_grow_on(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=3, num_reviews_reply=1)
    planted = await plant(graph, {"What is rain?": {"Water.": {}, "?Weather.": {}}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    await ada.review(TaskKind.LABEL_ASSISTANT_REPLY, spam=1.0)
    assert await state_of(graph, planted["Water."]) is TreeState.GROWING
    assert await ada.ask(TaskKind.ASSISTANT_REPLY)
    await check(graph, limits)


async def test_a_tree_with_nothing_to_rank_goes_straight_to_its_export(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=2, num_reviews_reply=1)
    planted = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    await Worker(graph, limits, rng, ADA).review(TaskKind.LABEL_ASSISTANT_REPLY)
    assert await state_of(graph, planted["Water."]) is TreeState.READY_FOR_EXPORT
    await check(graph, limits)


async def test_a_tree_that_has_no_room_left_is_done_below_its_goal(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=12, max_tree_depth=1, max_children_count=2, num_reviews_reply=1)
    planted = await plant(graph, {"What is rain?": {"Water.": {}, "?Weather.": {}}}, limits=limits)
    await Worker(graph, limits, rng, ADA).review(TaskKind.LABEL_ASSISTANT_REPLY)
    assert await state_of(graph, planted["Water."]) is TreeState.RANKING
    await check(graph, limits)


async def test_a_tree_with_a_goal_of_one_is_done_when_it_is_drawn(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=1, num_reviews_initial_prompt=1)
    planted = await plant(graph, {"?What is rain?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    await Worker(graph, limits, rng, ADA).review(TaskKind.LABEL_INITIAL_PROMPT)
    assert await state_of(graph, planted["What is rain?"]) is TreeState.READY_FOR_EXPORT
    await check(graph, limits)


async def test_no_reply_is_asked_for_below_the_greatest_depth(graph: Graph, rng: Random) -> None:
    limits = Limits(max_tree_depth=2, num_prompter_replies=3, num_reviews_reply=1)
    await plant(graph, {"What is rain?": {"Water.": {"And snow?": {}}}}, limits=limits)
    for i in range(12):
        worker = Worker(graph, limits, rng, person(f"worker {i}"))
        try:
            task = await worker.ask(rng.choice([TaskKind.ASSISTANT_REPLY, TaskKind.PROMPTER_REPLY]))
        except NothingToHandOut:
            continue
        await worker.write(task)
    (row,) = await graph.execute("MATCH (p:Post) RETURN max(p.depth) AS depth, count(p) AS posts")
    assert row == {"depth": 2, "posts": 7}
    await check(graph, limits)


async def test_a_lower_quota_does_not_leave_a_post_without_its_last_review(graph: Graph, rng: Random) -> None:
    before, after = Limits(num_reviews_reply=4), Limits(num_reviews_reply=2)
    planted = await plant(graph, {"What is rain?": {"?Water.": {}, "?Weather.": {}}}, limits=before)
    for who in (ADA, BOB, CAT):
        for _ in range(2):
            await Worker(graph, before, rng, who).review(TaskKind.LABEL_ASSISTANT_REPLY)
    for _ in range(2):
        await Worker(graph, after, rng, DAN).review(TaskKind.LABEL_ASSISTANT_REPLY)
    assert await accepted(graph, planted["Water."]) is True
    assert await accepted(graph, planted["Weather."]) is True
    await check(graph, after)


async def test_a_higher_quota_does_not_leave_a_post_without_its_verdict(graph: Graph, rng: Random) -> None:
    before, after = Limits(num_reviews_reply=2), Limits(num_reviews_reply=3)
    planted = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=before)
    await Worker(graph, before, rng, ADA).review(TaskKind.LABEL_ASSISTANT_REPLY)
    for who in (BOB, CAT):
        assert await accepted(graph, planted["Water."]) is None
        await Worker(graph, after, rng, who).review(TaskKind.LABEL_ASSISTANT_REPLY)
    assert await accepted(graph, planted["Water."]) is True
    await check(graph, after)


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1)])
async def test_a_tree_is_scored_whatever_becomes_of_the_setting(
    graph: Graph, rng: Random, before: int, after: int
) -> None:
    limits = Limits(num_required_rankings=before)
    shape: Shape = {"Which?": {"P": {"Why?": {"So.": {}, "Thus.": {}}}, "Q": {}}}
    planted = await plant(graph, shape, state=TreeState.RANKING, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    await ada.rank(await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES))
    changed = Limits(num_required_rankings=after)
    for i in range(12):
        worker = Worker(graph, changed, rng, person(f"ranker {i}"))
        try:
            await worker.rank(await worker.ask(TaskKind.RANK_ASSISTANT_REPLIES))
        except NothingToHandOut:
            break
    assert await state_of(graph, planted["Which?"]) is TreeState.READY_FOR_EXPORT


# Scoring


async def rank_all(graph: Graph, limits: Limits, rng: Random, *orders: Sequence[str], rejected: int = 0) -> None:
    """Everybody ranks one parent's replies, by their texts; the last ones say that all are bad."""
    for i, order in enumerate(orders):
        worker = Worker(graph, limits, rng, person(f"ranker {i}"))
        task = await worker.ask(TaskKind.RANK_ASSISTANT_REPLIES)
        places = [post.text for post in task.candidates]
        await worker.rank(task, tuple(places.index(text) for text in order), not_rankable=i >= len(orders) - rejected)


async def ranks(graph: Graph) -> dict[str, int | None]:
    rows = await graph.execute("MATCH (p:Post {depth: 1}) RETURN p.text AS text, p.rank AS rank")
    return {row["text"]: row["rank"] for row in rows}


async def test_the_last_ranking_scores_the_tree(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=5)
    planted = await plant(
        graph, {"Which?": {"P": {}, "Q": {}, "R": {}, "S": {}}}, state=TreeState.RANKING, limits=limits
    )
    await rank_all(graph, limits, rng, "PQRS", "PQRS", "QRPS", "QRSP")
    assert await state_of(graph, planted["Which?"]) is TreeState.RANKING
    assert set((await ranks(graph)).values()) == {None}
    late = Worker(graph, limits, rng, EVE)
    task = await late.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    places = [post.text for post in task.candidates]
    await late.rank(task, tuple(places.index(text) for text in "QPRS"))
    assert await state_of(graph, planted["Which?"]) is TreeState.READY_FOR_EXPORT
    rank_of = await ranks(graph)
    assert sorted(rank_of, key=lambda text: rank_of[text] or 0) == ["Q", "P", "R", "S"]
    assert sorted(rank_of.values(), key=lambda rank: rank or 0) == [0, 1, 2, 3]
    (row,) = await graph.execute("MATCH (p:Post {depth: 0}) RETURN p.consensus_margin AS margin")
    assert row["margin"] == 1
    await check(graph, limits)


async def test_a_cycle_of_majorities_has_one_order_that_the_ids_do_not_decide(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=5)
    await plant(graph, {"Which?": {"P": {}, "Q": {}, "R": {}, "S": {}}}, state=TreeState.RANKING, limits=limits)
    await rank_all(graph, limits, rng, "PQRS", "PQRS", "QRPS", "QRSP", "RPQS")
    rank_of = await ranks(graph)
    assert sorted(rank_of.values(), key=lambda rank: rank or 0) == [0, 1, 2, 3]
    assert rank_of["S"] == 3


@pytest.mark.parametrize(("rejected", "ranked"), [(1, True), (2, False)])
async def test_siblings_that_most_rankers_call_bad_stay_without_ranks(
    graph: Graph, limits: Limits, rng: Random, rejected: int, ranked: bool
) -> None:
    planted = await plant(graph, {"Which?": {"P": {}, "Q": {}}}, state=TreeState.RANKING, limits=limits)
    await rank_all(graph, limits, rng, "PQ", "PQ", "PQ", rejected=rejected)
    assert await ranks(graph) == ({"P": 0, "Q": 1} if ranked else {"P": None, "Q": None})
    assert await state_of(graph, planted["Which?"]) is TreeState.READY_FOR_EXPORT


async def test_each_parent_with_two_replies_is_ranked(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=1)
    planted = await plant(
        graph,
        {"Which?": {"P": {"Why?": {"Because.": {}, "So.": {}}}, "Q": {"How?": {"Thus.": {}}}}},
        state=TreeState.RANKING,
        limits=limits,
    )
    ada = Worker(graph, limits, rng, ADA)
    first, second = await ada.ask(), await ada.ask()
    assert {first.thread[-1].text, second.thread[-1].text} == {"Which?", "Why?"}
    await ada.rank(first)
    assert await state_of(graph, planted["Which?"]) is TreeState.RANKING
    await ada.rank(second)
    assert await state_of(graph, planted["Which?"]) is TreeState.READY_FOR_EXPORT
    await check(graph, limits)


async def test_prompter_replies_are_ranked_only_when_the_setting_says_so(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=1, rank_prompter_replies=True)
    shape: Shape = {"Which?": {"This.": {"Why?": {}, "How?": {}}}}
    await plant(graph, shape, state=TreeState.RANKING, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.RANK_PROMPTER_REPLIES)
    assert {post.role for post in task.candidates} == {Role.PROMPTER}
    await ada.rank(task)
    await check(graph, limits)
    with pytest.raises(NothingToHandOut):
        await Worker(graph, Limits(), rng, ADA).ask(TaskKind.RANK_PROMPTER_REPLIES)


async def test_nobody_ranks_his_own_reply(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(graph, {"Which?": {"P": {}, "Q": {}}}, state=TreeState.RANKING, author=ADA, limits=limits)
    with pytest.raises(NothingToHandOut):
        await Worker(graph, limits, rng, ADA).ask(TaskKind.RANK_ASSISTANT_REPLIES)
    assert await Worker(graph, limits, rng, BOB).ask(TaskKind.RANK_ASSISTANT_REPLIES)


async def test_candidates_are_shown_in_another_order_to_each(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(
        graph,
        {"Which?": {text: {} for text in "PQRSTU"}},
        state=TreeState.RANKING,
        limits=Limits(num_required_rankings=9),
    )
    seen = set[tuple[str, ...]]()
    for i in range(6):
        task = await Worker(graph, limits, rng, person(f"ranker {i}")).ask(TaskKind.RANK_ASSISTANT_REPLIES)
        assert sorted(post.text for post in task.candidates) == list("PQRSTU")
        seen.add(tuple(post.text for post in task.candidates))
    assert len(seen) > 1


async def test_a_fault_in_scoring_keeps_the_ranking_and_marks_the_tree(
    graph: Graph, rng: Random, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    limits = Limits(num_required_rankings=1)
    planted = await plant(graph, {"Which?": {"P": {}, "Q": {}}}, state=TreeState.RANKING, limits=limits)
    monkeypatch.setattr(tree_lifecycle, "consensus", fail)
    with caplog.at_level(logging.CRITICAL):
        await rank_all(graph, limits, rng, "PQ")
    assert await state_of(graph, planted["Which?"]) is TreeState.SCORING_FAILED
    (row,) = await graph.execute("MATCH (r:Ranking) RETURN count(r) AS rankings")
    assert row["rankings"] == 1


async def test_first_places_are_counted_for_the_authors(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(graph, {"Which?": {"P": {}, "Q": {}, "R": {}}}, state=TreeState.RANKING, author=EVE, limits=limits)
    await rank_all(graph, limits, rng, "PQR", "QPR")
    assert await figures(graph, "eve") == {"reply_ranked_1": 2, "reply_ranked_2": 2, "reply_ranked_3": 2}


# The backlog


async def test_a_tree_that_ends_brings_one_from_the_backlog(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=1, p_activate_backlog_tree=1.0)
    shape: Shape = {"Which?": {"P": {}, "Q": {}}}
    await plant(graph, shape, state=TreeState.RANKING, limits=limits)
    waiting = await plant(graph, {"What?": {"X": {}, "Y": {}}}, state=TreeState.BACKLOG_RANKING, limits=limits)
    other = await plant(graph, {"Was?": {"X": {}, "Y": {}}}, state=TreeState.BACKLOG_RANKING, limits=limits, lang="de")
    await rank_all(graph, limits, rng, "PQ")
    assert await state_of(graph, waiting["What?"]) is TreeState.RANKING
    assert await state_of(graph, other["Was?"]) is TreeState.BACKLOG_RANKING
    assert (await Worker(graph, limits, rng, ADA).ask(TaskKind.RANK_ASSISTANT_REPLIES)).thread[-1].text == "What?"
    await check(graph, limits)


async def test_a_tree_from_the_backlog_with_nothing_to_rank_is_aborted(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_initial_prompt=1, p_activate_backlog_tree=1.0, max_active_trees=0)
    waiting = await plant(graph, {"What?": {"X": {}}}, state=TreeState.BACKLOG_RANKING, limits=limits)
    await plant(graph, {"?Which?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    await Worker(graph, limits, rng, ADA).review(TaskKind.LABEL_INITIAL_PROMPT)
    assert await state_of(graph, waiting["What?"]) is TreeState.ABORTED_LOW_GRADE
    await check(graph, limits)


async def test_the_backlog_is_used_when_too_little_is_left_to_rank(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=1, p_activate_backlog_tree=0.0, min_active_rankings_per_lang=1)
    await plant(graph, {"Which?": {"P": {}, "Q": {}}}, state=TreeState.RANKING, limits=limits)
    waiting = await plant(graph, {"What?": {"X": {}, "Y": {}}}, state=TreeState.BACKLOG_RANKING, limits=limits)
    await rank_all(graph, limits, rng, "PQ")
    assert await state_of(graph, waiting["What?"]) is TreeState.RANKING


async def test_the_backlog_waits_while_there_is_enough_to_rank(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=1, p_activate_backlog_tree=0.0)
    await plant(graph, {"Which?": {"P": {}, "Q": {}}}, state=TreeState.RANKING, limits=limits)
    waiting = await plant(graph, {"What?": {"X": {}, "Y": {}}}, state=TreeState.BACKLOG_RANKING, limits=limits)
    await rank_all(graph, limits, rng, "PQ")
    assert await state_of(graph, waiting["What?"]) is TreeState.BACKLOG_RANKING
    assert (await trees.tree_of(graph, waiting["What?"])).won_lottery is None
