"""How much memory the server may take, from what the machine or the container has."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_MIB = 1 << 20
INITIAL_HEAP_MIB = 256
"""The heap begins so large and grows as it is needed: what was touched once stays resident."""
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Memory:
    """What one server gets: the heap of its JVM, and the cache of store pages outside of it."""

    heap_mib: int
    page_cache_mib: int

    def __post_init__(self) -> None:
        if self.heap_mib < 128 or self.page_cache_mib < 8:
            raise ValueError("Neo4j needs 128 MiB of heap and 8 MiB of page cache at the least")


def sized_from_machine(store_bytes: int = 0, *, share: float = 1.0) -> Memory:
    """Share out this machine, or a `share` of it, for a store of some size now."""
    return sized(int(machine_mib() * share), store_bytes // _MIB)


def sized(total_mib: int, store_mib: int = 0) -> Memory:
    """Share out a machine that does other things as well.

    An eighth is heap: statements here are small, and more heap only lets garbage wait longer; on a small machine
    Neo4j still needs half a GiB. Pages may take a quarter of what is beyond 4 GiB, but no more than a store of
    twice the size needs: each GiB of page cache takes a quarter of a second to start, used or not.
    """
    heap = min(max(total_mib // 8, 512), 8192)
    share = max((total_mib - 4096) // 4, 256 if total_mib > 2048 else 128)
    return Memory(heap, min(share, max(2 * store_mib, 512)))


def machine_mib() -> int:
    """Give the memory that this process could use at most, in MiB: of the machine, or of its container."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([physical, *_cgroup_limits()]) // _MIB


def _cgroup_limits() -> list[int]:
    """Read the limits of the groups that this process is in; none on macOS or where nobody set one."""
    with suppress(OSError):
        lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
        groups = [path for _, controllers, path in lines if controllers in {"", "memory"}]
        files = [_CGROUPS / "memory.max", _CGROUPS / "memory" / "memory.limit_in_bytes"]
        for group in groups:
            inner = Path(group.lstrip("/"))
            files += [_CGROUPS / part / "memory.max" for part in (inner, *inner.parents)]
            files += [_CGROUPS / "memory" / part / "memory.limit_in_bytes" for part in (inner, *inner.parents)]
        return [int(text) for file in files if (text := _read(file)).isdecimal()]
    return []


def _read(file: Path) -> str:
    with suppress(OSError):
        return file.read_text().strip()
    return ""
