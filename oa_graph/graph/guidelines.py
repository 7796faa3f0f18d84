"""Guidelines: their current versions, one version, and a new one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from oa_graph.domain.tasks import Guideline, GuidelineSummary, TaskKind
from oa_graph.errors import GuidelineNotFound
from oa_graph.graph.session import Row, Tx, decoder, many, maybe, one

_guideline = decoder(Guideline)
decode_summary = decoder(GuidelineSummary)


def _summary_row(row: Row) -> GuidelineSummary:
    return decode_summary(row["guideline"])


def _guideline_row(row: Row) -> Guideline:
    return _guideline(row["guideline"])


async def current(tx: Tx, kinds: Collection[TaskKind]) -> list[GuidelineSummary]:
    """Return the newest version of each guideline of these kinds, by kind and language."""
    return await many(tx, "guidelines/current", _summary_row, kinds=[kind.value for kind in kinds])


async def guideline(tx: Tx, id: str) -> Guideline:
    """Return one version of a guideline. Raise GuidelineNotFound."""
    guideline = await maybe(tx, "guidelines/guideline", _guideline_row, id=id)
    if guideline is None:
        raise GuidelineNotFound(id=id)
    return guideline


async def publish(tx: Tx, *, id: str, kind: TaskKind, lang: str, short: str, text: str, now: datetime) -> Guideline:
    """Store a text as the next version; return the newest version. Raise KeyTaken if another is written meanwhile."""
    return await one(
        tx, "guidelines/publish", _guideline_row, id=id, kind=kind.value, lang=lang, short=short, text=text, now=now
    )
