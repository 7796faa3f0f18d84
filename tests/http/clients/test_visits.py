"""A day at the website: everything that its pages ask for, in the order in which people open them."""

from __future__ import annotations

import asyncio

import pytest

from tests.http.clients import shapes
from tests.http.clients.growing import eventually, finished
from tests.http.clients.oasst_client import DiscordBot
from tests.http.clients.shapes import Flag, Message, PublicSettings, SystemStats, TreeManagerStats, Trollboard, UserPage
from tests.http.clients.website import Visitor, Website

pytestmark = pytest.mark.anyio


async def test_a_visitor_opens_every_page(ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor) -> None:
    tree = await finished(ada, bob, cat, dan)
    user_id = await ada.id()
    # The dashboard: what there is to do, and how she stands
    await ada.dashboard()
    await ada.stats(user_id)
    for frame in ("day", "week", "month", "total"):
        await ada.window(user_id, frame)
        await ada.leaderboard(frame, max_count=50)
    await ada.get(shapes.AllCachedStats, "/stats/cached")
    # Her account and her messages
    await ada.account()
    await ada.get(list[Message], f"/users/{user_id}/messages", {"max_count": 10, "desc": True})
    await ada.message_pages(f"/users/{user_id}/messages/cursor", max_count=2, include_deleted=True)
    # The browser of messages, a message, its tree, and a reaction
    await ada.message_pages("/messages/cursor", max_count=2, desc=True, include_user=True, lang="en")
    for post in (tree.root, *tree.replies):
        await ada.message(post)
        await ada.conversation(post)
        await ada.children(post)
        await ada.tree(post, include_spam=True, include_deleted=True)
        await ada.tree_state(post)
    await ada.react(tree.replies[0], "+1", "toggle")
    await ada.report(tree.replies[2], "rude")
    await ada.get(PublicSettings, "/admin/backend_settings/public")


async def test_a_moderator_opens_every_page(ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor) -> None:
    tree = await finished(ada, bob, cat, dan)
    await bob.report(tree.replies[2], "rude")
    # The lists of users and trolls, and one of them
    pages = [page async for page in ada.pages(UserPage, "/users/cursor", max_count=2, sort_key="display_name")]
    assert [account.id for page in pages for account in page.items] == ["ada", "bob", "cat", "dan"]
    for frame in ("day", "week", "month", "total"):
        await ada.get(Trollboard, f"/trollboards/{frame}", {"enabled": True, "max_count": 50})
    user_id = await dan.id()
    await ada.get(shapes.FrontEndUser, f"/users/{user_id}")
    await ada.message_pages(f"/users/{user_id}/messages/cursor", include_deleted=True)
    await ada.change_user(user_id, "enabled=true&notes=keep an eye on him: 100% rude&show_on_leaderboard=undefined")
    # What was reported, and what becomes of it
    flags: list[Flag] = await ada.get(list[Flag], "/admin/flagged_messages", {"max_count": 100})
    assert [flag.message_id for flag in flags] == [tree.replies[2]]
    await ada.edit(tree.replies[2], "Something kinder.")
    assert len(await ada.history(tree.replies[2])) == 2
    await ada.delete(tree.replies[2])
    await ada.undelete(tree.replies[2])
    await ada.set_state(tree.root, halt=True)
    await ada.set_state(tree.root, halt=False)
    await ada.call("POST", f"/admin/flagged_messages/{tree.replies[2]}/processed")
    # The pages of the operators
    await ada.get(SystemStats, "/stats/")
    await ada.get(TreeManagerStats, "/stats/tree_manager")
    assert (await ada.call("GET", "/admin/backend_settings/full"))["tree_manager"]


async def test_a_banned_user_stays_banned_when_he_signs_in(ada: Visitor, bob: Visitor, discord: DiscordBot) -> None:
    user_id = await bob.id()
    await ada.change_user(user_id, "enabled=false&notes=banned&show_on_leaderboard=false")
    await bob.sign_in()
    await bob.accept_terms()
    account = await ada.get(shapes.FrontEndUser, f"/users/{user_id}")
    assert (account.enabled, account.show_on_leaderboard, account.notes) == (False, False, "banned")
    assert await bob.ask() is None
    assert bob.last_error
    assert bob.last_error.why == (503, 4001)
    assert await discord.work()  # of another client, though of the same name perhaps


async def test_many_visitors_work_and_look_at_once(website: Website, discord: DiscordBot) -> None:
    """What a visitor has done is on the board soon after, while all the others go on."""
    visitors = [website.visitor(f"visitor-{number}") for number in range(8)]
    await asyncio.gather(*(visitor.sign_in() for visitor in visitors))
    done = dict.fromkeys((visitor.user["id"] for visitor in visitors), 0)

    async def turn(visitor: Visitor) -> None:
        await visitor.dashboard()
        if await visitor.work():
            done[visitor.user["id"]] += 1
        await visitor.leaderboard("day")
        await visitor.message_pages("/messages/cursor", max_count=50, desc=True)

    for _ in range(5):
        await asyncio.gather(*(turn(visitor) for visitor in visitors), discord.work())

    def finished_tasks(score: shapes.UserScore) -> int:
        texts = score.prompts + score.replies_assistant + score.replies_prompter
        return texts + score.labels_simple + score.labels_full + score.rankings_total

    for visitor in visitors:
        user_id, due = await visitor.id(), done[visitor.user["id"]]
        stats = await eventually(
            lambda user_id=user_id: visitors[0].stats(user_id),
            lambda seen, due=due: "total" in seen and finished_tasks(seen["total"]) == due,
        )
        assert finished_tasks(stats["total"]) == due
