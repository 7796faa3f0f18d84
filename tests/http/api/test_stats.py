"""Boards, figures of users and counts of the whole, as frontends read them."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from oa_graph import leaderboards
from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import TextLabel
from tests.builders import plant
from tests.graph.datasets.files import bring, reply, tree
from tests.graph.reliability.judgements import rank, review
from tests.http.api.conftest import Service
from tests.http.api.frontend import Body, Frontend, answer, labels, user
from tests.http.api.shapes import MOMENT, TROLL_SCORE, USER_SCORE, check_values

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")
FRAMES = ["day", "week", "month", "total"]
NOBODY = "00000000-0000-4000-8000-000000000000"


async def known(frontend: Frontend, who: Body) -> str:
    return (await frontend.post("/frontend_users/", who)).json()["user_id"]


async def up_to_date(web: Frontend) -> None:
    got = await web.post("/leaderboards/update", None)
    assert (got.status_code, got.content) == (204, b"")


@pytest.fixture
def limits() -> Limits:
    return Limits(num_reviews_initial_prompt=1, max_active_trees=1)


async def test_work_shows_in_the_figures_of_each_frame(web: Frontend) -> None:
    await web.work("initial_prompt", ADA)
    await web.work("label_initial_prompt", BOB)
    await up_to_date(web)
    ada, bob = await known(web, ADA), await known(web, BOB)
    frames = (await web.get(f"/users/{bob}/stats")).json()
    assert list(frames) == FRAMES
    for frame, score in frames.items():
        assert set(score) == USER_SCORE
        check_values(score)
        assert (score["labels_full"], score["leader_score"], score["level"], score["rank"]) == (1, 2, 1, 1)
        assert (score["base_date"] is None) == (frame == "total")
        assert (await web.get(f"/users/{bob}/stats/{frame}")).json()["labels_full"] == 1
    frames = (await web.get(f"/users/{ada}/stats/total")).json()
    assert (frames["prompts"], frames["accepted_prompts"], frames["leader_score"], frames["rank"]) == (1, 1, 0, 2)


async def test_who_did_nothing_has_zeros_and_who_is_unknown_has_none(web: Frontend) -> None:
    ada = await known(web, ADA)
    frames = (await web.get(f"/users/{ada}/stats")).json()
    assert list(frames) == FRAMES
    assert {(score["leader_score"], score["level"], score["rank"]) for score in frames.values()} == {(0, 0, None)}
    assert (await web.get(f"/users/{ada}/stats/day")).json()["user_id"] == ada
    assert (await web.get(f"/users/{ada}/stats/day/window")).text == "null"
    assert (await web.get(f"/users/{NOBODY}/stats")).json() == {}
    got = await web.get(f"/users/{NOBODY}/stats/day")
    assert (got.status_code, got.json()["error_code"]) == (404, 4002)
    assert (await web.get(f"/users/{NOBODY}/stats/day/window")).text == "null"


async def test_the_leaderboard_shows_the_acting_user(web: Frontend, bot: Frontend) -> None:
    await web.work("initial_prompt", ADA)
    await web.work("label_initial_prompt", BOB)
    await up_to_date(web)
    for frame in FRAMES:
        got = (await web.get(f"/leaderboards/{frame}", acting="local:ada")).json()
        assert set(got) == {"time_frame", "last_updated", "leaderboard"}
        assert got["time_frame"] == frame
        assert MOMENT.fullmatch(got["last_updated"])
        assert [(score["username"], score["rank"], score["highlighted"]) for score in got["leaderboard"]] == [
            ("bob", 1, False),
            ("ada", 2, True),
        ]
    assert len((await bot.get("/leaderboards/day?max_count=1")).json()["leaderboard"]) == 1
    bob = await known(web, BOB)
    window = (await bot.get(f"/users/{bob}/stats/day/window?window_size=1")).json()
    assert [(score["username"], score["highlighted"]) for score in window["leaderboard"]] == [
        ("bob", True),
        ("ada", False),
    ]
    assert [score["rank"] for score in window["leaderboard"]] == [1, 2]


async def test_an_empty_board_is_of_now(web: Frontend) -> None:
    before = datetime.now(UTC).isoformat()
    got = (await web.get("/leaderboards/day")).json()
    assert got["leaderboard"] == []
    assert before <= got["last_updated"]


@pytest.mark.parametrize(
    "path", ["/leaderboards/year", "/leaderboards/day?max_count=0", "/trollboards/day?max_count=10001"]
)
async def test_what_a_board_cannot_be_asked_is_named(web: Frontend, path: str) -> None:
    got = await web.get(path)
    assert got.status_code == 422
    assert got.json()["detail"][0]["loc"][-1] in ("time_frame", "max_count")


async def test_the_troll_board_counts_what_others_say(web: Frontend, service: Service) -> None:
    await web.work("initial_prompt", ADA)
    task = await web.ask("label_initial_prompt", BOB)
    await web.ack(task)
    await web.settle(labels(task["message_id"], BOB, {"spam": 1, "quality": 0.25, "pii": 1}, task=task["id"]))
    await web.post("/text_labels/", labels(task["message_id"], BOB, {}, words="rude", is_report=True))
    await up_to_date(web)
    (ada, bob) = (await web.get("/trollboards/week")).json()["trollboard"]
    assert set(ada) == TROLL_SCORE
    check_values(ada)
    assert (ada["username"], bob["username"], bob["troll_score"]) == ("ada", "bob", 0)
    named = {
        name: ada[name] for name in ("red_flags", "spam", "pii", "spam_prompts", "quality", "humor", "troll_score")
    }
    assert named == {
        "red_flags": 1,
        "spam": 1,
        "pii": 1,
        "spam_prompts": 1,
        "quality": 0.25,
        "humor": None,
        "troll_score": 5,
    }
    await web.post("/frontend_users/", {**ADA, "enabled": False})
    await up_to_date(web)
    for query, names in (("", ["ada", "bob"]), ("?enabled=true", ["bob"]), ("?enabled=off", ["ada"])):
        board = (await web.get(f"/trollboards/total{query}")).json()["trollboard"]
        assert [score["username"] for score in board] == names


async def test_the_whole_is_counted(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {"Water.": {}, "-Gone.": {}, "!Spam.": {}}})
    await leaderboards.rebuild(service.graph, now=datetime.now(UTC))
    await web.work("initial_prompt", ADA, lang="de")
    await up_to_date(web)
    whole = {"all": 5, "active": 4, "deleted": 1, "active_by_lang": {"de": 1, "en": 3}, "message_trees": 2}
    for path in ("/stats/", "/stats"):
        assert (await web.get(path)).json() == whole
    states = {"growing": 1, "initial_prompt_review": 1}
    assert (await web.get("/stats/tree_manager/state_counts")).json() == states
    counts = (await web.get("/stats/tree_manager/message_counts")).json()
    assert [(row["state"], row["count"], row["depth"]) for row in counts] == [
        ("growing", 3, 1),
        ("initial_prompt_review", 1, 0),
    ]
    check_values(counts)
    assert (await web.get("/stats/tree_manager")).json() == {"state_counts": states, "message_counts": counts}


async def test_only_active_trees_are_listed_unless_asked(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {}})
    await service.graph.execute("MATCH (t:Tree) SET t.state = 'ready_for_export'")
    path = "/stats/tree_manager/message_counts"
    assert (await web.get(path)).json() == []
    assert len((await web.get(f"{path}?only_active=no")).json()) == 1


async def test_statistics_kept_ready_are_there_after_the_first_refresh(web: Frontend, bot: Frontend) -> None:
    got = await bot.get("/stats/cached/users_accepted_tos")
    assert (got.status_code, got.json()["error_code"]) == (400, 6000)
    assert (await bot.get("/stats/cached")).json() == {"stats_by_name": {}}
    await web.work("initial_prompt", {**ADA})
    assert (await web.post("/stats/cached/update", None)).status_code == 204
    everything = (await bot.get("/stats/cached")).json()["stats_by_name"]
    assert set(everything) == {
        "human_messages_by_lang",
        "human_messages_by_role",
        "message_trees_by_state",
        "message_trees_states_by_lang",
        "users_accepted_tos",
    }
    for name, kept in everything.items():
        assert set(kept) == {"name", "last_updated", "stats"}
        assert (await bot.get(f"/stats/cached/{name}")).json() == kept
    assert everything["message_trees_states_by_lang"]["stats"] == [
        {"lang": "en", "state": "initial_prompt_review", "count": 1}
    ]
    assert everything["users_accepted_tos"]["stats"] == {"count": 0}
    assert (await bot.get("/stats/cached/nothing")).status_code == 422


AGREEMENT = {"name", "measure", "metric", "value", "chance", "items", "people", "judgements", "why"}


async def test_progress_tells_what_is_wanted_who_is_at_it_and_how_long_it_takes(web: Frontend) -> None:
    nothing = (await web.get("/stats/progress")).json()
    assert (nothing["trees"], nothing["pools"], nothing["work"]) == ([], [], [])
    assert (nothing["answers_wanted"], nothing["answers_per_hour"], nothing["seconds_left"]) == (0, 0, None)
    await web.work("initial_prompt", ADA)
    task = await web.ask("label_initial_prompt", BOB)
    await up_to_date(web)
    progress = (await web.get("/stats/progress")).json()
    assert progress["trees"] == [{"lang": "en", "state": "initial_prompt_review", "count": 1}]
    (pool,) = progress["pools"]
    next_end = pool.pop("next_end")
    assert next_end > progress["at"]
    assert pool == {
        "kind": "label_initial_prompt", "lang": "en", "places": 1, "wants": 1, "free": 0, "held": 1, "people": 1,
    }  # fmt: skip
    assert [(slot["people"], slot["answers"]) for slot in progress["work"]] == [(1, 1)]
    assert (progress["answers_per_hour"], progress["answers_wanted"], progress["seconds_left"]) == (1, 1, 3600)
    await web.settle(answer(task, await web.ack(task), BOB))
    progress = (await web.get("/stats/progress")).json()
    missing = Limits().goal_tree_size - 1
    assert progress["trees"] == [{"lang": "en", "state": "growing", "count": 1}]
    assert (progress["missing_posts"], progress["answers_wanted"]) == (
        missing,
        missing * (1 + Limits().num_reviews_reply),
    )


async def test_agreement_is_told_with_a_reason_where_there_is_none(web: Frontend, service: Service) -> None:
    empty = (await web.get("/stats/agreement")).json()
    assert (empty["lang"], empty["trees"], empty["users"]) == (None, 0, [])
    assert {label["name"] for label in empty["labels"]} == set(TextLabel)
    for figures in (*empty["labels"], *empty["rankings"]):
        assert set(figures) == AGREEMENT
        assert (figures["value"], figures["chance"], figures["items"]) == (None, None, 0)
        assert figures["why"]
    await bring(service.graph, tree("t", reply("t", "a", lang="de"), reply("t", "b"), lang="de"))
    await review(service.graph, "a", ada={"spam": 0.0, "quality": 0.5}, bob={"spam": 0.0, "quality": 0.75})
    await review(service.graph, "b", ada={"spam": 1.0}, bob={"spam": 1.0})
    await rank(service.graph, "t", ada="ab", bob="ab")
    agreement = (await web.get("/stats/agreement?lang=DE&max_count=5")).json()
    labels = {label["name"]: label for label in agreement["labels"]}
    assert (agreement["lang"], agreement["trees"]) == ("de", 1)
    assert (labels["spam"]["value"], labels["spam"]["metric"], labels["spam"]["judgements"]) == (1.0, "nominal", 4)
    assert (labels["quality"]["value"], labels["quality"]["metric"], labels["quality"]["items"]) == (0, "interval", 1)
    assert agreement["rankings"][0] == {
        "name": "assistant_replies", "measure": "kendall_w", "metric": None, "value": 1.0, "chance": 0.5, "items": 1,
        "people": 2, "judgements": 2, "why": None,
    }  # fmt: skip
    assert [
        (person["user_id"], person["work"], person["value"], person["judgements"]) for person in agreement["users"]
    ] == [
        ("ada", "reviews", None, 2),
        ("bob", "reviews", None, 2),
        ("ada", "rankings", None, 1),
        ("bob", "rankings", None, 1),
    ]
    assert {person["why"][:15] for person in agreement["users"]} <= {"fewer than 20 j", "everybody alway"}
    assert (await web.get("/stats/agreement?lang=fr")).json()["trees"] == 0
    assert (await web.get("/stats/agreement?max_count=10001")).status_code == 422


TRUSTED = (
    ("GET", "/stats/"),
    ("GET", "/stats/tree_manager"),
    ("GET", "/stats/tree_manager/state_counts"),
    ("GET", "/stats/tree_manager/message_counts"),
    ("GET", "/stats/agreement"),
    ("GET", "/trollboards/day"),
    ("POST", "/stats/cached/update"),
    ("POST", "/leaderboards/update"),
    ("POST", "/leaderboards/update/day"),
)


@pytest.mark.parametrize(("how", "path"), TRUSTED)
async def test_what_concerns_the_whole_is_for_trusted_frontends(
    bot: Frontend, web: Frontend, how: str, path: str
) -> None:
    got: httpx.Response = await bot.http.request(how, f"/api/v1{path}")
    assert (got.status_code, got.json()["error_code"]) == (403, 2)
    assert (await web.http.request(how, f"/api/v1{path}")).is_success
