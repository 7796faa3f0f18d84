"""The code in the README runs as it stands."""

from __future__ import annotations

import os
import re
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from typing import Any

import pytest

from oa_graph.domain.users import ApiClient
from oa_graph.graph import clients
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import typed_by_operator
from tests.builders import plant
from tests.paths import ROOT

pytestmark = pytest.mark.anyio

README = ROOT / "README.md"


def block(language: str) -> str:
    """The only block of a language."""
    (code,) = re.findall(rf"^```{language}\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return code


def variables_of(server: Any) -> dict[str, str]:
    """The settings that name a server."""
    return {f"NEO4J_{name.upper()}": getattr(server, name) for name in ("uri", "username", "password", "database")}


async def test_the_python_in_the_readme_requests_a_task(graph: Graph, server: Any) -> None:
    await clients.create(graph, client=ApiClient("web", "a website"), key_hash=clients.key_hash("key"))
    environment = {**os.environ, **variables_of(server)}
    program = [sys.executable, "-W", "error", "-c", block("python")]
    process = await create_subprocess_exec(*program, env=environment, stdout=PIPE, stderr=PIPE)
    printed, errors = await process.communicate()
    assert (printed.decode(), errors.decode()) == ("initial_prompt []\n", "")


async def test_the_cypher_in_the_readme_finds_pairs(graph: Graph) -> None:
    await plant(graph, {"What is rain?": {"Water.": {}, "Weather.": {}}})
    await graph.execute("MATCH (p:Post {text: 'Water.'}) SET p.rank = 0")
    await graph.execute("MATCH (p:Post {text: 'Weather.'}) SET p.rank = 1")
    records = await graph.execute(typed_by_operator(block("cypher")))
    assert [dict(record) for record in records] == [
        {"prompt": "What is rain?", "chosen": "Water.", "rejected": "Weather."}
    ]
