"""Reactions, reports and flags, edits, deletions and halted trees, as the website's moderators do them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.http.clients.conventions import Raw, Refused, person
from tests.http.clients.growing import Tree, finished, prompt, reply
from tests.http.clients.shapes import Flag, FlagPage, Message, read
from tests.http.clients.website import Visitor

pytestmark = pytest.mark.anyio


@pytest.fixture
async def root(ada: Visitor, bob: Visitor) -> str:
    """A prompt of ada's that waits for replies."""
    return await prompt(ada, bob, "What is rain?")


# Reactions


async def test_a_reaction_answers_202_with_the_message(root: str, bob: Visitor, cat: Visitor) -> None:
    seen = await bob.react(root, "rofl")
    assert (seen.id, seen.emojis, seen.user_emojis) == (root, {"rofl": 1}, ["rofl"])
    seen = await cat.react(root, "rofl", "add")
    assert (seen.emojis, seen.user_emojis) == ({"rofl": 2}, ["rofl"])
    seen = await cat.react(root, "rofl", "add")
    assert seen.emojis == {"rofl": 2}
    seen = await cat.react(root, "rofl", "remove")
    assert (seen.emojis, seen.user_emojis) == ({"rofl": 1}, [])
    seen = await cat.react(root, "rofl", "remove")
    assert seen.emojis == {"rofl": 1}
    seen = await bob.react(root, "rofl", "toggle")
    assert (seen.emojis, seen.user_emojis) == ({}, [])
    assert (await bob.message(root)).emojis == {}


@pytest.mark.parametrize(
    "emoji",
    [
        "red_flag", "100", "rofl", "clap", "diamond", "heart_eyes", "disappointed", "poop", "skull", "_skip_reply",
        "_skip_ranking", "_skip_labeling", "+1", "-1",
    ],
)  # fmt: skip
async def test_every_reaction_of_the_protocol_is_taken(root: str, bob: Visitor, emoji: str) -> None:
    seen = await bob.react(root, emoji)
    assert (seen.emojis, seen.user_emojis) == ({emoji: 1}, [emoji])


async def test_for_and_against_exclude_each_other(root: str, bob: Visitor) -> None:
    await bob.react(root, "+1")
    seen = await bob.react(root, "-1")
    assert (seen.emojis, seen.user_emojis) == ({"-1": 1}, ["-1"])


async def test_a_reaction_that_is_none_is_named(root: str, raw: Raw) -> None:
    eve = person("eve")
    wrong = (
        ({"user": eve, "emoji": "banana"}, "emoji"),
        ({"user": eve, "emoji": "rofl", "op": "double"}, "op"),
        ({"emoji": "rofl"}, "user"),
    )
    for body, field in wrong:
        with pytest.raises(Refused) as refused:
            await raw.call("POST", f"/messages/{root}/emoji", json=body)
        assert refused.value.status == 422
        assert [error["loc"] for error in refused.value.body["detail"]] == [["body", field]]
    lost = await raw.refused("POST", f"/messages/{uuid4()}/emoji", json={"user": eve, "emoji": "rofl"})
    assert lost == (404, 2001)


async def test_a_client_without_trust_may_react(root: str, stranger: Raw) -> None:
    body = {"user": person("eve"), "emoji": "clap"}
    seen: Message = read(Message, await stranger.call("POST", f"/messages/{root}/emoji", json=body, status=202))
    assert seen.emojis == {"clap": 1}


async def test_a_disabled_user_may_not_react(root: str, raw: Raw) -> None:
    eve = person("eve")
    await raw.call("POST", "/frontend_users/", json={**eve, "enabled": False})
    refused = await raw.refused("POST", f"/messages/{root}/emoji", json={"user": eve, "emoji": "clap"})
    assert refused == (503, 4001)


# Edits


