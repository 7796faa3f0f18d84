"""`oa-graph work`: work on tasks at a terminal."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal, cast, get_args

import click

from oa_graph.cli.console import err, out
from oa_graph.client import TaskKind
from oa_graph.errors import Setup

_Bidi = Literal["auto", "program", "terminal"]


class NoTerminal(Setup):
    """`oa-graph work` needs a terminal."""


@click.command()
@click.option("--url", required=True, help="Address of the service, such as http://127.0.0.1:8080.")
@click.option("--api-key", required=True, envvar="OA_GRAPH_API_KEY", help="API key [OA_GRAPH_API_KEY].")
@click.option("--user", "name", help="Name of the user; the default is the login name.")
@click.option(
    "--lang",
    "langs",
    multiple=True,
    default=("en",),
    show_default=True,
    help="Language, repeatable: the first one that has a task.",
)
@click.option("--kind", type=click.Choice(get_args(TaskKind)), help="Only tasks of this kind.")
@click.option(
    "--drafts", type=click.Path(path_type=Path, file_okay=False), help="Folder for what is typed and not yet sent."
)
@click.option(
    "--bidi",
    type=click.Choice(get_args(_Bidi)),
    default="auto",
    show_default=True,
    help="What puts right-to-left text into the order in which it is shown.",
)
def work(
    url: str, api_key: str, name: str | None, langs: tuple[str, ...], kind: str | None, drafts: Path | None, bidi: _Bidi
) -> None:
    """Work on tasks at a terminal: write, rank, label and vote.

    What is typed is kept in a file at once. After an interruption of any sort, call the command again to go on.
    """
    from platformdirs import user_state_path

    from oa_graph.worker.screen import TaskScreen
    from oa_graph.worker.work import work

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoTerminal
    folder = drafts or user_state_path("oa-graph") / "drafts"
    with suppress(KeyboardInterrupt):
        asyncio.run(
            work(
                url,
                api_key,
                name=name or getpass.getuser(),
                langs=langs,
                kind=cast("TaskKind | None", kind),
                folder=folder,
                screen=TaskScreen(out, reorders=_reorders(bidi)),
                accept_terms=lambda: click.confirm("Do you accept the terms of this service?"),
            )
        )
    err.print(f"Your drafts are kept in {folder}.", markup=False, soft_wrap=True)


def _reorders(bidi: _Bidi) -> bool:
    """Return whether the program reorders: GNOME's terminals and Konsole do so themselves, most others do not."""
    if bidi == "auto":
        return not (os.environ.keys() & {"VTE_VERSION", "KONSOLE_VERSION"})
    return bidi == "program"
