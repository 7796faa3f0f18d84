"""Trees in which people answer answers: the tasks that only these have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.http.clients.conventions import Raw
from tests.http.clients.growing import prompt, reply
from tests.http.clients.shapes import LabelReply, PrompterReply, RankReplies
from tests.http.clients.website import Visitor

pytestmark = pytest.mark.anyio


@pytest.fixture
def limits(limits: Any) -> Any:
    """Two prompters may answer one assistant, and their answers are ranked; forms for those are short."""
    deeper = {"goal_tree_size": 4, "max_tree_depth": 3, "max_children_count": 2, "num_prompter_replies": 2}
    return replace(limits, **deeper, rank_prompter_replies=True, p_full_labeling_review_reply_prompter=0.0)


async def test_a_prompter_answers_an_assistant(ada: Visitor, bob: Visitor, cat: Visitor) -> None:
    root = await prompt(ada, bob, "What is rain?")
    first = await reply(bob, ada, "Water.")
    task = await cat.ask("prompter_reply")
    assert isinstance(task, PrompterReply)
    assert task.hint is None
    assert [message.id for message in task.conversation.messages] == [root, first]
    await cat.write(task, "Why?")
    review = await ada.ask("label_prompter_reply")
    assert isinstance(review, LabelReply)
    assert (review.reply, [message.is_assistant for message in review.conversation.messages]) == (
        "Why?",
        [False, True, False],
    )
    assert "fails_task" not in review.valid_labels
    await ada.label(review)
    third = await cat.message(review.message_id)
    assert (third.is_assistant, third.parent_id, third.message_tree_id) == (False, first, root)
    conversation = await bob.conversation(review.message_id)
    assert [message.text for message in conversation.messages] == ["What is rain?", "Water.", "Why?"]


async def test_a_random_review_of_a_prompter_reply_may_be_a_short_form(
    ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor
) -> None:
    await prompt(ada, bob, "What is rain?")
    await reply(bob, ada, "Water.")
    task = await cat.ask("prompter_reply")
    assert task
    await cat.write(task, "Why?")
    for _ in range(7):  # a random task is of another kind now and then
        review = await dan.ask()
        assert review
        if isinstance(review, LabelReply):
            assert (review.mode, review.disposition, review.mandatory_labels) == ("simple", "spam", ["spam"])
            assert review.valid_labels == ["spam", "lang_mismatch", "quality"]
            await dan.label(review)
            return
        await dan.skip(review)
    raise AssertionError("no review in seven random tasks")


async def test_prompter_replies_are_ranked_where_that_is_wanted(
    ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor
) -> None:
    root = await prompt(ada, bob, "What is rain?")
    first = await reply(bob, ada, "Water.")
    posts = [await reply(visitor, ada, f"{visitor.acting} asks why.", kind="prompter_reply") for visitor in (cat, dan)]
    assert (await ada.tree_state(root)).state == "ranking"
    task = await ada.ask("rank_prompter_replies")
    assert isinstance(task, RankReplies)
    assert (task.ranking_parent_id, task.message_tree_id) == (first, root)
    shown = [message.id for message in task.reply_messages]
    await ada.rank(task, [shown.index(posts[1]), shown.index(posts[0])], not_rankable=False)
    ranks = {message.id: message.rank for message in await ada.children(first)}
    assert ranks == {posts[1]: 0, posts[0]: 1}
    assert (await ada.tree_state(root)).state == "ready_for_export"


async def test_a_bot_without_a_language_answers_a_prompter_in_that_of_the_parent(
    ada: Visitor, bob: Visitor, stranger: Raw
) -> None:
    await prompt(ada, bob, "Was ist Regen?", "de")
    await reply(bob, ada, "Wasser.", lang="de")
    eve = {"id": "eve", "display_name": "Eve", "auth_method": "discord"}
    task = await stranger.call("POST", "/tasks/", json={"type": "prompter_reply", "user": eve, "lang": "de"})
    await stranger.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": "1"}, status=204)
    body = {"type": "text_reply_to_message", "message_id": "1", "user_message_id": "2", "text": "Warum?", "user": eve}
    await stranger.call("POST", "/tasks/interaction", json=body)
    review = await ada.ask("label_prompter_reply", "de")
    assert isinstance(review, LabelReply)
    assert review.conversation.messages[-1].lang == "de"
