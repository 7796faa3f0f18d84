"""Tasks, a shape for each kind, and how many there are to hand out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC
from enum import StrEnum
from typing import Annotated, Generic, Literal, TypedDict, TypeVar

from pydantic import Field

from oa_graph import model
from oa_graph.api.wire.base import Id, Out
from oa_graph.api.wire.labels import LabelDescription, described
from oa_graph.api.wire.posts import Conversation, ConversationMessage, conversation, conversation_message
from oa_graph.api.wire.sent import TaskRequestType
from oa_graph.model import LabelMode, TaskKind


class InitialPromptTask(Out):
    """Write a prompt to the assistant."""

    hint: str | None
    id: Id
    type: Literal["initial_prompt"]


class PrompterReplyTask(Out):
    """Reply to the assistant."""

    hint: str | None
    id: Id
    type: Literal["prompter_reply"]
    conversation: Conversation
    """Ends with the assistant's message."""


class AssistantReplyTask(Out):
    """Reply as the assistant."""

    id: Id
    type: Literal["assistant_reply"]
    conversation: Conversation
    """Ends with the prompter's message."""


class RankInitialPromptsTask(Out):
    """Put prompts into an order, best first."""

    id: Id
    type: Literal["rank_initial_prompts"]
    prompts: Annotated[list[str], Field(json_schema_extra={"deprecated": True})]
    """The texts of `prompt_messages`."""
    prompt_messages: list[ConversationMessage]


Kind = TypeVar("Kind", bound=str)


class _RankReplies(Out, Generic[Kind]):
    id: Id
    type: Kind
    conversation: Conversation
    """Ends with the message that is replied to."""
    replies: Annotated[list[str], Field(json_schema_extra={"deprecated": True})]
    """The texts of `reply_messages`."""
    reply_messages: list[ConversationMessage]
    """What to rank, shuffled."""
    message_tree_id: Id
    ranking_parent_id: Id
    reveal_synthetic: bool
    """Whether to show that models wrote the replies; only when all are theirs."""


class RankPrompterRepliesTask(_RankReplies[Literal["rank_prompter_replies"]]):
    """Put a prompter's replies into an order, best first."""


class RankAssistantRepliesTask(_RankReplies[Literal["rank_assistant_replies"]]):
    """Put an assistant's replies into an order, best first."""


class LabelTaskDisposition(StrEnum):
    """What a review is for."""

    QUALITY = "quality"
    SPAM = "spam"


class _Label(Out, Generic[Kind]):
    id: Id
    type: Kind
    message_id: Id
    """The message to label, last of `conversation`."""
    valid_labels: list[str]
    mandatory_labels: list[str] | None
    mode: LabelMode | None
    disposition: LabelTaskDisposition | None
    labels: list[LabelDescription] | None
    """How to ask for each of `valid_labels`, in the same order."""
    conversation: Conversation


class LabelInitialPromptTask(_Label[Literal["label_initial_prompt"]]):
    """Review a prompt."""

    prompt: Annotated[str | None, Field(json_schema_extra={"deprecated": True})]
    """The text of the message to label."""


class LabelPrompterReplyTask(_Label[Literal["label_prompter_reply"]]):
    """Review a prompter's reply."""

    reply: Annotated[str | None, Field(json_schema_extra={"deprecated": True})]
    """The text of the message to label."""


class LabelAssistantReplyTask(_Label[Literal["label_assistant_reply"]]):
    """Review an assistant's reply."""

    reply: Annotated[str | None, Field(json_schema_extra={"deprecated": True})]
    """The text of the message to label."""


AnyTask = (
    InitialPromptTask
    | PrompterReplyTask
    | AssistantReplyTask
    | RankInitialPromptsTask
    | RankPrompterRepliesTask
    | RankAssistantRepliesTask
    | LabelInitialPromptTask
    | LabelPrompterReplyTask
    | LabelAssistantReplyTask
)


