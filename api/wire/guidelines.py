"""Guidelines for people who do tasks."""

from __future__ import annotations

from oa_graph.api.wire.base import Id, Moment, Out, moment
from oa_graph.domain import tasks
from oa_graph.domain.tasks import TaskKind


class GuidelineSummary(Out):
    """One version of the guideline for a kind of task. A version never changes."""

    id: Id
    kind: TaskKind
    """The kind of task."""
    lang: str
    version: int
    """Counts from 1 for each kind of task and language."""
    short: str
    """The first paragraph, in one line."""
    created: Moment


class Guideline(GuidelineSummary):
    """One version of the guideline for a kind of task, with its text."""

    text: str
    """Markdown."""


def guideline_summary(value: tasks.GuidelineSummary) -> GuidelineSummary:
    return GuidelineSummary(
        id=value.id,
        kind=value.kind,
        lang=value.lang,
        version=value.version,
        short=value.short,
        created=moment(value.created),
    )


def guideline(value: tasks.Guideline) -> Guideline:
    return Guideline(**guideline_summary(value).model_dump(), text=value.text)
