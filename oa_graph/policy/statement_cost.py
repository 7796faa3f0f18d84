"""Limits on the cost of an analyst's statement that no time limit stops.

Neo4j checks the time between rows, neither during planning nor inside an expression. So these checks limit the text of
a statement: alternatives that the planner multiplies, nested loops, backtracking regular expressions, and texts and
lists that double. Each error names an alternative.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from oa_graph.policy.statement_tokens import TokenizedStatement

MAX_RANGE = 1_000_000
"""Maximum size of a `range` that is not unwound, and maximum iterations of nested loops over ranges."""
MAX_ALTERNATIVES = 1024
"""Maximum combinations of the alternatives of all label and type expressions; the planner considers all of them."""
MAX_RELATIONSHIPS = 32
"""Maximum relationships in a statement; the planning time grows faster than their number."""
MAX_QUANTIFIERS = 3
"""Maximum unbounded quantifiers in a regular expression; the time grows with the length of a text to that power."""

Parameters = Mapping[str, object]


def check(statement: TokenizedStatement, parameters: Parameters) -> None:
    """Raise StatementNotAllowed for a costly statement, with the rule, the position and an alternative."""
    _check_alternatives(statement)
    _check_relationships(statement)
    _check_ranges(statement, parameters)
    _check_loops(statement, parameters)
    _check_regular_expressions(statement)
    _check_replacements(statement)


# ---------- planning


def _check_alternatives(statement: TokenizedStatement) -> None:
    """Check label and type expressions, and OR between predicates on labels."""
    total = 1
    for index, factor in (*_label_factors(statement), *_or_factors(statement)):
        total *= factor
        if total > MAX_ALTERNATIVES:
            statement.refuse(
                index,
                f"the alternatives of its labels and types make more than {MAX_ALTERNATIVES} combinations, which the "
                "planner has to consider; compare labels(node) or type(relationship) with a list instead",
            )


def _label_factors(statement: TokenizedStatement) -> Iterator[tuple[int, int]]:
    for index, token in enumerate(statement.tokens):
        if token.text == ":" or token.keyword == "IS":
            yield index, _Labels(statement, index + 1).read()


def _or_factors(statement: TokenizedStatement) -> Iterator[tuple[int, int]]:
    for opening, closing in statement.closing.items():
        if statement[opening].text != "(":
            continue
        alternatives = list(statement.parts(opening + 1, closing, "OR", "XOR"))
        has_label = any(statement[at].text == ":" or statement[at].keyword == "IS" for at in range(opening, closing))
        if len(alternatives) > 1 and has_label:
            yield opening, len(alternatives)


class _Labels:
    """Parser of a label or type expression. It stops at the first other token."""

    def __init__(self, statement: TokenizedStatement, index: int) -> None:
        self._statement = statement
        self._index = index

    def read(self) -> int:
        """Return the number of combinations: conjunctions of one alternative each, negated or not."""
        return max(self._or())

    def _or(self) -> tuple[int, int]:
        """Return the combinations of the expression, and of its negation."""
        ways, negated = self._and()
        while self._take("|"):
            self._take(":")
            other = self._and()
            ways, negated = ways + other[0], negated * other[1]
        return ways, negated

    def _and(self) -> tuple[int, int]:
        ways, negated = self._not()
        while self._take("&") or self._take(":"):
            other = self._not()
            ways, negated = ways * other[0], negated + other[1]
        return ways, negated

    def _not(self) -> tuple[int, int]:
        if self._take("!"):
            ways, negated = self._not()
            return negated, ways
        if self._statement[self._index].text == "(":
            closing = self._statement.closing[self._index]
            self._index += 1
            inside = self._or()
            self._index = closing + 1
            return inside
        self._index += 1
        return 1, 1

    def _take(self, sign: str) -> bool:
        is_next = self._statement[self._index].text == sign
        self._index += is_next
        return is_next


def _check_relationships(statement: TokenizedStatement) -> None:
    """Count the signs that may start a relationship: a minus before a bracket, a minus or an arrow's head."""
    starts = [
        index
        for index, token in enumerate(statement.tokens)
        if token.text == "-" and statement[index + 1].text in ("[", "-") and statement[index - 1].text in (")", "<")
    ]
    if len(starts) > MAX_RELATIONSHIPS:
        statement.refuse(starts[MAX_RELATIONSHIPS], f"more than {MAX_RELATIONSHIPS} relationships in one statement")


