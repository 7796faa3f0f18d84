"""The guard for analysts' statements: it checks the tokens of a statement, then the plan of the server.

The tokens are checked since a plan does not show LOAD CSV, procedures and SHOW in a list expression, since some
statements hang the server's parser before there is a plan, and since no time limit stops a loop in an expression
(`oa_graph.policy.statement_cost`). The plan is checked since the server knows best what a statement does. Both checks
reject everything unknown.

A keyword of a forbidden clause is rejected everywhere, even where it could be a name; a name in backticks is always a
name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from oa_graph.errors import ParameterNotTaken, StatementNotAllowed, StatementTooLarge
from oa_graph.policy import statement_cost
from oa_graph.policy.statement_tokens import CLOSING, TokenizedStatement

INTEGERS = range(-(2**63), 2**63)
"""The integers that Neo4j can store."""

MAX_CHARACTERS = 10_000
"""Maximum length of a statement."""
MAX_DEPTH = 32
"""Maximum depth of brackets; the time of the server's parser may grow exponentially with it."""
MAX_DEPTH_BY_BRACKET = {"(": MAX_DEPTH, "[": 8, "{": 8}
"""Maximum depth by kind of bracket; with 20 nested subqueries or patterns in lists the server hangs."""
MAX_CONSECUTIVE_SIGNS = 4
"""Maximum number of NOT, !, + and - in a row."""
MAX_XOR = 8
"""Maximum number of XOR; each doubles the work of the planner."""
_MAX_PARAMETER_DEPTH = 16

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
"""The allowed procedures; all are read-only."""

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
"""The allowed namespaces of functions; functions of plug-ins may do anything."""

FUNCTIONS = frozenset({"string.indexof", "string.join"})
"""The allowed functions of other namespaces, in lower case. `string.regexReplace` is not: its pattern may backtrack."""

_KEYWORDS_BEFORE_TEXT = frozenset(
    {
        *("ALL", "AND", "BOTH", "BY", "CASE", "CONTAINS", "DISTINCT", "ELSE", "FILTER", "FROM", "IN", "LEADING", "NOT"),
        *("OR", "RETURN", "THEN", "TRAILING", "UNWIND", "WHEN", "WHERE", "WITH", "XOR"),
    }
)
"""Keywords that may precede a text."""

_FORBIDDEN_FIRST: Mapping[str, str] = {
    "CYPHER": "planner options are not allowed",
    "EXPLAIN": "EXPLAIN is not allowed; use it on a clone of the database",
    "PROFILE": "PROFILE is not allowed; use it on a clone of the database",
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


def checked_statement(statement: str, parameters: Mapping[str, object]) -> str:
    """Return the statement to send: without comments and semicolon, so that the server reads the same tokens.

    Raise StatementNotAllowed, with the rule and the position, StatementTooLarge and ParameterNotTaken.
    """
    if len(statement) > MAX_CHARACTERS:
        raise StatementTooLarge(what="characters:", found=len(statement), limit=MAX_CHARACTERS)
    _check_parameters(parameters)
    tokenized = TokenizedStatement(statement)
    for check in _RULES:
        check(tokenized)
    statement_cost.check(tokenized, parameters)
    return tokenized.without_comments


def _check_single_statement(statement: TokenizedStatement) -> None:
    if statement[0].text in ("", ";"):
        statement.refuse(0, "there is no statement")
    if (why := _FORBIDDEN_FIRST.get(statement[0].keyword)) is not None:
        statement.refuse(0, why)
    for index, token in enumerate(statement.tokens[:-1]):
        if token.text == ";":
            statement.refuse(index, "only one statement is allowed")


def _check_depth(statement: TokenizedStatement) -> None:
    opened: list[str] = []
    row = 0
    for index, token in enumerate(statement.tokens):
        row = row + 1 if token.keyword == "NOT" or token.text in ("!", "+", "-") else 0
        if row > MAX_CONSECUTIVE_SIGNS:
            statement.refuse(index, f"more than {MAX_CONSECUTIVE_SIGNS} of NOT, !, + and - in a row")
        if index in statement.closing:
            opened.append(token.text)
            if len(opened) > MAX_DEPTH:
                statement.refuse(index, f"more than {MAX_DEPTH} nested brackets")
            if opened.count(token.text) > (most := MAX_DEPTH_BY_BRACKET[token.text]):
                statement.refuse(index, f"more than {most} nested `{token.text}`")
        elif token.kind == "sign" and token.text in CLOSING.values():
            opened.pop()
    xors = [index for index, token in enumerate(statement.tokens) if token.keyword == "XOR"]
    if len(xors) > MAX_XOR:
        statement.refuse(xors[MAX_XOR], f"more than {MAX_XOR} XOR")


def _check_words(statement: TokenizedStatement) -> None:
    for index, token in enumerate(statement.tokens):
        if (why := _FORBIDDEN.get(token.keyword)) is not None and statement[index - 1].text != "$":
            name = f"`{token.text}`"
            statement.refuse(index, f"{token.keyword} is not allowed, since {why}; write it as {name} if it is a name")


def _check_quotes(statement: TokenizedStatement) -> None:
    """Check the token before a text, which may change its meaning: `s'{1 + 1}'` is evaluated."""
    for index, token in enumerate(statement.tokens):
        before, following = statement[index - 1], statement[index + 1]
        if token.text == "$" and following.kind not in ("word", "quoted", "number") and following.text != "(":
            statement.refuse(index, "`$` must start the name of a parameter, or `$(…)`")
        if token.kind == "text" and before.kind != "sign" and not _takes_text(statement, index - 1):
            statement.refuse(index, f"a text cannot directly follow `{before.text}`; a sign or keyword is missing")


def _takes_text(statement: TokenizedStatement, index: int) -> bool:
    """Return whether a word is a keyword that may precede a text, and not a parameter, property or label."""
    return statement[index].keyword in _KEYWORDS_BEFORE_TEXT and statement[index - 1].text not in ("$", ".", ":")


def _check_calls(statement: TokenizedStatement) -> None:
    """Check procedures by name, and functions whose name has a dot."""
    procedure = -1
    for index, token in enumerate(statement.tokens):
        if token.keyword == "CALL" and statement[index - 1].text != "$":
            if statement[index + 1].text not in ("{", "("):
                procedure = _check_procedure(statement, index + 1)
        elif token.text == "(" and statement[index - 1].name is not None and index - 1 != procedure:
            _check_function(statement, index - 1)


def _check_procedure(statement: TokenizedStatement, start: int) -> int:
    """Check the procedure whose name begins at a token; return the last token of the name."""
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
            f"the procedure {called or '?'} is not allowed; allowed are {', '.join(sorted(PROCEDURES))}",
        )
    return index


