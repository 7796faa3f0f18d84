"""Language tags of BCP 47.

Only case and separator are normalized, by RFC 5646, 2.1.1. Tags with other differences are distinct: `en-US` is not
`en`, and `iw` is not `he`.
"""

from __future__ import annotations

import re

_TAG = re.compile(
    r"(?ai)(?P<language>[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[ix](?:-[a-z\d]{1,8})+)"
    r"(?P<script>-[a-z]{4})?(?P<region>-(?:[a-z]{2}|\d{3}))?"
    r"(?P<rest>(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?)"
)
"""The grammar of RFC 5646, 2.1, without languages of five or more letters: none exists, and `english` would match.

`cypher/schema/0007_languages.cypher` normalizes the tags of older graphs in the same way.
"""


TAG_RULE = "a BCP 47 tag, such as en or pt-BR"
"""A description of the rule for error messages."""


def is_tag(text: str) -> bool:
    """Return whether a text has the form of a language tag, in any case and with either separator.

    The registry of languages is not consulted.
    """
    return _parts(text) is not None


def normalized(text: str) -> str:
    """Return the tag in its usual case, with hyphens: `zh_hant_tw` becomes `zh-Hant-TW`. Other texts are unchanged."""
    if (tag := _parts(text)) is None:
        return text
    script, region = tag["script"] or "", tag["region"] or ""
    return tag["language"].lower() + script.title() + region.upper() + tag["rest"].lower()


def _parts(text: str) -> re.Match[str] | None:
    return _TAG.fullmatch(text.replace("_", "-"))
