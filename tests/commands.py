"""Commands of ours in the process of the tests: a process of its own takes seconds to import what is imported here.

It is for tests of what a command does. What depends on being a process (signals, the terminal and its width, the exit
of the interpreter) is tested with `tests.processes`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess

from click.testing import CliRunner

from oa_graph.cli import main
from tests.processes import environment


@contextmanager
def _outside_of_the_loop() -> Generator[None]:
    """A command runs a loop of its own, which is refused inside of another. The loop of the test waits meanwhile."""
    loop = asyncio._get_running_loop()  # pyright: ignore[reportPrivateUsage] # documented for such use
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


def run(*words: str | Path, stdin: str = "", **settings: str) -> CompletedProcess[str]:
    """`oa-graph` with these words, to its end; what it does not handle itself is raised."""
    command = list(map(str, words))
    with _outside_of_the_loop():
        result = CliRunner(env=environment(**settings)).invoke(
            main, command, input=stdin, catch_exceptions=False, prog_name="oa-graph"
        )
    return CompletedProcess(command, result.exit_code, result.stdout, result.stderr)
