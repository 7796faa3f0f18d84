"""Language tags as BCP 47 writes them.

Only case and separator are normalized, by the rules of RFC 5646, 2.1.1. Tags that differ in more stay apart: `en-US` is
not `en`, and `iw` is not `he`.
"""

from __future__ import annotations

import re

_TAG = re.compile(
    r"(?ai)(?P<language>[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[ix](?:-[a-z\d]{1,8})+)"
    r"(?P<script>-[a-z]{4})?(?P<region>-(?:[a-z]{2}|\d{3}))?"
    r"(?P<rest>(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?)"
)
"""The grammar of RFC 5646, 2.1. Languages of five letters and more are left out: `english` is one, and none exists.

`cypher/schema/0007_languages` does the same to graphs that were written before.
"""


TAG_RULE = "a BCP 47 tag, such as en or pt-BR"
"""For errors."""


def is_tag(text: str) -> bool:
    """Whether it has the form of a language tag, in any case and with either separator. No registry is asked."""
    return _parts(text) is not None


def normalized(text: str) -> str:
    """The tag in its usual case, with hyphens: `EN` is `en`, `zh_hant_tw` is `zh-Hant-TW`. Other text stays."""
    if (tag := _parts(text)) is None:
        return text
    script, region = tag["script"] or "", tag["region"] or ""
    return tag["language"].lower() + script.title() + region.upper() + tag["rest"].lower()


def _parts(text: str) -> re.Match[str] | None:
    return _TAG.fullmatch(text.replace("_", "-"))
