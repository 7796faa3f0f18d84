"""Sign-in to the pages: invites, and the sessions that begin with them."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_hex, token_urlsafe
from uuid import uuid4

from oa_graph import graph
from oa_graph.context import Context
from oa_graph.domain.sessions import Invite, Session, SessionRole, SignedIn
from oa_graph.domain.users import AuthMethod, UserIdentity
from oa_graph.errors import InviteNotFound, InviteNotUsable, SessionNotFound
from oa_graph.graph.clients import key_hash
from oa_graph.installation import PAGES

FIRST_OPERATOR = "operator"
"""The name of the user of the first link."""

_TOUCH_SEC = 300
"""Seconds in which the use of a session is recorded at most once."""
_AGENT_LENGTH = 200


class Sessions:
    """The invites and sessions of a collection. A token is returned once; the graph stores only its hash."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def invite(
        self,
        *,
        role: SessionRole = SessionRole.WORKER,
        uses: int | None = 1,
        valid_for: timedelta = timedelta(days=7),
        note: str = "",
        user_name: str | None = None,
    ) -> str:
        """Create an invite; return its token.

        `uses`: how many sign-ins it allows; None: any number. `user_name`: the user it signs in; None: a new user each
        time.
        """
        now, token = self._context.clock(), token_urlsafe(24)
        invite = Invite(
            id=str(uuid4()),
            role=role,
            note=note,
            user_name=user_name,
            uses_left=uses,
            created=now,
            expires=now + valid_for,
        )
        await graph.sessions.create_invite(self._context.store, invite=invite, token_hash=key_hash(token))
        return token

    async def invites(self) -> list[Invite]:
        """Return all invites, newest first."""
        return await graph.sessions.invites(self._context.store)

    async def revoke(self, id: str) -> Invite:
        """End an invite; its sessions continue. Raise InviteNotFound."""
        invite = await graph.sessions.revoke_invite(self._context.store, id, now=self._context.clock())
        if invite is None:
            raise InviteNotFound(id=id)
        return invite

    async def usable(self, token: str) -> Invite:
        """Return the invite of this token. Raise InviteNotUsable."""
        invite = await graph.sessions.invite(self._context.store, key_hash(token))
        if invite is None:
            raise InviteNotUsable(why="it is unknown")
        if invite.uses_left == 0:
            raise InviteNotUsable(why="it has been used")
        if invite.expires <= self._context.clock():
            raise InviteNotUsable(why="it has ended")
        return invite

    async def redeem(self, token: str, *, display_name: str = "", agent: str = "") -> tuple[str, SignedIn]:
        """Begin a session with an invite; return its token, and the session and user. Raise InviteNotUsable.

        Without `display_name` a known user keeps the current one.
        """
        context, now, session_token = self._context, self._context.clock(), token_urlsafe(32)
        signed_in = await graph.sessions.redeem(
            context.store,
            invite_hash=key_hash(token),
            client=PAGES.id,
            user=UserIdentity(AuthMethod.LOCAL, token_hex(8), display_name),
            user_id=str(uuid4()),
            session_id=str(uuid4()),
            token_hash=key_hash(session_token),
            agent=agent[:_AGENT_LENGTH],
            now=now,
            idle_until=now + timedelta(seconds=context.session_limits.idle_sec),
            expires=now + timedelta(seconds=context.session_limits.total_sec),
        )
        if signed_in is None:
            await self.usable(token)
            raise InviteNotUsable(why="it has been used")
        await graph.sessions.delete_ended(context.store, now=now)
        return session_token, signed_in

    async def find(self, token: str) -> SignedIn | None:
        """Return the live session of this token and its user, and record its use."""
        if not token:
            return None
        store, now = self._context.store, self._context.clock()
        signed_in = await graph.sessions.by_token(store, key_hash(token), now=now)
        if signed_in and (now - signed_in.session.seen).total_seconds() > self._touch_sec():
            idle_until = now + timedelta(seconds=self._context.session_limits.idle_sec)
            await graph.sessions.touch(store, signed_in.session.id, now=now, idle_until=idle_until)
        return signed_in

    async def of_user(self, user_id: str) -> list[Session]:
        """Return the live sessions of a user, most recently used first."""
        return await graph.sessions.of_user(self._context.store, user_id, now=self._context.clock())

    async def end(self, id: str, *, user_id: str | None = None) -> None:
        """End a session; with `user_id` only if it is this user's. Raise SessionNotFound."""
        if not await graph.sessions.end(self._context.store, id, user_id=user_id):
            raise SessionNotFound(id=id)

    def _touch_sec(self) -> float:
        return min(_TOUCH_SEC, self._context.session_limits.idle_sec / 4)
