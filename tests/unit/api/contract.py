"""Two OpenAPI documents compared: every way in which ours says something else than the original's, a line each.

Only what a program sees is compared; titles, descriptions, examples and operation ids are for people. Documents say
the same thing in several ways, so each schema is first brought into one form:

* `null` as a member of a union (3.1) and a field that is not required and has no default (how the original's FastAPI
  writes a field that may be null) both become "may be null". Of parameters it does not count: a query holds no null.
* What goes out: fields that the original does not require are still always sent, by it and by us, so "required" only
  counts where the original requires a field and we do not.
* A reference, a union of one and `allOf` of one are what they refer to. `const` is an enum of one.
* An integer's bound is inclusive: `exclusiveMinimum: 0` is `minimum: 1`.
* A path's parameters are matched by their place; what they are called is compared as the name of a parameter.
* A scheme of security for the header and one for the query are one scheme; they are called the same there.

A shape that both refer to by name is compared once, wherever it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, cast

Json = dict[str, Any]

_METHODS = ("get", "put", "post", "delete", "patch")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern")
_BOUNDS_OF_LISTS = ("minItems", "maxItems", "uniqueItems")
_UNIONS = ("allOf", "anyOf", "oneOf")
_PARAMETER = re.compile(r"\{(\w+)[^}]*\}")

NONE = "none"


def differences(ours: Json, theirs: Json) -> list[str]:
    """Every difference, sorted; each line is `where: what: ours -> theirs` or `where: only ours`."""
    return sorted(set(_Comparison(ours, theirs).lines()))


def operations(document: Json) -> dict[str, tuple[str, Json]]:
    """Each operation by `METHOD path` with its parameters numbered away; its own name, and what it is."""
    return {
        f"{method.upper()} {_PARAMETER.sub('{}', path)}": (f"{method.upper()} {path}", item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    }


@dataclass(frozen=True)
class _Side:
    """One of the two documents."""

    document: Json
    is_ours: bool

    def follow(self, schema: Json) -> tuple[str | None, Json, bool]:
        """A schema's name if it has one, what it is, and whether it may be null."""
        nullable = False
        name: str | None = None
        while True:
            if "$ref" in schema:
                name = str(schema["$ref"]).rpartition("/")[2]
                schema = self.document["components"]["schemas"][name]
                continue
            union = next((keyword for keyword in _UNIONS if keyword in schema), None)
            every: list[Json] = schema[union] if union else []
            members = [member for member in every if member != {"type": "null"}]
            nullable = nullable or len(members) < len(every)
            if union and len(members) == 1:
                schema = members[0]
                continue
            if isinstance(schema.get("type"), list):
                types = cast("list[str]", schema["type"])
                kinds = [kind for kind in types if kind != "null"]
                nullable = nullable or len(kinds) < len(types)
                schema = {**schema, "type": kinds[0]}
            return name, {**schema, union: members} if union else schema, nullable

    def members(self, schema: Json) -> dict[str, Json]:
        """The members of a union, by name or kind."""
        union = next((keyword for keyword in _UNIONS if keyword in schema), None)
        return {self._called(member): member for member in schema[union]} if union else {}

    def _called(self, schema: Json) -> str:
        name, followed, _ = self.follow(schema)
        return name or str(followed.get("type", "anything"))


