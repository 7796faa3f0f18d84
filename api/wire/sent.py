"""What comes in: the bodies of requests. Each knows how to become a value of `oa_graph.domain`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, cast
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from oa_graph.api.wire.base import DEFAULT_LANG, FrontendId, In, Index, Lang, Name, Share, Short, Text, without_null
from oa_graph.domain import tasks, users
from oa_graph.domain.posts import EmojiCode, EmojiOp, TextLabel
from oa_graph.domain.tasks import NoTaskReason, TaskKind
from oa_graph.domain.users import AuthMethod, UserIdentity
from oa_graph.errors import AnswerWithoutTask, UserNotSpecified
from oa_graph.policy import nothing_to_do
from oa_graph.policy.nothing_to_do import NothingFound


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
    DECIDE_END = "decide_end"


class User(In):
    """A user as the frontend names the user. Unknown users are created."""

    id: Annotated[Name, Field(examples=["4711"])]
    """The frontend's own name for the user, such as a Discord id."""
    display_name: Annotated[Short, Field(examples=["Ada"])]
    auth_method: AuthMethod

    @property
    def named(self) -> str:
        """As `X-OASST-USER` would name the user."""
        return f"{self.auth_method}:{self.id}"

    def identity(self) -> UserIdentity:
        return UserIdentity(method=self.auth_method, name=self.id, display_name=self.display_name)


def someone(user: User | None) -> UserIdentity:
    """Return the user that `user` names. Raise UserNotSpecified."""
    if user is None:
        raise UserNotSpecified
    return user.identity()


class TaskRequest(In):
    """Asks for a task."""

    type: TaskRequestType = TaskRequestType.RANDOM
    user: User | None = None
    """The person who will do it; without one the request is refused with code 4000."""
    collective: bool = False
    """Many users may answer until the task is closed."""
    lang: Lang | None = None
    """A BCP 47 tag, in any case, with `-` or `_`; missing or empty means `en`."""
    langs: Annotated[list[Lang] | None, Field(min_length=1, max_length=10, examples=[["de", "en"]])] = None
    """Languages in order of preference, instead of `lang`: the first one in which there is a task counts."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages to try, in order."""
        return tuple(lang or DEFAULT_LANG for lang in self.langs or [self.lang or DEFAULT_LANG])

    def identity(self) -> UserIdentity:
        """Return the user. Raise UserNotSpecified."""
        return someone(self.user)

    def kind(self, *, now: datetime) -> TaskKind | None:
        """Return the kind of task, None for any. Raise NothingToHandOut for kinds that exist no longer."""
        match self.type:
            case TaskRequestType.RANDOM:
                return None
            case TaskRequestType.SUMMARIZE_STORY | TaskRequestType.RATE_SUMMARY:
                idle = [NothingFound(lang, NoTaskReason.IDLE) for lang in self.languages]
                raise nothing_to_do.no_task_error(idle, kind=self.type.value, now=now)
            case _:
                return TaskKind(self.type.value)


class TaskAck(In):
    """The frontend took the task and names it."""

    message_id: FrontendId
    """An id of the frontend's own making; the answer names the task by it."""
    message_ids: list[FrontendId] = Field(default=[], max_length=100)
    """Further such ids, for a frontend that shows the task in several messages. Each of them finds the task."""


class TaskNAck(In):
    """The task will not be done."""

    reason: Annotated[Text, StringConstraints(max_length=512)] | None = None


class TaskClose(In):
    """A collective task takes no more answers."""

    message_id: FrontendId
    """The id given in the ack."""


_MessageId = Annotated[FrontendId | None, Field(description="An id given in the ack. Needed without `task_id`.")]
_TaskId = Annotated[UUID | None, Field(description="The id of the task. With `message_id`, this one counts.")]


class _Answer(In):
    """An answer that names its task by `task_id`, or by a `message_id` given in the ack."""

    @model_validator(mode="after")
    def _has_id(self) -> Self:
        if getattr(self, "task_id", None) is None and getattr(self, "message_id", None) is None:
            raise PydanticCustomError("no_id", "`message_id` or `task_id` is required")
        return self


