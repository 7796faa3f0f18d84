"""The shapes that frontends send and see: lenient in, complete out.

What comes in is taken as the original took it: unknown fields are ignored, numbers may be written as text and
text as numbers, an empty list may stand for an empty map; each shape knows how to become a value of
`oa_graph.model`. What goes out has every field of its shape, null where there is nothing, in the original's order;
a function makes each shape from a value of the model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from math import ceil
from typing import Annotated, Generic, Literal, TypedDict, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    StringConstraints,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from oa_graph import model, settings
from oa_graph.errors import AnswerWithoutTask, EmptyId, NothingToHandOut, UserNotSpecified
from oa_graph.graph.session import ATTEMPTS
from oa_graph.model import AuthMethod, EmojiCode, EmojiOp, LabelMode, Person, Role, TaskKind, TextLabel, TreeState
from oa_graph.policy import scoring
from oa_graph.policy.growth import ACTIVE

# ---------- what comes in


class TaskRequestType(StrEnum):
    """What a frontend may ask for, and the keys of the availability map."""

    RANDOM = "random"
    SUMMARIZE_STORY = "summarize_story"
    RATE_SUMMARY = "rate_summary"
    INITIAL_PROMPT = "initial_prompt"
    PROMPTER_REPLY = "prompter_reply"
    ASSISTANT_REPLY = "assistant_reply"
    RANK_INITIAL_PROMPTS = "rank_initial_prompts"
    RANK_PROMPTER_REPLIES = "rank_prompter_replies"
    RANK_ASSISTANT_REPLIES = "rank_assistant_replies"
    LABEL_INITIAL_PROMPT = "label_initial_prompt"
    LABEL_ASSISTANT_REPLY = "label_assistant_reply"
    LABEL_PROMPTER_REPLY = "label_prompter_reply"


def _without_null(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("null_character", "text with a null character (U+0000) cannot be stored")
    return value


def _without_gap(value: str, about: ValidationInfo) -> str:
    if not value:
        raise EmptyId(field=about.field_name)
    return value


def _map(value: object) -> object:
    """The website reports a message with `"labels": []`."""
    return {} if value == [] else value


Text = Annotated[str, AfterValidator(_without_null)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_without_null)]
FrontendId = Annotated[
    str,
    StringConstraints(max_length=256),
    AfterValidator(_without_gap),
    AfterValidator(_without_null),
    Field(examples=["web-1042"]),
]
"""An id that a frontend makes. The bound keeps it indexable."""
Short = Annotated[str, StringConstraints(max_length=256), AfterValidator(_without_null)]
Lang = Annotated[str, StringConstraints(max_length=32), AfterValidator(_without_null), Field(examples=["en", "pt-BR"])]
Index = Annotated[int, Field(ge=-(2**31), lt=2**31)]
"""Wide enough that what is out of the list's range is told as such, narrow enough to be stored."""
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

DEFAULT_LANG = "en"


class In(BaseModel):
    """A body."""

    model_config = ConfigDict(
        extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )


class User(In):
    """A user as the frontend knows him. Unknown users are created on first sight."""

    id: Annotated[Name, Field(examples=["4711"])]
    """The frontend's own name for the user, such as a Discord id."""
    display_name: Annotated[Short, Field(examples=["Ada"])]
    auth_method: AuthMethod

    @property
    def named(self) -> str:
        """As `X-OASST-USER` would name him."""
        return f"{self.auth_method}:{self.id}"

    def person(self) -> Person:
        return Person(method=self.auth_method, name=self.id, display_name=self.display_name)


def someone(user: User | None) -> Person:
    """The person that `user` names. Raises UserNotSpecified."""
    if user is None:
        raise UserNotSpecified
    return user.person()


class TaskRequest(In):
    """Asks for a task."""

    type: TaskRequestType = TaskRequestType.RANDOM
    user: User | None = None
    """The person who will do it; without one the request is refused with code 4000."""
    collective: bool = False
    """Many users may answer until the task is closed."""
    lang: Lang | None = None
    """A BCP 47 tag; missing or empty means `en`."""

    def by(self, client: model.Client) -> model.TaskRequest:
        """The same with its client. Raises UserNotSpecified, and NothingToHandOut for kinds that are no more."""
        lang = self.lang or DEFAULT_LANG
        return model.TaskRequest(
            client=client,
            person=someone(self.user),
            kind=_kind(self.type, lang=lang),
            lang=lang,
            collective=self.collective,
        )


def _kind(asked: TaskRequestType, *, lang: str) -> TaskKind | None:
    match asked:
        case TaskRequestType.RANDOM:
            return None
        case TaskRequestType.SUMMARIZE_STORY | TaskRequestType.RATE_SUMMARY:
            raise NothingToHandOut(kind=asked.value, lang=lang)
        case _:
            return TaskKind(asked.value)


class TaskAck(In):
    """The frontend took the task and names it."""

    message_id: FrontendId
    """An id of the frontend's own making; the answer names the task by it."""


class TaskNAck(In):
    """The task will not be done."""

    reason: Annotated[Text, StringConstraints(max_length=512)] | None = None


class TaskClose(In):
    """A collective task takes no more answers."""

    message_id: FrontendId
    """The id given in the ack."""