def task(value: model.Task, *, viewer: str | None, show_authors: bool = False) -> AnyTask:
    """`value` as it is handed to the user with id `viewer`.

    Without `show_authors` a judge does not learn who, or whether a model, wrote what is to be judged.
    """
    match value.kind:
        case TaskKind.INITIAL_PROMPT:
            return InitialPromptTask(hint=None, id=value.id, type="initial_prompt")
        case TaskKind.PROMPTER_REPLY:
            return PrompterReplyTask(
                hint=None,
                id=value.id,
                type="prompter_reply",
                conversation=conversation(value.thread, viewer=viewer),
            )
        case TaskKind.ASSISTANT_REPLY:
            return AssistantReplyTask(
                id=value.id, type="assistant_reply", conversation=conversation(value.thread, viewer=viewer)
            )
        case TaskKind.RANK_INITIAL_PROMPTS:
            prompts = _candidates(value, viewer=viewer, show_authors=show_authors)
            return RankInitialPromptsTask(
                id=value.id,
                type="rank_initial_prompts",
                prompts=[each.text for each in prompts],
                prompt_messages=prompts,
            )
        case TaskKind.RANK_PROMPTER_REPLIES:
            return RankPrompterRepliesTask(
                type="rank_prompter_replies", **_ranking(value, viewer=viewer, show_authors=show_authors)
            )
        case TaskKind.RANK_ASSISTANT_REPLIES:
            return RankAssistantRepliesTask(
                type="rank_assistant_replies", **_ranking(value, viewer=viewer, show_authors=show_authors)
            )
        case TaskKind.LABEL_INITIAL_PROMPT:
            return LabelInitialPromptTask(
                type="label_initial_prompt",
                prompt=value.thread[-1].text,
                **_review(value, viewer=viewer, show_authors=show_authors),
            )
        case TaskKind.LABEL_PROMPTER_REPLY:
            return LabelPrompterReplyTask(
                type="label_prompter_reply",
                reply=value.thread[-1].text,
                **_review(value, viewer=viewer, show_authors=show_authors),
            )
        case TaskKind.LABEL_ASSISTANT_REPLY:
            return LabelAssistantReplyTask(
                type="label_assistant_reply",
                reply=value.thread[-1].text,
                **_review(value, viewer=viewer, show_authors=show_authors),
            )


def _all_synthetic(candidates: Collection[model.Post]) -> bool:
    return all(each.synthetic for each in candidates)


def _candidates(value: model.Task, *, viewer: str | None, show_authors: bool) -> list[ConversationMessage]:
    """What is to be ranked; that a model wrote a candidate is told where models wrote all, as in the original."""
    show_synthetic = show_authors or _all_synthetic(value.candidates)
    return [
        conversation_message(post, viewer=viewer, show_author=show_authors, show_synthetic=show_synthetic)
        for post in value.candidates
    ]


class _Ranking(TypedDict):
    id: str
    conversation: Conversation
    replies: list[str]
    reply_messages: list[ConversationMessage]
    message_tree_id: str
    ranking_parent_id: str
    reveal_synthetic: bool


def _ranking(value: model.Task, *, viewer: str | None, show_authors: bool) -> _Ranking:
    candidates = _candidates(value, viewer=viewer, show_authors=show_authors)
    parent = value.thread[-1]
    return _Ranking(
        id=value.id,
        conversation=conversation(value.thread, viewer=viewer),
        replies=[each.text for each in candidates],
        reply_messages=candidates,
        message_tree_id=parent.tree,
        ranking_parent_id=parent.id,
        reveal_synthetic=_all_synthetic(value.candidates),
    )


class _Review(TypedDict):
    id: str
    message_id: str
    valid_labels: list[str]
    mandatory_labels: list[str]
    mode: LabelMode
    disposition: LabelTaskDisposition
    labels: list[LabelDescription]
    conversation: Conversation


def _review(value: model.Task, *, viewer: str | None, show_authors: bool) -> _Review:
    form, (*above, post) = value.form, value.thread
    assert form is not None, "a task to label comes with its form"
    judged = conversation_message(post, viewer=viewer, show_author=show_authors, show_synthetic=show_authors)
    return _Review(
        id=value.id,
        message_id=post.id,
        valid_labels=list(form.labels),
        mandatory_labels=list(form.mandatory),
        mode=form.mode,
        disposition=LabelTaskDisposition(form.disposition),
        labels=described(form.labels),
        conversation=Conversation(messages=[*conversation(above, viewer=viewer).messages, judged]),
    )


def lease(value: model.Lease) -> str:
    """A lease as the value of a header: a structured field, its time in UTC and whole seconds, rounded down."""
    if value.until is None:
        return "lost"
    return f'held; until="{value.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'


class TaskDone(Out):
    """The answer was taken."""

    id: Id
    """A fresh id, of no further use."""
    type: Literal["task_done"]


def done(id: str) -> TaskDone:
    return TaskDone(id=id, type="task_done")


class TaskAvailability(Out):
    """How many tasks of each kind a user could be given."""

    random: int
    """The sum of all kinds."""
    summarize_story: int
    """Always 0, as `rate_summary`: no task of these kinds is handed out."""
    rate_summary: int
    initial_prompt: int
    prompter_reply: int
    assistant_reply: int
    rank_initial_prompts: int
    rank_prompter_replies: int
    rank_assistant_replies: int
    label_initial_prompt: int
    label_assistant_reply: int
    label_prompter_reply: int


def availability(counts: Mapping[str, int]) -> TaskAvailability:
    """All request types; 0 for those that nothing is counted for."""
    return TaskAvailability.model_validate({each.value: counts.get(each.value, 0) for each in TaskRequestType})
