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
from http import HTTPStatus
from typing import Any, cast

from litestar import MediaType, Request, Response
from litestar.enums import ParamType
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from pydantic_core import to_json

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.codec import Unprocessable
from oa_graph.api.metrics import NOTHING_TO_DO, Metrics
from oa_graph.errors import OaGraphError
from oa_graph.model import NoTaskReason

log = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]

GENERIC = 0


@dataclass(frozen=True, slots=True)
class Face:
    """How an error is sent."""

    status: int
    code: int
    retry_after: int | None = None
    """Seconds to wait, as a header."""
    says: str | None = None
    """Instead of the error's own sentence, where that tells of the insides."""
    wait_in: str | None = None
    """Which value of the error says how long to wait, where the error knows."""
    reason_in: str | None = None
    """Which value of the error tells programs why there is nothing to do; then it is not counted as an error."""


FACES: Mapping[type[OaGraphError], Face] = {
    errors.PostNotFound: Face(404, 2001),
    errors.TaskNotFound: Face(404, 2100),
    errors.UserNotFound: Face(404, 4002),
    errors.AnswerWithoutTask: Face(400, 2100),
    errors.EmptyId: Face(400, 2000),
    errors.ClientNotAuthorized: Face(403, 2),
    errors.RootTokenNotAuthorized: Face(403, 3),
    errors.UserDisabled: Face(503, 4001),
    errors.TermsNotAccepted: Face(451, 4003),
    errors.NotYourTask: Face(400, 2106),
    errors.NotCollective: Face(400, 2106),
    errors.NothingToHandOut: Face(503, 1006, wait_in="seconds", reason_in="reason"),
    errors.TooManyPending: Face(400, 1012),
    errors.TooManyRequests: Face(429, 429, wait_in="seconds"),
    errors.StoreUnavailable: Face(503, GENERIC, 5, "The graph database does not answer."),
    errors.StoreDiskFull: Face(503, GENERIC, 5),
    errors.LoginRefused: Face(503, GENERIC, 5, "The graph database refuses the log-in of this service."),
    errors.StoreFailed: Face(
        503, GENERIC, 5, "The graph database has failed; its operator finds the reason in its log."
    ),
    errors.StoreBusy: Face(503, 4, 1, "The graph database is too busy; send the request again."),
    errors.RetriesExhausted: Face(503, 4, 1, "The graph database is too busy; send the request again."),
    errors.TaskNotAcknowledged: Face(400, 2104),
    errors.TaskAlreadyAcknowledged: Face(400, 2103),
    errors.TaskAlreadyDone: Face(400, 2105),
    errors.TaskExpired: Face(400, 2101),
    errors.TreeClosed: Face(400, 2010),
    errors.BrokenThread: Face(500, 2009),
    errors.StatsNotReady: Face(400, 6000),
    errors.StillChanging: Face(503, 4, 1),
    errors.UserNotSpecified: Face(400, 4000),
    errors.TextTooLong: Face(400, 1008),
    errors.TextDuplicated: Face(400, 1009),
    errors.DuplicateReply: Face(400, 1011),
    errors.PostIdTaken: Face(400, 1004),
    errors.WrongAnswer: Face(400, 2102),
    errors.UnexpectedText: Face(400, 2107),
    errors.InvalidRanking: Face(400, 2003),
    errors.CorruptRanking: Face(400, 2011),
    errors.LabelsForAnotherPost: Face(400, 2050),
    errors.LabelNotInTask: Face(400, 2051),
    errors.MandatoryLabelMissing: Face(400, 2052),
    errors.SelfReview: Face(400, 2053),
    errors.ReviewedBefore: Face(400, 2053),
    errors.InvalidCursor: Face(400, 101),
    errors.IncompleteCursor: Face(400, GENERIC),
    errors.SortKeyUnsupported: Face(400, 100),
    errors.IdWithoutName: Face(400, GENERIC),
    errors.AuthAndUsernameRequired: Face(400, 2012),
    errors.StatementNotAllowed: Face(400, 7000),
    errors.DoorBusy: Face(503, 7001, 5),
    errors.DoorClosed: Face(503, 7005, 30),
    errors.StatementTooLarge: Face(400, 7002),
    errors.AnswerTooLarge: Face(400, 7002),
    errors.StatementTooHungry: Face(400, 7002),
    errors.StatementTooSlow: Face(400, 7003),
    errors.StatementFailed: Face(400, 7004),
    errors.ParameterNotTaken: Face(400, 7004),
}


