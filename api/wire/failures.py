"""What went wrong, and how the service is."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from oa_graph.api.wire.base import Out
from oa_graph.model import NoTaskReason


class OasstErrorResponse(Out):
    """What went wrong. Only the code is meant for programs; the text is for people."""

    message: str
    error_code: int


class NothingToDo(OasstErrorResponse):
    """There is no task for this user now."""

    model_config = ConfigDict(json_schema_extra={"required": ["message", "error_code"]})

    reason: NoTaskReason
    """Only with code 1006."""


class ValidationError(Out):
    """One field that cannot be taken."""

    loc: list[str | int]
    """Where it stands: `body`, `query` or `path`, then the way to the field."""
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
