"""Error pages. A text that was sent is shown again, so that it is not lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from litestar import Response
from litestar.exceptions import HTTPException

from oa_graph import errors
from oa_graph.errors import OaGraphError
from oa_graph.web.explanations import explanation
from oa_graph.web.guards import (
    WRITTEN,
    AnalystsOnly,
    ForeignForm,
    ForeignHost,
    NotSignedIn,
    OperatorsOnly,
    UnfinishedTree,
)
from oa_graph.web.render import page, see_other
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import N_

log = logging.getLogger(__name__)


def error_page(request: PageRequest, *, status: int, title: str, message: str) -> Response[Any]:
    """Return a page that explains an error, with the texts of the form that was sent."""
    written = request.scope["state"].get(WRITTEN, ())
    return page(request, "error.html", status=status, title=request.gettext(title), message=message, written=written)


def status_of(error: OaGraphError) -> int:
    """Return the HTTP status of an error."""
    match error:
        case errors.NotFound():
            return 404
        case errors.NotAllowed():
            return 403
        case errors.NotNow():
            return 503
        case errors.NotValid():
            return 422
        case _:
            return 500


def _handle_error(request: PageRequest, error: OaGraphError) -> Response[Any]:
    status = status_of(error)
    if status == 500:
        return _handle_crash(request, error)
    if status == 503:
        log.warning("page not shown: %s: %s", type(error).__name__, error)
    return error_page(request, status=status, title=N_("That did not work"), message=explanation(request, error))


def _handle_http(request: PageRequest, error: HTTPException) -> Response[Any]:
    match error:
        case NotSignedIn() if request.method == "GET":
            return see_other("/")
        case NotSignedIn():
            title, message = N_("You are signed out"), N_("Sign in again by your link; your text is kept here.")
        case ForeignForm():
            title = N_("This form is out of date")
            message = N_("Go back, load the page again and send it once more.")
        case ForeignHost():
            title = N_("Unknown address")
            message = N_("The pages do not answer under this name. An operator can allow it with OA_GRAPH_HOSTS.")
        case AnalystsOnly():
            title, message = N_("For analysts only"), N_("Your session may not see this page.")
        case OperatorsOnly():
            title, message = N_("For operators only"), N_("Your session may not see this page.")
        case UnfinishedTree():
            title = N_("Not finished yet")
            message = N_("People still work on this conversation. It can be read here once it is finished.")
        case HTTPException(status_code=404):
            title, message = N_("There is nothing here"), N_("The address is wrong, or the page is gone.")
        case HTTPException(status_code=status) if status < 500:
            title, message = N_("That did not work"), N_("The service could not take this.")
        case _:
            return _handle_crash(request, error)
    return error_page(request, status=error.status_code, title=title, message=request.gettext(message))


def _handle_crash(request: PageRequest, error: Exception) -> Response[Any]:
    """Log an unexpected error with its traceback; the page only says that it happened."""
    scope = cast("dict[str, Any]", request.scope)
    request.app.state["metrics"].error(type(error).__name__, 0)
    log.error("unhandled in %s", scope.get("path_template", "-"), exc_info=error)
    return error_page(
        request,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        title=N_("Something broke"),
        message=request.gettext(N_("This is a fault of the service. Those who run it find the reason in its log.")),
    )


Handler = Callable[[PageRequest, Any], Response[Any]]


def _for_pages(handler: Handler) -> Callable[[Any, Any], Response[Any]]:
    """Wrap a handler: Litestar passes the request in the class of the application, not of the route."""
    return lambda request, error: handler(PageRequest(request.scope), error)


HANDLERS: dict[int | type[Exception], Callable[[Any, Any], Response[Any]]] = {
    OaGraphError: _for_pages(_handle_error),
    HTTPException: _for_pages(_handle_http),
    Exception: _for_pages(_handle_crash),
}
