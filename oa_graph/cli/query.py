"""`oa-graph query`: run a saved query or a statement, with the result as a table or a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from oa_graph.analysis import arrow, queries, tables
from oa_graph.analysis.links import browser_of, links
from oa_graph.analysis.queries import SavedQuery
from oa_graph.analysis.tables import TableFormat
from oa_graph.cli.console import (
    chosen_settings,
    command_line,
    data_option,
    database,
    err,
    on_collection,
    out,
    table,
    warn,
)
from oa_graph.datasets.files import atomic_file
from oa_graph.graph.saved_queries import any_statement, saved_queries
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import source
from oa_graph.plural import counted

TABLE_ROWS = 1000
"""Maximum number of rows of a printed table without `--limit`; files have all rows."""
_MAX_COUNT = 20_000
"""Maximum number of rows that are counted for a cut table; fetching them takes about a second."""
_TABLE = "table"
_STANDARD_STREAM = Path("-")


class _Parameter(click.ParamType[tuple[str, str]]):
    """`name=value`; the value may be anything."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, equals, text = str(value).partition("=")
        if not equals or not name:
            self.fail(f"{value!r} is not a name, an equals sign and a value", param, ctx)
        return name, text


@click.command()
@click.argument("name", required=False)
@click.option(
    "--file",
    "statement",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    help="Run the statement in this file (-: standard input).",
)
@click.option(
    "--param",
    "parameters",
    multiple=True,
    type=_Parameter(),
    help="Parameter of the query. For a list: a JSON array, or the option several times. If a FILE declares no "
    "parameters, the value is JSON if it parses as such, else text.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice([_TABLE, *(table_format.value for table_format in TableFormat)]),
    help="Output format.  [default: by the name of the output; else a table on a terminal, JSON Lines elsewhere]",
)
@click.option(
    "--out",
    "output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=_STANDARD_STREAM,
    help="Output file: .jsonl or .csv, also with .gz or .zst, or .parquet (-: standard output).",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    help=f"Maximum number of rows.  [default: all; {TABLE_ROWS} in a table]",
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Time limit in seconds.")
@click.option(
    "--describe",
    is_flag=True,
    help="Print any statement of the program, such as posts/thread: parameters, columns, cost, text.",
)
@click.option(
    "--browser",
    "page",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write a page with links that open every statement in the Neo4j Browser.",
)
@data_option
def query(
    name: str | None,
    statement: Path | None,
    parameters: Sequence[tuple[str, str]],
    form: str | None,
    output: Path,
    limit: int | None,
    seconds: float | None,
    describe: bool,
    page: Path | None,
    data: Path | None,
) -> None:
    """Run the saved query NAME, or list all saved queries. Read-only.

    \b
    oa-graph query skips --param lang=en
    oa-graph query growth_by_day --out growth.parquet
    echo 'MATCH (post:Post) RETURN post.lang AS lang, count(*) AS posts' | oa-graph query --file -
    """
    if sum((name is not None, statement is not None, page is not None)) > 1:
        raise click.UsageError("NAME, --file and --browser exclude each other")
    if describe:
        _describe(name)
    elif page is not None:
        _link(page, data)
    elif name is None and statement is None:
        if parameters:
            raise click.UsageError("--param needs a NAME or a --file")
        _list()
    else:
        command = _QueryCommand(_saved_query(name, statement, parameters, limit), _form(form, output), output, seconds)
        chosen = chosen_settings(data)
        with database(chosen, reads=True) as neo4j:
            on_collection(neo4j, chosen, lambda collection: command.run(collection.graph))


def _saved_query(
    name: str | None, file: Path | None, parameters: Sequence[tuple[str, str]], limit: int | None
) -> SavedQuery:
    if name is not None:
        return queries.by_name(name, parameters if limit is None else [*parameters, ("limit", str(limit))])
    if file is None:
        raise AssertionError("there is a name or a file")
    text = sys.stdin.read() if file == _STANDARD_STREAM else file.read_text("utf-8")
    return queries.by_statement(text, parameters, name=str(file), limit=limit)


def _form(form: str | None, output: Path) -> TableFormat | None:
    """Return the format of the output; None: a printed table."""
    if form == _TABLE and output != _STANDARD_STREAM:
        raise click.UsageError("a table cannot be written to a file; use JSON Lines, CSV or Parquet")
    if form is not None:
        return None if form == _TABLE else TableFormat(form)
    if output == _STANDARD_STREAM:
        return None if sys.stdout.isatty() else TableFormat.JSONL
    if (table_format := tables.table_format_of(output)) is None:
        raise click.UsageError(f"{output.name} has no known ending (.jsonl, .csv, .gz, .zst, .parquet); use --as")
    return table_format


@dataclass(frozen=True, slots=True)
class _QueryCommand:
    """A query and its output."""

    saved_query: SavedQuery
    form: TableFormat | None
    output: Path
    seconds: float | None

    async def run(self, graph: Graph) -> None:
        if self.form is None:
            await self._show(graph)
        else:
            await self._write(graph, self.form)

    async def _show(self, graph: Graph) -> None:
        limit = self.saved_query.limit
        shown = TABLE_ROWS if limit is None else limit
        counting = replace(self.saved_query, limit=_MAX_COUNT + 1 if limit is None else limit)
        rows: list[arrow.Row] = []
        count = 0
        async with counting.run(graph, seconds=self.seconds, on_warning=warn) as answer:
            async for batch in queries.batches(answer, size=TABLE_ROWS):
                rows += batch[: shown - len(rows)]
                count += len(batch)
        out.print(table(answer.columns, rows))
        err.print(counted(count, "row") if count == len(rows) else _truncation_note(len(rows), count))
        await self._explain(graph, count)

    async def _write(self, graph: Graph, form: TableFormat) -> None:
        column_types = {}
        if form is TableFormat.PARQUET and self.saved_query.query is not None:
            column_types = arrow.declared_types(self.saved_query.query)
        count = 0
        async with self.saved_query.run(graph, seconds=self.seconds, on_warning=warn) as answer:
            with tables.table_writer(self.output, form, answer.columns, column_types) as writer:
                async for batch in queries.batches(answer, size=form.batch):
                    writer.write(batch)
                    count += len(batch)
        if self.output != _STANDARD_STREAM:
            err.print(f"{counted(count, 'row')} written: {self.output}", markup=False, soft_wrap=True)
        await self._explain(graph, count)

    async def _explain(self, graph: Graph, rows: int) -> None:
        """Print which data is missing if the result is empty for that reason."""
        if rows == 0 and (reason := await self.saved_query.missing_data(graph)):
            err.print(reason, markup=False, soft_wrap=True)


def _truncation_note(shown: int, count: int) -> str:
    total = f"{count:,}" if count <= _MAX_COUNT else f"more than {_MAX_COUNT:,}"
    return f"{shown:,} of {total} rows; --out FILE writes them all"


def _list() -> None:
    """Print name, summary and needed data of each query: in columns on a terminal, else separated by tabs."""
    lines = [(query.short, query.description, ", ".join(query.needs)) for query in saved_queries()]
    if not out.is_terminal:
        for line in lines:
            click.echo("\t".join(line))
        return
    grid = Table.grid(padding=(0, 2))
    for name, gist, needs in lines:
        grid.add_row(Text(name, style="bold"), Text(gist), Text(f"needs {needs}", style="dim"))
    out.print(grid)


def _describe(name: str | None) -> None:
    if name is None:
        raise click.UsageError("--describe needs the NAME of a query")
    text = source(any_statement(name))
    if out.is_terminal:
        out.print(Syntax(text, "cypher", background_color="default", word_wrap=True))
    else:
        click.echo(text, nl=False)


def _link(page: Path, data: Path | None) -> None:
    with database(chosen_settings(data), reads=True) as neo4j:
        html = links(neo4j.browser or browser_of(neo4j.uri))
    if page == _STANDARD_STREAM:
        click.echo(html, nl=False)
        return
    with atomic_file(page.resolve()) as file:
        file.write(html.encode())
    start = command_line("db", "start", data=data)
    err.print(f"written: {page}; its links work while the server runs ({start})", markup=False, soft_wrap=True)
