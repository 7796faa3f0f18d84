"""`oa-graph db shell` as somebody at a terminal meets it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import stat
import subprocess
import termios
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oa_graph.cli.shell import HISTORY
from tests.conftest import Server
from tests.processes import COMMAND, PATIENCE, environment, hears_interrupts

UP, CTRL_C, CTRL_D = "\x1b[A", "\x03", "\x04"
ENDLESS = "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN sum(a + b) AS x;\n"


class Terminal:
    """One that a program runs in."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self._screen = screen
        self._seen = ""

    def type(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def sees(self, words: str) -> str:
        """What was shown up to these words, which have to come."""
        until = time.monotonic() + PATIENCE
        while words not in self._seen:
            assert time.monotonic() < until, self._seen
            if select.select([self._screen], [], [], 0.2)[0]:
                self._seen += os.read(self._screen, 65536).decode(errors="replace")
        shown, _, self._seen = self._seen.partition(words)
        return shown


@contextmanager
def terminal(*words: str, **more: str) -> Generator[Terminal]:
    screen, inside = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *words],
        env=environment(TERM="xterm", COLUMNS="120", LINES="40", **more),
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
        preexec_fn=lambda: _own(inside),
    )
    os.close(inside)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait()
        os.close(screen)


def _own(screen: int) -> None:
    """Makes the terminal the one whose Ctrl-C the process hears."""
    hears_interrupts()
    fcntl.ioctl(screen, termios.TIOCSCTTY, 0)


@pytest.fixture
def given(server: Server, tmp_path: Path) -> dict[str, str]:
    return {
        "NEO4J_URI": server.uri,
        "NEO4J_PASSWORD": server.password,
        "NEO4J_USERNAME": server.username,
        "OA_GRAPH_DATA": str(tmp_path / "data"),
    }


def test_the_shell_outlives_ctrl_c_and_remembers_what_was_typed(given: dict[str, str]) -> None:
    file = Path(given["OA_GRAPH_DATA"]) / HISTORY
    with terminal("db", "shell", **given) as shell:
        shell.sees("cypher> ")
        shell.type("RETURN 41 + 1 AS answer;\n")
        assert "42" in shell.sees("1 rows")
        shell.sees("cypher> ")

        shell.type("RETURN 'half a" + CTRL_C)
        shell.sees("cypher> ")
        shell.type(ENDLESS)
        time.sleep(1)
        began = time.monotonic()
        shell.type(CTRL_C)
        shell.sees("stopped")
        assert time.monotonic() - began < 20
        shell.sees("cypher> ")

        shell.type("RETURN\n")
        shell.sees("      > ")
        shell.type("  6 * 111 AS answer;\n")
        assert "666" in shell.sees("1 rows")
        shell.sees("cypher> ")
        shell.type("RETURN 'my password' AS secret;\n")
        shell.sees("1 rows")
        shell.sees("cypher> ")
        shell.type(CTRL_D)
        assert shell.process.wait(PATIENCE) == 0

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = file.read_text()
    assert "41 + 1" in kept
    assert "password" not in kept

    with terminal("db", "shell", **given) as shell:
        shell.sees("cypher> ")
        shell.type(UP * 4 + "\n")  # over two lines of one statement, and the endless one
        assert "42" in shell.sees("1 rows")
        shell.sees("cypher> ")
        shell.type(":quit\n")
        assert shell.process.wait(PATIENCE) == 0


def test_a_history_has_only_so_many_lines(given: dict[str, str]) -> None:
    file = Path(given["OA_GRAPH_DATA"]) / HISTORY
    file.parent.mkdir()
    file.write_text("".join(f"RETURN {i};\n" for i in range(3000)))
    with terminal("db", "shell", **given) as shell:
        shell.sees("cypher> ")
        shell.type("RETURN 'the last';\n")
        shell.sees("1 rows")
        shell.sees("cypher> ")
        shell.type(CTRL_D)
        assert shell.process.wait(PATIENCE) == 0
    lines = file.read_text().splitlines()
    assert len(lines) == 1000
    assert lines[-1] == "RETURN 'the last';"
