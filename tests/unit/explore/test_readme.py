"""`cypher/README.md` tells of every statement for analysts, and of everything that the statements name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from oa_graph.graph.saved_queries import saved_queries
from oa_graph.graph.statements import Statement
from tests.graph.explore import samples

README = samples.README.read_text("utf-8")
CYPHER = samples.README.parent

_COMMENT = re.compile(r"//[^\n]*")
_LABEL = re.compile(r"\(\w*:(\w+(?:\|\w+)*)")
_TYPE = re.compile(r"\[\w*:(\w+(?:\|\w+)*)")
_DRAWN = re.compile(r'-- "?(\w+)|-\. "?(\w+)')


def statements() -> list[str]:
    return [_COMMENT.sub("", path.read_text("utf-8")) for path in sorted(CYPHER.rglob("*.cypher"))]


def named(pattern: re.Pattern[str]) -> set[str]:
    return {name for text in statements() for names in pattern.findall(text) for name in names.split("|")}


@pytest.mark.parametrize("query", saved_queries(), ids=lambda query: query.name)
def test_a_statement_stands_there_in_one_line_with_a_sample_of_its_output(query: Statement) -> None:
    _, title, rest = samples.current_samples(README).partition(samples.title(query))
    assert title
    head, rule, *rows = rest.split("\n\n**[")[0].partition("\n\n")[2].splitlines()
    assert head == "| " + " | ".join(query.outputs) + " |"
    assert rule == "|---" * len(query.outputs) + "|"
    assert rows
    assert rows[0].startswith("| ")


def test_there_are_no_samples_of_what_is_gone() -> None:
    names = re.findall(r"^\*\*\[`(explore/\w+)`\]", samples.current_samples(README), re.MULTILINE)
    assert names == [query.name for query in saved_queries()]


def test_each_edge_is_drawn_and_told_of() -> None:
    picture = README.partition("```mermaid")[2].partition("```")[0]
    drawn = {one or other for one, other in _DRAWN.findall(picture)}
    table = README.partition("## Edges")[2].partition("\n## ")[0]
    types = named(_TYPE)
    assert types - drawn == set()
    assert [name for name in sorted(types) if f":{name}" not in table] == []


def test_each_label_is_told_of() -> None:
    gone = {"Day", "Flight", "LanguageRename", "Rung"}  # steps of the schema clear them away
    of_analyzers = {name for name in named(_LABEL) if re.match("In[A-Z]", name)}
    nodes = README.partition("## Nodes")[2].partition("\n## Edges")[0]
    assert [name for name in sorted(named(_LABEL) - gone - of_analyzers) if not re.search(rf"\b{name}\b", nodes)] == []


def test_the_pages_that_it_links_are_there() -> None:
    links = re.findall(r"\]\(([\w/]+\.cypher)\)", README)
    assert [link for link in links if not (Path(CYPHER) / link).is_file()] == []
