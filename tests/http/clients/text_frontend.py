"""The text frontend: a terminal, not trusted.

Its habits: it registers its user with the terms accepted, draws four digits for every id, names the task in every
answer, and sends labels and rankings as the text that was typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Self

from tests.http.clients import shapes
from tests.http.clients.conventions import Answer, Body, Refused, open_http, person, value
from tests.http.clients.shapes import FrontEndUser, Task, TaskDone, read


class TextFrontend:
    """One terminal with one person at it."""

    def __init__(self, url: str, key: str, name: str, rng: Random) -> None:
        self._http = open_http(url, headers={"X-API-Key": key})
        self.user = person(name)
        self._rng = rng

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def post(self, path: str, body: Body, *, status: int = 200) -> Any:
        return value(Answer.of(await self._http.post(path, json=body)), status)

    async def register(self) -> FrontEndUser:
        return read(FrontEndUser, await self.post("/frontend_users/", {**self.user, "tos_acceptance": True}))

    async def ask(self, kind: str = "random") -> Task:
        return shapes.task(await self.post("/tasks/", {"type": kind, "user": self.user}))

    async def acknowledge(self, task: Task) -> str:
        """Draws four digits until they are new."""
        while True:
            drawn = f"{self._rng.randrange(1000, 10000)}"
            try:
                await self.post(f"/tasks/{task.id}/ack", {"message_id": drawn}, status=204)
            except Refused as error:
                if error.why != (400, 2103):
                    raise
            else:
                return drawn

    async def answer(self, task: Task, content: Body) -> TaskDone:
        ack = await self.acknowledge(task)
        body = {"user": self.user, "task_id": task.id, "message_id": ack, **content}
        return read(TaskDone, await self.post("/tasks/interaction", body))

    async def write(self, task: Task, text: str) -> TaskDone:
        made = f"{self._rng.randrange(1000, 10000)}-{task.id[:8]}"
        return await self.answer(task, {"type": "text_reply_to_message", "user_message_id": made, "text": text})

    async def rank(self, task: Task, order: Sequence[str]) -> TaskDone:
        """`order` is what was typed, split at the commas."""
        return await self.answer(task, {"type": "message_ranking", "ranking": list(order)})

    async def label(self, task: Task, typed: Mapping[str, str]) -> TaskDone:
        assert isinstance(task, (shapes.LabelPrompt, shapes.LabelReply))
        content = {"type": "text_labels", "message_id": task.message_id, "labels": dict(typed), "text": ""}
        return await self.answer(task, content)

    async def work(self, kind: str = "random") -> Task | None:
        """Asks and answers, whatever it is; None when there is nothing."""
        try:
            task = await self.ask(kind)
        except Refused:
            return None
        if isinstance(task, (shapes.LabelPrompt, shapes.LabelReply)):
            await self.label(task, {**dict.fromkeys(task.valid_labels, "0"), "spam": "0.0"})
        elif isinstance(task, (shapes.RankReplies, shapes.RankPrompts)):
            await self.rank(task, [str(place) for place in range(len(shapes.shown(task)))])
        else:
            await self.write(task, f"  Typed for {task.id}.\n")
        return task
