"""Every Cypher statement of the program, read once from `cypher/` and known by its file's name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, LiteralString, cast

from oa_graph.graph.parts import Part, expanded, part

Rows = Literal["one", "maybe", "many", "none"]
Mode = Literal["read", "write", "schema"]

LANGUAGE = "CYPHER 25 "
"""What every statement is sent with: a server may have another default, as Aura and a plain Neo4j do. It does not stand
in the files, so that the checksums of the schema stay, and a file can be pasted anywhere."""

_OPTIONS = LANGUAGE + "replan=skip\n"
"""A plan is kept as it is. The server would otherwise make it anew whenever a young graph has grown by some, which
takes a second each time, to arrive at the same plan: all start from a key or a range of an index, whatever the
counts."""

_PARAMETER = re.compile(r"\$(\w+)")
"""In the files a parameter is `$name`, as people write it; what is sent has `$given.name`, one map for all. The server
makes a plan for each combination of its parameters' types, where texts and lists of about 1, 10, 100, … elements are of
different types: texts of people would have it planning for ever. A map is one type, whatever is in it."""

_NAMES_LANGUAGE = re.compile(r"(?is)(?>\s|//[^\n]*|/\*.*?\*/|\b(?:EXPLAIN|PROFILE)\b)*CYPHER\s+\d")
"""A statement whose author has chosen a language; comments, EXPLAIN and PROFILE may stand before it."""

_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)
"""A line that is a comment. Only the first one is sent: it names the statement in the server's lists and logs."""

_HEADER = re.compile(r"^// (?P<key>in|out|rows|needs|cost|mode) +(?P<rest>.+)$")


@dataclass(frozen=True, slots=True)
class Statement:
    """One file of `cypher/`, its header parsed."""

    name: str
    text: LiteralString
    gist: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    rows: Rows
    cost: str
    mode: Mode
    needs: tuple[str, ...] = ()
    """Kinds of data without which the answer is empty; `stats/missing_data` knows them."""

    @property
    def short(self) -> str:
        """Its name without the folder."""
        return self.name.rpartition("/")[2]

    @property
    def description(self) -> str:
        """What it gives or does, as words for a list."""
        return self.gist.removesuffix(".")

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the parameters without which it means nothing: their `in` lines begin with `required; `."""
        return required(self.inputs)

    @staticmethod
    def sent(parameters: Mapping[str, object]) -> dict[str, object]:
        """The parameters as `text` expects them."""
        return {"given": dict(parameters)}


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """One step of the schema: statements that are applied in order, once."""

    version: int
    name: str
    checksum: str
    statements: tuple[LiteralString, ...]


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, f"{name}/")
        elif name.endswith(".cypher"):
            yield name.removesuffix(".cypher"), entry.read_text("utf-8")


def _parse(name: str, source: str) -> Statement:
    title, _, gist = source.partition("\n")[0].removeprefix("// ").partition(": ")
    if title != name:
        raise ValueError(f"cypher/{name}.cypher: the first line has to begin with '// {name}: '")
    header: dict[str, dict[str, str]] = {"in": {}, "out": {}}
    single = {"rows": "", "needs": "", "cost": "", "mode": ""}
    for line in source.splitlines():
        if field := _HEADER.match(line):
            key, rest = field["key"], field["rest"]
            if key in single:
                single[key] = rest if key in ("needs", "cost") else rest.split()[0]
            else:
                column, _, meaning = rest.partition(" ")
                header[key][column] = meaning.strip()
    if single["rows"] not in ("one", "maybe", "many", "none") or single["mode"] not in ("read", "write"):
        raise ValueError(f"cypher/{name}.cypher: the header lacks `rows` or `mode`")
    # Text becomes a statement in this module alone: here it comes from our own files, never from a request.
    code = _PARAMETER.sub(r"$given.\1", _COMMENT.sub("", source)).rstrip().removesuffix(";")
    text = cast("LiteralString", f"{_OPTIONS}// {name}: {gist}\n{code}")
    return Statement(
        name=name,
        text=text,
        gist=gist,
        inputs=header["in"],
        outputs=header["out"],
        rows=single["rows"],
        cost=single["cost"],
        mode=cast("Mode", single["mode"]),
        needs=tuple(filter(None, single["needs"].split(", "))),
    )


_REQUIRED = "required; "
_TYPE = re.compile(r"(?P<type>ZONED DATETIME|LIST<.+?>+|[A-Z]+)(?: +(?P<meaning>.*))?$")


def declared(line: str) -> tuple[str, str]:
    """The type and the meaning that an `in` or `out` line gives, such as `INTEGER` and `null for 100`."""
    match = _TYPE.match(line)
    return (match["type"], match["meaning"] or "") if match else ("", line)


def required(inputs: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the parameters whose `in` lines begin with `required; ` after the type."""
    return tuple(name for name, line in inputs.items() if declared(line)[1].startswith(_REQUIRED))


def declared_inputs(source: str) -> Mapping[str, str]:
    """The `in` lines of a statement that somebody wrote, as `Statement.inputs`; empty where it has no header."""
    lines = (_HEADER.match(line.rstrip()) for line in source.splitlines())
    declarations = (match["rest"].partition(" ") for match in lines if match and match["key"] == "in")
    return {name: meaning.strip() for name, _, meaning in declarations}


def source(query: Statement) -> str:
    """The file in `cypher/` with its parts: header, and the statement with its `$parameters` as people write them."""
    return expanded(query.name, (files("oa_graph") / "cypher" / f"{query.name}.cypher").read_text("utf-8"), parts())


def typed_by_operator(statement: str) -> LiteralString:
    """A statement from the prompt of `oa-graph db shell`: whoever types there owns the database."""
    return cast("LiteralString", statement)


def allowed_by_guard(statement: str) -> LiteralString:
    """A statement of an analyst, as `oa_graph.policy.statement_guard` has let it through."""
    return cast("LiteralString", statement)


def with_language(statement: LiteralString) -> LiteralString:
    """The statement with `LANGUAGE` before it, unless it names one itself."""
    return statement if _NAMES_LANGUAGE.match(statement) else LANGUAGE + statement


@cache
def parts() -> Mapping[str, Part]:
    """The parts that statements share, by name such as `posts/fields`."""
    root = files("oa_graph") / "cypher" / "_parts"
    return {name: part(name, text) for name, text in _walk(root)}


@cache
def catalogue() -> Mapping[str, Statement]:
    """All statements but those of the schema, by name such as `posts/thread`."""
    root = files("oa_graph") / "cypher"
    return {
        name: _parse(name, expanded(name, text, parts()))
        for name, text in _walk(root)
        if not name.startswith(("schema/", "_parts/"))
    }


@cache
def schema_files() -> tuple[SchemaFile, ...]:
    """The steps of the schema in the order of their numbers."""
    root = files("oa_graph") / "cypher"
    schema_files: list[SchemaFile] = []
    for name, text in _walk(root):
        if not name.startswith("schema/"):
            continue
        code = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
        statements = [part.strip() for part in code.split(";\n") if part.strip()]
        schema_files.append(
            SchemaFile(
                version=int(name.removeprefix("schema/").partition("_")[0]),
                name=name,
                checksum=sha256(text.encode()).hexdigest(),
                statements=tuple(cast("LiteralString", part.removesuffix(";")) for part in statements),
            )
        )
    return tuple(schema_files)
