"""The client and its users: a method for each verb of the service."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncGenerator, Mapping, Sequence
from time import perf_counter
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx

from . import calls
from .calls import Call, Observer, UserName
from .errors import ClientError, ConnectionLost, StatementWarning
from .models import (
    Account,
    AuthMethod,
    Conversation,
    EndTask,
    Guideline,
    GuidelineSummary,
    LabelTask,
    Leaderboard,
    Message,
    OpenTask,
    OwnMessage,
    PromptRankingTask,
    PromptTask,
    RankingTask,
    ReplyTask,
    Task,
    TaskKind,
    TaskLease,
    TimeFrame,
    Tree,
    TreeState,
)

T = TypeVar("T")


class AsyncClient:
    """A service, by its address and the API key of a frontend; a context manager.

    `url` is the address with or without `/api/v1`. `timeout`: seconds within which the service has to answer. When a
    connection breaks, the call is sent again after each time in `retries` (seconds). That is safe for every call: ids
    and keys are made once, so the service does nothing twice. `transport` replaces the network. The `observer` sees
    every call.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        timeout: float = calls.TIMEOUT,
        retries: Sequence[float] = calls.RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
        observer: Observer = calls.UNOBSERVED,
    ) -> None:
        self.url = calls.base_address(url)
        self._retries = tuple(retries)
        self._observer = observer
        self._http = httpx.AsyncClient(
            base_url=f"{self.url}{calls.PREFIX}",
            headers={"X-API-Key": api_key},
            timeout=timeout,
            limits=calls.UNLIMITED,
            transport=transport,
            trust_env=calls.uses_proxies(self.url),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def user(self, name: str, *, display_name: str | None = None, auth_method: AuthMethod = "local") -> AsyncUser:
        """Return a user of the frontend. `name` is the frontend's own name for the user, in ASCII."""
        return AsyncUser(self, UserName(name, display_name or name, auth_method))

    async def message(self, id: str, *, viewer: AsyncUser | None = None) -> Message:
        """Return a message, with what `viewer` is to it."""
        return await self.send(self._read("/messages/{id}", calls.MESSAGE, id, viewer))

    async def frontend_message(self, user_message_id: str) -> Message:
        """Return a message of this API client by the frontend's own id, as `write` returns it."""
        return await self.send(self._read("/frontend_messages/{id}", calls.MESSAGE, user_message_id, None))

    async def conversation(self, id: str, *, viewer: AsyncUser | None = None) -> Conversation:
        """Return the messages from the root to a message."""
        return await self.send(self._read("/messages/{id}/conversation", calls.CONVERSATION, id, viewer))

    async def children(self, id: str, *, viewer: AsyncUser | None = None) -> list[Message]:
        """Return the replies to a message, in any state of review."""
        return await self.send(self._read("/messages/{id}/children", calls.MESSAGES, id, viewer))

    async def tree(self, id: str, *, include_spam: bool = True, viewer: AsyncUser | None = None) -> Tree:
        """Return the tree of a message. `include_spam`: also what is under review or rejected."""
        query = {"include_spam": str(include_spam).lower()}
        return await self.send(self._read("/messages/{id}/tree", calls.TREE, id, viewer, query))

    async def tree_state(self, id: str) -> TreeState:
        """Return the state of the tree of a message."""
        return await self.send(self._read("/messages/{id}/tree/state", calls.TREE_STATE, id, None))

    async def guidelines(self) -> list[GuidelineSummary]:
        """Return the current guidelines of all kinds of tasks and languages, without their texts."""
        return await self.send(Call(method="GET", template="/guidelines/", shape=calls.GUIDELINES))

    async def guideline(self, id: str) -> Guideline:
        """Return a version of a guideline with its text. A version never changes."""
        return await self.send(self._read("/guidelines/{id}", calls.GUIDELINE, id, None))

    async def leaderboard(
        self, time_frame: TimeFrame = "day", *, max_count: int = 100, viewer: AsyncUser | None = None
    ) -> Leaderboard:
        """Return the users who did most within a time frame. `viewer` is highlighted."""
        query = {"max_count": max_count}
        return await self.send(self._read("/leaderboards/{id}", calls.LEADERBOARD, time_frame, viewer, query))

    async def cypher(
        self, statement: str, parameters: Mapping[str, object] | None = None
    ) -> AsyncGenerator[dict[str, Any]]:
        """Run a statement that only reads, and yield its rows as they come. The key needs the right of analysts.

        Remarks of the database become warnings of the class StatementWarning. A statement whose connection breaks is
        not repeated.
        """
        body = {"statement": statement, "parameters": dict(parameters or {})}
        call = Call(method="POST", template="/cypher", shape=calls.NOTHING, body=body)
        reader = calls.RowReader(call.endpoint)
        start = perf_counter()
        try:
            response = await self._http.send(call.request(self._http), stream=True)
            try:
                self._observer.answered(call.endpoint, perf_counter() - start)
                if response.status_code != 200:
                    await response.aread()
                    call.result(response)
                async for line in response.aiter_lines():
                    row = reader.row(line)
                    if row is not None:
                        yield row
            finally:
                await response.aclose()
            reader.check_whole()
        except httpx.TransportError as error:
            raise self._failed(self._lost(call.endpoint, error)) from error
        except ClientError as error:
            self._observer.failed(error)
            raise
        for message in reader.warnings:
            warnings.warn(message, StatementWarning, stacklevel=2)

    async def send(self, call: Call[T]) -> T:
        """Return the answer to a call; the other methods make the calls. Raise ClientError."""
        answer, _ = await self.send_for_headers(call)
        return answer

    async def send_for_headers(self, call: Call[T]) -> tuple[T, httpx.Headers]:
        """Return the answer to a call and its headers. Raise ClientError."""
        response = await self._response(call)
        try:
            return call.result(response), response.headers
        except ClientError as error:
            self._observer.failed(error)
            raise

    async def _response(self, call: Call[Any]) -> httpx.Response:
        """Send a request until it is answered; only the answered attempt is measured."""
        for wait in (*self._retries, None):
            start = perf_counter()
            try:
                response = await self._http.send(call.request(self._http))
            except httpx.TransportError as error:
                if wait is None or not calls.may_repeat(error):
                    raise self._failed(self._lost(call.endpoint, error)) from error
                self._observer.repeated(call.endpoint)
                await asyncio.sleep(wait)
            else:
                self._observer.answered(call.endpoint, perf_counter() - start)
                return response
        raise AssertionError  # the last round returns or raises

    def _lost(self, endpoint: str, error: httpx.TransportError) -> ConnectionLost:
        return ConnectionLost(url=self.url, endpoint=endpoint, why=calls.why_lost(error))

    def _failed(self, error: ClientError) -> ClientError:
        self._observer.failed(error)
        return error

    def _read(
        self,
        template: str,
        shape: calls.TypeAdapter[T],
        id: str,
        viewer: AsyncUser | None,
        query: Mapping[str, str | int | None] | None = None,
    ) -> Call[T]:
        user = viewer.identity if viewer else None
        return Call(method="GET", template=template, shape=shape, ids={"id": id}, user=user, query=query)


class AsyncUser:
    """A user of the frontend, who works on tasks. The `user` of a client makes one.

    The ids that a frontend has to make are made from the task and the user, unless they are given: a frontend that
    forgets everything sends the same ids again.
    """

    def __init__(self, client: AsyncClient, identity: UserName) -> None:
        self.client = client
        self.identity = identity

    async def register(self, *, accept_terms: bool = False) -> Account:
        """Create the user, or change the display name. `accept_terms`: the user accepts the terms now."""
        body = self.identity.body | ({"tos_acceptance": True} if accept_terms else {})
        return await self._send("POST", "/frontend_users/", calls.ACCOUNT, body=body)

    async def availability(self, lang: str = "en") -> dict[str, int]:
        """Return the number of tasks of each kind that the user could be given; `random` is their sum."""
        body, query = self.identity.body, {"lang": lang}
        return await self._send("POST", "/tasks/availability", calls.AVAILABILITY, body=body, query=query)

    async def request_task(
        self,
        kind: TaskKind | None = None,
        langs: Sequence[str] = ("en",),
        *,
        collective: bool = False,
        key: str | None = None,
    ) -> Task:
        """Return a new task of a kind (None: of any) in the first of the languages that has one.

        The same `key` gives the same task again; None: a new key. Raise NothingToDo, RateLimited.
        """
        body: dict[str, object] = {"type": kind or "random", "user": self.identity.body, "collective": collective}
        body |= {"lang": langs[0]} | ({"langs": list(langs)} if len(langs) > 1 else {})
        return await self._send("POST", "/tasks/", calls.TASK, body=body, key=key or str(uuid4()))

    async def open_tasks(self) -> list[OpenTask]:
        """Return the tasks that the user holds, newest first, so that work goes on after a restart."""
        template = "/frontend_users/{auth_method}/{name}/tasks"
        return (await self._send("GET", template, calls.OPEN_TASKS, ids=self._names())).tasks

    async def acknowledge(self, task: Task, message_id: str | None = None) -> TaskLease | None:
        """Take a task, under an id of the frontend. The same again renews the lease.

        Return the lease; None: the task holds no place.
        """
        call = Call(
            method="POST",
            template="/tasks/{id}/ack",
            shape=calls.NOTHING,
            ids={"id": task.id},
            user=self.identity,
            body={"message_id": message_id or self._acknowledgement(task)},
            status=204,
        )
        _, headers = await self.client.send_for_headers(call)
        return calls.acknowledged_lease(headers.get("X-OASST-Lease"))

    async def renew(self, task: Task) -> TaskLease:
        """Keep the place of a task while the user is at work."""
        return await self._send("POST", "/tasks/{id}/renew", calls.LEASE, ids={"id": task.id})

    async def skip(self, task: Task, reason: str = "") -> None:
        """Give a task back. The user does not get it again."""
        body = {"reason": reason}
        await self._send("POST", "/tasks/{id}/nack", calls.NOTHING, ids={"id": task.id}, body=body, status=204)

    async def write(
        self,
        task: PromptTask | ReplyTask,
        text: str,
        *,
        lang: str | None = None,
        ends_conversation: bool = False,
        message_id: str | None = None,
        user_message_id: str | None = None,
    ) -> str:
        """Answer a task with a text, and return the frontend's id of the new message, `user_message_id`.

        `lang`: None takes that of the conversation. `ends_conversation`: the author says that the conversation is at
        its end. `message_id`: the id of the acknowledgement, if it was given there.
        """
        user_message_id = user_message_id or calls.made_id(task, self.identity, "message")
        await self._answer(
            "text_reply_to_message",
            task,
            message_id,
            {"user_message_id": user_message_id, "text": text}
            | ({} if lang is None else {"lang": lang})
            | ({"ends_conversation": True} if ends_conversation else {}),
        )
        return user_message_id

    async def rank(
        self,
        task: RankingTask | PromptRankingTask,
        order: Sequence[int],
        *,
        not_rankable: bool = False,
        message_id: str | None = None,
    ) -> None:
        """Answer a task with an order: the index of the best candidate, of the second best, and so on.

        `not_rankable`: all candidates are wrong.
        """
        answer = {"ranking": list(order), "not_rankable": not_rankable}
        await self._answer("message_ranking", task, message_id, answer)

    async def label(self, task: LabelTask, labels: Mapping[str, float], *, text: str = "") -> None:
        """Answer a task with labels, each from 0 to 1. `text` is a remark."""
        answer = {"text": text, "labels": dict(labels)}
        await self._answer("text_labels", task, task.message_id, answer)

    async def vote_end(self, task: EndTask, ends: bool, *, message_id: str | None = None) -> None:
        """Answer whether the conversation ends with its last message."""
        await self._answer("end_vote", task, message_id, {"ends_conversation": ends})

    async def remark(
        self, id: str, labels: Mapping[str, float] | None = None, *, text: str = "", is_report: bool = False
    ) -> None:
        """Label a message outside of any task, or report it to the moderators."""
        body = {
            "type": "text_labels",
            "message_id": id,
            "text": text,
            "labels": dict(labels or {}),
            "is_report": is_report,
            "user": self.identity.body,
        }
        await self._send("POST", "/text_labels/", calls.NOTHING, body=body, status=204)

    async def messages(self, *, page_size: int = 50) -> AsyncGenerator[OwnMessage]:
        """Yield the messages that the user wrote, newest first, and what became of them."""
        template = "/frontend_users/{auth_method}/{name}/messages/status"
        after: str | None = None
        while True:
            query = {"max_count": page_size, "after": after}
            page = await self._send("GET", template, calls.OWN_MESSAGES, ids=self._names(), query=query)
            for message in page.items:
                yield message
            after = page.next
            if after is None:
                return

    async def edit_message(self, id: str, text: str) -> Message:
        """Give a message of the user another text, while that is allowed (`OwnMessage.editable_until`)."""
        template = "/frontend_users/{auth_method}/{name}/messages/{id}"
        return await self._send("PUT", template, calls.MESSAGE, ids=self._names() | {"id": id}, body={"text": text})

    async def withdraw_message(self, id: str) -> None:
        """Delete a message of the user, while that is allowed (`OwnMessage.editable_until`)."""
        template = "/frontend_users/{auth_method}/{name}/messages/{id}"
        await self._send("DELETE", template, calls.NOTHING, ids=self._names() | {"id": id}, status=204)

    def _names(self) -> dict[str, str]:
        return {"auth_method": self.identity.auth_method, "name": self.identity.name}

    def _acknowledgement(self, task: Task) -> str:
        return calls.made_id(task, self.identity, "acknowledgement")

    async def _answer(self, type: str, task: Task, message_id: str | None, answer: Mapping[str, object]) -> None:
        ids = {"task_id": task.id, "message_id": message_id or self._acknowledgement(task)}
        body = {"type": type, **ids, **answer, "user": self.identity.body}
        await self._send("POST", "/tasks/interaction", calls.ANSWERED, body=body)

    async def _send(
        self,
        method: str,
        template: str,
        shape: calls.TypeAdapter[T],
        *,
        ids: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str | int | None] | None = None,
        key: str | None = None,
        status: int = 200,
    ) -> T:
        call = Call(
            method=method,
            template=template,
            shape=shape,
            ids=ids,
            user=self.identity,
            body=body,
            query=query,
            key=key,
            status=status,
        )
        return await self.client.send(call)
