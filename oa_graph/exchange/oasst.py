"""The tree files of Open-Assistant: one tree a line, as JSON; fields without a value are left out.

    {"message_tree_id": "71c0", "tree_state": "ready_for_export", "prompt": {"message_id": "71c0",
     "text": "Name a prime.", "role": "prompter", "lang": "en", "replies": [
        {"message_id": "8f2a", "parent_id": "71c0", "text": "Seven.", "role": "assistant", …, "replies": []}]}}

`parse` and `render` are each other's inverse: what `parse` took, `render` gives back, with the same names and values.
Three things do not come back as they were written, none of them a difference to a reader of the format: fields that are
null are left out; the emojis and labels that the published sets write as lists of names and values come back as maps;
whole numbers among labels and scores come back as 1.0. The order of replies is `oa_graph.exchange.trees.arranged`'s.

A message that says nothing of reviews is taken as accepted, as the original's import does; one that gives their number
but no result is still under review, as the original's export leaves a result out.
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

from oa_graph.exchange.refusals import Reason, Unfit, not_utf8
from oa_graph.graph.exchange import FiledPost, FiledTree, LabelMean
from oa_graph.language import TAG_RULE, is_tag, normalized
from oa_graph.model import DEPTH_CAP, Role, TreeState

_NUL = "\0"
_SUSPICIOUS = re.compile(rb"\\u(0000|[dD][89a-fA-F])")
"""Escapes of what the graph cannot hold: null, and halves of characters, which are mostly just two whole ones."""

_encode = json.JSONEncoder().encode
_quoted = json.encoder.encode_basestring_ascii
_MOST_EMOJIS = 10_000
_NESTING = 4 * DEPTH_CAP
"""Python's parser counts two levels for each reply, beside those of whoever called it."""

_DEFAULTS: Mapping[str, object] = {
    "lang": "en",
    "review_count": 0,
    "review_result": True,
    "deleted": False,
    "synthetic": False,
    "replies": [],
}
"""What a message has that does not say; an export leaves it out again as long as it is still so."""

_ALWAYS_WRITTEN = frozenset({"parent_id", "created_date", "lang", "review_count", "deleted", "synthetic", "replies"})


_Shape = TypeVar("_Shape", bound=BaseModel)
_Entry = TypeVar("_Entry")


def _by_name(value: object) -> object:
    """Maps that are written as columns become maps: {"name": ["spam"], "value": [0], "count": [3]}."""
    if not isinstance(value, dict):
        return value
    columns = cast("dict[str, object]", value)
    if columns.keys() not in ({"name", "count"}, {"name", "value", "count"}):
        return columns
    if not all(isinstance(each, list) for each in columns.values()):
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


def parse(line: bytes, *, state: TreeState | None, origin: str | None) -> FiledTree:
    """The tree of one line, its posts in the order of the file.

    `state`: for the tree, whatever the file says. `origin`: where it comes from, if the file does not say.
    Raises Unfit, whose text says what is wrong.
    """
    return tree_of(decoded(line), state=state, origin=origin)


def tree_of(fields: dict[str, Any], *, state: TreeState | None, origin: str | None) -> FiledTree:
    """As `parse`, for a line that is decoded."""
    if "message_tree_id" not in fields and "message_id" in fields:
        raise Unfit(Reason.WRONG_SHAPE, "a single message; among trees only whole trees can be taken")
    tree = _validated(_Tree, fields, "")
    posts: list[FiledPost] = []
    ids: set[str] = set()
    waiting: list[tuple[dict[str, Any], FiledPost | None, int]] = [(tree.prompt, None, 0)]
    while waiting:
        message, parent, position = waiting.pop()
        post = post_of(message, parent, position)
        if post.id in ids:
            raise Unfit(Reason.WRONG_THREAD, f"message {post.id} stands in the tree twice")
        ids.add(post.id)
        posts.append(post)
        replies = cast("list[Any]", message.get("replies") or ())
        if replies:
            if not all(type(each) is dict for each in replies):
                _validated(_Message, message, f"message {post.id}: ")  # says which
            waiting.extend((reply, post, place) for place, reply in reversed(list(enumerate(replies))))
    if posts[0].id != tree.message_tree_id:
        why = f"message_tree_id is {tree.message_tree_id}, but the prompt is message {posts[0].id}"
        raise Unfit(Reason.WRONG_THREAD, why)
    return _tree(tree, posts, state, origin)


