"""What authors see of their own posts, and how long they can change them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from oa_graph import tree_lifecycle
from oa_graph.context import Clock, Step, utc_now
from oa_graph.domain.limits import Limits
from oa_graph.domain.listings import PageRange
from oa_graph.domain.posts import EmojiCode, EmojiOp, OwnPost, Post, PostState
from oa_graph.domain.tasks import LabelAnswer, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import ApiClient, UserIdentity
from oa_graph.errors import (
    NotEditable,
    NothingToHandOut,
    PostNotFound,
    TextDuplicated,
    TextTooLong,
    UserDisabled,
    UserNotFound,
)
from oa_graph.graph import posts
from oa_graph.graph.session import Graph, Tx
from oa_graph.moderation import Moderation
from oa_graph.own_posts import OwnPosts
from tests.builders import (
    ADA,
    BOB,
    CAT,
    CLIENT,
    DAN,
    Worker,
    at_once,
    context_of,
    expire,
    labels_for,
    plant,
    state_of,
    while_held,
)
from tests.invariants import check

pytestmark = pytest.mark.anyio

LIMITS = Limits(author_edit_sec=600, num_reviews_reply=1, num_reviews_initial_prompt=1, message_size_limit=100)
REPLY, REVIEW = TaskKind.ASSISTANT_REPLY, TaskKind.LABEL_ASSISTANT_REPLY
OTHER = ApiClient(id="other", trusted=True)


class Author:
    """A user and what the user has written."""

    def __init__(self, graph: Graph, limits: Limits = LIMITS, who: UserIdentity = ADA) -> None:
        self.graph, self.limits, self.who, self.clock = graph, limits, who, utc_now
        self.worker = Worker(graph, limits, Random(1), who)
        self.client = CLIENT

    @property
    def own_posts(self) -> OwnPosts:
        clock: Clock = self.clock
        return OwnPosts(replace(context_of(self.graph, self.limits, Random(1)), clock=clock))

    async def reply(self, text: str = "Water.") -> str:
        """Write a reply to whatever wants one; return its id."""
        await self.worker.write(await self.worker.ask(REPLY), text)
        return (await self.written())[0].post.id

    async def written(self) -> list[OwnPost]:
        page: PageRange[datetime] = PageRange(None, None, desc=True, limit=100)
        _, own = await self.own_posts.page(page, client=self.client, method=self.who.method, name=self.who.name)
        return own

    async def edit(self, post: str, text: str = "Fresh water.") -> Post:
        return await self.own_posts.edit(post, text, client=self.client, method=self.who.method, name=self.who.name)

    async def withdraw(self, post: str) -> None:
        await self.own_posts.withdraw(post, client=self.client, method=self.who.method, name=self.who.name)


@pytest.fixture
async def ada(graph: Graph) -> Author:
    await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    return Author(graph)


async def text_of(graph: Graph, post: str) -> str:
    return (await posts.post(graph, post, viewer=None)).text


# What became of them


async def test_a_post_is_listed_with_its_state_its_task_and_until_when_it_can_be_changed(
    ada: Author, graph: Graph
) -> None:
    post = await ada.reply()
    (own,) = await ada.written()
    assert (own.post.id, own.state, own.rank, own.task_kind) == (post, PostState.UNDER_REVIEW, None, REPLY)
    assert own.post.created is not None
    assert own.editable_until == own.post.created + timedelta(seconds=600)


@pytest.mark.parametrize(
    ("properties", "state"),
    [
        ("{accepted: true, pool: null}", PostState.ACCEPTED),
        ("{accepted: false, pool: null}", PostState.REJECTED),
        ("{accepted: true, deleted: true}", PostState.DELETED),
        ("{pool: null}", PostState.UNREVIEWED),
        ("{}", PostState.UNDER_REVIEW),
    ],
)
async def test_a_state_is_that_of_the_post(ada: Author, graph: Graph, properties: str, state: PostState) -> None:
    post = await ada.reply()
    for name, value in (pair.split(": ") for pair in properties.strip("{}").split(", ") if pair):
        await graph.execute(
            "MATCH (post:Post {id: $id}) SET post[$name] = $value",
            id=post,
            name=name,
            value={"true": True, "false": False, "null": None}[value],
        )
    (own,) = await ada.written()
    assert own.state is state
    assert (own.editable_until is None) == ("accepted" in properties)


async def test_a_halted_tree_leaves_its_posts_without_a_verdict(ada: Author, graph: Graph) -> None:
    post = await ada.reply()
    await Moderation(context_of(graph, LIMITS, Random(1))).halt(post)
    assert (await ada.written())[0].state is PostState.UNREVIEWED


async def test_a_rank_is_shown_once_the_tree_is_done(ada: Author, graph: Graph) -> None:
    post = await ada.reply()
    await graph.execute("MATCH (post:Post {id: $id}) SET post.rank = 1, post.accepted = true", id=post)
    assert (await ada.written())[0].rank is None
    await graph.execute("MATCH (tree:Tree) SET tree.state = 'ready_for_export'")
    assert (await ada.written())[0].rank == 1


async def test_only_the_client_of_a_user_sees_the_posts_of_the_user(ada: Author) -> None:
    await ada.reply()
    await Author(ada.graph, who=BOB).worker.user()
    assert await Author(ada.graph, who=BOB).written() == []
    ada.client = OTHER
    with pytest.raises(UserNotFound):
        await ada.written()


# Edits


async def test_an_edit_changes_the_text_and_keeps_both_versions(ada: Author, graph: Graph) -> None:
    post = await ada.reply("Water.")
    edited = await ada.edit(post, "Fresh water.")
    assert (edited.id, edited.text, edited.edited) == (post, "Fresh water.", True)
    history = await posts.history(graph, post)
    author = (await ada.worker.user()).id
    assert [(version.text, version.editor) for version in history] == [("Water.", author), ("Fresh water.", author)]
    reviewer = Worker(graph, LIMITS, Random(2), BOB)
    task = await reviewer.ask(REVIEW)
    assert task.thread[-1].text == "Fresh water."
    await check(graph, LIMITS)


async def test_an_edit_that_is_sent_again_succeeds_and_makes_no_version(ada: Author, graph: Graph) -> None:
    post = await ada.reply()
    await ada.edit(post)
    await Worker(graph, LIMITS, Random(2), BOB).review(REVIEW)
    assert (await ada.edit(post)).text == "Fresh water."
    assert len(await posts.history(graph, post)) == 2


async def test_a_text_that_a_user_has_sent_and_one_that_is_too_long_are_refused(ada: Author, graph: Graph) -> None:
    await plant(graph, {"What is snow?": {}}, limits=LIMITS)
    await ada.reply("Ice.")
    post = await ada.reply("Water.")
    with pytest.raises(TextDuplicated):
        await ada.edit(post, "Ice.")
    with pytest.raises(TextTooLong):
        await ada.edit(post, "a" * 101)
    assert await text_of(graph, post) == "Water."
    assert (await ada.edit(post, "a" * 100)).text == "a" * 100


async def test_of_two_posts_that_get_one_text_at_once_one_does(ada: Author, graph: Graph) -> None:
    await plant(graph, {"What is snow?": {}}, limits=LIMITS)
    ids = [await ada.reply("Ice."), await ada.reply("Water.")]
    done, errors = await at_once(ada.edit(post, "Both.") for post in ids)
    assert (len(done), [type(error) for error in errors]) == (1, [TextDuplicated])


# Withdrawals


async def test_a_withdrawn_reply_makes_room_for_another_of_the_same_author(ada: Author, graph: Graph) -> None:
    post = await ada.reply()
    await ada.withdraw(post)
    assert [own.state for own in await ada.written()] == [PostState.DELETED]
    await check(graph, LIMITS)
    await ada.withdraw(post)  # sent again
    with pytest.raises(NotEditable, match="it is deleted"):
        await ada.edit(post)
    assert await ada.reply("Water again.") != post
    await check(graph, LIMITS)


async def test_a_withdrawal_leaves_what_the_deletion_by_a_moderator_leaves(graph: Graph) -> None:
    async def after(remove: Callable[[Author, str], Awaitable[None]]) -> object:
        await graph.execute("MATCH (n) WHERE NOT n:Schema DETACH DELETE n")
        author = Author(graph)
        task = await author.worker.ask(TaskKind.INITIAL_PROMPT)
        await author.worker.write(task, "What is rain?")
        prompt = (await author.written())[0].post.id
        await remove(author, prompt)
        await check(graph, LIMITS)
        (row,) = await graph.execute(
            """
            MATCH (tree:Tree)-[:ROOT]->(post) MATCH (language:Language) MATCH (user:User)
            RETURN properties(language) AS language, tree.state AS state, tree.halted_for AS why,
              [name IN ['deleted', 'pool', 'wants', 'key'] | post[name]] AS post,
              COLLECT { MATCH (tally:Tally) RETURN tally {.trees, .posts, .deleted} } AS tallies
            """
        )
        return row

    async def delete(author: Author, post: str) -> None:
        await Moderation(context_of(graph, LIMITS, Random(1))).delete(post)

    withdrawn = await after(Author.withdraw)
    assert withdrawn == await after(delete)


# What stands in the way


async def review(graph: Graph, post: str) -> None:
    """Bob reviews it, with two more reviews to come."""
    await Worker(graph, replace(LIMITS, num_reviews_reply=3), Random(2), BOB).review(REVIEW)


async def remark(graph: Graph, post: str) -> None:
    await Worker(graph, LIMITS, Random(2), BOB).settle(LabelAnswer(None, post, "", {"spam": 0.0}, is_report=False))


async def report(graph: Graph, post: str) -> None:
    await Worker(graph, LIMITS, Random(2), BOB).report(post)


async def react(graph: Graph, post: str) -> None:
    moderation = Moderation(context_of(graph, LIMITS, Random(2)))
    await moderation.react(post, EmojiCode.THUMBS_UP, EmojiOp.ADD, client=CLIENT, user=BOB)


async def skip(graph: Graph, post: str) -> None:
    worker = Worker(graph, LIMITS, Random(2), BOB)
    await worker.skip(await worker.ask(REVIEW))


async def decide(graph: Graph, post: str) -> None:
    await posts.decide(graph, post, accepted=True, num_end_votes=1, ask_from_depth=None)


async def rank(graph: Graph, post: str) -> None:
    await graph.execute(
        "MATCH (post:Post {id: $id}) CREATE (:Ranking {id: 'r', key: 'r'})-[:RANKED {position: 0}]->(post)", id=post
    )


async def vote(graph: Graph, post: str) -> None:
    await graph.execute(
        "MATCH (post:Post {id: $id}) CREATE (:EndVote {id: 'v', key: 'v'})-[:VOTES_ON]->(post)", id=post
    )


async def end(graph: Graph, post: str) -> None:
    await Moderation(context_of(graph, LIMITS, Random(2))).set_ended(post, ended=True)


async def answer(graph: Graph, post: str) -> None:
    await graph.execute(
        """
        MATCH (post:Post {id: $id})
        CREATE (:Post {id: 'answer', tree: post.tree, role: 'prompter', text: 'Why?', lang: 'en', depth: 2,
          created: $now, deleted: true, reviews: 0})-[:REPLY_TO]->(post)
        """,
        id=post,
        now=datetime.now(UTC),
    )


async def take(graph: Graph, post: str) -> None:
    await Worker(graph, LIMITS, Random(2), BOB).ask(REVIEW)


async def take_to_rank(graph: Graph, post: str) -> None:
    await graph.execute(
        "MATCH (post:Post {id: $id}) CREATE (:Task {id: 'task', holder: 'bob'})-[:OFFERED {position: 0}]->(post)",
        id=post,
    )


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (review, "somebody has judged it"),
        (remark, "somebody has judged it"),
        (report, "somebody has judged it"),
        (react, "somebody has judged it"),
        (skip, "somebody has judged it"),
        (decide, "somebody has judged it"),
        (rank, "somebody has judged it"),
        (vote, "somebody has judged it"),
        (end, "somebody has judged it"),
        (answer, "somebody has answered it"),
        (take, "another user has been handed a task about it"),
        (take_to_rank, "another user has been handed a task about it"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_what_others_have_judged_answered_or_in_hand_stays_as_it_is(
    ada: Author, graph: Graph, act: Callable[[Graph, str], Awaitable[None]], reason: str
) -> None:
    ada.limits = replace(LIMITS, num_reviews_reply=3)
    post = await ada.reply()
    await act(graph, post)
    for change in (ada.edit(post), ada.withdraw(post)):
        with pytest.raises(NotEditable, match=f"^The author can no longer change the message {post}: {reason}"):
            await change
    assert (await ada.written())[0].editable_until is None
    shown = await posts.post(graph, post, viewer=None)
    assert (shown.text, shown.deleted) == ("Water.", False)


async def test_a_task_that_has_expired_or_is_the_authors_own_is_in_nobodys_way(ada: Author, graph: Graph) -> None:
    limits = replace(LIMITS, allow_self_labeling=True)
    post = await ada.reply()
    task = await Worker(graph, limits, Random(2), BOB).ask(REVIEW)
    await expire(graph, task)
    await graph.execute("MATCH (:Task {id: $id})-[lease:LEASES]->() DELETE lease", id=task.id)
    await graph.execute("MATCH (post:Post {id: $id}) SET post.key = 0.5", id=post)
    await Worker(graph, limits, Random(2), ADA).ask(REVIEW)
    assert (await ada.edit(post)).text == "Fresh water."


async def test_a_post_can_be_changed_for_a_while_only_and_by_default_never(ada: Author, graph: Graph) -> None:
    post = await ada.reply()
    ada.clock = lambda: datetime.now(UTC) + timedelta(seconds=601)
    assert (await ada.written())[0].editable_until is None
    for change in (ada.edit(post), ada.withdraw(post)):
        with pytest.raises(NotEditable, match=r": it is older than 600 seconds\.$"):
            await change
    ada.clock = utc_now
    ada.limits = replace(LIMITS, author_edit_sec=Limits().author_edit_sec)
    assert (await ada.written())[0].editable_until is None
    for change in (ada.edit(post), ada.withdraw(post)):
        with pytest.raises(NotEditable, match=r": this collection does not let authors change their messages\.$"):
            await change
    assert await text_of(graph, post) == "Water."


async def test_nobody_else_can_change_a_post(ada: Author, graph: Graph) -> None:
    post = await ada.reply()
    bob, stranger = Author(graph, who=BOB), Author(graph, who=DAN)
    await bob.worker.user()
    for author, error in ((bob, PostNotFound), (stranger, UserNotFound)):
        for change in (author.edit(post), author.withdraw(post)):
            with pytest.raises(error):
                await change
    with pytest.raises(PostNotFound):
        await ada.edit("nothing")
    await ada.worker.user(enabled=False)
    for change in (ada.edit(post), ada.withdraw(post)):
        with pytest.raises(UserDisabled):
            await change
    ada.client = OTHER
    with pytest.raises(UserNotFound):
        await ada.edit(post)
    assert await text_of(graph, post) == "Water."


# At the same instant


@pytest.mark.parametrize("attempt", range(4))
async def test_who_is_handed_a_post_at_the_instant_of_its_edit_sees_the_text_that_stays(
    ada: Author, graph: Graph, attempt: int
) -> None:
    limits = replace(LIMITS, num_reviews_reply=8)
    ada.limits, ada.worker.limits = limits, limits
    post = await ada.reply("Water.")
    reviewers = [Worker(graph, limits, Random(i), who) for i, who in enumerate((BOB, CAT, DAN))]
    edits, tasks = await at_once([ada.edit(post), *(worker.ask(REVIEW) for worker in reviewers)])
    shown = {task.thread[-1].text for task in edits if not isinstance(task, Post)}
    edited = any(isinstance(result, Post) for result in edits)
    assert [type(error) for error in tasks] == ([] if edited else [NotEditable])
    assert shown == {"Fresh water." if edited else "Water."}
    assert await text_of(graph, post) == ("Fresh water." if edited else "Water.")
    await check(graph, limits)


@pytest.mark.parametrize("attempt", range(4))
async def test_a_withdrawal_and_a_review_task_at_the_same_instant_do_not_both_succeed(
    ada: Author, graph: Graph, attempt: int
) -> None:
    post = await ada.reply("Water.")
    reviewer = Worker(graph, LIMITS, Random(attempt), BOB)
    await reviewer.user()
    done, errors = await at_once([ada.withdraw(post), reviewer.ask(REVIEW)])
    assert len(done) == 1
    withdrawn = done == [None]
    assert [type(error) for error in errors] == [NothingToHandOut if withdrawn else NotEditable]
    assert (await posts.post(graph, post, viewer=None)).deleted == withdrawn
    await check(graph, LIMITS)


async def test_a_review_that_is_written_while_the_author_waits_wins(ada: Author, graph: Graph) -> None:
    """Its task expired, so that it does not stand in the way; the review does."""
    limits = replace(LIMITS, num_reviews_reply=3)
    post = await ada.reply()
    reviewer = Worker(graph, limits, Random(2), BOB)
    task = await reviewer.ask(REVIEW)
    await reviewer.ack(task)
    await graph.execute("MATCH (task:Task {id: $id}) SET task.holder = null", id=task.id)

    async def settle(tx: Tx) -> None:
        held = Worker(graph, limits, Random(2), BOB)
        held.graph = tx  # type: ignore[assignment]
        await held.tasks.submit(labels_for(task), client=CLIENT, user=BOB)

    for change in (ada.edit(post), ada.withdraw(post)):
        outcome = await while_held(graph, settle, change)
        assert isinstance(outcome, NotEditable)
    assert await text_of(graph, post) == "Water."


@pytest.mark.parametrize("act", ["react", "remark", "report"])
async def test_a_judgement_that_is_written_while_the_author_waits_wins(ada: Author, graph: Graph, act: str) -> None:
    post = await ada.reply()
    user = (await Worker(graph, LIMITS, Random(2), BOB).user()).id
    now = datetime.now(UTC)

    async def judge(tx: Tx) -> None:
        if act == "react":
            step = Step(tx, LIMITS, now, Random(2))
            await tree_lifecycle.react(step, user=user, post=post, emoji=EmojiCode.THUMBS_UP)
        elif act == "remark":
            await posts.remark(tx, user=user, post=post, labels={"spam": 0.0}, text="", now=now)
        else:
            await posts.report(tx, user=user, post=post, labels={}, conduct={}, text="Rude.", now=now)

    assert isinstance(await while_held(graph, judge, ada.withdraw(post)), NotEditable)
    assert not (await posts.post(graph, post, viewer=None)).deleted


async def test_a_reviewer_who_waits_for_an_edit_gets_the_new_text(ada: Author, graph: Graph) -> None:
    post = await ada.reply("Water.")
    reviewer = Worker(graph, LIMITS, Random(2), BOB)
    await reviewer.user()

    async def edit(tx: Tx) -> None:
        held = Author(graph)
        held.graph = tx  # type: ignore[assignment]
        await held.edit(post)

    task = await while_held(graph, edit, reviewer.ask(REVIEW))
    assert not isinstance(task, Exception)
    assert task.thread[-1].text == "Fresh water."
    assert await state_of(graph, post) is TreeState.GROWING
