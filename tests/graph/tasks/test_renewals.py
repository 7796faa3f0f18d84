"""A user who is slow keeps the place, for some time; and nothing that is written is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

import pytest

from oa_graph.context import utc_now
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import Lease, TaskKind
from oa_graph.domain.users import ApiClient
from oa_graph.errors import NothingToHandOut, NotYourTask, TaskExpired, TaskNotFound
from oa_graph.graph.session import Graph, milliseconds
from oa_graph.moderation import Moderation
from tests.builders import (
    ADA,
    BOB,
    CAT,
    Worker,
    answer_for,
    at_once,
    context_of,
    expire,
    lapse,
    person,
    plant,
    questions,
    snapshot,
)
from tests.graph.tasks.work import WITH_PLACES, WITHOUT_PLACES, plant_all
from tests.invariants import check

pytestmark = pytest.mark.anyio

ONE_PLACE = Limits(max_children_count=1, max_tree_depth=1)
ONE_OF_EACH = Limits(
    max_children_count=1, num_reviews_initial_prompt=1, num_reviews_reply=1, num_required_rankings=1, num_end_votes=1
)
TYPING = TaskKind.ASSISTANT_REPLY


class At:
    """A clock that is set by hand."""

    def __init__(self, *workers: Worker) -> None:
        self.start = utc_now()
        self.seconds = 0.0
        for worker in workers:
            worker.clock = lambda: self.start + timedelta(seconds=self.seconds)

    def __call__(self, seconds: float) -> datetime:
        """The moment so many seconds after the start, to the millisecond."""
        ms = milliseconds(self.start + timedelta(seconds=seconds))
        return datetime.fromtimestamp(0, self.start.tzinfo) + timedelta(milliseconds=ms)


@pytest.fixture
def ada(graph: Graph, rng: Random) -> Worker:
    return Worker(graph, ONE_PLACE, rng, ADA)


@pytest.fixture
def bob(graph: Graph, rng: Random) -> Worker:
    return Worker(graph, ONE_PLACE, rng, BOB)


async def ends(graph: Graph) -> list[int]:
    rows = await graph.execute("MATCH ()-[lease:LEASES|LEASES_VOTE]->(:Post) RETURN lease.until AS until")
    return [int(row["until"]) for row in rows]


def until(lease: Lease | None) -> datetime | None:
    assert lease is not None
    return lease.until


# Held


@pytest.mark.parametrize("acked", [False, True])
@pytest.mark.parametrize("kind", WITH_PLACES)
async def test_a_place_of_each_kind_is_kept_before_and_after_the_ack(
    graph: Graph, rng: Random, kind: TaskKind, acked: bool
) -> None:
    await plant_all(graph, ONE_OF_EACH)
    ada, bob = Worker(graph, ONE_OF_EACH, rng, ADA), Worker(graph, ONE_OF_EACH, rng, BOB)
    at = At(ada, bob)
    task = await ada.ask(kind)
    assert task.lease_until == at(600)
    if acked:
        await ada.ack(task)
    for at.seconds in (500, 1000):
        lease = await ada.keep(task)
        assert lease == Lease(at(at.seconds + 600), renewable_until=at(14400))
        assert await ends(graph) == [milliseconds(at(at.seconds + 600))]
        await check(graph, ONE_OF_EACH)
    await lapse(graph)
    assert until(await ada.keep(task)) == at(1600)
    await ada.ack(task)
    assert await ada.settle(answer_for(task))
    await check(graph, ONE_OF_EACH)


@pytest.mark.parametrize("kind", WITH_PLACES)
async def test_a_lapsed_place_that_was_given_away_is_lost_and_the_answer_is_taken_all_the_same(
    graph: Graph, rng: Random, kind: TaskKind
) -> None:
    limits = replace(ONE_OF_EACH, max_pending_tasks_per_user=100)
    await plant_all(graph, limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    late = await ada.ask(kind)
    await lapse(graph, late)
    taken = [await bob.ask(kind)]
    while taken[-1].thread != late.thread:
        taken.append(await bob.ask(kind))
    before = await snapshot(graph)
    assert until(await ada.keep(late)) is None
    assert await snapshot(graph) == before
    assert until(await bob.keep(taken[-1]))
    await ada.ack(late)
    assert await ada.settle(answer_for(late))
    await check(graph, limits)


async def test_a_lapsed_place_is_taken_again_although_its_lease_was_cleared_away(graph: Graph, rng: Random) -> None:
    limits = Limits(max_children_count=2, max_tree_depth=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    late = await ada.ask(TYPING)
    await lapse(graph, late)
    await bob.ask(TYPING)  # deletes what has lapsed
    assert len(await ends(graph)) == 1
    assert until(await ada.keep(late))
    with pytest.raises(NothingToHandOut):
        await cat.ask(TYPING)
    await check(graph, limits)


# The bound


async def test_a_lease_is_renewed_up_to_a_bound_and_no_further(graph: Graph, ada: Worker, bob: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=ONE_PLACE)
    ada.limits = replace(ONE_PLACE, lease_sec=600, lease_max_sec=1000)
    at = At(ada, bob)
    task = await ada.ask(TYPING)
    await ada.ack(task)
    for at.seconds in (500, 900, 999):
        assert await ada.keep(task) == Lease(at(1000), renewable_until=at(1000))
        assert until(await ada.renew(task)) == at(1000)
    at.seconds = 1001
    before = await snapshot(graph)
    assert await ada.keep(task) == Lease(None, renewable_until=at(1000))  # although the place is free
    assert until(await ada.renew(task)) is None
    assert await snapshot(graph) == before
    await bob.ask(TYPING)
    assert await ada.write(task)
    await check(graph, ONE_PLACE)


async def test_the_first_ack_of_a_frontend_that_sends_it_with_the_answer_renews_at_any_time(
    graph: Graph, ada: Worker
) -> None:
    await plant(graph, {"What is rain?": {}}, limits=ONE_PLACE)
    ada.limits = replace(ONE_PLACE, lease_max_sec=1000)
    at = At(ada)
    task = await ada.ask(TYPING)
    at.seconds = 20_000
    assert until(await ada.keep(task)) is None
    assert until(await ada.renew(task)) == at(20_600)
    at.seconds = 20_300
    for again in (ada.keep, ada.renew):
        assert until(await again(task)) == at(20_600)
    await check(graph, ONE_PLACE)


async def test_a_bound_does_not_shorten_a_lease(graph: Graph, ada: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=ONE_PLACE)
    ada.limits = replace(ONE_PLACE, lease_sec=600, lease_max_sec=300)
    at = At(ada)
    task = await ada.ask(TYPING)
    for at.seconds in (100, 400):
        assert await ada.keep(task) == Lease(at(600), renewable_until=at(300))
        assert await ends(graph) == [milliseconds(at(600))]
    at.seconds = 601
    assert until(await ada.keep(task)) is None


async def test_without_a_bound_a_lease_is_renewed_as_long_as_the_task_is_valid(graph: Graph, ada: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=ONE_PLACE)
    ada.limits = replace(ONE_PLACE, lease_max_sec=0)
    at = At(ada)
    task = await ada.ask(TYPING)
    for at.seconds in (20_000, 100_000):
        assert await ada.keep(task) == Lease(at(at.seconds + 600))
    at.seconds = ONE_PLACE.task_validity_sec + 1
    with pytest.raises(TaskExpired):
        await ada.keep(task)


# No place


@pytest.mark.parametrize("kind", WITHOUT_PLACES)
async def test_a_task_without_a_place_has_nothing_to_renew(graph: Graph, rng: Random, kind: TaskKind) -> None:
    await plant_all(graph, Limits())
    ada = Worker(graph, Limits(), rng, ADA)
    task = await ada.ask(kind)
    assert task.lease_until is None
    before = await snapshot(graph)
    assert await ada.keep(task) is None
    assert await snapshot(graph) == before


async def test_a_collective_task_and_a_done_one_have_nothing_to_renew(graph: Graph, rng: Random) -> None:
    await plant(graph, *questions(2))
    ada = Worker(graph, Limits(), rng, ADA)
    collective = await ada.ask(TYPING, collective=True)
    assert collective.lease_until is None
    assert collective.expires is None
    assert await ada.keep(collective) is None
    done = await ada.ask(TYPING)
    await ada.write(done)
    assert await ada.keep(done) is None
    await check(graph, Limits())


async def test_nobody_keeps_a_place_who_skipped_it_or_was_banned_or_has_answered_there(
    graph: Graph, rng: Random
) -> None:
    limits = Limits(num_reviews_reply=3)
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada, bob, cat = (Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT))
    skipped, banned, late = [await worker.ask(TaskKind.LABEL_ASSISTANT_REPLY) for worker in (ada, bob, cat)]
    await ada.skip(skipped)
    user = await bob.user()
    await Moderation(context_of(graph, limits, rng)).change_user(user.id, {"enabled": False})
    await lapse(graph, late)
    await cat.label(await cat.ask(TaskKind.LABEL_ASSISTANT_REPLY))
    for worker, task in ((ada, skipped), (bob, banned), (cat, late)):
        assert until(await worker.keep(task)) is None
    assert await ends(graph) == []
    await check(graph, limits)


async def test_a_lapsed_place_does_not_come_back_to_a_model_when_people_need_it(graph: Graph, rng: Random) -> None:
    parrot = ApiClient("parrot", writes_as_model="parrot-1")
    limits = Limits(max_tree_depth=1, max_children_count=2, min_human_replies=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    voices = [Worker(graph, limits, rng, person(f"voice {i}"), parrot) for i in range(2)]
    late = await voices[0].ask(TYPING)
    assert until(await voices[0].keep(late))
    await lapse(graph, late)
    held = await voices[1].ask(TYPING)
    assert until(await voices[0].keep(late)) is None
    assert until(await voices[1].keep(held))
    ada = Worker(graph, limits, rng, ADA)
    await ada.ask(TYPING)
    await check(graph, limits)


# Whose


async def test_only_the_holder_and_the_frontend_renew_a_task(graph: Graph, ada: Worker, bob: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=ONE_PLACE)
    task = await ada.ask(TYPING)
    me, other = await ada.user(), await bob.user()
    before = await ends(graph)
    with pytest.raises(NotYourTask):
        await bob.keep(task, user=other)
    bob.client = ApiClient("another", trusted=True)
    with pytest.raises(TaskNotFound):
        await bob.keep(task)
    with pytest.raises(TaskNotFound):
        await ada.tasks.renew(str(uuid4()), client=ada.client)
    assert await ends(graph) == before
    assert until(await ada.keep(task, user=me))
    await expire(graph, task)
    with pytest.raises(TaskExpired):
        await ada.keep(task)


# Races


@pytest.mark.parametrize("is_cleared", [False, True])
async def test_two_windows_that_renew_a_lapsed_lease_at_once_hold_one(
    graph: Graph, rng: Random, is_cleared: bool
) -> None:
    limits = Limits(max_children_count=2, max_tree_depth=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    task = await ada.ask(TYPING)
    await ada.ack(task)
    await lapse(graph, task)
    if is_cleared:
        await bob.ask(TYPING)  # deletes what has lapsed
    leases, failed = await at_once([*(ada.keep(task) for _ in range(6)), *(ada.renew(task) for _ in range(6))])
    assert failed == []
    assert all(until(lease) for lease in leases)
    (row,) = await graph.execute("MATCH (:Task {id: $id})-[lease:LEASES]->() RETURN count(lease) AS leases", id=task.id)
    assert row["leases"] == 1
    await check(graph, limits)


@pytest.mark.parametrize("attempt", range(3))
async def test_of_a_renewal_and_another_user_who_wants_the_lapsed_place_one_gets_it(graph: Graph, attempt: int) -> None:
    await plant(graph, *questions(20), limits=ONE_PLACE)
    slow, quick = (
        [Worker(graph, ONE_PLACE, Random(attempt), person(f"{name} {i}")) for i in range(20)] for name in "sq"
    )
    late = [await worker.ask(TYPING) for worker in slow]
    await lapse(graph)
    renewed, asked = await asyncio.gather(
        at_once(worker.keep(task) for worker, task in zip(slow, late, strict=True)),
        at_once(worker.ask(TYPING) for worker in quick),
    )
    assert renewed[1] == []
    assert {type(error) for error in asked[1]} <= {NothingToHandOut}
    held = [lease for lease in renewed[0] if until(lease)]
    assert len(held) + len(asked[0]) == 20
    (row,) = await graph.execute("MATCH (p:Post)<-[l:LEASES]-() RETURN count(l) AS leases, count(DISTINCT p) AS places")
    assert row == {"leases": 20, "places": 20}
    await check(graph, ONE_PLACE)


async def test_a_renewal_and_the_answer_of_another_window_at_once_leave_no_lease(graph: Graph) -> None:
    await plant(graph, *questions(10), limits=ONE_PLACE)
    workers = [Worker(graph, ONE_PLACE, Random(i), person(f"worker {i}")) for i in range(10)]
    tasks = [await worker.ask(TYPING) for worker in workers]
    for worker, task in zip(workers, tasks, strict=True):
        await worker.ack(task)
    _, failed = await at_once(
        [
            *(worker.keep(task) for worker, task in zip(workers, tasks, strict=True)),
            *(worker.settle(answer_for(task)) for worker, task in zip(workers, tasks, strict=True)),
            *(worker.keep(task) for worker, task in zip(workers, tasks, strict=True)),
        ]
    )
    assert failed == []
    assert await ends(graph) == []
    await check(graph, ONE_PLACE)
