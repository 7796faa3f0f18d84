"""Conversations and prompts in the forms in which people share them, as trees.

    {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Name a prime."},
                  {"role": "assistant", "content": "Seven."}]}
    {"conversations": [{"from": "human", "value": "Name a prime."}, {"from": "gpt", "value": "Seven."}]}
    {"prompt": "Name a prime."}          or the bare text on a line, or that as a JSON string

Such messages have no ids, so they are given some that follow from what was said: from the text and from all that
stands above. The same file therefore brings the same ids each time, and conversations that begin with the same words
are branches of one tree.

A system message is no post, for people are not asked to answer it: it is kept as the field `system` of the tree, and
conversations under different ones are different trees. Fields that say nothing to us are kept beside the message that
they stand with, as `message`, and those of the whole conversation with its last message, as `chat`. Judgements are
never kept like that: a row that has some is refused here, and taken by `preferences`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from oa_graph.datasets import oasst
from oa_graph.datasets.rejects import InvalidRecord, RejectReason, not_utf8
from oa_graph.domain.posts import DEPTH_CAP, Role
from oa_graph.domain.trees import TreeState
from oa_graph.graph.datasets import DatasetPost, DatasetTree
from oa_graph.language import TAG_RULE, is_tag, normalized

_NAMESPACE = uuid5(NAMESPACE_URL, "oa-graph:chats")

_ROLES: Mapping[str, Role | None] = {
    "system": None,
    "developer": None,
    "user": Role.PROMPTER,
    "human": Role.PROMPTER,
    "prompter": Role.PROMPTER,
    "assistant": Role.ASSISTANT,
    "gpt": Role.ASSISTANT,
    "chatgpt": Role.ASSISTANT,
    "bing": Role.ASSISTANT,
    "bard": Role.ASSISTANT,
    "model": Role.ASSISTANT,
}
"""None: a system message."""

PROMPT_FIELDS = ("prompt", "text", "instruction")
MESSAGE_FIELDS = ("messages", "conversations", "conversation")
MODEL_FIELDS = ("model", "model_name")
_ROLE_FIELDS = ("role", "from", "user")
_TEXT_FIELDS = ("content", "value", "text")
_JUDGEMENTS = (
    "chosen", "rejected", "chosen_response", "rejected_response", "completions", "label", "scores", "score_chosen",
    "score_rejected",
)  # fmt: skip
"""Fields that say which replies are better."""
_JUDGED_ROWS = (
    "preference takes prompt, chosen and rejected; ranked takes prompt, completions and scores; "
    "kto takes prompt, completion and label"
)
_LEFT_OUT = frozenset({"created_date"})
"""When something was said is not known; that it came here is no answer."""
_BY_NOBODY = frozenset({"created_date", "synthetic"})


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of a conversation; a role of None is that of a system message."""

    role: Role | None
    text: str
    extra: Mapping[str, object] = field(default_factory=dict[str, object])
    model: str | None = None
    """The model that wrote it, where that is not the one of the whole conversation."""


def chat_of(fields: dict[str, Any], *, lang: str, origin: str | None) -> DatasetTree:
    """Return the tree of one conversation, a single branch. `lang` is the default language. Raise InvalidRecord."""
    messages, taken = _messages(fields)
    extra = without(fields, taken)
    return branch([*take_system(extra), *parse_turns(messages)], extra, lang=lang, origin=origin)


def prompt_of(fields: dict[str, Any], *, lang: str, origin: str | None) -> DatasetTree:
    """Return the tree of a prompt that is a field of an object. Raise InvalidRecord."""
    name = next((name for name in PROMPT_FIELDS if isinstance(fields.get(name), str)), None)
    if name is None:
        raise InvalidRecord(RejectReason.WRONG_SHAPE, f"none of {', '.join(PROMPT_FIELDS)} is a text")
    text, taken = prompt_text(fields, name)
    return _prompt(text, without(fields, taken), lang=lang, origin=origin)


def prompt_in(line: bytes, *, lang: str, origin: str | None) -> DatasetTree:
    """Return the tree of a prompt that is a line of text. Raise InvalidRecord."""
    try:
        text = line.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise not_utf8(error) from error
    string = json_string(text)
    if string is not None:
        text = string.strip()
    oasst.check_texts(text)
    return _prompt(text, {}, lang=lang, origin=origin)


def json_string(line: str) -> str | None:
    """Return the text of a line that is only a JSON string; otherwise None."""
    try:
        value: object = json.loads(line) if line.startswith('"') else None
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def prompt_text(fields: Mapping[str, Any], name: str) -> tuple[str, set[str]]:
    """Return the text of the prompt in this field, and the names of the fields that contribute to it."""
    if name == "instruction" and isinstance(fields.get("input"), str):  # what it is to be done with
        return f"{fields[name]}\n\n{fields['input']}", {name, "input"}
    return str(fields[name]), {name}


def _prompt(text: str, extra: dict[str, object], *, lang: str, origin: str | None) -> DatasetTree:
    tree = branch([Turn(Role.PROMPTER, text.strip())], extra, lang=lang, origin=origin)
    return replace(tree, state=TreeState.PROMPT_LOTTERY_WAITING)


def _messages(fields: dict[str, Any]) -> tuple[list[Any], set[str]]:
    """Return the messages of a conversation, and the names of the fields that hold them."""
    for name in MESSAGE_FIELDS:
        if isinstance(fields.get(name), list):
            return fields[name], {name}
    prompt, completion = fields.get("prompt"), fields.get("completion")  # as trainers take it: both apart
    if isinstance(prompt, list) and completion is None:
        return cast("list[Any]", prompt), {"prompt"}
    if isinstance(prompt, list) and isinstance(completion, list):
        return [*cast("list[Any]", prompt), *cast("list[Any]", completion)], {"prompt", "completion"}
    if isinstance(prompt, str) and isinstance(completion, str):
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": completion}]
        return turns, {"prompt", "completion"}
    raise InvalidRecord(RejectReason.WRONG_SHAPE, "it has no list of messages")