def post_of(fields: dict[str, Any], parent: FiledPost | None, position: int) -> FiledPost:
    """The post of one message under its parent, without its replies. Raises Unfit."""
    post = _at_once(fields, parent, position)
    if post is None:
        message = _validated(_Message, fields, f"message {fields.get('message_id')}: ")
        post = _post(message, parent, position)
    if not post.deleted and (not post.text or post.text.isspace()):
        raise Unfit(Reason.EMPTY_TEXT, f"message {post.id} has an empty text, and is not deleted")
    return post


_MOST = 2**31


def _at_once(fields: dict[str, Any], parent: FiledPost | None, position: int) -> FiledPost | None:
    """`_post` for a message in which nothing is unusual, in a tenth of the time; None: look closer."""
    get = fields.get
    id, text, lang, author, date = get("message_id"), get("text"), get("lang"), get("user_id"), get("created_date")
    reviews, result, rank, model = get("review_count"), get("review_result"), get("rank"), get("model_name")
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
    return FiledPost(
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
        emojis=emojis,
        labels=labels,
        detoxify=scores,
        left_out=left_out,
    )


_NOTHING: frozenset[str] = frozenset()


@cache
def _left_out(names: tuple[str, ...], is_root: bool, result: bool | None) -> frozenset[str]:
    found = set(names)
    if is_root:
        found.discard("parent_id")
    if result is None and "review_count" in found:
        found.add("review_result")
    return frozenset(found)


def _counts(value: Any) -> dict[str, int] | None:
    if value is None:
        return None
    found = cast("dict[str, Any]", _by_name(value))
    for name, count in found.items():
        if type(name) is not str or type(count) is not int or not 0 <= count <= _MOST_EMOJIS:
            raise TypeError(name)
    return found


def _means(value: Any) -> dict[str, LabelMean] | None:
    if value is None:
        return None
    found = cast("dict[str, Any]", _by_name(value))
    _check_names(tuple(found))
    means: dict[str, LabelMean] = {}
    for name, each in found.items():
        mean, count = each["value"], each["count"]
        if type(mean) is not float or not isfinite(mean):
            mean = _number(mean)
        if len(each) != 2 or not 0 <= mean <= 1 or type(count) is not int or not 0 <= count < _MOST:
            raise TypeError(name)
        means[name] = _label_mean((mean, count))
    return means


_label_mean = LabelMean._make  # pyright: ignore[reportPrivateUsage] - it is the public name, and the quick way


@lru_cache(1000)
def _check_names(names: tuple[str, ...]) -> None:
    for name in names:
        _check_name(name)


def _scores(value: Any) -> dict[str, float] | None:
    if value is None:
        return None
    _check_names(tuple(value))
    return {name: _number(each) for name, each in value.items()}


def _number(value: Any) -> float:
    if type(value) is float and isfinite(value):
        return value
    if type(value) is int:
        return float(value)
    raise TypeError(value)


def fields_of(row: bytes | dict[str, Any]) -> dict[str, Any]:
    """The fields of a line, or of a row that is no text any more. Raises Unfit."""
    if isinstance(row, bytes):
        return decoded(row)
    check_texts(row)
    return row


def decoded(line: bytes) -> dict[str, Any]:
    """The object of one line. Raises Unfit."""
    try:
        found = msgspec.json.decode(line)
    except (ValueError, RecursionError):  # not JSON, or such as only Python takes; what is wrong that one says better
        found = _slowly(line)
    if not isinstance(found, dict):
        raise Unfit(Reason.WRONG_SHAPE, "not a JSON object")
    fields = cast("dict[str, Any]", found)
    if _SUSPICIOUS.search(line):
        check_texts(fields)
    return fields