@dataclass
class _Comparison:
    ours: Json
    theirs: Json
    _seen: set[tuple[str, str, bool]] = field(default_factory=set[tuple[str, str, bool]])

    def __post_init__(self) -> None:
        self._our, self._their = _Side(self.ours, True), _Side(self.theirs, False)

    def lines(self) -> Iterator[str]:
        ours, theirs = operations(self.ours), operations(self.theirs)
        yield from (f"{name}: only ours" for key, (name, _) in ours.items() if key not in theirs)
        yield from (f"{name}: only theirs" for key, (name, _) in theirs.items() if key not in ours)
        for key in ours.keys() & theirs.keys():
            yield from self._operation(ours[key][0], ours[key][1], theirs[key][1], path=theirs[key][0])

    def _operation(self, name: str, mine: Json, original: Json, *, path: str) -> Iterator[str]:
        yield from self._parameters(name, self._in_path(name, mine), self._in_path(path, original))
        yield from _difference(f"{name}: security", _security(mine), _security(original))
        yield from self._body(f"{name}: body", mine.get("requestBody"), original.get("requestBody"))
        ours, theirs = mine["responses"], original["responses"]
        yield from self._statuses(name, ours.keys() - theirs.keys(), "only ours")
        yield from self._statuses(name, theirs.keys() - ours.keys(), "only theirs")
        for status in ours.keys() & theirs.keys():
            yield from self._content(f"{name}: answers {status}", ours[status], theirs[status], sent=False)

    def _statuses(self, name: str, statuses: AbstractSet[str], where: str) -> Iterator[str]:
        """Successes and errors; all errors of an operation in one line."""
        yield from (f"{name}: answers {status}: {where}" for status in statuses if status < "400")
        if errors := sorted(status for status in statuses if status >= "400"):
            yield f"{name}: refuses with {' '.join(errors)}: {where}"

    # ---------- parameters

    def _in_path(self, name: str, operation: Json) -> dict[tuple[str, str], tuple[str, Json]]:
        """Parameters by where they stand, those of the path by their number; what each is called."""
        order = [match.group(1) for match in _PARAMETER.finditer(name)]
        return {
            (
                parameter["in"],
                str(order.index(parameter["name"])) if parameter["in"] == "path" else parameter["name"],
            ): (parameter["name"], parameter)
            for parameter in operation.get("parameters", ())
        }

    def _parameters(
        self,
        where: str,
        ours: Mapping[tuple[str, str], tuple[str, Json]],
        theirs: Mapping[tuple[str, str], tuple[str, Json]],
    ) -> Iterator[str]:
        for place in ours.keys() - theirs.keys():
            yield f"{where}: {place[0]} {ours[place][0]}: only ours"
        for place in theirs.keys() - ours.keys():
            yield f"{where}: {place[0]} {theirs[place][0]}: only theirs"
        for place in ours.keys() & theirs.keys():
            (name, mine), (called, original) = ours[place], theirs[place]
            here = f"{where}: {place[0]} {name}"
            yield from _difference(f"{here}: name", name, called)
            yield from _difference(f"{here}: required", mine.get("required", False), original.get("required", False))
            yield from self._value(here, mine["schema"], original["schema"], sent=True, nulls=False)
            yield from _difference(f"{here}: default", _default(mine["schema"]), _default(original["schema"]))

    # ---------- bodies

    def _body(self, where: str, mine: Json | None, original: Json | None) -> Iterator[str]:
        if mine is None or original is None:
            yield from _difference(where, "some" if mine else NONE, "some" if original else NONE)
            return
        yield from _difference(f"{where}: required", mine.get("required", False), original.get("required", False))
        yield from self._content(where, mine, original, sent=True)

    def _content(self, where: str, mine: Json, original: Json, *, sent: bool) -> Iterator[str]:
        ours, theirs = mine.get("content", {}), original.get("content", {})
        yield from _difference(f"{where}: media types", _words(ours), _words(theirs))
        for kind in ours.keys() & theirs.keys():
            # How the original writes a body that may be null: as one that need not be there.
            nulls = not sent or original.get("required", False)
            yield from self._value(where, ours[kind]["schema"], theirs[kind].get("schema", {}), sent=sent, nulls=nulls)

    # ---------- values

    def _value(self, where: str, mine: Json, original: Json, *, sent: bool, nulls: bool = True) -> Iterator[str]:
        """`sent`: in requests; `nulls`: whether it counts that one may be null."""
        my_name, ours, my_null = self._our.follow(mine)
        their_name, theirs, their_null = self._their.follow(original)
        if nulls:
            yield from _difference(f"{where}: may be null", my_null, their_null)
        if my_name and their_name:
            pair = (my_name, their_name, sent)
            if pair in self._seen:
                return
            self._seen.add(pair)
            where = f"{'sent' if sent else 'shown'} {my_name}"
            yield from _difference(f"{where}: name", my_name, their_name)
        yield from self._shapes(where, ours, theirs, sent=sent)

    def _shapes(self, where: str, ours: Json, theirs: Json, *, sent: bool) -> Iterator[str]:
        yield from self._union(where, self._our.members(ours), self._their.members(theirs), sent=sent)
        yield from _difference(f"{where}: type", _kind(ours), _kind(theirs))
        yield from _difference(f"{where}: format", ours.get("format", NONE), theirs.get("format", NONE))
        yield from _difference(f"{where}: values", _values(ours), _values(theirs))
        for bound in (*_BOUNDS, *_BOUNDS_OF_LISTS):
            yield from _difference(
                f"{where}: {bound}", _bounds(ours).get(bound, NONE), _bounds(theirs).get(bound, NONE)
            )
        if "items" in ours and "items" in theirs:
            yield from self._value(f"{where}: items", ours["items"], theirs["items"], sent=sent)
        my_rest, their_rest = ours.get("additionalProperties"), theirs.get("additionalProperties")
        if isinstance(my_rest, dict) and isinstance(their_rest, dict):
            yield from self._value(f"{where}: entries", my_rest, their_rest, sent=sent)  # pyright: ignore[reportUnknownArgumentType]
        yield from self._fields(where, ours, theirs, sent=sent)

    def _union(self, where: str, ours: Mapping[str, Json], theirs: Mapping[str, Json], *, sent: bool) -> Iterator[str]:
        yield from (f"{where}: or {name}: only ours" for name in ours.keys() - theirs.keys())
        yield from (f"{where}: or {name}: only theirs" for name in theirs.keys() - ours.keys())
        for name in ours.keys() & theirs.keys():
            yield from self._value(f"{where}: or {name}", ours[name], theirs[name], sent=sent)

    def _fields(self, where: str, ours: Json, theirs: Json, *, sent: bool) -> Iterator[str]:
        mine, original = ours.get("properties", {}), theirs.get("properties", {})
        yield from (f"{where}.{name}: only ours" for name in mine.keys() - original.keys())
        yield from (f"{where}.{name}: only theirs" for name in original.keys() - mine.keys())
        for name in mine.keys() & original.keys():
            here = f"{where}.{name}"
            my_need, their_need = name in ours.get("required", ()), name in theirs.get("required", ())
            if sent or their_need:
                yield from _difference(f"{here}: required", my_need, their_need)
            optional = not their_need and "default" not in original[name]
            nullable = {"anyOf": [original[name], {"type": "null"}]} if optional else original[name]
            yield from self._value(here, mine[name], nullable, sent=sent)
            if sent:
                yield from _difference(f"{here}: default", _default(mine[name]), _default(original[name]))


