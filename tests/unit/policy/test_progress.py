"""How much work is left, and how long it takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.progress import PoolStatus, WorkSlot
from oa_graph.policy.progress import answers_per_hour, seconds_left, wanted_answers

NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)


def slot(minutes_ago: float, answers: int) -> WorkSlot:
    return WorkSlot(NOW - timedelta(minutes=minutes_ago), 1, answers)


def test_open_judgements_count_and_places_for_replies_do_not() -> None:
    pools = [
        PoolStatus(kind="label_assistant_reply", lang="en", wants=2),
        PoolStatus(kind="rank_assistant_replies", lang="en", wants=3),
        PoolStatus(kind="assistant_reply", lang="en", wants=40),
        PoolStatus(kind="a kind of the future", lang="en", wants=40),
    ]
    assert wanted_answers(pools, missing_posts=0, limits=Limits()) == 5


def test_a_post_that_lacks_brings_its_reviews() -> None:
    assert wanted_answers([], missing_posts=10, limits=Limits(num_reviews_reply=3)) == 40


def test_the_rate_is_that_of_the_last_hour_or_of_the_day_where_it_had_none() -> None:
    assert answers_per_hour([slot(1400, 48), slot(30, 6)], now=NOW) == 6
    assert answers_per_hour([slot(1400, 48)], now=NOW) == 2
    assert answers_per_hour([], now=NOW) == 0


@pytest.mark.parametrize(("answers", "per_hour", "seconds"), [(10, 20.0, 1800), (0, 20.0, 0), (10, 0.0, None)])
def test_the_time_left_follows_from_the_rate(answers: int, per_hour: float, seconds: float | None) -> None:
    assert seconds_left(answers, per_hour=per_hour) == seconds
