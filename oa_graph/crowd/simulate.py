"""A crowd of bots that works over HTTP alone, against any server that speaks the protocol."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from time import monotonic

from .bot import Bot
from .client import Client, Person
from .habits import MIX, Mix, share_out
from .ledger import Ledger, Report
from .phrases import NAMES
from .stage import Contribution, Stage

TICK = 0.25
"""Seconds between two looks at a run."""
GRACE = 20.0
"""Seconds that bots get to end the task in hand after a run has closed."""
LEASE = 600.0
"""Seconds for which our service reserves a place if nobody changes that."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    seconds: float
    """Since its start."""
    finished: Mapping[str, int]
    """Answered tasks by kind."""
    speed: float
    """Answered tasks a second, over the last few seconds."""
    latest: tuple[Contribution, ...]
    """The newest texts, oldest first."""
    unexpected: int
    """Calls that should have succeeded, and promises that were broken, so far."""

    @property
    def tasks(self) -> int:
        """All answered tasks."""
        return sum(self.finished.values())


Until = Callable[[Progress], bool]
Show = Callable[[Progress], None]


class Crowd:
    """Bots on a stage, at least one. Each has a random source of its own, made of the seed and its number.

    User names are new in each run: a server remembers the texts of its users, and equal seeds write equal
    texts.
    """

    def __init__(
        self,
        client: Client,
        *,
        users: int,
        seed: int,
        langs: Sequence[str] = ("en",),
        habits: Mix = MIX,
        pace: float = 1.0,
        lease: float = LEASE,
    ) -> None:
        self.stage = Stage(client, tuple(langs), pace, lease)
        run = secrets.token_hex(4)
        self.bots = [
            Bot(self.stage, _person(run, number), habit, Random(f"{seed}:{number}"))
            for number, habit in enumerate(share_out(habits, users))
        ]
        self._seed = seed
        self._start = monotonic()
        self._seconds = 0.0

    async def work(self, seconds: float, *, until: Until | None = None, on_progress: Show | None = None) -> Report:
        """Work for that long, or until `until` says that it is enough; the task in hand is ended either way.

        Raises CallFailed when not even the first bot can register: wrong address, wrong key.
        """
        ledger = self.stage.client.ledger
        if self.bots:
            await self.stage.client.register(self.bots[0].person)
        self._start = monotonic()
        self.stage.open(seconds)
        bots = [asyncio.create_task(bot.live()) for bot in self.bots]
        try:
            await self._watch(bots, until, on_progress)
            self.stage.closing.set()
            await self._gather_in(bots)
        finally:
            for bot in bots:
                bot.cancel()
            await asyncio.gather(*bots, return_exceptions=True)
        return ledger.report(
            users=len(self.bots),
            seconds=self._seconds,
            seed=self._seed,
            habits=Counter(bot.habit.name for bot in self.bots),
        )

    def progress(self) -> Progress:
        """How far the run has come."""
        ledger = self.stage.client.ledger
        refused = sum(count for (*_, expected), count in ledger.mistakes.items() if not expected)
        return Progress(
            seconds=monotonic() - self._start,
            finished=dict(ledger.finished),
            speed=self.stage.speed(),
            latest=tuple(self.stage.latest),
            unexpected=refused + ledger.broken.total(),
        )

    async def _watch(self, bots: Sequence[asyncio.Task[None]], until: Until | None, on_progress: Show | None) -> None:
        """Look on until the time is over, enough is done, or no bot is left."""
        while self.stage.seconds_left > 0:
            done, _ = await asyncio.wait(bots, timeout=TICK, return_when=asyncio.FIRST_EXCEPTION)
            for bot in done:
                bot.result()  # a fault of our own ends the run; the server's are in the ledger
            progress = self.progress()
            self._seconds = progress.seconds
            if on_progress is not None:
                on_progress(progress)
            if len(done) == len(bots) or (until is not None and until(progress)):
                return

    async def _gather_in(self, bots: Sequence[asyncio.Task[None]]) -> None:
        """Let the bots end what they do; those that cannot are noted and given up."""
        done, hanging = await asyncio.wait(bots, timeout=GRACE)
        for bot in done:
            bot.result()
        if hanging:
            self.stage.client.ledger.broken[f"a call took longer than {GRACE:.0f} s at the end of the run"] += len(
                hanging
            )
        self._seconds = monotonic() - self._start


def _person(run: str, number: int) -> Person:
    return Person(f"crowd-{run}-{number}", f"{NAMES[number % len(NAMES)]} {number}")


async def simulate(
    url: str,
    api_key: str,
    *,
    users: int,
    seconds: float,
    seed: int,
    langs: Sequence[str] = ("en",),
    habits: Mix = MIX,
    pace: float = 1.0,
    lease: float = LEASE,
    until: Until | None = None,
    on_progress: Show | None = None,
) -> Report:
    """Let a crowd of that many bots work for that many seconds on the server at `url`, and report.

    `pace` stretches (or, below 1, shortens) all the time that bots take; 0 measures what the server can do.
    `lease` should be what the server is configured with: it says how long slow bots have to wait for being
    too late, and from when on a refusal for lateness is expected. Raises CallFailed if the server cannot be
    worked with at all.
    """
    async with Client(url, api_key, Ledger()) as client:
        crowd = Crowd(client, users=users, seed=seed, langs=langs, habits=habits, pace=pace, lease=lease)
        return await crowd.work(seconds, until=until, on_progress=on_progress)
