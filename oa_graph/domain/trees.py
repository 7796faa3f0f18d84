"""Trees, their states and facts, and the results of rankings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TreeState(StrEnum):
    """Where a tree is on its way; `oa_graph.policy.growth` says what leads where."""

    INITIAL_PROMPT_REVIEW = "initial_prompt_review"
    PROMPT_LOTTERY_WAITING = "prompt_lottery_waiting"
    GROWING = "growing"
    RANKING = "ranking"
    READY_FOR_SCORING = "ready_for_scoring"
    READY_FOR_EXPORT = "ready_for_export"
    SCORING_FAILED = "scoring_failed"
    ABORTED_LOW_GRADE = "aborted_low_grade"
    HALTED_BY_MODERATOR = "halted_by_moderator"
    BACKLOG_RANKING = "backlog_ranking"


class HaltReason(StrEnum):
    """Why a tree was halted, where no person did it: once the reason is over, the tree goes on by itself."""

    EMPTIED = "emptied"
    """Its root was deleted."""
    AUTHOR = "author"
    """It waited for the lottery, and the author of its prompt was disabled or deleted."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What is kept of a tree beside its posts."""

    id: str
    state: TreeState
    lang: str
    goal: int
    max_depth: int
    max_children: int
    origin: str | None = None
    won_lottery: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedTree:
    """A tree in a list."""

    id: str
    state: TreeState
    lang: str
    created: datetime
    goal: int
    text: str
    """The prompt."""
    deleted: bool
    """Whether the prompt is."""
    depth: int
    """Of the deepest live post."""
    posts: int
    """Live ones."""
    accepted: int
    """Of these."""
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class TreeFacts:
    """All that decides which state a tree is in next, counted over its live posts in one statement."""

    id: str
    state: TreeState
    lang: str
    goal: int
    root_accepted: bool | None
    root_deleted: bool
    accepted: int
    """Accepted posts, the root included."""
    undecided: int
    """Replies that still wait for reviews."""
    open_parents: int
    """Accepted posts that could still take a reply if the tree were growing, its goal left aside."""
    rankable: int
    """Parents with two or more accepted children that the crowd has to rank."""
    unranked: int
    """Those of them with too few rankings."""
    won_lottery: datetime | None = None
    author_away: bool = False
    """Whether the author of the prompt is disabled or deleted."""
    halted_for: HaltReason | None = None
    """Of a halted tree; None: a person or the automatic moderation halted it."""


@dataclass(frozen=True, slots=True)
class Rating:
    """How good a prompt is thought to be: a normal belief with mean `mu` and standard deviation `sigma`."""

    mu: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Consensus:
    """One order out of several rankings, best first."""

    order: tuple[str, ...]
    margin: int | None
    """The margin, in voters, of the weakest pair that decided the order; None when there was no pair."""
