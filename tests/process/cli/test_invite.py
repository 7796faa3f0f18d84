"""`oa-graph invite`: links are made, listed and ended, and none is shown twice."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from random import Random

import pytest

from oa_graph import installation
from oa_graph.cli.invite import first_operator_link
from oa_graph.collection import Collection
from oa_graph.context import Context
from oa_graph.domain.limits import Limits
from oa_graph.domain.sessions import SessionRole
from oa_graph.errors import InviteNotUsable
from oa_graph.graph.session import Graph
from tests import commands
from tests.conftest import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def collection(graph: Graph) -> Collection:
    return Collection(graph, Context(store=graph, limits=Limits(), rng=Random(1)))


async def test_links_are_made_listed_and_ended(collection: Collection, server: Server, tmp_path: Path) -> None:
    environment = {
        "NEO4J_URI": server.uri,
        "NEO4J_USERNAME": server.username,
        "NEO4J_PASSWORD": server.password,
        "NEO4J_DATABASE": server.database,
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return commands.run("invite", "--data", str(tmp_path), *words, **environment)

    link = run("--role", "operator", "--note", "for Ada", "--url", "https://work.example/").stdout.strip()
    assert link.startswith("https://work.example/invite/")
    token = link.rpartition("/")[2]
    run("--unlimited", "--days", "1", "--user", "bob")
    listed = run("list", "--json").stdout
    assert [(one["role"], one["uses_left"], one["user_name"]) for one in json.loads(listed)] == [
        ("worker", None, "bob"),
        ("operator", 1, None),
    ]
    for shown in (listed, run("list").stdout):
        assert "for Ada" in shown
        assert token not in shown
    assert (await collection.sessions.usable(token)).role is SessionRole.OPERATOR
    id = json.loads(listed)[1]["id"]
    assert run("revoke", id).stderr == f"{id} has ended\n"
    with pytest.raises(InviteNotUsable):
        await collection.sessions.usable(token)


async def test_the_first_operator_has_a_link_until_it_is_used(collection: Collection) -> None:
    assert await first_operator_link(collection, "http://localhost:8080")
    link = await first_operator_link(collection, "http://localhost:8080")
    assert link
    _, signed_in = await collection.sessions.redeem(link.rpartition("/")[2])
    assert (signed_in.session.role, signed_in.user.client) == (SessionRole.OPERATOR, installation.PAGES.id)
    assert await first_operator_link(collection, "http://localhost:8080") is None
