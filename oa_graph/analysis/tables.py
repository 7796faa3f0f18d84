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
from oa_graph.errors import CannotExport
from oa_graph.exchange.sinks import Measured, Packing, Sink, recording, recording_file


class Form(StrEnum):
    """How a table is written."""

    JSONL = "jsonl"
    """An object a line, as streamed."""
    CSV = "csv"
    """With a header; maps and lists are JSON texts, null is nothing."""
    PARQUET = "parquet"
    """Typed as `oa_graph.analysis.arrow` says, where the first batch decides: see `_Parquet`."""

    @property
    def batch(self) -> int:
        """Rows that are held at once: lines need few, a Parquet file has them in one row group."""
        return 10_000 if self is Form.PARQUET else 500


_PACKED = {".gz": Packing.GZIP, ".zst": Packing.ZSTD}
_SUFFIXES = {".jsonl": Form.JSONL, ".ndjson": Form.JSONL, ".csv": Form.CSV, ".parquet": Form.PARQUET}


def form_of(file: Path) -> Form | None:
    """What the name of a file says, with or without `.gz` or `.zst` after it; None: nothing."""
    inner = file.with_suffix("") if file.suffix in _PACKED else file
    return _SUFFIXES.get(inner.suffix)


class Writer(Protocol):
    """Takes the rows of a table, a batch at a time."""

    def write(self, rows: Sequence[Row]) -> None: ...


@contextmanager
def writing(to: Path, form: Form, columns: Sequence[str], known: Mapping[str, Type]) -> Generator[Writer]:
    """A table in a file that appears, or replaces the old one, only when it is whole; `-` is standard output.

    `.gz` and `.zst` at the end of its name pack lines. Parquet packs itself. `known`: types that are declared for
    columns, of use for Parquet. Raises PackageMissing, CannotExport, OSError.
    """
    packing = _PACKED.get(to.suffix, Packing.PLAIN)
    if form is Form.PARQUET and packing is not Packing.PLAIN:
        raise CannotExport(why="Parquet packs itself; leave the ending of its file away")
    with _opened(to, packing) as (sink, file):
        match form:
            case Form.JSONL:
                yield _Jsonl(sink, columns)
            case Form.CSV:
                yield _Csv(sink, columns)
            case Form.PARQUET:
                writer = _Parquet(file, columns, known)
                try:
                    yield writer
                finally:  # also of a file that is given up: its writer would try later, when the file is closed
                    writer.close()
    if to == Path("-"):
        sys.stdout.buffer.flush()


def _opened(to: Path, packing: Packing) -> AbstractContextManager[tuple[Sink, Measured]]:
    if to == Path("-"):
        standard: BinaryIO = sys.stdout.buffer
        return recording(standard, packing, ())
    return recording_file(to, packing, ())


class _Jsonl:
    def __init__(self, sink: Sink, columns: Sequence[str]) -> None:
        self._sink = sink
        self._columns = columns

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._sink.write(as_json(dict(zip(self._columns, row, strict=True))).encode())


class _Csv:
    def __init__(self, sink: Sink, columns: Sequence[str]) -> None:
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
    """A value as the text of one cell; what is neither text nor null looks as in JSON."""
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

    def __init__(self, file: Measured, columns: Sequence[str], known: Mapping[str, Type]) -> None:
        self._arrow = arrow.pyarrow()
        self._file = file
        self._columns = columns
        self._known = known
        self._ways: dict[str, _Way] = {}
        self._writer: Any = None

    def write(self, rows: Sequence[Row]) -> None:
        columns = dict(zip(self._columns, arrow.turned(rows), strict=True))
        writer = self._writer or self._begun(columns)
        arrays = [self._ways[name].array(name, values) for name, values in columns.items()]
        writer.write_table(self._arrow.table(arrays, schema=writer.schema))

    def _begun(self, columns: Mapping[str, Sequence[Any]]) -> Any:
        self._ways = {name: _way(values, self._known.get(name)) for name, values in columns.items()}
        schema = self._arrow.schema([(name, way.type) for name, way in self._ways.items()])
        file = self._arrow.PythonFile(self._file, mode="w")
        self._writer = arrow.parquet().ParquetWriter(file, schema, compression="zstd")
        return self._writer

    def close(self) -> None:
        writer = self._writer or self._begun(dict.fromkeys(self._columns, ()))
        writer.close()


@dataclass(frozen=True, slots=True)
class _Way:
    """How the values of a column are put down."""

    type: Type
    is_text: Callable[[object], bool] | None = None
    """Which values stay as they are, where all others become JSON; None: nothing becomes JSON."""

    def array(self, name: str, values: Sequence[Any]) -> Any:
        if self.is_text:
            kept = [each if each is None or self.is_text(each) else as_json(each) for each in values]
            return arrow.pyarrow().array(kept, self.type)
        found = arrow.typed(values, self.type)
        if found is None or found.type != self.type:
            kind = "values of several kinds" if found is None else found.type
            raise CannotExport(
                why=f"the column {name} began as {self.type} and goes on as {kind}; "
                "let the statement give it one type, or take JSON Lines"
            )
        return found


def _way(values: Sequence[Any], known: Type | None) -> _Way:
    found = arrow.typed(values, known)
    types = arrow.pyarrow().types
    if found is None or _has_no_keys(found.type):
        return _Way(arrow.pyarrow().string(), lambda _: False)
    if types.is_null(found.type):
        return _Way(arrow.pyarrow().string(), lambda value: isinstance(value, str))
    return _Way(_without_null(found.type))


def _has_no_keys(type: Type) -> bool:
    """Whether there is a struct without fields in it, for which Parquet has no place."""
    types = arrow.pyarrow().types
    if types.is_list(type):
        return _has_no_keys(type.value_type)
    return types.is_struct(type) and (type.num_fields == 0 or any(_has_no_keys(each.type) for each in type))


def _without_null(type: Type) -> Type:
    """The type with text where nothing is known yet, as in a list that is always empty."""
    pyarrow = arrow.pyarrow()
    if pyarrow.types.is_null(type):
        return pyarrow.string()
    if pyarrow.types.is_list(type):
        return pyarrow.list_(_without_null(type.value_type))
    if pyarrow.types.is_struct(type):
        return pyarrow.struct([(each.name, _without_null(each.type)) for each in type])
    return type
