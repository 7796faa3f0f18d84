"""What a guideline has to be, its short form, and which one a task shows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.tasks import GuidelineSummary, TaskKind
from oa_graph.errors import InvalidGuideline
from oa_graph.policy import guidelines
from oa_graph.policy.guidelines import by_kind_and_language, checked_lang, checked_text, for_tasks_in, short


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Be clear.", "Be clear."),
        ("# A title\n\nBe clear\nand kind.\n\nMore.", "Be clear and kind."),
        ("# A title\nBe clear.", "Be clear."),
        ("\n\n## One\n \t\n### Two\n\n  Be   clear.  \n\n", "Be clear."),
        ("#hashtag is no heading", "#hashtag is no heading"),
        ("####### is no heading", "####### is no heading"),
        ("* a list\n* of two", "* a list * of two"),
        ("# Only\n\n## headings\n\n###", ""),
        ("", ""),
    ],
)
def test_the_first_paragraph_that_is_no_heading_is_the_short_form(text: str, expected: str) -> None:
    assert short(text) == expected


def test_a_long_paragraph_is_cut_between_words_where_there_are_any() -> None:
    line = "word " * 60
    assert short(line.strip()) == line.strip()
    assert short(line + "another") == "word " * 59 + "word…"
    assert short("語" * 301) == "語" * 299 + "…"


@given(st.text(max_size=900))
def test_a_short_form_is_one_line_of_300_characters_at_most(text: str) -> None:
    line = short(text)
    assert len(line) <= 300
    assert line.splitlines() in ([], [line])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \r\n\t", "is empty"),
        ("a" * 20_001, "has 20001 characters; the maximum is 20000"),
        ("a\0b", "has a null character"),
        ("# A title", "has no paragraph beside headings"),
    ],
)
def test_a_text_that_is_no_guideline_is_refused_with_the_rule(text: str, reason: str) -> None:
    with pytest.raises(InvalidGuideline, match=f"^`text` of the guideline {reason}"):
        checked_text(text)


def test_a_text_loses_its_outer_space_and_the_line_ends_of_other_systems() -> None:
    assert checked_text("\n Be clear.\r\n\r\nAnd kind.\n\n") == "Be clear.\n\nAnd kind."
    assert checked_text("a" * 20_000) == "a" * 20_000


@pytest.mark.parametrize("lang", ["", "english", "e n", "en-" + "abcdefgh-" * 4 + "abcdefgh"])
def test_a_language_is_a_tag(lang: str) -> None:
    with pytest.raises(InvalidGuideline, match=r"^`lang` of the guideline is not a BCP 47 tag"):
        checked_lang(lang)


def test_a_language_and_a_kind_are_read_in_their_usual_form() -> None:
    assert checked_lang("pt_br") == "pt-BR"
    assert guidelines.checked_kind("decide_end") is TaskKind.DECIDE_END
    with pytest.raises(InvalidGuideline, match=r"^`kind` of the guideline is none of initial_prompt, "):
        guidelines.checked_kind("prompt")


def guideline(lang: str, kind: TaskKind = TaskKind.INITIAL_PROMPT) -> GuidelineSummary:
    return GuidelineSummary(f"{kind} {lang}", kind, lang, 1, "Be clear.", datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("pt-BR", "pt-BR"),
        ("pt-PT", "pt"),
        ("pt", "pt"),
        ("de", "en"),
        ("zh-Hant-TW", "zh"),
        ("pt-BR-x-two", "pt"),
        ("", "en"),
    ],
)
def test_a_task_shows_the_guideline_of_its_language_or_its_base_or_the_english_one(lang: str, expected: str) -> None:
    known = by_kind_and_language(guideline(tag) for tag in ("en", "pt", "pt-BR", "zh"))
    assert for_tasks_in(lang, known) == {TaskKind.INITIAL_PROMPT: guideline(expected)}


def test_each_kind_is_looked_up_by_itself() -> None:
    known = by_kind_and_language([guideline("en"), guideline("de", TaskKind.DECIDE_END)])
    assert {kind: shown.lang for kind, shown in for_tasks_in("de", known).items()} == {
        TaskKind.INITIAL_PROMPT: "en",
        TaskKind.DECIDE_END: "de",
    }
    assert for_tasks_in("fr", by_kind_and_language([guideline("de")])) == {}
