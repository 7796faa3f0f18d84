"""The shared state of the bots of a run: server, languages, remaining time and recorded texts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from oa_graph.client import AsyncClient

from .recorder import Recorder

SPEED_WINDOW = 5.0
"""Seconds over which the present speed is measured."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """A text that a bot wrote."""

    author: str
    kind: str
    text: str


@dataclass(slots=True)
class Run:
    """A run. It belongs to one event loop, in which `open` is called."""

    client: AsyncClient
    recorder: Recorder
    """The observer of the client."""
    langs: Sequence[str]
    """Languages of the bots; most requests are for the first."""
    pace: float
    """Factor of all times that bots take; 0: no pauses."""
    lease: float
    """Lease time of the server in seconds."""
    deadline: float = 0.0
    """By the clock `monotonic`."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: bots take no more tasks."""
    touched_trees: set[str] = field(default_factory=set[str])
    """Trees that bots saw or changed since the set was last cleared."""
    latest: deque[Contribution] = field(default_factory=lambda: deque[Contribution](maxlen=5))
    """The newest texts, oldest first."""
    _finish_times: deque[float] = field(default_factory=deque[float])

    def open(self, seconds: float) -> None:
        """Start the run."""
        self.deadline = monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        """Return how long bots may take tasks."""
        return 0.0 if self.closing.is_set() else max(0.0, self.deadline - monotonic())

    async def pause(self, seconds: float) -> None:
        """Wait for a time, or until the run closes."""
        # A pause of 0 s still lets other tasks run.
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await self.closing.wait()
        except TimeoutError:
            await asyncio.sleep(0)

    def record_answer(self, kind: str, trees: set[str]) -> None:
        """Record an answered task."""
        self.recorder.finished[kind] += 1
        self.touched_trees |= trees
        self._finish_times.append(monotonic())

    def record_text(self, author: str, kind: str, text: str) -> None:
        """Record a text that the server accepted."""
        self.latest.append(Contribution(author, kind, text))

    def speed(self) -> float:
        """Return the answered tasks per second over the last seconds."""
        while self._finish_times and self._finish_times[0] < monotonic() - SPEED_WINDOW:
            self._finish_times.popleft()
        return len(self._finish_times) / SPEED_WINDOW
