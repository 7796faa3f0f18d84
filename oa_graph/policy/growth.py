"""The tree's states as a table, and the next state from facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from types import MappingProxyType

from oa_graph.model import HaltedFor, Limits, TreeFacts, TreeState

_REVIEW = TreeState.INITIAL_PROMPT_REVIEW
_WAITING = TreeState.PROMPT_LOTTERY_WAITING
_GROWING = TreeState.GROWING
_RANKING = TreeState.RANKING
_SCORING = TreeState.READY_FOR_SCORING
_EXPORT = TreeState.READY_FOR_EXPORT
_FAILED = TreeState.SCORING_FAILED
_ABORTED = TreeState.ABORTED_LOW_GRADE
_HALTED = TreeState.HALTED_BY_MODERATOR
_BACKLOG = TreeState.BACKLOG_RANKING

ACTIVE: frozenset[TreeState] = frozenset({_REVIEW, _GROWING, _RANKING, _SCORING})
"""The states in which something is still to be done; the others stay until somebody steps in from outside."""

TAKES_POSTS: frozenset[TreeState] = frozenset({_GROWING, _RANKING, _SCORING, _EXPORT})
"""The states in which a reply is stored; only while growing is it also reviewed."""

_NONE: frozenset[TreeState] = frozenset()
_FROM_WITHIN: Mapping[TreeState, frozenset[TreeState]] = {
    _REVIEW: frozenset({_WAITING, _ABORTED}),
    _WAITING: frozenset({_GROWING}),
    _GROWING: frozenset({_RANKING, _ABORTED}),
    _RANKING: frozenset({_SCORING}),
    _SCORING: frozenset({_EXPORT, _FAILED}),
    _EXPORT: _NONE,
    _FAILED: frozenset({_SCORING, _RANKING}),
    _ABORTED: _NONE,
    _HALTED: _NONE,
    _BACKLOG: frozenset({_RANKING, _ABORTED}),
}
"""Steps by the crowd, the lottery, the automatic moderation, and by operators who retry or activate."""

_UNHALTED: frozenset[TreeState] = frozenset({_GROWING, _REVIEW})

ALLOWED: Mapping[TreeState, frozenset[TreeState]] = MappingProxyType(
    {
        state: (steps | {_HALTED} | (_UNHALTED if state is not _WAITING else _NONE)) - {state}
        for state, steps in _FROM_WITHIN.items()
    }
)
"""Every single step that a tree may take; staying is none.

