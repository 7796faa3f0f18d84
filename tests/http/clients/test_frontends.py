"""The habits of the real frontends, one by one: each has to get what it needs, odd as it asks for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.http.clients import shapes
from tests.http.clients.conftest import Open
from tests.http.clients.conventions import Raw, Refused, person
from tests.http.clients.growing import eventually, prompt, reply
from tests.http.clients.js_bot import JsBot
from tests.http.clients.oasst_client import DiscordBot, OasstApiClient
from tests.http.clients.shapes import AssistantReply, InitialPrompt, LabelPrompt, LabelReply, RankReplies
from tests.http.clients.text_frontend import TextFrontend
from tests.http.clients.website import Visitor, Website

pytestmark = pytest.mark.anyio


# The Python client and the Discord bot


async def test_the_python_client_sends_null_for_user_and_language(discord: DiscordBot) -> None:
    with pytest.raises(Refused) as refused:
        await discord.client.fetch_task("random")
    assert refused.value.why == (400, 4000)
    assert isinstance(await discord.client.fetch_task("random", discord.user), InitialPrompt)


async def test_the_python_client_reads_every_error_as_json(discord: DiscordBot, place: Any) -> None:
    """It asks its library to decode, which refuses any other content type."""
    client = discord.client
    nowhere: list[tuple[str, dict[str, Any], tuple[int, int]]] = [
        ("/api/v1/tasks/", {"type": "rank_assistant_replies", "user": discord.user}, (503, 1006)),
        ("/api/v1/tasks/6b0f7b0a-31c5-4d0e-9a53-1f6f0a6a0b07/ack", {"message_id": "1"}, (404, 2100)),
        ("/api/v1/nowhere", {}, (404, 0)),
    ]
    for path, body, why in nowhere:
        with pytest.raises(Refused) as refused:
            await client.post(path, body)
        assert refused.value.why == why
    with pytest.raises(Refused) as refused:
        await client.post("/api/v1/tasks/", {"type": "juggle"})
    assert refused.value.status == 422
    async with OasstApiClient(place.url, "wrong") as unknown:
        with pytest.raises(Refused) as refused:
            await unknown.fetch_task("random", discord.user)
    assert refused.value.why == (403, 2)


async def test_the_python_client_refuses_without_saying_for_whom(
    ada: Visitor, bob: Visitor, discord: DiscordBot
) -> None:
    root = await prompt(ada, bob, "What is rain?")
    for is_acked in (False, True):
        task = await discord.client.fetch_task("assistant_reply", person(f"user-{is_acked}", "discord"))
        if is_acked:
            await discord.accept(task)
        await discord.client.nack_task(task.id, "not now" if is_acked else None)
    assert (await ada.message(root)).emojis == {"_skip_reply": 2}


async def test_the_discord_bot_acknowledges_when_its_user_accepts_and_answers_later(
    ada: Visitor, bob: Visitor, cat: Visitor, discord: DiscordBot
) -> None:
    root = await prompt(ada, bob, "What is rain?")
    task = await discord.client.fetch_task("assistant_reply", discord.user)
    message = await discord.accept(task)
    await reply(cat, ada, "Water, says the website meanwhile.")
    done = await discord.write(message, "Water, says the bot.")
    assert isinstance(done, shapes.TaskDone)
    assert done.id != task.id
    assert {child.text for child in await ada.children(root)} == {
        "Water, says the website meanwhile.",
        "Water, says the bot.",
    }


async def test_a_bot_without_a_language_answers_in_that_of_the_parent(
    ada: Visitor, bob: Visitor, discord: DiscordBot
) -> None:
    root = await prompt(ada, bob, "Was ist Regen?", "de")
    task = await discord.client.fetch_task("assistant_reply", discord.user, lang="de")
    await discord.write(await discord.accept(task), "Wasser.")
    (child,) = await ada.children(root)
    assert child.lang == "de"


async def test_reviews_that_a_bot_leaves_open_are_done_by_others(
    ada: Visitor, bob: Visitor, cat: Visitor, discord: DiscordBot
) -> None:
    """It cannot send labels at all; its place is free again when its task is refused or forgotten."""
    await ada.work("initial_prompt", words="What is rain?")
    assert await discord.work("label_initial_prompt") is None
    (left,) = discord.left_open
    assert isinstance(left, LabelPrompt)
    assert await bob.ask("label_initial_prompt") is None
    await discord.client.nack_task(left.id, None)
    assert await cat.work("label_initial_prompt")
    assert (await ada.message(left.message_id)).review_result is True


class TestBrief:
    """Where tasks are valid for a second."""

    @pytest.fixture
    def limits(self, limits: Any) -> Any:
        return replace(limits, task_validity_sec=1, lease_sec=1)

    async def test_reviews_that_a_bot_leaves_open_expire_cleanly(
        self, ada: Visitor, bob: Visitor, discord: DiscordBot
    ) -> None:
        await ada.work("initial_prompt", words="What is rain?")
        assert await discord.work("label_initial_prompt") is None
        (left,) = discord.left_open
        assert isinstance(left, LabelPrompt)

        async def acknowledged() -> tuple[int, int | None]:
            try:
                await discord.client.ack_task(left.id, "1")
            except Refused as error:
                return error.why
            return 204, None

        assert await eventually(acknowledged, lambda why: why != (204, None)) == (400, 2101)
        with pytest.raises(Refused) as refused:
            await discord.client.nack_task(left.id, None)
        assert refused.value.why == (400, 2101)
        labels = {"type": "text_labels", "message_id": left.message_id, "task_id": left.id, "labels": {"spam": 0}}
        with pytest.raises(Refused) as refused:
            await discord.client.post_interaction({**labels, "text": "", "user": discord.user})
        assert refused.value.why == (400, 2101)
        assert await eventually(lambda: bob.work("label_initial_prompt"), bool)
        assert (await ada.message(left.message_id)).review_result is True

    async def test_a_text_that_comes_too_late_is_told_so(self, raw: Raw) -> None:
        eve = person("eve")
        task = await raw.call("POST", "/tasks/", json={"user": eve})
        await raw.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": "m"}, status=204)

        async def acknowledged() -> tuple[int, int | None] | None:
            """Again with the same id, which is no change."""
            try:
                await raw.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": "m"}, status=204)
            except Refused as error:
                return error.why
            return None

        assert await eventually(acknowledged, bool) == (400, 2101)
        body = {
            "type": "text_reply_to_message",
            "message_id": "m",
            "user_message_id": "n",
            "text": "Late.",
            "user": eve,
        }
        assert await raw.refused("POST", "/tasks/interaction", json=body) == (400, 2101)


# The text frontend


async def test_the_text_frontend_registers_with_the_terms_accepted(terminal: Open) -> None:
    frontend: TextFrontend = await terminal("eve")
    account = await frontend.register()
    assert account.tos_acceptance_date
    assert (account.enabled, account.show_on_leaderboard, account.notes, account.deleted) == (True, True, "", False)
    assert (await frontend.register()).user_id == account.user_id


async def test_the_text_frontend_sends_labels_as_they_were_typed(ada: Visitor, terminal: Open) -> None:
    frontend: TextFrontend = await terminal("eve")
    await ada.work("initial_prompt", words="What is rain?")
    task = await frontend.ask("label_initial_prompt")
    assert isinstance(task, LabelPrompt)
    await frontend.label(task, {"spam": "0", "lang_mismatch": "0.0", "quality": "0.75", "humor": "1"})
    assert (await ada.message(task.message_id)).review_result is True


async def test_the_text_frontend_names_the_task_in_texts_and_rankings(
    ada: Visitor, bob: Visitor, cat: Visitor, terminal: Open
) -> None:
    frontend: TextFrontend = await terminal("eve")
    root = await prompt(ada, bob, "What is rain?")
    task = await frontend.ask("assistant_reply")
    assert isinstance(task, AssistantReply)
    await frontend.write(task, "  Water.\n")
    asked = await ada.ask("label_assistant_reply")
    assert isinstance(asked, LabelReply)
    assert asked.reply == "Water."
    await ada.label(asked)
    for visitor in (bob, cat):
        await reply(visitor, ada, f"{visitor.acting} says water.")
    judge: TextFrontend = await terminal("fay")
    task = await judge.ask("rank_assistant_replies")
    assert isinstance(task, RankReplies)
    await judge.rank(task, ["2", "1", "0"])
    assert {message.rank for message in await ada.children(root)} == {0, 1, 2}


async def test_the_text_frontend_draws_until_its_four_digits_are_new(place: Any, terminal: Open, rng: Random) -> None:
    """Two with the same luck draw the same numbers; the second is told, and draws again."""
    first: TextFrontend = await terminal("eve")
    key = await place.admit("another text frontend")
    luck = rng.randrange(1 << 30)
    async with (
        TextFrontend(place.url, key, "eve", Random(luck)) as one,
        TextFrontend(place.url, key, "fay", Random(luck)) as other,
    ):
        drawn = [await visitor.acknowledge(await visitor.ask()) for visitor in (one, other)]
    assert drawn[0] != drawn[1]
    expected = Random(luck)
    assert drawn == [f"{expected.randrange(1000, 10000)}" for _ in drawn]
    await first.work()  # of another client, so nothing is in its way


# The JavaScript bot


async def test_the_script_calls_both_forms_of_a_path_with_its_key_in_the_query(
    ada: Visitor, bob: Visitor, script: Open
) -> None:
    root = await prompt(ada, bob, "What is rain?")
    for name in ("one", "two"):
        bot: JsBot = await script(name)
        assert await bot.work("assistant_reply")
    assert len(await ada.children(root)) == 2


async def test_the_script_refuses_what_it_cannot_show(ada: Visitor, bob: Visitor, script: Open) -> None:
    await ada.work("initial_prompt", words="What is rain?")
    bot: JsBot = await script("one")
    assert await bot.work("label_initial_prompt") is None
    task = await bob.ask("label_initial_prompt")
    assert isinstance(task, LabelPrompt)
    assert (await bob.message(task.message_id)).emojis == {"_skip_labeling": 1}


# The website


async def test_the_website_names_its_visitor_before_he_exists(website: Website) -> None:
    newcomer = website.visitor("zoë", "google")
    account = await newcomer.sign_in()
    assert (account.id, account.auth_method, account.display_name, account.tos_acceptance_date) == (
        "zoë",
        "google",
        "Zoë",
        None,
    )
    assert await newcomer.account() == account
    assert (await newcomer.accept_terms()).tos_acceptance_date
    task = await newcomer.ask()
    assert task
    await newcomer.write(task, "Signed in and written.")


async def test_signing_in_again_changes_nothing_that_a_moderator_set(raw: Raw, ada: Visitor) -> None:
    await raw.call(
        "POST", "/frontend_users/", json={**ada.user, "enabled": False, "show_on_leaderboard": False, "notes": "rude"}
    )
    await ada.accept_terms()
    account = await ada.sign_in()
    assert (account.enabled, account.show_on_leaderboard, account.notes) == (False, False, "rude")
    assert account.tos_acceptance_date


async def test_a_client_without_trust_changes_no_more_than_the_acceptance_of_terms(stranger: Raw) -> None:
    eve = person("eve")
    await stranger.call("POST", "/frontend_users/", json=eve)
    for change in ({"enabled": False}, {"show_on_leaderboard": False}, {"notes": "nice"}):
        assert await stranger.refused("POST", "/frontend_users/", json={**eve, **change}) == (403, 2), change
    same = {"enabled": True, "show_on_leaderboard": True}
    account = await stranger.call("POST", "/frontend_users/", json={**eve, **same, "tos_acceptance": True})
    assert account["tos_acceptance_date"]


async def test_every_get_of_the_website_has_a_content_type_and_no_body(ada: Visitor, bob: Visitor) -> None:
    root = await prompt(ada, bob, "What is rain?")
    await ada.message(root)
    await ada.children(root)
    await ada.tree(root)
    await ada.tree_state(root)
    await ada.conversation(root)
    await ada.account()
    await ada.call("GET", "/text_labels/valid_labels")


async def test_the_website_acknowledges_only_when_it_submits(ada: Visitor, bob: Visitor, cat: Visitor) -> None:
    """Meanwhile somebody else has worked on the same message."""
    root = await prompt(ada, bob, "What is rain?")
    first, second = await bob.ask("assistant_reply"), await cat.ask("assistant_reply")
    assert first
    assert second
    await asyncio.gather(bob.write(first, "Water."), cat.write(second, "Weather."))
    assert len(await ada.children(root)) == 2


async def test_any_error_means_to_the_website_that_there_is_no_task(website: Website, raw: Raw) -> None:
    visitor = website.visitor("eve")
    assert await visitor.ask("rank_assistant_replies") is None
    assert visitor.last_error
    assert visitor.last_error.why == (503, 1006)
    assert await visitor.ask("juggle") is None
    assert await visitor.ask("random", "x" * 33) is None
    await raw.call("POST", "/frontend_users/", json={**visitor.user, "enabled": False})
    assert await visitor.ask() is None
    assert visitor.last_error
    assert visitor.last_error.why == (503, 4001)


async def test_the_website_refuses_with_an_empty_map(ada: Visitor) -> None:
    task = await ada.ask()
    assert task
    await ada.skip(task)


async def test_the_website_reports_with_a_list_for_a_map(ada: Visitor, bob: Visitor) -> None:
    root = await prompt(ada, bob, "What is rain?")
    await bob.report(root, "rude")
    seen = await bob.message(root)
    assert (seen.emojis, seen.user_emojis) == ({"red_flag": 1}, ["red_flag"])


async def test_the_query_of_one_message_is_not_looked_at(ada: Visitor, bob: Visitor) -> None:
    root = await prompt(ada, bob, "What is rain?")
    for query in ("username=bob&auth_method=local", "username=nobody&auth_method=", "username=undefined"):
        assert await ada.call("GET", f"/messages/{root}?{query}") == await ada.call("GET", f"/messages/{root}")


async def test_looking_at_the_dashboard_changes_nothing(
    ada: Visitor, bob: Visitor, cat: Visitor, website: Website
) -> None:
    root = await prompt(ada, bob, "What is rain?")
    guest = website.visitor("guest")
    before = [await visitor.dashboard() for visitor in (ada, bob, cat)]
    state, tree = await ada.tree_state(root), await ada.tree(root)
    for _ in range(3):
        assert [await visitor.dashboard() for visitor in (ada, bob, cat)] == before
        await guest.dashboard()
    assert (await ada.tree_state(root), await ada.tree(root)) == (state, tree)
    assert before[0]["assistant_reply"] == 1


async def test_all_visitors_look_at_their_dashboards_at_once(website: Website) -> None:
    visitors = [website.visitor(f"guest-{number}") for number in range(20)]
    counts = await asyncio.gather(*(visitor.dashboard() for visitor in visitors))
    assert all(count == counts[0] for count in counts)
