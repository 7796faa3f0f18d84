"""Spans of requests and of their statements, for OpenTelemetry.

Loaded only when the extra `otel` is installed and the environment names a place to send to, by OpenTelemetry's own
variables. Litestar has a plugin for this; its spans hold the whole URL, hence keys that come in a query, and one more
span for each part of a body.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

_DONE = frozenset({"done", "taken"})


class RequestSpan:
    """The span of one request; statements hang below it."""

    def __init__(self, tracer: trace.Tracer, scope: Mapping[str, Any]) -> None:
        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self._tracer = tracer
        self._span = tracer.start_span(scope["method"], context=propagate.extract(carrier), kind=SpanKind.SERVER)
        self._below = trace.set_span_in_context(self._span, Context())
        self.trace_id = trace.format_trace_id(self._span.get_span_context().trace_id)

    def statement(self, name: str, seconds: float, outcome: str) -> None:
        """A statement that has just ended."""
        end = time.time_ns()
        span = self._tracer.start_span(
            name,
            context=self._below,
            kind=SpanKind.CLIENT,
            start_time=end - int(seconds * 1e9),
            attributes={"db.system.name": "neo4j", "db.query.summary": name, "oa_graph.outcome": outcome},
        )
        if outcome not in _DONE:
            span.set_status(StatusCode.ERROR, outcome)
        span.end(end)

    def end(self, *, method: str, route: str, status: int, request: str, is_error: bool) -> None:
        self._span.update_name(f"{method} {route}")
        self._span.set_attributes(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
                "oa_graph.request": request,
            }
        )
        if is_error:
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Tracing:
    """Makes the spans of one process and sends them."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("oa_graph")

    def request(self, scope: Mapping[str, Any]) -> RequestSpan:
        return RequestSpan(self._tracer, scope)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def from_environment() -> Tracing:
    """Send by OTLP over HTTP, to where OpenTelemetry's variables say."""
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "oa-graph"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)
