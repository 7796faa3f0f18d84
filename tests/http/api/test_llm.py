"""`oa-graph llm run`: a model behind a chat endpoint works for the service, over HTTP on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web as aiohttp_web

from oa_graph import llm
from oa_graph.domain.limits import Limits
from oa_graph.domain.users import ApiClient
from oa_graph.graph import clients
from oa_graph.llm.chat import ChatFailed
from oa_graph.llm.run import FAILURES, NotAModelsClient
from tests import commands
from tests.builders import plant, questions
from tests.http.api.conftest import BOT, Service
from tests.http.api.frontend import Frontend

pytestmark = pytest.mark.anyio

PARROT = "key-of-a-model"
SYSTEM = "You are a parrot."


@dataclass
class Endpoint:
    """A chat endpoint: what it was asked, and what it answers."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    keys: list[str | None] = field(default_factory=list[str | None])
    failures: int = 0
    """Requests that fail before the next text."""
    text: str | None = None
    """The text that it gives; None: one that names its number."""

    async def complete(self, request: aiohttp_web.Request) -> aiohttp_web.Response:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization"))
        if self.failures:
            self.failures -= 1
            return aiohttp_web.json_response({"error": {"message": "out of memory"}}, status=500)
        text = f"Squawk {len(self.asked)}!" if self.text is None else self.text
        return aiohttp_web.json_response(
            {
                "id": "chat-1",
                "object": "chat.completion",
                "created": 0,
                "model": self.asked[-1]["model"],
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
            }
        )


@pytest.fixture
async def endpoint() -> AsyncGenerator[Endpoint]:
    endpoint = Endpoint()
    app = aiohttp_web.Application()
    app.router.add_post("/v1/chat/completions", endpoint.complete)
    runner = aiohttp_web.AppRunner(app)
    await runner.setup()
    site = aiohttp_web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield endpoint
    await runner.cleanup()


@pytest.fixture
def limits() -> Limits:
    return Limits(max_children_count=3, max_tree_depth=2, num_prompter_replies=2)


@pytest.fixture
async def parrot(service: Service) -> str:
    """The key of a model's client."""
    client = ApiClient("parrot", "a parrot", writes_as_model="parrot-1")
    await clients.create(service.graph, client=client, key_hash=clients.key_hash(PARROT))
    return PARROT


async def work(
    service: Service, endpoint: Endpoint, key: str, *, options: dict[str, Any] | None = None, **of_run: Any
) -> llm.Totals:
    usual = llm.ChatOptions(model="parrot-1", retries=0)
    fields: dict[str, Any] = {"idle": 0.0, **of_run}
    async with llm.Chat(endpoint.url, "secret", replace(usual, **(options or {}))) as chat:
        return await llm.run(service.url, key, chat, name="parrot-1", **fields)


async def written(service: Service) -> Sequence[Mapping[str, Any]]:
    return await service.graph.execute(
        """
        MATCH (post:Post {client: 'parrot'}) OPTIONAL MATCH (post)-[:REPLY_TO]->(parent)
        RETURN post.text AS text, post.model_name AS model, post.synthetic AS synthetic, post.author AS author,
          parent.text AS parent ORDER BY parent
        """
    )


async def test_a_model_answers_every_post_once(service: Service, endpoint: Endpoint, parrot: str) -> None:
    await plant(service.graph, {"What is rain?": {"Water.": {"Why?": {}}}}, {"What is snow?": {}}, lang="en")
    totals = await work(service, endpoint, parrot, options={"system": SYSTEM, "temperature": 0.5, "max_tokens": 90})
    assert totals == llm.Totals(written=3, tokens=30)
    posts = await written(service)
    assert [post["parent"] for post in posts] == ["What is rain?", "What is snow?", "Why?"]
    assert {(post["model"], post["synthetic"], post["author"]) for post in posts} == {("parrot-1", True, None)}
    assert {(asked["model"], asked["temperature"], asked["max_tokens"]) for asked in endpoint.asked} == {
        ("parrot-1", 0.5, 90)
    }
    assert set(endpoint.keys) == {"Bearer secret"}
    (longest,) = [asked["messages"] for asked in endpoint.asked if len(asked["messages"]) == 4]
    assert longest == [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "What is rain?"},
        {"role": "assistant", "content": "Water."},
        {"role": "user", "content": "Why?"},
    ]
    assert await work(service, endpoint, parrot) == llm.Totals()


