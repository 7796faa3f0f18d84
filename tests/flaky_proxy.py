"""A line to Neo4j that breaks at the worst moment: the server has committed, and nobody hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_COMMIT = b"\x00\x02\xb0\x12\x00\x00"
"""The message of Bolt that ends a transaction of several statements."""

_RESET = b"\x00\x02\xb0\x0f\x00\x00"
"""The message of Bolt by which a driver tests a connection."""

_QUIET = 0.4
"""Seconds without another byte from the server after which it has surely done what it was asked."""


class Line:
    """Passes bytes on, until a statement comes by whose answer is to be lost."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._statement: bytes | None = None
        self._at_commit = False
        self.broken = 0
        self.tested = 0

    def lose_answer_of(self, statement: str, *, at_commit: bool = False) -> None:
        """Of the next `statement`, or of the commit that follows it."""
        self._statement, self._at_commit = f"// {statement}: ".encode(), at_commit

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(self._host, self._port)
        lost = asyncio.Event()
        back = asyncio.create_task(self._back(server_reader, writer, lost))
        try:
            await self._forth(reader, server_writer, lost)
            if lost.is_set():
                await back
        except ConnectionError:
            pass
        finally:
            back.cancel()
            for stream in (server_writer, writer):
                stream.close()

    async def _forth(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        seen = False
        while data := await reader.read(1 << 16):
            seen = seen or (self._statement is not None and self._statement in data)
            if seen and (not self._at_commit or _COMMIT in data):
                self._statement = None
                self.broken += 1
                lost.set()
            self.tested += data.count(_RESET)
            server.write(data)
            await server.drain()
            if lost.is_set():
                return

    async def _back(self, server: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event) -> None:
        while True:
            try:
                data = await asyncio.wait_for(server.read(1 << 16), _QUIET if lost.is_set() else None)
            except TimeoutError:
                return
            if not data:
                return
            if not lost.is_set():
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def line(uri: str) -> AsyncGenerator[tuple[Line, str]]:
    """A line to a server, and the URI of its near end."""
    far = urlsplit(uri)
    made = Line(far.hostname or "localhost", far.port or 7687)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield made, f"bolt://127.0.0.1:{port}"
    finally:
        server.close()
