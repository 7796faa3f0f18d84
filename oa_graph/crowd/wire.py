"""The shapes that the crowd expects from a server, written from the protocol and not from our service's code.

Fields that the protocol promises have no default here: one that is missing shows as a broken promise. Fields
that the protocol does not know are ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Message(_Shape):
    """A message inside a task: ConversationMessage."""

    id: str | None
    text: str
    lang: str | None
    is_assistant: bool
    user_id: str | None
    frontend_message_id: str | None
    emojis: dict[str, int] | None
    user_emojis: list[str] | None
    user_is_author: bool | None
    synthetic: bool | None


class Conversation(_Shape):
    """Root first."""

    messages: list[Message]


class _Task(_Shape):
    id: str


class PromptTask(_Task):
    """Asks for a first prompt."""

    type: Literal["initial_prompt"]
    hint: str | None


class ReplyTask(_Task):
    """Asks for the next message of a conversation."""

    type: Literal["prompter_reply", "assistant_reply"]
    conversation: Conversation


class RankingTask(_Task):
    """Asks for an order of replies."""

    type: Literal["rank_prompter_replies", "rank_assistant_replies"]
    conversation: Conversation
    reply_messages: list[Message]
    replies: list[str]
    message_tree_id: str
    ranking_parent_id: str
    reveal_synthetic: bool


class PromptRankingTask(_Task):
    """Asks for an order of first prompts."""

    type: Literal["rank_initial_prompts"]
    prompts: list[str]
    prompt_messages: list[Message]


class Label(_Shape):
    """How one label is shown: LabelDescription."""

    name: str
    widget: Literal["yes_no", "flag", "likert"]
    display_text: str
    help_text: str | None


class LabelTask(_Task):
    """Asks for a review of the last message of a conversation."""

    type: Literal["label_initial_prompt", "label_prompter_reply", "label_assistant_reply"]
    message_id: str
    conversation: Conversation
    valid_labels: list[str]
    mandatory_labels: list[str] | None
    mode: Literal["simple", "full"] | None
    disposition: Literal["quality", "spam"] | None
    labels: list[Label] | None


Task = PromptTask | ReplyTask | RankingTask | PromptRankingTask | LabelTask


class Done(_Shape):
    """The answer to every interaction."""

    id: str
    type: Literal["task_done"]


class Account(_Shape):
    """A registered user, as far as the crowd looks at it: FrontEndUser."""

    id: str
    user_id: str
    display_name: str
    auth_method: str
    enabled: bool
    deleted: bool
    tos_acceptance_date: str | None


class TreePost(Message):
    """A message with its place in a tree: Message."""

    parent_id: str | None
    review_result: bool | None
    review_count: int | None
    deleted: bool | None
    rank: int | None
    message_tree_id: str | None


class Tree(_Shape):
    """MessageTree; the order of its messages is not specified."""

    id: str
    messages: list[TreePost]


class TreeState(_Shape):
    """MessageTreeStateResponse."""

    message_tree_id: str
    state: str
    goal_tree_size: int
    max_depth: int
    max_children_count: int
    active: bool


TASK: TypeAdapter[Task] = TypeAdapter(Annotated[Task, Field(discriminator="type")])
DONE = TypeAdapter(Done)
ACCOUNT = TypeAdapter(Account)
POST = TypeAdapter(TreePost)
POSTS = TypeAdapter(list[TreePost])
CONVERSATION = TypeAdapter(Conversation)
TREE = TypeAdapter(Tree)
TREE_STATE = TypeAdapter(TreeState)
AVAILABILITY = TypeAdapter(dict[str, int])
NOTHING: TypeAdapter[None] = TypeAdapter(None)


def thread(task: Task) -> list[Message]:
    """The conversation that a task is about, root first; empty for tasks about first prompts."""
    return [] if isinstance(task, PromptTask | PromptRankingTask) else task.conversation.messages


def roots(task: Task) -> set[str]:
    """The ids of the trees that a task shows: a tree is named after its first message."""
    shown = task.prompt_messages if isinstance(task, PromptRankingTask) else thread(task)[:1]
    return {message.id for message in shown if message.id}


def flaws(task: Task) -> list[str]:
    """What the protocol promises about a task beyond its shape, and does not hold."""
    ends = {"prompter_reply": True, "assistant_reply": False}
    messages = thread(task)
    found: list[str] = []
    if not messages and not isinstance(task, PromptTask | PromptRankingTask):
        return ["its conversation is empty"]
    match task:
        case ReplyTask() if messages[-1].is_assistant != ends[task.type]:
            found.append("its conversation ends with the wrong role")
        case RankingTask() if task.replies != [reply.text for reply in task.reply_messages]:
            found.append("`replies` differs from `reply_messages`")
        case PromptRankingTask() if task.prompts != [prompt.text for prompt in task.prompt_messages]:
            found.append("`prompts` differs from `prompt_messages`")
        case LabelTask() if task.message_id != messages[-1].id:
            found.append("its conversation does not end with the message to label")
        case LabelTask() if task.labels is None or [label.name for label in task.labels] != task.valid_labels:
            found.append("`labels` is not in the order of `valid_labels`")
        case LabelTask() if not set(task.mandatory_labels or ()) <= set(task.valid_labels):
            found.append("a mandatory label is not valid")
        case _:
            pass
    roles = [message.is_assistant for message in messages]
    if roles != [bool(place % 2) for place in range(len(roles))]:
        found.append("the roles of its conversation do not alternate from the prompter's")
    return found
