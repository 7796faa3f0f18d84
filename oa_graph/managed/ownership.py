"""Who listens on a port: the password goes to nobody but our own Java process.

A server that has died leaves its port to whoever takes it next, and whoever logs in there gives its password away.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from oa_graph.managed import locks
from oa_graph.managed.home import Home

_LISTENS = "0A"
"""The state of a listening socket in the kernel's tables."""


class PortOwner:
    """Tells whether the server of a data folder listens on a port. Made to be asked before each log-in."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._home = Home(folder)
        self._still_listens: Callable[[], bool] | None = None

    def __call__(self) -> bool:
        if self._still_listens and self._still_listens():
            return True
        pid = running_pid(self._home)
        self._still_listens = self._proof(pid) if pid else None
        return self._still_listens is not None

    def _proof(self, pid: int) -> Callable[[], bool] | None:
        """Give what tells at little cost that a process goes on to listen; None when it does not listen now."""
        if sys.platform == "darwin":  # where only another program can look at descriptors
            return (lambda: running_pid(self._home) == pid) if _listens_by_lsof(pid, self.port) else None
        if (found := _listening_socket(pid, self.port)) is None:
            return None
        descriptor, socket = found
        return lambda: _refers_to(descriptor) == socket


def running_pid(home: Home) -> int | None:
    """Give the process that holds the server lock; None when none does, or none has written its id yet."""
    if not locks.is_locked(home.run / "server.lock"):
        return None
    with suppress(OSError, ValueError):
        return int(home.pid_file.read_text())
    return None


def _listening_socket(pid: int, port: int) -> tuple[str, str] | None:
    """Name the descriptor by which a process listens on a port, and its socket; None when it does not."""
    sockets = _listening_sockets(pid, port)
    with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
        for descriptor in descriptors:
            if (socket := _refers_to(descriptor.path)) in sockets:
                return descriptor.path, str(socket)
    return None


def _refers_to(descriptor: str) -> str | None:
    """Give what a descriptor of a process refers to, such as `socket:[4711]`, as no later socket is called."""
    with suppress(OSError):
        return os.readlink(descriptor)
    return None


def _listening_sockets(pid: int, port: int) -> set[str]:
    """Name the sockets that listen on a port, whoever has them, in the network that a process sees."""
    rows = [line.split() for table in ("tcp", "tcp6") for line in _lines(Path(f"/proc/{pid}/net/{table}"))]
    return {f"socket:[{row[9]}]" for row in rows if row[3] == _LISTENS and row[1].endswith(f":{port:04X}")}


def _lines(table: Path) -> list[str]:
    with suppress(OSError):  # the process is gone, or there is no IPv6
        return table.read_text().splitlines()[1:]
    return []


def _listens_by_lsof(pid: int, port: int) -> bool:
    words = ["lsof", "-nP", "-a", "-p", str(pid), f"-iTCP:{port}", "-sTCP:LISTEN"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
