"""Shared parts of the commands: the group and its error handling, settings, database connection and output."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from oa_graph import installation, training
from oa_graph.context import Context
from oa_graph.errors import OaGraphError
from oa_graph.graph.notifications import Notification
from oa_graph.settings import Neo4jSettings, Settings

if TYPE_CHECKING:
    from oa_graph.collection import Collection

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., None])

_UNLIMITED_WIDTH = 100_000
"""Width of output that is not a terminal. Programs read it, so nothing is cut or wrapped."""
_MAX_CELL = 300
"""Maximum length of a table cell in characters."""


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, highlight=False)
    if not console.file.isatty():
        console.width = _UNLIMITED_WIDTH
    return console


out = _console()
err = _console(stderr=True)


_COMMANDS = (
    "client",
    "db",
    "demo",
    "export",
    "guidelines",
    "import",
    "invite",
    "key",
    "llm",
    "openapi",
    "query",
    "report",
    "serve",
    "show",
    "simulate",
    "stats",
    "work",
)
"""Names of the commands. Each is a function in a module of its name, imported when the command is called."""


class _Commands(click.Group):
    """Reports our errors, OS errors and invalid settings in one line, with exit status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        name = "import_" if cmd_name == "import" else cmd_name  # a word of Python
        return resolve_name(f"oa_graph.cli.{name}:{name}")

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # such as by `| head`; click exits silently
            raise
        except (OaGraphError, OSError) as error:
            line = " ".join(str(error).split()).replace("`oa-graph ", f"`{shlex.join(program())} ")
            raise click.ClickException(line) from error
        except ValidationError as error:
            problems = [
                ": ".join(filter(None, (".".join(map(str, detail["loc"])), detail["msg"]))) for detail in error.errors()
            ]
            raise click.ClickException(f"{error.title} in the environment: " + "; ".join(problems)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="oa-graph")
def main() -> None:
    """Grow conversation trees from crowd work, on a graph database."""


def program() -> list[str]:
    """Return the command that starts this program from the current folder."""
    script = Path(sys.argv[0])
    return [python(), "-m", "oa_graph.cli"] if script.name == "__main__.py" else [_nearby(script)]


def python() -> str:
    """Return the path of the Python interpreter, relative to the current folder where possible."""
    return _nearby(Path(sys.executable))


def _nearby(path: Path) -> str:
    """Return a relative path for a file below the current folder, else an absolute one.

    The path has a slash, so a shell does not search PATH.
    """
    path = path.absolute()
    below = path.is_relative_to(Path.cwd()) and path.parent != Path.cwd()
    return str(path.relative_to(Path.cwd()) if below else path)


def command_line(*words: str | Path, data: Path | None = None) -> str:
    """Return a shell command that runs this program on the data folder `data` from the current folder."""
    folder = [] if data is None else ["--data", data]
    return shlex.join([*program(), *map(str, [*words, *folder])])


def fact_lines(facts: Mapping[str, object]) -> list[str]:
    """Return a line for each name and value that is not None."""
    return [f"{name:<15}{value}" for name, value in facts.items() if value is not None]


def print_facts(facts: Mapping[str, object]) -> None:
    """Print `fact_lines` on standard error, never wrapped."""
    for line in fact_lines(facts):
        err.print(line, soft_wrap=True, markup=False)


def browser_login(address: str | None, username: str, password_file: Path | None) -> dict[str, object]:
    """Return the address and login of the Neo4j Browser for `fact_lines`; empty for a server that is not managed."""
    if address is None:
        return {}
    return {"Neo4j Browser": address, "User": username, "Password file": password_file}


def data_option(command: Command) -> Command:
    """`--data`, for every command that works on an installation."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="Data folder: managed Neo4j server and trusted key [OA_GRAPH_DATA].",
    )(command)


def chosen_settings(data: Path | None, **options: object) -> Settings:
    """Return the settings of the environment; options of the command replace some."""
    folder = {} if data is None else {"data": data.expanduser().absolute()}
    return Settings.model_validate({**folder, **options})


@contextmanager
def database(chosen: Settings, *, reads: bool = False) -> Generator[installation.Database]:
    """Open the database of the installation for a command. With `reads` raise NoGraph instead of creating one.

    SIGTERM and Ctrl-C unwind the command, so that it stops what it started.
    """

    def exit_on_sigterm(number: int, frame: object) -> NoReturn:
        raise SystemExit(0)

    previous_handler = signal.signal(signal.SIGTERM, exit_on_sigterm)
    try:
        with installation.database(chosen, Neo4jSettings.model_validate({}), reads=reads, starting=starting) as neo4j:
            if neo4j.password_file:  # ours
                training.start_in_background(chosen)
            yield neo4j
    except KeyboardInterrupt:
        err.print("stopped")
        raise SystemExit(0) from None  # not swallowed: it may come before there is anything to yield
    finally:
        signal.signal(signal.SIGTERM, previous_handler)


@contextmanager
def starting(folder: Path) -> Generator[None]:
    """Show that the managed server starts."""
    if err.is_terminal:
        with err.status(Text(installation.says_starting(folder))):
            yield
    else:
        err.print(installation.says_starting(folder), markup=False, soft_wrap=True)
        yield


def on_collection(neo4j: installation.Database, chosen: Settings, work: Callable[[Collection], Awaitable[T]]) -> T:
    """Run `work` on the open collection; its statements have no time limit."""
    from oa_graph.collection import Collection  # here, because commands that need no graph start faster without it

    async def run() -> T:
        graph = neo4j.connect()
        try:
            rng = chosen.random("command")
            context = Context(store=graph, limits=chosen.limits, rate_limits=chosen.rate_limits, rng=rng)
            return await work(Collection(graph, context))
        finally:
            await graph.close()

    return asyncio.run(run())


def prepare(neo4j: installation.Database, key: installation.TrustedKey) -> None:
    """Apply the schema and create the trusted client."""

    async def run() -> None:
        graph = neo4j.connect()
        try:
            await installation.prepare(graph, key=key.value)
        finally:
            await graph.close()

    asyncio.run(run())


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Return rows as a table. A narrow terminal folds cells and does not cut them."""
    result = Table()
    for column, name in enumerate(columns):
        is_number = any(_is_number(row[column]) for row in rows)
        result.add_column(Text(name), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        result.add_row(*map(_cell_text, row))
    return result


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell_text(value: object) -> Text:
    """Return a value as one line without control characters. Long texts are cut, numbers are rounded."""
    from oa_graph.analysis.drawing import legible
    from oa_graph.analysis.tables import cell

    text = f"{value:.6g}" if isinstance(value, float) else cell(value)
    if text is None:
        return Text("null", style="dim")
    return Text(_cut(" ".join(legible(text).split())))


def _cut(line: str) -> str:
    """Return at most `_MAX_CELL` characters, cut between words where possible."""
    if len(line) <= _MAX_CELL:
        return line
    start = line[: _MAX_CELL - 1]
    end = max(start.rfind(" "), start.rfind(","))
    return f"{start[:end] if end > 0 else start}…"


def warn(notification: Notification) -> None:
    """Print a notification of the server about a statement."""
    err.print(f"Warning: {notification}", style="yellow", markup=False, soft_wrap=True)


@contextmanager
def progress(description: str) -> Generator[Callable[[int], None]]:
    """Show a counter on a terminal."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(description, total=None)
        yield lambda count: progress.update(task, completed=count)


def write_file(file: Path, text: str) -> None:
    """Write a file and print its name; `-` is the standard output."""
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    file.write_text(text, "utf-8", newline="\n")
    err.print(f"written: {file}", markup=False)