class TextReplyToMessage(In):
    """Answers `initial_prompt`, `prompter_reply` and `assistant_reply`."""

    type: Literal["text_reply_to_message"] = "text_reply_to_message"
    user: User
    message_id: FrontendId
    """The id given in the ack."""
    user_message_id: FrontendId
    """A new id for the message that this creates, unique within the API client."""
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_without_null)]
    lang: Lang | None = None
    """Missing or empty: the language of the message replied to."""

    def answer(self) -> model.TextAnswer:
        return model.TextAnswer(
            ack=self.message_id, frontend_id=self.user_message_id, text=self.text, lang=self.lang or None
        )


class MessageRating(In):
    """Obsolete: no task is answered by a rating."""

    type: Literal["message_rating"] = "message_rating"
    user: User
    message_id: FrontendId
    rating: Annotated[int, Field(gt=0)]

    def answer(self) -> model.Answer:
        raise AnswerWithoutTask(id=self.message_id)


class MessageRanking(In):
    """Answers the `rank_…` tasks."""

    type: Literal["message_ranking"] = "message_ranking"
    user: User
    message_id: FrontendId
    """The id given in the ack."""
    ranking: Annotated[list[Index], Field(min_length=1, examples=[[2, 0, 1]])]
    """Place by place the index of the message put there, best first."""
    not_rankable: bool | None = None
    """All candidates are wrong."""

    def answer(self) -> model.RankingAnswer:
        return model.RankingAnswer(ack=self.message_id, order=tuple(self.ranking), not_rankable=bool(self.not_rankable))


class TextLabels(In):
    """Answers the `label_…` tasks, or is a remark or a report when it names no task."""

    type: Literal["text_labels"] = "text_labels"
    user: User
    text: Text
    """A remark; of a report the reason. May be empty."""
    labels: Annotated[dict[TextLabel, Share], BeforeValidator(_map), Field(examples=[{"spam": 0, "quality": 0.75}])]
    """From 0 to 1, whatever the widget."""
    message_id: UUID
    """The labelled message, not the id given in the ack."""
    task_id: UUID | None = None
    """The task that this answers."""
    is_report: bool | None = None

    def answer(self) -> model.LabelAnswer:
        return model.LabelAnswer(
            task=str(self.task_id) if self.task_id else None,
            post=str(self.message_id),
            text=self.text,
            labels={name.value: value for name, value in self.labels.items()},
            is_report=bool(self.is_report),
        )


INTERACTIONS = ("text_reply_to_message", "message_rating", "message_ranking", "text_labels")
_TELLING = {"rating": "message_rating", "ranking": "message_ranking", "labels": "text_labels"}


def _interaction(value: object) -> object:
    """`type` has a default in each shape, so it may be left out; then the fields tell."""
    if not isinstance(value, dict):
        return None
    given = cast("dict[str, object]", value)
    told = (kind for field, kind in _TELLING.items() if field in given)
    return given.get("type") or next(told, "text_reply_to_message")


Interaction = Annotated[
    Annotated[TextReplyToMessage, Tag("text_reply_to_message")]
    | Annotated[MessageRating, Tag("message_rating")]
    | Annotated[MessageRanking, Tag("message_ranking")]
    | Annotated[TextLabels, Tag("text_labels")],
    Discriminator(
        _interaction,
        custom_error_type="interaction",
        custom_error_message="an interaction is an object whose `type` is one of " + ", ".join(INTERACTIONS),
    ),
]


class CreateFrontendUserRequest(User):
    """Creates a user or updates one. For a user who exists, only what is sent changes."""

    show_on_leaderboard: bool = True
    enabled: bool = True
    tos_acceptance: bool | None = None
    """true: the user accepts the terms now."""
    notes: Annotated[Text, StringConstraints(max_length=1024)] | None = None

    def settings(self) -> dict[str, object]:
        """The settings that were sent, named as in `model.User`."""
        sent = self.model_fields_set
        return {
            name: value
            for name in ("enabled", "show_on_leaderboard", "notes")
            if name in sent and (value := getattr(self, name)) is not None
        }

    def acceptance(self, now: datetime) -> dict[str, object]:
        """The terms, accepted at `now`, if that was sent."""
        return {"terms_accepted": now} if self.tos_acceptance else {}


class MessageEmojiRequest(In):
    """Gives a message a reaction, or takes it back."""

    user: User
    op: EmojiOp = EmojiOp.TOGGLE
    emoji: EmojiCode


class EditMessageRequest(In):
    """Gives a message another text."""

    user: User
    """The editor."""
    new_content: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_without_null)]


class MergeUsersRequest(In):
    """Makes several accounts one."""

    destination_user_id: UUID
    """The account that stays."""
    source_user_ids: list[UUID]
    """The accounts that become part of it and are no more."""

    @field_validator("source_user_ids")
    @classmethod
    def _without_destination(cls, value: list[UUID], about: ValidationInfo) -> list[UUID]:
        if about.data.get("destination_user_id") in value:
            raise PydanticCustomError(
                "itself", "`destination_user_id` is among them; a user is not merged into himself"
            )
        return value


class CreateApiClientRequest(In):
    """Admits a frontend application."""

    description: Short
    frontend_type: Annotated[Short, Field(examples=["web", "bot"])]
    trusted: bool = False
    admin_email: Short | None = None
    capabilities: list[Short] = []
    """Task kinds beyond the original's that this frontend can show, such as `rank_initial_prompts`."""

    def client(self, id: str) -> model.Client:
        return model.Client(
            id=id,
            description=self.description,
            admin_email=self.admin_email,
            trusted=self.trusted,
            frontend_type=self.frontend_type,
            capabilities=tuple(self.capabilities),
        )


# ---------- what goes out

Id = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]
Moment = Annotated[
    str,
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2023-01-02T03:04:05.006000+00:00"]}),
]


