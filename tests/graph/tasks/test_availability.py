"""What there is to do: cheap to ask, true, and nothing happens by asking."""

from __future__ import annotations

from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from oa_graph.tasks.warm_up import warm_up
from tests.builders import ADA, BOB, Worker, lapse, person, plant, questions, sent_statements, snapshot

pytestmark = pytest.mark.anyio

QUIET = Limits(max_active_trees=0, max_initial_prompt_review=0)


async def test_asking_changes_nothing_and_makes_nobody_known(graph: Graph) -> None:
    await plant(graph, *questions(3, "?Answer"), limits=QUIET)
    await plant(graph, *questions(2), state=TreeState.PROMPT_LOTTERY_WAITING, limits=QUIET)
    before = await snapshot(graph)
    await Worker(graph, Limits(), Random(1), person("nobody")).available()
    assert await snapshot(graph) == before


async def test_each_kind_is_counted_and_random_is_their_sum(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=4, max_initial_prompt_review=1)
    await plant(graph, {"Grow?": {"?Yes.": {}, "No.": {"?Why?": {}}}}, {"Also?": {}}, limits=limits)
    await plant(graph, {"?Good?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    await plant(graph, {"Which?": {"This.": {}, "That.": {}}}, state=TreeState.RANKING, limits=limits)
    await plant(graph, *questions(5), state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits)
    available = await Worker(graph, limits, rng, ADA).available()
    assert available == {
        "initial_prompt": 2,
        "prompter_reply": 0,
        "assistant_reply": 2,
        "rank_initial_prompts": 2,
        "rank_prompter_replies": 0,
        "rank_assistant_replies": 1,
        "label_initial_prompt": 1,
        "label_prompter_reply": 1,
        "label_assistant_reply": 1,
        "decide_end": 0,
        "random": 10,
    }


async def test_what_somebody_did_is_not_counted_for_him(graph: Graph, rng: Random) -> None:
    await plant(graph, {"Grow?": {"?Yes.": {}}}, limits=QUIET)
    await plant(graph, {"Which?": {"This.": {}, "That.": {}}}, state=TreeState.RANKING, limits=QUIET)
    ada, bob = Worker(graph, QUIET, rng, ADA), Worker(graph, QUIET, rng, BOB)
    kinds = (TaskKind.ASSISTANT_REPLY, TaskKind.LABEL_ASSISTANT_REPLY, TaskKind.RANK_ASSISTANT_REPLIES)
    await ada.write(await ada.ask(kinds[0]))
    task = await ada.ask(kinds[1])
    assert task.thread[-1].text == "Yes."
    await ada.label(task)
    await ada.rank(await ada.ask(kinds[2]))
    assert [(await ada.available())[kind] for kind in kinds] == [0, 0, 0]
    assert [(await bob.available())[kind] for kind in kinds] == [1, 2, 1]


async def test_reserved_places_are_not_counted_and_lapsed_ones_are(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=0, max_initial_prompt_review=0, max_children_count=1)
    await plant(graph, *questions(3), limits=limits)
    ada, bob = Worker(graph, limits, rng, ADA), Worker(graph, limits, rng, BOB)
    await ada.ask(TaskKind.ASSISTANT_REPLY)
    assert (await bob.available())["assistant_reply"] == 2
    await lapse(graph)
    assert (await bob.available())["assistant_reply"] == 3


async def test_what_is_counted_can_be_had(graph: Graph, rng: Random) -> None:
    await plant(graph, *questions(7), limits=QUIET)
    ada = Worker(
        graph, Limits(max_active_trees=0, max_initial_prompt_review=0, max_pending_tasks_per_user=99), rng, ADA
    )
    for left in range(7, 0, -1):
        assert (await ada.available())["assistant_reply"] == left
        await ada.ask(TaskKind.ASSISTANT_REPLY)
    assert (await ada.available())["assistant_reply"] == 0


async def test_a_large_pool_is_counted_nearly(graph: Graph, rng: Random) -> None:
    await plant(graph, *questions(300), limits=QUIET)
    count = (await Worker(graph, QUIET, rng, ADA).available())["assistant_reply"]
    assert 120 < count < 800


async def test_another_language_is_another_count(graph: Graph, rng: Random) -> None:
    await plant(graph, *questions(2), limits=QUIET, lang="de")
    ada = Worker(graph, QUIET, rng, ADA)
    assert (await ada.available())["assistant_reply"] == 0
    assert (await ada.available(lang="de"))["assistant_reply"] == 2


async def test_getting_ready_keeps_nothing_and_gives_way_before_each_statement(graph: Graph, limits: Limits) -> None:
    before, turns = await snapshot(graph), list[int]()

    async def give_way() -> None:
        turns.append(len(sent.names))

    with sent_statements() as sent:
        await warm_up(graph, limits, give_way=give_way)
    assert await snapshot(graph) == before
    assert turns == list(range(len(sent.names)))
    assert sent.names[:2] == ["tasks/lease_uniform", "tasks/lease_prompt"]
