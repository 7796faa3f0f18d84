"""Users: created, changed, found and listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID, uuid4

from oa_graph import graph
from oa_graph.context import Context
from oa_graph.domain.listings import PageRange
from oa_graph.domain.users import ApiClient, AuthMethod, User, UserIdentity
from oa_graph.errors import UserNotFound
from oa_graph.moderation import Moderation
from oa_graph.policy.permissions import check_user_changes, visible_client

SortKey = Literal["username", "display_name"]


class Users:
    """The users of a collection."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def upsert(
        self,
        user: UserIdentity,
        *,
        client: ApiClient,
        settings: Mapping[str, object] | None = None,
        accept_terms: bool = False,
    ) -> User:
        """Create a user, or update the display name, the acceptance of the terms and some `settings`.

        A client that is not trusted may send settings that change nothing. Raise ClientNotAuthorized for others.
        """
        store, now = self._context.store, self._context.clock()
        known = await graph.users.find(store, client=client.id, method=user.method, name=user.name)
        changes = _differing(known or _newcomer(client, user.method), settings or {})
        check_user_changes(client, changes)
        written = {**({} if known else changes), **({"terms_accepted": now} if accept_terms else {})}
        upserted = await graph.users.upsert(
            store, client=client.id, user=user, id=str(uuid4()), now=now, changes=written
        )
        if known and changes:  # one of them may be a ban
            return await Moderation(self._context).change_user(upserted.id, changes)
        return upserted

    async def find(self, method: str, name: str, *, client: ApiClient, client_id: UUID | str | None = None) -> User:
        """Return the user of this name. A trusted client finds the users of all: its own first, then the oldest.

        Raise UserNotFound or ClientNotAuthorized.
        """
        owner = visible_client(client, client_id)
        user = (
            await graph.users.find_for_any_client(self._context.store, preferred=client.id, method=method, name=name)
            if owner is None
            else await graph.users.find(self._context.store, client=owner, method=method, name=name)
        )
        if user is None:
            raise UserNotFound(id=f"{method}:{name}")
        return user

    async def get(self, id: str, *, client: ApiClient, client_id: UUID | str | None = None) -> User:
        """Return the user with this id, if `client` may see the user. Raise UserNotFound or ClientNotAuthorized."""
        user = await graph.users.by_id(self._context.store, id, client=visible_client(client, client_id))
        if user is None:
            raise UserNotFound(id=id)
        return user

    async def acting(self, method: str, name: str, *, client: ApiClient) -> User:
        """Return the user of `client` with this name. Raise UserNotFound."""
        user = await graph.users.find(self._context.store, client=client.id, method=method, name=name)
        if user is None:
            raise UserNotFound(id=f"{method}:{name}")
        return user

    async def page(
        self,
        sort_key: SortKey,
        page: PageRange[str],
        *,
        client: ApiClient,
        client_id: UUID | str | None = None,
        search: str | None = None,
        method: str | None = None,
    ) -> list[User]:
        """Return users by name or display name, then by id. `search` is a part of the name that sorts.

        Raise ClientNotAuthorized.
        """
        listing = graph.users.by_name if sort_key == "username" else graph.users.by_display_name
        owner = visible_client(client, client_id)
        return await listing(self._context.store, page, client=owner, search=search, method=method)


def _newcomer(client: ApiClient, method: AuthMethod) -> User:
    """The settings of a user before the first request."""
    return User(
        id="",
        client=client.id,
        method=method,
        name="",
        display_name="",
        show_on_leaderboard=method is not AuthMethod.SYSTEM,
    )


def _differing(user: User, settings: Mapping[str, object]) -> dict[str, object]:
    """Those of `settings` that differ from what the user has."""
    return {name: value for name, value in settings.items() if getattr(user, name) != value}
