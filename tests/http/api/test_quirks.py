"""What the real frontends do, odd as it is: each test plays one of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from tests.builders import plant
from tests.http.api.conftest import BOT, WEB, Service, serving, snapshot
from tests.http.api.frontend import Frontend, answer, labels, ranking, text, user

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("4711", method="discord")
PAST = datetime(2020, 1, 1, tzinfo=UTC)


async def lapse(graph: Graph, task: str, *, expired: bool = False) -> None:
    """Time passes: the reservation ends, and perhaps the task's validity too."""
    await graph.execute("MATCH (:Task {id: $task})-[lease:LEASES]->() SET lease.until = 1", task=task)
    await graph.execute("MATCH (post:Post) WHERE post.key >= 1 SET post.key = 1")
    if expired:
        await graph.execute("MATCH (task:Task {id: $task}) SET task.expires = $past", task=task, past=PAST)


# The Python client, and the Discord bot that is made of it


async def test_the_python_client_sends_every_null(bot: Frontend) -> None:
    got = await bot.post("/tasks/", {"type": "random", "user": None, "collective": False, "lang": None})
    assert (got.status_code, got.json()["error_code"]) == (400, 4000)
    got = await bot.post("/tasks/", {"type": "random", "user": BOB, "collective": False, "lang": None})
    assert got.status_code == 200
    task = got.json()
    got = await bot.post(f"/tasks/{task['id']}/nack", {"reason": None})
    assert got.status_code == 204


async def test_the_python_client_refuses_without_naming_its_user(bot: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {}})
    task = await bot.ask("assistant_reply", BOB)
    got = await bot.post(f"/tasks/{task['id']}/nack", {"reason": "not wanted"})
    assert (got.status_code, got.content) == (204, b"")
    await bot.post("/frontend_users/", BOB)
    assert (await bot.read(planted["What is rain?"], acting="discord:4711"))["user_emojis"] == ["_skip_reply"]


async def test_review_tasks_that_a_bot_never_answers_end_cleanly(
    bot: Frontend, web: Frontend, service: Service
) -> None:
    await plant(service.graph, {"?What is rain?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW)
    left = await bot.ask("label_initial_prompt", BOB)
    await bot.ack(left, "1000")
    for name in ("ada", "cat"):
        await web.work("label_initial_prompt", user(name))
    got = await web.post("/tasks/", {"type": "label_initial_prompt", "user": user("dan")})
    assert (got.status_code, got.json()["error_code"]) == (503, 1006)  # the bot still has the last place
    await lapse(service.graph, left["id"], expired=True)
    await web.work("label_initial_prompt", user("dan"))
    got = await bot.post("/tasks/interaction", labels(left["message_id"], BOB, task=left["id"]))
    assert (got.status_code, got.json()["error_code"]) == (400, 2101)
    got = await bot.post(f"/tasks/{left['id']}/nack", {})
    assert (got.status_code, got.json()["error_code"]) == (400, 2101)


async def test_a_reply_without_a_language_has_that_of_its_parent(bot: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"Was ist Regen?": {}}, lang="de")
    for number, lang in enumerate(({}, {"lang": None}, {"lang": ""})):
        who = user(str(number), method="discord")
        task = await bot.ask("assistant_reply", who, lang="de")
        await bot.settle(text(await bot.ack(task), who, f"Wasser {number}.", **lang))
    replies = await bot.read(planted["Was ist Regen?"], "/children")
    assert [message["lang"] for message in replies] == ["de", "de", "de"]


async def test_a_bot_acknowledges_when_its_user_accepts_and_answers_much_later(bot: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {}})
    task = await bot.ask("assistant_reply", BOB)
    ack = await bot.ack(task)
    await lapse(service.graph, task["id"])
    await bot.settle(text(ack, BOB, "Water, if late."))
    (reply,) = await bot.read(planted["What is rain?"], "/children")
    assert reply["text"] == "Water, if late."


# The text frontends


