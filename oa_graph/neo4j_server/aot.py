"""The AOT cache: classes of the server that are loaded and linked ahead of time, with profiles of hot code.

Java creates it from a training run: a server records its work during `workload`, and a second process assembles the
cache. That takes one or two minutes of CPU time, once for each set of jars, Java and options. `oa_graph.training`
provides the workload. Without a valid cache the server works too, but starts more slowly.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from oa_graph.neo4j_server import jars, java, locks, memory
from oa_graph.neo4j_server.ports import any_free_port
from oa_graph.neo4j_server.server import Address, ManagedNeo4j

Workload = Callable[[Address], None]
"""The work that the cache is optimized for."""

_MIN_MACHINE_MIB = 3 * 1024  # on a smaller machine the second JVM could starve the first
_MEMORY = memory.Memory(512, 64)


def should_train() -> bool:
    """Return whether to create a cache: there is none, no process creates it, and the machine has enough memory."""
    has_room = memory.machine_mib() >= _MIN_MACHINE_MIB
    return has_room and not _was_tried() and not locks.is_locked(_lock())


def train(workload: Workload, *, before: Callable[[], None] | None = None) -> Path:
    """Create the cache if there is none, and return its file. Raise the errors of a server start.

    `before` runs while this process holds the lock, such as to wait for an idle machine.
    """
    jars.fetch()
    with locks.locked(_lock()):
        if not java.aot_cache().exists():
            if before:
                before()
            _create(jars.folder() / "training", workload)
    return java.aot_cache()


def train_or_give_up(workload: Workload, *, before: Callable[[], None] | None = None) -> Path | None:
    """Create the cache. Remember a failure, so that later starts do not try again."""
    try:
        return train(workload, before=before)
    except Exception as failure:
        _failure().write_text(f"{failure}\n")
        return None


def _was_tried() -> bool:
    """Return whether there is a cache, or an earlier attempt failed."""
    return java.aot_cache().exists() or _failure().exists()


def _lock() -> Path:
    return jars.folder() / "aot.lock"


def _failure() -> Path:
    return java.aot_cache().with_suffix(".failed")


def _create(folder: Path, workload: Workload) -> None:
    record, part = (java.aot_cache().with_suffix(suffix) for suffix in (".record", ".part"))
    try:
        _record(folder, record, workload)
        _assemble(folder, record, part)
        part.replace(java.aot_cache())
        _failure().unlink(missing_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for path in (record, part):
            path.unlink(missing_ok=True)


def _record(folder: Path, record: Path, workload: Workload) -> None:
    server = ManagedNeo4j(
        folder,
        memory=_MEMORY,
        bolt_port=any_free_port(),  # the default ports are for the real server
        http_port=any_free_port(),
        jvm_options=("-XX:AOTMode=record", f"-XX:AOTConfiguration={record}"),
    )
    server.stop()  # a server of a killed training
    shutil.rmtree(folder, ignore_errors=True)
    try:
        workload(server.start())
        server.release()  # Java writes the record at its exit
    finally:
        server.stop()


def _assemble(folder: Path, record: Path, part: Path) -> None:
    """Create the cache from a record in a separate process, since it may take longer than the exit of a server."""
    options = ("-XX:AOTMode=create", f"-XX:AOTConfiguration={record}", f"-XX:AOTCache={part}")
    command = java.command(java.SERVER, heap_mib=_MEMORY.heap_mib, extra=options)
    with (folder / "logs" / "assembly.log").open("wb") as log:
        subprocess.run(command, env=java.environment(folder), stdout=log, stderr=log, check=True)
