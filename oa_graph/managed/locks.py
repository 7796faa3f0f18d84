"""Locks that a killed process gives back by itself, and who has them.

All of them are `flock` locks: they belong to an open file, so that two threads exclude each other as well, a
child that is handed the file keeps the lock, and the kernel drops it with the last process that has it open.
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

_PAUSE = 0.02  # seconds between two looks at a lock that somebody else has


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine. The pid is 0 when it cannot be known, as for one in another container."""

    pid: int
    command: str


def this_process() -> Process:
    return Process(os.getpid(), command_of(os.getpid()))


def command_of(pid: int) -> str:
    """Give the command line of a process, or "unknown"."""
    with suppress(OSError):  # Linux; slim containers have no `ps`
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    with suppress(OSError):  # macOS
        said = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return said.stdout.strip() or "unknown"
    return "unknown"


def open_lock(path: Path) -> int:
    """Open a lock file for others to see; the descriptor is closed on exec unless handed on."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_lock(descriptor: int, *, seconds: float) -> bool:
    """Take the lock; False when others had it all the time."""
    end = time.monotonic() + seconds
    while not try_lock(descriptor):
        if time.monotonic() > end:
            return False
        time.sleep(_PAUSE)
    return True


def is_locked(path: Path) -> bool:
    """Tell whether some process has the lock, without standing in anybody's way for long."""
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
    """Hold a lock for the length of the block, however long others keep it first."""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sign(descriptor: int, *, doing: str) -> None:
    """Write into a lock file that we hold who we are and what we do, where the disk has room for it."""
    process = this_process()
    text = json.dumps({"pid": process.pid, "command": process.command, "doing": doing}).encode()
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text, 0)


def signature(path: Path) -> tuple[Process, str]:
    """Read who signed a lock file last, and what for; unknown when nobody did."""
    try:
        read = json.loads(path.read_text())
        return Process(int(read["pid"]), str(read["command"])), str(read["doing"])
    except (OSError, ValueError, KeyError, TypeError):
        return Process(0, "unknown"), "at work"


def posix_holder(path: Path) -> Process | None:
    """Name the process with a POSIX lock on a file: the kind that Java takes on a store."""
    darwin = sys.platform == "darwin"  # struct flock differs: where the type and the pid stand
    layout = "=qqihh" if darwin else "@hhqqi4x"
    asked = (0, 0, 0, fcntl.F_WRLCK, 0) if darwin else (fcntl.F_WRLCK, 0, 0, 0, 0)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        answer = struct.unpack(layout, fcntl.fcntl(descriptor, fcntl.F_GETLK, struct.pack(layout, *asked)))
    finally:
        os.close(descriptor)
    kind, pid = (answer[3], answer[2]) if darwin else (answer[0], answer[4])
    return None if kind == fcntl.F_UNLCK else Process(max(pid, 0), command_of(pid))
