"""`oa-graph report`: one page that stands by itself, with plots, their numbers, and a few drawn trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oa_graph.analysis import drawing
from oa_graph.analysis.drawing import legible
from oa_graph.analysis.pages import page
from oa_graph.analysis.report_data import Drawn, ReportData
from oa_graph.analysis.report_panels import count, panels, share
from oa_graph.domain.posts import Post
from oa_graph.domain.trees import TreeState


def render(data: ReportData, *, made: datetime) -> str:
    """Return the page. The same data give the same bytes, except for the line with the time.

    Raise PackageMissing without jinja2 or matplotlib.
    """
    return page("report.html.j2", **_page_values(data, made))


def _page_values(data: ReportData, made: datetime) -> dict[str, Any]:
    from markupsafe import Markup

    def is_markup(svg: str | None) -> Markup | None:
        """Mark a drawing as markup; its content is escaped."""
        return None if svg is None else Markup(svg)

    return {
        "lang": None if data.lang is None else legible(data.lang),
        "made": f"{made:%Y-%m-%d %H:%M:%S %Z}",
        "headline": headline(data),
        "panels": [(panel, is_markup(panel.plot)) for panel in panels(data)],
        "trees": [(tree, is_markup(tree.svg)) for tree in _trees(data.drawn)],
    }


@dataclass(frozen=True, slots=True)
class _Line:
    """A post of a drawn tree in words."""

    depth: int
    head: str
    text: str
    best: bool


@dataclass(frozen=True, slots=True)
class _Tree:
    id: str
    title: str
    summary: str
    svg: str
    width: int
    lines: Sequence[_Line]


def _trees(drawn: Sequence[Drawn]) -> Iterator[_Tree]:
    for number, drawn_tree in enumerate(drawn, 1):
        id = legible(drawn_tree.tree.tree)
        lang, state = legible(drawn_tree.tree.lang), legible(drawn_tree.tree.state).replace("_", " ")
        yield _Tree(
            id=id,
            title=f"Tree {number}",
            summary=f"{lang}, {state}: {drawn_tree.tree.posts} posts, {drawn_tree.tree.ranked} of them ranked.",
            svg=drawing.svg(drawn_tree.posts, name=f"tree-{number}"),
            width=round(drawing.layout(drawn_tree.posts).width),
            lines=list(_lines(drawn_tree.posts)),
        )


def _lines(posts: Sequence[Post]) -> Iterator[_Line]:
    best = {post.id for post in drawing.best_thread(posts)}
    for post, _, depth in drawing.walk(posts):
        rank = [] if post.rank is None else [f"rank {post.rank + 1}"]
        head = ", ".join([post.role.value, *rank, *drawing.marks(post)])
        yield _Line(depth, head, legible(post.text), post.id in best)


def headline(data: ReportData) -> list[tuple[str, str]]:
    """Return the figures on top: a number and its label."""
    trees = sum(row.trees for row in data.states)
    ready = sum(row.trees for row in data.states if row.state == TreeState.READY_FOR_EXPORT)
    posts = sum(row.posts for row in data.depths)
    decided = sum(row.accepted + row.rejected for row in data.depths)
    accepted = sum(row.accepted for row in data.depths)
    langs = len({row.lang for row in data.states})
    ranked = sum(row.parents for row in data.margins)
    skipped = sum(task.skipped for task in data.tasks)
    return [
        (count(trees), _one(trees, "tree", "trees")),
        (count(ready), "ready for export"),
        (count(posts), _one(posts, "post", "posts")),
        (share(accepted, decided), "of the reviewed posts accepted"),
        (count(langs), _one(langs, "language", "languages")),
        (count(ranked), _one(ranked, "post with ranked replies", "posts with ranked replies")),
        (count(skipped), _one(skipped, "skipped task", "skipped tasks")),
    ]


def _one(number: int, thing: str, things: str) -> str:
    return thing if number == 1 else things
