"""Users as frontends see them: lists, pages, changes, deletion, and whose they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.http.clients.conventions import Raw, Refused, person
from tests.http.clients.growing import prompt, reply
from tests.http.clients.shapes import FrontEndUser, UserPage, read
from tests.http.clients.website import Visitor, Website

pytestmark = pytest.mark.anyio

NAMES = ("ada", "bob", "cat", "dan", "eve")
SHOWN = {"ada": "Zed", "bob": "Young", "cat": "Xaver", "dan": "Wanda", "eve": "100%_sure"}
"""The other way round, so that the two orders differ."""


@pytest.fixture
async def people(raw: Raw, stranger: Raw) -> dict[str, FrontEndUser]:
    """Five users of the website's; the bot has one too."""
    made: dict[str, FrontEndUser] = {}
    for name in NAMES:
        method = "discord" if name == "cat" else "local"
        body = person(name, method, SHOWN[name])
        made[name] = read(FrontEndUser, await raw.call("POST", "/frontend_users/", json=body))
    await stranger.call("POST", "/frontend_users/", json=person("foreign"))
    return made


async def listed(raw: Raw, path: str, **query: object) -> list[str]:
    """The names in a list."""
    parameters = {name: str(value) for name, value in query.items()}
    accounts: list[FrontEndUser] = read(list[FrontEndUser], await raw.call("GET", path, params=parameters))
    return [item.id for item in accounts]


async def test_users_come_by_name_and_by_what_they_are_called(people: dict[str, FrontEndUser], raw: Raw) -> None:
    assert await listed(raw, "/users/by_username") == [*NAMES, "foreign"]
    assert await listed(raw, "/users/by_username", desc=True) == ["foreign", *NAMES[::-1]]
    assert await listed(raw, "/users/by_display_name") == ["eve", "foreign", "dan", "cat", "bob", "ada"]
    assert await listed(raw, "/frontend_users/") == [*NAMES, "foreign"]
    assert await listed(raw, "/users/by_username", max_count=2) == ["ada", "bob"]
    assert await listed(raw, "/users/by_username", auth_method="discord") == ["cat"]


async def test_users_are_bounded_by_name_and_id(people: dict[str, FrontEndUser], raw: Raw) -> None:
    path = "/users/by_username"
    assert await listed(raw, path, gte_username="cat") == ["cat", "dan", "eve", "foreign"]
    assert await listed(raw, path, gte_username="cat", gt_id=people["cat"].user_id) == ["dan", "eve", "foreign"]
    assert await listed(raw, path, lte_username="cat") == ["ada", "bob", "cat"]
    assert await listed(raw, path, lte_username="cat", lt_id=people["cat"].user_id) == ["ada", "bob"]
    path = "/users/by_display_name"
    assert await listed(raw, path, gte_display_name="Xaver") == ["cat", "bob", "ada"]
    assert await listed(raw, path, lte_display_name="Xaver", gte_display_name="Wanda") == ["dan", "cat"]
    assert await listed(raw, path, gte_display_name="Xaver", gt_id=people["cat"].user_id) == ["bob", "ada"]


async def test_a_search_is_a_part_of_the_name_with_nothing_special_in_it(
    people: dict[str, FrontEndUser], raw: Raw
) -> None:
    assert await listed(raw, "/users/by_username", search_text="a") == ["ada", "cat", "dan"]
    assert await listed(raw, "/users/by_username", search_text="A") == []
    assert await listed(raw, "/users/by_username", search_text="%") == []
    assert await listed(raw, "/users/by_username", search_text=".*") == []
    assert await listed(raw, "/users/by_display_name", search_text="%_s") == ["eve"]
    assert await listed(raw, "/users/by_display_name", search_text="e") == ["eve", "foreign", "cat", "ada"]


@pytest.mark.parametrize("key", ["username", "display_name"])
@pytest.mark.parametrize("size", [1, 2, 4, 6])
async def test_pages_of_users_go_forth_and_back(
    people: dict[str, FrontEndUser], website: Website, key: str, size: int
) -> None:
    ada = website.visitor("ada")
    due = [*NAMES, "foreign"] if key == "username" else ["eve", "foreign", "dan", "cat", "bob", "ada"]
    pages: list[UserPage] = [page async for page in ada.pages(UserPage, "/users/cursor", sort_key=key, max_count=size)]
    assert [[item.id for item in page.items] for page in pages] == [due[at : at + size] for at in range(0, 6, size)]
    assert {(page.sort_key, page.order) for page in pages} == {(key, "asc")}
    assert (pages[0].prev, pages[-1].next) == (None, None)
    for earlier, page in pairwise(pages):
        back: UserPage = await ada.get(
            UserPage, "/users/cursor", {"before": page.prev, "sort_key": key, "max_count": size}
        )
        assert back.items == earlier.items
        assert (back.prev is None) == (earlier is pages[0])


