"""API clients: frontends, known by the hash of their key."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256

from oa_graph.graph.session import Row, Tx, decoder, many, maybe, run
from oa_graph.model import Client

_client = decoder(Client)


def key_hash(key: str) -> str:
    """What is stored of a key: keys are long and random, so one round of SHA-256 cannot be searched backwards."""
    return sha256(key.encode()).hexdigest()


def _row(row: Row) -> Client:
    return _client(row["client"])


async def by_key_hash(tx: Tx, key_hash: str) -> Client | None:
    """The client that a key belongs to, enabled or not."""
    return await maybe(tx, "clients/by_key_hash", _row, key_hash=key_hash)


async def create(tx: Tx, *, client: Client, key_hash: str) -> None:
    """Stores a client; one of the same id is overwritten."""
    properties = {name: value for name, value in asdict(client).items() if name != "id"}
    properties["capabilities"] = list(client.capabilities)
    await run(tx, "clients/create", id=client.id, key_hash=key_hash, properties=properties)


async def every(tx: Tx) -> list[Client]:
    """All clients by description, the installation's own among them."""
    return await many(tx, "clients/list", _row)


async def enable(tx: Tx, id: str, *, enabled: bool) -> Client | None:
    """Lets a client in or shuts it out; None: there is none of this id."""
    return await maybe(tx, "clients/enable", _row, id=id, enabled=enabled)


async def entitle(tx: Tx, id: str, *, analyst: bool) -> Client | None:
    """Gives a client the right of analysts or takes it; None: there is none of this id."""
    return await maybe(tx, "clients/entitle", _row, id=id, analyst=analyst)


async def rotate(tx: Tx, id: str, *, key_hash: str) -> Client | None:
    """Gives a client the key with this hash in place of its own; None: there is none of this id."""
    return await maybe(tx, "clients/rotate", _row, id=id, key_hash=key_hash)
