"""Invites and sessions, known by the hash of their token."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from oa_graph.domain.sessions import Invite, Session, SignedIn
from oa_graph.domain.users import UserIdentity
from oa_graph.graph.session import Row, Tx, decoder, many, maybe, run

_invite = decoder(Invite)
_session = decoder(Session)
_signed_in = decoder(SignedIn)

_ENDED = 1000
"""Ended sessions that are removed at once."""


def _invite_row(row: Row) -> Invite:
    return _invite(row["invite"])


async def create_invite(tx: Tx, *, invite: Invite, token_hash: str) -> None:
    """Store an invite."""
    properties = {name: value for name, value in asdict(invite).items() if name != "id"}
    await run(tx, "sessions/create_invite", id=invite.id, token_hash=token_hash, properties=properties)


async def invite(tx: Tx, token_hash: str) -> Invite | None:
    """The invite that a token belongs to, also one that has ended."""
    return await maybe(tx, "sessions/invite", _invite_row, token_hash=token_hash)


async def invites(tx: Tx) -> list[Invite]:
    """All invites, newest first."""
    return await many(tx, "sessions/invites", _invite_row)


async def revoke_invite(tx: Tx, id: str, *, now: datetime) -> Invite | None:
    """End an invite; None: there is none of this id."""
    return await maybe(tx, "sessions/revoke_invite", _invite_row, id=id, now=now)


async def redeem(
    tx: Tx,
    *,
    invite_hash: str,
    client: str,
    user: UserIdentity,
    user_id: str,
    session_id: str,
    token_hash: str,
    agent: str,
    now: datetime,
    idle_until: datetime,
    expires: datetime,
) -> SignedIn | None:
    """Use an invite for a new session; None when it is unknown, has ended or is used up.

    The invite decides who the user is; without a name there, it is `user`.
    """
    return await maybe(
        tx,
        "sessions/redeem",
        _signed_in,
        invite_hash=invite_hash,
        client=client,
        method=user.method,
        name=user.name,
        display_name=user.display_name or None,
        user_id=user_id,
        session_id=session_id,
        token_hash=token_hash,
        agent=agent,
        now=now,
        idle_until=idle_until,
        expires=expires,
    )


async def by_token(tx: Tx, token_hash: str, *, now: datetime) -> SignedIn | None:
    """The live session that a token belongs to, and its user."""
    return await maybe(tx, "sessions/by_token", _signed_in, token_hash=token_hash, now=now)


async def touch(tx: Tx, id: str, *, now: datetime, idle_until: datetime) -> None:
    """Note that a session is in use."""
    await run(tx, "sessions/touch", id=id, now=now, idle_until=idle_until)


async def of_user(tx: Tx, user_id: str, *, now: datetime) -> list[Session]:
    """The live sessions of a user, the last used first."""
    return await many(tx, "sessions/of_user", lambda row: _session(row["session"]), user_id=user_id, now=now)


async def end(tx: Tx, id: str, *, user_id: str | None) -> bool:
    """End a session of a user, or with None of anybody; False: there is none."""
    return await maybe(tx, "sessions/end", lambda row: str(row["id"]), id=id, user_id=user_id) is not None


async def delete_ended(tx: Tx, *, now: datetime) -> None:
    """Remove sessions that are over."""
    await run(tx, "sessions/delete_ended", now=now, limit=_ENDED)