class Out(BaseModel):
    """A response. Its fields have no defaults, so that none is forgotten and all are sent."""

    model_config = ConfigDict(use_attribute_docstrings=True)


def moment(value: datetime | None) -> str | None:
    """ISO 8601 with +00:00; microseconds only when there are some."""
    return None if value is None else value.astimezone(UTC).isoformat()


class FrontEndUser(Out):
    """A user as the service knows him."""

    id: str
    """The frontend's own name for the user, as in requests; not `user_id`."""
    display_name: str
    auth_method: AuthMethod
    user_id: Id
    """The service's own id of the user."""
    enabled: bool
    deleted: bool
    notes: str
    created_date: Moment | None
    show_on_leaderboard: bool
    streak_days: int | None
    streak_last_day_date: Moment | None
    last_activity_date: Moment | None
    tos_acceptance_date: Moment | None


def user(value: model.User, *, now: datetime) -> FrontEndUser:
    return FrontEndUser(
        id=value.name,
        display_name=value.display_name,
        auth_method=value.method,
        user_id=value.id,
        enabled=value.enabled,
        deleted=value.deleted,
        notes=value.notes,
        created_date=moment(value.created),
        show_on_leaderboard=value.show_on_leaderboard,
        streak_days=streak_days(value, now=now),
        streak_last_day_date=moment(value.streak_start),
        last_activity_date=moment(value.last_activity),
        tos_acceptance_date=moment(value.terms_accepted),
    )


class FrontEndUserPage(Out):
    """Some users out of a long list."""

    prev: str | None
    """Send it as `before` for the page before; null: there is none."""
    next: str | None
    """Send it as `after` for the page after; null: there is none."""
    sort_key: str
    items: list[FrontEndUser]
    order: Literal["asc", "desc"]


def users(values: Iterable[model.User], *, now: datetime) -> list[FrontEndUser]:
    return [user(each, now=now) for each in values]


def streak_days(value: model.User, *, now: datetime) -> int | None:
    """Whole calendar days (UTC) since the streak began; 0 once a day has passed without work."""
    if value.streak_start is None or value.last_activity is None:
        return None
    last = value.last_activity.astimezone(UTC).date()
    if (now.astimezone(UTC).date() - last).days > 1:
        return 0
    return max(0, (last - value.streak_start.astimezone(UTC).date()).days)


class ConversationMessage(Out):
    """A message in a conversation."""

    id: Id | None
    user_id: Id | None
    frontend_message_id: str | None
    text: str
    lang: str | None
    is_assistant: bool
    emojis: dict[str, int] | None
    """How often each reaction was given."""
    user_emojis: list[str] | None
    """The reactions of the acting user."""
    user_is_author: bool | None
    """Whether the acting user wrote it; null when there is none."""
    synthetic: bool | None
    """A model wrote it."""


class Conversation(Out):
    """Messages from the root on, each a reply to the one before."""

    messages: list[ConversationMessage]


class Message(ConversationMessage):
    """A message with all that is known of it."""

    parent_id: Id | None
    created_date: Moment | None
    review_result: bool | None
    """null: under review."""
    review_count: int | None
    deleted: bool | None
    edited: bool | None
    model_name: str | None
    message_tree_id: Id | None
    ranking_count: int | None
    rank: int | None
    """Among its siblings; 0 is best."""
    user: FrontEndUser | None


class MessageTree(Out):
    """A tree's messages, in no certain order."""

    id: Id
    messages: list[Message]


class MessagePage(Out):
    """Some messages of a list, and where the pages before and after them begin."""

    prev: str | None
    """To be sent as `before`; null on the first page."""
    next: str | None
    """To be sent as `after`; null on the last page."""
    sort_key: Literal["created_date"]
    items: list[Message]
    order: Literal["asc", "desc"]


class MessageRevision(Out):
    """One version of a message's text."""

    id: Id
    text: str
    message_id: Id
    user_id: Id | None
    """Who wrote this version."""
    created_date: Moment | None
    user_is_author: bool | None
    """Whether the acting user wrote it; null when there is none."""


class FlaggedMessageResponse(Out):
    """A message to which a moderator was called."""

    message_id: Id
    processed: bool
    """A moderator has looked at it since."""
    created_date: Moment | None
    """When it was last flagged."""


class FlaggedMessagePage(Out):
    """Some of the flagged messages, and where the others are."""

    prev: str | None
    next: str | None
    sort_key: str
    items: list[FlaggedMessageResponse]
    order: Literal["asc", "desc"]


class MessageTreeStateResponse(Out):
    """Where a tree is on its way."""

    message_tree_id: Id
    state: TreeState
    goal_tree_size: int
    max_depth: int
    max_children_count: int
    active: bool
    """Whether work is still to be done on it."""
    origin: str | None


def _is_author(post: model.Post, viewer: str | None) -> bool | None:
    return None if viewer is None else post.author == viewer


def conversation_message(post: model.Post, *, viewer: str | None, blind: bool = False) -> ConversationMessage:
    """`post` as the user with id `viewer` sees it; `blind`: without telling whether a model wrote it."""
    return ConversationMessage(
        id=post.id,
        user_id=post.author,
        frontend_message_id=post.frontend_id,
        text=post.text,
        lang=post.lang,
        is_assistant=post.role is Role.ASSISTANT,
        emojis=dict(post.emojis),
        user_emojis=list(post.own_emojis),
        user_is_author=_is_author(post, viewer),
        synthetic=None if blind else post.synthetic,
    )


