from __future__ import annotations

import asyncio
import io
from functools import partial
from pathlib import Path
from typing import cast

import httpx
import pytest
from rich.console import Console

from oa_graph.client import ApiError, AsyncClient
from oa_graph.simulator import demo as module
from oa_graph.simulator.demo import DemoTooSlow, Summary, demo
from oa_graph.simulator.prompt_loader import load_prompts
from oa_graph.simulator.prompts import Prompt, choose
from tests.unit.simulator.scripted import Fields, Scripted, label_task, nothing_to_do, prompt_task, refuse, tree_post

pytestmark = pytest.mark.anyio

FOLDER = "/a folder/" + "that is long/" * 20


@pytest.fixture
def prompting(scripted: Scripted) -> Scripted:
    """A server that takes prompts for ever and then lets one tree be reviewed, which is ready at once."""
    review = label_task("Please tell me about the winter sea.")
    cast("dict[str, list[Fields]]", review["conversation"])["messages"][0]["id"] = "root"
    review["message_id"] = "root"

    def hand_out(body: Fields) -> httpx.Response:
        return httpx.Response(200, json=prompt_task() if body["type"] == "initial_prompt" else review)

    facts = {"goal_tree_size": 5, "max_depth": 3, "max_children_count": 3, "active": False}
    ready = {"message_tree_id": "root", "state": "ready_for_export", **facts}
    posts = [tree_post("root", None), tree_post("a", "root", rank=0, text="the answer")]
    scripted.replies |= {
        "/tasks/": hand_out,
        "/tree/state": lambda _: httpx.Response(200, json=ready),
        "/tree": lambda _: httpx.Response(200, json={"id": "root", "messages": posts}),
    }
    return scripted


async def run_demo(
    scripted: Scripted,
    monkeypatch: pytest.MonkeyPatch,
    out: io.StringIO,
    *,
    trees: int = 1,
    stay: bool = False,
    limit: float = 20.0,
) -> Summary:
    monkeypatch.setattr(module, "AsyncClient", partial(AsyncClient, transport=scripted.transport))
    console = Console(file=out, width=100)
    return await demo(
        "http://server",
        "key",
        users=3,
        trees=trees,
        seed=1,
        out=Path("trees.jsonl"),
        export=lambda path: len(path.name),
        next_steps=lambda tree: [f"oa-graph show {tree} --data {FOLDER}"],
        addresses=["API docs http://docs", "Neo4j Browser http://browser"],
        stay=stay,
        prompts=4,
        lease=600.0,
        pace=0.0,
        limit=limit,
        console=console,
        status=console,
    )


async def test_a_demo_brings_prompts_shows_a_tree_and_exports(
    prompting: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    summary = await run_demo(prompting, monkeypatch, out)
    assert summary.prompts == 4
    assert summary.shown == "root"
    assert summary.written == len("trees.jsonl")
    assert summary.trees == {"ready_for_export": 1}
    assert "the answer" in out.getvalue()
    assert f"\noa-graph show root --data {FOLDER}\n" in out.getvalue()
    assert "http://docs" not in out.getvalue()


async def test_a_demo_that_stays_tells_where_and_ends_by_being_cancelled(
    prompting: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.5):
            await run_demo(prompting, monkeypatch, out, stay=True)
    assert "http://docs" in out.getvalue()
    assert "http://browser" in out.getvalue()


async def test_a_demo_does_not_hang(prompting: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DemoTooSlow, match=r"1 of 2 trees are ready after .* s \(ready_for_export 1\)"):
        await run_demo(prompting, monkeypatch, io.StringIO(), trees=2, limit=1.5)


async def test_prompts_are_brought_as_answers_by_several_authors(prompting: Scripted) -> None:
    prompts = choose(12)
    async with AsyncClient("http://server", "key", transport=prompting.transport) as client:
        brought = await load_prompts(client, prompts)
    assert brought.taken == prompts
    assert not brought.left_over
    answers = prompting.bodies("/interaction")
    assert {(answer["text"], answer["lang"]) for answer in answers} == {
        (prompt.text, prompt.lang) for prompt in prompts
    }
    assert len({cast("Fields", answer["user"])["id"] for answer in answers}) > 4
    assert len({answer["user_message_id"] for answer in answers}) == len(prompts)


async def test_a_full_language_is_left_alone_and_others_go_on(prompting: Scripted) -> None:
    usual = prompting.replies["/tasks/"]
    prompting.replies["/tasks/"] = lambda body: nothing_to_do() if body["lang"] == "de" else usual(body)
    prompts = [Prompt(f"Prompt number {number}?", "de" if number % 2 else "en") for number in range(32)]
    async with AsyncClient("http://server", "key", transport=prompting.transport) as client:
        brought = await load_prompts(client, prompts)
    assert {prompt.lang for prompt in brought.taken} == {"en"}
    assert {prompt.lang for prompt in brought.left_over} == {"de"}
    assert sum(body.get("lang") == "de" for body in prompting.bodies("/tasks/")) <= 8


async def test_who_brings_prompts_too_fast_waits_as_told(prompting: Scripted) -> None:
    usual, refusals = prompting.replies["/tasks/"], [refuse(429, 429, "ask again in 0 seconds")] * 3
    prompting.replies["/tasks/"] = lambda body: refusals.pop()(body) if refusals else usual(body)
    async with AsyncClient("http://server", "key", transport=prompting.transport) as client:
        brought = await load_prompts(client, choose(3))
    assert (len(brought.taken), brought.left_over, refusals) == (3, (), [])


async def test_other_refusals_stop_the_bringing(prompting: Scripted) -> None:
    prompting.replies["/ack"] = refuse(500, 0, "boom")
    async with AsyncClient("http://server", "key", transport=prompting.transport) as client:
        with pytest.raises(ApiError, match="boom"):
            await load_prompts(client, choose(3))
