"""Users: their work, how far others agree with them, and bans, purges and sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from oa_graph.domain.listings import PageRange, PostFilter
from oa_graph.domain.scores import COUNTED_LABELS, BoardEntry, TimeFrame
from oa_graph.domain.users import User
from oa_graph.errors import SessionNotFound, UserNotFound
from oa_graph.installation import PAGES
from oa_graph.reliability import Reliability
from oa_graph.web import labels
from oa_graph.web.render import fragment, page, see_other
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import N_

_PAGE_SIZE = 100
_MAX_MESSAGES = 20
_SAMPLED_TREES = 1000
"""How many trees agreement is computed from; so many take a second or two."""
_STATEMENT_SEC = 10.0

_OPERATOR = replace(PAGES, trusted=True)
"""Operators see the users of every API client, as trusted clients do."""

Order = Literal["work", "objections", "agreement"]

FIGURE_WORDS: Mapping[str, str] = {
    "prompts": N_("Prompts"),
    "replies_assistant": N_("Replies as the assistant"),
    "replies_prompter": N_("Replies as the user"),
    "labels_simple": N_("Short reviews"),
    "labels_full": N_("Full reviews"),
    "rankings_total": N_("Rankings"),
    "accepted_prompts": N_("Prompts accepted"),
    "accepted_replies_assistant": N_("Replies as the assistant accepted"),
    "accepted_replies_prompter": N_("Replies as the user accepted"),
    "reply_ranked_1": N_("Ranked first"),
    "reply_ranked_2": N_("Ranked second"),
    "reply_ranked_3": N_("Ranked third"),
    "upvotes": N_("Liked"),
    "downvotes": N_("Disliked"),
    "red_flags": N_("Flagged"),
    "spam_prompts": N_("Prompts that ended their tree"),
}
"""Titles of the figures of the leaderboard."""

_DONE = ("banned", "unbanned", "deleted", "purged", "ended")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row of the list."""

    user: User
    done: int = 0
    accepted: int = 0
    points: int = 0
    objections: int = 0
    agreement: Reliability | None = None


@get("/people")
async def people(request: PageRequest, by: FromQuery[str] = "work", name: FromQuery[str] = "") -> Response[Any]:
    """List users by work, by objections to their messages, or by how little others agree with them."""
    order: Order
    if name.strip():
        rows, order = await _named(request, name.strip()), "work"
    elif by == "objections":
        entries = await request.collection.leaderboards.troll_board(TimeFrame.TOTAL, limit=_PAGE_SIZE)
        rows, order = [row for row in map(_row, entries) if row.objections], "objections"
    elif by == "agreement":
        rows, order = await _least_agreed_with(request), "agreement"
    else:
        entries = await request.collection.leaderboards.leaderboard(TimeFrame.TOTAL, limit=_PAGE_SIZE)
        rows, order = [_row(entry) for entry in entries], "work"
    return page(request, "people.html", rows=rows, order=order, name=name.strip(), page_size=_PAGE_SIZE)


def _row(entry: BoardEntry) -> PersonRow:
    return PersonRow(
        entry.user,
        done=entry.tasks_done,
        accepted=entry.texts_accepted,
        points=entry.score.points if entry.score else 0,
        objections=entry.score.troll_points if entry.score else 0,
    )


async def _named(request: PageRequest, name: str) -> list[PersonRow]:
    span: PageRange[str] = PageRange(low=None, high=None, desc=False, limit=_PAGE_SIZE)
    users = await request.collection.users.page("display_name", span, client=_OPERATOR, search=name)
    scores = await asyncio.gather(*(_score(request, user) for user in users))
    return [_row(entry) if entry else PersonRow(user) for user, entry in zip(users, scores, strict=True)]


async def _score(request: PageRequest, user: User) -> BoardEntry | None:
    try:
        return await request.collection.leaderboards.score(user.id, TimeFrame.TOTAL)
    except UserNotFound:
        return None


async def _least_agreed_with(request: PageRequest) -> list[PersonRow]:
    measured = [entry for entry in await _reliabilities(request) if entry.value is not None]
    worst = sorted(measured, key=lambda entry: entry.value or 0)[:_PAGE_SIZE]
    users = await asyncio.gather(*(_user(request, entry.user) for entry in worst))
    return [PersonRow(user, agreement=entry) for user, entry in zip(users, worst, strict=True) if user]


