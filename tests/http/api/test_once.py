"""Every answer counts exactly once, however often it is sent, and at however many places at once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from tests.builders import Shape, plant
from tests.http.api.conftest import Service, snapshot
from tests.http.api.frontend import Body, Frontend, answer, labels, ranking, text, user

pytestmark = pytest.mark.anyio

ADA = user("ada")
AT_ONCE = 64

KINDS: dict[str, tuple[Shape, TreeState, str]] = {
    "initial_prompt": ({}, TreeState.GROWING, "Post"),
    "assistant_reply": ({"What is rain?": {}}, TreeState.GROWING, "Post"),
    "label_assistant_reply": ({"What is rain?": {"?Water.": {}}}, TreeState.GROWING, "Review"),
    "rank_assistant_replies": ({"What is rain?": {"Water.": {}, "Weather.": {}}}, TreeState.RANKING, "Ranking"),
}


async def count(graph: Graph, label: str) -> int:
    rows = await graph.execute("MATCH (n) RETURN labels(n) AS labels")
    return Counter(name for row in rows for name in row["labels"])[label]


def otherwise(task: Body, ack: str) -> Body:
    """Another answer to the same task."""
    if task["type"].startswith("label"):
        return labels(task["message_id"], ADA, {"spam": 1}, task=task["id"])
    if task["type"].startswith("rank"):
        return ranking(ack, ADA, [1, 0])
    return text(ack, ADA, "Quite another answer.")


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_sent_64_times_at_once_is_taken_once_and_confirmed_alike(
    web: Frontend, service: Service, kind: str
) -> None:
    shape, state, label = KINDS[kind]
    await plant(service.graph, shape, state=state)
    task = await web.ask(kind, ADA)
    ack = await web.ack(task)
    before = await count(service.graph, label)
    body = answer(task, ack, ADA)
    got = await asyncio.gather(*(web.post("/tasks/interaction", body) for _ in range(AT_ONCE)))
    assert {response.status_code for response in got} == {200}, {response.text for response in got}
    assert len({response.content for response in got}) == 1
    assert await count(service.graph, label) == before + 1

    settled = await snapshot(service.graph)
    again = await web.post("/tasks/interaction", body)
    assert (again.status_code, again.content) == (200, got[0].content)
    other = await web.post("/tasks/interaction", otherwise(task, ack))
    assert (other.status_code, other.json()["error_code"]) == (400, 2105)
    assert await snapshot(service.graph) == settled


async def test_of_64_different_answers_at_once_one_is_taken(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {}})
    ack = await web.ack(await web.ask("assistant_reply", ADA))
    bodies = [text(ack, ADA, f"Answer {i}.") for i in range(AT_ONCE)]
    got = await asyncio.gather(*(web.post("/tasks/interaction", body) for body in bodies))
    outcomes = Counter((response.status_code, response.json().get("error_code")) for response in got)
    assert outcomes == {(200, None): 1, (400, 2105): AT_ONCE - 1}
    assert await count(service.graph, "Post") == 2


async def test_of_64_acks_with_different_ids_at_once_one_is_taken(web: Frontend) -> None:
    task = await web.ask("initial_prompt", ADA)
    acks = (web.post(f"/tasks/{task['id']}/ack", {"message_id": f"ack {i}"}) for i in range(AT_ONCE))
    got = await asyncio.gather(*acks)
    assert Counter(response.status_code for response in got) == {204: 1, 400: AT_ONCE - 1}
    assert {response.json()["error_code"] for response in got if response.status_code == 400} == {2103}


async def test_of_two_tasks_acknowledged_with_one_id_at_once_one_is(web: Frontend) -> None:
    tasks = [await web.ask("initial_prompt", ADA) for _ in range(6)]
    got = await asyncio.gather(*(web.post(f"/tasks/{task['id']}/ack", {"message_id": "7"}) for task in tasks))
    assert Counter(response.status_code for response in got) == {204: 1, 400: 5}


async def test_no_more_is_handed_out_than_there_is_however_many_ask_at_once(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {}, "What is snow?": {}})
    asks = (web.post("/tasks/", {"type": "assistant_reply", "user": user(f"u{i}")}) for i in range(AT_ONCE))
    got = await asyncio.gather(*asks)
    outcomes = Counter((response.status_code, response.json().get("error_code")) for response in got)
    assert outcomes == {(200, None): 6, (503, 1006): AT_ONCE - 6}  # three replies are wanted to each prompt


async def test_a_message_id_names_one_message_of_a_frontend_and_another_of_another(
    web: Frontend, bot: Frontend
) -> None:
    for frontend in (web, bot):
        task = await frontend.ask("initial_prompt", ADA)
        await frontend.settle(text(await frontend.ack(task, "ack 1"), ADA, "The same from both.", message="m-1"))


async def test_a_bot_that_shows_one_task_in_several_messages_answers_by_any_of_them(
    web: Frontend, service: Service
) -> None:
    await plant(service.graph, {"What is rain?": {}})
    task = await web.ask("assistant_reply", ADA)
    body = {"message_id": "m-1", "message_ids": ["m-2", "m-3"]}
    assert (await web.post(f"/tasks/{task['id']}/ack", body)).status_code == 204
    done = await web.settle(text("m-3", ADA, "Water.", message="m-4"))
    unnamed = text("m-3", ADA, "Water.", message="m-4")
    del unnamed["message_id"]
    assert await web.settle({**unnamed, "task_id": task["id"]}) == done
    refused = await web.post("/tasks/interaction", unnamed)
    assert refused.status_code == 422
    assert "`message_id` or `task_id` is required" in refused.text
    assert await count(service.graph, "Post") == 2
