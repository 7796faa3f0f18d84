"""Invites to the pages, and the sessions of people who use them."""

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
    """A link that lets people sign in. Its token is in the link alone; the graph has the hash."""

    id: str
    role: SessionRole
    note: str = ""
    """What it is for, in the words of the operator."""
    user_name: str | None = None
    """Whom it signs in; None: whoever uses it becomes a new user."""
    uses_left: int | None = None
    """None: any number."""
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser in which a user is signed in."""

    id: str
    role: SessionRole
    agent: str = ""
    """The browser, in its own words."""
    created: datetime
    seen: datetime
    """When it was last used, to some minutes."""
    idle_until: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session and its user."""

    session: Session
    user: User