async def test_pages_of_users_are_narrowed_by_method_and_search(people: dict[str, FrontEndUser], raw: Raw) -> None:
    page: UserPage = read(UserPage, await raw.call("GET", "/users/cursor?auth_method=discord"))
    assert [item.id for item in page.items] == ["cat"]
    page = read(UserPage, await raw.call("GET", "/users/cursor?search_text=a&max_count=2"))
    assert [item.id for item in page.items] == ["ada", "cat"]
    page = read(UserPage, await raw.call("GET", "/users/cursor?search_text=Xa&sort_key=display_name"))
    assert [item.id for item in page.items] == ["cat"]
    page = read(UserPage, await raw.call("GET", "/users/cursor?after=cat"))
    assert [item.id for item in page.items] == ["cat", "dan", "eve", "foreign"]


async def test_a_name_in_a_cursor_may_hold_whatever_a_name_may(raw: Raw, website: Website) -> None:
    odd = ["a$b", "a%b", "a+b c", "a&b=d", "a$", "$a", "zoë", "名前"]
    for name in odd:
        await raw.call("POST", "/frontend_users/", json=person(name))
    ada = website.visitor("a$b")
    pages: list[UserPage] = [page async for page in ada.pages(UserPage, "/users/cursor", max_count=1)]
    assert [item.id for page in pages for item in page.items] == sorted(odd)
    for name in odd:
        shown = await raw.call("GET", f"/frontend_users/local/{quote(name, safe='')}")
        assert shown["id"] == name


async def test_what_is_asked_of_pages_of_users_is_checked(raw: Raw) -> None:
    assert await raw.refused("GET", "/users/cursor?sort_key=age") == (400, 100)
    assert (await raw.refused("GET", f"/users/cursor?sort_key={'x' * 33}"))[0] == 422
    for path in ("/users/cursor", "/users/by_username", "/users/by_display_name", "/frontend_users/"):
        for wrong in (0, 10001):
            assert (await raw.refused("GET", f"{path}?max_count={wrong}"))[0] == 422
        await raw.call("GET", f"{path}?max_count=10000")


async def test_a_client_without_trust_sees_its_own_users_only(
    people: dict[str, FrontEndUser], raw: Raw, stranger: Raw
) -> None:
    for path in ("/users/by_username", "/users/by_display_name", "/frontend_users/"):
        assert await listed(stranger, path) == ["foreign"]
        foreign = await stranger.refused("GET", f"{path}?api_client_id={uuid4()}")
        assert foreign == (403, 2)
    page: UserPage = read(UserPage, await stranger.call("GET", "/users/cursor"))
    assert [item.id for item in page.items] == ["foreign"]
    assert await stranger.refused("GET", f"/users/cursor?api_client_id={uuid4()}") == (403, 2)
    status, code = await stranger.refused("GET", f"/users/{people['ada'].user_id}")
    assert (status, code) in ((404, 4002), (403, 2))
    assert await stranger.refused("GET", "/frontend_users/local/ada") == (404, 4002)


async def test_a_user_is_found_by_id_and_by_name(people: dict[str, FrontEndUser], raw: Raw) -> None:
    shown = read(FrontEndUser, await raw.call("GET", f"/users/{people['cat'].user_id}"))
    assert shown == people["cat"]
    assert read(FrontEndUser, await raw.call("GET", "/frontend_users/discord/cat")) == people["cat"]
    assert await raw.refused("GET", f"/users/{uuid4()}") == (404, 4002)
    assert await raw.refused("GET", "/frontend_users/local/cat") == (404, 4002)


async def test_a_new_user_has_every_field(people: dict[str, FrontEndUser]) -> None:
    ada = people["ada"]
    assert (ada.enabled, ada.deleted, ada.notes, ada.show_on_leaderboard) == (True, False, "", True)
    assert ada.created_date
    assert ada.tos_acceptance_date is None


# Changes


async def account(raw: Raw, user_id: str) -> FrontEndUser:
    return read(FrontEndUser, await raw.call("GET", f"/users/{user_id}"))


