"""Tasks, a shape for each kind, and how many there are to hand out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from enum import StrEnum
from typing import Annotated, Generic, Literal, TypedDict, TypeVar

from pydantic import Field

from oa_graph.api.wire.base import Id, Moment, Out, moment
from oa_graph.api.wire.labels import LabelDescription, described
from oa_graph.api.wire.posts import Conversation, ConversationMessage, conversation, conversation_message
from oa_graph.api.wire.sent import TaskRequestType
from oa_graph.domain import tasks
from oa_graph.domain.tasks import LabelMode, TaskKind


class TaskGuideline(Out):
    """The guideline of a task. `GET /guidelines/{id}` has the whole text."""

    id: Id
    version: int
    """Counts from 1 for each kind of task and language."""
    short: str
    """The first paragraph, in one line."""


class _Task(Out):
    guideline: TaskGuideline | None = None
    """How to do this kind of task well; null where there is no guideline for it."""
    lease_until: Moment | None
    """Until when the place is reserved for this task; null for a task that holds no place."""
    expires: Moment | None
    """Until when an answer is taken; null: without end."""


class InitialPromptTask(_Task):
    """Write a prompt to the assistant."""

    hint: str | None
    """The short form of the guideline."""
    id: Id
    type: Literal["initial_prompt"]


class PrompterReplyTask(_Task):
    """Reply to the assistant."""

    hint: str | None
    """The short form of the guideline."""
    id: Id
    type: Literal["prompter_reply"]
    conversation: Conversation
    """Ends with the assistant's message."""


class AssistantReplyTask(_Task):
    """Reply as the assistant."""

    id: Id
    type: Literal["assistant_reply"]
    conversation: Conversation
    """Ends with the prompter's message."""


class RankInitialPromptsTask(_Task):
    """Put prompts into an order, best first."""

    id: Id
    type: Literal["rank_initial_prompts"]
    prompts: Annotated[list[str], Field(json_schema_extra={"deprecated": True})]
    """The texts of `prompt_messages`."""
    prompt_messages: list[ConversationMessage]


Kind = TypeVar("Kind", bound=str)


class _RankReplies(_Task, Generic[Kind]):
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
    """Whether to show that models wrote the replies: all are theirs, and authors are shown in rankings."""


class RankPrompterRepliesTask(_RankReplies[Literal["rank_prompter_replies"]]):
    """Put a prompter's replies into an order, best first."""


class RankAssistantRepliesTask(_RankReplies[Literal["rank_assistant_replies"]]):
    """Put an assistant's replies into an order, best first."""


class LabelTaskDisposition(StrEnum):
    """What a review is for."""

    QUALITY = "quality"
    SPAM = "spam"


class _Label(_Task, Generic[Kind]):
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


class DecideEndTask(_Task):
    """Say whether a conversation is at its end. Only for clients with the capability `end_vote`."""

    id: Id
    type: Literal["decide_end"]
    conversation: Conversation
    """Ends with the assistant's message that is asked about."""


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
    | DecideEndTask
)


def task(value: tasks.Task, *, viewer: str | None, show_authors: bool = False) -> AnyTask:
    """`value` as it is handed to the user with id `viewer`.

    Without `show_authors` a judge does not learn who, or whether a model, wrote what is to be judged.
    """
    shape = _shape(value, viewer=viewer, show_authors=show_authors)
    if value.guideline:
        guideline = value.guideline
        shape.guideline = TaskGuideline(id=guideline.id, version=guideline.version, short=guideline.short)
    return shape


