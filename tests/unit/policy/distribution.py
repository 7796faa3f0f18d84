"""Whether what was drawn has the promised distribution. Seeds are fixed, so a test that passes always passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from math import sqrt
from typing import TypeVar

Drawn = TypeVar("Drawn", bound=Hashable)

DRAWS = 10_000


def chi_square(observed: Mapping[Drawn, int], weights: Mapping[Drawn, float]) -> float:
    """Pearson's statistic over what one draw in a thousand exceeds by chance: below 1 fits."""
    assert observed.keys() <= weights.keys()
    draws, total = sum(observed.values()), sum(weights.values())
    expected = {name: draws * weight / total for name, weight in weights.items()}
    statistic = sum((observed.get(name, 0) - count) ** 2 / count for name, count in expected.items())
    freedom = len(weights) - 1
    # Wilson and Hilferty's approximation; 3.09 is the normal quantile of 0.999
    return statistic / (freedom * (1 - 2 / (9 * freedom) + 3.09 * sqrt(2 / (9 * freedom))) ** 3)


def assert_fits(draw: Callable[[], Drawn], weights: Mapping[Drawn, float], *, draws: int = DRAWS) -> None:
    """Draws again and again, and compares with the weights, which need not sum to 1."""
    assert chi_square(Counter(draw() for _ in range(draws)), weights) < 1
