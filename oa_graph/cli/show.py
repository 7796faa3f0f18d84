"""`oa-graph show`: draw a tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text
from rich.tree import Tree

from oa_graph.analysis import drawing, report_data
from oa_graph.cli.console import chosen_settings, data_option, database, on_collection, out, write_file
from oa_graph.domain.posts import Post, Role


@click.command()
@click.argument("tree")
@click.option(
    "--svg",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write an SVG image to this file (-: standard output).",
)
@data_option
def show(tree: str, file: Path | None, data: Path | None) -> None:
    """Draw a tree. TREE is the id of any post in it.

    Replies are ordered by rank; the best thread is green.
    """
    chosen = chosen_settings(data)
    with database(chosen, reads=True) as neo4j:
        posts = on_collection(neo4j, chosen, lambda collection: report_data.tree(collection.graph, tree))
    if file is None:
        out.print(_render(posts))
    else:
        write_file(file, drawing.svg(posts))


_COLOURS = {Role.PROMPTER: "cyan", Role.ASSISTANT: "yellow"}


def _render(posts: Sequence[Post]) -> Tree:
    """Return the tree for a terminal."""
    best = {post.id for post in drawing.best_thread(posts)}
    root = Tree("", hide_root=True)
    nodes: dict[str | None, Tree] = {None: root}
    for post, above, _ in drawing.walk(posts):
        guide = "bold green" if post.id in best else "dim"
        nodes[post.id] = nodes[above].add(_line(post, is_best=post.id in best), guide_style=guide)
    return root


def _line(post: Post, *, is_best: bool) -> Text:
    """Return role, rank, marks and the first line of the text, cut at the width of the terminal."""
    weight = "bold " if is_best else ""
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(_sign(post), style=weight + _sign_colour(post))
    line.append(f" {post.role.value}", style=weight + _COLOURS[post.role])
    if post.rank is not None:
        line.append(f" #{post.rank + 1}", style="bold green" if post.rank == 0 else "bold")
    for mark in drawing.marks(post):
        line.append(f" {mark}", style="red")
    if post.margin is not None:
        line.append(f" margin {post.margin}", style="dim")
    first = next((text_line for text_line in drawing.legible(post.text).splitlines() if text_line.strip()), "")
    style = "dim strike" if post.deleted else weight.strip()
    line.append(f"  {' '.join(first.split())}", style=style)
    return line


def _sign(post: Post) -> str:
    if post.deleted:
        return "-"
    return {None: "?", True: "✓", False: "✗"}[post.accepted]


def _sign_colour(post: Post) -> str:
    return "green" if post.accepted and not post.deleted else "red"
