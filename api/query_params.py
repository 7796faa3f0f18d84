"""Booleans in queries: Litestar knows `true` and `1`, frontends also send `on` and `yes`."""

from __future__ import annotations

from litestar.params import QueryParameter

_WORDS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


class BooleanParam:
    """A boolean of a query; a type of its own, since Litestar lets nobody else read a `bool`."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def __bool__(self) -> bool:
        return self._on


YES, NO = BooleanParam(True), BooleanParam(False)


def read_boolean(_: type[BooleanParam], word: str) -> BooleanParam:
    """A flag from any of the words, in any case. Raise ValueError."""
    known = _WORDS.get(word.lower())
    if known is None:
        raise ValueError(f"expected one of {', '.join(_WORDS)}")
    return YES if known else NO


class OptionalBooleanParam:
    """A boolean of a query that changes something; `on` None: it is left as it is."""

    def __init__(self, on: bool | None = None) -> None:
        self.on = on


NO_WISH = OptionalBooleanParam()
UNDEFINED = "undefined"


def read_optional_boolean(_: type[OptionalBooleanParam], word: str) -> OptionalBooleanParam:
    """A wish from any of the words; the website writes `undefined` for one that it does not have. Raise ValueError."""
    return NO_WISH if word == UNDEFINED else OptionalBooleanParam(bool(read_boolean(BooleanParam, word)))


def optional_boolean_param(description: str) -> QueryParameter:
    """How a wish is described in the document."""
    return QueryParameter(description=description, schema_extra={"type": "boolean"})


def boolean_param(description: str, *, default: bool | None = None) -> QueryParameter:
    """How a flag is described in the document; without a default it has to be sent."""
    schema = {} if default is None else {"default": default}
    return QueryParameter(description=description, schema_extra={"type": "boolean", **schema})
