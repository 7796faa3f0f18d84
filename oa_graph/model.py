"""The values that the program speaks of: frozen, slotted, without behaviour that needs a database or a clock.

Times are aware UTC datetimes, durations are seconds unless a name says otherwise, ids are UUIDs as lower-case text
(those that frontends or imports bring may be any text).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Generic, TypeVar

from annotated_types import Ge, Interval


class Role(StrEnum):
    """Who speaks in a post; alternates from the root, whoever wrote it, human or model."""

    PROMPTER = "prompter"
    ASSISTANT = "assistant"


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


class HaltedFor(StrEnum):
    """Why a tree was halted, where no person did it: once the reason is over, the tree goes on by itself."""

    EMPTIED = "emptied"
    """Its root was deleted."""
    AUTHOR = "author"
    """It waited for the lottery, and the author of its prompt was disabled or deleted."""


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


class EmojiCode(StrEnum):
    """How people react to a post. The last three are skips, which the service sets itself."""

    THUMBS_UP = "+1"
    THUMBS_DOWN = "-1"
    RED_FLAG = "red_flag"
    HUNDRED = "100"
    ROFL = "rofl"
    CLAP = "clap"
    DIAMOND = "diamond"
    HEART_EYES = "heart_eyes"
    DISAPPOINTED = "disappointed"
    POOP = "poop"
    SKULL = "skull"
    SKIP_REPLY = "_skip_reply"
    SKIP_RANKING = "_skip_ranking"
    SKIP_LABELING = "_skip_labeling"


class EmojiOp(StrEnum):
    """What to do with a reaction."""

    TOGGLE = "toggle"
    ADD = "add"
    REMOVE = "remove"


class AuthMethod(StrEnum):
    """How a frontend knows its user."""

    DISCORD = "discord"
    GOOGLE = "google"
    LOCAL = "local"
    SYSTEM = "system"


class LabelMode(StrEnum):
    """How much a review form asks."""

    SIMPLE = "simple"
    FULL = "full"


class TextLabel(StrEnum):
    """What a review may say of a post, each as a number in [0, 1]."""

    SPAM = "spam"
    FAILS_TASK = "fails_task"
    LANG_MISMATCH = "lang_mismatch"
    PII = "pii"
    NOT_APPROPRIATE = "not_appropriate"
    HATE_SPEECH = "hate_speech"
    SEXUAL_CONTENT = "sexual_content"
    MORAL_JUDGEMENT = "moral_judgement"
    POLITICAL_CONTENT = "political_content"
    QUALITY = "quality"
    TOXICITY = "toxicity"
    HUMOR = "humor"
    HELPFULNESS = "helpfulness"
    CREATIVITY = "creativity"
    VIOLENCE = "violence"


GRADED_LABELS = frozenset(
    {
        TextLabel.QUALITY,
        TextLabel.TOXICITY,
        TextLabel.HUMOR,
        TextLabel.HELPFULNESS,
        TextLabel.CREATIVITY,
        TextLabel.VIOLENCE,
    }
)
"""Labels that are given in steps from 0 to 1; the others are a yes or a no."""


class Sampling(StrEnum):
    """Which open place a reply task takes; see `oa_graph.policy.sampling`."""

    UNIFORM = "uniform"
    RANDOM_THREAD = "random_thread"
    INVERSE_DEPTH = "inverse_depth"
    FEWEST_REPLIES = "fewest_replies"
    LONELY_FIRST = "lonely_first"
    BY_RANK = "by_rank"
    """Like `UNIFORM` for now, except in trees that were imported with ranks: other trees get ranks after growing."""


Positive = Annotated[int, Ge(1)]
Count = Annotated[int, Ge(0)]
Share = Annotated[float, Interval(ge=0, le=1)]

DEPTH_CAP = 1000
"""No post is ever deeper, imported or not: every walk in `cypher/` is bounded by it."""


@dataclass(frozen=True, slots=True)
class Client:
    """A frontend application, known by its API key."""

    id: str
    description: str = ""
    admin_email: str | None = None
    enabled: bool = True
    trusted: bool = False
    analyst: bool = False
    """May ask the graph anything that only reads, through `POST /cypher`."""
    frontend_type: str | None = None
    capabilities: tuple[str, ...] = ()
    """Names of task kinds beyond the original's that this frontend can show."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user as a frontend names him."""

    method: AuthMethod
    name: str
    display_name: str


