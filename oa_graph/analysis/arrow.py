"""Rows as Arrow tables, which pandas, polars and Parquet files are made of.

A column has the type that a query's header declares; where nothing is declared, or the data say otherwise, its values
decide:

| in the graph | in Arrow |
|---|---|
| INTEGER, FLOAT, both mixed | int64, float64, float64 |
| STRING, BOOLEAN, BYTES | string, bool, binary |
| DATE, ZONED DATETIME, LOCAL DATETIME | date32, timestamp[us, UTC], timestamp[us] |
| LIST, MAP, node, edge | list, struct with each key that occurs; a key that a value lacks is null there |
| DURATION | string, ISO 8601 |
| no value in any row | null |
| values of several kinds, and what is not named here | string, each value as JSON |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from itertools import chain
from types import NoneType
from typing import Any, TypeAlias, cast

from pydantic_core import to_json

from oa_graph.errors import PackageMissing
from oa_graph.graph.queries import Query, declared

Row: TypeAlias = "tuple[Any, ...]"
Type: TypeAlias = Any
"""A `pyarrow.DataType`; pyarrow tells type checkers nothing of itself."""
Table: TypeAlias = Any
"""A `pyarrow.Table`."""


def pyarrow() -> Any:
    """Raises PackageMissing."""
    try:
        import pyarrow as found
    except ImportError as error:
        raise PackageMissing(package="pyarrow", extra="parquet") from error
    return cast("Any", found)


def parquet() -> Any:
    """Raises PackageMissing."""
    try:
        import pyarrow.parquet as found
    except ImportError as error:
        raise PackageMissing(package="pyarrow", extra="parquet") from error
    return cast("Any", found)


def as_json(value: object) -> str:
    """A value as JSON text: dates in ISO 8601, bytes in base64, null for what is no number."""
    return to_json(value, bytes_mode="base64", inf_nan_mode="null", fallback=str).decode()


class Gathering:
    """Makes a table of rows that come in batches; each becomes Arrow at once, and so takes less room.

    Raises PackageMissing.
    """

    def __init__(self, columns: Sequence[str], known: Mapping[str, Type]) -> None:
        """`known`: types that are declared for columns."""
        self._arrow = pyarrow()
        self._columns = columns
        self._known = known
        self._chunks: dict[str, list[Any]] = {name: [] for name in columns}
        self._mixed: set[str] = set()

    def add(self, rows: Sequence[Row]) -> None:
        for name, values in zip(self._columns, turned(rows), strict=True):
            chunk = None if name in self._mixed else typed(values, self._known.get(name))
            if chunk is None:
                self._mix(name)
                chunk = texts(values)
            self._chunks[name].append(chunk)

    def table(self) -> Table:
        """A `pyarrow.Table` with a column for each name, also when no row came."""
        return self._arrow.table({name: self._column(name) for name in self._columns})

    def _column(self, name: str) -> Any:
        if not self._chunks[name]:
            return self._arrow.array([], self._known.get(name) or self._arrow.null())
        common = self._chunks[name][0].type
        for chunk in self._chunks[name][1:]:
            common = None if common is None else merged(common, chunk.type)
        try:
            if common is not None:
                return self._arrow.chunked_array([chunk.cast(common) for chunk in self._chunks[name]])
        except self._arrow.ArrowInvalid:  # an integer that is no float64
            pass
        self._mix(name)
        return self._arrow.chunked_array(self._chunks[name])

    def _mix(self, name: str) -> None:
        """What the column has so far becomes JSON."""
        if name not in self._mixed:
            self._mixed.add(name)
            self._chunks[name] = [texts(chunk.to_pylist()) for chunk in self._chunks[name]]


def turned(rows: Sequence[Row]) -> list[Row]:
    """Rows as columns; there has to be a row."""
    return list(zip(*rows, strict=True))


def typed(values: Sequence[Any], known: Type | None = None) -> Any | None:
    """Values as a `pyarrow.Array`, of the type `known` where they fit it; None: they have no type in common."""
    arrow = pyarrow()
    found = type_of(values)
    if found is None:
        return None
    if known is not None and merged(known, found) == known:
        found = known
    try:
        return arrow.array(values, found)
    except arrow.ArrowInvalid:  # an integer that is no float64
        return None


def texts(values: Sequence[Any]) -> Any:
    """Values as JSON texts; null stays null."""
    arrow = pyarrow()
    return arrow.array([None if value is None else as_json(value) for value in values], arrow.string())


def type_of(values: Sequence[Any]) -> Type | None:
    """The type that values have in common; None: they have none."""
    arrow = pyarrow()
    kinds = set(map(type, values)) - {NoneType}
    if not kinds:
        return arrow.null()
    if kinds == {int, float}:
        return arrow.float64()
    if len(kinds) > 1:
        return None
    (kind,) = kinds
    there = [value for value in values if value is not None]
    if kind is list:
        inner = type_of(list(chain.from_iterable(there)))
        return None if inner is None else arrow.list_(inner)
    if kind is dict:
        return _struct(there)
    if kind in (datetime, time):
        return _time(kind, {value.tzinfo is not None for value in there})
    simple = {int: "int64", float: "float64", str: "string", bool: "bool_", bytes: "binary", date: "date32"}
    return getattr(arrow, simple[kind])() if kind in simple else None


def _struct(maps: Sequence[dict[str, Any]]) -> Type | None:
    arrow = pyarrow()
    names = dict.fromkeys(chain.from_iterable(maps))
    found = {name: type_of([each.get(name) for each in maps]) for name in names}
    return None if None in found.values() else arrow.struct(list(found.items()))


def _time(kind: type, zoned: set[bool]) -> Type | None:
    """Arrow has no times of day with a zone; and moments with and without one have nothing in common."""
    arrow = pyarrow()
    if kind is time:
        return None if True in zoned else arrow.time64("us")
    return None if len(zoned) > 1 else arrow.timestamp("us", "UTC" if True in zoned else None)


def merged(one: Type, other: Type) -> Type | None:
    """The type that holds the values of both; None: there is none."""
    arrow = pyarrow()
    schemas = [arrow.schema([("column", each)]) for each in (one, other)]
    try:
        return arrow.unify_schemas(schemas, promote_options="permissive").field("column").type
    except (arrow.ArrowTypeError, arrow.ArrowInvalid):
        return None


def declared_types(query: Query) -> dict[str, Type]:
    """The types of the columns of a query, as far as its header says them: of maps it does not."""
    found = {name: _declared(declared(line)[0]) for name, line in query.outputs.items()}
    return {name: type for name, type in found.items() if type is not None}


def _declared(type: str) -> Type | None:
    arrow = pyarrow()
    if type.startswith("LIST<"):
        inner = _declared(type[len("LIST<") : -1])
        return None if inner is None else arrow.list_(inner)
    match type:
        case "STRING":
            return arrow.string()
        case "INTEGER":
            return arrow.int64()
        case "FLOAT":
            return arrow.float64()
        case "BOOLEAN":
            return arrow.bool_()
        case "DATE":
            return arrow.date32()
        case "ZONED DATETIME":
            return arrow.timestamp("us", "UTC")
        case _:
            return None
