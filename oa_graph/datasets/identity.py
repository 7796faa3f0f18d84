"""The one place where ids and languages of a file become those of the graph.

The graph knows posts and trees by UUIDs in lower case, as the protocol does. An id that is one in another spelling is
written in this one; any other id becomes a UUID made from it and from the source of its tree, so that message `1` of
one file is not message `1` of another. A reply has the language of its tree: its places stand in the pools of that
language. What the file said is kept, and comes out again in an export.
"""

from __future__ import annotations

import re
from uuid import NAMESPACE_URL, uuid5

from oa_graph.datasets.rejects import InvalidRecord, RejectReason
from oa_graph.graph.datasets import DatasetPost, DatasetTree

_NAMESPACE = uuid5(NAMESPACE_URL, "oa-graph:imported")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def canonical_id(id: str, source: str) -> str:
    """Return the id in the graph for an id of a source; the same input always gives the same id."""
    if _UUID.fullmatch(id):
        return id
    lower = id.lower()
    return lower if _UUID.fullmatch(lower) else str(uuid5(uuid5(_NAMESPACE, source), id))


def canonical(tree: DatasetTree) -> DatasetTree:
    """Give the tree the ids and languages of the graph. Raise InvalidRecord if two of its ids become one."""
    lang, source = tree.posts[0].lang, tree.origin or ""
    if all(_UUID.fullmatch(post.id) and post.lang == lang for post in tree.posts):
        return tree
    ids = {post.id: canonical_id(post.id, source) for post in tree.posts}
    if len({*ids.values()}) < len(ids):
        raise InvalidRecord(RejectReason.WRONG_THREAD, f"message_id: two messages of tree {tree.id} have the same UUID")
    if ids[tree.id] != tree.id:
        tree.imported_id, tree.id = tree.id, ids[tree.id]
    for post in tree.posts:
        _replace_ids(post, ids)
        if post.lang != lang:
            post.imported_lang, post.lang = post.lang, lang
    return tree


def _replace_ids(post: DatasetPost, ids: dict[str, str]) -> None:
    if ids[post.id] != post.id:
        post.imported_id, post.id = post.id, ids[post.id]
    if post.parent is not None:
        post.parent = ids[post.parent]