async def test_changes_stand_in_the_query_and_what_is_absent_stays(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    user_id = await bob.id()
    before = await account(raw, user_id)
    await ada.change_user(user_id, "enabled=false")
    await ada.change_user(user_id, "notes=is rude&show_on_leaderboard=off")
    await ada.change_user(user_id, "display_name=Robert")
    await ada.change_user(user_id, "")
    now = await account(raw, user_id)
    assert (now.enabled, now.notes, now.show_on_leaderboard, now.display_name) == (False, "is rude", False, "Robert")
    assert (now.tos_acceptance_date, now.created_date) == (before.tos_acceptance_date, before.created_date)
    assert await bob.ask() is None
    await ada.change_user(user_id, "enabled=1")
    assert (await account(raw, user_id)).enabled is True


async def test_the_terms_are_stamped_when_accepted_and_never_taken_back(ada: Visitor, raw: Raw) -> None:
    user_id = await ada.id()
    await ada.change_user(user_id, "tos_acceptance=false")
    assert (await account(raw, user_id)).tos_acceptance_date is None
    await ada.change_user(user_id, "tos_acceptance=true")
    stamped = (await account(raw, user_id)).tos_acceptance_date
    assert stamped
    assert abs(datetime.fromisoformat(stamped) - datetime.now().astimezone()) < timedelta(minutes=5)
    await ada.change_user(user_id, "tos_acceptance=false")
    assert (await account(raw, user_id)).tos_acceptance_date == stamped


@pytest.mark.parametrize(
    ("notes", "stored"),
    [
        ("rude, twice", "rude, twice"),
        ("100% rude", "100% rude"),
        ("50%zz", "50%zz"),
        ("\"rude\" <he> 'said'", "\"rude\" <he> 'said'"),
        ("grüße, 名前", "grüße, 名前"),
        ("a=b=c", "a=b=c"),
        ("what?", "what?"),
    ],
)
async def test_text_in_the_query_comes_unescaped(ada: Visitor, raw: Raw, notes: str, stored: str) -> None:
    user_id = await ada.id()
    await ada.change_user(user_id, f"enabled=true&notes={notes}&show_on_leaderboard=true")
    shown = await account(raw, user_id)
    assert (shown.notes, shown.enabled) == (stored, True)


async def test_an_ampersand_that_nobody_escaped_cuts_the_text_and_breaks_nothing(ada: Visitor, raw: Raw) -> None:
    await ada.change_user(await ada.id(), "notes=Tom & Jerry&enabled=true")
    shown = await account(raw, await ada.id())
    assert shown.enabled is True
    assert shown.notes.startswith("Tom")


async def test_the_word_undefined_says_nothing(ada: Visitor, raw: Raw) -> None:
    """The website writes it for whatever is not set."""
    user_id = await ada.id()
    await ada.change_user(user_id, "notes=kind&show_on_leaderboard=false&display_name=Ada L.")
    words = "&".join(f"{name}=undefined" for name in ("notes", "enabled", "show_on_leaderboard", "tos_acceptance"))
    await ada.change_user(user_id, f"display_name=undefined&{words}")
    shown = await account(raw, user_id)
    assert (shown.notes, shown.enabled, shown.show_on_leaderboard) == ("kind", True, False)
    assert (shown.display_name, shown.tos_acceptance_date) == ("Ada L.", None)


async def test_what_cannot_be_changed(ada: Visitor, raw: Raw) -> None:
    assert await raw.refused("PUT", f"/users/{uuid4()}?enabled=true") == (404, 4002)
    assert (await raw.refused("PUT", f"/users/{await ada.id()}?enabled=perhaps"))[0] == 422
    assert (await raw.refused("PUT", "/users/no-uuid?enabled=true"))[0] == 422


async def test_a_deleted_user_leaves_his_messages_and_may_come_anew(
    ada: Visitor, bob: Visitor, cat: Visitor, raw: Raw
) -> None:
    root = await prompt(ada, bob, "What is rain?")
    first = await reply(bob, ada, "Water.")
    user_id = await bob.id()
    await ada.call("DELETE", f"/users/{user_id}", status=204)
    gone = await account(raw, user_id)
    assert gone.deleted is True
    assert gone.show_on_leaderboard is False
    assert "bob" not in (gone.id.lower(), gone.display_name.lower())
    assert {message.id for message in await ada.children(root)} == {first}
    assert await raw.refused("GET", "/frontend_users/local/bob") == (404, 4002)
    again = await bob.sign_in()
    assert again.user_id != user_id
    assert again.deleted is False
    assert await raw.refused("DELETE", f"/users/{uuid4()}") == (404, 4002)


async def test_accounts_of_one_person_at_two_clients_are_two(people: dict[str, FrontEndUser], stranger: Raw) -> None:
    other: Any = await stranger.call("POST", "/frontend_users/", json=person("ada"))
    assert other["user_id"] != people["ada"].user_id


async def test_messages_of_a_name_that_nobody_has_are_not_there(ada: Visitor) -> None:
    for method, part in (("GET", "messages"), ("GET", "messages/cursor"), ("DELETE", "messages")):
        with pytest.raises(Refused) as refused:
            await ada.call(method, f"/frontend_users/local/ghost/{part}")
        assert refused.value.why == (404, 4002), (method, part)
