"""What frontends may send, and what they get."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from oa_graph.api import wire
from oa_graph.domain import tasks, trees, users
from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import GRADED_LABELS, Post, Role
from oa_graph.domain.tasks import GuidelineSummary, LabelMode, ReviewForm, Task, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import AnswerWithoutTask, NothingToHandOut, UserNotSpecified

Json = dict[str, Any]

ID = "b1d9a0de-40a1-4f53-bb37-5b7c9d8a7e01"
AUTHOR = "0c4b9c1e-6b8f-4a7f-9a43-3f3e2d1c0b0a"
ADA: Json = {"id": "4711", "display_name": "Ada", "auth_method": "local"}
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

INTERACTION: TypeAdapter[Any] = TypeAdapter(wire.Interaction)


def interaction(**fields: object) -> Any:
    return INTERACTION.validate_json(json.dumps({"user": ADA, **fields}))


def text(**fields: object) -> Any:
    values = {"message_id": "1", "user_message_id": "2", "text": "Rain is water.", **fields}
    return interaction(type="text_reply_to_message", **values)


def labels(**fields: object) -> Any:
    values: Json = {"message_id": ID, "text": "", "labels": {}, **fields}
    return interaction(type="text_labels", **values)


def request(**fields: object) -> wire.TaskRequest:
    return wire.TaskRequest.model_validate_json(json.dumps(fields))


def refused(error: pytest.ExceptionInfo[ValidationError]) -> list[tuple[str | int, ...]]:
    return [entry["loc"] for entry in error.value.errors()]


def sent(value: object) -> Any:
    return json.loads(to_json(value))


def post(**fields: Any) -> Post:
    return replace(Post(ID, ID, Role.PROMPTER, "Why?", "en", 0), **fields)


# What comes in


def test_labels_may_be_numbers_in_text() -> None:
    assert labels(labels={"spam": "1", "quality": "0.25"}).answer().labels == {"spam": 1.0, "quality": 0.25}


def test_rankings_may_be_numbers_in_text() -> None:
    answer = interaction(type="message_ranking", message_id="1", ranking=["2", "0", 1]).answer()
    assert answer == tasks.RankingAnswer(ack="1", order=(2, 0, 1), not_rankable=False)


def test_no_index_is_too_large_to_be_stored() -> None:
    with pytest.raises(ValidationError):
        interaction(type="message_ranking", message_id="1", ranking=[2**31])
    assert interaction(type="message_ranking", message_id="1", ranking=[-1]).answer().order == (-1,)


def test_texts_may_be_numbers() -> None:
    assert request(user={**ADA, "id": 4711}).user == wire.User.model_validate(ADA)
    assert text(message_id=1042, text=7).answer() == tasks.TextAnswer(ack="1042", frontend_id="2", text="7", lang=None)


def test_an_empty_list_stands_for_an_empty_map() -> None:
    assert labels(labels=[], is_report=True).answer().labels == {}


@pytest.mark.parametrize("value", [["spam"], [["spam", 1]], None, "spam", 0])
def test_no_other_value_stands_for_a_map(value: object) -> None:
    with pytest.raises(ValidationError):
        labels(labels=value)


def test_unknown_fields_are_ignored() -> None:
    assert text(task_id=ID, colour="red").answer().text == "Rain is water."


def test_nulls_may_be_sent_for_what_may_be_missing() -> None:
    assert request(user=None, lang=None) == request()
    assert labels(task_id=None, is_report=None).answer().task is None
    assert wire.TaskNAck.model_validate_json('{"reason": null}').reason is None


def test_what_is_not_nullable_takes_no_null() -> None:
    with pytest.raises(ValidationError) as error:
        text(text=None, user_message_id=None)
    assert {way[-1] for way in refused(error)} == {"text", "user_message_id"}


@pytest.mark.parametrize("field", ["text", "message_id", "user_message_id", "lang"])
def test_a_null_character_is_refused_by_the_name_of_its_field(field: str) -> None:
    with pytest.raises(ValidationError, match="null character") as error:
        text(**{field: "a\0b"})
    assert refused(error) == [("text_reply_to_message", field)]


def test_white_space_around_a_text_is_stripped() -> None:
    assert text(text="  a \n b\t").answer().text == "a \n b"
    with pytest.raises(ValidationError):
        text(text=" \n\t ")


@pytest.mark.parametrize("value", [-0.01, 1.01, "nan", "inf", "much"])
def test_labels_lie_between_zero_and_one(value: object) -> None:
    with pytest.raises(ValidationError):
        labels(labels={"spam": value})


def test_unknown_labels_are_refused() -> None:
    with pytest.raises(ValidationError):
        labels(labels={"boring": 1})


def test_ids_are_taken_in_any_case_and_kept_in_lower_case() -> None:
    assert labels(message_id=ID.upper()).answer().post == ID


@pytest.mark.parametrize(
    ("fields", "shape"),
    [
        ({"message_id": "1", "user_message_id": "2", "text": "a"}, wire.TextReplyToMessage),
        ({"message_id": "1", "ranking": [0]}, wire.MessageRanking),
        ({"message_id": "1", "rating": 3}, wire.MessageRating),
        ({"message_id": ID, "text": "", "labels": {}}, wire.TextLabels),
    ],
)
def test_an_interaction_without_a_type_is_known_by_its_fields(fields: Json, shape: type[wire.In]) -> None:
    assert isinstance(interaction(**fields), shape)


def test_a_rating_answers_no_task_that_there_is() -> None:
    with pytest.raises(AnswerWithoutTask):
        interaction(type="message_rating", message_id="1", rating="3").answer()


def test_a_language_is_normalized_and_one_that_is_no_tag_is_kept_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert request(user=ADA, lang="en_us").lang == "en-US"
    assert text(lang="EN").answer().lang == "en"
    assert caplog.records == []
    odd = "Deutsch, bitte!"
    assert [text(lang=odd).answer().lang for _ in range(3)] == [odd] * 3
    assert [record.getMessage() for record in caplog.records] == [f"language '{odd}' is no BCP 47 tag; kept as sent"]


@pytest.mark.parametrize("lang", [None, ""])
def test_a_missing_language_is_english_for_tasks_and_the_parents_for_replies(lang: str | None) -> None:
    assert (request(user=ADA, lang=lang).lang or wire.DEFAULT_LANG) == "en"
    assert text(lang=lang).answer().lang is None


def test_a_task_is_asked_for_by_somebody() -> None:
    with pytest.raises(UserNotSpecified):
        request().identity()


@pytest.mark.parametrize("kind", ["summarize_story", "rate_summary"])
def test_there_are_no_more_tasks_of_the_obsolete_kinds(kind: str) -> None:
    with pytest.raises(NothingToHandOut):
        request(type=kind, user=ADA).kind(now=NOW)


@pytest.mark.parametrize("kind", TaskKind)
def test_every_kind_of_task_can_be_asked_for(kind: TaskKind) -> None:
    assert request(type=kind.value, user=ADA).kind(now=NOW) is kind


@pytest.mark.parametrize(
    ("fields", "languages"),
    [
        ({}, ("en",)),
        ({"lang": ""}, ("en",)),
        ({"lang": "PT_br"}, ("pt-BR",)),
        ({"lang": "fr", "langs": None}, ("fr",)),
        ({"lang": "fr", "langs": ["de", "PT_br", ""]}, ("de", "pt-BR", "en")),
    ],
)
def test_languages_in_order_of_preference_win_over_one(
    fields: Mapping[str, object], languages: tuple[str, ...]
) -> None:
    assert request(user=ADA, **fields).languages == languages


@pytest.mark.parametrize("langs", [[], ["en"] * 11, "en", [None]])
def test_a_request_names_one_to_ten_languages(langs: object) -> None:
    with pytest.raises(ValidationError):
        request(user=ADA, langs=langs)


def test_only_what_is_sent_of_a_user_is_a_setting() -> None:
    read = wire.CreateFrontendUserRequest.model_validate_json
    assert read(json.dumps(ADA)).settings() == {}
    assert read(json.dumps({**ADA, "enabled": True, "notes": None})).settings() == {"enabled": True}
    assert read(json.dumps({**ADA, "tos_acceptance": True})).accepts_terms
    assert not read(json.dumps({**ADA, "tos_acceptance": False})).accepts_terms


# What goes out


def test_a_moment_has_its_offset_and_microseconds_only_when_there_are_some() -> None:
    assert wire.moment(datetime(2023, 1, 2, 3, 4, 5, 6000, UTC)) == "2023-01-02T03:04:05.006000+00:00"
    assert wire.moment(datetime(2023, 1, 2, 3, 4, 5, 0, UTC)) == "2023-01-02T03:04:05+00:00"
    assert wire.moment(None) is None


@given(st.datetimes(timezones=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))))
def test_a_moment_is_told_in_universal_time(value: datetime) -> None:
    try:
        text = wire.moment(value)
    except OverflowError:  # before the year 1 or after 9999 once it is shifted
        return
    assert text is not None
    assert text.endswith("+00:00")
    assert datetime.fromisoformat(text) == value


def test_a_message_has_every_field() -> None:
    assert sent(wire.message(post(), viewer=None)) == {
        "id": ID,
        "user_id": None,
        "frontend_message_id": None,
        "text": "Why?",
        "lang": "en",
        "is_assistant": False,
        "emojis": {},
        "user_emojis": [],
        "user_is_author": None,
        "synthetic": False,
        "parent_id": None,
        "created_date": None,
        "review_result": None,
        "review_count": 0,
        "deleted": False,
        "edited": False,
        "model_name": None,
        "message_tree_id": ID,
        "ranking_count": 0,
        "rank": None,
        "user": None,
    }


def test_an_acting_user_learns_whether_a_message_is_his() -> None:
    his = post(author=AUTHOR)
    assert wire.message(his, viewer=AUTHOR).user_is_author is True
    assert wire.conversation_message(his, viewer=ID).user_is_author is False
    assert wire.conversation_message(his, viewer=None).user_is_author is None


REVIEW = {"id", "type", "message_id", "valid_labels", "mandatory_labels", "mode", "disposition", "labels"}
RANKING = {"id", "type", "conversation", "replies", "reply_messages", "message_tree_id", "ranking_parent_id"}
FIELDS: Mapping[TaskKind, set[str]] = {
    TaskKind.INITIAL_PROMPT: {"id", "type", "hint"},
    TaskKind.PROMPTER_REPLY: {"id", "type", "hint", "conversation"},
    TaskKind.ASSISTANT_REPLY: {"id", "type", "conversation"},
    TaskKind.RANK_INITIAL_PROMPTS: {"id", "type", "prompts", "prompt_messages"},
    TaskKind.RANK_PROMPTER_REPLIES: {*RANKING, "reveal_synthetic"},
    TaskKind.RANK_ASSISTANT_REPLIES: {*RANKING, "reveal_synthetic"},
    TaskKind.LABEL_INITIAL_PROMPT: {*REVIEW, "conversation", "prompt"},
    TaskKind.LABEL_PROMPTER_REPLY: {*REVIEW, "conversation", "reply"},
    TaskKind.LABEL_ASSISTANT_REPLY: {*REVIEW, "conversation", "reply"},
    TaskKind.DECIDE_END: {"id", "type", "conversation"},
}


def task(kind: TaskKind, **fields: Any) -> Task:
    form = ReviewForm(LabelMode.FULL, "quality", Limits().labels_assistant_reply, ("spam",))
    made = Task(ID, kind, thread=(post(),), candidates=(post(text="a"), post(text="b")), form=form)
    return replace(made, **fields)


@pytest.mark.parametrize("kind", TaskKind)
def test_a_task_has_the_fields_of_its_kind(kind: TaskKind) -> None:
    body = sent(wire.task(task(kind), viewer=AUTHOR))
    assert body["type"] == kind
    assert body["id"] == ID
    assert body.keys() == FIELDS[kind] | {"guideline", "lease_until", "expires"}


@pytest.mark.parametrize("kind", TaskKind)
def test_a_task_carries_its_guideline_and_fills_the_hint_with_its_short_form(kind: TaskKind) -> None:
    guideline = GuidelineSummary(AUTHOR, kind, "en", 3, "Be clear.", datetime(2026, 3, 1, tzinfo=UTC))
    body = sent(wire.task(task(kind, guideline=guideline), viewer=None))
    assert body["guideline"] == {"id": AUTHOR, "version": 3, "short": "Be clear."}
    assert body.get("hint") == ("Be clear." if "hint" in FIELDS[kind] else None)
    assert sent(wire.task(task(kind), viewer=None)).get("hint") is None


def test_a_review_describes_its_labels_in_the_order_of_the_form() -> None:
    body = sent(wire.task(task(TaskKind.LABEL_ASSISTANT_REPLY), viewer=None))
    assert [label["name"] for label in body["labels"]] == body["valid_labels"] == list(Limits().labels_assistant_reply)
    assert body["mandatory_labels"] == ["spam"]
    assert body["reply"] == body["conversation"]["messages"][-1]["text"] == "Why?"


def test_only_an_end_is_told_of() -> None:
    assert sent(wire.message(post(ended=True), viewer=None))["ended"] is True
    for undecided in (None, False):
        assert "ended" not in sent(wire.message(post(ended=undecided), viewer=None))


def test_only_clients_that_can_show_end_votes_are_told_of_their_number() -> None:
    assert len(sent(wire.availability({}))) == 12
    assert sent(wire.availability({"decide_end": 0}))["decide_end"] == 0


def test_a_ranking_tells_the_texts_twice() -> None:
    body = sent(wire.task(task(TaskKind.RANK_ASSISTANT_REPLIES), viewer=None))
    assert body["replies"] == [message["text"] for message in body["reply_messages"]] == ["a", "b"]
    assert body["ranking_parent_id"] == body["message_tree_id"] == ID


@pytest.mark.parametrize(
    ("made_by_models", "show_authors", "revealed"),
    [
        ((True, True), False, False),
        ((True, False), False, False),
        ((True, True), True, True),
        ((True, False), True, False),
    ],
)
def test_raters_learn_that_replies_are_synthetic_only_when_all_are_and_authors_are_shown(
    made_by_models: tuple[bool, ...], show_authors: bool, revealed: bool
) -> None:
    candidates = tuple(post(synthetic=synthetic) for synthetic in made_by_models)
    ranking = task(TaskKind.RANK_ASSISTANT_REPLIES, candidates=candidates)
    body = sent(wire.task(ranking, viewer=None, show_authors=show_authors))
    assert [message["synthetic"] for message in body["reply_messages"]] == [
        synthetic if show_authors else None for synthetic in made_by_models
    ]
    assert body["reveal_synthetic"] is revealed


JUDGED = (
    *(kind for kind in TaskKind if kind.startswith("label")),
    *(kind for kind in TaskKind if kind.startswith("rank")),
    TaskKind.DECIDE_END,
)


def judged(kind: TaskKind, *, show_authors: bool) -> list[Any]:
    """The messages that a task asks to judge: one by a person and, in a ranking, one by a model."""
    thread, candidates = (post(author=ID), post(author=AUTHOR, synthetic=True)), (post(author=ID), post(synthetic=True))
    body = sent(wire.task(task(kind, thread=thread, candidates=candidates), viewer=ID, show_authors=show_authors))
    above: list[Any] = body["conversation"]["messages"][:1] if "conversation" in body else []
    assert [message["user_id"] for message in above] == [ID] * len(above)  # what is not judged is shown as it is
    if not kind.startswith("rank"):
        return body["conversation"]["messages"][1:]
    return body["prompt_messages" if kind is TaskKind.RANK_INITIAL_PROMPTS else "reply_messages"]


@pytest.mark.parametrize("kind", JUDGED)
def test_judges_do_not_learn_who_wrote_what_they_judge(kind: TaskKind) -> None:
    """Whatever differs between a person's post and a model's, a task shows the same, apart from id and text."""
    own = {"id": None, "text": None, "user_is_author": None}
    shown = [{**message, **own} for message in judged(kind, show_authors=False)]
    assert all(message == shown[0] for message in shown)
    assert [shown[0][name] for name in ("user_id", "synthetic")] == [None, None]


@pytest.mark.parametrize("kind", TaskKind)
def test_a_blind_task_tells_of_no_post_who_wrote_it(kind: TaskKind) -> None:
    def written(**fields: Any) -> Task:
        blind = post(hides_author=True, **fields)
        return task(kind, thread=(blind, blind), candidates=(blind, blind))

    by_model = written(synthetic=True, model_name="parrot-1", frontend_id="llm-1")
    by_person = written(author=AUTHOR, frontend_id="web-1")
    for show_authors in (False, True):
        bodies = [sent(wire.task(of, viewer=ID, show_authors=show_authors)) for of in (by_model, by_person)]
        assert bodies[0] == bodies[1]


def test_a_blind_message_tells_nothing_of_its_author() -> None:
    by_model = post(hides_author=True, synthetic=True, model_name="parrot-1", frontend_id="llm-1")
    by_person = post(hides_author=True, author=AUTHOR, frontend_id="web-1")
    assert sent(wire.message(by_model, viewer=ID)) == sent(wire.message(by_person, viewer=ID))
    assert wire.message(by_person, viewer=AUTHOR).user_is_author is True


@pytest.mark.parametrize("kind", JUDGED)
def test_a_setting_shows_judges_who_wrote_what_they_judge(kind: TaskKind) -> None:
    shown = {(message["user_id"], message["synthetic"]) for message in judged(kind, show_authors=True)}
    assert shown == ({(ID, False), (None, True)} if kind.startswith("rank") else {(AUTHOR, True)})


def test_a_lease_is_a_token_with_its_end_rounded_down() -> None:
    until = datetime(2026, 11, 28, 20, 35, 26, 999_000, tzinfo=UTC)
    assert wire.lease(tasks.Lease(until)) == 'held; until="2026-11-28T20:35:26Z"'
    assert wire.lease(tasks.Lease(None)) == "lost"


def test_a_renewal_tells_apart_what_is_held_what_is_lost_and_what_has_no_bound() -> None:
    until, last = datetime(2026, 11, 28, 20, 35, 26, tzinfo=UTC), datetime(2026, 11, 28, 22, tzinfo=UTC)
    assert sent(wire.task_lease(tasks.Lease(until, renewable_until=last))) == {
        "held": True,
        "lease_until": "2026-11-28T20:35:26+00:00",
        "renewable_until": "2026-11-28T22:00:00+00:00",
    }
    assert sent(wire.task_lease(tasks.Lease(None, renewable_until=last)))["held"] is False
    nothing = {"held": False, "lease_until": None, "renewable_until": None}
    assert sent(wire.task_lease(tasks.Lease(None))) == sent(wire.task_lease(None)) == nothing


def test_availability_names_all_twelve_kinds() -> None:
    counts = wire.availability({"random": 3, "initial_prompt": 3}).model_dump()
    assert len(counts) == 12
    assert {kind for kind, count in counts.items() if count} == {"random", "initial_prompt"}


def test_every_label_is_described() -> None:
    assert len(wire.LABELS) == 15
    assert wire.LABELS.keys() == {label.value for label in wire.TextLabel}
    assert wire.LABELS["spam"].widget == "yes_no"
    assert {name for name, label in wire.LABELS.items() if label.widget == "likert"} == GRADED_LABELS


@pytest.mark.parametrize(
    ("started", "worked", "days"),
    [
        (None, NOW, None),
        (NOW, NOW, 0),
        (NOW - timedelta(days=3, hours=11), NOW, 3),
        (NOW - timedelta(days=3, hours=13), NOW, 4),
        (NOW - timedelta(days=3), NOW - timedelta(days=1), 2),
        (NOW - timedelta(days=3), NOW - timedelta(hours=37), 0),
    ],
)
def test_a_streak_is_counted_in_calendar_days(
    started: datetime | None, worked: datetime | None, days: int | None
) -> None:
    user = users.User(
        ID, "c", users.AuthMethod.LOCAL, "4711", "Ada", created=NOW, streak_start=started, last_activity=worked
    )
    body = sent(wire.user(user, now=NOW))
    assert body["streak_days"] == days
    assert body["streak_last_day_date"] == wire.moment(started)
    assert body["tos_acceptance_date"] is None
    assert body["created_date"] == "2026-11-23T12:00:00+00:00"


@pytest.mark.parametrize("state", TreeState)
def test_a_tree_is_active_while_there_is_work_on_it(state: TreeState) -> None:
    row = wire.tree_state(trees.Tree(ID, state, "en", 12, 3, 3))
    assert row.active is (state.value in {"initial_prompt_review", "growing", "ranking", "ready_for_scoring"})
