"""Reports, remarks and skips, and what too many of them do."""

from __future__ import annotations

from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import LabelAnswer, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import NothingToHandOut
from oa_graph.graph import posts
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, Worker, figures, person, plant, snapshot, state_of
from tests.invariants import check

pytestmark = pytest.mark.anyio


def people(graph: Graph, limits: Limits, count: int) -> list[Worker]:
    return [Worker(graph, limits, Random(i), person(f"worker {i}")) for i in range(count)]


async def test_reports_are_kept_each_and_flag_the_post_once(graph: Graph, limits: Limits) -> None:
    planted = await plant(graph, {"What is rain?": {"Water.": {}}}, limits=limits)
    (ada, bob) = people(graph, limits, 2)
    await ada.report(planted["Water."], "rude")
    await ada.report(planted["Water."], "and wrong")
    await bob.report(planted["Water."], "boring")
    rows = await graph.execute(
        "MATCH (:User)-[:MADE]->(r:Report)-[:ABOUT]->(p:Post) RETURN p.text AS of, r.text AS why"
    )
    assert sorted(row["why"] for row in rows) == ["and wrong", "boring", "rude"]
    rows = await graph.execute("MATCH (:Post)-[:FLAGGED]->(f:Flag) RETURN f.processed AS processed")
    assert [row["processed"] for row in rows] == [False]
    assert (await posts.post(graph, planted["Water."], viewer=None)).emojis == {"red_flag": 2}
    await check(graph, limits)


async def test_a_report_sent_again_is_the_one_that_is_there(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"What is rain?": {"Water.": {}}}, author=BOB, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    for labels in ({"pii": 1.0}, {"pii": 1.0}, {}, {}, {"pii": 1.0, "spam": 1.0}):
        await ada.settle(LabelAnswer(None, planted["Water."], "rude", labels, is_report=True))
    rows = await graph.execute("MATCH (report:Report) RETURN report.pii AS pii, report.spam AS spam ORDER BY pii, spam")
    assert [(row["pii"], row["spam"]) for row in rows] == [(1.0, 1.0), (1.0, None), (None, None)]
    assert (await figures(graph, "bob"))["pii"] == 2


