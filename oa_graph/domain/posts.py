"""Posts and what is attached to them: roles, reactions, labels, revisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """Who speaks in a post; alternates from the root, whoever wrote it, human or model."""

    PROMPTER = "prompter"
    ASSISTANT = "assistant"


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

DEPTH_CAP = 1000
"""No post is ever deeper, imported or not: every walk in `cypher/` is bounded by it."""


class PostState(StrEnum):
    """What became of a post, for its author."""

    UNDER_REVIEW = "under_review"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DELETED = "deleted"
    UNREVIEWED = "unreviewed"
    """It has no verdict, and nobody is asked for one: its tree is halted or done."""


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
    author_ends: bool = False
    """Whether its author said that the conversation ends here."""
    ended: bool | None = None
    """Whether the conversation ends here, by a vote or a moderator; None: not decided."""
    hides_author: bool = False
    """Whether frontends may not learn who wrote it."""
    margin: int | None = None
    """Voters by which the weakest decided pair of its replies was decided; None: they were not ranked here."""


@dataclass(frozen=True, slots=True)
class OwnPost:
    """A post as its author sees it."""

    post: Post
    state: PostState
    rank: int | None
    """0 is best; None: not ranked, or the tree is not done."""
    task_kind: str | None
    """The kind of task that it answered; None: it came another way."""
    editable_until: datetime | None
    """None: the author cannot change it."""


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


class ReviewKind(StrEnum):
    """Where labels of a post come from."""

    REVIEW = "review"
    """A task."""
    REMARK = "remark"
    """A user who labelled the post without a task."""
    REPORT = "report"
    IMPORT = "import"
    """The file that the post came with: means of several people."""


@dataclass(frozen=True, slots=True)
class PostReview:
    """What somebody said of a post by labels."""

    kind: ReviewKind
    labels: Mapping[TextLabel, float]
    """In [0, 1]."""
    user: str | None = None
    """The id of the user; None: an import."""
    created: datetime | None = None
    text: str = ""
    """The reason of a report."""


@dataclass(frozen=True, slots=True)
class FlaggedPost:
    """Somebody called a moderator to a post."""

    post: str
    processed: bool
    """Whether a moderator has looked at it since."""
    created: datetime
    """When it was last flagged."""


@dataclass(frozen=True, slots=True)
class TextQuery:
    """What a full-text index is asked for, in its query language."""

    index: str
    words: str
    """What has to occur in the text."""
    scope: str
    """What else has to hold, as far as the index knows it: it may let pass more, never less."""
