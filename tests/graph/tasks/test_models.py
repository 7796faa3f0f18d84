"""Clients that write as a language model: what they are given, what is stored, and which places are kept for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from oa_graph import leaderboards
from oa_graph.context import utc_now
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import LabelAnswer, RankingAnswer, TaskKind, TextAnswer
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import ApiClient
from oa_graph.errors import ClientNotAuthorized, DuplicateReply, NothingToHandOut, TaskAlreadyDone
from oa_graph.graph import posts
from oa_graph.graph.session import Graph
from oa_graph.policy.kinds import KINDS
from tests.builders import ADA, BOB, CAT, CLIENT, DAN, Worker, at_once, lapse, person, plant, state_of
from tests.invariants import check

pytestmark = pytest.mark.anyio

PARROT = ApiClient(id="parrot", writes_as_model="parrot-1", capabilities=("rank_initial_prompts",))
CROW = ApiClient(id="crow", writes_as_model="crow-2")

LIMITS = Limits(max_children_count=3, max_tree_depth=1, num_reviews_reply=1, num_required_rankings=1)

JUDGEMENTS = [kind for kind, spec in KINDS.items() if spec.answer is not TextAnswer]


@pytest.fixture
def parrot(graph: Graph, rng: Random) -> Worker:
    return Worker(graph, LIMITS, rng, ADA, PARROT)


@pytest.fixture
def crow(graph: Graph, rng: Random) -> Worker:
    return Worker(graph, LIMITS, rng, BOB, CROW)


@pytest.fixture
def dan(graph: Graph, rng: Random) -> Worker:
    return Worker(graph, LIMITS, rng, DAN)


def keeping(worker: Worker, replies: int) -> Worker:
    """The worker under limits that keep so many replies to each post for people."""
    worker.limits = replace(worker.limits, min_human_replies=replies)
    return worker


async def test_a_text_of_a_model_is_synthetic_and_has_no_author(graph: Graph, parrot: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    await parrot.write(await parrot.ask(TaskKind.ASSISTANT_REPLY), "Water.")
    await parrot.write(await parrot.ask(TaskKind.INITIAL_PROMPT), "What is snow?")
    rows = await graph.execute(
        """
        MATCH (post:Post)<-[:GAVE]-(task) RETURN post.text AS text, post.synthetic AS synthetic, post.author AS author,
          post.model_name AS model, task.model_name AS of_task, EXISTS { (post)<-[:WROTE]-() } AS wrote ORDER BY text
        """
    )
    expected = {"synthetic": True, "model": "parrot-1", "of_task": "parrot-1", "author": None, "wrote": False}
    assert rows == [{"text": "Water.", **expected}, {"text": "What is snow?", **expected}]
    await check(graph, LIMITS)


async def test_a_model_is_given_nothing_to_judge(graph: Graph, parrot: Worker, dan: Worker) -> None:
    await plant(graph, {"What is rain?": {"?Water.": {}}, "?What is snow?": {}}, limits=LIMITS)
    await plant(graph, {"What is hail?": {"Ice.": {}, "Hard.": {}}}, state=TreeState.RANKING, limits=LIMITS)
    await plant(graph, {"Wet?": {}}, {"Dry?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=LIMITS)
    for kind in JUDGEMENTS:
        with pytest.raises(NothingToHandOut):
            await parrot.ask(kind)
    available = await parrot.available()
    assert available["assistant_reply"] == (await dan.available())["assistant_reply"] > 0
    assert not any(available.get(kind) for kind in JUDGEMENTS)
    seen: set[TaskKind] = set()
    for i in range(20):
        worker = Worker(graph, LIMITS, Random(i), person(f"voice {i}"), PARROT)
        seen.add((await worker.ask()).kind)
        await lapse(graph)
    assert TaskKind.ASSISTANT_REPLY in seen
    assert not seen & {*JUDGEMENTS}


async def test_a_model_cannot_judge_without_a_task_either(graph: Graph, parrot: Worker) -> None:
    planted = await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    with pytest.raises(ClientNotAuthorized):
        await parrot.report(planted["What is rain?"])
    with pytest.raises(ClientNotAuthorized):
        await parrot.settle(LabelAnswer(None, planted["What is rain?"], "", {"spam": 1.0}, is_report=False))


async def test_a_model_answers_a_post_once_also_when_its_reply_was_deleted_and_restored(
    graph: Graph, parrot: Worker
) -> None:
    await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    task = await parrot.ask(TaskKind.ASSISTANT_REPLY)
    done = await parrot.write(task, "Water.", frontend_id="m-1")
    assert await parrot.write(task, "Water.", frontend_id="m-1") == done
    with pytest.raises(NothingToHandOut):
        await parrot.ask(TaskKind.ASSISTANT_REPLY)
    id = await posts.by_frontend_id(graph, "m-1", client="parrot")
    await graph.rows("posts/delete", {"id": id})
    await graph.rows("posts/restore", {"id": id})
    with pytest.raises(NothingToHandOut):
        await parrot.ask(TaskKind.ASSISTANT_REPLY)
    (row,) = await graph.execute("MATCH (post:Post) WHERE post.depth = 1 RETURN count(post) AS replies")
    assert row["replies"] == 1


async def test_a_late_second_reply_of_a_model_is_refused(graph: Graph, parrot: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    late = await parrot.ask(TaskKind.ASSISTANT_REPLY)
    await lapse(graph)
    await graph.execute("MATCH (task:Task) SET task.holder = 'away'")  # as if it had not been given before
    await parrot.write(await parrot.ask(TaskKind.ASSISTANT_REPLY))
    with pytest.raises(DuplicateReply):
        await parrot.write(late)


async def test_skips_of_a_model_count_for_nobody_and_are_not_given_again(graph: Graph, rng: Random) -> None:
    limits = replace(LIMITS, auto_mod_max_skip_reply=2)
    planted = await plant(graph, {"What is rain?": {}}, limits=limits)
    voices = [Worker(graph, limits, rng, person(f"voice {i}"), PARROT) for i in range(4)]
    for voice in voices:
        await voice.skip(await voice.ask(TaskKind.ASSISTANT_REPLY))
        with pytest.raises(NothingToHandOut):
            await voice.ask(TaskKind.ASSISTANT_REPLY)
        assert (await voice.available())["assistant_reply"] == 0
    assert await state_of(graph, planted["What is rain?"]) is TreeState.GROWING
    (row,) = await graph.execute("RETURN COUNT { ()-[:REACTED]->() } AS reactions")
    assert row["reactions"] == 0
    people = [Worker(graph, limits, rng, who) for who in (ADA, BOB)]
    for worker in people:
        await worker.skip(await worker.ask(TaskKind.ASSISTANT_REPLY))
    assert await state_of(graph, planted["What is rain?"]) is TreeState.HALTED_BY_MODERATOR


async def test_models_have_no_place_on_leaderboards(graph: Graph, parrot: Worker, dan: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    await parrot.write(await parrot.ask(TaskKind.ASSISTANT_REPLY))
    await dan.review(TaskKind.LABEL_ASSISTANT_REPLY)
    await leaderboards.apply_due_credits(graph, now=utc_now())
    rows = await graph.execute(
        "MATCH (score:Score) MATCH (user:User {id: score.user}) RETURN DISTINCT user.client AS client"
    )
    assert rows == [{"client": CLIENT.id}]


# Places that are kept for people


async def test_models_may_take_every_place_by_default(graph: Graph, parrot: Worker, crow: Worker) -> None:
    limits = replace(LIMITS, max_children_count=2)
    await plant(graph, {"What is rain?": {}}, limits=limits)
    for worker in (parrot, crow):
        await worker.write(await worker.ask(TaskKind.ASSISTANT_REPLY))
    (row,) = await graph.execute("MATCH (post:Post {depth: 1, synthetic: true}) RETURN count(post) AS replies")
    assert row["replies"] == 2


async def test_the_last_replies_are_left_to_people(graph: Graph, rng: Random, parrot: Worker, crow: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    for worker in (parrot, crow):
        keeping(worker, 2)
    task = await parrot.ask(TaskKind.ASSISTANT_REPLY)
    for _ in range(2):  # while the first model writes, and after that
        assert (await crow.available())["assistant_reply"] == 0
        with pytest.raises(NothingToHandOut):
            await crow.ask(TaskKind.ASSISTANT_REPLY)
        if _ == 0:
            await parrot.write(task)
    for who in (CAT, DAN):
        worker = Worker(graph, keeping(crow, 2).limits, rng, who)
        await worker.write(await worker.ask(TaskKind.ASSISTANT_REPLY))
    await check(graph, LIMITS)


async def test_what_people_wrote_or_hold_makes_no_difference(
    graph: Graph, parrot: Worker, crow: Worker, dan: Worker
) -> None:
    await plant(graph, {"What is rain?": {"Water.": {}, "!Spam.": {}}}, limits=LIMITS)
    await dan.ask(TaskKind.ASSISTANT_REPLY)
    task = await keeping(parrot, 2).ask(TaskKind.ASSISTANT_REPLY)
    await parrot.write(task)
    with pytest.raises(NothingToHandOut):
        await keeping(crow, 2).ask(TaskKind.ASSISTANT_REPLY)


async def test_models_do_not_take_the_last_places_at_once(graph: Graph, rng: Random) -> None:
    limits = replace(LIMITS, max_children_count=5, min_human_replies=3)
    await plant(graph, {"What is rain?": {}}, {"What is snow?": {}}, limits=limits)
    voices = [Worker(graph, limits, Random(i), person(f"voice {i}"), PARROT if i % 2 else CROW) for i in range(16)]
    tasks, _ = await at_once([voice.ask(TaskKind.ASSISTANT_REPLY) for voice in voices])
    assert 0 < len(tasks) <= 4
    (row,) = await graph.execute(
        """
        MATCH (post:Post) WHERE post.depth = 0
        RETURN max(COUNT { (post)<-[:LEASES]-(task) WHERE task.model_name IS NOT NULL }) AS held
        """
    )
    assert row["held"] <= 2


async def test_a_lapsed_place_does_not_come_back_to_a_model_when_people_need_it(
    graph: Graph, parrot: Worker, crow: Worker, dan: Worker
) -> None:
    await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    late = await keeping(parrot, 2).ask(TaskKind.ASSISTANT_REPLY)
    await parrot.ack(late)
    await lapse(graph, late)
    other = await keeping(crow, 2).ask(TaskKind.ASSISTANT_REPLY)
    renewed = await parrot.renew(late)
    assert renewed
    assert renewed.until is None
    with pytest.raises(TaskAlreadyDone):
        await parrot.write(late)
    await crow.write(other)
    with pytest.raises(TaskAlreadyDone):
        await parrot.write(late)


async def test_a_late_text_of_a_model_is_stored_while_people_lose_no_place(graph: Graph, parrot: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=LIMITS)
    task = await keeping(parrot, 2).ask(TaskKind.ASSISTANT_REPLY)
    await lapse(graph, task)
    began = utc_now()
    parrot.clock = lambda: began + timedelta(minutes=20)
    assert await parrot.write(task)


async def test_a_model_ranks_nothing_when_trees_are_full(graph: Graph, parrot: Worker, dan: Worker) -> None:
    await plant(graph, {"What is hail?": {"Ice.": {}, "Hard.": {}}}, state=TreeState.RANKING, limits=LIMITS)
    task = await dan.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await dan.settle(RankingAnswer(await dan.ack(task), (0, 1), not_rankable=False))
    with pytest.raises(NothingToHandOut):
        await parrot.ask(TaskKind.RANK_ASSISTANT_REPLIES)
