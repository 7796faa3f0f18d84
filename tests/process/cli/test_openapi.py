"""`oa-graph openapi`: the document without a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oa_graph.api.app import create_app
from oa_graph.api.document import document
from oa_graph.settings import Settings
from tests import commands
from tests.processes import run

WHOLE = document(create_app(Settings.model_validate({})))


@pytest.mark.parametrize("words", [(), ("-",)])
def test_the_document_is_printed(words: tuple[str, ...]) -> None:
    got = run("openapi", *words)
    assert (got.returncode, got.stderr) == (0, "")
    assert json.loads(got.stdout) == json.loads(json.dumps(WHOLE))


def test_the_document_is_written_the_same_each_time(tmp_path: Path) -> None:
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for file in files:
        assert commands.run("openapi", file).returncode == 0
    one, two = (file.read_text("utf-8") for file in files)
    assert one == two
    assert json.loads(one)["openapi"].startswith("3.1")


def test_a_file_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    got = commands.run("openapi", tmp_path / "no" / "such" / "folder.json")
    assert got.returncode == 1
    assert "Traceback" not in got.stderr
    assert "folder.json" in got.stderr
