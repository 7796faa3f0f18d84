"""The AOT cache: made once by an exercise on a server, and harmless where that fails."""

from __future__ import annotations

import pytest

from oa_graph.neo4j_server import Address, aot, java


@pytest.mark.usefixtures("cache")
def test_a_training_that_fails_is_noted_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    exercised: list[Address] = []

    def fail(address: Address) -> None:
        exercised.append(address)
        raise ValueError("no crowd")

    monkeypatch.setattr("oa_graph.neo4j_server.memory.machine_mib", lambda: 8192)
    assert aot.should_train()
    wanted_meanwhile: list[bool] = []
    assert aot.train_or_give_up(fail, before=lambda: wanted_meanwhile.append(aot.should_train())) is None
    assert wanted_meanwhile == [False]
    assert len(exercised) == 1
    cache = java.aot_cache()
    assert cache.with_suffix(".failed").read_text() == "no crowd\n"
    left = {path.name for path in cache.parent.iterdir()}
    assert left == {"aot.lock", "jars", "verified", cache.with_suffix(".failed").name}
    assert not aot.should_train()
