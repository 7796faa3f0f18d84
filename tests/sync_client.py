"""The sync client, generated from the async one: `make client` writes it, and a test compares it.

The verbs are written once. A sync facade over a hidden event loop would need every signature twice, or lose the types.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import unasync  # pyright: ignore[reportMissingTypeStubs]

from tests.paths import ROOT

SOURCE = ROOT / "oa_graph" / "client" / "asynchronous.py"
GENERATED = SOURCE.with_name("synchronous.py")

_HEADER = "# Generated from asynchronous.py by `make client`; changes belong there.\n"
_NAMES = {
    "AsyncClient": "Client",
    "AsyncUser": "User",
    "AsyncBaseTransport": "BaseTransport",
    "aclose": "close",
    "aiter_lines": "iter_lines",
    "aread": "read",
    "asyncio": "time",
}


def generated() -> str:
    """Return the sync module."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "asynchronous.py"
        source.write_text(SOURCE.read_text("utf-8"), "utf-8")
        rule = unasync.Rule("asynchronous.py", "synchronous.py", additional_replacements=_NAMES)
        unasync.unasync_files([str(source)], [rule])  # pyright: ignore[reportUnknownMemberType]
        text = source.with_name("synchronous.py").read_text("utf-8")
    return _formatted(_HEADER + text)


def _formatted(text: str) -> str:
    for command in (("check", "--fix-only", "--unsafe-fixes", "--select", "I,UP028", "--quiet"), ("format", "--quiet")):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(GENERATED), "-"]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    return text


if __name__ == "__main__":
    GENERATED.write_text(generated(), "utf-8")