def _slowly(line: bytes) -> object:
    try:
        return _loaded(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise not_utf8(error) from error
    except json.JSONDecodeError as error:
        raise Unfit(
            Reason.NOT_JSON, f"not JSON: {error.msg.removesuffix(' at')} at character {error.pos + 1}"
        ) from error
    except RecursionError as error:
        raise Unfit(Reason.TOO_DEEP, f"replies are nested deeper than {DEPTH_CAP}") from error


def check_texts(value: object) -> None:
    """Raises Unfit where something in it is a text that the graph cannot hold."""
    for text in _texts(value):
        _check_text(text)


def _no_constant(name: str) -> float:
    raise Unfit(Reason.NOT_JSON, f"not JSON: {name}")


def _check_text(text: str) -> None:
    if _NUL in text:
        raise Unfit(Reason.BAD_TEXT, "a text with a null character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Unfit(Reason.BAD_TEXT, f"a text with half a character: {text[error.start]!a}") from error


def _loaded(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        with _deep():
            return json.loads(text, parse_constant=_no_constant)


@contextmanager
def _deep() -> Generator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + _NESTING)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            entries = cast("dict[str, object]", each)
            waiting.extend((*entries, *entries.values()))
        elif isinstance(each, list):
            waiting.extend(cast("list[object]", each))


def _validated(shape: type[_Shape], fields: object, where: str) -> _Shape:
    try:
        return shape.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        reason = {"lang": Reason.UNKNOWN_LANGUAGE, "role": Reason.WRONG_ROLE}.get(field, Reason.WRONG_SHAPE)
        raise Unfit(reason, f"{where}{field}: {first['msg']}") from error


def _post(message: _Message, parent: FiledPost | None, position: int) -> FiledPost:
    where = f"message {message.message_id}"
    if message.parent_id is not None and (parent is None or message.parent_id != parent.id):
        why = f"{where} stands under {parent and parent.id}, but its parent_id is {message.parent_id}"
        raise Unfit(Reason.WRONG_THREAD, why)
    role = Role.ASSISTANT if parent and parent.role is Role.PROMPTER else Role.PROMPTER
    if message.role is not role:
        raise Unfit(Reason.WRONG_ROLE, f"{where} has the role {message.role}; here it can only be {role}")
    if parent and parent.depth == DEPTH_CAP:
        raise Unfit(Reason.TOO_DEEP, f"{where} is deeper than {DEPTH_CAP}")
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
    return FiledPost(
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
        emojis=emojis and {code: count for code, count in emojis.items() if count},
        labels=labels if labels is None else {name: LabelMean(each.value, each.count) for name, each in labels.items()},
        detoxify=message.detoxify,
        left_out=frozenset(left_out),
        extra=_encode(extra) if extra else None,
    )


def _extra(shape: BaseModel) -> dict[str, object]:
    return {name: value for name, value in (shape.model_extra or {}).items() if value is not None}


def _moment(text: str, where: str) -> datetime:
    """The time in UTC, of which a text without a zone is thought to be."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unfit(Reason.WRONG_SHAPE, f"{where}: created_date {text!r} is not an ISO time") from error


def _tree(tree: _Tree, posts: Sequence[FiledPost], state: TreeState | None, origin: str | None) -> FiledTree:
    extra = _extra(tree)
    if state is None and tree.tree_state not in (None, *TreeState):
        why = f"tree_state is {tree.tree_state}; it has to be one of {', '.join(TreeState)}, unless --state gives it"
        raise Unfit(Reason.WRONG_SHAPE, why)
    named = extra.get("origin")
    return FiledTree(
        id=tree.message_tree_id,
        state=state or TreeState(tree.tree_state or TreeState.READY_FOR_EXPORT),
        posts=posts,
        origin=named if isinstance(named, str) else origin,
        left_out=frozenset({"tree_state"} if tree.tree_state is None and state is None else ()),
        extra=_encode(extra) if extra else None,
    )


def tree_with(
    id: str, posts: Sequence[FiledPost], tree_state: object, *, state: TreeState | None, origin: str | None
) -> FiledTree:
    """The tree of posts that stood apart; `tree_state` is what the file says. Raises Unfit."""
    outer: dict[str, object] = {"message_tree_id": id, "tree_state": tree_state, "prompt": {}}
    return _tree(_validated(_Tree, outer, ""), posts, state, origin)


Told = Callable[[FiledPost], Mapping[str, object]]
"""The events of a post."""


def render(tree: FiledTree, *, labels: bool = True, events: Told | None = None) -> bytes:
    """One line, without its end. The posts have to stand in the order of the file: each before its replies.

    `labels`: with the labels. `events`: what to tell beside the events that came with an import.
    """
    extra = _decoded(tree.extra)
    head: dict[str, object] = {"message_tree_id": tree.id}
    if tree.state is not TreeState.READY_FOR_EXPORT or "tree_state" not in tree.left_out:
        head["tree_state"] = tree.state.value
    parts = [_encode(head)[:-1], ', "prompt": ']
    _add_messages(parts, tree.posts, labels, events)
    parts.append(f", {_encode(extra)[1:]}" if extra else "}")
    return "".join(parts).encode("ascii")


def message(post: FiledPost, *, labels: bool = True, events: Mapping[str, object] | None = None) -> dict[str, object]:
    """The fields of one post without its replies."""
    head, tail = _fields(post, labels, events)
    return head | tail


def _add_messages(parts: list[str], posts: Sequence[FiledPost], labels: bool, events: Told | None) -> None:
    """Opens and closes one message after the other: nested as deep as files may be, a recursion would give up."""
    tails: list[str] = []
    last = len(posts) - 1
    for place, post in enumerate(posts):
        if len(tails) > post.depth:
            while len(tails) > post.depth:
                parts.append(tails.pop())
            parts.append(", ")
        if post.extra is None and not post.left_out and events is None:
            head, tail = _plain(post, labels)
        else:
            first, rest = _fields(post, labels, events and events(post))
            head, tail = _encode(first)[:-1], f", {_encode(rest)[1:-1]}" if rest else ""
            if "replies" in post.left_out and (place == last or posts[place + 1].depth <= post.depth):
                parts.append(head)
                tails.append(f"{tail}}}")
                continue
        parts.append(head)
        parts.append(', "replies": [')
        tails.append(f"]{tail}}}")
    parts.extend(reversed(tails))


def _plain(post: FiledPost, labels: bool) -> tuple[str, str]:
    """What `_fields` gives, as JSON without its braces, for a post that has nothing peculiar: several times as fast."""
    parts = [f'{{"message_id": {_quoted(post.id)}']
    if post.parent is not None:
        parts.append(f'"parent_id": {_quoted(post.parent)}')
    if post.author is not None:
        parts.append(f'"user_id": {_quoted(post.author)}')
    if post.created is not None:
        parts.append(f'"created_date": "{post.created.isoformat()}"')
    parts.append(
        f'"text": {_quoted(post.text)}, "role": "{post.role.value}", "lang": {_quoted(post.lang)}, '
        f'"review_count": {post.reviews}'
    )
    if post.accepted is not None:
        parts.append('"review_result": true' if post.accepted else '"review_result": false')
    parts.append('"deleted": true' if post.deleted else '"deleted": false')
    if post.rank is not None:
        parts.append(f'"rank": {post.rank}')
    parts.append('"synthetic": true' if post.synthetic else '"synthetic": false')
    if post.model_name is not None:
        parts.append(f'"model_name": {_quoted(post.model_name)}')
    if post.emojis is not None:
        parts.append(f'"emojis": {_encode(post.emojis)}')
    tail = ""
    if labels and post.labels is not None:
        tail = f', "labels": {{{", ".join([_named_mean(name, *mean) for name, mean in post.labels.items()])}}}'
    if post.detoxify is not None:
        tail = f'{tail}, "detoxify": {_encode(post.detoxify)}'
    return ", ".join(parts), tail


def _named_mean(name: str, value: float | None, people: int) -> str:
    if value is None:
        return f'{_quoted(name)}: {{"count": {people}}}'
    return f'{_quoted(name)}: {{"value": {value!r}, "count": {people}}}'


def _fields(
    post: FiledPost, labels: bool, events: Mapping[str, object] | None
) -> tuple[dict[str, object], dict[str, object]]:
    """What stands before and after the replies, in the order of the original."""
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
        "emojis": emojis,
    }
    for name in post.left_out:
        if name in ("parent_id", "created_date") or head.get(name) == _DEFAULTS.get(name):
            head.pop(name, None)
    tail: dict[str, object] = {
        "labels": {name: _label(mean) for name, mean in post.labels.items()}
        if labels and post.labels is not None
        else None,
        "events": _joined(extra.pop("events", None), events),
        "detoxify": post.detoxify,
        **extra,
    }
    return _without_nulls(head), _without_nulls(tail)


def _joined(imported: object, here: Mapping[str, object] | None) -> object:
    """The events of a file and those of people here, kind by kind."""
    if not here:
        return imported
    found = dict(cast("Mapping[str, object]", imported)) if isinstance(imported, dict) else {}
    for kind, events in here.items():
        before = found.get(kind)
        found[kind] = [
            *(cast("list[object]", before) if isinstance(before, list) else ()),
            *cast("list[object]", events),
        ]
    return found


def _label(mean: LabelMean) -> dict[str, object]:
    return {"count": mean.people} if mean.value is None else {"value": mean.value, "count": mean.people}


def _without_nulls(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _decoded(extra: str | None) -> dict[str, object]:
    return json.loads(extra) if extra else {}


def kept_as_is(tree: FiledTree) -> Iterator[str]:
    """The names, as often as they occur, of fields that are kept and given back, but mean nothing to the graph."""
    for each in (tree, *tree.posts):
        yield from _decoded(each.extra).keys() - {"created_date", "emojis", "origin"}
