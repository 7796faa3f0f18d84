"""The reservation of a task's place while a person types."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Self

from oa_graph.client import ApiError, AsyncUser, ConnectionLost, Task, TaskLease, TryLater

RENEWALS = (1.0, 60.0)
"""Seconds between two looks at a lease, least and most; in between it is a third of what is left of the lease."""


class LeaseKeeper:
    """Acknowledges a task, and renews its lease as long as the person types."""

    def __init__(self, user: AsyncUser, task: Task) -> None:
        self._user = user
        self._task = task
        self._is_acknowledged = False
        self.is_wanted = True
        """The person has typed since the last renewal."""
        self.status = ""
        """For the person."""

    @asynccontextmanager
    async def kept(self) -> AsyncGenerator[Self]:
        """Keep the lease beside what runs inside. A service that is away keeps nobody from typing."""
        keeper = asyncio.create_task(self._keep())
        try:
            yield self
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _keep(self) -> None:
        wait = RENEWALS[0]
        while True:
            if self.is_wanted:
                try:
                    lease = await self._renewed()
                except (ConnectionLost, TryLater):
                    self.status = "The service does not answer. What you type is kept."
                    await asyncio.sleep(RENEWALS[0])
                    continue
                except ApiError as error:
                    self.status = f"{error.message} What you type is kept."
                    return
                if lease is None:  # the task holds no place
                    return
                self.is_wanted = False
                self.status, wait = _shown(lease)
            await asyncio.sleep(wait)

    async def _renewed(self) -> TaskLease | None:
        if self._is_acknowledged:
            return await self._user.renew(self._task)
        lease = await self._user.acknowledge(self._task)
        self._is_acknowledged = True
        return lease


def _shown(lease: TaskLease) -> tuple[str, float]:
    """Return what a person is told of a lease, and after how many seconds to look again."""
    if lease.lease_until is None:
        return "The place is no longer reserved for you; your answer is taken all the same.", RENEWALS[1]
    left = (lease.lease_until - datetime.now(UTC)).total_seconds()
    wait = min(max(left / 3, RENEWALS[0]), RENEWALS[1])
    return f"Reserved for you until {lease.lease_until.astimezone():%H:%M:%S}.", wait
