from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.simulator.texts import PHRASES, Writer, find_topic, is_foreign, is_worthless, quality

LANGS = sorted(PHRASES)
LIMIT = 2000
"""Characters that servers take unless they are configured otherwise."""


def written(lang: str, seed: int = 1, count: int = 60) -> list[str]:
    writer = Writer(Random(seed))
    prompts = [writer.prompt(lang) for _ in range(count)]
    answers = [writer.answer(prompt, lang) for prompt in prompts for _ in range(3)]
    return [*prompts, *answers, *(writer.follow_up(prompt, lang) for prompt in prompts)]


@pytest.mark.parametrize("lang", LANGS)
def test_no_text_comes_twice_even_when_phrases_run_out(lang: str) -> None:
    texts = written(lang, count=150)
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("lang", LANGS)
def test_texts_fit_any_server_and_keep_their_edges(lang: str) -> None:
    for text in written(lang):
        assert text == text.strip()
        assert 8 <= len(text) <= LIMIT


@pytest.mark.parametrize("lang", LANGS)
def test_honest_texts_pass_for_honest_and_in_their_language(lang: str) -> None:
    for text in written(lang):
        assert not is_worthless(text)
        assert not is_foreign(text, lang)
        assert quality(text) > 0.05


def test_unknown_languages_get_english_texts() -> None:
    assert Writer(Random(1)).prompt("xx") == Writer(Random(1)).prompt("en")


def test_regions_share_the_phrases_of_their_language() -> None:
    assert Writer(Random(1)).prompt("de-AT") == Writer(Random(1)).prompt("de")


def test_equal_seeds_write_equal_texts_and_others_do_not() -> None:
    assert written("en", seed=5) == written("en", seed=5)
    assert written("en", seed=5) != written("en", seed=6)


def test_spam_is_short_new_each_time_and_known_to_everybody() -> None:
    writer = Writer(Random(2))
    spam = [writer.spam() for _ in range(300)]
    assert len(set(spam)) == len(spam)
    assert all(is_worthless(text) and len(text) < 60 and quality(text) < 0.05 for text in spam)


@given(st.text())
def test_merit_stays_within_bounds_and_does_not_change(text: str) -> None:
    assert 0.0 <= quality(text) <= 1.0
    assert quality(text) == quality(text)


def test_answers_differ_in_merit_so_that_noisy_rankers_mostly_agree() -> None:
    rng = Random(3)
    agreed = total = 0
    for seed in range(40):
        writer = Writer(Random(seed))
        seen = [quality(writer.answer("Why do cats purr?", "en")) for _ in range(3)]
        for one, other in combinations(seen, 2):
            votes = [one + rng.gauss(0, 0.05) > other + rng.gauss(0, 0.05) for _ in range(2)]
            agreed += votes[0] == votes[1]
            total += 1
    assert agreed / total > 0.75


def test_longer_efforts_are_worth_more() -> None:
    brief = "Good question about “cats”. Start smaller than feels sensible."
    full = brief + "\n\n1. Measure twice.\n2. Ask somebody.\n3. Take a break.\n\nTell me how it went!"
    assert quality(full) > quality(brief) + 0.2


@pytest.mark.parametrize(
    ("text", "lang", "topic"),
    [
        ("Why do cats knead blankets?", "en", "blankets"),
        ("味噌汁の出汁を取る方法", "ja", "味噌汁"),
        ("घर पर दही जमाने का तरीका", "hi", "जमाने"),
        ("?!", "en", "…"),
        ("すし", "ja", "…"),
    ],
)
def test_the_topic_is_the_longest_word(text: str, lang: str, topic: str) -> None:
    assert find_topic(text, lang) == topic


def test_braces_in_a_prompt_do_no_harm() -> None:
    assert "{curly_braces_everywhere}" in Writer(Random(1)).answer("{curly_braces_everywhere}", "en")


@pytest.mark.parametrize(("text", "lang"), [("こんにちは", "en"), ("Hello there", "ja"), ("مرحبا", "hi")])
def test_another_script_is_foreign(text: str, lang: str) -> None:
    assert is_foreign(text, lang)


@pytest.mark.parametrize(("text", "lang"), [("Hej", "sv"), ("こんにちは", "xx")])
def test_languages_without_phrases_are_never_foreign(text: str, lang: str) -> None:
    assert not is_foreign(text, lang)
