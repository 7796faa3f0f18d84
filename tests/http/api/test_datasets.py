"""Datasets over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oa_graph.domain.trees import TreeState
from tests.builders import plant
from tests.http.api.conftest import Service
from tests.http.api.frontend import Frontend

pytestmark = pytest.mark.anyio


async def records(web: Frontend, query: str = "") -> list[Any]:
    got = await web.get(f"/datasets/export{query}")
    assert got.status_code == 200, got.text
    assert got.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in got.text.splitlines()]


async def test_trees_leave_as_records_by_format_state_and_language(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"Why?": {"Because.": {}}}, state=TreeState.READY_FOR_EXPORT)
    await plant(service.graph, {"Warum?": {"Darum.": {}}}, state=TreeState.GROWING, lang="de")
    (tree,) = await records(web)
    assert tree["prompt"]["replies"][0]["text"] == "Because."
    (conversation,) = await records(web, "?format=prompt-completion&tree_state=growing&tree_state=ranking&lang=DE")
    assert conversation["completion"] == [{"role": "assistant", "content": "Darum."}]
    assert await records(web, "?lang=fr") == await records(web, "?lang=not_a+tag") == []
    assert (await web.get("/datasets/export?max_count=0")).status_code == 422
    assert (await web.get("/datasets/export?format=nothing")).status_code == 422
