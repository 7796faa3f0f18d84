"""What is seen of each request: an id, counts and times, a line in the log, and a span where those are wanted.

The id is the caller's `X-Request-ID` where it is a plain word, else a new one; it goes back in the response, and stands
in every line of the log and in the database's own list of transactions. What is told names the route, never the path or
the query: those may hold names and keys.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from math import inf
from secrets import token_hex
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from pydantic_core import to_json

from oa_graph.api import wire
from oa_graph.api.errors import GENERIC
from oa_graph.api.request_metrics import NOTHING_TO_DO, UNROUTED, Metrics
from oa_graph.domain.users import ApiClient
from oa_graph.graph import deadline
from oa_graph.graph.telemetry import COMMIT, FIELDS, watching

if TYPE_CHECKING:  # an extra: whoever has no use for spans need not have it
    from oa_graph.api.tracing import RequestSpan, Tracing

log = logging.getLogger(__name__)

MOST_HEADERS = 100
"""Headers of one request; the server itself knows no limit."""
HEADER_BYTES = 32 * 1024
"""Of their names and values together."""

_WORD = re.compile(rb"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True)
class Observation:
    """The `Observer` of one request."""

    request: str
    metrics: Metrics
    span: RequestSpan | None
    slow_sec: float
    statements: int = 0
    database_sec: float = 0.0

    def statement(self, name: str, seconds: float, outcome: str) -> None:
        self.statements += name != COMMIT
        self.database_sec += seconds
        self.metrics.statement(name, seconds, outcome)
        if self.span:
            self.span.statement(name, seconds, outcome)
        if seconds > self.slow_sec:
            # Community servers have no log of slow statements of their own.
            fields = {"query": name, "duration_ms": round(seconds * 1000, 2), "outcome": outcome}
            log.warning("slow statement %s: %s in %.0f ms", name, outcome, seconds * 1000, extra={FIELDS: fields})

    def again(self) -> None:
        self.metrics.again()

    def session(self, change: int) -> None:
        self.metrics.session(change)

    def task(self, kind: str, outcome: str) -> None:
        self.metrics.task(kind, outcome)

    def end(self, scope: Mapping[str, Any], *, method: str, status: int, seconds: float) -> None:
        """The request is answered; a status of 0 says that nobody was there to take the answer."""
        route = scope.get("path_template") or UNROUTED
        is_idle = NOTHING_TO_DO in scope.get("state", {})
        self.metrics.answered(
            method=method, route=route, status=NOTHING_TO_DO if is_idle else str(status), seconds=seconds
        )
        if self.span:
            is_error = status >= 500 and not is_idle
            self.span.end(method=method, route=route, status=status, request=self.request, is_error=is_error)
        if log.isEnabledFor(logging.INFO):
            self._write(scope, method=method, route=route, status=status, seconds=seconds)

    def _write(self, scope: Mapping[str, Any], *, method: str, route: str, status: int, seconds: float) -> None:
        caller = scope.get("auth")
        fields: dict[str, object] = {
            "request_id": self.request,
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1000, 2),
            "client": caller.id if isinstance(caller, ApiClient) else None,
            "database_ms": round(self.database_sec * 1000, 2),
            "statements": self.statements,
        }
        if reason := scope.get("state", {}).get(NOTHING_TO_DO):
            fields[NOTHING_TO_DO] = reason
        if self.span:
            fields["trace_id"] = self.span.trace_id
        log.info("%s %s %d in %.1f ms", method, route, status, seconds * 1000, extra={FIELDS: fields})


def _is_too_large(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    return len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES


async def _refuse(send: Send) -> None:
    """Answer a request whose headers are too many or too large; nobody looks at it."""
    why = f"a request has at most {MOST_HEADERS} headers, of {HEADER_BYTES} bytes together"
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    body = to_json(wire.HTTPError(detail=status.phrase, message=why, error_code=GENERIC))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class ObservationMiddleware:
    """The application, observed. Stands before routing, so that it sees every request."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, tracing: Tracing | None, slow_sec: float, deadline_sec: float
    ) -> None:
        """Statements that take longer than `slow_sec` are told of in the log; 0: none are.

        A request may wait for the database for `deadline_sec` in all.
        """
        self._app = app
        self._deadline_sec = deadline_sec
        self._slow_sec = slow_sec or inf
        self._metrics = metrics
        self._tracing = tracing
        self._process = token_hex(4)
        self._numbers = count(1)

    def _id(self, scope: Scope) -> bytes:
        header = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        if header and _WORD.fullmatch(header):
            return header
        return b"%s-%x" % (self._process.encode(), next(self._numbers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        is_refused = _is_too_large(scope["headers"])
        started = perf_counter()
        id, status = self._id(scope), 0
        method = scope["method"]
        if method == "HEAD":  # is routed like GET; uvicorn, which still has its own scope, leaves the body out
            scope = cast("Scope", {**scope, "method": "GET"})
        plain = cast("Mapping[str, Any]", scope)
        span = self._tracing.request(plain) if self._tracing else None
        seen = Observation(id.decode(), self._metrics, span, self._slow_sec)

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", id)]
            await send(message)

        token = watching.set(seen)
        self._metrics.begun()
        try:
            with deadline.within(self._deadline_sec):
                await (_refuse(noted) if is_refused else self._app(scope, receive, noted))
        finally:
            watching.reset(token)
            seen.end(plain, method=method, status=status, seconds=perf_counter() - started)
