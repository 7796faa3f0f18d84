"""`oa-graph client`: API clients and their keys."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import click

from oa_graph import installation
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_collection, out, prepare, table
from oa_graph.clients import Clients
from oa_graph.domain.users import ApiClient, ClientChanges
from oa_graph.policy.kinds import CAPABILITIES

T = TypeVar("T")

_TRUSTED = "Allow it to see and change all users, and to moderate."
_ANALYST = "Allow read-only Cypher statements: POST /api/v1/cypher."
_CAPABILITY = f"Additional kind of task that it supports, repeatable: {', '.join(sorted(CAPABILITIES))}."


@click.group()
def client() -> None:
    """Manage API clients and their keys."""


@client.command()
@click.argument("description")
@click.option("--trusted", is_flag=True, help=_TRUSTED)
@click.option("--analyst", is_flag=True, help=_ANALYST)
@click.option("--frontend-type", help="Type of frontend, such as web or bot.")
@click.option("--admin-email", help="Address of its administrator.")
@click.option("--capability", "capabilities", multiple=True, help=_CAPABILITY)
@click.option(
    "--writes-as-model", metavar="NAME", help="Name of the language model whose texts it brings; it judges nothing."
)
@data_option
def add(
    description: str,
    trusted: bool,
    analyst: bool,
    frontend_type: str | None,
    admin_email: str | None,
    capabilities: tuple[str, ...],
    writes_as_model: str | None,
    data: Path | None,
) -> None:
    """Add an API client and print its key. The key is not shown again."""
    chosen = chosen_settings(data)
    api_client = ApiClient(
        id="",
        description=description,
        admin_email=admin_email,
        trusted=trusted,
        analyst=analyst,
        frontend_type=frontend_type,
        capabilities=capabilities,
        writes_as_model=writes_as_model,
    )
    with database(chosen) as neo4j:
        prepare(neo4j, installation.trusted_key(chosen))
        key = on_collection(neo4j, chosen, lambda collection: collection.clients.create(api_client))
    click.echo(key)


@client.command("list")
@click.option("--json", "as_json", is_flag=True)
@data_option
def list_(as_json: bool, data: Path | None) -> None:
    """List the API clients and their permissions, without keys."""
    api_clients = _on_clients(data, lambda clients: clients.all())
    if as_json:
        click.echo(json.dumps([asdict(api_client) for api_client in api_clients], indent=2, ensure_ascii=False))
    else:
        out.print(table(_COLUMNS, [_row(client) for client in api_clients]))


_COLUMNS = ("id", "description", "type", "trusted", "analyst", "enabled", "capabilities", "model")


def _row(client: ApiClient) -> Sequence[str]:
    flags = ("yes" if flag else "no" for flag in (client.trusted, client.analyst, client.enabled))
    return (
        client.id,
        client.description,
        client.frontend_type or "",
        *flags,
        ", ".join(client.capabilities),
        client.writes_as_model or "",
    )


@client.command()
@click.argument("id")
@click.option("--trusted/--no-trusted", default=None, help=_TRUSTED)
@click.option("--analyst/--no-analyst", default=None, help=_ANALYST)
@click.option("--capability", "added", multiple=True, help=_CAPABILITY)
@click.option("--no-capability", "removed", multiple=True, help="Capability to take away, repeatable.")
@data_option
def change(
    id: str,
    trusted: bool | None,
    analyst: bool | None,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    data: Path | None,
) -> None:
    """Change the rights and capabilities of the API client ID, effective within OA_GRAPH_CLIENT_CACHE_SEC."""
    changes = ClientChanges(trusted=trusted, analyst=analyst, added=added, removed=removed)
    changed = _on_clients(data, lambda clients: clients.change(id, changes))
    err.print(table(_COLUMNS, [_row(changed)]))


@client.command()
@click.argument("id")
@data_option
def disable(id: str, data: Path | None) -> None:
    """Disable the API client ID, effective within OA_GRAPH_CLIENT_CACHE_SEC."""
    _on_clients(data, lambda clients: clients.change(id, ClientChanges(enabled=False)))
    err.print(f"{id} is disabled", soft_wrap=True)


@client.command()
@click.argument("id")
@data_option
def enable(id: str, data: Path | None) -> None:
    """Enable the API client ID again, with its present key."""
    _on_clients(data, lambda clients: clients.change(id, ClientChanges(enabled=True)))
    err.print(f"{id} is enabled", soft_wrap=True)


@client.command()
@click.argument("id")
@click.option("--no", "revoke", is_flag=True, help="Revoke the permission.")
@data_option
def analyst(id: str, revoke: bool, data: Path | None) -> None:
    """Allow the API client ID read-only Cypher statements, effective within OA_GRAPH_CLIENT_CACHE_SEC."""
    _on_clients(data, lambda clients: clients.change(id, ClientChanges(analyst=not revoke)))
    err.print(f"{id} is {'no longer an analyst' if revoke else 'an analyst'}", soft_wrap=True)


@client.command()
@click.argument("id")
@data_option
def rotate(id: str, data: Path | None) -> None:
    """Replace the key of the API client ID and print the new one. The key is not shown again.

    A running service may accept the old key for another OA_GRAPH_CLIENT_CACHE_SEC.
    """
    click.echo(_on_clients(data, lambda clients: clients.rotate(id)))


def _on_clients(data: Path | None, work: Callable[[Clients], Awaitable[T]]) -> T:
    chosen = chosen_settings(data)
    with database(chosen, reads=True) as neo4j:
        return on_collection(neo4j, chosen, lambda collection: work(collection.clients))