async def test_an_edit_answers_null_and_is_in_the_history(root: str, ada: Visitor, bob: Visitor) -> None:
    assert await ada.history(root) == []
    await bob.edit(root, "What is snow?")
    await ada.edit(root, "What is hail?")
    message = await ada.message(root)
    assert (message.text, message.edited, message.review_result) == ("What is hail?", True, True)
    history = await ada.history(root)
    assert [revision.text for revision in history] == ["What is rain?", "What is snow?", "What is hail?"]
    assert {revision.message_id for revision in history} == {root}
    assert history[1].user_id == await bob.id()
    assert [revision.user_is_author for revision in history] == [True, False, True]


async def test_what_cannot_be_edited(root: str, raw: Raw, ada: Visitor) -> None:
    body = {"user": ada.user, "new_content": "What?"}
    assert await raw.refused("POST", f"/messages/{uuid4()}/edit", json=body) == (404, 2001)
    assert (await raw.refused("POST", f"/messages/{root}/edit", json={"user": ada.user}))[0] == 422
    assert (await raw.refused("POST", f"/messages/{root}/edit", json={"new_content": "What?"}))[0] == 422


# Deletions


async def test_a_deletion_takes_what_is_below_with_it_and_can_be_taken_back(
    root: str, ada: Visitor, bob: Visitor, cat: Visitor
) -> None:
    first, second = await reply(bob, ada, "Water."), await reply(cat, ada, "Weather.")
    await ada.delete(root)
    for post in (root, first, second):
        assert (await ada.message(post)).deleted is True
    await ada.undelete(first)
    assert [(await ada.message(post)).deleted for post in (root, first, second)] == [False, False, True]


async def test_what_is_not_there_cannot_be_deleted(ada: Visitor) -> None:
    for method, part in (("DELETE", ""), ("PUT", "/undelete"), ("GET", "/history")):
        with pytest.raises(Refused) as refused:
            await ada.call(method, f"/messages/{uuid4()}{part}")
        assert refused.value.why == (404, 2001)


async def test_only_a_trusted_key_undeletes(root: str, ada: Visitor, stranger: Raw) -> None:
    await ada.delete(root)
    assert await stranger.refused("PUT", f"/messages/{root}/undelete") == (403, 2)
    assert (await ada.message(root)).deleted is True


async def test_all_messages_of_a_user_may_go(root: str, ada: Visitor, bob: Visitor, cat: Visitor, raw: Raw) -> None:
    first, second = await reply(bob, ada, "Water."), await reply(cat, ada, "Weather.")
    await ada.call("DELETE", f"/users/{await bob.id()}/messages", status=204)
    assert [(await ada.message(post)).deleted for post in (root, first, second)] == [False, True, False]
    await raw.call("DELETE", "/frontend_users/local/ada/messages", status=204)
    assert [(await ada.message(post)).deleted for post in (root, first, second)] == [True, True, True]


# Trees


async def test_a_tree_is_halted_and_goes_on(root: str, ada: Visitor, bob: Visitor) -> None:
    state = await ada.set_state(root, halt=True)
    assert (state.message_tree_id, state.state, state.active) == (root, "halted_by_moderator", False)
    assert await ada.tree_state(root) == state
    assert await bob.ask("assistant_reply") is None
    await ada.set_state(root, halt=False)
    assert await bob.ask("assistant_reply"), bob.last_error
    assert (await ada.tree_state(root)).state == "growing"


async def test_a_tree_is_halted_by_any_of_its_messages(ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor) -> None:
    tree = await finished(ada, bob, cat, dan)
    assert (await ada.set_state(tree.replies[1], halt=True)).message_tree_id == tree.root


async def test_a_halted_tree_takes_no_answer(root: str, ada: Visitor, raw: Raw) -> None:
    eve = person("eve")
    task = await raw.call("POST", "/tasks/", json={"type": "assistant_reply", "user": eve})
    await raw.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": "m"}, status=204)
    await ada.set_state(root, halt=True)
    body = {"type": "text_reply_to_message", "message_id": "m", "user_message_id": "n", "text": "Water.", "user": eve}
    assert await raw.refused("POST", "/tasks/interaction", json=body) == (400, 2010)


