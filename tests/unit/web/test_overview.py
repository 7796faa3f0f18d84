"""The bars of the overview."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from oa_graph.domain.progress import WorkSlot
from oa_graph.web.overview import bars

NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)


def slot(minutes_ago: float, answers: int) -> WorkSlot:
    return WorkSlot(NOW - timedelta(minutes=minutes_ago), 1, answers)


def test_bars_show_each_hour_of_the_day_and_the_greatest_is_full() -> None:
    hours = bars([slot(1450, 99), slot(1430, 2), slot(90, 4), slot(70, 4), slot(5, 1)], NOW)
    assert [bar.hours_ago for bar in hours] == [*reversed(range(24))]
    assert {bar.hours_ago: (bar.answers, bar.height) for bar in hours if bar.answers} == {
        23: (2, 0.25),
        1: (8, 1.0),
        0: (1, 0.125),
    }
    assert {bar.height for bar in bars([], NOW)} == {0}
