"""A scripted server for the tests of the crowd, which need no network."""

from __future__ import annotations

import pytest

from tests.unit.simulator.scripted import Scripted


@pytest.fixture
def scripted() -> Scripted:
    """A server that has no tasks yet."""
    return Scripted()
