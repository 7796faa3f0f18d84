"""`oa-graph export`, on the graph of the run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from oa_graph.graph.session import Graph
from tests.commands import run
from tests.conftest import Server
from tests.graph.datasets.files import bring, reply, tree
from tests.graph.reliability.judgements import review

pytestmark = pytest.mark.anyio


def exported(server: Server, folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return run(
        "export",
        *words,
        "--data",
        folder,
        NEO4J_URI=server.uri,
        NEO4J_USERNAME=server.username,
        NEO4J_PASSWORD=server.password,
        NEO4J_DATABASE=server.database,
    )


async def test_a_data_set_is_written_in_splits_with_what_stands_beside_it(
    graph: Graph, server: Server, tmp_path: Path
) -> None:
    trees = [tree(f"t{i}", reply(f"t{i}", f"{i}a", "A.", rank=0), reply(f"t{i}", f"{i}b", rank=1)) for i in range(20)]
    await bring(graph, *trees)
    words = ("--as", "preference", "--split", "train=0.5", "--split", "test=0.5", "--licence", "apache-2.0")
    done = exported(server, tmp_path, tmp_path / "set-{split}.jsonl.zst", *words)
    assert done.returncode == 0, done.stderr
    assert "20 trees exported (60 posts, 20 records)" in done.stderr
    manifest = json.loads((tmp_path / "set-splits.jsonl.zst.manifest.json").read_text())
    assert [file["name"] for file in manifest["files"]] == ["set-train.jsonl.zst", "set-test.jsonl.zst"]
    assert 'license: "apache-2.0"' in (tmp_path / "set-splits.jsonl.zst.card.md").read_text()


async def test_authors_are_named_only_when_asked_for_and_a_seed_of_zero_counts(
    graph: Graph, server: Server, tmp_path: Path
) -> None:
    await bring(graph, tree("t", user_id="ada"))
    plain = json.loads(exported(server, tmp_path, "-").stdout)
    named = json.loads(exported(server, tmp_path, "-", "--user-ids").stdout)
    hidden = json.loads(exported(server, tmp_path, "-", "--anonymizer-seed", "0").stdout)
    assert "user_id" not in plain["prompt"]
    assert named["prompt"]["user_id"] == "ada"
    assert len(hidden["message_tree_id"]) == len(hidden["prompt"]["user_id"]) == 64
    assert hidden["message_tree_id"] == hidden["prompt"]["message_id"]


async def test_the_judgements_of_people_who_guess_stay_behind(graph: Graph, server: Server, tmp_path: Path) -> None:
    await bring(graph, *(tree(f"t{i}", reply(f"t{i}", f"a{i}", user_id="eve")) for i in range(20)))
    for i in range(20):
        spam, guess = float(i % 3 == 0), float(i % 2 == 0)
        await review(graph, f"a{i}", ada={"spam": spam}, bob={"spam": spam}, cat={"spam": spam}, eve={"spam": guess})
    done = exported(server, tmp_path, tmp_path / "set.jsonl", "--without-distrusted", "--distrust-below", "0.7")
    assert done.returncode == 0, done.stderr
    assert "judgements of 1 user left out (reliability below 0.7)" in done.stderr
    spam = spam_in((tmp_path / "set.jsonl").read_text())
    assert {(label["value"], label["count"]) for label in spam} == {(0.0, 3), (1.0, 3)}
    manifest = json.loads((tmp_path / "set.jsonl.manifest.json").read_text())
    assert manifest["filters"]["distrusted"] == {"users": 1, "below": 0.7, "at_least": 20}
    few = exported(server, tmp_path, "-", "--without-distrusted", "--distrust-below", "0.7", "--distrust-min", "21")
    assert {label["count"] for label in spam_in(few.stdout)} == {4}


def spam_in(lines: str) -> list[dict[str, float]]:
    return [json.loads(line)["prompt"]["replies"][0]["labels"]["spam"] for line in lines.splitlines()]


async def test_a_name_that_there_is_not_is_an_error_and_a_language_without_trees_a_warning(
    graph: Graph, server: Server, tmp_path: Path
) -> None:
    await bring(graph, tree("t", labels={"quality": {"value": 0.5, "count": 1}}))
    for words, why in (
        (("--max-label", "qualty=0.2"), "there is no label qualty (did you mean quality?)"),
        (("--lang", "English!"), "'English!' is not a BCP 47 tag, such as en or pt-BR (the graph has en)"),
        (("--without-user", "eve"), "there is no user eve"),
    ):
        done = exported(server, tmp_path, tmp_path / "set.jsonl", *words)
        assert (done.returncode, why in done.stderr) == (1, True), done.stderr
    assert not (tmp_path / "set.jsonl").exists()
    done = exported(server, tmp_path, "-", "--lang", "xx")
    assert (done.returncode, done.stdout) == (0, "")
    assert "warning: no tree is in language xx (the graph has en)\n" in done.stderr
    assert "warning: nothing was exported: 1 tree in other languages\n" in done.stderr


async def test_the_summary_counts_the_trees_that_their_state_leaves_out(
    graph: Graph, server: Server, tmp_path: Path
) -> None:
    halted = tree("d", state="halted_by_moderator")
    await bring(graph, tree("a"), tree("b", state="growing"), tree("c", state="growing"), halted)
    done = exported(server, tmp_path, "-")
    left_out = "3 left out: 2 growing, 1 halted_by_moderator; --state all includes them"
    assert done.stderr.strip() == f"1 tree exported (1 post, 1 record); {left_out}"
    everything = exported(server, tmp_path, "-", "--state", "all")
    assert everything.stderr.strip() == "4 trees exported (4 posts, 4 records)"


async def test_options_that_contradict_each_other_are_refused(server: Server, tmp_path: Path) -> None:
    done = exported(server, tmp_path, "-", "--user", "ada", "--state", "growing")
    assert done.returncode == 2
    assert "--user and --state exclude each other" in done.stderr
