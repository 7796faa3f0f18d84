"""Upper bounds of messages and trees of a file, which protect the memory."""

from __future__ import annotations

from oa_graph.datasets.rejects import InvalidRecord, RejectReason
from oa_graph.graph.datasets import DatasetPost, DatasetTree

MAX_MESSAGES = 10_000
"""Messages of one tree, which is stored in one transaction."""
MAX_NAMES = 100
"""Labels, scores or emojis of one message."""
MAX_REACTIONS = 10_000
"""Of all emojis of one message together: each is an element of a list in the graph."""
MAX_NAME_LENGTH = 100
"""Characters."""
MAX_TEXT_LENGTH = 1_000_000
"""Characters."""
MAX_EXTRA_LENGTH = 1_000_000
"""Characters of the JSON of all fields of a message, or of a tree, that are kept without being understood."""
MAX_TREE_BYTES = 32 * 2**20
"""By `size`."""

_MESSAGE_BYTES, _NAME_BYTES, _REACTION_BYTES = 200, 50, 10
"""Approximate bytes of each on the way into the graph."""


def size(tree: DatasetTree) -> int:
    """Return the approximate number of bytes that a tree takes on its way into the graph."""
    return len(tree.extra or "") + sum(map(_size, tree.posts))


def _size(post: DatasetPost) -> int:
    names = len(post.labels or ()) + len(post.detoxify or ()) + len(post.emojis or ())
    reactions = sum(post.emojis.values()) if post.emojis else 0
    written = len(post.text) + len(post.extra or "")
    return written + _MESSAGE_BYTES + _NAME_BYTES * names + _REACTION_BYTES * reactions


def check(tree: DatasetTree) -> None:
    """Raise InvalidRecord, with the field and the bound, if a tree is too large."""
    _check_bound(MAX_MESSAGES, len(tree.posts), f"replies: tree {tree.id}", "messages")
    _check_bound(MAX_EXTRA_LENGTH, len(tree.extra or ""), f"other fields of tree {tree.id}", "characters")
    for post in tree.posts:
        _check(post)
    _check_bound(MAX_TREE_BYTES, size(tree), f"tree {tree.id}", "bytes")


def _check(post: DatasetPost) -> None:
    of = f"of message {post.id}"
    _check_bound(MAX_TEXT_LENGTH, len(post.text), f"text {of}", "characters", RejectReason.TEXT_TOO_LONG)
    _check_bound(MAX_EXTRA_LENGTH, len(post.extra or ""), f"other fields {of}", "characters")
    for field, names in (("labels", post.labels), ("detoxify", post.detoxify), ("emojis", post.emojis)):
        if names:
            _check_bound(MAX_NAMES, len(names), f"{field} {of}", "names")
            _check_bound(MAX_NAME_LENGTH, max(map(len, names)), f"a name in {field} {of}", "characters")
    if post.emojis:
        _check_bound(MAX_REACTIONS, sum(post.emojis.values()), f"emojis {of}", "reactions")


def _check_bound(
    most: int, number: int, subject: str, unit: str, reason: RejectReason = RejectReason.TOO_LARGE
) -> None:
    if number > most:
        raise InvalidRecord(reason, f"{subject}: {number} {unit}; at most {most} are allowed")
