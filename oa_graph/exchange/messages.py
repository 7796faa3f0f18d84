"""The message files of Open-Assistant: one message a line, each with the id of its tree and of its parent.

The published files have tree after tree, but nothing promises it. The messages of so many trees as fit into a window
are held together; a tree leaves it when none of its messages came for the longest time. Whoever comes later finds its
parent gone, and is refused with that reason: sorting the file by `message_tree_id` mends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from oa_graph.exchange import oasst
from oa_graph.exchange.refusals import Reason, Refused, Unfit, refused
from oa_graph.exchange.rows import Found, Row
from oa_graph.exchange.window import WINDOW, Window
from oa_graph.graph.exchange import FiledPost
from oa_graph.model import TreeState


@dataclass(slots=True)
class _Message:
    line: int
    row: bytes | dict[str, Any]
    fields: dict[str, Any]


def trees_of(
    rows: Iterable[Row], *, state: TreeState | None, origin: str | None, window: int = WINDOW
) -> Iterator[Found | Refused]:
    """The trees of a file, and the lines that are part of none."""
    trees = Window[_Message](window)
    trees_by_message: dict[str, str] = {}

    def close(id: str, closed: list[_Message]) -> Iterator[Found | Refused]:
        for each in closed:
            trees_by_message.pop(each.fields["message_id"], None)
        yield from _built(id, closed, state=state, origin=origin)

    for line, row in rows:
        try:
            if isinstance(row, Unfit):
                raise row
            fields = dict(oasst.fields_of(row))
            id = _tree_id(fields, trees_by_message)
        except Unfit as error:
            yield refused(error, line, row)
            continue
        trees_by_message.setdefault(fields["message_id"], id)
        for name, closed in trees.add(id, _Message(line, row, fields), size=len(fields["text"])):
            yield from close(name, closed)
    for name, closed in trees.rest():
        yield from close(name, closed)


def _tree_id(fields: dict[str, Any], trees_by_message: dict[str, str]) -> str:
    id, tree, parent = fields.get("message_id"), fields.get("message_tree_id"), fields.get("parent_id")
    if not isinstance(id, str) or not isinstance(fields.get("text"), str):
        raise Unfit(Reason.WRONG_SHAPE, "message_id and text have to be texts")
    if isinstance(tree, str):
        return tree
    if tree is not None:
        raise Unfit(Reason.WRONG_SHAPE, "message_tree_id has to be a text")
    if parent is None:
        return id
    if isinstance(parent, str) and parent in trees_by_message:
        return trees_by_message[parent]
    raise Unfit(
        Reason.WRONG_THREAD, f"message {id} names no tree, and its parent {parent} does not stand near before it"
    )


def _built(
    id: str, messages: list[_Message], *, state: TreeState | None, origin: str | None
) -> Iterator[Found | Refused]:
    """A tree of its messages in whatever order; those that find no place in it are refused one by one."""
    replies: dict[str | None, list[_Message]] = {}
    for each in messages:
        parent = each.fields.get("parent_id")
        replies.setdefault(parent if isinstance(parent, str) else None, []).append(each)
    posts: list[FiledPost] = []
    used: list[_Message] = []
    seen: set[str] = set()
    lost: dict[int, Refused] = {}
    roots = [each for each in replies.get(None, ()) if each.fields["message_id"] == id]
    waiting: list[tuple[_Message, FiledPost | None, int]] = [(each, None, 0) for each in roots[:1]]
    head: dict[str, Any] = {}
    while waiting:
        message, parent, position = waiting.pop()
        fields = message.fields
        outer = {name: fields.pop(name, None) for name in ("message_tree_id", "tree_state")}
        try:
            if fields.get("replies"):
                raise Unfit(Reason.WRONG_SHAPE, "a message with replies inside; among messages each stands alone")
            fields["replies"] = []  # what tells a tree without them from one that says nothing of them
            post = oasst.post_of(fields, parent, position)
            if post.id in seen:
                raise Unfit(Reason.WRONG_THREAD, f"message {post.id} stands in the file twice")
        except Unfit as error:
            lost[message.line] = refused(error, message.line, message.row)
            continue
        if parent is None:
            head = outer
        seen.add(post.id)
        posts.append(post)
        used.append(message)
        below = replies.pop(post.id, ())
        waiting.extend((each, post, place) for place, each in reversed(list(enumerate(below))))
    taken = {each.line for each in used}
    for each in messages:
        if each.line not in taken:
            yield lost.get(each.line) or _orphan(each, id)
    if not posts:
        return
    try:
        tree = oasst.tree_with(id, posts, head.get("tree_state"), state=state, origin=origin)
    except Unfit as error:
        yield from (refused(error, each.line, each.row) for each in used)
        return
    yield Found(min(each.line for each in used), tree, [(each.line, each.row) for each in used])


def _orphan(message: _Message, tree: str) -> Refused:
    fields = message.fields
    parent = fields.get("parent_id")
    if parent is None:
        why = f"a prompt of tree {tree}, whose prompt can only be message {tree}, once"
    else:
        why = (
            f"message {fields['message_id']} replies to {parent}, which is not near it in the file or was refused; "
            "if it stands elsewhere in the file, sort that by message_tree_id"
        )
    return Refused(message.line, Reason.WRONG_THREAD, why, message.row)
