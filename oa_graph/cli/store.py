"""`oa-graph db`: the database itself."""

from __future__ import annotations

import json
from pathlib import Path

import click

from oa_graph import hosting, training
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
from oa_graph.managed import Server, jars
from oa_graph.settings import neo4j_settings


@click.group()
def db() -> None:
    """The managed Neo4j server of an installation."""


class NotManaged(Setup):
    """NEO4J_URI names a server that is not the managed one, and this command works on the files of the managed one alone; unset NEO4J_URI, or use the tools of that server."""  # noqa: E501 - one sentence is one line


def _server(data: Path | None) -> Server:
    return hosting.managed(chosen_settings(data))


def _own_server(data: Path | None) -> Server:
    """The managed server, where a command must not be thought to work on another. Raises NotManaged."""
    if neo4j_settings().uri is not None:
        raise NotManaged
    return _server(data)


@db.command()
@data_option
def start(data: Path | None) -> None:
    """Starts it and lets it go on until `oa-graph db stop`."""
    server = _server(data)
    jars.fetch()  # which shows its own progress
    with err.status(f"starting Neo4j for {server.data}"):
        address = server.start(keep=True)
    server.leave()
    training.start_in_background()
    print_facts({"Bolt": address.bolt, **browser_login(address.http, address.username, server.password_file)})


@db.command()
@data_option
def stop(data: Path | None) -> None:
    """Stops it, whoever uses it."""
    err.print("stopped" if _server(data).stop() else "it did not run")


@db.command()
@click.option("--json", "as_json", is_flag=True)
@data_option
def status(data: Path | None, as_json: bool) -> None:
    """Says whether it runs, where, since when and for whom. Exit status 1 when it does not run."""
    server = _server(data)
    now = server.status()
    facts = {
        "state": now.state,
        "data": str(server.data),
        "version": now.version,
        "pid": now.pid,
        "bolt": now.bolt,
        "http": now.http,
        "user": now.username,
        "password_file": str(server.password_file) if now.username else None,
        "since": now.since.isoformat(timespec="seconds") if now.since else None,
        "kept": now.kept,
        "holders": [f"{each.pid} {each.command}" for each in now.holders],
        "store_bytes": now.store_bytes,
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        for name, value in facts.items():
            shown = ", ".join(value) if isinstance(value, list) else value
            out.print(f"{name:<14} {'-' if shown in (None, '') else shown}", soft_wrap=True, markup=False)
    raise SystemExit(0 if now.state == "running" else 1)


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace a file that is there.")
@data_option
def dump(file: Path, replace: bool, data: Path | None) -> None:
    """Writes the whole database into FILE; a running server stops meanwhile."""
    _own_server(data).dump(file, replace_file=replace)


@db.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
def load(file: Path, data: Path | None, yes: bool) -> None:
    """Replaces the whole database by the dump in FILE; a running server stops meanwhile."""
    server = _own_server(data)
    if not yes:
        click.confirm(f"Replace all that is in {server.data}?", abort=True)
    server.load(file)


@db.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace the data that is there.")
@data_option
def clone(folder: Path, replace: bool, data: Path | None) -> None:
    """Copies the database into the data folder FOLDER, for work that must not touch the original."""
    _own_server(data).clone(folder, replace_data=replace)
    err.print(f"start it with: {command_line('db', 'start', data=folder)}", soft_wrap=True, markup=False)


@db.command("shell")
@click.option("--limit", default=1000, show_default=True, help="Rows printed of one answer.")
@click.option("--write", is_flag=True, help="Take statements that write, too.")
@data_option
def shell_(data: Path | None, limit: int, write: bool) -> None:
    """A Cypher prompt with a history. A statement ends with a semicolon; Ctrl-C ends it; :quit leaves.

    \b
    :param lang => 'en'           sets the parameter $lang
    :param {lang: 'en', limit: 5} sets several
    :params                       lists them
    """
    chosen = chosen_settings(data)
    with database(chosen, reads=not write) as found:
        shell.converse(found, data=chosen.data, limit=limit, write=write)