def _named(answer: TextReplyToMessage | MessageRanking | EndVote) -> dict[str, str | None]:
    """Return what names the task of an answer."""
    return {"task": str(answer.task_id), "ack": None} if answer.task_id else {"task": None, "ack": answer.message_id}


class TextReplyToMessage(_Answer):
    """Answers `initial_prompt`, `prompter_reply` and `assistant_reply`."""

    type: Literal["text_reply_to_message"] = "text_reply_to_message"
    user: User
    message_id: _MessageId = None
    task_id: _TaskId = None
    user_message_id: FrontendId
    """A new id for the message that this creates, unique within the API client."""
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(without_null)]
    lang: Lang | None = None
    """Missing or empty: the language of the message replied to."""
    ends_conversation: bool | None = None
    """The author says that the conversation ends here. Users then vote on that."""

    def answer(self) -> tasks.TextAnswer:
        return tasks.TextAnswer(
            frontend_id=self.user_message_id,
            text=self.text,
            lang=self.lang or None,
            ends=bool(self.ends_conversation),
            **_named(self),
        )


class MessageRating(In):
    """Obsolete: no task is answered by a rating."""

    type: Literal["message_rating"] = "message_rating"
    user: User
    message_id: FrontendId
    rating: Annotated[int, Field(gt=0)]

    def answer(self) -> tasks.Answer:
        raise AnswerWithoutTask(id=self.message_id)


class MessageRanking(_Answer):
    """Answers the `rank_…` tasks."""

    type: Literal["message_ranking"] = "message_ranking"
    user: User
    message_id: _MessageId = None
    task_id: _TaskId = None
    ranking: Annotated[list[Index], Field(min_length=1, examples=[[2, 0, 1]])]
    """Place by place the index of the message put there, best first."""
    not_rankable: bool | None = None
    """All candidates are wrong."""

    def answer(self) -> tasks.RankingAnswer:
        return tasks.RankingAnswer(order=tuple(self.ranking), not_rankable=bool(self.not_rankable), **_named(self))


def _map(value: object) -> object:
    """The website reports a message with `"labels": []`."""
    return {} if value == [] else value


class TextLabels(_Answer):
    """Answers the `label_…` tasks, or is a remark or a report when it names no task."""

    type: Literal["text_labels"] = "text_labels"
    user: User
    text: Text
    """A remark; of a report the reason. May be empty."""
    labels: Annotated[dict[TextLabel, Share], BeforeValidator(_map), Field(examples=[{"spam": 0, "quality": 0.75}])]
    """From 0 to 1, whatever the widget."""
    message_id: UUID | None = None
    """The labelled message, not the id given in the ack. Needed without `task_id`."""
    task_id: UUID | None = None
    """The task that this answers; without one it is a remark, and a task for this message stays open."""
    is_report: bool | None = None

    def answer(self) -> tasks.LabelAnswer:
        return tasks.LabelAnswer(
            task=str(self.task_id) if self.task_id else None,
            post=str(self.message_id) if self.message_id else None,
            text=self.text,
            labels={name.value: value for name, value in self.labels.items()},
            is_report=bool(self.is_report),
        )


class EndVote(_Answer):
    """Answers `decide_end`."""

    type: Literal["end_vote"]
    user: User
    message_id: _MessageId = None
    task_id: _TaskId = None
    ends_conversation: bool
    """Whether the conversation ends with its last message."""

    def answer(self) -> tasks.EndVoteAnswer:
        return tasks.EndVoteAnswer(ends=self.ends_conversation, **_named(self))


INTERACTIONS = ("text_reply_to_message", "message_rating", "message_ranking", "text_labels", "end_vote")
_TELLING = {"rating": "message_rating", "ranking": "message_ranking", "labels": "text_labels"}


def _interaction(value: object) -> object:
    """`type` has a default in each shape, so it may be left out; then the fields tell."""
    if not isinstance(value, dict):
        return None
    fields = cast("dict[str, object]", value)
    kinds = (kind for field, kind in _TELLING.items() if field in fields)
    return fields.get("type") or next(kinds, "text_reply_to_message")


