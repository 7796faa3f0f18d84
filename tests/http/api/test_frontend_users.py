"""Users as frontends name them: created, found, changed, and by whom."""

from __future__ import annotations

import pytest

from tests.http.api.conftest import BOT_ID, Service
from tests.http.api.frontend import Frontend, user
from tests.http.api.shapes import FRONT_END_USER, MOMENT, UUID, check_values

pytestmark = pytest.mark.anyio

ADA = user("ada")


async def test_a_new_user_is_complete(web: Frontend) -> None:
    got = await web.post("/frontend_users/", ADA)
    assert got.status_code == 200
    ada = got.json()
    assert set(ada) == FRONT_END_USER
    check_values(ada)
    assert UUID.fullmatch(ada["user_id"])
    assert MOMENT.fullmatch(ada["created_date"])
    fixed = {name: ada[name] for name in ("id", "display_name", "auth_method", "enabled", "deleted", "notes")}
    assert fixed == {
        "id": "ada",
        "display_name": "Ada",
        "auth_method": "local",
        "enabled": True,
        "deleted": False,
        "notes": "",
    }
    assert (ada["show_on_leaderboard"], ada["tos_acceptance_date"], ada["streak_days"]) == (True, None, 0)


async def test_a_user_is_found_by_the_name_that_the_frontend_gave(web: Frontend, bot: Frontend) -> None:
    for frontend in (web, bot):
        made = (await frontend.post("/frontend_users/", ADA)).json()
        got = await frontend.get("/frontend_users/local/ada")
        assert (got.status_code, got.json()) == (200, made)


async def test_the_same_name_at_two_frontends_is_two_users(web: Frontend, bot: Frontend) -> None:
    ids = {(await frontend.post("/frontend_users/", ADA)).json()["user_id"] for frontend in (web, bot)}
    assert len(ids) == 2
    at_the_bot = await web.get(f"/frontend_users/local/ada?api_client_id={BOT_ID}")
    assert at_the_bot.json()["user_id"] == (await bot.get("/frontend_users/local/ada")).json()["user_id"]
    own = await bot.get(f"/frontend_users/local/ada?api_client_id={BOT_ID}")
    assert own.json() == at_the_bot.json()


async def test_what_is_not_sent_is_not_changed(web: Frontend) -> None:
    sent = {**ADA, "enabled": False, "show_on_leaderboard": False, "notes": "asked to be left out"}
    before = (await web.post("/frontend_users/", sent)).json()
    assert (before["enabled"], before["show_on_leaderboard"]) == (False, False)
    after = (await web.post("/frontend_users/", ADA)).json()  # as the website does at each sign-in
    assert after == before


@pytest.mark.parametrize("name", ["enabled", "show_on_leaderboard", "notes", "tos_acceptance"])
async def test_null_is_no_change(web: Frontend, name: str) -> None:
    before = (await web.post("/frontend_users/", {**ADA, "tos_acceptance": True, "notes": "n"})).json()
    got = await web.post("/frontend_users/", {**ADA, name: None})
    if name in ("enabled", "show_on_leaderboard"):  # the original takes no null for these
        assert got.status_code == 422
    else:
        assert got.json() == before


async def test_a_trusted_frontend_changes_what_it_sends(web: Frontend) -> None:
    await web.post("/frontend_users/", ADA)
    for name, value in (("enabled", False), ("show_on_leaderboard", False), ("notes", "x" * 1024), ("enabled", True)):
        got = (await web.post("/frontend_users/", {**ADA, name: value})).json()
        assert got[name] == value
    assert got["show_on_leaderboard"] is False


async def test_a_changed_display_name_is_kept(web: Frontend) -> None:
    first = (await web.post("/frontend_users/", ADA)).json()
    second = (await web.post("/frontend_users/", user("ada", display_name="Ada L."))).json()
    assert (second["user_id"], second["display_name"]) == (first["user_id"], "Ada L.")
    await web.post("/tasks/", {"user": user("ada", display_name="Ada Lovelace")})
    assert (await web.post("/frontend_users/", user("ada", display_name="Ada Lovelace"))).json()["user_id"] == first[
        "user_id"
    ]


async def test_an_untrusted_frontend_may_repeat_settings_but_not_change_them(bot: Frontend, service: Service) -> None:
    spelled_out = {**ADA, "enabled": True, "show_on_leaderboard": True}
    assert (await bot.post("/frontend_users/", spelled_out)).status_code == 200
    assert (await bot.post("/frontend_users/", spelled_out)).status_code == 200
    for change in ({"enabled": False}, {"show_on_leaderboard": False}, {"notes": "hi"}):
        for who in (ADA, user("somebody new")):
            got = await bot.post("/frontend_users/", {**who, **change})
            assert (got.status_code, got.json()["error_code"]) == (403, 2)
    (row,) = await service.graph.execute("MATCH (user:User) RETURN count(user) AS users")
    assert row["users"] == 1


async def test_a_banned_user_stays_banned_whatever_an_untrusted_frontend_sends(bot: Frontend, service: Service) -> None:
    await bot.post("/frontend_users/", ADA)
    await service.graph.execute("MATCH (user:User {name: 'ada'}) SET user.enabled = false")
    assert (await bot.post("/frontend_users/", ADA)).json()["enabled"] is False
    got = await bot.post("/frontend_users/", {**ADA, "enabled": True})
    assert (got.status_code, got.json()["error_code"]) == (403, 2)


async def test_any_frontend_may_pass_on_that_its_user_accepts_the_terms(bot: Frontend) -> None:
    await bot.post("/frontend_users/", ADA)
    accepted = (await bot.post("/frontend_users/", {**ADA, "tos_acceptance": True})).json()["tos_acceptance_date"]
    assert MOMENT.fullmatch(accepted)
    again = (await bot.post("/frontend_users/", {**ADA, "tos_acceptance": False})).json()
    assert again["tos_acceptance_date"] == accepted


async def test_users_of_the_system_have_accepted_the_terms_and_are_not_on_boards(web: Frontend) -> None:
    system = (await web.post("/frontend_users/", user("importer", method="system"))).json()
    assert system["show_on_leaderboard"] is False
    assert MOMENT.fullmatch(system["tos_acceptance_date"])


async def test_work_tells_of_activity(web: Frontend) -> None:
    before = (await web.post("/frontend_users/", ADA)).json()
    await web.work("initial_prompt", ADA)
    after = (await web.post("/frontend_users/", ADA)).json()
    assert after["last_activity_date"] > before["last_activity_date"]
    assert after["streak_days"] == 0
