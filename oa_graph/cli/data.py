"""`oa-graph export`: oasst trees as JSON Lines."""

from __future__ import annotations

from pathlib import Path

import click

from oa_graph import exchange, hosting
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_graph, prepare, progress
from oa_graph.model import TreeState

_STATES = [state.value for state in TreeState]


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([*_STATES, "all"]),
    default=[TreeState.READY_FOR_EXPORT.value],
    show_default=True,
)
@click.option("--lang", help="Only trees of this language.")
@click.option("--include-deleted", is_flag=True, help="Also deleted messages.")
@click.option("--include-spam", is_flag=True, help="Also messages that were rejected or are still under review.")
@click.option("--no-synthetic", is_flag=True, help="No tree in which a message comes from a model.")
@data_option
def export(
    file: Path,
    states: tuple[str, ...],
    lang: str | None,
    include_deleted: bool,
    include_spam: bool,
    no_synthetic: bool,
    data: Path | None,
) -> None:
    """Takes oasst trees away, a JSON object a line (.gz: compressed, -: standard output)."""
    chosen = chosen_settings(data)
    with database(chosen) as found, progress("posts out") as show:
        prepare(found, chosen, hosting.trusted_key(chosen))
        counts = on_graph(
            found,
            lambda graph: exchange.export_trees(
                graph,
                file,
                states=None if "all" in states else [TreeState(state) for state in states],
                lang=lang,
                include_deleted=include_deleted,
                include_rejected=include_spam,
                include_synthetic=not no_synthetic,
                on_progress=show,
            ),
        )
    err.print(f"{counts.trees} trees, {counts.posts} posts out")