async def test_halting_says_whether(root: str, ada: Visitor) -> None:
    for query in ("", "?halt=perhaps"):
        with pytest.raises(Refused) as refused:
            await ada.call("PUT", f"/messages/{root}/tree/state{query}")
        assert refused.value.status == 422
        assert [error["loc"] for error in refused.value.body["detail"]] == [["query", "halt"]]
    for word in ("1", "ON", "yes"):
        await ada.call("PUT", f"/messages/{root}/tree/state?halt={word}")


# Flags


@pytest.fixture
async def flagged(ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor) -> Tree:
    """A tree with three messages that bob reports, oldest report first."""
    tree = await finished(ada, bob, cat, dan)
    for post in (tree.root, tree.replies[1], tree.replies[2]):
        await bob.report(post, "rude")
    return tree


async def test_reports_raise_flags_that_moderators_lower(flagged: Tree, ada: Visitor) -> None:
    flags: list[Flag] = await ada.get(list[Flag], "/admin/flagged_messages", {"max_count": 10})
    assert {flag.message_id for flag in flags} == {flagged.root, flagged.replies[1], flagged.replies[2]}
    assert {flag.processed for flag in flags} == {False}
    assert all(flag.created_date for flag in flags)
    done: Flag = read(Flag, await ada.call("POST", f"/admin/flagged_messages/{flagged.root}/processed"))
    assert (done.message_id, done.processed) == (flagged.root, True)
    flags = await ada.get(list[Flag], "/admin/flagged_messages", {"max_count": 2})
    assert len(flags) == 2


async def test_another_report_raises_the_flag_again(flagged: Tree, ada: Visitor, cat: Visitor) -> None:
    await ada.call("POST", f"/admin/flagged_messages/{flagged.root}/processed")
    await cat.report(flagged.root, "still rude")
    flags: list[Flag] = await ada.get(list[Flag], "/admin/flagged_messages", {"max_count": 10})
    assert [flag.processed for flag in flags if flag.message_id == flagged.root] == [False]
    assert len(flags) == 3


async def test_flags_come_in_pages(flagged: Tree, ada: Visitor) -> None:
    due = [flagged.root, flagged.replies[1], flagged.replies[2]]
    for desc in (False, True):
        pages: list[FlagPage] = [
            page async for page in ada.pages(FlagPage, "/admin/flagged_messages/cursor", max_count=2, desc=desc)
        ]
        ids = [[flag.message_id for flag in page.items] for page in pages]
        ordered = due[::-1] if desc else due
        assert ids == [ordered[:2], ordered[2:]]
        assert (pages[0].prev, pages[1].next) == (None, None)
        back: FlagPage = await ada.get(
            FlagPage, "/admin/flagged_messages/cursor", {"before": pages[1].prev, "max_count": 2, "desc": desc}
        )
        assert back.items == pages[0].items
    page: FlagPage = await ada.get(FlagPage, "/admin/flagged_messages/cursor")
    assert page.order == "asc"


async def test_what_is_asked_of_flags_is_checked(root: str, ada: Visitor) -> None:
    for path, loc in (
        ("/admin/flagged_messages", "max_count"),
        ("/admin/flagged_messages?max_count=x", "max_count"),
        ("/admin/flagged_messages/cursor?max_count=0", "max_count"),
        ("/admin/flagged_messages/cursor?max_count=1001", "max_count"),
    ):
        with pytest.raises(Refused) as refused:
            await ada.call("GET", path)
        assert refused.value.status == 422, path
        assert [error["loc"] for error in refused.value.body["detail"]] == [["query", loc]]
    for post in (root, uuid4()):  # a message without a flag, and none
        with pytest.raises(Refused) as refused:
            await ada.call("POST", f"/admin/flagged_messages/{post}/processed")
        assert refused.value.why == (404, 2001)
    with pytest.raises(Refused) as refused:
        await ada.call("GET", "/admin/flagged_messages/cursor?after=yesterday")
    assert refused.value.why == (400, 101)
