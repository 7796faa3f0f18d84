"""A question to the graph: a query of `cypher/explore/` or a statement that somebody wrote, with its parameters."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import LiteralString

from oa_graph.analysis import parameters
from oa_graph.analysis.arrow import Row
from oa_graph.analysis.parameters import Given
from oa_graph.graph.asking import Answer, OnWarning, ask, filled, named
from oa_graph.graph.queries import Query, inputs_of, typed_by_operator
from oa_graph.graph.session import Graph

BATCH = 10_000
"""Rows that become Arrow at once."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent, and the query that it is; None: a statement that somebody wrote."""

    text: LiteralString
    parameters: Mapping[str, object]
    query: Query | None = None

    def ask(
        self, graph: Graph, *, on_warning: OnWarning, seconds: float | None = None
    ) -> AbstractAsyncContextManager[Answer]:
        """Raises what `oa_graph.graph.asking.ask` raises.

        `on_warning` gets notifications about a statement that somebody wrote. A query gives none: on a graph that has
        no rankings yet, each would have something to say about them.
        """
        warn = on_warning if self.query is None else None
        return ask(graph, self.text, self.parameters, seconds=seconds, on_warning=warn)


def by_name(name: str, given: Given) -> Question:
    """A query with parameters as texts. Raises NoSuchQuery, NoSuchParameter, WrongParameter."""
    query = named(name)
    return _of(query, parameters.from_texts(query.name, query.inputs, given))


def by_statement(statement: str, given: Given, *, name: str) -> Question:
    """A statement with parameters as texts. Raises NoSuchParameter, WrongParameter.

    One with a header like those of `cypher/` is asked as they are: its `in` lines give the types, and parameters that
    are not given are null. Otherwise texts are JSON where they parse as such.
    """
    text = typed_by_operator(statement)
    if inputs := inputs_of(statement):
        return Question(text, {**dict.fromkeys(inputs), **parameters.from_texts(name, inputs, given)})
    return Question(text, parameters.from_words(given))


def from_python(name_or_statement: str, given: Mapping[str, object]) -> Question:
    """A query, or a statement where there is white space in it, with values of Python.

    Raises NoSuchQuery, NoSuchParameter, WrongParameter.
    """
    words = name_or_statement.split()
    if len(words) == 1:
        query = named(words[0])
        return _of(query, parameters.from_values(query.name, query.inputs, given))
    return Question(typed_by_operator(name_or_statement), given)


def _of(query: Query, given: Mapping[str, object]) -> Question:
    return Question(query.text, query.sent(filled(query, given)), query)


async def batches(answer: Answer, *, limit: int | None = None, size: int = BATCH) -> AsyncGenerator[Sequence[Row]]:
    """The rows of an answer, so many at once and no more than `limit`; no batch is empty."""
    waiting: list[Row] = []
    taken = 0
    if limit == 0:
        return
    async for row in answer.rows:
        waiting.append(row)
        taken += 1
        if taken == limit:
            break
        if len(waiting) == size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
