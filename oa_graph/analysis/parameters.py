"""Parameters of queries: values of the declared types, from texts or from Python."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from numbers import Integral, Real
from typing import Any, TypeAlias, cast

from oa_graph.errors import WrongParameter
from oa_graph.graph.saved_queries import check_names
from oa_graph.graph.statements import declared
from oa_graph.policy.statement_guard import INTEGERS

TextArguments: TypeAlias = Iterable[tuple[str, str]]
"""Names and texts as somebody typed them; a name may come several times."""

_WHOLE = re.compile(r"[+-]?[0-9]+")


def from_texts(query: str, inputs: Mapping[str, str], arguments: TextArguments) -> dict[str, object]:
    """Return values of the types that the `in` lines of a header declare; missing ones are left out.

    A list is a JSON array, or the same name several times. A date and time without a zone is one of UTC. Raises
    NoSuchParameter, WrongParameter.
    """
    texts = _texts_by_name(arguments)
    check_names(query, inputs, texts)
    return {name: _read(name, declared(inputs[name])[0], values) for name, values in texts.items()}


def from_words(arguments: TextArguments) -> dict[str, object]:
    """Return values of undeclared parameters: JSON if the text parses as such, else text. Raise WrongParameter."""
    texts = _texts_by_name(arguments)
    return {name: _read_one(name, "one value", _only(name, "one value", values)) for name, values in texts.items()}


def from_values(query: str, inputs: Mapping[str, str], arguments: Mapping[str, object]) -> dict[str, object]:
    """Return Python (or numpy) values, checked against the types of a header. None is always allowed.

    Raise NoSuchParameter, WrongParameter.
    """
    check_names(query, inputs, arguments)
    return {name: _checked(name, declared(inputs[name])[0], value) for name, value in arguments.items()}


def _texts_by_name(arguments: TextArguments) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for name, text in arguments:
        texts.setdefault(name, []).append(text)
    return texts


def _only(name: str, type: str, texts: list[str]) -> str:
    if len(texts) > 1:
        raise WrongParameter(name=name, type=type, value=" and ".join(map(repr, texts)), why="")
    return texts[0]


# From texts


def _read(name: str, type: str, texts: list[str]) -> object:
    if inner := _element(type):
        return [_read_one(name, inner, part) for text in texts for part in _parts(text)]
    return _read_one(name, type, _only(name, type, texts))


def _element(type: str) -> str | None:
    """Return the element type of a list; None for other types."""
    return type[len("LIST<") : -1] if type.startswith("LIST<") else None


def _parts(text: str) -> list[str | None]:
    """Return the elements of a JSON array as texts, except for null; any other text is one element."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return [text]
    if not isinstance(value, list):
        return [text]
    elements = cast("list[object]", value)
    return [element if element is None or isinstance(element, str) else json.dumps(element) for element in elements]


def _read_one(name: str, type: str, text: str | None) -> object:
    read = _READERS.get(type, _guess)
    try:
        return None if text is None else read(text)
    except (ValueError, OverflowError) as error:
        raise WrongParameter(name=name, type=type, value=repr(text), why=_HINTS.get(type, "")) from error


def _guess(text: str) -> object:
    try:
        return _json(text)
    except ValueError:
        return text


def _json(text: str) -> object:
    """Parse JSON. Raise ValueError, and OverflowError for an integer that the graph cannot store."""
    return json.loads(text, parse_int=_bounded)


def _bounded(digits: str) -> int:
    if int(digits) not in INTEGERS:
        raise OverflowError(digits)
    return int(digits)


def _integer(text: str) -> int:
    if not _WHOLE.fullmatch(text) or (integer := int(text)) not in INTEGERS:
        raise ValueError(text)
    return integer


def _number(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text)


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _moment(text: str) -> datetime:
    return _in_utc(datetime.fromisoformat(text))


def _map(text: str) -> object:
    value = _json(text)
    if not isinstance(value, dict):
        raise ValueError(text)
    return cast("dict[str, object]", value)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


_READERS: Mapping[str, Callable[[str], object]] = {
    "STRING": str,
    "INTEGER": _integer,
    "FLOAT": _number,
    "BOOLEAN": _truth,
    "DATE": date.fromisoformat,
    "ZONED DATETIME": _moment,
    "MAP": _map,
}
_HINTS = {
    "BOOLEAN": "; true or false",
    "DATE": "; as 2026-03-01",
    "ZONED DATETIME": "; as 2026-03-01T12:00:00Z",
    "MAP": "; a JSON object",
}


# From Python


def _checked(name: str, type: str, value: Any) -> object:
    if value is None:
        return None
    if inner := _element(type):
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            raise WrongParameter(name=name, type=type, value=repr(cast("object", value)), why="")
        return [_checked(name, inner, element) for element in cast("Iterable[object]", value)]
    if getattr(value, "ndim", None) == 0:  # a scalar of numpy
        value = value.item()
    fits = _CHECKS.get(type)
    if fits is not None and not fits(value):
        raise WrongParameter(name=name, type=type, value=repr(value), why=_HINTS.get(type, ""))
    return _in_utc(value) if type == "ZONED DATETIME" else value


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "STRING": lambda value: isinstance(value, str),
    "INTEGER": lambda value: type(value) is not bool and isinstance(value, Integral) and value in INTEGERS,
    "FLOAT": lambda value: type(value) is not bool and isinstance(value, Real),
    "BOOLEAN": lambda value: isinstance(value, bool),
    "DATE": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "ZONED DATETIME": lambda value: isinstance(value, datetime),
    "MAP": lambda value: isinstance(value, Mapping),
}
