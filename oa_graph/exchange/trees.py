"""Trees out of the graph."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from oa_graph.exchange import oasst
from oa_graph.exchange.files import writing
from oa_graph.graph import exchange
from oa_graph.graph.exchange import FiledPost, FiledTree
from oa_graph.graph.session import Graph
from oa_graph.model import TreeState

CLIENT = "import"
"""The API client that imported posts and their authors belong to."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Counts:
    """What went through."""

    trees: int = 0
    posts: int = 0
    skipped: int = 0
    """Trees: that were here before, when importing; that the options leave out, when exporting."""
    kept_as_is: Mapping[str, int] = field(default_factory=dict[str, int])
    """Fields that the graph keeps, and gives back, without knowing what they mean; and how often they were met."""
    grown: int = 0
    """Trees that were here before and got branches that they lacked, when importing."""
    rejected: Mapping[str, int] = field(default_factory=dict[str, int])
    """Lines that were not taken, by the kind of reason: see `oa_graph.exchange.refusals`."""


async def export_trees(
    graph: Graph,
    to: BinaryIO | Path,
    *,
    states: Collection[TreeState] | None = (TreeState.READY_FOR_EXPORT,),
    lang: str | None = None,
    include_deleted: bool = False,
    include_rejected: bool = False,
    include_synthetic: bool = True,
    on_progress: Progress | None = None,
) -> Counts:
    """Writes trees, one a line, in the order in which they came into the graph.

    The same graph gives the same bytes. With a message that is left out go the replies below it, and with a prompt the
    tree. `states` None: all. `lang`: of the prompt. `include_rejected`: also messages that are still under review.
    `include_synthetic` False: no tree in which a message comes from a model. `on_progress` is told after
    each tree how many posts were written so far.
    """
    trees = posts = skipped = 0
    wanted = frozenset(TreeState if states is None else states)
    with writing(to) as file:
        async with aclosing(exchange.filed_trees(graph, states=wanted, lang=lang)) as found:
            async for tree in found:
                kept = arranged(tree, include_deleted=include_deleted, include_rejected=include_rejected)
                if not kept or (not include_synthetic and any(post.synthetic for post in kept)):
                    skipped += 1
                    continue
                file.write(oasst.render(replace(tree, posts=kept)) + b"\n")
                trees += 1
                posts += len(kept)
                if on_progress:
                    on_progress(posts)
    return Counts(trees=trees, posts=posts, skipped=skipped)


def arranged(tree: FiledTree, *, include_deleted: bool, include_rejected: bool) -> list[FiledPost]:
    """The posts to be written, each before its replies; among these the best first, the unranked last.

    Where ranks do not decide, the order of the file does that the tree came from, then age.
    """
    replies: dict[str | None, list[FiledPost]] = {}
    for post in tree.posts:
        if (include_deleted or not post.deleted) and (include_rejected or post.accepted):
            replies.setdefault(post.parent, []).append(post)
    for siblings in replies.values():
        siblings.sort(key=_place, reverse=True)
    found: list[FiledPost] = []
    waiting = replies.get(None, [])
    while waiting:
        post = waiting.pop()
        found.append(post)
        waiting.extend(replies.get(post.id, ()))
    return found


def _place(post: FiledPost) -> tuple[object, ...]:
    ranked = (1, 0) if post.rank is None else (0, post.rank)
    from_file = (1, 0) if post.position is None else (0, post.position)
    return (*ranked, *from_file, post.created or datetime.min.replace(tzinfo=UTC), post.id)
