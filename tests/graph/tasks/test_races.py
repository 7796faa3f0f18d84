"""What happens when sixty-four people, or one person sixty-four times, do the same at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import LabelAnswer, Task, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import (
    NothingToHandOut,
    ReviewedBefore,
    TaskAlreadyAcknowledged,
    TaskAlreadyDone,
    TextDuplicated,
    TooManyPending,
    TreeClosed,
)
from oa_graph.graph import posts, tasks, trees
from oa_graph.graph.outcomes import TaskOutcome
from oa_graph.graph.session import Graph, Tx
from tests.builders import (
    ADA,
    CLIENT,
    Worker,
    at_once,
    labels_for,
    lapse,
    person,
    plant,
    questions,
    ranking_for,
    text_for,
    while_held,
)
from tests.invariants import check

pytestmark = pytest.mark.anyio

MANY = 64


def crowd(graph: Graph, limits: Limits, size: int = MANY) -> list[Worker]:
    return [Worker(graph, limits, Random(i), person(f"worker {i}")) for i in range(size)]


async def count(graph: Graph, label: str) -> int:
    (row,) = await graph.execute("MATCH (n) WHERE $label IN labels(n) RETURN count(n) AS count", label=label)
    return int(row["count"])


@pytest.mark.parametrize("attempt", range(3))
async def test_of_many_who_want_the_last_place_one_wins(graph: Graph, attempt: int) -> None:
    limits = Limits(max_children_count=1, max_tree_depth=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    won, lost = await at_once(worker.ask(TaskKind.ASSISTANT_REPLY) for worker in crowd(graph, limits))
    assert len(won) == 1
    assert [type(error) for error in lost] == [NothingToHandOut] * (MANY - 1)
    assert await count(graph, "Task") == 1
    await check(graph, limits)


async def test_as_many_win_as_there_are_places(graph: Graph) -> None:
    limits = Limits(max_tree_depth=1)
    await plant(graph, *questions(4), limits=limits)
    won, _ = await at_once(worker.ask(TaskKind.ASSISTANT_REPLY) for worker in crowd(graph, limits))
    assert len(won) == 4 * limits.max_children_count
    await check(graph, limits)


async def test_a_lapsed_place_has_one_new_holder(graph: Graph) -> None:
    limits = Limits(max_children_count=1, max_tree_depth=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    slow, *others = crowd(graph, limits)
    late = await slow.ask()
    await lapse(graph, late)
    won, _ = await at_once(worker.ask(TaskKind.ASSISTANT_REPLY) for worker in others)
    assert len(won) == 1
    await check(graph, limits)


async def test_an_ack_and_a_new_holder_share_a_lapsed_place_without_a_fault(graph: Graph) -> None:
    limits = Limits(max_children_count=1, max_tree_depth=1)
    await plant(graph, *questions(20), limits=limits)
    slow, quick = crowd(graph, limits, 20), crowd(graph, limits, 60)[40:]
    late = [await worker.ask(TaskKind.ASSISTANT_REPLY) for worker in slow]
    await lapse(graph)
    _, failed = await at_once(
        [
            *(worker.ack(task) for worker, task in zip(slow, late, strict=True)),
            *(worker.ask(TaskKind.ASSISTANT_REPLY) for worker in quick),
        ]
    )
    assert {type(error) for error in failed} <= {NothingToHandOut}
    (row,) = await graph.execute("MATCH (p:Post)<-[l:LEASES]-() WITH p, count(l) AS n RETURN max(n) AS most")
    assert row["most"] == 1
    await check(graph, limits)


async def test_of_a_lapsed_holder_and_a_new_one_just_one_holds_the_place(graph: Graph) -> None:
    limits = Limits(max_children_count=1, max_tree_depth=1)
    await plant(graph, *questions(20), limits=limits)
    slow, quick = crowd(graph, limits, 20), crowd(graph, limits, 40)[20:]
    late = [await worker.ask(TaskKind.ASSISTANT_REPLY) for worker in slow]
    for worker, task in zip(slow, late, strict=True):
        await worker.ack(task)
    await lapse(graph)
    renewed, asked = await asyncio.gather(
        at_once(worker.renew(task) for worker, task in zip(slow, late, strict=True)),
        at_once(worker.ask(TaskKind.ASSISTANT_REPLY) for worker in quick),
    )
    held = [lease for lease in renewed[0] if lease and lease.until]
    assert len(renewed[0]) == len(held) + len(asked[0]) == 20
    (row,) = await graph.execute("MATCH (p:Post)<-[l:LEASES]-() RETURN count(l) AS leases, count(DISTINCT p) AS places")
    assert row == {"leases": 20, "places": 20}
    await check(graph, limits)


async def test_of_two_who_lost_a_place_one_gets_it_back(graph: Graph) -> None:
    limits = Limits(max_children_count=1, max_tree_depth=1)
    await plant(graph, *questions(10), limits=limits)
    people = crowd(graph, limits, 20)
    late = [await worker.ask(TaskKind.ASSISTANT_REPLY) for worker in people[:10]]
    await lapse(graph)
    late += [await worker.ask(TaskKind.ASSISTANT_REPLY) for worker in people[10:]]
    await lapse(graph)
    renewed, _ = await at_once(worker.renew(task) for worker, task in zip(people, late, strict=True))
    assert len([lease for lease in renewed if lease and lease.until]) == 10
    await check(graph, limits)


async def test_a_post_has_no_more_reviewers_than_it_wants(graph: Graph) -> None:
    limits = Limits(num_reviews_reply=3)
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    won, _ = await at_once(worker.ask(TaskKind.LABEL_ASSISTANT_REPLY) for worker in crowd(graph, limits))
    assert len(won) == 3
    await check(graph, limits)


async def test_a_parent_has_no_more_rankers_than_it_wants(graph: Graph) -> None:
    limits = Limits(num_required_rankings=3)
    await plant(graph, {"What is rain?": {"Water.": {}, "Weather.": {}}}, state=TreeState.RANKING, limits=limits)
    won, _ = await at_once(worker.ask(TaskKind.RANK_ASSISTANT_REPLIES) for worker in crowd(graph, limits))
    assert len(won) == 3
    await check(graph, limits)


async def test_prompts_asked_for_at_once_are_no_more_than_wanted(graph: Graph) -> None:
    limits = Limits(max_active_trees=2, max_initial_prompt_review=3)
    won, _ = await at_once(worker.ask(TaskKind.INITIAL_PROMPT) for worker in crowd(graph, limits))
    assert len(won) == 5


async def test_one_person_asking_many_times_gets_each_place_once(graph: Graph) -> None:
    limits = Limits(max_children_count=9, max_tree_depth=1, max_pending_tasks_per_user=MANY)
    await plant(graph, {"What is rain?": {}}, {"What is snow?": {}}, limits=limits)
    ada = Worker(graph, limits, Random(1), ADA)
    won, _ = await at_once(ada.ask(TaskKind.ASSISTANT_REPLY) for _ in range(MANY))
    assert len(won) == 2
    assert len({task.thread[-1].id for task in won}) == 2
    await check(graph, limits)


async def test_a_person_seen_for_the_first_time_many_times_at_once_is_one_user(graph: Graph) -> None:
    ada = Worker(graph, Limits(max_pending_tasks_per_user=100), Random(1), ADA)
    won, failed = await at_once(ada.ask(TaskKind.INITIAL_PROMPT) for _ in range(MANY))
    assert (len(won), failed) == (MANY, [])
    assert await count(graph, "User") == 1


async def test_the_pending_limit_holds_for_a_person_who_asks_one_after_the_other(graph: Graph) -> None:
    ada = Worker(graph, Limits(max_pending_tasks_per_user=3), Random(1), ADA)
    for _ in range(3):
        await ada.ask(TaskKind.INITIAL_PROMPT)
    with pytest.raises(TooManyPending):
        await ada.ask(TaskKind.INITIAL_PROMPT)


async def test_one_ack_sent_many_times_at_once_is_taken_each_time(graph: Graph, limits: Limits) -> None:
    ada = Worker(graph, limits, Random(1), ADA)
    task = await ada.ask(TaskKind.INITIAL_PROMPT)
    done, failed = await at_once(ada.ack(task) for _ in range(MANY))
    assert (len(done), failed) == (MANY, [])


async def test_of_many_acks_with_different_ids_one_wins(graph: Graph, limits: Limits) -> None:
    ada = Worker(graph, limits, Random(1), ADA)
    task = await ada.ask(TaskKind.INITIAL_PROMPT)
    done, failed = await at_once(ada.ack(task, f"ack {i}") for i in range(MANY))
    assert len(done) == 1
    assert {type(error) for error in failed} == {TaskAlreadyAcknowledged}


async def test_one_ack_id_binds_one_of_many_tasks(graph: Graph, limits: Limits) -> None:
    workers = crowd(graph, limits, 16)
    tasks = [await worker.ask(TaskKind.INITIAL_PROMPT) for worker in workers]
    done, failed = await at_once(worker.ack(task, "7") for worker, task in zip(workers, tasks, strict=True))
    assert len(done) == 1
    assert {type(error) for error in failed} == {TaskAlreadyAcknowledged}


async def test_a_text_sent_many_times_at_once_is_stored_once_and_each_time_a_success(graph: Graph) -> None:
    limits = Limits(max_tree_depth=1)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    ada = Worker(graph, limits, Random(1), ADA)
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ack(task)
    done, failed = await at_once(ada.settle(text_for(task)) for _ in range(MANY))
    assert failed == []
    assert (len(done), len(set(done))) == (MANY, 1)
    assert await count(graph, "Post") == 2
    await check(graph, limits)


async def test_labels_sent_many_times_at_once_are_one_review_and_each_time_a_success(graph: Graph) -> None:
    limits = Limits(num_reviews_reply=1)
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada = Worker(graph, limits, Random(1), ADA)
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.ack(task)
    done, failed = await at_once(ada.settle(labels_for(task)) for _ in range(MANY))
    assert failed == []
    assert (len(done), len(set(done))) == (MANY, 1)
    assert await count(graph, "Review") == 1
    await check(graph, limits)


async def test_an_order_sent_many_times_at_once_is_one_ranking_and_each_time_a_success(graph: Graph) -> None:
    limits = Limits(num_required_rankings=1)
    await plant(graph, {"What is rain?": {"Water.": {}, "Weather.": {}}}, state=TreeState.RANKING, limits=limits)
    ada = Worker(graph, limits, Random(1), ADA)
    task = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await ada.ack(task)
    done, failed = await at_once(ada.settle(ranking_for(task, 1, 0)) for _ in range(MANY))
    assert failed == []
    assert (len(done), len(set(done))) == (MANY, 1)
    assert await count(graph, "Ranking") == 1
    await check(graph, limits)


async def test_of_many_different_texts_for_one_task_one_is_taken(graph: Graph, limits: Limits) -> None:
    ada = Worker(graph, limits, Random(1), ADA)
    task = await ada.ask(TaskKind.INITIAL_PROMPT)
    await ada.ack(task)
    done, failed = await at_once(ada.settle(text_for(task, text=f"Text {i}.", frontend_id=str(i))) for i in range(MANY))
    assert len(done) == 1
    assert {type(error) for error in failed} == {TaskAlreadyDone}
    assert await count(graph, "Post") == 1
    await check(graph, limits)


async def test_a_person_who_sends_one_text_for_two_tasks_at_once_stores_one(graph: Graph, limits: Limits) -> None:
    ada = Worker(graph, limits, Random(1), ADA)
    tasks = [await ada.ask(TaskKind.INITIAL_PROMPT) for _ in range(8)]
    for task in tasks:
        await ada.ack(task)
    done, failed = await at_once(ada.settle(text_for(task, text="What is rain?")) for task in tasks)
    assert len(done) == 1
    assert {type(error) for error in failed} == {TextDuplicated}
    assert await count(graph, "Post") == 1


async def test_a_person_with_two_tasks_for_one_post_reviews_it_once(graph: Graph) -> None:
    limits = Limits(num_reviews_reply=5)
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada = Worker(graph, limits, Random(1), ADA)
    tasks: list[Task] = []
    for _ in range(4):
        task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
        await ada.ack(task)
        await lapse(graph, task)
        tasks.append(task)
    done, failed = await at_once(ada.settle(labels_for(task)) for task in tasks)
    assert len(done) == 1
    assert {type(error) for error in failed} == {ReviewedBefore}
    assert await count(graph, "Review") == 1
    await check(graph, limits)


async def test_answers_that_arrive_at_once_in_one_tree_are_all_kept(graph: Graph) -> None:
    limits = Limits(goal_tree_size=200, max_children_count=16, max_tree_depth=2, num_reviews_reply=3)
    await plant(graph, {"What is rain?": {f"?Answer {i}.": {} for i in range(8)}}, limits=limits)
    workers = crowd(graph, limits, 24)
    tasks = [(worker, await worker.ask(TaskKind.LABEL_ASSISTANT_REPLY)) for worker in workers]
    tasks += [(worker, await worker.ask(TaskKind.ASSISTANT_REPLY)) for worker in workers[:8]]
    for worker, task in tasks:
        await worker.ack(task)
    done, failed = await at_once(
        worker.settle(labels_for(task) if task.form else text_for(task)) for worker, task in tasks
    )
    assert failed == []
    assert len(done) == 32
    (row,) = await graph.execute(
        "MATCH (p:Post) WHERE p.depth = 1 RETURN count(p) AS posts, sum(p.reviews) AS reviews, "
        "count(CASE WHEN p.accepted THEN 1 END) AS accepted"
    )
    assert row == {"posts": 16, "reviews": 24, "accepted": 8}
    await check(graph, limits)


async def test_last_reviews_that_arrive_at_once_start_no_more_trees_than_wanted(graph: Graph) -> None:
    limits = Limits(max_active_trees=2, num_reviews_initial_prompt=1)
    await plant(
        graph,
        *questions(12, undecided=True),
        state=TreeState.INITIAL_PROMPT_REVIEW,
        limits=limits,
    )
    workers = crowd(graph, limits, 12)
    tasks = [(worker, await worker.ask(TaskKind.LABEL_INITIAL_PROMPT)) for worker in workers]
    for worker, task in tasks:
        await worker.ack(task)
    done, failed = await at_once(worker.settle(labels_for(task)) for worker, task in tasks)
    assert (len(done), failed) == (12, [])
    states = await graph.execute("MATCH (t:Tree) RETURN t.state AS state, count(t) AS count ORDER BY state")
    assert [(row["state"], row["count"]) for row in states] == [("growing", 2), ("prompt_lottery_waiting", 10)]
    await check(graph, limits)


async def test_remarks_that_one_person_sends_at_once_are_one(graph: Graph, limits: Limits) -> None:
    planted = await plant(graph, {"What is rain?": {}})
    ada = Worker(graph, limits, Random(1), ADA, CLIENT)
    await ada.user()
    remark = LabelAnswer(None, planted["What is rain?"], "", {"humor": 0.5}, is_report=False)
    done, failed = await at_once(ada.settle(remark) for _ in range(16))
    assert (len(done), failed) == (16, [])
    assert await count(graph, "Remark") == 1


# Between a look and its lock


def entering(tree: str, state: TreeState, limits: Limits) -> Callable[[Tx], Awaitable[object]]:
    return lambda tx: trees.enter_state(tx, tree, state, limits=limits, now=datetime.now(UTC))


async def test_a_place_that_closes_while_somebody_waits_for_it_is_not_handed_out(graph: Graph) -> None:
    limits = Limits(max_active_trees=0, max_initial_prompt_review=0)
    planted = await plant(graph, {"What is rain?": {}}, limits=limits)
    (ada,) = crowd(graph, limits, 1)
    halting = entering(planted["What is rain?"], TreeState.HALTED_BY_MODERATOR, limits)
    assert isinstance(await while_held(graph, halting, ada.ask()), NothingToHandOut)
    assert await count(graph, "Task") == 0
    await check(graph, limits)


async def test_a_place_that_becomes_another_while_somebody_waits_for_it_is_not_handed_out(graph: Graph) -> None:
    limits = Limits(num_reviews_reply=1)
    planted = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    (ada,) = crowd(graph, limits, 1)

    async def accept(tx: Tx) -> None:
        await posts.decide(tx, planted["Water."], accepted=True, num_end_votes=3, ask_from_depth=None)
        await entering(planted["What is rain?"], TreeState.GROWING, limits)(tx)

    outcome = await while_held(graph, accept, ada.ask(TaskKind.LABEL_ASSISTANT_REPLY))
    assert isinstance(outcome, NothingToHandOut)
    (row,) = await graph.execute("MATCH (p:Post {id: $id}) RETURN p.pool AS pool, p.key AS key", id=planted["Water."])
    assert row["pool"] == "prompter_reply en 0"
    assert row["key"] < 1


async def test_a_text_for_a_tree_that_is_halted_meanwhile_is_refused(graph: Graph, limits: Limits) -> None:
    planted = await plant(graph, {"What is rain?": {}}, limits=limits)
    (ada,) = crowd(graph, limits, 1)
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ack(task)
    halting = entering(planted["What is rain?"], TreeState.HALTED_BY_MODERATOR, limits)
    assert isinstance(await while_held(graph, halting, ada.settle(text_for(task))), TreeClosed)
    await check(graph, limits)


async def test_a_text_for_a_post_that_is_deleted_meanwhile_is_kept_deleted(graph: Graph, limits: Limits) -> None:
    planted = await plant(graph, {"What is rain?": {"Water.": {}}}, limits=limits)
    (ada,) = crowd(graph, limits, 1)
    task = await ada.ask(TaskKind.PROMPTER_REPLY)
    await ada.ack(task)
    assert isinstance(
        await while_held(
            graph, lambda tx: posts.delete(tx, [planted["Water."]], now=datetime.now(UTC)), ada.settle(text_for(task))
        ),
        str,
    )
    (row,) = await graph.execute("MATCH (p:Post {depth: 2}) RETURN p.deleted AS deleted")
    assert row["deleted"] is True


async def test_a_skip_of_a_task_that_is_answered_meanwhile_is_refused(graph: Graph, limits: Limits) -> None:
    await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    (ada,) = crowd(graph, limits, 1)
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.ack(task)

    async def answer(tx: Tx) -> None:
        submitted = await tasks.submit_review(
            tx,
            client=CLIENT.id,
            user=ada.who,
            answer=labels_for(task),
            conduct={},
            review="review",
            limits=limits,
            now=datetime.now(UTC),
        )
        assert submitted.outcome is TaskOutcome.STORED

    assert isinstance(await while_held(graph, answer, ada.skip(task)), TaskAlreadyDone)
    await check(graph, limits)


async def test_a_review_counts_one_that_is_stored_meanwhile(graph: Graph) -> None:
    limits = Limits(num_reviews_reply=2)
    planted = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    ada, bob = crowd(graph, limits, 2)
    first, second = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY), await bob.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.ack(first)
    await bob.ack(second)

    async def answer(tx: Tx) -> None:
        await tasks.submit_review(
            tx,
            client=CLIENT.id,
            user=ada.who,
            answer=labels_for(first),
            conduct={},
            review="review",
            limits=limits,
            now=datetime.now(UTC),
        )

    assert isinstance(await while_held(graph, answer, bob.settle(labels_for(second))), str)
    post = await posts.post(graph, planted["Water."], viewer=None)
    assert (post.reviews, post.accepted) == (2, True)
    await check(graph, limits)


async def test_a_prompt_is_not_asked_for_when_the_last_room_is_taken_meanwhile(graph: Graph) -> None:
    limits = Limits(max_active_trees=1, max_initial_prompt_review=0)
    ada, bob = crowd(graph, limits, 2)
    user = await ada.user()
    await bob.user()
    await ada.skip(await ada.ask(TaskKind.INITIAL_PROMPT))

    async def take(tx: Tx) -> None:
        task = tasks.NewTask(id="first", now=datetime.now(UTC), limits=limits, collective=False)
        assert await tasks.lease_prompt(tx, task, client=CLIENT, lang="en", user_id=user.id)

    assert isinstance(await while_held(graph, take, bob.ask(TaskKind.INITIAL_PROMPT)), NothingToHandOut)
