"""Trees go into a real graph and come out of it."""

from __future__ import annotations

import gzip
import json
import os
import re
import tracemalloc
from collections.abc import Iterator
from io import BytesIO, RawIOBase
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from oa_graph.datasets import ImportCounts, export_trees, import_trees
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import InvalidFile
from oa_graph.graph import posts
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import catalogue, typed_by_operator
from tests.builders import ADA, BOB, Worker, person, plant
from tests.graph.datasets.files import FULL, REAL, Json, bring, lines, message, parsed, reply, stored, taken, tree

pytestmark = pytest.mark.anyio

_no_real_file = pytest.mark.skipif(not REAL.exists(), reason=f"the reference trees are not at {REAL}")


@_no_real_file
async def test_the_reference_trees_come_out_as_they_went_in(graph: Graph, limits: Limits) -> None:
    assert await import_trees(graph, REAL, limits=limits) == ImportCounts(trees=100, posts=1167)
    assert await taken(graph) == REAL.read_bytes()


@_no_real_file
async def test_a_second_import_skips_everything(graph: Graph, limits: Limits) -> None:
    await import_trees(graph, REAL, limits=limits)
    assert await import_trees(graph, REAL, limits=limits) == ImportCounts(skipped=100)
    assert len(parsed(await taken(graph))) == 100


async def test_every_field_comes_back(graph: Graph) -> None:
    counts = await bring(graph, FULL)
    assert counts == ImportCounts(trees=1, posts=7, kept_as_is={"events": 1, "set": 1, "something_new": 1})
    assert await taken(graph, everything=True) == lines(FULL)


async def test_two_exports_give_the_same_bytes(graph: Graph) -> None:
    await bring(graph, tree("z"), FULL, tree("a"))
    assert await taken(graph, everything=True) == await taken(graph, everything=True)


async def test_trees_leave_in_the_order_in_which_they_came(graph: Graph) -> None:
    await bring(graph, tree("m"), tree("z"))
    await bring(graph, tree("a"), tree("m"))
    assert [tree_line["message_tree_id"] for tree_line in parsed(await taken(graph))] == ["m", "z", "a"]


async def test_a_default_export_holds_what_is_ready_to_learn_from(graph: Graph) -> None:
    rejected = reply("r", "no", review_result=False, replies=[reply("no", "below", role="prompter")])
    kept = [reply("r", "yes", synthetic=True)]
    left_out = [reply("r", "gone", deleted=True), rejected, reply("r", "open", review_result=None)]
    others = [tree("bad", review_result=False), tree("halted", state="halted_by_moderator")]
    await bring(graph, tree("r", *left_out, *kept), *others)
    assert parsed(await taken(graph)) == [tree("r", *kept)]
    assert parsed(await taken(graph, include_synthetic=False)) == []
    ids = [tree_line["message_tree_id"] for tree_line in parsed(await taken(graph, states=None))]
    assert ids == ["r", "halted"]


async def test_an_export_counts_what_it_leaves_out(graph: Graph) -> None:
    await bring(graph, tree("r"), tree("bad", review_result=False))
    assert await export_trees(graph, BytesIO()) == ImportCounts(trees=1, posts=1, skipped=1)


async def test_an_export_of_one_language_goes_by_the_prompt(graph: Graph) -> None:
    await bring(graph, tree("r", reply("r", "s", lang="de")), tree("t", lang="de"))
    for lang in ("de", "DE"):
        assert [tree_line["message_tree_id"] for tree_line in parsed(await taken(graph, lang=lang))] == ["t"]


async def test_ranks_order_replies_and_the_file_orders_those_without(graph: Graph) -> None:
    dates = {"created_date": "2024-01-01T00:00:00+00:00"}, {"created_date": "2023-01-01T00:00:00+00:00"}
    replies = [
        reply("r", "c", rank=1),
        reply("r", "b", rank=0),
        reply("r", "z", **dates[0]),
        reply("r", "a", **dates[1]),
    ]
    await bring(graph, tree("r", *replies))
    (tree_line,) = parsed(await taken(graph))
    assert [message["message_id"] for message in tree_line["prompt"]["replies"]] == ["b", "c", "z", "a"]


