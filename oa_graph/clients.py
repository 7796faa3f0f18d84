"""API clients: the frontends of a collection and their keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from secrets import token_hex
from uuid import uuid4

from oa_graph import graph
from oa_graph.context import Context
from oa_graph.domain.users import ApiClient, ClientChanges
from oa_graph.errors import ClientNotFound, OwnClient, UnknownCapability
from oa_graph.graph.clients import key_hash
from oa_graph.installation import PAGES, TRUSTED
from oa_graph.policy.kinds import CAPABILITIES


class Clients:
    """The API clients of a collection. A key is returned once; the graph has its hash alone."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create(self, client: ApiClient) -> str:
        """Add a client; return its key. An empty id is replaced by a new one. Raise UnknownCapability."""
        _check_capabilities(client.capabilities)
        key = token_hex(32)
        client = client if client.id else replace(client, id=str(uuid4()))
        await graph.clients.create(self._context.store, client=client, key_hash=key_hash(key))
        return key

    async def all(self) -> list[ApiClient]:
        """Return all clients."""
        return await graph.clients.list_all(self._context.store)

    async def by_key(self, key: str) -> ApiClient | None:
        """Return the client that a key belongs to, also a disabled one."""
        return await graph.clients.by_key_hash(self._context.store, key_hash(key))

    async def change(self, id: str, changes: ClientChanges) -> ApiClient:
        """Change the rights and capabilities of a client; return the client.

        Raise ClientNotFound, UnknownCapability, or OwnClient for the installation's own client. A capability that is
        no longer known can still be removed.
        """
        _check_capabilities((*(changes.capabilities or ()), *changes.added))
        return _known(id, await graph.clients.change(self._context.store, _changeable(id), changes=changes))

    async def rotate(self, id: str) -> str:
        """Replace the key of a client; return the new one. Raise ClientNotFound or OwnClient."""
        key = token_hex(32)
        _known(id, await graph.clients.rotate(self._context.store, _changeable(id), key_hash=key_hash(key)))
        return key


def _check_capabilities(names: Iterable[str]) -> None:
    for name in names:
        if name not in CAPABILITIES:
            raise UnknownCapability(name=name, known=", ".join(sorted(CAPABILITIES)))


def _changeable(id: str) -> str:
    if id in (TRUSTED, PAGES.id):  # each start sets it right again
        raise OwnClient(id=id)
    return id


def _known(id: str, client: ApiClient | None) -> ApiClient:
    if client is None:
        raise ClientNotFound(id=id)
    return client
