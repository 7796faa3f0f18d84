"""Invites: links by which people sign in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from oa_graph.domain.sessions import SessionRole
from oa_graph.web.render import page, see_other
from oa_graph.web.request import PageRequest

_DAY_CHOICES = (1, 7, 30, 90)
_NOTE_LENGTH = 100


@get("/invites")
async def invites(request: PageRequest) -> Response[Any]:
    """Show the usable invites, and a form to create one."""
    return await _page(request)


async def _page(request: PageRequest, *, link: str = "") -> Response[Any]:
    now, known = request.collection.context.clock(), await request.collection.sessions.invites()
    usable = [invite for invite in known if invite.expires > now and invite.uses_left != 0]
    return page(request, "invites.html", usable=usable, over=len(known) - len(usable), link=link, days=_DAY_CHOICES)


@post("/invites")
async def create_invite(request: PageRequest) -> Response[Any]:
    """Create an invite, and show its link once."""
    name, days, is_reusable = [await request.field(name) for name in ("role", "days", "reusable")]
    role = SessionRole(name) if name in {*SessionRole} else SessionRole.WORKER
    token = await request.collection.sessions.invite(
        role=role,
        uses=None if is_reusable and role is SessionRole.WORKER else 1,
        valid_for=timedelta(days=int(days) if days in map(str, _DAY_CHOICES) else 7),
        note=(await request.field("note")).strip()[:_NOTE_LENGTH],
    )
    return await _page(request, link=f"{request.url.scheme}://{request.url.netloc}/invite/{token}")


@post("/invites/{invite_id:str}/revoke")
async def revoke_invite(request: PageRequest, invite_id: FromPath[str]) -> Response[Any]:
    """End an invite."""
    await request.collection.sessions.revoke(invite_id)
    return see_other("/invites")