def message(post: model.Post, *, viewer: str | None, author: FrontEndUser | None = None) -> Message:
    """`post` as the user with id `viewer` sees it, with its author where that was asked for."""
    return Message(
        id=post.id,
        user_id=post.author,
        frontend_message_id=post.frontend_id,
        text=post.text,
        lang=post.lang,
        is_assistant=post.role is Role.ASSISTANT,
        emojis=dict(post.emojis),
        user_emojis=list(post.own_emojis),
        user_is_author=_is_author(post, viewer),
        synthetic=post.synthetic,
        parent_id=post.parent,
        created_date=moment(post.created),
        review_result=post.accepted,
        review_count=post.reviews,
        deleted=post.deleted,
        edited=post.edited,
        model_name=post.model_name,
        message_tree_id=post.tree,
        ranking_count=post.rankings,
        rank=post.rank,
        user=author,
    )


def conversation(thread: Iterable[model.Post], *, viewer: str | None) -> Conversation:
    return Conversation(messages=[conversation_message(post, viewer=viewer) for post in thread])


def messages(posts: Iterable[model.Post], *, viewer: str | None) -> list[Message]:
    return [message(post, viewer=viewer) for post in posts]


def branch(id: UUID | str, posts: Iterable[model.Post], *, viewer: str | None) -> MessageTree:
    """Some messages of a tree, under the id of one of them."""
    return MessageTree(id=str(id), messages=messages(posts, viewer=viewer))


def widest(asked: UUID | str, posts: Sequence[model.Post], *, viewer: str | None) -> MessageTree:
    """A message and the replies to it, under its id; where there is none, nothing under the id `asked` about."""
    return branch(posts[0].id if posts else asked, posts, viewer=viewer)


def tree(value: model.Tree, posts: Iterable[model.Post], *, viewer: str | None) -> MessageTree:
    return MessageTree(id=value.id, messages=messages(posts, viewer=viewer))


def history(revisions: Iterable[model.Revision], *, viewer: str | None) -> list[MessageRevision]:
    return [
        MessageRevision(
            id=each.id,
            text=each.text,
            message_id=each.post,
            user_id=each.editor,
            created_date=moment(each.created),
            user_is_author=None if viewer is None else each.editor == viewer,
        )
        for each in revisions
    ]


def flag(value: model.Flag) -> FlaggedMessageResponse:
    return FlaggedMessageResponse(message_id=value.post, processed=value.processed, created_date=moment(value.created))


def flagged(flags: Iterable[model.Flag], *, links: tuple[str | None, str | None], desc: bool) -> FlaggedMessagePage:
    prev, next = links
    return FlaggedMessagePage(
        prev=prev,
        next=next,
        sort_key="created_date",
        order="desc" if desc else "asc",
        items=[flag(each) for each in flags],
    )


def tree_state(tree: model.Tree) -> MessageTreeStateResponse:
    return MessageTreeStateResponse(
        message_tree_id=tree.id,
        state=tree.state,
        goal_tree_size=tree.goal,
        max_depth=tree.max_depth,
        max_children_count=tree.max_children,
        active=tree.state in ACTIVE,
        origin=tree.origin,
    )


Widget = Literal["yes_no", "flag", "likert"]


class LabelDescription(Out):
    """How to ask for a label."""

    name: str
    widget: Widget
    display_text: str
    help_text: str | None


class ValidLabelsResponse(Out):
    """Labels in the order in which they are shown."""

    valid_labels: list[LabelDescription]


_LABELS: Mapping[TextLabel, tuple[Widget, str, str | None]] = {
    TextLabel.SPAM: (
        "yes_no",
        "Is this message spam?",
        "Worthless on purpose, advertising, or nothing to do with the conversation.",
    ),
    TextLabel.FAILS_TASK: (
        "yes_no",
        "Does this reply fail to do what was asked?",
        "It misses the point, or does something other than the instruction.",
    ),
    TextLabel.LANG_MISMATCH: (
        "flag",
        "Wrong language",
        "Not written in the expected language. Quotations and code do not count.",
    ),
    TextLabel.PII: (
        "flag",
        "Contains personal data",
        "Anything by which a private person could be found: a full name with an address, a phone number.",
    ),
    TextLabel.NOT_APPROPRIATE: ("flag", "Not appropriate", "Unsuitable for a helpful, friendly assistant."),
    TextLabel.HATE_SPEECH: (
        "flag",
        "Contains hate speech",
        "Abuse or threats aimed at people for what they are: origin, religion, sex, disability.",
    ),
    TextLabel.SEXUAL_CONTENT: ("flag", "Contains sexual content", None),
    TextLabel.MORAL_JUDGEMENT: ("flag", "Passes moral judgement", None),
    TextLabel.POLITICAL_CONTENT: ("flag", "Contains political content", None),
    TextLabel.QUALITY: ("likert", "Overall quality", "0: very poor, 1: excellent."),
    TextLabel.TOXICITY: ("likert", "How rude or insulting it is", "0: friendly, 1: very rude."),
    TextLabel.HUMOR: ("likert", "How humorous it is", "0: serious, 1: very funny."),
    TextLabel.HELPFULNESS: ("likert", "How helpful it is", "0: of no use, 1: very helpful."),
    TextLabel.CREATIVITY: ("likert", "How creative it is", "0: ordinary, 1: very original."),
    TextLabel.VIOLENCE: ("likert", "How violent it is", "0: harmless, 1: calls for or revels in violence."),
}

