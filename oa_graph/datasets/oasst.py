"""The tree files of Open-Assistant: one tree a line, as JSON. Fields without a value are left out.

    {"message_tree_id": "71c0", "tree_state": "ready_for_export", "prompt": {"message_id": "71c0",
     "text": "Name a prime.", "role": "prompter", "lang": "en", "replies": [
        {"message_id": "8f2a", "parent_id": "71c0", "text": "Seven.", "role": "assistant", …, "replies": []}]}}

`render` writes what `parse` has read, with the same names and values. Three things differ, but mean the same in this
format: null fields are left out; emojis and labels in lists of names and values, as in the published datasets, become
maps; whole numbers among labels and scores become floats, such as 1.0. `oa_graph.datasets.export` decides the order of
replies.

A message without `review_count` and `review_result` counts as accepted, as in the original's import. A message with
`review_count` alone is under review, since the original's export leaves out the result of such a message.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, lru_cache
from math import isfinite
from typing import (
    Annotated,
    Any,
    TypeVar,
    cast,
)

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from oa_graph.datasets.rejects import InvalidRecord, RejectReason, not_utf8
from oa_graph.domain.posts import DEPTH_CAP, Role
from oa_graph.domain.trees import TreeState
from oa_graph.graph.datasets import DatasetPost, DatasetTree, ImportedLabelMean
from oa_graph.language import TAG_RULE, is_tag, normalized

_NUL = "\0"
_SUSPICIOUS = re.compile(rb"\\u(0000|[dD][89a-fA-F])")
"""Escapes that may stand for text that the graph cannot store: null, and halves of surrogate pairs.

Most surrogates come in pairs, which are valid: a match only says that the texts have to be checked.
"""

_encode = json.JSONEncoder().encode
_MOST_EMOJIS = 10_000
_NESTING = 4 * DEPTH_CAP
"""Extra recursion depth for nested replies: Python's parser counts two levels for each reply."""

_DEFAULTS: Mapping[str, object] = {
    "lang": "en",
    "review_count": 0,
    "review_result": True,
    "deleted": False,
    "synthetic": False,
    "replies": [],
}
"""The values of fields that a message leaves out. An export leaves such a field out again if its value is unchanged."""

_ALWAYS_WRITTEN = frozenset({"parent_id", "created_date", "lang", "review_count", "deleted", "synthetic", "replies"})


_Shape = TypeVar("_Shape", bound=BaseModel)
_Entry = TypeVar("_Entry")


def _by_name(value: object) -> object:
    """Turn maps that are written as columns into maps: {"name": ["spam"], "value": [0], "count": [3]}."""
    if not isinstance(value, dict):
        return value
    columns = cast("dict[str, object]", value)
    if columns.keys() not in ({"name", "count"}, {"name", "value", "count"}):
        return columns
    if not all(isinstance(column, list) for column in columns.values()):
        return columns
    names, counts = cast("list[object]", columns["name"]), cast("list[object]", columns["count"])
    values = cast("list[object] | None", columns.get("value"))
    if not all(isinstance(name, str) for name in names):
        raise ValueError("a name that is not a text")
    if values is None:
        return dict(zip(names, counts, strict=True))
    return {name: {"value": value, "count": count} for name, value, count in zip(names, values, counts, strict=True)}


@lru_cache(1000)
def _tag(value: str) -> str:
    if not is_tag(value):
        raise ValueError(f"{value!r} is not a language tag ({TAG_RULE})")
    return normalized(value)


def _named(value: dict[str, _Entry]) -> dict[str, _Entry]:
    for name in value:
        _check_name(name)
    return value


@cache  # there are a dozen names in a file, each a million times; a bad one ends the import
def _check_name(name: str) -> None:
    # A count stands beside its mean under the same name with this ending.
    if not re.fullmatch(r"\w{1,100}", name) or name.endswith("_count"):
        raise ValueError(f"{name!r} cannot be the name of a label")


