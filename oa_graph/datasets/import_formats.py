"""Formats of imported files, their detection, and the conversion of rows to trees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, islice
from typing import Any, TypeAlias, cast

from oa_graph.datasets import chats, messages, oasst, preferences, replies
from oa_graph.datasets.rejects import InvalidRecord, Reject, not_utf8, reject_of
from oa_graph.datasets.rows import RecordSource, Row, TreeRecord
from oa_graph.domain.posts import Role
from oa_graph.domain.trees import TreeState
from oa_graph.errors import InvalidFile
from oa_graph.graph.datasets import DatasetPost, DatasetTree


class ImportFormat(StrEnum):
    """The content of each line."""

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
    REPLIES = "replies"
    """Replies to posts of the graph: `parent_id` and `text`."""


_JUDGED: Mapping[ImportFormat, preferences.Parse] = {
    ImportFormat.PREFERENCE: preferences.pair_of,
    ImportFormat.RANKED: preferences.ranking_of,
    ImportFormat.KTO: preferences.verdict_of,
}

WITHOUT_IDS = frozenset({ImportFormat.CHATS, ImportFormat.SHAREGPT, ImportFormat.PROMPTS, *_JUDGED})
"""Their trees get ids that follow from the texts, and what begins alike is one tree."""

TIED = "replies share their rank with another reply to the same message, as replies do that are tied"
UNQUOTED = "lines are JSON strings, and taken for the texts in them"

_LABELLED = ("completion", *chats.MESSAGE_FIELDS)
_INSPECTED_ROWS = 50
"""Rows that are looked at until one tells the format."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values for fields that a file does not have."""

    lang: str = "en"
    synthetic: bool | None = None
    """Whether the assistant's messages come from a model. None: where a model is named, else not."""
    model_name: str | None = None
    """Of the model that wrote them."""
    origin: str | None = None
    """Where the trees come from; None: the name of the file."""


def recognize(rows: RecordSource) -> tuple[ImportFormat, RecordSource]:
    """Return the format of a file and all of its rows. Raise InvalidFile if the format cannot be recognized."""
    first = list(islice(rows.rows, _INSPECTED_ROWS))
    whole = RecordSource(rows.name, chain(first, rows.rows))
    format = next((row_format for _, row in first if (row_format := _format(row)) is not None), None)
    if format is None and first:
        for line, row in first:
            if isinstance(row, bytes) and (error := _not_utf8(row)):
                raise InvalidFile(file=rows.name, line=line, why=str(error))
        known = ", ".join(ImportFormat)
        raise InvalidFile(
            file=rows.name, line=first[0][0], why=f"the format cannot be detected; known formats: {known}"
        )
    return format or ImportFormat.TREES, whole


def _format(row: bytes | dict[str, Any] | InvalidRecord) -> ImportFormat | None:
    if isinstance(row, InvalidRecord):
        return None
    if isinstance(row, bytes):
        if not row.lstrip(b"\xef\xbb\xbf \t").startswith((b"{", b"[")):
            return None if _not_utf8(row) else ImportFormat.PROMPTS
        try:
            row = oasst.decoded(row)
        except InvalidRecord:
            return None
    if "message_tree_id" in row and "prompt" in row:
        return ImportFormat.TREES
    if "message_id" in row:
        return ImportFormat.MESSAGES
    if isinstance(row.get("parent_id"), str) and isinstance(row.get("text"), str):
        return ImportFormat.REPLIES
    if judged := _judged_format(row):
        return judged
    if isinstance(row.get("prompt"), str) and isinstance(row.get("completion"), str):
        return ImportFormat.CHATS
    for name in (*chats.MESSAGE_FIELDS, "prompt"):
        if isinstance(row.get(name), list):
            return ImportFormat.SHAREGPT if _is_sharegpt(cast("list[Any]", row[name])) else ImportFormat.CHATS
    if any(isinstance(row.get(name), str) for name in chats.PROMPT_FIELDS):
        return ImportFormat.PROMPTS
    return None


def _judged_format(row: dict[str, Any]) -> ImportFormat | None:
    """Return the format of a row that says which replies are better."""
    if any(row.get(name) is not None for names in preferences.PAIRS for name in names):
        return ImportFormat.PREFERENCE
    if row.get("completions") is not None:
        return ImportFormat.RANKED
    if row.get("label") is not None and any(row.get(name) is not None for name in _LABELLED):
        return ImportFormat.KTO
    return None


