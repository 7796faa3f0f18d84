"""Full-text search: the index of a language, and the conversion of user input to a safe query.

The input consists of words, all of them required, and of phrases in double quotes. Nothing else has a meaning: each
word becomes a quoted, escaped, required clause of the index's query language. A word of punctuation, or a stop word of
the language's analyzer, has no effect; a query of such words alone finds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from oa_graph.domain.listings import PostFilter
from oa_graph.domain.posts import TextQuery

ANALYZERS: Mapping[str, str] = {
    "InArabic": "arabic",
    "InArmenian": "armenian",
    "InBasque": "basque",
    "InBrazilian": "brazilian",
    "InBulgarian": "bulgarian",
    "InCatalan": "catalan",
    "InCjk": "cjk",
    "InCzech": "czech",
    "InDanish": "danish",
    "InDutch": "dutch",
    "InEnglish": "english",
    "InFinnish": "finnish",
    "InFrench": "french",
    "InGalician": "galician",
    "InGerman": "german",
    "InGreek": "greek",
    "InHindi": "hindi",
    "InHungarian": "hungarian",
    "InIndonesian": "indonesian",
    "InIrish": "irish",
    "InItalian": "italian",
    "InLatvian": "latvian",
    "InLithuanian": "lithuanian",
    "InNorwegian": "norwegian",
    "InPersian": "persian",
    "InPortuguese": "portuguese",
    "InRomanian": "romanian",
    "InRussian": "russian",
    "InSorani": "sorani",
    "InSpanish": "spanish",
    "InSwedish": "swedish",
    "InTurkish": "turkish",
    "InOther": "standard-no-stop-words",
}
"""The second label of a post, and the analyzer of the index of that label.

Thai is missing: its analyzer needs rules that small Java runtimes, such as the managed server's, lack.
"""

OTHER = "InOther"

LABELS: Mapping[str, str] = {
    "ar": "InArabic",
    "bg": "InBulgarian",
    "ca": "InCatalan",
    "ckb": "InSorani",
    "cs": "InCzech",
    "da": "InDanish",
    "de": "InGerman",
    "el": "InGreek",
    "en": "InEnglish",
    "es": "InSpanish",
    "eu": "InBasque",
    "fa": "InPersian",
    "fi": "InFinnish",
    "fr": "InFrench",
    "ga": "InIrish",
    "gl": "InGalician",
    "hi": "InHindi",
    "hu": "InHungarian",
    "hy": "InArmenian",
    "id": "InIndonesian",
    "it": "InItalian",
    "ja": "InCjk",
    "ko": "InCjk",
    "lt": "InLithuanian",
    "lv": "InLatvian",
    "nb": "InNorwegian",
    "nl": "InDutch",
    "nn": "InNorwegian",
    "no": "InNorwegian",
    "pt": "InPortuguese",
    "pt-br": "InBrazilian",
    "ro": "InRomanian",
    "ru": "InRussian",
    "sv": "InSwedish",
    "tr": "InTurkish",
    "yue": "InCjk",
    "zh": "InCjk",
}
"""By language tag in lower case. A longer tag counts as its first part, unless it is listed."""


def label(lang: str) -> str:
    """Return the second label of a post in this language."""
    lower = lang.lower()
    return LABELS.get(lower) or LABELS.get(lower.partition("-")[0], OTHER)


def index(lang: str) -> str:
    """Return the name of the full-text index of this language."""
    return "text_" + label(lang).removeprefix("In").lower()


def query(text: str, lang: str, post_filter: PostFilter) -> TextQuery | None:
    """Return the full-text query for user input in a language; None: the input is empty."""
    words = clauses(text)
    if not words:
        return None
    scope = [_required("lang", lang)]
    if post_filter.client is not None:
        scope.append(_required("client", post_filter.client))
    if post_filter.authors:
        scope.append(f"+({' '.join(_quoted('author', author) for author in post_filter.authors)})")
    return TextQuery(index(lang), words, " ".join(scope))


def clauses(text: str) -> str:
    """Return the input as required clauses, one for each word and phrase; empty for empty input."""
    pieces = text.split('"')
    if len(pieces) % 2 == 0:  # the last quote has no partner, so it is none
        pieces[-2:] = [" ".join(pieces[-2:])]
    words = [word for plain in pieces[::2] for word in plain.split()]
    phrases = [phrase for phrase in map(str.strip, pieces[1::2]) if phrase]
    return " ".join(_required("text", value) for value in [*words, *phrases])


def _required(field: str, value: str) -> str:
    return "+" + _quoted(field, value)


def _quoted(field: str, value: str) -> str:
    """Return a clause: `field` holds the words of `value`, side by side."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{field}:"{escaped}"'
