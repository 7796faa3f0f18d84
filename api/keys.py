"""Who calls: the API client by its key, the acting user that it vouches for, the operator by a root token.

Each is a guard of a route; what it finds stands in the request afterwards, as `caller` and `viewer` of `Call`. Keys and
tokens themselves are not kept: clients are known by the hash of their key, tokens are compared by theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from hmac import compare_digest
from time import monotonic
from typing import Any, cast
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from oa_graph.errors import ClientNotAuthorized, RootTokenNotAuthorized, UserNotFound
from oa_graph.graph import clients, users
from oa_graph.graph.clients import key_hash
from oa_graph.graph.session import Graph
from oa_graph.model import Client, User

log = logging.getLogger(__name__)

Connection = ASGIConnection[Any, Any, Any, Any]


class Keys:
    """The clients of one process. One that was found is believed for `cache_sec`, so that hot requests ask once."""

    def __init__(self, graph: Graph, *, cache_sec: float, root_tokens: Iterable[str]) -> None:
        self._graph = graph
        self._cache_sec = cache_sec
        self._root = tuple(key_hash(token) for token in root_tokens)
        self._known: dict[str, tuple[float, Client]] = {}
        self._warned: set[str] = set()

    async def client(self, key: str) -> Client:
        """The enabled client that `key` belongs to. Raises ClientNotAuthorized."""
        hashed = key_hash(key)
        until, client = self._known.get(hashed, (0.0, None))
        if client is not None and monotonic() < until:
            return client
        client = await clients.by_key_hash(self._graph, hashed) if key else None
        if client is None or not client.enabled:
            self._known.pop(hashed, None)
            raise ClientNotAuthorized(why="it is missing, unknown or disabled")
        self._known[hashed] = (monotonic() + self._cache_sec, client)
        return client

    async def user(self, client: Client, named: str) -> User | None:
        """The user of `client` that `method:name` names; None without a colon. Raises UserNotFound."""
        method, colon, name = named.partition(":")
        if not colon:
            if named:
                self._warn_of_user(client)
            return None
        found = await users.find(self._graph, client=client.id, method=method, name=name)
        if found is None:
            raise UserNotFound(id=named)
        return found

    def _warn_of_user(self, client: Client) -> None:
        """Once a client: the original ignored such a header, so its frontend may never have noticed."""
        if client.id not in self._warned:
            self._warned.add(client.id)
            log.warning("acting user ignored: X-OASST-USER of client %s is not `auth_method:username`", client.id)

    def root(self, token: str) -> bool:
        """Whether `token` is a root token; takes as long whichever it is like."""
        hashed = key_hash(token)
        return any([compare_digest(hashed, each) for each in self._root])


def _keys(connection: Connection) -> Keys:
    return cast("Keys", connection.app.state["keys"])


def _header(connection: Connection, name: bytes) -> str:
    """A header's text: as UTF-8 where it is that, else as Latin-1, which frontends send."""
    value: bytes = next((each for key, each in connection.scope["headers"] if key == name), b"")
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _given(connection: Connection, *, query: str, header: bytes) -> str:
    """The query's value wins over the header's."""
    asked = connection.query_params.get(query) if connection.scope["query_string"] else None
    return asked or _header(connection, header)


async def keyed(connection: Connection, _: BaseRouteHandler) -> None:
    """Only for API clients."""
    key = _given(connection, query="api_key", header=b"x-api-key")
    connection.scope["auth"] = await _keys(connection).client(key)
    connection.scope["user"] = None


async def trusted(connection: Connection, _: BaseRouteHandler) -> None:
    """Stands after `keyed`, where only trusted clients may go."""
    client = cast("Client", connection.scope["auth"])
    if not client.trusted:
        raise ClientNotAuthorized(why="it is not trusted")


async def analyst(connection: Connection, _: BaseRouteHandler) -> None:
    """Stands after `keyed`, where only analysts may go."""
    client = cast("Client", connection.scope["auth"])
    if not client.analyst:
        raise ClientNotAuthorized(why="it is not an analyst's")


def named_user(connection: Connection) -> str:
    """The acting user as the frontend names him, not looked up; empty when it names none."""
    return _given(connection, query="oasst_user", header=b"x-oasst-user")


async def acting(connection: Connection, _: BaseRouteHandler) -> None:
    """Stands after `keyed`, where the acting user matters."""
    connection.scope["user"] = await _keys(connection).user(connection.scope["auth"], named_user(connection))


async def rooted(connection: Connection, _: BaseRouteHandler) -> None:
    """Only with a root token."""
    scheme, _space, token = _header(connection, b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not _keys(connection).root(token):
        raise RootTokenNotAuthorized


def visible_client(client: Client, asked: UUID | None) -> str | None:
    """Whose users `client` looks among; None: everybody's. Raises ClientNotAuthorized."""
    if client.trusted:
        return str(asked) if asked else None
    if asked is not None and str(asked) != client.id:
        raise ClientNotAuthorized(why="only trusted clients see the users of others")
    return client.id
