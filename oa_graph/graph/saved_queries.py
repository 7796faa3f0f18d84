"""Reading whatever somebody asks: rows are streamed, nothing is written, nothing is kept."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString

from neo4j import AsyncResult
from neo4j.graph import Node, Path, Relationship
from neo4j.spatial import Point
from neo4j.time import Date, DateTime, Duration, Time

from oa_graph.errors import MissingParameter, NoSuchParameter, NoSuchQuery, WrongParameter
from oa_graph.graph.notifications import Notification, notifications
from oa_graph.graph.session import Graph, StatementRefused, many
from oa_graph.graph.statements import Statement, catalogue, declared, required, source, typed_by_operator, with_language

LIMIT: Mapping[str, str] = {"limit": "INTEGER  rows of the answer, at most; null for all"}
"""A parameter of every query of `cypher/explore/`. No file declares it: the server gets it as one more clause."""

OnWarning = Callable[[Notification], object]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a statement gives. `rows` is read once, while the server still finds more."""

    columns: tuple[str, ...]
    rows: AsyncIterator[tuple[Any, ...]]
    """As many values in each as there are columns: None, bool, int, float, str, bytes, list, dict with text keys, and
    the standard library's `datetime`, `date`, `time` and, for durations, ISO 8601 texts. A node is a dict of its
    properties with its `labels`, an edge one with its `type`; a path is the list of its nodes and edges in turn."""


def named(name: str) -> Statement:
    """The query of `cypher/explore/`, with or without the name of that folder. Raise NoSuchQuery."""
    query = catalogue().get(name) or catalogue().get(f"explore/{name}")
    if query is None or not query.name.startswith("explore/"):
        raise NoSuchQuery(name=name)
    return query


def any_statement(name: str) -> Statement:
    """Any statement of `cypher/`, a query of `explore/` also without the name of that folder. Raise NoSuchQuery."""
    return catalogue().get(name) or named(name)


def saved_queries() -> list[Statement]:
    """Every query for analysts, by name."""
    return [query for name, query in sorted(catalogue().items()) if name.startswith("explore/")]


def service_statements() -> list[Statement]:
    """Every statement that the service runs, by name."""
    return [statement for name, statement in sorted(catalogue().items()) if not name.startswith("explore/")]


def parameters_of(query: Statement) -> Mapping[str, str]:
    """The `in` lines of a query of `cypher/explore/`, and the limit of its rows."""
    return {**query.inputs, **LIMIT}


def statement(query: Statement, arguments: Mapping[str, object]) -> tuple[LiteralString, dict[str, object]]:
    """The text and the parameters to send for a query of `cypher/explore/`.

    With a `limit` the server looks for no more rows than that. Raise NoSuchParameter, MissingParameter,
    WrongParameter.
    """
    values = _with_limit(query, arguments)
    limit = "" if values["limit"] is None else "\nLIMIT $given.limit"
    return query.text + limit, query.sent(values)


