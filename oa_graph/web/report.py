"""The analysis report on a page. It is made in the background of the process that is asked for it."""

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
from oa_graph.web.pictures import painted
from oa_graph.web.queries import problem_of
from oa_graph.web.render import page, see_other
from oa_graph.web.request import PageRequest
from oa_graph.web.trees import languages_of, picture_of

_TREES = 3
_SECONDS = 60.0
"""For one statement."""
_KEPT = timedelta(hours=1)
_AT_ONCE = 0.5
"""Seconds that a page waits for a report before it says that it is being made."""
_TAG_LENGTH = 32
_MOST = 10
"""Reports that a process keeps."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report, ready to be shown."""

    made: datetime
    data: ReportData
    headline: Sequence[tuple[str, str]]
    panels: Sequence[tuple[Panel, Markup | None]]


@dataclass(slots=True)
class _Making:
    """A report that is being made, or that was."""

    begun: datetime
    task: asyncio.Task[Report]


async def _make(collection: Collection, lang: str | None) -> Report:
    agreement = await collection.statistics.agreement(lang=lang, seconds=_SECONDS)
    data = await report_data.collect(collection.graph, lang=lang, trees=_TREES, agreement=agreement, seconds=_SECONDS)
    drawn = await painted(lambda: [(panel, Markup(panel.plot) if panel.plot else None) for panel in panels(data)])
    return Report(collection.context.clock(), data, report.headline(data), drawn)


def _making(request: PageRequest, lang: str, since: datetime) -> _Making:
    """The report of a language that was begun since then, or that is being made; a new one where there is none."""
    reports = cast("dict[str, _Making]", request.app.state.setdefault("reports", {}))
    making = reports.get(lang)
    if making is None or (making.task.done() and (making.begun < since or making.task.exception() is not None)):
        finished = [tag for tag, other in reports.items() if other.task.done()]
        for tag in finished[: max(0, len(reports) - _MOST + 1)]:
            del reports[tag]
        now = request.collection.context.clock()
        making = _Making(now, asyncio.get_running_loop().create_task(_make(request.collection, lang or None)))
        reports[lang] = making
    return making


@get("/report")
async def analysis_report(request: PageRequest, lang: FromQuery[str] = "", since: FromQuery[str] = "") -> Response[Any]:
    """The report of all trees or of one language. `since`: a time; an older report is made anew."""
    languages = await languages_of(request)
    lang = lang[:_TAG_LENGTH]
    now = request.collection.context.clock()
    making = _making(request, lang, max(now - _KEPT, min(_moment(since), now)))
    problem, made = "", None
    try:
        made = await asyncio.wait_for(asyncio.shield(making.task), _AT_ONCE)
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
        anew=_address(lang, now),
        again=_address(lang, making.begun),
    )


def _address(lang: str, since: datetime) -> str:
    return "/report?" + urlencode({"lang": lang, "since": since.astimezone(UTC).isoformat()})


def _moment(text: str) -> datetime:
    """A time from an address; the earliest for text that is none."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


@get("/report/file")
async def report_file(request: PageRequest, lang: FromQuery[str] = "") -> Response[Any]:
    """The report as a page that stands by itself, as `oa-graph report` writes it."""
    now = request.collection.context.clock()
    lang = lang[:_TAG_LENGTH]
    making = _making(request, lang, now - _KEPT)
    try:
        made = await asyncio.shield(making.task)
        content = await painted(lambda: report.render(made.data, made=made.made))
    except (PackageMissing, NotNow):
        return see_other("/report?" + urlencode({"lang": lang}))
    headers = {
        "Content-Disposition": 'attachment; filename="report.html"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content.encode(), headers=headers, media_type="text/html; charset=utf-8")
