"""`oa-graph report`: write a report with plots of the graph."""

from __future__ import annotations

from pathlib import Path

import click

from oa_graph.analysis import report_data
from oa_graph.analysis.report import render
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_collection, write_file
from oa_graph.collection import Collection
from oa_graph.context import utc_now


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default=Path("report.html"))
@click.option("--lang", help="Only trees in this language.")
@click.option("--trees", type=click.IntRange(0, 50), default=3, show_default=True, help="Number of drawn trees.")
@data_option
def report(file: Path, lang: str | None, trees: int, data: Path | None) -> None:
    """Write an HTML report about the graph: plots, their numbers and a few trees [report.html; -: standard output].

    The page is self-contained. The command needs the extra `analysis`.
    """
    chosen = chosen_settings(data)
    with database(chosen, reads=True) as neo4j, err.status("reading the graph"):
        content = on_collection(neo4j, chosen, lambda collection: _collect(collection, lang, trees))
    write_file(file, render(content, made=utc_now()))


async def _collect(collection: Collection, lang: str | None, trees: int) -> report_data.ReportData:
    agreement = await collection.statistics.agreement(lang=lang)
    return await report_data.collect(collection.graph, lang=lang, trees=trees, agreement=agreement)
