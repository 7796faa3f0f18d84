"""Commands that a command prints: each can be pasted into the shell that it was called from."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from oa_graph.cli.console import command_line
from tests.processes import environment, run


@pytest.mark.parametrize(
    ("called", "program"),
    [
        ("{here}/.venv/bin/oa-graph", ".venv/bin/oa-graph"),
        (".venv/bin/oa-graph", ".venv/bin/oa-graph"),
        ("{here}/oa-graph", "{here}/oa-graph"),
        ("/opt/my tools/oa-graph", "/opt/my tools/oa-graph"),
    ],
    ids=["found on the path", "relative", "in this folder", "elsewhere"],
)
def test_a_hint_calls_the_program_as_it_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, program: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [called.format(here=tmp_path), "demo"])
    words = shlex.split(command_line("query", "skips", data=Path("a folder")))
    assert words == [program.format(here=tmp_path), "query", "skips", "--data", "a folder"]


def test_a_hint_of_a_module_names_the_interpreter(tmp_path: Path) -> None:
    got = run("query", "no_such_query", OA_GRAPH_DATA=str(tmp_path))
    hint = got.stderr.partition("`")[2].partition("`")[0]
    listed = subprocess.run(hint, shell=True, env=environment(), capture_output=True, text=True, check=False)
    assert "tree_states" in listed.stdout, (got.stderr, listed.stderr)
