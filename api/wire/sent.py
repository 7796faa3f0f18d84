"""What comes in: the bodies of requests. Each knows how to become a value of `oa_graph.model`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, cast
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
)
from pydantic_core import PydanticCustomError

from oa_graph import model
from oa_graph.api.wire.base import DEFAULT_LANG, FrontendId, In, Index, Lang, Name, Share, Short, Text, without_null
from oa_graph.errors import AnswerWithoutTask, UserNotSpecified
from oa_graph.model import AuthMethod, EmojiCode, EmojiOp, NoTaskReason, Person, TaskKind, TextLabel
from oa_graph.policy import nothing_to_do


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
    """A BCP 47 tag, in any case, with `-` or `_`; missing or empty means `en`."""

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
            raise nothing_to_do.error(NoTaskReason.IDLE, kind=asked.value, lang=lang)
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
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(without_null)]
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


def _map(value: object) -> object:
    """The website reports a message with `"labels": []`."""
    return {} if value == [] else value


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
    """The task that this answers; without one it is a remark, and a task for this message stays open."""
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
    new_content: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(without_null)]


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
    analyst: bool = False
    """May send statements to `POST /cypher`."""
    admin_email: Short | None = None
    capabilities: list[Short] = Field(default=[])
    """Task kinds beyond the original's that this frontend can show, such as `rank_initial_prompts`."""

    def client(self, id: str) -> model.Client:
        return model.Client(
            id=id,
            description=self.description,
            admin_email=self.admin_email,
            trusted=self.trusted,
            analyst=self.analyst,
            frontend_type=self.frontend_type,
            capabilities=tuple(self.capabilities),
        )


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
