"""The end of a conversation: when it is asked about, how votes decide it, and what follows for the tree."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from oa_graph import tree_lifecycle
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import EndVoteAnswer, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import NothingToHandOut, PostNotFound, SelfReview, TaskAlreadyDone, WrongAnswer
from oa_graph.graph import posts, trees
from oa_graph.graph.session import Graph
from oa_graph.moderation import Moderation
from tests.builders import (
    ADA,
    BOB,
    CAT,
    CLIENT,
    DAN,
    EVE,
    Worker,
    at_once,
    context_of,
    lapse,
    person,
    plant,
    questions,
    ranking_for,
    snapshot,
    state_of,
    text_for,
)
from tests.invariants import check

pytestmark = pytest.mark.anyio

DECIDE_END = TaskKind.DECIDE_END
LIMITS = Limits(p_end_vote=0.0, num_reviews_reply=1, max_tree_depth=4, goal_tree_size=20)


@pytest.fixture
def crowd(graph: Graph, rng: Random) -> list[Worker]:
    return [Worker(graph, LIMITS, rng, who) for who in (ADA, BOB, CAT, DAN, EVE)]


async def ended(graph: Graph, post: str) -> bool | None:
    return (await posts.post(graph, post, viewer=None)).ended


async def vote_of(graph: Graph, post: str) -> tuple[str | None, int | None]:
    """The pool of the vote of a post, and the votes that it still wants."""
    (row,) = await graph.execute(
        "MATCH (p:Post {id: $id}) RETURN p.vote_pool AS pool, p.votes_wanted AS wanted", id=post
    )
    return row["pool"], row["wanted"]


@pytest.mark.parametrize(
    ("votes", "decision"),
    [([True], None), ([True, False], None), ([True, True], True), ([False, True, False], False)],
)
async def test_the_majority_decides_as_soon_as_it_is_certain(
    graph: Graph, crowd: list[Worker], votes: list[bool], decision: bool | None
) -> None:
    planted = await plant(graph, {"What is rain?": {"=Water.": {}}}, limits=LIMITS)
    for worker, ends in zip(crowd, votes, strict=False):
        assert await worker.vote(ends=ends) == planted["Water."]
    assert await ended(graph, planted["Water."]) is decision
    pool, votes_wanted = await vote_of(graph, planted["Water."])
    assert (pool, votes_wanted) == ((None, None) if decision is not None else ("decide_end en", 3 - len(votes)))
    if decision is not None:
        with pytest.raises(NothingToHandOut):
            await crowd[-1].ask(DECIDE_END)
    await check(graph, LIMITS)


async def test_voting_holds_no_reply_back_and_an_end_wants_none(graph: Graph, crowd: list[Worker]) -> None:
    planted = await plant(graph, {"What is rain?": {"=Water.": {}}}, limits=LIMITS)
    votes = [await worker.ask(DECIDE_END) for worker in crowd[:3]]
    reply = await crowd[3].ask(TaskKind.PROMPTER_REPLY)
    assert reply.thread[-1].id == planted["Water."]
    await crowd[3].skip(reply)
    with pytest.raises(NothingToHandOut):  # all three votes are leased
        await crowd[4].ask(DECIDE_END)
    for worker, task in zip(crowd, votes[:2], strict=False):
        await worker.settle(EndVoteAnswer(await worker.ack(task), ends=True))
    assert await ended(graph, planted["Water."])
    with pytest.raises(NothingToHandOut):
        await crowd[4].ask(TaskKind.PROMPTER_REPLY)
    facts = await trees.facts(graph, planted["What is rain?"], limits=LIMITS)
    assert facts is not None
    assert facts.open_parents == 1
    late = crowd[2]
    await late.settle(EndVoteAnswer(await late.ack(votes[2]), ends=False))  # kept, and decides nothing
    assert await ended(graph, planted["Water."])
    await check(graph, LIMITS)


async def test_an_accepted_reply_means_that_the_post_is_no_end(graph: Graph, crowd: list[Worker]) -> None:
    planted = await plant(graph, {"What is rain?": {"=Water.": {}}}, limits=replace(LIMITS, max_children_count=3))
    ada, bob, cat, dan, _ = crowd
    leased = await ada.ask(TaskKind.PROMPTER_REPLY)
    await bob.vote(ends=True)
    await cat.vote(ends=True)
    assert await ended(graph, planted["Water."])
    await ada.write(leased, "And snow?")
    assert await ended(graph, planted["Water."])
    await dan.review(TaskKind.LABEL_PROMPTER_REPLY)
    assert await ended(graph, planted["Water."]) is False
    await check(graph, LIMITS)


async def test_an_accepted_reply_ends_an_open_vote(graph: Graph, crowd: list[Worker]) -> None:
    planted = await plant(graph, {"What is rain?": {"=Water.": {"?And snow?": {}}}}, limits=LIMITS)
    await crowd[0].vote(ends=True)
    await crowd[1].review(TaskKind.LABEL_PROMPTER_REPLY)
    assert await ended(graph, planted["Water."]) is None
    assert await vote_of(graph, planted["Water."]) == (None, None)


async def test_the_flag_of_the_author_asks_for_a_vote_and_is_none(graph: Graph, crowd: list[Worker]) -> None:
    await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    ada, bob, *others = crowd
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.settle(replace(text_for(task, await ada.ack(task)), ends=True))
    with pytest.raises(NothingToHandOut):  # not accepted yet
        await bob.ask(DECIDE_END)
    post = await bob.review(TaskKind.LABEL_ASSISTANT_REPLY)
    assert (await posts.post(graph, post, viewer=None)).author_ends
    assert await vote_of(graph, post) == ("decide_end en", 3)
    with pytest.raises(NothingToHandOut):
        await ada.ask(DECIDE_END)
    for worker in (bob, *others[:2]):
        if (await vote_of(graph, post))[0]:
            await worker.vote(ends=True)
    assert await ended(graph, post)


@pytest.mark.parametrize(("p_end_vote", "min_depth", "asked"), [(0.0, 0, 0), (1.0, 3, 0), (1.0, 1, 1)])
async def test_without_the_flag_chance_and_depth_decide_what_is_asked(
    graph: Graph, rng: Random, p_end_vote: float, min_depth: int, asked: int
) -> None:
    limits = replace(LIMITS, p_end_vote=p_end_vote, end_vote_min_depth=min_depth)
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    await ada.review(TaskKind.LABEL_ASSISTANT_REPLY)
    assert (await ada.available())[DECIDE_END] == asked


async def test_a_prompter_is_not_asked_about_and_a_rejected_post_neither(graph: Graph, rng: Random) -> None:
    limits = replace(LIMITS, p_end_vote=1.0, end_vote_min_depth=0)
    await plant(graph, {"What is rain?": {"?Water.": {}, "Wet.": {"?And?": {}}}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    await ada.review(TaskKind.LABEL_ASSISTANT_REPLY, spam=1.0)
    await ada.review(TaskKind.LABEL_PROMPTER_REPLY)
    assert (await ada.available())[DECIDE_END] == 0


async def test_a_vote_lapses_when_the_tree_grows_no_more(graph: Graph, crowd: list[Worker]) -> None:
    planted = await plant(graph, {"What is rain?": {"=Water.": {}, "Wet.": {}}}, limits=LIMITS)
    ada, bob, *_ = crowd
    held = await ada.ask(DECIDE_END)
    context = context_of(graph, LIMITS, Random(1))
    await Moderation(context).halt(planted["Water."])
    assert await vote_of(graph, planted["Water."]) == (None, None)
    await Moderation(context).unhalt(planted["Water."])
    with pytest.raises(NothingToHandOut):
        await bob.ask(DECIDE_END)
    await ada.settle(EndVoteAnswer(await ada.ack(held), ends=True))
    assert await ended(graph, planted["Water."]) is None
    await check(graph, LIMITS)


async def test_a_tree_in_which_nothing_can_be_asked_goes_on_to_ranking(graph: Graph, crowd: list[Worker]) -> None:
    limits = replace(LIMITS, max_children_count=2, num_end_votes=1)
    planted = await plant(graph, {"What is rain?": {"=Water.": {}, "=Weather.": {}}}, limits=limits)
    workers = [Worker(graph, limits, worker.rng, worker.who) for worker in crowd]
    await workers[0].vote(ends=True)
    assert await state_of(graph, planted["Water."]) is TreeState.GROWING
    await workers[0].vote(ends=True)
    assert await state_of(graph, planted["Water."]) is TreeState.RANKING
    for worker in workers[1:4]:
        task = await worker.ask(TaskKind.RANK_ASSISTANT_REPLIES)
        await worker.ack(task)
        await worker.settle(ranking_for(task))
    assert await state_of(graph, planted["Water."]) is TreeState.READY_FOR_EXPORT
    await check(graph, limits)


async def test_moderators_set_an_end_and_take_it_back(graph: Graph, crowd: list[Worker]) -> None:
    planted = await plant(graph, {"What is rain?": {"=Water.": {}}}, limits=LIMITS)
    moderation = Moderation(context_of(graph, LIMITS, Random(1)))
    await moderation.set_ended(planted["Water."], ended=True)
    assert await ended(graph, planted["Water."])
    for kind in (TaskKind.PROMPTER_REPLY, DECIDE_END):
        with pytest.raises(NothingToHandOut):
            await crowd[0].ask(kind)
    await moderation.set_ended(planted["Water."], ended=False)
    assert await ended(graph, planted["Water."]) is False
    assert (await crowd[0].ask(TaskKind.PROMPTER_REPLY)).thread[-1].id == planted["Water."]
    with pytest.raises(PostNotFound):
        await moderation.set_ended("nothing", ended=True)


async def test_a_client_that_cannot_show_votes_sees_none(graph: Graph, rng: Random) -> None:
    limits = replace(LIMITS, max_active_trees=0, max_initial_prompt_review=0)
    await plant(graph, {"What is rain?": {"=Water.": {}}}, limits=replace(limits, goal_tree_size=1))
    old = Worker(graph, limits, rng, ADA, replace(CLIENT, capabilities=()))
    with pytest.raises(NothingToHandOut):
        await old.ask(DECIDE_END)
    for _ in range(20):
        with pytest.raises(NothingToHandOut):
            await old.ask()
    assert DECIDE_END not in await old.available()
    new = Worker(graph, limits, rng, BOB)
    assert (await new.available())[DECIDE_END] == 1
    assert (await new.ask()).kind is DECIDE_END


async def test_a_skip_a_lapse_and_an_ack_change_only_the_lease_of_the_vote(graph: Graph, crowd: list[Worker]) -> None:
    limits = replace(LIMITS, num_end_votes=1)
    planted = await plant(graph, {"What is rain?": {"=Water.": {}}}, limits=limits)
    ada, bob, cat, dan, _ = crowd
    reply = await dan.ask(TaskKind.PROMPTER_REPLY)
    task = await ada.ask(DECIDE_END)
    await ada.skip(task)
    with pytest.raises(NothingToHandOut):
        await ada.ask(DECIDE_END)
    task = await bob.ask(DECIDE_END)
    with pytest.raises(NothingToHandOut):
        await cat.ask(DECIDE_END)
    await lapse(graph, task)
    lease = await bob.renew(task)
    assert lease is not None
    assert lease.until is not None
    with pytest.raises(NothingToHandOut):
        await cat.ask(DECIDE_END)
    await lapse(graph, task)
    taken = await cat.ask(DECIDE_END)
    lease = await bob.renew(task)
    assert lease is not None
    assert lease.until is None
    (row,) = await graph.execute("MATCH (:Task {id: $id})-[:LEASES]->() RETURN count(*) AS leases", id=reply.id)
    assert row["leases"] == 1
    await bob.settle(EndVoteAnswer(f"ack {task.id}", ends=True))
    assert await ended(graph, planted["Water."])
    assert taken.id != task.id
    await check(graph, limits)


async def test_a_vote_counts_once_and_only_from_those_who_may(graph: Graph, crowd: list[Worker]) -> None:
    planted = await plant(graph, {"What is rain?": {"=Water.": {}}}, limits=LIMITS, author=ADA)
    ada, bob, *_ = crowd
    task = await bob.ask(DECIDE_END, collective=True)
    ack = await bob.ack(task)
    with pytest.raises(SelfReview):
        await ada.settle(EndVoteAnswer(ack, ends=True))
    done = await bob.settle(EndVoteAnswer(ack, ends=True))
    stored = await snapshot(graph)
    assert await bob.settle(EndVoteAnswer(ack, ends=True)) == done
    with pytest.raises(TaskAlreadyDone):
        await bob.settle(EndVoteAnswer(ack, ends=False))
    assert await snapshot(graph) == stored
    with pytest.raises(WrongAnswer):
        await crowd[2].settle(ranking_for(task))
    assert await vote_of(graph, planted["Water."]) == ("decide_end en", 2)


async def test_the_last_two_votes_at_once_decide_once(graph: Graph, crowd: list[Worker]) -> None:
    for _ in range(5):
        planted = await plant(graph, {"What is rain?": {"=Water.": {}}}, limits=LIMITS)
        tasks = [await worker.ask(DECIDE_END) for worker in crowd[:3]]
        acks = [await worker.ack(task) for worker, task in zip(crowd, tasks, strict=False)]
        await crowd[0].settle(EndVoteAnswer(acks[0], ends=True))
        done, refused = await at_once(
            worker.settle(EndVoteAnswer(ack, ends=ends))
            for worker, ack, ends in zip(crowd[1:3], acks[1:], (True, False), strict=True)
        )
        assert (len(done), refused) == (2, [])
        assert await ended(graph, planted["Water."])
        assert await vote_of(graph, planted["Water."]) == (None, None)
    await check(graph, LIMITS)


async def test_a_purged_vote_is_asked_for_again_and_merged_users_vote_once(graph: Graph, crowd: list[Worker]) -> None:
    planted = await plant(graph, {"What is rain?": {"=Water.": {}}}, limits=LIMITS)
    ada, bob, cat, *_ = crowd
    moderation = Moderation(context_of(graph, LIMITS, Random(1)))
    await ada.vote(ends=True)
    await bob.vote(ends=False)
    await moderation.merge((await ada.user()).id, [(await bob.user()).id])
    assert await vote_of(graph, planted["Water."]) == ("decide_end en", 2)
    await moderation.purge((await ada.user()).id, ban=False, preview=False)
    assert await vote_of(graph, planted["Water."]) == ("decide_end en", 3)
    await cat.vote(ends=True)
    await moderation.purge((await cat.user()).id, ban=True, preview=False)
    (row,) = await graph.execute("MATCH (vote:EndVote) RETURN count(vote) AS votes")
    assert row["votes"] == 0
    await check(graph, LIMITS)


async def test_a_deleted_post_is_not_asked_about_and_a_removed_one_leaves_no_votes(
    graph: Graph, crowd: list[Worker]
) -> None:
    planted = await plant(graph, {"What is rain?": {}, "x": {}}, {"What is snow?": {"=Ice.": {}}}, limits=LIMITS)
    ada, bob, *_ = crowd
    await ada.vote(ends=True)
    held = await bob.ask(DECIDE_END)
    await Moderation(context_of(graph, LIMITS, Random(1))).delete(planted["Ice."])
    assert await vote_of(graph, planted["Ice."]) == (None, None)
    (row,) = await graph.execute(
        "MATCH (:Task {id: $id})-[lease]->(:Post) WHERE type(lease) STARTS WITH 'LEASES' RETURN count(lease) AS leases",
        id=held.id,
    )
    assert row["leases"] == 0


async def test_a_banned_user_gives_the_vote_back(graph: Graph, crowd: list[Worker]) -> None:
    limits = replace(LIMITS, num_end_votes=1)
    await plant(graph, {"What is rain?": {"=Water.": {}}}, limits=limits)
    ada, bob, *_ = crowd
    await ada.ask(DECIDE_END)
    with pytest.raises(NothingToHandOut):
        await bob.ask(DECIDE_END)
    await Moderation(context_of(graph, limits, Random(1))).change_user((await ada.user()).id, {"enabled": False})
    assert (await bob.ask(DECIDE_END)).kind is DECIDE_END


async def test_every_open_vote_has_the_same_chance(graph: Graph, rng: Random) -> None:
    planted = await plant(graph, *questions(4, "=Answer"), limits=LIMITS)
    drawn: dict[str, int] = {}
    for i in range(120):
        worker = Worker(graph, LIMITS, rng, person(f"voter {i}"))
        task = await worker.ask(DECIDE_END)
        drawn[task.thread[-1].text] = drawn.get(task.thread[-1].text, 0) + 1
        await worker.skip(task)
    assert len(planted.ids) == 8
    assert sorted(drawn) == [f"Answer {i}" for i in range(4)]
    assert min(drawn.values()) > 12


async def test_a_step_of_its_own_says_where_a_conversation_ends(graph: Graph) -> None:
    planted = await plant(graph, {"What is rain?": {"Water.": {}}}, limits=LIMITS)
    step = context_of(graph, LIMITS, Random(1)).step(graph)
    await tree_lifecycle.set_ended(step, planted["Water."], ended=True)
    assert await ended(graph, planted["Water."])
