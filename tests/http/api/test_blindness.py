"""Blind studies: nothing that a frontend reads of an unfinished tree tells who, or whether a model, wrote a post."""

from __future__ import annotations

from typing import Any

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from tests.builders import ADA, CLIENT, Planted, plant
from tests.http.api.conftest import Service
from tests.http.api.frontend import Frontend, user

pytestmark = pytest.mark.anyio

BLIND = Limits(hide_authors_of_unfinished_trees=True, max_tree_depth=2)


@pytest.fixture
def limits() -> Limits:
    return BLIND


async def tree(service: Service, *, state: TreeState = TreeState.GROWING) -> Planted:
    """A prompt of a person with a reply of a person and one of a model."""
    planted = await plant(
        service.graph, {"What is rain?": {"Water.": {}, "Squawk!": {}}}, state=state, limits=BLIND, author=ADA
    )
    await service.graph.execute(
        """
        MATCH (post:Post {id: $id})<-[wrote:WROTE]-() DELETE wrote
        SET post.synthetic = true, post.model_name = 'parrot-1', post.author = null
        """,
        id=planted["Squawk!"],
    )
    await service.graph.execute(
        "MATCH (post:Post) SET post.client = $client, post.frontend_id = 'm ' + post.text", client=CLIENT.id
    )
    return planted


def tells(message: dict[str, Any]) -> dict[str, Any]:
    names = ("user_id", "frontend_message_id", "synthetic", "model_name", "user")
    return {name: message[name] for name in names if message.get(name) is not None}


async def reads(web: Frontend, planted: Planted) -> list[dict[str, Any]]:
    """Every message that the routes for messages show."""
    root = planted["What is rain?"]
    messages = [await web.read(id) for id in planted.ids.values()]
    for part in ("/conversation", "/tree", "/descendants", "/longest_conversation_in_tree", "/max_children_in_tree"):
        messages += (await web.read(root, part))["messages"]
    messages += await web.read(root, "/children")
    messages += (await web.get("/messages/?lang=en")).json()
    messages += (await web.get("/messages/cursor?lang=en&include_user=true")).json()["items"]
    messages += (await web.get("/messages/?lang=en&search_query=squawk")).json()
    messages.append((await web.get("/frontend_messages/m Squawk!")).json())
    messages += (await web.get("/frontend_users/local/ada/messages")).json()
    reacted = await web.post(f"/messages/{root}/emoji", {"emoji": "+1", "op": "add", "user": user("bob")})
    messages.append(reacted.json())
    return messages


async def test_reads_of_an_unfinished_tree_tell_nothing_of_authors(service: Service, web: Frontend) -> None:
    messages = await reads(web, await tree(service))
    assert len(messages) > 15
    assert [tells(message) for message in messages] == [{}] * len(messages)


async def test_users_still_know_their_own_messages(service: Service, web: Frontend) -> None:
    planted = await tree(service)
    assert (await web.read(planted["Water."], acting="local:ada"))["user_is_author"] is True
    assert (await web.read(planted["Squawk!"], acting="local:ada"))["user_is_author"] is False


async def test_a_finished_tree_tells_its_authors(service: Service, web: Frontend) -> None:
    planted = await tree(service, state=TreeState.READY_FOR_EXPORT)
    of_model = await web.read(planted["Squawk!"])
    assert tells(of_model) == {
        "frontend_message_id": "m Squawk!", "synthetic": True, "model_name": "parrot-1"
    }  # fmt: skip
    assert tells(await web.read(planted["Water."])).keys() == {"user_id", "frontend_message_id", "synthetic"}


async def test_tasks_tell_nothing_of_the_authors_of_their_thread(service: Service, web: Frontend) -> None:
    await tree(service)
    for kind in ("assistant_reply", "prompter_reply"):
        task = await web.ask(kind, user("bob"))
        assert [tells(message) for message in task["conversation"]["messages"]] == [{}] * len(
            task["conversation"]["messages"]
        )


async def test_rankings_tell_nothing_even_when_models_wrote_all(service: Service, web: Frontend) -> None:
    await tree(service, state=TreeState.RANKING)
    await service.graph.execute("MATCH (post:Post) WHERE post.depth = 1 SET post.synthetic = true")
    task = await web.ask("rank_assistant_replies", user("bob"))
    assert task["reveal_synthetic"] is False
    assert [tells(message) for message in (*task["reply_messages"], *task["conversation"]["messages"])] == [{}] * 3
