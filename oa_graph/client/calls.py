"""Calls without I/O: what is sent, and what an answer means. Both clients share them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar, cast
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid5

import httpx
from pydantic import TypeAdapter, ValidationError

from .errors import ApiError, ClientError, InvalidField, ProtocolViolation, Refusal, api_error
from .models import (
    Account,
    AuthMethod,
    Conversation,
    Guideline,
    GuidelineSummary,
    Leaderboard,
    Message,
    OpenTasks,
    OwnMessagePage,
    Task,
    TaskDone,
    TaskLease,
    Tree,
    TreeState,
)

T = TypeVar("T")

PREFIX = "/api/v1"
RETRIES = (0.1, 0.3, 1.0, 2.0)
"""Seconds to wait before each repetition of a call whose connection broke."""
TIMEOUT = 60.0
"""Seconds within which the service has to answer."""
UNLIMITED = httpx.Limits(max_connections=None, max_keepalive_connections=None)

_MAX_QUOTE = 200
"""Maximum length of a quoted response in characters."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LEASE = re.compile(r'(?P<held>held|lost)(?:;\s*until="(?P<until>[^"]+)")?$')
_IDS = UUID("5f4bd1a8-6d0e-4c0b-8a57-0d2c4be0f1a3")
"""The namespace of the ids that `made_id` makes."""

ACCOUNT = TypeAdapter(Account)
ANSWERED = TypeAdapter(TaskDone)
AVAILABILITY = TypeAdapter(dict[str, int])
CONVERSATION = TypeAdapter(Conversation)
GUIDELINE = TypeAdapter(Guideline)
GUIDELINES = TypeAdapter(list[GuidelineSummary])
LEADERBOARD = TypeAdapter(Leaderboard)
LEASE = TypeAdapter(TaskLease)
MESSAGE = TypeAdapter(Message)
MESSAGES = TypeAdapter(list[Message])
NOTHING: TypeAdapter[None] = TypeAdapter(None)
OPEN_TASKS = TypeAdapter(OpenTasks)
OWN_MESSAGES = TypeAdapter(OwnMessagePage)
TASK: TypeAdapter[Task] = TypeAdapter(Task)
TREE = TypeAdapter(Tree)
TREE_STATE = TypeAdapter(TreeState)
_LINE: TypeAdapter[Any] = TypeAdapter(Any)


class Observer(Protocol):
    """Sees every call of a client, such as to measure it."""

    def answered(self, endpoint: str, seconds: float) -> None:
        """The service answered an attempt, if only with a refusal, after so many seconds."""

    def repeated(self, endpoint: str) -> None:
        """The connection broke, and the client sends the same again."""

    def failed(self, error: ClientError) -> None:
        """The call failed; its caller gets this error."""


class _Unobserved:
    """Sees nothing."""

    def answered(self, endpoint: str, seconds: float) -> None:
        pass

    def repeated(self, endpoint: str) -> None:
        pass

    def failed(self, error: ClientError) -> None:
        pass


UNOBSERVED: Observer = _Unobserved()
"""The observer of clients that have none."""


@dataclass(frozen=True, slots=True)
class UserName:
    """A user as the frontend names the user. `name` is ASCII, since it is sent in a header."""

    name: str
    display_name: str
    auth_method: AuthMethod = "local"

    @property
    def body(self) -> dict[str, str]:
        """Return the User object of request bodies."""
        return {"id": self.name, "display_name": self.display_name, "auth_method": self.auth_method}

    @property
    def header(self) -> str:
        """Return the value of `X-OASST-USER`."""
        return f"{self.auth_method}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """A request, and the shape of its answer."""

    method: str
    template: str
    """The path, with names of ids in braces."""
    shape: TypeAdapter[T]
    ids: Mapping[str, str] | None = None
    user: UserName | None = None
    """The acting user."""
    body: Mapping[str, object] | None = None
    query: Mapping[str, str | int | None] | None = None
    """Without the values that are None."""
    key: str | None = None
    """The `Idempotency-Key`."""
    status: int = 200
    """The status of success."""

    @property
    def endpoint(self) -> str:
        """Return method and path, without ids."""
        return f"{self.method} {self.template}"

    def request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Return the request."""
        headers = {"X-OASST-USER": self.user and self.user.header, "Idempotency-Key": self.key}
        return http.build_request(
            self.method,
            self.template.format_map({name: quote(value, safe="") for name, value in (self.ids or {}).items()}),
            json=self.body,
            params={name: value for name, value in (self.query or {}).items() if value is not None} or None,
            headers={name: value for name, value in headers.items() if value is not None},
        )

    def result(self, response: httpx.Response) -> T:
        """Return the validated body. Raise ApiError, ProtocolViolation."""
        if response.status_code >= 300:
            raise api_error(self.endpoint, _refusal(response))
        try:
            return self._content(response)
        except ValueError as error:
            raise ProtocolViolation(endpoint=self.endpoint, why=_summary(error)) from error

    def _content(self, response: httpx.Response) -> T:
        if response.status_code != self.status:
            raise ValueError(f"status {response.status_code} instead of {self.status}")
        if self.status == 204:
            return self.shape.validate_python(None)
        if not response.headers.get("content-type", "").startswith("application/json"):
            raise ValueError(f"content type {response.headers.get('content-type')}")
        return self.shape.validate_json(response.content)


def base_address(url: str) -> str:
    """Return the address of a service without a slash at the end and without `/api/v1`."""
    return url.rstrip("/").removesuffix(PREFIX)


def uses_proxies(url: str) -> bool:
    """Return whether the proxies of the environment apply; they do not for servers on this machine."""
    return urlsplit(url).hostname not in {"localhost", "127.0.0.1", "::1"}


def may_repeat(error: httpx.TransportError) -> bool:
    """Return whether the same call may have another outcome."""
    return not isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError)


