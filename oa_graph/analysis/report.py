"""`oa-graph report`: one page that stands by itself, with plots, their numbers, and a few drawn trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oa_graph.analysis import drawing
from oa_graph.analysis.drawing import legible
from oa_graph.analysis.findings import Drawn, Findings
from oa_graph.analysis.pages import page
from oa_graph.analysis.panels import count, panels, share
from oa_graph.model import Post, TreeState


def render(found: Findings, *, made: datetime) -> str:
    """The page. The same findings give the same bytes, but for the one line that says when it was made.

    Raises PackageMissing without jinja2 or matplotlib.
    """
    return page("report.html.j2", **_told(found, made))


def _told(found: Findings, made: datetime) -> dict[str, Any]:
    from markupsafe import Markup

    def is_markup(svg: str | None) -> Markup | None:
        """A picture that our own code has made, with everything in it escaped."""
        return None if svg is None else Markup(svg)

    return {
        "lang": None if found.lang is None else legible(found.lang),
        "made": f"{made:%Y-%m-%d %H:%M:%S %Z}",
        "headline": headline(found),
        "panels": [(panel, is_markup(panel.plot)) for panel in panels(found)],
        "trees": [(tree, is_markup(tree.svg)) for tree in _trees(found.drawn)],
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
    told: str
    svg: str
    width: int
    lines: Sequence[_Line]


def _trees(drawn: Sequence[Drawn]) -> Iterator[_Tree]:
    for number, each in enumerate(drawn, 1):
        id = legible(each.tree.tree)
        lang, state = legible(each.tree.lang), legible(each.tree.state).replace("_", " ")
        yield _Tree(
            id=id,
            title=f"Tree {number}",
            told=f"{lang}, {state}: {each.tree.posts} posts, {each.tree.ranked} of them ranked.",
            svg=drawing.svg(each.posts, name=f"tree-{number}"),
            width=round(drawing.layout(each.posts).width),
            lines=list(_lines(each.posts)),
        )


def _lines(posts: Sequence[Post]) -> Iterator[_Line]:
    best = {post.id for post in drawing.best_thread(posts)}
    for post, _, depth in drawing.walk(posts):
        rank = [] if post.rank is None else [f"rank {post.rank + 1}"]
        head = ", ".join([post.role.value, *rank, *drawing.marks(post)])
        yield _Line(depth, head, legible(post.text), post.id in best)


def headline(found: Findings) -> list[tuple[str, str]]:
    """The figures on top: number and what it counts."""
    trees = sum(each.trees for each in found.states)
    ready = sum(each.trees for each in found.states if each.state == TreeState.READY_FOR_EXPORT)
    posts = sum(each.posts for each in found.depths)
    decided = sum(each.accepted + each.rejected for each in found.depths)
    accepted = sum(each.accepted for each in found.depths)
    langs = len({each.lang for each in found.states})
    ranked = sum(each.parents for each in found.margins)
    skipped = sum(task.skipped for task in found.tasks)
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
