"""A bench in a place where an event loop runs already, as these tests are: frames, trees, and nothing written."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Generator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any, cast

import networkx
import numpy
import pandas
import polars
import pytest

from oa_graph.analysis import AnalysisConnection, StatementWarning, connect
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import (
    MissingParameter,
    NoSuchParameter,
    NoSuchQuery,
    PackageMissing,
    PostNotFound,
    StoreBusy,
    StoreUnavailable,
    WrongParameter,
)
from oa_graph.graph.saved_queries import saved_queries
from oa_graph.graph.session import Graph, StatementRefused
from oa_graph.installation import NoGraph
from tests.builders import ADA, BOB, Worker, plant, questions, snapshot
from tests.graph.reliability.judgements import review
from tests.processes import PATIENCE, hears_interrupts

pytestmark = pytest.mark.anyio

BIG = 2**53 + 1
EVERYTHING = """
UNWIND [1, 2] AS row
RETURN row, CASE row WHEN 1 THEN $big END AS big, CASE row WHEN 1 THEN 0.5 END AS half, row = 1 AS first,
  CASE row WHEN 1 THEN 'ما "هو", المطر؟ 🌧️\n\\u2028' END AS text, null AS nothing,
  CASE row WHEN 1 THEN datetime('2026-03-01T14:00:00.123456+02:00') END AS moment,
  CASE row WHEN 1 THEN date('2026-03-01') END AS day, duration('P1DT2H') AS took,
  [{id: row, tags: ['a', null], more: {deep: [0.5]}}] AS nested, [] AS none,
  CASE row WHEN 1 THEN 1 ELSE 'a' END AS mixed
