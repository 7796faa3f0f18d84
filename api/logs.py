"""How the service logs: one line for each thing that happens, for people on a terminal or as JSON for programs.

Every line that is written while a request is worked on carries the request's id. `oa-graph serve` hands `config` to
uvicorn, which applies it in each of its processes.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from threading import Lock, Timer
from typing import Any, Literal, cast

from oa_graph.errors import NotNow
from oa_graph.graph.telemetry import FIELDS, watching

Format = Literal["auto", "text", "json"]


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _request(record: logging.LogRecord) -> str | None:
    fields = cast("Mapping[str, Any]", getattr(record, FIELDS, {}))
    if known := fields.get("request_id"):
        return str(known)
    return seen.request if (seen := watching.get()) else None


class JsonLines(logging.Formatter):
    """An object a line: time, level, logger, message, request_id, whatever the record carries, and `trace`."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := _request(record):
            fields["request_id"] = request
        fields |= getattr(record, FIELDS, {})
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """A line for people: time, level, logger, message, and the request's id at the end."""

    def format(self, record: logging.LogRecord) -> str:
        request = _request(record)
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {record.getMessage()}"
        line += f" [{request}]" if request else ""
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class Repeats(logging.Filter):
    """Passes the first of equal lines about a database that is away, and later one that counts the others.

    Equal are lines of the driver, and those of ours that tell a `NotNow`, with the same words around the same kind of
    error. Otherwise there is a line for each connection and each request until the database is back.
    """

    def __init__(self, seconds: float = 30.0) -> None:
        """Others are counted for so many seconds, and then again until there are none."""
        super().__init__()
        self._seconds = seconds
        self._counts: dict[Hashable, int] = {}
        self._lock = Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        if (kind := _outage(record)) is None:
            return True
        with self._lock:
            is_first = kind not in self._counts
            self._counts[kind] = 0 if is_first else self._counts[kind] + 1
        if is_first:
            self._wait(kind, record)
        return is_first

    def _wait(self, kind: Hashable, record: logging.LogRecord) -> None:
        timer = Timer(self._seconds, self._count, (kind, record))
        timer.daemon = True
        timer.start()

    def _count(self, kind: Hashable, record: logging.LogRecord) -> None:
        with self._lock:
            count = self._counts.pop(kind)
            if count:
                self._counts[kind] = 0
        if count:
            words = f"{record.getMessage()} ({count} more like this in {self._seconds:g} s)"
            self._wait(kind, record)
            logging.getLogger(record.name).handle(
                logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, words, None, None)
            )


def _outage(record: logging.LogRecord) -> Hashable:
    """What a line has in common with those like it; None: it is not about a database that is away, or a count."""
    args = record.args if isinstance(record.args, tuple) else ()
    errors = tuple(type(arg) for arg in args if isinstance(arg, NotNow))
    is_driver = record.name.startswith("neo4j") and bool(args)
    return (record.name, record.msg, errors) if record.levelno >= logging.WARNING and (errors or is_driver) else None


def config(*, format: Format, level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`.

    What the driver sends and gets would be logged by `neo4j.io` at debug, and holds what people wrote: it never is.
    """
    as_json = format == "json" or (format == "auto" and not sys.stderr.isatty())
    others = "DEBUG" if level == "debug" else "WARNING"
    formatter = JsonLines if as_json else TextLines
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{formatter.__module__}.{formatter.__qualname__}"}},
        "filters": {"repeats": {"()": f"{Repeats.__module__}.{Repeats.__qualname__}"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["repeats"],
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": others, "handlers": ["stderr"]},
        "loggers": {"oa_graph": {"level": level.upper()}, "neo4j.io": {"level": "WARNING"}},
    }
