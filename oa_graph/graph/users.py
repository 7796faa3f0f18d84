"""Users: found by the name that a frontend gives them, created on first sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from oa_graph.errors import UserNotFound
from oa_graph.graph.session import Row, Tx, decoder, many, maybe, milliseconds, one
from oa_graph.model import FIRST_ID, LAST_ID, Bound, Person, Span, User

_user = decoder(User)

_BEHIND_ALL = "\U0010ffff" * 257
"""No name is longer than 256 characters, so none comes after this."""


def _row(row: Row) -> User:
    return _user(row["user"])


async def find(tx: Tx, *, client: str, method: str, name: str) -> User | None:
    """The user that an API client knows by this name."""
    return await maybe(tx, "users/user", _row, client=client, method=method, name=name)


async def find_anywhere(tx: Tx, *, preferred: str, method: str, name: str) -> User | None:
    """The user that any API client knows by this name: the preferred one's, else the oldest."""
    return await maybe(tx, "users/anywhere", _row, preferred=preferred, method=method, name=name)


def _rows(row: Row) -> list[User]:
    """One row for the whole list: each row costs the driver more than what is in it."""
    return [_user(each) for each in row["users"]]


async def by_id(tx: Tx, id: str, *, client: str | None) -> User | None:
    """The user with this id, if he belongs to `client`; None: to whichever."""
    return await maybe(tx, "users/by_id", _row, id=id, client=client)


async def by_name(tx: Tx, span: Span[str], *, client: str | None, search: str | None, method: str | None) -> list[User]:
    """The users of `client`, or of all, in a span of (name, id); `search` is a part of the name."""
    start = _start(span)
    found = await one(tx, "users/by_name", _rows, **start, client=client, search=search, method=method)
    return _within(span, found, key=lambda user: user.name)


async def by_display_name(
    tx: Tx, span: Span[str], *, client: str | None, search: str | None, method: str | None
) -> list[User]:
    """The users of `client`, or of all, in a span of (display name, id); `search` is a part of the display name."""
    start = _start(span)
    found = await one(tx, "users/by_display_name", _rows, **start, client=client, search=search, method=method)
    return _within(span, found, key=lambda user: user.display_name)


def _start(span: Span[str]) -> dict[str, object]:
    """Where the statements begin to read, and how far."""
    bound = (span.high or Bound(_BEHIND_ALL, LAST_ID)) if span.desc else (span.low or Bound("", FIRST_ID))
    return {"from": bound.value, "from_id": bound.id, "desc": span.desc, "limit": span.limit}


def _within(span: Span[str], found: Sequence[User], *, key: Callable[[User], str]) -> list[User]:
    """Those up to the other bound, which the statements do not know."""
    end = span.low if span.desc else span.high
    if end is None or end.id is None:
        return list(found)
    last = (end.value, end.id)
    return [user for user in found if ((key(user), user.id) > last if span.desc else (key(user), user.id) < last)]


async def namesakes(tx: Tx, *, client: str | None, method: str, name: str) -> list[str]:
    """The ids of the users that an API client knows by this name, or that any does; at most one for each client."""
    return await many(tx, "users/namesakes", lambda row: str(row["id"]), client=client, method=method, name=name)


async def upsert(tx: Tx, *, client: str, person: Person, id: str, now: datetime, changes: Mapping[str, object]) -> User:
    """The user, created with `id` when new; of an existing one only the display name and `changes` are written."""
    parameters = {
        "client": client,
        "method": person.method,
        "name": person.name,
        "display_name": person.display_name,
        "id": id,
        "changes": dict(changes),
        "now": now,
    }
    found = None
    while found is None:  # each time without means that one user was merged away while this one looked
        found = await maybe(tx, "users/upsert", _row, **parameters)
    return found


async def change(tx: Tx, id: str, *, changes: Mapping[str, object], now: datetime) -> tuple[User, bool]:
    """Changes a user; as he is now, and whether he was disabled or deleted before. Raises UserNotFound."""
    found = await maybe(
        tx,
        "users/change",
        lambda row: (_row(row), bool(row["away"])),
        id=id,
        changes=dict(changes),
        now_ms=milliseconds(now),
    )
    if found is None:
        raise UserNotFound(id=id)
    return found


async def anonymise(tx: Tx, id: str, *, name: str, now: datetime) -> None:
    """Takes a user's names away and ends the account; raises UserNotFound."""
    parameters = {"id": id, "name": name, "now_ms": milliseconds(now)}
    if await maybe(tx, "users/anonymise", lambda row: row, **parameters) is None:
        raise UserNotFound(id=id)


async def prompts(tx: Tx, id: str) -> list[str]:
    """The trees that a user began and whose way depends on whether he is there; locks them."""
    return await many(tx, "users/prompts", lambda row: str(row["id"]), user_id=id)
