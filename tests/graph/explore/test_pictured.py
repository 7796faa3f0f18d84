"""The queries that the pictures of a report are made of, on graphs whose answers can be counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.graph.saved_queries import run_saved_query
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, CAT, Planted, Shape, Worker, plant, questions
from tests.graph.datasets.files import bring, reply, stored, tree
from tests.graph.reliability.judgements import review

pytestmark = pytest.mark.anyio

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)

FOREST: Shape = {
    "What is rain?": {
        "Water.": {"Why?": {}, "-Spam": {}},
        "Weather.": {},
        "!Bad.": {},
        "?Perhaps.": {},
    }
}


async def asked(graph: Graph, name: str, **arguments: object) -> list[dict[str, Any]]:
    async with run_saved_query(graph, f"explore/{name}", arguments) as answer:
        return [dict(zip(answer.columns, row, strict=True)) async for row in answer.rows]


async def forest(graph: Graph) -> Planted:
    """An English tree of seven posts, of which the last two came a day later; and a German prompt."""
    planted = await plant(graph, FOREST)
    german = await plant(graph, {"Was ist Regen?": {}}, lang="de", state=TreeState.READY_FOR_EXPORT)
    late = [planted[text] for text in ("Why?", "Spam")]
    await graph.execute(
        """
        MATCH (post:Post)
        SET post.created = $then + CASE WHEN post.id IN $late THEN duration('P1D') ELSE duration('PT0S') END
        SET post.day = format(post.created, 'uuuuMMdd'), post.synthetic = post.text = 'Water.'
        """,
        then=THEN,
        late=late,
    )
    return Planted({**planted.ids, **german.ids})


async def test_growth_by_day_counts_what_was_written_on_each_day(graph: Graph) -> None:
    await forest(graph)
    kinds = ("prompts", "assistant_replies", "prompter_replies", "rejected", "deleted", "synthetic")
    rows = await asked(graph, "growth_by_day")
    assert [(row["day"], *(row[kind] for kind in kinds)) for row in rows] == [
        (date(2026, 3, 1), 2, 4, 0, 1, 0, 1),
        (date(2026, 3, 2), 0, 0, 2, 0, 1, 0),
    ]
    (german,) = await asked(graph, "growth_by_day", lang="de")
    assert [german[kind] for kind in kinds] == [1, 0, 0, 0, 0, 0]


async def test_the_shape_of_a_language_is_that_of_its_standing_posts(graph: Graph) -> None:
    await forest(graph)
    english, german = await asked(graph, "shape_by_language")
    assert english == {
        "lang": "en",
        "trees": 1,
        "posts": 5,
        "tree_size": 5.0,
        "mean_depth": 2.0,
        "max_depth": 2,
        "branching": 2.0,  # three replies to the root, one to "Water."
    }
    assert (german["lang"], german["posts"], german["branching"]) == ("de", 1, None)
    assert await asked(graph, "shape_by_language", lang="de") == [german]


async def test_depths_say_what_became_of_the_posts(graph: Graph) -> None:
    await forest(graph)
    rows = await asked(graph, "depths")
    assert [tuple(row.values()) for row in rows] == [
        (0, "prompter", 2, 0, 0, 0),
        (1, "assistant", 2, 1, 1, 0),
        (2, "prompter", 1, 0, 0, 1),
    ]
    assert len(await asked(graph, "depths", lang="de")) == 1


async def test_skips_are_counted_by_task_and_reason(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(graph, {"One?": {}}, {"Two?": {}})
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    for hands, times in ((ada, 2), (bob, 1)):
        for _ in range(times):
            await hands.skip(await hands.ask(TaskKind.ASSISTANT_REPLY))
    await cat.write(await cat.ask(TaskKind.ASSISTANT_REPLY))
    await cat.skip(await cat.ask(TaskKind.INITIAL_PROMPT))
    await graph.execute("MATCH (task:Task {kind: 'initial_prompt'}) SET task.skip_reason = null")
    rows = await asked(graph, "skips")
    assert [tuple(row.values()) for row in rows] == [
        ("assistant_reply", "en", "not now", 3, 2, 4),
        ("initial_prompt", "en", None, 1, 0, 1),
    ]
    assert await asked(graph, "skips", lang="de") == []
    assert len(await asked(graph, "skips", limit=1)) == 1


async def test_time_to_finish_goes_from_the_prompt_to_the_end(graph: Graph) -> None:
    planted = await plant(graph, *questions(3), {"Growing": {}}, state=TreeState.READY_FOR_EXPORT)
    await graph.execute("MATCH (tree:Tree {id: $id}) SET tree.state = 'growing'", id=planted["Growing"])
    await graph.execute(
        """
        UNWIND range(0, 2) AS i
        MATCH (tree:Tree {id: $ids[i]})-[:ROOT]->(root)
        SET root.created = $then, tree.created = $then, tree.entered = $then + duration({hours: 2 * (i + 1)})
        """,
        ids=[planted[f"Question {i}?"] for i in range(3)],
        then=THEN,
    )
    (row,) = await asked(graph, "time_to_finish")
    assert (row["lang"], row["imported"], row["trees"], row["median_hours"]) == ("en", False, 3, 4.0)
    assert [row[f"p{place}_hours"] for place in (10, 25, 75, 90)] == pytest.approx([2.4, 3.0, 5.0, 5.6])


async def test_an_imported_tree_took_until_its_last_post_as_far_as_its_file_has_dates(graph: Graph) -> None:
    end = (THEN + timedelta(hours=30)).isoformat()
    last = reply("dated", "dated.0", created_date=end)
    dated = tree("dated", last)
    dated["prompt"]["created_date"] = THEN.isoformat()
    undated = tree("undated", reply("undated", "undated.0"))
    for message in (undated["prompt"], undated["prompt"]["replies"][0]):
        message.pop("created_date", None)
    await bring(graph, dated, undated)
    (row,) = await asked(graph, "time_to_finish")
    assert (row["imported"], row["trees"], row["median_hours"]) == (True, 1, 30.0)


async def test_tree_states_are_counted_by_language(graph: Graph) -> None:
    await plant(graph, {"One?": {}}, {"Two?": {}})
    await plant(graph, {"Eins?": {}}, lang="de")
    await plant(graph, {"Fertig.": {}}, lang="de", state=TreeState.READY_FOR_EXPORT)
    rows = await asked(graph, "tree_states")
    assert [(row["state"], row["lang"], row["trees"]) for row in rows] == [
        ("growing", "en", 2),
        ("growing", "de", 1),
        ("ready_for_export", "de", 1),
    ]
    assert all(row["oldest"] <= row["newest"] for row in rows)
    assert len(await asked(graph, "tree_states", lang="de")) == 2


async def test_label_values_are_of_reviews_and_of_imports(graph: Graph) -> None:
    planted = await plant(graph, {"One?": {}}, {"Two?": {}})
    await graph.execute(
        """
        MATCH (post:Post {id: $id})
        SET post.imported_labels = ['humor', 'pii'], post.label_humor = 0.26
        WITH post UNWIND [0.0, 0.5, 0.5] AS quality
        CREATE (:Review {id: randomUUID(), key: randomUUID(), maker: 'a', text: 'b', created: $then, spam: 0.0,
          quality: quality})-[:OF]->(post)
        """,
        id=planted["One?"],
        then=THEN,
    )
    rows = await asked(graph, "label_values")
    assert [tuple(row.values()) for row in rows] == [
        ("humor", True, 0.26, 1),
        ("quality", False, 0.0, 1),
        ("quality", False, 0.5, 2),
        ("spam", False, 0.0, 3),
    ]
    assert await asked(graph, "label_values", lang="de") == []
    first = min(planted.ids.values())
    assert bool(await asked(graph, "label_values", posts=1)) == (first == planted["One?"])


async def test_margins_are_counted_with_the_rankings_behind_them(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=2)
    planted = await plant(graph, {"One?": {"A": {}, "B": {}}}, state=TreeState.RANKING, limits=limits)
    for who in (ADA, BOB):
        hands = Worker(graph, limits, rng, who)
        task = await hands.ask(TaskKind.RANK_ASSISTANT_REPLIES)
        texts = [post.text for post in task.candidates]
        await hands.rank(task, (texts.index("B"), texts.index("A")))
    (row,) = await asked(graph, "margins")
    assert row == {"rankings": 2, "margin": 2, "parents": 1, "replies": 2.0}
    assert await asked(graph, "margins", lang="de") == []
    (best,) = await asked(graph, "ranked_trees")
    assert (best["tree"], best["posts"], best["ranked"], best["depth"]) == (planted["One?"], 3, 2, 1)


async def test_orders_that_came_with_an_import_are_counted_without_a_margin(graph: Graph) -> None:
    await bring(graph, tree("file", reply("file", "f.0", rank=0), reply("file", "f.1", rank=1), reply("file", "f.2")))
    assert [tuple(row.values()) for row in await asked(graph, "margins")] == [(0, None, 1, 2.0)]


async def test_lengths_by_rank_come_with_what_an_interval_needs(graph: Graph) -> None:
    await bring(
        graph,
        tree("a", reply("a", "a.0", rank=0, text="1234"), reply("a", "a.1", rank=1, text="12")),
        tree("b", reply("b", "b.0", rank=0, text="12"), reply("b", "b.1", rank=1, text="1234")),
    )
    best, other = [tuple(row.values()) for row in await asked(graph, "length_by_rank")]
    assert best == pytest.approx((0, 2, 3.0, 2**0.5, 3.0, 2, 1, 0.5))
    assert other == pytest.approx((1, 2, 3.0, 2**0.5, 3.0, 0, 0, None))


async def test_labels_by_rank_come_with_what_an_interval_needs(graph: Graph) -> None:
    await bring(
        graph,
        tree("a", reply("a", "a.0", rank=0), reply("a", "a.1", rank=1)),
        tree("b", reply("b", "b.0", rank=0), reply("b", "b.1", rank=1)),
    )
    await review(graph, "a.0", ada={"quality": 0.75}, bob={"quality": 0.25})
    await review(graph, "b.0", ada={"quality": 1.0})
    (row,) = await asked(graph, "labels_by_rank")
    assert (row["label"], row["rank"], row["posts"]) == ("quality", 0, 2)
    assert (row["mean"], row["deviation"]) == pytest.approx((0.75, 0.125**0.5))


async def test_trees_to_look_at_have_many_ranks_and_not_too_many_posts(graph: Graph) -> None:
    await bring(
        graph,
        tree("plain", reply("plain", "plain.0")),
        tree("ranked", reply("ranked", "r.0", rank=0), reply("ranked", "r.1", rank=1)),
        tree("large", *(reply("large", f"l.{i}", rank=i) for i in range(5))),
    )
    rows = await asked(graph, "ranked_trees", at_most=4)
    assert [(row["tree"], row["ranked"]) for row in rows] == [(stored("ranked"), 2), (stored("plain"), 0)]
    assert [row["tree"] for row in await asked(graph, "ranked_trees", limit=1)] == [stored("large")]