LABELS: Mapping[str, LabelDescription] = {
    name.value: LabelDescription(name=name.value, widget=widget, display_text=text, help_text=help)
    for name, (widget, text, help) in _LABELS.items()
}
"""Every label, in the order in which free labels are offered."""


def described(names: Iterable[str]) -> list[LabelDescription]:
    return [LABELS[name] for name in names]


def valid_labels(names: Iterable[str]) -> ValidLabelsResponse:
    return ValidLabelsResponse(valid_labels=described(names))


class TaskDone(Out):
    """The answer was taken."""

    id: Id
    """A fresh id, of no further use."""
    type: Literal["task_done"]


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


def task(value: model.Task, *, viewer: str | None) -> AnyTask:
    """`value` as it is handed to the user with id `viewer`."""
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
            prompts = _candidates(value, viewer=viewer)
            return RankInitialPromptsTask(
                id=value.id,
                type="rank_initial_prompts",
                prompts=[each.text for each in prompts],
                prompt_messages=prompts,
            )
        case TaskKind.RANK_PROMPTER_REPLIES:
            return RankPrompterRepliesTask(type="rank_prompter_replies", **_ranking(value, viewer=viewer))
        case TaskKind.RANK_ASSISTANT_REPLIES:
            return RankAssistantRepliesTask(type="rank_assistant_replies", **_ranking(value, viewer=viewer))
        case TaskKind.LABEL_INITIAL_PROMPT:
            return LabelInitialPromptTask(
                type="label_initial_prompt", prompt=value.thread[-1].text, **_review(value, viewer=viewer)
            )
        case TaskKind.LABEL_PROMPTER_REPLY:
            return LabelPrompterReplyTask(
                type="label_prompter_reply", reply=value.thread[-1].text, **_review(value, viewer=viewer)
            )
        case TaskKind.LABEL_ASSISTANT_REPLY:
            return LabelAssistantReplyTask(
                type="label_assistant_reply", reply=value.thread[-1].text, **_review(value, viewer=viewer)
            )


def _all_synthetic(candidates: Collection[model.Post]) -> bool:
    return all(each.synthetic for each in candidates)


def _candidates(value: model.Task, *, viewer: str | None) -> list[ConversationMessage]:
    """A rater must not know which candidates are a model's, unless all are."""
    blind = not _all_synthetic(value.candidates)
    return [conversation_message(each, viewer=viewer, blind=blind) for each in value.candidates]


class _Ranking(TypedDict):
    id: str
    conversation: Conversation
    replies: list[str]
    reply_messages: list[ConversationMessage]
    message_tree_id: str
    ranking_parent_id: str
    reveal_synthetic: bool


def _ranking(value: model.Task, *, viewer: str | None) -> _Ranking:
    candidates = _candidates(value, viewer=viewer)
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


def _review(value: model.Task, *, viewer: str | None) -> _Review:
    form = value.form
    assert form is not None, "a task to label comes with its form"
    return _Review(
        id=value.id,
        message_id=value.thread[-1].id,
        valid_labels=list(form.labels),
        mandatory_labels=list(form.mandatory),
        mode=form.mode,
        disposition=LabelTaskDisposition(form.disposition),
        labels=described(form.labels),
        conversation=conversation(value.thread, viewer=viewer),
    )


def done(id: str) -> TaskDone:
    return TaskDone(id=id, type="task_done")


def availability(counts: Mapping[str, int]) -> dict[str, int]:
    """All request types; 0 for those that nothing is counted for."""
    return {each.value: counts.get(each.value, 0) for each in TaskRequestType}


# ---------- statistics


class UserScore(Out):
    """What a user has done within a time frame, and his place on the board."""

    rank: int | None
    """1 is best; null for users who are not on the board."""
    user_id: Id
    highlighted: bool
    """It is the acting user."""
    username: str
    auth_method: AuthMethod
    display_name: str
    leader_score: int
    level: int
    """0 to 100; 0 where nothing was done."""
    base_date: Moment | None
    """From when on things count; null: from the beginning."""
    modified_date: Moment | None
    prompts: int
    replies_assistant: int
    replies_prompter: int
    labels_simple: int
    labels_full: int
    rankings_total: int
    rankings_good: int
    """Always 0."""
    accepted_prompts: int
    accepted_replies_assistant: int
    accepted_replies_prompter: int
    reply_ranked_1: int
    """How often a ranking put a reply of the user first."""
    reply_ranked_2: int
    reply_ranked_3: int
    streak_last_day_date: Moment | None
    """When the streak began, in spite of the name."""
    streak_days: int | None
    last_activity_date: Moment | None


def user_score(value: model.Placed, *, viewer: str | None, now: datetime) -> UserScore:
    """`value` as the user with id `viewer` sees it."""
    score, who = value.score, value.user
    return UserScore(
        rank=value.rank,
        user_id=who.id,
        highlighted=who.id == viewer,
        username=who.name,
        auth_method=who.method,
        display_name=who.display_name,
        leader_score=score.points if score else 0,
        level=scoring.level(score.points) if score else 0,
        base_date=moment(scoring.base(value.frame, now)),
        modified_date=moment(score.modified) if score else None,
        rankings_good=0,
        streak_last_day_date=moment(who.streak_start),
        streak_days=streak_days(who, now=now),
        last_activity_date=moment(who.last_activity),
        **{name: value.figures.get(name, 0) for name in model.WORK},
    )


class LeaderboardStats(Out):
    """The best of a time frame, or those around a user."""

    time_frame: str
    last_updated: Moment
    leaderboard: list[UserScore]


