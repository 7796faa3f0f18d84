"""What all bots of one run share: the server, the languages, the time that is left, the notes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from .client import Client, Person

RECENT = 5.0
"""Seconds over which the present speed is counted."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """A text that a bot has just written."""

    author: str
    kind: str
    text: str


@dataclass(slots=True)
class Stage:
    """One run. Belongs to one event loop; `open` has to be called in it."""

    client: Client
    langs: Sequence[str]
    """Languages that the bots speak; most requests are for the first."""
    pace: float
    """Factor of all times that bots take; 0: as fast as they can."""
    lease: float
    """Seconds for which the server reserves what it handed out."""
    ends: float = 0.0
    """On the clock `monotonic`."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: nobody takes a task any more."""
    touched: set[str] = field(default_factory=set[str])
    """Trees that bots saw or changed since somebody last emptied this set."""
    latest: deque[Contribution] = field(default_factory=lambda: deque[Contribution](maxlen=5))
    """The newest texts, oldest first."""
    _moments: deque[float] = field(default_factory=deque[float])

    def open(self, seconds: float) -> None:
        """Let the run begin."""
        self.ends = monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        """How long bots may still take tasks."""
        return 0.0 if self.closing.is_set() else max(0.0, self.ends - monotonic())

    async def pause(self, seconds: float) -> None:
        """Wait that long, or until the run closes."""
        # A pause of nothing still lets the others have their turn.
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await self.closing.wait()
        except TimeoutError:
            await asyncio.sleep(0)

    def finish(self, kind: str, trees: set[str]) -> None:
        """Note an answered task."""
        self.client.ledger.finished[kind] += 1
        self.touched |= trees
        self._moments.append(monotonic())

    def write(self, author: Person, kind: str, text: str) -> None:
        """Note a text that the server took."""
        self.latest.append(Contribution(author.display_name, kind, text))

    def speed(self) -> float:
        """Answered tasks a second, over the last few seconds."""
        while self._moments and self._moments[0] < monotonic() - RECENT:
            self._moments.popleft()
        return len(self._moments) / RECENT