def guarded_statement(query: Statement, arguments: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The same as `statement` for `oa_graph.graph.adhoc.AdhocQueries`, which takes statements as people write them."""
    values = _with_limit(query, arguments)
    text = source(query).rstrip().removesuffix(";")
    return text if values["limit"] is None else f"{text}\nLIMIT $limit", values


def _with_limit(query: Statement, arguments: Mapping[str, object]) -> dict[str, object]:
    values = filled(query.name, parameters_of(query), arguments)
    limit = values["limit"]
    if limit is not None and (not isinstance(limit, int) or limit < 0):
        raise WrongParameter(name="limit", type="INTEGER", value=repr(limit), why="; a number of rows, 0 or more")
    return values


def filled(query: str, inputs: Mapping[str, str], arguments: Mapping[str, object]) -> dict[str, object]:
    """The parameters that a header declares; those that are not given are null.

    Raise NoSuchParameter, and MissingParameter for one that is required.
    """
    check_names(query, inputs, arguments)
    for name in required(inputs):
        if arguments.get(name) is None:
            meaning = declared(inputs[name])[1].partition("; ")[2]
            raise MissingParameter(query=query, name=name, meaning=meaning)
    return {name: arguments.get(name) for name in inputs}


def check_names(query: str, known: Iterable[str], names: Iterable[str]) -> None:
    """Raise NoSuchParameter for a name that the query does not have."""
    for name in names:
        if name not in known:
            raise NoSuchParameter(query=query, name=name, known=", ".join(known) or "none")


@asynccontextmanager
async def run_saved_query(
    graph: Graph, name: str, arguments: Mapping[str, object], *, seconds: float | None = None
) -> AsyncGenerator[QueryResult]:
    """Run a query of `cypher/explore/`. Raise NoSuchQuery, and what `statement` and `run_query` raise."""
    text, parameters = statement(named(name), arguments)
    async with run_query(graph, text, parameters, seconds=seconds) as answer:
        yield answer


async def rows_of(
    graph: Graph, name: str, arguments: Mapping[str, object], *, seconds: float | None = None
) -> list[dict[str, Any]]:
    """Return all rows of a query of `cypher/explore/` by column. Raise what `run_saved_query` raises."""
    async with run_saved_query(graph, name, arguments, seconds=seconds) as answer:
        return [dict(zip(answer.columns, row, strict=True)) async for row in answer.rows]


async def missing_data(graph: Graph, query: Statement) -> str | None:
    """Why the answer to a query is empty: the data it needs of which the graph holds none; None: it has them all."""
    kinds = await many(graph, "stats/missing_data", lambda row: str(row["kind"]), kinds=list(query.needs))
    if not kinds:
        return None
    return f"{query.short} needs {' and '.join(query.needs)}; the graph holds no {' and no '.join(kinds)}"


@asynccontextmanager
async def run_query(
    graph: Graph,
    text: LiteralString,
    parameters: Mapping[str, object],
    *,
    seconds: float | None = None,
    limit: int | None = None,
    on_warning: OnWarning | None = None,
) -> AsyncGenerator[QueryResult]:
    """One statement in a transaction that only reads and that is rolled back at the end.

    The server gives it up after `seconds`; no more than `limit` rows are read. `on_warning` gets its notifications
    after the answer. Raise StatementRefused for a statement that the server does not take, or that writes; StoreBusy
    when its time is over; StoreUnavailable.
    """
    with _as_written(text):
        async with graph.reading(seconds=seconds, notify=on_warning is not None) as transaction:
            result = await transaction.run(with_language(text), dict(parameters))
            yield QueryResult(result.keys(), _rows(result, limit))
            if on_warning is not None:
                await _warn(result, text, on_warning)


@asynccontextmanager
async def run_at_prompt(
    graph: Graph, text: LiteralString, parameters: Mapping[str, object], *, write: bool, on_warning: OnWarning
) -> AsyncGenerator[QueryResult]:
    """Run a statement; with `write`, keep what it writes. Raise WriteRefused without, and what `run_query` raises."""
    with _as_written(text):
        async with graph.committing(text, parameters, write=write) as result:
            yield QueryResult(result.keys(), _rows(result, None))
            await _warn(result, text, on_warning)


async def evaluated(graph: Graph, expression: str) -> Any:
    """The value of an expression, such as `duration('P7D')`, as a parameter to send. Raise what `run_query` raises."""
    text = typed_by_operator(f"RETURN {expression} AS value")
    with _as_written(text):
        async with graph.reading(seconds=None) as transaction:
            result = await transaction.run(with_language(text))
            return (await result.single(strict=True))["value"]


async def _warn(result: AsyncResult, text: LiteralString, on_warning: OnWarning) -> None:
    """Tell the notifications of an answer that is read, or of which nobody wants the rest."""
    shift = _shift(text)
    for notification in notifications(await result.consume()):
        if notification.line == 1 and notification.column is not None:
            on_warning(replace(notification, column=notification.column - shift))
        else:
            on_warning(notification)


def _shift(text: LiteralString) -> int:
    """How many characters are sent before the first line of a statement."""
    return len(with_language(text)) - len(text)


_PLACE = re.compile(r"\(line 1, column (\d+) \(offset: (\d+)\)\)")


@contextmanager
def _as_written(text: LiteralString) -> Generator[None]:
    """A refusal names the place in the statement as it was written, and shows the line so."""
    try:
        yield
    except StatementRefused as error:
        why, shift = str(error.values["why"]), _shift(text)
        moved = _PLACE.sub(lambda place: f"(line 1, column {int(place[1]) - shift})", why)
        if moved == why or not shift:
            raise
        sent = with_language(text)[:shift]
        raise type(error)(why=moved.replace(f'\n"{sent}', '\n"', 1).replace("\n" + " " * shift, "\n", 1)) from error


async def _rows(result: AsyncIterator[Iterable[Any]], limit: int | None) -> AsyncIterator[tuple[Any, ...]]:
    if limit == 0:
        return
    rows = 0
    async for record in result:
        yield tuple(plain_values(value) for value in record)
        rows += 1
        if rows == limit:
            return


def plain_values(value: Any) -> Any:
    """A value of the driver as one of the standard library's; see `QueryResult.rows`."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list():
            return [plain_values(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        case dict():
            return {str(name): plain_values(item) for name, item in value.items()}  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
        case DateTime() | Date() | Time():
            return value.to_native()
        case Duration():
            return value.iso_format()
        case Node():
            return {"labels": sorted(value.labels), **{name: plain_values(item) for name, item in value.items()}}
        case Relationship():
            return {"type": value.type, **{name: plain_values(item) for name, item in value.items()}}
        case Path():
            steps: list[Any] = [plain_values(value.start_node)]
            for edge, node in zip(value.relationships, value.nodes[1:], strict=True):
                steps += [plain_values(edge), plain_values(node)]
            return steps
        case Point():
            return list(value)
        case _:
            return value
