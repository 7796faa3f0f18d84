"""Invites to the pages, and the sessions that begin with them."""

from __future__ import annotations

from uuid import UUID

from litestar import Router, delete, get, post
from litestar.params import FromPath, JSONBody

from oa_graph import errors
from oa_graph.api import wire
from oa_graph.api.document import ROOTED, STORE, error_responses_of
from oa_graph.api.keys import requires_root_token
from oa_graph.api.request import ApiRequest


@post(
    "/invites",
    status_code=200,
    summary="Create an invite",
    operation_id="create_invite",
    responses=error_responses_of(errors.RootTokenNotAuthorized, *STORE, invalid=True),
)
async def create(request: ApiRequest, data: JSONBody[wire.CreateInviteRequest]) -> wire.CreatedInvite:
    """Create an invite. Its link, `/invite/{token}`, lets people sign in to the pages."""
    token = await request.collection.sessions.invite(
        role=data.role, uses=data.uses, valid_for=data.valid_for, note=data.note, user_name=data.user_name
    )
    return wire.CreatedInvite(token=token)


@get(
    "/invites",
    summary="List the invites",
    operation_id="list_invites",
    responses=error_responses_of(errors.RootTokenNotAuthorized, *STORE),
)
async def list_all(request: ApiRequest) -> list[wire.Invite]:
    """All invites, newest first, including those that have ended."""
    return [wire.invite(invite) for invite in await request.collection.sessions.invites()]


@delete(
    "/invites/{invite_id:str}",
    summary="End an invite",
    operation_id="revoke_invite",
    responses=error_responses_of(errors.RootTokenNotAuthorized, errors.InviteNotFound, *STORE, invalid=True),
)
async def revoke(request: ApiRequest, invite_id: FromPath[UUID]) -> None:
    """End an invite. Its sessions continue."""
    await request.collection.sessions.revoke(str(invite_id))


@get(
    "/users/{user_id:str}/sessions",
    summary="List the sessions of a user",
    operation_id="list_sessions",
    responses=error_responses_of(errors.RootTokenNotAuthorized, *STORE, invalid=True),
)
async def of_user(request: ApiRequest, user_id: FromPath[UUID]) -> list[wire.Session]:
    """The sessions of a user in the pages, most recently used first; empty for an unknown user."""
    return [wire.session(session) for session in await request.collection.sessions.of_user(str(user_id))]


@delete(
    "/sessions/{session_id:str}",
    summary="End a session",
    operation_id="end_session",
    responses=error_responses_of(errors.RootTokenNotAuthorized, errors.SessionNotFound, *STORE, invalid=True),
)
async def end(request: ApiRequest, session_id: FromPath[UUID]) -> None:
    """End a session of the pages."""
    await request.collection.sessions.end(str(session_id))


router = Router(
    "/admin",
    route_handlers=[create, list_all, revoke, of_user, end],
    guards=[requires_root_token],
    security=ROOTED,
    tags=["admin"],
)