@dataclass(frozen=True, slots=True)
class User:
    """A user as the graph knows him."""

    id: str
    client: str
    method: AuthMethod
    name: str
    display_name: str
    enabled: bool = True
    deleted: bool = False
    notes: str = ""
    show_on_leaderboard: bool = True
    created: datetime | None = None
    terms_accepted: datetime | None = None
    last_activity: datetime | None = None
    streak_start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One message of a tree."""

    id: str
    tree: str
    role: Role
    text: str
    lang: str
    depth: int
    created: datetime | None = None
    parent: str | None = None
    author: str | None = None
    """The id of the user who wrote it; None: the system itself did."""
    frontend_id: str | None = None
    accepted: bool | None = None
    """None: under review."""
    reviews: int = 0
    rankings: int = 0
    rank: int | None = None
    deleted: bool = False
    edited: bool = False
    synthetic: bool = False
    model_name: str | None = None
    emojis: Mapping[str, int] = field(default_factory=dict[str, int])
    own_emojis: tuple[str, ...] = ()
    """The reactions of the acting user."""
    margin: int | None = None
    """Voters by which the weakest decided pair of its replies was decided; None: they were not ranked here."""


Thread = tuple[Post, ...]
"""Root first; each post replies to the one before it."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a post's text. `number` 0: the original."""

    id: str
    post: str
    number: int
    text: str
    created: datetime | None = None
    editor: str | None = None
    """The id of the user who wrote this version; None: the system."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Somebody called a moderator to a post."""

    post: str
    processed: bool
    """Whether a moderator has looked at it since."""
    created: datetime
    """When it was last flagged."""


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
    halted_for: HaltedFor | None = None
    """Of a halted tree; None: a person or the automatic moderation halted it."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a review asks, frozen into its task."""

    mode: LabelMode
    disposition: str
    labels: tuple[str, ...]
    mandatory: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work in somebody's hands, with all that a frontend needs to show it."""

    id: str
    kind: TaskKind
    thread: Thread = ()
    """The conversation to continue, to rank under, or whose last post is to be labelled; empty for prompts."""
    candidates: tuple[Post, ...] = ()
    """What is to be ranked, in the order shown."""
    form: Form | None = None
    user: str | None = None
    """The id of the user who took it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The reservation of a task's place, as an ack leaves it."""

    until: datetime | None
    """When it ends; None: it had lapsed, and the place was not free any more."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One step in looking for an open place: the pools to draw from, and how their places are weighed.

    Weights are at most 1; a place's is `by_depth[depth] * by_rank[rank, or 0]`, where an empty tuple changes nothing,
    and with `by_thread` that times the share of the threads through it. `tries` bounds how often a place is drawn and
    kept or thrown back.
    """

    pools: tuple[str, ...]
    tries: int
    lapsed_first: bool
    by_depth: tuple[float, ...]
    by_rank: tuple[float, ...]
    by_thread: bool


@dataclass(frozen=True, slots=True)
class PoolLook:
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


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """Somebody asks for work. `kind` None: whatever is most wanted."""

    client: Client
    person: Person
    kind: TaskKind | None
    lang: str
    collective: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """How often something may be asked for within a span that begins with the first time."""

    id: str
    """Whose requests of what kind are counted together."""
    limit: int
    span_sec: int


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests are taken within how many minutes."""

    times: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often tasks may be asked for; `oa_graph.policy.rates` says which rate is for which request."""

    user: Rate
    client: Rate
    assistant_reply: Rate
    prompter_reply: Rate


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """A new post. `lang`: of a prompt; None: the one it was asked for in. A reply has its parent's."""

    ack: str
    frontend_id: str
    text: str
    lang: str | None


