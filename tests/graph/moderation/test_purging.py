"""Removing what users did for good, and making several users one: what is left fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import EmojiCode
from oa_graph.domain.tasks import LabelAnswer, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import ApiClient, UserIdentity
from oa_graph.errors import NothingToHandOut, UserDisabled, UserNotFound
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, CAT, Planted, Shape, Worker, plant, ranking_for, snapshot, state_of
from tests.graph.moderation.moderator import EVA, Moderator
from tests.invariants import check

pytestmark = pytest.mark.anyio

RAIN: Shape = {"What is rain?": {"Water.": {"And snow?": {"Ice.": {}}}, "Weather.": {}, "A song.": {}}}


@pytest.fixture
def office(graph: Graph, limits: Limits, rng: Random) -> Moderator:
    return Moderator(graph, limits, rng)


def worker(office: Moderator, who: UserIdentity) -> Worker:
    return Worker(office.graph, office.limits, office.rng, who)


async def id_of(office: Moderator, who: UserIdentity) -> str:
    return (await worker(office, who).user()).id


async def texts(graph: Graph) -> list[str]:
    rows = await graph.execute("MATCH (p:Post) RETURN p.text AS text ORDER BY text")
    return [row["text"] for row in rows]


async def write(office: Moderator, planted: Planted, name: str, who: UserIdentity) -> None:
    """Makes somebody the author of a planted post."""
    user = await id_of(office, who)
    await office.graph.execute(
        """
        MATCH (user:User {id: $user}) MATCH (post:Post {id: $post})
        OPTIONAL MATCH (post)-[:REPLY_TO]->(parent)
        SET post.author = user.id, post.reply_key = user.id + ' ' + parent.id
        CREATE (user)-[:WROTE]->(post)
        """,
        user=user,
        post=planted[name],
    )


async def nothing_of(graph: Graph, user: str) -> bool:
    """Whether all that is left of a user is himself."""
    rows = await graph.execute("MATCH (u:User {id: $user}) RETURN COUNT { (u)--() } AS edges", user=user)
    held = await graph.execute(
        "MATCH (n) WHERE n.author = $user OR n.maker = $user OR n.holder = $user OR n.editor = $user RETURN n",
        user=user,
    )
    return rows in ([], [{"edges": 0}]) and held == []


# Purging


async def busy(office: Moderator, who: UserIdentity) -> Planted:
    """Somebody wrote, reviewed, ranked, reacted, remarked, reported, and holds tasks, in his trees and others."""
    graph = office.graph
    planted = await plant(graph, RAIN, {"What is hail?": {"Hard.": {}, "Cold.": {}, "?Hm.": {}}})
    for name in ("Water.", "Ice."):
        await write(office, planted, name, who)
    his = await plant(graph, {"Who am I?": {"You.": {}}}, author=who)
    ranked = await plant(graph, {"What is fog?": {"Grey.": {}, "Wet.": {}}}, state=TreeState.RANKING)
    waiting = await plant(graph, {"Why?": {}, "How?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING)
    one = worker(office, who)
    for kind in (TaskKind.LABEL_ASSISTANT_REPLY, TaskKind.RANK_ASSISTANT_REPLIES):
        task = await one.ask(kind)
        await (one.label(task) if task.form else one.rank(task))
    for kind in (TaskKind.ASSISTANT_REPLY, TaskKind.PROMPTER_REPLY, TaskKind.INITIAL_PROMPT):
        await one.ask(kind)
    await office.react(ranked["Wet."], EmojiCode.CLAP, who=who)
    await one.settle(LabelAnswer(None, planted["Hard."], "", {"humor": 0.5}, is_report=False))
    await one.report(planted["Weather."])
    await office.edit(planted["Weather."], "Whether.", editor=who)
    other = worker(office, BOB)
    await other.label(await other.ask(TaskKind.LABEL_ASSISTANT_REPLY))
    return Planted({**planted.ids, **his.ids, **ranked.ids, **waiting.ids})


LIMITS = Limits(max_active_trees=4)


@pytest.fixture
def limits() -> Limits:
    return LIMITS


async def test_a_purged_user_leaves_nothing_but_a_closed_account(graph: Graph, office: Moderator) -> None:
    planted = await busy(office, ADA)
    ada = await id_of(office, ADA)
    await check(graph, office.limits)
    await office.purge(ada)
    await check(graph, office.limits)
    assert "Who am I?" not in await texts(graph)
    assert not {"Water.", "And snow?", "Ice.", "You."} & set(await texts(graph))
    assert {"What is rain?", "Whether.", "Hard."} <= set(await texts(graph))
    rows = await graph.execute(
        "MATCH (n) WHERE n:Review OR n:Ranking OR n:Remark OR n:Report RETURN labels(n)[0] AS kind, n.maker AS maker"
    )
    assert [row["kind"] for row in rows] == ["Review"]
    assert rows[0]["maker"] != ada
    await graph.execute("MATCH (r:Revision {editor: $ada}) SET r.editor = null", ada=ada)
    assert await nothing_of(graph, ada)
    with pytest.raises(UserDisabled):
        await worker(office, ADA).ask()
    assert planted
    before = await snapshot(graph)
    await office.purge(ada)
    assert await snapshot(graph) == before


async def test_a_preview_changes_nothing(graph: Graph, office: Moderator) -> None:
    await busy(office, ADA)
    before = await snapshot(graph)
    purged = await office.purge(await id_of(office, ADA), preview=True)
    assert purged.preview
    assert purged.seconds >= 0
    await office.purge_posts(await id_of(office, ADA), with_prompts=True, preview=True)
    assert await snapshot(graph) == before


async def test_without_a_ban_the_account_stays_open(graph: Graph, office: Moderator) -> None:
    await busy(office, ADA)
    await office.purge(await id_of(office, ADA), ban=False)
    await worker(office, ADA).ask(TaskKind.ASSISTANT_REPLY)
    await check(graph, office.limits)


async def test_a_purged_tree_makes_room_for_another(graph: Graph, rng: Random) -> None:
    limits = Limits(max_active_trees=1)
    office = Moderator(graph, limits, rng)
    await plant(graph, RAIN, limits=limits, author=ADA)
    waiting = await plant(graph, {"Why?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits)
    await office.purge(await id_of(office, ADA))
    assert await texts(graph) == ["Why?"]
    assert await state_of(graph, waiting["Why?"]) is TreeState.GROWING
    await check(graph, limits)


async def test_rankings_that_go_leave_the_order_of_the_others(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, {"What is fog?": {"Grey.": {}, "Wet.": {}}}, state=TreeState.RANKING)
    for who, first in ((ADA, "Grey."), (BOB, "Grey."), (CAT, "Wet.")):
        one = worker(office, who)
        task = await one.ask(TaskKind.RANK_ASSISTANT_REPLIES)
        shown = [post.text for post in task.candidates]
        await one.rank(task, (shown.index(first), 1 - shown.index(first)))
    assert await state_of(graph, planted["Wet."]) is TreeState.READY_FOR_EXPORT
    for who in (ADA, BOB):
        await office.purge(await id_of(office, who))
        await check(graph, office.limits)
    rows = await graph.execute("MATCH (p:Post) WHERE p.rank IS NOT NULL RETURN p.text AS text ORDER BY p.rank")
    assert [row["text"] for row in rows] == ["Wet.", "Grey."]
    await office.purge(await id_of(office, CAT))
    assert await graph.execute("MATCH (p:Post) WHERE p.rank IS NOT NULL RETURN p") == []
    await check(graph, office.limits)


async def test_a_task_with_a_purged_candidate_is_gone_and_its_place_is_free(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=1)
    office = Moderator(graph, limits, rng)
    planted = await plant(
        graph, {"What is fog?": {"Grey.": {}, "Wet.": {}, "Thick.": {}}}, state=TreeState.RANKING, limits=limits
    )
    await write(office, planted, "Thick.", ADA)
    bob, cat = worker(office, BOB), worker(office, CAT)
    task = await bob.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await bob.ack(task)
    await office.purge(await id_of(office, ADA))
    await check(graph, limits)
    again = await cat.ask(TaskKind.RANK_ASSISTANT_REPLIES)
    await cat.ack(again)
    await cat.settle(ranking_for(again))
    assert await state_of(graph, planted["Wet."]) is TreeState.READY_FOR_EXPORT
    await check(graph, limits)


async def test_only_messages_of_a_time_are_purged(graph: Graph, office: Moderator) -> None:
    old, new = datetime.now(UTC) - timedelta(days=9), datetime.now(UTC)
    planted = await plant(graph, RAIN, author=ADA)
    await graph.execute("MATCH (p:Post {text: 'Weather.'}) SET p.created = $old", old=old)
    ada = await id_of(office, ADA)
    await office.purge_posts(ada, until=new - timedelta(days=1))
    assert "Weather." not in await texts(graph)
    assert "Water." in await texts(graph)
    await office.purge_posts(ada, since=old)
    assert await texts(graph) == ["What is rain?"]
    await check(graph, office.limits)
    await office.purge_posts(ada, with_prompts=True)
    assert await texts(graph) == []
    await check(graph, office.limits)
    assert planted


async def test_who_is_not_there_is_not_purged_or_merged(graph: Graph, office: Moderator) -> None:
    ada = await id_of(office, ADA)
    for work in (
        office.purge("nobody"),
        office.purge_posts("nobody"),
        office.merge("nobody", ada),
        office.merge(ada, "nobody"),
    ):
        with pytest.raises(UserNotFound):
            await work
    (row,) = await graph.execute("MATCH (u:User) RETURN count(u) AS users")
    assert row["users"] == 1


# Merging


async def test_what_one_did_is_the_others(graph: Graph, office: Moderator) -> None:
    await busy(office, ADA)
    ada, bob = await id_of(office, ADA), await id_of(office, BOB)
    before = await texts(graph)
    await office.merge(bob, ada)
    assert await texts(graph) == before
    assert await graph.execute("MATCH (u:User {id: $ada}) RETURN u", ada=ada) == []
    assert await nothing_of(graph, ada)
    await check(graph, office.limits)
    (row,) = await graph.execute(
        """
        MATCH (u:User {id: $bob})
        RETURN COUNT { (u)-[:WROTE]->(p) WHERE p.author = $bob } AS posts, COUNT { (u)-[:TOOK]->() } AS tasks,
          COUNT { (u)-[:MADE]->(:Report) } AS reports, COUNT { (u)-[:REACTED]->() } AS reactions,
          COUNT { (u)-[:REMARKED]->() } AS remarks, COUNT { (u)-[:MADE]->(:Ranking) } AS rankings
        """,
        bob=bob,
    )
    assert row == {"posts": 4, "tasks": 5, "reports": 1, "reactions": 2, "remarks": 1, "rankings": 1}


async def test_what_both_did_stays_once(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, {"What is hail?": {"?Hm.": {}}})
    fog = await plant(graph, {"What is fog?": {"Grey.": {}, "Wet.": {}}}, state=TreeState.RANKING)
    ada, bob = await id_of(office, ADA), await id_of(office, BOB)
    for who, emoji in ((ADA, EmojiCode.THUMBS_UP), (BOB, EmojiCode.THUMBS_DOWN)):
        one = worker(office, who)
        await one.label(await one.ask(TaskKind.LABEL_ASSISTANT_REPLY))
        await one.rank(await one.ask(TaskKind.RANK_ASSISTANT_REPLIES))
        await one.settle(LabelAnswer(None, planted["Hm."], who.name, {"humor": 0.5}, is_report=False))
        await office.react(fog["Wet."], emoji, who=who)
        await office.react(fog["Wet."], EmojiCode.CLAP, who=who)
    await office.merge(ada, bob)
    await check(graph, office.limits)
    rows = await graph.execute(
        "MATCH (n) WHERE n:Review OR n:Ranking OR n:Remark RETURN labels(n)[0] AS kind, count(n) AS n ORDER BY kind"
    )
    assert {row["kind"]: row["n"] for row in rows} == {"Ranking": 1, "Remark": 1, "Review": 1}
    assert await graph.execute("MATCH (r:Remark) RETURN r.text AS said") == [{"said": "bob"}]
    rows = await graph.execute("MATCH ()-[r:REACTED]->() RETURN r.emoji AS emoji ORDER BY emoji")
    assert [row["emoji"] for row in rows] == ["+1", "clap"]
    with pytest.raises(NothingToHandOut):
        await worker(office, ADA).ask(TaskKind.LABEL_ASSISTANT_REPLY)
    await worker(office, CAT).ask(TaskKind.LABEL_ASSISTANT_REPLY)


async def test_two_replies_to_one_post_both_stay(graph: Graph, office: Moderator) -> None:
    await plant(graph, {"What is hail?": {}})
    for who in (ADA, BOB):
        await worker(office, who).write(await worker(office, who).ask(TaskKind.ASSISTANT_REPLY), who.name)
    ada, bob = await id_of(office, ADA), await id_of(office, BOB)
    await office.merge(ada, bob)
    rows = await graph.execute("MATCH (p:Post {author: $ada}) RETURN p.reply_key AS key ORDER BY p.text", ada=ada)
    assert [row["key"] is None for row in rows] == [False, True]
    assert (await worker(office, ADA).available())["assistant_reply"] == 0
    await check(graph, office.limits)


async def test_nobody_votes_for_what_is_his_own_now(graph: Graph, office: Moderator) -> None:
    planted = await plant(graph, RAIN, author=ADA)
    await office.react(planted["Water."], EmojiCode.THUMBS_UP, who=BOB)
    await office.merge(await id_of(office, BOB), await id_of(office, ADA))
    assert await graph.execute("MATCH ()-[r:REACTED]->() RETURN r") == []


async def test_users_of_different_frontends_become_one(graph: Graph, office: Moderator) -> None:
    other = Worker(graph, office.limits, office.rng, EVA, ApiClient(id=str(uuid4())))
    await plant(graph, {"What is hail?": {}})
    await other.write(await other.ask(TaskKind.ASSISTANT_REPLY))
    ada = await id_of(office, ADA)
    await office.merge(ada, (await other.user()).id)
    (row,) = await graph.execute("MATCH (p:Post) WHERE p.author IS NOT NULL RETURN p.author AS author")
    assert row["author"] == ada
    await check(graph, office.limits)


@pytest.mark.parametrize("banned", ["source", "destination"])
async def test_prompts_wait_as_their_new_author_stands(graph: Graph, rng: Random, banned: str) -> None:
    limits = Limits(max_active_trees=0)
    office = Moderator(graph, limits, rng)
    planted = await plant(graph, {"Why?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits, author=ADA)
    source, destination = await id_of(office, ADA), await id_of(office, BOB)
    await office.change(source if banned == "source" else destination, enabled=False)
    await office.merge(destination, source)
    waits = banned == "source"
    expected = TreeState.PROMPT_LOTTERY_WAITING if waits else TreeState.HALTED_BY_MODERATOR
    assert await state_of(graph, planted["Why?"]) is expected
    await check(graph, limits)
