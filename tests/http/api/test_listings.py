"""Lists of messages, and pages of them: what they hold, in which order, and who may ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, CLIENT, Planted, Shape, plant, questions
from tests.http.api.conftest import BOT_ID, Service
from tests.http.api.frontend import Frontend, user
from tests.http.api.shapes import FRONT_END_USER, MESSAGE, check_values

pytestmark = pytest.mark.anyio

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)

RAIN: Shape = {"A": {"B": {"?C": {}}, "!D": {}, "-E": {}}}


async def aged(graph: Graph, planted: Planted, *texts: str, client: str | None = CLIENT.id) -> None:
    """The posts were written one second after the other, in this order, the first of them at `THEN`."""
    await graph.execute(
        """
        UNWIND range(0, size($ids) - 1) AS i
        MATCH (post:Post {id: $ids[i]})
        SET post.created = $then + duration({seconds: i}), post.client = $client
        SET post.day = format(post.created, 'uuuuMMdd')
        """,
        ids=[planted[text] for text in texts],
        then=THEN,
        client=client,
    )


@pytest.fixture
async def rain(service: Service) -> Planted:
    """A tree of Ada's, its posts written in the order of the alphabet."""
    planted = await plant(service.graph, RAIN, author=ADA)
    await aged(service.graph, planted, "A", "B", "C", "D", "E")
    return planted


def texts(messages: Sequence[Any]) -> str:
    return "".join(message["text"] for message in messages)


async def listed(frontend: Frontend, path: str, *, acting: str | None = None) -> str:
    got = await frontend.get(path, acting=acting)
    assert got.status_code == 200, got.text
    for message in got.json():
        assert set(message) == MESSAGE
        check_values(message)
    return texts(got.json())


async def paged(frontend: Frontend, path: str) -> Any:
    got = await frontend.get(path)
    assert got.status_code == 200, got.text
    assert set(got.json()) == {"prev", "next", "sort_key", "order", "items"}
    assert got.json()["sort_key"] == "created_date"
    for message in got.json()["items"]:
        assert set(message) == MESSAGE
        check_values(message)
    return got.json()


async def refusal(frontend: Frontend, path: str) -> tuple[int, int]:
    got = await frontend.get(path)
    return got.status_code, got.json()["error_code"]


LISTS = ("/messages/", "/users/{ada}/messages", "/frontend_users/local/ada/messages")
PAGES = ("/messages/cursor", "/users/{ada}/messages/cursor", "/frontend_users/local/ada/messages/cursor")


async def of_ada(web: Frontend, path: str) -> str:
    return path.format(ada=(await web.get("/frontend_users/local/ada")).json()["user_id"])


# Lists


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "DCBA"),
        ("?desc=false", "ABCD"),
        ("?deleted=true", "EDCBA"),
        ("?max_count=2", "DC"),
        ("?only_roots=true", "A"),
        ("?lang=en", "DCBA"),
        ("?lang=EN", "DCBA"),
        ("?lang=", "DCBA"),
        ("?lang=en-US", ""),
        ("?start_date=2026-03-01T12:00:01", "DCB"),
        ("?start_date=2026-03-01T12:00:01Z", "DCB"),
        ("?start_date=2026-03-01T13:00:01%2B01:00", "DCB"),
        ("?start_date=2026-03-01T13:00:01+01:00", "DCB"),
        ("?end_date=2026-03-01T12:00:01", "BA"),
        (f"?end_date={THEN.timestamp() + 1:.0f}", "BA"),
        (f"?start_date={THEN.timestamp() + 1:.0f}&end_date={THEN.timestamp() + 2:.0f}", "CB"),
        ("?start_date=2027-01-01", ""),
        ("?something=else", "DCBA"),
    ],
)
async def test_a_list_holds_what_is_asked_for(
    web: Frontend, rain: Planted, path: str, query: str, expected: str
) -> None:
    query = query.replace("deleted", "allow_deleted" if path == "/messages/" else "include_deleted")
    assert await listed(web, await of_ada(web, path) + query) == expected


@pytest.mark.parametrize("path", [*LISTS, *PAGES])
@pytest.mark.parametrize(
    "query", ["max_count=0", "max_count=1001", "max_count=x", "desc=perhaps", "only_roots=maybe", "max_count=-1"]
)
async def test_what_cannot_be_taken_is_named(web: Frontend, rain: Planted, path: str, query: str) -> None:
    got = await web.get(f"{await of_ada(web, path)}?{query}")
    assert got.status_code == 422
    assert [error["loc"] for error in got.json()["detail"]] == [["query", query.partition("=")[0]]]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query", ["start_date=yesterday", "end_date=2026-13-01", "start_date=0001-01-01T00:00%2B05:00"]
)
async def test_a_time_that_is_none_is_named(web: Frontend, rain: Planted, path: str, query: str) -> None:
    got = await web.get(f"{await of_ada(web, path)}?{query}")
    assert got.status_code == 422
    assert [error["loc"] for error in got.json()["detail"]] == [["query", query.partition("=")[0]]]


