"""`oa-graph client`: the keys of frontends."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import click

from oa_graph import hosting
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_graph, out, prepare, table
from oa_graph.errors import ClientNotFound, OwnClient
from oa_graph.graph import clients
from oa_graph.graph.session import Graph
from oa_graph.model import Client


@click.command()
@data_option
def key(data: Path | None) -> None:
    """Prints the trusted key of this installation."""
    click.echo(hosting.installed_key(chosen_settings(data)).value)


@click.group()
def client() -> None:
    """Frontends and their API keys."""


@client.command()
@click.argument("description")
@click.option("--trusted", is_flag=True, help="May see and change all users, and moderate.")
@click.option("--analyst", is_flag=True, help="May ask the graph anything that only reads: POST /api/v1/cypher.")
@click.option("--frontend-type", help="Such as web or bot.")
@click.option("--admin-email")
@click.option("--can", "capabilities", multiple=True, help="A task kind beyond the original's that it can show.")
@data_option
def add(
    description: str,
    trusted: bool,
    analyst: bool,
    frontend_type: str | None,
    admin_email: str | None,
    capabilities: tuple[str, ...],
    data: Path | None,
) -> None:
    """Adds a frontend and prints its key, which is shown only now."""
    chosen = chosen_settings(data)
    key = secrets.token_hex(32)
    new = Client(
        id=str(uuid4()),
        description=description,
        admin_email=admin_email,
        trusted=trusted,
        analyst=analyst,
        frontend_type=frontend_type,
        capabilities=capabilities,
    )
    with database(chosen) as found:
        prepare(found, hosting.trusted_key(chosen))
        on_graph(found, lambda graph: clients.create(graph, client=new, key_hash=clients.key_hash(key)))
    click.echo(key)


@client.command("list")
@click.option("--json", "as_json", is_flag=True)
@data_option
def list_(as_json: bool, data: Path | None) -> None:
    """Lists the frontends and what they may do, never their keys."""
    with database(chosen_settings(data), reads=True) as found:
        known = on_graph(found, clients.every)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in known], indent=2, ensure_ascii=False))
    else:
        out.print(table(_COLUMNS, [_row(client) for client in known]))


_COLUMNS = ("id", "description", "type", "trusted", "analyst", "enabled", "can")


def _row(client: Client) -> Sequence[str]:
    flags = ("yes" if flag else "no" for flag in (client.trusted, client.analyst, client.enabled))
    return client.id, client.description, client.frontend_type or "", *flags, ", ".join(client.capabilities)


@client.command()
@click.argument("id")
@data_option
def disable(id: str, data: Path | None) -> None:
    """Shuts the frontend ID out, within OA_GRAPH_CLIENT_CACHE_SEC."""
    _change(id, data, lambda graph: clients.enable(graph, id, enabled=False))
    err.print(f"{id} is disabled", soft_wrap=True)


@client.command()
@click.argument("id")
@data_option
def enable(id: str, data: Path | None) -> None:
    """Lets the frontend ID in again, with the key that it has."""
    _change(id, data, lambda graph: clients.enable(graph, id, enabled=True))
    err.print(f"{id} is enabled", soft_wrap=True)


@client.command()
@click.argument("id")
@click.option("--no", "takes", is_flag=True, help="Take the right away.")
@data_option
def analyst(id: str, takes: bool, data: Path | None) -> None:
    """Lets the frontend ID ask the graph anything that only reads, within OA_GRAPH_CLIENT_CACHE_SEC."""
    _change(id, data, lambda graph: clients.entitle(graph, id, analyst=not takes))
    err.print(f"{id} is {'no analyst any more' if takes else 'an analyst'}", soft_wrap=True)


@client.command()
@click.argument("id")
@data_option
def rotate(id: str, data: Path | None) -> None:
    """Gives the frontend ID a new key and prints it, which is shown only now; the old key ends.

    The old one is taken for OA_GRAPH_CLIENT_CACHE_SEC more by a service that has just seen it.
    """
    key = secrets.token_hex(32)
    _change(id, data, lambda graph: clients.rotate(graph, id, key_hash=clients.key_hash(key)))
    click.echo(key)


def _change(id: str, data: Path | None, change: Callable[[Graph], Awaitable[Client | None]]) -> None:
    """Changes one client. Raises ClientNotFound, and OwnClient for the one that each start sets right again."""
    if id == hosting.TRUSTED:
        raise OwnClient(id=id)
    with database(chosen_settings(data), reads=True) as found:
        if on_graph(found, change) is None:
            raise ClientNotFound(id=id)
