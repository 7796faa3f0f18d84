"""Invites to the pages, and the sessions of their users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from oa_graph.domain.users import User


class SessionRole(StrEnum):
    """What a session may do."""

    WORKER = "worker"
    """Do tasks."""
    ANALYST = "analyst"
    """Do tasks, run saved queries and reading statements, and see the analysis report."""
    OPERATOR = "operator"
    """Do all that analysts do, and run the collection."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts, in seconds."""

    idle_sec: float = 14 * 86_400
    """After its last use."""
    total_sec: float = 90 * 86_400
    """After the sign-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """A link by which people sign in. Its token is only in the link; the graph stores the hash."""

    id: str
    role: SessionRole
    note: str = ""
    """The operator's note on its purpose."""
    user_name: str | None = None
    """The name of the user it signs in; None: each sign-in creates a user."""
    uses_left: int | None = None
    """None: any number."""
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser in which a user is signed in."""

    id: str
    role: SessionRole
    agent: str = ""
    """The `User-Agent` header of the browser."""
    created: datetime
    seen: datetime
    """When it was last used, to within minutes."""
    idle_until: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session and its user."""

    session: Session
    user: User
