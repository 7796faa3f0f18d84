"""The start page, sign-in by a link, and the account: languages, sessions, sign-out."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from oa_graph.errors import InviteNotUsable, SessionNotFound
from oa_graph.web import cookies, texts
from oa_graph.web.explanations import explanation
from oa_graph.web.render import page, see_other
from oa_graph.web.request import LANGUAGE_COOKIE, WORK_LANGUAGES_COOKIE, PageRequest

NAME_LENGTH = 40
_MAX_LANGUAGES = 10


@get("/")
async def home(request: PageRequest) -> Response[Any]:
    """Show the start page; redirect a signed-in user to the tasks."""
    return see_other("/tasks") if request.signed_in else page(request, "home.html")


@get("/invite/{token:str}")
async def invite(request: PageRequest, token: FromPath[str]) -> Response[Any]:
    """Show the sign-in button of an invite. Changes nothing: chat programs open links to preview them."""
    try:
        usable = await request.collection.sessions.usable(token)
    except InviteNotUsable as error:
        return page(request, "invite.html", status=403, invite=None, problem=explanation(request, error))
    return page(request, "invite.html", invite=usable, problem=None)


@post("/invite/{token:str}")
async def redeem(request: PageRequest, token: FromPath[str]) -> Response[Any]:
    """Sign in by an invite. An earlier session of this browser ends."""
    sessions = request.collection.sessions
    usable = await sessions.usable(token)
    display_name = " ".join((await request.field("display_name")).split())[:NAME_LENGTH]
    if not (display_name or usable.user_name):
        problem = request.gettext("Please enter a name.")
        return page(request, "invite.html", status=422, invite=usable, problem=problem)
    session_token, _ = await sessions.redeem(
        token, display_name=display_name, agent=request.headers.get("user-agent", "")
    )
    if request.signed_in:
        await _end(request, request.signed_in.session.id)
    return see_other("/languages?first=1", [cookies.session_cookie(request, session_token)])


@post("/sign-out")
async def sign_out(request: PageRequest) -> Response[Any]:
    """End this session."""
    assert request.signed_in is not None
    await _end(request, request.signed_in.session.id)
    return see_other("/", [cookies.ended_session_cookie(request)])


async def _end(request: PageRequest, session: str) -> None:
    try:
        await request.collection.sessions.end(session)
    except SessionNotFound:
        return


@get("/languages")
async def languages(request: PageRequest, first: FromQuery[str] = "") -> Response[Any]:
    """Choose the languages of tasks and of the pages."""
    return page(request, "languages.html", chosen=request.work_languages, known=_sorted_languages(), first=bool(first))


@post("/languages")
async def choose_languages(request: PageRequest) -> Response[Any]:
    """Store the chosen languages in cookies."""
    named = [await request.field("first_language"), *await request.fields("language")]
    tags = list(dict.fromkeys(tag for tag in named if tag in texts.WORK_LANGUAGES))[:_MAX_LANGUAGES]
    pages = await request.field("pages_language")
    kept = [cookies.preference_cookie(request, WORK_LANGUAGES_COOKIE, ".".join(tags))] if tags else []
    if pages in texts.LANGUAGES:
        kept.append(cookies.preference_cookie(request, LANGUAGE_COOKIE, pages))
    return see_other("/tasks", kept)


def _sorted_languages() -> list[str]:
    return sorted(texts.WORK_LANGUAGES, key=lambda tag: texts.own_name(tag).casefold())


@get("/account")
async def account(request: PageRequest) -> Response[Any]:
    """Show the account and its sessions."""
    sessions = await request.collection.sessions.of_user(request.me.id)
    return page(request, "account.html", sessions=sessions)


@post("/account/sessions/{session_id:str}/end")
async def end_session(request: PageRequest, session_id: FromPath[str]) -> Response[Any]:
    """End one of the user's own sessions."""
    await request.collection.sessions.end(session_id, user_id=request.me.id)
    is_this = request.signed_in is not None and request.signed_in.session.id == session_id
    return see_other("/", [cookies.ended_session_cookie(request)]) if is_this else see_other("/account")