def _shape(value: tasks.Task, *, viewer: str | None, show_authors: bool) -> AnyTask:
    hint = value.guideline and value.guideline.short
    match value.kind:
        case TaskKind.INITIAL_PROMPT:
            return InitialPromptTask(hint=hint, type="initial_prompt", **_common(value))
        case TaskKind.PROMPTER_REPLY:
            return PrompterReplyTask(
                hint=hint,
                type="prompter_reply",
                conversation=conversation(value.thread, viewer=viewer),
                **_common(value),
            )
        case TaskKind.ASSISTANT_REPLY:
            return AssistantReplyTask(
                type="assistant_reply", conversation=conversation(value.thread, viewer=viewer), **_common(value)
            )
        case TaskKind.RANK_INITIAL_PROMPTS:
            prompts = _candidates(value, viewer=viewer, show_authors=show_authors)
            return RankInitialPromptsTask(
                type="rank_initial_prompts",
                prompts=[prompt.text for prompt in prompts],
                prompt_messages=prompts,
                **_common(value),
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
        case TaskKind.DECIDE_END:
            return DecideEndTask(
                type="decide_end",
                conversation=_shown_last(value, viewer=viewer, show_authors=show_authors),
                **_common(value),
            )


class _Common(TypedDict):
    id: str
    lease_until: str | None
    expires: str | None


def _common(value: tasks.Task) -> _Common:
    return _Common(id=value.id, lease_until=moment(value.lease_until), expires=moment(value.expires))


def _shown_last(value: tasks.Task, *, viewer: str | None, show_authors: bool) -> Conversation:
    """A conversation whose last message is to be judged."""
    *above, post = value.thread
    judged = conversation_message(post, viewer=viewer, show_author=show_authors)
    return Conversation(messages=[*conversation(above, viewer=viewer).messages, judged])


def _candidates(value: tasks.Task, *, viewer: str | None, show_authors: bool) -> list[ConversationMessage]:
    return [conversation_message(post, viewer=viewer, show_author=show_authors) for post in value.candidates]


class _Ranking(_Common):
    conversation: Conversation
    replies: list[str]
    reply_messages: list[ConversationMessage]
    message_tree_id: str
    ranking_parent_id: str
    reveal_synthetic: bool


def _ranking(value: tasks.Task, *, viewer: str | None, show_authors: bool) -> _Ranking:
    candidates = _candidates(value, viewer=viewer, show_authors=show_authors)
    parent = value.thread[-1]
    return _Ranking(
        **_common(value),
        conversation=conversation(value.thread, viewer=viewer),
        replies=[reply.text for reply in candidates],
        reply_messages=candidates,
        message_tree_id=parent.tree,
        ranking_parent_id=parent.id,
        reveal_synthetic=all(candidate.synthetic for candidate in candidates),
    )


class _Review(_Common):
    message_id: str
    valid_labels: list[str]
    mandatory_labels: list[str]
    mode: LabelMode
    disposition: LabelTaskDisposition
    labels: list[LabelDescription]
    conversation: Conversation


def _review(value: tasks.Task, *, viewer: str | None, show_authors: bool) -> _Review:
    form = value.form
    assert form is not None, "a task to label comes with its form"
    return _Review(
        **_common(value),
        message_id=value.thread[-1].id,
        valid_labels=list(form.labels),
        mandatory_labels=list(form.mandatory),
        mode=form.mode,
        disposition=LabelTaskDisposition(form.disposition),
        labels=described(form.labels),
        conversation=_shown_last(value, viewer=viewer, show_authors=show_authors),
    )


def lease(value: tasks.Lease) -> str:
    """A lease as the value of a header: a structured field, its time in UTC and whole seconds, rounded down."""
    if value.until is None:
        return "lost"
    return f'held; until="{value.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'


class TaskLease(Out):
    """The reservation of a task's place."""

    held: bool
    """Whether the place is reserved for this task. An answer is taken all the same."""
    lease_until: Moment | None
    """Until when; null unless it is."""
    renewable_until: Moment | None
    """When it can be renewed no more; null: without bound, or for a task that holds no place."""


def task_lease(value: tasks.Lease | None) -> TaskLease:
    """A lease; None: the task holds no place."""
    if value is None:
        return TaskLease(held=False, lease_until=None, renewable_until=None)
    return TaskLease(
        held=value.until is not None,
        lease_until=moment(value.until),
        renewable_until=moment(value.renewable_until),
    )


class OpenTask(Out):
    """A task that the user can go on with."""

    task: AnyTask
    """As it was handed out."""
    created: Moment
    """When it was handed out."""
    message_id: str | None
    """The id that the frontend gave in the ack; null before the ack."""
    lease_until: Moment | None
    """As in `task`; null also when the reservation has lapsed."""
    expires: Moment | None
    """As in `task`."""


class OpenTasks(Out):
    """The open tasks of a user, newest first, at most 100."""

    tasks: list[OpenTask]


def open_tasks(values: Sequence[tasks.OpenTask], *, show_authors: bool) -> OpenTasks:
    return OpenTasks(
        tasks=[
            OpenTask(
                task=task(value.task, viewer=value.task.user, show_authors=show_authors),
                created=moment(value.created),
                message_id=value.message_id,
                lease_until=moment(value.task.lease_until),
                expires=moment(value.task.expires),
            )
            for value in values
        ]
    )


class TaskDone(Out):
    """The answer was taken."""

    id: Id
    """A fresh id, of no further use."""
    type: Literal["task_done"]


def done(id: str) -> TaskDone:
    return TaskDone(id=id, type="task_done")


def _is_missing(value: object) -> bool:
    return value is None


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
    decide_end: Annotated[int | None, Field(default=None, exclude_if=_is_missing)]
    """Only for clients with the capability `end_vote`."""


def availability(counts: Mapping[str, int]) -> TaskAvailability:
    """All request types; 0 for those that nothing is counted for."""
    numbers: dict[str, int | None] = {kind.value: counts.get(kind.value, 0) for kind in TaskRequestType}
    numbers["decide_end"] = counts.get("decide_end")
    return TaskAvailability.model_validate(numbers)
