"""For operators: saved queries to pick from, and a box for statements of one's own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from oa_graph.analysis import parameters
from oa_graph.analysis.tables import TableFormat
from oa_graph.errors import (
    AdhocQueriesBusy,
    ClientNotAuthorized,
    NotValid,
    OaGraphError,
    PackageMissing,
    ParameterNotTaken,
    StatementStillRunning,
)
from oa_graph.graph.saved_queries import guarded_statement, missing_data, named, parameters_of, saved_queries
from oa_graph.graph.statements import Statement, declared, required, source
from oa_graph.web import pictures, results
from oa_graph.web.explanations import explanation
from oa_graph.web.render import page
from oa_graph.web.request import PageRequest
from oa_graph.web.results import SHOWN, Result
from oa_graph.web.texts import marked

_PREFIX = "p-"
"""Of the fields that are parameters of a query."""
_FORMS = {form.value: form for form in (TableFormat.JSONL, TableFormat.PARQUET)}
_LONGEST_PARAMETERS = 100_000

Refused = (NotValid, ClientNotAuthorized, AdhocQueriesBusy, StatementStillRunning, PackageMissing)
"""Errors about a statement, which its page shows."""


def problem_of(request: PageRequest, error: OaGraphError) -> str:
    """What is wrong with a statement; the database's own words are English."""
    match error:
        case AdhocQueriesBusy() | StatementStillRunning():
            return request.text(marked("Other statements are running. Try again in a moment."))
        case PackageMissing():
            message = marked(
                "This needs the package %(package)s, which is not installed. Those who run the service can add it: "
                "pip install 'oa-graph[%(extra)s]'"
            )
            return request.text(message, **error.values)
        case ClientNotAuthorized():
            return request.text(marked("This service takes no statements: %(why)s."), **error.values)
        case NotValid():
            return str(error)
        case _:
            return explanation(request, error)


@get("/queries")
async def queries(request: PageRequest, find: FromQuery[str] = "") -> Response[Any]:
    """All saved queries, or those whose name or description has some words."""
    words = find.lower().split()
    shown = [
        query
        for query in saved_queries()
        if all(word in f"{query.short} {query.short.replace('_', ' ')} {query.description}".lower() for word in words)
    ]
    return page(request, "queries.html", queries=shown, find=find[:200], title=title)


def title(query: Statement) -> str:
    """The name of a query as words."""
    return query.short.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter in a form."""

    name: str
    type: str
    help: str
    is_required: bool
    value: str

    @property
    def id(self) -> str:
        """The name of the field."""
        return _PREFIX + self.name


def _fields(query: Statement, texts: Mapping[str, str]) -> list[Field]:
    inputs = parameters_of(query)
    needed = required(inputs)
    return [
        Field(name, *declared(line), is_required=name in needed, value=texts.get(name, ""))
        for name, line in inputs.items()
    ]


def _texts(request: PageRequest) -> dict[str, str]:
    """The parameters that somebody filled in."""
    values = {name.removeprefix(_PREFIX): value for name, value in request.query_params.items() if _PREFIX in name[:2]}
    return {name: value.strip() for name, value in values.items() if value.strip()}


def _arguments(query: Statement, texts: Mapping[str, str]) -> dict[str, object]:
    """Raise NoSuchParameter, WrongParameter."""
    return parameters.from_texts(query.name, parameters_of(query), texts.items())


@get("/queries/{name:str}")
async def query(
    request: PageRequest, name: FromPath[str], run: FromQuery[str] = "", y: FromQuery[str] = ""
) -> Response[Any]:
    """A saved query with a form for its parameters, and its answer once it is run."""
    saved, texts = named(name), _texts(request)
    answer, problem, reason = None, "", None
    if run:
        try:
            arguments = _arguments(saved, texts)
            limit = arguments.get("limit")
            most = min(limit, SHOWN + 1) if isinstance(limit, int) and limit >= 0 else limit
            most = SHOWN + 1 if most is None else most
            result = await results.read(request, *guarded_statement(saved, {**arguments, "limit": most}))
        except Refused as error:
            problem = problem_of(request, error)
        else:
            answer = await _answer(request, result, title(saved), y)
            reason = None if result.rows else await missing_data(request.collection.graph, saved)

    def address(form: str) -> str:
        return f"/queries/{saved.short}/download?" + urlencode(
            {**{_PREFIX + key: texts[key] for key in texts}, "as": form}
        )

    return page(
        request,
        "query.html",
        status=422 if problem else 200,
        query=saved,
        title=title(saved),
        text=source(saved),
        fields=_fields(saved, texts),
        outputs={column: declared(line) for column, line in saved.outputs.items()},
        answer=answer,
        problem=problem,
        reason=reason,
        run=bool(run),
        y=y,
        address=address,
    )


@get("/queries/{name:str}/download")
async def download_query(request: PageRequest, name: FromPath[str]) -> Response[Any]:
    """The whole answer of a saved query, as a file."""
    saved, form = named(name), _FORMS.get(request.query_params.get("as", ""), TableFormat.JSONL)
    try:
        statement = guarded_statement(saved, _arguments(saved, _texts(request)))
        return await results.download(request, *statement, name=saved.short, form=form, query=saved)
    except Refused as error:
        return _not_downloaded(request, error)


def _not_downloaded(request: PageRequest, error: OaGraphError) -> Response[Any]:
    message = problem_of(request, error)
    return page(
        request, "error.html", status=422, title=request.text(marked("No download")), message=message, written=()
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page shows of an answer."""

    result: Result
    cells: Sequence[Sequence[results.Cell]]
    plot: Markup | None = None
    plotted: str = ""
    """The column that the plot shows."""
    measures: Sequence[str] = ()
    """Columns that the plot could show."""
    graph: Markup | None = None
    note: str = ""
    """Why there is no picture."""


