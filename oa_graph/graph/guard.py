"""Which statements of analysts are let through: the words of one are read here, then the plan that the server makes.

The words, since a plan tells neither LOAD CSV nor procedures nor SHOW where they stand inside a list expression, since
some statements hang the server's parser before there is a plan, and since a loop inside an expression is ended by no
time limit. The plan, since the server knows best what its words come to. Both refuse what they do not know.

Three rules keep the reading of words simple enough to be right. Outside of quotes there are ASCII characters only, so
that nothing looks like a word and is another, or like none. `\\u0041` is refused everywhere: the server turns it into a
character before it looks for quotes. And a word that begins something forbidden is refused wherever it stands, whether
or not it could be a name there; a name in backticks is always a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NoReturn, cast

from oa_graph.errors import ParameterNotTaken, StatementNotAllowed, StatementTooLarge
from oa_graph.graph.queries import INTEGERS

LONGEST = 10_000
"""Characters of a statement."""
DEEPEST = 32
"""Brackets of any kind inside each other; the server's parser takes exponentially long for some of them."""
DEEPEST_OF_A_KIND = {"(": DEEPEST, "[": 8, "{": 8}
"""Of each kind: subqueries and patterns in lists cost most, at 20 inside each other the server hangs."""
SIGNS_IN_A_ROW = 4
"""NOT, !, + and - in a row."""
MOST_XOR = 8
"""Each XOR doubles what the planner has to think about."""
LONGEST_RANGE = 1_000_000
"""Numbers in a `range` that is not unwound: a loop over one in an expression goes on to its end, whatever the time."""
_DEEPEST_PARAMETER = 16

PROCEDURES = frozenset(
    {
        "db.index.fulltext.awaitEventuallyConsistentIndexRefresh",
        "db.index.fulltext.listAvailableAnalyzers",
        "db.index.fulltext.queryNodes",
        "db.index.fulltext.queryRelationships",
        "db.labels",
        "db.propertyKeys",
        "db.relationshipTypes",
        "db.schema.visualization",
    }
)
"""The procedures that may be called; each only reads."""

NAMESPACES = frozenset(
    {
        "coll",
        "date",
        "datetime",
        "duration",
        "localdatetime",
        "localtime",
        "point",
        "string",
        "time",
        "uuid",
        "vector",
    }
)
"""Of functions whose name has a dot; those of plug-ins may do anything."""

_FIRST: Mapping[str, str] = {
    "CYPHER": "options of the planner are not taken",
    "EXPLAIN": "EXPLAIN is not taken: the plan is looked at anyway",
    "PROFILE": "PROFILE is not taken; look at plans in a clone of the database",
}

_FORBIDDEN: Mapping[str, str] = {
    **dict.fromkeys(
        ("CREATE", "MERGE", "INSERT", "SET", "DELETE", "DETACH", "NODETACH", "REMOVE", "FOREACH", "DROP", "ALTER"),
        "it writes",
    ),
    **dict.fromkeys(("GRANT", "DENY", "REVOKE", "RENAME", "DEALLOCATE", "REALLOCATE"), "it administers the server"),
    **dict.fromkeys(("SHOW", "TERMINATE"), "it is about the server, not about the graph"),
    **dict.fromkeys(("TRANSACTION", "TRANSACTIONS"), "a statement has one transaction"),
    "LOAD": "it reads files and addresses",
    "USE": "it goes to another database",
}

