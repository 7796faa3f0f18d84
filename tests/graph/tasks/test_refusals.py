"""Every error that a use case can raise, once, and that nothing is changed by it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import LabelAnswer, TaskKind, TextAnswer
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import ApiClient
from oa_graph.errors import (
    AnswerWithoutTask,
    BrokenThread,
    CorruptRanking,
    DuplicateReply,
    InvalidRanking,
    LabelNotInTask,
    LabelsForAnotherPost,
    MandatoryLabelMissing,
    NotCollective,
    NothingToHandOut,
    NotYourTask,
    OaGraphError,
    PostIdTaken,
    PostNotFound,
    ReviewedBefore,
    SelfReview,
    StoreUnavailable,
    TaskAlreadyAcknowledged,
    TaskAlreadyDone,
    TaskExpired,
    TaskNotAcknowledged,
    TaskNotFound,
    TermsNotAccepted,
    TextDuplicated,
    TextTooLong,
    TooManyPending,
    TreeClosed,
    UnexpectedText,
    UserDisabled,
    WrongAnswer,
)
from oa_graph.graph import posts, trees
from oa_graph.graph.session import Graph
from oa_graph.tasks import Tasks
from tests.builders import (
    ADA,
    BOB,
    CLIENT,
    Planted,
    Shape,
    Worker,
    context_of,
    expire,
    labels_for,
    lapse,
    plant,
    ranking_for,
    snapshot,
    text_for,
)

pytestmark = pytest.mark.anyio

GROWING: Shape = {"What is rain?": {"?Water.": {}, "Weather.": {}}}
RANKING: Shape = {"What is snow?": {"Ice.": {}, "Cold.": {}}}


@pytest.fixture
def limits() -> Limits:
    return Limits(sampling="uniform")  # pyright: ignore[reportArgumentType]


@pytest.fixture
async def planted(graph: Graph, limits: Limits) -> Planted:
    growing = await plant(graph, GROWING, limits=limits)
    ranking = await plant(graph, RANKING, state=TreeState.RANKING, limits=limits)
    return Planted({**growing.ids, **ranking.ids})


@pytest.fixture
async def ada(graph: Graph, limits: Limits, rng: Random) -> Worker:
    worker = Worker(graph, limits, rng, ADA)
    await worker.user()
    return worker


@pytest.fixture
async def bob(graph: Graph, limits: Limits, rng: Random) -> Worker:
    worker = Worker(graph, limits, rng, BOB)
    await worker.user()
    return worker


@asynccontextmanager
async def refused(graph: Graph, error: type[OaGraphError], *, says: str | None = None) -> AsyncGenerator[None]:
    """What is done inside is refused with this error, and changes nothing."""
    before = await snapshot(graph)
    with pytest.raises(error, match=says) as raised:
        yield
    assert type(raised.value) is error
    assert await snapshot(graph) == before


# Asking


async def test_nothing_of_a_kind_is_left(graph: Graph, planted: Planted, ada: Worker) -> None:
    async with refused(graph, NothingToHandOut, says="label_initial_prompt .* en"):
        await ada.ask(TaskKind.LABEL_INITIAL_PROMPT)


async def test_nothing_in_a_language(graph: Graph, planted: Planted, ada: Worker) -> None:
    ada.limits = replace(ada.limits, init_prompt_disabled_langs=("xx",))
    async with refused(graph, NothingToHandOut):
        await ada.ask(lang="xx")
    with pytest.raises(NothingToHandOut):
        await ada.ask(TaskKind.INITIAL_PROMPT, lang="xx")


async def test_somebody_with_too_many_open_tasks(graph: Graph, planted: Planted, ada: Worker) -> None:
    ada.limits = replace(ada.limits, max_pending_tasks_per_user=2)
    await ada.ask(TaskKind.ASSISTANT_REPLY)
    skipped = await ada.ask(TaskKind.PROMPTER_REPLY)
    async with refused(graph, TooManyPending, says="2"):
        await ada.ask()
    await ada.skip(skipped)
    assert await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)


@pytest.mark.parametrize("change", [{"enabled": False}, {"deleted": True}])
async def test_somebody_disabled(graph: Graph, planted: Planted, ada: Worker, change: dict[str, object]) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    ranking = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    review = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    for assigned in (task, ranking, review):
        await ada.ack(assigned)
    await ada.user(**change)
    for answer in (text_for(task), ranking_for(ranking), labels_for(review)):
        async with refused(graph, UserDisabled, says="ada"):
            await ada.settle(answer)
    async with refused(graph, UserDisabled):
        await ada.ask()
    async with refused(graph, UserDisabled):
        await ada.available()
    async with refused(graph, UserDisabled):
        await ada.report(planted["Weather."])
    async with refused(graph, UserDisabled):
        await ada.settle(LabelAnswer(None, planted["Weather."], "", {"humor": 1.0}, is_report=False))


async def test_somebody_who_has_not_accepted_the_terms(graph: Graph, planted: Planted, ada: Worker) -> None:
    ada.limits = replace(ada.limits, enforce_terms=True)
    async with refused(graph, TermsNotAccepted):
        await ada.ask()
    async with refused(graph, TermsNotAccepted):
        await ada.available()
    user = await ada.user()
    await ada.user(terms_accepted=user.created)
    assert await ada.ask()


# Acknowledging, skipping, closing


def tasks_of(graph: Graph, limits: Limits) -> Tasks:
    return Tasks(context_of(graph, limits, Random(1)))


async def test_an_ack_of_no_task(graph: Graph, limits: Limits) -> None:
    async with refused(graph, TaskNotFound, says="nothing"):
        await tasks_of(graph, limits).acknowledge("nothing", message_id="1", client=CLIENT)


async def test_an_ack_through_another_client(graph: Graph, limits: Limits, planted: Planted, ada: Worker) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    async with refused(graph, TaskNotFound):
        await ada.tasks.acknowledge(task.id, message_id="1", client=ApiClient("other"))


async def test_an_ack_with_another_id(graph: Graph, planted: Planted, ada: Worker) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ack(task, "1")
    async with refused(graph, TaskAlreadyAcknowledged):
        await ada.ack(task, "2")
    await ada.ack(task, "1")


async def test_an_ack_with_the_id_of_another_task(graph: Graph, planted: Planted, ada: Worker) -> None:
    first, second = await ada.ask(TaskKind.ASSISTANT_REPLY), await ada.ask(TaskKind.PROMPTER_REPLY)
    await ada.ack(first, "1")
    async with refused(graph, TaskAlreadyAcknowledged):
        await ada.ack(second, "1")


async def test_an_ack_of_a_done_task_with_another_id(graph: Graph, planted: Planted, ada: Worker) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.write(task)
    async with refused(graph, TaskAlreadyAcknowledged):
        await ada.ack(task, "another")
    await ada.ack(task)


async def test_an_ack_or_a_skip_by_somebody_else(graph: Graph, planted: Planted, ada: Worker, bob: Worker) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    other = await bob.user()
    async with refused(graph, NotYourTask):
        await ada.ack(task, user=other)
    async with refused(graph, NotYourTask):
        await ada.skip(task, user=other)
    await ada.ack(task, user=await ada.user())


async def test_what_has_expired(graph: Graph, planted: Planted, ada: Worker) -> None:
    unacknowledged = await ada.ask(TaskKind.PROMPTER_REPLY)
    kinds = (TaskKind.ASSISTANT_REPLY, TaskKind.RANK_ASSISTANT_REPLIES, TaskKind.LABEL_ASSISTANT_REPLY)
    text, ranking, review = [await ada.ask(kind) for kind in kinds]
    for task in (text, ranking, review):
        await ada.ack(task)
        await expire(graph, task)
    await expire(graph, unacknowledged)
    for answer in (text_for(text), ranking_for(ranking), labels_for(review)):
        async with refused(graph, TaskExpired):
            await ada.settle(answer)
    async with refused(graph, TaskExpired):
        await ada.skip(text)
    async with refused(graph, TaskExpired):
        await ada.ack(unacknowledged)


async def test_a_skip_of_no_task(graph: Graph, limits: Limits) -> None:
    async with refused(graph, AnswerWithoutTask):
        await tasks_of(graph, limits).refuse("nothing", client=CLIENT)


async def test_a_skip_of_a_done_task(graph: Graph, planted: Planted, ada: Worker) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.write(task)
    async with refused(graph, TaskAlreadyDone):
        await ada.skip(task)


async def test_closing_what_is_not_there_or_not_collective_or_closed(
    graph: Graph, planted: Planted, ada: Worker
) -> None:
    async with refused(graph, TaskNotFound):
        await ada.tasks.close("nothing", client=CLIENT)
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    ack = await ada.ack(task)
    async with refused(graph, NotCollective):
        await ada.tasks.close(ack, client=CLIENT)
    shared = await ada.ask(TaskKind.PROMPTER_REPLY, collective=True)
    ack = await ada.ack(shared)
    await ada.tasks.close(ack, client=CLIENT)
    async with refused(graph, TaskAlreadyDone):
        await ada.tasks.close(ack, client=CLIENT)


# Answering


async def test_an_answer_to_nothing(graph: Graph, planted: Planted, ada: Worker) -> None:
    async with refused(graph, AnswerWithoutTask):
        await ada.settle(TextAnswer("nothing", "1", "A text.", None))
    async with refused(graph, AnswerWithoutTask):
        await ada.settle(LabelAnswer("nothing", planted["Water."], "", {"spam": 0.0}, is_report=False))


async def test_an_answer_that_could_be_for_either_of_two_tasks_before_their_acks(
    graph: Graph, planted: Planted, ada: Worker
) -> None:
    await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ask(TaskKind.PROMPTER_REPLY)
    async with refused(graph, AnswerWithoutTask):
        await ada.settle(TextAnswer("1", "1", "A text.", None))


async def test_an_answer_of_another_kind_than_the_one_task_that_waits_for_its_ack(
    graph: Graph, planted: Planted, ada: Worker
) -> None:
    await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    async with refused(graph, AnswerWithoutTask):
        await ada.settle(TextAnswer("1", "1", "A text.", None))


async def test_labels_before_the_ack(graph: Graph, planted: Planted, ada: Worker) -> None:
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    async with refused(graph, TaskNotAcknowledged):
        await ada.settle(labels_for(task))


async def test_an_answer_by_somebody_else(graph: Graph, planted: Planted, ada: Worker, bob: Worker) -> None:
    text = await ada.ask(TaskKind.ASSISTANT_REPLY)
    ranking = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    review = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    stranger = Worker(graph, ada.limits, ada.rng, replace(ADA, name="stranger"))
    for task, answer in ((text, text_for(text)), (ranking, ranking_for(ranking)), (review, labels_for(review))):
        await ada.ack(task)
        async with refused(graph, NotYourTask):
            await bob.settle(answer)
        async with refused(graph, NotYourTask):
            await stranger.settle(answer)


async def test_an_answer_of_the_wrong_kind(graph: Graph, planted: Planted, ada: Worker) -> None:
    text = await ada.ask(TaskKind.ASSISTANT_REPLY)
    ranking = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    review = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    for task in (text, ranking, review):
        await ada.ack(task)
    async with refused(graph, UnexpectedText):
        await ada.settle(text_for(ranking))
    async with refused(graph, WrongAnswer):
        await ada.settle(ranking_for(text, 0))
    async with refused(graph, WrongAnswer):
        await ada.settle(ranking_for(review, 0))
    async with refused(graph, WrongAnswer):
        await ada.settle(LabelAnswer(text.id, text.thread[-1].id, "", {"spam": 0.0}, is_report=False))


async def test_a_text_that_is_too_long(graph: Graph, planted: Planted, ada: Worker) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ack(task)
    async with refused(graph, TextTooLong, says="2001 .* 2000"):
        await ada.settle(text_for(task, text="x" * 2001))
    assert await ada.settle(text_for(task, text="x" * 2000))


async def test_a_text_that_the_person_sent_before(graph: Graph, planted: Planted, ada: Worker, bob: Worker) -> None:
    await ada.write(await ada.ask(TaskKind.ASSISTANT_REPLY), "Rain.")
    task = await ada.ask(TaskKind.PROMPTER_REPLY)
    await ada.ack(task)
    async with refused(graph, TextDuplicated, says="120 minutes"):
        await ada.settle(text_for(task, text="Rain."))
    assert await ada.settle(text_for(task, text="rain."))
    await plant(graph, {"What is hail?": {}}, limits=ada.limits)
    assert await bob.write(await bob.ask(TaskKind.ASSISTANT_REPLY), "Rain.")


async def test_a_text_that_the_person_sent_long_ago_is_new(graph: Graph, planted: Planted, ada: Worker) -> None:
    await ada.write(await ada.ask(TaskKind.ASSISTANT_REPLY), "Rain.")
    ada.limits = replace(ada.limits, duplicate_window_sec=0)
    assert await ada.write(await ada.ask(TaskKind.PROMPTER_REPLY), "Rain.")


async def test_an_id_that_the_frontend_used_before(graph: Graph, planted: Planted, ada: Worker) -> None:
    await ada.write(await ada.ask(TaskKind.ASSISTANT_REPLY), frontend_id="1")
    task = await ada.ask(TaskKind.PROMPTER_REPLY)
    await ada.ack(task)
    async with refused(graph, PostIdTaken):
        await ada.settle(text_for(task, frontend_id="1"))
    assert await ada.settle(text_for(task, frontend_id="2"))


CLOSED = sorted(
    set(TreeState) - {TreeState.GROWING, TreeState.RANKING, TreeState.READY_FOR_SCORING, TreeState.READY_FOR_EXPORT}
)


@pytest.mark.parametrize("state", CLOSED)
async def test_a_text_for_a_tree_that_takes_no_more(
    graph: Graph, limits: Limits, planted: Planted, ada: Worker, state: TreeState
) -> None:
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ack(task)
    user = await ada.user()
    assert user.created is not None
    await trees.enter_state(graph, task.thread[0].id, state, limits=limits, now=user.created)
    async with refused(graph, TreeClosed, says=state):
        await ada.settle(text_for(task))


async def test_a_second_reply_to_one_post(graph: Graph, limits: Limits, ada: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=limits)
    first = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await lapse(graph, first)
    second = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.write(first)
    await ada.ack(second)
    async with refused(graph, DuplicateReply):
        await ada.settle(text_for(second))


async def test_a_skipped_place_that_somebody_else_took(graph: Graph, ada: Worker, bob: Worker) -> None:
    await plant(graph, {"What is rain?": {}}, limits=Limits(max_children_count=1))
    task = await ada.ask(TaskKind.ASSISTANT_REPLY)
    await ada.ack(task)
    await ada.skip(task)
    taken = await bob.ask(TaskKind.ASSISTANT_REPLY)
    async with refused(graph, TaskAlreadyDone, says="taken since"):
        await ada.settle(text_for(task))
    await bob.write(taken)
    async with refused(graph, TaskAlreadyDone, says="taken since"):
        await ada.settle(text_for(task))


@pytest.mark.parametrize("order", [(0,), (0, 0), (0, 2), (1, 2), (0, 1, 2), (-1, 0)])
async def test_an_order_that_is_none(graph: Graph, planted: Planted, ada: Worker, order: tuple[int, ...]) -> None:
    task = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await ada.ack(task)
    async with refused(graph, InvalidRanking, says="0 to 1"):
        await ada.settle(ranking_for(task, *order))
    assert await ada.settle(ranking_for(task, 1, 0))


async def test_an_order_of_what_is_no_longer_there(graph: Graph, planted: Planted, ada: Worker) -> None:
    task = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await ada.ack(task)
    await posts.delete(graph, [planted["Ice."]], now=datetime.now(UTC))
    async with refused(graph, CorruptRanking):
        await ada.settle(ranking_for(task))


async def test_a_second_ranking_of_one_post(graph: Graph, planted: Planted, ada: Worker) -> None:
    first = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await lapse(graph, first)
    second = await ada.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await ada.rank(first)
    await ada.ack(second)
    async with refused(graph, TaskAlreadyDone, says="already ranked"):
        await ada.settle(ranking_for(second))


async def test_labels_that_do_not_fit_their_task(graph: Graph, planted: Planted, ada: Worker) -> None:
    task = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.ack(task)
    post = task.thread[-1].id
    async with refused(graph, LabelsForAnotherPost):
        await ada.settle(LabelAnswer(task.id, planted["Weather."], "", {"spam": 0.0}, is_report=False))
    async with refused(graph, LabelNotInTask, says="moral_judgement"):
        await ada.settle(LabelAnswer(task.id, post, "", {"spam": 0.0, "moral_judgement": 1.0}, is_report=False))
    async with refused(graph, MandatoryLabelMissing, says="spam"):
        await ada.settle(LabelAnswer(task.id, post, "", {"quality": 0.0}, is_report=False))
    assert await ada.settle(labels_for(task))


async def test_a_review_of_ones_own_post(graph: Graph, limits: Limits, ada: Worker) -> None:
    await plant(graph, {"What is rain?": {"?Water.": {}}}, author=ADA, limits=limits)
    with pytest.raises(NothingToHandOut):
        await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    trusting = Worker(graph, replace(limits, allow_self_labeling=True), ada.rng, ADA)
    task = await trusting.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.ack(task)
    async with refused(graph, SelfReview):
        await ada.settle(labels_for(task))
    assert await trusting.settle(labels_for(task))


async def test_a_second_review_of_one_post(graph: Graph, planted: Planted, ada: Worker) -> None:
    first = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await lapse(graph, first)
    second = await ada.ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await ada.label(first)
    await ada.ack(second)
    async with refused(graph, ReviewedBefore):
        await ada.settle(labels_for(second))


# Looking


async def test_a_remark_or_a_report_on_nothing(graph: Graph, ada: Worker) -> None:
    async with refused(graph, PostNotFound):
        await ada.settle(LabelAnswer(None, "nothing", "", {"humor": 1.0}, is_report=False))
    async with refused(graph, PostNotFound):
        await ada.report("nothing")


async def test_posts_that_are_not_there(graph: Graph) -> None:
    for look in (posts.post, posts.thread, posts.children):
        async with refused(graph, PostNotFound):
            await look(graph, "nothing", viewer=None)
    async with refused(graph, PostNotFound):
        await posts.tree_posts(graph, "nothing", viewer=None, include_rejected=True, include_deleted=True)
    async with refused(graph, PostNotFound):
        await trees.tree_of(graph, "nothing")


@pytest.mark.parametrize("broken", ["-", "!", "?"])
async def test_a_thread_through_a_post_that_may_not_be_shown(graph: Graph, broken: str) -> None:
    planted = await plant(graph, {"What is rain?": {f"{broken}Water.": {"And snow?": {}}}})
    async with refused(graph, BrokenThread):
        await posts.thread(graph, planted["And snow?"], viewer=None)
    thread = await posts.thread(graph, planted["Water."], viewer=None)
    assert [post.text for post in thread] == ["What is rain?", "Water."]


async def test_a_graph_that_does_not_answer() -> None:
    away = Graph.connect("bolt://127.0.0.1:1", "neo4j", "nothing", database="neo4j")
    try:
        with pytest.raises(StoreUnavailable):
            await posts.post(away, "nothing", viewer=None)
        with pytest.raises(StoreUnavailable):
            await away.execute("RETURN 1")
    finally:
        await away.close()
