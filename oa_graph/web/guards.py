"""Guards of the pages: known hosts, sessions and their roles, forms of this service."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from oa_graph.installation import PAGES
from oa_graph.web import cookies
from oa_graph.web.request import PageRequest

Connection = ASGIConnection[Any, Any, Any, Any]

WRITTEN = "written"
"""The key in the state of a request under which error pages find the texts of its form."""
_TEXT_FIELDS = ("text", "note")

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedIn(HTTPException):
    """The request has no live session."""

    status_code = 401


class AnalystsOnly(HTTPException):
    """The page is for analysts and operators; the session is that of a worker."""

    status_code = 403


class OperatorsOnly(HTTPException):
    """The page is for operators; the session is not that of one."""

    status_code = 403


class UnfinishedTree(HTTPException):
    """The tree is not finished; only operators may see it."""

    status_code = 403


class ForeignHost(HTTPException):
    """The `Host` header is not on the list of allowed hosts."""

    status_code = 421


class ForeignForm(HTTPException):
    """The form was not made by this service for this browser."""

    status_code = 403


async def requires_known_host(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse unknown hosts. Without this, a foreign name that resolves to this service could read its pages."""
    request = cast("PageRequest", connection)
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if not (host == "localhost" or host.endswith(".localhost") or _is_address(host) or host in request.settings.hosts):
        raise ForeignHost
    connection.scope["auth"] = PAGES
    connection.scope["user"] = None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def resolves_session(connection: Connection, _: BaseRouteHandler) -> None:
    """Set the user of the request from its session cookie; None without a live session."""
    request = cast("PageRequest", connection)
    connection.scope["user"] = await request.collection.sessions.find(cookies.session_token(request))


async def requires_session(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse requests without a session. Runs after `resolves_session`."""
    if connection.scope["user"] is None:
        raise NotSignedIn


async def requires_analyst(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse sessions of workers. Runs after `requires_session`."""
    if not cast("PageRequest", connection).is_analyst:
        raise AnalystsOnly


async def requires_operator(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse sessions of workers and analysts. Runs after `requires_session`."""
    if not cast("PageRequest", connection).is_operator:
        raise OperatorsOnly


async def requires_own_form(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse forms of other sites (CSRF), by the origin that the browser sends and by the token in the form."""
    request = cast("PageRequest", connection)
    origin = request.headers.get("origin")
    is_foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if request.method in _SAFE:
        if is_foreign:  # a script of another origin, which settings of CORS may let read responses
            raise ForeignForm
        return
    texts = [await request.field(name) for name in _TEXT_FIELDS]
    connection.scope["state"][WRITTEN] = [text for text in texts if text.strip()]
    site = request.headers.get("sec-fetch-site", "same-origin")
    if is_foreign or site not in ("same-origin", "none"):
        raise ForeignForm
    if not cookies.is_own_form(request, await request.field("form_token")):
        raise ForeignForm
