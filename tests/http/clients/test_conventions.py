"""The conventions of the protocol: credentials, slashes, lax values, languages, and what every response looks like."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.http.clients import shapes
from tests.http.clients.conftest import Place
from tests.http.clients.conventions import NO_ROUTE, Answer, Body, Raw, Refused, person, value
from tests.http.clients.growing import prompt, reply
from tests.http.clients.shapes import FrontEndUser, Message, MessageTree, RankReplies, read
from tests.http.clients.website import Visitor

pytestmark = pytest.mark.anyio

EVE = person("eve")


# Credentials


async def test_a_key_may_stand_in_the_query_which_wins(nobody: Raw, place: Place) -> None:
    path = "/text_labels/valid_labels"
    assert await nobody.call("GET", f"{path}?api_key={place.bot}")
    assert await nobody.call("GET", f"{path}?api_key={place.bot}", headers={"X-API-Key": "wrong"})
    refused = await nobody.refused("GET", f"{path}?api_key=wrong", headers={"X-API-Key": place.bot})
    assert refused == (403, 2)


async def test_a_key_that_is_missing_unknown_or_off_is_refused(nobody: Raw, place: Place) -> None:
    for key in ("", "wrong", place.off):
        refused = await nobody.refused("POST", "/tasks/", json={"user": EVE}, headers={"X-API-Key": key})
        assert refused == (403, 2)
    assert await nobody.refused("POST", "/tasks/", json={"user": EVE}) == (403, 2)


async def test_the_key_is_looked_at_before_the_body(nobody: Raw) -> None:
    assert await nobody.refused("POST", "/tasks/", json={"user": {}}) == (403, 2)


async def test_a_root_token_that_is_wrong_or_missing_is_refused(nobody: Raw, place: Place) -> None:
    body = {"description": "x", "frontend_type": "bot"}
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-API-Key": place.web}):
        assert await nobody.refused("POST", "/admin/api_client", json=body, headers=headers) == (403, 3)


async def test_a_new_key_comes_as_a_json_string_and_works(place: Place, nobody: Raw) -> None:
    key = await place.admit("a new frontend", trusted=True, admin_email="a@example.org")
    got = await nobody.call("POST", "/tasks/", json={"user": EVE}, headers={"X-API-Key": key})
    assert got["type"] == "initial_prompt"


async def test_the_acting_user_may_stand_in_the_query_which_wins(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    post = await prompt(ada, bob, "What is rain?")
    for headers, query, is_author in (
        ({"X-OASST-USER": ada.acting}, "", True),
        ({"X-OASST-USER": bob.acting}, "", False),
        ({"X-OASST-USER": bob.acting}, f"?oasst_user={ada.acting}", True),
        ({"X-OASST-USER": "local:nobody"}, f"?oasst_user={ada.acting}", True),
        ({}, f"?oasst_user={bob.acting}", False),
        ({}, "", None),
    ):
        got: Message = read(Message, await raw.call("GET", f"/messages/{post}{query}", headers=headers))
        assert got.user_is_author is is_author
        assert got.user_emojis == []


async def test_an_acting_user_without_a_colon_is_nobody(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    post = await prompt(ada, bob, "What is rain?")
    got = await raw.call("GET", f"/messages/{post}", headers={"X-OASST-USER": "ada"})
    assert got["user_is_author"] is None


async def test_an_acting_user_is_split_at_the_first_colon(raw: Raw) -> None:
    odd = person("a:b:c")
    task = await raw.call("POST", "/tasks/", json={"user": odd})
    path = f"/tasks/{task['id']}/ack"
    await raw.call("POST", path, json={"message_id": "m"}, headers={"X-OASST-USER": "local:a:b:c"}, status=204)


async def test_an_acting_user_that_is_unknown_is_refused_only_where_he_is_resolved(
    ada: Visitor, bob: Visitor, raw: Raw
) -> None:
    post = await prompt(ada, bob, "What is rain?")
    task = await ada.ask("assistant_reply")
    assert task
    ghost = {"X-OASST-USER": "local:ghost"}
    for method, path, body in (
        ("GET", f"/messages/{post}", None),
        ("GET", f"/messages/{post}/conversation", None),
        ("GET", f"/messages/{post}/tree", None),
        ("GET", f"/messages/{post}/tree/state", None),
        ("GET", f"/messages/{post}/children", None),
        ("POST", f"/tasks/{task.id}/ack", {"message_id": "m"}),
        ("POST", f"/tasks/{task.id}/nack", {}),
    ):
        assert await raw.refused(method, path, json=body, headers=ghost) == (404, 4002), path
    for method, path, body in (
        ("POST", "/tasks/", {"user": EVE}),
        ("POST", "/tasks/availability", EVE),
        ("POST", "/frontend_users/", EVE),
        ("GET", "/frontend_users/local/ada", None),
        ("GET", "/text_labels/valid_labels", None),
        ("GET", "/text_labels/report_labels", None),
    ):
        await raw.call(method, path, json=body, headers=ghost)


async def test_an_acting_user_is_one_of_the_calling_client(ada: Visitor, bob: Visitor, stranger: Raw) -> None:
    post = await prompt(ada, bob, "What is rain?")
    refused = await stranger.refused("GET", f"/messages/{post}", headers={"X-OASST-USER": ada.acting})
    assert refused == (404, 4002)
    assert read(Message, await stranger.call("GET", f"/messages/{post}"))


# Slashes


@pytest.mark.parametrize("slash", ["", "/"])
async def test_both_forms_of_every_path_of_work_are_served(ada: Visitor, bob: Visitor, raw: Raw, slash: str) -> None:
    post = await prompt(ada, bob, f"What is rain{slash}?")
    task = await raw.call("POST", f"/tasks{slash}", json={"type": "assistant_reply", "user": EVE})
    await raw.call("POST", f"/tasks/availability{slash}", json=EVE)
    await raw.call("POST", f"/tasks/{task['id']}/ack{slash}", json={"message_id": "m"}, status=204)
    body = {"type": "text_reply_to_message", "message_id": "m", "user_message_id": "n", "text": "Water.", "user": EVE}
    await raw.call("POST", f"/tasks/interaction{slash}", json=body)
    other = await raw.call("POST", f"/tasks{slash}", json={"type": "assistant_reply", "user": person("fay")})
    await raw.call("POST", f"/tasks/{other['id']}/nack{slash}", json={}, status=204)
    remark = {"type": "text_labels", "message_id": post, "labels": {"humor": 1}, "text": "", "user": EVE}
    await raw.call("POST", f"/text_labels{slash}", json=remark, status=204)
    await raw.call("GET", f"/text_labels/valid_labels{slash}")
    await raw.call("GET", f"/text_labels/report_labels{slash}")
    await raw.call("POST", f"/frontend_users{slash}", json=EVE)
    await raw.call("GET", f"/frontend_users/local/eve{slash}")
    for part in ("", "/conversation", "/tree", "/tree/state", "/children"):
        await raw.call("GET", f"/messages/{post}{part}{slash}")


# Lax values


async def test_numbers_may_come_as_text_in_labels(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    post = await prompt(ada, bob, "What is rain?")
    for labels in ({"humor": "1"}, {"humor": "0.25"}, {"humor": 0}, {"humor": " 1 "}):
        body = {"type": "text_labels", "message_id": post, "labels": labels, "text": "", "user": EVE}
        await raw.call("POST", "/text_labels/", json=body, status=204)
    for labels in ({"humor": "1.5"}, {"humor": 2}, {"humor": -0.1}, {"humor": "much"}, {"humor": None}, {"wit": 1}):
        body = {"type": "text_labels", "message_id": post, "labels": labels, "text": "", "user": EVE}
        assert (await raw.refused("POST", "/text_labels/", json=body))[0] == 422, labels


async def test_an_empty_list_stands_for_an_empty_map_and_no_other_does(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    post = await prompt(ada, bob, "What is rain?")
    nothing: list[Any] = []
    body: Body = {"type": "text_labels", "message_id": post, "labels": nothing, "text": "", "user": EVE}
    await raw.call("POST", "/text_labels/", json=body, status=204)
    assert (await raw.refused("POST", "/text_labels/", json={**body, "labels": ["humor"]}))[0] == 422


async def test_numbers_may_come_as_text_in_rankings(ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor) -> None:
    await prompt(ada, bob, "What is rain?")
    for visitor in (bob, cat, dan):
        await reply(visitor, ada, f"{visitor.acting} says water.")
    task = await ada.ask("rank_assistant_replies")
    assert isinstance(task, RankReplies)
    content = {"type": "message_ranking", "ranking": ["2", "0", 1], "not_rankable": None}
    await ada.submit(task, content)
    ranks = {message.id: message.rank for message in await ada.children(task.ranking_parent_id)}
    assert [ranks[task.reply_messages[place].id] for place in (2, 0, 1)] == [0, 1, 2]


async def test_whole_numbers_become_text_where_text_is_due(raw: Raw) -> None:
    who = {"id": 4711, "display_name": 12, "auth_method": "discord"}
    account: FrontEndUser = read(FrontEndUser, await raw.call("POST", "/frontend_users/", json=who))
    assert (account.id, account.display_name) == ("4711", "12")
    task = await raw.call("POST", "/tasks/", json={"user": who})
    await raw.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": 1234}, status=204)
    body = {"type": "text_reply_to_message", "message_id": 1234, "user_message_id": 5678, "text": 42, "user": who}
    await raw.call("POST", "/tasks/interaction", json=body)
    review = await raw.call("POST", "/tasks/", json={"type": "label_initial_prompt", "user": EVE})
    (message,) = review["conversation"]["messages"]
    assert (message["text"], message["frontend_message_id"]) == ("42", "5678")


async def test_unknown_fields_and_parameters_are_ignored(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    post = await prompt(ada, bob, "What is rain?")
    who = {**EVE, "extra": 1}
    body = {"type": "assistant_reply", "user": who, "unheard": ["of"]}
    task = await raw.call("POST", "/tasks/?nothing=1", json=body)
    await raw.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": "m", "task_id": 7}, status=204)
    interaction = {
        "type": "text_reply_to_message",
        "message_id": "m",
        "user_message_id": "n",
        "text": "Water.",
        "user": who,
    }
    await raw.call("POST", "/tasks/interaction", json={**interaction, "task_id": task["id"], "labels": 3})
    assert await raw.call("GET", f"/messages/{post}?nothing=1&username=nobody&auth_method=moon")


@pytest.mark.parametrize(
    ("word", "is_true"),
    [
        *((word, True) for word in ("true", "True", "TRUE", "1", "on", "On", "yes", "YES")),
        *((word, False) for word in ("false", "False", "0", "off", "OFF", "no", "No")),
    ],
)
async def test_booleans_in_queries_are_words_of_any_case(
    ada: Visitor, bob: Visitor, raw: Raw, word: str, is_true: bool
) -> None:
    root = await prompt(ada, bob, "What is rain?")
    task = await ada.ask("assistant_reply")
    assert task
    await ada.write(task, "Not reviewed yet.")
    tree: MessageTree = read(MessageTree, await raw.call("GET", f"/messages/{root}/tree?include_spam={word}"))
    assert len(tree.messages) == (2 if is_true else 1)


async def test_a_boolean_that_is_another_word_is_named(ada: Visitor, bob: Visitor, raw: Raw) -> None:
    root = await prompt(ada, bob, "What is rain?")
    with pytest.raises(Refused) as refused:
        await raw.call("GET", f"/messages/{root}/tree?include_spam=perhaps")
    assert refused.value.status == 422
    assert [error["loc"] for error in refused.value.body["detail"]] == [["query", "include_spam"]]


# Languages


@pytest.mark.parametrize("lang", ["pt-BR", "zh", "tlh", "x" * 32])
async def test_any_language_tag_is_taken_as_it_is(raw: Raw, lang: str) -> None:
    task = await raw.call("POST", "/tasks/", json={"type": "initial_prompt", "user": EVE, "lang": lang})
    await raw.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": "m"}, status=204)
    body = {"type": "text_reply_to_message", "message_id": "m", "user_message_id": "n", "text": "Hm?", "lang": lang}
    await raw.call("POST", "/tasks/interaction", json={**body, "user": EVE})
    ask = {"type": "label_initial_prompt", "user": person("fay"), "lang": lang}
    task = shapes.task(await raw.call("POST", "/tasks/", json=ask))
    assert shapes.thread(task)[0].lang == lang


async def test_one_language_in_several_spellings_is_one_pool(raw: Raw) -> None:
    task = await raw.call("POST", "/tasks/", json={"type": "initial_prompt", "user": EVE, "lang": "PT_br"})
    await raw.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": "m"}, status=204)
    body = {"type": "text_reply_to_message", "message_id": "m", "user_message_id": "n", "text": "Chuva?"}
    await raw.call("POST", "/tasks/interaction", json={**body, "user": EVE, "lang": "pt-br"})
    for lang, count in (("pt_BR", 1), ("pt", 0), ("pt-PT", 0)):
        counts = await raw.call("POST", f"/tasks/availability?lang={lang}", json=person("gus"))
        assert counts["label_initial_prompt"] == count, lang
    for query in ("lang=PT-BR", "lang=pt_br", "lang=pt_BR&search_query=chuva"):
        (message,) = (await raw.call("GET", f"/messages/cursor?{query}"))["items"]
        assert message["lang"] == "pt-BR"
    ask = {"type": "label_initial_prompt", "user": person("fay"), "lang": "PT-BR"}
    task = shapes.task(await raw.call("POST", "/tasks/", json=ask))
    assert shapes.thread(task)[0].lang == "pt-BR"


async def test_a_language_tag_has_at_most_32_characters(raw: Raw) -> None:
    assert (await raw.refused("POST", "/tasks/", json={"user": EVE, "lang": "x" * 33}))[0] == 422


@pytest.mark.parametrize("lang", [{}, {"lang": None}, {"lang": ""}])
async def test_a_language_that_is_missing_or_empty_means_english(raw: Raw, lang: Body) -> None:
    task = await raw.call("POST", "/tasks/", json={"type": "initial_prompt", "user": EVE, **lang})
    await raw.call("POST", f"/tasks/{task['id']}/ack", json={"message_id": "m"}, status=204)
    body = {"type": "text_reply_to_message", "message_id": "m", "user_message_id": "n", "text": "Hm?", "user": EVE}
    await raw.call("POST", "/tasks/interaction", json={**body, **lang})
    for query in ("", "?lang=", "?lang=en"):
        counts = await raw.call("POST", f"/tasks/availability{query}", json=person("gus"))
        assert counts["label_initial_prompt"] == 1, query
    ask = {"type": "label_initial_prompt", "user": person("fay"), **lang}
    task = shapes.task(await raw.call("POST", "/tasks/", json=ask))
    assert shapes.thread(task)[0].lang == "en"


# Errors


async def test_every_error_is_json_of_a_known_shape(raw: Raw) -> None:
    lost = uuid4()
    text = {"Content-Type": "application/json"}
    calls: list[tuple[str, str, Body, int]] = [
        ("GET", "/nowhere", {}, 404),
        ("GET", "/messages/no-uuid/nowhere/at/all", {}, 404),
        ("PATCH", "/tasks/", {}, 405),
        ("GET", f"/messages/{lost}", {}, 404),
        ("GET", "/messages/no-uuid", {}, 422),
        ("POST", "/tasks/", {"content": b"{", "headers": text}, 422),
        ("POST", "/tasks/", {"content": b"\xff\xfe", "headers": text}, 422),
        ("POST", "/tasks/", {"json": []}, 422),
        ("POST", "/tasks/", {"json": {"user": {**EVE, "auth_method": "moon"}}}, 422),
        ("POST", "/tasks/", {"json": {"type": "juggle", "user": EVE}}, 422),
        ("POST", "/tasks/no-uuid/ack", {"json": {"message_id": "m"}}, 422),
        ("POST", "/tasks/interaction", {"json": {"type": "song", "user": EVE}}, 422),
        ("POST", "/frontend_users/", {"json": {"id": "x"}}, 422),
        ("GET", "/text_labels/valid_labels?message_id=x", {}, 422),
    ]
    for method, path, options, status in calls:
        assert (await raw.refused(method, path, **options))[0] == status, (method, path)


async def test_a_path_that_is_not_there_is_told_in_two_words(raw: Raw) -> None:
    with pytest.raises(Refused) as refused:
        await raw.call("GET", "/nowhere")
    assert (refused.value.status, refused.value.body["detail"]) == (404, NO_ROUTE)


async def test_a_bad_field_is_named_by_its_place(raw: Raw) -> None:
    for body, place in (
        ({"user": {**EVE, "auth_method": "moon"}}, ["body", "user", "auth_method"]),
        ({"user": {"id": "x", "auth_method": "local"}}, ["body", "user", "display_name"]),
        ({"type": "juggle", "user": EVE}, ["body", "type"]),
    ):
        with pytest.raises(Refused) as refused:
            await raw.call("POST", "/tasks/", json=body)
        assert [error["loc"] for error in refused.value.body["detail"]] == [place]


async def test_a_body_is_json_whatever_its_content_type_says(raw: Raw) -> None:
    """The website names the type even where there is no body, and some libraries forget it where there is one."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    got = await raw.http.post(
        "/tasks/",
        content=b'{"user": {"id": "z", "display_name": "Zo\xc3\xab", "auth_method": "local"}}',
        headers=headers,
    )
    assert value(Answer.of(got))["type"] == "initial_prompt"
    assert (await raw.call("GET", "/frontend_users/local/z", headers=headers))["display_name"] == "Zoë"


def test_shapes_are_read_strictly() -> None:
    """What reads the responses must itself be able to say no."""
    done = {"id": str(uuid4()), "type": "task_done"}
    assert read(shapes.Given, done)
    bad: list[Body] = [{**done, "more": 1}, {"type": "task_done"}, {**done, "type": "song"}, {**done, "id": "X"}]
    for task in bad:
        with pytest.raises(shapes.Misshapen):
            read(shapes.Given, task)
    for moment in ("2023-01-02T03:04:05Z", "2023-01-02T03:04:05.000000+00:00", "2023-01-02T03:04:05"):
        with pytest.raises(shapes.Misshapen):
            read(shapes.Moment, moment)
    for moment in ("2023-01-02T03:04:05.006000+00:00", "2023-01-02T03:04:05+00:00"):
        assert read(shapes.Moment, moment) == moment
    with pytest.raises(shapes.Misshapen):
        read(int, True)
