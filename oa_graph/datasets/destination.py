"""Destinations of imported trees: finished, or open for work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from oa_graph.datasets.rejects import InvalidRecord, RejectReason
from oa_graph.domain.posts import Role
from oa_graph.domain.trees import TreeState
from oa_graph.graph.datasets import DatasetPost, DatasetTree


class Destination(StrEnum):
    """What becomes of imported trees."""

    FINISHED = "finished"
    """Ready for export; nobody is asked for anything."""
    BACKLOG = "backlog"
    """To be ranked: they wait until other trees of their language are done."""
    GROWING = "growing"
    """To be grown at once: people are asked for replies where there is room, and to threads that end in a question."""
    LOTTERY = "lottery"
    """To be grown when their turn has come: at most `max_active_trees` of a language grow at a time."""
    REVIEW = "review"
    """As if a person had just written the prompt: people review it before it takes part in the lottery."""


STATES: Mapping[Destination, TreeState] = {
    Destination.FINISHED: TreeState.READY_FOR_EXPORT,
    Destination.BACKLOG: TreeState.BACKLOG_RANKING,
    Destination.GROWING: TreeState.GROWING,
    Destination.LOTTERY: TreeState.PROMPT_LOTTERY_WAITING,
    Destination.REVIEW: TreeState.INITIAL_PROMPT_REVIEW,
}


def prepare_for(tree: DatasetTree, into: Destination, *, whole: bool) -> DatasetTree:
    """Return the tree as it is to be stored. `whole`: no branches can be added later.

    Raise InvalidRecord for a tree that people could do nothing with.
    """
    root = tree.posts[0]
    posts = tree.posts
    if into is not Destination.FINISHED:
        _check(tree, into, whole=whole)
    if into is Destination.REVIEW:  # what others thought of it elsewhere counts for nothing
        posts = [replace(root, accepted=None, reviews=0), *posts[1:]]
    return replace(tree, state=STATES[into], posts=posts)


def _check(tree: DatasetTree, into: Destination, *, whole: bool) -> None:
    root = tree.posts[0]
    if root.deleted or root.accepted is False:
        raise InvalidRecord(RejectReason.CANNOT_LAND, "its prompt is deleted or rejected, so nobody can continue it")
    if root.accepted is None and into is not Destination.REVIEW:
        raise InvalidRecord(
            RejectReason.CANNOT_LAND,
            f"its prompt is still under review; the only possible destination is {Destination.REVIEW}",
        )
    for post in tree.posts:
        if not post.deleted and not post.text.strip():
            raise InvalidRecord(
                RejectReason.EMPTY_TEXT, f"message {post.id} has an empty text, which users cannot work with"
            )
    if into is Destination.BACKLOG and whole and not _is_rankable(tree):
        raise InvalidRecord(RejectReason.CANNOT_LAND, "no message has two accepted assistant replies to rank")


def _is_rankable(tree: DatasetTree) -> bool:
    parents: set[str | None] = set()
    for post in tree.posts:
        if post.role is Role.ASSISTANT and post.accepted and not post.deleted:
            if post.parent in parents:
                return True
            parents.add(post.parent)
    return False


def check_lang(tree: DatasetTree, closed: Collection[str]) -> None:
    """Raise InvalidRecord for a prompt that users would see, if its language takes no new prompts."""
    lang = tree.posts[0].lang
    if tree.state in _NEW_PROMPTS and lang in closed:
        why = f"lang: {lang} takes no new prompts (OA_GRAPH_LIMITS__INIT_PROMPT_DISABLED_LANGS)"
        raise InvalidRecord(RejectReason.CANNOT_LAND, why)


_NEW_PROMPTS = frozenset({TreeState.INITIAL_PROMPT_REVIEW, TreeState.PROMPT_LOTTERY_WAITING})


def check_lengths(posts: Sequence[DatasetPost], longest: int) -> None:
    """Raise InvalidRecord if a text has more characters than allowed."""
    for post in posts:
        if len(post.text) > longest:
            raise InvalidRecord(
                RejectReason.TEXT_TOO_LONG,
                f"message {post.id} has {len(post.text)} characters; at most {longest} are allowed",
            )
