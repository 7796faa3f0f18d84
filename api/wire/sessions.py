"""Invites to the pages, and the sessions of their users."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from oa_graph.api.wire.base import Id, In, Moment, Name, Out, Short, moment
from oa_graph.domain import sessions
from oa_graph.domain.sessions import SessionRole


class CreateInviteRequest(In):
    """A link by which people sign in to the pages."""

    role: SessionRole = SessionRole.WORKER
    """What its sessions may do: `worker`s do tasks; `analyst`s also run queries and statements; `operator`s run the
    collection."""
    uses: Annotated[int, Field(ge=1, lt=2**31)] | None = 1
    """How many sign-ins it allows; null: any number, until it ends."""
    days: Annotated[float, Field(gt=0, le=3650)] = 7
    """Days until it ends."""
    user_name: Name | None = None
    """The name of the user of the pages that it signs in; null: a new user each time."""
    note: Short = ""
    """What it is for."""

    @property
    def valid_for(self) -> timedelta:
        return timedelta(days=self.days)


class Invite(Out):
    """An invite, without its token."""

    id: Id
    role: SessionRole
    uses_left: int | None
    """Null: any number."""
    user_name: str | None
    """The name of the user that it signs in; null: a new user each time."""
    note: str
    created: Moment
    expires: Moment


class CreatedInvite(Out):
    """A new invite."""

    token: str
    """The last part of the link `/invite/{token}`. It is returned only here."""


class Session(Out):
    """A browser in which a user is signed in to the pages."""

    id: Id
    role: SessionRole
    agent: str
    """The `User-Agent` header of the browser."""
    created: Moment
    seen: Moment
    """When it was last used, to within minutes."""
    expires: Moment
    """When it ends, unless it is not used for some days before."""


def invite(value: sessions.Invite) -> Invite:
    return Invite(
        id=value.id,
        role=value.role,
        uses_left=value.uses_left,
        user_name=value.user_name,
        note=value.note,
        created=moment(value.created),
        expires=moment(value.expires),
    )


def session(value: sessions.Session) -> Session:
    return Session(
        id=value.id,
        role=value.role,
        agent=value.agent,
        created=moment(value.created),
        seen=moment(value.seen),
        expires=moment(value.expires),
    )
