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
from oa_graph.graph.statements import Statement, declared

Row: TypeAlias = "tuple[Any, ...]"
Type: TypeAlias = Any
"""A `pyarrow.DataType`; pyarrow tells type checkers nothing of itself."""
Table: TypeAlias = Any
"""A `pyarrow.Table`."""


def pyarrow() -> Any:
    """Import pyarrow. Raise PackageMissing."""
    try:
        import pyarrow as found
    except ImportError as error:
        raise PackageMissing(package="pyarrow", extra="parquet") from error
    return cast("Any", found)


def parquet() -> Any:
    """Import pyarrow.parquet. Raise PackageMissing."""
    try:
        import pyarrow.parquet as found
    except ImportError as error:
        raise PackageMissing(package="pyarrow", extra="parquet") from error
    return cast("Any", found)


def as_json(value: object) -> str:
    """Return a value as JSON text: dates in ISO 8601, bytes in base64, NaN as null."""
    return to_json(value, bytes_mode="base64", inf_nan_mode="null", fallback=str).decode()


class ArrowBuilder:
    """Makes a table of rows that come in batches; each becomes Arrow at once, and so takes less room.

    Raise PackageMissing.
    """

    def __init__(self, columns: Sequence[str], known: Mapping[str, Type]) -> None:
        """`known`: types that are declared for columns."""
        self._arrow = pyarrow()
        self._columns = columns
        self._known = known
        self._chunks: dict[str, list[Any]] = {name: [] for name in columns}
        self._mixed: set[str] = set()

    def add(self, rows: Sequence[Row]) -> None:
        for name, values in zip(self._columns, columns_of(rows), strict=True):
            chunk = None if name in self._mixed else typed_array(values, self._known.get(name))
            if chunk is None:
                self._mix(name)
                chunk = json_array(values)
            self._chunks[name].append(chunk)

    def table(self) -> Table:
        """Return a `pyarrow.Table` with a column for each name, even without rows."""
        return self._arrow.table({name: self._column(name) for name in self._columns})

    def _column(self, name: str) -> Any:
        if not self._chunks[name]:
            return self._arrow.array([], self._known.get(name) or self._arrow.null())
        common = self._chunks[name][0].type
        for chunk in self._chunks[name][1:]:
            common = None if common is None else common_type(common, chunk.type)
        try:
            if common is not None:
                return self._arrow.chunked_array([chunk.cast(common) for chunk in self._chunks[name]])
        except self._arrow.ArrowInvalid:  # an integer that is no float64
            pass
        self._mix(name)
        return self._arrow.chunked_array(self._chunks[name])

    def _mix(self, name: str) -> None:
        """Turn the values of a column so far into JSON."""
        if name not in self._mixed:
            self._mixed.add(name)
            self._chunks[name] = [json_array(chunk.to_pylist()) for chunk in self._chunks[name]]


def columns_of(rows: Sequence[Row]) -> list[Row]:
    """Return rows as columns; there has to be at least one row."""
    return list(zip(*rows, strict=True))


def typed_array(values: Sequence[Any], known: Type | None = None) -> Any | None:
    """Return values as a `pyarrow.Array`, of the type `known` if they fit it; None if they have no common type."""
    arrow = pyarrow()
    type = type_of(values)
    if type is None:
        return None
    if known is not None and common_type(known, type) == known:
        type = known
    try:
        return arrow.array(values, type)
    except arrow.ArrowInvalid:  # an integer that is no float64
        return None


def json_array(values: Sequence[Any]) -> Any:
    """Return values as JSON texts; null stays null."""
    arrow = pyarrow()
    return arrow.array([None if value is None else as_json(value) for value in values], arrow.string())


def type_of(values: Sequence[Any]) -> Type | None:
    """Return the common type of values; None if there is none."""
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
    types = {name: type_of([values.get(name) for values in maps]) for name in names}
    return None if None in types.values() else arrow.struct(list(types.items()))


def _time(kind: type, zoned: set[bool]) -> Type | None:
    """Return the type of times. Arrow has no zoned times of day, and zoned and local times have no common type."""
    arrow = pyarrow()
    if kind is time:
        return None if True in zoned else arrow.time64("us")
    return None if len(zoned) > 1 else arrow.timestamp("us", "UTC" if True in zoned else None)


def common_type(one: Type, other: Type) -> Type | None:
    """Return the type that holds the values of both; None if there is none."""
    arrow = pyarrow()
    schemas = [arrow.schema([("column", type)]) for type in (one, other)]
    try:
        return arrow.unify_schemas(schemas, promote_options="permissive").field("column").type
    except (arrow.ArrowTypeError, arrow.ArrowInvalid):
        return None


def declared_types(query: Statement) -> dict[str, Type]:
    """Return the column types that the header of a query declares. Maps have none."""
    types = {name: _declared(declared(line)[0]) for name, line in query.outputs.items()}
    return {name: type for name, type in types.items() if type is not None}


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