_LONGEST_ID = 500
_Id = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_ID)]
_Count = Annotated[int, Field(ge=0, lt=2**31)]
_STRICT = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class _Label(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    value: Annotated[float, Field(ge=0, le=1)] | None = None
    """A mean of what several people said, from 0 to 1."""
    count: _Count


class _Message(BaseModel):
    model_config = _STRICT

    message_id: _Id
    parent_id: _Id | None = None
    user_id: _Id | None = None
    created_date: str | None = None
    text: str
    role: Annotated[Role, Field(strict=False)]
    lang: Annotated[str, AfterValidator(_tag)] | None = None
    review_count: _Count | None = None
    review_result: bool | None = None
    deleted: bool | None = None
    rank: _Count | None = None
    synthetic: bool | None = None
    model_name: str | None = None
    ended: bool | None = None
    """Only in our exports: whether the conversation ends here."""
    emojis: Annotated[dict[str, Annotated[int, Field(ge=0, le=_MOST_EMOJIS)]], BeforeValidator(_by_name)] | None = None
    replies: list[dict[str, Any]] | None = None
    labels: Annotated[dict[str, _Label], BeforeValidator(_by_name), AfterValidator(_named)] | None = None
    detoxify: Annotated[dict[str, float], AfterValidator(_named)] | None = None


_FIELDS = frozenset(_Message.model_fields)


class _Tree(BaseModel):
    model_config = _STRICT

    message_tree_id: _Id
    tree_state: str | None = None
    prompt: dict[str, Any]


def parse(line: bytes, *, state: TreeState | None, origin: str | None) -> DatasetTree:
    """Return the tree of one line, its posts in the order of the file.

    `state` replaces the state in the file. `origin` is the origin of the tree if the file names none.
    Raise InvalidRecord, which says what is wrong.
    """
    return tree_of(decoded(line), state=state, origin=origin)


def tree_of(fields: dict[str, Any], *, state: TreeState | None, origin: str | None) -> DatasetTree:
    """Return the tree of a decoded line; see `parse`."""
    if "message_tree_id" not in fields and "message_id" in fields:
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "a single message in a file of trees")
    tree = _validated(_Tree, fields, "")
    posts: list[DatasetPost] = []
    ids: set[str] = set()
    waiting: list[tuple[dict[str, Any], DatasetPost | None, int]] = [(tree.prompt, None, 0)]
    while waiting:
        message, parent, position = waiting.pop()
        post = post_of(message, parent, position)
        if post.id in ids:
            raise InvalidRecord(RejectReason.WRONG_THREAD, f"message {post.id} occurs twice in the tree")
        ids.add(post.id)
        posts.append(post)
        replies = cast("list[Any]", message.get("replies") or ())
        if replies:
            if not all(type(reply) is dict for reply in replies):
                _validated(_Message, message, f"message {post.id}: ")  # says which
            waiting.extend((reply, post, place) for place, reply in reversed(list(enumerate(replies))))
    if posts[0].id != tree.message_tree_id:
        why = f"message_tree_id is {tree.message_tree_id}, but the prompt is message {posts[0].id}"
        raise InvalidRecord(RejectReason.WRONG_THREAD, why)
    return _tree(tree, posts, state, origin)


def post_of(fields: dict[str, Any], parent: DatasetPost | None, position: int) -> DatasetPost:
    """Return the post of one message under its parent, without replies. Raise InvalidRecord."""
    post = _usual_post(fields, parent, position)
    if post is None:
        message = _validated(_Message, fields, f"message {fields.get('message_id')}: ")
        post = _post(message, parent, position)
    if not post.deleted and (not post.text or post.text.isspace()):
        raise InvalidRecord(RejectReason.EMPTY_TEXT, f"message {post.id} has an empty text, and is not deleted")
    return post


_MOST = 2**31