def leaderboard(
    frame: model.Frame, rows: Iterable[model.Placed], *, viewer: str | None, now: datetime
) -> LeaderboardStats:
    listed = list(rows)
    return LeaderboardStats(
        time_frame=frame.value,
        last_updated=_newest(listed, now),
        leaderboard=[user_score(each, viewer=viewer, now=now) for each in listed],
    )


def _newest(rows: Iterable[model.Placed], now: datetime) -> str:
    newest = max((each.score.modified for each in rows if each.score), default=now)
    return newest.astimezone(UTC).isoformat()


class TrollScore(Out):
    """What others object to in a user's messages of a time frame."""

    rank: int | None
    user_id: Id
    highlighted: bool
    username: str
    auth_method: AuthMethod
    display_name: str
    last_activity_date: Moment | None
    enabled: bool
    deleted: bool
    show_on_leaderboard: bool
    troll_score: int
    base_date: Moment | None
    modified_date: Moment | None
    red_flags: int
    upvotes: int
    downvotes: int
    spam_prompts: int
    """Prompts whose trees were aborted."""
    quality: float | None
    """A mean over all reviews and remarks, as the four below; null when there are none."""
    humor: float | None
    toxicity: float | None
    violence: float | None
    helpfulness: float | None
    spam: int
    """How many said so, as the six below."""
    lang_mismach: int
    not_appropriate: int
    pii: int
    hate_speech: int
    sexual_content: int
    political_content: int


def troll_score(value: model.Placed, *, now: datetime) -> TrollScore:
    score, who, figures = value.score, value.user, value.figures
    get = figures.get
    return TrollScore(
        rank=value.rank,
        user_id=who.id,
        highlighted=False,
        username=who.name,
        auth_method=who.method,
        display_name=who.display_name,
        last_activity_date=moment(who.last_activity),
        enabled=who.enabled,
        deleted=who.deleted,
        show_on_leaderboard=who.show_on_leaderboard,
        troll_score=score.troll_points if score else 0,
        base_date=moment(scoring.base(value.frame, now)),
        modified_date=moment(score.modified) if score else None,
        red_flags=get("red_flags", 0),
        upvotes=get("upvotes", 0),
        downvotes=get("downvotes", 0),
        spam_prompts=get("spam_prompts", 0),
        spam=get("spam", 0),
        lang_mismach=get("lang_mismatch", 0),
        not_appropriate=get("not_appropriate", 0),
        pii=get("pii", 0),
        hate_speech=get("hate_speech", 0),
        sexual_content=get("sexual_content", 0),
        political_content=get("political_content", 0),
        quality=scoring.mean(figures, TextLabel.QUALITY),
        humor=scoring.mean(figures, TextLabel.HUMOR),
        toxicity=scoring.mean(figures, TextLabel.TOXICITY),
        violence=scoring.mean(figures, TextLabel.VIOLENCE),
        helpfulness=scoring.mean(figures, TextLabel.HELPFULNESS),
    )


class TrollboardStats(Out):
    """Those of a time frame whose messages others object to most."""

    time_frame: str
    last_updated: Moment
    trollboard: list[TrollScore]


def trollboard(frame: model.Frame, rows: Iterable[model.Placed], *, now: datetime) -> TrollboardStats:
    listed = list(rows)
    return TrollboardStats(
        time_frame=frame.value,
        last_updated=_newest(listed, now),
        trollboard=[troll_score(each, now=now) for each in listed],
    )


class SystemStats(Out):
    """How many messages and trees there are."""

    all: int
    active: int
    """Not deleted; rejected ones count."""
    active_by_lang: dict[str, int]
    deleted: int
    message_trees: int


def system_stats(value: model.SystemStats) -> SystemStats:
    return SystemStats(
        all=value.all,
        active=value.active,
        active_by_lang=dict(value.active_by_lang),
        deleted=value.deleted,
        message_trees=value.message_trees,
    )


class PurgeResultModel(Out):
    """What a purge changed."""

    before: SystemStats
    after: SystemStats
    preview: bool
    """It was done, counted and taken back."""
    duration: float
    """Seconds."""


def purged(before: model.SystemStats, after: model.SystemStats, *, preview: bool, seconds: float) -> PurgeResultModel:
    return PurgeResultModel(before=system_stats(before), after=system_stats(after), preview=preview, duration=seconds)


class TreeMessageCountStats(Out):
    """How far a tree has grown; deleted messages are not counted."""

    message_tree_id: Id
    state: TreeState
    depth: int
    oldest: Moment
    youngest: Moment
    count: int
    goal_tree_size: int


class TreeManagerStats(Out):
    """Trees by state, and one by one."""

    state_counts: dict[str, int]
    message_counts: list[TreeMessageCountStats]


class CachedStatsName(StrEnum):
    """Statistics that are kept ready."""

    HUMAN_MESSAGES_BY_LANG = "human_messages_by_lang"
    HUMAN_MESSAGES_BY_ROLE = "human_messages_by_role"
    MESSAGE_TREES_BY_STATE = "message_trees_by_state"
    MESSAGE_TREES_STATES_BY_LANG = "message_trees_states_by_lang"
    USERS_ACCEPTED_TOS = "users_accepted_tos"


class LangStateCount(Out):
    """How many trees of a language are in a state."""

    lang: str
    state: TreeState
    count: int


class CachedStatsResponse(Out):
    """Statistics as they were at some time."""

    name: CachedStatsName
    last_updated: Moment
    stats: dict[str, int] | list[LangStateCount]
    """Numbers by language, role or state, or under `count`; a list for `message_trees_states_by_lang`."""


