"""API clients: frontends, known by the hash of their key."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256

from oa_graph.graph.session import Tx, decoder, maybe, run
from oa_graph.model import Client

_client = decoder(Client)


def key_hash(key: str) -> str:
    """What is stored of a key: keys are long and random, so one round of SHA-256 cannot be searched backwards."""
    return sha256(key.encode()).hexdigest()


async def by_key_hash(tx: Tx, key_hash: str) -> Client | None:
    """The client that a key belongs to, enabled or not."""
    return await maybe(tx, "clients/by_key_hash", lambda row: _client(row["client"]), key_hash=key_hash)


async def create(tx: Tx, *, client: Client, key_hash: str) -> None:
    """Stores a client; one of the same id is overwritten."""
    properties = {name: value for name, value in asdict(client).items() if name != "id"}
    properties["capabilities"] = list(client.capabilities)
    await run(tx, "clients/create", id=client.id, key_hash=key_hash, properties=properties)
