"""Cursors: whatever way a list is paged through, each item comes once, in order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.api.pages import Cursors, cursor, moment
from oa_graph.domain.listings import Bound, PageRange
from oa_graph.errors import IncompleteCursor, InvalidCursor

Item = tuple[str, str]
"""Value and id."""

values = st.text("abc", min_size=1, max_size=2)
items = st.lists(st.tuples(values, st.text("0123", min_size=1, max_size=2)), unique=True, max_size=12)


def key(bound: Bound[str]) -> Item:
    assert bound.id is not None
    return bound.value, bound.id


def read(everything: list[Item], span: PageRange[str]) -> list[Item]:
    """What the graph does."""
    rows = sorted(everything, reverse=span.desc)
    rows = [row for row in rows if span.low is None or row > key(span.low)]
    return [row for row in rows if span.high is None or row < key(span.high)][: span.limit]


def page(
    everything: list[Item], *, count: int, desc: bool, before: str | None = None, after: str | None = None
) -> tuple[list[Item], str | None, str | None]:
    cursors = Cursors(before, after, count, desc, str)
    shown, has_more = cursors.cut(read(everything, cursors.span()))
    prev, next = cursors.links([cursor(id, value) for value, id in shown], has_more=has_more)
    return shown, prev, next


@given(items, st.integers(1, 5), st.booleans())
def test_forwards_each_item_comes_once_and_in_order(everything: list[Item], count: int, desc: bool) -> None:
    seen: list[Item] = []
    shown, prev, next = page(everything, count=count, desc=desc)
    assert prev is None
    seen += shown
    while next is not None:
        shown, prev, next = page(everything, count=count, desc=desc, after=next)
        assert prev is not None
        seen += shown
    assert seen == sorted(everything, reverse=desc)


@given(items.filter(bool), st.integers(1, 5), st.booleans())
def test_backwards_each_item_comes_once_and_pages_are_in_order(everything: list[Item], count: int, desc: bool) -> None:
    ordered = sorted(everything, reverse=desc)
    value, id = ordered[-1]
    seen: list[Item] = []
    prev: str | None = cursor(id, value)
    while prev is not None:
        before = prev
        shown, prev, next = page(everything, count=count, desc=desc, before=before)
        assert shown == [row for row in ordered if row in shown]
        assert next is not None
        seen = shown + seen
        if not shown:
            break
    assert seen == ordered[:-1]


@given(items, values, st.integers(1, 5), st.booleans())
def test_a_cursor_without_an_id_takes_its_value_along(
    everything: list[Item], value: str, count: int, desc: bool
) -> None:
    shown, _, _ = page(everything, count=count, desc=desc, after=value)
    ordered = sorted(everything, reverse=desc)
    assert shown == [row for row in ordered if (row[0] <= value if desc else row[0] >= value)][:count]
    shown, _, _ = page(everything, count=count, desc=desc, before=value)
    assert shown == [row for row in ordered if (row[0] >= value if desc else row[0] <= value)][-count:]


@given(items, values, values, st.booleans())
def test_between_two_cursors_is_read_from_the_start(everything: list[Item], one: str, other: str, desc: bool) -> None:
    after, before = sorted((one, other), reverse=desc)
    shown, _, _ = page(
        everything, count=3, desc=desc, after=f"\uffff${after}" if not desc else f"${after}", before=before
    )
    inside = sorted(everything, reverse=desc)
    low, high = sorted((one, other))
    if desc:
        assert shown == [row for row in inside if low <= row[0] <= high][:3]
    else:
        assert shown == [row for row in inside if low < row[0] <= high][:3]


def test_an_empty_page_leads_back_to_where_it_was_asked_for() -> None:
    assert page([], count=3, desc=False, after="i$a") == ([], "a", None)
    assert page([], count=3, desc=False, before="i$a") == ([], None, "a")


def test_a_time_is_read_in_every_form_that_frontends_send() -> None:
    expected = datetime(2023, 1, 2, 3, 4, 5, 6000, tzinfo=UTC)
    for text in (
        "2023-01-02T03:04:05.006000+00:00",
        "2023-01-02T03:04:05.006000 00:00",
        "2023-01-02T03:04:05.006Z",
        "2023-01-02T03:04:05.006",
        "2023-01-02T04:04:05.006+01:00",
    ):
        assert moment(text) == expected
    with pytest.raises(InvalidCursor):
        moment("yesterday")


def test_an_id_without_a_value_is_no_cursor() -> None:
    with pytest.raises(IncompleteCursor):
        Cursors("id$", None, 3, False, str).span()
