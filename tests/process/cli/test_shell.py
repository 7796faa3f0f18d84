"""`oa-graph db shell` as somebody at a terminal meets it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
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
from oa_graph.graph.saved_queries import named
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import source
from tests.builders import plant, snapshot
from tests.conftest import Server
from tests.processes import COMMAND, PATIENCE, environment, hears_interrupts, run

pytestmark = pytest.mark.anyio

READ_ONLY = "This prompt is read-only. To write, start it with: oa-graph db shell --write"
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
def terminal(*words: str, **variables: str) -> Generator[Terminal]:
    screen, inside = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *words],
        env=environment(TERM="xterm", COLUMNS="120", LINES="40", **variables),
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
def server_variables(server: Server, tmp_path: Path) -> dict[str, str]:
    return {
        "NEO4J_URI": server.uri,
        "NEO4J_PASSWORD": server.password,
        "NEO4J_USERNAME": server.username,
        "OA_GRAPH_DATA": str(tmp_path / "data"),
    }


def test_the_shell_outlives_ctrl_c_and_remembers_what_was_typed(server_variables: dict[str, str]) -> None:
    file = Path(server_variables["OA_GRAPH_DATA"]) / HISTORY
    with terminal("db", "shell", **server_variables) as shell:
        shell.sees("cypher> ")
        shell.type("RETURN 41 + 1 AS answer;\n")
        assert "42" in shell.sees("1 row\r\n")
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
        assert "666" in shell.sees("1 row\r\n")
        shell.sees("cypher> ")
        shell.type("RETURN 'my password' AS secret;\n")
        shell.sees("1 row\r\n")
        shell.sees("cypher> ")
        shell.type(CTRL_D)
        assert shell.process.wait(PATIENCE) == 0

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = file.read_text()
    assert "41 + 1" in kept
    assert "password" not in kept

    with terminal("db", "shell", **server_variables) as shell:
        shell.sees("cypher> ")
        shell.type(UP * 4 + "\n")  # over two lines of one statement, and the endless one
        assert "42" in shell.sees("1 row\r\n")
        shell.sees("cypher> ")
        shell.type(":quit\n")
        assert shell.process.wait(PATIENCE) == 0


def test_an_id_is_folded_and_not_cut_on_a_terminal(server_variables: dict[str, str]) -> None:
    columns = ", ".join(f"'{letter * 36}' AS {letter}" for letter in "abcd")
    with terminal("db", "shell", **server_variables) as shell:
        shell.sees("cypher> ")
        shell.type(f"RETURN {columns};\n")
        shell.sees("┡")
        shown = shell.sees("1 row\r\n")
        assert [shown.count(letter) for letter in "abcd"] == [36] * 4
        assert "…" not in shown


async def test_the_shell_only_reads_unless_it_may_write(graph: Graph, server_variables: dict[str, str]) -> None:
    await plant(graph, {"What is rain?": {}})
    before = await snapshot(graph)
    writes = (
        "MATCH (p:Post) SET p.text = ''",
        "CREATE INDEX extra FOR (p:Post) ON (p.extra)",
        "CALL db.createLabel('X')",
    )
    got = run("db", "shell", stdin=";\n".join([*writes, "RETURN 41 + 1 AS answer;\n"]), **server_variables)
    assert got.stderr.splitlines() == [*[READ_ONLY] * 3, "1 row"]
    assert "42" in got.stdout
    assert await snapshot(graph) == before
    chunks = "MATCH (p:Post) CALL (p) { SET p.text = 'Why?' } IN TRANSACTIONS OF 1 ROW"
    got = run("db", "shell", "--write", stdin=f"{chunks};\nMATCH (p:Post) RETURN p.text AS text;\n", **server_variables)
    assert "Why?" in got.stdout
    assert READ_ONLY not in got.stderr


async def test_the_shell_shows_what_the_database_remarks(graph: Graph, server_variables: dict[str, str]) -> None:
    got = run("db", "shell", stdin="MATCH (p:Pst)\nRETURN p;\n", **server_variables)
    assert got.stderr.splitlines() == [
        "Warning: The label `Pst` does not exist in database `neo4j`. Verify that the spelling is correct. "
        "(line 1, column 10)",
        "0 rows",
    ]


async def test_a_query_can_be_pasted_after_its_parameters(graph: Graph, server_variables: dict[str, str]) -> None:
    await plant(graph, {"What is rain?": {"Water.": {}}})
    await plant(graph, {"Was ist Regen?": {}}, lang="de")
    query = source(named("shape_by_language"))
    got = run("db", "shell", stdin=f":param lang => 'd' + 'e'\n{query}", **server_variables)
    assert (" de " in got.stdout, " en " in got.stdout, got.stderr) == (True, False, "1 row\n")
    # The header tells which parameters there are: those that are not set are null.
    assert run("db", "shell", stdin=query.replace("\nMATCH", "\n\nMATCH", 1), **server_variables).stderr == "2 rows\n"


async def test_parameters_are_set_one_by_one_or_as_a_map_and_listed(
    graph: Graph, server_variables: dict[str, str]
) -> None:
    typed = [
        ":param n => 20 + 1;",
        ":param {day: date('2026-03-01'), `a b`: [1, 'two'], took: duration('P1D')}",
        ":params",
        "RETURN $n * 2 AS answer, $day + $took AS next, $`a b`[1] AS word;",
        ":param n: 1",
        ":param n => 1 +",
        ":param n => 1 AS one NEXT CREATE (x) RETURN 1",
        ":help",
        "RETURN $n AS n;",
    ]
    got = run("db", "shell", stdin="\n".join([*typed, ""]), **server_variables)
    for line in (":param n => 21", ':param day => "2026-03-01"', ':param a b => [1,"two"]', ':param took => "P1D"'):
        assert line in got.stdout
    assert re.search(r"42 +│ 2026-03-02 │ two", got.stdout)
    assert re.search(r"│ 21 │", got.stdout)
    errors = got.stderr.splitlines()
    assert errors[1].startswith("unknown command :param; use `:param name => value`")
    assert "Invalid input" in errors[2]
    assert READ_ONLY in errors
    assert any(line.startswith("unknown command :help") for line in errors)


def test_a_history_has_only_so_many_lines(server_variables: dict[str, str]) -> None:
    file = Path(server_variables["OA_GRAPH_DATA"]) / HISTORY
    file.parent.mkdir()
    file.write_text("".join(f"RETURN {i};\n" for i in range(3000)))
    with terminal("db", "shell", **server_variables) as shell:
        shell.sees("cypher> ")
        shell.type("RETURN 'the last';\n")
        shell.sees("1 row\r\n")
        shell.sees("cypher> ")
        shell.type(CTRL_D)
        assert shell.process.wait(PATIENCE) == 0
    lines = file.read_text().splitlines()
    assert len(lines) == 1000
    assert lines[-1] == "RETURN 'the last';"
