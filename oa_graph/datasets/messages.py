"""The message files of Open-Assistant: one message a line, each with the id of its tree and of its parent.

The published files have tree after tree, but nothing promises it. The messages of so many trees as fit into a window
are held together; a tree leaves it when none of its messages came for the longest time. Whoever comes later finds its
parent gone, and is refused with that reason: sorting the file by `message_tree_id` mends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from oa_graph.datasets import oasst
from oa_graph.datasets.rejects import InvalidRecord, Reject, RejectReason, reject_of
from oa_graph.datasets.rows import Row, TreeRecord
from oa_graph.datasets.window import WINDOW, Window
from oa_graph.domain.trees import TreeState
from oa_graph.graph.datasets import DatasetPost


@dataclass(slots=True)
class _Message:
    line: int
    row: bytes | dict[str, Any]
    fields: dict[str, Any]


def trees_of(
    rows: Iterable[Row], *, state: TreeState | None, origin: str | None, window: int = WINDOW
) -> Iterator[TreeRecord | Reject]:
    """Yield the trees of a file, and rejects for lines that belong to no tree."""
    trees = Window[_Message](window)
    trees_by_message: dict[str, str] = {}

    def close(id: str, closed: list[_Message]) -> Iterator[TreeRecord | Reject]:
        for message in closed:
            trees_by_message.pop(message.fields["message_id"], None)
        yield from _built(id, closed, state=state, origin=origin)

    for line, row in rows:
        try:
            if isinstance(row, InvalidRecord):
                raise row
            fields = dict(oasst.fields_of(row))
            id = _tree_id(fields, trees_by_message)
        except InvalidRecord as error:
            yield reject_of(error, line, row)
            continue
        trees_by_message.setdefault(fields["message_id"], id)
        for name, closed in trees.add(id, _Message(line, row, fields), size=len(fields["text"])):
            yield from close(name, closed)
    for name, closed in trees.rest():
        yield from close(name, closed)


def _tree_id(fields: dict[str, Any], trees_by_message: dict[str, str]) -> str:
    id, tree, parent = fields.get("message_id"), fields.get("message_tree_id"), fields.get("parent_id")
    if not isinstance(id, str) or not isinstance(fields.get("text"), str):
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "message_id and text have to be texts")
    if isinstance(tree, str):
        return tree
    if tree is not None:
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "message_tree_id has to be a text")
    if parent is None:
        return id
    if isinstance(parent, str) and parent in trees_by_message:
        return trees_by_message[parent]
    raise InvalidRecord(
        RejectReason.WRONG_THREAD, f"message {id} names no tree, and its parent {parent} is not shortly before it"
    )


def _built(
    id: str, messages: list[_Message], *, state: TreeState | None, origin: str | None
) -> Iterator[TreeRecord | Reject]:
    """Yield the tree of messages in any order, and rejects for those without a place in it."""
    replies: dict[str | None, list[_Message]] = {}
    for message in messages:
        parent_id = message.fields.get("parent_id")
        replies.setdefault(parent_id if isinstance(parent_id, str) else None, []).append(message)
    posts: list[DatasetPost] = []
    used: list[_Message] = []
    seen: set[str] = set()
    rejects: dict[int, Reject] = {}
    roots = [message for message in replies.get(None, ()) if message.fields["message_id"] == id]
    waiting: list[tuple[_Message, DatasetPost | None, int]] = [(root, None, 0) for root in roots[:1]]
    head: dict[str, Any] = {}
    while waiting:
        message, parent, position = waiting.pop()
        fields = message.fields
        outer = {name: fields.pop(name, None) for name in ("message_tree_id", "tree_state")}
        try:
            if fields.get("replies"):
                raise InvalidRecord(
                    RejectReason.WRONG_SHAPE,
                    "the message has nested replies; a file of messages lists each one separately",
                )
            fields["replies"] = []  # what tells a tree without them from one that says nothing of them
            post = oasst.post_of(fields, parent, position)
            if post.id in seen:
                raise InvalidRecord(RejectReason.WRONG_THREAD, f"message {post.id} occurs twice in the file")
        except InvalidRecord as error:
            rejects[message.line] = reject_of(error, message.line, message.row)
            continue
        if parent is None:
            head = outer
        seen.add(post.id)
        posts.append(post)
        used.append(message)
        below = replies.pop(post.id, ())
        waiting.extend((reply, post, place) for place, reply in reversed(list(enumerate(below))))
    taken = {message.line for message in used}
    for message in messages:
        if message.line not in taken:
            yield rejects.get(message.line) or _orphan(message, id)
    if not posts:
        return
    try:
        tree = oasst.tree_with(id, posts, head.get("tree_state"), state=state, origin=origin)
    except InvalidRecord as error:
        yield from (reject_of(error, message.line, message.row) for message in used)
        return
    yield TreeRecord(min(message.line for message in used), tree, [(message.line, message.row) for message in used])


def _orphan(message: _Message, tree: str) -> Reject:
    fields = message.fields
    parent = fields.get("parent_id")
    if parent is None:
        why = f"a prompt of tree {tree}, whose prompt can only be message {tree}, once"
    else:
        why = (
            f"message {fields['message_id']} replies to {parent}, which is not near it in the file or was refused; "
            "if it stands elsewhere in the file, sort that by message_tree_id"
        )
    return Reject(message.line, RejectReason.WRONG_THREAD, why, message.row)
