"""`oa-graph query`, on the graph of the tests."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import shlex
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas
import pytest
from click.testing import CliRunner

from oa_graph.analysis import arrow, connect
from oa_graph.cli import console, main
from oa_graph.graph.saved_queries import named, saved_queries, service_statements
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import Statement, source
from tests import commands
from tests.builders import plant, snapshot
from tests.graph.analysis.test_report import seed
from tests.processes import run

pytestmark = pytest.mark.anyio


def of(server: Any) -> dict[str, str]:
    """The environment that leads to a server."""
    return {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}


def query(server: Any, *words: str | Path, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """In this process; with variables, such as for the width of the terminal, in one of its own."""
    do = run if variables else commands.run
    got = do("query", *words, stdin=stdin, **of(server), **variables)
    assert "Traceback" not in got.stderr
    return got


def lines(got: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert got.returncode == 0, got.stderr
    return [json.loads(line) for line in got.stdout.splitlines()]


def as_called_here(message: str) -> str:
    """A message whose commands start with the words that call the program in this process."""
    return message.replace("`oa-graph ", f"`{shlex.join(console.program())} ")


async def test_every_query_answers_in_lines_of_json(graph: Graph, server: Any, rng: Random) -> None:
    await seed(graph, rng)
    answers: dict[str, list[dict[str, Any]]] = {}
    for saved_query in saved_queries():
        required = [f"--param={name}=nothing" for name in saved_query.required]
        got = query(server, saved_query.name, "--as", "jsonl", *required)
        assert [line for line in got.stderr.splitlines() if " needs " not in line] == []
        answers[saved_query.name] = lines(got)
    for saved_query in saved_queries():
        assert all([*row] == [*saved_query.outputs] for row in answers[saved_query.name]), saved_query.name
    assert {"explore/skips", "explore/margins"} <= {name for name, rows in answers.items() if rows}


async def test_an_answer_is_json_lines_where_nobody_looks(graph: Graph, server: Any) -> None:
    await plant(graph, {"What is rain?": {"Water.": {}}})
    await plant(graph, {"Was ist Regen?": {}}, lang="de")
    everything = lines(run("query", "shape_by_language", **of(server)))
    assert [(row["lang"], row["posts"]) for row in everything] == [("en", 2), ("de", 1)]
    assert lines(query(server, "explore/shape_by_language", "--param", "lang=de")) == everything[1:]
    assert lines(query(server, "shape_by_language", "--limit", "1")) == everything[:1]
    assert lines(query(server, "shape_by_language", "--limit", "0")) == []


MANY = 1200
"""Trees, of which each has more rows than the tables, and the first versions of these queries, had room for."""
COUNTS = {
    "preference_pairs": MANY - 150,
    "best_threads": MANY,
    "root_to_leaf_threads": 2 * MANY,
    "duplicate_texts": 150,
}
"""Two replies that say the same are no pair."""


async def forest(graph: Graph) -> None:
    """Trees with two ranked replies each; 150 texts stand twice."""
    await graph.execute(
        """
        UNWIND range(1, $many) AS i
        CREATE (tree:Tree {id: 'tree ' + i, lang: 'en', state: 'growing'})-[:ROOT]->(root:Post {id: 'tree ' + i})
        UNWIND [0, 1] AS rank
        CREATE (root)<-[:REPLY_TO]-(:Post {id: 'tree ' + i + '.' + rank, rank: rank})
        """,
        many=MANY,
    )
    await graph.execute(
        """
        MATCH (post:Post)
        WITH post, split(post.id, '.') AS place
        SET post.tree = place[0], post.depth = size(place) - 1, post.lang = 'en', post.deleted = false,
          post.accepted = true, post.created = datetime(), post.synthetic = false, post.reviews = 0,
          post.role = CASE WHEN size(place) = 1 THEN 'prompter' ELSE 'assistant' END,
          post.text = CASE WHEN toInteger(split(place[0], ' ')[1]) <= 150 AND size(place) = 2
            THEN 'The text of both replies to ' + place[0] ELSE 'The text of ' + post.id END
        """
    )


async def test_pipes_files_and_frames_have_every_row(graph: Graph, server: Any, tmp_path: Path) -> None:
    await forest(graph)
    for name, count in COUNTS.items():
        assert len(lines(query(server, name))) == count, name
    for suffix in ("jsonl.gz", "csv", "parquet"):
        file = tmp_path / f"threads.{suffix}"
        assert query(server, "root_to_leaf_threads", "--out", file).stderr.startswith(f"{2 * MANY:,} rows written")
    assert arrow.parquet().read_table(tmp_path / "threads.parquet").num_rows == 2 * MANY
    assert len(pandas.read_csv(tmp_path / "threads.csv")) == 2 * MANY
    with await asyncio.to_thread(connect, server.uri, server.username, server.password) as bench:
        for name, count in COUNTS.items():
            assert len(bench.rows(name)) == len(bench.pandas(name)) == count, name
            assert len(bench.polars(name, limit=7)) == 7


async def test_a_limit_is_one_however_it_is_said(graph: Graph, server: Any) -> None:
    await forest(graph)
    first = lines(query(server, "best_threads", "--limit", "3"))
    assert [row["tree"] for row in first] == ["tree 1", "tree 10", "tree 100"]
    assert lines(query(server, "best_threads", "--param", "limit=3")) == first


async def test_a_table_that_is_cut_says_how_many_rows_there_are(graph: Graph, server: Any) -> None:
    await forest(graph)
    cut = query(server, "best_threads", "--as", "table")
    assert cut.stderr == f"1,000 of {MANY:,} rows; --out FILE writes them all\n"
    assert len(re.findall(r"^│ tree ", cut.stdout, re.MULTILINE)) == 1000
    assert query(server, "best_threads", "--as", "table", "--limit", "1050").stderr == "1,050 rows\n"
    endless = query(server, "--file", "-", "--as", "table", stdin="UNWIND range(1, 1000000) AS i RETURN i")
    assert endless.stderr == "1,000 of more than 20,000 rows; --out FILE writes them all\n"


async def test_an_empty_answer_says_what_is_missing(graph: Graph, server: Any, tmp_path: Path) -> None:
    await plant(graph, {"What is rain?": {}})
    reason = "skips needs tasks; the graph holds no tasks\n"
    piped = query(server, "skips")
    assert (piped.returncode, piped.stdout, piped.stderr) == (0, "", reason)
    assert query(server, "skips", "--as", "table").stderr == f"0 rows\n{reason}"
    assert query(server, "skips", "--out", tmp_path / "skips.csv").stderr.splitlines()[1] == reason.strip()
    assert query(server, "duplicate_texts").stderr == ""


async def test_a_table_is_drawn_when_asked_for(graph: Graph, server: Any) -> None:
    await plant(graph, {"What is [bold]rain[/bold]? \x1b[31m" + "long " * 200: {}}, {"Why?": {}})
    statement = (
        "MATCH (post:Post) RETURN post.text AS text, post.rank AS rank, post.depth AS `[red]depth` ORDER BY text"
    )
    got = query(server, "--file", "-", "--as", "table", stdin=statement)
    assert got.returncode == 0
    assert "\x1b" not in got.stdout
    assert "[bold]rain[/bold]" in got.stdout
    assert "[red]depth" in got.stdout
    assert "…" in got.stdout
    assert "null" in got.stdout
    assert got.stderr == "2 rows\n"
    shorter = query(server, "--file", "-", "--as", "table", "--limit", "1", stdin=statement)
    assert shorter.stderr == "1 row\n"
    third = query(server, "--file", "-", "--as", "table", stdin="RETURN 1.0 / 3 AS third")
    assert " 0.333333 " in third.stdout


async def test_nothing_is_wrapped_and_no_id_is_cut_where_nobody_looks(graph: Graph, server: Any) -> None:
    planted = await plant(graph, {"What is rain?": {str(i): {} for i in range(20)}})
    statement = """
        MATCH (post:Post) WITH post ORDER BY post.id
        WITH collect(post.id) AS ids UNWIND ids AS a RETURN a, a AS b, a AS c, a AS d, ids
    """
    got = query(server, "--file", "-", "--as", "table", stdin=statement, COLUMNS="60")
    ids = sorted(planted.ids.values())
    rows = got.stdout.splitlines()[3:-1]
    assert [row.count(id) >= 4 for row, id in zip(rows, ids, strict=True)] == [True] * 21
    for row in rows:
        cut = row.rpartition("│")[0].rpartition("│")[2].strip()
        assert cut.endswith("…")
        assert cut[2:-2].split('","') == ids[: cut.count(",") + 1]


async def test_the_database_warns_of_what_a_statement_gets_wrong(graph: Graph, server: Any, tmp_path: Path) -> None:
    statement = "// Mine.\nMATCH (p:Pst) RETURN p.nme"
    warnings = [
        "Warning: The label `Pst` does not exist in database `neo4j`. Verify that the spelling is correct. "
        "(line 2, column 10)",
        "Warning: The property `nme` does not exist in database `neo4j`. Verify that the spelling is correct. "
        "(line 2, column 24)",
    ]
    got = query(server, "--file", "-", stdin=statement)
    assert (got.returncode, got.stdout, got.stderr.splitlines()) == (0, "", warnings)
    table = query(server, "--file", "-", "--as", "table", "--limit", "0", stdin=statement)
    assert table.stderr.splitlines() == [*warnings, "0 rows"]
    file = tmp_path / "mine.csv"
    written = query(server, "--file", "-", "--out", file, stdin=statement)
    assert written.stderr.splitlines() == [*warnings, f"0 rows written: {file}"]


async def test_a_statement_comes_from_a_file_or_from_standard_input(server: Any, graph: Graph, tmp_path: Path) -> None:
    statement = "// Mine.\nUNWIND $texts AS text RETURN text, $limit AS limit, $word AS word, $none AS none;\n"
    file = tmp_path / "mine.cypher"
    file.write_text(statement)
    parameters = [f"--param={assignment}" for assignment in ('texts=["a", "b"]', "limit=5", "word=häuser", "none=null")]
    expected = [{"text": text, "limit": 5, "word": "häuser", "none": None} for text in "ab"]
    assert lines(query(server, "--file", file, *parameters)) == expected
    assert lines(query(server, "--file", "-", *parameters, stdin=statement)) == expected
    missing = query(server, "--file", file)
    assert missing.returncode == 1
    assert "Expected parameter(s)" in missing.stderr


async def test_a_file_with_a_header_is_asked_as_the_queries_are(server: Any, graph: Graph, tmp_path: Path) -> None:
    await plant(graph, {"What is rain?": {}})
    file = tmp_path / "mine.cypher"
    file.write_text(query(server, "ranked_trees", "--describe").stdout)
    assert [row["posts"] for row in lines(query(server, "--file", file))] == [1]
    wrong = query(server, "--file", file, "--param", "at_most=many")
    assert wrong.stderr == "Error: The parameter at_most is INTEGER, which 'many' is not.\n"
    unknown = query(server, "--file", file, "--param", "most=3")
    assert unknown.stderr == f"Error: {file} has no parameter most; its parameters are lang, at_most.\n"
    assert lines(query(server, "--file", file, "--limit", "0")) == []


async def test_answers_are_taken_away_as_files(server: Any, graph: Graph, tmp_path: Path) -> None:
    await plant(graph, {"What is rain?": {"Water.": {}}, "Why?": {}})
    asked = lines(query(server, "tree_states"))
    table, packed, lined = (tmp_path / name for name in ("states.parquet", "states.csv.gz", "states.jsonl.zst"))
    for file in (table, packed, lined):
        got = query(server, "tree_states", "--out", file)
        assert (got.returncode, got.stdout, got.stderr.split(":")[0]) == (0, "", "1 row written")
    (row,) = arrow.parquet().read_table(table).to_pylist()
    assert {**row, "oldest": row["oldest"].isoformat(), "newest": row["newest"].isoformat()} == {
        **asked[0],
        **{name: asked[0][name].replace("Z", "+00:00") for name in ("oldest", "newest")},
    }
    assert pandas.read_csv(packed)["trees"].tolist() == [2]
    assert pandas.read_json(lined, lines=True)["lang"].tolist() == ["en"]
    printed = query(server, "tree_states", "--as", "csv").stdout
    assert [row["state"] for row in csv.DictReader(io.StringIO(printed))] == ["growing"]


async def test_a_file_is_left_as_it_was_when_the_answer_breaks_off(server: Any, graph: Graph, tmp_path: Path) -> None:
    for suffix in ("jsonl", "csv.gz", "parquet"):
        file = tmp_path / f"answer.{suffix}"
        file.write_text("before")
        got = query(
            server, "--file", "-", "--out", file, stdin="UNWIND range(0, 20000) AS i RETURN 1 / (20000 - i) AS x"
        )
        assert got.returncode == 1
        assert "/ by zero" in got.stderr
        assert file.read_text() == "before"
    assert len(os.listdir(tmp_path)) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["skip"], "The query skip does not exist; `oa-graph query` lists all saved queries."),
        (["posts/tree"], "The query posts/tree does not exist; `oa-graph query` lists all saved queries."),
        (["skips", "--param", "limit=x"], "The parameter limit is INTEGER, which 'x' is not."),
        (
            ["skips", "--param", "language=en"],
            "explore/skips has no parameter language; its parameters are lang, limit.",
        ),
        (["skips", "--param", "lang"], "Invalid value for '--param': 'lang' is not a name, an equals sign and a value"),
        (["skips", "--file", "-"], "NAME, --file and --browser exclude each other"),
        (["skips", "--out", "x.txt"], "x.txt has no known ending (.jsonl, .csv, .gz, .zst, .parquet); use --as"),
        (
            ["skips", "--out", "x.csv", "--as", "table"],
            "a table cannot be written to a file; use JSON Lines, CSV or Parquet",
        ),
        (
            ["skips", "--param", "limit=-1"],
            "The parameter limit is INTEGER, which -1 is not; a number of rows, 0 or more.",
        ),
        (["skips", "--param", "limit=1", "--limit", "2"], "The parameter limit is INTEGER, which '1' and '2' is not."),
        (["thread"], "explore/thread needs the parameter post: id of the last one."),
        (["tree_in_detail", "--limit", "1"], "explore/tree_in_detail needs the parameter tree: id."),
        (["--param", "lang=en"], "--param needs a NAME or a --file"),
        (["--describe"], "--describe needs the NAME of a query"),
    ],
)
def test_a_wrong_call_is_one_line_and_needs_no_server(words: list[str], message: str) -> None:
    got = CliRunner(env={"NEO4J_URI": "bolt://127.0.0.1:1"}).invoke(main, ["query", *words])
    assert got.exit_code in (1, 2)
    assert got.stderr.splitlines()[-1] == f"Error: {as_called_here(message)}"


async def test_nothing_is_ever_written(graph: Graph, server: Any) -> None:
    await plant(graph, {"What is rain?": {}})
    before = await snapshot(graph)
    got = query(server, "--file", "-", stdin="MATCH (post:Post) SET post.text = '' RETURN post")
    assert (got.returncode, got.stdout) == (1, "")
    assert got.stderr.startswith(
        "Error: The graph database refused a statement: Writing in read access mode not allowed"
    )
    assert await snapshot(graph) == before


async def test_a_question_is_given_up_when_its_time_is_over(graph: Graph, server: Any) -> None:
    slow = "UNWIND range(1, 1000000000) AS i WITH i WHERE i % 7 = 8 RETURN count(i) AS none"
    got = query(server, "--file", "-", "--seconds", "0.5", stdin=slow)
    assert got.returncode == 1
    assert got.stderr.startswith("Error: The graph database did not answer in time")


# Without a server


@pytest.mark.parametrize(
    "words",
    [
        ["query", "skips"],
        ["query", "--browser", "-"],
        ["report"],
        ["show", "some-id"],
        ["export", "-"],
        ["stats", "rebuild"],
        ["client", "list"],
        ["client", "disable", "some-id"],
        ["db", "shell"],
    ],
)
def test_a_read_of_a_folder_without_a_graph_says_so_and_makes_nothing(tmp_path: Path, words: list[str]) -> None:
    folder = tmp_path / "none"
    got = CliRunner(env={"NEO4J_URI": None, "OA_GRAPH_DATA": str(folder)}).invoke(main, words)
    assert got.exit_code == 1
    sentence = (
        f"There is no graph in {folder}. Make one with `oa-graph serve`, `oa-graph import FILE` or `oa-graph demo`, "
    )
    assert got.stderr.splitlines() == [
        f"Error: {as_called_here(sentence)}or name another folder with `--data` or OA_GRAPH_DATA."
    ]
    assert [*tmp_path.iterdir()] == []


def test_the_queries_are_listed_with_what_they_give() -> None:
    got = CliRunner().invoke(main, ["query"])
    rows = {name: rest for name, *rest in (line.split("\t") for line in got.stdout.splitlines())}
    assert rows["skips"] == ["tasks that people skip, with their reasons", "tasks"]
    assert [f"explore/{name}" for name in rows] == [saved_query.name for saved_query in saved_queries()]


def test_a_query_is_described_by_its_own_file() -> None:
    got = CliRunner().invoke(main, ["query", "skips", "--describe"])
    assert got.stdout == source(named("skips"))
    assert "// in    lang        STRING" in got.stdout
    assert got.stdout.rstrip().endswith(";")


def test_each_statement_is_described_with_its_parts() -> None:
    got = CliRunner().invoke(main, ["query", "posts/thread", "--describe"])
    assert got.stdout.startswith("// posts/thread: ")
    assert "reactions: COLLECT { MATCH (post)<-[reaction:REACTED]-(who) RETURN [reaction.emoji, who.id] }" in got.stdout


class Page(HTMLParser):
    """The links of a page, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.tags: set[str] = set()
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open = (dict(attrs).get("href") or "") if tag == "a" else ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.links[data] = self._open
            self._open = ""


