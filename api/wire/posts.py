"""Messages, one by one and in conversations, trees and pages; what was done to them; where their trees are."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from oa_graph.api.wire.base import Id, Moment, Out, moment
from oa_graph.api.wire.frontend_users import FrontEndUser
from oa_graph.domain import posts, progress, trees
from oa_graph.domain.posts import OwnPost, PostState, ReviewKind, Role, TextLabel
from oa_graph.domain.trees import TreeState
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
    ended: Annotated[bool, Field(default=False, exclude_if=operator.not_)]
    """The conversation ends here, as users or a moderator decided. Sent only where it is true."""


def conversation_message(post: posts.Post, *, viewer: str | None, show_author: bool = True) -> ConversationMessage:
    """`post` as the user with id `viewer` sees it, with or without who wrote it and whether a model did.

    Where authors are hidden, so is the frontend's id of a post: it tells the frontend, and may tell the model.
    """
    show_author = show_author and not post.hides_author
    return ConversationMessage(
        id=post.id,
        user_id=post.author if show_author else None,
        frontend_message_id=None if post.hides_author else post.frontend_id,
        text=post.text,
        lang=post.lang,
        is_assistant=post.role is Role.ASSISTANT,
        emojis=dict(post.emojis),
        user_emojis=list(post.own_emojis),
        user_is_author=_is_author(post, viewer),
        synthetic=post.synthetic if show_author else None,
        ended=bool(post.ended),
    )


def _is_author(post: posts.Post, viewer: str | None) -> bool | None:
    return None if viewer is None else post.author == viewer


class Conversation(Out):
    """Messages from the root on, each a reply to the one before."""

    messages: list[ConversationMessage]


def conversation(thread: Iterable[posts.Post], *, viewer: str | None) -> Conversation:
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


def message(post: posts.Post, *, viewer: str | None, author: FrontEndUser | None = None) -> Message:
    """`post` as the user with id `viewer` sees it, with its author where that was asked for."""
    return Message(
        id=post.id,
        user_id=None if post.hides_author else post.author,
        frontend_message_id=None if post.hides_author else post.frontend_id,
        text=post.text,
        lang=post.lang,
        is_assistant=post.role is Role.ASSISTANT,
        emojis=dict(post.emojis),
        user_emojis=list(post.own_emojis),
        user_is_author=_is_author(post, viewer),
        synthetic=None if post.hides_author else post.synthetic,
        ended=bool(post.ended),
        parent_id=post.parent,
        created_date=moment(post.created),
        review_result=post.accepted,
        review_count=post.reviews,
        deleted=post.deleted,
        edited=post.edited,
        model_name=None if post.hides_author else post.model_name,
        message_tree_id=post.tree,
        ranking_count=post.rankings,
        rank=post.rank,
        user=None if post.hides_author else author,
    )


def messages(posts: Iterable[posts.Post], *, viewer: str | None) -> list[Message]:
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


class OwnMessage(Out):
    """A message as its author sees it."""

    message: Message
    state: PostState
    """`unreviewed`: it has no verdict, and nobody is asked for one."""
    rank: int | None
    """Among its siblings, once the tree is done; 0 is best."""
    task_kind: str | None
    """The kind of task that it answered; null: it came another way."""
    editable_until: Moment | None
    """Until when the author can edit or withdraw it, if nobody judges or answers it before; null: not any more."""


def own_message(own: OwnPost, *, viewer: str) -> OwnMessage:
    return OwnMessage(
        message=message(own.post, viewer=viewer),
        state=own.state,
        rank=own.rank,
        task_kind=own.task_kind,
        editable_until=moment(own.editable_until),
    )


class OwnMessagePage(Out):
    """Some messages of a user, and where the pages before and after them begin."""

    prev: str | None
    """To be sent as `before`; null on the first page."""
    next: str | None
    """To be sent as `after`; null on the last page."""
    sort_key: Literal["created_date"]
    items: list[OwnMessage]
    order: Literal["asc", "desc"]


class MessageTree(Out):
    """A tree's messages, in no certain order."""

    id: Id
    messages: list[Message]


def branch(id: UUID | str, posts: Iterable[posts.Post], *, viewer: str | None) -> MessageTree:
    """Some messages of a tree, under the id of one of them."""
    return MessageTree(id=str(id), messages=messages(posts, viewer=viewer))


def widest(asked: UUID | str, posts: Sequence[posts.Post], *, viewer: str | None) -> MessageTree:
    """A message and the replies to it, under its id; where there is none, nothing under the id `asked` about."""
    return branch(posts[0].id if posts else asked, posts, viewer=viewer)


