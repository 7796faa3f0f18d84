"""Services of these tests plan no statement in advance; tests of the warm-up bring their own."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from oa_graph.api import health


@pytest.fixture(scope="session", autouse=True)
def _cold() -> Generator[None]:
    """Each of many services would run every statement once, beside the requests of the tests."""

    async def nothing(*_: object, **__: object) -> None:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "warm_up", nothing)
        yield
