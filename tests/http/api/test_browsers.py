"""What browsers and load balancers ask beside the protocol: HEAD, and calls from pages of other origins."""

from __future__ import annotations

import re
from importlib.metadata import version

import httpx
import pytest

from oa_graph.domain.limits import Limits
from oa_graph.graph.session import Graph
from tests.http.api.conftest import WEB, Service, admit, serving

pytestmark = pytest.mark.anyio

PAGE = "https://chat.example"
LIMITS = Limits()


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/api/v1/messages/", "/metrics", "/docs", "/"])
async def test_head_answers_as_get_does_without_a_body(service: Service, path: str) -> None:
    async with httpx.AsyncClient(base_url=service.url, headers={"X-API-Key": WEB}, timeout=60, trust_env=False) as http:
        got, head = await http.get(path), await http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert int(head.headers["content-length"]) > 0


async def test_the_start_page_names_the_version_and_links_what_there_is(service: Service) -> None:
    async with httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False) as http:
        page = await http.get("/")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert f"Version {version('oa-graph')}" in page.text
        links = [link for link in re.findall(r'(?:href|src)="([^"]+)"', page.text) if not link.startswith("#")]
        assert "/docs" in links
        assert {link: (await http.get(link)).status_code for link in links} == dict.fromkeys(links, 200)


async def test_head_is_refused_where_get_is(service: Service) -> None:
    async with httpx.AsyncClient(base_url=service.url, timeout=60, trust_env=False) as http:
        statuses = [(await http.head(path)).status_code for path in ("/api/v1/messages/", "/api/v1/tasks/", "/nowhere")]
    assert statuses == [403, 405, 404]


async def preflight(url: str, origin: str) -> httpx.Response:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key, content-type"}
    return await _request("OPTIONS", f"{url}/api/v1/tasks/", origin, **asked)


async def _request(method: str, url: str, origin: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        return await http.request(method, url, headers={"Origin": origin, **headers})


async def test_pages_of_other_origins_are_not_let_in_unless_a_setting_says_so(service: Service) -> None:
    asked, got = await preflight(service.url, PAGE), await _request("GET", f"{service.url}/health/live", PAGE)
    for response in (asked, got):
        assert not [name for name in response.headers if name.startswith("access-control")]


async def test_pages_of_the_origins_of_the_setting_may_call_and_read_the_headers(graph: Graph) -> None:
    await admit(graph)
    async with serving(graph, LIMITS, cors_origins=f"{PAGE}, http://localhost:3000") as url:
        asked = await preflight(url, PAGE)
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == PAGE
        assert "x-api-key" in asked.headers["access-control-allow-headers"]
        assert (await preflight(url, "https://evil.example")).status_code == 400
        # Errors too can be read by the page.
        for path, headers, status in (
            ("/messages/", {"X-API-Key": WEB}, 200),
            ("/messages/", {}, 403),
            ("/x", {}, 404),
        ):
            got = await _request("GET", f"{url}/api/v1{path}", PAGE, **headers)
            assert got.status_code == status
            assert got.headers["access-control-allow-origin"] == PAGE
            exposed = got.headers["access-control-expose-headers"]
            assert exposed.split(", ") == ["ETag", "Retry-After", "X-OASST-Lease", "X-Request-ID"]
        got = await _request("GET", f"{url}/health/live", "https://evil.example")
        assert "access-control-allow-origin" not in got.headers
        full = await _request("GET", f"{url}/api/v1/admin/backend_settings/full", PAGE, **{"X-API-Key": WEB})
        assert full.json()["BACKEND_CORS_ORIGINS"] == [PAGE, "http://localhost:3000"]
