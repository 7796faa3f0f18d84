"""A client of the wire protocol that shares no code with the server, and times every call it makes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import TypeVar, cast
from urllib.parse import urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError

from oa_graph.errors import Setup

from . import wire
from .ledger import LOST_STATUS, Ledger, Mistake

T = TypeVar("T")

NOTHING_TO_DO = 1006
RATE_LIMITED = 429
TOO_MANY_PENDING = 1012
TEXT_DUPLICATED = 1009

RESEND_AFTER = (0.1, 0.3, 1.0, 2.0)
"""Seconds to wait before each further attempt at a call whose connection broke."""
PATIENCE = 60.0
"""Seconds within which a server has to answer one attempt."""
LONGEST_QUOTE = 200
"""Characters of a server's words that are kept."""
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_SECONDS = re.compile(r"\d+(?:\.\d+)?")


class CallFailed(Setup):
    """A call to the server failed."""


class Unreachable(CallFailed):
    """{url} does not answer ({endpoint}): {why}"""


class Garbled(CallFailed):
    """{endpoint}: the answer is not what the protocol promises: {why}"""


class Refusal(CallFailed):
    """{endpoint}: the server refused with status {status}, code {code}: {message}"""

    def __init__(self, *, endpoint: str, status: int, code: int | None, message: str, wait: float | None) -> None:
        super().__init__(endpoint=endpoint, status=status, code=code, message=message)
        self.status = status
        self.code = code
        """None: the body held no code of the protocol."""
        self.message = message
        self.wait = wait
        """Seconds that the server asked to wait, if it did."""

    def is_among(self, expected: frozenset[int]) -> bool:
        """Whether its code is expected, or its status where bodies may come without a code (422)."""
        return self.code in expected or self.status in expected


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the frontend names him; `name` is plain ASCII, for it goes into a header."""

    name: str
    display_name: str
    method: str = "local"

    @property
    def body(self) -> dict[str, str]:
        """The User object of request bodies."""
        return {"id": self.name, "display_name": self.display_name, "auth_method": self.method}


class Client:
    """Speaks the protocol for any number of people at once; use it as an async context manager.

    `url` is the address of the server, with or without `/api/v1`. Every answered call is timed in the ledger,
    every refusal noted there, as expected if the caller said so. A call whose connection broke is sent again
    when that is safe; all are but the request of a task, whose first copy might have reserved one.
    """

    def __init__(
        self, url: str, api_key: str, ledger: Ledger, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        base = url.rstrip("/").removesuffix("/api/v1")
        self.url = base
        self.ledger = ledger
        self._http = httpx.AsyncClient(
            base_url=f"{base}/api/v1",
            headers={"X-API-Key": api_key},
            timeout=PATIENCE,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
            transport=transport,
            # A proxy of the environment is for the world outside, not for servers on this machine.
            trust_env=urlsplit(base).hostname not in {"localhost", "127.0.0.1", "::1"},
        )

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def register(self, person: Person) -> wire.Account:
        """Make the user known, with the terms accepted."""
        body = {**person.body, "tos_acceptance": True}
        return await self._call("POST", "/frontend_users/", wire.ACCOUNT, person=person, body=body)

    async def availability(self, person: Person, lang: str) -> dict[str, int]:
        """How much of each kind could be handed out."""
        return await self._call(
            "POST",
            "/tasks/availability",
            wire.AVAILABILITY,
            person=person,
            body=person.body,
            query={"lang": lang},
        )

    async def request_task(
        self, person: Person, *, lang: str, kind: str = "random", expected: frozenset[int] = frozenset()
    ) -> wire.Task:
        """Ask for work."""
        body = {"type": kind, "user": person.body, "collective": False, "lang": lang}
        return await self._call("POST", "/tasks/", wire.TASK, person=person, body=body, expected=expected, resend=False)

    async def acknowledge(
        self, person: Person, task_id: str, ack_id: str, *, expected: frozenset[int] = frozenset()
    ) -> None:
        """Take a task on, under an id of our own."""
        await self._call(
            "POST",
            "/tasks/{id}/ack",
            wire.NOTHING,
            ids={"id": task_id},
            person=person,
            body={"message_id": ack_id},
            expected=expected,
            success=204,
        )

    async def skip(self, person: Person, task_id: str, reason: str, *, expected: frozenset[int] = frozenset()) -> None:
        """Give a task back."""
        await self._call(
            "POST",
            "/tasks/{id}/nack",
            wire.NOTHING,
            ids={"id": task_id},
            person=person,
            body={"reason": reason},
            expected=expected,
            success=204,
        )

    async def answer(
        self, person: Person, interaction: Mapping[str, object], *, expected: frozenset[int] = frozenset()
    ) -> None:
        """Send an interaction; `user` is filled in."""
        body = {**interaction, "user": person.body}
        await self._call("POST", "/tasks/interaction", wire.DONE, person=person, body=body, expected=expected)

    async def remark(self, person: Person, post_id: str, labels: Mapping[str, float]) -> None:
        """Label a post freely, outside of any task."""
        body = {
            "type": "text_labels",
            "message_id": post_id,
            "text": "",
            "labels": dict(labels),
            "user": person.body,
        }
        await self._call("POST", "/text_labels/", wire.NOTHING, person=person, body=body, success=204)

    async def post(self, post_id: str, *, person: Person | None = None) -> wire.TreePost:
        """One message."""
        return await self._call("GET", "/messages/{id}", wire.POST, ids={"id": post_id}, person=person)

    async def conversation(self, post_id: str, *, person: Person | None = None) -> wire.Conversation:
        """The messages from the root to this one."""
        return await self._call(
            "GET", "/messages/{id}/conversation", wire.CONVERSATION, ids={"id": post_id}, person=person
        )

    async def children(self, post_id: str, *, person: Person | None = None) -> Sequence[wire.TreePost]:
        """The replies to a message, in any state of review."""
        return await self._call("GET", "/messages/{id}/children", wire.POSTS, ids={"id": post_id}, person=person)

    async def tree(self, post_id: str, *, with_spam: bool = True, person: Person | None = None) -> wire.Tree:
        """The whole tree that a message stands in."""
        return await self._call(
            "GET",
            "/messages/{id}/tree",
            wire.TREE,
            ids={"id": post_id},
            person=person,
            query={"include_spam": str(with_spam).lower()},
        )

    async def tree_state(self, post_id: str) -> wire.TreeState:
        """Where the tree of a message is on its way."""
        return await self._call("GET", "/messages/{id}/tree/state", wire.TREE_STATE, ids={"id": post_id})

    async def _call(
        self,
        method: str,
        template: str,
        shape: TypeAdapter[T],
        *,
        ids: Mapping[str, str] | None = None,
        person: Person | None = None,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
        expected: frozenset[int] = frozenset(),
        success: int = 200,
        resend: bool = True,
    ) -> T:
        endpoint = f"{method} {template}"
        request = self._http.build_request(
            method,
            template.format_map(ids or {}),
            json=body,
            params=query,
            headers={"X-OASST-USER": f"{person.method}:{person.name}"} if person else None,
        )
        response = await self._send(request, endpoint, resend=resend)
        if response.status_code >= 300:
            refusal = _refusal(response, endpoint)
            is_expected = refusal.is_among(expected)
            self.ledger.mistake(Mistake(endpoint, refusal.status, refusal.code, is_expected, refusal.message))
            raise refusal
        try:
            return _content(response, shape, success=success)
        except ValueError as error:
            why = _brief(error)
            self.ledger.broken[f"{endpoint}: the answer is not what the protocol promises: {why}"] += 1
            raise Garbled(endpoint=endpoint, why=why) from error

    async def _send(self, request: httpx.Request, endpoint: str, *, resend: bool) -> httpx.Response:
        """Send, again if need be; only the attempt that was answered is timed."""
        for wait in (*RESEND_AFTER, None):
            start = perf_counter()
            try:
                response = await self._http.send(request)
            except httpx.TransportError as error:
                may_resend = resend or isinstance(error, _NEVER_SENT)
                if wait is None or not may_resend or isinstance(error, httpx.UnsupportedProtocol):
                    why = f"{type(error).__name__} {error}".strip()
                    self.ledger.mistake(Mistake(endpoint, LOST_STATUS, None, expected=False, example=why))
                    raise Unreachable(url=self.url, endpoint=endpoint, why=why) from error
                self.ledger.resent += 1
                await asyncio.sleep(wait)
            else:
                self.ledger.time(endpoint, 1000 * (perf_counter() - start))
                return response
        raise AssertionError  # the last round returns or raises


def _content(response: httpx.Response, shape: TypeAdapter[T], *, success: int) -> T:
    """The body as the protocol describes it; ValueError says what is wrong with it."""
    if response.status_code != success:
        raise ValueError(f"status {response.status_code} instead of {success}")
    if success == 204:
        return shape.validate_python(None)
    if not response.headers.get("content-type", "").startswith("application/json"):
        raise ValueError(f"content type {response.headers.get('content-type')}")
    return shape.validate_json(response.content)


def _refusal(response: httpx.Response, endpoint: str) -> Refusal:
    """An error body of the protocol; other bodies give their text and no code."""
    try:
        body: object = response.json()
    except ValueError:
        body = None
    fields = cast("dict[object, object]", body) if isinstance(body, dict) else {}
    code, message = fields.get("error_code"), fields.get("message")
    message = str(message or response.text)[:LONGEST_QUOTE]
    # The original sends no such header: there, the first number of the message says how many seconds to wait.
    told = _SECONDS.search(response.headers.get("retry-after") or message)
    return Refusal(
        endpoint=endpoint,
        status=response.status_code,
        code=code if isinstance(code, int) else None,
        message=message,
        wait=float(told.group()) if told and response.status_code in {429, 503} else None,
    )


def _brief(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)[:LONGEST_QUOTE]