class AllCachedStatsResponse(Out):
    """All that is kept ready."""

    stats_by_name: dict[CachedStatsName, CachedStatsResponse]


_MASK = "**********"
_AT_ONCE = 1
"""The least whole number of minutes or hours; figures are up to date within a second."""

FilePath = Annotated[str, WithJsonSchema({"type": "string", "format": "file-path"})]
Binary = Annotated[str, WithJsonSchema({"type": "string", "format": "binary"})]
Uri = Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})]


class PublicSettings(Out):
    """The settings that every frontend may know."""

    PROJECT_NAME: str
    API_V1_STR: str
    MESSAGE_SIZE_LIMIT: int
    """Characters of a message."""
    DEBUG_USE_SEED_DATA: bool
    DEBUG_ALLOW_SELF_LABELING: bool
    DEBUG_SKIP_EMBEDDING_COMPUTATION: bool
    """Always true: none are computed."""
    DEBUG_SKIP_TOXICITY_CALCULATION: bool
    """Always true: none is calculated."""
    DEBUG_DATABASE_ECHO: bool
    USER_STATS_INTERVAL_DAY: int
    """In minutes, as those below; 1 stands for at once."""
    USER_STATS_INTERVAL_WEEK: int
    USER_STATS_INTERVAL_MONTH: int
    USER_STATS_INTERVAL_TOTAL: int


def public_settings(given: settings.Settings) -> PublicSettings:
    return PublicSettings(
        PROJECT_NAME="oa_graph",
        API_V1_STR="/api/v1",
        MESSAGE_SIZE_LIMIT=given.limits.message_size_limit,
        DEBUG_USE_SEED_DATA=False,
        DEBUG_ALLOW_SELF_LABELING=given.limits.allow_self_labeling,
        DEBUG_SKIP_EMBEDDING_COMPUTATION=True,
        DEBUG_SKIP_TOXICITY_CALCULATION=True,
        DEBUG_DATABASE_ECHO=False,
        USER_STATS_INTERVAL_DAY=_AT_ONCE,
        USER_STATS_INTERVAL_WEEK=_AT_ONCE,
        USER_STATS_INTERVAL_MONTH=_AT_ONCE,
        USER_STATS_INTERVAL_TOTAL=_AT_ONCE,
    )


class TreeManagerConfiguration(Out):
    """What bounds and steers the growth of trees, as far as the original knew it."""

    max_active_trees: int
    max_initial_prompt_review: int
    max_tree_depth: int
    max_children_count: int
    num_prompter_replies: int
    goal_tree_size: int
    random_goal_tree_size: bool
    min_goal_tree_size: int
    num_reviews_initial_prompt: int
    num_reviews_reply: int
    auto_mod_enabled: bool
    auto_mod_max_skip_reply: int
    auto_mod_red_flags: int
    p_full_labeling_review_prompt: float
    p_full_labeling_review_reply_assistant: float
    p_full_labeling_review_reply_prompter: float
    acceptance_threshold_initial_prompt: float
    acceptance_threshold_reply: float
    num_required_rankings: int
    p_activate_backlog_tree: float
    min_active_rankings_per_lang: int
    labels_initial_prompt: list[TextLabel]
    labels_assistant_reply: list[TextLabel]
    labels_prompter_reply: list[TextLabel]
    mandatory_labels_initial_prompt: list[TextLabel]
    mandatory_labels_assistant_reply: list[TextLabel]
    mandatory_labels_prompter_reply: list[TextLabel]
    rank_prompter_replies: bool
    lonely_children_count: int
    p_lonely_child_extension: float
    recent_tasks_span_sec: int
    max_pending_tasks_per_user: int
    max_prompt_lottery_waiting: int
    init_prompt_disabled_langs: str
    """With commas."""


