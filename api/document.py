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
from oa_graph.api import wire
from oa_graph.api.errors import FACES, GENERIC, Face
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
        wire.OasstErrorResponse,
        generate_examples=False,
        description="\n".join(f"* `{face.code}` {_sentence(each, face)}" for each, face in faces.items()),
        examples=[
            Example(
                summary=f"{face.code} {each.__name__}",
                value={"message": _sentence(each, face), "error_code": face.code},
            )
            for each, face in faces.items()
        ],
    )


_VALUE = re.compile(r"\{\w+\}")


def _sentence(error: type[OaGraphError], face: Face) -> str:
    return face.says or _VALUE.sub("…", error.sentence)


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

SLASHED = frozenset({"/api/v1/tasks", "/api/v1/text_labels", "/api/v1/frontend_users", "/api/v1/stats"})
"""Paths whose canonical form ends in a slash; both forms are served."""


def document(app: Litestar) -> dict[str, Any]:
    """The document of `app`."""
    whole = app.openapi_schema.to_schema()
    whole["paths"] = {f"{path}/" if path in SLASHED else path: item for path, item in whole["paths"].items()}
    whole["components"]["schemas"] = shapes()
    for operation in _operations(whole):
        _mend(operation)
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
    return definitions["$defs"]


def _operations(whole: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for item in whole["paths"].values():
        yield from (each for each in item.values() if isinstance(each, dict) and "responses" in each)


def _mend(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if _litestars_own(responses.get("400", {})):
        del responses["400"]
    for status in {"200", "204"} & responses.keys():
        responses[status]["description"] = "Done."
    responses.setdefault("500", _answer("OasstErrorResponse", "A fault of the service."))
    if body := operation.get("requestBody"):
        responses["413"] = _answer("HTTPError", "The body is too large.")
        body["required"] = {"type": "null"} not in _schema(body).get("oneOf", ())


def _answer(shape: str, description: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{shape}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _schema(sent: Mapping[str, Any]) -> dict[str, Any]:
    return sent.get("content", {}).get("application/json", {}).get("schema", {})


def _litestars_own(response: Mapping[str, Any]) -> bool:
    return "status_code" in _schema(response).get("properties", {})
