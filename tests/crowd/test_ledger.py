from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from oa_graph.crowd.ledger import LOST_STATUS, Latency, Ledger, Mistake, Report, percentile


def report(ledger: Ledger) -> Report:
    return ledger.report(users=2, seconds=4.0, seed=9, habits={"diligent": 2})


def printed(of: Report) -> str:
    out = io.StringIO()
    Console(file=out, width=120).print(of.table())
    return out.getvalue()


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.9, 0.99, 1.0)] == [50.0, 90.0, 99.0, 100.0]


def test_one_call_is_all_percentiles() -> None:
    assert Latency.of([7.5]) == Latency(1, 7.5, 7.5, 7.5, 7.5)


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_percentiles_do_not_fall(samples: list[float]) -> None:
    latency = Latency.of(samples)
    assert min(samples) <= latency.p50 <= latency.p90 <= latency.p99 <= latency.max == max(samples)


def test_calls_are_counted_by_endpoint() -> None:
    ledger = Ledger()
    for milliseconds in (3.0, 1.0, 2.0):
        ledger.time("POST /tasks/", milliseconds)
    ledger.time("GET /messages/{id}", 9.0)
    latencies = report(ledger).latencies
    assert (latencies["POST /tasks/"].count, latencies["POST /tasks/"].p50) == (3, 2.0)
    assert list(latencies) == ["GET /messages/{id}", "POST /tasks/"]


def test_expected_refusals_are_counted_but_not_held_against_the_server() -> None:
    ledger = Ledger()
    for words in ("first", "second"):
        ledger.mistake(Mistake("POST /tasks/", 503, 1006, expected=True, example=words))
    of = report(ledger)
    assert of.mistakes == {Mistake("POST /tasks/", 503, 1006, expected=True, example="first"): 2}
    assert of.unexpected == ()


def test_the_same_code_can_be_expected_once_and_not_another_time() -> None:
    ledger = Ledger()
    ledger.mistake(Mistake("POST /tasks/interaction", 400, 1009, expected=True, example="again"))
    ledger.mistake(Mistake("POST /tasks/interaction", 400, 1009, expected=False, example="never sent before"))
    assert report(ledger).unexpected == ("POST /tasks/interaction: 400/1009, 1 times; the first: never sent before",)


def test_lost_calls_and_broken_promises_are_unexpected() -> None:
    ledger = Ledger()
    ledger.mistake(Mistake("POST /tasks/", LOST_STATUS, None, expected=False, example="ReadError"))
    ledger.broken["a blank text was taken"] += 3
    assert report(ledger).unexpected == (
        "POST /tasks/: no answer, 1 times; the first: ReadError",
        "a blank text was taken, 3 times",
    )


def test_speed_is_answered_tasks_over_time() -> None:
    ledger = Ledger()
    ledger.finished.update({"assistant_reply": 5, "label_initial_prompt": 3})
    assert report(ledger).tasks_per_second == 2.0
    assert Ledger().report(users=1, seconds=0.0, seed=1, habits={}).tasks_per_second == 0.0


def test_the_report_is_json_with_all_its_parts() -> None:
    ledger = Ledger()
    ledger.time("POST /tasks/", 1.23456)
    ledger.mistake(Mistake("POST /tasks/", 500, None, expected=False, example="[boom]"))
    ledger.finished["assistant_reply"] += 1
    told = json.loads(json.dumps(report(ledger).as_json()))
    assert told["endpoints"] == {"POST /tasks/": {"count": 1, "p50": 1.235, "p90": 1.235, "p99": 1.235, "max": 1.235}}
    assert told["errors"][0]["error_code"] is None
    assert told["tasks"]["total"] == 1
    assert len(told["unexpected"]) == 1


def test_the_table_shows_a_servers_words_as_they_are() -> None:
    ledger = Ledger()
    ledger.time("POST /tasks/", 1.0)
    ledger.mistake(Mistake("POST /tasks/", 500, None, expected=False, example="[red]boom[/blue]"))
    assert "[red]boom[/blue]" in printed(report(ledger))


def test_an_empty_report_can_be_printed() -> None:
    assert "0 tasks" in printed(report(Ledger()))
