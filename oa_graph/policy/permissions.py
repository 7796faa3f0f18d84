"""What API clients may see and change."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from oa_graph.domain.users import ApiClient
from oa_graph.errors import ClientNotAuthorized


def visible_client(client: ApiClient, client_id: UUID | str | None) -> str | None:
    """Return the id of the client whose users `client` looks at; None: all clients.

    Without `client_id` a trusted client looks at all, another one at its own. Raise ClientNotAuthorized.
    """
    if client.trusted:
        return None if client_id is None else str(client_id)
    if client_id is not None and str(client_id) != client.id:
        raise ClientNotAuthorized(why="only trusted clients see the users of others")
    return client.id


def check_user_changes(client: ApiClient, changes: Mapping[str, object]) -> None:
    """Raise ClientNotAuthorized if `client` may not change these settings of a user: only trusted clients may."""
    if changes and not client.trusted:
        raise ClientNotAuthorized(why="only trusted clients change " + ", ".join(changes))


def check_judge(client: ApiClient) -> None:
    """Raise ClientNotAuthorized for a model's client: it writes, and judges nothing."""
    if client.writes_as_model:
        raise ClientNotAuthorized(why="it is a model's, which judges nothing")
