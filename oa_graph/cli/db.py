"""`oa-graph db`: the managed Neo4j server."""

from __future__ import annotations

import json
from pathlib import Path

import click

from oa_graph import installation, training
from oa_graph.cli import shell
from oa_graph.cli.console import (
    browser_login,
    chosen_settings,
    command_line,
    data_option,
    database,
    err,
    out,
    print_facts,
)
from oa_graph.errors import Setup
from oa_graph.neo4j_server import ManagedNeo4j, jars
from oa_graph.settings import Neo4jSettings


@click.group()
def db() -> None:
    """Manage the Neo4j server of an installation."""


class NotManaged(Setup):
    """This command works only on the managed server, but NEO4J_URI names another one. Unset NEO4J_URI, or use the tools of that server."""  # noqa: E501 - one sentence is one line


def _server(data: Path | None) -> ManagedNeo4j:
    return installation.managed(chosen_settings(data))


def _own_server(data: Path | None) -> ManagedNeo4j:
    """Return the managed server. Raise NotManaged if NEO4J_URI names another server."""
    if Neo4jSettings.model_validate({}).uri is not None:
        raise NotManaged
    return _server(data)


@db.command()
@data_option
def start(data: Path | None) -> None:
    """Start the server in the background, until `oa-graph db stop`."""
    chosen = chosen_settings(data)
    server = installation.managed(chosen)
    jars.fetch()  # shows its own progress
    with err.status(f"starting Neo4j for {server.data}"):
        address = server.start(keep=True)
    server.release()
    training.start_in_background(chosen)
    print_facts({"Bolt": address.bolt, **browser_login(address.http, address.username, server.password_file)})


@db.command()
@data_option
def stop(data: Path | None) -> None:
    """Stop the server, even if other processes use it."""
    err.print("stopped" if _server(data).stop() else "the server was not running")


@db.command()
@click.option("--json", "as_json", is_flag=True)
@data_option
def status(data: Path | None, as_json: bool) -> None:
    """Show state, addresses, start time and users of the server. Exit status 1 if it is not running."""
    server = _server(data)
    report = server.status()
    facts = {
        "state": report.state,
        "data": str(server.data),
        "version": report.version,
        "pid": report.pid,
        "bolt": report.bolt,
        "http": report.http,
        "user": report.username,
        "password_file": str(server.password_file) if report.username else None,
        "since": report.since.isoformat(timespec="seconds") if report.since else None,
        "kept": report.kept,
        "holders": [f"{holder.pid} {holder.command}" for holder in report.holders],
        "store_bytes": report.store_bytes,
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        for name, value in facts.items():
            shown = ", ".join(value) if isinstance(value, list) else value
            out.print(f"{name:<14} {'-' if shown in (None, '') else shown}", soft_wrap=True, markup=False)
    raise SystemExit(0 if report.state == "running" else 1)


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace an existing file.")
@data_option
def dump(file: Path, replace: bool, data: Path | None) -> None:
    """Write a dump of the database to FILE. A running server is stopped meanwhile."""
    _own_server(data).dump(file, replace_file=replace)


@db.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@data_option
def load(file: Path, data: Path | None, yes: bool) -> None:
    """Replace the database with the dump in FILE. A running server is stopped meanwhile."""
    server = _own_server(data)
    if not yes:
        click.confirm(f"Replace the database in {server.data}?", abort=True)
    server.load(file)


@db.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace existing data.")
@data_option
def clone(folder: Path, replace: bool, data: Path | None) -> None:
    """Copy the database to the data folder FOLDER, for work that must not change the original."""
    _own_server(data).clone(folder, replace_data=replace)
    err.print(f"start it with: {command_line('db', 'start', data=folder)}", soft_wrap=True, markup=False)


@db.command("shell")
@click.option("--limit", default=1000, show_default=True, help="Maximum number of printed rows for each statement.")
@click.option("--write", is_flag=True, help="Allow statements that write.")
@data_option
def shell_(data: Path | None, limit: int, write: bool) -> None:
    """Open a Cypher prompt with a history. End statements with a semicolon; Ctrl-C cancels, :quit exits.

    \b
    :param lang => 'en'           set the parameter $lang
    :param {lang: 'en', limit: 5} set several parameters
    :params                       list the parameters
    """
    chosen = chosen_settings(data)
    with database(chosen, reads=not write) as neo4j:
        shell.run_prompt(neo4j, data=chosen.data, limit=limit, write=write)
