"""Saved queries with forms for their parameters, and a box for ad-hoc statements."""

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
from oa_graph.web.results import MAX_ROWS, FirstRows
from oa_graph.web.texts import N_

_PREFIX = "p-"
"""The prefix of the names of fields that are parameters of a query."""
_DOWNLOAD_FORMATS = {form.value: form for form in (TableFormat.JSONL, TableFormat.PARQUET)}
_MAX_PARAMETERS_LENGTH = 100_000

STATEMENT_ERRORS = (NotValid, ClientNotAuthorized, AdhocQueriesBusy, StatementStillRunning, PackageMissing)
"""Errors that the page of a statement explains."""


def problem_of(request: PageRequest, error: OaGraphError) -> str:
    """Return why a statement was refused or failed. Messages of the database are in English."""
    match error:
        case AdhocQueriesBusy() | StatementStillRunning():
            return request.gettext(N_("Other statements are running. Try again in a moment."))
        case PackageMissing():
            message = N_(
                "This needs the package %(package)s, which is not installed. Those who run the service can add it: "
                "pip install 'oa-graph[%(extra)s]'"
            )
            return request.gettext(message, **error.values)
        case ClientNotAuthorized():
            return request.gettext(N_("This service takes no statements: %(why)s."), **error.values)
        case NotValid():
            return str(error)
        case _:
            return explanation(request, error)


@get("/queries")
async def queries(request: PageRequest, find: FromQuery[str] = "") -> Response[Any]:
    """List the saved queries whose name or description has all words of `find`."""
    words = find.lower().split()
    shown = [
        query
        for query in saved_queries()
        if all(word in f"{query.short} {query.short.replace('_', ' ')} {query.description}".lower() for word in words)
    ]
    return page(request, "queries.html", queries=shown, find=find[:200], title=title)


def title(query: Statement) -> str:
    """Return the name of a query as words."""
    return query.short.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class ParameterField:
    """A form field for a parameter."""

    name: str
    type: str
    help: str
    is_required: bool
    value: str

    @property
    def id(self) -> str:
        """The name of the field."""
        return _PREFIX + self.name


def _fields(query: Statement, texts: Mapping[str, str]) -> list[ParameterField]:
    inputs = parameters_of(query)
    needed = required(inputs)
    return [
        ParameterField(name, *declared(line), is_required=name in needed, value=texts.get(name, ""))
        for name, line in inputs.items()
    ]


def _entered_parameters(request: PageRequest) -> dict[str, str]:
    """Return the parameters that are filled in."""
    values = {name.removeprefix(_PREFIX): value for name, value in request.query_params.items() if _PREFIX in name[:2]}
    return {name: value.strip() for name, value in values.items() if value.strip()}


def _arguments(query: Statement, texts: Mapping[str, str]) -> dict[str, object]:
    """Return the typed arguments of a query. Raise NoSuchParameter or WrongParameter."""
    return parameters.from_texts(query.name, parameters_of(query), texts.items())


@get("/queries/{name:str}")
async def query(
    request: PageRequest, name: FromPath[str], run: FromQuery[str] = "", y: FromQuery[str] = ""
) -> Response[Any]:
    """Show a saved query with a form for its parameters and, with `run`, its result. `y`: the column to plot."""
    saved, texts = named(name), _entered_parameters(request)
    answer, problem, reason = None, "", None
    if run:
        try:
            arguments = _arguments(saved, texts)
            limit = arguments.get("limit")
            most = min(limit, MAX_ROWS + 1) if isinstance(limit, int) and limit >= 0 else limit
            most = MAX_ROWS + 1 if most is None else most
            result = await results.read(request, *guarded_statement(saved, {**arguments, "limit": most}))
        except STATEMENT_ERRORS as error:
            problem = problem_of(request, error)
        else:
            answer = await _shown_result(request, result, title(saved), y)
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
    """Download the whole result of a saved query."""
    saved, form = named(name), _DOWNLOAD_FORMATS.get(request.query_params.get("as", ""), TableFormat.JSONL)
    try:
        statement = guarded_statement(saved, _arguments(saved, _entered_parameters(request)))
        return await results.download(request, *statement, name=saved.short, form=form, query=saved)
    except STATEMENT_ERRORS as error:
        return _not_downloaded(request, error)


def _not_downloaded(request: PageRequest, error: OaGraphError) -> Response[Any]:
    message = problem_of(request, error)
    return page(
        request, "error.html", status=422, title=request.gettext(N_("No download")), message=message, written=()
    )


@dataclass(frozen=True, slots=True)
class ShownResult:
    """The parts of a result that a page shows."""

    result: FirstRows
    cells: Sequence[Sequence[results.Cell]]
    plot: Markup | None = None
    plotted: str = ""
    """The column that the plot shows."""
    measures: Sequence[str] = ()
    """Columns that the plot could show."""
    graph: Markup | None = None
    note: str = ""
    """Why there is no picture."""


async def _shown_result(request: PageRequest, result: FirstRows, name: str, y: str) -> ShownResult:
    shown_cells = results.cells(result)
    columns, network = pictures.plot_columns(result), pictures.network_of(result)
    try:
        if network is not None:
            drawing = await pictures.paint_in_thread(lambda: pictures.graph(network, name))
            return ShownResult(result, shown_cells, graph=drawing)
        if columns is not None:
            measures = [result.columns[index] for index in columns.values]
            plotted = y if y in measures else measures[0]
            value = columns.values[measures.index(plotted)]
            plot = await pictures.paint_in_thread(lambda: pictures.plot(result, columns, value, f"{name}: {plotted}"))
            return ShownResult(result, shown_cells, plot=plot, plotted=plotted, measures=measures)
    except PackageMissing as error:
        return ShownResult(result, shown_cells, note=problem_of(request, error))
    return ShownResult(result, shown_cells)


# Statements of one's own


@get("/statement")
async def statement(request: PageRequest) -> Response[Any]:
    """Show a box for a statement."""
    return _statement_page(request)


def _statement_page(
    request: PageRequest, *, text: str = "", values: str = "", answer: ShownResult | None = None, problem: str = ""
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
    """Run a statement with the same checks and limits as `POST /api/v1/cypher`."""
    text, values = await request.field("text"), await request.field("values")
    try:
        result = await results.read(request, text, _parsed_parameters(values))
    except STATEMENT_ERRORS as error:
        return _statement_page(request, text=text, values=values, problem=problem_of(request, error))
    answer = await _shown_result(request, result, request.gettext(N_("Your statement")), await request.field("y"))
    return _statement_page(request, text=text, values=values, answer=answer)


def _parsed_parameters(text: str) -> dict[str, object]:
    """Return the parameters of a JSON object; none for an empty text. Raise ParameterNotTaken."""
    try:
        values: object = json.loads(text[:_MAX_PARAMETERS_LENGTH]) if text.strip() else {}
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ParameterNotTaken(why="they have to be a JSON object")
    return cast("dict[str, object]", values)


@post("/statement/download")
async def download_statement(request: PageRequest) -> Response[Any]:
    """Download the whole result of a statement."""
    form = _DOWNLOAD_FORMATS.get(await request.field("as"), TableFormat.JSONL)
    try:
        values = _parsed_parameters(await request.field("values"))
        return await results.download(request, await request.field("text"), values, name="answer", form=form)
    except STATEMENT_ERRORS as error:
        return _not_downloaded(request, error)
