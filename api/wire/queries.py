"""Saved queries: what they take and give."""

from __future__ import annotations

from oa_graph.api.wire.base import Out
from oa_graph.graph.saved_queries import parameters_of
from oa_graph.graph.statements import Statement, declared, required


class QueryParameter(Out):
    """A parameter of a saved query."""

    name: str
    type: str
    """As in Cypher, such as `STRING` or `LIST<INTEGER>`."""
    required: bool
    description: str


class QueryColumn(Out):
    """A column of the answer."""

    name: str
    type: str
    description: str


class SavedQuery(Out):
    """A query for analysts."""

    name: str
    description: str
    parameters: list[QueryParameter]
    columns: list[QueryColumn]
    needs: list[str]
    """Kinds of data without which the answer is empty."""
    cost: str
    """What it asks of the database."""


def saved_query(query: Statement) -> SavedQuery:
    inputs = parameters_of(query)
    needed = required(inputs)
    return SavedQuery(
        name=query.short,
        description=query.description,
        parameters=[
            QueryParameter(name=name, type=declared(line)[0], required=name in needed, description=declared(line)[1])
            for name, line in inputs.items()
        ],
        columns=[
            QueryColumn(name=name, type=declared(line)[0], description=declared(line)[1])
            for name, line in query.outputs.items()
        ],
        needs=list(query.needs),
        cost=query.cost,
    )
