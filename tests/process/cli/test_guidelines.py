"""`oa-graph guidelines`: one story, on the server of the run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from oa_graph.domain.tasks import TaskKind
from oa_graph.graph.session import Graph
from tests import commands
from tests.conftest import Server

pytestmark = pytest.mark.anyio


async def test_guidelines_are_loaded_listed_shown_and_replaced(graph: Graph, server: Server, tmp_path: Path) -> None:
    environment = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        got = commands.run("guidelines", *words, "--data", tmp_path / "data", **environment)
        assert "Traceback" not in got.stderr
        return got

    def versions() -> dict[tuple[str, str], int]:
        return {(text["kind"], text["lang"]): text["version"] for text in json.loads(run("list", "--json").stdout)}

    assert run("load").returncode == 0
    assert versions() == {(kind, "en"): 1 for kind in TaskKind}
    assert "Write a prompt" in run("show", "initial_prompt", "en").stdout

    for name in ("en", "de"):
        (tmp_path / "texts" / name).mkdir(parents=True)
        (tmp_path / "texts" / name / "initial_prompt.md").write_text(f"# Prompts\n\nIn {name}.\n", "utf-8")
    for _ in range(2):
        loaded = run("load", tmp_path / "texts")
        assert loaded.returncode == 0
        assert "initial_prompt" in loaded.stderr
    assert versions() == {
        **{(kind, "en"): 1 for kind in TaskKind},
        ("initial_prompt", "en"): 2,
        ("initial_prompt", "de"): 1,
    }
    assert run("show", "initial_prompt", "de").stdout == "# Prompts\n\nIn de.\n"
    assert "In de." in run("list").stdout

    missing = run("show", "initial_prompt", "fr")
    assert (missing.returncode, missing.stderr) == (1, "Error: The guideline initial_prompt fr does not exist.\n")
    (tmp_path / "texts" / "de" / "prompts.md").write_text("In de.", "utf-8")
    refused = run("load", tmp_path / "texts")
    assert refused.returncode == 1
    assert "prompts.md: `kind` of the guideline is none of" in refused.stderr
