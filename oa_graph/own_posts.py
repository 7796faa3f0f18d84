"""What users may see and change of the posts that they wrote themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from oa_graph import graph, tree_lifecycle
from oa_graph.blindness import blinded
from oa_graph.context import Context, Step
from oa_graph.domain.limits import Limits
from oa_graph.domain.listings import PageRange, PostFilter
from oa_graph.domain.posts import OwnPost, Post
from oa_graph.domain.users import ApiClient, User
from oa_graph.errors import (
    NotEditable,
    OaGraphError,
    PostNotFound,
    TextDuplicated,
    TextTooLong,
    UserDisabled,
    UserNotFound,
)
from oa_graph.graph.outcomes import OwnPostOutcome
from oa_graph.graph.posts import OwnPostLock
from oa_graph.graph.session import Tx
from oa_graph.moderation import Moderation
from oa_graph.policy import own_posts as policy


class OwnPosts:
    """Posts for the users who wrote them. `client` is the API client whose user `method` and `name` are."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def page(
        self, page: PageRange[datetime], *, client: ApiClient, method: str, name: str
    ) -> tuple[User, list[OwnPost]]:
        """Return the user and posts of the user by the time of their creation, deleted ones too. Raise UserNotFound."""
        store = self._context.store
        user = await graph.users.find(store, client=client.id, method=method, name=name)
        if user is None:
            raise UserNotFound(id=f"{method}:{name}")
        written = PostFilter(authors=(user.id,), include_deleted=True)
        listed_posts = await graph.posts.page(store, page, among=written, viewer=user.id)
        return user, await self._own([listed.post for listed in listed_posts])

    async def _own(self, posts: Sequence[Post]) -> list[OwnPost]:
        limits, now = self._context.limits, self._context.clock()
        ids = [post.id for post in posts]
        states = await graph.posts.own_states(self._context.store, ids, limits=limits, now=now) if ids else {}
        return [
            OwnPost(
                post,
                policy.state(post, reviewable=states[post.id].reviewable),
                policy.final_rank(post, states[post.id].tree_state),
                states[post.id].task_kind,
                policy.editable_until(post, limits, editable=states[post.id].editable),
            )
            for post in await blinded(self._context, posts)
            if post.id in states  # else it was purged meanwhile
        ]

    async def edit(self, id: str, text: str, *, client: ApiClient, method: str, name: str) -> Post:
        """Replace the text of a post of the user, and keep every version; return the post.

        The same text again changes nothing. Raise UserNotFound, PostNotFound (also for a post of another user),
        UserDisabled, NotEditable, TextTooLong or TextDuplicated.
        """
        longest, revisions = self._context.limits.message_size_limit, (str(uuid4()), str(uuid4()))
        if len(text) > longest:
            raise TextTooLong(length=len(text), limit=longest)

        async def work(tx: Tx) -> Post:
            step = self._context.step(tx)
            lock = await _lock(step, id, text=text, client=client, method=method, name=name)
            if lock.outcome is not OwnPostOutcome.UNCHANGED:
                _check(lock, id, method=method, name=name, limits=step.limits)
                editor = str(lock.user_id)
                await graph.posts.edit(tx, id, text=text, editor=editor, revisions=revisions, now=step.now)
            return await graph.posts.post(tx, id, viewer=lock.user_id)

        (post,) = await blinded(self._context, [await self._context.store.transact(work)])
        return post

    async def withdraw(self, id: str, *, client: ApiClient, method: str, name: str) -> None:
        """Delete a post of the user, as a moderator does; a deleted one stays so. Raise what `edit` does."""

        async def work(step: Step) -> None:
            lock = await _lock(step, id, text=None, client=client, method=method, name=name)
            if lock.outcome is not OwnPostOutcome.DELETED:
                _check(lock, id, method=method, name=name, limits=step.limits)
                await tree_lifecycle.delete(step, [id])

        await Moderation(self._context).act(work)


async def _lock(step: Step, id: str, *, text: str | None, client: ApiClient, method: str, name: str) -> OwnPostLock:
    return await graph.posts.lock_own(
        step.tx, id, client=client.id, method=method, name=name, text=text, limits=step.limits, now=step.now
    )


def _check(lock: OwnPostLock, id: str, *, method: str, name: str, limits: Limits) -> None:
    """Raise the error for a post that may not be changed."""
    if lock.outcome is not OwnPostOutcome.OPEN:
        raise _error(lock.outcome, id, method=method, name=name, limits=limits)


def _error(outcome: OwnPostOutcome, id: str, *, method: str, name: str, limits: Limits) -> OaGraphError:
    match outcome:
        case OwnPostOutcome.UNKNOWN_USER:
            return UserNotFound(id=f"{method}:{name}")
        case OwnPostOutcome.UNKNOWN_POST:
            return PostNotFound(id=id)
        case OwnPostOutcome.DISABLED:
            return UserDisabled(id=name)
        case OwnPostOutcome.DUPLICATED:
            return TextDuplicated(minutes=limits.duplicate_window_sec // 60)
        case OwnPostOutcome.DELETED:
            return NotEditable(id=id, why="it is deleted")
        case OwnPostOutcome.JUDGED:
            return NotEditable(id=id, why="somebody has judged it")
        case OwnPostOutcome.ANSWERED:
            return NotEditable(id=id, why="somebody has answered it")
        case OwnPostOutcome.SHOWN:
            return NotEditable(id=id, why="another user has been handed a task about it")
        case OwnPostOutcome.TOO_LATE if not limits.author_edit_sec:
            return NotEditable(id=id, why="this collection does not let authors change their messages")
        case OwnPostOutcome.TOO_LATE:
            return NotEditable(id=id, why=f"it is older than {limits.author_edit_sec} seconds")
        case OwnPostOutcome.OPEN | OwnPostOutcome.UNCHANGED:
            raise AssertionError(f"no error: {outcome}")
