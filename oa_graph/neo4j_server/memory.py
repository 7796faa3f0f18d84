"""The memory of the server, derived from that of the machine or container."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_MIB = 1 << 20
INITIAL_HEAP_MIB = 256
"""The initial heap. It grows on demand, since touched memory stays resident."""
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of a server: the heap of its JVM, and the page cache outside of it."""

    heap_mib: int
    page_cache_mib: int

    def __post_init__(self) -> None:
        if self.heap_mib < 128 or self.page_cache_mib < 8:
            raise ValueError("Neo4j needs at least 128 MiB of heap and 8 MiB of page cache")


def sized_from_machine(store_bytes: int = 0, *, share: float = 1.0) -> Memory:
    """Return the memory for a store of a size on this machine, or on a `share` of it."""
    return sized(int(machine_mib() * share), store_bytes // _MIB)


def sized(total_mib: int, store_mib: int = 0) -> Memory:
    """Return the memory on a machine that runs other programs too.

    The heap is an eighth, at least 512 MiB: statements are small, and a larger heap only delays garbage collection.
    The page cache is a quarter of the memory beyond 4 GiB, at most twice the size of the store: each GiB of page cache
    delays the start by a quarter of a second.
    """
    heap = min(max(total_mib // 8, 512), 8192)
    share = max((total_mib - 4096) // 4, 256 if total_mib > 2048 else 128)
    return Memory(heap, min(share, max(2 * store_mib, 512)))


def machine_mib() -> int:
    """Return the memory limit of this process in MiB: that of the machine or its container."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([physical, *_cgroup_limits()]) // _MIB


def _cgroup_limits() -> list[int]:
    """Return the memory limits of this process's control groups; none on macOS or without limits."""
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