def bounded(query: Statement) -> str:
    return source(query).removesuffix(";\n") + "\nLIMIT 1000;\n"


def test_a_page_of_links_opens_each_query_in_the_browser(tmp_path: Path) -> None:
    file = tmp_path / "queries.html"
    got = commands.run("query", "--browser", file, NEO4J_URI="bolt://graphs.example:7687")
    assert got.returncode == 0, got.stderr
    html = file.read_text("utf-8")
    page = Page(html)
    for saved_query in saved_queries():
        link = urlsplit(page.links[saved_query.short])
        assert (link.netloc, link.path) == ("graphs.example:7474", "/browser/")
        assert parse_qs(link.query, strict_parsing=True) == {"cmd": ["edit"], "arg": [bounded(saved_query)]}
        assert "+" not in link.query
        assert f"Needs {', '.join(saved_query.needs)}." in html
        for name in saved_query.inputs:
            assert f":param {name} =&gt; null" in html
    for statement in service_statements():
        assert parse_qs(urlsplit(page.links[statement.name]).query)["arg"] == [source(statement)]
    assert not {"script", "link", "img", "iframe"} & page.tags
    assert not re.search(r"@import|url\(", html)
    assert commands.run("query", "--browser", "-", NEO4J_URI="bolt://graphs.example:7687").stdout == html
