from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from oa_graph.simulator.recorder import LOST_STATUS, Latency, Mistake, Recorder, SimulationReport, percentile


def report(recorder: Recorder) -> SimulationReport:
    return recorder.report(users=2, seconds=4.0, seed=9, profiles={"diligent": 2})


def printed(of: SimulationReport) -> str:
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
    recorder = Recorder()
    for milliseconds in (3.0, 1.0, 2.0):
        recorder.answered("POST /tasks/", milliseconds / 1000)
    recorder.answered("GET /messages/{id}", 0.009)
    latencies = report(recorder).latencies
    assert (latencies["POST /tasks/"].count, latencies["POST /tasks/"].p50) == (3, 2.0)
    assert list(latencies) == ["GET /messages/{id}", "POST /tasks/"]


def test_expected_refusals_are_counted_but_not_held_against_the_server() -> None:
    recorder = Recorder()
    for words in ("first", "second"):
        recorder.record_mistake(Mistake("POST /tasks/", 503, 1006, expected=True, example=words))
    of = report(recorder)
    assert of.mistakes == {Mistake("POST /tasks/", 503, 1006, expected=True, example="first"): 2}
    assert of.unexpected == ()


def test_the_same_code_can_be_expected_once_and_not_another_time() -> None:
    recorder = Recorder()
    recorder.record_mistake(Mistake("POST /tasks/interaction", 400, 1009, expected=True, example="again"))
    recorder.record_mistake(Mistake("POST /tasks/interaction", 400, 1009, expected=False, example="never sent before"))
    assert report(recorder).unexpected == ("POST /tasks/interaction: 400/1009, 1 times; the first: never sent before",)


def test_lost_calls_and_broken_promises_are_unexpected() -> None:
    recorder = Recorder()
    recorder.record_mistake(Mistake("POST /tasks/", LOST_STATUS, None, expected=False, example="ReadError"))
    recorder.broken_promises["a blank text was taken"] += 3
    assert report(recorder).unexpected == (
        "POST /tasks/: no answer, 1 times; the first: ReadError",
        "a blank text was taken, 3 times",
    )


def test_speed_is_answered_tasks_over_time() -> None:
    recorder = Recorder()
    recorder.finished.update({"assistant_reply": 5, "label_initial_prompt": 3})
    assert report(recorder).tasks_per_second == 2.0
    assert Recorder().report(users=1, seconds=0.0, seed=1, profiles={}).tasks_per_second == 0.0


def test_the_report_is_json_with_all_its_parts() -> None:
    recorder = Recorder()
    recorder.answered("POST /tasks/", 0.00123456)
    recorder.record_mistake(Mistake("POST /tasks/", 500, None, expected=False, example="[boom]"))
    recorder.finished["assistant_reply"] += 1
    fields = json.loads(json.dumps(report(recorder).as_json()))
    assert fields["endpoints"] == {"POST /tasks/": {"count": 1, "p50": 1.235, "p90": 1.235, "p99": 1.235, "max": 1.235}}
    assert fields["errors"][0]["error_code"] is None
    assert fields["tasks"]["total"] == 1
    assert len(fields["unexpected"]) == 1


def test_the_table_shows_a_servers_words_as_they_are() -> None:
    recorder = Recorder()
    recorder.answered("POST /tasks/", 0.001)
    recorder.record_mistake(Mistake("POST /tasks/", 500, None, expected=False, example="[red]boom[/blue]"))
    assert "[red]boom[/blue]" in printed(report(recorder))


def test_an_empty_report_can_be_printed() -> None:
    assert "0 tasks" in printed(report(Recorder()))