async def test_a_text_frontend_registers_accepts_and_writes_labels_as_text(bot: Frontend, service: Service) -> None:
    got = await bot.post("/frontend_users/", {**ADA, "tos_acceptance": True})
    assert got.status_code == 200
    await plant(service.graph, {"?What is rain?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW)
    task = await bot.ask("label_initial_prompt", ADA)
    await bot.ack(task, "1234")
    values = {"spam": "0", "lang_mismatch": "0", "quality": "0.75"}
    body = {
        "type": "text_labels",
        "text": "",
        "labels": values,
        "message_id": task["message_id"],
        "task_id": task["id"],
    }
    await bot.settle({**body, "user": ADA})


async def test_a_text_frontend_names_the_task_where_nobody_asks(bot: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {}})
    await plant(service.graph, {"What is snow?": {"Water.": {}, "Weather.": {}}}, state=TreeState.RANKING)
    task = await bot.ask("assistant_reply", ADA)
    await bot.settle(text(await bot.ack(task, "1000"), ADA, task_id=task["id"]))
    task = await bot.ask("rank_assistant_replies", ADA)
    await bot.settle(ranking(await bot.ack(task, "1001"), ADA, ["0", "1"], task_id=task["id"]))


async def test_a_text_frontend_draws_four_digits_for_an_id_and_may_draw_them_twice(bot: Frontend) -> None:
    first, second = [await bot.ask("initial_prompt", ADA) for _ in range(2)]
    await bot.ack(first, "4242")
    got = await bot.post(f"/tasks/{second['id']}/ack", {"message_id": "4242"})
    assert (got.status_code, got.json()["error_code"]) == (400, 2103)
    await bot.ack(second, "4243")
    await bot.settle(text("4242", ADA, "The first."))
    await bot.settle(text("4243", ADA, "The second."))


# The website


async def test_the_website_sends_key_user_and_content_type_with_every_request(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {}})
    web.http.headers.update({"X-OASST-USER": "local:ada", "Content-Type": "application/json"})
    assert (await web.post("/frontend_users/", ADA)).status_code == 200  # before the user exists
    assert (await web.get("/frontend_users/local/ada")).status_code == 200
    assert (await web.read(planted["What is rain?"]))["user_is_author"] is False
    assert (await web.get("/text_labels/valid_labels")).status_code == 200
    task = await web.ask("assistant_reply", ADA)
    await web.settle(answer(task, await web.ack(task), ADA))


async def test_the_website_acknowledges_only_when_it_submits(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {}})
    task = await web.ask("assistant_reply", ADA)
    body = text("m-1", ADA)
    early = await web.post("/tasks/interaction", body)
    assert (early.status_code, early.json()["error_code"]) in [(400, 2100), (400, 2104)]
    await web.ack(task, "m-1", acting="local:ada")
    await web.settle(body)


async def test_the_website_sends_its_user_in_latin_letters_as_they_come(web: Frontend) -> None:
    zoe = user("zoë")
    task = await web.ask("initial_prompt", zoe)
    for encoding in ("utf-8", "latin-1"):
        got = await web.http.post(
            f"/api/v1/tasks/{task['id']}/ack",
            json={"message_id": "m"},
            headers={b"X-OASST-USER": "local:zoë".encode(encoding)},
        )
        assert got.status_code == 204, got.text


async def test_an_acting_user_without_a_colon_is_ignored_and_logged_once_a_client(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(service.graph, Limits()) as url:  # a service that has warned nobody yet
        new_service = Service(url, service.graph)
        async with new_service.frontend(WEB) as web, new_service.frontend(BOT) as bot:
            for frontend in (web, web, bot):
                assert (await frontend.get("/messages/", acting="ada")).status_code == 200
            assert (await web.get("/messages/")).status_code == 200
    warned = [record.getMessage() for record in caplog.records if "acting user" in record.getMessage()]
    assert [message.count("X-OASST-USER") for message in warned] == [1, 1]
    assert not [message for message in warned if "ada" in message]


async def test_a_user_name_may_hold_a_colon(web: Frontend) -> None:
    odd = user("a:b:c")
    await web.ack(await web.ask("initial_prompt", odd), acting="local:a:b:c")


async def test_the_website_reports_a_message_with_a_list_for_a_map(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {}})
    for reason in ("spam", "really, spam"):
        body = labels(planted["What is rain?"], ADA, [], words=reason, is_report=True)
        got = await web.post("/text_labels/", body)
        assert (got.status_code, got.content) == (204, b"")
    rows = await service.graph.execute("MATCH (report:Report) RETURN report.text AS text ORDER BY text")
    assert [row["text"] for row in rows] == ["really, spam", "spam"]
    got = await web.read(planted["What is rain?"], acting="local:ada")
    assert (got["emojis"], got["user_emojis"]) == ({"red_flag": 1}, ["red_flag"])


