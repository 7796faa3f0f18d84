"""The Java processes of a store: the server, and the admin commands dump, load, check and import.

Admin commands run Neo4j's admin tool in a Java process that holds the server lock. New stores are created in the
staging folder and moved into place when they are complete, so that a failure never loses the old data.
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

from zstandard import ZstdDecompressor, ZstdError

from oa_graph.neo4j_server import jar_list, java, locks
from oa_graph.neo4j_server.errors import (
    AdminFailed,
    DumpDamaged,
    DumpExists,
    FolderBusy,
    FolderMissing,
    NotADump,
    StoreDamaged,
    StoreNotClosed,
    StoreNotEmpty,
)
from oa_graph.neo4j_server.home import DATABASE, DataFolder, RunState, write
from oa_graph.neo4j_server.memory import Memory

# Commands that end before the optimizing compiler pays off: they mostly run native compression.
_SHORT_COMMANDS = {"dump", "load"}


def check_empty(home: DataFolder) -> None:
    """Raise StoreNotEmpty if the folder has a database, even an empty one."""
    if home.has_store():
        raise StoreNotEmpty(folder=home.root)


_ZSTD = b"DZV1"
_DUMP_SIGNATURES = (_ZSTD, b"DGV1", b"\x1f\x8b")
"""The first bytes of a dump: zstd, gzip, or the format before Neo4j 4."""


def check_dump_target(to: Path, *, replace_file: bool) -> None:
    """Raise FolderMissing, or DumpExists unless `replace_file` is true."""
    if not to.parent.is_dir():
        raise FolderMissing(folder=to.parent, file=to.name)
    if to.exists() and not replace_file:
        raise DumpExists(file=to)


def check_dump(source: Path) -> None:
    """Read a dump to its end. Raise NotADump, or DumpDamaged if it is cut short or damaged."""
    with source.open("rb") as file:
        signature = file.read(4)
        if not signature.startswith(_DUMP_SIGNATURES):
            raise NotADump(file=source)
        if signature == _ZSTD and not _is_whole_frame(file):  # older formats are checked by the load itself
            raise DumpDamaged(file=source)


def _is_whole_frame(file: BinaryIO) -> bool:
    decompressor = ZstdDecompressor().decompressobj()
    try:
        while not decompressor.eof and (block := file.read(1 << 20)):
            decompressor.decompress(block)
    except ZstdError:
        return False
    return decompressor.eof


def dump(home: DataFolder, memory: Memory, to: Path) -> None:
    """Write the database to a file atomically."""
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            _run_admin_tool(home, home, memory, "dump", DATABASE, "--to-stdout", output=file)
            os.fsync(file.fileno())
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def load(home: DataFolder, memory: Memory, source: Path) -> None:
    staging = _staging(home, memory)
    with source.open("rb") as file:
        _run_admin_tool(home, staging, memory, "load", DATABASE, "--from-stdin", source=file)
    home.commit_staging()


def check(home: DataFolder, memory: Memory) -> None:
    try:
        _run_admin_tool(home, home, memory, "check", DATABASE, f"--report-path={home.logs}")
    except AdminFailed as failure:
        raise StoreDamaged(folder=home.root, tail=failure.values["tail"]) from failure


def import_csv(
    home: DataFolder,
    memory: Memory,
    *,
    nodes: Mapping[str, Sequence[Path]],
    relationships: Mapping[str, Sequence[Path]],
) -> None:
    staging = _staging(home, memory)
    files = [f"--nodes={label}={path.absolute()}" for label, paths in nodes.items() for path in paths]
    files += [f"--relationships={kind}={path.absolute()}" for kind, paths in relationships.items() for path in paths]
    report = f"--report-file={home.logs / 'import.report'}"
    _run_admin_tool(home, staging, memory, "import", "full", DATABASE, report, *files)
    home.commit_staging()


def _staging(home: DataFolder, memory: Memory) -> DataFolder:
    """Create an empty Neo4j home inside the data folder, on the same disk, so that it can be renamed."""
    staging = DataFolder(home.staging)
    staging.prepare()
    write(staging.root / "conf" / "neo4j.conf", f"server.memory.pagecache.size={memory.page_cache_mib}m\n")
    return staging


def spawn(home: DataFolder, command: Sequence[str], descriptors: tuple[int, ...]) -> None:
    """Start a detached server that inherits the server lock and `descriptors`, and write its pid to a file.

    A shell starts it in the background and exits, so the server is not our child, and its pid is written even if we
    are killed meanwhile.
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
def _server_lock(home: DataFolder) -> Generator[int]:
    """Take the server lock. A process that inherits it holds it until its end."""
    path = home.run / "server.lock"
    lock = locks.open_lock(path)
    try:
        if not locks.wait_lock(lock, seconds=5):  # `is_locked` may take it for a moment
            raise FolderBusy(folder=home.root, pid="?", command="unknown", doing="starting", seconds=5)
        home.pid_file.unlink(missing_ok=True)
        yield lock
    finally:
        os.close(lock)


def _run_admin_tool(
    home: DataFolder,
    place: DataFolder,
    memory: Memory,
    doing: str,
    *arguments: str,
    source: BinaryIO | None = None,
    output: BinaryIO | None = None,
) -> None:
    """Run a `database` command of the admin tool on the store of `place`."""
    previous = home.read_state() or RunState("", 0, 0, "", "", "")
    now = datetime.now(UTC).isoformat()
    home.write_state(replace(previous, doing=doing, since=now, version=jar_list.SERVER_VERSION, keep=False))
    words = ("database", doing, *arguments)
    extra = ("-XX:TieredStopAtLevel=1",) if doing in _SHORT_COMMANDS else ()
    console = home.logs / f"{doing}.log"
    with _server_lock(home) as lock, console.open("wb") as log:
        process = subprocess.Popen(
            java.command(java.ADMIN, *words, heap_mib=memory.heap_mib, extra=extra),
            stdin=source or subprocess.DEVNULL,
            stdout=output or log,
            stderr=log,
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
    finally:  # Ctrl-C does not reach the process
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
