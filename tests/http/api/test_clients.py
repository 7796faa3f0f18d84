"""API clients over HTTP: what operators admit, and the rights that they give and take."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from oa_graph import installation
from tests.http.api.conftest import BOT, BOT_ID, ROOT, Service, serving
from tests.http.api.frontend import Frontend

pytestmark = pytest.mark.anyio

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def operator(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    async with operating(service.url) as operator:
        yield operator


def operating(url: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {ROOT}"}
    return httpx.AsyncClient(base_url=f"{url}/api/v1/admin", headers=headers, trust_env=False, verify=False)


async def stored(service: Service, id: str) -> Any:
    rows = await service.graph.execute("MATCH (client:Client {id: $id}) RETURN properties(client) AS client", id=id)
    return rows[0]["client"]


async def test_rights_and_capabilities_change_and_the_rest_stays(
    service: Service, operator: httpx.AsyncClient, bot: Frontend
) -> None:
    before = await stored(service, BOT_ID)
    changes = {"trusted": True, "capabilities": ["rank_initial_prompts"]}
    got = await operator.patch(f"/api_client/{BOT_ID}", json=changes)
    assert (got.status_code, got.content) == (204, b"")
    assert await stored(service, BOT_ID) == {**before, **changes}
    assert (await bot.get("/stats/")).status_code == 200
    assert (await operator.patch(f"/api_client/{BOT_ID}", json={"trusted": False})).status_code == 204
    assert (await bot.get("/stats/")).status_code == 403
    assert (await operator.patch(f"/api_client/{BOT_ID}", json={"capabilities": []})).status_code == 204
    assert await stored(service, BOT_ID) == before


async def test_the_process_that_changes_a_client_knows_it_at_once(service: Service) -> None:
    async with (
        serving(service.graph, client_cache_sec=600) as url,
        operating(url) as operator,
        Frontend(url, BOT) as bot,
    ):
        assert (await bot.get("/stats/")).status_code == 403
        await operator.patch(f"/api_client/{BOT_ID}", json={"trusted": True})
        assert (await bot.get("/stats/")).status_code == 200
        await operator.patch(f"/api_client/{BOT_ID}", json={"enabled": False})
        assert (await bot.get("/stats/")).status_code == 403


@pytest.mark.parametrize(("method", "path"), [("PATCH", f"/api_client/{BOT_ID}"), ("POST", "/api_client")])
async def test_an_unknown_capability_is_refused_with_the_known_ones(
    service: Service, operator: httpx.AsyncClient, method: str, path: str
) -> None:
    before = await stored(service, BOT_ID)
    body = {"description": "a bot", "frontend_type": "bot", "capabilities": ["rank_initial_prompts", "juggling"]}
    got = await operator.request(method, path, json=body)
    assert got.status_code == 400
    assert "juggling" in got.json()["message"]
    assert "rank_initial_prompts" in got.json()["message"]
    assert await stored(service, BOT_ID) == before


async def test_only_clients_that_are_there_and_are_not_the_installations_own_can_be_changed(
    operator: httpx.AsyncClient,
) -> None:
    for id, status in ((NOBODY, 404), (installation.TRUSTED, 403), ("nobody", 422)):
        assert (await operator.patch(f"/api_client/{id}", json={"trusted": True})).status_code == status


async def test_clients_are_listed_without_their_keys(operator: httpx.AsyncClient) -> None:
    clients = {client["id"]: client for client in (await operator.get("/api_client")).json()}
    assert clients[BOT_ID] == {
        "id": BOT_ID,
        "description": "a bot",
        "admin_email": None,
        "enabled": True,
        "trusted": False,
        "analyst": False,
        "frontend_type": "bot",
        "capabilities": [],
        "writes_as_model": None,
    }


async def test_a_new_key_takes_the_place_of_the_old_one_at_once(service: Service) -> None:
    async with (
        serving(service.graph, client_cache_sec=600) as url,
        operating(url) as operator,
        Frontend(url, BOT) as bot,
    ):
        assert (await bot.get("/users/by_username")).status_code == 200
        got = await operator.post(f"/api_client/{BOT_ID}/rotate")
        assert (await bot.get("/users/by_username")).status_code == 403
        async with Frontend(url, got.json()) as renewed:
            assert (await renewed.get("/users/by_username")).status_code == 200
        assert (await operator.post(f"/api_client/{NOBODY}/rotate")).status_code == 404
        assert (await operator.post(f"/api_client/{installation.PAGES.id}/rotate")).status_code == 403
