"""The HTTP API, from its OpenAPI document: a page for each tag, and one for the schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from oa_graph.api.app import create_app
from oa_graph.api.document import document

from .markdown import blocks, fence, table

Json = Mapping[str, Any]


@cache
def _document() -> Json:
    return document(create_app())


def tags() -> list[str]:
    """The tags of the operations."""
    return [str(tag["name"]) for tag in _document()["tags"]]


def page(tag: str) -> str:
    """The operations of a tag."""
    return blocks(
        *(
            _operation(method, path, operation)
            for method, path, operation in _operations()
            if tag in operation.get("tags", ())
        )
    )


def _operations() -> Iterator[tuple[str, str, Json]]:
    for path, item in _document()["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _operation(method: str, path: str, operation: Json) -> str:
    return blocks(
        f"## {method} {path}",
        f"**{operation['summary']}.**" if operation.get("summary") else "",
        str(operation.get("description", "")),
        _access(operation.get("security", [])),
        table(["parameter", "in", "type", "meaning"], map(_parameter, operation.get("parameters", []))),
        _body(operation.get("requestBody")),
        table(["status", "code", "meaning", "body"], _responses(operation["responses"])),
    )


def _access(security: list[Json]) -> str:
    schemes = " or ".join(" with ".join(f"`{name}`" for name in scheme) for scheme in security)
    return f"Security: {schemes}." if schemes else ""


def _parameter(parameter: Json) -> tuple[str, ...]:
    name = f"`{parameter['name']}`" + (" (required)" if parameter.get("required") else "")
    return name, parameter["in"], _type(parameter.get("schema", {})), str(parameter.get("description", ""))


def _body(body: Json | None) -> str:
    if body is None:
        return ""
    (content,) = body["content"].values()
    return blocks(f"Request body: {_type(content.get('schema', {}))}", *_example(content))


def _example(content: Json) -> Iterator[str]:
    values = (
        [content["example"]] if "example" in content else [one["value"] for one in content.get("examples", {}).values()]
    )
    for value in values[:1]:
        yield fence("json", json.dumps(value, ensure_ascii=False, indent=2))


def _responses(responses: Json) -> Iterator[tuple[str, ...]]:
    """A row for each status; for each error code where the description lists them."""
    for status, response in responses.items():
        phrase = f"{status} {HTTPStatus(int(status)).phrase}"
        shapes = dict.fromkeys(_type(content.get("schema", {})) for content in response.get("content", {}).values())
        description = str(response.get("description", ""))
        codes = _CODE.findall(description) or [("", description)]
        yield from ((phrase, code, meaning, ", ".join(shapes)) for code, meaning in codes)


_CODE = re.compile(r"^\* `(\d+)` (.+)$", re.MULTILINE)
"""A line for an error in the description of a response."""


def _type(schema: Json) -> str:
    """A schema in one line; a named one as a link."""
    if reference := schema.get("$ref"):
        name = str(reference).rpartition("/")[2]
        return f"[{name}](schemas.md#{name.lower()})"
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return " or ".join(dict.fromkeys(_type(part) for part in schema[union]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if values := schema.get("additionalProperties"):
        return "map" if values is True else f"map to {_type(values)}"
    return str(schema.get("format") or schema.get("type", "any"))


def schemas() -> str:
    """All bodies and their parts."""
    return blocks(*(_schema(name, schema) for name, schema in sorted(_document()["components"]["schemas"].items())))


def _schema(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = [
        (f"`{field}`" + (" (required)" if field in required else ""), _type(part), _meaning(part))
        for field, part in schema.get("properties", {}).items()
    ]
    values = "" if rows else _type(schema)
    return blocks(f"## {name}", str(schema.get("description", "")), values, table(["field", "type", "meaning"], rows))


def _meaning(schema: Json) -> str:
    default = f" Default: `{json.dumps(schema['default'])}`." if "default" in schema else ""
    return f"{schema.get('description', '')}{default}".strip()
