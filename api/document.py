"""The OpenAPI document: what every operation may answer, who may call it, and the shapes.

Litestar writes down the routes; the shapes are pydantic's own, which say more of them. Two things are put right: paths
get their canonical slash back, and Litestar's own idea of a bad request, which is never sent, is taken out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from litestar import Litestar
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Components, Example, SecurityRequirement, SecurityScheme, Tag
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from oa_graph import errors
from oa_graph.api import examples, wire
from oa_graph.api.errors import FACES, GENERIC, Face
from oa_graph.errors import OaGraphError
from oa_graph.model import NoTaskReason

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


def fails(*known: type[OaGraphError]) -> Mapping[int, ResponseSpec]:
    """The errors of an operation for API clients."""
    return told(errors.ClientNotAuthorized, *known, *STORE, invalid=True)


def told(*known: type[OaGraphError], invalid: bool = False) -> Mapping[int, ResponseSpec]:
    """How errors look, by status; `invalid`: what is sent may also be refused as such."""
    by_status: dict[int, dict[type[OaGraphError], Face]] = defaultdict(dict)
    for each in known:
        by_status[FACES[each].status][each] = FACES[each]
    specs = {status: _spec(faces) for status, faces in sorted(by_status.items())}
    return specs | {422: _INVALID} if invalid else specs


def _spec(faces: Mapping[type[OaGraphError], Face]) -> ResponseSpec:
    return ResponseSpec(
        wire.NothingToDo if any(face.reason_in for face in faces.values()) else wire.OasstErrorResponse,
        generate_examples=False,
        description="\n".join(f"* `{face.code}` {_sentence(each, face)}" for each, face in faces.items()),
        examples=[
            Example(
                summary=f"{face.code} {each.__name__}",
                value={"message": _sentence(each, face), "error_code": face.code}
                | ({"reason": NoTaskReason.ALL_RESERVED} if face.reason_in else {}),
            )
            for each, face in faces.items()
        ],
    )


_VALUE = re.compile(r"\{\w+\}")


def _sentence(error: type[OaGraphError], face: Face) -> str:
    return face.says or _VALUE.sub("…", error.sentence).replace("….", "…")


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

SLASHED = frozenset(f"/api/v1/{topic}" for topic in ("tasks", "text_labels", "frontend_users", "messages", "stats"))
"""Paths whose canonical form ends in a slash; both forms are served."""


def document(app: Litestar) -> dict[str, Any]:
    """The document of `app`."""
    whole = app.openapi_schema.to_schema()
    whole.pop("servers")  # it names the one that is there anyway, and costs the page a choice without choice
    whole["paths"] = {f"{path}/" if path in SLASHED else path: item for path, item in whole["paths"].items()}
    words = {name: told for name, told in whole["components"]["schemas"].items() if "enum" in told}
    whole["components"]["schemas"] = words | shapes()
    for operation in _operations(whole):
        _mend(operation)
    examples.add(whole)
    return whole


def shapes() -> dict[str, Any]:
    """The schemas of everything that is sent, as pydantic tells them, by name."""
    known = [each for each in vars(wire).values() if isinstance(each, type) and issubclass(each, BaseModel)]
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (each, "validation" if issubclass(each, wire.In) else "serialization")
        for each in known
        if not each.__name__.startswith("_") and each not in (wire.In, wire.Out, BaseModel)
    ]
    _, definitions = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    return {name: _optional(told) or {"description": "Any JSON."} for name, told in definitions["$defs"].items()}


def _optional(shape: dict[str, Any]) -> dict[str, Any]:
    """The shape without `default: null`, which generators of types take for a field that is always there."""
    for field in shape.get("properties", {}).values():
        if field.get("default", ...) is None:
            del field["default"]
    return shape


def _operations(whole: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for item in whole["paths"].values():
        yield from (each for each in item.values() if isinstance(each, dict) and "responses" in each)


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
    union = [each for each in schema.get("oneOf", ()) if each != {"type": "null"}]
    if len(union) == 1:
        schema = union[0] | {name: told for name, told in schema.items() if name != "oneOf"}
    told = isinstance(schema.get("default"), str | int | float)
    return schema if told else {name: each for name, each in schema.items() if name != "default"}


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
