"""A place that is handed out is reserved, for a while; what comes late is kept all the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from oa_graph.context import Context, utc_now
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import Lease, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import NothingToHandOut, TaskAlreadyDone
from oa_graph.graph.clock import DatabaseClock
from oa_graph.graph.session import Graph
from oa_graph.moderation import Moderation
from oa_graph.tasks import Tasks
from tests.builders import ADA, BOB, CAT, CLIENT, DAN, Worker, context_of, lapse, person, plant, snapshot, text_for
from tests.invariants import check

pytestmark = pytest.mark.anyio

ONE_PLACE = Limits(max_children_count=1, max_tree_depth=1)


@pytest.fixture
async def ada(graph: Graph, rng: Random) -> Worker:
    await plant(graph, {"What is rain?": {}}, limits=ONE_PLACE)
    return Worker(graph, ONE_PLACE, rng, ADA)


@pytest.fixture
def bob(graph: Graph, rng: Random) -> Worker:
    return Worker(graph, ONE_PLACE, rng, BOB)


def is_lost(lease: Lease | None) -> bool:
    return lease is not None and lease.until is None


async def until(graph: Graph) -> int:
    (row,) = await graph.execute("MATCH ()-[lease:LEASES]->() RETURN lease.until AS until")
    return int(row["until"])


async def test_a_reserved_place_is_not_handed_out_again(ada: Worker, bob: Worker) -> None:
    await ada.ask()
    with pytest.raises(NothingToHandOut):
        await bob.ask(TaskKind.ASSISTANT_REPLY)


async def test_a_reservation_lapses_by_itself(graph: Graph, ada: Worker, bob: Worker) -> None:
    ada.limits = replace(ONE_PLACE, lease_sec=1)
    began = utc_now()
    ada.clock = lambda: began
    await ada.ask(TaskKind.ASSISTANT_REPLY)
    bob.clock = lambda: began + timedelta(seconds=0.5)
    with pytest.raises(NothingToHandOut):
        await bob.ask(TaskKind.ASSISTANT_REPLY)
    bob.clock = lambda: began + timedelta(seconds=1.05)
    assert (await bob.available())["assistant_reply"] == 1
    await bob.ask(TaskKind.ASSISTANT_REPLY)
    await check(graph, ONE_PLACE)


async def test_a_skip_frees_the_place_for_others(graph: Graph, ada: Worker, bob: Worker) -> None:
    await ada.skip(await ada.ask(TaskKind.ASSISTANT_REPLY))
    with pytest.raises(NothingToHandOut):
        await ada.ask(TaskKind.ASSISTANT_REPLY)
    await bob.ask(TaskKind.ASSISTANT_REPLY)
    await check(graph, ONE_PLACE)


async def test_an_ack_takes_a_lapsed_place_back_while_nobody_else_has_it(
    graph: Graph, ada: Worker, bob: Worker
) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await lapse(graph, task)
    await ada.ack(task)
    with pytest.raises(NothingToHandOut):
        await bob.ask(TaskKind.ASSISTANT_REPLY)
    await check(graph, ONE_PLACE)


async def test_an_ack_does_not_take_a_lapsed_place_from_its_new_holder(graph: Graph, ada: Worker, bob: Worker) -> None:
    late = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await lapse(graph, late)
    task = await bob.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ack(late)
    (row,) = await graph.execute("MATCH (t:Task)-[:LEASES]->() RETURN collect(t.id) AS ids")
    assert row["ids"] == [task.id]
    await check(graph, ONE_PLACE)


async def test_a_late_text_is_kept_although_the_place_was_given_away(graph: Graph, ada: Worker, bob: Worker) -> None:
    late = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await lapse(graph, late)
    task = await bob.ask(TaskKind.ASSISTANT_REPLY)
    await ada.write(late)
    await check(graph, ONE_PLACE)
    await bob.write(task)
    await check(graph, ONE_PLACE)
    (row,) = await graph.execute("MATCH (p:Post {depth: 1}) RETURN count(p) AS replies")
    assert row["replies"] == 2


async def test_a_text_for_a_skipped_task_is_kept_while_the_place_is_free(graph: Graph, ada: Worker) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.skip(task)
    assert await ada.write(task)
    await check(graph, ONE_PLACE)


async def test_a_text_for_a_skipped_task_is_not_kept_when_the_tree_no_longer_grows(graph: Graph, rng: Random) -> None:
    limits = Limits(goal_tree_size=4, max_tree_depth=1, num_reviews_reply=1)
    await plant(graph, {"What is rain?": {"Water.": {}, "?Weather.": {}}}, limits=limits)
    ada, bob, cat, dan = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT, DAN))
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ack(task)
    await ada.skip(task)
    await bob.write(await bob.ask(TaskKind.ASSISTANT_REPLY))
    await cat.review(TaskKind.LABEL_ASSISTANT_REPLY)
    await dan.review(TaskKind.LABEL_ASSISTANT_REPLY)
    states = await graph.execute("MATCH (t:Tree) RETURN t.state AS state")
    assert [row["state"] for row in states] == [TreeState.RANKING]
    with pytest.raises(TaskAlreadyDone):
        await ada.settle(text_for(task))


async def test_nobody_is_offered_a_place_that_he_holds(graph: Graph, rng: Random) -> None:
    limits = Limits(max_tree_depth=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    await ada.ask(TaskKind.ASSISTANT_REPLY)
    with pytest.raises(NothingToHandOut):
        await ada.ask(TaskKind.ASSISTANT_REPLY)


async def test_a_reviewer_who_is_gone_leaves_his_place_to_another(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=1)
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    late = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    with pytest.raises(NothingToHandOut):
        await bob.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await lapse(graph, late)
    await bob.review(TaskKind.LABEL_ASSISTANT_REPLY)
    await check(graph, limits)
    await ada.label(late)
    await check(graph, limits)


async def test_crowds_that_work_at_once_do_not_overfill_a_tree(graph: Graph) -> None:
    limits = Limits(max_tree_depth=1, goal_tree_size=50)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    crowd = [Worker(graph, limits, Random(i), person(f"worker {i}")) for i in range(24)]

    async def work(worker: Worker) -> bool:
        try:
            task = await worker.ask(TaskKind.ASSISTANT_REPLY)
        except NothingToHandOut:
            return False
        await worker.write(task)
        return True

    done = await asyncio.gather(*(work(worker) for worker in crowd))
    assert sum(done) == limits.max_children_count
    (row,) = await graph.execute("MATCH (p:Post {depth: 1}) RETURN count(p) AS replies")
    assert row["replies"] == limits.max_children_count
    await check(graph, limits)


async def test_a_prompt_that_is_being_written_counts_until_it_lapses(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=1, max_initial_prompt_review=0)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    task = await ada.ask(TaskKind.INITIAL_PROMPT)
    assert (await bob.available())["initial_prompt"] == 0
    with pytest.raises(NothingToHandOut):
        await bob.ask(TaskKind.INITIAL_PROMPT)
    await lapse(graph, task)
    assert (await bob.available())["initial_prompt"] == 1
    await bob.ask(TaskKind.INITIAL_PROMPT)
    await ada.write(task)
    await check(graph, limits)


# The lease that an ack tells of


async def test_each_ack_renews_the_lease_and_returns_its_end(graph: Graph, ada: Worker) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    ends = [await until(graph)]
    for _ in range(3):
        await asyncio.sleep(0.02)
        lease = await ada.renew(task)
        assert lease is not None
        assert lease.until is not None
        ends.append(await until(graph))
        assert int(lease.until.timestamp() * 1000) == ends[-1]
    assert ends == sorted(set(ends))
    (row,) = await graph.execute("MATCH (p:Post) WHERE p.key IS NOT NULL RETURN p.key AS key")
    assert row["key"] == ends[-1]
    await check(graph, ONE_PLACE)


async def test_an_ack_sent_again_takes_a_lapsed_place_back_while_it_is_free(
    graph: Graph, ada: Worker, bob: Worker
) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ack(task)
    await lapse(graph, task)
    lease = await ada.renew(task)
    assert lease is not None
    assert lease.until is not None
    with pytest.raises(NothingToHandOut):
        await bob.ask(TaskKind.ASSISTANT_REPLY)
    await check(graph, ONE_PLACE)


async def test_an_ack_tells_that_another_person_holds_the_place_and_the_text_is_kept(
    graph: Graph, ada: Worker, bob: Worker
) -> None:
    late = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ack(late)
    await lapse(graph, late)
    task = await bob.ask(TaskKind.ASSISTANT_REPLY)
    before = await snapshot(graph)
    assert is_lost(await ada.renew(late))
    assert await snapshot(graph) == before
    await ada.write(late)
    assert not is_lost(await bob.renew(task))
    await bob.write(task)
    await check(graph, ONE_PLACE)


async def test_a_place_for_several_is_reserved_anew_after_it_was_given_to_one_more(graph: Graph, rng: Random) -> None:
    limits = Limits(max_children_count=2, max_tree_depth=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    late = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await lapse(graph, late)
    await bob.ask(TaskKind.ASSISTANT_REPLY)  # deletes what has lapsed
    lease = await ada.renew(late)
    assert lease is not None
    assert lease.until is not None
    with pytest.raises(NothingToHandOut):
        await cat.ask(TaskKind.ASSISTANT_REPLY)
    await check(graph, limits)


async def test_an_ack_leaves_a_place_for_several_open_to_others(graph: Graph, rng: Random) -> None:
    limits = Limits(num_reviews_reply=2)
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    for _ in range(2):
        await ada.ack(task)
        await check(graph, limits)
    await bob.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.ack(task)
    await check(graph, limits)
    with pytest.raises(NothingToHandOut):
        await cat.ask(TaskKind.LABEL_ASSISTANT_REPLY)


async def test_a_lease_that_is_lost_by_two_counts_is_not_renewed(graph: Graph, rng: Random) -> None:
    """The edge is still there: another reply made the post want one less, and the last place is somebody else's."""
    limits = Limits(max_children_count=2, max_tree_depth=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    late, other = await ada.ask(TaskKind.ASSISTANT_REPLY), await bob.ask(TaskKind.ASSISTANT_REPLY)
    await lapse(graph, late)
    await graph.execute("MATCH (p:Post {depth: 0}) SET p.key = 0.5")  # as the invariants want it
    await bob.ack(other)
    await graph.execute(
        "MATCH (p:Post {depth: 0})<-[l:LEASES]-(:Task {id: $id}) SET p.wants = 1, p.key = l.until", id=other.id
    )
    assert is_lost(await ada.renew(late))
    with pytest.raises(NothingToHandOut):
        await cat.ask(TaskKind.ASSISTANT_REPLY)


async def test_nobody_gets_a_place_back_who_skipped_it_or_was_banned_or_has_answered_there(
    graph: Graph, rng: Random
) -> None:
    limits = Limits(num_reviews_reply=3)
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    skipped, banned, late = [await worker.ask(TaskKind.LABEL_ASSISTANT_REPLY) for worker in (ada, bob, cat)]
    await ada.ack(skipped)
    await ada.skip(skipped)
    user = await bob.user()
    await Moderation(context_of(graph, limits, rng)).change_user(user.id, {"enabled": False})
    await lapse(graph, late)
    again = await cat.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    assert is_lost(await cat.renew(late))  # the same person holds the place by another task
    await cat.label(again)
    for worker, task in ((ada, skipped), (bob, banned), (cat, late)):
        assert is_lost(await worker.renew(task))
    (row,) = await graph.execute("MATCH ()-[lease:LEASES]->() RETURN count(lease) AS leases")
    assert row["leases"] == 0
    await check(graph, limits)


async def test_a_task_that_holds_no_place_tells_of_no_lease(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(graph, {"What is rain?": {}}, {"What is snow?": {}}, limits=limits)
    await plant(graph, {"Hail?": {}}, {"Fog?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits)
    ada = Worker(graph, limits, rng, ADA)
    for kind in (TaskKind.INITIAL_PROMPT, TaskKind.RANK_INITIAL_PROMPTS):
        assert await ada.renew(await ada.ask(kind)) is None
    assert await ada.renew(await ada.ask(TaskKind.ASSISTANT_REPLY, collective=True)) is None
    done = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.write(done)
    assert await ada.renew(done) is None
    await check(graph, limits)


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_process_whose_clock_is_wrong_goes_by_the_databases(
    ada: Worker, bob: Worker, graph: Graph, limits: Limits, rng: Random, hours: int
) -> None:
    await ada.ask(TaskKind.ASSISTANT_REPLY)
    clock = DatabaseClock(lambda: datetime.now(UTC) + timedelta(hours=hours))
    assert abs(clock() - datetime.now(UTC)) > timedelta(minutes=55)
    await clock.compare(graph)
    tasks = Tasks(Context(store=graph, limits=limits, clock=clock, rng=rng))
    with pytest.raises(NothingToHandOut):
        await tasks.request(TaskKind.ASSISTANT_REPLY, client=CLIENT, user=bob.who)
    assert abs(clock() - datetime.now(UTC)) < timedelta(minutes=5)
