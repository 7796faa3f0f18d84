"""Parts of statements: Cypher that several statements share, written once in `cypher/_parts/`.

`<<topic/part>>` in a statement stands for the text of that part, and `<<topic/part name=value>>` for its text with
`<<name>>` replaced by the value. Such a statement is no valid Cypher before it is expanded, so that nobody runs a
statement from which a condition is missing. A part may refer to others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_REFERENCE = re.compile(r"<<(?P<part>\w+/\w+)(?P<arguments>(?: \w+=[^\s<>]*)*)>>")
_PLACEHOLDER = re.compile(r"<<(\w+)>>")
_MARK = "<<"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of `cypher/_parts/`: its title line, and the text behind it."""

    name: str
    gist: str
    text: str

    @property
    def parameters(self) -> set[str]:
        """The names that a reference has to give values for."""
        return set(_PLACEHOLDER.findall(self.text))

    def filled(self, arguments: Mapping[str, str]) -> str:
        """The text with these values. Raise ValueError unless they are those that the part has names for."""
        if set(arguments) != self.parameters:
            names = ", ".join(sorted(self.parameters)) or "none"
            raise ValueError(f"cypher/_parts/{self.name}.cypher takes these parameters: {names}")
        return _PLACEHOLDER.sub(lambda placeholder: arguments[placeholder[1]], self.text)


def part(name: str, source: str) -> Part:
    """The part of a file. Raise ValueError for one without a title."""
    first, _, text = source.partition("\n")
    title, _, gist = first.removeprefix("// ").partition(": ")
    if title != name:
        raise ValueError(f"cypher/_parts/{name}.cypher: the first line has to begin with '// {name}: '")
    return Part(name, gist, text.rstrip())


def references(source: str) -> Iterator[str]:
    """The names of the parts that a statement or a part refers to, once for each reference."""
    return iter(re.findall(r"<<(\w+/\w+)", source))


def expanded(name: str, source: str, parts: Mapping[str, Part]) -> str:
    """The statement with the text of its parts, each indented as the line that refers to it.

    Raise ValueError for a part that does not exist, and for wrong arguments.
    """
    text = "".join(_expanded_line(name, line, parts) for line in source.splitlines(keepends=True))
    if _MARK in text:
        raise ValueError(f"cypher/{name}.cypher: a reference is written <<topic/part>> or <<topic/part name=value>>")
    return text


def _expanded_line(name: str, line: str, parts: Mapping[str, Part]) -> str:
    indent = line[: len(line) - len(line.lstrip(" "))]

    def text_of(reference: re.Match[str]) -> str:
        if (named_part := parts.get(reference["part"])) is None:
            raise ValueError(f"cypher/{name}.cypher: there is no part {reference['part']}")
        arguments = dict(argument.split("=", 1) for argument in reference["arguments"].split())
        text = expanded(f"_parts/{named_part.name}", named_part.filled(arguments), parts)
        return text.replace("\n", f"\n{indent}")

    return _REFERENCE.sub(text_of, line)
