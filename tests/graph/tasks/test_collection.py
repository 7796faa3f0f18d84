"""An open collection, used as a library: opened, closed, and played through by its verbs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from neo4j.exceptions import DriverError

from oa_graph import (
    ApiClient,
    AuthMethod,
    Collection,
    EmojiCode,
    EmojiOp,
    LabelAnswer,
    Settings,
    TaskKind,
    TextAnswer,
    TimeFrame,
    UserIdentity,
)
from oa_graph.errors import TaskExpired
from oa_graph.graph.session import Graph
from oa_graph.installation import Database, NoServer
from tests.builders import CLIENT, context_of, plant
from tests.conftest import Server

pytestmark = pytest.mark.anyio

ADA, BOB = (UserIdentity(AuthMethod.LOCAL, name, name.title()) for name in ("ada", "bob"))


def settings(**limits: object) -> Settings:
    return Settings.model_validate({"limits": limits, "seed": 1})


@pytest.fixture
def database(server: Server) -> Database:
    return Database(server.uri, server.username, server.password, server.database, browser=None)


async def test_a_prompt_becomes_a_thread_and_a_file(graph: Graph, database: Database, tmp_path: Path) -> None:
    chosen = settings(num_reviews_initial_prompt=1, num_reviews_reply=1, goal_tree_size=2)
    async with Collection.open(chosen, database=database) as collection:
        client = ApiClient(id="", description="a script", capabilities=("rank_initial_prompts",))
        client = await collection.clients.by_key(await collection.clients.create(client))
        assert client
        for kind, user, text in (
            (TaskKind.INITIAL_PROMPT, ADA, "Why does bread rise?"),
            (TaskKind.LABEL_INITIAL_PROMPT, BOB, None),
            (TaskKind.ASSISTANT_REPLY, BOB, "Yeast makes gas."),
            (TaskKind.LABEL_ASSISTANT_REPLY, ADA, None),
        ):
            task = await collection.tasks.request(kind, client=client, user=user)
            await collection.tasks.acknowledge(task.id, message_id=task.id, client=client)
            answer = (
                LabelAnswer(task.id, task.thread[-1].id, "", {"spam": 0.0}, is_report=False)
                if text is None
                else TextAnswer(task.id, f"post of {task.id}", text, None)
            )
            await collection.tasks.submit(answer, client=client, user=user)
        reply = await collection.posts.by_frontend_id(f"post of {await last_task(graph)}", client=client)
        thread = await collection.posts.thread(reply)
        assert [post.text for post in thread] == ["Why does bread rise?", "Yeast makes gas."]
        await collection.leaderboards.update()
        entries = await collection.leaderboards.leaderboard(TimeFrame.TOTAL)
        assert {entry.user.name for entry in entries} == {"ada", "bob"}
        exported = await collection.datasets.export(tmp_path / "trees.jsonl")
        assert (exported.trees, exported.posts) == (1, 2)


async def last_task(graph: Graph) -> str:
    rows = await graph.execute(
        "MATCH (task:Task {kind: 'assistant_reply'}) RETURN task.id AS id ORDER BY task.created DESC LIMIT 1"
    )
    return str(rows[0]["id"])


async def test_what_moderators_do(graph: Graph, database: Database) -> None:
    planted = await plant(graph, {"What is rain?": {"Water.": {}}}, author=ADA)
    async with Collection.open(settings(), database=database) as collection:
        seen, user = await collection.moderation.react(
            planted["Water."], EmojiCode.THUMBS_UP, EmojiOp.ADD, client=CLIENT, user=BOB
        )
        assert seen.emojis == {"+1": 1}
        assert (await collection.users.get(user, client=CLIENT)).name == "bob"
        await collection.moderation.delete(planted["Water."])
        assert (await collection.posts.get(planted["Water."])).deleted
        assert await collection.posts.children(planted["What is rain?"]) == []
        assert (await collection.statistics.counts()).deleted == 1


async def test_the_connection_is_closed_at_the_end(database: Database) -> None:
    async with Collection.open(settings(), database=database) as collection:
        await collection.clients.all()
    with pytest.raises(DriverError, match="closed"):
        await collection.clients.all()


async def test_a_collection_without_a_server_names_the_commands_that_start_one(tmp_path: Path) -> None:
    with pytest.raises(NoServer, match=r"oa-graph db start"):
        async with Collection.open(Settings.model_validate({"data": tmp_path})):
            pass


async def test_a_clock_of_the_caller_is_the_only_clock(graph: Graph) -> None:
    time = [datetime(2031, 5, 1, tzinfo=UTC)]
    context = context_of(graph, settings(task_validity_sec=3600).limits, Random(1))
    collection = Collection(graph, replace(context, clock=lambda: time[0]))
    task = await collection.tasks.request(TaskKind.INITIAL_PROMPT, client=CLIENT, user=ADA)
    (row,) = await graph.execute("MATCH (task:Task {id: $id}) RETURN task.expires AS expires", id=task.id)
    assert row["expires"] == time[0] + timedelta(hours=1)
    time[0] += timedelta(hours=1, seconds=1)
    with pytest.raises(TaskExpired):
        await collection.tasks.acknowledge(task.id, message_id="m-1", client=CLIENT)
