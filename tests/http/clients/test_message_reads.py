"""Looking at one message and what is around it, by its id and by that of the frontend."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.http.clients.conventions import Raw, Refused
from tests.http.clients.growing import Tree, finished, prompt, reply
from tests.http.clients.shapes import Conversation, Message, MessageTree, read
from tests.http.clients.website import Visitor

pytestmark = pytest.mark.anyio

AROUND = {
    "": Message,
    "/conversation": Conversation,
    "/tree": MessageTree,
    "/children": list[Message],
    "/descendants": MessageTree,
    "/longest_conversation_in_tree": Conversation,
    "/max_children_in_tree": MessageTree,
}


@pytest.fixture
async def tree(ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor) -> Tree:
    return await finished(ada, bob, cat, dan)


async def test_descendants_are_all_below_with_the_deleted(tree: Tree, ada: Visitor) -> None:
    await ada.delete(tree.replies[1])
    below: MessageTree = await ada.get(MessageTree, f"/messages/{tree.root}/descendants")
    assert below.id == tree.root
    assert {message.id for message in below.messages} == set(tree.replies)
    leaf: MessageTree = await ada.get(MessageTree, f"/messages/{tree.replies[0]}/descendants")
    assert (leaf.id, leaf.messages) == (tree.replies[0], [])


async def test_children_hide_the_deleted(tree: Tree, ada: Visitor) -> None:
    await ada.delete(tree.replies[1])
    assert {message.id for message in await ada.children(tree.root)} == {tree.replies[0], tree.replies[2]}
    assert {message.id for message in (await ada.tree(tree.root)).messages} == {
        tree.root,
        tree.replies[0],
        tree.replies[2],
    }
    assert len((await ada.tree(tree.root, include_deleted=True)).messages) == 4


async def test_the_longest_conversation_is_that_of_the_whole_tree(tree: Tree, ada: Visitor) -> None:
    for post in (tree.root, tree.replies[2]):
        conversation: Conversation = await ada.get(Conversation, f"/messages/{post}/longest_conversation_in_tree")
        assert len(conversation.messages) == 2
        assert conversation.messages[0].id == tree.root


async def test_the_message_with_most_children_comes_before_them(tree: Tree, ada: Visitor) -> None:
    for post in (tree.root, tree.replies[2]):
        subtree: MessageTree = await ada.get(MessageTree, f"/messages/{post}/max_children_in_tree")
        assert subtree.messages[0].id == tree.root
        assert {message.id for message in subtree.messages[1:]} == set(tree.replies)


async def test_a_conversation_below_a_deleted_message_is_broken(tree: Tree, ada: Visitor) -> None:
    await ada.delete(tree.root)
    await ada.undelete(tree.replies[0])
    await ada.conversation(tree.replies[0])
    await ada.delete(tree.root)
    with pytest.raises(Refused) as refused:
        await ada.conversation(tree.replies[0])
    assert refused.value.why == (500, 2009)


async def test_messages_are_found_by_the_ids_of_the_frontend(tree: Tree, ada: Visitor, raw: Raw) -> None:
    made = (await ada.message(tree.root)).frontend_message_id
    assert made
    for part, shape in AROUND.items():
        by_made = read(shape, await raw.call("GET", f"/frontend_messages/{made}{part}"))
        by_id = read(shape, await raw.call("GET", f"/messages/{tree.root}{part}"))
        assert _in_order(by_made) == _in_order(by_id), part


def _in_order(result: Any) -> list[str]:
    """The ids of what was found; of most, the order is not promised."""
    messages: list[Message] = [result] if isinstance(result, Message) else getattr(result, "messages", result)
    assert [message.user_emojis for message in messages] == [[] for _ in messages]
    return sorted(str(message.id) for message in messages)


async def test_the_ids_of_another_frontend_are_not_found(tree: Tree, ada: Visitor, stranger: Raw, raw: Raw) -> None:
    made = (await ada.message(tree.root)).frontend_message_id
    for part in AROUND:
        assert await stranger.refused("GET", f"/frontend_messages/{made}{part}") == (404, 2001)
        assert await raw.refused("GET", f"/frontend_messages/nothing{part}") == (404, 2001)


async def test_a_frontend_names_its_messages_as_it_likes(raw: Raw) -> None:
    eve: dict[str, Any] = {"id": "eve", "display_name": "Eve", "auth_method": "local"}
    odd = "a b&c?d#e%20+ë"
    task = await raw.call("POST", "/tasks/", json={"user": eve})
    await raw.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": "m"}, status=204)
    body = {"type": "text_reply_to_message", "message_id": "m", "user_message_id": odd, "text": "Hail?", "user": eve}
    await raw.call("POST", "/tasks/interaction", json=body)
    message: Message = read(Message, await raw.call("GET", f"/frontend_messages/{quote(odd, safe='')}"))
    assert (message.frontend_message_id, message.text) == (odd, "Hail?")


async def test_trees_keep_to_the_tree_of_the_message(tree: Tree, ada: Visitor, bob: Visitor, cat: Visitor) -> None:
    other = await prompt(bob, ada, "What is snow?")
    await reply(cat, ada, "Cold water.")
    assert {message.message_tree_id for message in (await ada.tree(other)).messages} == {other}
    assert {message.message_tree_id for message in (await ada.tree(tree.root)).messages} == {tree.root}
