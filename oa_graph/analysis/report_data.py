"""The data of a report, read from the graph once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from oa_graph.domain.posts import Post
from oa_graph.graph import posts
from oa_graph.graph.saved_queries import run_saved_query
from oa_graph.graph.session import Graph, decoder
from oa_graph.language import normalized
from oa_graph.reliability import Agreements

T = TypeVar("T")

MOST_REASONS = 500
"""Kinds of skips that are read; the rest is told of as such."""


@dataclass(frozen=True, slots=True)
class Day:
    """A row of `explore/growth_by_day`."""

    day: date
    prompts: int
    assistant_replies: int
    prompter_replies: int
    rejected: int
    deleted: int
    synthetic: int

    @property
    def posts(self) -> int:
        return self.prompts + self.assistant_replies + self.prompter_replies


@dataclass(frozen=True, slots=True)
class Shape:
    """A row of `explore/shape_by_language`."""

    lang: str
    trees: int
    posts: int
    tree_size: float
    mean_depth: float
    max_depth: int
    branching: float | None


@dataclass(frozen=True, slots=True)
class Depth:
    """A row of `explore/depths`."""

    depth: int
    role: str
    accepted: int
    undecided: int
    rejected: int
    deleted: int

    @property
    def posts(self) -> int:
        return self.accepted + self.undecided + self.rejected + self.deleted


@dataclass(frozen=True, slots=True)
class Ends:
    """A row of `explore/conversation_ends`."""

    depth: int
    posts: int
    author_ends: int
    ended: int
    not_ended: int
    open: int
    votes_for: int
    votes_against: int


@dataclass(frozen=True, slots=True)
class Skip:
    """A row of `explore/skips`."""

    kind: str
    lang: str | None
    reason: str | None
    skipped: int
    posts: int
    handed_out: int


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A row of `explore/task_funnel`."""

    kind: str
    handed_out: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Finish:
    """A row of `explore/time_to_finish`."""

    lang: str
    imported: bool
    trees: int
    p10_hours: float
    p25_hours: float
    median_hours: float
    p75_hours: float
    p90_hours: float


@dataclass(frozen=True, slots=True)
class InState:
    """A row of `explore/tree_states`."""

    state: str
    lang: str
    trees: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class LabelValue:
    """A row of `explore/label_values`."""

    label: str
    imported: bool
    value: float
    given: int


@dataclass(frozen=True, slots=True)
class Margin:
    """A row of `explore/margins`."""

    rankings: int
    margin: int | None
    """None: nobody voted here; the order came with an import."""
    parents: int
    replies: float


@dataclass(frozen=True, slots=True)
class RankLength:
    """A row of `explore/length_by_rank`."""

    rank: int
    replies: int
    mean_characters: float
    deviation_characters: float
    median_characters: float
    compared: int
    longer: int


@dataclass(frozen=True, slots=True)
class RankLabel:
    """A row of `explore/labels_by_rank`."""

    label: str
    rank: int
    posts: int
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """A row of `explore/position_bias`."""

    candidates: int
    shown: int
    rankings: int
    first: int
    mean_place: float


@dataclass(frozen=True, slots=True)
class ModelDuels:
    """A row of `explore/model_duels`."""

    model: str
    opponent: str | None
    """The other model; None: people."""
    duels: int
    won: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row of `explore/ranked_trees`."""

    tree: str
    lang: str
    state: str
    posts: int
    ranked: int
    depth: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A tree that is drawn."""

    tree: Ranked
    posts: Sequence[Post]


@dataclass(frozen=True, slots=True)
class ReportData:
    """The data of a report."""

    lang: str | None
    """The language of the trees; None: all of them."""
    days: Sequence[Day]
    shapes: Sequence[Shape]
    depths: Sequence[Depth]
    states: Sequence[InState]
    tasks: Sequence[HandedOut]
    skips: Sequence[Skip]
    finishes: Sequence[Finish]
    labels: Sequence[LabelValue]
    margins: Sequence[Margin]
    rank_lengths: Sequence[RankLength]
    rank_labels: Sequence[RankLabel]
    places: Sequence[ShownPlace]
    ends: Sequence[Ends]
    drawn: Sequence[Drawn]
    agreement: Agreements | None = None
    """None: not measured."""
    model_duels: Sequence[ModelDuels] = ()


async def collect(
    graph: Graph,
    *,
    lang: str | None = None,
    trees: int = 3,
    agreement: Agreements | None = None,
    seconds: float | None = None,
) -> ReportData:
    """Read the data of a report. `trees` trees are drawn; each statement has a time limit of `seconds`.

    Raise StoreBusy, StoreUnavailable.
    """

    lang = lang and normalized(lang)

    async def rows(name: str, shape: type[T], **arguments: object) -> list[T]:
        return await _rows(graph, name, shape, {"lang": lang, **arguments}, seconds)

    ranked = await rows("explore/ranked_trees", Ranked, limit=trees)
    return ReportData(
        lang=lang,
        days=await rows("explore/growth_by_day", Day),
        shapes=await rows("explore/shape_by_language", Shape),
        depths=await rows("explore/depths", Depth),
        states=await rows("explore/tree_states", InState),
        tasks=await rows("explore/task_funnel", HandedOut),
        skips=await rows("explore/skips", Skip, limit=MOST_REASONS),
        finishes=await rows("explore/time_to_finish", Finish),
        labels=await rows("explore/label_values", LabelValue),
        margins=await rows("explore/margins", Margin),
        rank_lengths=await rows("explore/length_by_rank", RankLength),
        rank_labels=await rows("explore/labels_by_rank", RankLabel),
        places=await rows("explore/position_bias", ShownPlace),
        ends=await rows("explore/conversation_ends", Ends),
        drawn=[Drawn(row, await tree(graph, row.tree)) for row in ranked],
        agreement=agreement,
        model_duels=await rows("explore/model_duels", ModelDuels),
    )


async def tree(graph: Graph, id: str) -> list[Post]:
    """Return all posts of the tree of a post. Raise PostNotFound."""
    return await posts.tree_posts(graph, id, viewer=None, include_rejected=True, include_deleted=True)


async def _rows(
    graph: Graph, name: str, shape: type[T], arguments: Mapping[str, object], seconds: float | None
) -> list[T]:
    decode = decoder(shape)
    async with run_saved_query(graph, name, arguments, seconds=seconds) as answer:
        return [decode(dict(zip(answer.columns, row, strict=True))) async for row in answer.rows]
