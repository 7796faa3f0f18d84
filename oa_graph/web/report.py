"""The analysis report. A background task of the process that gets the request creates it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery
from markupsafe import Markup

from oa_graph.analysis import report, report_data
from oa_graph.analysis.drawing import best_thread
from oa_graph.analysis.report_data import ReportData
from oa_graph.analysis.report_panels import Panel, panels
from oa_graph.collection import Collection
from oa_graph.errors import NotNow, PackageMissing
from oa_graph.web.explanations import explanation
from oa_graph.web.pictures import paint_in_thread
from oa_graph.web.queries import problem_of
from oa_graph.web.render import page, see_other
from oa_graph.web.request import PageRequest
from oa_graph.web.trees import languages_of, picture_of

_DRAWN_TREES = 3
_STATEMENT_SEC = 60.0
"""The timeout of one statement."""
_MAX_AGE = timedelta(hours=1)
_WAIT_SEC = 0.5
"""Seconds that the page waits for a report before it says that it is being created."""
_TAG_LENGTH = 32
_MAX_REPORTS = 10
"""How many reports a process keeps."""


@dataclass(frozen=True, slots=True)
class Report:
    """A finished report."""

    made: datetime
    data: ReportData
    headline: Sequence[tuple[str, str]]
    panels: Sequence[tuple[Panel, Markup | None]]


@dataclass(slots=True)
class _ReportTask:
    """The background task of a report."""

    begun: datetime
    task: asyncio.Task[Report]


async def _create(collection: Collection, lang: str | None) -> Report:
    agreement = await collection.statistics.agreement(lang=lang, seconds=_STATEMENT_SEC)
    data = await report_data.collect(
        collection.graph, lang=lang, trees=_DRAWN_TREES, agreement=agreement, seconds=_STATEMENT_SEC
    )
    drawn = await paint_in_thread(
        lambda: [(panel, Markup(panel.plot) if panel.plot else None) for panel in panels(data)]
    )
    return Report(collection.context.clock(), data, report.headline(data), drawn)


def _report_task(request: PageRequest, lang: str, since: datetime) -> _ReportTask:
    """Return the running task of a language, or one that began after `since`; else start one."""
    reports = cast("dict[str, _ReportTask]", request.app.state.setdefault("reports", {}))
    report_task = reports.get(lang)
    if report_task is None or (
        report_task.task.done() and (report_task.begun < since or report_task.task.exception() is not None)
    ):
        finished = [tag for tag, other in reports.items() if other.task.done()]
        for tag in finished[: max(0, len(reports) - _MAX_REPORTS + 1)]:
            del reports[tag]
        now = request.collection.context.clock()
        report_task = _ReportTask(
            now, asyncio.get_running_loop().create_task(_create(request.collection, lang or None))
        )
        reports[lang] = report_task
    return report_task


@get("/report")
async def analysis_report(request: PageRequest, lang: FromQuery[str] = "", since: FromQuery[str] = "") -> Response[Any]:
    """Show the report of all trees or of one language. `since`: a time; an older report is created again."""
    languages = await languages_of(request)
    lang = lang[:_TAG_LENGTH]
    now = request.collection.context.clock()
    report_task = _report_task(request, lang, max(now - _MAX_AGE, min(_moment(since), now)))
    problem, made = "", None
    try:
        made = await asyncio.wait_for(asyncio.shield(report_task.task), _WAIT_SEC)
    except TimeoutError:
        pass
    except PackageMissing as error:
        problem = problem_of(request, error)
    except NotNow as error:
        problem = explanation(request, error)
    return page(
        request,
        "analysis_report.html",
        report=made,
        trees=[
            (tree, picture_of(request, tree.posts, name=f"tree-{number}"))
            for number, tree in enumerate(made.data.drawn)
        ]
        if made
        else [],
        best_thread=best_thread,
        problem=problem,
        languages=languages,
        lang=lang,
        refresh_address=_address(lang, now),
        poll_address=_address(lang, report_task.begun),
    )


def _address(lang: str, since: datetime) -> str:
    return "/report?" + urlencode({"lang": lang, "since": since.astimezone(UTC).isoformat()})


def _moment(text: str) -> datetime:
    """Parse a time of an address; the earliest time for any other text."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


@get("/report/file")
async def report_file(request: PageRequest, lang: FromQuery[str] = "") -> Response[Any]:
    """Download the report as one HTML file, as `oa-graph report` writes it."""
    now = request.collection.context.clock()
    lang = lang[:_TAG_LENGTH]
    report_task = _report_task(request, lang, now - _MAX_AGE)
    try:
        made = await asyncio.shield(report_task.task)
        content = await paint_in_thread(lambda: report.render(made.data, made=made.made))
    except (PackageMissing, NotNow):
        return see_other("/report?" + urlencode({"lang": lang}))
    headers = {
        "Content-Disposition": 'attachment; filename="report.html"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content.encode(), headers=headers, media_type="text/html; charset=utf-8")