@pytest.mark.parametrize("form", ["/messages", "/messages/"])
async def test_both_slash_forms_list(web: Frontend, rain: Planted, form: str) -> None:
    assert await listed(web, form) == "DCBA"


async def test_ten_messages_are_the_default(web: Frontend, service: Service) -> None:
    await plant(service.graph, *questions(12))
    assert len((await web.get("/messages/")).json()) == 10
    assert len((await web.get("/messages/?max_count=1000")).json()) == 12
    assert len((await web.get("/messages/cursor")).json()["items"]) == 10


async def test_a_list_is_seen_by_the_acting_user(web: Frontend, rain: Planted) -> None:
    ada = (await web.get("/frontend_users/local/ada")).json()["user_id"]
    for path in ("/messages/", f"/users/{ada}/messages"):
        got = (await web.get(path, acting="local:ada")).json()
        assert {message["user_is_author"] for message in got} == {True}
        assert (await web.get(path, acting="local:nobody")).json()["error_code"] == 4002
    assert {message["user_is_author"] for message in (await web.get("/messages/")).json()} == {None}


async def test_rankings_are_counted(web: Frontend, rain: Planted, service: Service) -> None:
    await service.graph.execute("MATCH (post:Post {text: 'B'}) CREATE (post)<-[:RANKED {position: 0}]-(:Ranking)")
    got = (await web.get("/messages/?max_count=4")).json()
    assert {message["text"]: message["ranking_count"] for message in got} == {"A": 0, "B": 1, "C": 0, "D": 0}


# By author


async def test_messages_of_one_author_are_listed(web: Frontend, rain: Planted, service: Service) -> None:
    planted = await plant(service.graph, {"X": {}}, author=BOB)
    await aged(service.graph, planted, "X")
    bob = (await web.get("/frontend_users/local/bob")).json()["user_id"]
    assert await listed(web, "/messages/?auth_method=local&username=bob") == "X"
    assert texts((await paged(web, "/messages/cursor?auth_method=local&username=bob"))["items"]) == "X"
    assert texts((await paged(web, f"/messages/cursor?user_id={bob}"))["items"]) == "X"
    both = "/messages/cursor?auth_method=local&username=ada&user_id="
    assert texts((await paged(web, both + bob))["items"]) == ""


@pytest.mark.parametrize("path", ["/messages/", "/messages/cursor"])
@pytest.mark.parametrize(
    "query", ["username=ada", "auth_method=local", "auth_method=&username=", "auth_method=local&username="]
)
async def test_method_and_name_go_together(web: Frontend, path: str, query: str) -> None:
    assert await refusal(web, f"{path}?{query}") == (400, 2012)


async def test_an_author_who_is_not_there_wrote_nothing(web: Frontend, rain: Planted) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    assert await listed(web, "/messages/?auth_method=local&username=nobody") == ""
    assert (await paged(web, f"/messages/cursor?user_id={nobody}"))["items"] == []
    assert await listed(web, f"/users/{nobody}/messages") == ""
    assert (await paged(web, f"/users/{nobody}/messages/cursor"))["items"] == []
    assert await refusal(web, "/frontend_users/local/nobody/messages") == (404, 4002)
    assert await refusal(web, "/frontend_users/local/nobody/messages/cursor") == (404, 4002)


# Who may


async def two_adas(service: Service, bot: Frontend) -> None:
    """Ada of the website wrote A, Ada of the bot wrote Z a second later."""
    await bot.post("/frontend_users/", user("ada"))
    a = await plant(service.graph, {"A": {}}, author=ADA)
    await aged(service.graph, a, "A")
    z = await plant(service.graph, {"A": {}, "Z": {}})
    await aged(service.graph, z, "A", "Z", client=BOT_ID)
    await service.graph.execute("MATCH (post:Post {id: $id}) DETACH DELETE post", id=z["A"])
    await service.graph.execute(
        """
        MATCH (user:User {client: $client, name: 'ada'}) MATCH (post:Post {id: $id})
        SET post.author = user.id CREATE (user)-[:WROTE]->(post)
        """,
        client=BOT_ID,
        id=z["Z"],
    )


@pytest.mark.parametrize("path", LISTS[::2])
async def test_a_frontend_that_is_not_trusted_lists_its_own(
    web: Frontend, bot: Frontend, service: Service, path: str
) -> None:
    await two_adas(service, bot)
    assert await listed(bot, path) == "Z"
    assert await listed(bot, f"{path}?api_client_id={BOT_ID}") == "Z"
    assert await refusal(bot, f"{path}?api_client_id={BOT_ID.replace('6', '7')}") == (403, 2)
    assert await listed(web, path) == "ZA"
    assert await listed(web, f"{path}?api_client_id={BOT_ID}") == "Z"
    assert await listed(web, f"{path}?api_client_id={BOT_ID}&lang=en") == "Z"
    assert await listed(web, f"{path}?api_client_id={BOT_ID}&lang=de") == ""


