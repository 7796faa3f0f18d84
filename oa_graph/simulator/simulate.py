"""A crowd of bots that works over HTTP against any server of the protocol."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from time import monotonic

from oa_graph.client import AsyncClient, AsyncUser

from .bot import Bot
from .profiles import MIX, Mix, assign_profiles
from .recorder import Recorder, SimulationReport
from .run import Contribution, Run
from .texts import NAMES

CHECK_INTERVAL = 0.25
"""Seconds between two checks of a run."""
GRACE_PERIOD = 20.0
"""Seconds for bots to finish their present task after a run has closed."""
LEASE = 600.0
"""Default lease time of the service in seconds."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run."""

    seconds: float
    """Since its start."""
    finished: Mapping[str, int]
    """Answered tasks by kind."""
    speed: float
    """Answered tasks per second over the last seconds."""
    latest: tuple[Contribution, ...]
    """The newest texts, oldest first."""
    unexpected: int
    """Number of unexpected failures and violations of the protocol."""

    @property
    def tasks(self) -> int:
        """Return the number of answered tasks."""
        return sum(self.finished.values())


Until = Callable[[Progress], bool]
Show = Callable[[Progress], None]


class Crowd:
    """The bots of a run. Each has a random source from the seed and its number.

    User names are new in each run: equal seeds write equal texts, and a server rejects a repeated text of a user.
    """

    def __init__(
        self,
        client: AsyncClient,
        recorder: Recorder,
        *,
        users: int,
        seed: int,
        langs: Sequence[str] = ("en",),
        profiles: Mix = MIX,
        pace: float = 1.0,
        lease: float = LEASE,
    ) -> None:
        self.run = Run(client, recorder, tuple(langs), pace, lease)
        run = secrets.token_hex(4)
        self.bots = [
            Bot(self.run, _user(client, run, number), profile, Random(f"{seed}:{number}"))
            for number, profile in enumerate(assign_profiles(profiles, users))
        ]
        self._seed = seed
        self._start = monotonic()
        self._seconds = 0.0

    async def work(
        self, seconds: float, *, until: Until | None = None, on_progress: Show | None = None
    ) -> SimulationReport:
        """Work for a time, or until `until` returns True, and finish present tasks.

        Raise ClientError if the first bot cannot register, such as for a wrong address or key.
        """
        recorder = self.run.recorder
        if self.bots:
            await self.bots[0].user.register(accept_terms=True)
        self._start = monotonic()
        self.run.open(seconds)
        bots = [asyncio.create_task(bot.run()) for bot in self.bots]
        try:
            await self._watch(bots, until, on_progress)
            self.run.closing.set()
            await self._await_bots(bots)
        finally:
            for bot in bots:
                bot.cancel()
            await asyncio.gather(*bots, return_exceptions=True)
        return recorder.report(
            users=len(self.bots),
            seconds=self._seconds,
            seed=self._seed,
            profiles=Counter(bot.profile.name for bot in self.bots),
        )

    def current_progress(self) -> Progress:
        """Return the progress of the run."""
        recorder = self.run.recorder
        unexpected = sum(count for (*_, expected), count in recorder.mistakes.items() if not expected)
        return Progress(
            seconds=monotonic() - self._start,
            finished=dict(recorder.finished),
            speed=self.run.speed(),
            latest=tuple(self.run.latest),
            unexpected=unexpected + recorder.broken_promises.total(),
        )

    async def _watch(self, bots: Sequence[asyncio.Task[None]], until: Until | None, on_progress: Show | None) -> None:
        """Wait until the time is over, `until` returns True, or all bots have ended."""
        while self.run.seconds_left > 0:
            finished, _ = await asyncio.wait(bots, timeout=CHECK_INTERVAL, return_when=asyncio.FIRST_EXCEPTION)
            for bot in finished:
                bot.result()  # raises errors of the simulator; failed calls are recorded
            progress = self.current_progress()
            self._seconds = progress.seconds
            if on_progress is not None:
                on_progress(progress)
            if len(finished) == len(bots) or (until is not None and until(progress)):
                return

    async def _await_bots(self, bots: Sequence[asyncio.Task[None]]) -> None:
        """Wait for the bots to finish their tasks; record those that do not."""
        finished, hanging = await asyncio.wait(bots, timeout=GRACE_PERIOD)
        for bot in finished:
            bot.result()
        if hanging:
            self.run.recorder.broken_promises[
                f"a call took longer than {GRACE_PERIOD:.0f} s at the end of the run"
            ] += len(hanging)
        self._seconds = monotonic() - self._start


def _user(client: AsyncClient, run: str, number: int) -> AsyncUser:
    return client.user(f"crowd-{run}-{number}", display_name=f"{NAMES[number % len(NAMES)]} {number}")


async def simulate(
    url: str,
    api_key: str,
    *,
    users: int,
    seconds: float,
    seed: int,
    langs: Sequence[str] = ("en",),
    profiles: Mix = MIX,
    pace: float = 1.0,
    lease: float = LEASE,
    until: Until | None = None,
    on_progress: Show | None = None,
) -> SimulationReport:
    """Run a crowd against the server at `url` and return its report.

    `pace` is the factor of the bots' thinking time; 0 measures the speed of the server. `lease` should be the lease
    time of the server: slow bots exceed it, and refusals after it are expected. Raise ClientError for an unusable
    server.
    """
    recorder = Recorder()
    async with AsyncClient(url, api_key, observer=recorder) as client:
        crowd = Crowd(client, recorder, users=users, seed=seed, langs=langs, profiles=profiles, pace=pace, lease=lease)
        return await crowd.work(seconds, until=until, on_progress=on_progress)
