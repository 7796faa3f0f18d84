"""The frontends of these tests stand on their own, or they would repeat the service's mistakes."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STARTED_IN = {"conftest.py", "test_rate_limits.py"}
KNOWN = sys.stdlib_module_names | {"httpx", "aiohttp", "pytest"}


def imported(source: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def allowed(source: Path, name: str) -> bool:
    """Only the live service comes from elsewhere."""
    starts = ("tests.http.clients.", *(["tests.http.api.conftest."] if source.name in STARTED_IN else []))
    return name.partition(".")[0] in KNOWN or name.startswith(starts)


@pytest.mark.parametrize("source", sorted(HERE.glob("*.py")), ids=lambda source: source.name)
def test_no_frontend_knows_the_service(source: Path) -> None:
    assert [name for name in imported(source) if not allowed(source, name)] == []
