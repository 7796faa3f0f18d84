"""The states of trees, and the next state of a tree from its facts."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import HaltReason, TreeFacts, TreeState

_REVIEW = TreeState.INITIAL_PROMPT_REVIEW
_WAITING = TreeState.PROMPT_LOTTERY_WAITING
_GROWING = TreeState.GROWING
_RANKING = TreeState.RANKING
_SCORING = TreeState.READY_FOR_SCORING
_ABORTED = TreeState.ABORTED_LOW_GRADE
_HALTED = TreeState.HALTED_BY_MODERATOR
_BACKLOG = TreeState.BACKLOG_RANKING

ACTIVE: frozenset[TreeState] = frozenset({_REVIEW, _GROWING, _RANKING, _SCORING})
"""The states with work left; trees leave other states only by the lottery, a moderator or an operator."""


FINISHED: frozenset[TreeState] = frozenset({TreeState.READY_FOR_EXPORT, TreeState.SCORING_FAILED, _ABORTED})
"""The states in which no post is judged any more."""


def next_state(facts: TreeFacts) -> TreeState:
    """Return the state of the tree after all steps that its facts allow.

    Several steps may follow at once: a tree without siblings to rank goes from growing straight to
    ready_for_scoring. That state is momentary: the same transaction scores the tree and moves it to ready_for_export
    or scoring_failed.
    """
    return path(facts)[-1]


def path(facts: TreeFacts) -> tuple[TreeState, ...]:
    """Return the states from the present one to `next_state`."""
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
    """A full tree without siblings to rank needs no place in the lottery and goes on at once."""
    if facts.root_deleted or facts.author_away:
        return _HALTED
    return _GROWING if _is_grown(facts) and facts.rankable == 0 else _WAITING


def _after_growing(facts: TreeFacts) -> TreeState:
    """A tree is full when no review is pending, and its goal is reached or no parent takes replies."""
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
    """A tree that was halted automatically resumes when its reason is gone; one that a moderator halted stays."""
    if facts.halted_for is None:
        return _HALTED
    start = _taken_up(facts)
    return _HALTED if next_state(replace(facts, state=start, halted_for=None)) is _HALTED else start


def _taken_up(facts: TreeFacts) -> TreeState:
    return _REVIEW if facts.won_lottery is None and facts.goal > 0 else _GROWING


def halted_for(facts: TreeFacts) -> HaltReason | None:
    """Return the reason for which these facts halt a tree; None: they do not."""
    if _is_gone(facts):
        return HaltReason.EMPTIED
    return HaltReason.AUTHOR if facts.author_away else None


def _is_gone(facts: TreeFacts) -> bool:
    return facts.root_deleted or facts.accepted == 0


def unhalted(facts: TreeFacts) -> TreeState:
    """Return the state of a halted tree after a moderator resumes it, with all steps that are due.

    A tree that won the lottery goes on growing. Another returns to the review of its prompt: an accepted prompt waits
    for the lottery again, a rejected one stays aborted. An imported tree without a goal is ranked. A waiting tree was
    never halted.
    """
    if facts.state is _WAITING:
        return _WAITING
    return next_state(replace(facts, state=_taken_up(facts), halted_for=None))


def activated(facts: TreeFacts) -> TreeState:
    """Return the state of an imported tree when it leaves the backlog: aborted when it has nothing to rank."""
    if facts.state is not _BACKLOG:
        return facts.state
    return next_state(replace(facts, state=_RANKING)) if facts.rankable else _ABORTED


def goal(limits: Limits, rng: Random) -> int:
    """Return how many accepted posts a new tree wants, its root included."""
    if not limits.random_goal_tree_size:
        return limits.goal_tree_size
    return rng.randint(min(limits.min_goal_tree_size, limits.goal_tree_size), limits.goal_tree_size)


def people_needed(limits: Limits) -> int:
    """Return how many different people can finish every tree; with fewer, a tree may never finish.

    A review needs an author and the reviewers. A ranking needs people who wrote none of the replies, each of which may
    have another author.
    """
    authors = 0 if limits.allow_self_labeling else 1
    reviews = max(limits.num_reviews_initial_prompt, limits.num_reviews_reply)
    siblings = limits.max_children_count
    rankings = 0 if siblings < 2 else limits.num_required_rankings
    judges = max(siblings, rankings) if limits.allow_self_ranking else siblings + rankings
    return max(authors + reviews, judges)


def missing_trees(*, growing: int, limits: Limits) -> int:
    """Return how many more trees of a language should grow: as many prompts the lottery may draw."""
    return max(0, limits.max_active_trees - growing)


def lottery_places(*, lang: str, growing: int, reviewing: int, waiting: int, limits: Limits) -> int:
    """Return how many more initial prompts are wanted in a language.

    It is the number of missing trees and free reviews, at most the free places in the lottery, and 0 in a language
    that takes no new prompts.
    """
    if lang in limits.init_prompt_disabled_langs:
        return 0
    places = missing_trees(growing=growing, limits=limits) + max(0, limits.max_initial_prompt_review - reviewing)
    return min(places, max(0, limits.max_prompt_lottery_waiting - waiting))
