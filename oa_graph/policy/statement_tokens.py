"""The tokenizer for analysts' statements. It splits a statement as the server's lexer does, or rejects it.

Three rules keep it simple. Only ASCII characters are allowed outside of quotes, so that no word looks like another one.
`\\u0041` is rejected everywhere, since the server replaces it before it parses quotes. Only the signs of Cypher are
allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NoReturn, cast

from oa_graph.errors import StatementNotAllowed

Kind = Literal["text", "quoted", "number", "word", "sign"]

CLOSING: Mapping[str, str] = {"(": ")", "[": "]", "{": "}"}

_TOKEN = re.compile(
    r"""
      (?P<space>   [ \t\r\n\f]++ )
    | (?P<comment> //[^\r\n]*+ | /\*.*?\*/ )
    | (?P<text>    '(?:[^'\\]|\\.)*+' | "(?:[^"\\]|\\.)*+" )
    | (?P<quoted>  `(?:[^`]|``)*+` )
    | (?P<number>  [0-9][0-9A-Za-z_]*+ (?:\.[0-9][0-9A-Za-z_]*+)?+ )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_]*+ )
    | (?P<sign>    =~ | \|\| | /(?!\*) | [][(){},.;:|&!+*%^=<>$-] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a statement that is neither space nor comment."""

    kind: Kind
    text: str
    at: int
    """Its offset in characters."""

    @property
    def keyword(self) -> str:
        """Return a word in upper case; empty for a name in backticks and other tokens."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str | None:
        """Return the name, if the token can be one."""
        if self.kind == "word":
            return self.text
        return self.text[1:-1].replace("``", "`") if self.kind == "quoted" else None

    @property
    def value(self) -> str | None:
        """Return the value of a text in quotes."""
        if self.kind != "text":
            return None
        return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), self.text[1:-1])


_NO_TOKEN = Token("sign", "", 0)


class TokenizedStatement:
    """The tokens of a statement. Raises StatementNotAllowed for invalid Cypher."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.tokens = list(self._read())

    def refuse(self, index: int, why: str) -> NoReturn:
        """Raise StatementNotAllowed for the token at `index`."""
        self._refuse_at(self[index].at if self.tokens else 0, why)

    def __getitem__(self, index: int) -> Token:
        """Return the token at `index`; an empty sign if there is none."""
        return self.tokens[index] if 0 <= index < len(self.tokens) else _NO_TOKEN

    def __len__(self) -> int:
        return len(self.tokens)

    def name(self, index: int) -> str:
        """Return the name at `index` in lower case; empty if there is none."""
        return (self[index].name or "").lower()

    @cached_property
    def without_comments(self) -> str:
        """Return the statement without comments and the last semicolon; tokens keep their positions."""
        characters = [character if character in "\r\n" else " " for character in self._text]
        for token in self.tokens:
            characters[token.at : token.at + len(token.text)] = token.text
        if self.tokens and self.tokens[-1].text == ";":
            characters[self.tokens[-1].at] = " "
        return "".join(characters).rstrip()

    @cached_property
    def closing(self) -> Mapping[int, int]:
        """Return the index of the closing bracket for the index of each opening one."""
        opened: list[int] = []
        closing: dict[int, int] = {}
        for index, token in enumerate(self.tokens):
            if token.kind != "sign":
                continue
            if token.text in CLOSING:
                opened.append(index)
            elif token.text in CLOSING.values():
                if not opened or CLOSING[self[opened[-1]].text] != token.text:
                    self.refuse(index, f"`{token.text}` has no opening bracket")
                closing[opened.pop()] = index
        if opened:
            self.refuse(opened[-1], f"`{self[opened[-1]].text}` is never closed")
        return closing

    def parts(self, start: int, end: int, *separators: str) -> Iterator[range]:
        """Split the indexes from `start` to `end` at separators that are not in brackets."""
        begin = index = start
        while index < end:
            if self[index].text in separators or self[index].keyword in separators:
                yield range(begin, index)
                begin = index + 1
            index = self.closing.get(index, index) + 1
        yield range(begin, end)

    def _read(self) -> Iterator[Token]:
        if (escape := re.search(r"\\[uU]", self._text)) is not None:
            self._refuse_at(escape.start(), "write the character itself instead of an escape with its number")
        at = 0
        while at < len(self._text):
            match = _TOKEN.match(self._text, at)
            if match is None:
                self._refuse_at(at, self._unreadable(at))
            if match.lastgroup not in ("space", "comment"):
                yield Token(cast("Kind", match.lastgroup), match.group(), at)
            at = match.end()

    def _unreadable(self, at: int) -> str:
        character = self._text[at]
        if character in "'\"`":
            return "this quote is never closed"
        if self._text.startswith("/*", at):
            return "this comment is never closed"
        if character == "\\":
            return "a backslash is allowed only in quotes"
        if character.isascii() and character.isprintable():
            return f"`{character}` is not a sign of Cypher; it is allowed only in quotes and comments"
        return f"U+{ord(character):04X} is allowed only in quotes and comments"

    def _refuse_at(self, at: int, why: str) -> NoReturn:
        before = self._text[:at]
        line, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
        raise StatementNotAllowed(line=line, column=column, why=why)
