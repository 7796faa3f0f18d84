"""Users looked up, listed, paged through and searched, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest

from oa_graph.graph.session import Graph
from tests.builders import CLIENT
from tests.http.api.conftest import BOT_ID, Service
from tests.http.api.frontend import Frontend, user
from tests.http.api.shapes import FRONT_END_USER, check_values

pytestmark = pytest.mark.anyio

Known = tuple[str, str]
"""Name and display name."""

LISTS = ("/users/by_username", "/users/by_display_name", "/frontend_users/")

NAMES = ["$", "$a$", "A", "Zoë", "a", "a%", "a_b", "ab", "b", "ä", "\ufffd", "😀"]
"""In the order of code points, which is neither that of any language nor that of UTF-16."""


async def people(graph: Graph, known: Sequence[Known], *, client: str = CLIENT.id, method: str = "local") -> list[str]:
    """Stores users; returns their ids in the order given."""
    ids = [str(uuid4()) for _ in known]
    await graph.execute(
        """
        UNWIND $rows AS row
        CREATE (:User {id: row[0], name: row[1], display_name: row[2], client: $client, method: $method, enabled: true,
          deleted: false, notes: '', show_on_leaderboard: true})
        """,
        rows=[[id, *names] for id, names in zip(ids, known, strict=True)],
        client=client,
        method=method,
    )
    return ids


def path(where: str, **query: object) -> str:
    return f"{where}?{urlencode(query, quote_via=quote)}" if query else where


async def listed(frontend: Frontend, where: str, **query: object) -> list[Any]:
    got = await frontend.get(path(where, **query))
    assert got.status_code == 200, got.text
    return got.json()


async def names(frontend: Frontend, where: str, **query: object) -> list[str]:
    return [person["id"] for person in await listed(frontend, where, **query)]


async def pages(frontend: Frontend, towards: str, **query: object) -> list[Any]:
    """All that is seen by following `next` or `prev` to the end."""
    seen: list[Any] = []
    step = {"next": "after", "prev": "before"}[towards]
    while True:
        got = await frontend.get(path("/users/cursor", **query))
        assert got.status_code == 200, got.text
        page = got.json()
        assert page["order"] == "asc"
        seen = [*seen, *page["items"]] if towards == "next" else [*page["items"], *seen]
        if page[towards] is None:
            return seen
        query[step] = page[towards]


@pytest.mark.parametrize("where", LISTS)
async def test_users_come_by_name_and_are_complete(web: Frontend, service: Service, where: str) -> None:
    await people(service.graph, [(name, f"the {name}") for name in reversed(NAMES)])
    accounts = await listed(web, where)
    assert [person["id"] for person in accounts] == NAMES == sorted(NAMES)
    for person in accounts:
        assert set(person) == FRONT_END_USER
        check_values(person)


async def test_the_display_name_has_an_order_of_its_own(web: Frontend, service: Service) -> None:
    await people(service.graph, [("a", "z"), ("b", "y"), ("c", "x")])
    assert await names(web, "/users/by_display_name") == ["c", "b", "a"]
    assert await names(web, "/users/by_username") == ["a", "b", "c"]
    assert await names(web, "/users/by_display_name", desc="yes") == ["a", "b", "c"]
    assert await names(web, "/users/by_username", desc="1") == ["c", "b", "a"]


async def test_names_as_long_as_they_may_be_are_listed_whatever_they_are_of(web: Frontend) -> None:
    last = "\U0010ffff"
    for who in (user("a", display_name=last * 256), user(last * 128, display_name="b"), user("b", display_name="")):
        assert (await web.post("/frontend_users/", {**who})).status_code == 200
    assert await names(web, "/users/by_username") == ["a", "b", last * 128]
    assert len(await names(web, "/users/by_display_name")) == 3


@pytest.mark.parametrize(
    ("where", "name"), [(LISTS[0], "username"), (LISTS[1], "display_name"), (LISTS[2], "username")]
)
async def test_bounds_take_in_the_name_and_leave_out_the_user(
    web: Frontend, service: Service, where: str, name: str
) -> None:
    twins = sorted([*await people(service.graph, [("b", "b")]), *await people(service.graph, [("b", "b")], client="c")])
    first, last = await people(service.graph, [("a", "a"), ("c", "c")])

    async def ids(**query: object) -> list[str]:
        return [person["user_id"] for person in await listed(web, where, **query)]

    gte, lte = f"gte_{name}", f"lte_{name}"
    assert await ids() == [first, *twins, last]
    assert await ids(**{gte: "b"}) == [*twins, last]
    assert await ids(**{lte: "b"}) == [first, *twins]
    assert await ids(**{gte: "b", "gt_id": twins[0]}) == [twins[1], last]
    assert await ids(**{gte: "b", "gt_id": twins[1]}) == [last]
    assert await ids(**{lte: "b", "lt_id": twins[1]}) == [first, twins[0]]
    assert await ids(**{gte: "b", "gt_id": twins[0], lte: "c", "lt_id": last}) == [twins[1]]
    assert await ids(**{gte: "c", lte: "a"}) == []
    assert await ids(max_count=2) == [first, twins[0]]
    if where != "/frontend_users/":
        assert await ids(**{gte: "b", "desc": "true", "max_count": 2}) == [last, twins[1]]
        assert await ids(**{lte: "b", "lt_id": twins[1], "desc": "true", "max_count": 1}) == [twins[0]]


@pytest.mark.parametrize("where", LISTS)
@pytest.mark.parametrize("bound", ["gt_id", "lt_id"])
async def test_an_id_alone_bounds_nothing(web: Frontend, where: str, bound: str) -> None:
    got = await web.get(path(where, **{bound: uuid4()}))
    assert (got.status_code, got.json()["error_code"]) == (400, 0)
    assert bound in got.json()["message"]


@pytest.mark.parametrize("where", [*LISTS, "/users/cursor"])
@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("max_count", 0, 422),
        ("max_count", 1, 200),
        ("max_count", 10_000, 200),
        ("max_count", 10_001, 422),
        ("max_count", "many", 422),
        ("api_client_id", "nobody", 422),
        ("auth_method", "carrier pigeon", 200),
        ("task_id", "of no matter", 200),
    ],
)
async def test_parameters_are_checked(web: Frontend, where: str, name: str, value: object, status: int) -> None:
    got = await web.get(path(where, **{name: value}))
    assert got.status_code == status
    if status == 422:
        assert got.json()["detail"][0]["loc"] == ["query", name]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ["a", "a%", "a*", "a_b", "ab", "xab"]),
        ("A", ["A"]),
        ("ab", ["ab", "xab"]),
        ("%", ["a%"]),
        ("_", ["a_b"]),
        (".*", []),
        ("*", ["a*"]),
        ("a.", []),
        ("\\", ["\\d"]),
        ("", ["A", "\\d", "a", "a%", "a*", "a_b", "ab", "xab"]),
    ],
)
async def test_a_search_means_what_it_says(web: Frontend, service: Service, text: str, expected: list[str]) -> None:
    known = ["A", "\\d", "a", "a%", "a*", "a_b", "ab", "xab"]
    await people(service.graph, [(name, f"1{name}") for name in known])
    assert await names(web, "/users/by_username", search_text=text) == expected
    assert await names(web, "/users/by_display_name", search_text=text) == expected
    assert [person["id"] for person in await pages(web, "next", search_text=text, max_count=2)] == expected


async def test_a_search_is_in_the_name_that_sorts(web: Frontend, service: Service) -> None:
    await people(service.graph, [("one", "two"), ("two", "one")])
    assert await names(web, "/users/by_username", search_text="one") == ["one"]
    assert await names(web, "/users/by_display_name", search_text="one") == ["two"]
    assert [person["id"] for person in await pages(web, "next", sort_key="display_name", search_text="one")] == ["two"]


@pytest.mark.parametrize("where", LISTS)
async def test_users_of_one_way_to_be_known(web: Frontend, service: Service, where: str) -> None:
    await people(service.graph, [("a", "a"), ("c", "c")], method="discord")
    await people(service.graph, [("b", "b")])
    assert await names(web, where, auth_method="discord") == ["a", "c"]
    assert await names(web, where, auth_method="google") == []
    assert await names(web, where, auth_method="") == ["a", "b", "c"]


@pytest.mark.parametrize("where", [*LISTS, "/users/cursor"])
async def test_untrusted_frontends_see_their_own_users_only(
    web: Frontend, bot: Frontend, service: Service, where: str
) -> None:
    await people(service.graph, [("theirs", "")])
    await people(service.graph, [("own", ""), ("also own", "")], client=BOT_ID)

    async def seen(frontend: Frontend, **query: object) -> list[str]:
        got: Any = await listed(frontend, where, **query)
        return [person["id"] for person in (got["items"] if where == "/users/cursor" else got)]

    assert sorted(await seen(bot)) == ["also own", "own"]
    assert sorted(await seen(bot, api_client_id=BOT_ID, max_count=5)) == ["also own", "own"]
    assert sorted(await seen(web)) == ["also own", "own", "theirs"]
    assert sorted(await seen(web, api_client_id=BOT_ID)) == ["also own", "own"]
    got = await bot.get(path(where, api_client_id=uuid4()))
    assert (got.status_code, got.json()["error_code"]) == (403, 2)
    async with service.frontend(None) as nobody:
        got = await nobody.get(where)
    assert (got.status_code, got.json()["error_code"]) == (403, 2)


async def test_one_user_is_read_by_id(web: Frontend, bot: Frontend) -> None:
    mine = (await bot.post("/frontend_users/", user("ada"))).json()
    theirs = (await web.post("/frontend_users/", user("ada"))).json()
    assert (await bot.get(f"/users/{mine['user_id']}")).json() == mine
    assert (await bot.get(f"/users/{mine['user_id']}?api_client_id={BOT_ID}")).json() == mine
    assert (await web.get(f"/users/{mine['user_id']}")).json() == mine
    assert (await web.get(f"/users/{theirs['user_id'].upper()}")).json() == theirs
    for frontend, wrong in (
        (bot, theirs["user_id"]),
        (web, str(uuid4())),
        (web, f"{theirs['user_id']}?api_client_id={BOT_ID}"),
    ):
        got = await frontend.get(f"/users/{wrong}")
        assert (got.status_code, got.json()["error_code"]) == (404, 4002)
    got = await bot.get(f"/users/{mine['user_id']}?api_client_id={uuid4()}")
    assert (got.status_code, got.json()["error_code"]) == (403, 2)
    assert (await web.get("/users/nobody")).status_code == 422


# Pages


@pytest.mark.parametrize("sort_key", ["username", "display_name"])
@pytest.mark.parametrize("max_count", [1, 2, 3, 100])
async def test_each_user_comes_once_whichever_way_the_pages_are_turned(
    web: Frontend, service: Service, sort_key: str, max_count: int
) -> None:
    ids = await people(service.graph, [(f"n{i}", name) for i, name in enumerate([*NAMES, "", "", *NAMES, "x"])])
    await people(service.graph, [(f"n{i}", "a") for i in range(4)], client=BOT_ID)
    everybody = await pages(web, "next", sort_key=sort_key, max_count=max_count)
    key = {"username": "id", "display_name": "display_name"}[sort_key]
    assert everybody == sorted(everybody, key=lambda person: (person[key], person["user_id"]))
    assert len({person["user_id"] for person in everybody}) == len(everybody) == len(ids) + 4
    last = everybody[-1]
    query = {"sort_key": sort_key, "max_count": max_count, "before": f"{last['user_id']}${last[key]}"}
    assert await pages(web, "prev", **query) == everybody[:-1]


async def test_the_first_page_has_none_before_and_the_last_none_after(web: Frontend, service: Service) -> None:
    a, b, c = await people(service.graph, [("a", ""), ("b", ""), ("c", "")])

    async def page(**query: object) -> tuple[list[str], str | None, str | None]:
        got: Any = await listed(web, "/users/cursor", **query)
        assert set(got) == {"prev", "next", "sort_key", "items", "order"}
        assert got["sort_key"] == "username"
        return [person["id"] for person in got["items"]], got["prev"], got["next"]

    assert await page() == (["a", "b", "c"], None, None)
    assert await page(max_count=2) == (["a", "b"], None, f"{b}$b")
    assert await page(max_count=2, after=f"{b}$b") == (["c"], f"{c}$c", None)
    assert await page(max_count=2, before=f"{c}$c") == (["a", "b"], None, f"{b}$b")
    assert await page(max_count=1, before=f"{c}$c") == (["b"], f"{b}$b", f"{b}$b")
    assert await page(after="b") == (["b", "c"], f"{b}$b", None)
    assert await page(before="b") == (["a", "b"], None, f"{b}$b")
    assert await page(after=f"{a}$a", before=f"{c}$c") == (["b"], f"{b}$b", f"{b}$b")
    assert await page(after=f"{c}$c") == ([], "c", None)
    assert await page(before=f"{a}$a") == ([], None, "a")


async def test_a_name_may_hold_what_cursors_are_made_of(web: Frontend, service: Service) -> None:
    await people(service.graph, [(name, "") for name in ("a", "a$b", "a$c", "b")])
    assert [person["id"] for person in await pages(web, "next", max_count=1)] == ["a", "a$b", "a$c", "b"]
    assert [person["id"] for person in await pages(web, "next", after="a$b")] == ["a$b", "a$c", "b"]
    got: Any = await listed(web, "/users/cursor", after=f"{'f' * 8}-ffff-4fff-8fff-{'f' * 12}$a$c", before="a$c$")
    assert (got["items"], got["prev"], got["next"]) == ([], "a$c", "a$c$")


@pytest.mark.parametrize(
    ("key", "status", "code"), [("created_date", 400, 100), ("", 400, 100), ("x" * 32, 400, 100), ("x" * 33, 422, 0)]
)
async def test_users_are_sorted_by_names_only(web: Frontend, key: str, status: int, code: int) -> None:
    got = await web.get(path("/users/cursor", sort_key=key))
    assert (got.status_code, got.json()["error_code"]) == (status, code)
