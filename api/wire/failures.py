"""What went wrong, and how the service is."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from oa_graph.api.wire.base import Moment, Out
from oa_graph.domain.tasks import NoTaskReason


class OasstErrorResponse(Out):
    """What went wrong. Only the code is meant for programs; the text is for people."""

    message: str
    error_code: int


class NothingToDo(OasstErrorResponse):
    """There is no task for this user now, or a limit of the user is reached."""

    model_config = ConfigDict(json_schema_extra={"required": ["message", "error_code"]})

    reason: NoTaskReason
    """Only with the codes 1006, 1012 and 429."""
    retry_at: Moment | None
    """When to ask again, or until when the limit holds; null where waiting does not help. As `reason`."""


class ValidationError(Out):
    """One field that cannot be taken."""

    loc: list[str | int]
    """Where it stands: `body`, `query`, `path` or `header`, then the way to the field."""
    msg: str
    type: str


class HTTPValidationError(Out):
    """What is wrong with the request."""

    detail: list[ValidationError]
    error_code: int


class HTTPError(Out):
    """The request reached nothing that could answer it."""

    detail: str
    """The phrase of the status."""
    message: str
    """The same."""
    error_code: int


class Health(Out):
    """How the service is."""

    status: Literal["live", "ready"]