async def test_authors_become_users_that_wrote_their_posts(graph: Graph) -> None:
    await bring(graph, tree("r", reply("r", "s", user_id="someone"), user_id="someone"))
    (row,) = await graph.execute(
        "MATCH (user:User)-[:WROTE]->(post:Post) RETURN user {.*} AS user, collect(post.author) AS authors"
    )
    assert row["authors"] == ["someone", "someone"]
    assert (row["user"]["client"], row["user"]["method"], row["user"]["enabled"]) == ("import", "system", True)
    assert not row["user"]["show_on_leaderboard"]


async def test_an_imported_post_reads_like_any_other(graph: Graph) -> None:
    await bring(graph, FULL)
    post = await posts.post(graph, stored("best", FULL["origin"]), viewer=None)
    assert (post.depth, post.rank, post.reviews, post.accepted) == (1, 0, 4, True)
    root = await posts.post(graph, post.tree, viewer=None)
    assert root.emojis == {"_skip_reply": 1, "+1": 3, "red_flag": 1}
    assert root.frontend_id == root.id
    assert root.created is not None
    assert root.created.isoformat() == "2023-02-05T14:23:50.983374+00:00"


async def test_labels_are_numbers_that_a_query_finds(graph: Graph) -> None:
    await bring(graph, FULL)
    rows = await graph.execute(
        "MATCH (post:Post) WHERE post.label_quality > 0.4 AND post.detoxify_toxicity < 0.1 "
        "RETURN post.imported_id AS id, post.label_quality_count AS count"
    )
    assert rows == [{"id": "best", "count": 3}]


async def test_labels_and_emojis_of_people_here_join_those_of_the_file(graph: Graph) -> None:
    await bring(graph, tree("r", labels={"spam": {"value": 0.25, "count": 3}}, emojis={"+1": 2}))
    await graph.execute(
        """
        MATCH (post:Post {imported_id: 'r'})
        CREATE (:User {id: 'u'})-[:REACTED {emoji: '+1'}]->(post), (:User {id: 'v'})-[:REACTED {emoji: '-1'}]->(post),
          (:Review {id: 'x', key: 'k', text: 't', created: datetime(), spam: 1.0, quality: 0.5})-[:OF]->(post),
          (:Remark {text: 't', created: datetime(), changed: datetime(), quality: 1})-[:OF]->(post)
        """
    )
    (tree_line,) = parsed(await taken(graph))
    assert tree_line["prompt"]["labels"] == {
        "spam": {"value": 0.4375, "count": 4},
        "quality": {"value": 0.75, "count": 2},
    }
    assert tree_line["prompt"]["emojis"] == {"+1": 3, "-1": 1}


EARLIER = "4dc9c3a0-5a0e-4b7e-9c0f-2f7d4f6c9a11"
"""The same message in every file."""


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{broken", "not JSON"),
        (lines(tree("x", message("y", role="prompter", parent_id="x"))), "the role has to be assistant"),
        (lines({"message_tree_id": "x"}), "prompt: Field required"),
        (lines(tree("x", reply("q", "y"))), "message y stands under x, but its parent_id is q"),
        (b'{"message_tree_id": "\0"}\n', "Invalid control character"),
        (lines(tree("x", reply("x", "first"))), "another tree in the graph has a message of this one"),
        (lines(tree("x", reply("x", EARLIER))), "another tree in the graph has a message of this one"),
    ],
)
async def test_a_bad_line_is_named_and_the_lines_before_it_stay(
    graph: Graph, limits: Limits, tmp_path: Path, line: bytes, why: str
) -> None:
    await bring(graph, tree(EARLIER))
    file = tmp_path / "trees.jsonl"
    file.write_bytes(lines(tree("first")) + b"\n" + line.rstrip(b"\n") + b"\n" + lines(tree("last")))
    with pytest.raises(InvalidFile) as caught:
        await import_trees(graph, file, limits=limits)
    assert str(caught.value).startswith(f"{file}, line 3: ")
    assert why in str(caught.value)
    assert [tree_line["message_tree_id"] for tree_line in parsed(await taken(graph))] == [EARLIER, "first"]
    assert await graph.execute("MATCH (post:Post) WHERE post.imported_id = 'x' RETURN post.id AS id") == []


