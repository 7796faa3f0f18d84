"""The responses of the service, written from the protocol and not from the service's code.

Required fields have no default, so a missing field is a violation of the protocol. Fields that only newer services send
have one. Unknown fields are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

TaskKind = Literal[
    "initial_prompt",
    "prompter_reply",
    "assistant_reply",
    "rank_initial_prompts",
    "rank_prompter_replies",
    "rank_assistant_replies",
    "label_initial_prompt",
    "label_prompter_reply",
    "label_assistant_reply",
    "decide_end",
]
AuthMethod = Literal["discord", "google", "local", "system"]
"""How the frontend knows the user."""
TimeFrame = Literal["day", "week", "month", "total"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class ConversationMessage(_Model):
    """A message as tasks show it."""

    id: str | None
    text: str
    lang: str | None
    is_assistant: bool
    user_id: str | None
    """Who wrote it; None in tasks that ask to judge it."""
    frontend_message_id: str | None
    emojis: dict[str, int] | None
    user_emojis: list[str] | None
    user_is_author: bool | None
    synthetic: bool | None
    """A model wrote it; None where authors are hidden."""
    ended: bool = False
    """The conversation ends here."""


class Conversation(_Model):
    """Messages from the root on, each a reply to the one before."""

    messages: list[ConversationMessage]


class GuidelineNote(_Model):
    """The guideline of a task, in short; `Client.guideline` reads the whole text."""

    id: str
    version: int
    short: str


class _Task(_Model):
    id: str
    guideline: GuidelineNote | None = None
    lease_until: datetime | None = None
    """Until when the place is reserved; None: the task holds none."""
    expires: datetime | None = None
    """When the task stops accepting an answer; None: never."""


class PromptTask(_Task):
    """Write the first message of a conversation."""

    type: Literal["initial_prompt"]
    hint: str | None


class ReplyTask(_Task):
    """Write the next message of a conversation."""

    type: Literal["prompter_reply", "assistant_reply"]
    conversation: Conversation


class RankingTask(_Task):
    """Put replies to the last message of a conversation into an order."""

    type: Literal["rank_prompter_replies", "rank_assistant_replies"]
    conversation: Conversation
    reply_messages: list[ConversationMessage]
    replies: list[str]
    message_tree_id: str
    ranking_parent_id: str
    reveal_synthetic: bool


class PromptRankingTask(_Task):
    """Put first messages into an order."""

    type: Literal["rank_initial_prompts"]
    prompts: list[str]
    prompt_messages: list[ConversationMessage]


class LabelDescription(_Model):
    """How to ask for a label."""

    name: str
    widget: Literal["yes_no", "flag", "likert"]
    display_text: str
    help_text: str | None


class LabelTask(_Task):
    """Give the last message of a conversation labels."""

    type: Literal["label_initial_prompt", "label_prompter_reply", "label_assistant_reply"]
    message_id: str
    conversation: Conversation
    valid_labels: list[str]
    mandatory_labels: list[str] | None
    mode: Literal["simple", "full"] | None
    disposition: Literal["quality", "spam"] | None
    labels: list[LabelDescription] | None
    """How to ask for each of `valid_labels`, in the same order."""


class EndTask(_Task):
    """Say whether a conversation ends with its last message."""

    type: Literal["decide_end"]
    conversation: Conversation


Task = Annotated[
    PromptTask | ReplyTask | RankingTask | PromptRankingTask | LabelTask | EndTask, Field(discriminator="type")
]


class OpenTask(_Model):
    """A task that a user holds."""

    task: Task
    created: datetime
    message_id: str | None
    """The id of the acknowledgement; None: the task is not acknowledged."""
    lease_until: datetime | None
    expires: datetime | None


class OpenTasks(_Model):
    """The tasks that a user holds, newest first."""

    tasks: list[OpenTask]


class TaskLease(_Model):
    """Whether the place of a task is reserved, and until when."""

    held: bool
    lease_until: datetime | None
    renewable_until: datetime | None = None
    """None: without bound, or the task holds no place."""


class TaskDone(_Model):
    """The service has stored the answer."""

    id: str
    type: Literal["task_done"]


class Account(_Model):
    """A user as the service knows the user."""

    id: str
    """The frontend's own name for the user."""
    user_id: str
    """The service's id of the user."""
    display_name: str
    auth_method: str
    enabled: bool
    deleted: bool
    tos_acceptance_date: datetime | None
    """When the user accepted the terms."""


class Message(ConversationMessage):
    """A message with all that is known of it."""

    parent_id: str | None
    created_date: datetime | None = None
    review_result: bool | None
    """None: under review."""
    review_count: int | None
    deleted: bool | None
    edited: bool | None = None
    model_name: str | None = None
    rank: int | None
    """Among its siblings; 0 is best."""
    message_tree_id: str | None


class OwnMessage(_Model):
    """A message that the user wrote, and what became of it."""

    message: Message
    state: Literal["under_review", "accepted", "rejected", "deleted", "unreviewed"]
    rank: int | None
    """Among its siblings, once the tree is finished; 0 is best."""
    task_kind: str | None
    editable_until: datetime | None
    """None: it cannot be edited or withdrawn."""


class OwnMessagePage(_Model):
    """Some of the messages that a user wrote."""

    items: list[OwnMessage]
    next: str | None
    """Where the next page begins; None: this is the last one."""


class Tree(_Model):
    """The messages of a tree, in any order."""

    id: str
    messages: list[Message]


class TreeState(_Model):
    """Where a tree is on its way."""

    message_tree_id: str
    state: str
    goal_tree_size: int
    max_depth: int
    max_children_count: int
    active: bool


class GuidelineSummary(_Model):
    """A version of the guideline for a kind of task and a language."""

    id: str
    kind: str
    lang: str
    version: int
    short: str
    created: datetime


class Guideline(GuidelineSummary):
    """A guideline with its text."""

    text: str
    """Markdown."""


class UserScore(_Model):
    """A user's place on a leaderboard; `highlighted`: it is the acting user."""

    rank: int | None
    user_id: str
    username: str
    auth_method: str
    display_name: str
    leader_score: int
    level: int
    highlighted: bool


class Leaderboard(_Model):
    """The users who did most within a time frame, best first."""

    time_frame: str
    last_updated: datetime
    leaderboard: list[UserScore]


def thread(task: Task) -> Sequence[ConversationMessage]:
    """Return the conversation that a task shows, root first; empty for tasks about first messages."""
    return () if isinstance(task, PromptTask | PromptRankingTask) else task.conversation.messages
