"""A task is found by its own id, and by each message id that it was acknowledged with."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import LabelAnswer, RankingAnswer, TaskKind, TextAnswer
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import ApiClient
from oa_graph.errors import AnswerWithoutTask, LabelsForAnotherPost, TaskAlreadyAcknowledged, TaskNotFound
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, CLIENT, Worker, plant

pytestmark = pytest.mark.anyio


@pytest.fixture
def ada(graph: Graph) -> Worker:
    return Worker(graph, Limits(), Random(1), ADA)


@pytest.fixture
def bob(graph: Graph) -> Worker:
    return Worker(graph, Limits(), Random(2), BOB)


def text(*, ack: str | None = None, task: str | None = None) -> TextAnswer:
    return TextAnswer(ack, "reply", "A reply.", None, task=task)


async def replies(graph: Graph) -> int:
    (row,) = await graph.execute("MATCH (p:Post {text: 'A reply.'}) RETURN count(p) AS count")
    return row["count"]


@pytest.mark.parametrize("ack", ["first", "second", "third"])
async def test_each_message_id_finds_the_task(graph: Graph, ada: Worker, ack: str) -> None:
    await plant(graph, {"Why?": {}})
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.tasks.acknowledge(task.id, message_id="first", further_ids=["second", "third"], client=CLIENT)
    done = await ada.settle(text(ack=ack))
    assert await ada.settle(text(task=task.id)) == done  # the same answer again
    assert await replies(graph) == 1


async def test_an_answer_names_its_task_by_the_id_of_the_task_before_any_ack(graph: Graph, ada: Worker) -> None:
    await plant(graph, {"Why?": {}})
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.settle(text(task=task.id))
    assert await replies(graph) == 1


async def test_a_ranking_names_its_task_by_the_id_of_the_task(graph: Graph, ada: Worker) -> None:
    await plant(graph, {"Which?": {"This.": {}, "That.": {}}}, state=TreeState.RANKING)
    task = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await ada.settle(RankingAnswer(None, (1, 0), not_rankable=False, task=task.id))
    (row,) = await graph.execute("MATCH (r:Ranking) RETURN r.order AS order")
    assert row["order"] == [1, 0]


async def test_labels_that_name_a_task_need_not_name_its_post(graph: Graph, ada: Worker) -> None:
    await plant(graph, {"Why?": {"?So.": {}}})
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.ack(task)
    assert task.form
    labels = dict.fromkeys(task.form.labels, 0.0)
    with pytest.raises(LabelsForAnotherPost):
        await ada.settle(LabelAnswer(task.id, task.thread[0].id, "", labels, is_report=False))
    answer = LabelAnswer(task.id, None, "", labels, is_report=True)
    assert await ada.settle(answer) == await ada.settle(answer)
    (row,) = await graph.execute(
        "MATCH (p:Post)<-[:OF]-(:Review) RETURN p.id AS id, p.reviews AS reviews, COUNT { (p)<-[]-(:Flag) } AS flags"
    )
    assert (row["id"], row["reviews"]) == (task.thread[-1].id, 1)


async def test_another_client_finds_no_task_by_these_ids(graph: Graph, ada: Worker) -> None:
    await plant(graph, {"Why?": {}})
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.tasks.acknowledge(task.id, message_id="first", further_ids=["second"], client=CLIENT)
    other = ApiClient(id="other", description="another")
    for answer in (text(ack="first"), text(ack="second"), text(task=task.id)):
        with pytest.raises(AnswerWithoutTask):
            await ada.tasks.submit(answer, client=other, user=ADA)
    with pytest.raises(TaskNotFound):
        await ada.tasks.acknowledge(task.id, message_id="third", client=other)


async def test_an_id_belongs_to_one_task(graph: Graph, ada: Worker, bob: Worker) -> None:
    await plant(graph, {"Why?": {}}, {"When?": {}})
    first, second = await ada.ask(TaskKind.ASSISTANT_REPLY), await bob.ask(TaskKind.ASSISTANT_REPLY)
    await ada.tasks.acknowledge(first.id, message_id="a", further_ids=["b"], client=CLIENT)
    for ids in (["b"], ["c", "b"], ["c", "a"], ["a"]):
        with pytest.raises(TaskAlreadyAcknowledged):
            await bob.tasks.acknowledge(second.id, message_id=ids[0], further_ids=ids[1:], client=CLIENT)
    await bob.tasks.acknowledge(second.id, message_id="c", client=CLIENT)
    # A later ack may bring more ids, and the same ids again.
    await ada.tasks.acknowledge(first.id, message_id="a", further_ids=["b", "d"], client=CLIENT)
    await ada.settle(text(ack="d"))
    (row,) = await graph.execute("MATCH (t:Task {id: $id})-[:GAVE]->(p) RETURN p.text AS text", id=first.id)
    assert row["text"] == "A reply."


async def test_acks_at_once_share_the_ids(graph: Graph, ada: Worker) -> None:
    await plant(graph, {"Why?": {}})
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    acks = (
        ada.tasks.acknowledge(task.id, message_id="a", further_ids=["b", f"c{i % 2}"], client=CLIENT) for i in range(8)
    )
    await asyncio.gather(*acks)
    (row,) = await graph.execute("MATCH (m:TaskMessage) RETURN count(m) AS count")
    assert row["count"] == 3
