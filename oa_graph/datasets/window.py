"""Groups of rows that belong together but need not be adjacent, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

WINDOW = 10_000
"""Items that are held at once."""

MAX_CHARACTERS = 32 * 1024 * 1024
"""Characters of text that are held at once, at most."""

_Item = TypeVar("_Item")


@dataclass(slots=True)
class _Group(Generic[_Item]):
    items: list[_Item] = field(default_factory=list[_Item])
    size: int = 0


class Window(Generic[_Item]):
    """Groups of items. When it is full, the group that was not extended for the longest time leaves as a whole."""

    def __init__(self, items: int = WINDOW) -> None:
        self._most = items
        self._groups: dict[str, _Group[_Item]] = {}
        """The one that got an item last stands last."""
        self._held = self._size = 0

    def add(self, name: str, item: _Item, *, size: int) -> list[tuple[str, list[_Item]]]:
        """Add an item of so many characters to a group; return the groups that have to leave, with their names."""
        group = self._groups.pop(name, None) or _Group[_Item]()
        self._groups[name] = group
        group.items.append(item)
        group.size += size
        self._held += 1
        self._size += size
        leaving: list[tuple[str, list[_Item]]] = []
        while self._held > self._most or self._size > MAX_CHARACTERS:
            leaving.append(self._remove(next(iter(self._groups))))
        return leaving

    def rest(self) -> Iterator[tuple[str, list[_Item]]]:
        """Yield the groups that are left, when the file has ended."""
        for name in list(self._groups):
            yield self._remove(name)

    def _remove(self, name: str) -> tuple[str, list[_Item]]:
        group = self._groups.pop(name)
        self._held -= len(group.items)
        self._size -= group.size
        return name, group.items
