"""Translations: English in the templates and the code, other languages in `locale/<language>.po`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("en", "de")
"""The languages of the pages; the first is the default."""

WORK_LANGUAGES = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "eo", "es", "et", "eu", "fa", "fi", "fr", "gl", "he", "hi",
    "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "nl", "nb", "pl", "pt-BR", "pt-PT", "ro", "ru", "sk", "sl",
    "sq", "sr", "sv", "sw", "ta", "th", "tr", "uk", "ur", "vi", "zh-Hans", "zh-Hant",
)  # fmt: skip
"""The languages of tasks to choose from."""


@cache
def translations(language: str) -> NullTranslations:
    """Return the catalogue of a language of the pages."""
    if language == LANGUAGES[0]:
        return NullTranslations()
    source, compiled = files("oa_graph.web") / "locale" / f"{language}.po", BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def locale(tag: str) -> Locale:
    """Return what Babel knows about a language. Raise babel.UnknownLocaleError."""
    return Locale.parse(tag, sep="-")


def negotiated(accept_language: str) -> str:
    """Return the language of the pages that suits a browser best."""
    preferred = [_tag(part) for part in accept_language.split(",")[:20]]
    return negotiate_locale([tag for tag in preferred if tag], LANGUAGES, sep="-") or LANGUAGES[0]


def preferred_work_language(accept_language: str) -> str:
    """Return the default language of tasks: the first language of the browser that is offered."""
    for part in accept_language.split(",")[:20]:
        tag = _tag(part)
        if match := next((known for known in WORK_LANGUAGES if known in (tag, tag.partition("-")[0])), None):
            return match
    return LANGUAGES[0]


def _tag(part: str) -> str:
    return part.partition(";")[0].strip()


@cache
def own_name(tag: str) -> str:
    """Return the name of a language in that language; an unknown tag is returned as it is."""
    try:
        name = locale(tag).get_display_name(tag.replace("-", "_")) or tag
    except (ValueError, UnknownLocaleError):
        return tag
    return name[:1].upper() + name[1:]


@cache
def is_right_to_left(tag: str) -> bool:
    """Return whether a language is written from right to left."""
    try:
        return locale(tag).text_direction == "rtl"
    except (ValueError, UnknownLocaleError):
        return False


def work_languages(value: str, accept_language: str) -> Sequence[str]:
    """Return the languages of tasks that a cookie names, in order; without any, the one that the browser prefers."""
    chosen = [tag for tag in value.split(".") if tag in WORK_LANGUAGES]
    return chosen or [preferred_work_language(accept_language)]


def N_(message: str) -> str:  # noqa: N802 - the name that gettext tools know
    """Mark a message for the catalogues; `PageRequest.gettext` or the template translates it."""
    return message
