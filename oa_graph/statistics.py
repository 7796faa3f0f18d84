"""Statistics: counts of posts and trees, and how far users agree."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from oa_graph import graph, leaderboards, reliability
from oa_graph.context import Context
from oa_graph.domain.progress import CollectionProgress, LotteryPrompt, PoolStatus, StuckTree
from oa_graph.domain.scores import PostCounts
from oa_graph.domain.trees import TreeState
from oa_graph.errors import StatsNotReady
from oa_graph.graph.saved_queries import rows_of
from oa_graph.graph.session import Graph, decoder
from oa_graph.graph.stats import CachedStats, TreeSize
from oa_graph.policy import progress as policy
from oa_graph.policy.growth import ACTIVE
from oa_graph.reliability import TREES, Agreements, Reliability

_stuck_tree, _lottery_prompt = decoder(StuckTree), decoder(LotteryPrompt)


class Statistics:
    """The statistics of a collection."""

    def __init__(self, context: Context, graph: Graph) -> None:
        self._context = context
        self._graph = graph

    async def counts(self) -> PostCounts:
        """Return how many posts and trees there are."""
        return await leaderboards.system_stats(self._context.store)

    async def trees_by_state(self) -> Mapping[str, int]:
        """Return how many trees are in each state that has any."""
        return leaderboards.trees_by_state(await graph.stats.states(self._context.store))

    async def progress(self, *, seconds: float | None = None) -> CollectionProgress:
        """Return what the collection needs now, and how fast it gets it. Its statements read little.

        Raise StoreBusy if a statement takes longer than `seconds`, or StoreUnavailable.
        """
        now, store = self._context.clock(), self._context.store
        trees, places, leases, work, missing_posts = await asyncio.gather(
            graph.stats.states(store),
            rows_of(self._graph, "open_places", {}, seconds=seconds),
            rows_of(self._graph, "leases_now", {}, seconds=seconds),
            graph.stats.work(store, now=now),
            graph.stats.missing_posts(store),
        )
        pools = _pools(places, leases)
        answers_wanted = policy.wanted_answers(pools, missing_posts=missing_posts, limits=self._context.limits)
        per_hour = policy.answers_per_hour(work, now=now)
        return CollectionProgress(
            at=now,
            trees=trees,
            pools=pools,
            work=work,
            answers_per_hour=per_hour,
            missing_posts=missing_posts,
            answers_wanted=answers_wanted,
            seconds_left=policy.seconds_left(answers_wanted, per_hour=per_hour),
        )

    async def stuck_trees(self, *, limit: int = 100, seconds: float | None = None) -> list[StuckTree]:
        """Return trees that make no progress. Looks at each unfinished tree. Raise as `progress` does."""
        rows = await rows_of(self._graph, "stuck_trees", {"limit": limit}, seconds=seconds)
        return [_stuck_tree(row) for row in rows]

    async def waiting_prompts(self, *, limit: int = 10, seconds: float | None = None) -> list[LotteryPrompt]:
        """Return prompts in the lottery, the best rating first. Raise as `progress` does."""
        rows = await rows_of(self._graph, "prompts_waiting", {"limit": limit}, seconds=seconds)
        return [_lottery_prompt(row) for row in rows]

    async def contested_posts(self, *, limit: int = 50, seconds: float | None = None) -> list[str]:
        """Return the ids of posts whose reviewers contradict each other most in whether a post is spam.

        Posts that a moderator has looked at since are left out. Looks at each review. Raise as `progress` does.
        """
        inputs = {"unsettled": True, "limit": limit}
        rows = await rows_of(self._graph, "contested_reviews", inputs, seconds=seconds)
        return [str(row["post"]) for row in rows]

    async def tree_sizes(self, *, only_active: bool, limit: int) -> list[TreeSize]:
        """Return the trees and how many posts they have, oldest first, at most `limit` of each state."""
        states = [state for state in TreeState if state in ACTIVE or not only_active]
        return await graph.stats.tree_sizes(self._context.store, states, limit=limit)

    async def cached(self) -> list[CachedStats]:
        """Return the statistics that are refreshed each hour."""
        return await graph.stats.cached(self._context.store)

    async def cached_by_name(self, name: str) -> CachedStats:
        """Return one of the statistics that are refreshed each hour. Raise StatsNotReady."""
        for stats in await self.cached():
            if stats.name == name:
                return stats
        raise StatsNotReady(name=name)

    async def refresh(self) -> None:
        """Refresh the cached statistics."""
        now = self._context.clock()
        await leaderboards.apply_due_credits(self._context.store, now=now)
        await leaderboards.refresh(self._context.store, now=now)

    async def agreement(
        self, *, lang: str | None = None, trees: int | None = TREES, seconds: float | None = None
    ) -> Agreements:
        """Return how far users agree in the first `trees` by id, or in all.

        Raise StoreBusy if a statement takes longer than `seconds`, or StoreUnavailable.
        """
        return await reliability.agreement(self._graph, lang=lang, trees=trees, seconds=seconds)

    async def agreement_and_reliability(
        self, *, lang: str | None = None, trees: int | None = TREES, seconds: float | None = None
    ) -> tuple[Agreements, list[Reliability]]:
        """Return `agreement`, and how reliable each user is, from one reading. Raise what `agreement` raises."""
        return await reliability.agreements_and_reliabilities(self._graph, lang=lang, trees=trees, seconds=seconds)


def _pools(places: Iterable[Mapping[str, Any]], leases: Iterable[Mapping[str, Any]]) -> list[PoolStatus]:
    """Return one status for each kind and language that has open places or leases."""
    pools: dict[tuple[str, str], dict[str, Any]] = {}
    for row, names in (
        *((row, ("places", "wants", "free")) for row in places),
        *((row, ("held", "people", "next_end")) for row in leases if row["held"]),
    ):
        pools.setdefault((row["kind"], row["lang"]), {}).update({name: row[name] for name in names})
    return [PoolStatus(kind=kind, lang=lang, **figures) for (kind, lang), figures in sorted(pools.items())]
