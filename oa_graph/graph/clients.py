"""API clients: frontends, known by the hash of their key."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256

from oa_graph.domain.users import ApiClient, ClientChanges
from oa_graph.graph.session import Row, Tx, decoder, many, maybe, run

_client = decoder(ApiClient)


def key_hash(key: str) -> str:
    """What is stored of a key: keys are long and random, so one round of SHA-256 cannot be searched backwards."""
    return sha256(key.encode()).hexdigest()


def _row(row: Row) -> ApiClient:
    return _client(row["client"])


async def by_key_hash(tx: Tx, key_hash: str) -> ApiClient | None:
    """The client that a key belongs to, enabled or not."""
    return await maybe(tx, "clients/by_key_hash", _row, key_hash=key_hash)


async def create(tx: Tx, *, client: ApiClient, key_hash: str) -> None:
    """Store a client; one of the same id is overwritten."""
    properties = {name: value for name, value in asdict(client).items() if name != "id"}
    properties["capabilities"] = list(client.capabilities)
    await run(tx, "clients/create", id=client.id, key_hash=key_hash, properties=properties)


async def list_all(tx: Tx) -> list[ApiClient]:
    """All clients by description, the installation's own among them."""
    return await many(tx, "clients/list", _row)


async def change(tx: Tx, id: str, *, changes: ClientChanges) -> ApiClient | None:
    """Change the rights and capabilities of a client; None: there is none of this id."""
    return await maybe(
        tx,
        "clients/change",
        _row,
        id=id,
        enabled=changes.enabled,
        trusted=changes.trusted,
        analyst=changes.analyst,
        capabilities=None if changes.capabilities is None else list(changes.capabilities),
        added=list(changes.added),
        removed=list(changes.removed),
    )


async def rotate(tx: Tx, id: str, *, key_hash: str) -> ApiClient | None:
    """Give a client the key with this hash in place of its own; None: there is none of this id."""
    return await maybe(tx, "clients/rotate", _row, id=id, key_hash=key_hash)