async def test_packed_files_are_known_by_name_going_out_and_by_content_coming_in(
    graph: Graph, limits: Limits, tmp_path: Path
) -> None:
    await bring(graph, FULL)
    await export_trees(graph, tmp_path / "a.jsonl.gz")
    await export_trees(graph, tmp_path / "b.jsonl.gz")
    await export_trees(graph, tmp_path / "plain.jsonl")
    packed = (tmp_path / "a.jsonl.gz").read_bytes()
    assert packed == (tmp_path / "b.jsonl.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "plain.jsonl").read_bytes()
    assert await import_trees(graph, tmp_path / "a.jsonl.gz", limits=limits) == ImportCounts(skipped=1)
    assert await import_trees(graph, BytesIO(packed), limits=limits) == ImportCounts(skipped=1)


async def test_a_torn_packed_file_is_an_invalid_file(graph: Graph, limits: Limits) -> None:
    packed = gzip.compress(lines(tree("r")) + lines(*(tree(f"{i}") for i in range(500))))
    with pytest.raises(InvalidFile, match="the gzip file is broken"):
        await import_trees(graph, BytesIO(packed[:-40]), limits=limits)
    assert parsed(await taken(graph))[0] == tree("r")


async def test_an_empty_file_is_no_trees(graph: Graph, limits: Limits) -> None:
    assert await import_trees(graph, BytesIO(b"\n"), limits=limits) == ImportCounts()
    assert await taken(graph) == b""


async def test_a_failed_export_leaves_the_old_file_alone(graph: Graph, tmp_path: Path) -> None:
    await bring(graph, tree("r"))
    file = tmp_path / "trees.jsonl"
    file.write_text("old")

    def stop(_: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        await export_trees(graph, file, on_progress=stop)
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == [file.name]


async def test_progress_counts_posts(graph: Graph, limits: Limits) -> None:
    seen: list[int] = []
    source = BytesIO(lines(*(tree(f"t{i}", reply(f"t{i}", f"r{i}")) for i in range(1100))))
    await import_trees(graph, source, limits=limits, on_progress=seen.append)
    assert len(seen) == 3  # transactions that are on their way at once end in any order
    assert seen == sorted(seen)
    assert seen[-1] == 2200
    seen.clear()
    await export_trees(graph, BytesIO(), on_progress=seen.append)
    assert seen == list(range(2, 2201, 2))


async def _check_counters(graph: Graph) -> None:
    counters = await graph.execute("MATCH (language:Language) RETURN language {.*} AS fields")
    counted = await graph.execute("MATCH (tree:Tree) RETURN tree.lang AS lang, tree.state AS state, count(*) AS trees")
    assert {
        (row["fields"]["tag"], state): number
        for row in counters
        for state, number in row["fields"].items()
        if state not in ("tag", "changed") and number
    } == {(row["lang"], row["state"]): row["trees"] for row in counted}


async def test_the_counters_of_languages_are_what_is_counted(graph: Graph) -> None:
    await plant(graph, {"A prompt": {"?A reply": {}}})
    pair = [reply("2", "2a"), reply("2", "2b")]
    await bring(graph, tree("1"), tree("2", *pair, state="ranking"), tree("3", lang="de"), tree("4", state="ranking"))
    await bring(graph, tree("1"), tree("5"), tree("6", state="initial_prompt_review"), tree("7", state="growing"))
    await _check_counters(graph)


async def test_a_tree_imported_into_ranking_is_handed_out_to_be_ranked(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=1)
    replies = [reply("r", "a", "Good."), reply("r", "b", "Better.")]
    await bring(graph, tree("r", *replies), limits=limits, state=TreeState.RANKING)
    hands = Worker(graph, limits, rng, ADA)
    task = await hands.ask()
    assert task.kind is TaskKind.RANK_ASSISTANT_REPLIES
    best = next(place for place, post in enumerate(task.candidates) if post.id == stored("b"))
    await hands.rank(task, (best, 1 - best))
    (tree_line,) = parsed(await taken(graph))
    assert [(message["message_id"], message["rank"]) for message in tree_line["prompt"]["replies"]] == [
        ("b", 0),
        ("a", 1),
    ]
    await _check_counters(graph)


async def test_a_tree_imported_into_growing_is_gone_on_with(graph: Graph, limits: Limits, rng: Random) -> None:
    await bring(graph, tree("r", state="growing"), limits=limits)
    task = await Worker(graph, limits, rng, ADA).ask()
    assert task.kind is TaskKind.ASSISTANT_REPLY
    assert [post.id for post in task.thread] == [stored("r")]


async def test_a_tree_with_nothing_to_rank_does_not_wait_for_rankings(graph: Graph) -> None:
    await bring(graph, tree("r", reply("r", "only", rank=0), state="ranking"))
    assert parsed(await taken(graph)) == [tree("r", reply("r", "only", rank=0))]


async def test_a_grown_tree_is_exported_with_labels_and_ranks(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=1, num_required_rankings=1, goal_tree_size=3, max_tree_depth=1)
    planted = await plant(graph, {"What is rain?": {}}, limits=limits, author=person("asker"))
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, person("reviewer")))
    await ada.write(await ada.ask(TaskKind.ASSISTANT_REPLY), "Water.")
    await bob.write(await bob.ask(TaskKind.ASSISTANT_REPLY), "Weather.")
    for _ in range(2):
        await cat.label(await cat.ask(TaskKind.LABEL_ASSISTANT_REPLY), spam=0.25, quality=0.75)
    await cat.rank(await cat.ask(TaskKind.RANK_ASSISTANT_REPLIES))
    (tree_line,) = parsed(await taken(graph))
    assert tree_line["message_tree_id"] == planted["What is rain?"]
    assert sorted(message["text"] for message in tree_line["prompt"]["replies"]) == ["Water.", "Weather."]
    for rank, answer in enumerate(tree_line["prompt"]["replies"]):
        assert answer["rank"] == rank
        assert answer["labels"] == {"quality": {"value": 0.75, "count": 1}, "spam": {"value": 0.25, "count": 1}}
        assert answer["review_count"] == 1
        assert "created_date" in answer
    again = await taken(graph)
    await graph.execute("MATCH (n) WHERE NOT n:Schema DETACH DELETE n")
    await import_trees(graph, BytesIO(again), limits=limits)
    assert await taken(graph) == again


