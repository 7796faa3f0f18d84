"""Replies to posts that are in the graph, named by their ids: `{"parent_id", "text", "model_name"}`.

They join growing trees, and users review and rank them like all others. So a study can add the replies of a model to
prompts that people wrote here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from oa_graph.datasets.identity import canonical_id
from oa_graph.datasets.rejects import InvalidRecord, RejectReason
from oa_graph.domain.posts import DEPTH_CAP, Role
from oa_graph.domain.trees import TreeState
from oa_graph.graph.datasets import DatasetPost, DatasetTree, Parent


def reply_of(fields: Mapping[str, Any], *, lang: str, origin: str) -> DatasetTree:
    """Return a reply as the only post of a tree. Its role, depth and language follow from its parent later.

    A reply without an id gets one from its parent, model and text, so that a second import adds nothing.
    """
    parent, text, model = (fields.get(name) for name in ("parent_id", "text", "model_name"))
    id, synthetic = fields.get("id"), fields.get("synthetic")
    if not isinstance(parent, str) or not isinstance(text, str):
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "parent_id and text have to be texts")
    if not text.strip():
        raise InvalidRecord(RejectReason.EMPTY_TEXT, "users cannot work with an empty text")
    if any(value is not None and not isinstance(value, str) for value in (id, model)):
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "id and model_name have to be texts")
    if synthetic is not None and not isinstance(synthetic, bool):
        raise InvalidRecord(RejectReason.WRONG_SHAPE, "synthetic has to be true or false")
    own = canonical_id(id, origin) if id else canonical_id(f"{parent}\0{model or ''}\0{text}", "replies")
    post = DatasetPost(
        id=own,
        parent=parent.lower(),
        role=Role.ASSISTANT,
        text=text,
        lang=lang,
        depth=1,
        synthetic=model is not None if synthetic is None else synthetic,
        model_name=model,
        left_out=frozenset() if "synthetic" in fields else frozenset({"synthetic"}),
        imported_id=id if id and id != own else None,
    )
    return DatasetTree(own, TreeState.GROWING, [post], origin=origin)


def placed(post: DatasetPost, parent: Parent | None) -> DatasetPost:
    """Return a reply as it stands below its parent. Raise InvalidRecord if it cannot stand there."""
    if parent is None:
        raise InvalidRecord(RejectReason.WRONG_THREAD, f"its parent {post.parent} is not in the graph")
    if parent.deleted:
        raise InvalidRecord(RejectReason.CANNOT_LAND, "it replies to a deleted message")
    if parent.state is not TreeState.GROWING:
        why = f"its tree is stored as {parent.state}: only growing trees take replies"
        raise InvalidRecord(RejectReason.CANNOT_LAND, why)
    if parent.depth >= DEPTH_CAP:
        raise InvalidRecord(RejectReason.TOO_DEEP, f"a thread has at most {DEPTH_CAP} replies")
    role = Role.PROMPTER if parent.role is Role.ASSISTANT else Role.ASSISTANT
    return replace(post, role=role, depth=parent.depth + 1, lang=parent.lang, left_out=frozenset())
