"""One line for each request, and an id by which a request is found again.

The id is the caller's `X-Request-ID` where it is a plain word, else a new one; it goes back in the response. The line
names the route, never the path or the query: those may hold names and keys.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from itertools import count
from secrets import token_hex
from time import perf_counter
from typing import Any, cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

_WORD = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class AccessLog:
    """Stands before routing, so that it sees every request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._process = token_hex(4)
        self._numbers = count(1)

    def _id(self, scope: Scope) -> bytes:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        if given and _WORD.fullmatch(given):
            return given
        return b"%s-%x" % (self._process.encode(), next(self._numbers))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        id, status = self._id(scope), 0
        scope["state"]["request_id"] = id.decode()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", id)]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            if log.isEnabledFor(logging.INFO):
                _write(cast("Mapping[str, Any]", scope), status=status, seconds=perf_counter() - started)


def _write(scope: Mapping[str, Any], *, status: int, seconds: float) -> None:
    route, id = scope.get("path_template", "-"), scope["state"]["request_id"]
    log.info("%s %s %d %.1f ms %s", scope.get("method", "-"), route, status, seconds * 1000, id)
