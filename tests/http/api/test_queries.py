"""Saved queries over HTTP: what there are, and their answers."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from oa_graph.domain.trees import TreeState
from oa_graph.graph.saved_queries import saved_queries
from tests.builders import Shape, plant
from tests.http.api.conftest import ANALYST, Service
from tests.http.api.frontend import Frontend

pytestmark = pytest.mark.anyio

RAIN: Shape = {"What is rain?": {"Water.": {"Why?": {}}, "Weather.": {}}}


def lines(got: httpx.Response) -> list[Any]:
    assert got.status_code == 200, got.text
    return [json.loads(line) for line in got.text.splitlines()]


async def test_every_saved_query_is_listed_with_its_parameters_and_columns(service: Service) -> None:
    async with service.frontend(ANALYST) as analyst:
        got = await analyst.get("/queries/")
    queries = {query["name"]: query for query in got.json()}
    assert list(queries) == [query.short for query in saved_queries()]
    assert [parameter["name"] for parameter in queries["thread"]["parameters"]] == ["post", "limit"]
    assert [parameter["required"] for parameter in queries["thread"]["parameters"]] == [True, False]
    assert queries["thread"]["columns"][0] == {"name": "depth", "type": "INTEGER", "description": "0 is the prompt"}


async def test_a_query_is_answered_as_a_statement_is(service: Service) -> None:
    planted = await plant(service.graph, RAIN, state=TreeState.READY_FOR_EXPORT)
    async with service.frontend(ANALYST) as analyst:
        got = await analyst.post("/queries/thread", {"parameters": {"post": planted["Why?"]}})
        columns, *rows, last = lines(got)
        assert columns["columns"][:2] == ["depth", "post"]
        assert [row[-1] for row in rows] == ["What is rain?", "Water.", "Why?"]
        assert last["rows"] == 3
        assert last["complete"] is True
        got = await analyst.post("/queries/thread", {"parameters": {"post": planted["Why?"], "limit": 1}})
        assert len(lines(got)) == 3


@pytest.mark.parametrize("query", saved_queries(), ids=lambda query: query.short)
async def test_each_query_passes_the_guard(service: Service, query: Any) -> None:
    async with service.frontend(ANALYST) as analyst:
        got = await analyst.post(
            f"/queries/{query.short}", {"parameters": {**dict.fromkeys(query.required, "a"), "limit": 5}}
        )
    assert lines(got)[-1]["error"] is None


@pytest.mark.parametrize(
    ("name", "parameters", "status", "words"),
    [
        ("unheard_of", {}, 404, "unheard_of"),
        ("thread", {}, 400, "needs the parameter post"),
        ("thread", {"post": 7}, 400, "STRING"),
        ("thread", {"post": "a", "limit": -1}, 400, "0 or more"),
        ("thread", {"posts": "a"}, 400, "no parameter posts"),
        ("thread", {"post": "a", "limit": "many"}, 400, "INTEGER"),
    ],
)
async def test_wrong_names_and_parameters_are_named(
    service: Service, name: str, parameters: dict[str, object], status: int, words: str
) -> None:
    async with service.frontend(ANALYST) as analyst:
        got = await analyst.post(f"/queries/{name}", {"parameters": parameters})
    assert got.status_code == status
    assert words in got.json()["message"]


async def test_queries_are_for_analysts(web: Frontend) -> None:
    assert (await web.get("/queries/")).status_code == 403
    assert (await web.post("/queries/thread", {})).status_code == 403