async def test_a_report_without_labels_leaves_earlier_remarks(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"What is rain?": {}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    await ada.settle(LabelAnswer(None, planted["What is rain?"], "", {"humor": 0.5}, is_report=False))
    await ada.report(planted["What is rain?"])
    (row,) = await graph.execute("MATCH (r:Remark) RETURN r.humor AS humor")
    assert row["humor"] == 0.5


async def test_a_later_remark_replaces_the_values_of_the_earlier(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"What is rain?": {}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    for labels in ({"humor": 0.5, "quality": 1.0}, {"humor": 0.25}):
        await ada.settle(LabelAnswer(None, planted["What is rain?"], "", labels, is_report=False))
    rows = await graph.execute("MATCH (r:Remark) RETURN r.humor AS humor, r.quality AS quality")
    assert rows == [{"humor": 0.25, "quality": None}]


async def test_a_remark_does_not_keep_its_author_from_reviewing(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    await ada.settle(LabelAnswer(None, planted["Water."], "", {"humor": 0.5}, is_report=False))
    assert await ada.review(TaskKind.LABEL_ASSISTANT_REPLY) == planted["Water."]
    await check(graph, limits)


async def test_too_many_flags_delete_a_reply_and_all_below_it(graph: Graph, limits: Limits) -> None:
    planted = await plant(
        graph, {"What is rain?": {"Water.": {"And snow?": {"Ice.": {}}}, "Weather.": {}}}, limits=limits
    )
    crowd = people(graph, limits, 4)
    for worker in crowd[:3]:
        await worker.report(planted["Water."])
    assert not (await posts.post(graph, planted["Water."], viewer=None)).deleted
    await crowd[3].report(planted["Water."])
    tree_posts = await posts.tree_posts(
        graph, planted["Water."], viewer=None, include_rejected=True, include_deleted=False
    )
    assert [post.text for post in tree_posts] == ["What is rain?", "Weather."]
    assert await state_of(graph, planted["Water."]) is TreeState.GROWING
    await check(graph, limits)


async def test_a_deletion_that_leaves_nothing_to_wait_for_carries_the_tree_on(graph: Graph) -> None:
    limits = Limits(goal_tree_size=3, auto_mod_red_flags=1)
    planted = await plant(graph, {"What is rain?": {"Water.": {}, "Weather.": {}, "?Spam.": {}}}, limits=limits)
    (ada,) = people(graph, limits, 1)
    await ada.report(planted["Spam."])
    assert await state_of(graph, planted["Water."]) is TreeState.RANKING
    await check(graph, limits)


async def test_a_deletion_lets_the_parent_be_extended_again(graph: Graph) -> None:
    limits = Limits(max_children_count=1, max_tree_depth=1, auto_mod_red_flags=1)
    planted = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada, bob = people(graph, limits, 2)
    await ada.report(planted["Water."])
    assert (await bob.ask(TaskKind.ASSISTANT_REPLY)).thread[-1].text == "What is rain?"
    await check(graph, limits)


async def test_an_author_whose_reply_was_deleted_may_reply_again(graph: Graph, rng: Random) -> None:
    limits = Limits(auto_mod_red_flags=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    await ada.write(await ada.ask(TaskKind.ASSISTANT_REPLY))
    reply = (await bob.ask(TaskKind.LABEL_ASSISTANT_REPLY)).thread[-1].id
    await bob.report(reply)
    await ada.write(await ada.ask(TaskKind.ASSISTANT_REPLY), "Another text.")
    await check(graph, limits)


@pytest.mark.parametrize("state", [TreeState.GROWING, TreeState.INITIAL_PROMPT_REVIEW])
async def test_too_many_flags_on_a_prompt_abort_its_tree(graph: Graph, state: TreeState) -> None:
    limits = Limits(auto_mod_red_flags=2)
    planted = await plant(graph, {"What is rain?": {"Water.": {}}}, state=state, limits=limits)
    for worker in people(graph, limits, 2):
        await worker.report(planted["What is rain?"])
    assert await state_of(graph, planted["What is rain?"]) is TreeState.ABORTED_LOW_GRADE
    await check(graph, limits)


@pytest.mark.parametrize("state", [TreeState.RANKING, TreeState.READY_FOR_EXPORT, TreeState.PROMPT_LOTTERY_WAITING])
async def test_flags_do_not_end_a_tree_that_is_grown_or_waits(graph: Graph, state: TreeState) -> None:
    limits = Limits(auto_mod_red_flags=1)
    planted = await plant(graph, {"What is rain?": {"Water.": {}, "Weather.": {}}}, state=state, limits=limits)
    (ada,) = people(graph, limits, 1)
    await ada.report(planted["What is rain?"])
    await ada.report(planted["Water."])
    assert await state_of(graph, planted["What is rain?"]) is state
    assert not (await posts.post(graph, planted["Water."], viewer=None)).deleted


async def test_a_rejected_reply_is_not_deleted_by_flags(graph: Graph) -> None:
    limits = Limits(auto_mod_red_flags=1)
    planted = await plant(graph, {"What is rain?": {"!Spam.": {}}}, limits=limits)
    (ada,) = people(graph, limits, 1)
    await ada.report(planted["Spam."])
    assert not (await posts.post(graph, planted["Spam."], viewer=None)).deleted


async def test_without_automatic_moderation_flags_and_skips_end_nothing(graph: Graph) -> None:
    limits = Limits(auto_mod_enabled=False, auto_mod_red_flags=1, auto_mod_max_skip_reply=1)
    planted = await plant(graph, {"What is rain?": {}}, limits=limits)
    (ada,) = people(graph, limits, 1)
    await ada.skip(await ada.ask(TaskKind.ASSISTANT_REPLY))
    await ada.report(planted["What is rain?"])
    assert await state_of(graph, planted["What is rain?"]) is TreeState.GROWING
    await check(graph, limits)


async def test_too_many_skips_of_a_reply_halt_the_tree_and_another_grows(graph: Graph) -> None:
    limits = Limits(auto_mod_max_skip_reply=3, max_active_trees=1)
    planted = await plant(graph, {"What is rain?": {}}, limits=limits)
    waiting = await plant(graph, {"And snow?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits)
    crowd = people(graph, limits, 3)
    tasks = [await worker.ask(TaskKind.ASSISTANT_REPLY) for worker in crowd]
    for worker, task in zip(crowd, tasks, strict=True):
        assert await state_of(graph, planted["What is rain?"]) is TreeState.GROWING
        await worker.skip(task)
    assert await state_of(graph, planted["What is rain?"]) is TreeState.HALTED_BY_MODERATOR
    assert await state_of(graph, waiting["And snow?"]) is TreeState.GROWING
    await check(graph, limits)


async def test_one_person_skips_a_post_once_however_often_he_is_asked(graph: Graph, rng: Random) -> None:
    limits = Limits(auto_mod_max_skip_reply=2)
    planted = await plant(graph, {"What is rain?": {}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.skip(task)
    await ada.skip(task)
    assert await state_of(graph, planted["What is rain?"]) is TreeState.GROWING
    assert (await posts.post(graph, planted["What is rain?"], viewer=None)).emojis == {"_skip_reply": 1}


SKIPPED = {
    TaskKind.ASSISTANT_REPLY: "_skip_reply",
    TaskKind.LABEL_ASSISTANT_REPLY: "_skip_labeling",
    TaskKind.RANK_ASSISTANT_REPLIES: "_skip_ranking",
}


@pytest.mark.parametrize(("kind", "emoji"), SKIPPED.items())
async def test_what_was_skipped_is_not_offered_again_to_the_same_person(
    graph: Graph, limits: Limits, rng: Random, kind: TaskKind, emoji: str
) -> None:
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    await plant(graph, {"What is snow?": {"Ice.": {}, "Cold.": {}}}, state=TreeState.RANKING, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    task = await ada.ask(kind)
    await ada.skip(task)
    assert (await posts.post(graph, task.thread[-1].id, viewer=(await ada.user()).id)).own_emojis == (emoji,)
    assert (await ada.available())[kind] == 0
    with pytest.raises(NothingToHandOut):
        await ada.ask(kind)
    assert (await bob.available())[kind] == 1
    await bob.ask(kind)
    await check(graph, limits)


async def test_a_skipped_prompt_leaves_no_trace_but_its_task(graph: Graph, limits: Limits, rng: Random) -> None:
    ada = Worker(graph, limits, rng, ADA)
    before = (await ada.available())["initial_prompt"]
    task = await ada.ask(TaskKind.INITIAL_PROMPT)
    assert (await ada.available())["initial_prompt"] == before - 1
    await ada.skip(task)
    assert (await ada.available())["initial_prompt"] == before
    stored = await snapshot(graph)
    assert not any("REACTED" in line for line in stored)


async def test_a_report_with_a_review_flags_and_reviews_at_once(graph: Graph, rng: Random) -> None:
    limits = Limits(auto_mod_red_flags=1)
    planted = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.ack(task)
    await ada.settle(LabelAnswer(task.id, planted["Water."], "rude", {"spam": 1.0}, is_report=True))
    reply = await posts.post(graph, planted["Water."], viewer=None)
    assert (reply.reviews, reply.deleted) == (1, True)
    await check(graph, limits)
