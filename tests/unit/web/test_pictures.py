"""Which answers are drawn, and how."""

from __future__ import annotations

import re
from typing import Any

import pytest

from oa_graph.web import pictures
from oa_graph.web.results import FirstRows, cells

ID = "3f0e9a52-4a53-4f6f-9b2c-6b6f3f0f9a01"


def result(columns: str, *rows: tuple[Any, ...], is_cut: bool = False) -> FirstRows:
    return FirstRows(tuple(columns.split()), [list(row) for row in rows], is_cut, ())


@pytest.mark.parametrize(
    ("columns", "rows", "labels", "values"),
    [
        ("lang posts", [("en", 3), ("de", 4)], [0], [1]),
        ("lang role posts share", [("en", "user", 3, 0.5), ("de", "user", 4, None)], [0, 1], [2, 3]),
        ("depth posts", [(0, 3), (1, 4)], [0], [1]),
        ("tree posts depth", [(ID, 3, 1), (ID, 4, 2)], [1], [2]),
    ],
)
def test_numbers_are_plotted_by_the_names_of_their_rows(
    columns: str, rows: list[tuple[Any, ...]], labels: list[int], values: list[int]
) -> None:
    chosen = pictures.plot_columns(result(columns, *rows))
    assert chosen is not None
    assert (list(chosen.labels), list(chosen.values)) == (labels, values)


@pytest.mark.parametrize(
    "unsuitable",
    [
        result("lang posts", ("en", 3)),
        result("lang posts", ("en", 3), ("de", -4)),
        result("lang text", ("en", "a"), ("de", "b")),
        result("posts", (3,), (4,)),
        result("text posts", ("long " * 20, 3), ("b", 4)),
        result("lang posts", ("en", 3), ("de", 4), is_cut=True),
        result("lang posts", ("en", 3), ("de", True)),
        result("lang posts", *(("en", number) for number in range(100))),
    ],
)
def test_other_answers_are_not_plotted(unsuitable: FirstRows) -> None:
    assert pictures.plot_columns(unsuitable) is None


def test_a_plot_has_no_styles_of_its_own() -> None:
    answer = result("text posts", ('<b style="color: red">', 3), ("b", 4))
    columns = pictures.plot_columns(answer)
    assert columns is not None
    svg = pictures.plot(answer, columns, 1, "posts")
    assert not re.search(r"<style|<[^>]* style=", svg)
    assert "var(--blue)" in svg
    assert "&lt;b style=" in svg


def node(id: str, label: str = "Post", **fields: Any) -> dict[str, Any]:
    return {"labels": ["InEnglish", label], "id": id, **fields}


def test_edges_join_the_nodes_beside_them_in_rows_and_paths() -> None:
    replies: dict[str, Any] = {"type": "REPLY_TO"}
    path = [node("c"), replies, node("b"), replies, node("a")]
    network = pictures.network_of(result("x y z", (node("b"), replies, node("a")), (path, None, [node("d")])))
    assert network is not None
    assert len(network.nodes) == 4
    names = [(network.nodes[start]["id"], network.nodes[end]["id"], type) for start, end, type in network.edges]
    assert names == [("b", "a", "REPLY_TO"), ("c", "b", "REPLY_TO")]
    assert pictures.network_of(result("x", ("text",), ({"type": "map"},))) is None
    assert pictures.network_of(result("x", *((node(str(number)),) for number in range(200)))) is None


def test_a_graph_escapes_what_it_says_and_links_posts() -> None:
    answer = result("x", (node(ID, text="<script>alert(1)</script>"),), (node("no id", "Task"),), (node(ID, "User"),))
    network = pictures.network_of(answer)
    assert network is not None
    svg = pictures.graph(network, 'a "title"')
    assert "<script" not in svg
    assert re.findall(r'href="([^"]*)"', svg) == [f"/trees/{ID}"]
    assert 'aria-label="a &#34;title&#34;"' in svg or 'aria-label="a &quot;title&quot;"' in svg


def test_cells_show_times_numbers_nulls_and_ids() -> None:
    answer = result("tree at number share none", (ID, "2026-03-01T12:00:05.123456Z", 1200, 1234.5678, None))
    (row,) = cells(answer)
    assert [cell.text for cell in row] == [ID, "2026-03-01 12:00:05", "1200", "1,234.57", None]
    assert [cell.is_number for cell in row] == [False, False, True, True, False]
    assert row[0].link == f"/trees/{ID}"
    assert {cell.link for cell in row[1:]} == {""}
