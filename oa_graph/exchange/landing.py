"""What trees become when they come in: finished, or such as people go on with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from oa_graph.exchange.refusals import Reason, Unfit
from oa_graph.graph.exchange import FiledPost, FiledTree
from oa_graph.model import Role, TreeState


class Into(StrEnum):
    """What imported trees shall be."""

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


STATES: Mapping[Into, TreeState] = {
    Into.FINISHED: TreeState.READY_FOR_EXPORT,
    Into.BACKLOG: TreeState.BACKLOG_RANKING,
    Into.GROWING: TreeState.GROWING,
    Into.LOTTERY: TreeState.PROMPT_LOTTERY_WAITING,
    Into.REVIEW: TreeState.INITIAL_PROMPT_REVIEW,
}


def landed(tree: FiledTree, into: Into, *, whole: bool) -> FiledTree:
    """The tree as it shall be. `whole`: no branches can come to it later.

    Raises Unfit for a tree that people could do nothing with.
    """
    root = tree.posts[0]
    posts = tree.posts
    if into is not Into.FINISHED:
        _check(tree, into, whole=whole)
    if into is Into.REVIEW:  # what others thought of it elsewhere counts for nothing
        posts = [replace(root, accepted=None, reviews=0), *posts[1:]]
    return replace(tree, state=STATES[into], posts=posts)


def _check(tree: FiledTree, into: Into, *, whole: bool) -> None:
    root = tree.posts[0]
    if root.deleted or root.accepted is False:
        raise Unfit(Reason.CANNOT_LAND, "its prompt was deleted or rejected, so nobody can go on with it")
    if root.accepted is None and into is not Into.REVIEW:
        raise Unfit(Reason.CANNOT_LAND, f"its prompt is still under review; it can land in {Into.REVIEW}")
    for post in tree.posts:
        if not post.deleted and not post.text.strip():
            raise Unfit(Reason.EMPTY_TEXT, f"message {post.id} has an empty text, which people could not work with")
    if into is Into.BACKLOG and whole and not _is_rankable(tree):
        raise Unfit(Reason.CANNOT_LAND, "no message of it has two accepted replies of the assistant to be ranked")


def _is_rankable(tree: FiledTree) -> bool:
    parents: set[str | None] = set()
    for post in tree.posts:
        if post.role is Role.ASSISTANT and post.accepted and not post.deleted:
            if post.parent in parents:
                return True
            parents.add(post.parent)
    return False


def check_lang(tree: FiledTree, closed: Collection[str]) -> None:
    """Raises Unfit for a prompt that people would be shown in a language that takes no new ones."""
    lang = tree.posts[0].lang
    if tree.state in _NEW_PROMPTS and lang in closed:
        why = f"lang: {lang} takes no new prompts (OA_GRAPH_LIMITS__INIT_PROMPT_DISABLED_LANGS)"
        raise Unfit(Reason.CANNOT_LAND, why)


_NEW_PROMPTS = frozenset({TreeState.INITIAL_PROMPT_REVIEW, TreeState.PROMPT_LOTTERY_WAITING})


def check_lengths(posts: Sequence[FiledPost], longest: int) -> None:
    """Raises Unfit when a text has more characters than may be."""
    for post in posts:
        if len(post.text) > longest:
            raise Unfit(Reason.TEXT_TOO_LONG, f"message {post.id} has {len(post.text)} characters; {longest} may be")