Moderators halt any tree, and un-halt any but one that waits for the lottery.
"""


def next_state(facts: TreeFacts) -> TreeState:
    """Where the tree stands once every step is taken that its facts allow; where it stood if there is none.

    Several steps may follow at once: a tree without siblings to rank goes from growing straight to
    ready_for_scoring. That state is momentary: who enters it scores the tree and goes on to ready_for_export
    or scoring_failed.
    """
    return path(facts)[-1]


def path(facts: TreeFacts) -> tuple[TreeState, ...]:
    """The states from the present one to `next_state`, each a step that is in `ALLOWED`."""
    passed = [facts.state]
    while (state := _step(replace(facts, state=passed[-1]))) is not passed[-1]:
        passed.append(state)
    return tuple(passed)


def _step(facts: TreeFacts) -> TreeState:
    match facts.state:
        case TreeState.INITIAL_PROMPT_REVIEW:
            return _after_review(facts)
        case TreeState.PROMPT_LOTTERY_WAITING:
            return _after_waiting(facts)
        case TreeState.GROWING:
            return _after_growing(facts)
        case TreeState.RANKING:
            return _after_ranking(facts)
        case TreeState.HALTED_BY_MODERATOR:
            return _after_halt(facts)
        case _:
            return facts.state


def _after_review(facts: TreeFacts) -> TreeState:
    if facts.root_deleted:
        return _HALTED
    match facts.root_accepted:
        case True:
            return _WAITING
        case False:
            return _ABORTED
        case None:
            return _REVIEW


def _after_waiting(facts: TreeFacts) -> TreeState:
    """The lottery puts it there where people can add something; a tree in which nobody can needs no turn."""
    if facts.root_deleted or facts.author_away:
        return _HALTED
    return _GROWING if _is_grown(facts) and facts.rankable == 0 else _WAITING


def _after_growing(facts: TreeFacts) -> TreeState:
    """Grown up: nothing waits for reviews, and the goal is reached or nobody could add anything any more."""
    if _is_gone(facts):
        return _HALTED
    return _RANKING if _is_grown(facts) else _GROWING


def _is_grown(facts: TreeFacts) -> bool:
    enough = facts.accepted >= facts.goal or facts.open_parents == 0
    return enough and facts.undecided == 0


def _after_ranking(facts: TreeFacts) -> TreeState:
    if _is_gone(facts):
        return _HALTED
    return _SCORING if facts.unranked == 0 else _RANKING


def _after_halt(facts: TreeFacts) -> TreeState:
    """A tree that nobody halted goes on when nothing would halt it again; what a person halted stays."""
    if facts.halted_for is None:
        return _HALTED
    start = _taken_up(facts)
    return _HALTED if next_state(replace(facts, state=start, halted_for=None)) is _HALTED else start


def _taken_up(facts: TreeFacts) -> TreeState:
    return _REVIEW if facts.won_lottery is None and facts.goal > 0 else _GROWING


def halted_for(facts: TreeFacts) -> HaltedFor | None:
    """Why facts halt such a tree; None: they do not."""
    if _is_gone(facts):
        return HaltedFor.EMPTIED
    return HaltedFor.AUTHOR if facts.author_away else None


def _is_gone(facts: TreeFacts) -> bool:
    return facts.root_deleted or facts.accepted == 0


def unhalted(facts: TreeFacts) -> TreeState:
    """Where a tree goes when a moderator takes it up again, with all steps that are due at once.

    It goes on growing if it ever won the lottery, else back to the review of its prompt, so a prompt that the
    crowd had accepted waits for the lottery again and one that it had rejected stays aborted. An import without
    a goal does not grow: it is ranked. A waiting tree was never halted.
    """
    if facts.state is _WAITING:
        return _WAITING
    return next_state(replace(facts, state=_taken_up(facts), halted_for=None))


def retried(facts: TreeFacts) -> TreeState:
    """Where an operator's retry takes a tree whose scoring failed: scored again, or back to ranking first."""
    return next_state(replace(facts, state=_RANKING)) if facts.state is _FAILED else facts.state


def activated(facts: TreeFacts) -> TreeState:
    """Where an imported tree goes when its turn has come: aborted when there is nothing to rank in it."""
    if facts.state is not _BACKLOG:
        return facts.state
    return next_state(replace(facts, state=_RANKING)) if facts.rankable else _ABORTED


def goal(limits: Limits, rng: Random) -> int:
    """How many accepted posts a new tree wants, its root included."""
    if not limits.random_goal_tree_size:
        return limits.goal_tree_size
    return rng.randint(min(limits.min_goal_tree_size, limits.goal_tree_size), limits.goal_tree_size)


def people_needed(limits: Limits) -> int:
    """How many different people can finish every tree: with fewer, one may wait for ever.

    A review needs an author and the reviewers. A ranking needs somebody who wrote none of the replies, each of which
    may have another author.
    """
    authors = 0 if limits.allow_self_labeling else 1
    reviews = max(limits.num_reviews_initial_prompt, limits.num_reviews_reply)
    siblings = limits.max_children_count
    rankings = 0 if siblings < 2 else limits.num_required_rankings
    judges = max(siblings, rankings) if limits.allow_self_ranking else siblings + rankings
    return max(authors + reviews, judges)


def missing_trees(*, growing: int, limits: Limits) -> int:
    """How many more trees of a language should grow, so how many prompts the lottery may draw."""
    return max(0, limits.max_active_trees - growing)


def lottery_places(*, lang: str, growing: int, reviewing: int, waiting: int, limits: Limits) -> int:
    """How many more initial prompts are wanted in a language.

    As many as trees are missing and reviews are free, but never more than may wait for the lottery; none in a
    language that takes no new prompts.
    """
    if lang in limits.init_prompt_disabled_langs:
        return 0
    wanted = missing_trees(growing=growing, limits=limits) + max(0, limits.max_initial_prompt_review - reviewing)
    return min(wanted, max(0, limits.max_prompt_lottery_waiting - waiting))
