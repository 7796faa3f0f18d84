from __future__ import annotations

from collections import Counter

import pytest

from oa_graph.simulator import texts
from oa_graph.simulator.prompts import PROMPTS, choose, languages


def test_there_are_enough_prompts_and_none_twice() -> None:
    assert len(PROMPTS) >= 48
    assert len({prompt.text.casefold() for prompt in PROMPTS}) == len(PROMPTS)


def test_six_other_languages_are_spoken() -> None:
    spoken = Counter(prompt.lang for prompt in PROMPTS)
    assert spoken.keys() == {"en", "de", "fr", "es", "ja", "ar", "hi"}
    assert spoken["en"] >= 36


def test_prompts_are_short_and_keep_their_edges() -> None:
    for prompt in PROMPTS:
        assert prompt.text == prompt.text.strip()
        assert 10 <= len(prompt.text) <= 300


def test_no_prompt_looks_worthless_or_foreign_to_the_crowd() -> None:
    for prompt in PROMPTS:
        assert not texts.is_worthless(prompt.text)
        assert not texts.is_foreign(prompt.text, prompt.lang)


@pytest.mark.parametrize("count", [1, 8, 24, 36, 50])
def test_a_choice_has_the_wanted_size_and_stays_mostly_at_home(count: int) -> None:
    chosen = choose(count)
    assert len(set(chosen)) == count
    assert sum(prompt.lang == "en" for prompt in chosen) >= 3 * count / 4


def test_other_languages_take_turns() -> None:
    assert len(languages(choose(24))) == 7


def test_languages_come_in_order_of_their_first_prompt() -> None:
    assert languages(PROMPTS)[:2] == ("en", "de")
