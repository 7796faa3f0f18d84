"""A server of a few lines, in memory: it hands out what it is told to and remembers what it was sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from uuid import uuid4

import httpx

Fields = dict[str, object]
Reply = Callable[[Fields], httpx.Response | None]


def nothing_to_do() -> httpx.Response:
    """There is no task."""
    return httpx.Response(503, json={"message": "nothing", "error_code": 1006})


def message(text: str, *, is_assistant: bool = False, lang: str = "en", **fields: object) -> Fields:
    """A ConversationMessage."""
    return {
        "id": str(uuid4()),
        "text": text,
        "lang": lang,
        "is_assistant": is_assistant,
        "user_id": str(uuid4()),
        "frontend_message_id": "m",
        "emojis": {},
        "user_emojis": [],
        "user_is_author": False,
        "synthetic": False,
        **fields,
    }


def reply_task(prompt: str = "Why do cats purr so loudly at night?") -> Fields:
    """A task that asks an assistant for a reply."""
    return {
        "id": str(uuid4()),
        "type": "assistant_reply",
        "conversation": {"messages": [message(prompt)]},
    }


def label_task(text: str, **fields: object) -> Fields:
    """A task that asks for a review of a prompt."""
    post = message(text)
    names = ["spam", "lang_mismatch", "quality"]
    return {
        "id": str(uuid4()),
        "type": "label_initial_prompt",
        "message_id": post["id"],
        "conversation": {"messages": [post]},
        "valid_labels": names,
        "mandatory_labels": ["spam"],
        "mode": "full",
        "disposition": "quality",
        "labels": [{"name": name, "widget": "yes_no", "display_text": name, "help_text": None} for name in names],
        **fields,
    }


def prompt_ranking_task(texts: Sequence[str]) -> Fields:
    """A task that asks for an order of prompts."""
    return {
        "id": str(uuid4()),
        "type": "rank_initial_prompts",
        "prompts": list(texts),
        "prompt_messages": [message(text) for text in texts],
    }


def prompt_task() -> Fields:
    """A task that asks for a first prompt."""
    return {"id": str(uuid4()), "type": "initial_prompt", "hint": None}


def tree_post(post_id: str, parent: str | None, **fields: object) -> Fields:
    """A Message of the tree `root`, accepted and live unless stated otherwise."""
    place: Fields = {
        "id": post_id,
        "parent_id": parent,
        "review_result": True,
        "review_count": 3,
        "deleted": False,
        "rank": None,
        "message_tree_id": "root",
    }
    return {**message(f"text of {post_id}"), **place, **fields}


@dataclass
class Scripted:
    """Answers every call with success unless `replies` says otherwise; `tasks` are handed out in turn, then 1006."""

    tasks: list[Fields] = field(default_factory=list[Fields])
    replies: dict[str, Reply] = field(default_factory=dict[str, Reply])
    """By the end of the path: gives an answer from the body, or None for the usual one."""
    sent: list[tuple[str, Fields]] = field(default_factory=list[tuple[str, Fields]])
    """Path (without `/api/v1`) and body of each call."""

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        """What takes the place of the network."""
        return httpx.MockTransport(self._answer)

    @property
    def sync_transport(self) -> httpx.BaseTransport:
        """The same for sync clients."""
        return httpx.MockTransport(self._answer)

    def bodies(self, path_end: str) -> list[Fields]:
        """What was sent to one endpoint."""
        return [body for path, body in self.sent if path.endswith(path_end)]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        body = cast("Fields", json.loads(request.content)) if request.content else {}
        self.sent.append((path, body))
        for end, reply in self.replies.items():
            if path.endswith(end) and (response := reply(body)) is not None:
                return response
        return self._usual(path, body)

    def _usual(self, path: str, body: Mapping[str, object]) -> httpx.Response:
        if path == "/frontend_users/":
            account = {**body, "user_id": str(uuid4()), "enabled": True, "deleted": False}
            return httpx.Response(200, json={**account, "tos_acceptance_date": "2026-01-01T00:00:00+00:00"})
        if path == "/tasks/":
            return httpx.Response(200, json=self.tasks.pop(0)) if self.tasks else nothing_to_do()
        if path == "/tasks/interaction":
            return httpx.Response(200, json={"id": str(uuid4()), "type": "task_done"})
        if path == "/tasks/availability":
            return httpx.Response(200, json={"random": 0, "assistant_reply": 0})
        if path.endswith(("/ack", "/nack")) or path == "/text_labels/":
            return httpx.Response(204)
        return httpx.Response(404, json={"message": "no such message", "error_code": 2001})


def refuse(status: int, code: int | None, text: str = "no", **headers: str) -> Reply:
    """Always this error."""
    return lambda _: httpx.Response(status, json={"message": text, "error_code": code}, headers=headers)