def _usual_post(fields: dict[str, Any], parent: DatasetPost | None, position: int) -> DatasetPost | None:
    """Return the same as `_post` for a usual message, or None if the message needs `_post`.

    Without this function, the parsing of a file takes up to twice as long. `_post` says what is wrong with a message.
    """
    get = fields.get
    id, text, lang, author, date = get("message_id"), get("text"), get("lang"), get("user_id"), get("created_date")
    reviews, result, rank, model = get("review_count"), get("review_result"), get("rank"), get("model_name")
    ended = get("ended")
    deleted, synthetic, above = get("deleted"), get("synthetic"), get("parent_id")
    asks = parent is None or parent.role is Role.ASSISTANT
    if not (
        type(id) is str
        and 0 < len(id) <= _LONGEST_ID
        and type(text) is str
        and get("role") == ("prompter" if asks else "assistant")
        and (above is None or (parent is not None and above == parent.id))
        and (parent is None or parent.depth < DEPTH_CAP)
        and (author is None or (type(author) is str and 0 < len(author) <= _LONGEST_ID))
        and (lang is None or type(lang) is str)
        and (reviews is None or (type(reviews) is int and 0 <= reviews < _MOST))
        and (rank is None or (type(rank) is int and 0 <= rank < _MOST))
        and (result is None or result is True or result is False)
        and (deleted is None or deleted is True or deleted is False)
        and (synthetic is None or synthetic is True or synthetic is False)
        and (model is None or type(model) is str)
        and (ended is None or ended is True or ended is False)
        and ((replies := get("replies")) is None or type(replies) is list)
    ):
        return None
    try:
        lang = None if lang is None else _tag(lang)
        emojis, labels, scores = _counts(get("emojis")), _means(get("labels")), _scores(get("detoxify"))
        created = None if date is None else _moment(date, "")
    except (TypeError, ValueError, KeyError):
        return None
    left_out = _NOTHING
    if None in (lang, date, reviews, deleted, synthetic, replies) or (above is None and parent is not None):
        left_out = _left_out(tuple([name for name in _ALWAYS_WRITTEN if get(name) is None]), parent is None, result)
        if "review_result" in left_out:
            result = True
    extra = any(fields[name] is not None for name in fields.keys() - _FIELDS)
    if extra or (created is not None and created.isoformat() != date) or (emojis and 0 in emojis.values()):
        return None  # rare, and their order matters
    return DatasetPost(
        id=id,
        parent=parent and parent.id,
        role=Role.PROMPTER if asks else Role.ASSISTANT,
        text=text,
        lang=lang or "en",
        depth=parent.depth + 1 if parent else 0,
        position=position,
        author=author,
        created=created,
        reviews=reviews or 0,
        accepted=result,
        deleted=deleted or False,
        rank=rank,
        synthetic=synthetic or False,
        model_name=model,
        ended=ended,
        emojis=emojis,
        labels=labels,
        detoxify=scores,
        left_out=left_out,
    )


_NOTHING: frozenset[str] = frozenset()


@cache
def _left_out(names: tuple[str, ...], is_root: bool, result: bool | None) -> frozenset[str]:
    left_out = set(names)
    if is_root:
        left_out.discard("parent_id")
    if result is None and "review_count" in left_out:
        left_out.add("review_result")
    return frozenset(left_out)


def _counts(value: Any) -> dict[str, int] | None:
    if value is None:
        return None
    counts = cast("dict[str, Any]", _by_name(value))
    for name, count in counts.items():
        if type(name) is not str or type(count) is not int or not 0 <= count <= _MOST_EMOJIS:
            raise TypeError(name)
    return counts


