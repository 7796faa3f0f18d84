"""API clients, users, and how a frontend names a user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AuthMethod(StrEnum):
    """How a frontend knows its user."""

    DISCORD = "discord"
    GOOGLE = "google"
    LOCAL = "local"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class ApiClient:
    """A frontend application, known by its API key."""

    id: str
    description: str = ""
    admin_email: str | None = None
    enabled: bool = True
    trusted: bool = False
    analyst: bool = False
    """May ask the graph anything that only reads, through `POST /cypher`."""
    frontend_type: str | None = None
    capabilities: tuple[str, ...] = ()
    """What this frontend can show beyond the original's frontends; `oa_graph.policy.kinds` has the names."""
    writes_as_model: str | None = None
    """The name of the language model whose texts this client brings; None: people write them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanges:
    """Changes of an API client; None and empty: as before."""

    enabled: bool | None = None
    trusted: bool | None = None
    analyst: bool | None = None
    capabilities: tuple[str, ...] | None = None
    """All capabilities that it has from now on."""
    added: tuple[str, ...] = ()
    """Capabilities that it gets in addition."""
    removed: tuple[str, ...] = ()
    """Capabilities that it loses."""


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """How a frontend names a user."""

    method: AuthMethod
    name: str
    display_name: str


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored in the graph."""

    id: str
    client: str
    method: AuthMethod
    name: str
    display_name: str
    enabled: bool = True
    deleted: bool = False
    notes: str = ""
    show_on_leaderboard: bool = True
    created: datetime | None = None
    terms_accepted: datetime | None = None
    last_activity: datetime | None = None
    streak_start: datetime | None = None
