"""Users' own messages over HTTP: what became of them, edited and withdrawn."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from oa_graph.domain.limits import Limits
from tests.builders import plant
from tests.http.api.conftest import Service
from tests.http.api.frontend import Body, Frontend, text, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
OWN = "/frontend_users/local/ada/messages"


@pytest.fixture
def limits() -> Limits:
    return Limits(author_edit_sec=600, message_size_limit=100)


async def written(web: Frontend, words: str, *, kind: str = "initial_prompt") -> str:
    """The id of a message that Ada writes."""
    task = await web.ask(kind, ADA)
    await web.settle(text(await web.ack(task), ADA, words))
    return (await status(web))["items"][0]["message"]["id"]


async def status(web: Frontend, query: str = "") -> Body:
    got = await web.get(f"{OWN}/status{query}")
    assert got.status_code == 200, got.text
    return got.json()


async def edit(web: Frontend, message: str, words: object, *, whose: str = OWN) -> httpx.Response:
    return await web.http.put(f"/api/v1{whose}/{message}", json={"text": words})


async def withdraw(web: Frontend, message: str, *, whose: str = OWN) -> httpx.Response:
    return await web.http.delete(f"/api/v1{whose}/{message}")


async def test_own_messages_are_paged_the_newest_first(web: Frontend) -> None:
    ids = [await written(web, f"Question {i}?") for i in range(5)][::-1]
    first = await status(web, "?max_count=2")
    assert first["order"] == "desc"
    pages, cursor = [first], first["next"]
    for _ in range(2):
        pages.append(await status(web, f"?max_count=2&after={cursor}"))
        cursor = pages[-1]["next"]
    assert cursor is None
    assert [own["message"]["id"] for page in pages for own in page["items"]] == ids
    assert [own["message"]["id"] for own in (await status(web, "?desc=false"))["items"]] == ids[::-1]


async def test_a_message_is_shown_with_all_that_its_author_may_know(web: Frontend) -> None:
    id = await written(web, "Why does bread rise?")
    (own,) = (await status(web))["items"]
    assert own["message"] == await web.read(id, acting="local:ada")
    assert own["message"]["user_is_author"] is True
    assert (own["state"], own["rank"], own["task_kind"]) == ("under_review", None, "initial_prompt")
    assert own["message"]["created_date"] < own["editable_until"]


async def test_a_message_is_edited_and_withdrawn(web: Frontend) -> None:
    id = await written(web, "Why does bread rise?")
    for got in (await edit(web, id, "  Why does dough rise? "), await edit(web, id, "Why does dough rise?")):
        assert got.status_code == 200, got.text
        assert got.json() == await web.read(id, acting="local:ada")
        assert (got.json()["text"], got.json()["edited"]) == ("Why does dough rise?", True)
    history = (await web.get(f"/messages/{id}/history", acting="local:ada")).json()
    assert len(history) == 2
    for _ in range(2):
        got = await withdraw(web, id)
        assert (got.status_code, got.content) == (204, b"")
    (own,) = (await status(web))["items"]
    assert (own["state"], own["editable_until"]) == ("deleted", None)
    got = await edit(web, id, "Why does it rise?")
    assert (got.status_code, got.json()["error_code"]) == (409, 2060)


async def test_a_message_that_somebody_has_in_hand_stays_as_it_is(web: Frontend) -> None:
    id = await written(web, "Why does bread rise?")
    await web.ask("label_initial_prompt", BOB)
    for got in (await edit(web, id, "Why does dough rise?"), await withdraw(web, id)):
        assert got.status_code == 409
        assert got.json()["error_code"] == 2060
        assert got.json()["message"].endswith(f"{id}: another user has been handed a task about it.")
    assert (await web.read(id))["text"] == "Why does bread rise?"


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [("", 422, 0), (" \n", 422, 0), ("a\0", 422, 0), (None, 422, 0), ("a" * 101, 400, 1008)],
)
async def test_a_text_is_checked_as_that_of_an_answer(web: Frontend, words: object, status: int, code: int) -> None:
    got = await edit(web, await written(web, "Why does bread rise?"), words)
    assert (got.status_code, got.json()["error_code"]) == (status, code)
    if status == 422:
        assert got.json()["detail"][0]["loc"] == ["body", "text"]


async def test_a_text_that_was_sent_before_is_refused(web: Frontend) -> None:
    await written(web, "Why does bread rise?")
    got = await edit(web, await written(web, "What is bread?"), "Why does bread rise?")
    assert (got.status_code, got.json()["error_code"]) == (400, 1009)


async def test_users_of_other_clients_and_messages_of_other_users_are_not_there(
    service: Service, web: Frontend, bot: Frontend
) -> None:
    id = await written(web, "Why does bread rise?")
    await web.ask("random", BOB)
    await bot.ask("initial_prompt", BOB)
    unknown_user = [
        await bot.get(f"{OWN}/status"),
        await edit(bot, id, "Why?"),
        await withdraw(bot, id),
        await web.get("/frontend_users/local/nobody/messages/status"),
        await web.get("/frontend_users/discord/ada/messages/status"),
    ]
    assert [(got.status_code, got.json()["error_code"]) for got in unknown_user] == [(404, 4002)] * 5
    unknown_message = [
        await edit(web, id, "Why?", whose="/frontend_users/local/bob/messages"),
        await withdraw(web, id, whose="/frontend_users/local/bob/messages"),
        await edit(web, str(uuid4()), "Why?"),
    ]
    assert [(got.status_code, got.json()["error_code"]) for got in unknown_message] == [(404, 2001)] * 3
    (planted,) = (await plant(service.graph, {"Planted?": {}})).ids.values()
    assert (await withdraw(web, planted)).status_code == 404


@pytest.mark.parametrize("limits", [Limits()])
async def test_by_default_nothing_can_be_changed(web: Frontend, limits: Limits) -> None:
    id = await written(web, "Why does bread rise?")
    for got in (await edit(web, id, "Why?"), await withdraw(web, id)):
        assert (got.status_code, got.json()["error_code"]) == (409, 2060)
    assert (await status(web))["items"][0]["editable_until"] is None
