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

from oa_graph.exchange import oasst
from oa_graph.exchange.refusals import Reason, Unfit, not_utf8
from oa_graph.graph.exchange import FiledPost, FiledTree
from oa_graph.language import TAG_RULE, is_tag, normalized
from oa_graph.model import DEPTH_CAP, Role, TreeState

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


def chat_of(fields: dict[str, Any], *, lang: str, origin: str | None) -> FiledTree:
    """The tree of one conversation, a single branch. `lang`: unless it says. Raises Unfit."""
    messages, taken = _messages(fields)
    extra = without(fields, taken)
    return branch([*take_system(extra), *turns_of(messages)], extra, lang=lang, origin=origin)


def prompt_of(fields: dict[str, Any], *, lang: str, origin: str | None) -> FiledTree:
    """The tree of one prompt that is a field of an object. Raises Unfit."""
    name = next((name for name in PROMPT_FIELDS if isinstance(fields.get(name), str)), None)
    if name is None:
        raise Unfit(Reason.WRONG_SHAPE, f"none of {', '.join(PROMPT_FIELDS)} is a text")
    text, taken = prompt_text(fields, name)
    return _prompt(text, without(fields, taken), lang=lang, origin=origin)


def prompt_in(line: bytes, *, lang: str, origin: str | None) -> FiledTree:
    """The tree of one prompt that is a line of text. Raises Unfit."""
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
    """The text of a line that is a JSON string and nothing else; None: it is not."""
    try:
        value: object = json.loads(line) if line.startswith('"') else None
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def prompt_text(fields: Mapping[str, Any], name: str) -> tuple[str, set[str]]:
    """The text of a prompt that is this field, and the names of the fields that it was made of."""
    if name == "instruction" and isinstance(fields.get("input"), str):  # what it is to be done with
        return f"{fields[name]}\n\n{fields['input']}", {name, "input"}
    return str(fields[name]), {name}


def _prompt(text: str, extra: dict[str, object], *, lang: str, origin: str | None) -> FiledTree:
    tree = branch([Turn(Role.PROMPTER, text.strip())], extra, lang=lang, origin=origin)
    return replace(tree, state=TreeState.PROMPT_LOTTERY_WAITING)


def _messages(fields: dict[str, Any]) -> tuple[list[Any], set[str]]:
    """The messages of a conversation, and the names of the fields that they were found in."""
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
    raise Unfit(Reason.WRONG_SHAPE, "no list of messages in it")


def take_system(extra: dict[str, object]) -> list[Turn]:
    """Takes the system message out of a field of its own; none where there is no such field, or nothing in it."""
    text = str(extra.pop("system")).strip() if isinstance(extra.get("system"), str) else ""
    return [Turn(None, text)] if text else []


def turns_of(messages: Sequence[Any]) -> list[Turn]:
    """The turns of a list of messages, without system messages that are empty. Raises Unfit."""
    return [turn for turn in map(_turn, messages, count(1)) if turn.text]


def _turn(message: Any, place: int) -> Turn:
    if not isinstance(message, dict):
        raise Unfit(Reason.WRONG_SHAPE, f"message {place} is not a JSON object")
    fields = cast("dict[str, Any]", message)
    speaker = next((name for name in _ROLE_FIELDS if isinstance(fields.get(name), str)), None)
    if speaker is None:
        raise Unfit(Reason.WRONG_SHAPE, f"message {place} does not say who speaks")
    name = str(fields[speaker]).strip().lower()
    if name not in _ROLES:
        raise Unfit(Reason.WRONG_ROLE, f"message {place} has the role {fields[speaker]}, which no post can have")
    where = next((name for name in _TEXT_FIELDS if fields.get(name) is not None), None)
    text = "" if where is None else _text(fields[where], place).strip()
    if not text and _ROLES[name] is not None:  # a system message without one is none
        raise Unfit(Reason.EMPTY_TEXT, f"message {place} has an empty text")
    return Turn(_ROLES[name], text, without(fields, {speaker, where or ""}))


def _text(content: object, place: int) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = cast("list[Any]", content)
        texts = [part.get("text") if isinstance(part, dict) else part for part in parts]  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType] - any JSON
        if all(isinstance(each, str) for each in texts):  # pyright: ignore[reportUnknownVariableType] - as above
            return "\n".join(cast("list[str]", texts))
    raise Unfit(Reason.WRONG_SHAPE, f"message {place} holds something else than text")


def without(fields: Mapping[str, Any], taken: Collection[str]) -> dict[str, object]:
    """The fields that have a value, but for some."""
    return {name: value for name, value in fields.items() if name not in taken and value is not None}


def branch(turns: Sequence[Turn], extra: dict[str, object], *, lang: str, origin: str | None) -> FiledTree:
    """A finished tree of a single branch; `extra` holds the other fields of the conversation. Raises Unfit."""
    if judgements := [name for name in _JUDGEMENTS if name in extra]:
        raise Unfit(Reason.WRONG_SHAPE, f"{', '.join(judgements)} would be lost; {_JUDGED_ROWS}")
    lang = _lang(extra, lang)
    model = next((str(extra.pop(name)) for name in MODEL_FIELDS if isinstance(extra.get(name), str)), None)
    system = [turn for turn in turns if turn.role is None]
    spoken = [turn for turn in turns if turn.role is not None]
    if system and (len(system) > 1 or turns[0].role is not None):
        raise Unfit(Reason.WRONG_ROLE, "a system message that is not the first of all")
    if not spoken:
        raise Unfit(Reason.WRONG_SHAPE, "nobody says anything in it")
    if len(spoken) > DEPTH_CAP + 1:
        raise Unfit(Reason.TOO_DEEP, f"more than {DEPTH_CAP + 1} messages")
    above = uuid5(_NAMESPACE, system[0].text) if system else _NAMESPACE
    posts: list[FiledPost] = []
    for depth, turn in enumerate(spoken):
        last = depth + 1 == len(spoken)
        above = _add(posts, turn, above, lang=lang, model=turn.model or model, chat=extra if last else {})
    return FiledTree(
        id=posts[0].id,
        state=TreeState.READY_FOR_EXPORT,
        posts=posts,
        origin=origin,
        extra=json.dumps({"system": system[0].text}) if system else None,
    )


def _add(
    posts: list[FiledPost], turn: Turn, above: UUID, *, lang: str, model: str | None, chat: Mapping[str, object]
) -> UUID:
    depth = len(posts)
    role = Role.ASSISTANT if depth % 2 else Role.PROMPTER
    if turn.role is not role:
        who = "the prompter and the assistant take turns, and the prompter begins"
        raise Unfit(Reason.WRONG_ROLE, f"message {depth + 1} after any system message is the {turn.role}'s; {who}")
    if not turn.text:
        raise Unfit(Reason.EMPTY_TEXT, "an empty text")
    id = uuid5(above, turn.text)
    extra = {name: value for name, value in (("message", turn.extra), ("chat", chat)) if value}
    by_model = model is not None and role is Role.ASSISTANT
    posts.append(
        FiledPost(
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
        raise Unfit(Reason.UNKNOWN_LANGUAGE, f"{lang!r} is not a language tag ({TAG_RULE})")
    return normalized(lang)
