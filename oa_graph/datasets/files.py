"""Files of lines, plain or packed with gzip or zstd; the name `-` stands for standard input and output."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import zstandard

from oa_graph.datasets.rejects import InvalidRecord, RejectReason
from oa_graph.errors import InvalidFile

MAX_LINE_BYTES = 64 * 1024 * 1024
"""Bytes of one line: what is longer is not a file of trees, and would have to be held in memory whole."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_DAMAGE_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError)
_BUFFER = 1 << 16
_STANDARD = Path("-")


_Buffered: TypeAlias = "BufferedReader[Any] | gzip.GzipFile"


class Lines:
    """The lines of a file that are not blank, each with its number from 1.

    A line that is too long comes as InvalidRecord; the lines after it are read. Raise InvalidFile where it is damaged.
    """

    def __init__(self, name: str, file: _Buffered, *, packing: str = "") -> None:
        self.name = name
        self.file = file
        self._packing = packing

    def __iter__(self) -> Iterator[tuple[int, bytes | InvalidRecord]]:
        number = 0
        while line := self._next(number + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                self._skip_rest(number, line)
                yield number, InvalidRecord(RejectReason.NOT_JSON, f"longer than {MAX_LINE_BYTES} bytes")
            elif not line.isspace():
                yield number, line

    def beginning(self) -> bytes:
        """Return the first bytes (some thousands, or all) without consuming them."""
        with self.detect_damage(1):
            return self.file.peek(_BUFFER)

    @contextmanager
    def detect_damage(self, number: int) -> Generator[None]:
        """Turn errors of a damaged file into InvalidFile at this line."""
        try:
            yield
        except _DAMAGE_ERRORS as error:
            raise InvalidFile(
                file=self.name, line=number, why=f"the {self._packing} file is broken: {error}"
            ) from error

    def _next(self, number: int) -> bytes:
        with self.detect_damage(number):
            return self.file.readline(MAX_LINE_BYTES + 1)

    def _skip_rest(self, number: int, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self._next(number)


@contextmanager
def open_lines(source: BinaryIO | Path) -> Generator[Lines]:
    """Open a file. The first bytes tell the compression, since standard input has no file name.

    A stream that was handed in stays open. Raise OSError.
    """
    if source == _STANDARD:
        source = sys.stdin.buffer
        name = "standard input"
    else:
        name = str(source if isinstance(source, Path) else getattr(source, "name", "stream"))
    if isinstance(source, Path):
        with source.open("rb", buffering=_BUFFER) as file:
            yield _decompressed(name, cast("BufferedReader[Any]", file))
    else:
        buffered = BufferedReader(cast("RawIOBase", source), _BUFFER)
        try:
            yield _decompressed(name, buffered)
        finally:
            buffered.detach()


def _decompressed(name: str, file: BufferedReader[Any]) -> Lines:
    beginning = file.peek(4)
    if beginning.startswith(_GZIP):
        return Lines(name, gzip.GzipFile(fileobj=file, mode="rb"), packing="gzip")
    if beginning.startswith(_ZSTD):
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True, closefd=False)
        return Lines(name, BufferedReader(cast("RawIOBase", reader), _BUFFER), packing="zstd")
    return Lines(name, file)


@contextmanager
def atomic_file(to: Path) -> Generator[BinaryIO]:
    """Open a file that appears, or replaces the old one, only once it is complete."""
    if to.exists() and not to.is_file():  # a pipe or a device cannot be replaced
        with to.open("wb") as file:
            yield file
        return
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(to)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


@contextmanager
def gzip_writer(file: BinaryIO) -> Generator[BinaryIO]:
    """Compress what is written, and pass it on to `file`. Raise OSError."""
    # Neither name nor time inside: the same trees give the same bytes.
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0, compresslevel=6) as inner:
        yield cast("BinaryIO", inner)
