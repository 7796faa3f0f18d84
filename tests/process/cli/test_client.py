"""`oa-graph client`: one story, on the server of the run."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oa_graph import installation
from oa_graph.graph import clients
from oa_graph.graph.session import Graph
from tests import commands
from tests.conftest import Server

pytestmark = pytest.mark.anyio

KEY = re.compile(r"[0-9a-f]{64}")


async def test_a_frontend_is_admitted_shown_shut_out_let_in_and_given_another_key(
    graph: Graph, server: Server, tmp_path: Path
) -> None:
    environment = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        got = commands.run("client", *words, "--data", tmp_path, **environment)
        assert "Traceback" not in got.stderr
        return got

    async def owner(key: str) -> Any:
        return await clients.by_key_hash(graph, clients.key_hash(key))

    key = run("add", "a bot", "--frontend-type", "bot", "--capability", "rank_initial_prompts").stdout.strip()
    bot = await owner(key)
    listed = run("list", "--json").stdout
    assert {client["id"]: client["capabilities"] for client in json.loads(listed)} == {
        bot.id: ["rank_initial_prompts"],
        installation.TRUSTED: [],
        installation.PAGES.id: [*installation.PAGES.capabilities],
    }
    table = run("list").stdout
    assert all(id in table for id in (bot.id, installation.TRUSTED))
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
    assert {client["id"] for client in listed if client["analyst"]} == {bot.id, installation.TRUSTED}
    assert run("analyst", bot.id, "--no").returncode == 0
    assert await owner(key) == bot

    assert run("change", bot.id, "--trusted", "--analyst", "--no-capability", "rank_initial_prompts").returncode == 0
    assert await owner(key) == replace(bot, trusted=True, analyst=True, capabilities=())
    assert run("change", bot.id, "--no-trusted", "--no-analyst", "--capability", "rank_initial_prompts").returncode == 0
    assert await owner(key) == bot
    for words in (("add", "a frontend"), ("change", bot.id)):
        refused = run(*words, "--capability", "juggling")
        assert refused.returncode == 1
        assert "no capability juggling" in refused.stderr
        assert "rank_initial_prompts" in refused.stderr
    assert await owner(key) == bot
    notebook = run("add", "a notebook", "--analyst").stdout.strip()
    assert (await owner(notebook)).analyst

    other = run("rotate", bot.id).stdout.strip()
    assert KEY.fullmatch(other)
    assert (await owner(key), await owner(other)) == (None, bot)

    for words in (("disable", "nobody"), ("analyst", "nobody"), ("change", "nobody"), ("rotate", installation.TRUSTED)):
        refused = run(*words)
        assert refused.returncode == 1
        assert words[1] in refused.stderr
        assert refused.stdout == ""
