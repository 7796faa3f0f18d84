"""How many tasks of each kind there are for somebody, from a bounded look at each pool."""

from __future__ import annotations

import math
from collections.abc import Iterable

from oa_graph.model import Limits, PoolLook, TaskKind
from oa_graph.policy.kinds import KINDS, offered
from oa_graph.policy.sampling import kind_of

LOOK = 32
"""How many places of a pool are looked at; below that it is known how many there are."""

CLOSELY = 12
"""How many of them are asked whether they are for this user; the others are taken to be like them."""


def count(look: PoolLook, limit: int = LOOK) -> int:
    """How many places of the pool are open to the user: exact, or an estimate when the look was cut at the
    limit.

    Keys of free places are uniform in [0, 1), so up to the key k there stands about the part k of them: the
    open ones seen are about k of all open ones. A look that reached the lapsed reservations (keys above 1)
    has seen all free ones.
    """
    if look.seen < limit or look.last_key is None or look.last_key <= 0:
        return look.open
    return max(look.open, round(look.open / look.last_key))


def counts(
    looks: Iterable[PoolLook], *, prompts: int, prompts_to_rank: int, limits: Limits, limit: int = LOOK
) -> dict[str, int]:
    """The tasks of each kind, and as `random` their sum.

    `prompts` is how many initial prompts are wanted (`growth.lottery_places`), `prompts_to_rank` how many
    waiting prompts this user could rank; it is 0 for a frontend that does not name the capability. Kinds that
    the limits switch off have 0.
    """
    found: dict[TaskKind, int] = dict.fromkeys(KINDS, 0)
    found[TaskKind.INITIAL_PROMPT] = prompts
    found[TaskKind.RANK_INITIAL_PROMPTS] = _prompt_rankings(prompts_to_rank, limits)
    for look in looks:
        found[kind_of(look.pool)] += count(look, limit)
    totals = {str(kind): number if offered(kind, limits) else 0 for kind, number in found.items()}
    return totals | {"random": sum(totals.values())}


def _prompt_rankings(prompts: int, limits: Limits) -> int:
    """How many rankings show each of these prompts once; two are needed to make one."""
    return math.ceil(prompts / limits.prompts_to_rank) if prompts >= 2 else 0
