"""Which open place a task takes: where to look, in which order, and with which weights.

A pool holds the open places of one sort and is named by words: the kind of task, the language and, for
replies, how many children the parent already has, since some policies want just those parents. `tasks/lease`
tries the draws in order and keeps a candidate with a probability that is its weight; a small pool is at last
taken without weights, so that no weight ever hides the only open place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from random import Random

from oa_graph.model import Draw, Limits, Sampling, TaskKind
from oa_graph.policy.kinds import KINDS, Family, offered

CHILDREN_CLASSES = 9
"""Parents are told apart by 0, 1, … 7 children; all with more share the last class."""

LAPSED_SHARE = 1 / 8
"""How often lapsed reservations are tried first, so that those places come back although free ones remain."""

TRIES = 12
"""Attempts of a draw without weights: a window of a large pool is empty now and then."""

WEIGHTED_TRIES = 64
"""Attempts of a draw with weights, most of which may be refused by the weight."""

REACH = 64
"""Least length of weights by depth and by rank, where there are any; what is deeper or ranked lower has weight 0."""


def reply_pool(kind: TaskKind, lang: str, children: int) -> str:
    """The pool of a parent that wants a reply and has so many counted children."""
    return f"{kind} {lang} {min(children, CHILDREN_CLASSES - 1)}"


def plain_pool(kind: TaskKind, lang: str) -> str:
    """The pool of a post that wants reviews, or of a parent whose children want rankings."""
    return f"{kind} {lang}"


def kind_of(pool: str) -> TaskKind:
    """The kind of task that the places of a pool are for."""
    return TaskKind(pool.split(" ", 1)[0])


def pools(kinds: Collection[TaskKind], lang: str, limits: Limits) -> tuple[str, ...]:
    """Every pool that may hold a place for one of these kinds; none for kinds that have no pool or are
    switched off.

    A tree keeps the number of children of its creation, so prompter posts are looked for in all classes: a
    tree made under a larger limit would be stuck if its fuller parents stood where nobody looks. How many
    replies an assistant's post takes is no fact of the tree, so there the limits of today bound the classes.
    """
    replies = _reply_kinds(kinds)
    classes = max((_possible(kind, limits) for kind in replies), default=0)
    return _plain(kinds, lang, limits) + _classes(replies, lang, limits, range(classes))


def draws(kinds: Collection[TaskKind], lang: str, limits: Limits, *, rng: Random) -> list[Draw]:
    """The draws to try, in order, for a task of any of these kinds; empty when there is nowhere to look.

    Reviews and rankings are uniform over their pools. Replies follow `limits.sampling`. Pools of more
    children than new trees allow come last, in a draw of their own: only trees made under larger limits have
    such places, the limits of today say that so many replies suffice, and other requests are spared the
    seeks.
    """
    replies = _reply_kinds(kinds)
    batches = [(_plain(kinds, lang, limits), Sampling.UNIFORM)]
    batches += [(each, limits.sampling) for each in _reply_batches(replies, lang, limits, rng=rng)]
    lapsed_first = rng.random() < LAPSED_SHARE
    return [_draw(each, by, limits, lapsed_first=lapsed_first) for each, by in batches if each]


def _reply_batches(kinds: Collection[TaskKind], lang: str, limits: Limits, *, rng: Random) -> Iterable[tuple[str, ...]]:
    """The pools of each draw for a reply, as the policy orders them."""
    most = max((_possible(kind, limits) for kind in kinds), default=0)
    usual = max((_usual(kind, limits) for kind in kinds), default=0)
    if limits.sampling is Sampling.FEWEST_REPLIES:
        return [_classes(kinds, lang, limits, [children]) for children in range(most)]
    batches = [
        _classes(kinds, lang, limits, range(usual)),
        _classes(kinds, lang, limits, range(usual, most)),
    ]
    if limits.sampling is Sampling.LONELY_FIRST and rng.random() < limits.p_lonely_child_extension:
        return [_lonely(kinds, lang, limits), *batches]
    return batches


def _lonely(kinds: Collection[TaskKind], lang: str, limits: Limits) -> tuple[str, ...]:
    """Prompter posts with some replies but too few to rank; none when the setting is below 2."""
    wanted = [kind for kind in kinds if kind is TaskKind.ASSISTANT_REPLY]
    return _classes(wanted, lang, limits, range(1, min(limits.lonely_children_count, CHILDREN_CLASSES)))


def _draw(where: tuple[str, ...], by: Sampling, limits: Limits, *, lapsed_first: bool) -> Draw:
    depths = max(REACH, limits.max_tree_depth + 1)
    by_depth = tuple(1 / (1 + depth) for depth in range(depths)) if by is Sampling.INVERSE_DEPTH else ()
    by_rank = tuple(limits.rank_decay**rank for rank in range(REACH)) if by is Sampling.BY_RANK else ()
    weighted = by in (Sampling.INVERSE_DEPTH, Sampling.BY_RANK, Sampling.RANDOM_THREAD)
    return Draw(
        pools=where,
        tries=WEIGHTED_TRIES if weighted else TRIES,
        lapsed_first=lapsed_first,
        by_depth=by_depth,
        by_rank=by_rank,
        by_thread=by is Sampling.RANDOM_THREAD,
    )


def _plain(kinds: Collection[TaskKind], lang: str, limits: Limits) -> tuple[str, ...]:
    return tuple(
        plain_pool(kind, lang)
        for kind, each in KINDS.items()
        if kind in kinds and each.family in (Family.LABEL, Family.RANK) and offered(kind, limits)
    )


def _classes(kinds: Collection[TaskKind], lang: str, limits: Limits, classes: Iterable[int]) -> tuple[str, ...]:
    return tuple(
        reply_pool(kind, lang, children) for children in classes for kind in kinds if children < _possible(kind, limits)
    )


def _reply_kinds(kinds: Collection[TaskKind]) -> list[TaskKind]:
    return [kind for kind, each in KINDS.items() if kind in kinds and each.family is Family.REPLY]


def _usual(kind: TaskKind, limits: Limits) -> int:
    """How many classes a tree made under the limits of today can fill."""
    return min(limits.max_children_count, _possible(kind, limits))


def _possible(kind: TaskKind, limits: Limits) -> int:
    """How many classes any tree can fill."""
    if kind is TaskKind.PROMPTER_REPLY:
        return min(limits.num_prompter_replies, CHILDREN_CLASSES)
    return CHILDREN_CLASSES
