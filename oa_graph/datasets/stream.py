"""An export as a stream of bytes, for those who take it while it is being made."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from oa_graph.datasets.export import Export, ExportResult, export
from oa_graph.graph import deadline
from oa_graph.graph.session import Graph

_CHUNK = 1 << 18
_PAUSE = 0.2
"""Seconds between two looks at what there is to send."""


async def stream(
    graph: Graph, options: Export, *, on_result: Callable[[ExportResult], object] = lambda _: None
) -> AsyncGenerator[bytes]:
    """Yield the file of an export, and tell at its end what was written.

    It goes through a temporary file: who reads slowly holds up neither the database nor memory. Raise as `export`.
    """
    with TemporaryFile(buffering=0) as file:
        work = asyncio.create_task(_export(graph, cast("BinaryIO", file), options))
        sent = 0
        try:
            while True:
                is_complete = bool((await asyncio.wait({work}, timeout=_PAUSE))[0])
                if is_complete:
                    on_result(work.result())
                while chunk := os.pread(file.fileno(), _CHUNK, sent):
                    sent += len(chunk)
                    yield chunk
                if is_complete:
                    return
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


async def with_first(first: bytes, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield a chunk that was read in advance, then the others: what fails before it is an ordinary error."""
    try:
        yield first
        async for chunk in chunks:
            yield chunk
    finally:
        await chunks.aclose()


async def _export(graph: Graph, file: BinaryIO, options: Export) -> ExportResult:
    deadline.lift()
    return await export(graph, file, options)
