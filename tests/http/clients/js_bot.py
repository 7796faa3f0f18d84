"""The JavaScript bot: its package writes paths with and without the slash, and the key into the query.

Its habits: redirects are not followed, so both forms of each path have to work by themselves.
"""

from __future__ import annotations

from itertools import count, cycle
from typing import Any, Self
from urllib.parse import urlencode

from tests.http.clients import shapes
from tests.http.clients.conventions import Answer, Body, Refused, open_http, person, value
from tests.http.clients.shapes import Task, TaskDone, read


class JsBot:
    """The bot with one of its users."""

    def __init__(self, url: str, key: str, name: str) -> None:
        self._http = open_http(url, follow_redirects=False)
        self._query = urlencode({"api_key": key})
        self._slashes = cycle(("", "/"))
        self._ids = count(1)
        self.user = person(name, "discord")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def post(self, path: str, body: Body, *, status: int = 200) -> Any:
        """Alternately with and without a slash at the end."""
        return value(Answer.of(await self._http.post(f"{path}{next(self._slashes)}?{self._query}", json=body)), status)

    async def work(self, kind: str = "random") -> Task | None:
        """Asks and answers; what it cannot show it refuses. None when there is nothing."""
        try:
            task = shapes.task(await self.post("/tasks", {"type": kind, "user": self.user, "lang": "en"}))
        except Refused:
            return None
        if isinstance(task, (shapes.RankReplies, shapes.RankPrompts, shapes.LabelPrompt, shapes.LabelReply)):
            await self.post(f"/tasks/{task.id}/nack", {"reason": "cannot be shown here"}, status=204)
            return None
        ack = f"{self.user['id']}-js-{next(self._ids)}"
        await self.post(f"/tasks/{task.id}/ack", {"message_id": ack}, status=204)
        text = {"type": "text_reply_to_message", "text": f"Sent by a script, {ack}.", "lang": "en"}
        body = {**text, "message_id": ack, "user_message_id": f"{ack}-made", "user": self.user}
        read(TaskDone, await self.post("/tasks/interaction", body))
        return task
