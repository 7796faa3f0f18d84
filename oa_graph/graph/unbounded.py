"""What no time limit ends: Neo4j looks at the clock between rows, neither while it plans nor inside an expression.

So these are bounded by the words of a statement: alternatives that the planner multiplies, loops inside loops, regular
expressions that go back over and over, and texts and lists that double. Each refusal names what works instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from oa_graph.graph.tokens import Statement

LONGEST_RANGE = 1_000_000
"""Numbers in a `range` that is not unwound, and turns of loops over such ranges inside each other."""
MOST_ALTERNATIVES = 1024
"""Ways to choose one of the alternatives of each label and type expression: the planner looks at all of them."""
MOST_PATTERNS = 32
"""Relationships in a statement; the time to plan grows faster than they do."""
MOST_QUANTIFIERS = 3
"""Unbounded quantifiers in a regular expression; the time for a text grows with its length to that power."""

Parameters = Mapping[str, object]


def check(statement: Statement, parameters: Parameters) -> None:
    """Raises StatementNotAllowed, which says the rule, the place and what works instead."""
    _check_alternatives(statement)
    _check_relationships(statement)
    _check_ranges(statement, parameters)
    _check_loops(statement, parameters)
    _check_regular_expressions(statement)
    _check_replacements(statement)


# ---------- planning


def _check_alternatives(statement: Statement) -> None:
    """Label and type expressions, and OR between predicates on labels."""
    total = 1
    for index, factor in (*_label_factors(statement), *_or_factors(statement)):
        total *= factor
        if total > MOST_ALTERNATIVES:
            statement.refuse(
                index,
                f"the alternatives of its labels and types make more than {MOST_ALTERNATIVES} combinations, which all "
                "have to be planned; compare labels(node) or type(relationship) with a list instead",
            )


def _label_factors(statement: Statement) -> Iterator[tuple[int, int]]:
    for index, token in enumerate(statement.tokens):
        if token.text == ":" or token.keyword == "IS":
            yield index, _Labels(statement, index + 1).read()


def _or_factors(statement: Statement) -> Iterator[tuple[int, int]]:
    for opening, closing in statement.closing.items():
        if statement[opening].text != "(":
            continue
        alternatives = list(statement.parts(opening + 1, closing, "OR", "XOR"))
        has_label = any(statement[at].text == ":" or statement[at].keyword == "IS" for at in range(opening, closing))
        if len(alternatives) > 1 and has_label:
            yield opening, len(alternatives)


class _Labels:
    """Reads a label or type expression; what is none ends it."""

    def __init__(self, statement: Statement, index: int) -> None:
        self._statement = statement
        self._index = index

    def read(self) -> int:
        """How many combinations it makes: conjunctions of one alternative each, negated or not."""
        return max(self._or())

    def _or(self) -> tuple[int, int]:
        """Combinations of the expression, and of its negation."""
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


def _check_relationships(statement: Statement) -> None:
    """Signs that may be the beginning of a relationship: a minus before a bracket, a minus or an arrow's head."""
    starts = [
        index
        for index, token in enumerate(statement.tokens)
        if token.text == "-" and statement[index + 1].text in ("[", "-") and statement[index - 1].text in (")", "<")
    ]
    if len(starts) > MOST_PATTERNS:
        statement.refuse(starts[MOST_PATTERNS], f"more than {MOST_PATTERNS} relationships in one statement")


# ---------- loops

_PREDICATES = ("all", "any", "none", "single")
_REDUCTIONS = ("reduce", "allreduce")
_WALKS_A_LIST = re.compile(r"coll|reverse|tail|to(?:string|integer|float|boolean)list")
"""Functions that go through a list as a loop does, by name or namespace."""


@dataclass(frozen=True, slots=True)
class _Loop:
    """A loop inside an expression, by the indexes of its tokens."""

    start: int
    list: range
    body: range
    accumulator: str = ""
    initial: range = range(0)


def _check_ranges(statement: Statement, parameters: Parameters) -> None:
    for index in range(len(statement)):
        if _calls(statement, index, ("range",)) and not _makes_rows(statement, index):
            _check_range(statement, index + 1, parameters)


