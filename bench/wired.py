"""The service through HTTP, by a client that does as little as it can: its own time would count against the service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from time import perf_counter
from typing import Any
from uuid import uuid4

import aiohttp

from bench.bare import labels
from bench.crowd import Crowd
from bench.meter import Notes
from bench.place import Service
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.users import UserIdentity

_ACTING = "X-OASST-USER"


class Wired:
    """The side of the service."""

    def __init__(self, session: aiohttp.ClientSession, crowd: Crowd) -> None:
        self._session = session
        self._crowd = crowd
        self.notes = Notes()

    async def floor(self) -> None:
        await self._send("floor", "GET", "/health/ready")

    async def text(self) -> bool:
        crowd, person = self._crowd, self._crowd.person()
        task = await self._lease("lease_reply", person, crowd.reply())
        if task is None:
            return False
        ack = await self._ack("ack", task["id"], None)
        id, text = crowd.text()
        body = {"type": "text_reply_to_message", "message_id": ack, "user_message_id": id, "text": text}
        return await self._answer("settle_text", person, body)

    async def review(self) -> bool:
        person = self._crowd.person()
        task = await self._lease("lease_review", person, self._crowd.review())
        if task is None:
            return False
        await self._ack("ack_acting", task["id"], person)
        body = {
            "type": "text_labels",
            "task_id": task["id"],
            "message_id": task["message_id"],
            "text": "",
            "labels": labels(task["valid_labels"]),
        }
        return await self._answer("settle_review", person, body)

    async def ranking(self) -> bool:
        person = self._crowd.person()
        task = await self._lease("lease_ranking", person, TaskKind.RANK_ASSISTANT_REPLIES)
        if task is None:
            return False
        ack = await self._ack("ack_acting", task["id"], person)
        order = self._crowd.order(len(task["reply_messages"]))
        body = {"type": "message_ranking", "message_id": ack, "ranking": order, "not_rankable": False}
        return await self._answer("settle_ranking", person, body)

    async def random(self) -> bool:
        person = self._crowd.person()
        task = await self._lease("lease_random", person, None)
        if task is None:
            return False
        url = f"/api/v1/tasks/{task['id']}/nack"
        return await self._send("refuse", "POST", url, {}, acting=person) is not None

    async def look(self) -> None:
        url = f"/api/v1/tasks/availability?lang={self._crowd.lang()}"
        await self._send("look", "POST", url, _user(self._crowd.person()))

    async def post(self) -> None:
        await self._send("post", "GET", f"/api/v1/messages/{self._crowd.post()}")

    async def thread(self) -> None:
        await self._send("thread", "GET", f"/api/v1/messages/{self._crowd.post()}/conversation")

    async def _lease(self, step: str, person: UserIdentity, kind: TaskKind | None) -> dict[str, Any] | None:
        body = {"type": kind or "random", "user": _user(person), "collective": False, "lang": self._crowd.lang()}
        answer_body = await self._send(step, "POST", "/api/v1/tasks/", body)
        return json.loads(answer_body) if answer_body else None

    async def _ack(self, step: str, task: str, acting: UserIdentity | None) -> str:
        ack = str(uuid4())
        await self._send(step, "POST", f"/api/v1/tasks/{task}/ack", {"message_id": ack}, acting=acting)
        return ack

    async def _answer(self, step: str, person: UserIdentity, body: Mapping[str, object]) -> bool:
        body = {**body, "user": _user(person)}
        return await self._send(step, "POST", "/api/v1/tasks/interaction", body) is not None

    async def _send(
        self, step: str, method: str, url: str, body: object = None, *, acting: UserIdentity | None = None
    ) -> bytes | None:
        """The body of a good answer; None of another, which is noted."""
        data = None if body is None else json.dumps(body).encode()
        headers = {_ACTING: f"{acting.method}:{acting.name}"} if acting else None
        begun = perf_counter()
        async with self._session.request(method, url, data=data, headers=headers) as answer:
            content = await answer.read()
        if answer.status >= 300:
            self.notes.failures[f"{step}: {answer.status} {_reason(content)}"] += 1
            return None
        self.notes.time(step, begun)
        return content


def _reason(body: bytes) -> str:
    try:
        refusal: Any = json.loads(body)
        return f"{refusal['error_code']}" if "error_code" in refusal else str(refusal)[:80]
    except (ValueError, KeyError, TypeError):
        return body[:80].decode(errors="replace")


def _user(person: UserIdentity) -> dict[str, str]:
    return {"id": person.name, "display_name": person.display_name, "auth_method": person.method}


def open_session(service: Service) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        service.url,
        connector=aiohttp.TCPConnector(limit=0),
        headers={"X-API-Key": service.key, "Content-Type": "application/json"},
        timeout=aiohttp.ClientTimeout(total=60),
    )
