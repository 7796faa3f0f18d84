"""`oa-graph query`: a question to the graph, and its answer as a table or a file."""

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

from oa_graph.analysis import arrow, questions, tables
from oa_graph.analysis.links import browser_of, links
from oa_graph.analysis.questions import Question
from oa_graph.analysis.tables import Form
from oa_graph.cli.console import (
    chosen_settings,
    command_line,
    data_option,
    database,
    err,
    on_graph,
    out,
    table,
    warn,
)
from oa_graph.exchange.files import whole
from oa_graph.graph.asking import explorations, named
from oa_graph.graph.queries import source
from oa_graph.graph.session import Graph
from oa_graph.plural import counted

SHOWN = 1000
"""Rows of a table that is looked at, unless it has a limit; files have them all."""
_COUNTED = 20_000
"""Rows beyond which a table that is cut does not go on counting: they come from the server, a second or so."""
_TABLE = "table"
_STANDARD = Path("-")


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
    help="Asks the statement in this file instead (-: standard input).",
)
@click.option(
    "--param",
    "given",
    multiple=True,
    type=_Parameter(),
    help="A parameter, as the query declares it; for a list a JSON array, or several times. Of a FILE that declares "
    "none: JSON where it parses as such, else text.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice([_TABLE, *(each.value for each in Form)]),
    help="The form; else as the name of the output says, a table on a terminal, JSON Lines elsewhere.",
)
@click.option(
    "--out",
    "to",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=_STANDARD,
    help=".jsonl or .csv, with .gz or .zst if it is to be packed, or .parquet (-: standard output).",
)
@click.option(
    "--limit", type=click.IntRange(min=0), help=f"Rows of the answer, at most.  [default: all; a table shows {SHOWN}]"
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Gives up after so long.")
@click.option("--describe", is_flag=True, help="Prints the query itself: its parameters, columns, cost and statement.")
@click.option(
    "--browser",
    "page",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Writes a page of links that open each query in the Neo4j Browser.",
)
@data_option
def query(
    name: str | None,
    statement: Path | None,
    given: Sequence[tuple[str, str]],
    form: str | None,
    to: Path,
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
        if given:
            raise click.UsageError("--param belongs to a NAME or a --file")
        _list()
    else:
        asking = _Asking(_question(name, statement, given, limit), _form(form, to), to, seconds)
        with database(chosen_settings(data), reads=True) as found:
            on_graph(found, asking.answer)


def _question(name: str | None, file: Path | None, given: Sequence[tuple[str, str]], limit: int | None) -> Question:
    if name is not None:
        return questions.by_name(name, given if limit is None else [*given, ("limit", str(limit))])
    if file is None:
        raise AssertionError("there is a name or a file")
    text = sys.stdin.read() if file == _STANDARD else file.read_text("utf-8")
    return questions.by_statement(text, given, name=str(file), limit=limit)


def _form(given: str | None, to: Path) -> Form | None:
    """None: a table to be looked at."""
    if given == _TABLE and to != _STANDARD:
        raise click.UsageError("a table is to be looked at; files are JSON Lines, CSV or Parquet")
    if given is not None:
        return None if given == _TABLE else Form(given)
    if to == _STANDARD:
        return None if sys.stdout.isatty() else Form.JSONL
    if (found := tables.form_of(to)) is None:
        raise click.UsageError(f"{to.name} does not say what it is: .jsonl, .csv (.gz, .zst), .parquet, or --as")
    return found


@dataclass(frozen=True, slots=True)
class _Asking:
    """A question and where its answer goes."""

    question: Question
    form: Form | None
    to: Path
    seconds: float | None

    async def answer(self, graph: Graph) -> None:
        if self.form is None:
            await self._show(graph)
        else:
            await self._write(graph, self.form)

    async def _show(self, graph: Graph) -> None:
        limit = self.question.limit
        shown = SHOWN if limit is None else limit
        counting = replace(self.question, limit=_COUNTED + 1 if limit is None else limit)
        rows: list[arrow.Row] = []
        count = 0
        async with counting.ask(graph, seconds=self.seconds, on_warning=warn) as answer:
            async for batch in questions.batches(answer, size=SHOWN):
                rows += batch[: shown - len(rows)]
                count += len(batch)
        out.print(table(answer.columns, rows))
        err.print(counted(count, "row") if count == len(rows) else _cut(len(rows), count))
        await self._explain(graph, count)

    async def _write(self, graph: Graph, form: Form) -> None:
        known = {}
        if form is Form.PARQUET and self.question.query is not None:
            known = arrow.declared_types(self.question.query)
        done = 0
        async with self.question.ask(graph, seconds=self.seconds, on_warning=warn) as answer:
            with tables.writing(self.to, form, answer.columns, known) as writer:
                async for batch in questions.batches(answer, size=form.batch):
                    writer.write(batch)
                    done += len(batch)
        if self.to != _STANDARD:
            err.print(f"{counted(done, 'row')} written: {self.to}", markup=False, soft_wrap=True)
        await self._explain(graph, done)

    async def _explain(self, graph: Graph, rows: int) -> None:
        """Says what the graph lacks where an answer is empty for that."""
        if rows == 0 and (reason := await self.question.shortage(graph)):
            err.print(reason, markup=False, soft_wrap=True)


def _cut(shown: int, count: int) -> str:
    total = f"{count:,}" if count <= _COUNTED else f"more than {_COUNTED:,}"
    return f"{shown:,} of {total} rows; --out FILE writes them all"


def _list() -> None:
    """Name, gist and the data that it needs: for people as columns, for programs a tab between them."""
    lines = [(query.short, query.what, ", ".join(query.needs)) for query in explorations()]
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
    text = source(named(name))
    if out.is_terminal:
        out.print(Syntax(text, "cypher", background_color="default", word_wrap=True))
    else:
        click.echo(text, nl=False)


def _link(page: Path, data: Path | None) -> None:
    with database(chosen_settings(data), reads=True) as found:
        html = links(found.browser or browser_of(found.uri))
    if page == _STANDARD:
        click.echo(html, nl=False)
        return
    with whole(page.resolve()) as file:
        file.write(html.encode())
    start = command_line("db", "start", data=data)
    err.print(f"written: {page}; its links work while the server runs ({start})", markup=False, soft_wrap=True)
