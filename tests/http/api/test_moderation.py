"""What moderators and operators do, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from tests.builders import ADA, Shape, plant
from tests.graph.reliability.judgements import review
from tests.http.api.conftest import Service
from tests.http.api.frontend import Frontend, labels, text, user
from tests.http.api.shapes import MESSAGE, TREE_STATE, check_values
from tests.invariants import check

pytestmark = pytest.mark.anyio

RAIN: Shape = {"What is rain?": {"Water.": {"Why?": {}}, "Weather.": {}}}
REVISION = {"id", "text", "message_id", "user_id", "created_date", "user_is_author"}
FLAG = {"message_id", "processed", "created_date"}
EVA = user("eva")
NOWHERE = "8c1d52f4-0f6b-4f0e-9d3c-1f6a1d5f7b20"


async def call(frontend: Frontend, method: str, path: str, *, acting: str | None = None, **options: Any) -> Any:
    headers = {"X-OASST-USER": acting} if acting else None
    return await frontend.http.request(method, f"/api/v1{path}", headers=headers, **options)


async def known(web: Frontend, name: str = "ada") -> str:
    got = await web.post("/frontend_users/", user(name))
    return got.json()["user_id"]


TRUSTED = [
    ("DELETE", f"/messages/{NOWHERE}", None, 2001),
    ("PUT", f"/messages/{NOWHERE}/undelete", None, 2001),
    ("PUT", f"/messages/{NOWHERE}/tree/state?halt=true", None, 2001),
    ("PUT", f"/messages/{NOWHERE}/end", None, 2001),
    ("DELETE", f"/messages/{NOWHERE}/end", None, 2001),
    ("GET", f"/messages/{NOWHERE}/history", None, 2001),
    ("POST", f"/messages/{NOWHERE}/edit", {"user": EVA, "new_content": "Text."}, 2001),
    ("PUT", f"/users/{NOWHERE}?enabled=false", None, 4002),
    ("DELETE", f"/users/{NOWHERE}", None, 4002),
    ("DELETE", f"/users/{NOWHERE}/messages", None, 4002),
    ("DELETE", "/frontend_users/local/nobody/messages", None, 4002),
    ("POST", f"/admin/flagged_messages/{NOWHERE}/processed", None, 2001),
    ("POST", f"/admin/admin/flagged_messages/{NOWHERE}/processed", None, 2001),
    ("POST", f"/admin/contested_messages/{NOWHERE}/settled", None, 2001),
    ("POST", f"/admin/purge_user/{NOWHERE}", None, 4002),
    ("POST", f"/admin/purge_user/{NOWHERE}/messages", None, 4002),
    ("POST", "/admin/merge_users", {"destination_user_id": NOWHERE, "source_user_ids": [str(uuid4())]}, 4002),
]


@pytest.mark.parametrize(("method", "path", "body", "code"), TRUSTED)
async def test_only_trusted_clients_moderate_and_are_told_what_is_not_there(
    web: Frontend, bot: Frontend, method: str, path: str, body: object, code: int
) -> None:
    got = await call(bot, method, path, json=body)
    assert (got.status_code, got.json()["error_code"]) == (403, 2)
    got = await call(web, method, path, json=body)
    assert (got.status_code, got.json()["error_code"]) == (404, code)


async def test_a_message_is_deleted_and_restored(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN)
    for _ in range(2):
        got = await call(web, "DELETE", f"/messages/{planted['Water.']}")
        assert (got.status_code, got.content) == (204, b"")
    assert (await web.read(planted["Why?"]))["deleted"] is True
    for _ in range(2):
        got = await call(web, "PUT", f"/messages/{planted['Why?']}/undelete")
        assert (got.status_code, got.content) == (202, b"null")
        assert got.headers["content-type"].startswith("application/json")
    assert (await web.read(planted["Water."]))["deleted"] is False


async def test_an_unknown_acting_user_moderates_nothing(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN)
    got = await call(web, "DELETE", f"/messages/{planted['Water.']}", acting="local:nobody")
    assert (got.status_code, got.json()["error_code"]) == (404, 4002)
    assert (await web.read(planted["Water."]))["deleted"] is False


async def test_a_tree_is_halted_and_taken_up_again(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN)
    path = f"/messages/{planted['Water.']}/tree/state"
    got = await call(web, "PUT", f"{path}?halt=true")
    assert got.status_code == 200
    assert set(got.json()) == TREE_STATE
    assert (got.json()["state"], got.json()["active"]) == ("halted_by_moderator", False)
    assert (await call(web, "PUT", f"{path}?halt=0")).json()["state"] == "growing"
    for query in ("", "?halt=perhaps"):
        got = await call(web, "PUT", path + query)
        assert got.status_code == 422
        assert got.json()["detail"][0]["loc"] == ["query", "halt"]


async def test_an_edit_keeps_every_version(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN, author=ADA)
    path = f"/messages/{planted['Water.']}"
    assert (await call(web, "GET", f"{path}/history")).json() == []
    got = await call(web, "POST", f"{path}/edit", json={"user": EVA, "new_content": " Wet. ", "message_id": "extra"})
    assert (got.status_code, got.content) == (200, b"null")
    message = await web.read(planted["Water."])
    assert (message["text"], message["edited"]) == ("Wet.", True)
    versions = (await call(web, "GET", f"{path}/history", acting="local:ada")).json()
    check_values(versions)
    assert {frozenset(version) for version in versions} == {frozenset(REVISION)}
    assert [version["text"] for version in versions] == ["Water.", "Wet."]
    assert [version["user_is_author"] for version in versions] == [True, False]
    assert versions[0]["user_id"] == message["user_id"]


@pytest.mark.parametrize("words", ["", " \n", None])
async def test_an_edit_without_text_is_refused(web: Frontend, service: Service, words: str | None) -> None:
    planted = await plant(service.graph, RAIN)
    path = f"/messages/{planted['Water.']}/edit"
    got = await call(web, "POST", path, json={"user": EVA, "new_content": words})
    assert got.status_code == 422
    assert got.json()["detail"][0]["loc"] == ["body", "new_content"]
    got = await call(web, "POST", path, json={"user": EVA, "new_content": "x" * 2001})
    assert (got.status_code, got.json()["error_code"]) == (400, 1008)


async def test_any_frontend_reacts_and_sees_the_message_as_its_user_does(bot: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN)
    got = await bot.post(f"/messages/{planted['Water.']}/emoji", {"user": EVA, "emoji": "+1"})
    assert got.status_code == 202
    assert set(got.json()) == MESSAGE
    assert (got.json()["emojis"], got.json()["user_emojis"]) == ({"+1": 1}, ["+1"])
    assert got.json()["user_is_author"] is False
    got = await bot.post(f"/messages/{planted['Water.']}/emoji", {"user": EVA, "emoji": "+1", "op": "toggle"})
    assert (got.json()["emojis"], got.json()["user_emojis"]) == ({}, [])


CODES = (
    "+1 -1 red_flag 100 rofl clap diamond heart_eyes disappointed poop skull _skip_reply _skip_ranking _skip_labeling"
)


async def test_every_emoji_is_taken_and_no_other(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN)
    path = f"/messages/{planted['Water.']}/emoji"
    for code in CODES.split():
        got = await web.post(path, {"user": EVA, "emoji": code, "op": "add"})
        assert got.json()["emojis"].get(code) == 1
    for body in ({"user": EVA, "emoji": "tulip"}, {"user": EVA, "emoji": "+1", "op": "double"}, {"emoji": "+1"}):
        assert (await web.post(path, body)).status_code == 422
    assert (await web.post(f"/messages/{NOWHERE}/emoji", {"user": EVA, "emoji": "+1"})).json()["error_code"] == 2001


async def test_who_is_banned_does_nothing_more(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN)
    id = await known(web, "eva")
    got = await call(web, "PUT", f"/users/{id}?enabled=false&notes=flooding")
    assert (got.status_code, got.content) == (204, b"")
    got = await web.post(f"/messages/{planted['Water.']}/emoji", {"user": EVA, "emoji": "+1"})
    assert (got.status_code, got.json()["error_code"]) == (503, 4001)
    got = await web.post("/tasks/", {"type": "random", "user": EVA})
    assert (got.status_code, got.json()["error_code"]) == (503, 4001)
    person = (await web.get("/frontend_users/local/eva")).json()
    assert (person["enabled"], person["notes"]) == (False, "flooding")


@pytest.mark.parametrize("word", ["undefined", "true", "ON"])
async def test_the_website_writes_undefined_and_unescaped_text(web: Frontend, service: Service, word: str) -> None:
    id = await known(web)
    query = f'enabled={word}&notes=50% off? "yes" ünï&show_on_leaderboard=undefined&tos_acceptance={word}&junk=1'
    got = await call(web, "PUT", f"/users/{id}?{query}")
    assert got.status_code == 204, got.text
    person = (await web.get("/frontend_users/local/ada")).json()
    assert (person["enabled"], person["show_on_leaderboard"]) == (True, True)
    assert person["notes"] == '50% off? "yes" ünï'
    assert (person["tos_acceptance_date"] is None) == (word == "undefined")
    assert service


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"display_name": "x" * 257}, "display_name"),
        ({"notes": "x" * 1025}, "notes"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"notes": "a\0b"}, "notes"),
    ],
)
async def test_what_does_not_fit_a_user_is_told(web: Frontend, query: dict[str, str], field: str) -> None:
    got = await call(web, "PUT", f"/users/{await known(web)}", params=query)
    assert got.status_code == 422
    assert got.json()["detail"][0]["loc"] == ["query", field]


async def test_a_ban_is_one_whichever_way_it_comes(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"Why?": {}}, state=TreeState.PROMPT_LOTTERY_WAITING, author=ADA)
    await plant(service.graph, RAIN)
    await web.ask("assistant_reply", user("ada"))
    await web.post("/frontend_users/", user("ada") | {"enabled": False})
    rows = await service.graph.execute("MATCH (:Task)-[lease:LEASES]->() RETURN lease")
    assert rows == []
    rows = await service.graph.execute("MATCH (t:Tree) RETURN t.state AS state ORDER BY state")
    assert [row["state"] for row in rows] == ["growing", "halted_by_moderator"]
    await check(service.graph, Limits())


async def test_an_account_ends_and_its_messages_stay(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN, author=ADA)
    id = await known(web)
    for _ in range(2):
        got = await call(web, "DELETE", f"/users/{id}")
        assert (got.status_code, got.content) == (204, b"")
    assert (await web.get("/frontend_users/local/ada")).status_code == 404
    assert (await web.read(planted["Water."]))["user_id"] == id
    assert await known(web) != id


@pytest.mark.parametrize("way", ["id", "name"])
async def test_all_messages_of_a_user_are_deleted(web: Frontend, service: Service, way: str) -> None:
    planted = await plant(service.graph, RAIN, author=ADA)
    path = f"/users/{await known(web)}/messages" if way == "id" else "/frontend_users/local/ada/messages"
    for _ in range(2):
        assert (await call(web, "DELETE", path)).status_code == 204
    assert (await web.read(planted["What is rain?"]))["deleted"] is True
    got = await web.read(planted["What is rain?"], "/tree/state")
    assert got["state"] == TreeState.HALTED_BY_MODERATOR


async def flagged(web: Frontend, service: Service) -> list[str]:
    """Three messages, in the order in which they were flagged."""
    planted = await plant(service.graph, RAIN)
    ids = [planted[text] for text in ("Water.", "Weather.", "Why?")]
    for id in ids:
        await web.post("/text_labels/", labels(id, EVA, [], words="rude", is_report=True))
    return ids


async def test_flagged_messages_are_listed_and_seen_to(web: Frontend, service: Service) -> None:
    ids = await flagged(web, service)
    got = await web.get("/admin/flagged_messages?max_count=2")
    check_values(got.json())
    assert {frozenset(flag) for flag in got.json()} == {frozenset(FLAG)}
    assert [(flag["message_id"], flag["processed"]) for flag in got.json()] == [(ids[0], False), (ids[1], False)]
    for prefix in ("/admin", "/admin/admin"):
        got = await web.post(f"{prefix}/flagged_messages/{ids[0]}/processed", None)
        assert (got.status_code, got.json()["processed"]) == (200, True)
    await web.post(f"/messages/{ids[0]}/emoji", {"user": user("bob"), "emoji": "red_flag"})
    flags = (await web.get("/admin/flagged_messages?max_count=10")).json()
    assert [(flag["message_id"], flag["processed"]) for flag in flags][-1] == (ids[0], False)
    for query in ("", "?max_count=0", "?max_count=many"):
        assert (await web.get(f"/admin/flagged_messages{query}")).status_code == 422


async def test_complaints_are_told_with_what_people_said_until_a_moderator_has_looked(
    web: Frontend, service: Service
) -> None:
    water, weather, why = await flagged(web, service)
    await web.post("/text_labels/", labels(water, user("bob"), {"spam": 1.0}, words="an advert", is_report=True))
    complaints = (await web.get("/admin/flagged_messages/complaints")).json()
    assert [complaint["message"]["id"] for complaint in complaints] == [water, why, weather]
    first = complaints[0]
    assert (first["reports"], first["red_flags"], first["processed"]) == (2, 2, False)
    assert [(reason["text"], reason["labels"]) for reason in first["reasons"]] == [
        ("an advert", {"spam": 1.0}),
        ("rude", {}),
    ]
    await web.post(f"/admin/flagged_messages/{water}/processed", None)
    complaints = (await web.get("/admin/flagged_messages/complaints?max_count=1")).json()
    assert [complaint["message"]["id"] for complaint in complaints] == [why]


async def test_contested_messages_are_listed_until_a_moderator_settles_them(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN)
    for reply in ("Water.", "Weather."):
        await review(service.graph, planted[reply], ada={"spam": 0.0}, bob={"spam": 1.0})
    await web.post("/text_labels/", labels(planted["Water."], EVA, [], words="rude", is_report=True))
    contested = (await web.get("/admin/contested_messages")).json()
    assert {complaint["message"]["id"] for complaint in contested} == {planted["Water."], planted["Weather."]}
    got = await web.post(f"/admin/contested_messages/{planted['Water.']}/settled", None)
    assert got.status_code == 204
    contested = (await web.get("/admin/contested_messages?max_count=2")).json()
    assert [complaint["message"]["id"] for complaint in contested] == [planted["Weather."]]
    assert (await web.get("/admin/flagged_messages/complaints")).json() == []
    assert (await web.get("/admin/contested_messages?max_count=0")).status_code == 422


@pytest.mark.parametrize("desc", [False, True])
async def test_flagged_messages_are_read_page_by_page(web: Frontend, service: Service, desc: bool) -> None:
    ids = await flagged(web, service)
    expected = ids[::-1] if desc else ids
    shown_ids: list[str] = []
    got: Any = {"next": None}
    for _ in expected:
        params = {"max_count": 1, "desc": desc, "after": got["next"] or ""}
        got = (await call(web, "GET", "/admin/flagged_messages/cursor", params=params)).json()
        assert (got["sort_key"], got["order"]) == ("created_date", "desc" if desc else "asc")
        shown_ids += [flag["message_id"] for flag in got["items"]]
    assert shown_ids == expected
    assert got["next"] is None
    before: dict[str, object] = {"before": got["prev"], "desc": desc, "max_count": 5}
    got = (await call(web, "GET", "/admin/flagged_messages/cursor", params=before)).json()
    assert [flag["message_id"] for flag in got["items"]] == expected[:2]
    got = await web.get("/admin/flagged_messages/cursor?after=yesterday")
    assert (got.status_code, got.json()["error_code"]) == (400, 101)


SYSTEM_STATS = {"all", "active", "active_by_lang", "deleted", "message_trees"}


@pytest.mark.parametrize("suffix", ["", "/messages"])
async def test_a_purge_is_a_preview_unless_it_is_told_otherwise(web: Frontend, service: Service, suffix: str) -> None:
    planted = await plant(service.graph, RAIN, author=ADA)
    path = f"/admin/purge_user/{await known(web)}{suffix}"
    for query, preview in (("", True), ("?preview=false&ban=0&purge_initial_prompts=1&min_date=2020-01-01", False)):
        got = await call(web, "POST", path + query)
        assert got.status_code == 200, got.text
        report = got.json()
        assert set(report) == {"before", "after", "preview", "duration"}
        assert (set(report["before"]), set(report["after"])) == (SYSTEM_STATS, SYSTEM_STATS)
        assert report["preview"] is preview
        assert report["duration"] >= 0
        assert (await web.get(f"/messages/{planted['Water.']}")).status_code == (200 if preview else 404)
    await check(service.graph, Limits())


async def test_users_are_merged(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN, author=ADA)
    ada, bob = await known(web), await known(web, "bob")
    got = await web.post("/admin/merge_users", {"destination_user_id": bob, "source_user_ids": [ada, ada]})
    assert (got.status_code, got.content) == (204, b"")
    assert (await web.read(planted["Water."]))["user_id"] == bob
    assert (await web.get("/frontend_users/local/ada")).status_code == 404
    got = await web.post("/admin/merge_users", {"destination_user_id": bob, "source_user_ids": [bob]})
    assert got.status_code == 422
    assert got.json()["detail"][0]["loc"] == ["body", "source_user_ids"]


async def test_an_answer_to_a_collective_task_sent_again_after_a_merge_is_known(
    web: Frontend, service: Service
) -> None:
    await plant(service.graph, RAIN)
    task = await web.ask("assistant_reply", user("ada"), collective=True)
    ack = await web.ack(task)
    ada, bob = (text(ack, user(name), f"By {name}.", message=f"m-{name}") for name in ("ada", "bob"))
    await web.settle(ada)
    await web.settle(bob)
    merged = {"destination_user_id": await known(web, "bob"), "source_user_ids": [await known(web)]}
    assert (await web.post("/admin/merge_users", merged)).status_code == 204
    assert await web.settle(bob) == await web.settle(bob)
    got = await web.post("/tasks/interaction", {**bob, "user_message_id": "m-new", "text": "Something new."})
    assert got.status_code == 400
    await check(service.graph, Limits())


async def test_after_all_that_nothing_is_out_of_joint(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, RAIN, author=ADA)
    for method, path in [
        ("DELETE", f"/messages/{planted['Water.']}"),
        ("PUT", f"/messages/{planted['Why?']}/undelete"),
        ("PUT", f"/messages/{planted['Why?']}/tree/state?halt=1"),
        ("DELETE", "/frontend_users/local/ada/messages"),
        ("PUT", f"/messages/{planted['What is rain?']}/tree/state?halt=0"),
        ("PUT", f"/messages/{planted['Weather.']}/undelete"),
    ]:
        assert (await call(web, method, path)).status_code < 300
        await check(service.graph, Limits())