def take_system(extra: dict[str, object]) -> list[Turn]:
    """Remove the system message from its field and return it; return an empty list if there is none."""
    text = str(extra.pop("system")).strip() if isinstance(extra.get("system"), str) else ""
    return [Turn(None, text)] if text else []


def parse_turns(messages: Sequence[Any]) -> list[Turn]:
    """Return the turns of a list of messages, without empty system messages. Raise InvalidRecord."""
    return [turn for turn in map(_turn, messages, count(1)) if turn.text]


def _turn(message: Any, place: int) -> Turn:
    if not isinstance(message, dict):
        raise InvalidRecord(RejectReason.WRONG_SHAPE, f"message {place} is not a JSON object")
    fields = cast("dict[str, Any]", message)
    speaker = next((name for name in _ROLE_FIELDS if isinstance(fields.get(name), str)), None)
    if speaker is None:
        raise InvalidRecord(RejectReason.WRONG_SHAPE, f"message {place} has no role")
    name = str(fields[speaker]).strip().lower()
    if name not in _ROLES:
        raise InvalidRecord(
            RejectReason.WRONG_ROLE, f"message {place} has the role {fields[speaker]}, which no post can have"
        )
    where = next((name for name in _TEXT_FIELDS if fields.get(name) is not None), None)
    text = "" if where is None else _text(fields[where], place).strip()
    if not text and _ROLES[name] is not None:  # a system message without one is none
        raise InvalidRecord(RejectReason.EMPTY_TEXT, f"message {place} has an empty text")
    return Turn(_ROLES[name], text, without(fields, {speaker, where or ""}))


def _text(content: object, place: int) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = cast("list[Any]", content)
        texts = [part.get("text") if isinstance(part, dict) else part for part in parts]  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType] - any JSON
        if all(isinstance(text, str) for text in texts):  # pyright: ignore[reportUnknownVariableType] - as above
            return "\n".join(cast("list[str]", texts))
    raise InvalidRecord(RejectReason.WRONG_SHAPE, f"message {place} has content other than text")


def without(fields: Mapping[str, Any], taken: Collection[str]) -> dict[str, object]:
    """Return the fields that have a value, except for those in `taken`."""
    return {name: value for name, value in fields.items() if name not in taken and value is not None}


def branch(turns: Sequence[Turn], extra: dict[str, object], *, lang: str, origin: str | None) -> DatasetTree:
    """Return a finished tree with one branch; `extra` holds other fields of the conversation. Raise InvalidRecord."""
    if judgements := [name for name in _JUDGEMENTS if name in extra]:
        raise InvalidRecord(RejectReason.WRONG_SHAPE, f"{', '.join(judgements)} would be lost; {_JUDGED_ROWS}")
    lang = _lang(extra, lang)
    model = next((str(extra.pop(name)) for name in MODEL_FIELDS if isinstance(extra.get(name), str)), None)
    system = [turn for turn in turns if turn.role is None]
    spoken = [turn for turn in turns if turn.role is not None]
    if system and (len(system) > 1 or turns[0].role is not None):
        raise InvalidRecord(RejectReason.WRONG_ROLE, "a system message that is not the first message")
    if not spoken:
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "it has no message of a prompter or an assistant")
    if len(spoken) > DEPTH_CAP + 1:
        raise InvalidRecord(RejectReason.TOO_DEEP, f"more than {DEPTH_CAP + 1} messages")
    above = uuid5(_NAMESPACE, system[0].text) if system else _NAMESPACE
    posts: list[DatasetPost] = []
    for depth, turn in enumerate(spoken):
        last = depth + 1 == len(spoken)
        above = _add(posts, turn, above, lang=lang, model=turn.model or model, chat=extra if last else {})
    return DatasetTree(
        id=posts[0].id,
        state=TreeState.READY_FOR_EXPORT,
        posts=posts,
        origin=origin,
        extra=json.dumps({"system": system[0].text}) if system else None,
    )


def _add(
    posts: list[DatasetPost], turn: Turn, above: UUID, *, lang: str, model: str | None, chat: Mapping[str, object]
) -> UUID:
    depth = len(posts)
    role = Role.ASSISTANT if depth % 2 else Role.PROMPTER
    if turn.role is not role:
        who = "the prompter and the assistant take turns, and the prompter begins"
        raise InvalidRecord(
            RejectReason.WRONG_ROLE, f"message {depth + 1} after any system message is the {turn.role}'s; {who}"
        )
    if not turn.text:
        raise InvalidRecord(RejectReason.EMPTY_TEXT, "an empty text")
    id = uuid5(above, turn.text)
    extra = {name: value for name, value in (("message", turn.extra), ("chat", chat)) if value}
    by_model = model is not None and role is Role.ASSISTANT
    posts.append(
        DatasetPost(
            id=str(id),
            parent=posts[-1].id if posts else None,
            role=role,
            text=turn.text,
            lang=lang,
            depth=depth,
            position=0,
            accepted=True,
            synthetic=by_model,
            model_name=model if by_model else None,
            left_out=_LEFT_OUT if by_model else _BY_NOBODY,
            extra=json.dumps(extra) if extra else None,
        )
    )
    return id


def _lang(extra: dict[str, object], default: str) -> str:
    lang = extra.pop("lang", default)
    if not isinstance(lang, str) or not is_tag(lang):
        raise InvalidRecord(RejectReason.UNKNOWN_LANGUAGE, f"{lang!r} is not a language tag ({TAG_RULE})")
    return normalized(lang)
