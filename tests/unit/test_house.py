"""What the house rules promise: files and names agree with each other."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import oa_graph
from oa_graph.graph.outcomes import ClaimOutcome, LeaseOutcome, OwnPostOutcome, TaskOutcome
from oa_graph.graph.parts import expanded, part, references
from oa_graph.graph.statements import Statement, catalogue, declared, parts
from tests.paths import ROOT

_HOST = re.compile(
    r"(?i)https?://(?:[^\s/@]*@)?((?:[a-z\d-]+\.)+[a-z]{2,})|(?<![\w.-])((?:[a-z\d-]+\.)+(?:org|com|net|io|dev))(?![\w-]|\.\w)"
)
"""A host of an address, or a name that can only be one."""
_HOSTS = frozenset(
    {"www.w3.org", "www.apache.org", "semver.org", "keepachangelog.com", "example.org", "neo4j.io", "java.io"}
)
"""Hosts that may be named, and two modules that look like hosts."""
_MACHINE = re.compile(r"(?<![\w.])/(work|root|home(?!/oa-graph)|Users)/\w")


def ours(*suffixes: str) -> Iterator[Path]:
    """The files of the project, those of its tests among them."""
    for folder in ("oa_graph", "api", "cypher", "tests", ".github"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix in suffixes:
                yield path
    yield from (path for path in sorted(ROOT.glob("*")) if path.is_file() and path.suffix in suffixes)


@cache
def called() -> Counter[str]:
    """How often each statement is named in the program."""
    names = re.compile(r'"(\w+/\w+)"')
    code = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "oa_graph").rglob("*.py")))
    topics = {path.name for path in (ROOT / "cypher").iterdir() if path.is_dir()} - {"schema", "_parts"}
    return Counter(name for name in names.findall(code) if name.partition("/")[0] in topics)


_LEASES = tuple(name for name in catalogue() if name.startswith("tasks/lease_") and "prompt" not in name)
"""The statements of sampling policies and of end votes, of which a variable chooses one."""


def test_each_statement_has_one_caller() -> None:
    names = {name for name in catalogue() if not name.startswith("explore/") and name not in _LEASES}
    assert {name: called()[name] for name in names} == dict.fromkeys(names, 1)


def test_each_statement_that_is_called_exists() -> None:
    assert called().keys() <= catalogue().keys()


_ACCESSORS = {"one": "one", "maybe": "maybe", "many": "many", "rows": "many", "_streamed": "many", "run": "none"}
"""How many rows each function that runs a statement expects, in the words of the headers."""


@cache
def program() -> list[tuple[Path, Sequence[ast.AST]]]:
    """The modules of the program, each with all nodes of its syntax tree: first the module, then what is in it."""
    paths = {path.resolve() for folder in ("oa_graph", "api") for path in (ROOT / folder).rglob("*.py")}
    return [(path, list(ast.walk(ast.parse(path.read_text("utf-8"))))) for path in sorted(paths)]


def name_of(function: ast.expr) -> str:
    """The name of a called function or method."""
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a function or method of one of these names in the program, with its place."""
    for file, nodes in program():
        for node in nodes:
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
        "datasets/trees": "many",  # streamed
        **dict.fromkeys(_LEASES, "one"),  # in a variable
        **dict.fromkeys(
            ("posts/newest", "posts/newest_hits", "posts/oldest", "posts/oldest_hits"), "many"
        ),  # in a variable
    }


_OUTCOMES: dict[type[StrEnum], tuple[str, ...]] = {
    LeaseOutcome: (*_LEASES, "tasks/lease_prompt", "tasks/reread_lease"),
    TaskOutcome: (
        "tasks/acknowledge",
        "tasks/renew",
        "tasks/refuse",
        "tasks/close",
        "tasks/submit_text",
        "tasks/submit_review",
        "tasks/submit_ranking",
        "tasks/submit_end_vote",
    ),
    OwnPostOutcome: ("posts/lock_own",),
    ClaimOutcome: ("trees/claim_limits",),
}
"""The statements whose outcomes each enum decodes."""


def outcomes(query: Statement) -> set[str]:
    """The outcomes that the header of a statement lists; explanations stand in parentheses."""
    _, values = declared(query.outputs["outcome"])
    return set(re.sub(r" \(.*?\)", "", values).split(", "))


@pytest.mark.parametrize("enum", _OUTCOMES)
def test_an_enum_has_the_outcomes_that_the_headers_of_its_statements_list(enum: type[StrEnum]) -> None:
    assert set(enum) == set[str]().union(*(outcomes(catalogue()[name]) for name in _OUTCOMES[enum]))


def test_each_statement_with_an_outcome_is_decoded_into_an_enum_and_chooses_what_its_header_lists() -> None:
    deciding = {name: query for name, query in catalogue().items() if "outcome" in query.outputs}
    assert deciding.keys() == {name for names in _OUTCOMES.values() for name in names}
    assert {
        name: {value for value in outcomes(query) if f"'{value}'" not in query.text} for name, query in deciding.items()
    } == {name: set() for name in deciding}


def is_saved(name: str) -> bool:
    """Whether a statement is a query for analysts, which is run by its name."""
    return name.startswith("explore/")


def test_random_numbers_come_from_the_source_that_the_settings_seed() -> None:
    unseeded = {place.partition(":")[0] for place, call in calls("Random") if not call.args}
    assert unseeded <= {
        "oa_graph/settings.py",  # the source itself
        "oa_graph/datasets/importer.py",  # for callers from Python, who have no settings
    }


def test_analysts_find_only_statements_that_read() -> None:
    assert {query.mode for name, query in catalogue().items() if name.startswith("explore/")} <= {"read"}


