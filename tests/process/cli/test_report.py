"""`oa-graph report` and `oa-graph show`, on the graph of the tests."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from oa_graph.graph.session import Graph
from tests import commands, processes
from tests.builders import plant

pytestmark = pytest.mark.anyio


def command(server: Any, *words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}
    run = processes.run if variables else commands.run  # the width of the terminal is read once in a process
    got = run(*words, **environment, **variables)
    assert "Traceback" not in got.stderr
    return got


async def test_a_tree_is_drawn_as_lines_the_best_first(graph: Graph, server: Any) -> None:
    long = "A very long question that goes on and on. " * 9
    planted = await plant(
        graph,
        {long: {"Second [bold]best[/bold].\nMore.": {}, "\x1b[31mBest.": {"Thanks.": {}}, "-Gone.": {}, "!Bad.": {}}},
    )
    await graph.execute(
        """
        MATCH (root:Post {id: $root}) SET root.consensus_margin = 2
        WITH root MATCH (reply:Post)-[:REPLY_TO]->(root) WHERE reply.text CONTAINS 'est'
        SET reply.rank = CASE WHEN reply.text CONTAINS 'Second' THEN 1 ELSE 0 END
        """,
        root=planted[long],
    )
    got = command(server, "show", planted["Thanks."], COLUMNS="80")
    assert got.returncode == 0
    lines = got.stdout.splitlines()
    assert len(lines) == 6
    assert lines[0] == f"✓ prompter margin 2  {long.strip()}"
    assert [line.lstrip("│├└─┃┣┗━ ") for line in lines[1:4]] == [
        "✓ assistant #1  \ufffd[31mBest.",
        "✓ prompter  Thanks.",
        "✓ assistant #2  Second [bold]best[/bold].",
    ]
    assert sorted(line.lstrip("│├└─┃┣┗━ ") for line in lines[4:]) == [
        "- assistant deleted  Gone.",
        "✗ assistant rejected  Bad.",
    ]


async def test_a_tree_is_drawn_as_a_picture(graph: Graph, server: Any, tmp_path: Path) -> None:
    planted = await plant(graph, {"What is <rain>?": {"Water.": {}}})
    file = tmp_path / "tree.svg"
    assert command(server, "show", planted["Water."], "--svg", file).returncode == 0
    drawn = ElementTree.fromstring(file.read_text("utf-8"))
    assert "What is <rain>?" in "".join(drawn.itertext())
    piped = command(server, "show", planted["Water."], "--svg", "-")
    assert piped.stdout == file.read_text("utf-8")


async def test_a_post_that_is_not_there_is_one_line(graph: Graph, server: Any) -> None:
    got = command(server, "show", "nobody")
    assert got.returncode == 1
    assert got.stderr.splitlines() == ["Error: The message nobody does not exist."]


async def test_a_report_is_written(graph: Graph, server: Any, tmp_path: Path) -> None:
    await plant(graph, {"What is rain?": {"Water.": {}}})
    await plant(graph, {"Was ist Regen?": {}}, lang="de")
    file = tmp_path / "page.html"
    assert command(server, "report", file).returncode == 0
    page = file.read_text("utf-8")
    assert "Growth" in page
    assert "What is rain?" in page
    assert "Agreement on labels" in page
    assert "Nothing was judged by two people." in page
    german = command(server, "report", "-", "--lang", "de", "--trees", "1").stdout
    assert "Was ist Regen?" in german
    assert "What is rain?" not in german
