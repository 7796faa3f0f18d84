"""What happens in requests, as metrics of one process: requests, errors, tasks and statements.

A request is counted by its route, not by its path, so that ids and keys do not become series.
"""

from __future__ import annotations

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

_REQUEST_SEC = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_STATEMENT_SEC = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNROUTED = "none"
"""The route of requests that reached no handler."""
NOTHING_TO_DO = "nothing_to_do"
"""The status of a request that found no task, instead of 503. The state of the request holds the reason."""

disable_created_metrics()  # a creation time for each series would double the number of series


class Metrics:
    """The metrics of one process. A cache finds their series, since the library takes a lock for each lookup."""

    def __init__(self, *, pool: int) -> None:
        self.in_progress = 0
        """Requests that this process is answering."""
        self.registry = own = CollectorRegistry()
        self._requests = cache(
            Counter(
                "oa_graph_http_requests",
                f"Requests answered; `{NOTHING_TO_DO}` is the 503 that says that there is no task.",
                ["method", "route", "status"],
                registry=own,
            ).labels
        )
        self._request_sec = cache(
            Histogram(
                "oa_graph_http_request_duration_seconds",
                "From the request's first byte to the answer's last.",
                ["method", "route"],
                buckets=_REQUEST_SEC,
                registry=own,
            ).labels
        )
        self._open = Gauge(
            "oa_graph_http_requests_in_progress",
            "Requests that are being answered.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self._errors = cache(
            Counter(
                "oa_graph_errors",
                "Errors told to frontends, by their name in this program and by the protocol's code.",
                ["error", "code"],
                registry=own,
            ).labels
        )
        self._tasks = cache(
            Counter(
                "oa_graph_tasks", "Steps in the life of tasks, by how they ended.", ["kind", "outcome"], registry=own
            ).labels
        )
        self._statement_sec = cache(
            Histogram(
                "oa_graph_database_statement_duration_seconds",
                "From before a connection is sought until the last row is read; `commit` ends a transaction.",
                ["query"],
                buckets=_STATEMENT_SEC,
                registry=own,
            ).labels
        )
        self._statements = cache(
            Counter(
                "oa_graph_database_statements",
                "Statements sent, by name and outcome: done, taken, transient, timeout, away, failed, cancelled.",
                ["query", "outcome"],
                registry=own,
            ).labels
        )
        self._again = Counter(
            "oa_graph_database_retries", "Statements and transactions that were sent once more.", registry=own
        )
        self._sessions = Gauge(
            "oa_graph_database_sessions_in_use",
            "Sessions that are open; each with work in it holds a connection.",
            registry=own,
            multiprocess_mode="livesum",
        )
        Gauge(
            "oa_graph_database_connections_max",
            "Connections that the pools may open.",
            registry=own,
            multiprocess_mode="livesum",
        ).set(pool)

    def begun(self) -> None:
        self.in_progress += 1
        self._open.inc()

    def answered(self, *, method: str, route: str, status: str, seconds: float) -> None:
        """The request that had `begun` is over."""
        self.in_progress -= 1
        self._open.dec()
        method = method if method in _METHODS else "other"
        self._requests(method, route, status).inc()
        self._request_sec(method, route).observe(seconds)

    def error(self, name: str, code: int) -> None:
        self._errors(name, code).inc()

    def task(self, kind: str, outcome: str) -> None:
        self._tasks(kind, outcome).inc()

    def statement(self, name: str, seconds: float, outcome: str) -> None:
        self._statement_sec(name).observe(seconds)
        self._statements(name, outcome).inc()

    def again(self) -> None:
        self._again.inc()

    def session(self, change: int) -> None:
        self._sessions.inc(change)