# ---------- loops

_PREDICATES = ("all", "any", "none", "single")
_REDUCTIONS = ("reduce", "allreduce")
_LIST_FUNCTIONS = re.compile(r"coll|reverse|tail|to(?:string|integer|float|boolean)list")
"""Functions that iterate over a list, by name or namespace."""


@dataclass(frozen=True, slots=True)
class _Loop:
    """A loop in an expression, by the indexes of its tokens."""

    start: int
    list: range
    body: range
    accumulator: str = ""
    initial: range = range(0)


def _check_ranges(statement: TokenizedStatement, parameters: Parameters) -> None:
    for index in range(len(statement)):
        if _calls(statement, index, ("range",)) and not _is_unwound(statement, index):
            _check_range(statement, index + 1, parameters)


def _is_unwound(statement: TokenizedStatement, index: int) -> bool:
    """Return whether it is `UNWIND range(…) AS`: the time limit applies to its rows."""
    following = statement[statement.closing[index + 1] + 1]
    return statement[index - 1].keyword == "UNWIND" and following.keyword == "AS"


def _check_range(statement: TokenizedStatement, opening: int, parameters: Parameters) -> None:
    """Check the arguments of `range`: numbers, parameters, and sizes."""
    index, closing = opening + 1, statement.closing[opening]
    while index < closing:
        token = statement[index]
        if _calls(statement, index, ("size", "length")):
            index = statement.closing[index + 1]
        elif token.text == "$":
            index += 1
            _check_bound(statement, index, parameters.get(statement[index].name or statement[index].text))
        elif token.kind == "number":
            _check_bound(statement, index, _number(token.text))
        elif token.text not in (",", "+", "-", "(", ")"):
            statement.refuse(
                index,
                f"`range` in an expression takes integers up to {MAX_RANGE}, parameters, size(…) and length(…), joined "
                "by + and -; UNWIND takes any",
            )
        index += 1


def _check_bound(statement: TokenizedStatement, index: int, value: object) -> None:
    if not isinstance(value, int) or abs(value) > MAX_RANGE:
        statement.refuse(index, f"`range` goes up to {MAX_RANGE} in an expression; UNWIND takes any")


def _check_loops(statement: TokenizedStatement, parameters: Parameters) -> None:
    loops = list(_loops(statement))
    for loop in loops:
        outer_loops = [outer for outer in loops if loop.start in outer.body]
        if outer_loops:
            _check_nested(statement, (*outer_loops, loop), parameters)
        if loop.accumulator:
            _check_accumulator(statement, loop)


def _loops(statement: TokenizedStatement) -> Iterator[_Loop]:
    for opening, closing in statement.closing.items():
        before = opening - 1
        if statement[opening].text == "[" and _begins_loop(statement, opening + 1):
            yield _loop_over(statement, opening, opening + 3, closing)
        elif _calls(statement, before, _PREDICATES) and _begins_loop(statement, opening + 1):
            yield _loop_over(statement, before, opening + 3, closing)
        elif _calls(statement, before, _REDUCTIONS):
            yield _reduction(statement, before, closing)
        elif statement[opening].text == "(" and _iterates_list(statement, before):
            yield _Loop(before, range(opening, closing), range(0))


def _begins_loop(statement: TokenizedStatement, index: int) -> bool:
    return statement[index].name is not None and statement[index + 1].keyword == "IN"


def _calls(statement: TokenizedStatement, index: int, names: Iterable[str]) -> bool:
    return statement.name(index) in names and statement[index + 1].text == "("


def _iterates_list(statement: TokenizedStatement, index: int) -> bool:
    """Return whether the function whose name ends at `index` iterates over a list."""
    while statement[index - 1].text == ".":
        index -= 2
    return _LIST_FUNCTIONS.fullmatch(statement.name(index)) is not None


