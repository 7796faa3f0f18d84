from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import httpx
import pytest

from oa_graph.crowd import client as module
from oa_graph.crowd.client import Client, Garbled, Person, Refusal, Unreachable
from oa_graph.crowd.ledger import Ledger
from tests.crowd.scripted import Scripted, refuse, reply_task

pytestmark = pytest.mark.anyio
ADA = Person("ada", "Ada ✨")
T = TypeVar("T")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESEND_AFTER", (0.0, 0.0))


def client(transport: httpx.AsyncBaseTransport, url: str = "http://server") -> Client:
    return Client(url, "key", Ledger(), transport=transport)


def failing(times: int, error: type[httpx.TransportError], then: Callable[[], httpx.Response]) -> httpx.MockTransport:
    """A connection that breaks so many times."""
    left = [times]

    def answer(request: httpx.Request) -> httpx.Response:
        if left[0]:
            left[0] -= 1
            raise error("broken", request=request)
        return then()

    return httpx.MockTransport(answer)


@pytest.mark.parametrize("url", ["http://server", "http://server/", "http://server/api/v1", "http://server/api/v1/"])
async def test_calls_carry_key_user_and_prefix(url: str) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    async with client(httpx.MockTransport(answer), url) as caller:
        await caller.acknowledge(ADA, "t1", "m1")
    assert str(seen[0].url) == "http://server/api/v1/tasks/t1/ack"
    assert seen[0].headers["x-api-key"] == "key"
    assert seen[0].headers["x-oasst-user"] == "local:ada"


async def test_calls_are_timed_by_template_refused_ones_too(scripted: Scripted) -> None:
    scripted.tasks = [reply_task()]
    async with client(scripted.transport) as caller:
        await caller.request_task(ADA, lang="en")
        with pytest.raises(Refusal):
            await caller.request_task(ADA, lang="en")
        with pytest.raises(Refusal):
            await caller.post("some-id")
    assert {name: len(times) for name, times in caller.ledger.latencies.items()} == {
        "POST /tasks/": 2,
        "GET /messages/{id}": 1,
    }


async def test_a_refusal_has_status_code_and_words(scripted: Scripted) -> None:
    scripted.replies["/tasks/"] = refuse(400, 1012, "too many")
    async with client(scripted.transport) as caller:
        with pytest.raises(Refusal, match="status 400, code 1012: too many") as caught:
            await caller.request_task(ADA, lang="en", expected=frozenset({1012}))
    assert (caught.value.status, caught.value.code, caught.value.wait) == (400, 1012, None)
    assert [mistake[3] for mistake in caller.ledger.mistakes] == [True]


@pytest.mark.parametrize(
    "body", [b'{"detail":[{"loc":["body"],"msg":"no"}]}', b"<html>", b"[1]", b'{"error_code":"1006"}', b""]
)
async def test_bodies_without_a_code_are_refusals_too(scripted: Scripted, body: bytes) -> None:
    scripted.replies["/tasks/interaction"] = lambda _: httpx.Response(422, content=body)
    async with client(scripted.transport) as caller:
        with pytest.raises(Refusal) as caught:
            await caller.answer(ADA, {"type": "text_reply_to_message"})
    assert (caught.value.status, caught.value.code) == (422, None)
    assert caught.value.is_among(frozenset({422}))


@pytest.mark.parametrize(
    ("headers", "words", "wait"),
    [({"retry-after": "17"}, "wait 99 s", 17.0), ({}, "wait 42 seconds", 42.0), ({}, "later", None)],
)
async def test_a_rate_limit_says_how_long_to_wait(
    scripted: Scripted, headers: dict[str, str], words: str, wait: float | None
) -> None:
    scripted.replies["/tasks/"] = refuse(429, 429, words, **headers)
    async with client(scripted.transport) as caller:
        with pytest.raises(Refusal) as caught:
            await caller.request_task(ADA, lang="en")
    assert caught.value.wait == wait


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError])
async def test_an_answer_is_sent_again_when_the_connection_breaks(error: type[httpx.TransportError]) -> None:
    transport = failing(2, error, lambda: httpx.Response(200, json={"id": "x", "type": "task_done"}))
    async with client(transport) as caller:
        await caller.answer(ADA, {"type": "message_ranking"})
    assert caller.ledger.resent == 2
    assert not caller.ledger.mistakes


async def test_a_request_for_a_task_is_not_sent_again_once_it_may_have_arrived() -> None:
    async with client(failing(1, httpx.ReadError, lambda: httpx.Response(200, json=reply_task()))) as caller:
        with pytest.raises(Unreachable, match="ReadError"):
            await caller.request_task(ADA, lang="en")
    assert caller.ledger.resent == 0
    assert caller.ledger.mistakes.total() == 1


async def test_a_request_that_never_left_is_sent_again() -> None:
    async with client(failing(1, httpx.ConnectError, lambda: httpx.Response(200, json=reply_task()))) as caller:
        assert (await caller.request_task(ADA, lang="en")).type == "assistant_reply"


async def test_a_server_that_stays_away_is_unreachable() -> None:
    async with client(failing(99, httpx.ConnectError, lambda: httpx.Response(204))) as caller:
        with pytest.raises(Unreachable, match="http://server does not answer"):
            await caller.acknowledge(ADA, "t", "m")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (httpx.Response(200, json={"id": "x"}), "type"),
        (httpx.Response(200, content=b"{}", headers={"content-type": "text/html"}), "content type text/html"),
        (httpx.Response(201, json={"id": "x", "type": "task_done"}), "status 201 instead of 200"),
        (httpx.Response(200, content=b"", headers={"content-type": "application/json"}), "Invalid JSON"),
    ],
)
async def test_answers_that_break_the_protocol_are_noted(answer: httpx.Response, why: str) -> None:
    async with client(httpx.MockTransport(lambda _: answer)) as caller:
        with pytest.raises(Garbled, match=why):
            await caller.answer(ADA, {"type": "message_ranking"})
    assert caller.ledger.broken.total() == 1


async def test_an_unknown_kind_of_task_breaks_the_protocol(scripted: Scripted) -> None:
    scripted.tasks = [{**reply_task(), "type": "sing_a_song"}]
    async with client(scripted.transport) as caller:
        with pytest.raises(Garbled):
            await caller.request_task(ADA, lang="en")


async def test_a_field_that_is_left_out_breaks_the_protocol(scripted: Scripted) -> None:
    scripted.tasks = [{"id": "t", "type": "initial_prompt"}]
    async with client(scripted.transport) as caller:
        with pytest.raises(Garbled, match="hint"):
            await caller.request_task(ADA, lang="en")
