"""What the original's OpenAPI document says to a program, kept in `original.json`.

`python -m tests.unit.api.original FILE` writes it anew from that document.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from tests.unit.api.contract import Json

FILE = Path(__file__).with_name("original.json")

_PROSE = frozenset({"title", "description", "summary", "example", "examples", "operationId", "tags"})
"""What is for people. `contract.py` does not compare it."""


def read() -> Json:
    return json.loads(FILE.read_text("utf-8"))


def reduced(document: Json) -> Json:
    """The operations and the shapes of a document, without prose."""
    paths = {path: _without_prose(item) for path, item in document["paths"].items()}
    shapes = {name: _without_prose(shape) for name, shape in document["components"]["schemas"].items()}
    return {"paths": paths, "components": {"schemas": shapes}}


def _without_prose(value: Any) -> Any:
    match value:
        case dict():
            named = cast("Json", value)
            return {
                name: _fields(part) if name == "properties" else _without_prose(part)
                for name, part in named.items()
                if name not in _PROSE
            }
        case list():
            return [_without_prose(part) for part in cast("list[Any]", value)]
        case _:
            return value


def _fields(properties: Json) -> Json:
    """Fields of a shape, which may be called as prose is: each is kept."""
    return {name: _without_prose(schema) for name, schema in properties.items()}


def rendered(document: Json) -> str:
    """JSON with an operation or a shape a line."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Json) -> Iterator[str]:
    yield '{"paths": {'
    yield from _members(document["paths"])
    yield '}, "components": {"schemas": {'
    yield from _members(document["components"]["schemas"])
    yield "}}}"


def _members(members: Json) -> Iterator[str]:
    last = len(members)
    for number, (name, value) in enumerate(members.items(), 1):
        yield f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}{',' if number < last else ''}"


if __name__ == "__main__":
    FILE.write_text(rendered(reduced(json.loads(Path(sys.argv[1]).read_text("utf-8")))), "utf-8")
