"""The website: trusted, one visitor for each signed-in person.

Its habits: every request has the key, the acting user and a JSON content type, GETs included. A task is acknowledged
only when its answer is submitted. Whatever goes wrong while asking means that there is no task. Every success but 204
is parsed as JSON. Queries are glued together from text, and what is not set is written as `undefined`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count
from typing import Any, Self
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx

from tests.http.clients import shapes
from tests.http.clients.conventions import Answer, Body, Refused, open_http, person, value
from tests.http.clients.shapes import (
    Conversation,
    FrontEndUser,
    Leaderboard,
    Message,
    MessagePage,
    MessageRevision,
    MessageTree,
    Task,
    TaskDone,
    TreeState,
    UserScore,
    read,
)

_KEPT = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "\"#<>'")


def as_a_browser(query: str) -> str:
    """A query that nobody escaped, as `fetch` sends it: blanks, quotes and other letters are, `&`, `%`, `+` are not."""
    return quote(query, safe=_KEPT)


class Website:
    """The website's server."""

    def __init__(self, url: str, key: str) -> None:
        self._http = open_http(url, headers={"X-API-Key": key, "Content-Type": "application/json"})
        self._records = count(1)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    def visitor(self, name: str, method: str = "local") -> Visitor:
        return Visitor(self, person(name, method))

    def record(self) -> str:
        """The id of a record in its own database, which it hands to the service as the id of a message."""
        return f"web-{next(self._records)}-{uuid4().hex[:8]}"

    async def send(self, method: str, path: str, *, acting: str, body: object = None) -> Answer:
        """`path` goes out as it is, unescaped text and all."""
        got: httpx.Response = await self._http.request(
            method,
            "/",
            json=body,
            headers={b"X-OASST-USER": acting.encode("latin-1"), b"Content-Type": b"application/json"},
            extensions={"target": f"{self._http.base_url.raw_path.decode().rstrip('/')}{path}".encode("ascii")},
        )
        return Answer.of(got)


