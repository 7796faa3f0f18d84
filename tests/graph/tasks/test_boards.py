"""Figures follow events, frames forget, and counting all anew finds the same."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from oa_graph import installation, leaderboards, tree_lifecycle
from oa_graph.domain.limits import Limits
from oa_graph.domain.scores import PostCounts, TimeFrame
from oa_graph.domain.tasks import LabelAnswer, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import NothingToHandOut
from oa_graph.graph import clients, stats
from oa_graph.graph import leaderboards as boards
from oa_graph.graph.session import Graph, Tx, milliseconds
from tests.builders import ADA, BOB, Worker, at_once, context_of, figures, person, plant, questions, sent_statements
from tests.invariants import boards_of, same_when_counted_anew

pytestmark = pytest.mark.anyio

FAST = Limits(
    goal_tree_size=4,
    max_tree_depth=2,
    num_reviews_initial_prompt=1,
    num_reviews_reply=1,
    num_required_rankings=1,
    max_pending_tasks_per_user=1000,
    rank_initial_prompts=False,
)


async def busy(graph: Graph, limits: Limits, *, steps: int, seed: int) -> None:
    """Some people do whatever comes."""
    rng = Random(seed)
    crowd = [Worker(graph, limits, rng, person(f"worker {i}")) for i in range(6)]
    for step in range(steps):
        worker = rng.choice(crowd)
        kind = TaskKind.INITIAL_PROMPT if step < 5 else None
        try:
            task = await worker.ask(kind)
        except NothingToHandOut:
            continue
        if task.candidates:
            await worker.rank(task)
        elif task.form:
            labels = {name: rng.random() for name in ("quality", "toxicity") if name in task.form.labels}
            await worker.label(task, spam=float(rng.random() < 0.3), **labels)
            if rng.random() < 0.3:
                remark = {"humor": rng.random(), "pii": rng.random()}
                await worker.settle(LabelAnswer(None, task.thread[-1].id, "", remark, is_report=rng.random() < 0.3))
        else:
            await worker.write(task)


async def test_a_crowds_figures_are_those_that_the_graph_tells(graph: Graph) -> None:
    await busy(graph, FAST, steps=90, seed=1)
    boards = await same_when_counted_anew(graph)
    assert {name for row in boards for name in row} >= {
        "prompts",
        "replies_assistant",
        "labels_full",
        "rankings_total",
        "accepted_prompts",
        "reply_ranked_1",
        "quality_sum",
        "human_assistant",
    }


async def test_a_prompt_and_its_verdict_count_for_the_author(graph: Graph, rng: Random) -> None:
    ada, bob = Worker(graph, FAST, rng, ADA), Worker(graph, FAST, rng, BOB)
    await ada.write(await ada.ask(TaskKind.INITIAL_PROMPT))
    assert await figures(graph, "ada") == {"prompts": 1}
    await bob.review(TaskKind.LABEL_INITIAL_PROMPT)
    assert await figures(graph, "ada") == {"prompts": 1, "accepted_prompts": 1}
    assert await figures(graph, "bob") == {"labels_full": 1}
    await same_when_counted_anew(graph)


async def test_a_prompt_whose_tree_is_aborted_counts_as_spam(graph: Graph, rng: Random) -> None:
    ada, bob = Worker(graph, FAST, rng, ADA), Worker(graph, FAST, rng, BOB)
    await ada.write(await ada.ask(TaskKind.INITIAL_PROMPT))
    await bob.review(TaskKind.LABEL_INITIAL_PROMPT, spam=1.0)
    assert await figures(graph, "ada") == {"prompts": 1, "spam": 1, "spam_prompts": 1}
    await same_when_counted_anew(graph)


async def test_a_remark_that_is_replaced_no_longer_counts(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"What is rain?": {}}, author=ADA, limits=limits)
    await leaderboards.rebuild(graph, now=datetime.now(UTC))
    bob = Worker(graph, limits, rng, BOB)
    for labels in ({"spam": 1.0, "humor": 1.0}, {"humor": 0.5}):
        await bob.settle(LabelAnswer(None, planted["What is rain?"], "", labels, is_report=False))
    counts = await figures(graph, "ada")
    assert counts == {"prompts": 1, "accepted_prompts": 1, "humor_given": 1, "humor_sum": 500_000}
    await same_when_counted_anew(graph)


async def test_frames_let_go_of_what_is_too_old(graph: Graph, rng: Random) -> None:
    ada = Worker(graph, FAST, rng, ADA)
    await ada.write(await ada.ask(TaskKind.INITIAL_PROMPT))
    now = datetime.now(UTC)
    await leaderboards.apply_due_credits(graph, now=now)
    (row,) = await graph.execute("MATCH (u:User {name: 'ada'}) RETURN u.id AS id")
    for passed, frames in (
        (timedelta(hours=23), {"day", "week", "month", "total"}),
        (timedelta(hours=25), {"week", "month", "total"}),
        (timedelta(days=9), {"month", "total"}),
        (timedelta(days=32), {"total"}),
    ):
        await leaderboards.apply_due_credits(graph, now=now + passed)
        assert {entry.frame for entry in await boards.scores(graph, row["id"]) if entry.score} == frames
        kept = await boards_of(graph)
        await leaderboards.rebuild(graph, now=now + passed)
        assert await boards_of(graph) == kept
    assert await graph.execute("MATCH (slot:Slot) RETURN slot") == []


async def test_who_is_hidden_or_disabled_leaves_the_board(graph: Graph, rng: Random) -> None:
    ada, bob = Worker(graph, FAST, rng, ADA), Worker(graph, FAST, rng, BOB)
    for worker in (ada, bob):
        await worker.write(await worker.ask(TaskKind.INITIAL_PROMPT))
    now = datetime.now(UTC)

    async def board() -> list[str]:
        await leaderboards.apply_due_credits(graph, now=now)
        return [entry.user.name for entry in await boards.leaderboard(graph, TimeFrame.TOTAL, limit=10)]

    assert sorted(await board()) == ["ada", "bob"]
    for change, back in ((False, True),):
        for setting in ("enabled", "show_on_leaderboard"):
            await ada.user(**{setting: change})
            assert [entry.user.name for entry in await boards.leaderboard(graph, TimeFrame.TOTAL, limit=10)] == ["bob"]
            assert await board() == ["bob"]
            (placed, *_) = await boards.scores(graph, (await ada.user()).id)
            assert placed.rank is None
            await ada.user(**{setting: back})
            assert sorted(await board()) == ["ada", "bob"]


async def test_ranks_are_by_points_then_by_id(graph: Graph) -> None:
    now = datetime.now(UTC)
    for i in range(12):
        await Worker(graph, FAST, Random(i), person(f"worker {i}")).user()
    people = sorted(user.id for user in await boards.scored_users(graph, after="", limit=99))
    await graph.execute(
        "UNWIND $people AS id CREATE (:Credit {user: id, at: $at, labels_full: CASE WHEN id < '8' THEN 2 ELSE 1 END})",
        people=people,
        at=int(now.timestamp() * 1000),
    )
    await leaderboards.apply_due_credits(graph, now=now)
    board = await boards.leaderboard(graph, TimeFrame.TOTAL, limit=99)
    assert [entry.user.id for entry in board] == sorted(people, key=lambda id: (id >= "8", id))
    for place, entry in enumerate(board, 1):
        own = {score.frame: score for score in await boards.scores(graph, entry.user.id)}[TimeFrame.TOTAL]
        assert own.rank == place
        for size in (1, 4, 5, 100):
            around = await boards.window(graph, entry.user.id, TimeFrame.TOTAL, size=size)
            first = max(0, place - size // 2)
            assert [neighbour.rank for neighbour in around] == [
                rank for rank in range(first, first + size + 1) if 1 <= rank <= len(board)
            ]
            assert [neighbour.user.id for neighbour in around] == [
                board[neighbour.rank - 1].user.id for neighbour in around if neighbour.rank
            ]


async def test_points_are_read_without_the_numbers_that_order_the_index(graph: Graph, rng: Random) -> None:
    ada, bob = Worker(graph, FAST, rng, ADA), Worker(graph, FAST, rng, BOB)
    await ada.write(await ada.ask(TaskKind.INITIAL_PROMPT))
    await bob.review(TaskKind.LABEL_INITIAL_PROMPT, spam=1.0)
    await leaderboards.apply_due_credits(graph, now=datetime.now(UTC))
    for user in ((await ada.user()).id, (await bob.user()).id):
        stored = {
            row["frame"]: (row["points"], row["troll_points"])
            for row in await graph.execute(
                "MATCH (s:Score {user: $user})"
                " RETURN s.frame AS frame, -s.behind AS points, -s.troll_behind AS troll_points",
                user=user,
            )
        }
        await graph.execute("MATCH (s:Score {user: $user}) REMOVE s.behind, s.troll_behind", user=user)
        entries = await boards.scores(graph, user)
        assert {e.frame: (e.score.points, e.score.troll_points) for e in entries if e.score} == stored
        assert any(points for pair in stored.values() for points in pair)


async def test_credits_of_people_who_are_gone_are_forgotten(graph: Graph) -> None:
    await graph.execute("CREATE (:Credit {user: 'nobody', at: 1, prompts: 1, lang: 'en', posts: 1})")
    await leaderboards.apply_due_credits(graph, now=datetime.now(UTC))
    assert await boards_of(graph) == [{"lang": "en", "posts": 1}]
    assert await graph.execute("MATCH (credit:Credit) RETURN credit") == []


async def test_more_credits_than_one_step_takes_are_all_put_away(graph: Graph, rng: Random) -> None:
    ada = await Worker(graph, FAST, rng, ADA).user()
    await graph.execute(
        "UNWIND range(1, 1234) AS i CREATE (:Credit {user: $user, at: i * 60000, labels_full: 1})", user=ada.id
    )
    await graph.transact(lambda tx: leaderboards.apply_credits(tx, now=datetime.now(UTC)))
    assert await figures(graph, "ada") == {"labels_full": 1234}


async def test_many_processes_put_each_credit_away_once(graph: Graph, rng: Random) -> None:
    ada = await Worker(graph, FAST, rng, ADA).user()
    now = datetime.now(UTC)
    at = int(now.timestamp() * 1000)

    async def work() -> None:
        for _ in range(10):
            await graph.execute("CREATE (:Credit {user: $user, at: $at, labels_full: 1})", user=ada.id, at=at)

    _, failed = await at_once(
        [*(work() for _ in range(4)), *(leaderboards.apply_due_credits(graph, now=now) for _ in range(12))]
    )
    assert failed == []
    assert await figures(graph, "ada") == {"labels_full": 40}


async def test_counting_anew_while_people_work_misses_nothing(graph: Graph) -> None:
    work = asyncio.create_task(busy(graph, FAST, steps=60, seed=2))
    while not work.done():
        for user in await boards.scored_users(graph, after="", limit=99):
            await graph.transact(lambda tx, id=user.id: leaderboards.recount(tx, [id], now=datetime.now(UTC)))
        await asyncio.sleep(0)
    await work
    await same_when_counted_anew(graph)


async def test_a_figure_that_changes_while_it_is_counted_is_counted_again(
    graph: Graph, rng: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Worker(graph, FAST, rng, ADA)
    await ada.write(await ada.ask(TaskKind.INITIAL_PROMPT))
    task = await ada.ask(TaskKind.INITIAL_PROMPT)
    looked, original = 0, boards.written_by

    async def interrupted(tx: Tx, user: str) -> Any:
        nonlocal looked
        looked += 1
        if looked == 1:
            await ada.write(task, "Another one?")
        return await original(tx, user)

    monkeypatch.setattr(boards, "written_by", interrupted)
    id = (await ada.user()).id
    await graph.transact(lambda tx: leaderboards.recount(tx, [id], now=datetime.now(UTC)))
    assert looked == 2
    assert await figures(graph, "ada") == {"prompts": 2}


async def test_the_system_gets_no_credit_but_its_posts_are_counted(graph: Graph, limits: Limits) -> None:
    await plant(graph, {"What is rain?": {"Water.": {}, "!Spam.": {}, "-Gone.": {}}}, limits=limits)
    now = datetime.now(UTC)
    await leaderboards.rebuild(graph, now=now)
    assert await boards_of(graph) == [
        {"lang": "en", "trees": 1, "posts": 4, "deleted": 1, "human_prompter": 1, "human_assistant": 1}
    ]
    assert await leaderboards.system_stats(graph) == PostCounts(
        all=4, active=3, deleted=1, active_by_lang={"en": 3}, message_trees=1
    )


async def test_statistics_kept_ready_are_those_of_the_moment(graph: Graph, limits: Limits, rng: Random) -> None:
    await plant(graph, *questions(2, "Because"), limits=limits)
    await plant(graph, {"Was?": {}}, state=TreeState.RANKING, lang="de", limits=limits)
    now = datetime.now(UTC)
    await Worker(graph, limits, rng, ADA).user(terms_accepted=now)
    await Worker(graph, limits, rng, BOB).user(terms_accepted=now, enabled=False)
    await leaderboards.rebuild(graph, now=now)
    await leaderboards.refresh(graph, now=now)
    assert {entry.name: entry.stats for entry in await stats.cached(graph)} == {
        "human_messages_by_lang": {"de": 1, "en": 4},
        "human_messages_by_role": {"prompter": 3, "assistant": 2},
        "message_trees_by_state": {"growing": 2, "ranking": 1},
        "message_trees_states_by_lang": [
            {"lang": "de", "state": "ranking", "count": 1},
            {"lang": "en", "state": "growing", "count": 2},
        ],
        "users_accepted_tos": {"count": 1},
    }


async def test_a_post_from_before_1970_counts_as_any_other(graph: Graph, limits: Limits, rng: Random) -> None:
    planted = await plant(graph, {"Is there water on the moon?": {"No.": {}, "Yes.": {}}}, author=ADA, limits=limits)
    await graph.execute("MATCH (post:Post) SET post.created = datetime('1969-07-20T20:17:40.123456Z')")
    await leaderboards.rebuild(graph, now=datetime.now(UTC))
    office = [Worker(graph, limits, rng, who) for who in (ADA, BOB)]
    await office[1].report(planted["Yes."], "There is none.")
    await graph.transact(
        lambda tx: tree_lifecycle.delete(tree_lifecycle.Step(tx, limits, datetime.now(UTC), rng), [planted["No."]])
    )
    await same_when_counted_anew(graph)
    assert (await figures(graph, "ada"))["red_flags"] == 1
    assert await graph.execute("MATCH (credit:Credit) RETURN credit") == []


async def test_counts_of_requests_are_removed_once_their_window_is_over(graph: Graph) -> None:
    now = datetime.now(UTC)
    for id, hours in (("over", -2), ("late", 0), ("open", 1)):
        until = milliseconds(now + timedelta(hours=hours))
        await graph.execute("CREATE (:Quota {id: $id, count: 1, until: $until})", id=id, until=until)
    following = asyncio.create_task(leaderboards.update_regularly(context_of(graph, Limits(), Random(1)), every=0.01))
    while len(await graph.execute("MATCH (quota:Quota) RETURN quota")) == 3:
        assert not following.done()
        await asyncio.sleep(0.01)
    following.cancel()
    rows = await graph.execute("MATCH (quota:Quota) RETURN quota.id AS id ORDER BY id")
    assert [row["id"] for row in rows] == ["late", "open"]


async def test_a_graph_from_before_there_were_boards_gets_them_at_the_next_start(graph: Graph, limits: Limits) -> None:
    await plant(graph, {"What is rain?": {}}, author=ADA, limits=limits)
    await graph.execute("MATCH (step:Schema {name: 'schema/0003_boards'}) DELETE step")
    await installation.prepare(graph, key="a key")
    assert await figures(graph, "ada") == {"prompts": 1, "accepted_prompts": 1}
    await graph.execute("MATCH (score:Score) DELETE score")
    await installation.prepare(graph, key="a key")
    assert await figures(graph, "ada") == {}


async def test_a_start_on_a_graph_that_has_all_only_asks(graph: Graph, limits: Limits) -> None:
    """A cold server takes a second for some statements; the number does not grow with languages and trees."""
    for lang in ("en", "de"):
        await plant(graph, {"What is rain?": {}}, lang=lang, limits=limits)
    await installation.prepare(graph, key="a key")
    with sent_statements() as sent:
        await installation.prepare(graph, key="a key")
    assert sent.names == ["clients/by_key_hash"] * 2  # the own client, and that of the pages
    await installation.prepare(graph, key="another key")
    assert await clients.by_key_hash(graph, clients.key_hash("a key")) is None
    client = await clients.by_key_hash(graph, clients.key_hash("another key"))
    assert client is not None
    assert (client.id, client.trusted) == (installation.TRUSTED, True)
