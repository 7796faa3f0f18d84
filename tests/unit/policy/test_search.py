"""What people type becomes a query that cannot go wrong, and each language has its index."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.listings import PostFilter
from oa_graph.policy.search import ANALYZERS, LABELS, OTHER, clauses, index, label, query

CLAUSE = re.compile(r'\+text:"((?:[^"\\]|\\.)*)"')


def asked(typed: str) -> list[str]:
    """The words and phrases that are asked for; fails when there is anything else in the query."""
    query_text = clauses(typed)
    assert CLAUSE.sub("", query_text).strip(" ") == ""
    return [re.sub(r"\\(.)", r"\1", clause) for clause in CLAUSE.findall(query_text)]


@given(st.text())
def test_every_word_is_asked_for_and_nothing_else(typed: str) -> None:
    assert sorted(" ".join(asked(typed)).split()) == sorted(typed.replace('"', " ").split())


@given(st.text(alphabet='ab "\\+-*~:/()[]{}^!?&|'))
def test_nothing_that_is_typed_is_an_operator(typed: str) -> None:
    assert sorted(" ".join(asked(typed)).split()) == sorted(typed.replace('"', " ").split())


@given(st.lists(st.from_regex(r"[a-z]{1,5}( [a-z]{1,5})+", fullmatch=True), max_size=4))
def test_what_stands_in_quotes_is_a_phrase(phrases: list[str]) -> None:
    assert asked(" ".join(f'"{phrase}"' for phrase in phrases)) == phrases


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("cats AND dogs", ["cats", "AND", "dogs"]),
        ('why "knead blankets" do', ["why", "do", "knead blankets"]),
        ('why "knead', ["why", "knead"]),
        ('"a b" c"', ["c", "a b"]),
        ('""', []),
        (' "  " ', []),
        ("C:\\temp", ["C:\\temp"]),
        ("text:x", ["text:x"]),
    ],
)
def test_examples(typed: str, parts: list[str]) -> None:
    assert asked(typed) == parts


@pytest.mark.parametrize("typed", ["", "  \t", '"', '""', '"  "'])
def test_a_blank_query_asks_for_nothing(typed: str) -> None:
    assert query(typed, "en", PostFilter(lang="en")) is None


@pytest.mark.parametrize(
    ("lang", "name"),
    [
        ("en", "text_english"),
        ("en-US", "text_english"),
        ("EN", "text_english"),
        ("pt", "text_portuguese"),
        ("pt-PT", "text_portuguese"),
        ("pt-BR", "text_brazilian"),
        ("zh", "text_cjk"),
        ("zh-Hant-TW", "text_cjk"),
        ("ja", "text_cjk"),
        ("nb", "text_norwegian"),
        ("uk", "text_other"),
        ("", "text_other"),
        ("-", "text_other"),
        ("english", "text_other"),
    ],
)
def test_a_language_has_an_index_by_its_tag(lang: str, name: str) -> None:
    assert index(lang) == name


@given(st.text())
def test_every_tag_has_a_label(lang: str) -> None:
    assert label(lang) in ANALYZERS


def test_every_label_is_somebodys() -> None:
    assert {*LABELS.values(), OTHER} == set(ANALYZERS)
    assert all(tag == tag.lower() for tag in LABELS)


def test_the_scope_names_what_the_index_knows() -> None:
    text_query = query("rain", "en", PostFilter(authors=("a-1", 'b"'), client="web", lang="en"))
    assert text_query is not None
    assert (text_query.index, text_query.words) == ("text_english", '+text:"rain"')
    assert text_query.scope == '+lang:"en" +client:"web" +(author:"a-1" author:"b\\"")'
