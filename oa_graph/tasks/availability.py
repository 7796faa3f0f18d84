"""How many tasks there are for a user."""

from __future__ import annotations

from oa_graph import graph
from oa_graph.context import Context
from oa_graph.domain.tasks import PoolCount, TaskKind
from oa_graph.domain.users import ApiClient, UserIdentity
from oa_graph.errors import TermsNotAccepted, UserDisabled
from oa_graph.policy import availability as counting
from oa_graph.policy import growth, sampling
from oa_graph.policy.kinds import KINDS, is_for, is_offered, is_shown_by
from oa_graph.tasks.assignment import FAMILIES_WITH_PLACES


async def availability(context: Context, *, client: ApiClient, user: UserIdentity, lang: str) -> dict[str, int]:
    """Return the numbers that `Tasks.availability` describes, and raise what it names."""
    limits = context.limits
    kinds = [
        kind
        for kind, spec in KINDS.items()
        if spec.family in FAMILIES_WITH_PLACES and is_offered(kind, limits) and is_for(kind, client)
    ]
    prompts = f"{TaskKind.RANK_INITIAL_PROMPTS} {lang}"
    available = await graph.tasks.count_available(
        context.store,
        client=client,
        user=user,
        lang=lang,
        pools=[*sampling.pools(kinds, lang, limits), prompts],
        limit=counting.SAMPLE_SIZE,
        closely=counting.CHECKED_SAMPLE_SIZE,
        limits=limits,
        now=context.clock(),
    )
    if available.enabled is False:
        raise UserDisabled(id=user.name)
    if limits.enforce_terms and not available.terms:
        raise TermsNotAccepted(id=user.name)
    places = growth.lottery_places(
        lang=lang,
        growing=available.growing,
        reviewing=available.reviewing,
        waiting=available.waiting,
        limits=limits,
    )
    can_rank = TaskKind.RANK_INITIAL_PROMPTS in client.capabilities and is_for(TaskKind.RANK_INITIAL_PROMPTS, client)
    to_rank = sum(counting.count(pool) for pool in available.looks if pool.pool == prompts)
    pools = [pool for pool in available.looks if pool.pool != prompts]
    if is_shown_by(TaskKind.DECIDE_END, client.capabilities):
        pools.append(await _end_votes(context, client, user, lang))
    return counting.counts(
        pools,
        prompts=max(0, places - available.leased),
        prompts_to_rank=to_rank if can_rank else 0,
        limits=limits,
    )


async def _end_votes(context: Context, client: ApiClient, user: UserIdentity, lang: str) -> PoolCount:
    return await graph.tasks.count_end_votes(
        context.store,
        client=client,
        user=user,
        pool=sampling.plain_pool(TaskKind.DECIDE_END, lang),
        limit=counting.SAMPLE_SIZE,
        closely=counting.CHECKED_SAMPLE_SIZE,
        now=context.clock(),
    )
