"""The Cypher prompt of `oa-graph db shell`. Whoever types there owns the database."""

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
from oa_graph.graph.asking import ask_at_prompt, evaluated, plain
from oa_graph.graph.queries import inputs_of, typed_by_operator
from oa_graph.graph.session import Graph, WriteRefused
from oa_graph.hosting import Database
from oa_graph.plural import counted

HISTORY = "shell-history"
"""The file in the data folder with what was typed, for its owner alone."""
_LINES = 1000

_PARAMETER = re.compile(r":param\s+(?P<name>\w+|`[^`]+`)\s*=>\s*(?P<value>.+)")
_PARAMETERS = re.compile(r":params?\s+(?P<map>\{.*\})")
_COMMANDS = "there are `:param name => value`, `:param {name: value}`, `:params` and `:quit`"


def converse(found: Database, *, data: Path, limit: int, write: bool) -> None:
    """Reads statements and prints answers until the end of input. Without `write` a statement that writes is refused.

    Ctrl-C drops what is being typed, or ends the statement that runs; a write that it ends is undone.
    """
    with asyncio.Runner() as runner, _history(data / HISTORY) as readline:
        graph = found.connect(pool=2)
        prompt = _Prompt(graph, limit, write)
        try:
            while (statement := _patiently_read(readline)) is not None:
                try:
                    runner.run(prompt.answer(statement))
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
    """What is typed up to a semicolon or an empty line; a command has one line."""
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
        if is_command or _is_whole(lines):
            return "\n".join(lines).strip().rstrip(";").rstrip()


def _is_whole(lines: list[str]) -> bool:
    """Whether a statement ends with the last of these lines. Comments do not end one, and are none by themselves."""
    last = lines[-1].strip()
    if not last:
        return len(lines) == 1 or not all(map(_is_comment, lines))
    return last.endswith(";") and not _is_comment(last)


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("//")


@dataclass(slots=True)
class _Prompt:
    """What is typed at the prompt, and the parameters that were set there."""

    graph: Graph
    limit: int
    write: bool
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])

    async def answer(self, text: str) -> None:
        try:
            await (self._obey(text) if text.startswith(":") else self._ask(text))
        except WriteRefused:
            err.print("This prompt only reads. To write, start it with: oa-graph db shell --write", style="red")
        except OaGraphError as error:
            err.print(str(error), style="red", markup=False)

    async def _ask(self, statement: str) -> None:
        """A file of `cypher/explore/` may be pasted: those of its parameters that were not set are null."""
        parameters = {**dict.fromkeys(inputs_of(statement)), **self.parameters}
        asked = ask_at_prompt(self.graph, typed_by_operator(statement), parameters, write=self.write, on_warning=warn)
        rows: list[Row] = []
        count = 0
        async with asked as answer:
            async for row in answer.rows:
                count += 1
                if count <= self.limit:
                    rows.append(row)
        if rows:
            out.print(table(answer.columns, rows))
        err.print(counted(count, "row") + (f", {self.limit} shown" if count > self.limit else ""))

    async def _obey(self, command: str) -> None:
        """A command, such as `:param lang => 'en'`."""
        if command == ":params":
            for name, value in self.parameters.items():
                out.print(f":param {name} => {as_json(plain(value))}", markup=False, soft_wrap=True)
        elif found := _PARAMETER.fullmatch(command):
            self.parameters[found["name"].strip("`")] = await evaluated(self.graph, found["value"])
        elif found := _PARAMETERS.fullmatch(command):
            self.parameters |= await evaluated(self.graph, found["map"])
        else:
            err.print(f"{command.split()[0]} is not understood; {_COMMANDS}", style="red", markup=False)
