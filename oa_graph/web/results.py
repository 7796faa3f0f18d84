"""Results of statements: the first rows for a page, or all of them as a download."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from litestar import Response
from litestar.response import Stream

from oa_graph.analysis import arrow, tables
from oa_graph.analysis.tables import TableFormat, cell
from oa_graph.errors import ClientNotAuthorized
from oa_graph.graph.adhoc import ResultStream, StatementRecord
from oa_graph.graph.notifications import Notification
from oa_graph.graph.statements import Statement, declared
from oa_graph.installation import PAGES
from oa_graph.web.request import PageRequest

MAX_ROWS = 200
"""Rows of a table on a page; a download has all rows."""
_MAX_BYTES = 4 << 20

Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The first rows of a result, or all of them."""

    columns: tuple[str, ...]
    rows: Rows
    is_cut: bool
    """Whether there are more rows."""
    warnings: tuple[Notification, ...]


async def read(request: PageRequest, statement: str, parameters: Mapping[str, object]) -> FirstRows:
    """Run a statement, and read as many rows as a page shows. Raise what `AdhocQueries.ask` raises."""
    record = _record(request, statement)
    stream = await _run(request, statement, parameters, record)
    lines: list[bytes] = []
    try:
        async for encoded in _counted_chunks(stream, record):
            lines.append(encoded)
            if record.rows > MAX_ROWS or record.size > _MAX_BYTES:
                break
    finally:
        stream.cancel()
        record.write()
    rows = await asyncio.to_thread(_parsed, lines)
    is_cut = len(rows) > MAX_ROWS or record.size > _MAX_BYTES
    return FirstRows(stream.columns, rows[:MAX_ROWS], is_cut, stream.warnings)


def _record(request: PageRequest, statement: str) -> StatementRecord:
    return StatementRecord(f"{PAGES.id}:{request.me.id}", statement)


async def _run(
    request: PageRequest, statement: str, parameters: Mapping[str, object], record: StatementRecord
) -> ResultStream:
    try:
        if not request.settings.cypher:
            raise ClientNotAuthorized(why="this service takes no statements")
        return await request.adhoc.ask(statement, parameters, client=record.client)
    except Exception as error:
        record.outcome = type(error).__name__
        record.write()
        raise


async def _counted_chunks(stream: ResultStream, record: StatementRecord) -> AsyncGenerator[bytes]:
    try:
        async for rows in stream.rows():
            record.rows += rows.number
            record.size += len(rows.lines)
            yield rows.lines
    except Exception as error:
        record.outcome = type(error).__name__
        raise
    record.outcome = "complete"


def _parsed(lines: Sequence[bytes]) -> list[list[Any]]:
    return [json.loads(line) for line in b"".join(lines).splitlines()]


# Downloads


async def download(
    request: PageRequest,
    statement: str,
    parameters: Mapping[str, object],
    *,
    name: str,
    form: TableFormat,
    query: Statement | None = None,
) -> Response[Any]:
    """Return a whole result as a file. `query`: declares the types of the columns.

    Raise PackageMissing for Parquet without pyarrow, CannotExport, and what `AdhocQueries.ask` raises.
    """
    if form is TableFormat.PARQUET:
        await asyncio.to_thread(arrow.parquet)
    record = _record(request, statement)
    stream = await _run(request, statement, parameters, record)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{form.value}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if form is TableFormat.PARQUET:
        content = await _parquet(stream, record, query)
        return Response(content, headers=headers, media_type="application/vnd.apache.parquet")
    return Stream(_json_lines(stream, record), headers=headers, media_type="application/x-ndjson")


async def _json_lines(stream: ResultStream, record: StatementRecord) -> AsyncGenerator[bytes]:
    """Yield a JSON object for each row. If the statement fails, the download breaks off, which browsers report."""
    try:
        async for lines in _counted_chunks(stream, record):
            objects = [dict(zip(stream.columns, row, strict=True)) for row in _parsed([lines])]
            yield "".join(json.dumps(fields, ensure_ascii=False) + "\n" for fields in objects).encode()
    finally:
        stream.cancel()
        record.write()


async def _parquet(stream: ResultStream, record: StatementRecord, query: Statement | None) -> bytes:
    known = {name: declared(line)[0] for name, line in query.outputs.items()} if query else {}
    types = await asyncio.to_thread(arrow.declared_types, query) if query else {}
    with TemporaryDirectory(prefix="oa-graph-") as folder:
        file = Path(folder) / "answer.parquet"
        try:
            with tables.table_writer(file, TableFormat.PARQUET, stream.columns, types) as writer:
                waiting: list[bytes] = []
                begun = 0
                async for lines in _counted_chunks(stream, record):
                    waiting.append(lines)
                    if record.rows - begun >= TableFormat.PARQUET.batch:
                        await asyncio.to_thread(writer.write, _typed(waiting, stream.columns, known))
                        waiting, begun = [], record.rows
                if waiting:
                    await asyncio.to_thread(writer.write, _typed(waiting, stream.columns, known))
        finally:
            stream.cancel()
            record.write()
        return await asyncio.to_thread(file.read_bytes)


def _typed(lines: Sequence[bytes], columns: Sequence[str], known: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """Return rows, with the times that the query declares parsed from their JSON text."""
    readers = [_TIMES.get(known.get(name, "")) for name in columns]
    return [
        tuple(
            read(value) if read and isinstance(value, str) else value for read, value in zip(readers, row, strict=True)
        )
        for row in _parsed(lines)
    ]


_TIMES = {"ZONED DATETIME": datetime.fromisoformat, "DATE": date.fromisoformat}


# Tables


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table."""

    text: str | None
    """None: null."""
    is_number: bool = False
    link: str = ""


_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z")
"""A time in UTC, as results have it; a page shows it to the second."""
_LINKED = frozenset({"tree", "post"})
"""Columns that hold ids of trees and posts."""


def cells(result: FirstRows) -> list[list[Cell]]:
    """Return the rows of a table."""
    return [[_cell(name, value) for name, value in zip(result.columns, row, strict=True)] for row in result.rows]


def _cell(column: str, value: object) -> Cell:
    if isinstance(value, float):
        return Cell(f"{value:,.6g}" if abs(value) < 1e15 else str(value), is_number=True)
    if isinstance(value, str) and (moment := _MOMENT.fullmatch(value)):
        return Cell(f"{moment[1]} {moment[2]}")
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return Cell(cell(value), is_number=is_number, link=f"/trees/{value}" if column in _LINKED and is_id(value) else "")


def is_id(value: object) -> bool:
    """Return whether a value is the id of a post, a tree or a user."""
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False
