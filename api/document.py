"""The OpenAPI document: what every operation may answer, who may call it, and the shapes.

Litestar writes down the routes; the shapes are pydantic's own, which say more of them. Two things are put right: paths
get their canonical slash back, and Litestar's own idea of a bad request, which is never sent, is taken out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from litestar import Litestar
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Components, Example, SecurityRequirement, SecurityScheme, Tag
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from oa_graph import errors
from oa_graph.api import examples, wire
from oa_graph.api.errors import ERROR_RESPONSES, GENERIC, ErrorResponse
from oa_graph.errors import OaGraphError

OPEN: list[SecurityRequirement] = []
KEYED: list[SecurityRequirement] = [{"api-key": []}, {"api-key-query": []}]
ACTING: list[SecurityRequirement] = [
    {"api-key": [], "oasst-user": []},
    {"api-key-query": [], "oasst-user-query": []},
]
ROOTED: list[SecurityRequirement] = [{"HTTPBearer": []}]

SCHEMES = Components(
    security_schemes={
        "api-key": SecurityScheme(
            type="apiKey", security_scheme_in="header", name="X-API-Key", description="names the frontend"
        ),
        "api-key-query": SecurityScheme(
            type="apiKey", security_scheme_in="query", name="api_key", description="wins over the header"
        ),
        "oasst-user": SecurityScheme(
            type="apiKey",
            security_scheme_in="header",
            name="X-OASST-USER",
            description="the acting user, as `auth_method:username`; optional",
        ),
        "oasst-user-query": SecurityScheme(
            type="apiKey", security_scheme_in="query", name="oasst_user", description="wins over the header"
        ),
        "HTTPBearer": SecurityScheme(type="http", scheme="bearer", description="a root token"),
    }
)

TAGS = [
    Tag(name="tasks", description="Ask for work, take it, answer it."),
    Tag(name="labels", description="Which labels there are; remarks and reports."),
    Tag(name="messages", description="Messages, conversations and trees."),
    Tag(name="users", description="Users, as frontends name them."),
    Tag(name="statistics", description="Boards, figures of users, counts of the whole."),
    Tag(name="analysis", description="For analysts."),
    Tag(name="admin", description="For operators."),
    Tag(name="health", description="For whoever runs the service."),
]

STORE = (errors.StoreUnavailable, errors.RetriesExhausted)


def error_responses(*known: type[OaGraphError]) -> Mapping[int, ResponseSpec]:
    """The errors of an operation for API clients."""
    return error_responses_of(errors.ClientNotAuthorized, *known, *STORE, invalid=True)


def error_responses_of(*known: type[OaGraphError], invalid: bool = False) -> Mapping[int, ResponseSpec]:
    """How errors look, by status; `invalid`: what is sent may also be refused as such."""
    by_status: dict[int, dict[type[OaGraphError], ErrorResponse]] = defaultdict(dict)
    for error in known:
        by_status[ERROR_RESPONSES[error].status][error] = ERROR_RESPONSES[error]
    fields = by_status.pop(422, {})
    specs = {status: _spec(by_error) for status, by_error in sorted(by_status.items())}
    return specs | {422: _invalid(fields)} if invalid else specs


def _invalid(by_error: Mapping[type[OaGraphError], ErrorResponse]) -> ResponseSpec:
    """What is wrong with fields, among it the errors that tell of one field."""
    lines = [
        f"* `{error_response.code}` {_sentence(error, error_response)}" for error, error_response in by_error.items()
    ]
    return replace(_INVALID, description="\n\n".join([_INVALID.description, *lines]))


def _spec(by_error: Mapping[type[OaGraphError], ErrorResponse]) -> ResponseSpec:
    return ResponseSpec(
        wire.NothingToDo
        if any(error_response.reason for error_response in by_error.values())
        else wire.OasstErrorResponse,
        generate_examples=False,
        description="\n".join(
            f"* `{error_response.code}` {_sentence(error, error_response)}"
            for error, error_response in by_error.items()
        ),
        examples=[
            Example(
                summary=f"{error_response.code} {error.__name__}",
                value={"message": _sentence(error, error_response), "error_code": error_response.code}
                | _reason(error_response),
            )
            for error, error_response in by_error.items()
        ],
    )


def _reason(error_response: ErrorResponse) -> dict[str, str]:
    return {"reason": error_response.reason, "retry_at": examples.MOMENT} if error_response.reason else {}


_VALUE = re.compile(r"\{\w+\}")


def _sentence(error: type[OaGraphError], error_response: ErrorResponse) -> str:
    return error_response.public_message or _VALUE.sub("…", error.sentence).replace("….", "…")


_INVALID = ResponseSpec(
    wire.HTTPValidationError,
    generate_examples=False,
    description="The request's fields cannot be taken.",
    examples=[
        Example(
            value={
                "detail": [
                    {
                        "loc": ["body", "user", "auth_method"],
                        "msg": "Input should be 'discord', 'google', 'local' or 'system'",
                        "type": "enum",
                    }
                ],
                "error_code": GENERIC,
            },
        )
    ],
)

SLASHED = frozenset(
    f"/api/v1/{topic}"
    for topic in ("guidelines", "tasks", "text_labels", "frontend_users", "messages", "queries", "stats", "trees")
)
"""Paths whose canonical form ends in a slash; both forms are served."""


def document(app: Litestar) -> dict[str, Any]:
    """The document of `app`."""
    whole = app.openapi_schema.to_schema()
    whole.pop("servers")  # it names the one that is there anyway, and costs the page a choice without choice
    whole["paths"] = {f"{path}/" if path in SLASHED else path: item for path, item in whole["paths"].items()}
    words = {name: schema for name, schema in whole["components"]["schemas"].items() if "enum" in schema}
    whole["components"]["schemas"] = words | shapes()
    for operation in _operations(whole):
        _mend(operation)
    examples.add(whole)
    return whole


def shapes() -> dict[str, Any]:
    """The schemas of everything that is sent, as pydantic tells them, by name."""
    known = [model for model in vars(wire).values() if isinstance(model, type) and issubclass(model, BaseModel)]
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "validation" if issubclass(model, wire.In) else "serialization")
        for model in known
        if not model.__name__.startswith("_") and model not in (wire.In, wire.Out, BaseModel)
    ]
    _, definitions = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    return {name: _optional(schema) or {"description": "Any JSON."} for name, schema in definitions["$defs"].items()}


def _optional(shape: dict[str, Any]) -> dict[str, Any]:
    """The shape without `default: null`, which generators of types take for a field that is always there."""
    for field in shape.get("properties", {}).values():
        if field.get("default", ...) is None:
            del field["default"]
    return shape


def _operations(whole: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for item in whole["paths"].values():
        yield from (
            operation for operation in item.values() if isinstance(operation, dict) and "responses" in operation
        )


def _mend(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if _litestars_own(responses.get("400", {})):
        del responses["400"]
    for status in responses:
        if status.startswith("2"):
            responses[status]["description"] = "Done."
        if status == "204":
            responses[status].pop("content", None)  # Litestar writes one for a `Response` that has only headers
    responses.setdefault("500", _FAULT)
    for status in responses.keys() & {"429", "503"}:
        responses[status]["headers"] = {"Retry-After": _RETRY_AFTER}
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _in_query(parameter["schema"])
    if body := operation.get("requestBody"):
        responses["413"] = _answer("The body is too large.", "HTTPError")
        body["required"] = {"type": "null"} not in _schema(body).get("oneOf", ())


def _in_query(schema: dict[str, Any]) -> dict[str, Any]:
    """What Litestar says of a parameter, without null, which no query holds, and without defaults that are no JSON."""
    union = [member for member in schema.get("oneOf", ()) if member != {"type": "null"}]
    if len(union) == 1:
        schema = union[0] | {name: value for name, value in schema.items() if name != "oneOf"}
    has_plain_default = isinstance(schema.get("default"), str | int | float)
    return schema if has_plain_default else {name: value for name, value in schema.items() if name != "default"}


def _answer(description: str, shape: str, **example: object) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{shape}"}} | ({"example": example} if example else {})
    return {"description": description, "content": {"application/json": content}}


_FAULT = _answer("A fault of the service.", "OasstErrorResponse", message="INTERNAL_SERVER_ERROR", error_code=GENERIC)


_RETRY_AFTER = {
    "description": "After how many seconds to ask again; absent where waiting does not help.",
    "schema": {"type": "integer", "minimum": 1},
    "example": 30,
}


def _schema(sent: Mapping[str, Any]) -> dict[str, Any]:
    return sent.get("content", {}).get("application/json", {}).get("schema", {})


def _litestars_own(response: Mapping[str, Any]) -> bool:
    return "status_code" in _schema(response).get("properties", {})
