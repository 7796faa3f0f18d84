"""Language tags: their usual form, and what is no tag."""

from __future__ import annotations

import pytest

from oa_graph.language import is_tag, normalized

TAGS = {
    "en": "en",
    "EN": "en",
    "pt_br": "pt-BR",
    "PT-br": "pt-BR",
    "en-US": "en-US",
    "es-419": "es-419",
    "zh_HANT_tw": "zh-Hant-TW",
    "zh-YUE-hant": "zh-yue-Hant",
    "sl-ROZAJ-Biske": "sl-rozaj-biske",
    "de-CH-1996": "de-CH-1996",
    "de-u-CO-phonebk": "de-u-co-phonebk",
    "en-a-BB-latn-x-US": "en-a-bb-latn-x-us",
    "x-Whatever": "x-whatever",
    "i-KLINGON": "i-klingon",
    # Languages that a registry would replace stay what they are.
    "iw": "iw",
    "sh": "sh",
    "zh-CMN": "zh-cmn",
    "tlh": "tlh",
}
"""A tag, and how it is usually written."""

TEXTS = (
    "",
    "English",
    "English!",
    "e",
    "12",
    "en--us",
    "en-",
    "-en",
    "en us",
    "en\n",
    "x",
    "x" * 32,
    "\u017fv",
    "\u212ao",
    "en-u",
)
"""What is no tag; the last but one are letters that only look like those of ASCII once they are in lower case."""


@pytest.mark.parametrize(("text", "tag"), TAGS.items())
def test_a_tag_is_written_in_its_usual_case_with_hyphens(text: str, tag: str) -> None:
    assert is_tag(text)
    assert normalized(text) == tag
    assert normalized(tag) == tag


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_tag_stays(text: str) -> None:
    assert not is_tag(text)
    assert normalized(text) == text
