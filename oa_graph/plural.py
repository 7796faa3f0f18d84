"""Counts in sentences for people."""

from __future__ import annotations


def counted(number: int, thing: str, things: str | None = None) -> str:
    """`1 tree`, `1,200 trees`; `things` where an s at the end does not make the plural."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
