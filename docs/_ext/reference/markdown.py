"""Small pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing for no rows."""
    lines = [_row(row) for row in rows]
    return "\n".join([_row(columns), _row(["---"] * len(columns)), *lines, ""]) if lines else ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("\n", " ").replace("|", r"\|") or " " for cell in cells) + " |"


def fence(language: str, text: str) -> str:
    """A block of code. The fence is longer than any that the code may hold."""
    return f"````{language}\n{text.strip()}\n````\n"


def blocks(*parts: str) -> str:
    """Parts of a page with an empty line between them; empty parts are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"
