"""How much one message and one tree of a file may hold: what is more than people write would only fill the memory."""

from __future__ import annotations

from oa_graph.exchange.refusals import Reason, Unfit
from oa_graph.graph.exchange import FiledPost, FiledTree

MOST_MESSAGES = 10_000
"""Of one tree, which is stored in one transaction."""
MOST_NAMES = 100
"""Labels, scores or emojis of one message."""
MOST_REACTIONS = 10_000
"""Of all emojis of one message together: each is an element of a list in the graph."""
LONGEST_NAME = 100
"""Characters."""
LONGEST_TEXT = 1_000_000
"""Characters."""
LONGEST_EXTRA = 1_000_000
"""Characters of the JSON of all fields of a message, or of a tree, that are kept without being understood."""
LARGEST_TREE = 32 * 2**20
"""By `size`."""

_EACH_MESSAGE, _EACH_NAME, _EACH_REACTION = 200, 50, 10
"""Roughly the bytes that they take on their way."""


def size(tree: FiledTree) -> int:
    """Roughly how many bytes a tree takes on its way into the graph."""
    return len(tree.extra or "") + sum(map(_size, tree.posts))


def _size(post: FiledPost) -> int:
    names = len(post.labels or ()) + len(post.detoxify or ()) + len(post.emojis or ())
    reactions = sum(post.emojis.values()) if post.emojis else 0
    written = len(post.text) + len(post.extra or "")
    return written + _EACH_MESSAGE + _EACH_NAME * names + _EACH_REACTION * reactions


def check(tree: FiledTree) -> None:
    """Raises Unfit, which names the field and the bound, for a tree that holds too much."""
    _at_most(MOST_MESSAGES, len(tree.posts), f"replies: tree {tree.id}", "messages")
    _at_most(LONGEST_EXTRA, len(tree.extra or ""), f"other fields of tree {tree.id}", "characters")
    for post in tree.posts:
        _check(post)
    _at_most(LARGEST_TREE, size(tree), f"tree {tree.id}", "bytes")


def _check(post: FiledPost) -> None:
    of = f"of message {post.id}"
    _at_most(LONGEST_TEXT, len(post.text), f"text {of}", "characters", Reason.TEXT_TOO_LONG)
    _at_most(LONGEST_EXTRA, len(post.extra or ""), f"other fields {of}", "characters")
    for field, names in (("labels", post.labels), ("detoxify", post.detoxify), ("emojis", post.emojis)):
        if names:
            _at_most(MOST_NAMES, len(names), f"{field} {of}", "names")
            _at_most(LONGEST_NAME, max(map(len, names)), f"a name in {field} {of}", "characters")
    if post.emojis:
        _at_most(MOST_REACTIONS, sum(post.emojis.values()), f"emojis {of}", "reactions")


def _at_most(most: int, number: int, subject: str, unit: str, reason: Reason = Reason.TOO_LARGE) -> None:
    if number > most:
        raise Unfit(reason, f"{subject}: {number} {unit}; {most} may be")
