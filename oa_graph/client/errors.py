"""What can go wrong in a call. The classes say what the caller can do; they mirror those of the service.

ClientError
├── ConnectionLost      no answer, after all retries: send the same again later; nothing is done twice
├── ProtocolViolation   the answer is not one of this service
└── ApiError            the service refuses; `status`, `code` and `message` are its own
    ├── NothingToDo     there is no task for this user: `reason`; ask again after `retry_after`
    ├── RateLimited     a limit of this user is reached: `reason`; ask again after `retry_after`
    ├── TryLater        the service or its database is busy or away: send the same after `retry_after`
    ├── InvalidRequest  correct what was sent: `fields`, or the message, name it
    ├── NotAllowed      use another key or user, or let the user accept the terms
    ├── NotFound        look again: the name is wrong or the thing is gone
    └── Refused         what the call is about has changed: the task is done or has expired, the tree is closed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from oa_graph.errors import OaGraphError


class StatementWarning(UserWarning):
    """What the database remarks about a statement, such as a label that is not in the graph."""


class ClientError(OaGraphError):
    """{endpoint}: the call failed."""

    def __init__(self, *, endpoint: str, **values: object) -> None:
        super().__init__(endpoint=endpoint, **values)
        self.endpoint = endpoint
        """Method and path of the call, such as `POST /tasks/{id}/ack`."""


class ConnectionLost(ClientError):
    """{url} does not answer ({endpoint}): {why}"""


class ProtocolViolation(ClientError):
    """{endpoint}: the response does not follow the protocol: {why}"""

    def __init__(self, *, endpoint: str, why: str) -> None:
        super().__init__(endpoint=endpoint, why=why)
        self.why = why


@dataclass(frozen=True, slots=True)
class InvalidField:
    """A field that the service does not accept, and the rule."""

    path: tuple[str | int, ...]
    """Where it stands: `body`, `query`, `path` or `header`, then the way to the field."""
    rule: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The body and the headers of a refusal."""

    status: int
    code: int | None = None
    """None: the body has no code of the protocol."""
    message: str = ""
    reason: str | None = None
    retry_after: float | None = None
    """Seconds to wait."""
    retry_at: datetime | None = None
    fields: tuple[InvalidField, ...] = ()


class ApiError(ClientError):
    """{endpoint}: the service refused with status {status}, code {code}: {message}"""

    def __init__(self, endpoint: str, refusal: Refusal) -> None:
        super().__init__(endpoint=endpoint, status=refusal.status, code=refusal.code, message=refusal.message)
        self.status = refusal.status
        self.code = refusal.code
        """The code of the protocol, which is meant for programs; None: the body has none."""
        self.message = refusal.message
        """The sentence of the service, which is meant for people."""

    def is_among(self, codes: frozenset[int]) -> bool:
        """Return whether its code is one of them, or its status if the body may have no code (422)."""
        return self.code in codes or self.status in codes


class _Waiting(ApiError):
    """A refusal that ends by itself."""

    def __init__(self, endpoint: str, refusal: Refusal) -> None:
        super().__init__(endpoint, refusal)
        self.reason = refusal.reason
        """Why, for programs; None: the service names no reason."""
        self.retry_after = refusal.retry_after
        """Seconds to wait; None: the service names no time."""
        self.retry_at = refusal.retry_at
        """When to ask again; None: the service names no time."""


class NothingToDo(_Waiting):
    """There is no task now: {message}"""


class RateLimited(_Waiting):
    """A limit of this user is reached: {message}"""


class TryLater(_Waiting):
    """{endpoint}: the service is busy or away, status {status}: {message}"""


class InvalidRequest(ApiError):
    """{endpoint}: the service does not accept this, status {status}, code {code}: {message}"""

    def __init__(self, endpoint: str, refusal: Refusal) -> None:
        super().__init__(endpoint, refusal)
        self.fields: Sequence[InvalidField] = refusal.fields
        """The fields and their rules; empty where the message says it."""


class NotAllowed(ApiError):
    """{endpoint}: not allowed, status {status}, code {code}: {message}"""


class NotFound(ApiError):
    """{endpoint}: not found, code {code}: {message}"""


class Refused(ApiError):
    """{endpoint}: the service refused with status {status}, code {code}: {message}"""


NOTHING_TO_DO = 1006
TOO_MANY_PENDING = 1012
RATE_LIMITED = 429
TEXT_DUPLICATED = 1009

_NOT_ALLOWED = frozenset({2, 3, 2106, 4001, 4003})
_NOT_FOUND = frozenset({2001, 2100, 4002})
_INVALID = (
    frozenset({100, 101, 1004, 1008, 1009, 1010, 1011, 2000, 2003, 2011, 2012})
    | {2050, 2051, 2052, 2053, 2102, 2107, 4000}
    | {7000, 7002, 7003, 7004}
)


def api_error(endpoint: str, refusal: Refusal) -> ApiError:
    """Return the error of a refusal: by its code, else by its status."""
    return _class_of(refusal.status, refusal.code)(endpoint, refusal)


def _class_of(status: int, code: int | None) -> type[ApiError]:
    match status, code:
        case _, 1006:
            return NothingToDo
        case (_, 1012) | (429, _):
            return RateLimited
        case _, int() if code in _NOT_ALLOWED:
            return NotAllowed
        case _, int() if code in _NOT_FOUND:
            return NotFound
        case _, int() if code in _INVALID:
            return InvalidRequest
        case ((502 | 503 | 504), _):
            return TryLater
        case 404, _:
            return NotFound
        case ((401 | 403 | 451), _):
            return NotAllowed
        case 422, _:
            return InvalidRequest
        case ((400 | 405 | 406 | 409 | 410 | 412 | 413 | 415), _):
            return Refused
        case _:
            return ApiError
