"""One answer, one outcome: whatever is sent again, or gets lost on its way back."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from random import Random

import pytest

from oa_graph.domain.limits import Limits, SamplingPolicy
from oa_graph.domain.tasks import Answer, EndVoteAnswer, LabelAnswer, RankingAnswer, Task, TaskKind, TextAnswer
from oa_graph.domain.trees import TreeState
from oa_graph.errors import StoreUnavailable, TaskAlreadyDone, TaskNotAcknowledged
from oa_graph.graph import tasks
from oa_graph.graph.outcomes import LeaseOutcome
from oa_graph.graph.session import Graph
from tests.builders import (
    ADA,
    BOB,
    CLIENT,
    Planted,
    Worker,
    answer_for,
    figures,
    labels_for,
    plant,
    ranking_for,
    snapshot,
    text_for,
)
from tests.conftest import Server
from tests.flaky_proxy import Line, line
from tests.invariants import check

pytestmark = pytest.mark.anyio

KINDS = (
    TaskKind.ASSISTANT_REPLY,
    TaskKind.DECIDE_END,
    TaskKind.INITIAL_PROMPT,
    TaskKind.LABEL_ASSISTANT_REPLY,
    TaskKind.RANK_ASSISTANT_REPLIES,
    TaskKind.RANK_INITIAL_PROMPTS,
)


@pytest.fixture
async def planted(graph: Graph, limits: Limits) -> Planted:
    """Work of each kind."""
    growing = await plant(graph, {"What is rain?": {"?Water.": {}}}, limits=limits)
    await plant(graph, {"What is dew?": {"=Water, too.": {}}}, limits=limits)
    ranking = await plant(graph, {"What is snow?": {"Ice.": {}, "Cold.": {}}}, state=TreeState.RANKING, limits=limits)
    waiting = await plant(
        graph, {"What is hail?": {}}, {"What is fog?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits
    )
    return Planted({**growing.ids, **ranking.ids, **waiting.ids})


@pytest.fixture
def ada(graph: Graph, limits: Limits, rng: Random) -> Worker:
    return Worker(graph, limits, rng, ADA)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("planted")
async def test_an_answer_sent_again_changes_nothing_and_has_the_same_success(
    graph: Graph, limits: Limits, ada: Worker, kind: TaskKind
) -> None:
    task = await ada.ask(kind)
    await ada.ack(task)
    first = await ada.settle(answer_for(task))
    stored = await snapshot(graph)
    assert await ada.settle(answer_for(task)) == first
    assert await snapshot(graph) == stored
    await check(graph, limits)


def others(task: Task) -> list[Answer]:
    """Answers that differ from the right one, each a little."""
    match answer_for(task):
        case TextAnswer(ack, frontend_id, text):
            return [TextAnswer(ack, "another", text, None), TextAnswer(ack, frontend_id, text + "!", None)]
        case RankingAnswer(ack, order):
            return [RankingAnswer(ack, tuple(reversed(order)), False), RankingAnswer(ack, order, True)]
        case EndVoteAnswer(ack, ends):
            return [EndVoteAnswer(ack, not ends)]
        case LabelAnswer(id, post, text, labels):
            return [
                LabelAnswer(id, post, text, {"spam": 1.0}, is_report=False),
                LabelAnswer(id, post, text, {**labels, "quality": 1.0}, is_report=False),
                LabelAnswer(id, post, text, {}, is_report=False),
                LabelAnswer(id, post, "A remark.", labels, is_report=False),
            ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("planted")
async def test_a_different_answer_to_a_done_task_is_refused(graph: Graph, ada: Worker, kind: TaskKind) -> None:
    task = await ada.ask(kind)
    await ada.ack(task)
    await ada.settle(answer_for(task))
    stored = await snapshot(graph)
    for other in others(task):
        with pytest.raises(TaskAlreadyDone):
            await ada.settle(other)
    assert await snapshot(graph) == stored


@pytest.mark.usefixtures("planted")
async def test_fewer_labels_than_were_given_are_a_different_answer(ada: Worker) -> None:
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.ack(task)
    await ada.settle(labels_for(task, quality=0.5))
    with pytest.raises(TaskAlreadyDone):
        await ada.settle(labels_for(task))
    assert await ada.settle(labels_for(task, quality=0.5))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("planted")
async def test_an_answer_before_the_ack_is_turned_away_and_taken_after_it(
    graph: Graph, ada: Worker, kind: TaskKind
) -> None:
    task = await ada.ask(kind)
    stored = await snapshot(graph)
    with pytest.raises(TaskNotAcknowledged) as raised:
        await ada.settle(answer_for(task))
    assert task.id in str(raised.value)
    assert await snapshot(graph) == stored
    await ada.ack(task)
    assert await ada.settle(answer_for(task))


async def test_people_who_answer_alike_have_successes_of_their_own(graph: Graph, limits: Limits, ada: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=limits)
    bob = Worker(graph, limits, ada.rng, BOB)
    mine, his = await ada.ask(TaskKind.ASSISTANT_REPLY), await bob.ask(TaskKind.ASSISTANT_REPLY)
    assert await ada.write(mine, "Water.") != await bob.write(his, "Water.")


# When the answer of the database is lost


@pytest.fixture
async def lossy(server: Server, graph: Graph, limits: Limits, rng: Random) -> AsyncGenerator[tuple[Line, Worker]]:
    """Ada, behind a line that breaks when told to."""
    async with line(server.uri) as (made, uri):
        behind = Graph.connect(uri, server.username, server.password, database=server.database)
        yield made, Worker(behind, limits, rng, ADA)
        await behind.close()


STATEMENTS = {
    TaskKind.DECIDE_END: "tasks/lease_end_vote",
    TaskKind.INITIAL_PROMPT: "tasks/lease_prompt",
    TaskKind.RANK_INITIAL_PROMPTS: "tasks/lease_prompts_to_rank",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("planted")
async def test_a_request_whose_response_was_lost_holds_one_task(
    graph: Graph, limits: Limits, lossy: tuple[Line, Worker], kind: TaskKind
) -> None:
    cut, ada = lossy
    await ada.user()
    cut.lose_answer_of(STATEMENTS.get(kind, "tasks/lease_uniform"))
    task = await ada.ask(kind)
    assert cut.broken == 1
    (row,) = await graph.execute("MATCH (t:Task) RETURN collect(t.id) AS ids")
    assert row["ids"] == [task.id]
    assert task.kind is kind
    await ada.ack(task)
    assert await ada.settle(answer_for(task))
    await check(graph, limits)


async def test_a_request_whose_response_was_lost_gets_the_last_place(graph: Graph, lossy: tuple[Line, Worker]) -> None:
    cut, ada = lossy
    await plant(graph, {"What is rain?": {}}, limits=Limits(max_children_count=1))
    cut.lose_answer_of("tasks/lease_uniform")
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    assert [post.text for post in task.thread] == ["What is rain?"]
    assert cut.broken == 1


async def test_a_request_whose_response_was_lost_shows_what_people_felt(
    graph: Graph, limits: Limits, rng: Random, lossy: tuple[Line, Worker]
) -> None:
    cut, ada = lossy
    await plant(graph, {"What is rain?": {}}, limits=limits)
    bob = Worker(graph, limits, rng, BOB)
    await bob.skip(await bob.ask(TaskKind.ASSISTANT_REPLY))
    cut.lose_answer_of("tasks/lease_uniform")
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    assert [dict(post.emojis) for post in task.thread] == [{"_skip_reply": 1}]
    assert task.thread[0].own_emojis == ()
    assert cut.broken == 1


@pytest.mark.usefixtures("planted")
async def test_an_ack_whose_response_was_lost_is_taken_once(graph: Graph, lossy: tuple[Line, Worker]) -> None:
    cut, ada = lossy
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    cut.lose_answer_of("tasks/acknowledge")
    await ada.ack(task)
    assert cut.broken == 1
    await ada.ack(task)


@pytest.mark.parametrize("kind", [TaskKind.ASSISTANT_REPLY, TaskKind.INITIAL_PROMPT])
@pytest.mark.usefixtures("planted")
async def test_a_text_whose_response_was_lost_is_stored_once(
    graph: Graph, limits: Limits, lossy: tuple[Line, Worker], kind: TaskKind
) -> None:
    cut, ada = lossy
    task = await ada.ask(kind)
    await ada.ack(task)
    (before,) = await graph.execute("MATCH (p:Post) RETURN count(p) AS posts")
    cut.lose_answer_of("tasks/submit_text")
    first = await ada.settle(text_for(task))
    (after,) = await graph.execute("MATCH (p:Post) RETURN count(p) AS posts")
    assert (cut.broken, after["posts"]) == (1, before["posts"] + 1)
    assert await ada.settle(text_for(task)) == first
    await check(graph, limits)


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        (TaskKind.LABEL_ASSISTANT_REPLY, "tasks/submit_review"),
        (TaskKind.RANK_ASSISTANT_REPLIES, "tasks/submit_ranking"),
        (TaskKind.RANK_INITIAL_PROMPTS, "tasks/submit_ranking"),
    ],
)
@pytest.mark.parametrize("at_commit", [False, True])
@pytest.mark.usefixtures("planted")
async def test_an_answer_whose_commit_was_lost_can_be_sent_again(
    graph: Graph, limits: Limits, lossy: tuple[Line, Worker], kind: TaskKind, statement: str, at_commit: bool
) -> None:
    cut, ada = lossy
    task = await ada.ask(kind)
    await ada.ack(task)
    cut.lose_answer_of(statement, at_commit=at_commit)
    try:
        await ada.settle(answer_for(task))
    except StoreUnavailable:
        assert at_commit  # nobody can know whether a commit whose answer is lost was made: the frontend sends again
    assert cut.broken == 1
    assert await ada.settle(answer_for(task)) == await ada.settle(answer_for(task))
    (row,) = await graph.execute("MATCH (n:Review|Ranking) RETURN count(n) AS count")
    assert row["count"] == 1
    await check(graph, limits)


@pytest.mark.usefixtures("planted")
async def test_a_skip_whose_commit_was_lost_can_be_sent_again(
    graph: Graph, limits: Limits, lossy: tuple[Line, Worker]
) -> None:
    cut, ada = lossy
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    cut.lose_answer_of("tasks/refuse", at_commit=True)
    with pytest.raises(StoreUnavailable):
        await ada.skip(task)
    await ada.skip(task)
    (row,) = await graph.execute("MATCH ()-[r:REACTED {emoji: '_skip_reply'}]->() RETURN count(r) AS skips")
    assert row["skips"] == 1
    await check(graph, limits)


async def test_a_ranking_sent_again_counts_its_first_place_once(graph: Graph, limits: Limits, rng: Random) -> None:
    bob, ada = Worker(graph, limits, rng, BOB), Worker(graph, limits, rng, ADA)
    await plant(graph, {"What is snow?": {"Ice.": {}, "Cold.": {}}}, state=TreeState.RANKING, author=BOB)
    await bob.user()
    task = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await ada.ack(task)
    await ada.settle(ranking_for(task, 1, 0))
    await ada.settle(ranking_for(task, 1, 0))
    assert await figures(graph, "bob") == {"reply_ranked_1": 1, "reply_ranked_2": 1}


async def test_a_task_whose_user_was_removed_before_it_was_asked_for_again_is_lost(
    graph: Graph, limits: Limits
) -> None:
    task = tasks.NewTask(id="task", now=datetime.now(UTC), limits=limits, collective=False)
    await graph.execute("CREATE (:Task {id: 'task'})")
    leased = await tasks.lease(
        graph,
        task,
        client=CLIENT,
        user=ADA,
        lang="en",
        new_user="user",
        groups=[],
        statement=SamplingPolicy.UNIFORM,
        forms={},
        shuffle=[],
        quotas=(),
    )
    assert leased.outcome is LeaseOutcome.LOST