def why_lost(error: httpx.TransportError) -> str:
    """Return the reason of a lost connection."""
    return f"{type(error).__name__} {error}".strip()


def made_id(task: Task, user: UserName, purpose: str) -> str:
    """Return an id that is the same whenever it is made.

    A frontend that loses its memory thus sends the same ids again, and the service does nothing twice.
    """
    return str(uuid5(_IDS, f"{task.id}/{user.header}/{purpose}"))


def acknowledged_lease(value: str | None) -> TaskLease | None:
    """Return the lease that the header `X-OASST-Lease` tells of; None: the task holds no place."""
    match = _LEASE.match(value or "")
    if match is None:
        return None
    until = datetime.fromisoformat(match["until"]) if match["until"] else None
    return TaskLease(held=match["held"] == "held", lease_until=until)


class RowReader:
    """Reads the lines of an answer to a statement."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._columns: list[str] = []
        self.warnings: list[str] = []
        """What the database remarks about the statement; complete once the last line was read."""
        self._is_whole = False

    def row(self, line: str) -> dict[str, Any] | None:
        """Return the row of a line; None for the first and the last line. Raise ApiError, ProtocolViolation."""
        value = self._decoded(line)
        match value:
            case list():
                return dict(zip(self._columns, cast("list[Any]", value), strict=True))
            case {"columns": [*columns]}:
                self._columns = [str(column) for column in columns]
            case {"complete": True}:
                self._is_whole = True
                warnings = cast("dict[str, list[dict[str, object]]]", value).get("warnings", [])
                self.warnings = [str(warning.get("message")) for warning in warnings]
            case {"error": {"message": message, "error_code": code}}:
                raise self._error(str(message), cast("int", code))
            case _:
                raise ProtocolViolation(endpoint=self._endpoint, why=f"the line {line[:_MAX_QUOTE]}")
        return None

    def check_whole(self) -> None:
        """Raise ProtocolViolation if the last line is missing."""
        if not self._is_whole:
            raise ProtocolViolation(endpoint=self._endpoint, why="the answer is not whole")

    def _decoded(self, line: str) -> Any:
        try:
            return _LINE.validate_json(line)
        except ValueError as error:
            raise ProtocolViolation(endpoint=self._endpoint, why=_summary(error)) from error

    def _error(self, message: str, code: int) -> ApiError:
        return api_error(self._endpoint, Refusal(status=200, code=code, message=message))


def _refusal(response: httpx.Response) -> Refusal:
    """Return what an error body says; other bodies give their text and no code."""
    try:
        body: object = response.json()
    except ValueError:
        body = None
    values = cast("dict[object, object]", body) if isinstance(body, dict) else {}
    code, reason = values.get("error_code"), values.get("reason")
    fields = _fields(values.get("detail"))
    message = str(values.get("message") or "; ".join(map(str, fields)) or response.text)[:_MAX_QUOTE]
    retry_at, retry_after = _moment(values.get("retry_at")), _seconds(response, message)
    if retry_after is None and retry_at is not None:
        retry_after = max(0.0, (retry_at - datetime.now(UTC)).total_seconds())
    return Refusal(
        status=response.status_code,
        code=code if isinstance(code, int) else None,
        message=message,
        reason=reason if isinstance(reason, str) else None,
        retry_after=retry_after,
        retry_at=retry_at,
        fields=fields,
    )


def _seconds(response: httpx.Response, message: str) -> float | None:
    """Return how long to wait. The original sends no header: the first number of its message is the seconds."""
    header = response.headers.get("retry-after")
    if header is None and response.status_code not in {429, 503}:
        return None
    number = _NUMBER.search(header or message)
    return float(number.group()) if number else None


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None
    except ValueError:
        return None


def _fields(detail: object) -> tuple[InvalidField, ...]:
    if not isinstance(detail, list):
        return ()
    entries = [entry for entry in cast("list[dict[str, Any]]", detail) if type(entry) is dict]
    return tuple(InvalidField(tuple(entry.get("loc") or ()), str(entry.get("msg"))) for entry in entries)


def _summary(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")
    return str(error)[:_MAX_QUOTE]
