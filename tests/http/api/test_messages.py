"""Messages read alone, in their conversation and in their tree."""

from __future__ import annotations

import pytest

from oa_graph.domain.trees import TreeState
from tests.builders import ADA, Shape, plant
from tests.http.api.conftest import Service
from tests.http.api.frontend import Frontend, user
from tests.http.api.shapes import CONVERSATION_MESSAGE, MESSAGE, TREE_STATE, check_values

pytestmark = pytest.mark.anyio

RAIN: Shape = {"What is rain?": {"Water.": {"?Why?": {}}, "!Beer.": {}, "-Wine.": {}}}


async def test_a_message_says_all_that_is_known_of_it(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN, author=ADA)
    got = await web.read(planted["Water."], acting="local:ada")
    check_values(got)
    assert got == {
        "id": planted["Water."],
        "user_id": got["user_id"],
        "frontend_message_id": None,
        "text": "Water.",
        "lang": "en",
        "is_assistant": True,
        "emojis": {},
        "user_emojis": [],
        "user_is_author": True,
        "synthetic": False,
        "parent_id": planted["What is rain?"],
        "created_date": got["created_date"],
        "review_result": True,
        "review_count": 0,
        "deleted": False,
        "edited": False,
        "model_name": None,
        "message_tree_id": planted["What is rain?"],
        "ranking_count": 0,
        "rank": None,
        "user": None,
    }


async def test_deleted_and_rejected_messages_can_be_read(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN)
    assert (await web.read(planted["Beer."]))["review_result"] is False
    assert (await web.read(planted["Wine."]))["deleted"] is True
    assert (await web.read(planted["Why?"]))["review_result"] is None


async def test_without_an_acting_user_nobody_is_the_author(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN, author=ADA)
    assert (await web.read(planted["Water."]))["user_is_author"] is None
    await web.post("/frontend_users/", user("bob"))
    assert (await web.read(planted["Water."], acting="local:bob"))["user_is_author"] is False


async def test_reactions_are_counted_and_ones_own_are_told(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {}})
    for name in ("ada", "bob"):
        task = await web.ask("assistant_reply", user(name))
        await web.post(f"/tasks/{task['id']}/nack", {}, acting=f"local:{name}")
    got = await web.read(planted["What is rain?"], acting="local:ada")
    assert (got["emojis"], got["user_emojis"]) == ({"_skip_reply": 2}, ["_skip_reply"])


async def test_a_conversation_runs_from_the_root(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN)
    got = await web.read(planted["Why?"], "/conversation")
    assert [message["text"] for message in got["messages"]] == ["What is rain?", "Water.", "Why?"]
    assert {frozenset(message) for message in got["messages"]} == {CONVERSATION_MESSAGE}


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("", ["Beer.", "Water.", "What is rain?", "Why?"]),
        ("?include_spam=off", ["Water.", "What is rain?"]),
        ("?include_spam=YES&include_deleted=On", ["Beer.", "Water.", "What is rain?", "Why?", "Wine."]),
        ("?include_spam=1&include_deleted=0", ["Beer.", "Water.", "What is rain?", "Why?"]),
    ],
)
async def test_a_tree_leaves_out_what_is_not_asked_for(
    web: Frontend, service: Service, query: str, texts: list[str]
) -> None:
    planted = await plant(service.graph, RAIN)
    got = await web.read(planted["Why?"], f"/tree{query}")
    assert got["id"] == planted["What is rain?"]
    assert sorted(message["text"] for message in got["messages"]) == texts
    assert {frozenset(message) for message in got["messages"]} == {MESSAGE}


async def test_children_are_told_whatever_their_reviews_say(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN)
    got = await web.read(planted["What is rain?"], "/children")
    assert sorted(message["text"] for message in got) == ["Beer.", "Water."]
    assert await web.read(planted["Why?"], "/children") == []


@pytest.mark.parametrize("state", [TreeState.GROWING, TreeState.READY_FOR_EXPORT])
async def test_the_state_of_a_tree_is_told_for_each_of_its_messages(
    web: Frontend, service: Service, state: TreeState
) -> None:
    planted = await plant(service.graph, RAIN, state=state)
    got = await web.read(planted["Beer."], "/tree/state")
    assert set(got) == TREE_STATE
    assert got == {
        "message_tree_id": planted["What is rain?"],
        "state": state,
        "goal_tree_size": 12,
        "max_depth": 3,
        "max_children_count": 3,
        "active": state is TreeState.GROWING,
        "origin": None,
    }


async def test_any_frontend_reads_any_message(bot: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN, author=ADA)
    assert (await bot.read(planted["Water."]))["text"] == "Water."
