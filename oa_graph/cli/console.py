"""What all commands share: the group and its errors, the settings, the database, and how a command is ended."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NoReturn, TypeVar

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from oa_graph import hosting, training
from oa_graph.errors import OaGraphError
from oa_graph.graph.notifications import Notification
from oa_graph.graph.session import Graph
from oa_graph.settings import Settings, neo4j_settings, settings

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., None])

_UNBOUNDED = 100_000
"""Columns of what is no terminal: programs read it, and nothing in it is to be cut or wrapped."""
_LONGEST = 300
"""Characters of a cell in a table."""


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, highlight=False)
    if not console.file.isatty():
        console.width = _UNBOUNDED
    return console


out = _console()
err = _console(stderr=True)


_COMMANDS = {
    "client": "frontends:client",
    "db": "store:db",
    "demo": "crowd:demo",
    "export": "export:export",
    "import": "import_:import_",
    "key": "frontends:key",
    "openapi": "contract:openapi",
    "query": "asking:query",
    "report": "pictures:report",
    "serve": "serving:serve",
    "show": "pictures:show",
    "simulate": "crowd:simulate",
    "stats": "figures:stats",
}
"""Where each command is. It is imported when it is called, so that none waits for what others need."""


class _Commands(click.Group):
    """Turns our errors, files that are not to be had, and settings that do not fit, into one line and status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = _COMMANDS.get(cmd_name)
        return None if place is None else resolve_name(f"oa_graph.cli.{place}")

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `| head` has seen enough: click ends quietly
            raise
        except (OaGraphError, OSError) as error:
            line = " ".join(str(error).split()).replace("`oa-graph ", f"`{shlex.join(program())} ")
            raise click.ClickException(line) from error
        except ValidationError as error:
            wrong = [": ".join(filter(None, (".".join(map(str, each["loc"])), each["msg"]))) for each in error.errors()]
            raise click.ClickException(f"{error.title} in the environment: " + "; ".join(wrong)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="oa-graph")
def main() -> None:
    """Grows conversation trees from crowd work, on a graph database."""


def program() -> list[str]:
    """The words that call this program again from the current folder."""
    started = Path(sys.argv[0])
    return [python(), "-m", "oa_graph.cli"] if started.name == "__main__.py" else [_nearby(started)]


def python() -> str:
    """The interpreter that has this program, as the current folder sees it."""
    return _nearby(Path(sys.executable))


def _nearby(path: Path) -> str:
    """The path from the current folder, where it is below; else in full. It always has a slash, so no PATH counts."""
    path = path.absolute()
    below = path.is_relative_to(Path.cwd()) and path.parent != Path.cwd()
    return str(path.relative_to(Path.cwd()) if below else path)


def command_line(*words: str | Path, data: Path | None = None) -> str:
    """A call of this program on the data folder `data`, to be pasted into a shell of the current folder."""
    folder = [] if data is None else ["--data", data]
    return shlex.join([*program(), *map(str, [*words, *folder])])


def fact_lines(facts: Mapping[str, object]) -> list[str]:
    """Names and values, a pair a line; a value that is None is left out."""
    return [f"{name:<15}{value}" for name, value in facts.items() if value is not None]


def print_facts(facts: Mapping[str, object]) -> None:
    """Print `fact_lines` on standard error, never wrapped."""
    for line in fact_lines(facts):
        err.print(line, soft_wrap=True, markup=False)


def browser_login(address: str | None, username: str, password_file: Path | None) -> dict[str, object]:
    """Where the Neo4j Browser is and how a person logs in, for `fact_lines`; nothing where it is not ours to know."""
    if address is None:
        return {}
    return {"Neo4j Browser": address, "User": username, "Password file": password_file}


def data_option(command: Command) -> Command:
    """`--data`, for every command that works on an installation."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="Folder of the managed server and of the trusted key [OA_GRAPH_DATA].",
    )(command)


def chosen_settings(data: Path | None) -> Settings:
    """The settings of this process, and of those that it starts."""
    if data is not None:
        os.environ["OA_GRAPH_DATA"] = str(data.expanduser().absolute())
    return settings()


@contextmanager
def database(chosen: Settings, *, reads: bool = False) -> Generator[hosting.Database]:
    """The database of the installation, for as long as the command needs it. `reads`: it makes none; raises NoGraph.

    SIGTERM and Ctrl-C unwind the command, so that what it started is stopped.
    """

    def leave(number: int, frame: object) -> NoReturn:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        with hosting.database(chosen, neo4j_settings(), reads=reads, starting=starting) as found:
            if found.password_file:  # ours
                training.start_in_background()
            yield found
    except KeyboardInterrupt:
        err.print("stopped")
        raise SystemExit(0) from None  # not swallowed: it may come before there is anything to yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def starting(folder: Path) -> Generator[None]:
    """Shows that the managed server starts."""
    if err.is_terminal:
        with err.status(Text(hosting.says_starting(folder))):
            yield
    else:
        err.print(hosting.says_starting(folder), markup=False, soft_wrap=True)
        yield


def on_graph(found: hosting.Database, work: Callable[[Graph], Awaitable[T]]) -> T:
    """Runs `work` on a connection of its own."""

    async def run() -> T:
        graph = found.connect()
        try:
            return await work(graph)
        finally:
            await graph.close()

    return asyncio.run(run())


def prepare(found: hosting.Database, key: hosting.TrustedKey) -> None:
    """Applies the schema and makes sure of the trusted client."""
    on_graph(found, lambda graph: hosting.prepare(graph, key=key.value))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Rows for people; the width of a terminal may fold a cell, and never cuts it."""
    drawn = Table()
    for place, name in enumerate(columns):
        is_number = any(_is_number(row[place]) for row in rows)
        drawn.add_column(Text(name), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*map(_shown, row))
    return drawn


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: object) -> Text:
    """A value on one line, cut where it is long, without anything that a terminal would obey; numbers are rounded."""
    from oa_graph.analysis.drawing import legible
    from oa_graph.analysis.tables import cell

    text = f"{value:.6g}" if isinstance(value, float) else cell(value)
    if text is None:
        return Text("null", style="dim")
    return Text(_cut(" ".join(legible(text).split())))


def _cut(line: str) -> str:
    """At most so many characters, and no word or id in half if there is a place between two."""
    if len(line) <= _LONGEST:
        return line
    start = line[: _LONGEST - 1]
    end = max(start.rfind(" "), start.rfind(","))
    return f"{start[:end] if end > 0 else start}…"


def warn(notification: Notification) -> None:
    """Shows what the server remarks about a statement."""
    err.print(f"Warning: {notification}", style="yellow", markup=False, soft_wrap=True)


@contextmanager
def progress(what: str) -> Generator[Callable[[int], None]]:
    """Shows how many are done, as long as somebody watches."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done: progress.update(task, completed=done)
