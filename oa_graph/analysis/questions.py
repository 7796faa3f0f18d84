"""A question to the graph: a query of `cypher/explore/` or a statement that somebody wrote, with its parameters."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import LiteralString

from oa_graph.analysis import parameters
from oa_graph.analysis.arrow import Row
from oa_graph.analysis.parameters import Given
from oa_graph.graph.asking import Answer, OnWarning, ask, filled, named, parameters_of, shortage, statement
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
    limit: int | None = None
    """Rows that are read of it, at most; None: all."""

    def ask(
        self, graph: Graph, *, on_warning: OnWarning, seconds: float | None = None
    ) -> AbstractAsyncContextManager[Answer]:
        """Raises what `oa_graph.graph.asking.ask` raises.

        `on_warning` gets notifications about a statement that somebody wrote. A query gives none: on a graph that has
        no rankings yet, each would have something to say about them.
        """
        warn = on_warning if self.query is None else None
        return ask(graph, self.text, self.parameters, seconds=seconds, limit=self.limit, on_warning=warn)

    async def shortage(self, graph: Graph) -> str | None:
        """Why the answer is empty: what the graph lacks; None: it lacks nothing that anybody knows of."""
        return None if self.query is None or self.limit == 0 else await shortage(graph, self.query)


def by_name(name: str, given: Given) -> Question:
    """A query with parameters as texts. Raises NoSuchQuery, NoSuchParameter, MissingParameter, WrongParameter."""
    query = named(name)
    return _of(query, parameters.from_texts(query.name, parameters_of(query), given))


def by_statement(source: str, given: Given, *, name: str, limit: int | None = None) -> Question:
    """A statement with parameters as texts. Raises NoSuchParameter, MissingParameter, WrongParameter.

    One with a header like those of `cypher/` is asked as they are: its `in` lines give the types, and parameters that
    are not given are null. Otherwise texts are JSON where they parse as such.
    """
    text = typed_by_operator(source)
    if inputs := inputs_of(source):
        values = filled(name, inputs, parameters.from_texts(name, inputs, given))
        return Question(text, values, limit=limit)
    return Question(text, parameters.from_words(given), limit=limit)


def from_python(name_or_statement: str, given: Mapping[str, object]) -> Question:
    """A query, or a statement where there is white space in it, with values of Python.

    Raises NoSuchQuery, NoSuchParameter, MissingParameter, WrongParameter.
    """
    words = name_or_statement.split()
    if len(words) == 1:
        query = named(words[0])
        return _of(query, parameters.from_values(query.name, parameters_of(query), given))
    return Question(typed_by_operator(name_or_statement), given)


def _of(query: Query, given: Mapping[str, object]) -> Question:
    text, values = statement(query, given)
    limit = given.get("limit")
    return Question(text, values, query, limit if isinstance(limit, int) else None)


async def batches(answer: Answer, *, size: int = BATCH) -> AsyncGenerator[Sequence[Row]]:
    """The rows of an answer, so many at once; no batch is empty."""
    waiting: list[Row] = []
    async for row in answer.rows:
        waiting.append(row)
        if len(waiting) == size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
