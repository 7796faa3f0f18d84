"""The Cypher prompt of `oa-graph db shell`. Whoever types there owns the database."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from rich.table import Table

from oa_graph.cli.console import err, out
from oa_graph.errors import OaGraphError
from oa_graph.graph.queries import typed_by_operator
from oa_graph.graph.session import Graph, Row
from oa_graph.hosting import Database

HISTORY = "shell-history"
"""The file in the data folder with what was typed, for its owner alone."""
_LINES = 1000


def converse(found: Database, *, data: Path, limit: int) -> None:
    """Reads statements and prints answers until the end of input.

    Ctrl-C drops what is being typed, or ends the statement that runs; a write that it ends is undone.
    """
    with asyncio.Runner() as runner, _history(data / HISTORY) as readline:
        graph = found.connect(pool=2)
        try:
            while (statement := _patiently_read(readline)) is not None:
                try:
                    runner.run(_answer(graph, statement, limit))
                except KeyboardInterrupt:
                    err.print("stopped")
        finally:
            runner.run(graph.close())


@contextmanager
def _history(file: Path) -> Generator[ModuleType | None]:
    """What was typed before, kept for the next time; None where nobody types or the platform has no line editing."""
    readline = None
    if sys.stdin.isatty():
        with suppress(ImportError):
            readline = importlib.import_module("readline")
    if readline is None:
        yield None
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    file.chmod(0o600)
    with suppress(OSError):  # one that another library wrote
        readline.read_history_file(file)
    readline.set_history_length(_LINES)
    readline.set_auto_history(False)
    try:
        yield readline
    finally:
        readline.write_history_file(file)


def _patiently_read(readline: ModuleType | None) -> str | None:
    """The next statement; None at the end. Ctrl-C begins anew."""
    while True:
        try:
            statement = _read(readline)
        except KeyboardInterrupt:
            err.print()
        else:
            if statement != "":
                return statement


def _read(readline: ModuleType | None) -> str | None:
    """What is typed up to a semicolon or an empty line."""
    lines: list[str] = []
    while True:
        try:
            line = input("cypher> " if not lines else "      > ")
        except EOFError:
            return None
        if line.strip() in (":quit", ":exit"):
            return None
        if readline and line.strip() and "password" not in line.lower():
            readline.add_history(line)
        lines.append(line)
        if line.rstrip().endswith(";") or not line.strip():
            return "\n".join(lines).strip().rstrip(";").rstrip()


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