def _makes_rows(statement: Statement, index: int) -> bool:
    """Whether it is `UNWIND range(…) AS`, whose rows the server counts and ends like any others."""
    behind = statement[statement.closing[index + 1] + 1]
    return statement[index - 1].keyword == "UNWIND" and behind.keyword == "AS"


def _check_range(statement: Statement, opening: int, parameters: Parameters) -> None:
    """What stands in the brackets of `range`: numbers, parameters, and the size of something."""
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
                f"`range` inside an expression takes whole numbers up to {LONGEST_RANGE}, parameters, size(…) and "
                "length(…), joined by + and -; UNWIND takes any",
            )
        index += 1


def _check_bound(statement: Statement, index: int, value: object) -> None:
    if not isinstance(value, int) or abs(value) > LONGEST_RANGE:
        statement.refuse(index, f"`range` goes up to {LONGEST_RANGE} inside an expression; UNWIND takes any")


def _check_loops(statement: Statement, parameters: Parameters) -> None:
    loops = list(_loops(statement))
    for loop in loops:
        around = [outer for outer in loops if loop.start in outer.body]
        if around:
            _check_nested(statement, (*around, loop), parameters)
        if loop.accumulator:
            _check_accumulator(statement, loop)


def _loops(statement: Statement) -> Iterator[_Loop]:
    for opening, closing in statement.closing.items():
        before = opening - 1
        if statement[opening].text == "[" and _begins_loop(statement, opening + 1):
            yield _over(statement, opening, opening + 3, closing)
        elif _calls(statement, before, _PREDICATES) and _begins_loop(statement, opening + 1):
            yield _over(statement, before, opening + 3, closing)
        elif _calls(statement, before, _REDUCTIONS):
            yield _reduction(statement, before, closing)
        elif statement[opening].text == "(" and _walks_a_list(statement, before):
            yield _Loop(before, range(opening, closing), range(0))


def _begins_loop(statement: Statement, index: int) -> bool:
    return statement[index].name is not None and statement[index + 1].keyword == "IN"


def _calls(statement: Statement, index: int, names: Iterable[str]) -> bool:
    return statement.name(index) in names and statement[index + 1].text == "("


def _walks_a_list(statement: Statement, index: int) -> bool:
    """Whether the function whose name ends at `index` goes through a list."""
    while statement[index - 1].text == ".":
        index -= 2
    return _WALKS_A_LIST.fullmatch(statement.name(index)) is not None


def _over(statement: Statement, start: int, begin: int, end: int) -> _Loop:
    """The loop whose list begins at `begin`; its body follows WHERE or `|`."""
    source = next(statement.parts(begin, end, "|", "WHERE"))
    return _Loop(start, source, range(source.stop, end))


def _reduction(statement: Statement, start: int, end: int) -> _Loop:
    """`reduce(accumulator = initial, name IN list | body)`."""
    initial, *rest = statement.parts(start + 2, end, ",")
    begin = rest[0].start if rest else end
    loop = _over(statement, start, begin + 2, end)
    return _Loop(
        start,
        loop.list,
        loop.body,
        accumulator=statement.name(initial.start),
        initial=range(initial.start + 2, initial.stop),
    )


def _check_nested(statement: Statement, loops: Iterable[_Loop], parameters: Parameters) -> None:
    turns = [_turns(statement, loop.list, parameters) for loop in loops]
    if None in turns or prod(count for count in turns if count is not None) > LONGEST_RANGE:
        statement.refuse(
            [*loops][-1].start,
            "a loop inside a loop goes over ranges of numbers alone, "
            f"{LONGEST_RANGE} turns in all; UNWIND the outer list and collect() what the inner one gives",
        )


def _turns(statement: Statement, source: range, parameters: Parameters) -> int | None:
    """How many turns a loop over `range(…)` of numbers and parameters, or over a literal list, takes; else None."""
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


def _constant(statement: Statement, part: range, parameters: Parameters) -> int | None:
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


# ---------- what grows

_GROWS = "; UNWIND the list and use sum(), collect() or string.join()"


