"""What users' work counts for: figures, credits, scores and leaderboard entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from oa_graph.domain.posts import Role, TextLabel
from oa_graph.domain.users import User


class TimeFrame(StrEnum):
    """How far back a score looks; `oa_graph.policy.scoring` says exactly."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


_DONE = ("prompts", "replies_assistant", "replies_prompter", "labels_simple", "labels_full", "rankings_total")
_ACCEPTED = ("accepted_prompts", "accepted_replies_assistant", "accepted_replies_prompter")
WORK = (*_DONE, *_ACCEPTED, "reply_ranked_1", "reply_ranked_2", "reply_ranked_3")
"""Figures of what a person did, and of what others made of it."""

REACTIONS: Mapping[str, str] = {"+1": "upvotes", "-1": "downvotes", "red_flag": "red_flags"}
"""Reactions that count for the author of a post, and the figure that each is counted in."""

COUNTED_LABELS = (
    TextLabel.SPAM,
    TextLabel.LANG_MISMATCH,
    TextLabel.NOT_APPROPRIATE,
    TextLabel.PII,
    TextLabel.HATE_SPEECH,
    TextLabel.SEXUAL_CONTENT,
    TextLabel.POLITICAL_CONTENT,
)
"""Labels of which a figure says how often they were given, values rounded."""

MEAN_LABELS = (
    TextLabel.QUALITY,
    TextLabel.HUMOR,
    TextLabel.TOXICITY,
    TextLabel.VIOLENCE,
    TextLabel.HELPFULNESS,
)
"""Labels of which two figures make the mean: how often given, and the sum in millionths."""

CONDUCT = (
    *REACTIONS.values(),
    "spam_prompts",
    *COUNTED_LABELS,
    *(f"{name}_{part}" for name in MEAN_LABELS for part in ("given", "sum")),
)
"""Figures of how others take what a person wrote."""

FIGURES = (*WORK, *CONDUCT)

TALLIES = ("trees", "posts", "deleted", "human_prompter", "human_assistant")
"""Figures of a language: its trees and posts, the deleted posts, and the live accepted ones that people wrote."""

Figures = Mapping[str, int]
"""Whole numbers by name; what is not there is 0."""


@dataclass(frozen=True, slots=True)
class ScoredPost:
    """A post with all that makes it count."""

    id: str
    author: str | None
    at: int
    """When it was written, in epoch milliseconds."""
    lang: str
    depth: int
    role: Role
    deleted: bool
    accepted: bool
    synthetic: bool
    aborted: bool
    """It is a prompt whose tree was aborted."""
    reactions: list[str] = field(default_factory=list[str])
    labels: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    """Of each review, remark and report, among their other properties."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A change of the figures of a user, a language or both, at the time of the work that they are for."""

    at: int
    """Epoch milliseconds."""
    figures: Figures
    user: str | None = None
    lang: str | None = None


SLOT_MS = 600_000
"""How long a slot is, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What a person has of the `SLOT_MS` from `start` on, in epoch milliseconds."""

    user: str
    start: int
    figures: Figures
    frames: tuple[TimeFrame, ...]
    """The scores that have it in them."""
    due: int | None = None
    """When the next of them lets go of it, in epoch milliseconds; None: it need not be kept."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a person has in one frame."""

    user: str
    frame: TimeFrame
    figures: Figures
    points: int
    troll_points: int
    modified: datetime
    enabled: bool = True
    shown: bool = True
    """On the leaderboard."""


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """A user on a board. `score` None: no work in the time frame; `rank` None: not shown on the board."""

    user: User
    frame: TimeFrame
    score: Score | None
    rank: int | None

    @property
    def figures(self) -> Figures:
        return self.score.figures if self.score else {}

    @property
    def tasks_done(self) -> int:
        """The number of texts, reviews and rankings."""
        return sum(self.figures.get(name, 0) for name in _DONE)

    @property
    def texts_accepted(self) -> int:
        """The number of texts that reviewers accepted."""
        return sum(self.figures.get(name, 0) for name in _ACCEPTED)


@dataclass(frozen=True, slots=True)
class PostCounts:
    """How many posts and trees there are; rejected posts count as active."""

    all: int
    active: int
    deleted: int
    active_by_lang: Mapping[str, int]
    message_trees: int
