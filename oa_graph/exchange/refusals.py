"""Why something of a file is not taken in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Kinds of reasons, to count by."""

    NOT_JSON = "not_json"
    """Or longer than a line may be."""
    NOT_UTF8 = "not_utf8"
    WRONG_SHAPE = "wrong_shape"
    """A field is missing, or is not what it should be."""
    BAD_TEXT = "bad_text"
    """With a null character or half a character, which the graph cannot hold."""
    EMPTY_TEXT = "empty_text"
    TEXT_TOO_LONG = "text_too_long"
    TOO_LARGE = "too_large"
    """It holds more labels, reactions, messages or fields than may be."""
    UNKNOWN_LANGUAGE = "unknown_language"
    WRONG_ROLE = "wrong_role"
    """Prompter and assistant do not take turns, or it is neither."""
    WRONG_THREAD = "wrong_thread"
    """It does not stand where it says, or its parent is not there, or it stands there twice."""
    TOO_DEEP = "too_deep"
    ID_TAKEN = "id_taken"
    """The graph has a message of this id in another tree."""
    CANNOT_LAND = "cannot_land"
    """The tree is not fit for what it shall become."""
    CONTRADICTION = "contradiction"
    """Rows before it, or the graph, order the same replies otherwise."""


class Unfit(ValueError):
    """Its text says what is wrong."""

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason = reason


def not_utf8(error: UnicodeDecodeError) -> Unfit:
    """Why bytes are not taken that are no UTF-8."""
    why = f"not UTF-8: {error.reason} at byte {error.start + 1}; UTF-8 is expected, and this may be Latin-1"
    return Unfit(Reason.NOT_UTF8, f"{why} or Windows-1252")


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not taken in."""

    line: int
    """Its number from 1; in a table that of the row, in a JSON array that of the element."""
    reason: Reason
    why: str
    content: bytes | dict[str, Any] | None
    """As the file has it; None: too long to be kept."""


def refused(error: Unfit, line: int, row: bytes | dict[str, Any] | Unfit) -> Refused:
    """A line that is not taken for this reason; a row that is Unfit itself left no content to be kept."""
    return Refused(line, error.reason, str(error), None if isinstance(row, Unfit) else row)


OnRefused = Callable[[Refused], None]
