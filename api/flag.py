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


class Wish:
    """A boolean of a query that changes something; `on` None: it is left as it is."""

    def __init__(self, on: bool | None = None) -> None:
        self.on = on


NO_WISH = Wish()
UNDEFINED = "undefined"


def read_wish(_: type[Wish], word: str) -> Wish:
    """A wish from any of the words; the website writes `undefined` for one that it does not have. Raises ValueError."""
    return NO_WISH if word == UNDEFINED else Wish(bool(read(Flag, word)))


def wish(description: str) -> QueryParameter:
    """How a wish is described in the document."""
    return QueryParameter(description=description, schema_extra={"type": "boolean"})


def flag(description: str, *, default: bool | None = None) -> QueryParameter:
    """How a flag is described in the document; without a default it has to be sent."""
    told = {} if default is None else {"default": default}
    return QueryParameter(description=description, schema_extra={"type": "boolean", **told})
