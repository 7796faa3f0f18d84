"""What all commands share: the group and its errors, the settings, the database, and how a command is ended."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from oa_graph import hosting
from oa_graph.errors import OaGraphError
from oa_graph.graph.session import Graph
from oa_graph.settings import Settings, neo4j_settings, settings

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., None])

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class _Commands(click.Group):
    """Turns our errors, files that are not to be had, and settings that do not fit, into one line and status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `| head` has seen enough: click ends quietly
            raise
        except (OaGraphError, OSError) as error:
            raise click.ClickException(" ".join(str(error).split())) from error
        except ValidationError as error:
            wrong = [": ".join(filter(None, (".".join(map(str, each["loc"])), each["msg"]))) for each in error.errors()]
            raise click.ClickException(f"{error.title} in the environment: " + "; ".join(wrong)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="oa-graph")
def main() -> None:
    """Grows conversation trees from crowd work, on a graph database."""


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
def database(chosen: Settings) -> Generator[hosting.Database]:
    """The database of the installation, for as long as the command needs it.

    SIGTERM and Ctrl-C unwind the command, so that what it started is stopped.
    """

    def leave(number: int, frame: object) -> NoReturn:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        with hosting.database(chosen, neo4j_settings()) as found:
            yield found
    except KeyboardInterrupt:
        err.print("stopped")
        raise SystemExit(0) from None  # not swallowed: it may come before there is anything to yield
    finally:
        signal.signal(signal.SIGTERM, before)


def on_graph(found: hosting.Database, work: Callable[[Graph], Awaitable[T]]) -> T:
    """Runs `work` on a connection of its own."""

    async def run() -> T:
        graph = found.connect()
        try:
            return await work(graph)
        finally:
            await graph.close()

    return asyncio.run(run())


def prepare(found: hosting.Database, chosen: Settings, key: hosting.TrustedKey) -> None:
    """Applies the schema and makes sure of the trusted client."""
    rng = chosen.random("start")
    on_graph(found, lambda graph: hosting.prepare(graph, chosen.limits, key=key.value, rng=rng))


@contextmanager
def progress(what: str) -> Generator[Callable[[int], None]]:
    """Shows how many are done, as long as somebody watches."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done: progress.update(task, completed=done)
