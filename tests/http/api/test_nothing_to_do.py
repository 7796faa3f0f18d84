"""When there is no task: the old status and code, with a reason and a time to ask again; and no error is counted."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from oa_graph.api.logs import JsonLines
from oa_graph.domain.limits import PRESETS, Limits, Preset
from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from tests.builders import plant
from tests.http.api.conftest import WEB, Serve, Service, admit, serving
from tests.http.api.frontend import Body, Frontend, answer, user
from tests.http.api.test_metrics import scraped, value

pytestmark = pytest.mark.anyio

ADA, BOB, CAT = user("ada"), user("bob"), user("cat")


def refusal(got: httpx.Response) -> tuple[str, int]:
    """The reason and the seconds to wait of a request that finds nothing."""
    body = got.json()
    assert (got.status_code, body["error_code"]) == (503, 1006), body
    assert body.keys() == {"message", "error_code", "reason", "retry_at"}
    seconds = int(got.headers["retry-after"])
    assert datetime.fromisoformat(body["retry_at"]) <= datetime.now(UTC) + timedelta(seconds=seconds)
    return body["reason"], seconds


async def ask(web: Frontend, who: Body, kind: str = "random", lang: str = "en") -> tuple[str, int]:
    return refusal(await web.post("/tasks/", {"type": kind, "user": who, "lang": lang}))


async def test_who_has_done_everything_is_told_so(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {"?Water.": {}}})
    await web.work("label_assistant_reply", ADA)
    assert await ask(web, ADA, "label_assistant_reply") == ("all_done_by_user", 30)


async def test_who_finds_every_place_reserved_is_told_when_the_first_lapses(service: Service, serve: Serve) -> None:
    limits = Limits(max_children_count=1, max_tree_depth=1, lease_sec=20)
    await plant(service.graph, {"What is rain?": {}}, limits=limits)
    async with Frontend(await serve(limits), WEB) as web:
        await web.ask("assistant_reply", ADA)
        reason, seconds = await ask(web, BOB, "assistant_reply")
    assert reason == "all_reserved"
    assert 1 <= seconds <= 20


async def test_a_limit_that_is_reached_an_empty_language_and_an_idle_one_are_told_apart(
    service: Service, serve: Serve
) -> None:
    limits = Limits(max_active_trees=1, max_initial_prompt_review=0)
    await plant(service.graph, {"What is rain?": {}}, limits=limits)
    async with Frontend(await serve(limits), WEB) as web:
        assert await ask(web, ADA, "initial_prompt") == ("limit_reached", 30)
        assert await ask(web, ADA, "rank_assistant_replies") == ("idle", 30)
        assert await ask(web, ADA, "assistant_reply", "de") == ("language_empty", 30)
        assert await ask(web, ADA, "rate_summary") == ("idle", 30)


async def test_a_prompt_that_somebody_writes_is_reserved(service: Service, serve: Serve) -> None:
    limits = Limits(max_active_trees=1, max_initial_prompt_review=0)
    async with Frontend(await serve(limits), WEB) as web:
        await web.ask("initial_prompt", ADA)
        assert await ask(web, BOB) == ("all_reserved", 30)


@pytest.fixture
async def counted(graph: Graph) -> AsyncGenerator[str]:
    """A service whose metrics have counted nothing yet."""
    await admit(graph)
    async with serving(graph) as url:
        yield url


async def test_nothing_to_do_is_no_error_in_metrics_and_a_plain_line_in_the_log(
    counted: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "oa_graph"):
        async with Frontend(counted, WEB) as web:
            await ask(web, ADA, "assistant_reply")
            await ask(web, ADA, "rate_summary")
            assert (await web.post("/tasks/", {})).status_code == 400
    series = await scraped(counted)
    route = {"method": "POST", "route": "/api/v1/tasks"}
    assert value(series, "http_requests_total", status="nothing_to_do", **route) == 2
    assert value(series, "http_requests_total", status="503", **route) == 0
    assert value(series, "http_requests_total", status="400", **route) == 1
    assert not [labels for name, labels in series if name == "oa_graph_errors_total" and ("code", "1006") in labels]
    assert value(series, "tasks_total", kind="assistant_reply", outcome="nothing") == 1
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if record.name.endswith("observation")]
    assert [(line["level"], line["status"], line.get("nothing_to_do")) for line in lines[:3]] == [
        ("info", 503, "language_empty"),
        ("info", 503, "idle"),
        ("info", 400, None),
    ]


# A few people


async def work(web: Frontend, who: Body) -> bool:
    """One task of whatever kind, done; whether there was one."""
    got = await web.post("/tasks/", {"user": who})
    if got.status_code == 503:
        refusal(got)
        return False
    task = got.json()
    await web.settle(answer(task, await web.ack(task), who))
    return True


async def finished(graph: Graph) -> int:
    (row,) = await graph.execute("MATCH (tree:Tree {state: $state}) RETURN count(tree) AS trees", state=EXPORT)
    return int(row["trees"])


EXPORT = TreeState.READY_FOR_EXPORT.value


@pytest.mark.parametrize("people", [[ADA, BOB], [ADA, BOB, CAT], [ADA, BOB, CAT, user("dan")]], ids=len)
async def test_with_the_preset_for_small_groups_a_few_people_finish_trees(
    service: Service, serve: Serve, people: list[Body]
) -> None:
    async with Frontend(await serve(PRESETS[Preset.SMALL]), WEB) as web:
        for _ in range(100):
            worked = [await work(web, who) for who in people]
            if await finished(service.graph) >= 2:
                break
            assert any(worked), "everybody waits for somebody else"
    assert await finished(service.graph) >= 2
    (row,) = await service.graph.execute("MATCH (post:Post) WHERE post.rank IS NOT NULL RETURN count(post) AS ranked")
    assert row["ranked"] > 0


async def test_with_the_default_limits_three_people_are_told_why_no_tree_grows(web: Frontend, service: Service) -> None:
    for who in (ADA, BOB, CAT):
        await web.work("initial_prompt", who)
    for who in (ADA, BOB, CAT):
        for _ in range(2):  # the prompts of the others
            await web.work("label_initial_prompt", who)
        got = await web.post("/tasks/", {"user": who, "type": "label_initial_prompt"})
        assert refusal(got) == ("all_done_by_user", 30)
        assert "a tree needs 6 different people" in got.json()["message"]
    (row,) = await service.graph.execute("MATCH (tree:Tree) RETURN collect(DISTINCT tree.state) AS states")
    assert row["states"] == [TreeState.INITIAL_PROMPT_REVIEW]
