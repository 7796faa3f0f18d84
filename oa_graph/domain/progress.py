"""How a collection gets on: what it needs now, what was done of late, and what is stuck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from oa_graph.domain.posts import Post
from oa_graph.domain.trees import TreeState


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many trees of a language are in a state."""

    lang: str
    state: TreeState
    trees: int


@dataclass(frozen=True, slots=True)
class WorkSlot:
    """What was done within ten minutes."""

    start: datetime
    people: int
    answers: int
    """Texts, reviews and rankings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolStatus:
    """The open places of a kind of task in a language, and who works on them."""

    kind: str
    lang: str
    places: int = 0
    """Posts that want something."""
    wants: int = 0
    """Answers that they want, all together."""
    free: int = 0
    """Posts that take one more user now."""
    held: int = 0
    """Leases that have not ended."""
    people: int = 0
    """Different users who hold one."""
    next_end: datetime | None = None
    """When the first of these leases ends; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionProgress:
    """What a collection needs now, and how fast it gets it."""

    at: datetime
    trees: Sequence[StateCount]
    pools: Sequence[PoolStatus]
    work: Sequence[WorkSlot]
    """Of the last day; slots without answers are left out."""
    answers_per_hour: float
    """Of late: in the last hour, or on average of the last day where that hour had none."""
    missing_posts: int
    """That growing trees still lack of their goals."""
    answers_wanted: int
    """Answers that trees at work still want; rankings of replies that are not written yet are left out."""
    seconds_left: float | None
    """How long these take at that rate; None: nobody works."""


@dataclass(frozen=True, slots=True)
class StuckTree:
    """A tree that makes no progress."""

    tree: str
    lang: str
    state: TreeState
    why: str
    entered: datetime | None
    """When it came into this state; None: not recorded."""
    last_post: datetime | None


@dataclass(frozen=True, slots=True)
class LotteryPrompt:
    """A prompt in the lottery."""

    tree: str
    lang: str
    mu: float | None
    """What rankings make believe of it; None: never ranked."""
    rankings: int
    entered: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class ReportReason:
    """What a report says."""

    text: str
    created: datetime
    labels: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Complaint:
    """A post with what people said against it."""

    post: Post
    state: TreeState
    """Of its tree."""
    author: str | None
    """Display name; None: the system or a model wrote it."""
    red_flags: int
    """Users who flagged it."""
    reports: int
    reasons: Sequence[ReportReason]
    """The newest reports."""
    processed: bool | None
    """Whether a moderator has looked since the last flag; None: it was never flagged."""
    created: datetime | None
    """When it was last flagged."""
