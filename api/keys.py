"""Who calls: the API client by its key, the acting user that it vouches for, the operator by a root token.

Each is a guard of a route, and puts its result into the request as `auth` or `user` of `ApiRequest`. Keys and
tokens are not kept: a client is known by the hash of its key, a token is compared by its hash.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from hmac import compare_digest
from time import monotonic
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from oa_graph.collection import Collection
from oa_graph.domain.users import ApiClient, User
from oa_graph.errors import ClientNotAuthorized, RootTokenNotAuthorized
from oa_graph.graph.clients import key_hash

log = logging.getLogger(__name__)

Connection = ASGIConnection[Any, Any, Any, Any]


class ClientCache:
    """The clients of one process. One that was found is believed for `cache_sec`, so that hot requests ask once."""

    def __init__(self, collection: Collection, *, cache_sec: float, root_tokens: Iterable[str]) -> None:
        self._collection = collection
        self._cache_sec = cache_sec
        self._root = tuple(key_hash(token) for token in root_tokens)
        self._known: dict[str, tuple[float, ApiClient]] = {}
        self._warned: set[str] = set()

    async def client(self, key: str) -> ApiClient:
        """The enabled client that `key` belongs to. Raise ClientNotAuthorized."""
        hashed = key_hash(key)
        until, client = self._known.get(hashed, (0.0, None))
        if client is not None and monotonic() < until:
            return client
        client = await self._collection.clients.by_key(key) if key else None
        if client is None or not client.enabled:
            self._known.pop(hashed, None)
            raise ClientNotAuthorized(why="it is missing, unknown or disabled")
        self._known[hashed] = (monotonic() + self._cache_sec, client)
        return client

    def forget(self, id: str) -> None:
        """Look a client up again at its next request, after a change. Other processes do so after `cache_sec`."""
        self._known = {key: known for key, known in self._known.items() if known[1].id != id}

    async def user(self, client: ApiClient, named: str) -> User | None:
        """The user of `client` that `method:name` names; None without a colon. Raise UserNotFound."""
        method, colon, name = named.partition(":")
        if not colon:
            if named:
                self._warn_of_user(client)
            return None
        return await self._collection.users.acting(method, name, client=client)

    def _warn_of_user(self, client: ApiClient) -> None:
        """Once a client: the original ignored such a header, so its frontend may never have noticed."""
        if client.id not in self._warned:
            self._warned.add(client.id)
            log.warning("acting user ignored: X-OASST-USER of client %s is not `auth_method:username`", client.id)

    def root(self, token: str) -> bool:
        """Whether `token` is a root token; takes as long whichever it is like."""
        hashed = key_hash(token)
        return any([compare_digest(hashed, token_hash) for token_hash in self._root])


def client_cache(connection: Connection) -> ClientCache:
    """The clients that this process remembers."""
    return cast("ClientCache", connection.app.state["client_cache"])


def _header(connection: Connection, name: bytes) -> str:
    """A header's text: as UTF-8 where it is that, else as Latin-1, which frontends send."""
    value: bytes = next((content for key, content in connection.scope["headers"] if key == name), b"")
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _query_or_header(connection: Connection, *, query: str, header: bytes) -> str:
    """The query's value wins over the header's."""
    asked = connection.query_params.get(query) if connection.scope["query_string"] else None
    return asked or _header(connection, header)


async def requires_key(connection: Connection, _: BaseRouteHandler) -> None:
    """Only for API clients."""
    key = _query_or_header(connection, query="api_key", header=b"x-api-key")
    connection.scope["auth"] = await client_cache(connection).client(key)
    connection.scope["user"] = None


async def requires_trusted(connection: Connection, _: BaseRouteHandler) -> None:
    """Stands after `requires_key`, where only trusted clients may go."""
    client = cast("ApiClient", connection.scope["auth"])
    if not client.trusted:
        raise ClientNotAuthorized(why="it is not trusted")


async def requires_analyst(connection: Connection, _: BaseRouteHandler) -> None:
    """Stands after `requires_key`, where only analysts may go."""
    client = cast("ApiClient", connection.scope["auth"])
    if not client.analyst:
        raise ClientNotAuthorized(why="it is not an analyst's")


def named_user(connection: Connection) -> str:
    """The acting user as the frontend names the user, not looked up; empty if it names none."""
    return _query_or_header(connection, query="oasst_user", header=b"x-oasst-user")


async def resolves_user(connection: Connection, _: BaseRouteHandler) -> None:
    """Stands after `requires_key`, where the acting user matters."""
    connection.scope["user"] = await client_cache(connection).user(connection.scope["auth"], named_user(connection))


async def requires_root_token(connection: Connection, _: BaseRouteHandler) -> None:
    """Only with a root token."""
    scheme, _space, token = _header(connection, b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not client_cache(connection).root(token):
        raise RootTokenNotAuthorized
