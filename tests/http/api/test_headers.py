"""The headers of a request are bounded, in number and in size."""

from __future__ import annotations

import pytest

from oa_graph.api.observation import HEADER_BYTES, MOST_HEADERS
from tests.http.api.conftest import Service

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({f"x-{i}": "1" for i in range(MOST_HEADERS - 20)}, 200),
        ({f"x-{i}": "1" for i in range(MOST_HEADERS)}, 431),
        ({"x-large": "1" * (HEADER_BYTES - 1000)}, 200),
        ({"x-large": "1" * HEADER_BYTES}, 431),
    ],
)
async def test_a_request_with_too_many_or_too_large_headers_is_refused(
    service: Service, headers: dict[str, str], status: int
) -> None:
    async with service.frontend(None) as frontend:
        got = await frontend.http.get("/health/live", headers=headers)
    assert got.status_code == status
    if status == 431:
        assert set(got.json()) == {"detail", "message", "error_code"}
        assert str(MOST_HEADERS) in got.json()["message"]
    assert got.headers["x-request-id"]