"""
MOMENT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
NESTED = [[{"id": row, "tags": ["a", None], "more": {"deep": [0.5]}}] for row in (1, 2)]
EXPECTED: dict[str, list[Any]] = {
    "row": [1, 2],
    "big": [BIG, None],
    "half": [0.5, None],
    "first": [True, False],
    "text": ['ما "هو", المطر؟ 🌧️\n\u2028', None],
    "nothing": [None, None],
    "moment": [MOMENT, None],
    "day": [date(2026, 3, 1), None],
    "took": ["P1DT2H", "P1DT2H"],
    "nested": NESTED,
    "none": [[], []],
    "mixed": ["1", '"a"'],
}


@pytest.fixture
def bench(graph: Graph, server: Any) -> Generator[AnalysisConnection]:
    with connect(server.uri, server.username, server.password, database=server.database) as opened:
        yield opened


async def test_frames_of_every_kind_hold_the_same_values(bench: AnalysisConnection) -> None:
    arrow = bench.arrow(EVERYTHING, big=BIG)
    assert arrow.to_pydict() == EXPECTED
    assert bench.polars(EVERYTHING, big=BIG).to_dict(as_series=False) == EXPECTED
    frame = bench.pandas(EVERYTHING, big=BIG)
    assert {name: [plain(value) for value in frame[name]] for name in frame.columns} == EXPECTED | {
        "day": [datetime(2026, 3, 1), None]
    }
    rows = bench.rows(EVERYTHING, big=BIG)
    assert [row["mixed"] for row in rows] == [1, "a"]
    assert {name: [row[name] for row in rows] for name in EXPECTED if name != "mixed"} == {
        name: values for name, values in EXPECTED.items() if name != "mixed"
    }


def plain(value: Any) -> Any:
    if isinstance(value, pandas.Timestamp):
        return value.to_pydatetime()
    is_there = type(value) is list or not pandas.isna(value)
    return cast("Any", value) if is_there else None


async def test_frames_have_the_types_that_the_docstrings_promise(bench: AnalysisConnection) -> None:
    types = {str(name): str(type) for name, type in bench.pandas(EVERYTHING, big=BIG).dtypes.items()}
    expected = {"big": "Int64", "half": "float64", "first": "boolean", "text": "str", "took": "str", "mixed": "str"}
    assert {name: types[name] for name in expected} == expected
    assert (types["moment"], types["day"]) == ("datetime64[us, UTC]", "datetime64[ms]")
    assert types["nested"].startswith("list<")
    schema = bench.polars(EVERYTHING, big=BIG).schema
    assert schema["moment"] == polars.Datetime("us", "UTC")
    assert schema["day"] == polars.Date
    assert schema["big"] == polars.Int64


async def test_an_answer_without_rows_has_its_columns_and_types(graph: Graph, bench: AnalysisConnection) -> None:
    await plant(graph, {"What is rain?": {}})
    frame = bench.pandas("tree_states", lang="xx")
    assert [*frame.columns] == ["state", "lang", "trees", "oldest", "newest"]
    assert (len(frame), str(frame["trees"].dtype), str(frame["oldest"].dtype)) == (0, "Int64", "datetime64[us, UTC]")
    assert bench.polars("tree_states", lang="xx").schema["trees"] == polars.Int64
    nothing = "MATCH (post:Post {id: ''}) RETURN post.id AS a, post.text AS b"
    assert bench.arrow(nothing).to_pydict() == {"a": [], "b": []}
    assert bench.rows("tree_states", lang="xx") == []


async def test_an_answer_that_is_empty_for_want_of_data_says_so(bench: AnalysisConnection) -> None:
    for ask in (bench.rows, bench.arrow, bench.pandas, bench.polars):
        with pytest.warns(UserWarning, match="^skips needs tasks; the graph holds no tasks$") as caught:
            assert len(ask("skips", lang="en")) == 0
        assert [warning.filename for warning in caught] == [__file__]
        assert len(ask("skips", limit=0)) == 0


@pytest.mark.parametrize("method", ["rows", "arrow", "pandas", "polars"])
async def test_the_database_warns_of_what_a_statement_gets_wrong(bench: AnalysisConnection, method: str) -> None:
    with pytest.warns(StatementWarning) as caught:
        answer = getattr(bench, method)("MATCH (p:Pst)\nRETURN p.nme AS name")
    assert len(answer) == 0
    end = "does not exist in database `neo4j`. Verify that the spelling is correct."
    assert [str(warning.message) for warning in caught] == [
        f"The label `Pst` {end} (line 1, column 10)",
        f"The property `nme` {end} (line 2, column 10)",
    ]
    assert {warning.filename for warning in caught} == {__file__}


async def test_the_database_does_not_warn_of_saved_queries_on_an_empty_graph(bench: AnalysisConnection) -> None:
    for name in ("margins", "labels_by_rank", "skips"):
        with pytest.warns(UserWarning, match=f"^{name} needs ") as caught:
            bench.rows(name)
        assert len(caught) == 1


def test_a_folder_without_a_graph_is_an_error_and_stays_without(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    with pytest.raises(NoGraph, match=f"There is no graph in {folder}. Make one with"):
        connect(data=folder)
    assert not folder.exists()


async def test_named_queries_are_asked_with_parameters(graph: Graph, bench: AnalysisConnection) -> None:
    await plant(graph, {"What is rain?": {"Water.": {}}}, {"Why?": {}})
    await plant(graph, {"Was ist Regen?": {}}, lang="de")
    assert bench.polars("explore/shape_by_language")["posts"].to_list() == [3, 1]
    (row,) = bench.pandas("shape_by_language", lang="de").to_dict("records")
    assert (row["lang"], row["trees"], row["tree_size"]) == ("de", 1, 1.0)
    warnings.simplefilter("ignore", UserWarning)  # that most of them need what is not there
    for query in saved_queries():
        arguments = dict.fromkeys(query.required, "nothing")
        assert bench.arrow(query.name, **arguments).column_names == [*query.outputs], query.name


async def test_a_limit_counts_rows_of_a_query_and_is_any_parameter_of_a_statement(
    graph: Graph, bench: AnalysisConnection
) -> None:
    await plant(graph, *questions(3))
    for limit, rows in ((None, 3), (2, 2), (numpy.int64(1), 1), (0, 0)):
        assert bench.pandas("best_threads", limit=limit).shape[0] == rows
    assert bench.rows("UNWIND [1, 2] AS i RETURN i + $limit AS sum", limit=5) == [{"sum": 6}, {"sum": 7}]
    with pytest.raises(WrongParameter, match="limit is INTEGER, which -1 is not; a number of rows, 0 or more"):
        bench.pandas("best_threads", limit=-1)


async def test_a_query_about_one_thing_asks_for_its_id(bench: AnalysisConnection) -> None:
    for arguments in ({}, {"post": None}):
        with pytest.raises(MissingParameter, match=r"^explore/thread needs the parameter post: id of the last one\.$"):
            bench.pandas("thread", **arguments)


async def test_queries_tells_what_there_is_to_ask(bench: AnalysisConnection) -> None:
    frame = bench.queries().set_index("name")
    assert {"depths", "skips", "tree_states"} <= {*frame.index}
    assert frame.loc["skips", "parameters"] == "lang STRING, limit INTEGER"
    assert frame.loc["thread", "parameters"] == "post STRING required, limit INTEGER"
    assert frame.loc["labels_by_rank", "needs"] == "labels, ranks"
    assert frame.loc["skips", "what"] == "tasks that people skip, with their reasons"
    assert str(frame.loc["tree_states", "columns"]).endswith("oldest ZONED DATETIME, newest ZONED DATETIME")


async def test_agreement_and_reliabilities_are_frames(graph: Graph, bench: AnalysisConnection) -> None:
    planted = await plant(graph, *questions(4))
    for number, post in enumerate(planted.ids.values()):
        await review(graph, post, a={"spam": number % 2}, b={"spam": number % 2})
    agreed = {row["name"]: row for row in records(bench.agreement())}
    spam, quality = agreed["spam"], agreed["quality"]
    assert (spam["measure"], spam["metric"], spam["value"], spam["items"]) == ("krippendorff_alpha", "nominal", 1.0, 4)
    assert numpy.isnan(quality["value"])
    assert quality["why"]
    few = records(bench.reliabilities())
    assert [(row["user"], row["work"], row["judgements"], row["value"]) for row in few] == [
        ("a", "reviews", 4, None),
        ("b", "reviews", 4, None),
    ]
    assert all(row["value"] > 0.5 for row in records(bench.reliabilities(at_least=4)))


def records(frame: pandas.DataFrame) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


async def test_a_large_answer_comes_in_several_batches(bench: AnalysisConnection) -> None:
    frame = bench.polars("UNWIND range(1, 25000) AS i RETURN i, CASE WHEN i > 24000 THEN i / 2.0 END AS late")
    assert frame.height == 25_000
    assert frame["i"].sum() == 25_000 * 25_001 // 2
    assert frame["late"].null_count() == 24_000


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE (:Post)",
        "MATCH (n) DETACH DELETE n",
        "MATCH (p:Post) SET p.text = ''",
        "MERGE (t:Tree {id: 'x'}) RETURN t",
        "CREATE INDEX mine FOR (n:Mine) ON (n.a)",
        "CALL db.createLabel('Mine')",
        "CREATE USER mine SET PASSWORD 'long enough'",
    ],
)
async def test_a_statement_that_would_write_is_refused(graph: Graph, bench: AnalysisConnection, statement: str) -> None:
    await plant(graph, {"What is rain?": {}})
    before = await snapshot(graph)
    with pytest.raises(StatementRefused, match="Writing in read access mode not allowed"):
        bench.pandas(statement)
    assert await snapshot(graph) == before
    assert bench.rows("RETURN 1 AS one") == [{"one": 1}]


async def test_wrong_questions_say_what_is_wrong(bench: AnalysisConnection) -> None:
    with pytest.raises(NoSuchQuery, match="The query skip does not exist"):
        bench.pandas("skip")
    with pytest.raises(NoSuchQuery):
        bench.pandas("posts/tree")
    with pytest.raises(NoSuchParameter, match="its parameters are lang, limit"):
        bench.pandas("skips", language="en")
    with pytest.raises(WrongParameter, match="limit is INTEGER, which 'ten' is not"):
        bench.pandas("skips", limit="ten")
    with pytest.raises(StatementRefused, match="missing"):
        bench.rows("RETURN $missing AS missing")


async def test_a_statement_is_given_up_when_its_time_is_over(graph: Graph, server: Any) -> None:
    slow = "UNWIND range(1, 1000000000) AS i WITH i WHERE i % 7 = 8 RETURN count(i) AS none"
    with connect(server.uri, server.username, server.password, seconds=0.5) as hasty, pytest.raises(StoreBusy):
        hasty.rows(slow)


async def test_a_tree_is_an_arborescence(graph: Graph, bench: AnalysisConnection) -> None:
    planted = await plant(graph, {"What is rain?": {"Water.": {"Why?": {"So.": {}}}, "-Gone.": {}, "!Bad.": {}}})
    tree = bench.tree(planted["Why?"])
    root = planted["What is rain?"]
    assert networkx.is_arborescence(tree)
    assert tree.graph == {"id": root, "lang": "en"}
    assert [tree.nodes[id]["text"] for id in networkx.dag_longest_path(tree)] == [
        *("What is rain?", "Water.", "Why?", "So.")
    ]
    assert sorted(tree.successors(root)) == sorted(planted[text] for text in ("Water.", "Gone.", "Bad."))
    assert tree.nodes[planted["Gone."]]["deleted"] is True
    assert tree.nodes[planted["Bad."]]["accepted"] is False
    node = tree.nodes[planted["Water."]]
    assert (node["role"], node["depth"], node["parent"], node["emojis"]) == ("assistant", 1, root, {})
    assert type(node["role"]) is str
    assert "own_emojis" not in node


async def test_a_thread_goes_from_the_root_to_the_post(graph: Graph, bench: AnalysisConnection) -> None:
    planted = await plant(graph, {"What is rain?": {"-Gone.": {"Why?": {}}, "Water.": {}}})
    assert [post.text for post in bench.thread(planted["Why?"])] == ["What is rain?", "Gone.", "Why?"]
    assert [post.text for post in bench.thread(planted["What is rain?"])] == ["What is rain?"]
    for look in (bench.thread, bench.tree):
        with pytest.raises(PostNotFound):
            look("nobody")


async def test_skips_and_margins_of_people_are_in_the_frames(
    graph: Graph, bench: AnalysisConnection, limits: Limits, rng: Random
) -> None:
    limits = Limits(num_required_rankings=2)
    await plant(graph, {"One?": {"A": {}, "B": {}}}, state=TreeState.RANKING, limits=limits)
    for who in (ADA, BOB):
        hands = Worker(graph, limits, rng, who)
        await hands.rank(await hands.ask(TaskKind.RANK_ASSISTANT_REPLIES))
    assert [*bench.pandas("margins")["rankings"]] == [2]


def test_a_bench_works_without_a_loop_too(server: Any) -> None:
    with connect(server.uri, server.username, server.password) as bench:
        assert bench.rows("RETURN $x AS x", x=[1, "a"]) == [{"x": [1, "a"]}]
    bench.close()  # once more does nothing


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(StoreUnavailable):
        connect("bolt://127.0.0.1:1")


def test_a_server_of_the_environment_is_found(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("uri", "username", "password", "database"):
        monkeypatch.setenv(f"NEO4J_{name.upper()}", getattr(server, name))
    with connect() as bench:
        assert bench.rows("RETURN 1 AS one") == [{"one": 1}]


def test_a_program_that_does_not_close_ends_all_the_same(server: Any) -> None:
    program = (
        "import sys; from oa_graph.analysis import connect; bench = connect(*sys.argv[1:]);"
        " print(bench.rows('RETURN 1 AS one'))"
    )
    words = [sys.executable, "-W", "error", "-c", program, server.uri, server.username, server.password]
    got = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (got.returncode, got.stdout, got.stderr) == (0, "[{'one': 1}]\n", "")


def test_what_is_interrupted_ends_in_the_graph_as_well(server: Any) -> None:
    """As Ctrl-C in a notebook: who waits is let go, and the statement is not left running."""
    program = (
        "import sys; from oa_graph.analysis import connect; bench = connect(*sys.argv[1:]);"
        " bench.rows('UNWIND range(1, 1000000000000) AS billions WITH billions WHERE billions = -1 RETURN 1 AS one')"
    )
    address = (server.uri, server.username, server.password)
    words = [sys.executable, "-c", program, *address]
    with (
        connect(*address) as watching,
        subprocess.Popen(words, stderr=subprocess.PIPE, text=True, preexec_fn=hears_interrupts) as process,
    ):

        def is_running() -> bool:
            rows = watching.rows("SHOW TRANSACTIONS YIELD currentQuery")
            return any("billions" in (row["currentQuery"] or "") for row in rows)

        try:
            wait_until(is_running)
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=PATIENCE)[1].strip().endswith("KeyboardInterrupt")
            wait_until(lambda: not is_running())
        finally:
            process.kill()


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize("method", ["pandas", "polars", "arrow", "queries", "tree"])
async def test_a_package_that_is_missing_is_named_with_its_extra(
    bench: AnalysisConnection, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    package = {"arrow": "pyarrow", "queries": "pandas", "tree": "networkx"}.get(method, method)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(PackageMissing, match=f"The package {package} is not installed"):
        getattr(bench, method)(*([] if method == "queries" else ["depths"]))
