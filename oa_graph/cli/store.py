"""`oa-graph db`: the database itself."""

from __future__ import annotations

import asyncio
import importlib
import json
from contextlib import suppress
from pathlib import Path

import click
from rich.table import Table

from oa_graph import hosting
from oa_graph.cli.console import chosen_settings, data_option, database, err, out
from oa_graph.errors import OaGraphError
from oa_graph.graph.queries import typed_by_operator
from oa_graph.graph.session import Graph, Row
from oa_graph.managed import Server


@click.group()
def db() -> None:
    """The managed Neo4j server of an installation."""


def _server(data: Path | None) -> Server:
    return hosting.managed(chosen_settings(data))


@db.command()
@data_option
def start(data: Path | None) -> None:
    """Starts it and lets it go on until `oa-graph db stop`."""
    server = _server(data)
    address = server.start(keep=True)
    server.leave()
    err.print(f"Bolt           {address.bolt}  (user {address.username}, password in {server.data})", soft_wrap=True)
    err.print(f"Neo4j Browser  {address.http}")


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
            out.print(f"{name:<12} {'-' if shown in (None, '') else shown}", soft_wrap=True)
    raise SystemExit(0 if now.state == "running" else 1)


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@data_option
def dump(file: Path, data: Path | None) -> None:
    """Writes the whole database into FILE; a running server stops meanwhile."""
    _server(data).dump(file)


@db.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
def load(file: Path, data: Path | None, yes: bool) -> None:
    """Replaces the whole database by the dump in FILE; a running server stops meanwhile."""
    server = _server(data)
    if not yes:
        click.confirm(f"Replace all that is in {server.data}?", abort=True)
    server.load(file)


@db.command()
@click.argument("folder", type=click.Path(path_type=Path))
@data_option
def clone(folder: Path, data: Path | None) -> None:
    """Copies the database into the data folder FOLDER, for work that must not touch the original."""
    _server(data).clone(folder)
    err.print(f"start it with: oa-graph db start --data {folder}", soft_wrap=True)


@db.command()
@click.option("--limit", default=1000, show_default=True, help="Rows printed of one answer.")
@data_option
def shell(data: Path | None, limit: int) -> None:
    """A Cypher prompt. A statement ends with a semicolon; :quit or end of input leaves."""
    with database(chosen_settings(data)) as found:
        asyncio.run(_converse(found, limit))


async def _converse(found: hosting.Database, limit: int) -> None:
    graph = found.connect(pool=2)
    try:
        while (statement := await asyncio.to_thread(_statement)) is not None:
            if statement:
                await _answer(graph, statement, limit)
    finally:
        await graph.close()


def _statement() -> str | None:
    """What is typed up to a semicolon; None at the end."""
    with suppress(ImportError):
        importlib.import_module("readline")  # gives `input` line editing and a history where the platform has it
    lines: list[str] = []
    while True:
        try:
            line = input("cypher> " if not lines else "      > ")
        except EOFError:
            return None
        if line.strip() in (":quit", ":exit"):
            return None
        lines.append(line)
        if line.rstrip().endswith(";") or not line.strip():
            return "\n".join(lines).strip().rstrip(";")


async def _answer(graph: Graph, statement: str, limit: int) -> None:
    try:
        rows = await graph.execute(typed_by_operator(statement))
    except OaGraphError as error:
        err.print(str(error), style="red", markup=False)
        return
    if rows:
        out.print(_table(rows[:limit]))
    err.print(f"{len(rows)} rows" + (f", {limit} shown" if len(rows) > limit else ""))


def _table(rows: list[Row]) -> Table:
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(json.dumps(value, ensure_ascii=False, default=str) for value in row.values()))
    return table
