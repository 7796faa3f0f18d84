"""Tasks, the guidelines that they show, the places that they take, and the answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from oa_graph.domain.limits import SamplingPolicy
from oa_graph.domain.posts import Post, Thread


class TaskKind(StrEnum):
    """What one task asks for; each has one entry in `oa_graph.policy.kinds`."""

    INITIAL_PROMPT = "initial_prompt"
    PROMPTER_REPLY = "prompter_reply"
    ASSISTANT_REPLY = "assistant_reply"
    RANK_INITIAL_PROMPTS = "rank_initial_prompts"
    RANK_PROMPTER_REPLIES = "rank_prompter_replies"
    RANK_ASSISTANT_REPLIES = "rank_assistant_replies"
    LABEL_INITIAL_PROMPT = "label_initial_prompt"
    LABEL_PROMPTER_REPLY = "label_prompter_reply"
    LABEL_ASSISTANT_REPLY = "label_assistant_reply"
    DECIDE_END = "decide_end"


class LabelMode(StrEnum):
    """How much a review form asks."""

    SIMPLE = "simple"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """What a review asks, frozen into its task."""

    mode: LabelMode
    disposition: str
    labels: tuple[str, ...]
    mandatory: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuidelineSummary:
    """One version of the guideline for a kind of task, without its text. A version never changes."""

    id: str
    kind: TaskKind
    lang: str
    version: int
    """Counts from 1 for each kind and language."""
    short: str
    """The first paragraph, in one line."""
    created: datetime


@dataclass(frozen=True, slots=True)
class Guideline(GuidelineSummary):
    """One version of a guideline."""

    text: str
    """Markdown."""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work in somebody's hands, with all that a frontend needs to show it."""

    id: str
    kind: TaskKind
    thread: Thread = ()
    """The conversation to continue, to rank under, or whose last post is asked about; empty for prompts."""
    candidates: tuple[Post, ...] = ()
    """What is to be ranked, in the order shown."""
    form: ReviewForm | None = None
    user: str | None = None
    """The id of the user who took it."""
    guideline: GuidelineSummary | None = None
    """The guideline that is shown with it; None: there is none."""
    lease_until: datetime | None = None
    """When its place becomes free again; None: it holds no place."""
    expires: datetime | None = None
    """The end of its validity; None: never."""


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that a user has neither answered nor skipped."""

    task: Task
    created: datetime
    message_id: str | None
    """The id that the frontend acknowledged it with; None: it did not yet."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The reservation of a task's place, as an ack or a renewal leaves it."""

    until: datetime | None
    """When it ends; None: it had lapsed, and the place was not free, or the lease could be renewed no more."""
    renewable_until: datetime | None = None
    """When it can be renewed no more, as a renewal tells; None: without bound."""


@dataclass(frozen=True, slots=True)
class KindDraw:
    """How a place for one kind of task is drawn."""

    kind: TaskKind
    policy: SamplingPolicy
    batches: tuple[tuple[str, ...], ...]
    """Pools, in the order to try them; the pools of one batch are drawn from as one."""
    lapsed_first: bool
    """Whether expired leases of large pools are tried before free places."""


@dataclass(frozen=True, slots=True)
class PoolCount:
    """What was seen at the lower end of a pool, by key."""

    pool: str
    seen: int
    open: int
    """Those of them that this user may be given, as far as the first of them tell."""
    last_key: float | None
    """The key of the last place seen when the look was cut there; None when the pool was seen to its end."""


@dataclass(frozen=True, slots=True)
class PoolOccupancy:
    """What a pool holds, whoever asks."""

    pool: str
    free: int
    """Places that one more person may be given; counted up to 2."""
    next_lapse: int | None
    """In epoch milliseconds, when the first reservation ends of the places that are full; None: no place is full."""


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What some pools of a language hold, and the trees of that language."""

    pools: list[PoolOccupancy]
    growing: int
    reviewing: int
    waiting: int
    ranking: int
    prompt_lapse: int | None
    """In epoch milliseconds, when the first reservation for a prompt ends; None: nobody is writing one."""


class NoTaskReason(StrEnum):
    """Why there is no task for a user now."""

    ALL_DONE_BY_USER = "all_done_by_user"
    """What is open the user has answered, skipped or written; it waits for other people."""
    ALL_RESERVED = "all_reserved"
    """Every open place is reserved for somebody."""
    LIMIT_REACHED = "limit_reached"
    """The settings allow no more of this now."""
    LANGUAGE_EMPTY = "language_empty"
    """The language has no tree that is being worked on."""
    IDLE = "idle"
    """There are trees, but none of them wants this now."""
    TOO_MANY_PENDING = "too_many_pending"
    """The user has too many open tasks."""
    RATE_LIMITED = "rate_limited"
    """The user or the frontend asked too often."""


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """A new post. `lang`: of a prompt; None: the one it was asked for in. A reply has its parent's."""

    ack: str | None
    """A message id that the task was acknowledged with; None: `task` names it."""
    frontend_id: str
    text: str
    lang: str | None
    ends: bool = False
    """Whether the author says that the conversation ends with this post."""
    task: str | None = None
    """The id of the task; None: `ack` names it."""


@dataclass(frozen=True, slots=True)
class RankingAnswer:
    """`order[i]` is the index of the candidate put at place i, best first. `ack` and `task` are as of a text."""

    ack: str | None
    order: tuple[int, ...]
    not_rankable: bool
    task: str | None = None


@dataclass(frozen=True, slots=True)
class LabelAnswer:
    """Labels of a post, each in [0, 1]. `task` None: a free remark that belongs to no task."""

    task: str | None
    post: str | None
    """The labelled post; None: that of the task."""
    text: str
    labels: Mapping[str, float]
    is_report: bool


@dataclass(frozen=True, slots=True)
class EndVoteAnswer:
    """A vote on whether a conversation ends at its last post. `ack` and `task` are as of a text."""

    ack: str | None
    ends: bool
    task: str | None = None


Answer = TextAnswer | RankingAnswer | LabelAnswer | EndVoteAnswer
