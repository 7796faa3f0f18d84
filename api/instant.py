"""Times in queries: as ISO 8601 with an offset, `Z` or neither, or as a Unix number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from litestar.params import QueryParameter
from pydantic import TypeAdapter, ValidationError

_TIMES = TypeAdapter(datetime)


def parsed(text: str, parse: Callable[[str], datetime]) -> datetime:
    """A time in UTC; naive is UTC, and a space may stand for the plus that a URL lost. Raise what `parse` does."""
    time = parse(text.replace(" ", "+") if "T" in text else text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


class Instant:
    """A time of a query; a type of its own, since Litestar reads a `datetime` more strictly than frontends write it."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        """In UTC."""


def read(_: type[Instant], word: str) -> Instant:
    """A time as a query has it. Raise ValueError."""
    try:
        return Instant(parsed(word, _TIMES.validate_python))
    except (ValidationError, OverflowError) as error:
        raise ValueError("expected a date and time, such as 2023-01-02T03:04:05Z, or a Unix number") from error


def instant(description: str) -> QueryParameter:
    """How a time is described in the document."""
    return QueryParameter(description=description, schema_extra={"type": "string", "format": "date-time"})
