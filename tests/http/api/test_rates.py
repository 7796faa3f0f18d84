"""Requests for tasks are counted, by all processes together; who asks too often is told how long to wait."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import httpx
import pytest

from oa_graph.domain.limits import Limits, RateLimit, RateLimits
from oa_graph.errors import StoreUnavailable
from oa_graph.graph.session import Graph, Row
from oa_graph.settings import Settings
from tests.builders import plant, questions
from tests.conftest import Server
from tests.flaky_proxy import line
from tests.http.api.conftest import BOT, WEB, Service, admit, serving
from tests.http.api.frontend import Body, Frontend, user

pytestmark = pytest.mark.anyio

MANY = Limits(max_pending_tasks_per_user=1000)
ADA, BOB = user("ada"), user("bob")
GIVEN: dict[str, object] = {
    "rate_limit": True,
    "rate_limit_task_user_times": 6,
    "rate_limit_task_user_minutes": 4,
    "rate_limit_task_api_times": 5,
    "rate_limit_assistant_user_times": 2,
    "rate_limit_prompter_user_times": 3,
}


@pytest.fixture(scope="module")
async def addresses(connected: Graph) -> AsyncGenerator[list[str]]:
    """Two services on one graph, as two processes of one installation are."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving(connected, MANY, **GIVEN)) for _ in range(2)]


@pytest.fixture
async def limited(graph: Graph, addresses: list[str]) -> AsyncGenerator[Frontend]:
    """The website at the first of them."""
    await admit(graph)
    async with Frontend(addresses[0], WEB) as frontend:
        yield frontend


async def ask(
    frontend: Frontend, kind: str = "random", who: Body | None = ADA, *, acting: str | None = None, **fields: object
) -> httpx.Response:
    return await frontend.post("/tasks/", {"type": kind, "user": who, **fields}, acting=acting)


async def statuses(frontend: Frontend, times: int, *arguments: Any, **options: Any) -> list[int]:
    return [(await ask(frontend, *arguments, **options)).status_code for _ in range(times)]


async def end_windows(graph: Graph) -> None:
    """Lets all windows run out, as time does."""
    await graph.execute("MATCH (quota:Quota) SET quota.until = 1")


async def counts(graph: Graph) -> list[int]:
    return sorted(row["count"] for row in await graph.execute("MATCH (quota:Quota) RETURN quota.count AS count"))


async def test_who_asks_too_often_is_told_how_long_to_wait(limited: Frontend, graph: Graph) -> None:
    assert await statuses(limited, 6, "initial_prompt") == [200] * 6
    got = await ask(limited, "initial_prompt")
    assert (got.status_code, got.json()["error_code"]) == (429, 429)
    assert got.headers["content-type"].startswith("application/json")
    seconds = int(got.headers["retry-after"])
    assert 1 <= seconds <= 240
    assert f" {seconds} seconds" in got.json()["message"]
    assert got.json()["reason"] == "rate_limited"
    (row,) = await graph.execute("MATCH (quota:Quota) RETURN max(quota.until) AS until")
    assert datetime.fromisoformat(got.json()["retry_at"]).timestamp() * 1000 == pytest.approx(row["until"], abs=0.5)
    (row,) = await graph.execute("MATCH (task:Task) RETURN count(task) AS tasks")
    assert row["tasks"] == 6
    await end_windows(graph)
    assert await statuses(limited, 2, "initial_prompt") == [200, 200]


async def test_the_wait_is_to_the_end_of_the_window_that_the_first_request_began(
    limited: Frontend, graph: Graph
) -> None:
    await statuses(limited, 6)
    await graph.execute("MATCH (quota:Quota) SET quota.until = $until", until=int(time.time() * 1000) + 30_000)
    assert int((await ask(limited)).headers["retry-after"]) in range(1, 31)


async def test_what_comes_to_nothing_counts_too(limited: Frontend) -> None:
    assert await statuses(limited, 7, "prompter_reply") == [503, 503, 503, 429, 429, 429, 429]


async def test_what_is_refused_for_the_limit_counts_nowhere(limited: Frontend, graph: Graph) -> None:
    assert await statuses(limited, 9, "assistant_reply") == [503, 503, *[429] * 7]
    assert await counts(graph) == [2, 2]
    assert await statuses(limited, 5, "random") == [200] * 4 + [429]


async def test_replies_by_name_have_quotas_of_their_own_and_random_has_none(limited: Frontend, graph: Graph) -> None:
    await plant(graph, *questions(9))
    assert await statuses(limited, 3, "assistant_reply") == [200, 200, 429]
    assert await statuses(limited, 4, "prompter_reply", BOB) == [503, 503, 503, 429]
    assert await statuses(limited, 5, "random") == [200] * 4 + [429]


async def test_users_do_not_count_for_each_other_nor_frontends(limited: Frontend, addresses: list[str]) -> None:
    assert await statuses(limited, 7) == [200] * 6 + [429]
    assert await statuses(limited, 1, "random", BOB) == [200]
    assert await statuses(limited, 1, "random", user("ada", method="discord")) == [200]
    async with Frontend(addresses[0], BOT) as bot:
        assert await statuses(bot, 1) == [200]


