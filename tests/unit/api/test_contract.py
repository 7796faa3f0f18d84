"""Our OpenAPI document says what the original's does, but for a table of differences, each with its reason."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from oa_graph.api.app import create_app
from oa_graph.api.document import document
from oa_graph.settings import Settings
from tests.http.api.report import tell
from tests.paths import ROOT
from tests.unit.api import original
from tests.unit.api.contract import Json, differences
from tests.unit.api.contract_table import TABLE

_NAME = Path("shared", "spec", "reference-openapi.json")
_VARIABLE = "REFERENCE_OPENAPI"


def reference() -> Path | None:
    """The original's document: where a variable says, or in `shared` beside the checkout or further up."""
    location = os.environ.get(_VARIABLE)
    beside = (parent / _NAME for parent in ROOT.resolve().parents)
    return Path(location) if location else next((path for path in beside if path.exists()), None)


@pytest.fixture(scope="module")
def theirs() -> Json:
    return original.read()


@pytest.fixture(scope="module")
def ours() -> Json:
    return document(create_app(Settings.model_validate({})))


@pytest.fixture(scope="module")
def lines(ours: Json, theirs: Json) -> list[str]:
    return differences(ours, theirs)


def reasons(line: str) -> list[str]:
    return [why for why, patterns in TABLE.items() if any(fnmatchcase(line, pattern) for pattern in patterns)]


def shown(all_lines: list[str]) -> Iterator[str]:
    for why in TABLE:
        if lines := [line for line in all_lines if reasons(line) == [why]]:
            yield f"{why}:"
            yield from (f"    {line}" for line in lines)


@pytest.mark.skipif(reference() is None, reason=f"neither {_NAME} beside the checkout nor {_VARIABLE}")
def test_what_is_kept_of_the_originals_document_is_what_it_says(theirs: Json, ours: Json) -> None:
    path = reference()
    assert path is not None
    document = json.loads(path.read_text("utf-8"))
    assert theirs == original.reduced(document)
    assert differences(ours, theirs) == differences(ours, document)


def test_each_difference_has_one_reason(lines: list[str], request: pytest.FixtureRequest) -> None:
    tell(request.config, "differences from the original's document: ours -> theirs", list(shown(lines)))
    wrong = [f"{line}: {' and '.join(reasons(line)) or 'no reason'}" for line in lines if len(reasons(line)) != 1]
    assert not wrong, "\n".join(wrong)


def test_no_row_of_the_table_is_without_a_difference(lines: list[str]) -> None:
    rows = [(why, pattern) for why, patterns in TABLE.items() for pattern in patterns]
    idle = [f"{why}: {row}" for why, row in rows if not any(fnmatchcase(line, row) for line in lines)]
    assert not idle, "\n".join(idle)


def test_no_two_rows_are_the_same() -> None:
    rows = [pattern for patterns in TABLE.values() for pattern in patterns]
    assert len(rows) == len(set(rows))


def test_shapes_have_the_originals_fields_in_its_order(ours: Json, theirs: Json) -> None:
    originals = theirs["components"]["schemas"]
    compared = 0
    for name, shape in ours["components"]["schemas"].items():
        expected = list(originals.get(name, {}).get("properties", ()))
        both = [field for field in shape.get("properties", ()) if field in expected]
        assert both == [field for field in expected if field in both], name
        compared += bool(expected)
    assert compared > 25


# The instrument itself

SMALL: Json = {
    "paths": {
        "/things/{id}": {
            "put": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
                    {
                        "name": "count",
                        "in": "query",
                        "schema": {"type": "integer", "default": 10, "exclusiveMinimum": 0, "maximum": 9},
                    },
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                },
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "size": {"type": "integer"},
                    "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
                },
            }
        }
    },
}

OPERATION = ("paths", "/things/{id}", "put")
COUNT = (*OPERATION, "parameters", 1)
THING = ("components", "schemas", "Thing")


def changed(way: tuple[str | int, ...], value: object) -> Json:
    """The small document with one thing put elsewhere; None takes it away."""
    new: Any = copy.deepcopy(SMALL)
    at = new
    for step in way[:-1]:
        at = at[step]
    if value is None:
        del at[way[-1]]
    else:
        at[way[-1]] = value
    return new


Change: TypeAlias = "tuple[Any, str]"

CHANGES: dict[tuple[str | int, ...], Change] = {
    OPERATION: (None, "PUT /things/{id}: only theirs"),
    (*OPERATION, "parameters", 0, "schema", "format"): (None, "PUT /things/{id}: path id: format: none -> uuid"),
    COUNT: (None, "PUT /things/{id}: query count: only theirs"),
    (*COUNT, "required"): (True, "PUT /things/{id}: query count: required: True -> False"),
    (*COUNT, "schema", "type"): ("string", "PUT /things/{id}: query count: type: string -> integer"),
    (*COUNT, "schema", "default"): (5, "PUT /things/{id}: query count: default: 5 -> 10"),
    (*COUNT, "schema", "exclusiveMinimum"): (1, "PUT /things/{id}: query count: minimum: 2 -> 1"),
    (*COUNT, "schema", "maximum"): (8, "PUT /things/{id}: query count: maximum: 8 -> 9"),
    (*OPERATION, "requestBody"): (None, "PUT /things/{id}: body: none -> some"),
    (*OPERATION, "requestBody", "required"): (False, "PUT /things/{id}: body: required: False -> True"),
    (*OPERATION, "responses"): ({"201": {}}, "PUT /things/{id}: answers 201: only ours"),
    (*OPERATION, "security"): ([{"api-key": []}], "PUT /things/{id}: security: api-key -> none"),
    (*THING, "properties", "size"): (None, "shown Thing.size: only theirs"),
    (*THING, "properties", "more"): ({"type": "string"}, "sent Thing.more: only ours"),
    (*THING, "properties", "size", "type"): ("number", "shown Thing.size: type: number -> integer"),
    (*THING, "properties", "size", "format"): ("int32", "shown Thing.size: format: int32 -> none"),
    (*THING, "properties", "kind", "enum"): (["a"], "sent Thing.kind: values: a -> a b"),
    (*THING, "properties", "kind", "default"): ("b", "sent Thing.kind: default: b -> a"),
    (*THING, "properties", "name", "maxLength"): (3, "sent Thing.name: maxLength: 3 -> none"),
    (*THING, "required"): (["name", "size"], "sent Thing.size: required: True -> False"),
    (*THING, "properties", "name", "type"): (["string", "null"], "shown Thing.name: may be null: True -> False"),
}


@pytest.mark.parametrize(("way", "change"), CHANGES.items(), ids=lambda value: ".".join(map(str, value[-3:])))
def test_a_difference_is_seen(way: tuple[str | int, ...], change: Change) -> None:
    value, line = change
    assert line in differences(changed(way, value), SMALL)


def test_ways_to_say_the_same_are_no_difference() -> None:
    optional = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert differences(changed((*THING, "properties", "size"), optional), SMALL) == []
    inclusive = {"type": ["integer", "null"], "default": 10, "minimum": 1, "maximum": 9.0}
    size = changed((*THING, "properties", "size"), optional)
    size["paths"]["/things/{id}"]["put"]["parameters"][1]["schema"] = inclusive
    assert differences(size, SMALL) == []