async def _answer(request: PageRequest, result: Result, name: str, y: str) -> Answer:
    shown_cells = results.cells(result)
    columns, network = pictures.plot_columns(result), pictures.network_of(result)
    try:
        if network is not None:
            drawing = await pictures.painted(lambda: pictures.graph(network, name))
            return Answer(result, shown_cells, graph=drawing)
        if columns is not None:
            measures = [result.columns[index] for index in columns.values]
            plotted = y if y in measures else measures[0]
            value = columns.values[measures.index(plotted)]
            plot = await pictures.painted(lambda: pictures.plot(result, columns, value, f"{name}: {plotted}"))
            return Answer(result, shown_cells, plot=plot, plotted=plotted, measures=measures)
    except PackageMissing as error:
        return Answer(result, shown_cells, note=problem_of(request, error))
    return Answer(result, shown_cells)


# Statements of one's own


@get("/statement")
async def statement(request: PageRequest) -> Response[Any]:
    """A box for a statement."""
    return _statement_page(request)


def _statement_page(
    request: PageRequest, *, text: str = "", values: str = "", answer: Answer | None = None, problem: str = ""
) -> Response[Any]:
    return page(
        request,
        "statement.html",
        status=422 if problem else 200,
        text=text,
        values=values,
        answer=answer,
        problem=problem,
    )


@post("/statement")
async def run_statement(request: PageRequest) -> Response[Any]:
    """Run a statement that only reads, by the way of `POST /api/v1/cypher`."""
    text, values = await request.field("text"), await request.field("values")
    try:
        result = await results.read(request, text, _values(values))
    except Refused as error:
        return _statement_page(request, text=text, values=values, problem=problem_of(request, error))
    answer = await _answer(request, result, request.text(marked("Your statement")), await request.field("y"))
    return _statement_page(request, text=text, values=values, answer=answer)


def _values(text: str) -> dict[str, object]:
    """Parameters from a JSON object; none from an empty text. Raise ParameterNotTaken."""
    try:
        values: object = json.loads(text[:_LONGEST_PARAMETERS]) if text.strip() else {}
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ParameterNotTaken(why="they have to be a JSON object")
    return cast("dict[str, object]", values)


@post("/statement/download")
async def download_statement(request: PageRequest) -> Response[Any]:
    """The whole answer of a statement, as a file."""
    form = _FORMS.get(await request.field("as"), TableFormat.JSONL)
    try:
        values = _values(await request.field("values"))
        return await results.download(request, await request.field("text"), values, name="answer", form=form)
    except Refused as error:
        return _not_downloaded(request, error)
