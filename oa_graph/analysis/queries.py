"""Queries with parameters: saved queries of `cypher/explore/`, or statements of a user."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import LiteralString

from oa_graph.analysis import parameters
from oa_graph.analysis.arrow import Row
from oa_graph.analysis.parameters import TextArguments
from oa_graph.graph.saved_queries import (
    OnWarning,
    QueryResult,
    filled,
    missing_data,
    named,
    parameters_of,
    run_query,
    statement,
)
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import Statement, declared_inputs, typed_by_operator

BATCH = 10_000
"""Rows that become Arrow at once."""


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """What is sent, and the query that it is; None: a statement that somebody wrote."""

    text: LiteralString
    parameters: Mapping[str, object]
    query: Statement | None = None
    limit: int | None = None
    """Rows that are read of it, at most; None: all."""

    def run(
        self, graph: Graph, *, on_warning: OnWarning, seconds: float | None = None
    ) -> AbstractAsyncContextManager[QueryResult]:
        """Run the query. Raise what `oa_graph.graph.saved_queries.run_query` raises.

        `on_warning` gets notifications about a statement that somebody wrote. A query gives none: on a graph that has
        no rankings yet, each would have something to say about them.
        """
        warn = on_warning if self.query is None else None
        return run_query(graph, self.text, self.parameters, seconds=seconds, limit=self.limit, on_warning=warn)

    async def missing_data(self, graph: Graph) -> str | None:
        """Return which data the graph lacks for the query; None if nothing is known to be missing."""
        return None if self.query is None or self.limit == 0 else await missing_data(graph, self.query)


def by_name(name: str, arguments: TextArguments) -> SavedQuery:
    """Return a query with parameters as texts. Raise NoSuchQuery, NoSuchParameter, MissingParameter, WrongParameter."""
    query = named(name)
    return _saved_query(query, parameters.from_texts(query.name, parameters_of(query), arguments))


def by_statement(source: str, arguments: TextArguments, *, name: str, limit: int | None = None) -> SavedQuery:
    """Return a statement with parameters as texts. Raise NoSuchParameter, MissingParameter, WrongParameter.

    One with a header like those of `cypher/` is asked as they are: its `in` lines give the types, and parameters that
    are not given are null. Otherwise texts are JSON where they parse as such.
    """
    text = typed_by_operator(source)
    if inputs := declared_inputs(source):
        values = filled(name, inputs, parameters.from_texts(name, inputs, arguments))
        return SavedQuery(text, values, limit=limit)
    return SavedQuery(text, parameters.from_words(arguments), limit=limit)


def from_python(name_or_statement: str, arguments: Mapping[str, object]) -> SavedQuery:
    """Return a query, or a statement if the text has white space, with Python values.

    Raise NoSuchQuery, NoSuchParameter, MissingParameter, WrongParameter.
    """
    words = name_or_statement.split()
    if len(words) == 1:
        query = named(words[0])
        return _saved_query(query, parameters.from_values(query.name, parameters_of(query), arguments))
    return SavedQuery(typed_by_operator(name_or_statement), arguments)


def _saved_query(query: Statement, arguments: Mapping[str, object]) -> SavedQuery:
    text, values = statement(query, arguments)
    limit = arguments.get("limit")
    return SavedQuery(text, values, query, limit if isinstance(limit, int) else None)


async def batches(answer: QueryResult, *, size: int = BATCH) -> AsyncGenerator[Sequence[Row]]:
    """Yield the rows of an answer in batches; no batch is empty."""
    waiting: list[Row] = []
    async for row in answer.rows:
        waiting.append(row)
        if len(waiting) == size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
