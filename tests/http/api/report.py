"""Tables that tests show at the end of a run, whether they passed or not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

_TOLD = pytest.StashKey[dict[str, list[str]]]()


def tell(config: pytest.Config, title: str, lines: Sequence[str]) -> None:
    """`lines` are shown under `title` when the run ends; told again, they replace what was told before."""
    config.stash.setdefault(_TOLD, {})[title] = list(lines)


def reports(config: pytest.Config) -> dict[str, list[str]]:
    return config.stash.setdefault(_TOLD, {})
