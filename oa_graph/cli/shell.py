"""The Cypher prompt of `oa-graph db shell`. Its user owns the database, so statements are not restricted."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from oa_graph.analysis.arrow import Row, as_json
from oa_graph.cli.console import err, out, table, warn
from oa_graph.errors import OaGraphError
from oa_graph.graph.saved_queries import evaluated, plain_values, run_at_prompt
from oa_graph.graph.session import Graph, WriteRefused
from oa_graph.graph.statements import declared_inputs, typed_by_operator
from oa_graph.installation import Database
from oa_graph.plural import counted

HISTORY = "shell-history"
"""The history file in the data folder, readable by its owner only."""
_LINES = 1000

_PARAMETER = re.compile(r":param\s+(?P<name>\w+|`[^`]+`)\s*=>\s*(?P<value>.+)")
_PARAMETERS = re.compile(r":params?\s+(?P<map>\{.*\})")
_COMMAND_HELP = "use `:param name => value`, `:param {name: value}`, `:params` or `:quit`"


def run_prompt(neo4j: Database, *, data: Path, limit: int, write: bool) -> None:
    """Read statements and print their results until the end of input. Without `write`, reject writing statements.

    Ctrl-C discards the input or cancels the running statement; a cancelled write is rolled back.
    """
    with asyncio.Runner() as runner, _history(data / HISTORY) as readline:
        graph = neo4j.connect(pool=2)
        prompt = _Prompt(graph, limit, write)
        try:
            while (statement := _read_statement(readline)) is not None:
                try:
                    runner.run(prompt.run(statement))
                except KeyboardInterrupt:
                    err.print("stopped")
        finally:
            runner.run(graph.close())


@contextmanager
def _history(file: Path) -> Generator[ModuleType | None]:
    """Load the history and save it at the end; None without a terminal or without line editing on the platform."""
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


def _read_statement(readline: ModuleType | None) -> str | None:
    """Return the next statement; None at the end of input. Ctrl-C discards the input."""
    while True:
        try:
            statement = _read(readline)
        except KeyboardInterrupt:
            err.print()
        else:
            if statement != "":
                return statement


def _read(readline: ModuleType | None) -> str | None:
    """Return the input up to a semicolon or an empty line; a command is one line."""
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
        is_command = not lines and line.lstrip().startswith(":")
        lines.append(line)
        if is_command or _is_complete(lines):
            return "\n".join(lines).strip().rstrip(";").rstrip()


def _is_complete(lines: list[str]) -> bool:
    """Return whether the last of these lines ends a statement. Comments neither end nor form a statement."""
    last = lines[-1].strip()
    if not last:
        return len(lines) == 1 or not all(map(_is_comment, lines))
    return last.endswith(";") and not _is_comment(last)


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("//")


@dataclass(slots=True)
class _Prompt:
    """Runs input of the prompt and holds its parameters."""

    graph: Graph
    limit: int
    write: bool
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])

    async def run(self, text: str) -> None:
        try:
            await (self._run_command(text) if text.startswith(":") else self._run_statement(text))
        except WriteRefused:
            err.print("This prompt is read-only. To write, start it with: oa-graph db shell --write", style="red")
        except OaGraphError as error:
            err.print(str(error), style="red", markup=False)

    async def _run_statement(self, statement: str) -> None:
        """Run a statement, such as a pasted file of `cypher/explore/`. Unset parameters are null."""
        parameters = {**dict.fromkeys(declared_inputs(statement)), **self.parameters}
        result = run_at_prompt(self.graph, typed_by_operator(statement), parameters, write=self.write, on_warning=warn)
        rows: list[Row] = []
        count = 0
        async with result as answer:
            async for row in answer.rows:
                count += 1
                if count <= self.limit:
                    rows.append(row)
        if rows:
            out.print(table(answer.columns, rows))
        err.print(counted(count, "row") + (f", {self.limit} shown" if count > self.limit else ""))

    async def _run_command(self, command: str) -> None:
        """Run a command, such as `:param lang => 'en'`."""
        if command == ":params":
            for name, value in self.parameters.items():
                out.print(f":param {name} => {as_json(plain_values(value))}", markup=False, soft_wrap=True)
        elif match := _PARAMETER.fullmatch(command):
            self.parameters[match["name"].strip("`")] = await evaluated(self.graph, match["value"])
        elif match := _PARAMETERS.fullmatch(command):
            self.parameters |= await evaluated(self.graph, match["map"])
        else:
            err.print(f"unknown command {command.split()[0]}; {_COMMAND_HELP}", style="red", markup=False)
