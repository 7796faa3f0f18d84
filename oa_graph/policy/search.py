"""Search in texts: which index a language has, and what people type as a query that cannot go wrong.

What is typed is plain words, all of them required; what stands between double quotes is a phrase. Nothing else has a
meaning: each word becomes a quoted, escaped, required clause of the index's query language. A word of punctuation, or
one that the language's analyzer leaves out as too common, asks for nothing; a query of such words alone finds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from oa_graph.model import Among, TextQuery

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
"""The second label of a post, and the analyzer of the index that it puts the post into.

Thai is not here: its analyzer asks the Java runtime for rules that small runtimes, such as the managed server's, lack.
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
"""By language tag in lower case. A tag with more to it counts as its first part, unless it stands here itself."""


def label(lang: str) -> str:
    """The second label of a post in this language."""
    lower = lang.lower()
    return LABELS.get(lower) or LABELS.get(lower.partition("-")[0], OTHER)


def index(lang: str) -> str:
    """The full-text index that holds the posts in this language."""
    return "text_" + label(lang).removeprefix("In").lower()


def query(typed: str, lang: str, among: Among) -> TextQuery | None:
    """How to find what people type in the texts of a language; None: they typed nothing."""
    words = clauses(typed)
    if not words:
        return None
    scope = [_required("lang", lang)]
    if among.client is not None:
        scope.append(_required("client", among.client))
    if among.authors:
        scope.append(f"+({' '.join(_quoted('author', each) for each in among.authors)})")
    return TextQuery(index(lang), words, " ".join(scope))


def clauses(typed: str) -> str:
    """What is typed as required clauses, one for each word and phrase; empty when nothing is."""
    pieces = typed.split('"')
    if len(pieces) % 2 == 0:  # the last quote has no partner, so it is none
        pieces[-2:] = [" ".join(pieces[-2:])]
    words = [word for plain in pieces[::2] for word in plain.split()]
    phrases = [phrase for phrase in map(str.strip, pieces[1::2]) if phrase]
    return " ".join(_required("text", each) for each in [*words, *phrases])


def _required(field: str, value: str) -> str:
    return "+" + _quoted(field, value)


def _quoted(field: str, value: str) -> str:
    """A clause: `field` holds the words of `value`, side by side."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{field}:"{escaped}"'
