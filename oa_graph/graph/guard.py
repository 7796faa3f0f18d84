"""Which statements of analysts are taken: the words of one are read here, then the plan that the server makes.

The words, since a plan tells neither LOAD CSV nor procedures nor SHOW where they stand inside a list expression, since
some statements hang the server's parser before there is a plan, and since a loop inside an expression is ended by no
time limit (`oa_graph.graph.unbounded`). The plan, since the server knows best what its words come to. Both refuse what
they do not know.

A word that begins something forbidden is refused wherever it stands, whether or not it could be a name there; a name in
backticks is always a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from oa_graph.errors import ParameterNotTaken, StatementNotAllowed, StatementTooLarge
from oa_graph.graph import unbounded
from oa_graph.graph.queries import INTEGERS
from oa_graph.graph.tokens import CLOSING, Statement

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
        "time",
        "uuid",
        "vector",
    }
)
"""Of functions whose name has a dot; those of plug-ins may do anything."""

FUNCTIONS = frozenset({"string.indexof", "string.join"})
"""Of other namespaces, in lower case. `string.regexReplace` is not among them: its pattern may run for ever."""

_BEFORE_TEXT = frozenset(
    {
        *("ALL", "AND", "BOTH", "BY", "CASE", "CONTAINS", "DISTINCT", "ELSE", "FILTER", "FROM", "IN", "LEADING", "NOT"),
        *("OR", "RETURN", "THEN", "TRAILING", "UNWIND", "WHEN", "WHERE", "WITH", "XOR"),
    }
)
"""Keywords that a text may follow."""

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


def checked(statement: str, parameters: Mapping[str, object]) -> str:
    """The statement as it is to be sent: without comments and a semicolon, so that the server reads what was read here.

    Raises StatementNotAllowed, which says the rule and the place; StatementTooLarge; ParameterNotTaken.
    """
    if len(statement) > LONGEST:
        raise StatementTooLarge(what="characters:", found=len(statement), limit=LONGEST)
    _check_parameters(parameters)
    read = Statement(statement)
    for check in _RULES:
        check(read)
    unbounded.check(read, parameters)
    return read.bare


def _check_that_it_is_one(statement: Statement) -> None:
    if statement[0].text in ("", ";"):
        statement.refuse(0, "there is no statement")
    if (why := _FIRST.get(statement[0].keyword)) is not None:
        statement.refuse(0, why)
    for index, token in enumerate(statement.tokens[:-1]):
        if token.text == ";":
            statement.refuse(index, "only one statement is taken")


def _check_depth(statement: Statement) -> None:
    opened: list[str] = []
    row = 0
    for index, token in enumerate(statement.tokens):
        row = row + 1 if token.keyword == "NOT" or token.text in ("!", "+", "-") else 0
        if row > SIGNS_IN_A_ROW:
            statement.refuse(index, f"more than {SIGNS_IN_A_ROW} of NOT, !, + and - in a row")
        if index in statement.closing:
            opened.append(token.text)
            if len(opened) > DEEPEST:
                statement.refuse(index, f"more than {DEEPEST} brackets inside each other")
            if opened.count(token.text) > (most := DEEPEST_OF_A_KIND[token.text]):
                statement.refuse(index, f"more than {most} of `{token.text}` inside each other")
        elif token.kind == "sign" and token.text in CLOSING.values():
            opened.pop()
    xors = [index for index, token in enumerate(statement.tokens) if token.keyword == "XOR"]
    if len(xors) > MOST_XOR:
        statement.refuse(xors[MOST_XOR], f"more than {MOST_XOR} XOR")


def _check_words(statement: Statement) -> None:
    for index, token in enumerate(statement.tokens):
        if (why := _FORBIDDEN.get(token.keyword)) is not None and statement[index - 1].text != "$":
            name = f"`{token.text}`"
            statement.refuse(index, f"{token.keyword} is not allowed, since {why}; as a name it must be written {name}")


def _check_quotes(statement: Statement) -> None:
    """What stands before a text may change what it is: `s'{1 + 1}'` is evaluated."""
    for index, token in enumerate(statement.tokens):
        before, following = statement[index - 1], statement[index + 1]
        if token.text == "$" and following.kind not in ("word", "quoted", "number") and following.text != "(":
            statement.refuse(index, "`$` begins the name of a parameter, or `$(…)`")
        if token.kind == "text" and before.kind != "sign" and not _takes_text(statement, index - 1):
            statement.refuse(index, f"a text cannot follow `{before.text}` directly; join them by a sign or a keyword")


def _takes_text(statement: Statement, index: int) -> bool:
    """Whether the word is a keyword that a text may follow, and not the name of a parameter, property or label."""
    return statement[index].keyword in _BEFORE_TEXT and statement[index - 1].text not in ("$", ".", ":")


def _check_calls(statement: Statement) -> None:
    """Procedures by name, and functions whose name has a dot."""
    procedure = -1
    for index, token in enumerate(statement.tokens):
        if token.keyword == "CALL" and statement[index - 1].text != "$":
            if statement[index + 1].text not in ("{", "("):
                procedure = _check_procedure(statement, index + 1)
        elif token.text == "(" and statement[index - 1].name is not None and index - 1 != procedure:
            _check_function(statement, index - 1)


def _check_procedure(statement: Statement, start: int) -> int:
    """The name that begins at a token; gives the token that it ends with."""
    index, parts = start, list[str]()
    while (name := statement[index].name) is not None:
        parts.append(name)
        if statement[index + 1].text != ".":
            break
        index += 2
    called = ".".join(parts)
    if called not in PROCEDURES:
        statement.refuse(
            min(start, len(statement) - 1),
            f"the procedure {called or '?'} is not one of {', '.join(sorted(PROCEDURES))}",
        )
    return index


def _check_function(statement: Statement, index: int) -> None:
    """The name that ends at a token, which a bracket follows."""
    parts = [statement[index].name or ""]
    while statement[index - 1].text == ".":
        index -= 2
        parts.append(statement[index].name or "?")
    called = ".".join(reversed(parts))
    if len(parts) > 1 and parts[-1].lower() not in NAMESPACES and called.lower() not in FUNCTIONS:
        statement.refuse(max(index, 0), f"the function {called} is not one of those that analysts may call")


_RULES = (_check_that_it_is_one, _check_depth, _check_words, _check_quotes, _check_calls)


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
