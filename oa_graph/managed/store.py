"""The Java processes of a store: its server, and what is done while none runs: dump, load, check, import.

Neo4j's own administrator's tool does the work, in a Java process that holds the server lock like a server.
What it makes anew is made in the staging folder and takes its place when it is whole, so that nothing that
fails or is killed costs the data that was there.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from oa_graph.managed import jars, java, locks
from oa_graph.managed.errors import (
    AdminFailed,
    DumpExists,
    FolderBusy,
    FolderMissing,
    NotADump,
    StoreDamaged,
    StoreNotClosed,
    StoreNotEmpty,
)
from oa_graph.managed.home import DATABASE, Home, State, write
from oa_graph.managed.memory import Memory

# Over before the optimising compiler would have paid: the bulk of them is compression in native code.
_SHORT = {"dump", "load"}


def refuse_data(home: Home) -> None:
    """Raise StoreNotEmpty where a database was made, even if nobody has written to it."""
    if home.has_store():
        raise StoreNotEmpty(folder=home.root)


_DUMPS = (b"DZV1", b"DGV1", b"\x1f\x8b")
"""How a dump begins: packed with zstd, with gzip, or by a Neo4j before 4."""


def check_dump_target(to: Path, *, replace_file: bool) -> None:
    """Raise FolderMissing, or DumpExists unless the file is to be replaced."""
    if not to.parent.is_dir():
        raise FolderMissing(folder=to.parent, file=to.name)
    if to.exists() and not replace_file:
        raise DumpExists(file=to)


def check_dump(source: Path) -> None:
    """Raise NotADump for a file that does not begin like one. Whether it is whole is seen when it is loaded."""
    with source.open("rb") as file:
        if not file.read(4).startswith(_DUMPS):
            raise NotADump(file=source)


def dump(home: Home, memory: Memory, to: Path) -> None:
    """Write the database into a file, which is there only when it is whole."""
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            _admin(home, home, memory, "dump", DATABASE, "--to-stdout", output=file)
            os.fsync(file.fileno())
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def load(home: Home, memory: Memory, source: Path) -> None:
    staging = _staging(home, memory)
    with source.open("rb") as file:
        _admin(home, staging, memory, "load", DATABASE, "--from-stdin", source=file)
    home.commit_staging()


def check(home: Home, memory: Memory) -> None:
    try:
        _admin(home, home, memory, "check", DATABASE, f"--report-path={home.logs}")
    except AdminFailed as failure:
        raise StoreDamaged(folder=home.root, tail=failure.values["tail"]) from failure


def import_csv(
    home: Home,
    memory: Memory,
    *,
    nodes: Mapping[str, Sequence[Path]],
    relationships: Mapping[str, Sequence[Path]],
    options: Sequence[str],
) -> None:
    staging = _staging(home, memory)
    files = [f"--nodes={label}={path.absolute()}" for label, paths in nodes.items() for path in paths]
    files += [f"--relationships={kind}={path.absolute()}" for kind, paths in relationships.items() for path in paths]
    report = f"--report-file={home.logs / 'import.report'}"
    _admin(home, staging, memory, "import", "full", DATABASE, report, *options, *files)
    home.commit_staging()


def _staging(home: Home, memory: Memory) -> Home:
    """Make an empty Neo4j home inside the data folder, for the same disk makes a rename of it possible."""
    staging = Home(home.staging)
    staging.prepare()
    write(staging.root / "conf" / "neo4j.conf", f"server.memory.pagecache.size={memory.page_cache_mib}m\n")
    return staging


def spawn(home: Home, command: Sequence[str], descriptors: tuple[int, ...]) -> None:
    """Start a server that outlives us, with the server lock and `descriptors` in its hands and its pid in a file.

    A shell starts it in the background and is gone: the process is a child of none, and its pid is written
    even when we are killed meanwhile.
    """
    with _server_lock(home) as lock, home.console.open("wb") as console:
        subprocess.run(
            ["/bin/sh", "-c", '"$@" & echo $! >"$0"', str(home.pid_file), *command],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            env=java.environment(home.root),
            cwd=home.root,
            pass_fds=(lock, *descriptors),
            start_new_session=True,
            check=True,
        )


@contextmanager
def _server_lock(home: Home) -> Generator[int]:
    """Take the lock to hand it on; what inherits it has it for as long as it lives."""
    path = home.run / "server.lock"
    lock = locks.open_lock(path)
    try:
        if not locks.wait_lock(lock, seconds=5):  # somebody's look may take it for a moment
            raise FolderBusy(folder=home.root, pid="?", command="unknown", doing="starting", seconds=5)
        home.pid_file.unlink(missing_ok=True)
        yield lock
    finally:
        os.close(lock)


def _admin(
    home: Home,
    place: Home,
    memory: Memory,
    doing: str,
    *arguments: str,
    source: BinaryIO | None = None,
    output: BinaryIO | None = None,
) -> None:
    """Run a `database` command of the administrator's tool on the store of `place`."""
    known = home.state() or State("", 0, 0, "", "", "")
    now = datetime.now(UTC).isoformat()
    home.remember(replace(known, doing=doing, since=now, version=jars.SERVER_VERSION, keep=False))
    words = ("database", doing, *arguments)
    extra = ("-XX:TieredStopAtLevel=1",) if doing in _SHORT else ()
    console = home.logs / f"{doing}.log"
    with _server_lock(home) as lock, console.open("wb") as said:
        process = subprocess.Popen(
            java.command(java.ADMIN, *words, heap_mib=memory.heap_mib, extra=extra),
            stdin=source or subprocess.DEVNULL,
            stdout=output or said,
            stderr=said,
            env=java.environment(place.root),
            pass_fds=(lock,),
            start_new_session=True,
        )
        home.pid_file.write_text(str(process.pid))
        _wait(process)
    tail = "\n".join(f"    {line}" for line in console.read_text(errors="replace").splitlines()[-25:])
    if process.returncode and "recover" in tail.lower():
        raise StoreNotClosed(folder=home.root)
    if process.returncode:
        raise AdminFailed(command=" ".join(words), tail=tail)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait()
    finally:  # Ctrl-C reaches only us
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