async def test_the_user_is_who_is_acting_be_he_known_or_not(limited: Frontend, graph: Graph) -> None:
    people = [user(f"somebody {i}") for i in range(7)]
    asked = [(await ask(limited, who=who, acting="no colon, nobody")).status_code for who in people]
    assert asked == [200] * 6 + [429]
    wins = await limited.post("/tasks/?oasst_user=local:eve", {"user": people[6]}, acting="no colon, nobody")
    assert wins.status_code == 200
    assert await statuses(limited, 1, "random", people[0]) == [200]
    # As a header names him, or as the body does: it is the same user.
    assert await statuses(limited, 5, "random", people[1], acting="local:ada") == [200] * 5
    assert await statuses(limited, 2) == [200, 429]


async def test_a_frontend_that_names_nobody_has_a_quota_too(limited: Frontend, addresses: list[str]) -> None:
    got = [await ask(limited, who=None) for _ in range(6)]
    assert [response.json()["error_code"] for response in got] == [4000] * 5 + [429]
    assert got[5].status_code == 429
    assert 1 <= int(got[5].headers["retry-after"]) <= 60
    assert (await ask(limited)).status_code == 200
    async with Frontend(addresses[1], BOT) as bot:
        assert (await ask(bot, who=None)).json()["error_code"] == 4000


async def test_processes_count_together(limited: Frontend, addresses: list[str], graph: Graph) -> None:
    async with Frontend(addresses[1], WEB) as other:
        turns = [limited, other] * 4
        assert [(await ask(kind)).status_code for kind in turns] == [200] * 6 + [429] * 2
        await end_windows(graph)
        assert [(await ask(kind)).status_code for kind in turns] == [200] * 6 + [429] * 2


@pytest.mark.parametrize(("kind", "passed"), [("label_initial_prompt", 6), ("assistant_reply", 2)])
@pytest.mark.parametrize("windows", ["none before", "run out"])
async def test_of_forty_at_once_at_two_processes_exactly_as_many_pass_as_may(
    limited: Frontend, addresses: list[str], graph: Graph, kind: str, passed: int, windows: str
) -> None:
    if windows == "run out":
        await statuses(limited, 3, kind)
        await end_windows(graph)
    async with Frontend(addresses[1], WEB) as other:
        got = await asyncio.gather(*(ask(frontend, kind) for frontend in (limited, other) * 20))
    assert Counter(response.status_code for response in got) == {503: passed, 429: 40 - passed}
    assert set(await counts(graph)) == {passed}


async def test_a_response_that_was_lost_is_not_counted_again(server: Server, graph: Graph) -> None:
    await admit(graph)
    async with line(server.uri) as (lossy, uri):
        broken = Graph.connect(uri, server.username, server.password, database=server.database, pool=4)
        try:
            async with (
                serving(broken, MANY, **{**GIVEN, "rate_limit_task_user_times": 1}) as url,
                Frontend(url, WEB) as frontend,
            ):
                await plant(graph, {"What is rain?": {}})
                lossy.lose_answer_of("tasks/lease_uniform")
                assert (await ask(frontend, "assistant_reply")).status_code == 200
                assert lossy.broken == 1
                assert await counts(graph) == [1, 1]
                assert (await ask(frontend, "assistant_reply")).status_code == 429
        finally:
            await broken.close()


@pytest.mark.parametrize("damage", ["count: 'many'", "until: 'soon'", "count: null", "until: null"])
async def test_a_count_that_is_damaged_stops_nobody(limited: Frontend, graph: Graph, damage: str) -> None:
    await statuses(limited, 6)
    assert await statuses(limited, 1) == [429]
    name, _, value = damage.partition(": ")
    broken = {name: None if value == "null" else value.strip("'")}
    await graph.execute("MATCH (quota:Quota) SET quota += $broken", broken=broken)
    assert await statuses(limited, 2) == [200, 200]


async def test_what_cannot_be_counted_is_let_through(limited: Frontend, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Graph.rows

    async def fail(graph: Graph, name: str, parameters: dict[str, object]) -> list[Row]:
        if name == "tasks/count_request":
            raise StoreUnavailable(why="a test")
        return await rows(graph, name, parameters)

    monkeypatch.setattr(Graph, "rows", fail)
    assert {(await ask(limited, who=None)).json()["error_code"] for _ in range(7)} == {4000}


async def test_only_requests_for_tasks_are_counted(limited: Frontend, graph: Graph) -> None:
    await statuses(limited, 7)
    assert (await limited.post("/tasks/availability", ADA)).status_code == 200
    assert (await limited.post("/frontend_users/", ADA)).status_code == 200
    assert (await ask(limited)).status_code == 429
    assert await counts(graph) == [6]


async def test_without_the_limit_nothing_is_counted(service: Service, web: Frontend) -> None:
    assert set(await statuses(web, 8, "assistant_reply")) == {503}
    assert await counts(service.graph) == []


def test_the_limit_is_the_originals_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.model_validate({}).rate_limits == RateLimits(
        user=RateLimit(30, 4),
        client=RateLimit(10_000, 1),
        assistant_reply=RateLimit(4, 2),
        prompter_reply=RateLimit(8, 2),
    )
    monkeypatch.setenv("OA_GRAPH_RATE_LIMIT", "false")
    assert Settings.model_validate({}).rate_limits is None
