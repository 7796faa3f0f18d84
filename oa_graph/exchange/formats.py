"""The forms of files that are taken in, how each is recognised, and what its rows become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, islice
from typing import Any, TypeAlias, cast

from oa_graph.errors import InvalidFile
from oa_graph.exchange import chats, messages, oasst
from oa_graph.exchange.refusals import Refused, Unfit, refused
from oa_graph.exchange.rows import Found, Row, Rows
from oa_graph.graph.exchange import FiledPost, FiledTree
from oa_graph.model import Role, TreeState


class Format(StrEnum):
    """What a file holds, one a line."""

    TREES = "trees"
    """Trees as Open-Assistant exports and publishes them."""
    MESSAGES = "messages"
    """Single messages as Open-Assistant publishes them."""
    CHATS = "chats"
    """Linear conversations: `messages` with `role` and `content`."""
    SHAREGPT = "sharegpt"
    """Linear conversations: `conversations` with `from` and `value`."""
    PROMPTS = "prompts"
    """Prompts without answers: a text, or an object with `prompt`, `text` or `instruction`."""


WITHOUT_IDS = frozenset({Format.CHATS, Format.SHAREGPT, Format.PROMPTS})
"""Their trees get ids that follow from the texts, and what begins alike is one tree."""

_LOOKED_AT = 50
"""Rows that are looked at until one tells the format."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What to think where a file says nothing."""

    lang: str = "en"
    synthetic: bool | None = None
    """Whether the assistant's messages come from a model. None: where a model is named, else not."""
    model_name: str | None = None
    """Of the model that wrote them."""
    origin: str | None = None
    """Where the trees come from; None: the name of the file."""


def recognised(rows: Rows) -> tuple[Format, Rows]:
    """The format of a file, and its rows with none missing. Raises InvalidFile when nothing tells."""
    first = list(islice(rows.rows, _LOOKED_AT))
    whole = Rows(rows.name, chain(first, rows.rows))
    found = next((each for _, row in first if (each := _format(row)) is not None), None)
    if found is None and first:
        known = ", ".join(Format)
        raise InvalidFile(file=rows.name, line=first[0][0], why=f"nothing tells which format it is of {known}")
    return found or Format.TREES, whole


def _format(row: bytes | dict[str, Any] | Unfit) -> Format | None:
    if isinstance(row, Unfit):
        return None
    if isinstance(row, bytes):
        if not row.lstrip(b"\xef\xbb\xbf \t").startswith((b"{", b"[")):
            return Format.PROMPTS if _is_text(row) else None
        try:
            row = oasst.decoded(row)
        except Unfit:
            return None
    if "message_tree_id" in row and "prompt" in row:
        return Format.TREES
    if "message_id" in row:
        return Format.MESSAGES
    for name in ("messages", "conversations", "conversation", "prompt"):
        if isinstance(row.get(name), list):
            return Format.SHAREGPT if _is_sharegpt(cast("list[Any]", row[name])) else Format.CHATS
    if any(isinstance(row.get(name), str) for name in chats.PROMPT_FIELDS):
        return Format.PROMPTS
    return None


def _is_text(row: bytes) -> bool:
    try:
        row.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_sharegpt(said: list[Any]) -> bool:
    return any(isinstance(each, dict) and "from" in each for each in said)


Read: TypeAlias = "Callable[[Iterable[Row]], Iterator[Found | Refused]]"


def reader(format: Format, name: str, *, state: TreeState | None, defaults: Defaults) -> Read:
    """What turns the rows of a file of this name into trees. `state`: for all trees, whatever the file says."""
    origin = defaults.origin or name

    def trees(rows: Iterable[Row]) -> Iterator[Found | Refused]:
        if format is Format.MESSAGES:
            found = messages.trees_of(rows, state=state, origin=origin)
        else:
            found = _one_by_one(rows, lambda row: _tree(row, format, state, origin, defaults))
        for each in found:
            if isinstance(each, Found):
                each.tree = _completed(each.tree, defaults)
            yield each

    return trees


def _one_by_one(rows: Iterable[Row], parse: Callable[[bytes | dict[str, Any]], FiledTree]) -> Iterator[Found | Refused]:
    for line, row in rows:
        try:
            if isinstance(row, Unfit):
                raise row
            tree = parse(row)
        except Unfit as error:
            yield refused(error, line, row)
            continue
        yield Found(line, tree, ((line, row),))


def _tree(
    row: bytes | dict[str, Any], format: Format, state: TreeState | None, origin: str, defaults: Defaults
) -> FiledTree:
    if format is Format.PROMPTS and isinstance(row, bytes) and not row.lstrip(b"\xef\xbb\xbf \t").startswith(b"{"):
        tree = chats.prompt_in(row, lang=defaults.lang, origin=origin)
    else:
        fields = oasst.fields_of(row)
        if format is Format.TREES:
            return oasst.tree_of(fields, state=state, origin=origin)
        make = chats.prompt_of if format is Format.PROMPTS else chats.chat_of
        tree = make(fields, lang=defaults.lang, origin=origin)
    return tree if state is None else replace(tree, state=state)


def _completed(tree: FiledTree, defaults: Defaults) -> FiledTree:
    if defaults.lang == "en" and defaults.synthetic is None and defaults.model_name is None:
        return tree
    return replace(tree, posts=[_with_defaults(post, defaults) for post in tree.posts])


def _with_defaults(post: FiledPost, defaults: Defaults) -> FiledPost:
    lang = defaults.lang if "lang" in post.left_out else post.lang
    synthetic, model = post.synthetic, post.model_name
    if post.role is Role.ASSISTANT:
        if "synthetic" in post.left_out and model is None:
            synthetic = defaults.model_name is not None if defaults.synthetic is None else defaults.synthetic
        if synthetic and model is None:
            model = defaults.model_name
    return replace(post, lang=lang, synthetic=synthetic, model_name=model)
