"""The Python client, and the Discord bot that is made of it.

Its habits: the key and nothing else, `null` for all that is not given, no user with a refusal. It reads errors by the
library's own JSON method, which fails on any other content type, and knows only the types of tasks that it was built
with. It cannot send labels, so the bot leaves such tasks open.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, Self

import aiohttp

from tests.http.clients import shapes
from tests.http.clients.conventions import Answer, Body, Refused, check_refusal, person
from tests.http.clients.shapes import Given, Task, TaskDone, read


class OasstApiClient:
    """The four calls of the client."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(headers={"X-API-Key": key})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def post(self, path: str, body: Body) -> Any:
        """The decoded answer, None for 204. Raises Reject."""
        async with self._session.post(f"{self._url}{path}", json=body, allow_redirects=False) as got:
            raw = await got.read()
            if got.status == 204:
                assert raw == b""
                return None
            refusal = await got.json()  # fails where the content type is another
            if got.status >= 300:
                check_refusal(got.status, refusal)
                raise Refused(got.status, refusal)
            assert Answer(got.status, got.content_type, raw).status == 200
            return refusal

    async def fetch_task(
        self, kind: str, user: Body | None = None, *, collective: bool = False, lang: str | None = None
    ) -> Task:
        body = {"type": kind, "user": user, "collective": collective, "lang": lang}
        got = await self.post("/api/v1/tasks/", body)
        task = shapes.task(got)
        assert not isinstance(task, TaskDone)
        return task

    async def ack_task(self, task: str, message_id: str) -> None:
        assert await self.post(f"/api/v1/tasks/{task}/ack", {"message_id": message_id}) is None

    async def nack_task(self, task: str, reason: str | None) -> None:
        assert await self.post(f"/api/v1/tasks/{task}/nack", {"reason": reason}) is None

    async def post_interaction(self, interaction: Body) -> Any:
        return read(Given, await self.post("/api/v1/tasks/interaction", interaction))


class DiscordBot:
    """The bot in one channel; the ids of its messages are long numbers."""

    def __init__(self, client: OasstApiClient, name: str) -> None:
        self.client = client
        self.user = person(name, "discord")
        self.left_open: list[Task] = []
        self._numbers = count(1_070_000_000_000_000_000)

    def number(self) -> str:
        return f"{self.user['id']}{next(self._numbers)}"

    async def accept(self, task: Task) -> str:
        """Its user presses the button: the task is acknowledged, and answered some time later."""
        message = self.number()
        await self.client.ack_task(task.id, message)
        return message

    async def write(self, message: str, text: str) -> TaskDone:
        """Answers with a text, without a language."""
        return await self.client.post_interaction(
            {
                "type": "text_reply_to_message",
                "user": self.user,
                "message_id": message,
                "user_message_id": self.number(),
                "text": text,
                "lang": None,
            }
        )

    async def rank(self, message: str, order: Sequence[int]) -> TaskDone:
        body = {"type": "message_ranking", "user": self.user, "message_id": message, "ranking": list(order)}
        return await self.client.post_interaction({**body, "not_rankable": None})

    async def work(self, kind: str = "random") -> Task | None:
        """Asks and answers; None when there is nothing, or nothing that it can do."""
        try:
            task = await self.client.fetch_task(kind, self.user)
        except Refused:
            return None
        if isinstance(task, (shapes.LabelPrompt, shapes.LabelReply)):
            self.left_open.append(task)
            return None
        message = await self.accept(task)
        if isinstance(task, (shapes.RankReplies, shapes.RankPrompts)):
            await self.rank(message, range(len(shapes.shown(task))))
        else:
            await self.write(message, f"The bot was told: {message}.")
        return task
