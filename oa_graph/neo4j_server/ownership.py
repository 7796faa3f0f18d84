"""The owner of a port: the password is sent only to our own Java process.

Another process may take the port of a dead server; a login there would reveal the password.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from oa_graph.neo4j_server import locks
from oa_graph.neo4j_server.home import DataFolder

_LISTEN_STATE = "0A"
"""The state of a listening socket in the kernel's tables."""


class PortOwner:
    """Checks whether the server of a data folder listens on a port. It is called before each login."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._home = DataFolder(folder)
        self._still_listens: Callable[[], bool] | None = None

    def __call__(self) -> bool:
        if self._still_listens and self._still_listens():
            return True
        pid = running_pid(self._home)
        self._still_listens = self._listener_check(pid) if pid else None
        return self._still_listens is not None

    def _listener_check(self, pid: int) -> Callable[[], bool] | None:
        """Return a cheap check that a process still listens; None if it does not listen now."""
        if sys.platform == "darwin":  # has no /proc; lsof reads the descriptors
            return (lambda: running_pid(self._home) == pid) if _listens_by_lsof(pid, self.port) else None
        if (listening := _listening_socket(pid, self.port)) is None:
            return None
        descriptor, socket = listening
        return lambda: _refers_to(descriptor) == socket


def running_pid(home: DataFolder) -> int | None:
    """Return the process that holds the server lock; None if there is none, or its pid is not written yet."""
    if not locks.is_locked(home.run / "server.lock"):
        return None
    with suppress(OSError, ValueError):
        return int(home.pid_file.read_text())
    return None


def _listening_socket(pid: int, port: int) -> tuple[str, str] | None:
    """Return the descriptor and socket by which a process listens on a port; None if it does not."""
    sockets = _listening_sockets(pid, port)
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
        for descriptor in descriptors:
            if (socket := _refers_to(descriptor.path)) in sockets:
                return descriptor.path, str(socket)
    return None


def _refers_to(descriptor: str) -> str | None:
    """Return the target of a process's descriptor, such as `socket:[4711]`; socket numbers are not reused."""
    with suppress(OSError):
        return os.readlink(descriptor)
    return None


def _listening_sockets(pid: int, port: int) -> set[str]:
    """Return all sockets that listen on a port in the network namespace of a process."""
    rows = [line.split() for table in ("tcp", "tcp6") for line in _lines(Path(f"/proc/{pid}/net/{table}"))]
    return {f"socket:[{row[9]}]" for row in rows if row[3] == _LISTEN_STATE and row[1].endswith(f":{port:04X}")}


def _lines(table: Path) -> list[str]:
    with suppress(OSError):  # the process is gone, or there is no IPv6
        return table.read_text().splitlines()[1:]
    return []


def _listens_by_lsof(pid: int, port: int) -> bool:
    command = ["lsof", "-nP", "-a", "-p", str(pid), f"-iTCP:{port}", "-sTCP:LISTEN"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
