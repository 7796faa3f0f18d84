"""A database that the environment names is never emptied by the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from oa_graph.graph.session import Graph
from tests.conftest import Server
from tests.paths import ROOT

pytestmark = pytest.mark.anyio


_TEST = """
import os
import pytest
from tests.conftest import anyio_backend

@pytest.mark.anyio
async def test_nothing(graph):
    pass

def test_where(request):
    assert request.config.getoption("--neo4j") == "managed"
    assert not [name for name in os.environ if name.startswith("NEO4J_")]
"""


def pytest_run(server: Server, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A run of tests by somebody whose environment names this server."""
    named = {
        "NEO4J_URI": server.uri,
        "NEO4J_USERNAME": server.username,
        "NEO4J_PASSWORD": server.password,
        "NEO4J_DATABASE": server.database,
    }
    file = folder / "test_small.py"
    file.write_text(_TEST)
    options = ["-q", "-p", "no:cacheprovider", "-p", "tests.conftest", "-c", "pyproject.toml"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(file), *words],
        cwd=ROOT,
        env=os.environ | named,
        capture_output=True,
        text=True,
        check=False,
    )


async def test_a_database_that_holds_something_ends_the_run(graph: Graph, server: Server, tmp_path: Path) -> None:
    await graph.execute("CREATE (:Post {id: 'precious'})")
    run = pytest_run(server, tmp_path, "--neo4j=given", "-k", "test_nothing")
    assert run.returncode == pytest.ExitCode.USAGE_ERROR, run.stdout + run.stderr
    assert "is not empty" in run.stdout + run.stderr
    assert await graph.execute("MATCH (post:Post) RETURN post.id AS id") == [{"id": "precious"}]


async def test_an_empty_database_may_be_used_and_is_left_empty(graph: Graph, server: Server, tmp_path: Path) -> None:
    run = pytest_run(server, tmp_path, "--neo4j=given", "-k", "test_nothing")
    assert run.returncode == 0, run.stdout + run.stderr
    assert await graph.execute("MATCH (node) WHERE NOT node:Schema RETURN node") == []


def test_the_environment_alone_names_no_database(server: Server, tmp_path: Path) -> None:
    run = pytest_run(server, tmp_path, "-k", "test_where")
    assert run.returncode == 0, run.stdout + run.stderr
