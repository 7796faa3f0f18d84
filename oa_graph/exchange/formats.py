"""The forms of files that are taken in, how each is recognised, and what its rows become."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, islice
from typing import Any, TypeAlias, cast

from oa_graph.errors import InvalidFile
from oa_graph.exchange import chats, messages, oasst, preferences
from oa_graph.exchange.refusals import Refused, Unfit, not_utf8, refused
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
    PREFERENCE = "preference"
    """Two replies to one prompt: `chosen` and `rejected`."""
    RANKED = "ranked"
    """Several replies to one prompt: `completions` with scores."""
    KTO = "kto"
    """One reply to a prompt, and whether it is wanted: `completion` and `label`."""


_JUDGED: Mapping[Format, preferences.Parse] = {
    Format.PREFERENCE: preferences.pair_of,
    Format.RANKED: preferences.ranking_of,
    Format.KTO: preferences.verdict_of,
}

WITHOUT_IDS = frozenset({Format.CHATS, Format.SHAREGPT, Format.PROMPTS, *_JUDGED})
"""Their trees get ids that follow from the texts, and what begins alike is one tree."""

TIED = "replies share their rank with another reply to the same message, as replies do that are tied"
UNQUOTED = "lines are JSON strings, and taken for the texts in them"

_LABELLED = ("completion", *chats.MESSAGE_FIELDS)
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
        for line, row in first:
            if isinstance(row, bytes) and (error := _not_utf8(row)):
                raise InvalidFile(file=rows.name, line=line, why=str(error))
        known = ", ".join(Format)
        raise InvalidFile(file=rows.name, line=first[0][0], why=f"nothing tells which format it is of {known}")
    return found or Format.TREES, whole


def _format(row: bytes | dict[str, Any] | Unfit) -> Format | None:
    if isinstance(row, Unfit):
        return None
    if isinstance(row, bytes):
        if not row.lstrip(b"\xef\xbb\xbf \t").startswith((b"{", b"[")):
            return None if _not_utf8(row) else Format.PROMPTS
        try:
            row = oasst.decoded(row)
        except Unfit:
            return None
    if "message_tree_id" in row and "prompt" in row:
        return Format.TREES
    if "message_id" in row:
        return Format.MESSAGES
    if judged := _judged_format(row):
        return judged
    if isinstance(row.get("prompt"), str) and isinstance(row.get("completion"), str):
        return Format.CHATS
    for name in (*chats.MESSAGE_FIELDS, "prompt"):
        if isinstance(row.get(name), list):
            return Format.SHAREGPT if _is_sharegpt(cast("list[Any]", row[name])) else Format.CHATS
    if any(isinstance(row.get(name), str) for name in chats.PROMPT_FIELDS):
        return Format.PROMPTS
    return None


def _judged_format(row: dict[str, Any]) -> Format | None:
    """The format of a row that says which replies are better."""
    if any(row.get(name) is not None for names in preferences.PAIRS for name in names):
        return Format.PREFERENCE
    if row.get("completions") is not None:
        return Format.RANKED
    if row.get("label") is not None and any(row.get(name) is not None for name in _LABELLED):
        return Format.KTO
    return None


def _not_utf8(row: bytes) -> Unfit | None:
    try:
        row.decode()
    except UnicodeDecodeError as error:
        return not_utf8(error)
    return None


def _is_sharegpt(said: list[Any]) -> bool:
    return any(isinstance(each, dict) and "from" in each for each in said)


Read: TypeAlias = "Callable[[Iterable[Row]], Iterator[Found | Refused]]"


def reader(format: Format, name: str, *, state: TreeState | None, defaults: Defaults) -> Read:
    """What turns the rows of a file of this name into trees. `state`: for all trees, whatever the file says."""
    origin = defaults.origin or name

    def trees(rows: Iterable[Row]) -> Iterator[Found | Refused]:
        if format is Format.MESSAGES:
            found = messages.trees_of(rows, state=state, origin=origin)
        elif format in _JUDGED:
            found = preferences.trees_of(rows, _JUDGED[format], lang=defaults.lang, origin=origin)
        else:
            found = _one_by_one(rows, lambda row: _tree(row, format, state, origin, defaults))
        for each in found:
            if isinstance(each, Found):
                each.tree = _completed(each.tree, defaults)
                if format in _JUDGED and state is not None:
                    each.tree = replace(each.tree, state=state)
                _note(each)
            yield each

    return trees


def _note(found: Found) -> None:
    """Notes what is taken in but may not be what the file means."""
    ranks = Counter((post.parent, post.rank) for post in found.tree.posts if post.rank is not None)
    if tied := sum(replies for replies in ranks.values() if replies > 1):
        found.notes[TIED] += tied
    ((_, row), *_) = found.rows
    if isinstance(row, bytes) and row.startswith(b'"') and chats.json_string(row.decode()) is not None:
        found.notes[UNQUOTED] += 1


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