def tree(value: trees.Tree, posts: Iterable[posts.Post], *, viewer: str | None) -> MessageTree:
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


def history(revisions: Iterable[posts.Revision], *, viewer: str | None) -> list[MessageRevision]:
    return [
        MessageRevision(
            id=revision.id,
            text=revision.text,
            message_id=revision.post,
            user_id=revision.editor,
            created_date=moment(revision.created),
            user_is_author=None if viewer is None else revision.editor == viewer,
        )
        for revision in revisions
    ]


class FlaggedMessageResponse(Out):
    """A message to which a moderator was called."""

    message_id: Id
    processed: bool
    """A moderator has looked at it since."""
    created_date: Moment | None
    """When it was last flagged."""


def flag(value: posts.FlaggedPost) -> FlaggedMessageResponse:
    return FlaggedMessageResponse(message_id=value.post, processed=value.processed, created_date=moment(value.created))


class MessageReport(Out):
    """What a report says."""

    text: str
    created_date: Moment
    labels: dict[str, float]


class MessageComplaint(Out):
    """A flagged message with what people said against it."""

    message: Message
    state: TreeState
    """Of its tree."""
    red_flags: int
    """Users who flagged it."""
    reports: int
    reasons: list[MessageReport]
    """The newest reports, five at most."""
    processed: bool | None
    """A moderator has looked at it since the last flag; null: it was never flagged."""
    created_date: Moment | None
    """When it was last flagged."""


def complaint(value: progress.Complaint) -> MessageComplaint:
    return MessageComplaint(
        message=message(value.post, viewer=None),
        state=value.state,
        red_flags=value.red_flags,
        reports=value.reports,
        reasons=[
            MessageReport(text=reason.text, created_date=moment(reason.created), labels=dict(reason.labels))
            for reason in value.reasons
        ],
        processed=value.processed,
        created_date=moment(value.created),
    )


class FlaggedMessagePage(Out):
    """Some of the flagged messages, and where the others are."""

    prev: str | None
    next: str | None
    sort_key: str
    items: list[FlaggedMessageResponse]
    order: Literal["asc", "desc"]


def flagged(
    flags: Iterable[posts.FlaggedPost], *, links: tuple[str | None, str | None], desc: bool
) -> FlaggedMessagePage:
    prev, next = links
    return FlaggedMessagePage(
        prev=prev,
        next=next,
        sort_key="created_date",
        order="desc" if desc else "asc",
        items=[flag(flagged_post) for flagged_post in flags],
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


def tree_state(tree: trees.Tree) -> MessageTreeStateResponse:
    return MessageTreeStateResponse(
        message_tree_id=tree.id,
        state=tree.state,
        goal_tree_size=tree.goal,
        max_depth=tree.max_depth,
        max_children_count=tree.max_children,
        active=tree.state in ACTIVE,
        origin=tree.origin,
    )


class ListedTree(Out):
    """A tree in a list, with its prompt."""

    message_tree_id: Id
    state: TreeState
    lang: str
    created_date: Moment
    """When the tree began."""
    text: str
    """The prompt."""
    deleted: bool
    """Whether the prompt is."""
    goal_tree_size: int
    message_count: int
    """Messages that are not deleted."""
    accepted_count: int
    """Of these."""
    depth: int
    """Of the deepest message; 0 is the prompt."""
    origin: str | None


class TreePage(Out):
    """Some trees of a list."""

    items: list[ListedTree]
    next: str | None
    """To be sent as `after`; null on the last page."""


def listed_trees(values: Iterable[trees.ListedTree]) -> list[ListedTree]:
    return [
        ListedTree(
            message_tree_id=tree.id,
            state=tree.state,
            lang=tree.lang,
            created_date=moment(tree.created),
            text=tree.text,
            deleted=tree.deleted,
            goal_tree_size=tree.goal,
            message_count=tree.posts,
            accepted_count=tree.accepted,
            depth=tree.depth,
            origin=tree.origin,
        )
        for tree in values
    ]


class MessageReview(Out):
    """What somebody said of a message by labels."""

    kind: ReviewKind
    """An answer of a task, labels without one, a report, or labels that came with an import."""
    user_id: Id | None
    """Who said it; null for an import."""
    created_date: Moment | None
    labels: dict[TextLabel, float]
    """In [0, 1]; those of an import are means."""
    text: str
    """The reason of a report."""


def reviews(values: Iterable[posts.PostReview]) -> list[MessageReview]:
    return [
        MessageReview(
            kind=review.kind,
            user_id=review.user,
            created_date=moment(review.created),
            labels=dict(review.labels),
            text=review.text,
        )
        for review in values
    ]
