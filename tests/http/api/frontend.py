"""A frontend of a few lines. It knows the protocol and nothing of `oa_graph`, as the real ones do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

Body = dict[str, Any]


def user(name: str, *, method: str = "local", display_name: str | None = None) -> Body:
    """The User object of request bodies."""
    return {"id": name, "display_name": display_name or name.title(), "auth_method": method}


def text(
    ack: str, who: Body, words: str = "Clouds let go of it.", *, message: str | None = None, **fields: object
) -> Body:
    """The answer to a task that asks for a text; `message`: the frontend's id of it."""
    return {
        "type": "text_reply_to_message",
        "message_id": ack,
        "user_message_id": message or f"m-{uuid4()}",
        "text": words,
        "user": who,
        **fields,
    }


def ranking(ack: str, who: Body, order: Sequence[object], **fields: object) -> Body:
    """The answer to a task that asks for an order."""
    return {"type": "message_ranking", "message_id": ack, "ranking": list(order), "user": who, **fields}


def labels(
    post: str, who: Body, values: object = None, *, task: str | None = None, words: str = "", **fields: object
) -> Body:
    """The answer to a task that asks for labels; without `task` a remark."""
    return {
        "type": "text_labels",
        "message_id": post,
        "task_id": task,
        "labels": {"spam": 0} if values is None else values,
        "text": words,
        "user": who,
        **fields,
    }


def end_vote(ack: str, who: Body, *, ends: bool) -> Body:
    """The answer to a task that asks whether a conversation is at its end."""
    return {"type": "end_vote", "message_id": ack, "ends_conversation": ends, "user": who}


def answer(task: Body, ack: str, who: Body) -> Body:
    """An answer that settles `task`, whatever its kind."""
    kind: str = task["type"]
    if kind.startswith("label"):
        return labels(task["message_id"], who, task=task["id"])
    if kind.startswith("rank"):
        shown = task["prompt_messages"] if kind == "rank_initial_prompts" else task["reply_messages"]
        return ranking(ack, who, range(len(shown)))
    if kind == "decide_end":
        return end_vote(ack, who, ends=False)
    return text(ack, who, f"An answer to {task['id']}.")


class Frontend:
    """One frontend application: its key, and how it calls."""

    def __init__(self, url: str, key: str | None) -> None:
        self.http = httpx.AsyncClient(
            base_url=url,
            headers={"X-API-Key": key} if key else None,
            timeout=60,
            trust_env=False,
            verify=False,  # there is no TLS here, and reading the certificates takes longer than a test
            limits=httpx.Limits(max_connections=None),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def get(self, path: str, *, acting: str | None = None) -> httpx.Response:
        return await self.http.get(f"/api/v1{path}", headers=_acting(acting))

    async def post(self, path: str, body: object, *, acting: str | None = None) -> httpx.Response:
        return await self.http.post(f"/api/v1{path}", json=body, headers=_acting(acting))

    async def ask(self, kind: str, who: Body, **fields: object) -> Body:
        """A task that has to be there."""
        got = await self.post("/tasks/", {"type": kind, "user": who, **fields})
        assert got.status_code == 200, got.text
        return got.json()

    async def ack(self, task: Body, ack: str | None = None, *, acting: str | None = None) -> str:
        """Acknowledges a task; returns the id that was given to it."""
        ack = ack or f"ack-{task['id']}"
        got = await self.post(f"/tasks/{task['id']}/ack", {"message_id": ack}, acting=acting)
        assert (got.status_code, got.content) == (204, b""), got.text
        return ack

    async def settle(self, body: Mapping[str, object]) -> Body:
        """Sends an answer that has to be taken."""
        got = await self.post("/tasks/interaction", body)
        assert got.status_code == 200, got.text
        return got.json()

    async def work(self, kind: str, who: Body, **fields: object) -> Body:
        """Asks for a task, acknowledges and answers it."""
        task = await self.ask(kind, who, **fields)
        await self.settle(answer(task, await self.ack(task), who))
        return task

    async def read(self, post: str, part: str = "", *, acting: str | None = None) -> Any:
        """A message, or what belongs to it."""
        got = await self.get(f"/messages/{post}{part}", acting=acting)
        assert got.status_code == 200, got.text
        return got.json()


def _acting(who: str | None) -> dict[str, str] | None:
    return {"X-OASST-USER": who} if who else None