async def test_a_model_that_writes_as_the_prompter_sees_the_prompters_messages_as_its_own(
    service: Service, endpoint: Endpoint, parrot: str
) -> None:
    await plant(service.graph, {"What is rain?": {"Water.": {}}})
    totals = await work(service, endpoint, parrot, kinds=["prompter_reply", "initial_prompt"], budget=llm.Budget(2))
    assert totals.written == 2
    reply, prompt = (asked["messages"] for asked in endpoint.asked)
    assert [message["role"] for message in reply] == ["system", "assistant", "user"]
    assert [message["content"] for message in reply[1:]] == ["What is rain?", "Water."]
    assert [message["role"] for message in prompt] == ["system", "user"]


async def test_budgets_end_a_run_also_with_many_workers(service: Service, endpoint: Endpoint, parrot: str) -> None:
    await plant(service.graph, *questions(20))
    assert (await work(service, endpoint, parrot, concurrency=4, budget=llm.Budget(tasks=6))).written == 6
    assert len(endpoint.asked) == 6
    totals = await work(service, endpoint, parrot, budget=llm.Budget(tokens=25))
    assert (totals.written, totals.tokens) == (3, 30)
    totals = await work(service, endpoint, parrot, concurrency=4)
    assert totals.written == 11
    assert len(await written(service)) == 20


async def test_a_task_that_the_model_fails_to_answer_is_skipped_with_the_reason(
    service: Service, endpoint: Endpoint, parrot: str
) -> None:
    await plant(service.graph, {"What is rain?": {}}, {"What is snow?": {}})
    endpoint.failures = 1
    assert await work(service, endpoint, parrot) == llm.Totals(written=1, failed=1, tokens=10)
    rows = await service.graph.execute("MATCH (task:Task {skipped: true}) RETURN task.skip_reason AS reason")
    assert len(rows) == 1
    assert "out of memory" in rows[0]["reason"]


async def test_failed_requests_are_sent_again(service: Service, endpoint: Endpoint, parrot: str) -> None:
    await plant(service.graph, {"What is rain?": {}})
    endpoint.failures = 1
    assert await work(service, endpoint, parrot, options={"retries": 1}) == llm.Totals(written=1, tokens=10)


async def test_a_model_that_keeps_failing_ends_the_run(service: Service, endpoint: Endpoint, parrot: str) -> None:
    await plant(service.graph, *questions(FAILURES + 3))
    endpoint.text = "  "
    with pytest.raises(ChatFailed, match="empty"):
        await work(service, endpoint, parrot)
    assert len(endpoint.asked) == FAILURES


async def test_a_text_that_the_service_refuses_is_counted_and_its_task_skipped(
    service: Service, endpoint: Endpoint, parrot: str
) -> None:
    await plant(service.graph, {"What is rain?": {}})
    endpoint.text = "no " * 1000
    assert await work(service, endpoint, parrot) == llm.Totals(refused=1, tokens=10)
    assert await work(service, endpoint, parrot) == llm.Totals()


async def test_the_key_of_another_client_is_noticed_after_the_first_text(service: Service, endpoint: Endpoint) -> None:
    await plant(service.graph, {"What is rain?": {}}, {"What is snow?": {}})
    with pytest.raises(NotAModelsClient, match="writes-as-model"):
        await work(service, endpoint, BOT)
    assert len(endpoint.asked) == 1


async def test_the_command_does_the_same(service: Service, endpoint: Endpoint, parrot: str, web: Frontend) -> None:
    planted = await plant(service.graph, {"What is rain?": {}}, {"What is snow?": {}})
    words = (
        "--url",
        service.url,
        "--base-url",
        endpoint.url,
        "--model",
        "parrot-1",
        "--idle",
        "0",
        "--budget-tasks",
        "1",
    )
    done = await asyncio.to_thread(
        commands.run, "llm", "run", *words, "--system", SYSTEM, OA_GRAPH_API_KEY=parrot, OPENAI_API_KEY="other"
    )
    assert done.returncode == 0, done.stderr
    assert "1 texts, 10 tokens, 0 failed, 0 refused" in done.stderr
    assert endpoint.keys == ["Bearer other"]
    replies = [reply for root in planted.ids.values() for reply in await web.read(root, "/children")]
    assert [(reply["synthetic"], reply["model_name"], reply["user_id"]) for reply in replies] == [
        (True, "parrot-1", None)
    ]
