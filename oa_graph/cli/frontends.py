"""`oa-graph client`: the keys of frontends."""

from __future__ import annotations

import secrets
from pathlib import Path
from uuid import uuid4

import click

from oa_graph import hosting
from oa_graph.cli.console import chosen_settings, data_option, database, on_graph, prepare
from oa_graph.graph import clients
from oa_graph.model import Client


@click.command()
@data_option
def key(data: Path | None) -> None:
    """Prints the trusted key of this installation, which is made if there is none yet."""
    click.echo(hosting.trusted_key(chosen_settings(data)).value)


@click.group()
def client() -> None:
    """Frontends and their API keys."""


@client.command()
@click.argument("description")
@click.option("--trusted", is_flag=True, help="May see and change all users, and moderate.")
@click.option("--frontend-type", help="Such as web or bot.")
@click.option("--admin-email")
@click.option("--can", "capabilities", multiple=True, help="A task kind beyond the original's that it can show.")
@data_option
def add(
    description: str,
    trusted: bool,
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
        frontend_type=frontend_type,
        capabilities=capabilities,
    )
    with database(chosen) as found:
        prepare(found, chosen, hosting.trusted_key(chosen))
        on_graph(found, lambda graph: clients.create(graph, client=new, key_hash=clients.key_hash(key)))
    click.echo(key)
