"""Messages, one by one and in conversations, trees and pages; what was done to them; where their trees are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

from oa_graph import model
from oa_graph.api.wire.base import Id, Moment, Out, moment
from oa_graph.api.wire.frontend_users import FrontEndUser
from oa_graph.model import Role, TreeState
from oa_graph.policy.growth import ACTIVE


class ConversationMessage(Out):
    """A message in a conversation."""

    id: Id | None
    user_id: Id | None
    """Who wrote it; null in a task that asks to judge it, and when the system did."""
    frontend_message_id: str | None
    text: str
    lang: str | None
    is_assistant: bool
    emojis: dict[str, int] | None
    """How often each reaction was given."""
    user_emojis: list[str] | None
    """The reactions of the acting user."""
    user_is_author: bool | None
    """Whether the acting user wrote it; null when there is none."""
    synthetic: bool | None
    """A model wrote it; null in a task that asks to judge it, but for rankings where models wrote all replies."""


def conversation_message(
    post: model.Post, *, viewer: str | None, show_author: bool = True, show_synthetic: bool = True
) -> ConversationMessage:
    """`post` as the user with id `viewer` sees it, with or without who wrote it and whether a model did."""
    return ConversationMessage(
        id=post.id,
        user_id=post.author if show_author else None,
        frontend_message_id=post.frontend_id,
        text=post.text,
        lang=post.lang,
        is_assistant=post.role is Role.ASSISTANT,
        emojis=dict(post.emojis),
        user_emojis=list(post.own_emojis),
        user_is_author=_is_author(post, viewer),
        synthetic=post.synthetic if show_synthetic else None,
    )


def _is_author(post: model.Post, viewer: str | None) -> bool | None:
    return None if viewer is None else post.author == viewer


class Conversation(Out):
    """Messages from the root on, each a reply to the one before."""

    messages: list[ConversationMessage]


def conversation(thread: Iterable[model.Post], *, viewer: str | None) -> Conversation:
    return Conversation(messages=[conversation_message(post, viewer=viewer) for post in thread])


class Message(ConversationMessage):
    """A message with all that is known of it."""

    parent_id: Id | None
    created_date: Moment | None
    review_result: bool | None
    """null: under review."""
    review_count: int | None
    deleted: bool | None
    edited: bool | None
    model_name: str | None
    message_tree_id: Id | None
    ranking_count: int | None
    rank: int | None
    """Among its siblings; 0 is best."""
    user: FrontEndUser | None


def message(post: model.Post, *, viewer: str | None, author: FrontEndUser | None = None) -> Message:
    """`post` as the user with id `viewer` sees it, with its author where that was asked for."""
    return Message(
        id=post.id,
        user_id=post.author,
        frontend_message_id=post.frontend_id,
        text=post.text,
        lang=post.lang,
        is_assistant=post.role is Role.ASSISTANT,
        emojis=dict(post.emojis),
        user_emojis=list(post.own_emojis),
        user_is_author=_is_author(post, viewer),
        synthetic=post.synthetic,
        parent_id=post.parent,
        created_date=moment(post.created),
        review_result=post.accepted,
        review_count=post.reviews,
        deleted=post.deleted,
        edited=post.edited,
        model_name=post.model_name,
        message_tree_id=post.tree,
        ranking_count=post.rankings,
        rank=post.rank,
        user=author,
    )


def messages(posts: Iterable[model.Post], *, viewer: str | None) -> list[Message]:
    return [message(post, viewer=viewer) for post in posts]


class MessagePage(Out):
    """Some messages of a list, and where the pages before and after them begin."""

    prev: str | None
    """To be sent as `before`; null on the first page."""
    next: str | None
    """To be sent as `after`; null on the last page."""
    sort_key: Literal["created_date"]
    items: list[Message]
    order: Literal["asc", "desc"]


class MessageTree(Out):
    """A tree's messages, in no certain order."""

    id: Id
    messages: list[Message]


def branch(id: UUID | str, posts: Iterable[model.Post], *, viewer: str | None) -> MessageTree:
    """Some messages of a tree, under the id of one of them."""
    return MessageTree(id=str(id), messages=messages(posts, viewer=viewer))


def widest(asked: UUID | str, posts: Sequence[model.Post], *, viewer: str | None) -> MessageTree:
    """A message and the replies to it, under its id; where there is none, nothing under the id `asked` about."""
    return branch(posts[0].id if posts else asked, posts, viewer=viewer)


def tree(value: model.Tree, posts: Iterable[model.Post], *, viewer: str | None) -> MessageTree:
    return MessageTree(id=value.id, messages=messages(posts, viewer=viewer))


class MessageRevision(Out):
    """One version of a message's text."""

    id: Id
    text: str
    message_id: Id
    user_id: Id | None
    """Who wrote this version."""
    created_date: Moment | None
    user_is_author: bool | None
    """Whether the acting user wrote it; null when there is none."""


def history(revisions: Iterable[model.Revision], *, viewer: str | None) -> list[MessageRevision]:
    return [
        MessageRevision(
            id=each.id,
            text=each.text,
            message_id=each.post,
            user_id=each.editor,
            created_date=moment(each.created),
            user_is_author=None if viewer is None else each.editor == viewer,
        )
        for each in revisions
    ]


class FlaggedMessageResponse(Out):
    """A message to which a moderator was called."""

    message_id: Id
    processed: bool
    """A moderator has looked at it since."""
    created_date: Moment | None
    """When it was last flagged."""


def flag(value: model.Flag) -> FlaggedMessageResponse:
    return FlaggedMessageResponse(message_id=value.post, processed=value.processed, created_date=moment(value.created))


class FlaggedMessagePage(Out):
    """Some of the flagged messages, and where the others are."""

    prev: str | None
    next: str | None
    sort_key: str
    items: list[FlaggedMessageResponse]
    order: Literal["asc", "desc"]


def flagged(flags: Iterable[model.Flag], *, links: tuple[str | None, str | None], desc: bool) -> FlaggedMessagePage:
    prev, next = links
    return FlaggedMessagePage(
        prev=prev,
        next=next,
        sort_key="created_date",
        order="desc" if desc else "asc",
        items=[flag(each) for each in flags],
    )


class MessageTreeStateResponse(Out):
    """Where a tree is on its way."""

    message_tree_id: Id
    state: TreeState
    goal_tree_size: int
    max_depth: int
    max_children_count: int
    active: bool
    """Whether work is still to be done on it."""
    origin: str | None


def tree_state(tree: model.Tree) -> MessageTreeStateResponse:
    return MessageTreeStateResponse(
        message_tree_id=tree.id,
        state=tree.state,
        goal_tree_size=tree.goal,
        max_depth=tree.max_depth,
        max_children_count=tree.max_children,
        active=tree.state in ACTIVE,
        origin=tree.origin,
    )
