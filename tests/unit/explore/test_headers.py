"""What the files for analysts promise: every row, the data that they need, the parameters they cannot do without."""

from __future__ import annotations

import re

import pytest

from oa_graph.graph.saved_queries import saved_queries, statement
from oa_graph.graph.statements import Statement, catalogue, declared, source

_CODE = re.compile(r"//[^\n]*")
_SAMPLE = re.compile(r"LIMIT (?:1\b|coalesce\(\$posts, \d+\))")
"""The first of the replies of one post, and the posts that a mean is taken of: neither bounds the rows of an answer."""
_ORDERED_LAST = re.compile(r"ORDER BY [^{};]+;\s*$")

every_query = pytest.mark.parametrize("query", saved_queries(), ids=lambda query: query.short)


@every_query
def test_no_file_bounds_its_rows(query: Statement) -> None:
    code = _CODE.sub("", source(query))
    assert "$limit" not in code
    assert "limit" not in query.inputs
    assert "LIMIT" not in _SAMPLE.sub("", code)


@every_query
def test_a_limit_can_follow_the_last_clause(query: Statement) -> None:
    assert _ORDERED_LAST.search(_CODE.sub("", source(query)))
    arguments = {name: "a" for name in query.required}
    assert statement(query, arguments)[0] == query.text
    assert statement(query, {**arguments, "limit": 7}) == (
        f"{query.text}\nLIMIT $given.limit",
        query.sent({**dict.fromkeys(query.inputs), **arguments, "limit": 7}),
    )


def test_the_data_that_a_query_needs_are_kinds_that_the_graph_is_searched_for() -> None:
    kinds = set(re.findall(r"WHEN '([^']+)' THEN", source(catalogue()["stats/missing_data"])))
    assert [query.name for query in saved_queries() if not query.needs] == []
    assert {kind for query in saved_queries() for kind in query.needs} == kinds


@every_query
def test_a_parameter_is_required_or_says_what_null_means(query: Statement) -> None:
    for name, line in query.inputs.items():
        meaning = declared(line)[1]
        assert re.match(r"required; \S", meaning) or "null" in meaning, name


def test_what_is_about_one_thing_requires_its_id() -> None:
    assert {query.short: query.required for query in saved_queries() if query.required} == {
        "life_of_a_task": ("task",),
        "thread": ("post",),
        "tree_in_detail": ("tree",),
    }
