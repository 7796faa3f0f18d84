"""Answers as files: JSON Lines, CSV and Parquet, written batch by batch."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from oa_graph.analysis import arrow
from oa_graph.analysis.arrow import Row, Type, as_json
from oa_graph.datasets.writers import Compression, CountingWriter, RecordWriter, record_file_writer, record_writer
from oa_graph.errors import CannotExport


class TableFormat(StrEnum):
    """How a table is written."""

    JSONL = "jsonl"
    """An object a line, as streamed."""
    CSV = "csv"
    """With a header; maps and lists are JSON texts, null is nothing."""
    PARQUET = "parquet"
    """Typed as `oa_graph.analysis.arrow` says, where the first batch decides: see `_Parquet`."""

    @property
    def batch(self) -> int:
        """Rows that are held at once: few for lines; a Parquet file has them in one row group."""
        return 10_000 if self is TableFormat.PARQUET else 500


_PACKED = {".gz": Compression.GZIP, ".zst": Compression.ZSTD}
_SUFFIXES = {
    ".jsonl": TableFormat.JSONL,
    ".ndjson": TableFormat.JSONL,
    ".csv": TableFormat.CSV,
    ".parquet": TableFormat.PARQUET,
}


def table_format_of(file: Path) -> TableFormat | None:
    """Return the format that a file name implies, with or without `.gz` or `.zst`; None if it implies none."""
    inner = file.with_suffix("") if file.suffix in _PACKED else file
    return _SUFFIXES.get(inner.suffix)


class TableWriter(Protocol):
    """Takes the rows of a table, a batch at a time."""

    def write(self, rows: Sequence[Row]) -> None: ...


@contextmanager
def table_writer(
    to: Path, form: TableFormat, columns: Sequence[str], known: Mapping[str, Type]
) -> Generator[TableWriter]:
    """Open a table writer on a file that appears, or replaces the old one, once it is complete; `-` is standard output.

    `.gz` and `.zst` at the end of its name pack lines. Parquet packs itself. `known`: types that are declared for
    columns, of use for Parquet. Raise PackageMissing, CannotExport, OSError.
    """
    packing = _PACKED.get(to.suffix, Compression.PLAIN)
    if form is TableFormat.PARQUET and packing is not Compression.PLAIN:
        raise CannotExport(why="Parquet packs itself; leave the ending of its file away")
    with _opened(to, packing) as (sink, file):
        match form:
            case TableFormat.JSONL:
                yield _Jsonl(sink, columns)
            case TableFormat.CSV:
                yield _Csv(sink, columns)
            case TableFormat.PARQUET:
                writer = _Parquet(file, columns, known)
                try:
                    yield writer
                finally:  # also of a file that is given up: its writer would try later, when the file is closed
                    writer.close()
    if to == Path("-"):
        sys.stdout.buffer.flush()


def _opened(to: Path, packing: Compression) -> AbstractContextManager[tuple[RecordWriter, CountingWriter]]:
    if to == Path("-"):
        standard: BinaryIO = sys.stdout.buffer
        return record_writer(standard, packing, ())
    return record_file_writer(to, packing, ())


class _Jsonl:
    def __init__(self, sink: RecordWriter, columns: Sequence[str]) -> None:
        self._sink = sink
        self._columns = columns

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._sink.write(as_json(dict(zip(self._columns, row, strict=True))).encode())


class _Csv:
    def __init__(self, sink: RecordWriter, columns: Sequence[str]) -> None:
        self._sink = sink
        self._put([columns])

    def write(self, rows: Sequence[Row]) -> None:
        self._put([_cells(row) for row in rows])

    def _put(self, rows: Sequence[Sequence[str | None]]) -> None:
        lines = io.StringIO(newline="")
        csv.writer(lines, lineterminator="\n").writerows(rows)
        self._sink.write(lines.getvalue().removesuffix("\n").encode())


def _cells(row: Row) -> list[str | None]:
    return [cell(value) for value in row]


def cell(value: object) -> str | None:
    """Return a value as the text of one cell; other values than text and null are written as JSON."""
    if value is None or isinstance(value, str):
        return value
    text = as_json(value)
    return text[1:-1] if text.startswith('"') else text


class _Parquet:
    """Row groups of one schema, which the header of a query and the first batch decide.

    A column that has no declared type and no value in the first batch is text, in which later values that are no texts
    are JSON; one whose values have no type in common, or whose maps have no keys, is JSON. Later values that do not fit
    raise CannotExport: nothing is left out or bent to fit.
    """

    def __init__(self, file: CountingWriter, columns: Sequence[str], known: Mapping[str, Type]) -> None:
        self._arrow = arrow.pyarrow()
        self._file = file
        self._columns = columns
        self._known = known
        self._types: dict[str, _ColumnType] = {}
        self._writer: Any = None

    def write(self, rows: Sequence[Row]) -> None:
        columns = dict(zip(self._columns, arrow.columns_of(rows), strict=True))
        writer = self._writer or self._begin(columns)
        arrays = [self._types[name].array(name, values) for name, values in columns.items()]
        writer.write_table(self._arrow.table(arrays, schema=writer.schema))

    def _begin(self, columns: Mapping[str, Sequence[Any]]) -> Any:
        self._types = {name: _column_type(values, self._known.get(name)) for name, values in columns.items()}
        schema = self._arrow.schema([(name, way.type) for name, way in self._types.items()])
        file = self._arrow.PythonFile(self._file, mode="w")
        self._writer = arrow.parquet().ParquetWriter(file, schema, compression="zstd")
        return self._writer

    def close(self) -> None:
        writer = self._writer or self._begin(dict.fromkeys(self._columns, ()))
        writer.close()


@dataclass(frozen=True, slots=True)
class _ColumnType:
    """How the values of a column are put down."""

    type: Type
    is_text: Callable[[object], bool] | None = None
    """Which values stay as they are, where all others become JSON; None: nothing becomes JSON."""

    def array(self, name: str, values: Sequence[Any]) -> Any:
        if self.is_text:
            kept = [value if value is None or self.is_text(value) else as_json(value) for value in values]
            return arrow.pyarrow().array(kept, self.type)
        array = arrow.typed_array(values, self.type)
        if array is None or array.type != self.type:
            kind = "values of several kinds" if array is None else array.type
            raise CannotExport(
                why=f"the column {name} began as {self.type} and goes on as {kind}; "
                "let the statement give it one type, or take JSON Lines"
            )
        return array


def _column_type(values: Sequence[Any], known: Type | None) -> _ColumnType:
    array = arrow.typed_array(values, known)
    types = arrow.pyarrow().types
    if array is None or _has_no_keys(array.type):
        return _ColumnType(arrow.pyarrow().string(), lambda _: False)
    if types.is_null(array.type):
        return _ColumnType(arrow.pyarrow().string(), lambda value: isinstance(value, str))
    return _ColumnType(_without_null(array.type))


def _has_no_keys(type: Type) -> bool:
    """Return whether a type contains a struct without fields, which Parquet cannot store."""
    types = arrow.pyarrow().types
    if types.is_list(type):
        return _has_no_keys(type.value_type)
    return types.is_struct(type) and (type.num_fields == 0 or any(_has_no_keys(field.type) for field in type))


def _without_null(type: Type) -> Type:
    """Return the type with text for unknown parts, such as the elements of a list that is always empty."""
    pyarrow = arrow.pyarrow()
    if pyarrow.types.is_null(type):
        return pyarrow.string()
    if pyarrow.types.is_list(type):
        return pyarrow.list_(_without_null(type.value_type))
    if pyarrow.types.is_struct(type):
        return pyarrow.struct([(field.name, _without_null(field.type)) for field in type])
    return type