@dataclass(frozen=True, slots=True)
class RankingAnswer:
    """`order[i]` is the index of the candidate put at place i, best first."""

    ack: str
    order: tuple[int, ...]
    not_rankable: bool


@dataclass(frozen=True, slots=True)
class LabelAnswer:
    """Labels of a post, each in [0, 1]. `task` None: a free remark that belongs to no task."""

    task: str | None
    post: str
    text: str
    labels: Mapping[str, float]
    is_report: bool


Answer = TextAnswer | RankingAnswer | LabelAnswer


class Frame(StrEnum):
    """How far back a score looks; `oa_graph.policy.scoring` says exactly."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


WORK = (
    "prompts",
    "replies_assistant",
    "replies_prompter",
    "labels_simple",
    "labels_full",
    "rankings_total",
    "accepted_prompts",
    "accepted_replies_assistant",
    "accepted_replies_prompter",
    "reply_ranked_1",
    "reply_ranked_2",
    "reply_ranked_3",
)
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
class Standing:
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
    frames: tuple[Frame, ...]
    """The scores that have it in them."""
    due: int | None = None
    """When the next of them lets go of it, in epoch milliseconds; None: it need not be kept."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a person has in one frame."""

    user: str
    frame: Frame
    figures: Figures
    points: int
    troll_points: int
    modified: datetime
    enabled: bool = True
    shown: bool = True
    """On the leaderboard."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A user on a board. `score` None: the frame has nothing of him; `rank` None: he is not shown there."""

    user: User
    frame: Frame
    score: Score | None
    rank: int | None

    @property
    def figures(self) -> Figures:
        return self.score.figures if self.score else {}


@dataclass(frozen=True, slots=True)
class SystemStats:
    """How many posts and trees there are; rejected posts count as active."""

    all: int
    active: int
    deleted: int
    active_by_lang: Mapping[str, int]
    message_trees: int


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


V = TypeVar("V")

FIRST_ID, LAST_ID = "", "\uffff"
"""Ids before and behind all that there are."""


@dataclass(frozen=True, slots=True)
class Bound(Generic[V]):
    """One end of a span, by (value, id), itself left out. `id` None: not settled yet."""

    value: V
    id: str | None


@dataclass(frozen=True, slots=True)
class Span(Generic[V]):
    """A part of a list that is sorted by (value, id): what lies between two bounds, `limit` items of it at most.

    `low` is the smaller bound and `high` the greater, whichever way the list is read; None: no bound there.
    """

    low: Bound[V] | None
    high: Bound[V] | None
    desc: bool
    """Whether to read from `high` downwards."""
    limit: int


@dataclass(frozen=True, slots=True)
class Among:
    """Which posts a list is of. None: whichever."""

    authors: tuple[str, ...] | None = None
    """User ids; an empty tuple stands for nobody."""
    client: str | None = None
    lang: str | None = None
    only_roots: bool = False
    include_deleted: bool = False


@dataclass(frozen=True, slots=True)
class TextQuery:
    """What a full-text index is asked for, in its query language."""

    index: str
    words: str
    """What has to occur in the text."""
    scope: str
    """What else has to hold, as far as the index knows it: it may let pass more, never less."""


