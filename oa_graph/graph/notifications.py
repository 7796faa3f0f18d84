"""What the server remarks about a statement that somebody wrote: a label that is not there, a cartesian product, …"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from neo4j import NotificationClassification as Kind
from neo4j import ResultSummary

# The driver logs each notification, and prints it where there is no log. Whoever wrote the statement gets it instead.
logging.getLogger("neo4j.notifications").setLevel(logging.CRITICAL)

_HELPFUL = frozenset({Kind.UNRECOGNIZED, Kind.UNSUPPORTED, Kind.DEPRECATION, Kind.PERFORMANCE, Kind.GENERIC})
"""The others are about indexes, users and servers, where an analyst can do nothing."""


@dataclass(frozen=True, slots=True)
class Notification:
    """A remark about a statement. `line` and `column` begin at 1; None: it is about the whole statement."""

    message: str
    line: int | None
    column: int | None

    def __str__(self) -> str:
        return self.message if self.line is None else f"{self.message} (line {self.line}, column {self.column})"


def notifications(summary: ResultSummary) -> list[Notification]:
    """The helpful ones, in the order of the server; the session has to be one that asks for them."""
    return [
        Notification(
            _sentence(status.status_description),
            status.position.line if status.position else None,
            status.position.column if status.position else None,
        )
        for status in summary.gql_status_objects
        if status.is_notification and status.classification in _HELPFUL
    ]


def _sentence(description: str) -> str:
    """The words after the title: `warn: label does not exist. The label `Pst` does not exist …`."""
    return description.partition(". ")[2] or description
