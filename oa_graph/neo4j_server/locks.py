"""File locks that the kernel releases when a process dies, and their holders.

All are `flock` locks. They belong to an open file: two threads exclude each other, a child process that inherits the
file keeps the lock, and the kernel releases it when the last process closes the file.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_POLL_INTERVAL = 0.02  # seconds between two attempts to take a lock


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine. The pid is 0 if it is unknown, as for a process in another container."""

    pid: int
    command: str


def this_process() -> Process:
    return Process(os.getpid(), command_of(os.getpid()))


def command_of(pid: int) -> str:
    """Return the command line of a process, or "unknown"."""
    with suppress(OSError):  # Linux; slim containers have no `ps`
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    with suppress(OSError):  # macOS
        result = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return result.stdout.strip() or "unknown"
    return "unknown"


def open_lock(path: Path) -> int:
    """Open a lock file. The descriptor is closed on exec unless it is passed on."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_lock(descriptor: int, *, seconds: float) -> bool:
    """Take the lock within a time limit; return whether it was taken."""
    end = time.monotonic() + seconds
    while not try_lock(descriptor):
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_INTERVAL)
    return True


def is_locked(path: Path) -> bool:
    """Return whether a process holds the lock. The check holds the lock only for a moment."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold a lock during the block. Waits for the lock without a limit."""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sign(descriptor: int, *, doing: str) -> None:
    """Write this process and its activity to a held lock file; skip it on a full disk."""
    process = this_process()
    text = json.dumps({"pid": process.pid, "command": process.command, "doing": doing}).encode()
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text, 0)


def signature(path: Path) -> tuple[Process, str]:
    """Read the last process and activity of a lock file; unknown if it has none."""
    try:
        fields = json.loads(path.read_text())
        return Process(int(fields["pid"]), str(fields["command"])), str(fields["doing"])
    except (OSError, ValueError, KeyError, TypeError):
        return Process(0, "unknown"), "at work"


def posix_holder(path: Path) -> Process | None:
    """Return the process with a POSIX lock on a file; Java takes such locks on a store."""
    darwin = sys.platform == "darwin"  # struct flock differs: where the type and the pid stand
    layout = "=qqihh" if darwin else "@hhqqi4x"
    request = (0, 0, 0, fcntl.F_WRLCK, 0) if darwin else (fcntl.F_WRLCK, 0, 0, 0, 0)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        answer = struct.unpack(layout, fcntl.fcntl(descriptor, fcntl.F_GETLK, struct.pack(layout, *request)))
    finally:
        os.close(descriptor)
    kind, pid = (answer[3], answer[2]) if darwin else (answer[0], answer[4])
    return None if kind == fcntl.F_UNLCK else Process(max(pid, 0), command_of(pid))
