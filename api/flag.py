"""Booleans in queries: Litestar knows `true` and `1`, frontends also send `on` and `yes`."""

from __future__ import annotations

from litestar.params import QueryParameter

_WORDS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


class Flag:
    """A boolean of a query; a type of its own, since Litestar lets nobody else read a `bool`."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def __bool__(self) -> bool:
        return self._on


YES, NO = Flag(True), Flag(False)


def read(_: type[Flag], word: str) -> Flag:
    """A flag from any of the words, in any case. Raises ValueError."""
    known = _WORDS.get(word.lower())
    if known is None:
        raise ValueError(f"expected one of {', '.join(_WORDS)}")
    return YES if known else NO


def flag(description: str, *, default: bool) -> QueryParameter:
    """How a flag is described in the document."""
    return QueryParameter(description=description, schema_extra={"type": "boolean", "default": default})