async def test_a_later_remark_takes_the_place_of_the_earlier_but_a_report_does_not(
    web: Frontend, service: Service
) -> None:
    post = (await plant(service.graph, {"What is rain?": {}}))["What is rain?"]
    for values in ({"humor": 1}, {"quality": 0.5}):
        assert (await web.post("/text_labels/", labels(post, ADA, values))).status_code == 204
    await web.post("/text_labels/", labels(post, ADA, [], words="rude", is_report=True))
    (row,) = await service.graph.execute(
        "MATCH (remark:Remark) RETURN remark.humor AS humor, remark.quality AS quality"
    )
    assert row == {"humor": None, "quality": 0.5}


async def test_labels_through_either_endpoint_decide_about_a_message(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"?What is rain?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW)
    for number in range(3):
        who = user(f"u{number}")
        task = await web.ask("label_initial_prompt", who)
        await web.ack(task)
        got = await web.post("/text_labels/", labels(task["message_id"], who, task=task["id"]))
        assert got.status_code == 204
    assert (await web.read(planted["What is rain?"]))["review_result"] is True


async def test_the_website_adds_a_user_to_the_query_of_a_message_for_nothing(web: Frontend, service: Service) -> None:
    post = (await plant(service.graph, {"What is rain?": {}}))["What is rain?"]
    assert await web.read(post, "?username=nobody&auth_method=discord") == await web.read(post)


async def test_the_dashboard_may_look_as_often_as_it_likes(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {"?Water.": {}}}, {"What is snow?": {}})
    before = await snapshot(service.graph)
    for name in ("ada", "bob", "ada"):
        got = await web.post("/tasks/availability?lang=en", user(name))
        counts = got.json()
        assert (counts["assistant_reply"], counts["label_assistant_reply"]) == (2, 1)
    assert await snapshot(service.graph) == before


# Whoever it is


async def test_nobody_acknowledges_or_refuses_a_task_of_somebody_else(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {}})
    await web.post("/frontend_users/", user("eve"))
    task = await web.ask("assistant_reply", ADA)
    for step, body in (("ack", {"message_id": "m"}), ("nack", {})):
        got = await web.post(f"/tasks/{task['id']}/{step}", body, acting="local:eve")
        assert (got.status_code, got.json()["error_code"]) == (400, 2106)
    await web.settle(text(await web.ack(task, acting="local:ada"), ADA))


async def test_a_skipped_task_may_still_be_answered_while_its_place_is_free(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {}})
    task = await web.ask("assistant_reply", ADA)
    await web.post(f"/tasks/{task['id']}/nack", {})
    await web.settle(text(await web.ack(task), ADA, "On second thoughts: water."))
    (reply,) = await web.read(planted["What is rain?"], "/children")
    assert reply["text"] == "On second thoughts: water."


async def test_the_labels_for_a_message_are_those_of_its_kind(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {"Water.": {"Why?": {}}}})

    async def names(query: str) -> list[str]:
        got = await web.get(f"/text_labels/valid_labels{query}")
        return [label["name"] for label in got.json()["valid_labels"]]

    everything = await names("")
    assert "fails_task" not in everything
    assert len(everything) == 14
    for words, asked in (("What is rain?", False), ("Water.", True), ("Why?", False)):
        labels = await names(f"?message_id={planted[words]}")
        assert labels[:2] == ["spam", "lang_mismatch"]
        assert ("fails_task" in labels, "helpfulness" in labels) == (asked, asked)


async def test_the_labels_for_reports_need_no_key(service: Service) -> None:
    async with service.frontend(None) as nobody:
        got = await nobody.get("/text_labels/report_labels")
    assert [label["name"] for label in got.json()["valid_labels"]] == [
        "spam",
        "not_appropriate",
        "pii",
        "hate_speech",
        "sexual_content",
        "moral_judgement",
        "political_content",
        "toxicity",
        "violence",
        "quality",
    ]


async def test_a_key_admitted_with_the_root_token_works_at_once(service: Service) -> None:
    from tests.http.api.conftest import ROOT

    async with service.frontend(None) as operator:
        got = await operator.http.post(
            "/api/v1/admin/api_client",
            json={"description": "a new frontend", "frontend_type": "web", "trusted": False},
            headers={"Authorization": f"Bearer {ROOT}"},
        )
    assert got.status_code == 200
    key = got.json()
    assert isinstance(key, str)
    async with service.frontend(key) as newcomer:
        await newcomer.work("initial_prompt", ADA)
        got = await newcomer.post("/frontend_users/", {**ADA, "notes": "not trusted"})
        assert got.status_code == 403
    rows = await service.graph.execute("MATCH (client:Client) RETURN properties(client) AS client")
    assert all(key not in str(row["client"]) for row in rows)