async def test_pages_too_are_of_ones_own(web: Frontend, bot: Frontend, service: Service) -> None:
    await two_adas(service, bot)
    for path in PAGES[::2]:
        assert texts((await paged(bot, path))["items"]) == "Z"
        assert texts((await paged(web, path))["items"]) == "AZ"
    assert await refusal(bot, f"/messages/cursor?api_client_id={BOT_ID.replace('6', '7')}") == (403, 2)
    ada = (await web.get("/frontend_users/local/ada")).json()["user_id"]
    assert await listed(bot, f"/users/{ada}/messages") == ""
    assert texts((await paged(bot, f"/users/{ada}/messages/cursor"))["items"]) == ""


async def test_without_a_key_nothing_is_listed(service: Service) -> None:
    async with service.frontend(None) as stranger:
        for path in (*LISTS, *PAGES):
            assert await refusal(stranger, path.format(ada="00000000-0000-0000-0000-000000000000")) == (403, 2)


# Pages


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("query", "order", "expected"), [("", "asc", "ABCD"), ("&desc=true", "desc", "DCBA")])
async def test_a_list_is_paged_both_ways(
    web: Frontend, rain: Planted, path: str, query: str, order: str, expected: str
) -> None:
    path = await of_ada(web, path) + f"?max_count=1{query}"
    page = await paged(web, path)
    assert (page["prev"], page["order"]) == (None, order)
    seen, pages = texts(page["items"]), [page]
    while page["next"]:
        page = await paged(web, f"{path}&after={quote(page['next'])}")
        seen += texts(page["items"])
        pages.append(page)
    assert seen == expected
    seen = texts(page["items"])
    while page["prev"]:
        page = await paged(web, f"{path}&before={quote(page['prev'])}")
        seen = texts(page["items"]) + seen
    assert seen == expected


async def test_a_cursor_is_a_time_with_an_id_or_without(web: Frontend, rain: Planted) -> None:
    first = (await paged(web, "/messages/cursor?max_count=2"))["next"]
    assert first == f"{rain['B']}${(THEN + timedelta(seconds=1)).isoformat()}"
    for form in (quote(first), first):  # unescaped, the plus arrives as a space
        assert texts((await paged(web, f"/messages/cursor?after={form}"))["items"]) == "CD"
        assert texts((await paged(web, f"/messages/cursor?before={form}"))["items"]) == "A"
    for form in ("2026-03-01T12:00:01", "2026-03-01T12:00:01Z", "2026-03-01T13:00:01+01:00"):
        assert texts((await paged(web, f"/messages/cursor?after={form}"))["items"]) == "BCD"
        assert texts((await paged(web, f"/messages/cursor?before={form}"))["items"]) == "AB"
    both = f"/messages/cursor?after={rain['A']}$2026-03-01T12:00:00&before={rain['D']}$2026-03-01T12:00:03"
    assert texts((await paged(web, both))["items"]) == "BC"
    assert texts((await paged(web, f"{both}&desc=1"))["items"]) == ""


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("cursor", "code"), [("yesterday", 101), ("x$y", 101), ("x$", 0), ("0001-01-01T00:00:00%2B05:00", 101)]
)
async def test_a_cursor_that_is_none_is_told(web: Frontend, rain: Planted, path: str, cursor: str, code: int) -> None:
    for side in ("before", "after"):
        assert await refusal(web, f"{await of_ada(web, path)}?{side}={cursor}") == (400, code)


async def test_an_empty_cursor_is_none(web: Frontend, rain: Planted) -> None:
    assert texts((await paged(web, "/messages/cursor?before=&after="))["items"]) == "ABCD"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_leaves_out_what_is_not_asked_for(web: Frontend, rain: Planted, path: str) -> None:
    path = await of_ada(web, path)
    assert texts((await paged(web, f"{path}?only_roots=1"))["items"]) == "A"
    assert texts((await paged(web, f"{path}?include_deleted=1"))["items"]) == "ABCDE"
    assert texts((await paged(web, f"{path}?lang=de"))["items"]) == ""


async def test_messages_of_one_moment_are_paged_by_id(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, *questions(7))
    seen: list[str] = []
    page = await paged(web, "/messages/cursor?max_count=2")
    seen += [message["id"] for message in page["items"]]
    while page["next"]:
        page = await paged(web, f"/messages/cursor?max_count=2&after={quote(page['next'])}")
        seen += [message["id"] for message in page["items"]]
    assert seen == sorted(planted.ids.values())


async def test_the_author_is_told_where_asked_for(web: Frontend, rain: Planted, service: Service) -> None:
    await plant(service.graph, {"Nobody's": {}})
    page = await paged(web, "/messages/cursor?include_user=true")
    users = {message["text"]: message["user"] for message in page["items"]}
    assert users["Nobody's"] is None
    assert set(users["A"]) == FRONT_END_USER
    assert users["A"] == (await web.get("/frontend_users/local/ada")).json()
    assert {message["user"] for message in (await paged(web, "/messages/cursor"))["items"]} == {None}