class Visitor:
    """One person at the website."""

    def __init__(self, website: Website, user: Body) -> None:
        self.website = website
        self.user = user
        self.acting = f"{user['auth_method']}:{user['id']}"
        self.last_error: Refused | None = None
        """Why there was no task."""

    async def call(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        """The decoded answer with this very status. Raises Reject."""
        return value(await self.website.send(method, path, acting=self.acting, body=body), status)

    async def get(self, shape: Any, path: str, query: Mapping[str, object] | None = None) -> Any:
        """What is at `path`, checked against its shape; `query` is escaped."""
        parameters = {name: _word(value) for name, value in (query or {}).items()}
        return read(shape, await self.call("GET", f"{path}?{urlencode(parameters)}" if parameters else path))

    # Itself

    async def sign_in(self) -> FrontEndUser:
        """Registers, while the header already names the user that does not exist."""
        return read(FrontEndUser, await self.call("POST", "/frontend_users/", self.user))

    async def accept_terms(self) -> FrontEndUser:
        return read(FrontEndUser, await self.call("POST", "/frontend_users/", {**self.user, "tos_acceptance": True}))

    async def account(self) -> FrontEndUser:
        path = f"/frontend_users/{self.user['auth_method']}/{quote(self.user['id'], safe='')}"
        return await self.get(FrontEndUser, path)

    async def id(self) -> str:
        return (await self.account()).user_id

    # Work

    async def dashboard(self, lang: str = "en") -> dict[str, int]:
        """How many tasks of each kind there are."""
        counts: dict[str, int] = read(
            dict[str, int], await self.call("POST", f"/tasks/availability?lang={quote(lang)}", self.user)
        )
        assert counts.keys() == shapes.REQUEST_TYPES
        assert counts["random"] == sum(counts.values()) - counts["random"]
        return counts

    async def ask(self, kind: str = "random", lang: str = "en") -> Task | None:
        """A task; None after any error."""
        try:
            got = await self.call("POST", "/tasks/", {"type": kind, "user": self.user, "lang": lang})
        except Refused as error:
            self.last_error = error
            return None
        return shapes.task(got)

    async def skip(self, task: Task, reason: str | None = None) -> None:
        await self.call("POST", f"/tasks/{task.id}/nack", {"reason": reason} if reason else {}, status=204)

    async def submit(self, task: Task, content: Body) -> TaskDone:
        """Acknowledges and answers in one go."""
        ack = self.website.record()
        await self.call("POST", f"/tasks/{task.id}/ack", {"message_id": ack}, status=204)
        body = {"message_id": ack, "task_id": task.id, "user": self.user, "lang": "en", **content}
        return read(TaskDone, await self.call("POST", "/tasks/interaction", body))

    async def write(self, task: Task, text: str, lang: str = "en") -> str:
        """Answers with a text; returns the website's id of the message."""
        made = self.website.record()
        content = {"type": "text_reply_to_message", "user_message_id": made, "text": text, "lang": lang}
        await self.submit(task, content)
        return made

    async def rank(self, task: Task, order: Sequence[int], *, not_rankable: bool | None = None) -> None:
        content = {"type": "message_ranking", "ranking": list(order), "not_rankable": not_rankable}
        await self.submit(task, content)

    async def label(self, task: Task, values: Mapping[str, float] | None = None, text: str = "") -> None:
        """Answers with labels for all that is asked; `values` where they are not 0."""
        assert isinstance(task, (shapes.LabelPrompt, shapes.LabelReply))
        labels = {**dict.fromkeys(task.valid_labels, 0), **(values or {})}
        await self.submit(task, {"type": "text_labels", "message_id": task.message_id, "labels": labels, "text": text})

    async def work(self, kind: str = "random", lang: str = "en", words: str | None = None) -> Task | None:
        """Asks and answers, whatever it is; None when there is no task."""
        task = await self.ask(kind, lang)
        if isinstance(task, (shapes.LabelPrompt, shapes.LabelReply)):
            await self.label(task)
        elif isinstance(task, (shapes.RankReplies, shapes.RankPrompts)):
            await self.rank(task, range(len(shapes.shown(task))))
        elif task:
            await self.write(task, words or f"{self.user['id']} has something to say, {uuid4()}.", lang)
        return task

    # Messages

    async def message(self, post: str) -> Message:
        return await self.get(Message, f"/messages/{post}")

    async def made(self, record: str) -> Message:
        """The message with this id of the website's own."""
        return await self.get(Message, f"/frontend_messages/{quote(record, safe='')}")

    async def conversation(self, post: str) -> Conversation:
        return await self.get(Conversation, f"/messages/{post}/conversation")

    async def children(self, post: str) -> list[Message]:
        return await self.get(list[Message], f"/messages/{post}/children")

    async def tree(self, post: str, **query: object) -> MessageTree:
        return await self.get(MessageTree, f"/messages/{post}/tree", query)

    async def tree_state(self, post: str) -> TreeState:
        return await self.get(TreeState, f"/messages/{post}/tree/state")

    async def messages(self, **query: object) -> list[Message]:
        return await self.get(list[Message], "/messages/", query)

    async def pages(self, shape: Any, path: str, **query: object) -> AsyncIterator[Any]:
        """Every page from the first to the last, cursors escaped."""
        after: dict[str, object] = {}
        while True:
            page = await self.get(shape, path, {**query, **after})
            yield page
            if page.next is None:
                return
            after = {"after": page.next}

    async def message_pages(self, path: str = "/messages/cursor", **query: object) -> list[MessagePage]:
        return [page async for page in self.pages(MessagePage, path, **query)]

    async def react(self, post: str, emoji: str, op: str | None = None) -> Message:
        body = {"user": self.user, "emoji": emoji, **({"op": op} if op else {})}
        return read(Message, await self.call("POST", f"/messages/{post}/emoji", body, status=202))

    async def report(self, post: str, reason: str) -> None:
        """Its labels are a list without members where a map is meant."""
        nothing: list[str] = []
        body: Body = {"type": "text_labels", "message_id": post, "labels": nothing, "text": reason, "is_report": True}
        await self.call("POST", "/text_labels/", {**body, "user": self.user}, status=204)

    # Moderation

    async def set_state(self, post: str, *, halt: bool) -> TreeState:
        return read(TreeState, await self.call("PUT", f"/messages/{post}/tree/state?halt={_word(halt)}"))

    async def delete(self, post: str) -> None:
        await self.call("DELETE", f"/messages/{post}", status=204)

    async def undelete(self, post: str) -> None:
        assert await self.call("PUT", f"/messages/{post}/undelete", status=202) is None

    async def edit(self, post: str, text: str) -> None:
        """The id of the message is in the body too."""
        body = {"user": self.user, "new_content": text, "message_id": post}
        assert await self.call("POST", f"/messages/{post}/edit", body) is None

    async def history(self, post: str) -> list[MessageRevision]:
        return await self.get(list[MessageRevision], f"/messages/{post}/history")

    async def change_user(self, user_id: str, query: str) -> None:
        """`query` is nothing that anybody escaped."""
        await self.call("PUT", f"/users/{user_id}?{as_a_browser(query)}", status=204)

    # Figures

    async def stats(self, user_id: str) -> dict[str, UserScore]:
        return await self.get(dict[shapes.TimeFrame, UserScore], f"/users/{user_id}/stats")

    async def window(self, user_id: str, frame: str = "total", **query: object) -> Leaderboard | None:
        return await self.get(Leaderboard | None, f"/users/{user_id}/stats/{frame}/window", query)

    async def leaderboard(self, frame: str = "total", **query: object) -> Leaderboard:
        return await self.get(Leaderboard, f"/leaderboards/{frame}", query)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
