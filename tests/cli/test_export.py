"""`oa-graph export`, on the graph of the run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from oa_graph.graph.session import Graph
from tests.agreement.saying import review
from tests.conftest import Server
from tests.exchange.files import bring, reply, tree
from tests.processes import run

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
    assert "20 trees, 60 posts out as 20 records" in done.stderr
    told = json.loads((tmp_path / "set.manifest.json").read_text())
    assert [each["name"] for each in told["files"]] == ["set-train.jsonl.zst", "set-test.jsonl.zst"]
    assert 'license: "apache-2.0"' in (tmp_path / "set.card.md").read_text()


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
    assert "judgements left out of users who are right less often than 0.7: 1" in done.stderr
    found = spam_in((tmp_path / "set.jsonl").read_text())
    assert {(each["value"], each["count"]) for each in found} == {(0.0, 3), (1.0, 3)}
    told = json.loads((tmp_path / "set.manifest.json").read_text())
    assert told["filters"]["distrusted"] == {"users": 1, "below": 0.7, "at_least": 20}
    few = exported(server, tmp_path, "-", "--without-distrusted", "--distrust-below", "0.7", "--distrust-min", "21")
    assert {each["count"] for each in spam_in(few.stdout)} == {4}


def spam_in(lines: str) -> list[dict[str, float]]:
    return [json.loads(line)["prompt"]["replies"][0]["labels"]["spam"] for line in lines.splitlines()]


async def test_options_that_contradict_each_other_are_refused(server: Server, tmp_path: Path) -> None:
    done = exported(server, tmp_path, "-", "--user", "ada", "--state", "growing")
    assert done.returncode == 2
    assert "leave --state away" in done.stderr
