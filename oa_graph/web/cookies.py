"""The cookies of the pages, and the token that protects forms from forgery (CSRF).

Behind TLS a name begins with `__Host-`, so that no other host of the same domain can set the cookie.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe

from litestar.datastructures import Cookie

from oa_graph.web.request import PageRequest

_SESSION = "oa-graph-session"
_VISIT = "oa-graph-visit"
_YEAR = 365 * 86_400


def session_token(request: PageRequest) -> str:
    """Return the session token that the browser sent; empty without one."""
    return request.cookies.get(_name(request, _SESSION), "")


def session_cookie(request: PageRequest, token: str) -> Cookie:
    """Return the cookie of a new session."""
    return _cookie(request, _SESSION, token, max_age=int(request.settings.session_limits.total_sec))


def ended_session_cookie(request: PageRequest) -> Cookie:
    """Return a cookie that makes the browser drop its session."""
    return _cookie(request, _SESSION, "", max_age=0)


def preference_cookie(request: PageRequest, name: str, value: str) -> Cookie:
    """Return a cookie that keeps a choice for a year."""
    return Cookie(name, value=value, path="/", max_age=_YEAR, httponly=True, secure=_is_secure(request), samesite="lax")


def form_token(request: PageRequest) -> str:
    """Return the token of the forms of this browser, derived from its session or, before the sign-in, its visit."""
    return _derived(session_token(request) or _visit(request))


def visit_cookie(request: PageRequest) -> Cookie | None:
    """Return a cookie that identifies a browser without a session, for its forms; None: the browser has one."""
    if request.cookies.get(_name(request, _VISIT)) or session_token(request):
        return None
    return _cookie(request, _VISIT, _visit(request), max_age=None)


def is_own_form(request: PageRequest, token: str) -> bool:
    """Return whether a form with this `token` was made for this browser."""
    has_secret = session_token(request) or request.cookies.get(_name(request, _VISIT))
    return bool(has_secret) and compare_digest(form_token(request).encode(), token.encode())


def _visit(request: PageRequest) -> str:
    known = request.cookies.get(_name(request, _VISIT)) or request.scope["state"].get(_VISIT)
    if not known:
        known = token_urlsafe(16)
        request.scope["state"][_VISIT] = known
    return str(known)


def _derived(secret: str) -> str:
    return sha256(f"oa-graph form {secret}".encode()).hexdigest()


def _is_secure(request: PageRequest) -> bool:
    return request.url.scheme == "https"


def _name(request: PageRequest, name: str) -> str:
    return f"__Host-{name}" if _is_secure(request) else name


def _cookie(request: PageRequest, name: str, value: str, *, max_age: int | None) -> Cookie:
    return Cookie(
        _name(request, name),
        value=value,
        path="/",
        max_age=max_age,
        httponly=True,
        secure=_is_secure(request),
        samesite="lax",
    )
