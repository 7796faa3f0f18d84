"""Lists and pages of messages, by whom and when, with every form of a date and of a cursor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from urllib.parse import quote

import pytest

from tests.http.clients.conventions import Raw, Refused, person
from tests.http.clients.growing import Tree, eventually, finished, prompt
from tests.http.clients.shapes import Message, MessagePage, read
from tests.http.clients.website import Visitor

pytestmark = pytest.mark.anyio

RAIN, REGEN = "What is rain?", "Was ist Regen?"


@pytest.fixture
async def tree(ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor) -> Tree:
    """Ada's question with three replies; then a German one of bob's."""
    tree = await finished(ada, bob, cat, dan, RAIN)
    await prompt(bob, ada, REGEN, "de")
    return tree


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


ALL = [RAIN, *(f"{RAIN} asks {name}." for name in ("bob", "cat", "dan")), REGEN]
"""Oldest first."""


# Lists


async def test_a_list_has_the_newest_first_and_may_be_turned(tree: Tree, ada: Visitor) -> None:
    assert texts(await ada.messages()) == ALL[::-1]
    assert texts(await ada.messages(desc=False)) == ALL
    assert texts(await ada.messages(max_count=2)) == ALL[::-1][:2]
    assert texts(await ada.messages(max_count=1000, desc="on")) == ALL[::-1]


async def test_a_list_may_be_of_one_author_of_roots_of_a_language(tree: Tree, ada: Visitor) -> None:
    assert texts(await ada.messages(username="bob", auth_method="local", desc=False)) == [ALL[1], REGEN]
    assert await ada.messages(username="bob", auth_method="discord") == []
    assert texts(await ada.messages(only_roots=True, desc=False)) == [RAIN, REGEN]
    assert texts(await ada.messages(lang="de")) == [REGEN]
    assert texts(await ada.messages(lang="en", only_roots="yes")) == [RAIN]


@pytest.mark.parametrize("query", ["username=bob", "auth_method=local", "username=&auth_method=local"])
@pytest.mark.parametrize("path", ["/messages/", "/messages/cursor"])
async def test_an_author_is_named_by_both_parts_or_not_at_all(ada: Visitor, path: str, query: str) -> None:
    with pytest.raises(Refused) as refused:
        await ada.call("GET", f"{path}?{query}")
    assert refused.value.why == (400, 2012)


@pytest.mark.parametrize("path", ["/messages/", "/messages/cursor", "/users/{user}/messages"])
async def test_a_count_has_bounds(ada: Visitor, path: str) -> None:
    path = path.format(user=await ada.id())
    for wrong in (0, 1001, -1, "many"):
        with pytest.raises(Refused) as refused:
            await ada.call("GET", f"{path}?max_count={wrong}")
        assert refused.value.status == 422
        assert [error["loc"] for error in refused.value.body["detail"]] == [["query", "max_count"]]
    for right in (1, 1000):
        await ada.call("GET", f"{path}?max_count={right}")


async def test_the_rows_of_a_list_are_those_of_one_message(tree: Tree, ada: Visitor) -> None:
    for message in await ada.messages():
        assert message.id
        assert message == await ada.message(message.id)
    by_author = {message.text: message.user_is_author for message in await ada.messages()}
    assert (by_author[RAIN], by_author[REGEN]) == (True, False)


async def test_a_list_hides_the_deleted_unless_they_are_wanted(tree: Tree, ada: Visitor) -> None:
    await ada.delete(tree.replies[2])
    rest = [text for text in ALL if not text.endswith("dan.")]
    assert texts(await ada.messages(desc=False)) == rest
    assert texts(await ada.messages(desc=False, allow_deleted=True)) == ALL
    assert texts((await ada.message_pages())[0].items) == rest
    assert texts((await ada.message_pages(include_deleted="1"))[0].items) == ALL
    (gone,) = [message for message in await ada.messages(allow_deleted=True) if message.deleted]
    assert gone.id == tree.replies[2]


def forms(moment: datetime) -> dict[str, str]:
    """One moment, as queries may say it."""
    return {
        "with an offset": quote(moment.isoformat(), safe=""),
        "with another offset": quote(moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(), safe=""),
        "with Z": f"{moment.replace(tzinfo=None).isoformat()}Z",
        "naive, that is UTC": moment.replace(tzinfo=None).isoformat(),
        "with a raw plus": moment.isoformat(),
    }


async def test_dates_are_inclusive_bounds_in_every_form(tree: Tree, ada: Visitor) -> None:
    messages = await ada.messages(desc=False)
    middle = messages[2].created_date
    assert middle
    for form, date in forms(datetime.fromisoformat(middle)).items():
        late = read(list[Message], await ada.call("GET", f"/messages/?desc=false&start_date={date}"))
        early = read(list[Message], await ada.call("GET", f"/messages/?desc=false&end_date={date}"))
        assert (texts(early), texts(late)) == (ALL[:3], ALL[2:]), form


async def test_dates_may_be_unix_numbers(tree: Tree, ada: Visitor) -> None:
    now = int(datetime.now(UTC).timestamp())
    for date, count in ((0, 5), (now - 3600, 5), (now + 3600, 0), (f"{now - 3600}.5", 5)):
        assert len(await ada.messages(start_date=date)) == count, date
        assert len(await ada.messages(end_date=date)) == 5 - count, date


@pytest.mark.parametrize("name", ["start_date", "end_date"])
async def test_what_is_no_date_is_named(ada: Visitor, name: str) -> None:
    with pytest.raises(Refused) as refused:
        await ada.call("GET", f"/messages/?{name}=yesterday")
    assert refused.value.status == 422
    assert [error["loc"] for error in refused.value.body["detail"]] == [["query", name]]


async def test_a_client_without_trust_lists_only_what_is_its_own(tree: Tree, ada: Visitor, stranger: Raw) -> None:
    eve = person("eve")
    task = await stranger.call("POST", "/tasks/", json={"type": "initial_prompt", "user": eve})
    await stranger.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": "m"}, status=204)
    body = {"type": "text_reply_to_message", "message_id": "m", "user_message_id": "n", "text": "Hail?", "user": eve}
    await stranger.call("POST", "/tasks/interaction", json=body)
    own: list[Message] = read(list[Message], await stranger.call("GET", "/messages/"))
    assert texts(own) == ["Hail?"]
    page: MessagePage = read(MessagePage, await stranger.call("GET", "/messages/cursor"))
    assert texts(page.items) == ["Hail?"]
    assert "Hail?" in texts(await ada.messages())
    for path in ("/messages/", "/messages/cursor"):
        refused = await stranger.refused("GET", f"{path}?api_client_id=6b0f7b0a-31c5-4d0e-9a53-1f6f0a6a0b99")
        assert refused == (403, 2)


# Pages


@pytest.mark.parametrize("desc", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
async def test_pages_go_forth_and_back_without_a_gap(tree: Tree, ada: Visitor, size: int, desc: bool) -> None:
    due = ALL[::-1] if desc else ALL
    pages = await ada.message_pages(max_count=size, desc=desc)
    assert [texts(page.items) for page in pages] == [due[at : at + size] for at in range(0, 5, size)]
    assert {page.order for page in pages} == {"desc" if desc else "asc"}
    assert (pages[0].prev, pages[-1].next) == (None, None)
    assert all(page.prev for page in pages[1:])
    for earlier, page in pairwise(pages):
        back: MessagePage = await ada.get(
            MessagePage, "/messages/cursor", {"before": page.prev, "max_count": size, "desc": desc}
        )
        assert texts(back.items) == texts(earlier.items)
        assert back.next is not None
        assert (back.prev is None) == (earlier is pages[0])


async def test_a_page_is_the_oldest_first_by_default(tree: Tree, ada: Visitor) -> None:
    page: MessagePage = await ada.get(MessagePage, "/messages/cursor")
    assert (texts(page.items), page.order, page.sort_key, page.prev, page.next) == (
        ALL,
        "asc",
        "created_date",
        None,
        None,
    )


async def test_a_cursor_may_come_with_a_raw_plus(tree: Tree, ada: Visitor) -> None:
    """Its date has one, and not everybody escapes it."""
    first: MessagePage = await ada.get(MessagePage, "/messages/cursor", {"max_count": 2})
    assert first.next
    assert "+" in first.next
    page: MessagePage = read(MessagePage, await ada.call("GET", f"/messages/cursor?max_count=2&after={first.next}"))
    assert texts(page.items) == ALL[2:4]


async def test_a_cursor_without_an_id_is_inclusive(tree: Tree, ada: Visitor) -> None:
    messages = await ada.messages(desc=False)
    for query, due in (
        ({"after": messages[1].created_date}, ALL[1:]),
        ({"before": messages[3].created_date}, ALL[:4]),
        ({"after": messages[1].created_date, "before": messages[3].created_date}, ALL[1:4]),
        ({"after": f"{messages[1].id}${messages[1].created_date}"}, ALL[2:]),
        ({"before": f"{messages[3].id}${messages[3].created_date}"}, ALL[:3]),
    ):
        page: MessagePage = await ada.get(MessagePage, "/messages/cursor", query)
        assert texts(page.items) == due, query


async def test_two_cursors_together_are_read_from_the_start(tree: Tree, ada: Visitor) -> None:
    messages = await ada.messages(desc=False)
    after, before = [f"{message.id}${message.created_date}" for message in (messages[0], messages[4])]
    page: MessagePage = await ada.get(MessagePage, "/messages/cursor", {"after": after, "before": before})
    assert texts(page.items) == ALL[1:4]
    page = await ada.get(MessagePage, "/messages/cursor", {"after": after, "before": before, "max_count": 2})
    assert texts(page.items) == ALL[1:3]
    assert page.next
    assert page.prev


async def test_a_page_with_nothing_keeps_the_way_back(tree: Tree, ada: Visitor) -> None:
    messages = await ada.messages(desc=False)
    first, last = messages[0], messages[-1]
    page: MessagePage = await ada.get(MessagePage, "/messages/cursor", {"after": f"{last.id}${last.created_date}"})
    assert (page.items, page.next) == ([], None)
    assert page.prev == last.created_date
    back: MessagePage = await ada.get(MessagePage, "/messages/cursor", {"before": page.prev})
    assert texts(back.items) == ALL
    page = await ada.get(MessagePage, "/messages/cursor", {"before": f"{first.id}${first.created_date}"})
    assert (page.items, page.prev, page.next) == ([], None, first.created_date)
    page = await ada.get(MessagePage, "/messages/cursor", {"lang": "tlh"})
    assert (page.items, page.prev, page.next) == ([], None, None)


@pytest.mark.parametrize("path", ["/messages/cursor", "/users/{user}/messages/cursor"])
async def test_a_cursor_that_is_none_is_refused(ada: Visitor, path: str) -> None:
    path = path.format(user=await ada.id())
    for name in ("before", "after"):
        for wrong, code in (("yesterday", 101), (f"{await ada.id()}$yesterday", 101), (f"{await ada.id()}$", 0)):
            with pytest.raises(Refused) as refused:
                await ada.call("GET", f"{path}?{name}={quote(wrong)}")
            assert refused.value.why == (400, code), wrong


async def test_pages_may_be_of_an_author_of_roots_of_a_language(tree: Tree, ada: Visitor, bob: Visitor) -> None:
    for query, due in (
        ({"user_id": await bob.id()}, [ALL[1], REGEN]),
        ({"username": "bob", "auth_method": "local"}, [ALL[1], REGEN]),
        ({"user_id": await bob.id(), "only_roots": True}, [REGEN]),
        ({"lang": "de"}, [REGEN]),
        ({"only_roots": "On"}, [RAIN, REGEN]),
    ):
        page: MessagePage = await ada.get(MessagePage, "/messages/cursor", query)
        assert texts(page.items) == due, query


async def test_pages_may_carry_the_authors(tree: Tree, ada: Visitor) -> None:
    (page,) = await ada.message_pages(include_user=True)
    assert [message.user and message.user.id for message in page.items] == ["ada", "bob", "cat", "dan", "bob"]
    assert all(message.user and message.user.user_id == message.user_id for message in page.items)
    (page,) = await ada.message_pages()
    assert {message.user for message in page.items} == {None}


async def test_a_search_takes_plain_words_and_needs_a_language(tree: Tree, ada: Visitor) -> None:
    async def look(**query: object) -> list[str]:
        page: MessagePage = await ada.get(MessagePage, "/messages/cursor", query)
        return texts(page.items)

    async def results(**query: object) -> list[str]:
        """The index may be a moment behind."""
        return await eventually(lambda: look(**query), bool)

    assert await results(search_query="bob", lang="en") == [ALL[1]]
    assert await results(search_query="asks bob", lang="en") == [ALL[1]]
    assert await look(search_query="bob cat", lang="en") == []
    assert await results(search_query="Regen", lang="de") == [REGEN]
    assert await results(search_query="Regen") == ALL
    for odd in ("bob & ", "(", "a:*", '"', "bob!", "\\", "*", "AND OR NOT", "~", "[a TO"):
        assert isinstance(await look(search_query=odd, lang="en"), list), odd


# Of one user


async def test_the_messages_of_a_user_come_by_his_id_and_by_his_name(tree: Tree, ada: Visitor, bob: Visitor) -> None:
    for path in (f"/users/{await bob.id()}/messages", "/frontend_users/local/bob/messages"):
        assert texts(await ada.get(list[Message], path)) == [REGEN, ALL[1]]
        assert texts(await ada.get(list[Message], path, {"desc": False})) == [ALL[1], REGEN]
        assert texts(await ada.get(list[Message], path, {"lang": "de"})) == [REGEN]
        assert texts(await ada.get(list[Message], path, {"only_roots": 1, "max_count": 1})) == [REGEN]
        pages = await ada.message_pages(f"{path}/cursor", max_count=1)
        assert [texts(page.items) for page in pages] == [[ALL[1]], [REGEN]]
        pages = await ada.message_pages(f"{path}/cursor", desc=True, max_count=1)
        assert [texts(page.items) for page in pages] == [[REGEN], [ALL[1]]]


async def test_the_messages_of_a_user_may_include_the_deleted(tree: Tree, ada: Visitor, bob: Visitor) -> None:
    await ada.delete(tree.replies[0])
    for path in (f"/users/{await bob.id()}/messages", "/frontend_users/local/bob/messages"):
        assert texts(await ada.get(list[Message], path)) == [REGEN]
        assert texts(await ada.get(list[Message], path, {"include_deleted": "yes"})) == [REGEN, ALL[1]]
        (page,) = await ada.message_pages(f"{path}/cursor", include_deleted=True)
        assert texts(page.items) == [ALL[1], REGEN]


async def test_the_messages_of_a_name_that_nobody_has_are_not_found(ada: Visitor) -> None:
    with pytest.raises(Refused) as refused:
        await ada.call("GET", "/frontend_users/local/ghost/messages")
    assert refused.value.why == (404, 4002)
