"""Messages by the ids that frontends gave them, and the reads of a tree's shape by either id."""

from __future__ import annotations

from typing import Any

import pytest

from oa_graph.graph.session import Graph
from tests.builders import ADA, Planted, Shape, plant
from tests.http.api.conftest import BOT_ID, Service
from tests.http.api.frontend import Frontend, text, user
from tests.http.api.shapes import CONVERSATION_MESSAGE, MESSAGE, check_values

pytestmark = pytest.mark.anyio

RAIN: Shape = {"Root": {"Left": {"?Deep": {"?Deeper": {}}, "!Bad": {}}, "Right": {}, "-Gone": {"-Below": {}}}}

PARTS = (
    "",
    "/conversation",
    "/tree",
    "/children",
    "/descendants",
    "/longest_conversation_in_tree",
    "/max_children_in_tree",
)


async def name(graph: Graph, planted: Planted, *, client: str = "client") -> None:
    """The frontend knows each post by its text."""
    await graph.execute(
        "UNWIND $ids AS id MATCH (post:Post {id: id}) SET post.client = $client, post.frontend_id = toLower(post.text)",
        ids=[*planted.ids.values()],
        client=client,
    )


@pytest.fixture
async def rain(service: Service) -> Planted:
    planted = await plant(service.graph, RAIN, author=ADA)
    await name(service.graph, planted)
    return planted


async def read(frontend: Frontend, path: str) -> Any:
    got = await frontend.get(path)
    assert got.status_code == 200, got.text
    check_values(got.json())
    return got.json()


def texts(conversation: Any) -> list[str]:
    return [message["text"] for message in conversation["messages"]]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("post", ["Root", "Left", "Bad", "Gone"])
async def test_both_ids_read_the_same(web: Frontend, rain: Planted, part: str, post: str) -> None:
    by_id = await web.get(f"/messages/{rain[post]}{part}")
    by_name = await web.get(f"/frontend_messages/{post.lower()}{part}")
    assert by_name.status_code == by_id.status_code == 200
    assert by_name.json() == by_id.json()


@pytest.mark.parametrize("query", ["include_spam=0", "include_deleted=1", "include_spam=no&include_deleted=yes"])
async def test_a_tree_takes_the_same_parameters(web: Frontend, rain: Planted, query: str) -> None:
    by_id = await read(web, f"/messages/{rain['Deep']}/tree?{query}")
    assert await read(web, f"/frontend_messages/deep/tree?{query}") == by_id


@pytest.mark.parametrize("part", PARTS)
async def test_an_unknown_message_is_told(web: Frontend, bot: Frontend, rain: Planted, part: str) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    for frontend, path in (
        (web, f"/messages/{nobody}{part}"),
        (web, f"/frontend_messages/unknown{part}"),
        (bot, f"/frontend_messages/root{part}"),  # the id is another frontend's
    ):
        got = await frontend.get(path)
        assert (got.status_code, got.json()["error_code"]) == (404, 2001)


async def test_each_frontend_has_its_own_ids(web: Frontend, bot: Frontend, rain: Planted, service: Service) -> None:
    other = await plant(service.graph, {"Root": {}})
    await name(service.graph, other, client=BOT_ID)
    assert (await read(web, "/frontend_messages/root"))["id"] == rain["Root"]
    assert (await read(bot, "/frontend_messages/root"))["id"] == other["Root"]


async def test_the_id_is_that_of_the_interaction(web: Frontend) -> None:
    ada = user("ada")
    task = await web.ask("initial_prompt", ada)
    await web.settle(text(await web.ack(task), ada, "Why?", message="web 42 ä"))
    got = await read(web, "/frontend_messages/web%2042%20%C3%A4")
    assert (got["text"], got["frontend_message_id"]) == ("Why?", "web 42 ä")


async def test_nobody_is_acting(web: Frontend, rain: Planted) -> None:
    for acting in ("local:ada", "local:nobody"):
        got = (await web.get("/frontend_messages/root", acting=acting)).json()
        assert (got["user_is_author"], got["user_emojis"]) == (None, [])


async def test_a_broken_conversation_is_told(web: Frontend, rain: Planted) -> None:
    got = await web.get("/frontend_messages/below/conversation")
    assert (got.status_code, got.json()["error_code"]) == (500, 2009)


# The shape of a tree


async def test_descendants_are_all_that_is_below(web: Frontend, rain: Planted) -> None:
    got = await web.read(rain["Root"], "/descendants")
    assert got["id"] == rain["Root"]
    assert sorted(texts(got)) == ["Bad", "Below", "Deep", "Deeper", "Gone", "Left", "Right"]
    assert {frozenset(message) for message in got["messages"]} == {MESSAGE}
    assert sorted(texts(await web.read(rain["Left"], "/descendants"))) == ["Bad", "Deep", "Deeper"]
    assert await web.read(rain["Right"], "/descendants") == {"id": rain["Right"], "messages": []}


async def test_descendants_are_seen_by_the_acting_user(web: Frontend, rain: Planted) -> None:
    got = await web.read(rain["Root"], "/descendants", acting="local:ada")
    assert {message["user_is_author"] for message in got["messages"]} == {True}


async def test_the_longest_conversation_has_neither_deleted_nor_rejected_messages(
    web: Frontend, service: Service
) -> None:
    shape: Shape = {"Q": {"!R1": {"R2": {"R3": {}}}, "-D1": {"-D2": {"-D3": {}}}, "A1": {"?A2": {}}}}
    planted = await plant(service.graph, shape)
    for any_post in ("Q", "R3", "A2"):
        got = await web.read(planted[any_post], "/longest_conversation_in_tree")
        assert texts(got) == ["Q", "A1", "A2"]
        assert {frozenset(message) for message in got["messages"]} == {CONVERSATION_MESSAGE}


async def test_of_equally_long_conversations_the_oldest_is_told(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"Q": {"New": {}, "Old": {}}})
    await service.graph.execute("MATCH (post:Post {text: 'Old'}) SET post.created = datetime('2020-01-01T00:00:00Z')")
    assert texts(await web.read(planted["Q"], "/longest_conversation_in_tree")) == ["Q", "Old"]


@pytest.mark.parametrize("root", ["-Q", "!Q"])
async def test_a_tree_whose_root_does_not_stand_has_no_conversation(web: Frontend, service: Service, root: str) -> None:
    planted = await plant(service.graph, {root: {}})
    assert await web.read(planted["Q"], "/longest_conversation_in_tree") == {"messages": []}


async def test_the_message_with_most_replies_comes_with_them(web: Frontend, rain: Planted, service: Service) -> None:
    got = await web.read(rain["Deeper"], "/max_children_in_tree")
    assert got["id"] == rain["Root"]  # of equally many replies the highest
    assert (texts(got)[0], sorted(texts(got)[1:])) == ("Root", ["Left", "Right"])
    shape: Shape = {"Q": {"-D1": {}, "-D2": {}, "-D3": {}, "A": {"!B": {}, "?C": {}}}}
    planted = await plant(service.graph, shape)
    got = await web.read(planted["D1"], "/max_children_in_tree")
    assert got["id"] == planted["A"]
    assert (texts(got)[0], sorted(texts(got)[1:])) == ("A", ["B", "C"])


async def test_a_deleted_tree_has_no_message_with_replies(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"-Q": {"-A": {}}})
    assert await web.read(planted["A"], "/max_children_in_tree") == {"id": planted["A"], "messages": []}
