"""What each error looks like on the wire: the only place that knows statuses and codes.

Application errors are `{"message", "error_code"}`; requests whose fields cannot be taken are 422 with `detail`, a list.
What reaches no handler at all has the shape of an application error and, since the original sent nothing else, its
phrase as `detail` too.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

from litestar import MediaType, Request, Response
from litestar.enums import ParamType
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from pydantic_core import to_json

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.codec import Unprocessable
from oa_graph.api.request_metrics import NOTHING_TO_DO, Metrics
from oa_graph.domain.tasks import NoTaskReason
from oa_graph.errors import OaGraphError

log = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]

GENERIC = 0


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """How an error is sent."""

    status: int
    code: int
    retry_after: int | None = None
    """Seconds to wait, as a header."""
    public_message: str | None = None
    """Instead of the error's own sentence, where that tells of the insides."""
    retry_after_field: str | None = None
    """Which value of the error says how long to wait, where the error knows."""
    reason: NoTaskReason | None = None
    """The reason in the example of a `NoTask` error; the error itself knows its own."""
    field: tuple[str, str] | None = None
    """Where in the request a field is wrong; then it is told as all wrong fields are."""


ERROR_RESPONSES: Mapping[type[OaGraphError], ErrorResponse] = {
    errors.PostNotFound: ErrorResponse(404, 2001),
    errors.TaskNotFound: ErrorResponse(404, 2100),
    errors.UserNotFound: ErrorResponse(404, 4002),
    errors.AnswerWithoutTask: ErrorResponse(400, 2100),
    errors.ClientNotFound: ErrorResponse(404, GENERIC),
    errors.InviteNotFound: ErrorResponse(404, GENERIC),
    errors.SessionNotFound: ErrorResponse(404, GENERIC),
    errors.GuidelineNotFound: ErrorResponse(404, GENERIC),
    errors.EmptyId: ErrorResponse(400, 2000),
    errors.ClientNotAuthorized: ErrorResponse(403, 2),
    errors.RootTokenNotAuthorized: ErrorResponse(403, 3),
    errors.UserDisabled: ErrorResponse(503, 4001),
    errors.TermsNotAccepted: ErrorResponse(451, 4003),
    errors.NotYourTask: ErrorResponse(400, 2106),
    errors.NotCollective: ErrorResponse(400, 2106),
    errors.OwnClient: ErrorResponse(403, GENERIC),
    errors.InviteNotUsable: ErrorResponse(403, GENERIC),
    errors.NothingToHandOut: ErrorResponse(503, 1006, retry_after_field="seconds", reason=NoTaskReason.ALL_RESERVED),
    errors.TooManyPending: ErrorResponse(400, 1012, reason=NoTaskReason.TOO_MANY_PENDING),
    errors.TooManyRequests: ErrorResponse(429, 429, retry_after_field="seconds", reason=NoTaskReason.RATE_LIMITED),
    errors.IdempotencyKeyReused: ErrorResponse(422, 1013, field=("header", "Idempotency-Key")),
    errors.StoreUnavailable: ErrorResponse(503, GENERIC, 5, "The graph database does not answer."),
    errors.StoreDiskFull: ErrorResponse(503, GENERIC, 5),
    errors.LoginRefused: ErrorResponse(503, GENERIC, 5, "The graph database refuses the log-in of this service."),
    errors.StoreFailed: ErrorResponse(
        503, GENERIC, 5, "The graph database has failed; its operator finds the reason in its log."
    ),
    errors.StoreBusy: ErrorResponse(503, 4, 1, "The graph database is too busy; send the request again."),
    errors.RetriesExhausted: ErrorResponse(503, 4, 1, "The graph database is too busy; send the request again."),
    errors.TaskNotAcknowledged: ErrorResponse(400, 2104),
    errors.TaskAlreadyAcknowledged: ErrorResponse(400, 2103),
    errors.TaskAlreadyDone: ErrorResponse(400, 2105),
    errors.TaskExpired: ErrorResponse(400, 2101),
    errors.TreeClosed: ErrorResponse(400, 2010),
    errors.BrokenThread: ErrorResponse(500, 2009),
    errors.StatsNotReady: ErrorResponse(400, 6000),
    errors.NotEditable: ErrorResponse(409, 2060),
    errors.StillChanging: ErrorResponse(503, 4, 1),
    errors.UserNotSpecified: ErrorResponse(400, 4000),
    errors.TextTooLong: ErrorResponse(400, 1008),
    errors.TextDuplicated: ErrorResponse(400, 1009),
    errors.DuplicateReply: ErrorResponse(400, 1011),
    errors.PostIdTaken: ErrorResponse(400, 1004),
    errors.WrongAnswer: ErrorResponse(400, 2102),
    errors.UnexpectedText: ErrorResponse(400, 2107),
    errors.InvalidRanking: ErrorResponse(400, 2003),
    errors.CorruptRanking: ErrorResponse(400, 2011),
    errors.LabelsForAnotherPost: ErrorResponse(400, 2050),
    errors.LabelNotInTask: ErrorResponse(400, 2051),
    errors.MandatoryLabelMissing: ErrorResponse(400, 2052),
    errors.SelfReview: ErrorResponse(400, 2053),
    errors.ReviewedBefore: ErrorResponse(400, 2053),
    errors.InvalidCursor: ErrorResponse(400, 101),
    errors.IncompleteCursor: ErrorResponse(400, GENERIC),
    errors.SortKeyUnsupported: ErrorResponse(400, 100),
    errors.IdWithoutName: ErrorResponse(400, GENERIC),
    errors.AuthAndUsernameRequired: ErrorResponse(400, 2012),
    errors.UnknownCapability: ErrorResponse(400, GENERIC),
    errors.InvalidGuideline: ErrorResponse(400, GENERIC),
    errors.StatementNotAllowed: ErrorResponse(400, 7000),
    errors.AdhocQueriesBusy: ErrorResponse(503, 7001, 5),
    errors.StatementStillRunning: ErrorResponse(503, 7005, 30),
    errors.StatementTooLarge: ErrorResponse(400, 7002),
    errors.AnswerTooLarge: ErrorResponse(400, 7002),
    errors.StatementTooHungry: ErrorResponse(400, 7002),
    errors.StatementTooSlow: ErrorResponse(400, 7003),
    errors.StatementFailed: ErrorResponse(400, 7004),
    errors.ParameterNotTaken: ErrorResponse(400, 7004),
    errors.NoSuchQuery: ErrorResponse(404, GENERIC),
    errors.NoSuchParameter: ErrorResponse(400, 7004),
    errors.MissingParameter: ErrorResponse(400, 7004),
    errors.WrongParameter: ErrorResponse(400, 7004),
}


