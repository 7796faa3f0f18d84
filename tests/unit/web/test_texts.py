"""Every text for people is there in every language, and what is vendored is what it claims to be."""

from __future__ import annotations

import re
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from oa_graph.domain.limits import Limits
from oa_graph.web import assets, texts
from oa_graph.web.limits import GROUPS, meanings
from oa_graph.web.render import environment
from tests.paths import ROOT

WEB = ROOT / "oa_graph" / "web"
OTHERS = texts.LANGUAGES[1:]
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
_OPTIONS = {"templates/**.html": {"newstyle_gettext": "true"}}
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


def used() -> Catalog:
    """The texts that templates and modules ask for."""
    catalog = Catalog()
    for _, _, message, _, context in extract_from_dir(WEB, _METHODS, _OPTIONS, _KEYWORDS):
        catalog.add(message, context=context)
    for meaning in meanings().values():  # the page of limits shows what their class says
        catalog.add(meaning)
    return catalog


def translated(language: str) -> Catalog:
    with (WEB / "locale" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def ids(catalog: Catalog) -> set[tuple[str, ...]]:
    return {
        tuple(message.id) if isinstance(message.id, (tuple, list)) else (message.id,)
        for message in catalog
        if message.id
    }


def strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, (tuple, list)) else (str(message.string or ""),)


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_text_and_no_other(language: str) -> None:
    catalog = translated(language)
    assert ids(used()) - ids(catalog) == set()
    assert ids(catalog) - ids(used()) == set()
    assert [message.id for message in catalog if message.id and (message.fuzzy or not all(strings(message)))] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_values_of_its_text(language: str) -> None:
    values = re.compile(r"%\(\w+\)s|\{\w+\}|</?\w+>")
    for message in translated(language):
        for id in message.id if isinstance(message.id, (tuple, list)) else (message.id,):
            if id:
                for string in strings(message):
                    assert sorted(values.findall(string)) == sorted(values.findall(id)), id


def test_the_texts_of_scripts_stand_in_the_page() -> None:
    base = (WEB / "templates" / "base.html").read_text("utf-8")
    for path in (WEB / "static").glob("*.js"):
        if path.name != "htmx.min.js":
            for name in re.findall(r'\btext\("(\w+)"', path.read_text("utf-8")):
                assert f"data-{name}=" in base, (path.name, name)


@pytest.mark.parametrize(
    ("accepted", "pages", "work"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "de"),
        ("pt-BR,pt;q=0.8", "en", "pt-BR"),
        ("zh-Hans-CN", "en", "en"),
        ("", "en", "en"),
        ("*;q=0.1, \x00;;,,", "en", "en"),
    ],
)
def test_the_languages_follow_the_browser(accepted: str, pages: str, work: str) -> None:
    assert texts.negotiated(accepted) == pages
    assert texts.preferred_work_language(accepted) == work


def test_every_language_has_a_name_of_its_own() -> None:
    names = [texts.own_name(tag) for tag in texts.WORK_LANGUAGES]
    assert len(set(names)) == len(names)
    assert not set(names) & set(texts.WORK_LANGUAGES)
    assert texts.own_name("xx-unknown") == "xx-unknown"
    assert [tag for tag in texts.WORK_LANGUAGES if texts.is_right_to_left(tag)] == ["ar", "fa", "he", "ur"]


def test_htmx_is_the_file_that_was_vendored() -> None:
    """`dist/htmx.min.js` of version 2.0.11 of the npm package of htmx; its licence stands beside it."""
    content = (WEB / "static" / "htmx.min.js").read_bytes()
    assert sha256(content).hexdigest() == "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
    assert b'version:"2.0.11"' in content
    assert (WEB / "static" / "htmx.LICENSE").read_text("utf-8").startswith("Zero-Clause BSD")


def test_what_a_first_page_loads_is_small() -> None:
    names = (
        "htmx.min.js",
        "app.js",
        "decisions.js",
        "drafts.js",
        "keys.js",
        "lease.js",
        "notices.js",
        "picture.js",
        "polling.js",
        "ranking.js",
        "pages.css",
        "icon.svg",
    )
    assert {*names} == {name for name in assets.assets() if not name.endswith("LICENSE")}
    assert sum(len(assets.assets()[name].compressed) for name in names) < 40_000


def test_templates_have_neither_scripts_nor_styles_of_their_own() -> None:
    for path in sorted(Path(WEB / "templates").glob("*.html")):
        template = re.sub(r"\{\{.*?\}\}", "", path.read_text("utf-8"))
        assert not re.search(r"<script(?! src=)|<style|\son\w+=|\sstyle=|javascript:", template), path


def test_no_expression_of_a_template_holds_an_attribute() -> None:
    """Its quotes would be escaped, and become a part of the value."""
    for path in sorted((WEB / "templates").glob("*.html")):
        expressions = re.findall(r"\{\{[^}]*'[^'}]*=\"[^}]*\}\}", path.read_text("utf-8"))
        assert [expression for expression in expressions if "| safe" not in expression] == [], path


def test_each_limit_stands_in_one_group_and_has_a_meaning() -> None:
    names = sorted(name for names in GROUPS.values() for name in names)
    assert names == sorted(meanings()) == sorted(limit.name for limit in fields(Limits))


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36",
            "Chrome, Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("curl/8.1", "curl/8.1"),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_a_few_words(agent: str, name: str) -> None:
    assert environment("en").from_string("{{ agent | browser }}").render(agent=agent) == name
