"""Who may see a page: the right host, forms of our own, somebody who is signed in."""

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
"""Where in the state of a request its texts are, for pages that say why they were not taken."""
_TEXT_FIELDS = ("text", "note")

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedIn(HTTPException):
    """Nobody is signed in."""

    status_code = 401


class AnalystsOnly(HTTPException):
    """The session is that of a worker; the page is for analysts and operators."""

    status_code = 403


class OperatorsOnly(HTTPException):
    """The session is not that of an operator."""

    status_code = 403


class UnfinishedTree(HTTPException):
    """A tree that is still worked on, which only operators may see."""

    status_code = 403


class ForeignHost(HTTPException):
    """The page was asked for under a name that is not on the list."""

    status_code = 421


class ForeignForm(HTTPException):
    """A form was sent that this service did not make for this browser."""

    status_code = 403


async def checks_host(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse names that are not ours: a foreign name that leads here could read the pages of a browser."""
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


async def looks_for_session(connection: Connection, _: BaseRouteHandler) -> None:
    """Find out who is signed in, if anybody is."""
    request = cast("PageRequest", connection)
    connection.scope["user"] = await request.collection.sessions.find(cookies.session_token(request))


async def requires_session(connection: Connection, _: BaseRouteHandler) -> None:
    """Stands after `looks_for_session`, where somebody has to be signed in."""
    if connection.scope["user"] is None:
        raise NotSignedIn


async def requires_analyst(connection: Connection, _: BaseRouteHandler) -> None:
    """Stands after `requires_session`, where only analysts and operators may go."""
    if not cast("PageRequest", connection).is_analyst:
        raise AnalystsOnly


async def requires_operator(connection: Connection, _: BaseRouteHandler) -> None:
    """Stands after `requires_session`, where only operators may go."""
    if not cast("PageRequest", connection).is_operator:
        raise OperatorsOnly


async def checks_form(connection: Connection, _: BaseRouteHandler) -> None:
    """Refuse forms of other sites: by what the browser says of the origin, and by a token that only our forms hold."""
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
