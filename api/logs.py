"""How the service logs: one line for each thing that happens, for people on a terminal or as JSON for programs.

Every line that is written while a request is worked on carries the request's id. `oa-graph serve` hands `config` to
uvicorn, which applies it in each of its processes.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

from oa_graph.graph.watch import watching

Format = Literal["auto", "text", "json"]

FIELDS = "fields"
"""The name by which a record carries what is told apart from its message: `extra={FIELDS: {...}}`."""


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _request(record: logging.LogRecord) -> str | None:
    told = cast("Mapping[str, Any]", getattr(record, FIELDS, {}))
    if known := told.get("request_id"):
        return str(known)
    return seen.request if (seen := watching.get()) else None


class JsonLines(logging.Formatter):
    """An object a line: time, level, logger, message, request_id, whatever the record carries, and `trace`."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := _request(record):
            told["request_id"] = request
        told |= getattr(record, FIELDS, {})
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """A line for people: time, level, logger, message, and the request's id at the end."""

    def format(self, record: logging.LogRecord) -> str:
        request = _request(record)
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {record.getMessage()}"
        line += f" [{request}]" if request else ""
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


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
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "root": {"level": others, "handlers": ["stderr"]},
        "loggers": {"oa_graph": {"level": level.upper()}, "neo4j.io": {"level": "WARNING"}},
    }
