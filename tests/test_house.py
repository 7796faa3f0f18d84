"""What the house rules promise: files, names, settings and the README agree with each other."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

import oa_graph
from oa_graph.graph.queries import catalogue
from oa_graph.model import PRESETS, Limits, Preset
from oa_graph.settings import Neo4jSettings, Settings

ROOT = Path(__file__).parent.parent

_HOST = re.compile(
    r"(?i)https?://(?:[^\s/@]*@)?((?:[a-z\d-]+\.)+[a-z]{2,})|(?<![\w.-])((?:[a-z\d-]+\.)+(?:org|com|net|io|dev))(?![\w-]|\.\w)"
)
"""A host of an address, or a name that can only be one."""
_HOSTS = frozenset(
    {"www.w3.org", "www.apache.org", "semver.org", "keepachangelog.com", "example.org", "neo4j.io", "java.io"}
)
"""Hosts that may be named, and two modules that look like hosts."""
_MACHINE = re.compile(r"(?<![\w.])/(work|root|home(?!/oa-graph)|Users)/\w")
_ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<default>.+?) \| (?P<meaning>.+) \|$", re.MULTILINE)


def ours(*suffixes: str) -> Iterator[Path]:
    """The files of the project, those of its tests among them."""
    for folder in ("oa_graph", "api", "cypher", "tests", ".github"):
        for found in sorted((ROOT / folder).rglob("*")):
            if found.is_file() and "__pycache__" not in found.parts and found.suffix in suffixes:
                yield found
    yield from (found for found in sorted(ROOT.glob("*")) if found.is_file() and found.suffix in suffixes)


def called() -> Counter[str]:
    """How often each statement is named in the program."""
    names = re.compile(r'"(\w+/\w+)"')
    code = "\n".join(found.read_text("utf-8") for found in sorted((ROOT / "oa_graph").rglob("*.py")))
    topics = {found.name for found in (ROOT / "cypher").iterdir() if found.is_dir()} - {"schema"}
    return Counter(name for name in names.findall(code) if name.partition("/")[0] in topics)


def test_each_statement_has_one_caller() -> None:
    wanted = {name for name in catalogue() if not name.startswith("explore/")}
    assert {name: called()[name] for name in wanted} == dict.fromkeys(wanted, 1)


def test_each_statement_that_is_called_exists() -> None:
    assert called().keys() <= catalogue().keys()


_ACCESSORS = {"one": "one", "maybe": "maybe", "many": "many", "rows": "many", "_streamed": "many", "run": "none"}
"""How many rows each function that runs a statement expects, in the words of the headers."""


def name_of(function: ast.expr) -> str:
    """The name of a called function or method."""
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a function or method of one of these names in the program, with its place."""
    for file in sorted([*(ROOT / "oa_graph").rglob("*.py"), *(ROOT / "api").rglob("*.py")]):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and name_of(node.func) in names:
                yield f"{file.relative_to(ROOT)}:{node.lineno}", node


def accessed() -> Iterator[tuple[str, str, str]]:
    """Each statement that is run, with its place and the rows that its caller expects."""
    for place, call in calls(*_ACCESSORS):
        for argument in call.args:
            for node in ast.walk(argument):
                if isinstance(node, ast.Constant) and node.value in catalogue():
                    yield str(node.value), place, _ACCESSORS[name_of(call.func)]


def test_a_caller_expects_as_many_rows_as_the_header_of_a_statement_declares() -> None:
    expected = {name: (place, rows) for name, place, rows in accessed()}
    wrong = {
        name: f"{place} expects {rows}, the header says {catalogue()[name].rows}"
        for name, (place, rows) in expected.items()
        if catalogue()[name].rows != rows
    }
    assert wrong == {}
    assert {name: query.rows for name, query in catalogue().items() if name not in expected and not is_saved(name)} == {
        "exchange/trees": "many",  # streamed
        **dict.fromkeys(
            ("posts/newest", "posts/newest_hits", "posts/oldest", "posts/oldest_hits"), "many"
        ),  # in a variable
    }


def is_saved(name: str) -> bool:
    """Whether a statement is a query for analysts, which is run by its name."""
    return name.startswith("explore/")


def test_random_numbers_come_from_the_source_that_the_settings_seed() -> None:
    unseeded = {place.partition(":")[0] for place, call in calls("Random") if not call.args}
    assert unseeded <= {
        "oa_graph/settings.py",  # the source itself
        "oa_graph/exchange/bringing.py",  # for callers from Python, who have no settings
    }


def test_analysts_find_only_statements_that_read() -> None:
    assert {query.mode for name, query in catalogue().items() if name.startswith("explore/")} <= {"read"}


def test_each_statement_is_told_of_in_the_readme_of_its_folder() -> None:
    told = (ROOT / "cypher" / "README.md").read_text("utf-8")
    assert [name for name in catalogue() if f"`{name}`" not in told] == []


