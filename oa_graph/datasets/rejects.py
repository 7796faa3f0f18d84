"""Reasons why records of a file are rejected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RejectReason(StrEnum):
    """Kinds of reasons, by which rejects are counted."""

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
    """It has more labels, reactions, messages or fields than allowed."""
    UNKNOWN_LANGUAGE = "unknown_language"
    WRONG_ROLE = "wrong_role"
    """Prompter and assistant do not take turns, or it is neither."""
    WRONG_THREAD = "wrong_thread"
    """Its place contradicts its parent, its parent is missing, or it occurs twice."""
    TOO_DEEP = "too_deep"
    ID_TAKEN = "id_taken"
    """The graph has a message of this id in another tree."""
    CANNOT_LAND = "cannot_land"
    """The tree does not fit its destination."""
    CONTRADICTION = "contradiction"
    """Earlier rows, or the graph, order the same replies differently."""


class InvalidRecord(ValueError):
    """A record that cannot be imported; its text says why."""

    def __init__(self, reason: RejectReason, why: str) -> None:
        super().__init__(why)
        self.reason = reason


def not_utf8(error: UnicodeDecodeError) -> InvalidRecord:
    """Return the error for bytes that are not UTF-8."""
    why = f"not UTF-8: {error.reason} at byte {error.start + 1}; UTF-8 is expected, and this may be Latin-1"
    return InvalidRecord(RejectReason.NOT_UTF8, f"{why} or Windows-1252")


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is rejected."""

    line: int
    """Its number from 1; in a table that of the row, in a JSON array that of the element."""
    reason: RejectReason
    why: str
    content: bytes | dict[str, Any] | None
    """As the file has it; None: too long to be kept."""


def reject_of(error: InvalidRecord, line: int, row: bytes | dict[str, Any] | InvalidRecord) -> Reject:
    """Return the reject of a line. It has no content if the row itself is an InvalidRecord."""
    return Reject(line, error.reason, str(error), None if isinstance(row, InvalidRecord) else row)


OnReject = Callable[[Reject], None]
