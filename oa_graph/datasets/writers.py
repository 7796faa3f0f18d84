"""Writers of records: JSON Lines, plain or compressed, and Parquet. The same records give the same bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import zstandard
from pydantic_core import to_json

from oa_graph.datasets.files import atomic_file, gzip_writer
from oa_graph.errors import CannotExport

Record = Mapping[str, object]

_GROUP = 10_000
"""Records in one row group of a Parquet file, and so in memory."""
_LEVEL = 9
"""Of zstd."""


class Compression(StrEnum):
    """How a file is written."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZSTD = "zstd"
    PARQUET = "parquet"

    @classmethod
    def of(cls, name: str) -> Compression:
        """Return the compression that a file name implies."""
        if name.endswith(".parquet"):
            return cls.PARQUET
        if name.endswith(".zst"):
            return cls.ZSTD
        return cls.GZIP if ".gz" in name else cls.PLAIN


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a format. `type` is one of `_TYPES`."""

    name: str
    type: str
    meaning: str
    trace: bool = False
    """The column says where a record comes from; a bare export omits it."""


class CountingWriter(io.RawIOBase):
    """Pass on what is written, and count and hash it."""

    def __init__(self, to: BinaryIO) -> None:
        self._to = to
        self._hash = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._hash.update(content)
        self.size += len(content)
        self._to.write(content)
        return len(content)

    def tell(self) -> int:
        return self.size

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class RecordWriter(Protocol):
    """Takes records; `bytes` are lines that are made already."""

    def write(self, record: Record | bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class _Lines:
    file: BinaryIO

    def write(self, record: Record | bytes) -> None:
        self.file.write((record if isinstance(record, bytes) else to_json(record)) + b"\n")


class _Parquet:
    """Row groups of a fixed schema."""

    def __init__(self, file: CountingWriter, columns: Sequence[Column]) -> None:
        self._arrow, parquet = _pyarrow()
        types = _types(self._arrow)
        self._schema = self._arrow.schema([(column.name, types[column.type]) for column in columns])
        self._writer = parquet.ParquetWriter(
            self._arrow.PythonFile(file, mode="w"), self._schema, compression="zstd", compression_level=_LEVEL
        )
        self._waiting: list[Record] = []

    def write(self, record: Record | bytes) -> None:
        if isinstance(record, bytes):
            raise CannotExport(why="trees are as deep as they are and fit no Parquet schema; take messages")
        self._waiting.append(record)
        if len(self._waiting) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        table = self._arrow.Table.from_pylist(self._waiting, schema=self._schema)
        self._writer.write_table(table, row_group_size=_GROUP)
        self._waiting = []

    def close(self) -> None:
        if self._waiting:
            self._flush()
        self._writer.close()


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise CannotExport(why="Parquet needs pyarrow: pip install -e '.[parquet]' in a checkout") from error
    return cast("Any", pyarrow), cast("Any", pyarrow.parquet)


_SCORES = ("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat", "sexual_explicit")
"""Of detoxify, as the published sets have them; a Parquet file has no place for others."""


def _types(arrow: Any) -> dict[str, Any]:
    text, number, whole_number = arrow.string(), arrow.float64(), arrow.int64()
    turn = arrow.struct([("role", text), ("content", text)])
    return {
        "text": text,
        "integer": whole_number,
        "number": number,
        "flag": arrow.bool_(),
        "texts": arrow.list_(text),
        "numbers": arrow.list_(number),
        "turns": arrow.list_(turn),
        "talk": arrow.list_(arrow.struct([("from", text), ("value", text)])),
        "emojis": arrow.struct([("name", arrow.list_(text)), ("count", arrow.list_(whole_number))]),
        "labels": arrow.struct(
            [("name", arrow.list_(text)), ("value", arrow.list_(number)), ("count", arrow.list_(whole_number))]
        ),
        "detoxify": arrow.struct([(name, number) for name in _SCORES]),
    }


@contextmanager
def record_writer(
    to: BinaryIO, packing: Compression, columns: Sequence[Column]
) -> Generator[tuple[RecordWriter, CountingWriter]]:
    """Open a writer on an open file, and count what it writes."""
    file = CountingWriter(to)
    raw = cast("BinaryIO", file)
    match packing:
        case Compression.PLAIN:
            yield _Lines(raw), file
        case Compression.GZIP:
            with gzip_writer(raw) as packed:
                yield _Lines(packed), file
        case Compression.ZSTD:
            with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(raw, closefd=False) as packed:
                yield _Lines(cast("BinaryIO", packed)), file
        case Compression.PARQUET:
            sink = _Parquet(file, columns)
            try:
                yield sink, file
            finally:  # also of a file that is given up: the writer would try later, when the file is closed
                sink.close()


@contextmanager
def record_file_writer(
    to: Path, packing: Compression, columns: Sequence[Column]
) -> Generator[tuple[RecordWriter, CountingWriter]]:
    """Open a writer on a file that appears, or replaces the old one, once it is complete. Raise OSError."""
    with atomic_file(to.resolve()) as file, record_writer(file, packing, columns) as writer:
        yield writer
