"""`oa-graph db` and `oa-graph client`: one story on real servers, since each start takes seconds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from oa_graph.neo4j_server import ManagedNeo4j
from tests import commands
from tests.graph.datasets.files import lines, reply, tree
from tests.processes import PATIENCE, environment, run

KEY = re.compile(r"[0-9a-f]{64}")
COUNT = "MATCH (client:Client)\nRETURN count(client) AS clients;\n:quit\n"


@pytest.fixture
def folders(tmp_path: Path) -> Generator[list[Path]]:
    """Data folders; whatever runs on them afterwards is stopped."""
    made = [tmp_path / name for name in ("first", "copy", "loaded")]
    yield made
    for folder in made:
        ManagedNeo4j(folder).stop()


def does(*words: str | Path, stdin: str = "") -> str:
    """What a command prints that has to succeed."""
    got = run(*words, stdin=stdin)
    assert got.returncode == 0, (words, got.stdout, got.stderr)
    assert "Traceback" not in got.stderr
    return got.stdout


def status(folder: Path) -> tuple[int, Any]:
    got = run("db", "status", "--json", "--data", folder)
    return got.returncode, json.loads(got.stdout)


def clients(folder: Path) -> int:
    """How many the shell counts; it starts the server when none runs."""
    return int(re.findall(r"\d+", does("db", "shell", "--data", folder, stdin=COUNT))[0])


def frames(folder: Path) -> str:
    """What Python says on standard error when it asks a question."""
    program = "import sys; from oa_graph.analysis import connect; connect(data=sys.argv[1]).rows('RETURN 1 AS x')"
    words = [sys.executable, "-c", program, str(folder)]
    got = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert got.returncode == 0, got.stderr
    return got.stderr


def test_a_database_is_started_filled_dumped_cloned_loaded_and_stopped(folders: list[Path], tmp_path: Path) -> None:
    first, copy, loaded = folders
    code, now = status(first)
    assert (code, now["state"]) == (1, "stopped")

    printed = run("db", "start", "--data", first).stderr
    assert re.search(rf"User +neo4j\nPassword file +{re.escape(str(first))}/neo4j-password\n", printed)
    code, now = status(first)
    assert (now["user"], now["password_file"]) == ("neo4j", str(first / "neo4j-password"))
    assert (code, now["state"], now["kept"], now["holders"]) == (0, "running", True, [])

    key = does("client", "add", "a bot", "--frontend-type", "bot", "--data", first).strip()
    assert KEY.fullmatch(key)
    other = does(
        "client", "add", "a website", "--trusted", "--capability", "rank_initial_prompts", "--data", first
    ).strip()
    assert KEY.fullmatch(other)
    assert key != other
    assert status(first)[1]["pid"] == now["pid"]  # both joined it, and left it running
    assert clients(first) == 4  # with the own client and that of the pages

    trees = tmp_path / "trees.jsonl"
    trees.write_bytes(lines(tree("a", reply("a", "a.0"))))
    does("import", trees, "--data", first)
    assert "1 tree already present" in run("import", trees, "--data", first).stderr
    assert clients(first) == 4
    assert status(first)[1]["kept"]

    does("db", "stop", "--data", first)
    assert status(first)[1]["state"] == "stopped"
    assert "was not running" in run("db", "stop", "--data", first).stderr

    dump = tmp_path / "a dump"
    does("db", "dump", dump, "--data", first)
    assert dump.stat().st_size > 1000
    assert "--replace" in run("db", "dump", dump, "--data", first).stderr
    does("db", "dump", dump, "--replace", "--data", first)
    cloned = run("db", "clone", copy, "--data", first)
    assert cloned.stderr.endswith(f"-m oa_graph.cli db start --data {copy}\n"), cloned.stderr
    again = run("db", "clone", copy, "--data", first)
    assert (again.returncode, "--replace" in again.stderr) == (1, True)  # there is data already
    does("db", "clone", copy, "--replace", "--data", first)
    assert clients(copy) == 4

    refused = run("db", "load", dump, "--data", loaded, stdin="n\n")
    assert refused.returncode == 1
    does("db", "load", dump, "--yes", "--data", loaded)
    assert clients(loaded) == 4

    starting = f"starting Neo4j for {loaded}; `oa-graph db start` keeps it running"
    assert starting in run("query", "skips", "--data", loaded).stderr.splitlines()
    assert frames(loaded) == f"{starting}\n"
    does("db", "start", "--data", loaded)
    assert run("query", "--file", "-", "--data", loaded, stdin="RETURN 1 AS x").stderr == ""
    assert frames(loaded) == ""


def test_a_statement_that_is_wrong_does_not_end_the_shell(server: Any) -> None:
    environment = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}
    got = run("db", "shell", stdin="RETRUN 1;\nRETURN 41 + 1 AS answer;\n", **environment)
    assert got.returncode == 0
    assert "RETRUN" in got.stderr
    assert "42" in got.stdout
    assert "Traceback" not in got.stderr


@pytest.mark.parametrize("words", [["db", "load", "/no/such/dump"], ["db", "dump"], ["client", "add"], ["nonsense"]])
def test_a_command_that_is_wrong_says_so(tmp_path: Path, words: list[str]) -> None:
    got = commands.run(*words, OA_GRAPH_DATA=str(tmp_path))
    assert got.returncode == 2
    assert got.stderr.splitlines()[-1].startswith("Error: ")


@pytest.mark.parametrize("words", [["dump"], ["clone"], ["load", "--yes"]], ids=lambda words: words[0])
def test_what_works_on_the_files_of_a_server_refuses_one_that_is_not_ours(tmp_path: Path, words: list[str]) -> None:
    file = tmp_path / "file"
    if words[0] == "load":
        file.write_bytes(b"DZV1")
    uri = "bolt://127.0.0.1:1"
    got = commands.run("db", *words, file, OA_GRAPH_DATA=str(tmp_path / "data"), NEO4J_URI=uri)
    assert (got.returncode, got.stderr.count("\n")) == (1, 1)
    assert "Error: This command works only on the managed server" in got.stderr
    assert not (tmp_path / "data").exists()


def test_a_crowd_without_a_server_says_so(tmp_path: Path) -> None:
    got = commands.run("simulate", "--url", "http://127.0.0.1:9", "--api-key", "x", "--seconds", "1")
    assert got.returncode == 1
    assert "Traceback" not in got.stderr
    assert "http://127.0.0.1:9" in got.stderr
