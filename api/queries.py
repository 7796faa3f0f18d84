"""Saved queries: the list of them, and one with its parameters, answered as statements of analysts are."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from oa_graph import errors
from oa_graph.analysis import parameters
from oa_graph.api import wire
from oa_graph.api.cypher import ANSWER_ERRORS, LINES, NDJSON, streamed
from oa_graph.api.document import KEYED, error_responses
from oa_graph.api.keys import requires_analyst, requires_key
from oa_graph.api.request import ApiRequest
from oa_graph.graph.saved_queries import guarded_statement, named, parameters_of, saved_queries


@get("/", summary="List the saved queries", operation_id="list_queries", responses=error_responses())
async def listing() -> list[wire.SavedQuery]:
    """Every saved query with its parameters and columns, by name."""
    return [wire.saved_query(query) for query in saved_queries()]


@post(
    "/{name:str}",
    status_code=200,
    return_dto=None,
    media_type=NDJSON,
    summary="Run a saved query",
    operation_id="run_query",
    responses={
        **error_responses(
            errors.NoSuchQuery,
            errors.NoSuchParameter,
            errors.MissingParameter,
            errors.WrongParameter,
            *ANSWER_ERRORS,
        ),
        200: LINES,
    },
)
async def run(request: ApiRequest, name: FromPath[str], data: JSONBody[wire.QueryRequest]) -> Stream:
    """Run a saved query. The answer is that of `POST /api/v1/cypher`."""
    query = named(name)
    values = parameters.from_values(query.name, parameters_of(query), data.parameters)
    return await streamed(request, *guarded_statement(query, values))


router = Router(
    "/queries",
    route_handlers=[listing, run],
    guards=[requires_key, requires_analyst],
    security=KEYED,
    tags=["analysis"],
)
