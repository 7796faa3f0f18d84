"""The draw of an open place for a task: from which pools, in which order, and with which weights.

A pool holds the open places of one sort. Its name consists of the kind of task, the language and, for replies, the
number of the parent's children, since some policies need it. Of several kinds, one is drawn by its estimated number of
open places; then the policy of this kind draws the place.

A policy consists of an entry in `POLICIES` and, if it weighs places, of the statement `tasks/lease_<policy>`, which
states the weight. A drawn place is kept with a probability equal to its weight. The places at the lower end of the
pools are finally tried without weights, so that weights never hide the only open place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from oa_graph.domain.limits import Limits, SamplingPolicy
from oa_graph.domain.tasks import KindDraw, TaskKind
from oa_graph.policy.kinds import KINDS, TaskFamily, is_offered

CHILDREN_CLASSES = 9
"""Parents with 0, 1, … 7 children have separate pools; parents with more share the last one."""

LAPSED_SHARE = 1 / 8
"""How often expired leases are tried first, so that their places are reused although free ones remain."""

Batches = tuple[tuple[str, ...], ...]


def reply_pool(kind: TaskKind, lang: str, children: int) -> str:
    """Return the pool of a parent that wants a reply and has this number of counted children."""
    return f"{kind} {lang} {min(children, CHILDREN_CLASSES - 1)}"


def plain_pool(kind: TaskKind, lang: str) -> str:
    """Return the pool of a post that wants reviews or end votes, or of a parent whose children want rankings."""
    return f"{kind} {lang}"


def kind_of(pool: str) -> TaskKind:
    """Return the kind of task of a pool's places."""
    return TaskKind(pool.split(" ", 1)[0])


def pools(kinds: Collection[TaskKind], lang: str, limits: Limits) -> tuple[str, ...]:
    """Return every pool that may hold a place for one of these kinds; none for kinds without a pool or switched off.

    A tree keeps its maximum number of children, so prompter posts are looked up in all classes: otherwise a tree that
    was created under a larger limit would be stuck. The maximum number of replies to an assistant's post is no
    property of the tree, so the present limits bound its classes.
    """
    replies = _reply_kinds(kinds)
    classes = max((_possible(kind, limits) for kind in replies), default=0)
    return _plain(kinds, lang, limits) + _classes(replies, lang, limits, range(classes))


def policy_of(kind: TaskKind, limits: Limits) -> SamplingPolicy:
    """Return the policy that draws the place of a kind."""
    match KINDS[kind].family:
        case TaskFamily.LABEL:
            return limits.sampling_reviews
        case TaskFamily.RANK:
            return limits.sampling_rankings
        case TaskFamily.END_VOTE:
            return SamplingPolicy.UNIFORM
        case _ if kind is TaskKind.PROMPTER_REPLY:
            return limits.sampling_prompter_reply or limits.sampling
        case _:
            return limits.sampling_assistant_reply or limits.sampling


def draw(kind: TaskKind, lang: str, limits: Limits, *, rng: Random) -> KindDraw:
    """Return how to draw a place for a task of this kind."""
    policy = policy_of(kind, limits)
    if KINDS[kind].family is TaskFamily.REPLY:
        batches = POLICIES[policy].batches(kind, lang, limits, rng)
    else:
        batches = ((plain_pool(kind, lang),),)
    return KindDraw(
        kind=kind,
        policy=policy,
        batches=tuple(filter(None, batches)),
        lapsed_first=rng.random() < LAPSED_SHARE,
    )


def _all_at_once(kind: TaskKind, lang: str, limits: Limits, rng: Random) -> Batches:
    """Draw from all classes that the present limits allow.

    Pools with more children come last: only trees from larger limits have such places, and they have enough replies
    under the present limits.
    """
    possible = _possible(kind, limits)
    usual = min(limits.max_children_count, possible)
    return _classes([kind], lang, limits, range(usual)), _classes([kind], lang, limits, range(usual, possible))


def _class_by_class(kind: TaskKind, lang: str, limits: Limits, rng: Random) -> Batches:
    return tuple(_classes([kind], lang, limits, [children]) for children in range(_possible(kind, limits)))


def _lonely_first(kind: TaskKind, lang: str, limits: Limits, rng: Random) -> Batches:
    """Put prompter posts with some replies, but too few to rank, first; none when the setting is below 2."""
    batches = _all_at_once(kind, lang, limits, rng)
    if kind is not TaskKind.ASSISTANT_REPLY or rng.random() >= limits.p_lonely_child_extension:
        return batches
    return _classes([kind], lang, limits, range(1, min(limits.lonely_children_count, CHILDREN_CLASSES))), *batches


@dataclass(frozen=True, slots=True)
class Policy:
    """How a policy draws the place of a reply."""

    batches: Callable[[TaskKind, str, Limits, Random], Batches]
    """Returns the pools of a kind, in the order to try them."""
    weighted: bool
    """Whether it has a statement of its own, which weighs the places of a batch; without it all weigh the same."""


POLICIES: Mapping[SamplingPolicy, Policy] = MappingProxyType(
    {
        SamplingPolicy.UNIFORM: Policy(_all_at_once, weighted=False),
        SamplingPolicy.RANDOM_TREE: Policy(_all_at_once, weighted=True),
        SamplingPolicy.RANDOM_THREAD: Policy(_all_at_once, weighted=True),
        SamplingPolicy.INVERSE_DEPTH: Policy(_all_at_once, weighted=True),
        SamplingPolicy.BY_RANK: Policy(_all_at_once, weighted=True),
        SamplingPolicy.FEWEST_REPLIES: Policy(_class_by_class, weighted=False),
        SamplingPolicy.LONELY_FIRST: Policy(_lonely_first, weighted=False),
    }
)


def _plain(kinds: Collection[TaskKind], lang: str, limits: Limits) -> tuple[str, ...]:
    return tuple(
        plain_pool(kind, lang)
        for kind, spec in KINDS.items()
        if kind in kinds and spec.family in (TaskFamily.LABEL, TaskFamily.RANK) and is_offered(kind, limits)
    )


def _classes(kinds: Collection[TaskKind], lang: str, limits: Limits, classes: Iterable[int]) -> tuple[str, ...]:
    return tuple(
        reply_pool(kind, lang, children) for children in classes for kind in kinds if children < _possible(kind, limits)
    )


def _reply_kinds(kinds: Collection[TaskKind]) -> list[TaskKind]:
    return [kind for kind, spec in KINDS.items() if kind in kinds and spec.family is TaskFamily.REPLY]


def _possible(kind: TaskKind, limits: Limits) -> int:
    """Return how many classes any tree can fill."""
    if kind is TaskKind.PROMPTER_REPLY:
        return min(limits.num_prompter_replies, CHILDREN_CLASSES)
    return CHILDREN_CLASSES
