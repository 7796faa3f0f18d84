"""The ports of a server. Servers that start at the same time claim ports, so that they do not choose the same one.

A claim is a lock on a file in the cache folder, which all servers of a user share. The Java process inherits it, so it
exists before the port is bound, and the kernel releases it when that process dies.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from oa_graph.neo4j_server import locks
from oa_graph.neo4j_server.errors import PortTaken

HOST = "127.0.0.1"
_BOLT_PORT, _HTTP_PORT = 7687, 7474


@dataclass(frozen=True, slots=True)
class Ports:
    bolt: int
    http: int


class Claims:
    """Claimed ports. The claims last until `__exit__`, or the end of a process that inherits `descriptors`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._locks.values():
            os.close(descriptor)
        self._locks.clear()

    @property
    def descriptors(self) -> tuple[int, ...]:
        return tuple(self._locks.values())

    def take(self, port: int) -> bool:
        """Claim a port; return whether it was free."""
        if port in self._locks:
            return False
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = locks.open_lock(self._folder / f"{port}.lock")
        if not (locks.try_lock(descriptor) and _is_free(port)):
            os.close(descriptor)
            return False
        self._locks[port] = descriptor
        return True


def choose_ports(bolt: int | None, http: int | None, *, last: Ports | None, claims: Claims) -> Ports:
    """Claim the requested ports; else the last ones, the default ones, or any free ports."""
    return Ports(
        _choose_port(bolt, last.bolt if last else _BOLT_PORT, _BOLT_PORT, take=claims.take),
        _choose_port(http, last.http if last else _HTTP_PORT, _HTTP_PORT, take=claims.take),
    )


def _choose_port(requested: int | None, *preferred: int, take: Callable[[int], bool]) -> int:
    if requested is not None and not take(requested):
        raise PortTaken(port=requested, host=HOST)
    if requested is not None:
        return requested
    chosen = next(filter(take, preferred), 0)
    while not chosen:
        port = any_free_port()
        chosen = port if take(port) else 0
    return chosen


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does: ignores closed connections
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    with closing(socket.socket()) as probe:  # macOS allows a bind although a process listens on all addresses
        return probe.connect_ex((HOST, port)) != 0


def any_free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