def _loop_over(statement: TokenizedStatement, start: int, begin: int, end: int) -> _Loop:
    """Return the loop whose list begins at `begin`; its body follows WHERE or `|`."""
    source = next(statement.parts(begin, end, "|", "WHERE"))
    return _Loop(start, source, range(source.stop, end))


def _reduction(statement: TokenizedStatement, start: int, end: int) -> _Loop:
    """Return the loop of `reduce(accumulator = initial, name IN list | body)`."""
    initial, *rest = statement.parts(start + 2, end, ",")
    begin = rest[0].start if rest else end
    loop = _loop_over(statement, start, begin + 2, end)
    return _Loop(
        start,
        loop.list,
        loop.body,
        accumulator=statement.name(initial.start),
        initial=range(initial.start + 2, initial.stop),
    )


def _check_nested(statement: TokenizedStatement, loops: Iterable[_Loop], parameters: Parameters) -> None:
    turns = [_turns(statement, loop.list, parameters) for loop in loops]
    if None in turns or prod(count for count in turns if count is not None) > MAX_RANGE:
        statement.refuse(
            [*loops][-1].start,
            f"nested loops take only ranges of numbers with {MAX_RANGE} iterations in all; UNWIND the outer list and "
            "collect() the results of the inner one",
        )


def _turns(statement: TokenizedStatement, source: range, parameters: Parameters) -> int | None:
    """Return the iterations of a loop over `range(…)` of numbers and parameters, or over a literal list; else None."""
    opening = source.start + (statement.name(source.start) == "range")
    if statement.closing.get(opening) != source.stop - 1:
        return None
    inside = list(statement.parts(opening + 1, source.stop - 1, ","))
    if statement[opening].text == "[":
        return len(inside)
    bounds = [_constant(statement, part, parameters) for part in inside]
    if len(bounds) not in (2, 3) or None in bounds or 0 in bounds[2:]:
        return None
    return len(range(bounds[0] or 0, (bounds[1] or 0) + 1, *(bound or 1 for bound in bounds[2:])))


def _constant(statement: TokenizedStatement, part: range, parameters: Parameters) -> int | None:
    tokens = [statement[index] for index in part]
    sign = -1 if tokens and tokens[0].text == "-" else 1
    match [token.text for token in tokens if token.text != "-"]:
        case [digits]:
            value = _number(digits)
        case ["$", _]:
            value = parameters.get(tokens[-1].name or tokens[-1].text)
        case _:
            value = None
    return sign * value if isinstance(value, int) and len(tokens) <= 3 else None


def _number(digits: str) -> int | None:
    return int(digits) if digits.isdecimal() else None


# ---------- growing values

_ALTERNATIVE_TO_REDUCE = "; UNWIND the list and use sum(), collect() or string.join()"


def _check_accumulator(statement: TokenizedStatement, loop: _Loop) -> None:
    """Check that the accumulator of a reduction stays a number, and is used once in each of its values."""
    joined = [index for index in loop.body if statement[index].text in ("+", "||")]
    if joined and not _is_number(statement, loop.initial):
        statement.refuse(joined[0], "an accumulator with + must start with a number" + _ALTERNATIVE_TO_REDUCE)
    for index in joined:
        if statement[index].text == "||" or "text" in (statement[index - 1].kind, statement[index + 1].kind):
            statement.refuse(index, "an accumulator must not be joined with texts" + _ALTERNATIVE_TO_REDUCE)
    for index in loop.body:
        inside = range(index, statement.closing.get(index, index))
        if statement[index].text in ("[", "{") and _uses(statement, inside, loop.accumulator):
            statement.refuse(index, "an accumulator must not be in a list or map" + _ALTERNATIVE_TO_REDUCE)
    if _uses(statement, loop.body, loop.accumulator) > 1:
        statement.refuse(
            loop.body.start,
            "an accumulator is used once in each value, so that it cannot double" + _ALTERNATIVE_TO_REDUCE,
        )


def _is_number(statement: TokenizedStatement, initial: range) -> bool:
    tokens = [statement[index] for index in initial if statement[index].text not in "+-"]
    return len(tokens) == 1 and tokens[0].kind == "number"