def _check_function(statement: TokenizedStatement, index: int) -> None:
    """Check the function whose name ends at a token before a bracket."""
    parts = [statement[index].name or ""]
    while statement[index - 1].text == ".":
        index -= 2
        parts.append(statement[index].name or "?")
    called = ".".join(reversed(parts))
    if len(parts) > 1 and parts[-1].lower() not in NAMESPACES and called.lower() not in FUNCTIONS:
        statement.refuse(max(index, 0), f"the function {called} is not allowed")


_RULES = (_check_single_statement, _check_depth, _check_words, _check_quotes, _check_calls)


# ---------- parameters


def _check_parameters(parameters: Mapping[str, object]) -> None:
    for name, value in parameters.items():
        _check_value(value, name, depth=0)


def _check_value(value: object, parameter: str, *, depth: int) -> None:
    """Raise ParameterNotTaken for a value that the database cannot hold."""
    if depth > _MAX_PARAMETER_DEPTH:
        raise ParameterNotTaken(why=f"{parameter} is nested too deeply")
    match value:
        case int() if value not in INTEGERS:
            raise ParameterNotTaken(why=f"{parameter} has an integer of more than 64 bits")
        case list():
            for item in cast("Sequence[object]", value):
                _check_value(item, parameter, depth=depth + 1)
        case dict():
            for key, item in cast("Mapping[str, object]", value).items():
                _check_value(key, parameter, depth=depth)
                _check_value(item, parameter, depth=depth + 1)
        case _:
            return


# ---------- the plan

_READ_QUERY = "r"

_FORBIDDEN_OPERATORS = re.compile(
    r"(?i)load|csv|show|terminate|administration|transaction|create|merge|insert|delete|foreach|drop(?!result)|alter|grant|deny|"
    r"revoke|^set|remove|rename|command"
)
"""Parts of the names of operators that do more than read the graph."""


def check_plan(query_type: str, plan: Mapping[str, Any] | None) -> None:
    """Raise StatementNotAllowed for a plan that does more than read the graph."""
    if query_type != _READ_QUERY:
        raise StatementNotAllowed(
            line=1, column=1, why=f"only reading statements are allowed; this one is `{query_type}`"
        )
    if plan is None:
        raise StatementNotAllowed(line=1, column=1, why="the database returned no plan")
    for operator in _operators(plan):
        if _FORBIDDEN_OPERATORS.search(operator):
            raise StatementNotAllowed(line=1, column=1, why=f"the plan has {operator}, which does more than read")


def _operators(plan: Mapping[str, Any]) -> Iterator[str]:
    operators = [plan]
    while operators:
        operator = operators.pop()
        yield str(operator["operatorType"]).partition("@")[0]
        operators.extend(operator.get("children", ()))