def _response(body: wire.Out, status: int, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    return Response(to_json(body), status_code=status, media_type=MediaType.JSON, headers=headers)


def _count(request: AnyRequest, error: Exception, code: int = GENERIC) -> None:
    cast("Metrics", request.app.state["metrics"]).error(type(error).__name__, code)


def handle_error(request: AnyRequest, error: OaGraphError) -> Response[bytes]:
    """Answer an error of `ERROR_RESPONSES`; another one is a fault of ours."""
    error_response = ERROR_RESPONSES.get(type(error))
    if error_response is None:
        return handle_crash(request, error)
    if isinstance(error, errors.NothingToHandOut):  # the usual end of a day's work is not counted as an error
        request.state[NOTHING_TO_DO] = error.values["reason"]
    else:
        _count(request, error, error_response.code)
    if error_response.public_message:
        log.warning("%s: %s", type(error).__name__, error)
    wait = (
        error.values[error_response.retry_after_field]
        if error_response.retry_after_field
        else error_response.retry_after
    )
    return _response(_body(error, error_response), error_response.status, {"Retry-After": str(wait)} if wait else None)


def _body(error: OaGraphError, error_response: ErrorResponse) -> wire.Out:
    message, code = error_response.public_message or str(error), error_response.code
    if error_response.field:
        problem = wire.ValidationError(loc=[*error_response.field], msg=message, type=_snake(type(error).__name__))
        return wire.HTTPValidationError(detail=[problem], error_code=code)
    if isinstance(error, errors.NoTask):
        reason = cast("NoTaskReason", error.values["reason"])
        retry_at = wire.moment(cast("datetime | None", error.values["retry_at"]))
        return wire.NothingToDo(message=message, error_code=code, reason=reason, retry_at=retry_at)
    return wire.OasstErrorResponse(message=message, error_code=code)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def handle_unprocessable(request: AnyRequest, error: Unprocessable) -> Response[bytes]:
    _count(request, error)
    return _response(wire.HTTPValidationError(detail=error.detail, error_code=GENERIC), 422)


_MISSING = re.compile(r"^Missing required (?P<source>query|path|header) parameter '(?P<key>\w+)' ")
"""Litestar tells of a parameter that is not there in this sentence alone."""


def invalid(request: AnyRequest, error: ValidationException) -> Response[bytes]:
    """Litestar's own check of paths and queries, and of a body that is missing.

    Its sentence holds the URL, hence perhaps a key: only what it says of each field is passed on.
    """
    if missing := _MISSING.search(error.detail):
        problem = wire.ValidationError(loc=[missing["source"], missing["key"]], msg="Field required", type="missing")
        return handle_unprocessable(request, Unprocessable([problem]))
    fields = cast("list[dict[str, str]]", error.extra or [{}])
    return handle_unprocessable(request, Unprocessable([_field(field) for field in fields]))


def _field(details: Mapping[str, str]) -> wire.ValidationError:
    key = details.get("key", "")
    if key == "data":
        return wire.ValidationError(loc=["body"], msg="Field required", type="missing")
    source = ParamType(details.get("source", ParamType.QUERY)).value
    if source == ParamType.HEADER:  # Litestar names the argument
        key = key.replace("_", "-").title()
    return wire.ValidationError(loc=[source, key], msg=details.get("message", "invalid"), type=f"invalid_{source}")


def handle_unreached(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """No such route, no such method, a body too large; or Litestar itself failed."""
    if error.status_code >= 500:
        return handle_crash(request, error)
    _count(request, error)
    return _phrase(HTTPStatus(error.status_code).phrase, error.status_code, error.headers)


def _phrase(phrase: str, status: int, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    return _response(wire.HTTPError(detail=phrase, message=phrase, error_code=GENERIC), status, headers)


def _note(request: AnyRequest, error: Exception) -> None:
    _count(request, error)
    scope = cast("dict[str, Any]", request.scope)
    log.error("unhandled in %s", scope.get("path_template", "-"), exc_info=error)


def record_error(request: AnyRequest, error: Exception, error_response: ErrorResponse | None) -> None:
    """Count an error that is told inside an answer that has begun; a fault of ours is logged."""
    if error_response is None:
        _note(request, error)
    else:
        _count(request, error, error_response.code)


def handle_disconnect(request: AnyRequest, error: InternalServerException) -> Response[bytes]:
    """Litestar's word for a frontend that hung up while it was sending: nobody reads the answer."""
    _count(request, error)
    log.info("%s", error.detail)
    return _phrase(HTTPStatus.INTERNAL_SERVER_ERROR.phrase, 500)


def handle_crash(request: AnyRequest, error: Exception) -> Response[bytes]:
    """A fault of ours: the log has the trace, the frontend only the fact."""
    _note(request, error)
    return _response(wire.OasstErrorResponse(message="INTERNAL_SERVER_ERROR", error_code=GENERIC), 500)


def bad_request(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The same in the words of `POST /text_labels/`, where frontends know no other."""
    _note(request, error)
    return _phrase("Bad Request", 400)


HANDLERS: dict[int | type[Exception], Callable[[AnyRequest, Any], Response[bytes]]] = {
    OaGraphError: handle_error,
    Unprocessable: handle_unprocessable,
    ValidationException: invalid,
    InternalServerException: handle_disconnect,
    HTTPException: handle_unreached,
    Exception: handle_crash,
}
