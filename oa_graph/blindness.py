"""Blind studies: which posts frontends see without their authors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from oa_graph import graph
from oa_graph.context import Context
from oa_graph.domain.posts import Post
from oa_graph.policy import growth


async def blinded(context: Context, posts: Sequence[Post]) -> list[Post]:
    """Mark the posts whose authors frontends may not learn: those of unfinished trees, if the limits say so."""
    if not context.limits.hide_authors_of_unfinished_trees or not posts:
        return list(posts)
    trees = {post.tree for post in posts}
    unfinished = await graph.trees.unfinished(context.store, trees, finished=growth.FINISHED)
    return [replace(post, hides_author=post.tree in unfinished) for post in posts]
