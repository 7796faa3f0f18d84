"""Posts and trees: read alone, as threads, as trees, in lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from oa_graph import graph
from oa_graph.blindness import blinded
from oa_graph.context import Context
from oa_graph.domain.listings import PageRange, PostFilter, TreeFilter
from oa_graph.domain.posts import FlaggedPost, Post, PostReview, Revision, Role, TextLabel, Thread
from oa_graph.domain.progress import Complaint
from oa_graph.domain.trees import ListedTree, Tree, TreeState
from oa_graph.domain.users import ApiClient
from oa_graph.errors import UserNotFound
from oa_graph.graph.posts import ListedPost
from oa_graph.policy import search

REPORT_LABELS = (
    TextLabel.SPAM,
    TextLabel.NOT_APPROPRIATE,
    TextLabel.PII,
    TextLabel.HATE_SPEECH,
    TextLabel.SEXUAL_CONTENT,
    TextLabel.MORAL_JUDGEMENT,
    TextLabel.POLITICAL_CONTENT,
    TextLabel.TOXICITY,
    TextLabel.VIOLENCE,
    TextLabel.QUALITY,
)
"""The labels that a report may have."""
_REASONS = 5
"""Reports that are shown of a post, the newest ones."""
_LABELS_OF_ANY_POST = tuple(label for label in TextLabel if label is not TextLabel.FAILS_TASK)


class Posts:
    """The posts of a collection. `viewer` is the id of the user who sees them, whose own reactions are marked."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def get(self, id: str, *, viewer: str | None = None) -> Post:
        """Return a post, also a deleted or rejected one. Raise PostNotFound."""
        (post,) = await blinded(self._context, [await graph.posts.post(self._context.store, id, viewer=viewer)])
        return post

    async def by_frontend_id(self, frontend_id: str, *, client: ApiClient) -> str:
        """Return the id of the post that `client` submitted with an id of its own. Raise PostNotFound."""
        return await graph.posts.by_frontend_id(self._context.store, frontend_id, client=client.id)

    async def thread(self, id: str, *, viewer: str | None = None) -> Thread:
        """Return the posts from the root to a post, root first.

        Raise PostNotFound, or BrokenThread if an ancestor is deleted or not accepted.
        """
        return tuple(await blinded(self._context, await graph.posts.thread(self._context.store, id, viewer=viewer)))

    async def ancestry(self, id: str) -> list[Post]:
        """Return the posts from the root to a post, whatever their state. Raise PostNotFound."""
        return await graph.posts.ancestry(self._context.store, id, viewer=None)

    async def tree(self, id: str) -> Tree:
        """Return the tree that a post belongs to. Raise PostNotFound."""
        return await graph.trees.tree_of(self._context.store, id)

    async def trees(self, page: PageRange[datetime], *, where: TreeFilter) -> list[ListedTree]:
        """Return trees by the time when they began, newest first."""
        return await graph.trees.newest(self._context.store, page, where=where)

    async def tree_states(self, ids: Collection[str]) -> Mapping[str, TreeState]:
        """Return the states of some trees by id; unknown ones are left out."""
        return await graph.trees.states(self._context.store, ids)

    async def tree_posts(
        self, id: str, *, include_rejected: bool = True, include_deleted: bool = True, viewer: str | None = None
    ) -> list[Post]:
        """Return the posts of the tree that a post belongs to, by depth, then age. Raise PostNotFound.

        `include_rejected`: also posts that are under review or rejected.
        """
        posts = await graph.posts.tree_posts(
            self._context.store,
            id,
            viewer=viewer,
            include_rejected=include_rejected,
            include_deleted=include_deleted,
        )
        return await blinded(self._context, posts)

    async def children(self, id: str, *, viewer: str | None = None) -> list[Post]:
        """Return the replies that are not deleted. Raise PostNotFound."""
        return await blinded(self._context, await graph.posts.children(self._context.store, id, viewer=viewer))

    async def descendants(self, id: str, *, viewer: str | None = None) -> list[Post]:
        """Return all posts below a post, by depth, then age. Raise PostNotFound."""
        return await blinded(self._context, await graph.posts.descendants(self._context.store, id, viewer=viewer))

    async def longest_thread(self, id: str, *, viewer: str | None = None) -> Thread:
        """Return the longest thread of a post's tree without deleted and rejected posts. Raise PostNotFound."""
        return tuple(
            await blinded(self._context, await graph.posts.longest_thread(self._context.store, id, viewer=viewer))
        )

    async def most_replies(self, id: str, *, viewer: str | None = None) -> list[Post]:
        """Return the post of a tree with most replies, then its replies, all not deleted. Raise PostNotFound."""
        return await blinded(self._context, await graph.posts.most_replies(self._context.store, id, viewer=viewer))

    async def history(self, id: str) -> list[Revision]:
        """Return every version of a post, the original first; none if it was never edited. Raise PostNotFound."""
        return await graph.posts.history(self._context.store, id)

    async def reviews(self, id: str) -> list[PostReview]:
        """Return what was said of a post by labels, the oldest first. Raise PostNotFound."""
        return await graph.posts.reviews(self._context.store, id)

    async def page(
        self,
        page: PageRange[datetime],
        *,
        where: PostFilter,
        words: str | None = None,
        with_user: bool = False,
        viewer: str | None = None,
    ) -> list[ListedPost]:
        """Return posts by the time of their creation. A search for `words` needs the language in `where`."""
        query = search.query(words, where.lang, where) if words and where.lang else None
        listed_posts = await graph.posts.page(
            self._context.store, page, among=where, viewer=viewer, search=query, with_user=with_user
        )
        shown = await blinded(self._context, [listed.post for listed in listed_posts])
        return [listed._replace(post=post) for listed, post in zip(listed_posts, shown, strict=True)]

    async def written_by(self, where: PostFilter, *, method: str, name: str, must_exist: bool = False) -> PostFilter:
        """Narrow a filter to the users of this name, of one client or of all.

        Raise UserNotFound if there is none and `must_exist`.
        """
        users = await graph.users.with_username(self._context.store, client=where.client, method=method, name=name)
        authors = tuple(user for user in users if where.authors is None or user in where.authors)
        if must_exist and not authors:
            raise UserNotFound(id=f"{method}:{name}")
        return replace(where, authors=authors)

    async def flagged(self, page: PageRange[datetime]) -> list[FlaggedPost]:
        """Return flagged posts, by the time of the last flag."""
        return await graph.posts.flags(self._context.store, page)

    async def open_flags(self, *, limit: int = 100) -> list[FlaggedPost]:
        """Return flagged posts that no moderator has looked at since, the last flagged first."""
        return await graph.posts.open_flags(self._context.store, limit=limit)

    async def complaints(self, *, limit: int = 100) -> list[Complaint]:
        """Return flagged posts that no moderator has looked at since, with the reports of each, newest flag first."""
        return await self.complaints_about([flag.post for flag in await self.open_flags(limit=limit)])

    async def complaints_about(self, ids: Sequence[str]) -> list[Complaint]:
        """Return posts with what people said against them, in this order; without those that are not there."""
        complaints = await graph.posts.complaints(self._context.store, ids, reasons=_REASONS)
        shown = await blinded(self._context, [complaint.post for complaint in complaints])
        return [
            replace(complaint, post=post, author=None if post.hides_author else complaint.author)
            for complaint, post in zip(complaints, shown, strict=True)
        ]

    async def process_flag(self, id: str) -> FlaggedPost:
        """Record that a moderator has looked at a flagged post. Raise PostNotFound."""
        return await graph.posts.process_flag(self._context.store, id)

    async def settle(self, id: str) -> None:
        """Record that a moderator has looked at a post, its reviews and its flag. Raise PostNotFound.

        A contested post is listed again with its next review, a flagged one with its next flag.
        """
        await graph.posts.settle(self._context.store, id, now=self._context.clock())

    async def valid_labels(self, id: str | None = None) -> Sequence[str]:
        """Return the labels that suit a post; without `id`, every label but `fails_task`. Raise PostNotFound."""
        if id is None:
            return _LABELS_OF_ANY_POST
        post, limits = await self.get(id), self._context.limits
        if post.role is Role.ASSISTANT:
            return limits.labels_assistant_reply
        return limits.labels_initial_prompt if post.parent is None else limits.labels_prompter_reply
