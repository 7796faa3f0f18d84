"""Users: found by the name that a frontend gives them, created on first sight."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from oa_graph.graph.session import Row, Tx, decoder, maybe, one
from oa_graph.model import Person, User

_user = decoder(User)


def _row(row: Row) -> User:
    return _user(row["user"])


async def find(tx: Tx, *, client: str, method: str, name: str) -> User | None:
    """The user that an API client knows by this name."""
    return await maybe(tx, "users/user", _row, client=client, method=method, name=name)


async def find_anywhere(tx: Tx, *, preferred: str, method: str, name: str) -> User | None:
    """The user that any API client knows by this name: the preferred one's, else the oldest."""
    return await maybe(tx, "users/anywhere", _row, preferred=preferred, method=method, name=name)


async def upsert(tx: Tx, *, client: str, person: Person, id: str, now: datetime, changes: Mapping[str, object]) -> User:
    """The user, created with `id` when new; of an existing one only the display name and `changes` are written."""
    return await one(
        tx,
        "users/upsert",
        _row,
        client=client,
        method=person.method,
        name=person.name,
        display_name=person.display_name,
        id=id,
        changes=dict(changes),
        now=now,
    )
