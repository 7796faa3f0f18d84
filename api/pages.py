"""Pages of long lists: cursors as frontends send them, what they bound, and the page that is answered.

A cursor is `<id>$<value>` or just `<value>`, the value being what the list is sorted by. With the id it stands behind
(or before) exactly that item, without it at the value, which then belongs to the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from oa_graph.api.instant import parsed
from oa_graph.domain.listings import FIRST_ID, LAST_ID, Bound, PageRange
from oa_graph.errors import IncompleteCursor, InvalidCursor

V = TypeVar("V")
T = TypeVar("T")


def moment(text: str) -> datetime:
    """A time from a cursor, in UTC. Raise InvalidCursor."""
    try:
        return parsed(text, datetime.fromisoformat)
    except (ValueError, OverflowError) as error:
        raise InvalidCursor(value=text) from error


@dataclass(frozen=True, slots=True)
class Cursors(Generic[V]):
    """What a request says of the page that it wants."""

    before: str | None
    after: str | None
    max_count: int
    desc: bool
    read: Callable[[str], V]
    """What a cursor's value is."""
    blank: bool = False
    """Whether a value may be empty, beside an id."""

    def span(self) -> PageRange[V]:
        """What to read: one item more than asked for, so that it shows whether there are more.

        Raise InvalidCursor or IncompleteCursor.
        """
        behind, ahead = self._bound(self.after), self._bound(self.before)
        if behind and behind.id is None:
            behind = Bound(behind.value, LAST_ID if self.desc else FIRST_ID)
        if ahead and ahead.id is None:
            ahead = Bound(ahead.value, FIRST_ID if self.desc else LAST_ID)
        return PageRange(
            low=ahead if self.desc else behind,
            high=behind if self.desc else ahead,
            desc=self.desc is not self._backwards,
            limit=self.max_count + 1,
        )

    def cut(self, rows: Sequence[T]) -> tuple[list[T], bool]:
        """The items of the page in page order, and whether there were more."""
        items = list(rows[: self.max_count])
        return items[::-1] if self._backwards else items, len(rows) > self.max_count

    def links(self, cursors: Sequence[str], *, has_more: bool) -> tuple[str | None, str | None]:
        """The cursors of the page before and the page after, from those of the first and last item shown."""
        if not cursors:
            return _value(self.after), _value(self.before)
        prev = cursors[0] if self.after or (self.before and has_more) else None
        return prev, cursors[-1] if self.before or has_more else None

    @property
    def _backwards(self) -> bool:
        """Only `before` is given: the page ends there, so it is read from its end."""
        return bool(self.before) and not self.after

    def _bound(self, cursor: str | None) -> Bound[V] | None:
        if not cursor:
            return None
        id, value = _parts(cursor)
        if not value and not self.blank:
            raise IncompleteCursor(id=id)
        return Bound(self.read(value), id)


def cursor(id: str, value: str) -> str:
    """Where one item stands."""
    return f"{id}${value}"


def _parts(cursor: str) -> tuple[str | None, str]:
    id, dollar, value = cursor.partition("$")
    return (id or None, value) if dollar else (None, cursor)


def _value(cursor: str | None) -> str | None:
    return _parts(cursor)[1] or None if cursor else None
