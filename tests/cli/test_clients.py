"""`oa-graph client`: one story, on the server of the run."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from oa_graph import hosting
from oa_graph.graph import clients
from oa_graph.graph.session import Graph
from tests import processes
from tests.conftest import Server

pytestmark = pytest.mark.anyio

KEY = re.compile(r"[0-9a-f]{64}")


async def test_a_frontend_is_admitted_shown_shut_out_let_in_and_given_another_key(
    graph: Graph, server: Server, tmp_path: Path
) -> None:
    given = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        got = processes.run("client", *words, "--data", tmp_path, **given)
        assert "Traceback" not in got.stderr
        return got

    async def owner(key: str) -> Any:
        return await clients.by_key_hash(graph, clients.key_hash(key))

    key = run("add", "a bot", "--frontend-type", "bot", "--can", "analyst").stdout.strip()
    bot = await owner(key)
    listed = run("list", "--json").stdout
    assert {each["id"]: each["capabilities"] for each in json.loads(listed)} == {
        bot.id: ["analyst"],
        hosting.TRUSTED: [],
    }
    table = run("list").stdout
    assert all(id in table for id in (bot.id, hosting.TRUSTED))
    for shown in (listed, table):
        assert "a bot" in shown
        assert not KEY.search(shown)

    assert run("disable", bot.id).returncode == 0
    assert not (await owner(key)).enabled
    assert run("enable", bot.id).returncode == 0
    assert (await owner(key)).enabled

    assert not (await owner(key)).analyst
    assert run("analyst", bot.id).returncode == 0
    assert (await owner(key)).analyst
    listed = json.loads(run("list", "--json").stdout)
    assert {each["id"] for each in listed if each["analyst"]} == {bot.id, hosting.TRUSTED}
    assert run("analyst", bot.id, "--no").returncode == 0
    assert await owner(key) == bot
    notebook = run("add", "a notebook", "--analyst").stdout.strip()
    assert (await owner(notebook)).analyst

    other = run("rotate", bot.id).stdout.strip()
    assert KEY.fullmatch(other)
    assert (await owner(key), await owner(other)) == (None, bot)

    for words in (("disable", "nobody"), ("analyst", "nobody"), ("rotate", hosting.TRUSTED)):
        refused = run(*words)
        assert refused.returncode == 1
        assert words[1] in refused.stderr
        assert refused.stdout == ""
