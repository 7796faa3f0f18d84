"""What a step costs inside: database hits, and CPU by process. Neither depends much on what else the machine does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any, LiteralString, TypeVar, cast

import aiohttp
from neo4j import AsyncDriver, Record

from bench.bare import Bare, Parameters
from bench.crowd import Crowd
from bench.meter import Meter, Spent
from bench.wired import Wired
from oa_graph.domain.limits import Limits
from oa_graph.domain.users import UserIdentity

T = TypeVar("T")


class Profiler(Bare):
    """A side that lets the server count what each statement does, before it is run once more to last."""

    def __init__(self, driver: AsyncDriver, database: str, limits: Limits, crowd: Crowd) -> None:
        super().__init__(driver, database, limits, crowd)
        self._hits: dict[str, list[int]] = {}

    async def _run(self, step: str, text: LiteralString, parameters: Parameters) -> list[Record]:
        async with self._driver.session(database=self._database) as session:  # pyright: ignore[reportUnknownMemberType]
            transaction = await session.begin_transaction()
            result = await transaction.run("PROFILE " + text, parameters)
            profile = cast("Mapping[str, Any]", (await result.consume()).profile)  # pyright: ignore[reportUnknownMemberType]
            await transaction.rollback()
        self._hits.setdefault(step, []).append(_hits(profile))
        return await super()._run(step, text, parameters)

    async def db_hits(self, jobs: Sequence[str], *, times: int = 15) -> dict[str, int]:
        """Database hits of each step, the median of some runs."""
        for job in jobs:
            for _ in range(times):
                await getattr(self, job)()
        return {step: int(median(hits)) for step, hits in self._hits.items()}


def _hits(profile: Mapping[str, Any]) -> int:
    return int(profile.get("dbHits", 0)) + sum(_hits(child) for child in profile.get("children", ()))


@dataclass(slots=True)
class Cost:
    """CPU of some runs of one step."""

    count: int = 0
    spent: Spent = field(default_factory=Spent)

    def ms(self, seconds: float) -> float:
        return round(1000 * seconds / self.count, 2)


class Lockstep:
    """Lets many jobs take the same step one after the other, so that its CPU can be read off the clock of a process.

    That clock ticks every 10 ms: what takes less is seen only in sums.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._parked: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self.costs: dict[str, Cost] = {}

    async def park(self, step: str, call: Callable[[], Awaitable[T]]) -> T:
        """Waits until it is the step's turn, then makes the call."""
        done = asyncio.get_running_loop().create_future()

        async def turn() -> None:
            try:
                done.set_result(await call())
            except Exception as error:
                done.set_exception(error)

        self._parked.append((step, turn))
        return await done

    async def run(self, job: Callable[[], Awaitable[object]], *, width: int) -> None:
        """`width` of these jobs, side by side."""
        work = [asyncio.ensure_future(job()) for _ in range(width)]
        while not all(task.done() for task in work):
            await asyncio.sleep(0)
            parked, self._parked = self._parked, []
            for step in dict.fromkeys(name for name, _ in parked):
                await self._turn(step, [turn for name, turn in parked if name == step])
        for task in work:
            task.result()

    async def _turn(self, step: str, turns: Sequence[Callable[[], Awaitable[None]]]) -> None:
        cost = self.costs.setdefault(step, Cost())
        with self._meter.reading() as spent:
            for turn in turns:
                await turn()
        cost.count += len(turns)
        cost.spent += spent


class SteppedBare(Bare):
    """The bare driver, step by step."""

    def __init__(self, driver: AsyncDriver, database: str, limits: Limits, crowd: Crowd, *, lockstep: Lockstep) -> None:
        super().__init__(driver, database, limits, crowd)
        self._lockstep = lockstep

    async def _run(self, step: str, text: LiteralString, parameters: Parameters) -> list[Record]:
        return await self._lockstep.park(step, partial(super()._run, step, text, parameters))


class SteppedWired(Wired):
    """The service, step by step."""

    def __init__(self, session: aiohttp.ClientSession, crowd: Crowd, *, lockstep: Lockstep) -> None:
        super().__init__(session, crowd)
        self._lockstep = lockstep

    async def _send(
        self, step: str, method: str, url: str, body: object = None, *, acting: UserIdentity | None = None
    ) -> bytes | None:
        return await self._lockstep.park(step, partial(super()._send, step, method, url, body, acting=acting))
