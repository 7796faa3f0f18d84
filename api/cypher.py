"""Statements of analysts: one that only reads, its answer streamed line by line.

`oa_graph.policy.statement_guard` says which are taken. An answer tells at its end whether it is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Mapping
from typing import Any

from litestar import Router, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import JSONBody
from litestar.response import Stream
from pydantic_core import to_json

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.errors import ERROR_RESPONSES, GENERIC, ErrorResponse, record_error
from oa_graph.api.keys import requires_analyst, requires_key
from oa_graph.api.request import ApiRequest
from oa_graph.errors import ClientNotAuthorized, OaGraphError
from oa_graph.graph.adhoc import ResultStream, StatementRecord

NDJSON = "application/x-ndjson"

_LINES = """\
{"columns": ["id", "text"]}
["b1d9a0de-40a1-4f53-bb37-5b7c9d8a7e01", "Why does bread rise?"]
{"rows": 1, "complete": true, "warnings": [], "error": null}
"""


LINES = ResponseSpec(
    str, media_type=NDJSON, generate_examples=False, description="Lines.", examples=[Example(value=_LINES)]
)
ANSWER_ERRORS = (
    errors.AnswerTooLarge,
    errors.StatementTooHungry,
    errors.StatementTooSlow,
    errors.StatementFailed,
    errors.ParameterNotTaken,
    errors.AdhocQueriesBusy,
    errors.StatementStillRunning,
)
"""What any statement may end with."""


@post(
    "/",
    status_code=200,
    guards=[requires_key, requires_analyst],
    security=KEYED,
    return_dto=None,
    media_type=NDJSON,
    summary="Ask the graph",
    operation_id="ask_cypher",
    responses={**error_responses(errors.StatementNotAllowed, errors.StatementTooLarge, *ANSWER_ERRORS), 200: LINES},
)
async def ask(request: ApiRequest, data: JSONBody[wire.CypherRequest]) -> Stream:
    """Run one Cypher statement that only reads, for clients with the right of analysts.

    The answer is a line of JSON for each row, an array with a value for each column, between an object with the names
    of the `columns` and one that says how it ended: `rows`, whether the answer is `complete`, and else the `error`, as
    `message` and `error_code`. An answer without that last line is not whole either. What fails before the first row is
    an ordinary error.

    The `warnings` of the last line are what the database remarks about the statement, such as a label that is not in
    the graph: each has a `message`, and the `line` and `column`, which may be null.
    """
    return await streamed(request, data.statement, data.parameters)


async def streamed(request: ApiRequest, statement: str, parameters: Mapping[str, object]) -> Stream:
    """Run a statement; its answer in lines. Raise what `AdhocQueries.ask` raises."""
    record = StatementRecord(request.auth.id, statement)
    try:
        if not request.settings.cypher:
            raise ClientNotAuthorized(why="this service takes no statements")
        result = await _while_connected(request, request.adhoc.ask(statement, parameters, client=request.auth.id))
    except Exception as error:
        record.outcome = type(error).__name__
        record.write()
        raise
    if result is None:
        record.write()
        return Stream(iter(()), media_type=NDJSON)
    return Stream(_chunks(request, result, record), media_type=NDJSON)


async def _while_connected(request: ApiRequest, asking: Coroutine[Any, Any, ResultStream]) -> ResultStream | None:
    """Return the result. Return None, and cancel the statement, if the client disconnects first."""
    working, leaving = asyncio.create_task(asking), asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnected(request: ApiRequest) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _chunks(request: ApiRequest, result: ResultStream, record: StatementRecord) -> AsyncGenerator[bytes]:
    """The lines of an answer, several in one chunk."""
    yield _line({"columns": result.columns})
    try:
        try:
            async for rows in result.rows():
                record.rows += rows.number
                record.size += len(rows.lines)
                yield rows.lines
        except Exception as error:
            record.outcome = type(error).__name__
            last = _failure(request, error)
        else:
            record.outcome, last = "complete", None
        yield _line({"rows": record.rows, "complete": last is None, "warnings": result.warnings, "error": last})
    finally:
        result.cancel()
        record.write()


def _line(value: object) -> bytes:
    return to_json(value) + b"\n"


def _failure(request: ApiRequest, error: Exception) -> wire.OasstErrorResponse:
    """An error in the answer's last line."""
    error_response = ERROR_RESPONSES.get(type(error)) if isinstance(error, OaGraphError) else None
    record_error(request, error, error_response)
    return wire.OasstErrorResponse(
        message=_public_message(error, error_response), error_code=error_response.code if error_response else GENERIC
    )


def _public_message(error: Exception, error_response: ErrorResponse | None) -> str:
    if error_response is None:
        return "INTERNAL_SERVER_ERROR"
    return error_response.public_message or str(error)


router = Router("/cypher", route_handlers=[ask], tags=["analysis"])