_BOTH_FIRST = (TextLabel.SPAM, TextLabel.LANG_MISMATCH)
_BOTH_LAST = (
    TextLabel.CREATIVITY,
    TextLabel.HUMOR,
    TextLabel.TOXICITY,
    TextLabel.VIOLENCE,
    TextLabel.NOT_APPROPRIATE,
    TextLabel.PII,
    TextLabel.HATE_SPEECH,
    TextLabel.SEXUAL_CONTENT,
)
_LABELS_PROMPTER = (*_BOTH_FIRST, TextLabel.QUALITY, *_BOTH_LAST)
_LABELS_ASSISTANT = (*_BOTH_FIRST, TextLabel.FAILS_TASK, TextLabel.QUALITY, TextLabel.HELPFULNESS, *_BOTH_LAST)
_MANDATORY = (TextLabel.SPAM,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds and steers the growth of trees; the names are those of the original's settings."""

    max_active_trees: Count = 10
    max_initial_prompt_review: Count = 100
    max_prompt_lottery_waiting: Count = 250
    init_prompt_disabled_langs: tuple[str, ...] = ()
    max_tree_depth: Annotated[int, Interval(ge=1, le=DEPTH_CAP)] = 3
    max_children_count: Positive = 3
    num_prompter_replies: Positive = 1
    goal_tree_size: Positive = 12
    random_goal_tree_size: bool = False
    min_goal_tree_size: Positive = 5
    num_reviews_initial_prompt: Positive = 3
    num_reviews_reply: Positive = 3
    acceptance_threshold_initial_prompt: Share = 0.6
    acceptance_threshold_reply: Share = 0.6
    num_required_rankings: Positive = 3
    rank_prompter_replies: bool = False
    p_full_labeling_review_prompt: Share = 1.0
    p_full_labeling_review_reply_assistant: Share = 1.0
    p_full_labeling_review_reply_prompter: Share = 0.25
    lonely_children_count: Count = 2
    p_lonely_child_extension: Share = 0.75
    recent_tasks_span_sec: Positive = 300
    max_pending_tasks_per_user: Positive = 8
    p_activate_backlog_tree: Share = 0.1
    min_active_rankings_per_lang: Count = 0
    auto_mod_enabled: bool = True
    auto_mod_max_skip_reply: Positive = 25
    auto_mod_red_flags: Positive = 4
    labels_initial_prompt: tuple[TextLabel, ...] = _LABELS_PROMPTER
    labels_assistant_reply: tuple[TextLabel, ...] = _LABELS_ASSISTANT
    labels_prompter_reply: tuple[TextLabel, ...] = _LABELS_PROMPTER
    mandatory_labels_initial_prompt: tuple[TextLabel, ...] = _MANDATORY
    mandatory_labels_assistant_reply: tuple[TextLabel, ...] = _MANDATORY
    mandatory_labels_prompter_reply: tuple[TextLabel, ...] = _MANDATORY
    sampling: Sampling = Sampling.LONELY_FIRST
    rank_decay: Share = 0.5
    """With sampling by rank: each rank further down is this much as likely. Replies of growing trees have none yet."""
    lease_sec: Positive = 600
    """How long a place stays reserved after it was handed out, and again after the ack."""
    task_validity_sec: Count = 2880 * 60
    """How long an answer is taken; 0: for ever."""
    message_size_limit: Positive = 2000
    duplicate_window_sec: Count = 120 * 60
    rank_initial_prompts: bool = True
    prompts_to_rank: Annotated[int, Interval(ge=2, le=20)] = 4
    """How many prompts one ranking of prompts shows."""
    num_prompt_rankings: Positive = 3
    """Rankings after which a waiting prompt is no longer offered for ranking."""
    prompt_chance_floor: Share = 0.1
    """The least chance, beside 1 for the best prompt, that a waiting prompt has in the lottery."""
    enforce_terms: bool = False
    show_authors_in_judgements: bool = False
    """Whether reviewers and rankers learn who, or whether a model, wrote what they judge."""
    allow_self_labeling: bool = False
    allow_self_ranking: bool = False
    allow_duplicate_tasks: bool = False


class Preset(StrEnum):
    """A named set of limits; the settings of single limits win over it."""

    DEFAULT = "default"
    SMALL = "small"


PRESETS: Mapping[Preset, Limits] = {
    Preset.DEFAULT: Limits(),
    # Two to four people finish trees: one review each, two replies to a prompt, and everybody may rank them.
    Preset.SMALL: Limits(
        max_active_trees=3,
        max_initial_prompt_review=3,
        max_prompt_lottery_waiting=6,
        max_children_count=2,
        goal_tree_size=5,
        num_reviews_initial_prompt=1,
        num_reviews_reply=1,
        num_required_rankings=2,
        allow_self_ranking=True,
    ),
}