def test_only_named_statements_may_scan() -> None:
    assert {name for name, query in catalogue().items() if query.cost.startswith("scan")} <= {
        "exchange/others",  # of a graph that is all but empty, and ends after so many nodes
        "trees/languages",  # one node for each language
        "stats/lacking",  # after an empty answer, up to the first post that has what is looked for
        "stats/count_posts",  # for an operator who has all figures counted anew
        *(name for name in catalogue() if name.startswith("explore/")),
    }


@pytest.mark.parametrize("name", oa_graph.__all__)
def test_a_public_name_exists_and_says_what_it_is(name: str) -> None:
    assert getattr(oa_graph, name) is not None


def test_the_public_names_are_in_order() -> None:
    assert oa_graph.__all__ == sorted(set(oa_graph.__all__))


# Settings


def shown(value: object) -> str:
    """A default, as the README shows it."""
    match value:
        case None | "" | ():
            return "empty"
        case bool():
            return f"`{str(value).lower()}`"
        case tuple():
            return f"`{', '.join(str(each) for each in value)}`"  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
        case _ if str(value).strip("*") == "":
            return "empty"
        case _:
            return f"`{value}`"


def default_of(field: FieldInfo) -> str | None:
    """None: it depends on the machine, and the README says it in words."""
    return None if field.default_factory is not None else shown(field.default)


def settings_in_code() -> dict[str, tuple[str | None, str | None]]:
    """Each variable with its default and its meaning."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for prefix, model in (("NEO4J_", Neo4jSettings), ("OA_GRAPH_", Settings)):
        for name, field in model.model_fields.items():
            if name != "limits":
                found[prefix + name.upper()] = (default_of(field), field.description)
    for each in fields(Limits):
        found[f"OA_GRAPH_LIMITS__{each.name.upper()}"] = (shown(getattr(Limits(), each.name)), None)
    return found


def test_the_readme_names_every_setting_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    table = readme.partition("<!-- settings -->")[2].partition("<!-- /settings -->")[0]
    told = {row["name"]: (row["default"], row["meaning"]) for row in _ROW.finditer(table)}
    code = settings_in_code()
    assert list(told) == list(code)
    for name, (default, meaning) in code.items():
        assert told[name][0] == default or (default is None and not told[name][0].startswith("`")), name
        assert meaning is None or told[name][1] == meaning, name


# How the documentation calls the program


@pytest.mark.parametrize("page", ["README.md", "docs/data.md"])
def test_a_page_calls_the_program_by_its_name_and_says_how_a_shell_finds_it(page: str) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    calls = [number for number, block in enumerate(blocks) if re.search(r"\boa-graph ", block)]
    paths = [number for number, block in enumerate(blocks) if 'export PATH="$PWD/.venv/bin:$PATH"' in block]
    assert paths[0] <= calls[0]
    assert [block for block in blocks if ".venv/bin/oa-graph" in block] == []


# What must not be in any file


def foreign_hosts(line: str) -> list[str]:
    """Hosts that may not be named: registries, mirrors, somebody's machine. `.example` names none."""
    names = [found[1] or found[2] for found in _HOST.finditer(line)]
    return [name for name in names if name.lower() not in _HOSTS and not name.endswith(".example")]


@pytest.mark.parametrize(
    ("line", "hosts"),
    [
        ("--index-url https://somebody:secret@mirror.intranet/simple", ["mirror.intranet"]),
        ("pkg @ http://files.registry.tld/pkg.whl#sha256=0", ["files.registry.tld"]),
        ("--trusted-host Mirror.Registry.COM", ["Mirror.Registry.COM"]),
        ("as in registry.dev.", ["registry.dev"]),
        ("http://127.0.0.1:8080 http://server/x https://chat.example net.java.dev.jna request.app", []),
    ],
)
def test_the_instrument_sees_hosts(line: str, hosts: list[str]) -> None:
    assert foreign_hosts(line) == hosts


def test_no_file_names_a_foreign_host_or_a_folder_of_somebodys_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in ours(".py", ".md", ".toml", ".cypher", ".yml", ".yaml", ".txt", ".lock", "", ".json", ".sh")
        if path != Path(__file__)  # its samples
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if foreign_hosts(line) or _MACHINE.search(line)
    ]
    assert found == []


def test_the_readme_shows_what_the_preset_for_small_groups_changes() -> None:
    table = (ROOT / "README.md").read_text("utf-8").partition("| limit | default | `small` |")[2].partition("\n\n")[0]
    default, small = asdict(PRESETS[Preset.DEFAULT]), asdict(PRESETS[Preset.SMALL])
    rows = [
        f"| `{name}` | {default[name]} | {small[name]} |".lower() for name in default if default[name] != small[name]
    ]
    assert table.splitlines()[2:] == rows
