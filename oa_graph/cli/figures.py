"""`oa-graph stats`: the figures that boards are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from oa_graph import boards, hosting
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_graph, prepare, progress
from oa_graph.plural import counted


@click.group()
def stats() -> None:
    """Statistics and leaderboards."""


@stats.command()
@data_option
def rebuild(data: Path | None) -> None:
    """Counts all figures anew from the graph; people may go on working.

    Figures follow every event by themselves: this is for graphs that were changed by hand.
    """
    chosen = chosen_settings(data)
    with database(chosen, reads=True) as found, progress("users counted") as show:
        prepare(found, hosting.trusted_key(chosen))
        users = on_graph(found, lambda graph: boards.rebuild(graph, now=datetime.now(UTC), on_progress=show))
    err.print(f"{counted(users, 'user')} counted anew")