def _means(value: Any) -> dict[str, ImportedLabelMean] | None:
    if value is None:
        return None
    entries = cast("dict[str, Any]", _by_name(value))
    _check_names(tuple(entries))
    means: dict[str, ImportedLabelMean] = {}
    for name, entry in entries.items():
        mean, count = entry["value"], entry["count"]
        if type(mean) is not float or not isfinite(mean):
            mean = _number(mean)
        if len(entry) != 2 or not 0 <= mean <= 1 or type(count) is not int or not 0 <= count < _MOST:
            raise TypeError(name)
        means[name] = _label_mean((mean, count))
    return means


_label_mean = ImportedLabelMean._make  # pyright: ignore[reportPrivateUsage] - it is the public name, and the quick way


@lru_cache(1000)
def _check_names(names: tuple[str, ...]) -> None:
    for name in names:
        _check_name(name)


def _scores(value: Any) -> dict[str, float] | None:
    if value is None:
        return None
    _check_names(tuple(value))
    return {name: _number(score) for name, score in value.items()}


def _number(value: Any) -> float:
    if type(value) is float and isfinite(value):
        return value
    if type(value) is int:
        return float(value)
    raise TypeError(value)


def fields_of(row: bytes | dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a line, or of a row that is decoded already. Raise InvalidRecord."""
    if isinstance(row, bytes):
        return decoded(row)
    check_texts(row)
    return row


def decoded(line: bytes) -> dict[str, Any]:
    """Return the object of one line. Raise InvalidRecord."""
    try:
        value = msgspec.json.decode(line)
    except (ValueError, RecursionError):  # not JSON, or JSON that only Python accepts; its error messages are better
        value = _decode_strictly(line)
    if not isinstance(value, dict):
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "not a JSON object")
    fields = cast("dict[str, Any]", value)
    if _SUSPICIOUS.search(line):
        check_texts(fields)
    return fields


def _decode_strictly(line: bytes) -> object:
    try:
        return _loaded(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise not_utf8(error) from error
    except json.JSONDecodeError as error:
        raise InvalidRecord(
            RejectReason.NOT_JSON, f"not JSON: {error.msg.removesuffix(' at')} at character {error.pos + 1}"
        ) from error
    except RecursionError as error:
        raise InvalidRecord(RejectReason.TOO_DEEP, f"replies are nested deeper than {DEPTH_CAP}") from error


def check_texts(value: object) -> None:
    """Raise InvalidRecord if a text cannot be stored in the graph."""
    for text in _texts(value):
        _check_text(text)


def _no_constant(name: str) -> float:
    raise InvalidRecord(RejectReason.NOT_JSON, f"not JSON: {name}")


def _check_text(text: str) -> None:
    if _NUL in text:
        raise InvalidRecord(RejectReason.BAD_TEXT, "a text with a null character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRecord(RejectReason.BAD_TEXT, f"a text with half a character: {text[error.start]!a}") from error


def _loaded(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        with _raised_recursion_limit():
            return json.loads(text, parse_constant=_no_constant)


@contextmanager
def _raised_recursion_limit() -> Generator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + _NESTING)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            entries = cast("dict[str, object]", item)
            waiting.extend((*entries, *entries.values()))
        elif isinstance(item, list):
            waiting.extend(cast("list[object]", item))


def _validated(shape: type[_Shape], fields: object, where: str) -> _Shape:
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        reason = {"lang": RejectReason.UNKNOWN_LANGUAGE, "role": RejectReason.WRONG_ROLE}.get(
            field, RejectReason.WRONG_SHAPE
        )
        raise InvalidRecord(reason, f"{where}{field}: {first['msg']}") from error


def _post(message: _Message, parent: DatasetPost | None, position: int) -> DatasetPost:
    where = f"message {message.message_id}"
    if message.parent_id is not None and (parent is None or message.parent_id != parent.id):
        why = f"{where} stands under {parent and parent.id}, but its parent_id is {message.parent_id}"
        raise InvalidRecord(RejectReason.WRONG_THREAD, why)
    role = Role.ASSISTANT if parent and parent.role is Role.PROMPTER else Role.PROMPTER
    if message.role is not role:
        raise InvalidRecord(RejectReason.WRONG_ROLE, f"{where} has the role {message.role}; the role has to be {role}")
    if parent and parent.depth == DEPTH_CAP:
        raise InvalidRecord(RejectReason.TOO_DEEP, f"{where} is deeper than {DEPTH_CAP}")
    extra = _extra(message)
    left_out = {name for name in _ALWAYS_WRITTEN if getattr(message, name) is None}
    if message.review_count is None and message.review_result is None:
        left_out.add("review_result")
    if parent is None:
        left_out.discard("parent_id")
    created = None
    if message.created_date is not None:
        created = _moment(message.created_date, where)
        if created.isoformat() != message.created_date:
            extra["created_date"] = message.created_date
    emojis = message.emojis
    if emojis is not None and 0 in emojis.values():
        extra["emojis"] = [code for code, count in emojis.items() if count == 0]
    labels = message.labels
    return DatasetPost(
        id=message.message_id,
        parent=parent and parent.id,
        role=role,
        text=message.text,
        lang=message.lang or "en",
        depth=parent.depth + 1 if parent else 0,
        position=position,
        author=message.user_id,
        created=created,
        reviews=message.review_count or 0,
        accepted=True if "review_result" in left_out else message.review_result,
        deleted=message.deleted or False,
        rank=message.rank,
        synthetic=message.synthetic or False,
        model_name=message.model_name,
        ended=message.ended,
        emojis=emojis and {code: count for code, count in emojis.items() if count},
        labels=labels
        if labels is None
        else {name: ImportedLabelMean(label.value, label.count) for name, label in labels.items()},
        detoxify=message.detoxify,
        left_out=frozenset(left_out),
        extra=_encode(extra) if extra else None,
    )


def _extra(shape: BaseModel) -> dict[str, object]:
    return {name: value for name, value in (shape.model_extra or {}).items() if value is not None}


def _moment(text: str, where: str) -> datetime:
    """Return the time in UTC. A text without a zone is taken as UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidRecord(RejectReason.WRONG_SHAPE, f"{where}: created_date {text!r} is not an ISO time") from error


def _tree(tree: _Tree, posts: Sequence[DatasetPost], state: TreeState | None, origin: str | None) -> DatasetTree:
    extra = _extra(tree)
    if state is None and tree.tree_state not in (None, *TreeState):
        why = f"tree_state is {tree.tree_state}; it has to be one of {', '.join(TreeState)}, unless --state gives it"
        raise InvalidRecord(RejectReason.WRONG_SHAPE, why)
    named = extra.get("origin")
    return DatasetTree(
        id=tree.message_tree_id,
        state=state or TreeState(tree.tree_state or TreeState.READY_FOR_EXPORT),
        posts=posts,
        origin=named if isinstance(named, str) else origin,
        left_out=frozenset({"tree_state"} if tree.tree_state is None and state is None else ()),
        extra=_encode(extra) if extra else None,
    )


def tree_with(
    id: str, posts: Sequence[DatasetPost], tree_state: object, *, state: TreeState | None, origin: str | None
) -> DatasetTree:
    """Return the tree of separate posts; `tree_state` is the state in the file. Raise InvalidRecord."""
    outer: dict[str, object] = {"message_tree_id": id, "tree_state": tree_state, "prompt": {}}
    return _tree(_validated(_Tree, outer, ""), posts, state, origin)


EventsOf = Callable[[DatasetPost], Mapping[str, object]]
"""The events of a post."""


def render(tree: DatasetTree, *, labels: bool = True, events: EventsOf | None = None) -> bytes:
    """Return one line without its end. Each post has to come before its replies.

    `labels`: with the labels. `events`: more events of a post, beside those of its import.
    """
    extra = _decoded(tree.extra)
    head: dict[str, object] = {"message_tree_id": tree.id}
    if tree.state is not TreeState.READY_FOR_EXPORT or "tree_state" not in tree.left_out:
        head["tree_state"] = tree.state.value
    parts = [_encode(head)[:-1], ', "prompt": ']
    _add_messages(parts, tree.posts, labels, events)
    parts.append(f", {_encode(extra)[1:]}" if extra else "}")
    return "".join(parts).encode("ascii")


def message(post: DatasetPost, *, labels: bool = True, events: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return the fields of one post without its replies."""
    head, tail = _fields(post, labels, events)
    return head | tail


def _add_messages(parts: list[str], posts: Sequence[DatasetPost], labels: bool, events: EventsOf | None) -> None:
    """Add messages without recursion, since trees may be nested deeper than Python's limit."""
    tails: list[str] = []
    last = len(posts) - 1
    for place, post in enumerate(posts):
        if len(tails) > post.depth:
            while len(tails) > post.depth:
                parts.append(tails.pop())
            parts.append(", ")
        first, rest = _fields(post, labels, events and events(post))
        head, tail = _encode(first)[:-1], f", {_encode(rest)[1:-1]}" if rest else ""
        parts.append(head)
        if "replies" in post.left_out and (place == last or posts[place + 1].depth <= post.depth):
            tails.append(f"{tail}}}")
            continue
        parts.append(', "replies": [')
        tails.append(f"]{tail}}}")
    parts.extend(reversed(tails))


def _fields(
    post: DatasetPost, labels: bool, events: Mapping[str, object] | None
) -> tuple[dict[str, object], dict[str, object]]:
    """Return the fields before and after the replies, in the order of the original."""
    extra = _decoded(post.extra)
    emojis = post.emojis
    if codes := extra.pop("emojis", None):
        emojis = dict.fromkeys(cast("list[str]", codes), 0) | dict(emojis or {})
    created = extra.pop("created_date", post.created and post.created.isoformat())
    head: dict[str, object] = {
        "message_id": post.id,
        "parent_id": post.parent,
        "user_id": post.author,
        "created_date": created,
        "text": post.text,
        "role": post.role.value,
        "lang": post.lang,
        "review_count": post.reviews,
        "review_result": post.accepted,
        "deleted": post.deleted,
        "rank": post.rank,
        "synthetic": post.synthetic,
        "model_name": post.model_name,
        "ended": post.ended,
        "emojis": emojis,
    }
    for name in post.left_out:
        if name in ("parent_id", "created_date") or head.get(name) == _DEFAULTS.get(name):
            head.pop(name, None)
    tail: dict[str, object] = {
        "labels": {name: _label(mean) for name, mean in post.labels.items()}
        if labels and post.labels is not None
        else None,
        "events": _merged_events(extra.pop("events", None), events),
        "detoxify": post.detoxify,
        **extra,
    }
    return _without_nulls(head), _without_nulls(tail)


def _merged_events(imported: object, here: Mapping[str, object] | None) -> object:
    """Merge the events of a file with the events in the graph, by kind."""
    if not here:
        return imported
    joined = dict(cast("Mapping[str, object]", imported)) if isinstance(imported, dict) else {}
    for kind, events in here.items():
        before = joined.get(kind)
        joined[kind] = [
            *(cast("list[object]", before) if isinstance(before, list) else ()),
            *cast("list[object]", events),
        ]
    return joined


def _label(mean: ImportedLabelMean) -> dict[str, object]:
    return {"count": mean.people} if mean.value is None else {"value": mean.value, "count": mean.people}


def _without_nulls(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _decoded(extra: str | None) -> dict[str, object]:
    return json.loads(extra) if extra else {}


def kept_as_is(tree: DatasetTree) -> Iterator[str]:
    """Yield the names of fields that are stored unchanged and have no meaning in the graph, once per occurrence."""
    for item in (tree, *tree.posts):
        yield from _decoded(item.extra).keys() - {"created_date", "emojis", "origin"}