def _check_accumulator(statement: Statement, loop: _Loop) -> None:
    """The accumulator of a reduction stays a number, and is used once in each value that it takes."""
    joined = [index for index in loop.body if statement[index].text in ("+", "||")]
    if joined and not _is_number(statement, loop.initial):
        statement.refuse(joined[0], "an accumulator that + joins begins with a number" + _GROWS)
    for index in joined:
        if statement[index].text == "||" or "text" in (statement[index - 1].kind, statement[index + 1].kind):
            statement.refuse(index, "an accumulator does not grow by texts" + _GROWS)
    for index in loop.body:
        inside = range(index, statement.closing.get(index, index))
        if statement[index].text in ("[", "{") and _uses(statement, inside, loop.accumulator):
            statement.refuse(index, "an accumulator does not go into a list or map" + _GROWS)
    if _uses(statement, loop.body, loop.accumulator) > 1:
        statement.refuse(
            loop.body.start, "an accumulator is used once in each value, so that it cannot double" + _GROWS
        )


def _is_number(statement: Statement, initial: range) -> bool:
    tokens = [statement[index] for index in initial if statement[index].text not in "+-"]
    return len(tokens) == 1 and tokens[0].kind == "number"


def _uses(statement: Statement, part: range, name: str) -> int:
    """How often a value holds `name`; of a CASE only the branch that holds it most, since one is taken."""
    total, index = 0, part.start
    while index < part.stop:
        if statement[index].keyword == "CASE":
            branches, index = _branches(statement, index, part.stop)
            total += max((_uses(statement, branch, name) for branch in branches), default=0)
        elif statement.name(index) == name and statement[index - 1].text not in (".", "$"):
            total += 1
        index += 1
    return total


def _branches(statement: Statement, start: int, stop: int) -> tuple[list[range], int]:
    """The values of a CASE, behind THEN and ELSE, and the index of its END."""
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


def _check_replacements(statement: Statement) -> None:
    """`replace` that may make a text longer stands once: each further one multiplies."""
    growing = [
        index
        for index in range(len(statement))
        if _calls(statement, index, ("replace",)) and not _shortens(statement, index + 1)
    ]
    if len(growing) > 1:
        statement.refuse(
            growing[1],
            "only one `replace` may make a text longer; others replace a text in quotes by one as long or shorter",
        )


def _shortens(statement: Statement, opening: int) -> bool:
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


def _check_regular_expressions(statement: Statement) -> None:
    for index, token in enumerate(statement.tokens):
        if token.text != "=~":
            continue
        pattern, behind = statement[index + 1].value, statement[index + 2]
        if pattern is None or (behind.kind == "sign" and behind.text in ("+", "-", "*", "/", "%", "^", "[", ".", "||")):
            statement.refuse(
                index, "a regular expression is one text in quotes; use CONTAINS or STARTS WITH for others"
            )
        if (why := _goes_back(pattern)) is not None:
            statement.refuse(index + 1, why)


def _goes_back(pattern: str) -> str | None:
    """Why a text could take for ever to be compared with a regular expression; None: it cannot."""
    groups, last_group, quantifiers = [False], False, 0  # of each open group: whether what it matches may vary
    parts = list(_PART.finditer(pattern))
    for number, part in enumerate(parts):
        kind, text = part.lastgroup, part.group()
        if text == "\\Q":
            return "a regular expression quotes single characters, without \\Q"
        if kind == "open":
            groups.append(False)
        elif kind == "close" and len(groups) > 1:
            last_group = groups.pop()
            groups[-1] = groups[-1] or last_group
        elif kind == "or":
            groups[-1] = True
        elif kind == "quantifier" and not _follows_quantifier(parts, number):
            if text != "?" and parts[number - 1].lastgroup == "close" and last_group:
                return "a group that is repeated holds neither a repetition nor alternatives in a regular expression"
            varies = text in "*+?" or "," in text
            groups[-1] = groups[-1] or varies
            quantifiers += varies and text != "?"
    if quantifiers > MOST_QUANTIFIERS:
        return f"more than {MOST_QUANTIFIERS} repetitions in a regular expression"
    return None


def _follows_quantifier(parts: list[re.Match[str]], number: int) -> bool:
    """Whether it makes the quantifier before it lazy or possessive."""
    return parts[number].group() in "?+" and number > 0 and parts[number - 1].lastgroup == "quantifier"
