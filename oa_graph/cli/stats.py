"""`oa-graph stats`: statistics and leaderboards."""

from __future__ import annotations

from pathlib import Path

import click

from oa_graph import installation
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_collection, prepare, progress
from oa_graph.plural import counted


@click.group()
def stats() -> None:
    """Manage statistics and leaderboards."""


@stats.command()
@data_option
def rebuild(data: Path | None) -> None:
    """Recompute all statistics from the graph. The service may run meanwhile.

    Statistics follow every event; this is needed only after manual changes of the graph.
    """
    chosen = chosen_settings(data)
    with database(chosen, reads=True) as neo4j, progress("users counted") as show:
        prepare(neo4j, installation.trusted_key(chosen))
        users = on_collection(neo4j, chosen, lambda collection: collection.leaderboards.rebuild(on_progress=show))
    err.print(f"{counted(users, 'user')} recounted")