def test_each_statement_is_listed_in_the_readme_of_its_folder_as_its_header_has_it() -> None:
    lines = (ROOT / "cypher" / "README.md").read_text("utf-8").splitlines()
    rows = [
        f"| [`{name}`]({name}.cypher) | {query.description} | {query.mode} |"
        for name, query in sorted(catalogue().items())
    ]
    assert [row for row in rows if row not in lines] == []


# Parts of statements


def users_of_parts() -> dict[str, set[str]]:
    """The statements and parts that refer to each part."""
    users: dict[str, set[str]] = {name: set() for name in parts()}
    for name in (*catalogue(), *(f"_parts/{name}" for name in parts())):
        for reference in references((ROOT / "cypher" / f"{name}.cypher").read_text("utf-8")):
            users[reference].add(name)
    return users


def test_each_part_is_shared_by_two_or_more() -> None:
    assert {name: users for name, users in users_of_parts().items() if len(users) < 2} == {}


def test_each_part_says_what_it_is_and_is_listed_in_the_readme() -> None:
    readme = (ROOT / "cypher" / "README.md").read_text("utf-8")
    assert [name for name, fragment in parts().items() if not fragment.gist or f"`{name}`" not in readme] == []


def test_a_part_is_indented_as_the_line_that_refers_to_it_and_filled_with_values() -> None:
    fragments = {"posts/sorted": part("posts/sorted", "// posts/sorted: some.\nORDER BY\n  post.id <<order>>\n")}
    source = "MATCH (post)\n  <<posts/sorted order=DESC>> LIMIT 1;\n"
    assert expanded("posts/some", source, fragments) == "MATCH (post)\n  ORDER BY\n    post.id DESC LIMIT 1;\n"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("<<posts/none>>", "there is no part posts/none"),
        ("<<posts/some>>", "takes these parameters: order"),
        ("<<posts/some order=ASC limit=1>>", "takes these parameters: order"),
        ("<<some order=ASC>>", "a reference is written"),
        ("<<posts/some order=ASC", "a reference is written"),
    ],
)
def test_a_wrong_reference_is_an_error(source: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        expanded("posts/one", source, {"posts/some": part("posts/some", "// posts/some: some.\n<<order>>\n")})


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("post.id\n", "the first line has to begin"),
        ("// posts/other: another.\npost.id\n", "the first line has to begin"),
    ],
)
def test_a_wrong_part_is_an_error(source: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        part("posts/some", source)


def test_only_named_statements_may_scan() -> None:
    assert {name for name, query in catalogue().items() if query.cost.startswith("scan")} <= {
        "trees/languages",  # one node for each language
        "stats/missing_data",  # after an empty answer, up to the first post that has what is looked for
        "stats/count_posts",  # for an operator who has all figures counted anew
        *(name for name in catalogue() if name.startswith("explore/")),
    }


@pytest.mark.parametrize("name", oa_graph.__all__)
def test_a_public_name_exists_and_says_what_it_is(name: str) -> None:
    assert getattr(oa_graph, name) is not None


def test_the_public_names_are_in_order() -> None:
    assert oa_graph.__all__ == sorted(set(oa_graph.__all__))


# What must not be in any file


def foreign_hosts(line: str) -> list[str]:
    """Hosts that may not be named: registries, mirrors, somebody's machine. `.example` names none."""
    names = [match[1] or match[2] for match in _HOST.finditer(line)]
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
    lines = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in ours(".py", ".md", ".toml", ".cypher", ".yml", ".yaml", ".txt", ".lock", "", ".json", ".sh")
        if path != Path(__file__)  # its samples
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if foreign_hosts(line) or _MACHINE.search(line)
    ]
    assert lines == []


# Names

_BANNED = frozenset({"each", "found", "told", "given", "said", "wanted", "those", "what", "more"})
"""Names that say how a value came there, and not what it is."""


def bound_names(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, int]]:
    """Every name that a module binds, and the line."""
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node.lineno
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node.lineno
            case _:
                pass


def test_variables_are_named_after_what_they_hold() -> None:
    assert [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path, nodes in program()
        for name, line in bound_names(nodes)
        if name.strip("_") in _BANNED and path.name != "report_data.py"  # its fields are columns of saved queries
    ] == []


_OWN_NAMES = ("api/wire/", "oa_graph/client/")
"""Where the protocol fixes the names of classes: in its shapes, and in the client, which mirrors the service."""


def test_no_two_public_classes_share_a_name() -> None:
    names = Counter(
        node.name
        for path, (module, *_) in program()
        if not str(path.relative_to(ROOT)).startswith(_OWN_NAMES)
        for node in ast.iter_child_nodes(module)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


_MODULE = re.compile(r"`(oa_graph(?:\.\w+)+)[`(]")
_FILE = re.compile(r"`((?:oa_graph|api|cypher|tests|bench|docs(?!/_build))/[\w/.-]+|test_\w+\.py)`")


def resolves(reference: str) -> bool:
    """Whether a dotted name is a module of ours, or something in one."""
    parts = reference.split(".")
    for end in range(len(parts), 0, -1):
        try:
            value: object = import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for name in parts[end:]:
            if not hasattr(value, name):
                fields = getattr(value, "__dataclass_fields__", getattr(value, "__annotations__", {}))
                return name in fields
            value = getattr(value, name)
        return True
    return False


def test_references_in_texts_resolve() -> None:
    texts = {path: path.read_text("utf-8") for path in ours(".py", ".md", ".cypher") if path.name != "CHANGELOG.md"}
    names = {path.name for path in texts}
    stale = [
        f"{path.relative_to(ROOT)}: {reference}"
        for path, text in texts.items()
        for reference in {*_MODULE.findall(text), *_FILE.findall(text)}
        if not (resolves(reference) or (ROOT / reference).exists() or reference in names)
    ]
    assert stale == []
