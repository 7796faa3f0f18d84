"""Conversations and prompts in the forms in which people share them, as trees.

    {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Name a prime."},
                  {"role": "assistant", "content": "Seven."}]}
    {"conversations": [{"from": "human", "value": "Name a prime."}, {"from": "gpt", "value": "Seven."}]}
    {"prompt": "Name a prime."}          or the bare text on a line

Such messages have no ids, so they are given some that follow from what was said: from the text and from all that
stands above. The same file therefore brings the same ids each time, and conversations that begin with the same words
are branches of one tree.

A system message is no post, for people are not asked to answer it: it is kept as the field `system` of the tree, and
conversations under different ones are different trees. Fields that say nothing to us are kept beside the message that
they stand with, as `message`, and those of the whole conversation with its last message, as `chat`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from oa_graph.exchange import oasst
from oa_graph.exchange.refusals import Reason, Unfit
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
_ROLE_FIELDS = ("role", "from", "user")
_TEXT_FIELDS = ("content", "value", "text")
_LEFT_OUT = frozenset({"created_date"})
"""When something was said is not known; that it came here is no answer."""
_BY_NOBODY = frozenset({"created_date", "synthetic"})


@dataclass(frozen=True, slots=True)
class _Said:
    role: Role | None
    text: str
    more: Mapping[str, object]


def chat_of(fields: dict[str, Any], *, lang: str, origin: str | None) -> FiledTree:
    """The tree of one conversation, a single branch. `lang`: unless it says. Raises Unfit."""
    messages, taken = _messages(fields)
    said = [each for each in map(_said, messages, count(1)) if each.text]
    if isinstance(system := fields.get("system"), str):
        taken.add("system")
        if system.strip():
            said.insert(0, _Said(None, system.strip(), {}))
    return _tree(said, _without(fields, taken), lang=lang, origin=origin, state=TreeState.READY_FOR_EXPORT)


def prompt_of(fields: dict[str, Any], *, lang: str, origin: str | None) -> FiledTree:
    """The tree of one prompt that is a field of an object. Raises Unfit."""
    found = next((name for name in PROMPT_FIELDS if isinstance(fields.get(name), str)), None)
    if found is None:
        raise Unfit(Reason.WRONG_SHAPE, f"none of {', '.join(PROMPT_FIELDS)} is a text")
    taken, text = {found}, str(fields[found])
    if found == "instruction" and isinstance(fields.get("input"), str):  # what it is to be done with
        taken.add("input")
        text = f"{text}\n\n{fields['input']}"
    said = [_Said(Role.PROMPTER, text.strip(), {})]
    return _tree(said, _without(fields, taken), lang=lang, origin=origin, state=TreeState.PROMPT_LOTTERY_WAITING)


def prompt_in(line: bytes, *, lang: str, origin: str | None) -> FiledTree:
    """The tree of one prompt that is a line of text. Raises Unfit."""
    try:
        text = line.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise Unfit(Reason.BAD_TEXT, f"not UTF-8: {error.reason} at byte {error.start + 1}") from error
    oasst.check_texts(text)
    said = [_Said(Role.PROMPTER, text, {})]
    return _tree(said, {}, lang=lang, origin=origin, state=TreeState.PROMPT_LOTTERY_WAITING)


def _messages(fields: dict[str, Any]) -> tuple[list[Any], set[str]]:
    """The messages of a conversation, and the names of the fields that they were found in."""
    for name in ("messages", "conversations", "conversation"):
        if isinstance(fields.get(name), list):
            return fields[name], {name}
    if isinstance(fields.get("prompt"), list):  # as trainers take it: prompt and completion apart
        completion = fields.get("completion")
        if completion is None:
            return fields["prompt"], {"prompt"}
        if isinstance(completion, list):
            return [*fields["prompt"], *cast("list[Any]", completion)], {"prompt", "completion"}
    raise Unfit(Reason.WRONG_SHAPE, "no list of messages in it")


def _said(message: Any, place: int) -> _Said:
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
    return _Said(_ROLES[name], text, _without(fields, {speaker, where or ""}))


def _text(content: object, place: int) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = cast("list[Any]", content)
        texts = [part.get("text") if isinstance(part, dict) else part for part in parts]  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType] - any JSON
        if all(isinstance(each, str) for each in texts):  # pyright: ignore[reportUnknownVariableType] - as above
            return "\n".join(cast("list[str]", texts))
    raise Unfit(Reason.WRONG_SHAPE, f"message {place} holds something else than text")


def _without(fields: Mapping[str, Any], taken: set[str]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name not in taken and value is not None}


def _tree(
    said: Sequence[_Said], more: dict[str, object], *, lang: str, origin: str | None, state: TreeState
) -> FiledTree:
    lang = _lang(more, lang)
    model = next((str(more.pop(name)) for name in ("model", "model_name") if isinstance(more.get(name), str)), None)
    system = [each for each in said if each.role is None]
    spoken = [each for each in said if each.role is not None]
    if system and (len(system) > 1 or said[0].role is not None):
        raise Unfit(Reason.WRONG_ROLE, "a system message that is not the first of all")
    if not spoken:
        raise Unfit(Reason.WRONG_SHAPE, "nobody says anything in it")
    if len(spoken) > DEPTH_CAP + 1:
        raise Unfit(Reason.TOO_DEEP, f"more than {DEPTH_CAP + 1} messages")
    above = uuid5(_NAMESPACE, system[0].text) if system else _NAMESPACE
    posts: list[FiledPost] = []
    for depth, each in enumerate(spoken):
        last = depth + 1 == len(spoken)
        above = _add(posts, each, above, lang=lang, model=model, chat=more if last else {})
    return FiledTree(
        id=posts[0].id,
        state=state,
        posts=posts,
        origin=origin,
        extra=json.dumps({"system": system[0].text}) if system else None,
    )


def _add(
    posts: list[FiledPost], said: _Said, above: UUID, *, lang: str, model: str | None, chat: Mapping[str, object]
) -> UUID:
    depth = len(posts)
    role = Role.ASSISTANT if depth % 2 else Role.PROMPTER
    if said.role is not role:
        who = "the prompter and the assistant take turns, and the prompter begins"
        raise Unfit(Reason.WRONG_ROLE, f"message {depth + 1} after any system message is the {said.role}'s; {who}")
    if not said.text:
        raise Unfit(Reason.EMPTY_TEXT, "an empty text")
    id = uuid5(above, said.text)
    extra = {name: value for name, value in (("message", said.more), ("chat", chat)) if value}
    by_model = model is not None and role is Role.ASSISTANT
    posts.append(
        FiledPost(
            id=str(id),
            parent=posts[-1].id if posts else None,
            role=role,
            text=said.text,
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


def _lang(more: dict[str, object], default: str) -> str:
    lang = more.pop("lang", default)
    if not isinstance(lang, str) or not is_tag(lang):
        raise Unfit(Reason.UNKNOWN_LANGUAGE, f"{lang!r} is not a language tag ({TAG_RULE})")
    return normalized(lang)
