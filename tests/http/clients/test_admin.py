"""What operators do: settings, purging and merging users."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from tests.http.clients.conftest import Place
from tests.http.clients.conventions import Raw
from tests.http.clients.growing import Tree, finished
from tests.http.clients.shapes import PublicSettings, Purge, read
from tests.http.clients.website import Visitor

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tree(ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor) -> Tree:
    return await finished(ada, bob, cat, dan)


async def test_any_client_reads_the_public_settings(stranger: Raw) -> None:
    settings: PublicSettings = read(PublicSettings, await stranger.call("GET", "/admin/backend_settings/public"))
    assert (settings.API_V1_STR, settings.MESSAGE_SIZE_LIMIT) == ("/api/v1", 2000)


async def test_the_full_settings_hold_the_trees_and_no_secret(ada: Visitor, place: Place) -> None:
    settings = await ada.call("GET", "/admin/backend_settings/full")
    assert (settings["tree_manager"]["goal_tree_size"], settings["tree_manager"]["num_reviews_reply"]) == (4, 1)
    public = await ada.call("GET", "/admin/backend_settings/public")
    assert public.items() <= settings.items()
    text = json.dumps(settings)
    for secret in (place.web, place.bot, place.root):
        assert secret not in text


async def test_a_purge_is_tried_before_it_is_done(tree: Tree, ada: Visitor, bob: Visitor) -> None:
    user_id = await bob.id()
    tried: Purge = read(Purge, await ada.call("POST", f"/admin/purge_user/{user_id}"))
    assert (tried.preview, tried.before.all, tried.after.all) == (True, 4, 3)
    assert tried.duration >= 0
    assert (await ada.message(tree.replies[0])).text
    done: Purge = read(Purge, await ada.call("POST", f"/admin/purge_user/{user_id}?preview=false&ban=true"))
    assert (done.preview, done.before, done.after) == (False, tried.before, tried.after)
    assert {message.id for message in (await ada.tree(tree.root, include_deleted=True)).messages} == {
        tree.root,
        *tree.replies[1:],
    }
    assert await bob.ask() is None
    account = await ada.call("GET", f"/users/{user_id}")
    assert (account["enabled"], account["deleted"]) == (False, True)


async def test_a_purge_of_who_asked_takes_the_tree(tree: Tree, ada: Visitor, bob: Visitor) -> None:
    done: Purge = read(Purge, await bob.call("POST", f"/admin/purge_user/{await ada.id()}?preview=no&ban=no"))
    assert (done.before.message_trees, done.after.message_trees, done.after.all) == (1, 0, 0)
    assert await ada.ask()


async def test_the_messages_of_a_user_are_purged_by_date_and_without_prompts(
    tree: Tree, ada: Visitor, bob: Visitor
) -> None:
    path = f"/admin/purge_user/{await ada.id()}/messages"
    kept: Purge = read(Purge, await bob.call("POST", f"{path}?preview=false"))
    assert (kept.before.all, kept.after.all) == (4, 4)
    for query, after in (
        ("purge_initial_prompts=true&max_date=2000-01-01T00:00:00Z", 4),
        ("purge_initial_prompts=true&min_date=2000-01-01T00:00:00Z", 0),
    ):
        purge: Purge = read(Purge, await bob.call("POST", f"{path}?{query}"))
        assert (purge.preview, purge.after.all) == (True, after)
    path = f"/admin/purge_user/{await bob.id()}/messages"
    done: Purge = read(Purge, await ada.call("POST", f"{path}?preview=false"))
    assert (done.before.all, done.after.all) == (4, 3)


async def test_nobody_cannot_be_purged(ada: Visitor, raw: Raw) -> None:
    for part in ("", "/messages"):
        assert await raw.refused("POST", f"/admin/purge_user/{uuid4()}{part}") == (404, 4002)


async def test_accounts_are_merged_into_one(tree: Tree, ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor) -> None:
    await bob.react(tree.root, "rofl")
    await cat.react(tree.root, "rofl")
    ids = {visitor.user["id"]: await visitor.id() for visitor in (ada, bob, cat, dan)}
    body = {"destination_user_id": ids["dan"], "source_user_ids": [ids["bob"], ids["cat"]]}
    await ada.call("POST", "/admin/merge_users", body, status=204)
    assert {(await ada.message(post)).user_id for post in tree.replies} == {ids["dan"]}
    seen = await dan.message(tree.root)
    assert (seen.emojis, seen.user_emojis) == ({"rofl": 1}, ["rofl"])


async def test_accounts_are_merged_only_into_one_that_is_there(ada: Visitor, raw: Raw) -> None:
    body = {"destination_user_id": str(uuid4()), "source_user_ids": [await ada.id()]}
    assert await raw.refused("POST", "/admin/merge_users", json=body) == (404, 4002)
    assert (await raw.refused("POST", "/admin/merge_users", json={"source_user_ids": "x"}))[0] == 422
