"""`oa_graph.client` on the real service: the examples of the docs, and its promises when connections break."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from typing import Any, LiteralString

import pytest

from oa_graph.client import Client, User
from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from tests.builders import plant
from tests.http.api.conftest import ANALYST, WEB, Service
from tests.paths import ROOT

pytestmark = pytest.mark.anyio

PAGE = (ROOT / "docs" / "how-to" / "python_client.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
_PLUMBING = {"close", "send", "send_for_headers"}


@pytest.fixture
def limits() -> Limits:
    return Limits(author_edit_sec=3600)


def verbs(of: type) -> set[str]:
    return {name for name, value in vars(of).items() if callable(value) and not name.startswith("_")} - _PLUMBING


def test_every_verb_has_an_example() -> None:
    code = "\n".join(EXAMPLES)
    assert {verb for verb in verbs(Client) | verbs(User) if not re.search(rf"\.{verb}\(", code)} == set()


async def test_the_examples_run_from_top_to_bottom(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    for number in "12":  # since the first task, which is skipped, may be of any kind
        await plant(
            service.graph,
            {f"What is rain {number}?": {}},
            {f"=What is snow {number}?": {"=Ice.": {}}},
            {f"What is fog {number}?": {"?A cloud.": {}}},
        )
        await plant(service.graph, {f"What is hail {number}?": {"Ice.": {}, "Stones.": {}}}, state=TreeState.RANKING)

    def run() -> None:
        names: dict[str, Any] = {"analyst": Client(service.url, ANALYST)}
        try:
            for example in EXAMPLES:
                code = example.replace("http://127.0.0.1:8080", service.url).replace("THE KEY", WEB)
                exec(compile(code, "docs/how-to/python_client.md", "exec"), names)
        finally:
            names["analyst"].close()
            names["client"].close()

    await asyncio.to_thread(run)
    printed = capsys.readouterr().out
    assert "idle" in printed or "language_empty" in printed


# The frontend of docs/how-to/frontend.md

SMALL = ROOT / "docs" / "how-to" / "small_frontend.py"


def test_the_small_frontend_has_40_lines() -> None:
    assert len([line for line in SMALL.read_text("utf-8").splitlines() if line.strip()]) <= 40


@pytest.mark.parametrize(
    ("kind", "typed", "statement"),
    [
        ("initial_prompt", "What is dew?", "MATCH (post:Post {text: 'What is dew?'}) RETURN post.id AS id"),
        ("assistant_reply", "Water.", "MATCH (post:Post {text: 'Water.'}) RETURN post.id AS id"),
        ("rank_assistant_replies", "1 0", "MATCH (ranking:Ranking {order: [1, 0]}) RETURN ranking.id AS id"),
        ("label_assistant_reply", "\n".join(["0"] * 40), "MATCH (review:Review) RETURN review.id AS id"),
    ],
)
async def test_the_small_frontend_does_tasks(service: Service, kind: str, typed: str, statement: LiteralString) -> None:
    await plant(service.graph, {"What is rain?": {"?A cloud.": {}}}, {"What is snow?": {}})
    await plant(service.graph, {"What is hail?": {"Ice.": {}, "Stones.": {}}}, state=TreeState.RANKING)
    words = [sys.executable, str(SMALL), service.url, WEB, "ada", kind]
    process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        assert process.stdin is not None
        process.stdin.write(f"{typed}\n".encode())
        await process.stdin.drain()
        while not await service.graph.execute(statement):
            assert process.returncode is None, await process.communicate()
            await asyncio.sleep(0.1)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