Interaction = Annotated[
    Annotated[TextReplyToMessage, Tag("text_reply_to_message")]
    | Annotated[MessageRating, Tag("message_rating")]
    | Annotated[MessageRanking, Tag("message_ranking")]
    | Annotated[TextLabels, Tag("text_labels")]
    | Annotated[EndVote, Tag("end_vote")],
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
        """The settings that were sent, named as in `users.User`."""
        sent = self.model_fields_set
        return {
            name: value
            for name in ("enabled", "show_on_leaderboard", "notes")
            if name in sent and (value := getattr(self, name)) is not None
        }

    @property
    def accepts_terms(self) -> bool:
        """Whether the user accepts the terms now."""
        return bool(self.tos_acceptance)


class MessageEmojiRequest(In):
    """Gives a message a reaction, or takes it back."""

    user: User
    op: EmojiOp = EmojiOp.TOGGLE
    emoji: EmojiCode


class EditMessageRequest(In):
    """Gives a message another text."""

    user: User
    """The editor."""
    new_content: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(without_null)]


class GuidelineText(In):
    """The text of a guideline."""

    text: str
    """Markdown, at most 20,000 characters. The first paragraph that is no heading is what tasks carry."""


class OwnMessageText(In):
    """Another text for a message of the user's own."""

    text: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1),
        AfterValidator(without_null),
        Field(json_schema_extra={"pattern": r"\S"}),
    ]
    """Not only white space, which is removed on both sides."""


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
                "itself", "`destination_user_id` is among them; a user cannot be merged into the same user"
            )
        return value


class CreateApiClientRequest(In):
    """Admits a frontend application."""

    description: Short
    frontend_type: Annotated[Short, Field(examples=["web", "bot"])]
    trusted: bool = False
    analyst: bool = False
    """May send statements to `POST /cypher`."""
    admin_email: Short | None = None
    capabilities: list[Short] = Field(default=[])
    """What this frontend can show beyond the original's frontends, such as `rank_initial_prompts` or `end_vote`."""
    writes_as_model: Short | None = None
    """The language model whose texts this client brings: they have no author, and it gets nothing to judge."""

    def client(self) -> users.ApiClient:
        """Return the client, without an id."""
        return users.ApiClient(
            id="",
            description=self.description,
            admin_email=self.admin_email,
            trusted=self.trusted,
            analyst=self.analyst,
            frontend_type=self.frontend_type,
            capabilities=tuple(self.capabilities),
            writes_as_model=self.writes_as_model or None,
        )


class ChangeApiClientRequest(In):
    """Changes of an API client; what is missing stays."""

    enabled: bool | None = None
    trusted: bool | None = None
    analyst: bool | None = None
    """May send statements to `POST /cypher`."""
    capabilities: list[Short] | None = None
    """All capabilities that it has from now on."""

    def changes(self) -> users.ClientChanges:
        return users.ClientChanges(
            enabled=self.enabled,
            trusted=self.trusted,
            analyst=self.analyst,
            capabilities=None if self.capabilities is None else tuple(self.capabilities),
        )


class QueryRequest(In):
    """The parameters of a saved query."""

    model_config = ConfigDict(coerce_numbers_to_str=False)

    parameters: Annotated[dict[str, Any], Field(examples=[{"lang": "en", "limit": 100}])] = Field(default={})
    """By name; those that are missing are null."""


class CypherRequest(In):
    """A statement of an analyst."""

    model_config = ConfigDict(coerce_numbers_to_str=False)

    statement: Annotated[
        str,
        Field(examples=["MATCH (post:Post) WHERE post.lang = $lang RETURN post.id AS id, post.text AS text LIMIT 3"]),
    ]
    """One Cypher statement that only reads."""
    parameters: Annotated[dict[str, Any], Field(examples=[{"lang": "en"}])] = Field(default={})
    """The values of its `$names`."""
