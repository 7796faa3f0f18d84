"""The AOT cache: the server's classes loaded and linked ahead of time, and what it learned of its hot code.

Java makes it of a training run: a server records what it does while `exercise` is played on it, and a second process
assembles the cache. That takes a minute or two of CPU and is done once for each set of jars, Java and options.
`oa_graph.training` plays the service. Without a cache, or with one that Java refuses, everything works as well, only
later.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from oa_graph.managed import jars, java, locks, memory
from oa_graph.managed.ports import any_free_port
from oa_graph.settings import settings

if TYPE_CHECKING:
    from oa_graph.managed.server import Address

Exercise = Callable[["Address"], None]
"""Does on a server what the cache is to be good for."""

_LEAST_MIB = 3 * 1024  # on a smaller machine the second JVM could starve the first
_MEMORY = memory.Memory(512, 64)


def discard() -> None:
    """Drop a cache that does harm; whoever uses it keeps what is mapped."""
    java.aot_cache().unlink(missing_ok=True)


def is_wanted() -> bool:
    """Tell whether a cache should be made: there is none, nobody makes it, and there is room for it."""
    has_room = memory.machine_mib() >= _LEAST_MIB
    return settings().aot and has_room and not _is_settled() and not locks.is_locked(_lock())


def train(exercise: Exercise, *, first: Callable[[], None] | None = None) -> Path:
    """Make the cache if there is none, and give its file. Raises what a server raises that does not start.

    `first` may wait for a good moment: nobody else wants to make the cache meanwhile.
    """
    jars.fetch()
    with locks.locked(_lock()):
        if not java.aot_cache().exists():
            if first:
                first()
            _make(jars.folder() / "training", exercise)
    return java.aot_cache()


def train_or_give_up(exercise: Exercise, *, first: Callable[[], None] | None = None) -> Path | None:
    """Make the cache; when that fails note it, so that not every start tries again."""
    try:
        return train(exercise, first=first)
    except Exception as failure:
        _failure().write_text(f"{failure}\n")
        return None


def _is_settled() -> bool:
    """Tell whether there is a cache, or making one has failed before."""
    return java.aot_cache().exists() or _failure().exists()


def _lock() -> Path:
    return jars.folder() / "aot.lock"


def _failure() -> Path:
    return java.aot_cache().with_suffix(".failed")


def _make(folder: Path, exercise: Exercise) -> None:
    record, part = (java.aot_cache().with_suffix(suffix) for suffix in (".record", ".part"))
    try:
        _record(folder, record, exercise)
        _assemble(folder, record, part)
        part.replace(java.aot_cache())
        _failure().unlink(missing_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for path in (record, part):
            path.unlink(missing_ok=True)


def _record(folder: Path, record: Path, exercise: Exercise) -> None:
    from oa_graph.managed.server import Server

    server = Server(
        folder,
        memory=_MEMORY,
        bolt_port=any_free_port(),  # the usual ones are for the real one
        http_port=any_free_port(),
        jvm_options=("-XX:AOTMode=record", f"-XX:AOTConfiguration={record}"),
    )
    server.stop()  # one whose trainer was killed
    shutil.rmtree(folder, ignore_errors=True)
    try:
        exercise(server.start())
        server.leave()  # Java writes the record when it ends
    finally:
        server.stop()


def _assemble(folder: Path, record: Path, part: Path) -> None:
    """Make the cache of a record, in a process of its own: it may take longer than a server may take to end."""
    options = ("-XX:AOTMode=create", f"-XX:AOTConfiguration={record}", f"-XX:AOTCache={part}")
    command = java.command(java.SERVER, heap_mib=_MEMORY.heap_mib, extra=options)
    with (folder / "logs" / "assembly.log").open("wb") as log:
        subprocess.run(command, env=java.environment(folder), stdout=log, stderr=log, check=True)
