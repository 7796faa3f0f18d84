"""How often one may ask for tasks: by user, and less often for the kinds that everybody wants."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from tests.http.api.conftest import serving
from tests.http.clients.conftest import Place
from tests.http.clients.conventions import Answer, Body, Raw, Refused, person, value

pytestmark = pytest.mark.anyio

EVE = person("eve")
OVER = (429, 429)


@pytest.fixture
async def strict(connected: Any, place: Place, limits: Any) -> AsyncGenerator[Raw]:
    """Calls to a service that limits, with the website's key."""
    async with serving(connected, limits, rate_limit=True) as url, Raw(url) as raw:
        raw.http.headers["X-API-Key"] = place.web
        yield raw


async def ask(raw: Raw, body: Body, **headers: str) -> tuple[int, int | None]:
    """Status and code of an answer that may be a task."""
    got: httpx.Response = await raw.http.post("/tasks/", json=body, headers=headers)
    try:
        value(Answer.of(got))
    except Refused as refused:
        return refused.why
    return 200, None


async def test_a_user_asks_thirty_times_in_four_minutes(strict: Raw) -> None:
    for _ in range(30):
        assert await ask(strict, {"type": "rank_assistant_replies", "user": EVE}) == (503, 1006)
    assert await ask(strict, {"type": "rank_assistant_replies", "user": EVE}) == OVER
    assert await ask(strict, {"type": "random", "user": EVE}) == OVER
    assert await ask(strict, {"type": "random", "user": person("eve", "discord")}) == (200, None)


async def test_replies_are_asked_for_less_often_but_random_tasks_are_not(strict: Raw) -> None:
    for kind, times in (("assistant_reply", 4), ("prompter_reply", 8)):
        for _ in range(times):
            assert await ask(strict, {"type": kind, "user": EVE}) == (503, 1006)
        assert await ask(strict, {"type": kind, "user": EVE}) == OVER
    assert await ask(strict, {"type": "random", "user": EVE}) == (200, None)


async def test_the_acting_user_is_counted_before_that_of_the_body(strict: Raw) -> None:
    body: Body = {"type": "assistant_reply", "user": EVE}
    for _ in range(4):
        await ask(strict, body, **{"X-OASST-USER": "local:fay"})
    assert await ask(strict, body, **{"X-OASST-USER": "local:fay"}) == OVER
    assert await ask(strict, body) == (503, 1006)


async def test_who_asks_too_often_is_told_how_long_to_wait(strict: Raw) -> None:
    for _ in range(4):
        await ask(strict, {"type": "assistant_reply", "user": EVE})
    got = await strict.http.post("/tasks/", json={"type": "assistant_reply", "user": EVE})
    with pytest.raises(Refused) as refused:
        value(Answer.of(got))
    wait = got.headers["retry-after"]
    assert 0 < int(wait) <= 120
    assert wait in refused.value.body["message"]


async def test_a_request_without_a_user_is_not_that_of_a_user(strict: Raw) -> None:
    for _ in range(31):
        assert await ask(strict, {"type": "random"}) == (400, 4000)


async def test_only_requests_for_tasks_are_limited(strict: Raw) -> None:
    for _ in range(40):
        await strict.call("POST", "/tasks/availability", json=EVE)
