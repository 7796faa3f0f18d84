"""Files of lines, plain or packed with gzip; the name `-` stands for standard input and output."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from oa_graph.errors import InvalidFile

_LONGEST = 64 * 1024 * 1024
"""Bytes of one line: what is longer is not a file of trees, and would have to be held in memory whole."""

_GZIP = b"\x1f\x8b"
_STANDARD = Path("-")


class Lines:
    """The lines of a file that are not blank, each with its number from 1."""

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.name = name
        self._file = file

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        number = 0
        while line := self._next(number + 1):
            number += 1
            if not line.isspace():
                yield number, line

    def _next(self, number: int) -> bytes:
        try:
            line = self._file.readline(_LONGEST + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InvalidFile(file=self.name, line=number, why=f"the gzip file is broken: {error}") from error
        if len(line) > _LONGEST:
            raise InvalidFile(file=self.name, line=number, why=f"longer than {_LONGEST} bytes")
        return line


@contextmanager
def reading(source: BinaryIO | Path) -> Generator[Lines]:
    """Opens a file; whether it is packed is seen by its first bytes, for standard input has no name.

    A stream that was handed in stays open. Raises OSError.
    """
    if source == _STANDARD:
        source = sys.stdin.buffer
        name = "standard input"
    else:
        name = str(source if isinstance(source, Path) else getattr(source, "name", "stream"))
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield Lines(name, _unpacked(file, file.peek(2)))
    else:
        buffered = io.BufferedReader(cast("io.RawIOBase", source))
        try:
            yield Lines(name, _unpacked(cast("BinaryIO", buffered), buffered.peek(2)))
        finally:
            buffered.detach()


def _unpacked(file: BinaryIO, beginning: bytes) -> BinaryIO:
    return cast("BinaryIO", gzip.GzipFile(fileobj=file, mode="rb")) if beginning.startswith(_GZIP) else file


@contextmanager
def writing(to: BinaryIO | Path) -> Generator[BinaryIO]:
    """Opens a file, packed when its name has `.gz` in it; it appears, or replaces the old one, only when it is whole.

    A stream that was handed in stays open. Raises OSError.
    """
    if not isinstance(to, Path):
        yield to
        to.flush()
    elif to == _STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with _whole(to.resolve()) as file, _packed(file, ".gz" in to.name) as packed:
            yield packed


@contextmanager
def _whole(to: Path) -> Generator[BinaryIO]:
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
def _packed(file: BinaryIO, packed: bool) -> Generator[BinaryIO]:
    if not packed:
        yield file
        return
    # Neither name nor time inside: the same trees give the same bytes.
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0, compresslevel=6) as inner:
        yield cast("BinaryIO", inner)