def _not_utf8(row: bytes) -> InvalidRecord | None:
    try:
        row.decode()
    except UnicodeDecodeError as error:
        return not_utf8(error)
    return None


def _is_sharegpt(messages: list[Any]) -> bool:
    return any(isinstance(message, dict) and "from" in message for message in messages)


Read: TypeAlias = "Callable[[Iterable[Row]], Iterator[TreeRecord | Reject]]"


def reader(format: ImportFormat, name: str, *, state: TreeState | None, defaults: Defaults) -> Read:
    """Return a function that turns rows into trees. `state` overrides the state of all trees."""
    origin = defaults.origin or name

    def trees(rows: Iterable[Row]) -> Iterator[TreeRecord | Reject]:
        if format is ImportFormat.MESSAGES:
            batches = messages.trees_of(rows, state=state, origin=origin)
        elif format in _JUDGED:
            batches = preferences.trees_of(rows, _JUDGED[format], lang=defaults.lang, origin=origin)
        else:
            batches = _one_by_one(rows, lambda row: _tree(row, format, state, origin, defaults))
        for batch in batches:
            if isinstance(batch, TreeRecord):
                batch.tree = _apply_defaults(batch.tree, defaults)
                if format in _JUDGED and state is not None:
                    batch.tree = replace(batch.tree, state=state)
                _add_notes(batch)
            yield batch

    return trees


def _add_notes(batch: TreeRecord) -> None:
    """Add notes about content that is accepted but may not be what the file means."""
    ranks = Counter((post.parent, post.rank) for post in batch.tree.posts if post.rank is not None)
    if tied := sum(replies for replies in ranks.values() if replies > 1):
        batch.notes[TIED] += tied
    ((_, row), *_) = batch.rows
    if isinstance(row, bytes) and row.startswith(b'"') and chats.json_string(row.decode()) is not None:
        batch.notes[UNQUOTED] += 1


def _one_by_one(
    rows: Iterable[Row], parse: Callable[[bytes | dict[str, Any]], DatasetTree]
) -> Iterator[TreeRecord | Reject]:
    for line, row in rows:
        try:
            if isinstance(row, InvalidRecord):
                raise row
            tree = parse(row)
        except InvalidRecord as error:
            yield reject_of(error, line, row)
            continue
        yield TreeRecord(line, tree, ((line, row),))


def _tree(
    row: bytes | dict[str, Any], format: ImportFormat, state: TreeState | None, origin: str, defaults: Defaults
) -> DatasetTree:
    if (
        format is ImportFormat.PROMPTS
        and isinstance(row, bytes)
        and not row.lstrip(b"\xef\xbb\xbf \t").startswith(b"{")
    ):
        tree = chats.prompt_in(row, lang=defaults.lang, origin=origin)
    else:
        fields = oasst.fields_of(row)
        if format is ImportFormat.TREES:
            return oasst.tree_of(fields, state=state, origin=origin)
        if format is ImportFormat.REPLIES:
            return replies.reply_of(fields, lang=defaults.lang, origin=origin)
        make = chats.prompt_of if format is ImportFormat.PROMPTS else chats.chat_of
        tree = make(fields, lang=defaults.lang, origin=origin)
    return tree if state is None else replace(tree, state=state)


def _apply_defaults(tree: DatasetTree, defaults: Defaults) -> DatasetTree:
    if defaults.lang == "en" and defaults.synthetic is None and defaults.model_name is None:
        return tree
    return replace(tree, posts=[_with_defaults(post, defaults) for post in tree.posts])


def _with_defaults(post: DatasetPost, defaults: Defaults) -> DatasetPost:
    lang = defaults.lang if "lang" in post.left_out else post.lang
    synthetic, model = post.synthetic, post.model_name
    if post.role is Role.ASSISTANT:
        if "synthetic" in post.left_out and model is None:
            synthetic = defaults.model_name is not None if defaults.synthetic is None else defaults.synthetic
        if synthetic and model is None:
            model = defaults.model_name
    return replace(post, lang=lang, synthetic=synthetic, model_name=model)