async def _reliabilities(request: PageRequest) -> Sequence[Reliability]:
    _, users = await request.collection.statistics.agreement_and_reliability(
        trees=_SAMPLED_TREES, seconds=_STATEMENT_SEC
    )
    return users


async def _user(request: PageRequest, id: str) -> User | None:
    try:
        return await request.collection.users.get(id, client=_OPERATOR)
    except UserNotFound:
        return None


@get("/people/{user_id:uuid}")
async def person(request: PageRequest, user_id: FromPath[UUID], done: FromQuery[str] = "") -> Response[Any]:
    """Show one user."""
    return await _person_page(request, str(user_id), done=done)


async def _person_page(
    request: PageRequest, id: str, *, done: str = "", problem: str = "", status: int = 200
) -> Response[Any]:
    collection = request.collection
    user = await collection.users.get(id, client=_OPERATOR)
    entry = await collection.leaderboards.score(id, TimeFrame.TOTAL)
    written = await collection.posts.page(
        PageRange(low=None, high=None, desc=True, limit=_MAX_MESSAGES),
        where=PostFilter(authors=(id,), include_deleted=True),
    )
    return page(
        request,
        "person.html",
        status=status,
        user=user,
        row=_row(entry),
        figures=[(words, entry.figures[name]) for name, words in FIGURE_WORDS.items() if entry.figures.get(name)],
        objections=[
            ("Spam" if name == "spam" else labels.WORDS[name].label, entry.figures[name])
            for name in COUNTED_LABELS
            if entry.figures.get(name)
        ],
        written=[listed.post for listed in written],
        sessions=await collection.sessions.of_user(id),
        done=done if done in _DONE else "",
        problem=problem,
    )


@get("/people/{user_id:uuid}/agreement")
async def agreement(request: PageRequest, user_id: FromPath[UUID]) -> Response[Any]:
    """Return how far others agree with one user. The page loads this part later, since it takes seconds."""
    id = str(user_id)
    measured = [entry for entry in await _reliabilities(request) if entry.user == id]
    return fragment(request, "person_agreement.html", measured=measured, id=id)


@post("/people/{user_id:uuid}/ban")
async def ban(request: PageRequest, user_id: FromPath[UUID]) -> Response[Any]:
    """Preview a ban; with `confirmed`, ban the user and end the user's sessions."""
    id = str(user_id)
    if id == request.me.id:
        problem = request.gettext(N_("You cannot ban yourself."))
        return await _person_page(request, id, problem=problem, status=422)
    user = await request.collection.users.get(id, client=_OPERATOR)
    if not await request.field("confirmed"):
        return page(
            request,
            "ban.html",
            user=user,
            open_tasks=len(await request.collection.tasks.open(user)),
            sessions=len(await request.collection.sessions.of_user(id)),
        )
    await request.collection.moderation.change_user(id, {"enabled": False})
    await _end_sessions(request, id)
    return see_other(f"/people/{id}?done=banned")


@post("/people/{user_id:uuid}/unban")
async def unban(request: PageRequest, user_id: FromPath[UUID]) -> Response[Any]:
    """Lift a ban."""
    await request.collection.moderation.change_user(str(user_id), {"enabled": True})
    return see_other(f"/people/{user_id}?done=unbanned")


@post("/people/{user_id:uuid}/purge")
async def purge(request: PageRequest, user_id: FromPath[UUID]) -> Response[Any]:
    """Preview a purge; with `confirmed`, purge the user. A purge cannot be undone."""
    id = str(user_id)
    if id == request.me.id:
        problem = request.gettext(N_("You cannot purge yourself."))
        return await _person_page(request, id, problem=problem, status=422)
    user = await request.collection.users.get(id, client=_OPERATOR)
    is_confirmed = await request.field("confirmed") == id
    result = await request.collection.moderation.purge(id, ban=True, preview=not is_confirmed)
    if not is_confirmed:
        return page(request, "purge.html", user=user, before=result.before, after=result.after)
    await _end_sessions(request, id)
    return see_other(f"/people/{id}?done=purged")


@post("/people/{user_id:uuid}/sessions/end")
async def end_sessions(request: PageRequest, user_id: FromPath[UUID]) -> Response[Any]:
    """End all sessions of a user."""
    await _end_sessions(request, str(user_id))
    return see_other(f"/people/{user_id}?done=ended")


async def _end_sessions(request: PageRequest, id: str) -> None:
    for session in await request.collection.sessions.of_user(id):
        try:
            await request.collection.sessions.end(session.id, user_id=id)
        except SessionNotFound:  # it ended meanwhile
            continue