def _response(body: wire.Out, status: int, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    return Response(to_json(body), status_code=status, media_type=MediaType.JSON, headers=headers)


def _count(request: AnyRequest, error: Exception, code: int = GENERIC) -> None:
    cast("Metrics", request.app.state["metrics"]).error(type(error).__name__, code)


def refused(request: AnyRequest, error: OaGraphError) -> Response[bytes]:
    """An error with a face; one without is a fault of ours."""
    face = FACES.get(type(error))
    if face is None:
        return broken(request, error)
    if face.reason_in:
        request.state[NOTHING_TO_DO] = error.values[face.reason_in]
    else:
        _count(request, error, face.code)
    if face.says:
        log.warning("%s: %s", type(error).__name__, error)
    wait = error.values[face.wait_in] if face.wait_in else face.retry_after
    return _response(_body(error, face), face.status, {"Retry-After": str(wait)} if wait else None)


def _body(error: OaGraphError, face: Face) -> wire.OasstErrorResponse:
    message = face.says or str(error)
    if face.reason_in:
        reason = NoTaskReason(str(error.values[face.reason_in]))
        return wire.NothingToDo(message=message, error_code=face.code, reason=reason)
    return wire.OasstErrorResponse(message=message, error_code=face.code)


def unprocessable(request: AnyRequest, error: Unprocessable) -> Response[bytes]:
    _count(request, error)
    return _response(wire.HTTPValidationError(detail=error.detail, error_code=GENERIC), 422)


_MISSING = re.compile(r"^Missing required (?P<source>query|path|header) parameter '(?P<key>\w+)' ")
"""Litestar tells of a parameter that is not there in this sentence alone."""


def invalid(request: AnyRequest, error: ValidationException) -> Response[bytes]:
    """Litestar's own check of paths and queries, and of a body that is missing.

    Its sentence holds the URL, hence perhaps a key: only what it says of each field is passed on.
    """
    if missing := _MISSING.search(error.detail):
        told = wire.ValidationError(loc=[missing["source"], missing["key"]], msg="Field required", type="missing")
        return unprocessable(request, Unprocessable([told]))
    fields = cast("list[dict[str, str]]", error.extra or [{}])
    return unprocessable(request, Unprocessable([_field(each) for each in fields]))


def _field(told: Mapping[str, str]) -> wire.ValidationError:
    key = told.get("key", "")
    if key == "data":
        return wire.ValidationError(loc=["body"], msg="Field required", type="missing")
    source = ParamType(told.get("source", ParamType.QUERY)).value
    return wire.ValidationError(loc=[source, key], msg=told.get("message", "invalid"), type=f"invalid_{source}")


def unreached(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """No such route, no such method, a body too large; or Litestar itself failed."""
    if error.status_code >= 500:
        return broken(request, error)
    _count(request, error)
    return _phrase(HTTPStatus(error.status_code).phrase, error.status_code, error.headers)


def _phrase(phrase: str, status: int, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    return _response(wire.HTTPError(detail=phrase, message=phrase, error_code=GENERIC), status, headers)


def _note(request: AnyRequest, error: Exception) -> None:
    _count(request, error)
    scope = cast("dict[str, Any]", request.scope)
    log.error("unhandled in %s", scope.get("path_template", "-"), exc_info=error)


def note(request: AnyRequest, error: Exception, face: Face | None) -> None:
    """Counts an error that is told inside an answer that has begun; a fault of ours is logged."""
    if face is None:
        _note(request, error)
    else:
        _count(request, error, face.code)


def gone(request: AnyRequest, error: InternalServerException) -> Response[bytes]:
    """Litestar's word for a frontend that hung up while it was sending: nobody reads the answer."""
    _count(request, error)
    log.info("%s", error.detail)
    return _phrase(HTTPStatus.INTERNAL_SERVER_ERROR.phrase, 500)


def broken(request: AnyRequest, error: Exception) -> Response[bytes]:
    """A fault of ours: the log has the trace, the frontend only the fact."""
    _note(request, error)
    return _response(wire.OasstErrorResponse(message="INTERNAL_SERVER_ERROR", error_code=GENERIC), 500)


def bad_request(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The same in the words of `POST /text_labels/`, where frontends know no other."""
    _note(request, error)
    return _phrase("Bad Request", 400)


HANDLERS: dict[int | type[Exception], Callable[[AnyRequest, Any], Response[bytes]]] = {
    OaGraphError: refused,
    Unprocessable: unprocessable,
    ValidationException: invalid,
    InternalServerException: gone,
    HTTPException: unreached,
    Exception: broken,
}
