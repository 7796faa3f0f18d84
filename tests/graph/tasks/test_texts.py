"""What becomes of a text: kept as typed, in its place, in its language."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import Role
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.graph import posts, trees
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, Worker, person, plant, text_for
from tests.invariants import check

pytestmark = pytest.mark.anyio

TEXTS = {
    "latin": "Grüße, naïve café – “quoted”, ¿qué?",
    "combining": "e\u0301 and é are kept apart",
    "arabic": "مرحبا بالعالم، كيف الحال؟",
    "hebrew with points": "שָׁלוֹם עוֹלָם",
    "mixed directions": "abc \u202bשלום\u202c def \u200f!",
    "chinese": "你好，世界。",
    "japanese": "こんにちは、カタカナ、漢字",
    "korean": "안녕하세요",
    "thai": "สวัสดีชาวโลก",
    "devanagari": "नमस्ते दुनिया",
    "tamil": "வணக்கம்",
    "amharic": "ሰላም ልዑል",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇪🇺",
    "beyond the first plane": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𓀀 𠜎",
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe",
    "controls": "tab\tline\r\nfeed\x0b and \x07 bell",
    "code": "```cypher\nMATCH (n) DETACH DELETE n; // $text {given} \\u0041 ' \" `\n```",
    "inner space": "one  two   three\n\n\nfour",
    "placeholders": "$given.text {0} %s {{}}",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_a_reply_keeps_its_text_exactly(graph: Graph, limits: Limits, rng: Random, text: str) -> None:
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    await ada.write(await ada.ask(TaskKind.ASSISTANT_REPLY), text)
    bob = Worker(graph, limits, rng, BOB)
    shown = (await bob.ask(TaskKind.LABEL_ASSISTANT_REPLY)).thread[-1]
    assert shown.text == text
    assert (await posts.post(graph, shown.id, viewer=None)).text == text


async def test_a_reply_stands_below_its_parent_with_the_other_role(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"What is rain?": {}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.write(task, "Water.", frontend_id="web-1")
    (reply,) = await posts.children(graph, planted["What is rain?"], viewer=None)
    user = await ada.user()
    assert (reply.role, reply.depth, reply.parent) == (Role.ASSISTANT, 1, planted["What is rain?"])
    assert (reply.author, reply.frontend_id, reply.accepted, reply.reviews) == (user.id, "web-1", None, 0)
    assert [post.text for post in await posts.thread(graph, reply.id, viewer=None)] == ["What is rain?", "Water."]


@pytest.mark.parametrize("lang", [None, "de", "fr"])
async def test_a_reply_has_the_language_of_its_parent(
    graph: Graph, limits: Limits, rng: Random, lang: str | None
) -> None:
    planted = await plant(graph, {"Was ist Regen?": {}}, limits=limits, lang="de")
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.ASSISTANT_REPLY, lang="de")
    await ada.ack(task)
    await ada.settle(text_for(task, lang=lang))
    (reply,) = await posts.children(graph, planted["Was ist Regen?"], viewer=None)
    assert reply.lang == "de"
    await check(graph, limits)


@pytest.mark.parametrize(("lang", "kept"), [(None, "de"), ("fr", "fr")])
async def test_a_prompt_without_a_language_has_that_in_which_it_was_asked_for(
    graph: Graph, limits: Limits, rng: Random, lang: str | None, kept: str
) -> None:
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.INITIAL_PROMPT, lang="de")
    await ada.ack(task)
    await ada.settle(text_for(task, lang=lang))
    rows = await graph.execute("MATCH (t:Tree)-[:ROOT]->(p:Post) RETURN t.lang AS tree, p.lang AS post")
    assert rows == [{"tree": kept, "post": kept}]
    await check(graph, limits)


async def test_a_prompt_in_a_language_that_takes_none_is_in_the_one_it_was_asked_for_in(
    graph: Graph, rng: Random
) -> None:
    limits = Limits(init_prompt_disabled_langs=("fr",))
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.INITIAL_PROMPT, lang="de")
    await ada.ack(task)
    await ada.settle(text_for(task, lang="fr"))
    assert await graph.execute("MATCH (tree:Tree) RETURN tree.lang AS lang") == [{"lang": "de"}]


async def test_a_tree_keeps_the_limits_of_its_creation(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=7, max_tree_depth=4, max_children_count=2)
    ada = Worker(graph, limits, rng, ADA)
    await ada.write(await ada.ask(TaskKind.INITIAL_PROMPT))
    (row,) = await graph.execute("MATCH (t:Tree) RETURN t.id AS id")
    tree = await trees.tree_of(graph, row["id"])
    assert (tree.goal, tree.max_depth, tree.max_children) == (7, 4, 2)
    assert tree.state is TreeState.INITIAL_PROMPT_REVIEW


async def test_a_goal_drawn_by_chance_lies_between_its_bounds(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=9, min_goal_tree_size=5, random_goal_tree_size=True)
    for i in range(12):
        worker = Worker(graph, limits, rng, person(f"worker {i}"))
        await worker.write(await worker.ask(TaskKind.INITIAL_PROMPT))
    rows = await graph.execute("MATCH (t:Tree) RETURN DISTINCT t.goal AS goal")
    goals = {row["goal"] for row in rows}
    assert goals <= set(range(5, 10))
    assert len(goals) > 1


@pytest.mark.parametrize("state", [TreeState.RANKING, TreeState.READY_FOR_EXPORT])
async def test_a_late_reply_to_a_grown_tree_is_kept_and_never_reviewed(
    graph: Graph, limits: Limits, rng: Random, state: TreeState
) -> None:
    planted = await plant(graph, {"What is rain?": {"Water.": {}, "Weather.": {}}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    user = await ada.user()
    assert user.created is not None
    await trees.enter_state(graph, planted["What is rain?"], state, limits=limits, now=user.created)
    await ada.write(task, "Late.")
    (row,) = await graph.execute("MATCH (p:Post {text: 'Late.'}) RETURN p.pool AS pool, p.accepted AS accepted")
    assert row == {"pool": None, "accepted": None}
    assert (await Worker(graph, limits, rng, BOB).available())["label_assistant_reply"] == 0
    await check(graph, limits)


async def test_a_reply_to_a_deleted_post_is_kept_deleted(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"What is rain?": {"Water.": {}}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    task = await ada.ask(TaskKind.PROMPTER_REPLY)
    await posts.delete(graph, [planted["Water."]], now=datetime.now(UTC))
    await ada.write(task, "And snow?")
    tree_posts = await posts.tree_posts(
        graph, planted["Water."], viewer=None, include_rejected=True, include_deleted=True
    )
    assert [(post.text, post.deleted) for post in tree_posts] == [
        ("What is rain?", False),
        ("Water.", True),
        ("And snow?", True),
    ]


async def test_somebody_may_reply_to_himself_further_down(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=1, num_reviews_initial_prompt=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    for kind, label in (
        (TaskKind.ASSISTANT_REPLY, TaskKind.LABEL_ASSISTANT_REPLY),
        (TaskKind.PROMPTER_REPLY, TaskKind.LABEL_PROMPTER_REPLY),
        (TaskKind.ASSISTANT_REPLY, TaskKind.LABEL_ASSISTANT_REPLY),
    ):
        await ada.write(await ada.ask(kind))
        await bob.review(label)
    (row,) = await graph.execute("MATCH (p:Post) RETURN max(p.depth) AS depth")
    assert row["depth"] == 3
    await check(graph, limits)


async def test_somebody_whose_reply_was_rejected_is_not_asked_again_there(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    await ada.write(await ada.ask(TaskKind.ASSISTANT_REPLY))
    await bob.review(TaskKind.LABEL_ASSISTANT_REPLY, spam=1.0)
    assert (await ada.available())["assistant_reply"] == 0
    assert (await bob.available())["assistant_reply"] == 1
    await check(graph, limits)
