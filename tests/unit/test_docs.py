"""README and `docs/`: their length, their links, and that the generated reference leaves nothing out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path

import click
import pytest

import oa_graph
from docs._ext.reference import GENERATORS, MARK, cli, errors, http, python, settings, statements
from oa_graph import Limits, OaGraphError
from oa_graph.api.errors import ERROR_RESPONSES
from oa_graph.cli import main
from oa_graph.domain.limits import PRESETS, Preset
from oa_graph.graph.statements import catalogue, schema_files, source
from oa_graph.settings import Neo4jSettings, Settings
from tests.paths import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.md"
INSTALLED = {"operate.md"}
"""Pages for operators, whose shell knows the program."""

_FENCE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")


def pages() -> list[Path]:
    """README and all pages of `docs/`."""
    return [
        README,
        *(path for path in sorted(DOCS.rglob("*")) if path.suffix in {".md", ".ipynb"} and not is_built(path)),
    ]


def is_built(path: Path) -> bool:
    return "_build" in path.parts


def text_of(page: Path) -> str:
    """The Markdown of a page, without its code."""
    text = page.read_text("utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return _FENCE.sub("", text)


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(page: Path) -> Iterator[str]:
    for path, anchor in _LINK.findall(text_of(page)):
        target = page.parent / path if path else page
        if not target.exists() or (
            anchor and not MARK.search(target.read_text("utf-8")) and anchor not in anchors(target)
        ):
            yield f"{path}#{anchor}"


def test_the_readme_is_short() -> None:
    assert 350 <= len(text_of(README).split()) <= 650


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    assert [*broken_links(page)] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_says_how_a_shell_finds_the_program_before_it_calls_it(page: Path) -> None:
    blocks = _SHELL.findall(page.read_text("utf-8"))
    calls = [number for number, block in enumerate(blocks) if re.search(r"\boa-graph ", block)]
    paths = [number for number, block in enumerate(blocks) if 'export PATH="$PWD/.venv/bin:$PATH"' in block]
    assert not calls or page.name in INSTALLED or paths[0] <= calls[0]
    assert [block for block in blocks if ".venv/bin/oa-graph" in block] == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One\n\n[a](page.md#one) [b](page.md#two) [c](other.md) [d](#one)\n```\n[e](none.md)\n```\n", "utf-8"
    )
    assert [*broken_links(page)] == ["page.md#two", "other.md#"]


# The generated reference


def marks() -> set[tuple[str, ...]]:
    """The generators that pages name, with their arguments."""
    marks = (mark for page in pages() for mark in MARK.finditer(page.read_text("utf-8")))
    return {(mark["name"], *mark["arguments"].split()) for mark in marks}


def test_each_generator_fills_a_page() -> None:
    topics = {("statements", topic) for topic in statements.topics()}
    tags = {("http", tag) for tag in http.tags()}
    others = {(name,) for name in GENERATORS} - {("statements",), ("http",)}
    assert marks() == topics | tags | others


def test_each_setting_stands_in_the_reference_with_default_and_meaning() -> None:
    rows = {line.split(" | ")[0].strip("|` "): line for line in settings.page().splitlines() if line.startswith("| `")}
    names = [
        *(f"NEO4J_{name.upper()}" for name in Neo4jSettings.model_fields),
        *(f"OA_GRAPH_{name.upper()}" for name in Settings.model_fields if name != "limits"),
        *(f"OA_GRAPH_LIMITS__{field.name.upper()}" for field in fields(Limits)),
    ]
    assert set(rows) == set(names)
    assert rows["OA_GRAPH_LIMITS__LEASE_SEC"].startswith("| `OA_GRAPH_LIMITS__LEASE_SEC` | `600` | Duration ")
    assert rows["OA_GRAPH_API_KEY"].split(" | ")[1] == "empty"
    assert [variable.name for variable in settings.variables() if not variable.meaning] == []


def test_each_preset_stands_in_the_reference_with_what_it_changes() -> None:
    default, small = asdict(PRESETS[Preset.DEFAULT]), asdict(PRESETS[Preset.SMALL])
    rows = [
        f"| `{name}` | {default[name]} | {small[name]} |".lower() for name in default if default[name] != small[name]
    ]
    assert settings.presets().splitlines()[2:] == rows


def test_each_statement_stands_in_the_reference_as_its_file_does() -> None:
    texts = {topic: statements.page(topic) for topic in statements.topics()}
    for name, statement in catalogue().items():
        assert source(statement).strip() in texts[name.partition("/")[0]], name
    assert [step.name for step in schema_files() if f"## {step.name}\n" not in texts["schema"]] == []


def test_each_saved_query_has_a_sample_in_the_reference() -> None:
    text = statements.page("explore")
    names = [name for name in catalogue() if name.startswith("explore/")]
    sections = {name: text.partition(f"\n## {name}\n")[2].partition("````cypher")[0] for name in names}
    assert [name for name, section in sections.items() if "|---|" not in section] == []


def test_each_command_stands_in_the_reference_with_its_options() -> None:
    text = cli.page()
    for path, command in commands(main, "oa-graph"):
        section = text.partition(f"## {path}\n")[2].partition("\n## ")[0]
        assert section, path
        options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
        assert [option.name for option in options if option.opts[-1] not in section] == []


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, f"{path} {name}")


def test_each_error_stands_in_the_reference() -> None:
    text = errors.page()
    assert [error for error in ERROR_RESPONSES if f"| `{error.__name__}` | " not in text] == []
    leaves = [error for branch in OaGraphError.__subclasses__() for error in branch.__subclasses__()]
    ours = [error for error in leaves if error.__module__ == "oa_graph.errors"]
    assert [error for error in ours if f"| `{error.__name__}` | " not in text] == []


def test_each_operation_stands_in_the_reference() -> None:
    text = "\n".join(http.page(tag) for tag in http.tags())
    schemas = http.schemas()
    assert text.count("\n## ") + len(http.tags()) >= 60
    assert "## POST /api/v1/tasks/\n" in text
    assert {name for name in re.findall(r"schemas\.md#(\w+)\)", text)} <= {
        title.lower() for title in re.findall(r"^## (\w+)$", schemas, re.MULTILINE)
    }


def test_each_public_name_and_each_topic_stands_in_the_reference() -> None:
    text = python.page()
    assert [name for name in oa_graph.__all__ if f":: oa_graph.{name}" not in text] == []
    assert {"tasks", "posts", "datasets"} <= python.topics().keys()
    assert [
        topic for topic in python.topics().values() if f"autoclass:: {topic.__module__}.{topic.__name__}\n" not in text
    ] == []