_TOKEN = re.compile(
    r"""
      (?P<space>   [ \t\r\n\f]++ )
    | (?P<comment> //[^\r\n]*+ | /\*.*?\*/ )
    | (?P<text>    '(?:[^'\\]|\\.)*+' | "(?:[^"\\]|\\.)*+" )
    | (?P<quoted>  `(?:[^`]|``)*+` )
    | (?P<number>  [0-9][0-9A-Za-z_]*+ (?:\.[0-9][0-9A-Za-z_]*+)?+ )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_]*+ )
    | (?P<sign>    [][!-/:-@^`{-~] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)

Kind = Literal["text", "quoted", "number", "word", "sign"]


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a statement, with the upper case of a word that is no name in backticks."""

    kind: Kind
    text: str
    at: int
    """How many characters stand before it."""

    @property
    def keyword(self) -> str:
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str | None:
        """What it is called, if it can be a name."""
        if self.kind == "word":
            return self.text
        return self.text[1:-1].replace("``", "`") if self.kind == "quoted" else None


def checked(statement: str, parameters: Mapping[str, object]) -> str:
    """The statement as it is to be sent: without comments and a semicolon, so that the server reads what was read here.

    Raises StatementNotAllowed, which says the rule and the place; StatementTooLarge; ParameterNotTaken.
    """
    if len(statement) > LONGEST:
        raise StatementTooLarge(what="characters:", found=len(statement), limit=LONGEST)
    _check_parameters(parameters)
    words = _Words(statement)
    words.check(parameters)
    return words.bare


def tokens(statement: str) -> list[Token]:
    """The words of a statement, without spaces and comments. Raises StatementNotAllowed for what is no Cypher."""
    return _Words(statement).tokens


def _place(statement: str, at: int) -> tuple[int, int]:
    """Line and column, from 1."""
    before = statement[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


class _Words:
    """A statement, cut into tokens."""

    def __init__(self, statement: str) -> None:
        self._statement = statement
        self.tokens = list(self._read())
        self.bare = self._without_comments()

    def _refuse(self, at: int, why: str) -> NoReturn:
        line, column = _place(self._statement, at)
        raise StatementNotAllowed(line=line, column=column, why=why)

    # ---------- reading

    def _read(self) -> Iterator[Token]:
        if (escape := re.search(r"\\[uU]", self._statement)) is not None:
            self._refuse(escape.start(), "write the character itself instead of an escape with its number")
        at = 0
        while at < len(self._statement):
            found = _TOKEN.match(self._statement, at)
            if found is None:
                self._refuse(at, _unreadable(self._statement[at]))
            kind, text = cast("str", found.lastgroup), found.group()
            if kind == "sign":
                self._check_sign(text, at)
            if kind not in ("space", "comment"):
                yield Token(cast("Kind", kind), text, at)
            at = found.end()

    def _check_sign(self, sign: str, at: int) -> None:
        """What opens something that has no end is read as a sign."""
        if sign in "'\"`":
            self._refuse(at, "this quote is never closed")
        if self._statement.startswith("/*", at):
            self._refuse(at, "this comment is never closed")

    def _without_comments(self) -> str:
        """The same tokens in the same places, and nothing else."""
        bare = [each if each in "\r\n" else " " for each in self._statement]
        for token in self.tokens:
            bare[token.at : token.at + len(token.text)] = token.text
        if self.tokens and self.tokens[-1].text == ";":
            bare[self.tokens[-1].at] = " "
        return "".join(bare).rstrip()

    # ---------- rules

    def check(self, parameters: Mapping[str, object]) -> None:
        self._check_that_it_is_one()
        self._check_depth()
        self._check_words()
        self._check_calls()
        self._check_ranges(parameters)

    def _check_that_it_is_one(self) -> None:
        if not self.tokens or self.tokens[0].text == ";":
            self._refuse(0, "there is no statement")
        first = self.tokens[0]
        if (why := _FIRST.get(first.keyword)) is not None:
            self._refuse(first.at, why)
        for token in self.tokens[:-1]:
            if token.text == ";":
                self._refuse(token.at, "only one statement is taken")

    def _check_depth(self) -> None:
        open_: list[Token] = []
        row = 0
        for token in self.tokens:
            row = row + 1 if token.keyword == "NOT" or token.text in ("!", "+", "-") else 0
            if row > SIGNS_IN_A_ROW:
                self._refuse(token.at, f"more than {SIGNS_IN_A_ROW} of NOT, !, + and - in a row")
            if token.kind != "sign":
                continue
            if token.text in "([{":
                open_.append(token)
                if len(open_) > DEEPEST:
                    self._refuse(token.at, f"more than {DEEPEST} brackets inside each other")
                if sum(bracket.text == token.text for bracket in open_) > DEEPEST_OF_A_KIND[token.text]:
                    most = DEEPEST_OF_A_KIND[token.text]
                    self._refuse(token.at, f"more than {most} of `{token.text}` inside each other")
            elif token.text in ")]}" and (not open_ or open_.pop().text + token.text not in ("()", "[]", "{}")):
                self._refuse(token.at, f"nothing is open that `{token.text}` could close")
        if open_:
            self._refuse(open_[-1].at, f"`{open_[-1].text}` is never closed")
        xors = [token for token in self.tokens if token.keyword == "XOR"]
        if len(xors) > MOST_XOR:
            self._refuse(xors[MOST_XOR].at, f"more than {MOST_XOR} XOR")

    def _check_words(self) -> None:
        for before, token in pairwise([Token("sign", "", 0), *self.tokens]):
            if before.text == "$":  # the name of a parameter
                continue
            if (why := _FORBIDDEN.get(token.keyword)) is not None:
                name = f"`{token.text}`"
                self._refuse(
                    token.at, f"{token.keyword} is not allowed, since {why}; as a name it must be written {name}"
                )

    def _check_calls(self) -> None:
        """Procedures by name, and functions whose name has a dot."""
        procedure = -1
        for at, token in enumerate(self.tokens):
            if token.keyword == "CALL" and self._text(at - 1) != "$":
                if self._text(at + 1) not in ("{", "("):
                    procedure = self._check_procedure(at + 1)
            elif token.text == "(" and self._name(at - 1) is not None and at - 1 != procedure:
                self._check_function(at - 1)

    def _check_procedure(self, at: int) -> int:
        """The name that begins at a token; gives the token that it ends with."""
        start, parts = at, list[str]()
        while (name := self._name(at)) is not None:
            parts.append(name)
            if self._text(at + 1) != ".":
                break
            at += 2
        called = ".".join(parts)
        if called not in PROCEDURES:
            place = self.tokens[min(start, len(self.tokens) - 1)].at
            self._refuse(place, f"the procedure {called or '?'} is not one of {', '.join(sorted(PROCEDURES))}")
        return at

    def _check_function(self, at: int) -> None:
        """The name that ends at a token, which a bracket follows."""
        parts = [cast("str", self._name(at))]
        while self._text(at - 1) == ".":
            at -= 2
            parts.append(self._name(at) or "?")
        called = ".".join(reversed(parts))
        if len(parts) > 1 and parts[-1].lower() not in NAMESPACES:
            self._refuse(
                self.tokens[max(at, 0)].at,
                f"the function {called} is not one of those that come with the server",
            )

    def _check_ranges(self, parameters: Mapping[str, object]) -> None:
        for at, token in enumerate(self.tokens):
            if (token.name or "").lower() == "range" and self._text(at + 1) == "(" and not self._makes_rows(at):
                self._check_range(at + 2, parameters)

    def _makes_rows(self, at: int) -> bool:
        """Whether it is `UNWIND range(…) AS`, whose rows the server counts and ends like any others."""
        before, behind = self._text(at - 1), self._text(self._behind(at + 2))
        return before.upper() == "UNWIND" and behind.upper() == "AS"

    def _check_range(self, at: int, parameters: Mapping[str, object]) -> None:
        """What stands in the brackets of `range`: numbers, parameters, and the size of something."""
        depth = 1
        while at < len(self.tokens) and depth:
            token = self.tokens[at]
            following = self._text(at + 1)
            if token.keyword in ("SIZE", "LENGTH") and following == "(":
                at = self._behind(at + 2)
                continue
            if token.text in ("(", ")"):
                depth += 1 if token.text == "(" else -1
            elif token.text == "$":
                at += 1
                self._check_bound(parameters.get(self._name(at) or self._text(at)), token.at)
            elif token.kind == "number":
                self._check_bound(int(token.text) if token.text.isdecimal() else None, token.at)
            elif token.text not in (",", "+", "-"):
                self._refuse(
                    token.at,
                    f"`range` inside an expression takes whole numbers up to {LONGEST_RANGE}, parameters, "
                    "size(…) and length(…), joined by + and -",
                )
            at += 1

    def _check_bound(self, value: object, at: int) -> None:
        if not isinstance(value, int) or abs(value) > LONGEST_RANGE:
            self._refuse(at, f"`range` goes up to {LONGEST_RANGE}")

    def _behind(self, at: int) -> int:
        """Behind the bracket that closes the one before the token at `at`."""
        depth = 1
        while at < len(self.tokens) and depth:
            token = self.tokens[at]
            if token.kind == "sign":
                depth += {"(": 1, ")": -1}.get(token.text, 0)
            at += 1
        return at

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _name(self, at: int) -> str | None:
        return self.tokens[at].name if 0 <= at < len(self.tokens) else None


def _unreadable(character: str) -> str:
    if character == "\\":
        return "a backslash stands only in quotes"
    return f"U+{ord(character):04X} stands only in quotes and comments"


# ---------- what is sent beside the statement


def _check_parameters(parameters: Mapping[str, object]) -> None:
    for name, value in parameters.items():
        _check_value(value, name, depth=0)


def _check_value(value: object, of: str, *, depth: int) -> None:
    """Raises ParameterNotTaken for what the database has no value for."""
    if depth > _DEEPEST_PARAMETER:
        raise ParameterNotTaken(why=f"{of} is nested too deeply")
    match value:
        case int() if value not in INTEGERS:
            raise ParameterNotTaken(why=f"{of} has a number that takes more than 64 bits")
        case list():
            for each in cast("Sequence[object]", value):
                _check_value(each, of, depth=depth + 1)
        case dict():
            for name, each in cast("Mapping[str, object]", value).items():
                _check_value(name, of, depth=depth)
                _check_value(each, of, depth=depth + 1)
        case _:
            return


# ---------- the plan

_READS = "r"

_UNWANTED = re.compile(
    r"(?i)load|csv|show|terminate|administration|transaction|create|merge|insert|delete|foreach|drop(?!result)|alter|grant|deny|"
    r"revoke|^set|remove|rename|command"
)
"""Parts of names of operators that do more than read the graph."""


def check_plan(query_type: str, plan: Mapping[str, Any] | None) -> None:
    """Raises StatementNotAllowed for a plan that does more than read the graph."""
    if query_type != _READS:
        raise StatementNotAllowed(line=1, column=1, why=f"only statements that read are taken; this is `{query_type}`")
    if plan is None:
        raise StatementNotAllowed(line=1, column=1, why="the database tells no plan for it")
    for operator in _operators(plan):
        if _UNWANTED.search(operator):
            raise StatementNotAllowed(line=1, column=1, why=f"the plan has {operator}, which does more than read")


def _operators(plan: Mapping[str, Any]) -> Iterator[str]:
    waiting = [plan]
    while waiting:
        found = waiting.pop()
        yield str(found["operatorType"]).partition("@")[0]
        waiting.extend(found.get("children", ()))
