"""The four-step exchange over HTTP: every kind of task is asked for, acknowledged and answered or refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import EndVoteAnswer, LabelAnswer, RankingAnswer, TaskKind, TextAnswer
from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from oa_graph.policy.kinds import KINDS, TaskFamily
from tests.builders import Shape, lapse, person, plant
from tests.http.api.conftest import WEB, Service
from tests.http.api.frontend import Body, Frontend, answer, end_vote, labels, ranking, text, user
from tests.http.api.shapes import MESSAGE, UUID, check_task, check_values

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")


@dataclass(frozen=True, slots=True)
class Scene:
    """Trees that hold one task of one kind."""

    state: TreeState
    trees: Sequence[Shape]


SCENES: Mapping[TaskKind, Scene] = {
    TaskKind.INITIAL_PROMPT: Scene(TreeState.GROWING, []),
    TaskKind.ASSISTANT_REPLY: Scene(TreeState.GROWING, [{"What is rain?": {}}]),
    TaskKind.PROMPTER_REPLY: Scene(TreeState.GROWING, [{"What is rain?": {"Water.": {}}}]),
    TaskKind.LABEL_INITIAL_PROMPT: Scene(TreeState.INITIAL_PROMPT_REVIEW, [{"?What is rain?": {}}]),
    TaskKind.LABEL_ASSISTANT_REPLY: Scene(TreeState.GROWING, [{"What is rain?": {"?Water.": {}}}]),
    TaskKind.LABEL_PROMPTER_REPLY: Scene(TreeState.GROWING, [{"What is rain?": {"Water.": {"?Why?": {}}}}]),
    TaskKind.DECIDE_END: Scene(TreeState.GROWING, [{"What is rain?": {"=Water.": {}}}]),
    TaskKind.RANK_ASSISTANT_REPLIES: Scene(TreeState.RANKING, [{"What is rain?": {"Water.": {}, "Weather.": {}}}]),
    TaskKind.RANK_PROMPTER_REPLIES: Scene(TreeState.RANKING, [{"What is rain?": {"Water.": {"Why?": {}, "How?": {}}}}]),
    TaskKind.RANK_INITIAL_PROMPTS: Scene(
        TreeState.PROMPT_LOTTERY_WAITING, [{"What is rain?": {}}, {"What is snow?": {}}, {"What is hail?": {}}]
    ),
}
GIVEN = {TextAnswer: "Post", RankingAnswer: "Ranking", LabelAnswer: "Review", EndVoteAnswer: "EndVote"}
PLACED = [kind for kind in KINDS if KINDS[kind].family not in (TaskFamily.PROMPT, TaskFamily.RANK_PROMPTS)]


LIMITS = Limits(rank_prompter_replies=True, num_prompter_replies=2)


@pytest.fixture
def limits() -> Limits:
    return LIMITS


async def set_up(graph: Graph, kind: TaskKind) -> None:
    scene = SCENES[kind]
    if scene.trees:
        await plant(graph, *scene.trees, state=scene.state, limits=LIMITS)


async def outcome(graph: Graph, task: str) -> tuple[bool, Any]:
    """Whether the task is done, and what it gave."""
    (row,) = await graph.execute(
        """
        MATCH (task:Task {id: $task}) OPTIONAL MATCH (task)-[:GAVE]->(given)
        RETURN task.done IS NOT NULL AS done, [each IN labels(given) WHERE NOT each STARTS WITH 'In'] AS given
        """,
        task=task,
    )
    return row["done"], row["given"]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_goes_through_the_four_steps(web: Frontend, service: Service, kind: TaskKind) -> None:
    await set_up(service.graph, kind)
    task = await web.ask(kind, ADA, lang="en")
    assert task["type"] == kind
    check_task(task)
    ack = await web.ack(task, acting="local:ada")
    await web.ack(task, ack)  # the same again changes nothing
    done = await web.settle(answer(task, ack, ADA))
    assert set(done) == {"id", "type"}
    assert done["type"] == "task_done"
    assert UUID.fullmatch(done["id"])
    assert await outcome(service.graph, task["id"]) == (True, [GIVEN[KINDS[kind].answer]])


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_can_be_refused_before_and_after_its_ack(
    web: Frontend, service: Service, kind: TaskKind
) -> None:
    await set_up(service.graph, kind)
    first = await web.ask(kind, ADA)
    got = await web.post(f"/tasks/{first['id']}/nack", {"reason": "too hard"}, acting="local:ada")
    assert (got.status_code, got.content) == (204, b"")
    second = await web.ask(kind, BOB)
    await web.ack(second)
    got = await web.post(f"/tasks/{second['id']}/nack", {})
    assert (got.status_code, got.content) == (204, b"")
    assert await outcome(service.graph, second["id"]) == (False, None)


@pytest.mark.parametrize("kind", PLACED)
async def test_what_was_skipped_is_not_offered_to_the_same_user_again(
    web: Frontend, service: Service, kind: TaskKind
) -> None:
    await set_up(service.graph, kind)
    task = await web.ask(kind, ADA)
    await web.post(f"/tasks/{task['id']}/nack", {})
    got = await web.post("/tasks/", {"type": kind, "user": ADA})
    assert (got.status_code, got.json()["error_code"]) == (503, 1006)


@pytest.mark.parametrize("kind", KINDS)
async def test_availability_knows_what_can_be_asked_for_and_changes_nothing(
    web: Frontend, service: Service, kind: TaskKind
) -> None:
    await set_up(service.graph, kind)
    before = (await web.post("/tasks/availability?lang=en", ADA)).json()
    assert set(before) == {
        *TaskKind,
        "random",
        "summarize_story",
        "rate_summary",
    }
    assert before[kind] > 0
    assert before["random"] == sum(count for name, count in before.items() if name != "random")
    assert (await web.post("/tasks/availability?lang=en", ADA)).json() == before
    other = (await web.post("/tasks/availability?lang=pt-BR", ADA)).json()
    assert other[kind] == (before[kind] if kind is TaskKind.INITIAL_PROMPT else 0)


async def test_only_frontends_that_can_show_prompts_to_rank_are_given_them_at_random(
    web: Frontend, bot: Frontend, service: Service
) -> None:
    await set_up(service.graph, TaskKind.RANK_INITIAL_PROMPTS)
    assert (await bot.post("/tasks/availability", ADA)).json()["rank_initial_prompts"] == 0
    seen = {(await bot.ask("random", user(f"b{i}")))["type"] for i in range(6)}
    assert seen == {"initial_prompt"}
    seen = {(await web.ask("random", user(f"w{i}")))["type"] for i in range(6)}
    assert "rank_initial_prompts" in seen


async def test_only_frontends_that_can_show_end_votes_see_them(web: Frontend, bot: Frontend, service: Service) -> None:
    await set_up(service.graph, TaskKind.DECIDE_END)
    got = await bot.post("/tasks/", {"type": "decide_end", "user": ADA})
    assert (got.status_code, got.json()["error_code"]) == (503, 1006)
    assert len((await bot.post("/tasks/availability", ADA)).json()) == 12
    counts = (await web.post("/tasks/availability", BOB)).json()
    assert (len(counts), counts["decide_end"]) == (13, 1)
    seen = {(await bot.ask("random", user(f"b{i}")))["type"] for i in range(6)}
    assert "decide_end" not in seen


async def test_a_conversation_ends_by_votes_and_its_message_says_so(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {}}, limits=LIMITS)
    task = await web.ask("assistant_reply", ADA)
    ack = await web.ack(task)
    await web.settle(text(ack, ADA, "Water that falls.", ends_conversation=True))
    for i in range(LIMITS.num_reviews_reply):
        reviewer = user(f"r{i}")
        review = await web.ask("label_assistant_reply", reviewer)
        await web.settle(answer(review, await web.ack(review), reviewer))
    got = await web.post("/tasks/", {"type": "decide_end", "user": ADA})
    assert got.json()["error_code"] == 1006  # the author does not vote
    post = ""
    for i in range(2):
        voter = user(f"v{i}")
        vote = await web.ask("decide_end", voter)
        post = vote["conversation"]["messages"][-1]["id"]
        assert "ended" not in (await web.get(f"/messages/{post}")).json()
        await web.settle(end_vote(await web.ack(vote), voter, ends=True))
    assert (await web.get(f"/messages/{post}")).json()["ended"] is True
    messages = (await web.get(f"/messages/{post}/conversation")).json()["messages"]
    assert [message.get("ended") for message in messages] == [None, True]


async def test_moderators_end_and_reopen_a_conversation(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {"Water.": {}}}, limits=LIMITS)
    path = f"/api/v1/messages/{planted['Water.']}/end"
    got = await web.http.put(path)
    assert (got.status_code, got.json()["ended"]) == (200, True)
    got = await web.post("/tasks/", {"type": "prompter_reply", "user": ADA})
    assert got.json()["error_code"] == 1006
    got = await web.http.delete(path)
    assert (got.status_code, "ended" in got.json()) == (200, False)
    assert (await web.ask("prompter_reply", ADA))["type"] == "prompter_reply"


async def test_a_conversation_runs_from_the_root_with_everything_about_each_message(
    web: Frontend, service: Service
) -> None:
    planted = await plant(service.graph, {"What is rain?": {"Water.": {}}})
    task = await web.ask("prompter_reply", ADA)
    ids = [planted["What is rain?"], planted["Water."]]
    assert task == {
        "id": task["id"],
        "guideline": None,
        "lease_until": task["lease_until"],
        "expires": task["expires"],
        "type": "prompter_reply",
        "hint": None,
        "conversation": {
            "messages": [
                {
                    "id": id,
                    "user_id": None,
                    "frontend_message_id": None,
                    "text": words,
                    "lang": "en",
                    "is_assistant": is_assistant,
                    "emojis": {},
                    "user_emojis": [],
                    "user_is_author": False,
                    "synthetic": False,
                }
                for id, words, is_assistant in zip(ids, ["What is rain?", "Water."], [False, True], strict=True)
            ]
        },
    }


async def test_a_ranking_shows_its_candidates_twice_and_names_parent_and_tree(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {"Water.": {}, "Weather.": {}}}, state=TreeState.RANKING)
    task = await web.ask("rank_assistant_replies", ADA)
    assert sorted(task["replies"]) == ["Water.", "Weather."]
    assert [message["text"] for message in task["reply_messages"]] == task["replies"]
    assert [message["id"] for message in task["reply_messages"]] == [planted[words] for words in task["replies"]]
    assert task["ranking_parent_id"] == task["message_tree_id"] == planted["What is rain?"]
    assert task["reveal_synthetic"] is False
    assert {message["synthetic"] for message in task["reply_messages"]} == {None}


async def test_a_review_asks_for_the_labels_in_the_order_of_their_names(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {"?Water.": {}}})
    task = await web.ask("label_assistant_reply", ADA)
    assert task["message_id"] == planted["Water."]
    assert task["reply"] == "Water."
    assert [label["name"] for label in task["labels"]] == task["valid_labels"]
    assert task["mandatory_labels"] == ["spam"]
    assert (task["mode"], task["disposition"]) == ("full", "quality")
    assert [message["text"] for message in task["conversation"]["messages"]] == ["What is rain?", "Water."]


async def test_a_ranking_puts_the_index_of_the_best_first(web: Frontend, service: Service) -> None:
    shape: Shape = {"What is rain?": {"Water.": {}, "Weather.": {}, "Wet.": {}}}
    await plant(service.graph, shape, state=TreeState.RANKING)
    task = await web.ask("rank_assistant_replies", ADA)
    await web.settle(ranking(await web.ack(task), ADA, [2, 0, 1]))
    rows = await service.graph.execute(
        "MATCH (:Ranking)-[ranked:RANKED]->(post:Post) RETURN post.text AS text ORDER BY ranked.position"
    )
    assert [row["text"] for row in rows] == [task["replies"][i] for i in (2, 0, 1)]


async def test_an_ack_tells_whether_the_place_is_reserved_and_until_when(web: Frontend, service: Service) -> None:
    limits = replace(LIMITS, max_children_count=1, max_tree_depth=1)
    await plant(service.graph, {"What is rain?": {}}, limits=limits)

    async def lease(task: Body) -> str | None:
        got = await web.post(f"/tasks/{task['id']}/ack", {"message_id": f"ack-{task['id']}"})
        assert (got.status_code, got.content) == (204, b"")
        return got.headers.get("x-oasst-lease")

    late = await web.ask("assistant_reply", ADA)
    for _ in range(2):
        match = re.fullmatch(r'held; until="(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"', await lease(late) or "")
        assert match
        left = datetime.fromisoformat(match[1]) - datetime.now(UTC)
        assert timedelta(seconds=LIMITS.lease_sec - 60) < left <= timedelta(seconds=LIMITS.lease_sec)
    await lapse(service.graph)
    await web.ask("assistant_reply", BOB)
    assert await lease(late) == "lost"
    await web.settle(text(f"ack-{late['id']}", ADA))
    assert await lease(late) is None
    assert await lease(await web.ask("initial_prompt", ADA)) is None


async def test_labels_that_name_no_task_are_a_remark_and_leave_the_task_open(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {"?Water.": {}}})
    task = await web.ask("label_assistant_reply", ADA)
    await web.ack(task)
    await web.settle(labels(task["message_id"], ADA))
    assert await outcome(service.graph, task["id"]) == (False, None)
    await web.settle(labels(task["message_id"], ADA, task=task["id"]))
    assert await outcome(service.graph, task["id"]) == (True, ["Review"])


async def test_a_judge_is_not_told_who_wrote_what_is_judged(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"What is rain?": {"?Water.": {}}}, author=person("zoe"))
    await plant(
        service.graph, {"What is snow?": {"Ice.": {}, "Cold.": {}}}, state=TreeState.RANKING, author=person("zoe")
    )
    review, ranking = await web.ask("label_assistant_reply", ADA), await web.ask("rank_assistant_replies", ADA)
    above, judged = review["conversation"]["messages"]
    assert UUID.fullmatch(above["user_id"])
    for message in (judged, *ranking["reply_messages"]):
        assert (message["user_id"], message["synthetic"], message["user_is_author"]) == (None, None, False)


# What frontends may leave out, add, or write otherwise


async def test_a_task_can_be_asked_for_with_the_user_alone(web: Frontend) -> None:
    for body in ({"user": ADA}, {"user": ADA, "type": "random", "lang": None}, {"user": ADA, "lang": ""}):
        got = await web.post("/tasks/", body)
        assert (got.status_code, got.json()["type"]) == (200, "initial_prompt")


async def test_unknown_fields_and_parameters_are_ignored(web: Frontend) -> None:
    got = await web.post("/tasks/?colour=blue", {"user": {**ADA, "age": 36}, "type": "initial_prompt", "mood": []})
    assert got.status_code == 200
    task = got.json()
    ack = await web.ack(task)
    got = await web.post("/tasks/interaction", text(ack, ADA, task_id=task["id"], labels=None, unheard_of={"of": 1}))
    assert got.status_code == 200


async def test_numbers_may_be_written_as_text_and_text_as_numbers(web: Frontend, service: Service) -> None:
    ada = {"id": 4711, "display_name": 12, "auth_method": "local"}
    await plant(service.graph, {"What is rain?": {"Water.": {}, "Weather.": {}}}, state=TreeState.RANKING)
    task = await web.ask("rank_assistant_replies", ada)
    got = await web.post(f"/tasks/{task['id']}/ack", {"message_id": 99})
    assert got.status_code == 204
    await web.settle(ranking("99", ada, ["1", "0"], not_rankable="false"))
    await plant(service.graph, {"What is snow?": {"?Water.": {}}})
    task = await web.ask("label_assistant_reply", ada)
    await web.ack(task)
    await web.settle(labels(task["message_id"], ada, {"spam": "0", "quality": "0.25"}, task=task["id"]))
    (row,) = await service.graph.execute("MATCH (review:Review) RETURN review.spam AS spam, review.quality AS quality")
    assert row == {"spam": 0.0, "quality": 0.25}
    got = await web.get("/frontend_users/local/4711")
    assert (got.json()["id"], got.json()["display_name"]) == ("4711", "12")


async def test_a_map_may_be_an_empty_list(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {}})
    body = labels(planted["What is rain?"], ADA, [], words="It is rude.", is_report=True)
    got = await web.post("/text_labels/", body)
    assert (got.status_code, got.content) == (204, b"")


async def test_the_type_of_an_interaction_may_be_left_out(web: Frontend) -> None:
    task = await web.ask("initial_prompt", ADA)
    body = text(await web.ack(task), ADA)
    del body["type"]
    await web.settle(body)


@pytest.mark.parametrize("path", ["/tasks", "/text_labels", "/frontend_users"])
async def test_paths_with_and_without_their_slash_are_served_alike(web: Frontend, service: Service, path: str) -> None:
    planted = await plant(service.graph, {"What is rain?": {}})
    bodies = {"/tasks": {"user": ADA}, "/text_labels": labels(planted["What is rain?"], ADA), "/frontend_users": ADA}
    answers = [await web.post(form, bodies[path]) for form in (path, f"{path}/")]
    assert len({(got.status_code, got.headers.get("content-type")) for got in answers}) == 1
    assert answers[0].status_code in (200, 204)
    for slashed in ("/messages/{id}/", "/messages/{id}"):
        got = await web.get(slashed.format(id=planted["What is rain?"]))
        assert (got.status_code, set(got.json())) == (200, MESSAGE)


async def test_the_key_and_the_user_may_stand_in_the_query_which_wins(service: Service) -> None:
    async with service.frontend("no such key") as nobody:
        got = await nobody.post(f"/tasks/?api_key={WEB}", {"user": ADA})
        assert got.status_code == 200
        path = f"/tasks/{got.json()['id']}/ack?api_key={WEB}"
        got = await nobody.post(f"{path}&oasst_user=local:nobody", {"message_id": "a"}, acting="local:ada")
        assert (got.status_code, got.json()["error_code"]) == (404, 4002)
        got = await nobody.post(f"{path}&oasst_user=local:ada", {"message_id": "a"}, acting="local:nobody")
        assert got.status_code == 204


async def test_an_acting_user_without_a_colon_is_no_user(web: Frontend) -> None:
    task = await web.ask("initial_prompt", ADA)
    await web.ack(task, acting="ada")


async def test_every_body_is_json_in_utf8(web: Frontend) -> None:
    for got in (
        await web.post("/tasks/", {"user": ADA}),
        await web.post("/tasks/", {}),
        await web.post("/tasks/", {"user": 1}),
        await web.get("/nowhere"),
        await web.get("/tasks/"),
        await web.get("/text_labels/report_labels"),
    ):
        assert got.headers["content-type"].partition(";")[0] == "application/json", got
        assert got.json()


# Texts


TEXTS = {
    "latin": "Où était-ce? Žluťoučký kůň, straße.",
    "cyrillic": "Съешь ещё этих мягких булок",
    "greek": "Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία",
    "arabic": "\u200fما هو المطر؟\u200f",
    "hebrew": "מהו גשם? (בערך)",
    "devanagari": "वर्षा क्या है?",
    "thai": "ฝนคืออะไร",
    "chinese": "什么是雨？",
    "japanese": "雨とは何ですか。",
    "korean": "비가 뭐예요?",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👋🏽",
    "beyond the basic plane": "𝕽𝖆𝖎𝖓 𓀀 𠜎",
    "combining": "e\u0301 is not \u00e9",
    "directions": "\u202eright to left\u202c and \u2067back\u2069",
    "zero width": "\u200bnot\u200dwhite\ufeff",
    "lines": "one\r\n\n\ttwo   three\u2028four",
    "markup": "<b>&amp;</b> \"'`${1} {{x}} $text // MATCH (n) DETACH DELETE n;",
    "controls": "\x01 bell \x07 escape \x1b and delete \x7f.",
}


@pytest.mark.parametrize("words", TEXTS.values(), ids=TEXTS)
async def test_a_text_of_any_script_comes_back_as_it_was_sent(web: Frontend, words: str) -> None:
    who = user("Zoë 雨", display_name=words)
    task = await web.ask("initial_prompt", who)
    await web.settle(text(await web.ack(task), who, words, message=words))
    task = await web.ask("label_initial_prompt", BOB)
    (message,) = task["conversation"]["messages"]
    assert message["text"] == words
    read = await web.read(message["id"])
    assert (read["text"], read["frontend_message_id"]) == (words, words)
    check_values(read)
    assert (await web.get("/frontend_users/local/Zoë 雨")).json()["display_name"] == words


@pytest.mark.parametrize("white", [" ", "\n", "\t\r\n", "\u00a0", "\u3000", "\u2029 \u2003", "\x85"])
async def test_only_outer_white_space_is_stripped(web: Frontend, white: str) -> None:
    task = await web.ask("initial_prompt", ADA)
    await web.settle(text(await web.ack(task), ADA, f"{white}What{white}is rain?{white}"))
    task = await web.ask("label_initial_prompt", BOB)
    assert task["prompt"] == f"What{white}is rain?"


async def test_a_null_character_is_refused_with_the_name_of_its_field(web: Frontend, service: Service) -> None:
    task = await web.ask("initial_prompt", ADA)
    ack = await web.ack(task)
    planted = await plant(service.graph, {"What is rain?": {}})
    bad = "what is \0 rain?"
    for path, body, field in [
        ("/tasks/interaction", text(ack, ADA, bad), ["text"]),
        ("/tasks/interaction", text(bad, ADA), ["message_id"]),
        ("/tasks/interaction", text(ack, ADA, message=bad), ["user_message_id"]),
        ("/tasks/interaction", text(ack, ADA, lang="e\0"), ["lang"]),
        ("/tasks/interaction", text(ack, {**ADA, "id": bad}), ["user", "id"]),
        ("/tasks/interaction", text(ack, {**ADA, "display_name": bad}), ["user", "display_name"]),
        ("/text_labels/", labels(planted["What is rain?"], ADA, words=bad), ["text"]),
        ("/tasks/", {"user": {**ADA, "id": bad}}, ["user", "id"]),
        ("/tasks/", {"user": ADA, "lang": bad}, ["lang"]),
        ("/tasks/availability", {**ADA, "id": bad}, ["id"]),
        (f"/tasks/{task['id']}/ack", {"message_id": bad}, ["message_id"]),
        (f"/tasks/{task['id']}/nack", {"reason": bad}, ["reason"]),
        ("/tasks/close", {"message_id": bad}, ["message_id"]),
        ("/frontend_users/", {**ADA, "notes": bad}, ["notes"]),
    ]:
        got = await web.post(path, body)
        assert got.status_code == 422, (path, body, got.text)
        assert [error["loc"] for error in got.json()["detail"]] == [["body", *field]], path


async def test_a_text_as_long_as_the_limit_is_taken_whatever_its_characters(web: Frontend) -> None:
    task = await web.ask("initial_prompt", ADA)
    await web.settle(text(await web.ack(task), ADA, "𓀀" * 2000))
    assert (await web.ask("label_initial_prompt", BOB))["prompt"] == "𓀀" * 2000


# Collective tasks


async def test_a_collective_task_takes_an_answer_from_each_and_is_closed_by_its_ack_id(
    web: Frontend, service: Service
) -> None:
    await plant(service.graph, {"What is rain?": {}})
    task = await web.ask("assistant_reply", ADA, collective=True)
    ack = await web.ack(task)
    for name in ("ada", "bob", "cat"):
        await web.settle(text(ack, user(name), f"{name} says so."))
    got = await web.post("/tasks/interaction", text(ack, ADA, "Another one."))
    assert (got.status_code, got.json()["error_code"]) == (400, 2105)
    got = await web.post("/tasks/close", {"message_id": ack})
    assert (got.status_code, got.json()["type"]) == (200, "task_done")
    got = await web.post("/tasks/interaction", text(ack, user("dan"), "Too late."))
    assert (got.status_code, got.json()["error_code"]) == (400, 2105)
    (row,) = await service.graph.execute("MATCH (:Post)-[reply:REPLY_TO]->() RETURN count(reply) AS replies")
    assert row["replies"] == 3


async def test_a_reply_is_found_by_its_message_with_all_that_is_known_of_it(web: Frontend, service: Service) -> None:
    planted = await plant(service.graph, {"What is rain?": {}}, lang="de")
    task = await web.ask("assistant_reply", ADA, lang="de")
    await web.settle(text(await web.ack(task), ADA, "Wasser.", message=f"web-{uuid4()}"))
    (reply,) = await web.read(planted["What is rain?"], "/children", acting="local:ada")
    assert set(reply) == MESSAGE
    check_values(reply)
    assert reply["lang"] == "de"
    assert (reply["parent_id"], reply["message_tree_id"]) == (planted["What is rain?"],) * 2
    assert (reply["review_result"], reply["review_count"], reply["user_is_author"]) == (None, 0, True)
