"""Estimates with 95 % intervals, from counts and deviations. Observations are taken to be independent."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

FEWEST = 10
"""Observations of which a mean gets an interval: of fewer, the normal approximation is too narrow."""

_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, and the interval around it; None: too few observations for one."""

    value: float
    low: float | None = None
    high: float | None = None


def mean_estimate(mean: float, *, deviation: float, count: int) -> Estimate:
    """Return a mean with its interval of 1.96 standard errors; `deviation` is that of the sample."""
    if count < FEWEST:
        return Estimate(mean)
    half = _Z * deviation / sqrt(count)
    return Estimate(mean, mean - half, mean + half)


def share_estimate(part: int, *, whole: int) -> Estimate:
    """Return a share with the score interval of Wilson (1927), which stays within 0 and 1. `whole` is above 0."""
    share, spread = part / whole, _Z**2 / whole
    middle = (share + spread / 2) / (1 + spread)
    half = sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))
