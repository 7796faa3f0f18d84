"""What a guideline has to be, its short form, and which one belongs to a task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from oa_graph.domain.tasks import GuidelineSummary, TaskKind
from oa_graph.errors import InvalidGuideline
from oa_graph.language import TAG_RULE, is_tag, normalized

DEFAULT_LANG = "en"
"""The language of guidelines for tasks in languages that have none."""

MAX_LENGTH = 20_000
"""Maximum number of characters of a guideline."""
_SHORT = 300
"""Maximum number of characters of the short form."""
_LANG = 32
"""Maximum number of characters of a language tag."""
_GAP = re.compile(r"\n[^\S\n]*\n")
_HEADING = re.compile(r"\s{0,3}#{1,6}(\s|$)")

Guidelines = Mapping[tuple[TaskKind, str], GuidelineSummary]
"""The current guidelines by kind and language."""


def checked_kind(kind: str) -> TaskKind:
    """Return a kind of task by its name. Raise InvalidGuideline."""
    try:
        return TaskKind(kind)
    except ValueError:
        raise InvalidGuideline(field="kind", why=f"is none of {', '.join(TaskKind)}") from None


def checked_lang(lang: str) -> str:
    """Return a language tag in its usual form. Raise InvalidGuideline."""
    if len(lang) > _LANG or not is_tag(lang):
        raise InvalidGuideline(field="lang", why=f"is not {TAG_RULE}")
    return normalized(lang)


def checked_text(text: str) -> str:
    """Return a text without outer white space. Raise InvalidGuideline."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise InvalidGuideline(field="text", why="is empty")
    if len(text) > MAX_LENGTH:
        raise InvalidGuideline(field="text", why=f"has {len(text)} characters; the maximum is {MAX_LENGTH}")
    if "\0" in text:
        raise InvalidGuideline(field="text", why="has a null character (U+0000), which cannot be stored")
    if not short(text):
        raise InvalidGuideline(field="text", why="has no paragraph beside headings")
    return text


def short(text: str) -> str:
    """Return the first paragraph that is no heading, in one line, cut between words; empty if there is none."""
    for paragraph in _GAP.split(text):
        words = [word for line in paragraph.splitlines() if not _HEADING.match(line) for word in line.split()]
        if words:
            return _cut(" ".join(words))
    return ""


def _cut(line: str) -> str:
    if len(line) <= _SHORT:
        return line
    end = line.rfind(" ", _SHORT // 2, _SHORT)
    return f"{line[: _SHORT - 1 if end < 0 else end]}…"


def by_kind_and_language(guidelines: Iterable[GuidelineSummary]) -> Guidelines:
    """Return guidelines so that they can be looked up."""
    return {(guideline.kind, guideline.lang): guideline for guideline in guidelines}


def for_tasks_in(lang: str, guidelines: Guidelines) -> Mapping[TaskKind, GuidelineSummary]:
    """Return the guideline of each kind of task in a language: in this one, else in its base, else in English."""
    langs = (DEFAULT_LANG, lang.partition("-")[0], lang)
    return {kind: guidelines[kind, tag] for tag in langs for kind in TaskKind if (kind, tag) in guidelines}
