"""Imports that people go on with, that break off, and that come twice: on a real graph."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from oa_graph.cli import main
from oa_graph.datasets import Destination, ImportCounts, ImportOptions, Reject, import_trees
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import InvalidFile
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, CAT, Worker, state_of
from tests.graph.datasets.files import REAL, Json, lines, parsed, reply, stored, taken, tree
from tests.graph.datasets.test_import_formats import RICH, chat, flattened
from tests.invariants import check, same_when_counted_anew

pytestmark = pytest.mark.anyio

_no_real_file = pytest.mark.skipif(not REAL.exists(), reason=f"the reference trees are not at {REAL}")


async def land(
    graph: Graph, content: bytes, into: Destination | None = None, limits: Limits | None = None, *, activate: int = 0
) -> tuple[ImportCounts, list[Reject]]:
    refused: list[Reject] = []
    wish = ImportOptions(into=into, activate=activate)
    counts = await import_trees(
        graph, BytesIO(content), limits=limits or Limits(), options=wish, on_reject=refused.append, rng=Random(3)
    )
    return counts, refused


async def states(graph: Graph) -> dict[str, int]:
    rows = await graph.execute("MATCH (tree:Tree) RETURN tree.state AS state, count(*) AS trees")
    return {row["state"]: row["trees"] for row in rows}


PAIR = tree("r", reply("r", "a", "Good."), reply("r", "b", "Better."))


# Landing


async def test_finished_trees_want_nothing_of_anybody(graph: Graph, limits: Limits) -> None:
    await land(graph, lines({**PAIR, "tree_state": "growing"}, RICH | {"message_tree_id": "r"}), Destination.FINISHED)
    assert await states(graph) == {"ready_for_export": 1}
    await check(graph, limits)


async def test_an_open_thread_is_gone_on_with(graph: Graph, limits: Limits, rng: Random) -> None:
    await land(graph, lines(chat("Hi", "Hello", "What is rain?")), Destination.GROWING)
    await check(graph, limits)
    seen: set[tuple[str, ...]] = set()
    for who in (ADA, BOB, CAT):
        task = await Worker(graph, limits, rng, who).ask(TaskKind.ASSISTANT_REPLY)
        seen.add(tuple(post.text for post in task.thread))
        await Worker(graph, limits, rng, who).write(task, f"Water, says {who.name}.")
    assert seen <= {("Hi",), ("Hi", "Hello", "What is rain?")}
    assert len(seen) == 2
    await check(graph, limits)


async def test_a_thread_as_long_as_a_whole_tree_still_gets_its_answer(graph: Graph, limits: Limits) -> None:
    texts = [f"Text {i}" for i in range(15)]
    await land(graph, lines(chat(*texts)), Destination.GROWING)
    (row,) = await graph.execute("MATCH (post:Post {depth: 14}) RETURN post.text AS text, post.pool AS pool")
    assert row == {"text": "Text 14", "pool": "assistant_reply en 0"}
    await check(graph, limits)


async def test_a_long_thread_that_has_its_answer_is_done(graph: Graph, limits: Limits) -> None:
    await land(graph, lines(chat(*(f"Text {i}" for i in range(16)))), Destination.GROWING)
    assert await states(graph) == {"ready_for_export": 1}
    await check(graph, limits)


async def test_a_grown_import_goes_the_whole_way(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=1, num_required_rankings=1, goal_tree_size=3, max_tree_depth=1)
    await land(graph, b"What is rain?\n", Destination.GROWING, limits)
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    await ada.write(await ada.ask(TaskKind.ASSISTANT_REPLY), "Water.")
    await bob.write(await bob.ask(TaskKind.ASSISTANT_REPLY), "Weather.")
    for _ in range(2):
        await cat.label(await cat.ask(TaskKind.LABEL_ASSISTANT_REPLY))
    await cat.rank(await cat.ask(TaskKind.RANK_ASSISTANT_REPLIES))
    (tree_line,) = parsed(await taken(graph))
    assert [message["rank"] for message in tree_line["prompt"]["replies"]] == [0, 1]
    await check(graph, limits)


async def test_prompts_wait_for_the_lottery_and_as_many_grow_as_may(graph: Graph) -> None:
    limits = Limits(max_active_trees=2)
    counts, _ = await land(graph, b"".join(b"Question %d?\n" % i for i in range(7)), limits=limits)
    assert counts == ImportCounts(trees=7, posts=7)
    assert await states(graph) == {"growing": 2, "prompt_lottery_waiting": 5}
    await check(graph, limits)


async def test_prompts_may_be_reviewed_first(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_initial_prompt=1)
    await land(graph, lines(tree("r", reply("r", "a"), text="What is rain?")), Destination.REVIEW, limits)
    assert await states(graph) == {"initial_prompt_review": 1}
    await check(graph, limits)
    assert await Worker(graph, limits, rng, ADA).review(TaskKind.LABEL_INITIAL_PROMPT) == stored("r")
    assert await states(graph) == {"growing": 1}
    await check(graph, limits)


async def test_a_backlog_is_ranked_tree_after_tree(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=1, p_activate_backlog_tree=1.0)
    content = lines(*(tree(f"t{i}", reply(f"t{i}", f"{i}a"), reply(f"t{i}", f"{i}b")) for i in range(4)))
    for _ in range(2):  # the second time nothing changes
        await land(graph, content, Destination.BACKLOG, limits, activate=2)
        assert await states(graph) == {"ranking": 2, "backlog_ranking": 2}
        assert {await state_of(graph, stored(id)) for id in ("t0", "t1")} == {TreeState.RANKING}
        await check(graph, limits)
    ada = Worker(graph, limits, rng, ADA)
    for _ in range(4):
        await ada.rank(await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES))
        await check(graph, limits)
    assert await states(graph) == {"ready_for_export": 4}


async def test_branches_of_one_prompt_can_be_ranked_although_each_stood_alone(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=1)
    content = lines(chat("Alone", "x"), chat("Rain?", "Water."), chat("Snow?", "x"), chat("Rain?", "Weather."))
    await land(graph, content, Destination.BACKLOG, limits, activate=1)
    task = await Worker(graph, limits, rng, ADA).ask()
    assert sorted(candidate.text for candidate in task.candidates) == ["Water.", "Weather."]
    assert await states(graph) == {"ranking": 1, "backlog_ranking": 2}
    await check(graph, limits)


@pytest.mark.parametrize(
    ("line", "into", "reason"),
    [
        (tree("x", deleted=True), Destination.GROWING, "cannot_land"),
        (tree("x", review_result=False), Destination.LOTTERY, "cannot_land"),
        (tree("x", review_result=None), Destination.GROWING, "cannot_land"),
        (tree("x", reply("x", "y", " ")), Destination.GROWING, "empty_text"),
        (tree("x", reply("x", "y", "")), Destination.FINISHED, "empty_text"),
        (tree("x", reply("x", "y"), reply("x", "z", deleted=True)), Destination.BACKLOG, "cannot_land"),
    ],
)
async def test_a_tree_that_is_not_fit_for_it_does_not_land(
    graph: Graph, line: Json, into: Destination, reason: str
) -> None:
    counts, refused = await land(graph, lines(PAIR, line), into)
    assert (counts.trees, counts.rejected) == (1, {reason: 1})
    assert [(reject.line, reject.content) for reject in refused] == [(2, lines(line))]


@_no_real_file
@pytest.mark.parametrize("into", [Destination.FINISHED, Destination.BACKLOG, Destination.GROWING])
async def test_real_trees_land_and_nothing_is_broken(graph: Graph, limits: Limits, into: Destination) -> None:
    some = b"".join(REAL.read_bytes().splitlines(keepends=True)[:12])
    counts, refused = await land(graph, some, into, activate=3 if into is Destination.BACKLOG else 0)
    assert counts.trees + len(refused) == 12
    assert {reject.reason.value for reject in refused} <= {"cannot_land"}
    await check(graph, limits)


# Branches


async def test_conversations_that_begin_alike_are_one_tree(graph: Graph) -> None:
    content = [
        chat("Hi", "Hello", "Bye"),
        chat("Hi", "Hello", "Rain?", "Water."),
        chat("Hi", "Ho"),
        chat("Hi", "Hello"),
    ]
    counts, _ = await land(graph, lines(*content))
    assert counts == ImportCounts(trees=1, posts=6, skipped=1)
    (tree_line,) = parsed(await taken(graph))
    (hello, ho) = tree_line["prompt"]["replies"]
    assert [message["text"] for message in hello["replies"]] == ["Bye", "Rain?"]
    assert (hello["text"], ho["text"], ho["replies"]) == ("Hello", "Ho", [])


async def test_a_later_file_adds_branches_to_a_tree_that_is_there(graph: Graph, limits: Limits, rng: Random) -> None:
    await land(graph, lines(chat("Hi", "Hello")), Destination.GROWING)
    counts, _ = await land(
        graph, lines(chat("Hi", "Hello", "Rain?"), chat("Hi", "Hello"), chat("Ho")), Destination.GROWING
    )
    assert counts == ImportCounts(trees=1, posts=2, skipped=1, grown=1)
    await check(graph, limits)
    await same_when_counted_anew(graph)
    threads = {len((await Worker(graph, limits, rng, who).ask(TaskKind.ASSISTANT_REPLY)).thread) for who in (ADA, BOB)}
    assert threads <= {1, 3}
    await check(graph, limits)


async def test_nothing_grows_from_what_was_deleted_here(graph: Graph) -> None:
    await land(graph, lines(chat("Hi", "Hello")))
    await graph.execute("MATCH (post:Post {text: 'Hello'}) SET post.deleted = true")
    counts, refused = await land(graph, lines(chat("Hi", "Hello", "Rain?"), chat("Hi", "Ho")))
    assert (counts.posts, [reject.line for reject in refused]) == (1, [1])
    assert [reject.reason.value for reject in refused] == ["cannot_land"]


# Twice, and in parts


MANY: Sequence[Json] = [chat(f"Question {i % 700}", f"Answer {i}", f"Thanks {i}", f"Bye {i}") for i in range(1000)]


async def test_the_same_file_twice_adds_nothing(graph: Graph, limits: Limits) -> None:
    content = lines(*MANY)
    counts, _ = await land(graph, content)
    assert (counts.trees, counts.posts, counts.skipped) == (700, 700 + 3000, 0)
    again, _ = await land(graph, content)
    assert again == ImportCounts(skipped=1000)
    await check_counts(graph, trees=700, posts=3700)


async def check_counts(graph: Graph, *, trees: int, posts: int) -> None:
    (row,) = await graph.execute(
        "RETURN COUNT { (:Tree) } AS trees, COUNT { (:Post) } AS posts, COUNT { (:Post)-[:REPLY_TO]->(:Post) } AS edges"
    )
    assert row == {"trees": trees, "posts": posts, "edges": posts - trees}


async def test_an_import_that_broke_off_is_run_again(graph: Graph) -> None:
    content = lines(*MANY)

    def stop(_: int) -> None:
        raise RuntimeError("the machine went off")

    with pytest.raises(RuntimeError, match="went off"):
        await import_trees(graph, BytesIO(content), limits=Limits(), on_progress=stop)
    (row,) = await graph.execute("MATCH (post:Post) RETURN count(*) AS posts")
    assert 0 < row["posts"] < 3700
    await land(graph, content)
    await check_counts(graph, trees=700, posts=3700)


async def test_messages_that_broke_off_are_run_again(graph: Graph, limits: Limits) -> None:
    trees = [tree(f"t{i}", *(reply(f"t{i}", f"{i}-{k}") for k in range(4))) for i in range(600)]
    content = lines(*(message for tree_line in trees for message in flattened(tree_line)))
    with pytest.raises(InvalidFile, match="not JSON"):
        await import_trees(graph, BytesIO(content[: len(content) // 2]), limits=limits)
    await import_trees(graph, BytesIO(content), limits=limits)
    await check_counts(graph, trees=600, posts=3000)


# Rejects


async def test_a_bad_line_costs_only_itself(graph: Graph) -> None:
    taken_id = tree("x", reply("x", "a"))  # a message of the first tree
    content = lines(PAIR) + b"{broken\n" + lines(taken_id, tree("q"))
    counts, refused = await land(graph, content)
    assert (counts.trees, counts.rejected) == (2, {"id_taken": 1, "not_json": 1})
    assert sorted((reject.line, reject.content) for reject in refused) == [(2, b"{broken\n"), (3, lines(taken_id))]


def test_the_command_says_what_would_come_in_and_keeps_what_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chats.jsonl").write_bytes(lines(chat("Hi", "Hello"), chat("Hi", "")) + b"{broken\xff\n")
    wishes = ["--as", "chats", "--into", "backlog", "--activate", "2", "--model-name", "m"]
    run = CliRunner().invoke(main, ["import", "chats.jsonl", "--dry-run", *wishes])
    assert run.exit_code == 3
    report = [line for line in run.stderr.splitlines() if line.strip()]  # but for what shows the progress
    assert report[:3] == [
        "read as chats",
        "1 tree, 2 posts would be imported into an empty graph",
        "the database was not read; trees that it already has would stay unchanged",
    ]
    assert report[-1] == "2 lines rejected (1 empty_text, 1 not_utf8): see chats.jsonl.rejects.jsonl"
    kept = [json.loads(line) for line in Path("chats.jsonl.rejects.jsonl").read_bytes().splitlines()]
    assert [(reject["line"], reject["reason"]) for reject in kept] == [(2, "empty_text"), (3, "not_utf8")]
    assert kept[1]["content"] == "{broken\\xff"
    assert json.loads(kept[0]["content"]) == chat("Hi", "")
    strict = CliRunner().invoke(main, ["import", "chats.jsonl", "--dry-run", "--strict", "--rejects", "other"])
    assert strict.exit_code == 1
    assert "chats.jsonl, line 2: message 2 has an empty text" in strict.stderr
    assert not Path("other").exists()


def test_the_command_names_the_form_and_tells_of_what_repeats_and_of_ties(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    pair = {"prompt": "Hi", "chosen": "Good", "rejected": "Fair", "score_chosen": 4, "score_rejected": 4}
    file.write_bytes(lines(pair, pair))
    report = CliRunner().invoke(main, ["import", str(file), "--dry-run"]).stderr
    assert "read as preference\n1 tree, 3 posts would be imported into an empty graph\n" in report
    assert "2 replies share their rank with another reply" in report
    file.write_bytes(lines(chat("Hi", "Hello"), chat("Hi", "Hello")))
    report = CliRunner().invoke(main, ["import", str(file), "--dry-run"]).stderr
    assert "1 tree, 2 posts would be imported into an empty graph; 1 more are duplicates\n" in report


def test_the_command_refuses_wishes_that_contradict(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines(PAIR))
    for arguments in (
        ["--into", "growing", "--state", "growing"],
        ["--activate", "3"],
        ["--lang", "no tag"],
        ["--rejects", str(file)],
    ):
        assert CliRunner().invoke(main, ["import", str(file), "--dry-run", *arguments]).exit_code == 2


def test_a_good_file_leaves_no_rejects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("What is rain?\n")
    assert CliRunner().invoke(main, ["import", "a.txt", "--dry-run"]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
