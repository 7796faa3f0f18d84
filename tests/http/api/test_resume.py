"""A frontend that goes on where it was: open tasks, renewals, requests that are sent again, languages."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from tests.builders import plant, questions
from tests.http.api.conftest import WEB, Serve, Service
from tests.http.api.frontend import Body, Frontend, answer, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
TYPING = "assistant_reply"


async def ask(web: Frontend, key: str | None, who: Body = ADA, kind: str = TYPING, **fields: object) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key is not None else None
    return await web.http.post("/api/v1/tasks/", json={"type": kind, "user": who, **fields}, headers=headers)


async def open_tasks(web: Frontend, who: str = "ada") -> list[Any]:
    got = await web.get(f"/frontend_users/local/{who}/tasks")
    assert got.status_code == 200, got.text
    return got.json()["tasks"]


async def lapse(service: Service, task: Body) -> None:
    await service.graph.execute(
        "MATCH (:Task {id: $id})-[lease:LEASES]->(post:Post) SET lease.until = 1, post.key = 1", id=task["id"]
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# Open tasks


async def test_a_task_tells_until_when_its_place_and_its_answer_are_waited_for(web: Frontend, service: Service) -> None:
    await plant(service.graph, *questions(1))
    before = datetime.now(UTC)
    task = await web.ask(TYPING, ADA)
    limits = Limits()
    assert abs(moment(task["lease_until"]) - before - timedelta(seconds=limits.lease_sec)) < timedelta(minutes=1)
    assert abs(moment(task["expires"]) - before - timedelta(seconds=limits.task_validity_sec)) < timedelta(minutes=1)
    prompt = await web.ask("initial_prompt", ADA)
    assert prompt["lease_until"] is None
    assert prompt["expires"]


async def test_after_a_restart_a_frontend_goes_on_with_what_it_had(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {"?Water.": {}}}, {"What is dew?": {"=Water.": {}}})
    await plant(service.graph, {"What is snow?": {"Ice.": {}, "Cold.": {}}}, state=TreeState.RANKING)
    kinds = [TYPING, "label_assistant_reply", "rank_assistant_replies", "decide_end", "initial_prompt"]
    tasks = [await web.ask(kind, ADA) for kind in kinds]
    await web.ack(tasks[0], "m-1")
    listed = await open_tasks(web)
    renewed = {**tasks[0], "lease_until": listed[-1]["lease_until"]}
    assert [entry["task"] for entry in listed] == [*tasks[:0:-1], renewed]
    assert [entry["message_id"] for entry in listed] == [None] * 4 + ["m-1"]
    for entry in listed:
        assert moment(entry["created"]) <= datetime.now(UTC)
        assert (entry["lease_until"], entry["expires"]) == (entry["task"]["lease_until"], entry["task"]["expires"])
    for entry in listed:
        task = entry["task"]
        await web.settle(answer(task, entry["message_id"] or await web.ack(task), ADA))
    assert await open_tasks(web) == []


async def test_open_tasks_are_shown_to_the_users_own_frontend_alone(
    web: Frontend, bot: Frontend, service: Service
) -> None:
    await plant(service.graph, *questions(2))
    await bot.ask(TYPING, ADA)
    for frontend, name in ((web, "ada"), (bot, "nobody")):  # a trusted one, too
        got = await frontend.get(f"/frontend_users/local/{name}/tasks")
        assert (got.status_code, got.json()["error_code"]) == (404, 4002)
    assert len(await open_tasks(bot)) == 1


# Renewals


async def test_a_renewal_tells_whether_the_place_is_held_and_until_when(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {}}, limits=Limits(max_children_count=1))
    task = await web.ask(TYPING, ADA)
    held = (await web.post(f"/tasks/{task['id']}/renew", None, acting="local:ada")).json()
    assert held["held"]
    assert moment(held["lease_until"]) >= moment(task["lease_until"])
    (listed,) = await open_tasks(web)
    assert listed["lease_until"] == held["lease_until"]
    created, last = moment(listed["created"]), moment(held["renewable_until"])
    assert abs(last - created - timedelta(seconds=Limits().lease_max_sec)) < timedelta(seconds=1)

    await lapse(service, task)
    (listed,) = await open_tasks(web)
    assert listed["lease_until"] is None
    assert (await web.http.post(f"/api/v1/tasks/{task['id']}/renew")).json()["held"]

    await lapse(service, task)
    await web.ask(TYPING, BOB)
    lost = (await web.post(f"/tasks/{task['id']}/renew", None)).json()
    assert lost == {"held": False, "lease_until": None, "renewable_until": held["renewable_until"]}
    await web.settle(answer(task, await web.ack(task), ADA))
    done = (await web.post(f"/tasks/{task['id']}/renew", None)).json()
    assert done == {"held": False, "lease_until": None, "renewable_until": None}


async def test_a_renewal_past_the_bound_changes_nothing(service: Service, serve: Serve) -> None:
    limits = Limits(lease_max_sec=1, lease_sec=600)
    await plant(service.graph, *questions(1))
    async with Frontend(await serve(limits), WEB) as web:
        task = await web.ask(TYPING, ADA)
        await service.graph.execute("MATCH (task:Task) SET task.created = task.created - duration('PT2S')")
        got = (await web.post(f"/tasks/{task['id']}/renew", None)).json()
    assert (got["held"], got["lease_until"]) == (True, task["lease_until"])


async def test_whose_task_it_is_not_cannot_renew_it(web: Frontend, bot: Frontend, service: Service) -> None:
    await plant(service.graph, *questions(2))
    task = await web.ask(TYPING, ADA)
    await web.ask(TYPING, BOB)
    got = await web.post(f"/tasks/{task['id']}/renew", None, acting="local:bob")
    assert (got.status_code, got.json()["error_code"]) == (400, 2106)
    got = await bot.post(f"/tasks/{task['id']}/renew", None)
    assert (got.status_code, got.json()["error_code"]) == (404, 2100)
    await service.graph.execute("MATCH (task:Task) SET task.expires = task.created - duration('PT1S')")
    got = await web.post(f"/tasks/{task['id']}/renew", None)
    assert (got.status_code, got.json()["error_code"]) == (400, 2101)


async def test_two_windows_and_a_rival_at_once_leave_one_holder(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {}}, limits=Limits(max_children_count=1))
    for turn in range(5):
        who = user(f"slow {turn}")
        task = await web.ask(TYPING, who)
        await lapse(service, task)
        got = await asyncio.gather(
            *(web.post(f"/tasks/{task['id']}/renew", None) for _ in range(3)), ask(web, None, user(f"quick {turn}"))
        )
        *renewed, rival = got
        helds = {response.json()["held"] for response in renewed}
        assert helds == ({False} if rival.status_code == 200 else {True}), [response.text for response in got]
        (row,) = await service.graph.execute("MATCH ()-[lease:LEASES]->(:Post) RETURN count(lease) AS leases")
        assert row["leases"] == 1
        await service.graph.execute("MATCH (:Task)-[lease:LEASES]->(post:Post) DELETE lease SET post.key = 0.5")


# Requests that are sent again


async def test_a_request_sent_again_with_its_key_gets_the_same_task(web: Frontend, service: Service) -> None:
    await plant(service.graph, *questions(5))
    first = await ask(web, "k-1")
    again = await ask(web, "k-1")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await ask(web, "k-2")).json()["id"] != first.json()["id"]
    task = first.json()
    await web.settle(answer(task, await web.ack(task), ADA))
    done = (await ask(web, "k-1")).json()
    assert done == {**task, "lease_until": None}
    assert len(await open_tasks(web)) == 1


async def test_two_windows_that_send_one_key_at_once_get_one_task(
    web: Frontend, bot: Frontend, service: Service
) -> None:
    await plant(service.graph, *questions(9))
    got = await asyncio.gather(*(ask(web, "k-1") for _ in range(16)), ask(bot, "k-1"))
    *same, other = (response.json()["id"] for response in got)
    assert len(set(same)) == 1
    assert other != same[0]
    (row,) = await service.graph.execute("MATCH (task:Task) RETURN count(task) AS tasks")
    assert row["tasks"] == 2


async def test_a_key_that_was_used_for_another_request_is_refused(web: Frontend, service: Service) -> None:
    await plant(service.graph, *questions(3))
    await ask(web, "k-1")
    for got in (await ask(web, "k-1", BOB), await ask(web, "k-1", kind="random"), await ask(web, "k-1", lang="de")):
        body = got.json()
        assert (got.status_code, body["error_code"]) == (422, 1013)
        (problem,) = body["detail"]
        assert problem["loc"] == ["header", "Idempotency-Key"]
        assert problem["type"] == "idempotency_key_reused"
        assert "k-1" in problem["msg"]


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "caf\u00e9", "tab\tbed"], ids=ascii)
async def test_a_key_is_1_to_255_visible_characters(web: Frontend, service: Service, key: str) -> None:
    await plant(service.graph, *questions(1))
    got = await web.http.post(
        "/api/v1/tasks/",
        json={"type": TYPING, "user": ADA},
        headers=[(b"Idempotency-Key", key.encode("latin-1"))],
    )
    assert got.status_code == 422
    assert [problem["loc"] for problem in got.json()["detail"]] == [["header", "Idempotency-Key"]]
    assert await open_count(service) == 0


async def open_count(service: Service) -> int:
    (row,) = await service.graph.execute("MATCH (task:Task) RETURN count(task) AS tasks")
    return int(row["tasks"])


async def test_the_longest_key_is_taken(web: Frontend, service: Service) -> None:
    await plant(service.graph, *questions(1))
    assert [(await ask(web, "!~" * 127 + "x")).status_code for _ in range(2)] == [200, 200]
    assert await open_count(service) == 1


# Languages


async def test_a_request_names_languages_in_order_of_preference(web: Frontend, service: Service) -> None:
    await plant(service.graph, *questions(2))
    await plant(service.graph, {"Was ist Regen?": {}}, lang="de")
    langs = ["fr", "DE", "en"]
    shown = [(await ask(web, None, lang="en", langs=langs)).json()["conversation"]["messages"][-1] for _ in range(3)]
    assert Counter(message["text"] for message in shown)["Was ist Regen?"] == 1
    assert shown[0]["text"] == "Was ist Regen?"


async def test_nothing_in_any_of_the_languages_is_one_error(web: Frontend, service: Service) -> None:
    got = await ask(web, None, langs=["fr", "de"])
    body = got.json()
    assert (got.status_code, body["error_code"], body["reason"]) == (503, 1006, "language_empty")
    assert "in language fr or de: the language has no tree" in body["message"]
    assert got.headers["retry-after"] == "30"
    assert 0 < (moment(body["retry_at"]) - datetime.now(UTC)).total_seconds() <= 30


@pytest.mark.parametrize("langs", [[], ["en"] * 11, ["x" * 33], "en"], ids=str)
async def test_languages_that_are_none_are_refused(web: Frontend, langs: object) -> None:
    got = await ask(web, None, langs=langs)
    assert got.status_code == 422
    assert {tuple(problem["loc"][:2]) for problem in got.json()["detail"]} == {("body", "langs")}


# Limits


async def test_too_many_open_tasks_tell_when_one_of_them_counts_no_more(service: Service, serve: Serve) -> None:
    limits = Limits(max_pending_tasks_per_user=3, recent_tasks_span_sec=120)
    await plant(service.graph, *questions(5))
    async with Frontend(await serve(limits), WEB) as web:
        for seconds in (50, 40, 30, 0):
            await service.graph.execute(
                "MATCH (task:Task) SET task.created = task.created - duration({seconds: $seconds})", seconds=seconds
            )
            got = await ask(web, None)
        body = got.json()
        assert (got.status_code, body["error_code"], body["reason"]) == (400, 1012, "too_many_pending")
        listed = await open_tasks(web)
        retry_at = moment(body["retry_at"])
        assert retry_at == moment(listed[-1]["created"]) + timedelta(seconds=120, microseconds=1)
        # as if the time had come, but for 2 seconds, and then come
        early = retry_at - datetime.now(UTC) - timedelta(seconds=2)
        for seconds, status in ((early.total_seconds(), 400), (2.0, 200)):
            await service.graph.execute(
                "MATCH (task:Task) SET task.created = task.created - duration({milliseconds: $ms})",
                ms=round(seconds * 1000),
            )
            assert (await ask(web, None)).status_code == status
