"""What an author learns of the posts that the author wrote."""

from __future__ import annotations

from datetime import datetime, timedelta

from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import Post, PostState
from oa_graph.domain.trees import TreeState


def state(post: Post, *, reviewable: bool) -> PostState:
    """Return what became of a post. `reviewable`: whether reviews of it are wanted."""
    if post.deleted:
        return PostState.DELETED
    if post.accepted is not None:
        return PostState.ACCEPTED if post.accepted else PostState.REJECTED
    return PostState.UNDER_REVIEW if reviewable else PostState.UNREVIEWED


def final_rank(post: Post, tree: TreeState) -> int | None:
    """Return the rank of a post once it cannot change any more."""
    return post.rank if tree is TreeState.READY_FOR_EXPORT else None


def editable_until(post: Post, limits: Limits, *, editable: bool) -> datetime | None:
    """Return until when the author may change a post, if nobody judges or answers it before; None: not any more."""
    if not editable or post.created is None:
        return None
    return post.created + timedelta(seconds=limits.author_edit_sec)
