"""Replies of a file to posts of the graph: a study adds those of a model to prompts that people wrote here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from random import Random

import pytest

from oa_graph.datasets.counts import ImportCounts
from oa_graph.datasets.import_formats import Defaults
from oa_graph.datasets.importer import ImportOptions, check_file, import_trees
from oa_graph.datasets.rejects import Reject
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, CAT, Worker, plant
from tests.invariants import check

pytestmark = pytest.mark.anyio

LIMITS = Limits(max_children_count=3, max_tree_depth=1, num_reviews_reply=1, num_required_rankings=1)


def file(*rows: Mapping[str, object]) -> BytesIO:
    return BytesIO("".join(json.dumps(row) + "\n" for row in rows).encode())


async def bring(graph: Graph, *rows: Mapping[str, object], defaults: Defaults | None = None) -> ImportCounts:
    options = ImportOptions(defaults=defaults or Defaults())
    return await import_trees(graph, file(*rows), limits=LIMITS, options=options)


async def test_replies_of_a_model_join_the_tree_of_a_person_and_are_reviewed_and_ranked(
    graph: Graph, rng: Random
) -> None:
    ada, bob, cat = (Worker(graph, LIMITS, rng, who) for who in (ADA, BOB, CAT))
    planted = await plant(graph, {"What is rain?": {}}, limits=LIMITS, author=ADA)
    root = planted["What is rain?"]
    reply = {"parent_id": root, "text": "Squawk!", "model_name": "parrot-1"}
    counts = await bring(graph, reply, {**reply, "text": "Squawk?"})
    assert (counts.format, counts.trees, counts.posts, counts.grown, counts.skipped) == ("replies", 0, 2, 1, 0)
    rows = await graph.execute(
        """
        MATCH (post:Post)-[:REPLY_TO]->(:Post {id: $root})
        RETURN DISTINCT post.role AS role, post.depth AS depth, post.tree AS tree, post.synthetic AS synthetic,
          post.model_name AS model, post.author AS author, post.lang AS lang, post.accepted AS accepted
        """,
        root=root,
    )
    assert rows == [
        {
            "role": "assistant",
            "depth": 1,
            "tree": root,
            "synthetic": True,
            "model": "parrot-1",
            "author": None,
            "lang": "en",
            "accepted": None,
        }
    ]
    await check(graph, LIMITS)
    await bob.write(await bob.ask(TaskKind.ASSISTANT_REPLY), "Water.")
    for worker in (bob, ada):
        for _ in range(2):
            if (await worker.available())["label_assistant_reply"]:
                await worker.review(TaskKind.LABEL_ASSISTANT_REPLY)
    ranking = await cat.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    assert {post.text for post in ranking.candidates} == {"Squawk!", "Squawk?", "Water."}
    again = await bring(graph, reply, {**reply, "text": "Squawk?"})
    assert (again.posts, again.skipped) == (0, 2)


async def test_a_reply_may_name_its_id_and_the_command_its_model(graph: Graph) -> None:
    planted = await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    rows = [{"parent_id": planted["What is rain?"].upper(), "text": "Squawk!", "id": "one"}]
    await bring(graph, *rows, defaults=Defaults(model_name="parrot-1"))
    (row,) = await graph.execute(
        """
        MATCH (post:Post {depth: 1})
        RETURN post.imported_id AS id, post.synthetic AS synthetic, post.model_name AS model
        """
    )
    assert row == {"id": "one", "synthetic": True, "model": "parrot-1"}


async def test_replies_that_cannot_stand_where_they_say_are_rejected(graph: Graph) -> None:
    planted = await plant(graph, {"What is rain?": {"-Gone.": {}}}, limits=LIMITS)
    full = await plant(graph, {"What is snow?": {}}, state=TreeState.RANKING, limits=LIMITS)
    reply = {"text": "Squawk!", "model_name": "parrot-1"}
    rejects: list[Reject] = []
    source = file(
        {**reply, "parent_id": "00000000-0000-4000-8000-000000000000"},
        {**reply, "parent_id": planted["Gone."]},
        {**reply, "parent_id": full["What is snow?"]},
        {**reply, "parent_id": planted["What is rain?"], "text": " "},
        {**reply, "parent_id": planted["What is rain?"]},
    )
    counts = await import_trees(graph, source, limits=LIMITS, on_reject=rejects.append)
    assert counts.posts == 1
    assert sorted((reject.line, reject.reason.value) for reject in rejects) == [
        (1, "wrong_thread"),
        (2, "cannot_land"),
        (3, "cannot_land"),
        (4, "empty_text"),
    ]


def test_a_dry_run_counts_replies_and_no_trees() -> None:
    reply = {"parent_id": "00000000-0000-4000-8000-000000000000", "text": "Squawk!"}
    counts = check_file(file(reply, {**reply, "text": "Squawk?"}, reply))
    assert (counts.trees, counts.posts, counts.skipped) == (0, 2, 1)
