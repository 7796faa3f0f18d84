"""The shapes of the protocol, read strictly: a missing, unknown or misshapen field is an error.

A shape is a dataclass; `read` compares a decoded JSON value with it, field by field, all the way down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

Uuid = Annotated[str, re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
Moment = Annotated[str, re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(?!000000)\d{6})?\+00:00")]
"""With offset, never Z; the fraction is left out when it is zero."""

AuthMethod = Literal["discord", "google", "local", "system"]
TimeFrame = Literal["day", "week", "month", "total"]
Label = Literal[
    "spam", "fails_task", "lang_mismatch", "pii", "not_appropriate", "hate_speech", "sexual_content",
    "moral_judgement", "political_content", "quality", "toxicity", "humor", "helpfulness", "creativity", "violence",
]  # fmt: skip
State = Literal[
    "initial_prompt_review", "prompt_lottery_waiting", "growing", "ranking", "ready_for_scoring", "ready_for_export",
    "scoring_failed", "aborted_low_grade", "halted_by_moderator", "backlog_ranking",
]  # fmt: skip
Emoji = Literal[
    "+1", "-1", "red_flag", "100", "rofl", "clap", "diamond", "heart_eyes", "disappointed", "poop", "skull",
    "_skip_reply", "_skip_ranking", "_skip_labeling",
]  # fmt: skip
RequestType = Literal[
    "random", "initial_prompt", "prompter_reply", "assistant_reply", "rank_prompter_replies", "rank_assistant_replies",
    "label_initial_prompt", "label_prompter_reply", "label_assistant_reply", "summarize_story", "rate_summary",
    "rank_initial_prompts",
]  # fmt: skip
REQUEST_TYPES: frozenset[str] = frozenset(get_args(RequestType))


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEndUser:
    id: str
    display_name: str
    auth_method: AuthMethod
    user_id: Uuid
    enabled: bool
    deleted: bool
    notes: str
    show_on_leaderboard: bool
    created_date: Moment | None
    streak_days: int | None
    streak_last_day_date: Moment | None
    last_activity_date: Moment | None
    tos_acceptance_date: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationMessage:
    id: Uuid | None
    user_id: Uuid | None
    frontend_message_id: str | None
    text: str
    lang: str | None
    is_assistant: bool
    emojis: dict[Emoji, int] | None
    user_emojis: list[Emoji] | None
    user_is_author: bool | None
    synthetic: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    messages: list[ConversationMessage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(ConversationMessage):
    parent_id: Uuid | None
    created_date: Moment | None
    review_result: bool | None
    review_count: int | None
    deleted: bool | None
    edited: bool | None
    model_name: str | None
    message_tree_id: Uuid | None
    ranking_count: int | None
    rank: int | None
    user: FrontEndUser | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTree:
    id: Uuid
    messages: list[Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRevision:
    id: Uuid
    text: str
    message_id: Uuid
    user_id: Uuid | None
    created_date: Moment | None
    user_is_author: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeState:
    message_tree_id: Uuid
    state: State
    goal_tree_size: int
    max_depth: int
    max_children_count: int
    active: bool
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    message_id: Uuid
    processed: bool
    created_date: Moment | None


# Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    prev: str | None
    next: str | None
    sort_key: Literal["created_date"]
    order: Literal["asc", "desc"]
    items: list[Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    prev: str | None
    next: str | None
    sort_key: Literal["username", "display_name"]
    order: Literal["asc"]
    items: list[FrontEndUser]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagPage:
    prev: str | None
    next: str | None
    sort_key: Literal["created_date"]
    order: Literal["asc", "desc"]
    items: list[Flag]


# Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class UserScore:
    rank: int | None
    user_id: Uuid
    highlighted: bool
    username: str
    auth_method: AuthMethod
    display_name: str
    leader_score: int
    level: int
    base_date: Moment | None
    modified_date: Moment | None
    prompts: int
    replies_assistant: int
    replies_prompter: int
    labels_simple: int
    labels_full: int
    rankings_total: int
    rankings_good: int
    accepted_prompts: int
    accepted_replies_assistant: int
    accepted_replies_prompter: int
    reply_ranked_1: int
    reply_ranked_2: int
    reply_ranked_3: int
    streak_last_day_date: Moment | None
    streak_days: int | None
    last_activity_date: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    time_frame: TimeFrame
    last_updated: Moment
    leaderboard: list[UserScore]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrollScore:
    rank: int | None
    user_id: Uuid
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
    spam: int
    lang_mismach: int  # as the protocol writes it
    not_appropriate: int
    pii: int
    hate_speech: int
    sexual_content: int
    political_content: int
    quality: float | None
    humor: float | None
    toxicity: float | None
    violence: float | None
    helpfulness: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trollboard:
    time_frame: TimeFrame
    last_updated: Moment
    trollboard: list[TrollScore]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStats:
    all: int
    active: int
    deleted: int
    message_trees: int
    active_by_lang: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeCount:
    message_tree_id: Uuid
    state: State
    depth: int
    oldest: Moment
    youngest: Moment
    count: int
    goal_tree_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeManagerStats:
    state_counts: dict[State, int]
    message_counts: list[TreeCount]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateOfLanguage:
    lang: str
    state: State
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedStats:
    name: str
    last_updated: Moment
    stats: object


@dataclass(frozen=True, slots=True, kw_only=True)
class AllCachedStats:
    stats_by_name: dict[str, CachedStats]


CACHED: Mapping[str, object] = {
    "human_messages_by_lang": dict[str, int],
    "human_messages_by_role": dict[Literal["prompter", "assistant"], int],
    "message_trees_by_state": dict[State, int],
    "message_trees_states_by_lang": list[StateOfLanguage],
    "users_accepted_tos": Accepted,
}
"""What `stats` is, by the name of the statistic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSettings:
    PROJECT_NAME: str
    API_V1_STR: str
    MESSAGE_SIZE_LIMIT: int
    DEBUG_USE_SEED_DATA: bool
    DEBUG_ALLOW_SELF_LABELING: bool
    DEBUG_SKIP_EMBEDDING_COMPUTATION: bool
    DEBUG_SKIP_TOXICITY_CALCULATION: bool
    DEBUG_DATABASE_ECHO: bool
    USER_STATS_INTERVAL_DAY: int
    USER_STATS_INTERVAL_WEEK: int
    USER_STATS_INTERVAL_MONTH: int
    USER_STATS_INTERVAL_TOTAL: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    before: SystemStats
    after: SystemStats
    preview: bool
    duration: float


# Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDescription:
    name: Label
    widget: Literal["yes_no", "flag", "likert"]
    display_text: str
    help_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidLabels:
    valid_labels: list[LabelDescription]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone:
    id: Uuid
    type: Literal["task_done"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGuideline:
    id: Uuid
    version: int
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    id: Uuid
    guideline: TaskGuideline | None
    lease_until: Moment | None
    expires: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialPrompt(_Task):
    type: Literal["initial_prompt"]
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrompterReply(_Task):
    type: Literal["prompter_reply"]
    conversation: Conversation
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantReply(_Task):
    type: Literal["assistant_reply"]
    conversation: Conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class RankReplies(_Task):
    type: Literal["rank_prompter_replies", "rank_assistant_replies"]
    conversation: Conversation
    reply_messages: list[ConversationMessage]
    replies: list[str]
    message_tree_id: Uuid
    ranking_parent_id: Uuid
    reveal_synthetic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RankPrompts(_Task):
    type: Literal["rank_initial_prompts"]
    prompts: list[str]
    prompt_messages: list[ConversationMessage]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Review(_Task):
    conversation: Conversation
    message_id: Uuid
    valid_labels: list[Label]
    mandatory_labels: list[Label] | None
    mode: Literal["simple", "full"] | None
    disposition: Literal["quality", "spam"] | None
    labels: list[LabelDescription] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPrompt(_Review):
    type: Literal["label_initial_prompt"]
    prompt: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReply(_Review):
    type: Literal["label_prompter_reply", "label_assistant_reply"]
    reply: str | None


LabelTask = LabelPrompt | LabelReply
RankTask = RankReplies | RankPrompts
TextTask = InitialPrompt | PrompterReply | AssistantReply
Task = InitialPrompt | PrompterReply | AssistantReply | RankReplies | RankPrompts | LabelPrompt | LabelReply
Given = Task | TaskDone
"""What the service may give; any other type is an error."""


def task(value: object) -> Task:
    """A task that is complete and agrees with itself."""
    task: Task = read(Task, value)
    _check(task)
    return task


def thread(task: Task) -> list[ConversationMessage]:
    """What was said before, root first; nothing for prompts."""
    return [] if isinstance(task, (InitialPrompt, RankPrompts)) else task.conversation.messages


def shown(task: RankTask) -> list[ConversationMessage]:
    """The candidates of a ranking, in their order."""
    return task.reply_messages if isinstance(task, RankReplies) else task.prompt_messages


def _check(task: Task) -> None:
    if isinstance(task, InitialPrompt):
        return
    if isinstance(task, RankPrompts):
        assert task.prompts == [message.text for message in task.prompt_messages]
        return
    messages = task.conversation.messages
    assert [message.is_assistant for message in messages] == [place % 2 == 1 for place in range(len(messages))], (
        "roles alternate"
    )
    last = messages[-1]
    if isinstance(task, (PrompterReply, AssistantReply)):
        assert last.is_assistant == isinstance(task, PrompterReply)
    elif isinstance(task, RankReplies):
        _check_ranking(task, messages)
    else:
        _check_review(task, last)


def _check_ranking(task: RankReplies, messages: list[ConversationMessage]) -> None:
    assert task.replies == [message.text for message in task.reply_messages]
    assert (task.ranking_parent_id, task.message_tree_id) == (messages[-1].id, messages[0].id)
    assert {message.is_assistant for message in task.reply_messages} == {task.type == "rank_assistant_replies"}
    if not task.reveal_synthetic:
        assert {message.synthetic for message in task.reply_messages} == {None}


def _check_review(task: LabelTask, last: ConversationMessage) -> None:
    assert last.id == task.message_id
    assert last.is_assistant == (task.type == "label_assistant_reply")
    assert last.text == (task.prompt if isinstance(task, LabelPrompt) else task.reply)
    if isinstance(task, LabelPrompt):
        assert len(task.conversation.messages) == 1
    assert task.labels is not None, "the website needs them"
    assert [label.name for label in task.labels] == task.valid_labels
    assert set(task.mandatory_labels or ()) <= set(task.valid_labels)


# Reading


class Misshapen(AssertionError):
    """A value is not what its shape says."""


def read(shape: Any, value: object, at: str = "it") -> Any:
    """`value` as `shape` says; `at`: where it stands, for the message. Raises Misshapen."""
    if is_dataclass(shape):
        return _object(cast("type[Any]", shape), value, at)
    origin = get_origin(shape)
    if origin is Annotated:
        _, pattern = get_args(shape)
        _must(isinstance(value, str) and pattern.fullmatch(value), shape, value, at)
        return value
    if origin is Literal:
        _must(isinstance(value, str) and value in get_args(shape), shape, value, at)
        return value
    if origin in (Union, UnionType):
        return _union(get_args(shape), value, at)
    if origin is list:
        _must(isinstance(value, list), shape, value, at)
        (item_shape,) = get_args(shape)
        return [read(item_shape, item, f"{at}[{place}]") for place, item in enumerate(cast("list[object]", value))]
    if origin is dict:
        _must(isinstance(value, dict), shape, value, at)
        name, item_shape = get_args(shape)
        return {
            read(name, key, f"a name of {at}"): read(item_shape, item, f"{at}[{key!r}]")
            for key, item in cast("dict[str, object]", value).items()
        }
    return _plain(shape, value, at)


def _plain(shape: Any, value: object, at: str) -> object:
    if shape is object:
        return value
    if shape in (int, float):  # a JSON number without a fraction may stand for a float; true is no number
        _must(isinstance(value, (int, shape)) and not isinstance(value, bool), shape, value, at)
    else:
        _must(isinstance(value, shape), shape, value, at)
    return value


def _object(shape: type[Any], value: object, at: str) -> Any:
    _must(isinstance(value, dict), shape, value, at)
    body = cast("dict[str, object]", value)
    names = [field.name for field in fields(shape)]
    missing, unknown = sorted(set(names) - set(body)), sorted(set(body) - set(names))
    if missing or unknown:
        raise Misshapen(f"{at}: a {shape.__name__} with missing {missing} and unknown {unknown}")
    hints = _hints(shape)
    return shape(**{name: read(hints[name], body[name], f"{at}.{name}") for name in names})


def _union(shapes: tuple[Any, ...], value: object, at: str) -> Any:
    rest = [member for member in shapes if member is not NoneType]
    if value is None and len(rest) < len(shapes):
        return None
    if len(rest) == 1:
        return read(rest[0], value, at)
    _must(isinstance(value, dict), shapes, value, at)
    kind = cast("dict[str, object]", value).get("type")
    for member in rest:
        if kind in get_args(_hints(member)["type"]):
            return read(member, value, at)
    raise Misshapen(f"{at}: the type {kind!r} is not known")


@cache
def _hints(shape: type[Any]) -> dict[str, Any]:
    return get_type_hints(shape, include_extras=True)


def _must(holds: object, shape: object, value: object, at: str) -> None:
    if not holds:
        raise Misshapen(f"{at}: {value!r} is no {getattr(shape, '__name__', shape)}")
