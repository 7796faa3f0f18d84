"""The exchange about a task: asked for, acknowledged, answered, refused, closed, and every way that it goes wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from tests.http.clients import shapes
from tests.http.clients.conventions import Body, Raw, Refused, person
from tests.http.clients.growing import prompt, reply
from tests.http.clients.shapes import LabelPrompt, LabelReply, RankReplies, Task, TaskDone, read
from tests.http.clients.website import Visitor

pytestmark = pytest.mark.anyio

EVE = person("eve")

NOT_YET = ((400, 2100), (400, 2104))
"""What an answer is told before its acknowledgement: its task is not found by that id, or is not acknowledged."""


async def ask(raw: Raw, kind: str = "random", user: Body = EVE, **fields: object) -> Task:
    return shapes.task(await raw.call("POST", "/tasks/", json={"type": kind, "user": user, **fields}))


async def ack(raw: Raw, task: Task, message: str) -> None:
    await raw.call("POST", f"/tasks/{task.id}/ack", json={"message_id": message}, status=204)


def text(message: str, words: str = "Water.", user: Body = EVE, *, made: str | None = None) -> Body:
    made = made or f"made-{uuid4()}"
    kind = "text_reply_to_message"
    return {"type": kind, "message_id": message, "user_message_id": made, "text": words, "user": user}


async def refused(raw: Raw, body: Body) -> tuple[int, int | None]:
    """Status and code with which an answer is refused."""
    return await raw.refused("POST", "/tasks/interaction", json=body)


async def settle(raw: Raw, body: Body) -> TaskDone:
    return read(TaskDone, await raw.call("POST", "/tasks/interaction", json=body))


# Asking


@pytest.mark.parametrize("user", [{}, {"user": None}])
async def test_who_asks_for_a_task_says_for_whom(raw: Raw, user: Body) -> None:
    assert await raw.refused("POST", "/tasks/", json={"type": "random", **user}) == (400, 4000)


async def test_random_is_what_is_asked_for_by_default(raw: Raw) -> None:
    assert shapes.task(await raw.call("POST", "/tasks/", json={"user": EVE})).type == "initial_prompt"


@pytest.mark.parametrize("arguments", [{}, {"content": b"null", "headers": {"Content-Type": "application/json"}}])
async def test_who_asks_for_availability_says_for_whom(raw: Raw, arguments: Body) -> None:
    assert await raw.refused("POST", "/tasks/availability?lang=en", **arguments) == (400, 4000)


async def test_availability_names_every_type_of_request(raw: Raw) -> None:
    counts: dict[str, int] = read(
        dict[shapes.RequestType, int], await raw.call("POST", "/tasks/availability", json=EVE)
    )
    assert counts.keys() == shapes.REQUEST_TYPES
    assert counts["random"] == sum(counts.values()) - counts["random"] > 0
    assert [counts[kind] for kind in ("summarize_story", "rate_summary", "rank_initial_prompts")] == [0, 0, 0]


@pytest.mark.parametrize("kind", sorted(shapes.REQUEST_TYPES - {"random", "initial_prompt"}))
async def test_what_is_not_there_is_not_handed_out(raw: Raw, kind: str) -> None:
    assert await raw.refused("POST", "/tasks/", json={"type": kind, "user": EVE}) == (503, 1006)


async def test_a_user_has_only_so_many_open_tasks(raw: Raw) -> None:
    for _ in range(8):
        await ask(raw)
    assert await raw.refused("POST", "/tasks/", json={"user": EVE}) == (400, 1012)


async def test_a_disabled_user_gets_no_tasks(raw: Raw) -> None:
    await raw.call("POST", "/frontend_users/", json={**EVE, "enabled": False})
    assert await raw.refused("POST", "/tasks/", json={"user": EVE}) == (503, 4001)


async def test_a_user_is_made_where_a_body_names_him_and_renamed(raw: Raw) -> None:
    await ask(raw)
    first = await raw.call("GET", "/frontend_users/local/eve")
    await ask(raw, user={**EVE, "display_name": "Eve the Second"})
    second = await raw.call("GET", "/frontend_users/local/eve")
    assert (first["display_name"], second["display_name"]) == ("Eve", "Eve the Second")
    assert first["user_id"] == second["user_id"]


class TestTerms:
    """Where the terms have to be accepted."""

    @pytest.fixture
    def limits(self, limits: Any) -> Any:
        return replace(limits, enforce_terms=True)

    async def test_who_has_not_accepted_the_terms_is_told_so(self, raw: Raw) -> None:
        assert await raw.refused("POST", "/tasks/", json={"user": EVE}) == (451, 4003)
        await raw.call("POST", "/frontend_users/", json={**EVE, "tos_acceptance": True})
        await ask(raw)


# Acknowledging


async def test_an_acknowledgement_may_be_repeated_but_not_changed(raw: Raw) -> None:
    task = await ask(raw)
    await ack(raw, task, "m")
    await ack(raw, task, "m")
    assert await raw.refused("POST", f"/tasks/{task.id}/ack", json={"message_id": "other"}) == (400, 2103)


async def test_what_cannot_be_acknowledged(raw: Raw) -> None:
    assert await raw.refused("POST", f"/tasks/{uuid4()}/ack", json={"message_id": "m"}) == (404, 2100)
    task = await ask(raw)
    assert await raw.refused("POST", f"/tasks/{task.id}/ack", json={"message_id": ""}) == (400, 2000)
    assert (await raw.refused("POST", f"/tasks/{task.id}/ack", json={}))[0] == 422
    await ack(raw, task, "m")
    await settle(raw, text("m"))
    assert await raw.refused("POST", f"/tasks/{task.id}/ack", json={"message_id": "m2"}) == (400, 2103)


async def test_two_tasks_of_one_client_never_share_an_acknowledgement(raw: Raw, stranger: Raw) -> None:
    first, second = await ask(raw), await ask(raw)
    await ack(raw, first, "4242")
    assert await raw.refused("POST", f"/tasks/{second.id}/ack", json={"message_id": "4242"}) == (400, 2103)
    await ack(stranger, await ask(stranger), "4242")
    await settle(raw, text("4242", "The first."))
    await settle(stranger, text("4242", "That of the other client."))


# Refusing


async def test_a_task_may_be_refused_before_and_after_its_acknowledgement(raw: Raw) -> None:
    for is_acked in (False, True):
        task = await ask(raw)
        if is_acked:
            await ack(raw, task, "m")
        await raw.call("POST", f"/tasks/{task.id}/nack", json={"reason": "x" * 512}, status=204)


async def test_what_cannot_be_refused(raw: Raw, ada: Visitor) -> None:
    assert await raw.refused("POST", f"/tasks/{uuid4()}/nack", json={}) == (400, 2100)
    task = await ask(raw)
    assert (await raw.refused("POST", f"/tasks/{task.id}/nack", json={"reason": "x" * 513}))[0] == 422
    acting = {"X-OASST-USER": ada.acting}
    assert await raw.refused("POST", f"/tasks/{task.id}/nack", json={}, headers=acting) == (400, 2106)
    await ack(raw, task, "m")
    await settle(raw, text("m"))
    assert await raw.refused("POST", f"/tasks/{task.id}/nack", json={}) == (400, 2105)


async def test_a_refusal_hides_the_message_and_shows_in_its_reactions(ada: Visitor, bob: Visitor, cat: Visitor) -> None:
    root = await prompt(ada, bob, "What is rain?")
    task = await cat.ask("assistant_reply")
    assert task
    await cat.skip(task, "too wet")
    seen = await cat.message(root)
    assert (seen.emojis, seen.user_emojis) == ({"_skip_reply": 1}, ["_skip_reply"])
    assert await cat.ask("assistant_reply") is None
    assert cat.last_error
    assert cat.last_error.why == (503, 1006)
    assert await bob.ask("assistant_reply")


# Answering with a text


async def test_an_answer_needs_its_acknowledgement_first(raw: Raw) -> None:
    task = await ask(raw)
    assert await refused(raw, text("m")) in NOT_YET
    await ack(raw, task, "m")
    await settle(raw, text("m"))


async def test_an_answer_is_taken_once(raw: Raw) -> None:
    await ack(raw, await ask(raw), "m")
    done = await settle(raw, text("m"))
    assert done.id not in ("m", EVE["id"])
    assert await refused(raw, text("m", "Once more.")) == (400, 2105)


async def test_an_answer_comes_from_the_one_who_was_asked(raw: Raw) -> None:
    await ack(raw, await ask(raw), "m")
    assert await refused(raw, text("m", user=person("fay"))) == (400, 2106)


async def test_white_space_around_a_text_goes_and_alone_is_no_text(raw: Raw) -> None:
    await ack(raw, await ask(raw), "m")
    for blank in ("", "   ", "\n\t "):
        assert (await refused(raw, text("m", blank)))[0] == 422
    await settle(raw, text("m", "\n What is rain? \n"))
    task = await ask(raw, "label_initial_prompt", person("fay"))
    assert shapes.thread(task)[0].text == "What is rain?"


async def test_a_text_may_be_too_long(raw: Raw) -> None:
    await ack(raw, await ask(raw), "m")
    assert await refused(raw, text("m", "x" * 2001)) == (400, 1008)
    await settle(raw, text("m", "ë" * 2000))


async def test_nobody_says_the_same_twice(raw: Raw) -> None:
    await ack(raw, await ask(raw), "m")
    await settle(raw, text("m", "What is rain?"))
    await ack(raw, await ask(raw, "initial_prompt"), "n")
    assert await refused(raw, text("n", "What is rain?")) == (400, 1009)
    await settle(raw, text("n", "What is snow?"))


async def test_an_id_of_a_message_is_used_once_by_each_client(raw: Raw, stranger: Raw) -> None:
    await ack(raw, await ask(raw), "m")
    await settle(raw, text("m", made="same"))
    await ack(raw, await ask(raw, "initial_prompt"), "n")
    assert await refused(raw, text("n", "What is snow?", made="same")) == (400, 1004)
    await ack(stranger, await ask(stranger, "initial_prompt"), "m")
    await settle(stranger, text("m", "What is hail?", made="same"))


async def test_an_answer_of_another_kind_does_not_fit(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    root = await prompt(ada, bob, "What is rain?")
    task = await ask(raw, "assistant_reply")
    await ack(raw, task, "m")
    ranking = {"type": "message_ranking", "message_id": "m", "ranking": [0, 1], "user": EVE}
    assert await refused(raw, ranking) == (400, 2102)
    labels = {"type": "text_labels", "message_id": root, "task_id": task.id, "labels": {"spam": 0}, "text": ""}
    assert (await refused(raw, {**labels, "user": EVE}))[0] == 400
    rating = {"type": "message_rating", "message_id": "m", "rating": 3, "user": EVE}
    assert (await refused(raw, rating))[0] == 400
    await settle(raw, text("m"))


async def test_a_text_does_not_fit_a_task_that_asks_for_labels(raw: Raw) -> None:
    await ack(raw, await ask(raw), "m")
    await settle(raw, text("m"))
    fay = person("fay")
    await ack(raw, await ask(raw, "label_initial_prompt", fay), "n")
    status, code = await refused(raw, text("n", "Nice.", fay))
    assert status == 400
    assert code in (2102, 2107)


# Answering with an order


async def test_an_order_has_every_candidate_once(
    ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor, raw: Raw
) -> None:
    await prompt(ada, bob, "What is rain?")
    for visitor in (bob, cat, dan):
        await reply(visitor, ada, f"{visitor.acting} says water.")
    task = await ask(raw, "rank_assistant_replies")
    assert isinstance(task, RankReplies)
    assert len(task.reply_messages) == 3
    body: Body = {"type": "message_ranking", "message_id": "m", "user": EVE}
    assert await refused(raw, {**body, "ranking": [0, 1, 2]}) in NOT_YET
    await ack(raw, task, "m")
    for order in ([0, 1], [0, 0, 1], [1, 2, 3], [0, 1, 2, 3], [-1, 0, 1]):
        assert await refused(raw, {**body, "ranking": order}) == (400, 2003), order
    nothing: list[int] = []
    for wrong in (nothing, ["best"], None, "012"):
        assert (await refused(raw, {**body, "ranking": wrong}))[0] == 422, wrong
    done = await raw.call("POST", "/tasks/interaction", json={**body, "ranking": [2, 0, 1], "not_rankable": False})
    assert read(TaskDone, done)
    ranks = {message.id: message.rank for message in await ada.children(task.ranking_parent_id)}
    assert [ranks[task.reply_messages[place].id] for place in (2, 0, 1)] == [0, 1, 2]


# Answering with labels


async def test_labels_are_those_that_were_asked_for(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    await bob.work("initial_prompt", words="What is snow?")
    snow = await ask(raw, "label_initial_prompt", person("gus"))
    await prompt_of(ada, "What is rain?")
    task = await ask(raw, "label_initial_prompt")
    assert isinstance(task, LabelPrompt)
    assert isinstance(snow, LabelPrompt)
    assert task.prompt == "What is rain?"
    body: Body = {"type": "text_labels", "message_id": task.message_id, "task_id": task.id, "text": "", "user": EVE}
    assert await refused(raw, {**body, "labels": {"spam": 0}}) == (400, 2104)
    await ack(raw, task, "m")
    assert await refused(raw, {**body, "labels": {"spam": 0, "fails_task": 0}}) == (400, 2051)
    assert await refused(raw, {**body, "labels": {"lang_mismatch": 0}}) == (400, 2052)
    assert await refused(raw, {**body, "message_id": snow.message_id, "labels": {"spam": 0}}) == (400, 2050)
    assert (await refused(raw, {**body, "labels": {"unheard": 0}}))[0] == 422
    assert (await refused(raw, {**body, "labels": {"spam": 1.01}}))[0] == 422
    without = {name: value for name, value in body.items() if name != "text"}
    assert (await refused(raw, {**without, "labels": {"spam": 0}}))[0] == 422
    assert await refused(raw, {**body, "labels": {"spam": 0}, "task_id": str(uuid4())}) == (400, 2100)
    assert await refused(raw, {**body, "labels": {"spam": 0}, "user": person("fay")}) == (400, 2106)
    await settle(raw, {**body, "labels": {"spam": 0, "lang_mismatch": 0}})
    assert await refused(raw, {**body, "labels": {"spam": 0}}) == (400, 2105)


async def prompt_of(author: Visitor, words: str) -> None:
    assert await author.work("initial_prompt", words=words)


async def test_a_form_asks_for_what_its_mode_says(ada: Visitor, bob: Visitor) -> None:
    await prompt_of(ada, "What is rain?")
    task = await bob.ask("label_initial_prompt")
    assert isinstance(task, LabelPrompt)
    assert (task.mode, task.disposition, task.mandatory_labels) == ("full", "quality", ["spam"])
    assert task.labels
    widgets = {label.name: label.widget for label in task.labels}
    assert (widgets["spam"], widgets["lang_mismatch"], widgets["quality"]) == ("yes_no", "flag", "likert")


# Closing


async def test_a_collective_task_takes_the_answers_of_many_until_it_is_closed(
    ada: Visitor, bob: Visitor, raw: Raw
) -> None:
    root = await prompt(ada, bob, "What is rain?")
    task = await ask(raw, "assistant_reply", collective=True)
    await ack(raw, task, "channel")
    for name in ("eve", "fay"):
        await settle(raw, text("channel", f"Water, says {name}.", person(name)))
    assert read(TaskDone, await raw.call("POST", "/tasks/close", json={"message_id": "channel"}))
    assert await refused(raw, text("channel", "Too late.", person("gus"))) == (400, 2105)
    assert await raw.refused("POST", "/tasks/close", json={"message_id": "channel"}) == (400, 2105)
    assert len(await ada.children(root)) == 2


async def test_what_cannot_be_closed(raw: Raw) -> None:
    assert await raw.refused("POST", "/tasks/close", json={"message_id": "nothing"}) == (404, 2100)
    await ack(raw, await ask(raw), "m")
    assert await raw.refused("POST", "/tasks/close", json={"message_id": "m"}) == (400, 2106)


# Labels beside tasks


async def test_the_labels_to_choose_from_follow_from_the_message(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    root = await prompt(ada, bob, "What is rain?")
    first = await reply(bob, ada, "Water.")

    async def names(query: str = "") -> list[str]:
        labels: shapes.ValidLabels = read(
            shapes.ValidLabels, await raw.call("GET", f"/text_labels/valid_labels{query}")
        )
        return [label.name for label in labels.valid_labels]

    everything = await names()
    assert len(everything) == 14
    assert "fails_task" not in everything
    assert "fails_task" not in await names(f"?message_id={root}")
    assert "fails_task" in await names(f"?message_id={first}")
    refused = await raw.refused("GET", f"/text_labels/valid_labels?message_id={uuid4()}")
    assert refused == (404, 2001)


async def test_the_labels_of_a_report_need_no_key_and_have_an_order(nobody: Raw) -> None:
    labels: shapes.ValidLabels = read(shapes.ValidLabels, await nobody.call("GET", "/text_labels/report_labels"))
    assert [label.name for label in labels.valid_labels] == [
        "spam", "not_appropriate", "pii", "hate_speech", "sexual_content", "moral_judgement", "political_content",
        "toxicity", "violence", "quality",
    ]  # fmt: skip
    widgets = {label.name: label.widget for label in labels.valid_labels}
    assert (widgets["spam"], widgets["pii"], widgets["toxicity"]) == ("yes_no", "flag", "likert")


async def test_labels_without_a_task_are_a_remark_through_either_path(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    root = await prompt(ada, bob, "What is rain?")
    remark: Body = {
        "type": "text_labels",
        "message_id": root,
        "labels": {"moral_judgement": 1},
        "text": "",
        "user": EVE,
    }
    await raw.call("POST", "/text_labels/", json=remark, status=204)
    await raw.call("POST", "/text_labels/", json={**remark, "task_id": None, "is_report": None}, status=204)
    await settle(raw, remark)
    lost = {**remark, "message_id": str(uuid4())}
    assert await raw.refused("POST", "/text_labels/", json=lost) == (404, 2001)


async def test_labels_through_the_path_of_labels_answer_a_task(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    await prompt_of(ada, "What is rain?")
    task = await ask(raw, "label_initial_prompt")
    assert isinstance(task, (LabelPrompt, LabelReply))
    await ack(raw, task, "m")
    body: Body = {"message_id": task.message_id, "task_id": task.id, "labels": {"spam": 0}, "text": "", "user": EVE}
    await raw.call("POST", "/text_labels/", json={"type": "text_labels", **body}, status=204)
    assert (await bob.message(task.message_id)).review_result is True


# Reading what was made


async def test_a_message_has_every_field(ada: Visitor, bob: Visitor, cat: Visitor) -> None:
    root = await prompt(ada, bob, "What is rain?")
    first = await reply(bob, ada, "Water.")
    message = await ada.message(root)
    assert (message.text, message.lang, message.is_assistant, message.user_is_author) == (
        "What is rain?",
        "en",
        False,
        True,
    )
    assert (message.parent_id, message.message_tree_id, message.rank) == (None, root, None)
    assert (message.review_result, message.review_count, message.deleted, message.edited) == (True, 1, False, False)
    assert (message.emojis, message.user_emojis, message.synthetic, message.user) == ({}, [], False, None)
    assert message.frontend_message_id
    assert message.frontend_message_id.startswith("web-")
    (child,) = await cat.children(root)
    assert (child.id, child.parent_id, child.is_assistant, child.user_is_author) == (first, root, True, False)
    tree = await cat.tree(first)
    assert (tree.id, {post.id for post in tree.messages}) == (root, {root, first})
    state = await cat.tree_state(first)
    assert (state.message_tree_id, state.state, state.active, state.origin) == (root, "growing", True, None)
    assert (state.goal_tree_size, state.max_depth, state.max_children_count) == (4, 1, 3)


async def test_messages_that_are_not_there(ada: Visitor) -> None:
    for part in ("", "/conversation", "/tree", "/tree/state", "/children"):
        with pytest.raises(Refused) as refused:
            await ada.call("GET", f"/messages/{uuid4()}{part}")
        assert refused.value.why == (404, 2001), part


async def test_a_conversation_with_a_message_that_is_not_accepted_is_broken_below_it(
    ada: Visitor, bob: Visitor
) -> None:
    """Without acceptance nobody may reply, so the message itself is shown: it is no ancestor."""
    await prompt_of(ada, "What is rain?")
    task = await bob.ask("label_initial_prompt")
    assert isinstance(task, LabelPrompt)
    conversation = await bob.conversation(task.message_id)
    assert [message.text for message in conversation.messages] == ["What is rain?"]
