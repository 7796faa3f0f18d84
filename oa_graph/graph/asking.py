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
from oa_graph.graph.queries import Query, catalogue, declared, required, typed_by_operator, with_language
from oa_graph.graph.session import Graph, StatementRefused, many

LIMIT: Mapping[str, str] = {"limit": "INTEGER  rows of the answer, at most; null for all"}
"""A parameter of every query of `cypher/explore/`. No file declares it: the server gets it as one more clause."""

OnWarning = Callable[[Notification], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gives. `rows` is read once, while the server still finds more."""

    columns: tuple[str, ...]
    rows: AsyncIterator[tuple[Any, ...]]
    """As many values in each as there are columns: None, bool, int, float, str, bytes, list, dict with text keys, and
    the standard library's `datetime`, `date`, `time` and, for durations, ISO 8601 texts. A node is a dict of its
    properties with its `labels`, an edge one with its `type`; a path is the list of its nodes and edges in turn."""


def named(name: str) -> Query:
    """The query of `cypher/explore/`, with or without the name of that folder. Raises NoSuchQuery."""
    found = catalogue().get(name) or catalogue().get(f"explore/{name}")
    if found is None or not found.name.startswith("explore/"):
        raise NoSuchQuery(name=name)
    return found


def explorations() -> list[Query]:
    """Every query for analysts, by name."""
    return [query for name, query in sorted(catalogue().items()) if name.startswith("explore/")]


def parameters_of(query: Query) -> Mapping[str, str]:
    """The `in` lines of a query of `cypher/explore/`, and the limit of its rows."""
    return {**query.inputs, **LIMIT}


def statement(query: Query, given: Mapping[str, object]) -> tuple[LiteralString, dict[str, object]]:
    """The text and the parameters to send for a query of `cypher/explore/`.

    With a `limit` the server looks for no more rows than that. Raises NoSuchParameter, MissingParameter,
    WrongParameter.
    """
    values = filled(query.name, parameters_of(query), given)
    limit = values["limit"]
    if limit is None:
        return query.text, query.sent(values)
    if not isinstance(limit, int) or limit < 0:
        raise WrongParameter(name="limit", type="INTEGER", value=repr(limit), why="; a number of rows, 0 or more")
    return query.text + "\nLIMIT $given.limit", query.sent(values)


def filled(query: str, inputs: Mapping[str, str], given: Mapping[str, object]) -> dict[str, object]:
    """The parameters that a header declares; those that are not given are null.

    Raises NoSuchParameter, and MissingParameter for one that is required.
    """
    check_names(query, inputs, given)
    for name in required(inputs):
        if given.get(name) is None:
            meaning = declared(inputs[name])[1].partition("; ")[2]
            raise MissingParameter(query=query, name=name, meaning=meaning)
    return {name: given.get(name) for name in inputs}


def check_names(query: str, known: Iterable[str], given: Iterable[str]) -> None:
    """Raises NoSuchParameter for a name that the query does not have."""
    for name in given:
        if name not in known:
            raise NoSuchParameter(query=query, name=name, known=", ".join(known) or "none")


@asynccontextmanager
async def ask_named(
    graph: Graph, name: str, given: Mapping[str, object], *, seconds: float | None = None
) -> AsyncGenerator[Answer]:
    """`ask` for a query of `cypher/explore/`. Raises NoSuchQuery, what `statement` raises, and what `ask` raises."""
    text, parameters = statement(named(name), given)
    async with ask(graph, text, parameters, seconds=seconds) as answer:
        yield answer


async def shortage(graph: Graph, query: Query) -> str | None:
    """Why the answer to a query is empty: the data it needs of which the graph holds none; None: it has them all."""
    kinds = await many(graph, "stats/lacking", lambda row: str(row["kind"]), kinds=list(query.needs))
    if not kinds:
        return None
    return f"{query.short} needs {' and '.join(query.needs)}; the graph holds no {' and no '.join(kinds)}"


@asynccontextmanager
async def ask(
    graph: Graph,
    text: LiteralString,
    parameters: Mapping[str, object],
    *,
    seconds: float | None = None,
    limit: int | None = None,
    on_warning: OnWarning | None = None,
) -> AsyncGenerator[Answer]:
    """One statement in a transaction that only reads and that is rolled back at the end.

    The server gives it up after `seconds`; no more than `limit` rows are read. `on_warning` gets its notifications
    after the answer. Raises StatementRefused for a statement that the server does not take, or that writes; StoreBusy
    when its time is over; StoreUnavailable.
    """
    with _as_written(text):
        async with graph.reading(seconds=seconds, notify=on_warning is not None) as transaction:
            result = await transaction.run(with_language(text), dict(parameters))
            yield Answer(result.keys(), _rows(result, limit))
            if on_warning is not None:
                await _warn(result, text, on_warning)


@asynccontextmanager
async def ask_at_prompt(
    graph: Graph, text: LiteralString, parameters: Mapping[str, object], *, write: bool, on_warning: OnWarning
) -> AsyncGenerator[Answer]:
    """`ask` where what is written stays, if `write` allows it. Raises WriteRefused if not, and what `ask` raises."""
    with _as_written(text):
        async with graph.committing(text, parameters, write=write) as result:
            yield Answer(result.keys(), _rows(result, None))
            await _warn(result, text, on_warning)


async def evaluated(graph: Graph, expression: str) -> Any:
    """The value of an expression, such as `duration('P7D')`, as a parameter to send. Raises what `ask` raises."""
    text = typed_by_operator(f"RETURN {expression} AS value")
    with _as_written(text):
        async with graph.reading(seconds=None) as transaction:
            result = await transaction.run(with_language(text))
            return (await result.single(strict=True))["value"]


async def _warn(result: AsyncResult, text: LiteralString, on_warning: OnWarning) -> None:
    """Tells the notifications of an answer that is read, or of which nobody wants the rest."""
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
        yield tuple(plain(value) for value in record)
        rows += 1
        if rows == limit:
            return


def plain(value: Any) -> Any:
    """A value of the driver as one of the standard library's; see `Answer.rows`."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list():
            return [plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
        case dict():
            return {str(name): plain(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
        case DateTime() | Date() | Time():
            return value.to_native()
        case Duration():
            return value.iso_format()
        case Node():
            return {"labels": sorted(value.labels), **{name: plain(each) for name, each in value.items()}}
        case Relationship():
            return {"type": value.type, **{name: plain(each) for name, each in value.items()}}
        case Path():
            steps: list[Any] = [plain(value.start_node)]
            for edge, node in zip(value.relationships, value.nodes[1:], strict=True):
                steps += [plain(edge), plain(node)]
            return steps
        case Point():
            return list(value)
        case _:
            return value
