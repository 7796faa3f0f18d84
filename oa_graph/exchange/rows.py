"""What files are made of before anybody knows what it means: lines, elements of one JSON array, rows of a table."""

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

from oa_graph.errors import InvalidFile
from oa_graph.exchange.files import LONGEST, Lines, reading
from oa_graph.exchange.refusals import Reason, Unfit, not_utf8
from oa_graph.graph.exchange import FiledTree

Row: TypeAlias = "tuple[int, bytes | dict[str, Any] | Unfit]"
"""With its number from 1. Unfit: there is something, and it could not be had."""

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
class Found:
    """A tree of a file, and what it was read from."""

    line: int
    """The first."""
    tree: FiledTree
    rows: Sequence[tuple[int, bytes | dict[str, Any]]]
    notes: Counter[str] = field(default_factory=Counter)
    """What people have to know although it is taken in; each how often."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an open file; `name` is for people."""

    name: str
    rows: Iterator[Row]


@contextmanager
def opened(source: BinaryIO | Path) -> Generator[Rows]:
    """Opens a file; what it is and how it is packed is seen from its first bytes. Raises OSError, InvalidFile."""
    with reading(source) as lines:
        beginning = lines.beginning()
        if encoding := _foreign_encoding(beginning):
            why = f"the file is {encoding}, by its first bytes; UTF-8 is expected: iconv -f {encoding} -t UTF-8"
            raise InvalidFile(file=lines.name, line=1, why=why)
        if beginning.startswith(_PARQUET):
            yield Rows(lines.name, _of_table(source, lines))
        elif _ARRAY.match(beginning):
            yield Rows(lines.name, _of_array(lines))
        else:
            yield Rows(lines.name, iter(lines))


def _foreign_encoding(beginning: bytes) -> str | None:
    """The encoding of a text that is certainly not UTF-8; a text that begins with a null character is none."""
    for mark, encoding in _MARKS.items():
        if beginning.startswith(mark):
            return encoding
    first = beginning[:2]
    return ("UTF-16BE" if first[0] == 0 else "UTF-16LE") if len(first) == 2 and first.count(0) == 1 else None


# One JSON array


def _of_array(lines: Lines) -> Iterator[Row]:
    """The elements of an array, one after the other. Raises InvalidFile where it is broken: who knows what follows."""
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
            more = "".join(_some(unread, max(_CHUNK, end - place)))
            if not more or end - place > LONGEST:
                raise InvalidFile(file=lines.name, line=number + 1, why=f"element {number + 1} is not JSON: {why}")
            text, place = text[place:] + more, 0
            continue
        number += 1
        if isinstance(value, dict):
            yield number, text[place:end].encode("utf-8", "surrogatepass")
        else:
            yield number, Unfit(Reason.WRONG_SHAPE, "not a JSON object")
        place = end


def _decoded(lines: Lines) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    while True:
        with lines.watched(1):
            chunk = lines.file.read(_CHUNK)
        try:
            yield decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise InvalidFile(file=lines.name, line=1, why=str(not_utf8(error))) from error
        if not chunk:
            return


def _some(chunks: Iterator[str], characters: int) -> Iterator[str]:
    while characters > 0:
        chunk = next(chunks, None)
        if chunk is None:
            return
        characters -= len(chunk)
        yield chunk


# Tables


def _of_table(source: BinaryIO | Path, lines: Lines) -> Iterator[Row]:
    """The rows of a Parquet file, some at a time."""
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
                    yield number, _plain(row)
    except (pa.ArrowException, OSError) as error:
        raise InvalidFile(file=lines.name, line=number + 1, why=f"the Parquet file is broken: {error}") from error


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """As a JSON file has it: tables keep times as times, maps as pairs, and whole numbers with gaps as floats."""
    found = {name: _json(value) for name, value in row.items()}
    for name in _WHOLE:
        value = found.get(name)
        if isinstance(value, float) and value.is_integer():
            found[name] = int(value)
    for name in _MAPS:
        if isinstance(pairs := found.get(name), list):
            found[name] = _mapped(cast("list[Any]", pairs))
        elif isinstance(fields := found.get(name), dict):
            found[name] = {
                key: value for key, value in cast("dict[str, Any]", fields).items() if value is not None
            } or None
    return found


def _json(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    if isinstance(value, list):
        return [_json(each) for each in cast("list[Any]", value)]
    if isinstance(value, tuple):
        return tuple(_json(each) for each in cast("tuple[Any, ...]", value))
    if isinstance(value, dict):
        return {name: _json(each) for name, each in cast("dict[str, Any]", value).items()}
    if value is None or isinstance(value, (str, int)):
        return value
    return str(value)


def _mapped(entries: list[Any]) -> Any:
    """A map as tables have it, as pairs or as rows with a name."""
    if all(isinstance(each, tuple) for each in entries):
        return dict(entries)
    if all(isinstance(each, dict) and "name" in each for each in entries):
        rows = [dict(each) for each in entries]
        if all(each.keys() == {"name", "count"} for each in rows):
            return {each["name"]: each["count"] for each in rows}
        if all(each.keys() == {"name", "value"} for each in rows):
            return {each["name"]: each["value"] for each in rows}
        return {each.pop("name"): each for each in rows}
    return entries
