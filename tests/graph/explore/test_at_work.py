"""The statements for analysts read what the service itself writes: what people do there is found again."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from oa_graph.context import utc_now
from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import EmojiCode
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import PostNotFound
from oa_graph.graph.posts import settle
from oa_graph.graph.saved_queries import missing_data, run_saved_query, saved_queries
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, CAT, DAN, EVE, Worker, lapse, plant
from tests.graph.datasets.files import bring, reply, stored, tree
from tests.graph.explore.sample_graph import plant_garden
from tests.graph.moderation.moderator import Moderator
from tests.graph.reliability.judgements import review

pytestmark = pytest.mark.anyio


async def asked(graph: Graph, name: str, **arguments: object) -> list[dict[str, Any]]:
    async with run_saved_query(graph, name, arguments) as answer:
        return [dict(zip(answer.columns, row, strict=True)) async for row in answer.rows]


@pytest.fixture
async def garden(graph: Graph) -> Graph:
    await plant_garden(graph)
    return graph


def of(rows: list[dict[str, Any]], *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


async def test_nothing_is_answered_of_nothing(graph: Graph) -> None:
    for query in saved_queries():
        assert await asked(graph, query.name, **dict.fromkeys(query.required, "nothing")) == [], query.name
        needs = " and ".join(query.needs)
        lacks = " and no ".join(query.needs)
        assert await missing_data(graph, query) == f"{query.short} needs {needs}; the graph holds no {lacks}"


async def test_what_a_query_needs_is_seen_once_it_is_there(garden: Graph) -> None:
    assert [reason for query in saved_queries() if (reason := await missing_data(garden, query))] == []


async def test_of_an_imported_file_only_what_people_did_here_is_lacking(graph: Graph) -> None:
    labels = {"quality": {"value": 0.75, "count": 3}, "humor": {"count": 2}, "spam": {"value": 0.0, "count": 1}}
    replies = [reply("t", f"t.{rank}", f"Reply {rank}.", rank=rank, labels=labels, emojis={"+1": 2}) for rank in (0, 1)]
    for post in (imported := tree("t", *replies))["prompt"], *replies:
        post.pop("created_date", None)
    await bring(graph, imported)
    answers = {
        query.short: await asked(graph, query.name, **dict.fromkeys(query.required, stored("t")))
        for query in saved_queries()
    }
    reasons = {query.short: await missing_data(graph, query) for query in saved_queries()}
    for name in ("labels_by_rank", "label_means", "label_values", "length_by_rank", "preference_pairs", "reactions"):
        assert answers[name], name
        assert reasons[name] is None
    assert [name for name, reason in reasons.items() if reason and answers[name]] == []
    unexplained = {name for name, reason in reasons.items() if not reason and not answers[name]}
    assert unexplained == {"duplicate_texts", "language_switches"}  # of which there are none, and nothing is missing
    assert reasons["labels_by_rank"] is None
    assert reasons["skips"] == "skips needs tasks; the graph holds no tasks"
    assert reasons["time_to_finish"] == (
        "time_to_finish needs finished trees and dated posts; the graph holds no dated posts"
    )


async def test_labels_of_a_file_and_of_people_here_make_one_mean(graph: Graph) -> None:
    labels = {"quality": {"value": 1.0, "count": 3}, "humor": {"count": 2}}
    await bring(graph, tree("t", reply("t", "best", rank=0, labels=labels), reply("t", "worst", rank=1)))
    await review(graph, "best", ada={"quality": 0.0, "spam": 0.0})
    rows = of(await asked(graph, "labels_by_rank"), "label", "rank", "posts", "mean")
    assert rows == [("quality", 0, 1, 0.75), ("spam", 0, 1, 0.0)]


async def test_tasks_are_followed_from_hand_to_hand(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"One?": {}})
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    skipped = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.skip(skipped)
    done = await bob.ask(TaskKind.ASSISTANT_REPLY)
    await bob.write(done, "An answer.")
    (answer,) = await graph.execute("MATCH (post:Post {text: 'An answer.'}) RETURN post.id AS id")
    held = await cat.ask(TaskKind.ASSISTANT_REPLY)
    await cat.ack(held)

    assert of(await asked(graph, "life_of_a_task", task=skipped.id), "event", "detail") == [
        ("handed out", "assistant_reply"),
        ("skipped", "not now"),
    ]
    assert of(await asked(graph, "life_of_a_task", task=done.id), "event", "detail", "post") == [
        ("handed out", "assistant_reply", planted["One?"]),
        ("acknowledged", f"ack {done.id}", planted["One?"]),
        ("gave", answer["id"], planted["One?"]),
        ("done", None, planted["One?"]),
    ]
    assert of(await asked(graph, "life_of_a_task", task=held.id), "event") == [
        ("handed out",),
        ("acknowledged",),
        ("reservation ends",),
        ("expires",),
    ]
    (funnel,) = await asked(graph, "task_funnel")
    assert list(funnel.values()) == ["assistant_reply", 3, 2, 1, 1, 0, 1, pytest.approx(1 / 3)]
    (answered,) = await asked(graph, "time_to_answer")
    assert (answered["kind"], answered["answered"]) == ("assistant_reply", 1)
    assert 0 <= answered["median_minutes"] < 5
    assert of(await asked(graph, "skippers"), "name", "taken", "skipped", "done") == [("Ada", 1, 1, 0)]
    assert of(await asked(graph, "leases_now"), "kind", "held", "lapsed", "people") == [("assistant_reply", 1, 0, 1)]
    await lapse(graph)
    assert of(await asked(graph, "leases_now"), "kind", "held", "lapsed", "people") == [("assistant_reply", 0, 1, 0)]


async def test_open_places_are_those_that_the_service_opened(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"One?": {"First.": {}, "?Second.": {}}})
    await Worker(graph, limits, rng, ADA).ask(TaskKind.PROMPTER_REPLY)
    assert of(await asked(graph, "open_places"), "kind", "lang", "places", "wants", "free") == [
        ("assistant_reply", "en", 1, 1, 1),
        ("label_assistant_reply", "en", 1, 3, 1),
        ("prompter_reply", "en", 1, 1, 0),
    ]
    assert of(await asked(graph, "lonely_posts"), "post", "replies", "wants") == [(planted["First."], 0, 1)]
    assert len(await asked(graph, "lonely_posts", replies=2)) == 2
    assert await asked(graph, "stuck_trees") == []
    await graph.execute("MATCH (post:Post) SET post.pool = null, post.key = null, post.wants = null")
    assert of(await asked(graph, "stuck_trees"), "tree", "why") == [(planted["One?"], "no post of it wants anything")]


async def test_what_rankers_say_becomes_margins_and_pairs(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=3)
    planted = await plant(graph, {"One?": {"A": {}, "B": {}}}, state=TreeState.RANKING, limits=limits)
    for who, order in ((ADA, "BA"), (BOB, "AB"), (CAT, "BA")):
        hands = Worker(graph, limits, rng, who)
        task = await hands.ask(TaskKind.RANK_ASSISTANT_REPLIES)
        texts = [post.text for post in task.candidates]
        await hands.rank(task, tuple(texts.index(text) for text in order))
    assert of(await asked(graph, "disagreement"), "preferred", "other", "voters_for", "voters_against") == [
        (planted["B"], planted["A"], 2, 1)
    ]
    rows = of(await asked(graph, "against_the_crowd"), "name", "pairs", "against")
    assert (rows[0], sorted(rows[1:])) == (("Bob", 1, 1), [("Ada", 1, 0), ("Cat", 1, 0)])
    (pair,) = await asked(graph, "preference_pairs", margin=1)
    assert [pair[name] for name in ("chosen", "rejected", "ranks", "margin", "voters")] == ["B", "A", [0, 1], 1, 3]
    assert await asked(graph, "preference_pairs", margin=2) == []
    assert of(await asked(graph, "close_calls"), "margin", "rankings", "best") == [(1, 3, planted["B"])]
    assert of(await asked(graph, "best_threads"), "posts", "ranked") == [([planted["One?"], planted["B"]], 1)]
    places = await asked(graph, "position_bias")
    assert of(places, "candidates", "shown", "rankings") == [(2, 0, 3), (2, 1, 3)]
    assert sum(row["first"] for row in places) == 3
    assert sum(row["mean_place"] for row in places) == pytest.approx(1)


async def test_reviews_are_compared_post_by_post(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"?One?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW)
    for who, spam, quality in ((ADA, 0.0, 0.5), (BOB, 1.0, 0.5), (CAT, 0.0, 0.5)):
        hands = Worker(graph, limits, rng, who)
        await hands.label(await hands.ask(TaskKind.LABEL_INITIAL_PROMPT), spam=spam, quality=quality, lang_mismatch=0.0)
    agreement = {row.pop("label"): list(row.values()) for row in await asked(graph, "reviewer_agreement")}
    assert agreement["spam"] == pytest.approx([1, 3, 1 / 3, 2 / 3, 1 / 3])
    assert agreement["quality"] == pytest.approx([1, 3, 1.0, 0.0, 0.5])
    (contested,) = await asked(graph, "contested_reviews")
    assert (contested["post"], contested["reviews"], contested["accepted"]) == (planted["One?"], 3, True)
    assert of(await asked(graph, "label_means", label="spam"), "mean", "given") == [(pytest.approx(1 / 3), 3)]


async def test_a_contested_post_is_settled_until_the_next_review(graph: Graph) -> None:
    post = (await plant(graph, {"One?": {}}))["One?"]

    async def settled() -> list[tuple[object, ...]]:
        assert of(await asked(graph, "contested_reviews"), "post") == [(post,)]
        return of(await asked(graph, "contested_reviews", unsettled=True), "settled")

    await review(graph, post, ada={"spam": 0.0}, bob={"spam": 1.0})
    assert await settled() == [(False,)]
    await settle(graph, post, now=utc_now())
    assert await settled() == []
    await review(graph, post, cat={"quality": 0.0})
    assert await settled() == []
    await review(graph, post, dan={"spam": 0.0})
    assert await settled() == [(False,)]
    with pytest.raises(PostNotFound):
        await settle(graph, "no post", now=utc_now())


async def test_complaints_edits_and_reactions_are_seen(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"One?": {"Rude.": {}}}, author=DAN)
    eve = Worker(graph, limits, rng, EVE)
    await eve.user()
    office = Moderator(graph, limits, rng)
    await eve.report(planted["Rude."])
    await office.edit(planted["Rude."], "Polite.", editor=EVE)
    await office.react(planted["Rude."], EmojiCode.THUMBS_UP, who=EVE)
    (complaint,) = await asked(graph, "reports_and_flags")
    assert (complaint["post"], complaint["reports"], complaint["reasons"]) == (planted["Rude."], 1, ["This is rude."])
    assert complaint["processed"] is False
    (edited,) = await asked(graph, "edited_posts")
    assert [edited[name] for name in ("edits", "by_others", "before", "now")] == [1, True, "Rude.", "Polite."]
    emojis = {row["emoji"]: row["people"] for row in await asked(graph, "reactions")}
    assert emojis["+1"] == 1
    people = {row["name"]: row for row in await asked(graph, "people")}
    assert [people["dan"][name] for name in ("prompts", "replies", "standing", "accepted_share")] == [1, 1, 2, 1.0]
    await office.halt(planted["One?"])
    assert of(await asked(graph, "stuck_trees"), "why") == [("halted by a moderator",)]
