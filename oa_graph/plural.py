"""Counted nouns in messages."""

from __future__ import annotations


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """`1 tree`, `1,200 trees`; `things` where an s at the end does not make the plural."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
