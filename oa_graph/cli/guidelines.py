"""`oa-graph guidelines`: what people read before they do a kind of task."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import click

from oa_graph import installation
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_collection, out, prepare, table
from oa_graph.guidelines import Guidelines

T = TypeVar("T")


@click.group()
def guidelines() -> None:
    """Manage the guidelines that tasks show."""


@guidelines.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_option
def load(folder: Path | None, data: Path | None) -> None:
    """Make the files FOLDER/<language>/<kind>.md the current guidelines.

    Without FOLDER the English texts that come with oa-graph are loaded. A text that is current already makes no new
    version. A running service shows a new one within OA_GRAPH_GUIDELINES_CACHE_SEC.
    """
    chosen = chosen_settings(data)
    with database(chosen) as neo4j:
        prepare(neo4j, installation.trusted_key(chosen))
        loaded = on_collection(neo4j, chosen, lambda collection: collection.guidelines.load(folder))
    err.print(table(("kind", "language", "version"), [(text.kind, text.lang, text.version) for text in loaded]))


@guidelines.command("list")
@click.option("--json", "as_json", is_flag=True)
@data_option
def list_(as_json: bool, data: Path | None) -> None:
    """List the current guidelines."""
    current = _on_guidelines(data, lambda guidelines: guidelines.current())
    if as_json:
        rows = [asdict(guideline) | {"created": guideline.created.isoformat()} for guideline in current]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    columns = ("kind", "language", "version", "created", "short")
    out.print(table(columns, [(text.kind, text.lang, text.version, text.created, text.short) for text in current]))


@guidelines.command()
@click.argument("kind")
@click.argument("lang")
@data_option
def show(kind: str, lang: str, data: Path | None) -> None:
    """Print the current guideline for a kind of task in a language, as Markdown."""
    click.echo(_on_guidelines(data, lambda guidelines: guidelines.find(kind, lang)).text)


def _on_guidelines(data: Path | None, work: Callable[[Guidelines], Awaitable[T]]) -> T:
    chosen = chosen_settings(data)
    with database(chosen, reads=True) as neo4j:
        return on_collection(neo4j, chosen, lambda collection: work(collection.guidelines))
