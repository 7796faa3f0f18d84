"""Users: found by the name that a frontend gives them, created on first sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from oa_graph.domain.listings import FIRST_ID, LAST_ID, Bound, PageRange
from oa_graph.domain.users import User, UserIdentity
from oa_graph.errors import UserNotFound
from oa_graph.graph.session import Row, Tx, decoder, many, maybe, milliseconds, one

_user = decoder(User)

_BEHIND_ALL = "\U0010ffff" * 257
"""No name is longer than 256 characters, so none comes after this."""


def _row(row: Row) -> User:
    return _user(row["user"])


async def find(tx: Tx, *, client: str, method: str, name: str) -> User | None:
    """The user that an API client knows by this name."""
    return await maybe(tx, "users/find", _row, client=client, method=method, name=name)


async def find_for_any_client(tx: Tx, *, preferred: str, method: str, name: str) -> User | None:
    """The user that any API client knows by this name: the preferred one's, else the oldest."""
    return await maybe(tx, "users/find_for_any_client", _row, preferred=preferred, method=method, name=name)


def _rows(row: Row) -> list[User]:
    """One row for the whole list: each row costs the driver more than what is in it."""
    return [_user(fields) for fields in row["users"]]


async def by_id(tx: Tx, id: str, *, client: str | None) -> User | None:
    """Return the user with this id, if the user belongs to `client`; None: to any client."""
    return await maybe(tx, "users/by_id", _row, id=id, client=client)


async def by_name(
    tx: Tx, span: PageRange[str], *, client: str | None, search: str | None, method: str | None
) -> list[User]:
    """The users of `client`, or of all, in a span of (name, id); `search` is a part of the name."""
    start = _start(span)
    users = await one(tx, "users/by_name", _rows, **start, client=client, search=search, method=method)
    return _within(span, users, key=lambda user: user.name)


async def by_display_name(
    tx: Tx, span: PageRange[str], *, client: str | None, search: str | None, method: str | None
) -> list[User]:
    """The users of `client`, or of all, in a span of (display name, id); `search` is a part of the display name."""
    start = _start(span)
    users = await one(tx, "users/by_display_name", _rows, **start, client=client, search=search, method=method)
    return _within(span, users, key=lambda user: user.display_name)


def _start(span: PageRange[str]) -> dict[str, object]:
    """Where the statements begin to read, and how far."""
    bound = (span.high or Bound(_BEHIND_ALL, LAST_ID)) if span.desc else (span.low or Bound("", FIRST_ID))
    return {"from": bound.value, "from_id": bound.id, "desc": span.desc, "limit": span.limit}


def _within(span: PageRange[str], users: Sequence[User], *, key: Callable[[User], str]) -> list[User]:
    """Those up to the other bound, which the statements do not know."""
    end = span.low if span.desc else span.high
    if end is None or end.id is None:
        return list(users)
    last = (end.value, end.id)
    return [user for user in users if ((key(user), user.id) > last if span.desc else (key(user), user.id) < last)]


async def with_username(tx: Tx, *, client: str | None, method: str, name: str) -> list[str]:
    """The ids of the users that an API client knows by this name, or that any does; at most one for each client."""
    return await many(tx, "users/with_username", lambda row: str(row["id"]), client=client, method=method, name=name)


async def upsert(
    tx: Tx, *, client: str, user: UserIdentity, id: str, now: datetime, changes: Mapping[str, object]
) -> User:
    """The user, created with `id` when new; of an existing one only the display name and `changes` are written."""
    parameters = {
        "client": client,
        "method": user.method,
        "name": user.name,
        "display_name": user.display_name,
        "id": id,
        "changes": dict(changes),
        "now": now,
    }
    upserted = None
    while upserted is None:  # each time without means that one user was merged away while this one looked
        upserted = await maybe(tx, "users/upsert", _row, **parameters)
    return upserted


async def change(tx: Tx, id: str, *, changes: Mapping[str, object], now: datetime) -> tuple[User, bool]:
    """Change a user; return the user, and whether the user was disabled or deleted before. Raise UserNotFound."""
    changed = await maybe(
        tx,
        "users/change",
        lambda row: (_row(row), bool(row["away"])),
        id=id,
        changes=dict(changes),
        now_ms=milliseconds(now),
    )
    if changed is None:
        raise UserNotFound(id=id)
    return changed


async def anonymise(tx: Tx, id: str, *, name: str, now: datetime) -> None:
    """Take a user's names away and ends the account; raise UserNotFound."""
    parameters = {"id": id, "name": name, "now_ms": milliseconds(now)}
    if await maybe(tx, "users/anonymise", lambda row: row, **parameters) is None:
        raise UserNotFound(id=id)


async def prompts(tx: Tx, id: str) -> list[str]:
    """Lock and return the trees that a user began and that depend on whether the user is enabled."""
    return await many(tx, "users/prompts", lambda row: str(row["id"]), user_id=id)
