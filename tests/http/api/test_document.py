"""The OpenAPI document: complete, right, and its examples work when they are sent as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urljoin

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from oa_graph.api.app import create_app
from oa_graph.api.document import document
from oa_graph.api.wire import TaskRequestType
from oa_graph.domain.scores import TimeFrame
from oa_graph.domain.tasks import NoTaskReason
from oa_graph.domain.trees import TreeState
from oa_graph.settings import Settings
from tests.http.api.conftest import ROOT, WEB, Service, key_for
from tests.unit.api.contract import Json

DOCUMENT = document(create_app(Settings.model_validate({})))
SHAPES: Json = DOCUMENT["components"]["schemas"]
_METHODS = ("get", "put", "post", "delete", "patch")
OPERATIONS: dict[str, Json] = {
    f"{method.upper()} {path}": item[method]
    for path, item in DOCUMENT["paths"].items()
    for method in _METHODS
    if method in item
}

each_operation = pytest.mark.parametrize("name", OPERATIONS)

_FOREIGN = re.compile(
    rb"(?:src|href)=[\"']?(?:https?:)?//|@import|url\(\s*[\"']?(?:https?:)?//|[\"']https?://[^\"']*\.js[\"']"
)


def bodies(operation: Json) -> dict[str, Any]:
    """The examples of what an operation takes, by name."""
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {"body": media["example"]} if "example" in media else {k: v["value"] for k, v in media["examples"].items()}


BODIES = [
    pytest.param(name, body, id=f"{name} {kind}")
    for name, operation in OPERATIONS.items()
    if "requestBody" in operation
    for kind, body in bodies(operation).items()
]


# Complete


def test_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert sorted(set(ids)) == sorted(ids)


@each_operation
def test_an_operation_says_what_it_is(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    assert [
        parameter["name"] for parameter in operation.get("parameters", ()) if not parameter.get("description")
    ] == []


@each_operation
def test_an_operation_tells_each_status_that_it_can_answer(name: str) -> None:
    operation = OPERATIONS[name]
    statuses = operation["responses"].keys()
    takes = bool(operation.get("parameters") or "requestBody" in operation)
    assert sum(status < "300" for status in statuses) == 1
    assert "500" in statuses
    if operation.get("security"):
        assert {"403", "503"} <= statuses
    assert ("422" in statuses) >= takes
    assert ("413" in statuses) == ("requestBody" in operation)


@each_operation
def test_a_status_has_a_sentence_and_a_shape(name: str) -> None:
    for status, response in OPERATIONS[name]["responses"].items():
        assert response["description"], status
        if status == "204":
            assert "content" not in response
        elif status >= "400":
            assert "$ref" in response["content"]["application/json"]["schema"], status


def test_a_shape_says_what_it_is_and_has_an_example() -> None:
    assert [name for name, shape in SHAPES.items() if not shape.get("description")] == []
    assert [name for name, shape in SHAPES.items() if not shape.get("examples")] == []


def test_an_example_is_no_name_of_its_field() -> None:
    wrong = [
        f"{name}.{field}"
        for name, shape in SHAPES.items()
        for example in shape["examples"]
        if isinstance(example, dict)
        for field, value in cast("Json", example).items()
        if field == value and field != "spam"
    ]
    assert wrong == []


def test_a_field_that_may_be_missing_has_no_null_for_a_default() -> None:
    """Generators of types take a field with a default, be it null, as one that is always there."""
    fields = {
        f"{name}.{field}": field_schema
        for name, shape in SHAPES.items()
        for field, field_schema in shape.get("properties", {}).items()
    }
    assert [name for name, field_schema in fields.items() if field_schema.get("default", ...) is None] == []
    assert fields["TaskRequest.collective"]["default"] is False
    assert "required" not in SHAPES["TaskRequest"]


def shown(name: str) -> Json:
    return OPERATIONS[name]["responses"]["200"]["content"]["application/json"]["example"]


def test_maps_of_an_example_have_keys_that_occur() -> None:
    assert shown("POST /api/v1/tasks/availability").keys() == {*TaskRequestType}
    assert shown("GET /api/v1/stats/tree_manager/state_counts").keys() <= {*TreeState}
    assert shown("GET /api/v1/users/{user_id}/stats").keys() <= {*TimeFrame}
    assert shown("GET /api/v1/admin/backend_settings/full")["oa_graph"].keys() <= {*Settings.model_fields}


def test_tags_are_described_and_used() -> None:
    used = {tag for operation in OPERATIONS.values() for tag in operation["tags"]}
    assert {tag["name"] for tag in DOCUMENT["tags"]} == used
    assert all(tag["description"] for tag in DOCUMENT["tags"])


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        known = cast("Json", value)
        yield from [str(known["$ref"])] if "$ref" in known else []
        for item in known.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from references(item)


def test_references_lead_somewhere_and_every_shape_is_used() -> None:
    assert {reference.rpartition("/")[2] for reference in references(DOCUMENT)} == SHAPES.keys()


# Right

_HERE = "urn:document"
_REGISTRY: Any = Registry[Json]().with_resource(
    _HERE, Resource.from_contents(DOCUMENT, default_specification=DRAFT202012)
)


def problems(schema: Json, value: object) -> list[str]:
    """What keeps `value` from fitting a schema of the document."""
    rooted = {"$id": _HERE + ":one", "allOf": [_absolute(schema)]}
    checked = cast("Any", Draft202012Validator(rooted, registry=_REGISTRY, format_checker=FormatChecker()))
    return [str(error) for error in checked.iter_errors(value)]


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        known = cast("Json", schema)
        return {key: _HERE + value if key == "$ref" else _absolute(value) for key, value in known.items()}
    return [_absolute(item) for item in cast("list[object]", schema)] if isinstance(schema, list) else schema


@pytest.mark.parametrize("name", SHAPES)
def test_examples_of_a_shape_fit_it(name: str) -> None:
    for example in SHAPES[name]["examples"]:
        assert problems(SHAPES[name], example) == []


@each_operation
def test_examples_of_an_operation_fit_it(name: str) -> None:
    operation = OPERATIONS[name]
    for sent in (operation.get("requestBody", {}), *operation["responses"].values()):
        for media in sent.get("content", {}).values():
            shown = (
                [media["example"]] if "example" in media else [sample["value"] for sample in media["examples"].values()]
            )
            for example in shown:
                assert problems(media["schema"], example) == []
    for parameter in operation.get("parameters", ()):
        if "example" in parameter:
            assert problems(parameter["schema"], parameter["example"]) == []


def test_the_instrument_sees_an_example_that_does_not_fit() -> None:
    assert problems({"$ref": "#/components/schemas/User"}, {"id": "4711", "display_name": "Ada"}) != []
    assert problems({"$ref": "#/components/schemas/TaskDone"}, {"id": "4711", "type": "task_done"}) != []


# Live


@pytest.fixture
async def client(service: Service) -> Any:
    headers = {"X-API-Key": WEB, "Authorization": f"Bearer {ROOT}"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "body"), BODIES)
async def test_an_example_is_taken_as_it_stands(client: httpx.AsyncClient, name: str, body: object) -> None:
    method, _, path = name.partition(" ")
    operation = OPERATIONS[name]
    needed = {
        parameter["name"]: str(parameter["example"])
        for parameter in operation.get("parameters", ())
        if parameter.get("required")
    }
    query = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
    got = await client.request(
        method,
        path.format_map(needed),
        json=body,
        headers={"X-API-Key": key_for(name)},
        params={name: value for name, value in needed.items() if name in query},
    )
    assert got.status_code not in (403, 422), got.text
    assert str(got.status_code) in operation["responses"]


@pytest.mark.anyio
async def test_the_document_is_served_in_both_places(client: httpx.AsyncClient) -> None:
    served = await client.get("/api/v1/openapi.json")
    assert served.headers["content-type"] == "application/json"
    assert served.json() == DOCUMENT
    assert (await client.get("/docs/openapi.json")).json() == DOCUMENT


@pytest.mark.anyio
@pytest.mark.parametrize("address", ["/docs", "/docs/"])
async def test_the_page_fetches_nothing_from_elsewhere(client: httpx.AsyncClient, address: str) -> None:
    page = await client.get(address)
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert [part for part in parts if ":" in part and not part.startswith("data:")] == []
    assert [part for part in parts if part.startswith("/")] == []  # a proxy may add a path
    for part in parts:
        if not part.startswith("data:"):
            got = await client.get(urljoin(address, part))
            assert got.status_code == 200, part
            assert not _FOREIGN.findall(got.content), part


# What the original's document does not have


def test_the_lease_of_an_ack_and_the_time_to_ask_again_are_documented_as_headers() -> None:
    (acked,) = OPERATIONS["POST /api/v1/tasks/{task_id}/ack"]["responses"]["204"]["headers"].items()
    assert acked[0] == "X-OASST-Lease"
    assert {"held", "until", "lost"} <= set(re.findall(r"\w+", acked[1]["description"]))
    refused = OPERATIONS["POST /api/v1/tasks/"]["responses"]
    assert refused["503"]["headers"].keys() == refused["429"]["headers"].keys() == {"Retry-After"}


def test_the_reason_why_there_is_no_task_is_documented_and_need_not_be_there() -> None:
    shape = SHAPES["NothingToDo"]
    assert shape["required"] == ["message", "error_code"]
    assert SHAPES["NoTaskReason"]["enum"] == [reason.value for reason in NoTaskReason]
    (example,) = [
        sample["value"]
        for sample in OPERATIONS["POST /api/v1/tasks/"]["responses"]["503"]["content"]["application/json"][
            "examples"
        ].values()
        if sample["value"]["error_code"] == 1006
    ]
    assert example["reason"] in SHAPES["NoTaskReason"]["enum"]


def test_labels_without_a_task_are_documented_as_a_remark_that_leaves_the_task_open() -> None:
    for text in (
        OPERATIONS["POST /api/v1/tasks/interaction"]["description"],
        SHAPES["TextLabels"]["properties"]["task_id"]["description"],
    ):
        assert "remark" in text
        assert "stays open" in text
