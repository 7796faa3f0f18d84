"""Guidelines: the current ones, and an editor that publishes new versions."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from oa_graph.domain.tasks import GuidelineSummary, TaskKind
from oa_graph.errors import GuidelineNotFound, InvalidGuideline
from oa_graph.policy.guidelines import MAX_LENGTH
from oa_graph.web import texts
from oa_graph.web.kinds import words_of
from oa_graph.web.render import page, see_other
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import N_


@get("/guidelines")
async def guidelines(request: PageRequest, done: FromQuery[str] = "") -> Response[Any]:
    """Show the current guidelines by kind of task. `done`: the kind whose guideline was just published."""
    by_kind: dict[TaskKind, list[GuidelineSummary]] = {kind: [] for kind in TaskKind}
    for guideline in await request.collection.guidelines.current():
        by_kind[guideline.kind].append(guideline)
    return page(
        request,
        "guidelines.html",
        by_kind=by_kind,
        words_of=words_of,
        work_languages=_languages(request),
        cache_sec=request.settings.guidelines_cache_sec,
        done=words_of(TaskKind(done)).title if done in {*TaskKind} else "",
    )


def _languages(request: PageRequest) -> list[str]:
    """Return the languages to choose from, those of the operator first."""
    others = [tag for tag in texts.WORK_LANGUAGES if tag not in request.work_languages]
    return [*request.work_languages, *sorted(others, key=lambda tag: texts.own_name(tag).casefold())]


@get("/guidelines/edit")
async def edit_guideline(request: PageRequest, kind: FromQuery[str] = "", lang: FromQuery[str] = "") -> Response[Any]:
    """Show an editor with the current guideline; empty if there is none yet."""
    if kind not in {*TaskKind}:
        return see_other("/guidelines")
    try:
        current = await request.collection.guidelines.find(kind, lang)
    except GuidelineNotFound:
        current = None
    except InvalidGuideline:  # no language
        return see_other("/guidelines")
    return _editor(request, TaskKind(kind), lang, text=current.text if current else "", current=current)


def _editor(
    request: PageRequest,
    kind: TaskKind,
    lang: str,
    *,
    text: str,
    current: GuidelineSummary | None = None,
    is_preview: bool = False,
    problem: str = "",
) -> Response[Any]:
    return page(
        request,
        "guideline_edit.html",
        status=422 if problem else 200,
        kind=kind,
        words=words_of(kind),
        lang=lang,
        text=text,
        current=current,
        is_preview=is_preview,
        problem=problem,
        max_length=MAX_LENGTH,
    )


@post("/guidelines/edit")
async def publish_guideline(request: PageRequest) -> Response[Any]:
    """Preview a text, or publish it as the current version."""
    name, lang, text = await request.field("kind"), await request.field("lang"), await request.field("text")
    if name not in {*TaskKind}:
        return see_other("/guidelines")
    kind = TaskKind(name)
    if await request.field("action") != "publish":
        return _editor(request, kind, lang, text=text, is_preview=True)
    try:
        await request.collection.guidelines.publish(kind, lang, text)
    except InvalidGuideline as error:
        unpublished = request.gettext(N_("The guideline was not published."))
        return _editor(request, kind, lang, text=text, problem=f"{unpublished} {error}")
    return see_other(f"/guidelines?done={kind}")
