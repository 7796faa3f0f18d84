"""Spans: one for each request, and below it one for each statement, named as it is; none unless they are wanted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from oa_graph.api.app import spans_wanted
from oa_graph.api.tracing import Tracing
from oa_graph.graph.session import Graph
from tests.http.api.conftest import DEFAULT, WEB, admit, serving
from tests.http.api.frontend import Frontend, user

pytestmark = pytest.mark.anyio

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def web(graph: Graph, spans: InMemorySpanExporter) -> AsyncGenerator[Frontend]:
    await admit(graph)
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    async with serving(graph, DEFAULT, Tracing(provider)) as url, Frontend(url, WEB) as web:
        yield web


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


async def test_a_request_is_a_span_and_its_statements_hang_below(web: Frontend, spans: InMemorySpanExporter) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "mine"}
    body = {"type": "initial_prompt", "user": user("ada")}
    got = await web.http.post("/api/v1/tasks/?api_key=" + WEB, json=body, headers=headers)
    assert got.status_code == 200
    *below, whole = spans.get_finished_spans()
    assert whole.name == "POST /api/v1/tasks"
    assert attributes(whole) == {
        "http.request.method": "POST",
        "http.route": "/api/v1/tasks",
        "http.response.status_code": 200,
        "oa_graph.request": "mine",
    }
    assert whole.parent
    assert f"{whole.parent.trace_id:032x} {whole.parent.span_id:016x}" == f"{TRACE} {PARENT}"
    statements = ["clients/by_key_hash", "guidelines/current", "tasks/lease_uniform", "tasks/lease_prompt"]
    assert [span.name for span in below] == statements
    assert whole.context
    for span in below:
        assert span.parent
        assert span.parent.span_id == whole.context.span_id
        assert attributes(span)["db.query.summary"] == span.name
        assert whole.start_time
        assert span.start_time
        assert span.end_time
        assert span.start_time <= span.end_time
    assert WEB not in "".join(span.to_json() for span in spans.get_finished_spans())


async def test_a_request_that_finds_nothing_is_no_error_and_one_that_breaks_is(
    web: Frontend, spans: InMemorySpanExporter, graph: Graph
) -> None:
    await web.get("/nowhere")
    assert (await web.post("/tasks/", {"type": "assistant_reply", "user": user("ada")})).status_code == 503
    await graph.execute("MATCH (user:User) SET user.enabled = false")
    assert (await web.post("/tasks/", {"user": user("ada")})).status_code == 503
    lost, *below, refused = spans.get_finished_spans()
    (idle,) = [span for span in below if span.name == "POST /api/v1/tasks"]
    assert (lost.name, lost.status.status_code) == ("GET none", StatusCode.UNSET)
    assert idle.status.status_code == StatusCode.UNSET
    assert (refused.name, refused.status.status_code) == ("POST /api/v1/tasks", StatusCode.ERROR)


@pytest.mark.parametrize(
    "environment",
    [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}],
    ids=["nothing said", "switched off"],
)
def test_no_spans_are_made_unless_they_are_wanted(environment: dict[str, str]) -> None:
    assert spans_wanted(environment) is None


def test_spans_are_made_when_there_is_somewhere_to_send_them() -> None:
    tracing = spans_wanted({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
    assert tracing
    tracing.close()


def test_who_wants_no_spans_does_not_load_them() -> None:
    code = "import sys, oa_graph.api.app; print([each for each in sys.modules if each.startswith('opentelemetry')])"
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert got.stdout.strip() == "[]"
