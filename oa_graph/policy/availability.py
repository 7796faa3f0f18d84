"""The number of available tasks of each kind for a user, estimated from a sample of each pool."""

from __future__ import annotations

import math
from collections.abc import Iterable

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import PoolCount, TaskKind
from oa_graph.policy.kinds import KINDS, is_offered
from oa_graph.policy.sampling import kind_of

SAMPLE_SIZE = 32
"""Places that are read from a pool; smaller pools are counted exactly."""

CHECKED_SAMPLE_SIZE = 12
"""Places of the sample that are checked for the user; the result is extrapolated to the others."""


def count(pool: PoolCount, limit: int = SAMPLE_SIZE) -> int:
    """Return how many places of the pool are open to the user: exact, or an estimate when the sample reached the limit.

    Keys of free places are uniform in [0, 1), so a share of about k of all places has keys up to k. Expired leases
    have keys above 1: a sample that holds one holds all free places.
    """
    if pool.seen < limit or pool.last_key is None or pool.last_key <= 0:
        return pool.open
    return max(pool.open, round(pool.open / pool.last_key))


def counts(
    pools: Iterable[PoolCount], *, prompts: int, prompts_to_rank: int, limits: Limits, limit: int = SAMPLE_SIZE
) -> dict[str, int]:
    """Return the number of tasks of each kind, and their sum as `random`.

    `prompts` is the number of wanted initial prompts (`growth.lottery_places`). `prompts_to_rank` is the number of
    waiting prompts that this user can rank; it is 0 for a frontend without that capability. Kinds that the limits
    switch off have 0; those that this client may not even name are missing.
    """
    numbers: dict[TaskKind, int] = {kind: 0 for kind, spec in KINDS.items() if spec.open_by_name}
    numbers[TaskKind.INITIAL_PROMPT] = prompts
    numbers[TaskKind.RANK_INITIAL_PROMPTS] = _prompt_rankings(prompts_to_rank, limits)
    for pool in pools:
        kind = kind_of(pool.pool)
        numbers[kind] = numbers.get(kind, 0) + count(pool, limit)
    totals = {str(kind): number if is_offered(kind, limits) else 0 for kind, number in numbers.items()}
    return totals | {"random": sum(totals.values())}


def _prompt_rankings(prompts: int, limits: Limits) -> int:
    """Return how many rankings show each of these prompts once; a ranking needs two prompts."""
    return math.ceil(prompts / limits.prompts_to_rank) if prompts >= 2 else 0