class _Endless(RawIOBase):
    """A file of so many trees that is never whole in memory."""

    def __init__(self, trees: Iterator[Json]) -> None:
        self._trees = trees
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = lines(*islice(self._trees, 1))
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


class _Sink(RawIOBase):
    """Counts what is written and keeps nothing."""

    size = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.size += len(content)
        return len(content)


async def test_memory_does_not_grow_with_the_file(graph: Graph, limits: Limits) -> None:
    text = "x" * 2000

    def trees(first: int, number: int) -> Iterator[Json]:
        for i in range(first, first + number):
            yield tree(f"t{i}", *(reply(f"t{i}", f"t{i}-{place}", text) for place in range(9)), text=text)

    async def peaks(first: int, number: int) -> tuple[int, int]:
        counts_seen: list[int] = []
        source: Any = _Endless(trees(first, number))
        sink: Any = _Sink()
        for work in (import_trees(graph, source, limits=limits), export_trees(graph, sink)):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            await work
            counts_seen.append(tracemalloc.get_traced_memory()[1] - before)
        assert sink.size > number * 20_000
        return counts_seen[0], counts_seen[1]

    tracemalloc.start()
    try:
        small = await peaks(0, 400)
        large = await peaks(400, 1600)
    finally:
        tracemalloc.stop()
    # How many batches are under way at once is a matter of the machine's moment; four times the file is not.
    assert large[0] < small[0] * 2
    assert large[1] < small[1] * 2
    assert max(large) < 100_000_000


async def test_an_export_sorts_trees_and_never_posts(graph: Graph) -> None:
    await bring(graph, tree("r", reply("r", "s")))
    query = catalogue()["datasets/trees"]
    async with graph.session(read=True) as session:
        parameters = query.sent({"states": ["ready_for_export"], "lang": None, "chunk": 8})
        summary = await (await session.run(typed_by_operator(f"EXPLAIN {query.text}"), parameters)).consume()
    plan = str(cast("Any", summary).plan["args"]["string-representation"])
    steps = re.findall(r"\+(\w+)", plan)  # the last comes first
    assert steps.count("Sort") == 1
    assert steps.index("Sort") > steps.index("EagerAggregation") > steps.index("Apply")
    assert not {"AllNodesScan", "NodeByLabelScan"} & set(steps)


def test_the_file_of_every_field_is_valid_json() -> None:
    assert json.loads(lines(FULL)) == FULL
