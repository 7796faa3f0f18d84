"""The server's share of a machine."""

from __future__ import annotations

import pytest

from oa_graph.neo4j_server import Memory, java, sized_from_machine
from oa_graph.neo4j_server.memory import machine_mib, sized


@pytest.mark.parametrize("total", [1024, 2048, 4096, 8192, 16384, 24576, 65536, 1 << 20])
@pytest.mark.parametrize("store", [0, 5000, 1 << 20])
def test_it_leaves_room_for_others(total: int, store: int) -> None:
    memory = sized(total, store)
    assert 512 <= memory.heap_mib <= 8192
    assert memory.heap_mib + memory.page_cache_mib <= max(total * 0.63, 640)


def test_a_small_store_gets_few_pages() -> None:
    assert sized(24576, 0) == Memory(3072, 512)
    assert sized(24576, 2000) == Memory(3072, 4000)
    assert sized(24576, 9000) == Memory(3072, 5120)


@pytest.mark.parametrize(("cores", "collector"), [(1, "Serial"), (2, "Serial"), (16, "G1")])
def test_the_heap_begins_small_and_its_collector_leaves_the_cores_to_statements(
    cores: int, collector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    command = java.command(java.SERVER, heap_mib=3072)
    assert {"-Xms256m", "-Xmx3072m", f"-XX:+Use{collector}GC"} < set(command)
    assert "-Xms128m" in java.command(java.SERVER, heap_mib=128)


def test_this_machine_has_memory() -> None:
    assert machine_mib() > 512
    assert sized_from_machine().heap_mib >= 512


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="heap"):
        Memory(heap_mib=1, page_cache_mib=64)
