"""Raw rows of files: lines, elements of a JSON array, rows of a table."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyarrow has no types; what comes out of it is narrowed where it enters.

from __future__ import annotations

import codecs
import json
import math
import re
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from oa_graph.datasets.files import MAX_LINE_BYTES, Lines, open_lines
from oa_graph.datasets.rejects import InvalidRecord, RejectReason, not_utf8
from oa_graph.errors import InvalidFile
from oa_graph.graph.datasets import DatasetTree

Row: TypeAlias = "tuple[int, bytes | dict[str, Any] | InvalidRecord]"
"""A row and its number from 1. InvalidRecord: the row cannot be read."""

_PARQUET = b"PAR1"
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",  # which begins as UTF-16 does
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_ARRAY = re.compile(rb"(\xef\xbb\xbf)?\s*\[\s*[\{\]]")
_BETWEEN = re.compile(r"[\s,]*")
_CHUNK = 1 << 18
_ROWS = 1000
"""Rows of a table that are unpacked at once."""

_WHOLE = ("rank", "review_count")
_MAPS = ("emojis", "labels", "detoxify")


@dataclass(slots=True)
class TreeRecord:
    """A tree of a file, and the rows that it comes from."""

    line: int
    """The first."""
    tree: DatasetTree
    rows: Sequence[tuple[int, bytes | dict[str, Any]]]
    notes: Counter[str] = field(default_factory=Counter)
    """Remarks on accepted content, with counts."""


@dataclass(frozen=True, slots=True)
class RecordSource:
    """The rows of an open file; `name` is for people."""

    name: str
    rows: Iterator[Row]


@contextmanager
def open_rows(source: BinaryIO | Path) -> Generator[RecordSource]:
    """Open a file. The first bytes tell its kind and compression. Raise OSError, InvalidFile."""
    with open_lines(source) as lines:
        beginning = lines.beginning()
        if encoding := _foreign_encoding(beginning):
            why = f"the file is {encoding}, by its first bytes; UTF-8 is expected: iconv -f {encoding} -t UTF-8"
            raise InvalidFile(file=lines.name, line=1, why=why)
        if beginning.startswith(_PARQUET):
            yield RecordSource(lines.name, _table_rows(source, lines))
        elif _ARRAY.match(beginning):
            yield RecordSource(lines.name, _array_rows(lines))
        else:
            yield RecordSource(lines.name, iter(lines))


def _foreign_encoding(beginning: bytes) -> str | None:
    """Return the encoding of a text that is certainly not UTF-8; None for other texts."""
    for mark, encoding in _MARKS.items():
        if beginning.startswith(mark):
            return encoding
    first = beginning[:2]
    return ("UTF-16BE" if first[0] == 0 else "UTF-16LE") if len(first) == 2 and first.count(0) == 1 else None


# One JSON array


def _array_rows(lines: Lines) -> Iterator[Row]:
    """Yield the elements of an array. Raise InvalidFile where it is broken, since nothing after that is reliable."""
    decoder = json.JSONDecoder()
    unread = _decoded(lines)
    text, place, number = next(unread, "").lstrip("\ufeff \t\r\n").removeprefix("["), 0, 0
    while True:
        place = cast("re.Match[str]", _BETWEEN.match(text, place)).end()
        if text[place : place + 1] == "]":
            return
        try:
            value, end = decoder.raw_decode(text, place)
        except RecursionError as error:
            raise InvalidFile(file=lines.name, line=number + 1, why="nested too deep") from error
        except json.JSONDecodeError as error:
            value, end, why = None, len(text), error.msg
        else:
            why = "the array has no end"
        if end == len(text):  # the element may go on in what was not read yet
            unread_text = "".join(_read_characters(unread, max(_CHUNK, end - place)))
            if not unread_text or end - place > MAX_LINE_BYTES:
                raise InvalidFile(file=lines.name, line=number + 1, why=f"element {number + 1} is not JSON: {why}")
            text, place = text[place:] + unread_text, 0
            continue
        number += 1
        if isinstance(value, dict):
            yield number, text[place:end].encode("utf-8", "surrogatepass")
        else:
            yield number, InvalidRecord(RejectReason.WRONG_SHAPE, "not a JSON object")
        place = end


def _decoded(lines: Lines) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    while True:
        with lines.detect_damage(1):
            chunk = lines.file.read(_CHUNK)
        try:
            yield decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise InvalidFile(file=lines.name, line=1, why=str(not_utf8(error))) from error
        if not chunk:
            return


def _read_characters(chunks: Iterator[str], characters: int) -> Iterator[str]:
    while characters > 0:
        chunk = next(chunks, None)
        if chunk is None:
            return
        characters -= len(chunk)
        yield chunk


# Tables


def _table_rows(source: BinaryIO | Path, lines: Lines) -> Iterator[Row]:
    """Yield the rows of a Parquet file, read in batches."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        why = "a Parquet file is read with pyarrow: pip install -e '.[parquet]' in a checkout"
        raise InvalidFile(file=lines.name, line=1, why=why) from error
    if source == Path("-") or not (isinstance(source, Path) or source.seekable()):
        raise InvalidFile(file=lines.name, line=1, why="a Parquet file is read from its end, so not from a stream")
    number = 0
    try:
        with pq.ParquetFile(source) as table:
            for batch in table.iter_batches(batch_size=_ROWS):
                for row in cast("list[dict[str, Any]]", batch.to_pylist()):
                    number += 1
                    yield number, _as_json_row(row)
    except (pa.ArrowException, OSError) as error:
        raise InvalidFile(file=lines.name, line=number + 1, why=f"the Parquet file is broken: {error}") from error


def _as_json_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row as in a JSON file: tables have times, maps as pairs, and integers with gaps as floats."""
    fields = {name: _json(value) for name, value in row.items()}
    for name in _WHOLE:
        value = fields.get(name)
        if isinstance(value, float) and value.is_integer():
            fields[name] = int(value)
    for name in _MAPS:
        if isinstance(pairs := fields.get(name), list):
            fields[name] = _mapped(cast("list[Any]", pairs))
        elif isinstance(struct := fields.get(name), dict):
            fields[name] = {
                key: value for key, value in cast("dict[str, Any]", struct).items() if value is not None
            } or None
    return fields


def _json(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    if isinstance(value, list):
        return [_json(element) for element in cast("list[Any]", value)]
    if isinstance(value, tuple):
        return tuple(_json(element) for element in cast("tuple[Any, ...]", value))
    if isinstance(value, dict):
        return {name: _json(element) for name, element in cast("dict[str, Any]", value).items()}
    if value is None or isinstance(value, (str, int)):
        return value
    return str(value)


def _mapped(entries: list[Any]) -> Any:
    """Return the map that a table holds as pairs or as rows with a name."""
    if all(isinstance(entry, tuple) for entry in entries):
        return dict(entries)
    if all(isinstance(entry, dict) and "name" in entry for entry in entries):
        rows = [dict(entry) for entry in entries]
        if all(row.keys() == {"name", "count"} for row in rows):
            return {row["name"]: row["count"] for row in rows}
        if all(row.keys() == {"name", "value"} for row in rows):
            return {row["name"]: row["value"] for row in rows}
        return {row.pop("name"): row for row in rows}
    return entries
