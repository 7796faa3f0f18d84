"""Intervals as the books have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.analysis.intervals import FEWEST, Estimate, mean_estimate, share_estimate


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # R: prop.test(part, whole, correct = FALSE)$conf.int
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),  # Newcombe, Two-sided confidence intervals for the single proportion (1998)
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_shares_have_the_interval_of_wilson(part: int, whole: int, low: float, high: float) -> None:
    estimate = share_estimate(part, whole=whole)
    assert estimate.value == part / whole
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10**9), st.floats(0, 1))
def test_a_share_and_its_interval_stay_between_0_and_1(whole: int, share: float) -> None:
    estimate = share_estimate(int(share * whole), whole=whole)
    assert estimate.low is not None
    assert estimate.high is not None
    assert 0 <= estimate.low <= estimate.value + 1e-12
    assert estimate.value - 1e-12 <= estimate.high <= 1


def test_means_have_1_96_standard_errors_to_both_sides() -> None:
    estimate = mean_estimate(5.0, deviation=10.0, count=100)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((5.0, 3.04, 6.96), abs=1e-3)


def test_a_mean_of_few_values_has_no_interval() -> None:
    assert mean_estimate(5.0, deviation=10.0, count=FEWEST - 1) == Estimate(5.0)
    assert mean_estimate(5.0, deviation=0.0, count=FEWEST) == Estimate(5.0, 5.0, 5.0)