def _uses(statement: TokenizedStatement, part: range, name: str) -> int:
    """Return how often a value holds `name`; of a CASE only the branch with the most uses counts."""
    total, index = 0, part.start
    while index < part.stop:
        if statement[index].keyword == "CASE":
            branches, index = _branches(statement, index, part.stop)
            total += max((_uses(statement, branch, name) for branch in branches), default=0)
        elif statement.name(index) == name and statement[index - 1].text not in (".", "$"):
            total += 1
        index += 1
    return total


def _branches(statement: TokenizedStatement, start: int, stop: int) -> tuple[list[range], int]:
    """Return the values of a CASE, after THEN and ELSE, and the index of its END."""
    depth, begin, branches = 0, None, list[range]()
    for index in range(start, stop):
        keyword = statement[index].keyword
        depth += (keyword == "CASE") - (keyword == "END")
        if depth > 1 or (depth == 1 and keyword not in ("WHEN", "THEN", "ELSE")):
            continue
        if begin is not None:
            branches.append(range(begin, index))
        begin = index + 1 if keyword in ("THEN", "ELSE") else None
        if depth == 0:
            return branches, index
    return branches, stop


def _check_replacements(statement: TokenizedStatement) -> None:
    """Allow one `replace` that may lengthen a text: each further one multiplies its length."""
    growing = [
        index
        for index in range(len(statement))
        if _calls(statement, index, ("replace",)) and not _shortens(statement, index + 1)
    ]
    if len(growing) > 1:
        statement.refuse(
            growing[1],
            "only one `replace` may lengthen a text; others must replace a quoted text by one that is not longer",
        )


def _shortens(statement: TokenizedStatement, opening: int) -> bool:
    arguments = list(statement.parts(opening + 1, statement.closing[opening], ","))
    literals = [statement[part.start].value for part in arguments[1:] if len(part) == 1]
    match literals:
        case [str(searched), str(replacement)]:
            return 0 < len(searched) >= len(replacement)
        case _:
            return False


# ---------- regular expressions

_PART = re.compile(
    r"\\Q|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<open>\((?:\?(?:[:=!>]|<[=!]|<\w+>))?)|(?P<close>\))|(?P<or>\|)"
    r"|(?P<quantifier>[*+?]|\{\d+(?:,\d*)?\})|.",
    re.DOTALL,
)


def _check_regular_expressions(statement: TokenizedStatement) -> None:
    for index, token in enumerate(statement.tokens):
        if token.text != "=~":
            continue
        pattern, following = statement[index + 1].value, statement[index + 2]
        if pattern is None or (
            following.kind == "sign" and following.text in ("+", "-", "*", "/", "%", "^", "[", ".", "||")
        ):
            statement.refuse(
                index, "a regular expression is one text in quotes; use CONTAINS or STARTS WITH for others"
            )
        if (why := _backtracking_reason(pattern)) is not None:
            statement.refuse(index + 1, why)


def _backtracking_reason(pattern: str) -> str | None:
    """Return why a match of a regular expression may take forever; None: it cannot."""
    groups, last_group, quantifiers = [False], False, 0  # of each open group: whether what it matches may vary
    parts = list(_PART.finditer(pattern))
    for number, part in enumerate(parts):
        kind, text = part.lastgroup, part.group()
        if text == "\\Q":
            return "a regular expression must escape single characters, without \\Q"
        if kind == "open":
            groups.append(False)
        elif kind == "close" and len(groups) > 1:
            last_group = groups.pop()
            groups[-1] = groups[-1] or last_group
        elif kind == "or":
            groups[-1] = True
        elif kind == "quantifier" and not _follows_quantifier(parts, number):
            if text != "?" and parts[number - 1].lastgroup == "close" and last_group:
                return "a repeated group of a regular expression must hold neither repetitions nor alternatives"
            varies = text in "*+?" or "," in text
            groups[-1] = groups[-1] or varies
            quantifiers += varies and text != "?"
    if quantifiers > MAX_QUANTIFIERS:
        return f"more than {MAX_QUANTIFIERS} repetitions in a regular expression"
    return None


def _follows_quantifier(parts: list[re.Match[str]], number: int) -> bool:
    """Return whether it makes the quantifier before it lazy or possessive."""
    return parts[number].group() in "?+" and number > 0 and parts[number - 1].lastgroup == "quantifier"
