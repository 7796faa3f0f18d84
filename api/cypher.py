"""Statements of analysts: one that only reads, its answer streamed line by line.

`oa_graph.graph.guard` says which are taken. An answer tells at its end whether it is whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine, Mapping
from dataclasses import dataclass
from hashlib import sha256
from time import perf_counter
from typing import Any

from litestar import Router, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import JSONBody
from litestar.response import Stream
from pydantic_core import to_json

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.call import Call
from oa_graph.api.document import KEYED, fails
from oa_graph.api.errors import FACES, GENERIC, Face, note
from oa_graph.api.keys import analyst, keyed
from oa_graph.api.logs import FIELDS
from oa_graph.errors import ClientNotAuthorized, OaGraphError
from oa_graph.graph.door import Asked

log = logging.getLogger(__name__)

NDJSON = "application/x-ndjson"

_SHOWN = 500
"""Characters of a statement in the log."""

_LINES = """\
{"columns": ["id", "text"]}
["b1d9a0de-40a1-4f53-bb37-5b7c9d8a7e01", "Why does bread rise?"]
{"rows": 1, "complete": true, "warnings": [], "error": null}
"""


@dataclass(slots=True)
class Account:
    """What becomes of one statement, for the log: who read what stands there, whatever the outcome."""

    client: str
    statement: str
    since: float
    rows: int = 0
    size: int = 0
    outcome: str = "left"
    """`complete`; `left`: the asker went away; else the name of an error."""

    def write(self) -> None:
        digest = sha256(self.statement.encode("utf-8", "replace")).hexdigest()[:16]
        told: Mapping[str, object] = {
            "client": self.client,
            "digest": digest,
            "statement": " ".join(self.statement[: 2 * _SHOWN].split())[:_SHOWN],
            "rows": self.rows,
            "bytes": self.size,
            "duration_ms": round((perf_counter() - self.since) * 1000, 2),
            "outcome": self.outcome,
        }
        log.info("statement %s of %s: %s, %d rows", digest, self.client, self.outcome, self.rows, extra={FIELDS: told})


@post(
    "/",
    status_code=200,
    guards=[keyed, analyst],
    security=KEYED,
    return_dto=None,
    media_type=NDJSON,
    summary="Ask the graph",
    operation_id="ask_cypher",
    responses={
        **fails(
            errors.StatementNotAllowed,
            errors.StatementTooLarge,
            errors.AnswerTooLarge,
            errors.StatementTooHungry,
            errors.StatementTooSlow,
            errors.StatementFailed,
            errors.ParameterNotTaken,
            errors.DoorBusy,
            errors.DoorClosed,
        ),
        200: ResponseSpec(
            str, media_type=NDJSON, generate_examples=False, description="Lines.", examples=[Example(value=_LINES)]
        ),
    },
)
async def ask(request: Call, data: JSONBody[wire.CypherRequest]) -> Stream:
    """Runs one Cypher statement that only reads, for clients with the right of analysts.

    The answer is a line of JSON for each row, an array with a value for each column, between an object with the names
    of the `columns` and one that says how it ended: `rows`, whether the answer is `complete`, and else the `error`, as
    `message` and `error_code`. An answer without that last line is not whole either. What fails before the first row is
    an ordinary error.

    The `warnings` of the last line are what the database remarks about the statement, such as a label that is not in
    the graph: each has a `message`, and the `line` and `column`, which may be null.
    """
    account = Account(request.caller.id, data.statement, perf_counter())
    try:
        if not request.desk.settings.cypher:
            raise ClientNotAuthorized(why="this service takes no statements")
        asked = await _while_connected(
            request, request.desk.door.ask(data.statement, data.parameters, client=request.caller.id)
        )
    except Exception as error:
        account.outcome = type(error).__name__
        account.write()
        raise
    if asked is None:
        account.write()
        return Stream(iter(()), media_type=NDJSON)
    return Stream(_chunks(request, asked, account), media_type=NDJSON)


async def _while_connected(request: Call, asking: Coroutine[Any, Any, Asked]) -> Asked | None:
    """What comes of asking; None: the client went away before that, and the statement is given up."""
    working, leaving = asyncio.create_task(asking), asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnected(request: Call) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _chunks(request: Call, asked: Asked, account: Account) -> AsyncGenerator[bytes]:
    """The lines of an answer, many at once while there are many."""
    yield _line({"columns": asked.columns})
    try:
        try:
            async for rows in asked.rows():
                account.rows += rows.number
                account.size += len(rows.lines)
                yield rows.lines
        except Exception as error:
            account.outcome = type(error).__name__
            last = _failure(request, error)
        else:
            account.outcome, last = "complete", None
        yield _line({"rows": account.rows, "complete": last is None, "warnings": asked.warnings, "error": last})
    finally:
        asked.leave()
        account.write()


def _line(value: object) -> bytes:
    return to_json(value) + b"\n"


def _failure(request: Call, error: Exception) -> wire.OasstErrorResponse:
    """An error in the answer's last line."""
    face = FACES.get(type(error)) if isinstance(error, OaGraphError) else None
    note(request, error, face)
    return wire.OasstErrorResponse(message=_said(error, face), error_code=face.code if face else GENERIC)


def _said(error: Exception, face: Face | None) -> str:
    if face is None:
        return "INTERNAL_SERVER_ERROR"
    return face.says or str(error)


router = Router("/cypher", route_handlers=[ask], tags=["analysis"])