def _difference(where: str, ours: object, theirs: object) -> Iterator[str]:
    if ours != theirs:
        yield f"{where}: {ours} -> {theirs}"


def _words(names: Mapping[str, object]) -> str:
    return " ".join(sorted(names)) or NONE


def _security(operation: Json) -> str:
    schemes = {name.removesuffix("-query") for requirement in operation.get("security") or () for name in requirement}
    return " ".join(sorted(schemes)) or NONE


def _default(schema: Json) -> str:
    """None is how an optional field is written, not a default that anybody notices."""
    default = schema.get("default")
    return NONE if default is None else f"{default}"


def _kind(schema: Json) -> str:
    if any(union in schema for union in _UNIONS):
        return "union"
    return str(schema.get("type", "anything" if "enum" not in schema and "const" not in schema else "string"))


def _values(schema: Json) -> str:
    known = [schema["const"]] if "const" in schema else schema.get("enum", ())
    return " ".join(sorted(map(str, known))) or NONE


def _bounds(schema: Json) -> Mapping[str, float | int | str]:
    bounds = {bound: schema[bound] for bound in (*_BOUNDS, *_BOUNDS_OF_LISTS) if bound in schema}
    if schema.get("type") == "integer":
        if "exclusiveMinimum" in bounds:
            bounds["minimum"] = bounds.pop("exclusiveMinimum") + 1
        if "exclusiveMaximum" in bounds:
            bounds["maximum"] = bounds.pop("exclusiveMaximum") - 1
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value for name, value in bounds.items()
    }