class Settings(Out):
    """All settings. What the service has no use for is empty, 0 or false."""

    PROJECT_NAME: str
    API_V1_STR: str
    OFFICIAL_WEB_API_KEY: str
    """Masked."""
    AUTH_INFO: Binary
    """As all of AUTH: nobody logs in here."""
    AUTH_SALT: Binary
    AUTH_LENGTH: int
    AUTH_SECRET: Binary
    AUTH_COOKIE_NAME: str
    AUTH_ALGORITHM: str
    AUTH_ACCESS_TOKEN_EXPIRE_MINUTES: int
    AUTH_DISCORD_CLIENT_ID: str
    AUTH_DISCORD_CLIENT_SECRET: str
    POSTGRES_HOST: str
    """As all of POSTGRES and REDIS: there is none."""
    POSTGRES_PORT: str
    POSTGRES_USER: str
    POSTGRES_PASSWORD: str
    POSTGRES_DB: str
    DATABASE_URI: Uri | None
    """Of Neo4j, without name and password."""
    DATABASE_MAX_TX_RETRY_COUNT: int
    RATE_LIMIT: bool
    MESSAGE_SIZE_LIMIT: int
    REDIS_HOST: str
    REDIS_PORT: str
    DEBUG_USE_SEED_DATA: bool
    DEBUG_USE_SEED_DATA_PATH: FilePath
    DEBUG_ALLOW_SELF_LABELING: bool
    DEBUG_ALLOW_SELF_RANKING: bool
    DEBUG_ALLOW_DUPLICATE_TASKS: bool
    DEBUG_SKIP_EMBEDDING_COMPUTATION: bool
    DEBUG_SKIP_TOXICITY_CALCULATION: bool
    DEBUG_DATABASE_ECHO: bool
    DEBUG_IGNORE_TOS_ACCEPTANCE: bool
    DUPLICATE_MESSAGE_FILTER_WINDOW_MINUTES: int
    HUGGING_FACE_API_KEY: str
    ROOT_TOKENS: list[str]
    """Masked, one by one."""
    ENABLE_PROM_METRICS: bool
    BACKEND_CORS_ORIGINS_CSV: str
    BACKEND_CORS_ORIGINS: list[Uri]
    UPDATE_ALEMBIC: bool
    """The schema is always brought up to date."""
    tree_manager: TreeManagerConfiguration
    USER_STATS_INTERVAL_DAY: int
    USER_STATS_INTERVAL_WEEK: int
    USER_STATS_INTERVAL_MONTH: int
    USER_STATS_INTERVAL_TOTAL: int
    USER_STREAK_UPDATE_INTERVAL: int
    """In hours; 1 stands for at once."""
    CACHED_STATS_UPDATE_INTERVAL: int
    """In minutes; 1 stands for at once."""
    RATE_LIMIT_TASK_USER_TIMES: int
    RATE_LIMIT_TASK_USER_MINUTES: int
    RATE_LIMIT_TASK_API_TIMES: int
    RATE_LIMIT_TASK_API_MINUTES: int
    RATE_LIMIT_ASSISTANT_USER_TIMES: int
    RATE_LIMIT_ASSISTANT_USER_MINUTES: int
    RATE_LIMIT_PROMPTER_USER_TIMES: int
    RATE_LIMIT_PROMPTER_USER_MINUTES: int
    TASK_VALIDITY_MINUTES: int
    DATABASE_POOL_SIZE: int
    DATABASE_MAX_OVERFLOW: int
    oa_graph: dict[str, JsonValue]
    """The service's own settings by their own names, secrets masked."""


_LACKING: Mapping[str, object] = {
    **dict.fromkeys(("AUTH_INFO", "AUTH_SALT", "AUTH_SECRET", "AUTH_COOKIE_NAME", "AUTH_ALGORITHM"), ""),
    **dict.fromkeys(("AUTH_LENGTH", "AUTH_ACCESS_TOKEN_EXPIRE_MINUTES"), 0),
    **dict.fromkeys(("AUTH_DISCORD_CLIENT_ID", "AUTH_DISCORD_CLIENT_SECRET", "HUGGING_FACE_API_KEY"), ""),
    **dict.fromkeys(("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"), ""),
    **dict.fromkeys(("REDIS_HOST", "REDIS_PORT", "DEBUG_USE_SEED_DATA_PATH", "BACKEND_CORS_ORIGINS_CSV"), ""),
    "BACKEND_CORS_ORIGINS": [],
    "DATABASE_MAX_OVERFLOW": 0,
    "ENABLE_PROM_METRICS": False,
}
"""Settings of the original for what this service does not do."""


def full_settings(given: settings.Settings, server: settings.Neo4jSettings) -> Settings:
    limits, own = given.limits, given.model_dump(mode="json")  # pydantic masks what is secret
    return Settings.model_validate(
        {
            **_LACKING,
            **public_settings(given).model_dump(),
            **{name.upper(): value for name, value in own.items() if name.startswith("rate_limit")},
            "OFFICIAL_WEB_API_KEY": _MASK,
            "ROOT_TOKENS": [_MASK for _ in given.root_tokens],
            "DATABASE_URI": _without_secrets(server.uri),
            "DATABASE_MAX_TX_RETRY_COUNT": ATTEMPTS,
            "DATABASE_POOL_SIZE": given.pool_size,
            "DEBUG_ALLOW_SELF_RANKING": limits.allow_self_ranking,
            "DEBUG_ALLOW_DUPLICATE_TASKS": limits.allow_duplicate_tasks,
            "DEBUG_IGNORE_TOS_ACCEPTANCE": not limits.enforce_terms,
            "DUPLICATE_MESSAGE_FILTER_WINDOW_MINUTES": ceil(limits.duplicate_window_sec / 60),
            "TASK_VALIDITY_MINUTES": ceil(limits.task_validity_sec / 60),
            "UPDATE_ALEMBIC": True,
            "USER_STREAK_UPDATE_INTERVAL": _AT_ONCE,
            "CACHED_STATS_UPDATE_INTERVAL": _AT_ONCE,
            "tree_manager": _tree_manager(limits),
            "oa_graph": own,
        }
    )


def _tree_manager(limits: model.Limits) -> TreeManagerConfiguration:
    return TreeManagerConfiguration.model_validate(
        {**asdict(limits), "init_prompt_disabled_langs": ",".join(limits.init_prompt_disabled_langs)}
    )


def _without_secrets(uri: str | None) -> str | None:
    if uri is None:
        return None
    parts = urlsplit(uri)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


# ---------- what fails


class OasstErrorResponse(Out):
    """What went wrong. Only the code is meant for programs; the text is for people."""

    message: str
    error_code: int


class ValidationError(Out):
    """One field that cannot be taken."""

    loc: list[str | int]
    """Where it stands: `body`, `query` or `path`, then the way to the field."""
    msg: str
    type: str


class HTTPValidationError(Out):
    """What is wrong with the request."""

    detail: list[ValidationError]
    error_code: int


class HTTPError(Out):
    """The request reached nothing that could answer it."""

    detail: str
    """The phrase of the status."""
    message: str
    """The same."""
    error_code: int


class Health(Out):
    """How the service is."""

    status: Literal["live", "ready"]
