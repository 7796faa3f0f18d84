"""`oa-graph report` and `oa-graph show`: the graph as a page of plots, one tree as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.text import Text
from rich.tree import Tree

from oa_graph.agreement import agreement
from oa_graph.analysis import drawing, findings
from oa_graph.analysis.report import render
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_graph, out
from oa_graph.graph.session import Graph
from oa_graph.model import Post, Role


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default=Path("report.html"))
@click.option("--lang", help="Only trees of this language.")
@click.option("--trees", type=click.IntRange(0, 50), default=3, show_default=True, help="How many are drawn.")
@data_option
def report(file: Path, lang: str | None, trees: int, data: Path | None) -> None:
    """Writes one HTML page about the graph: plots, their numbers and a few trees [report.html; -: standard output].

    The page needs nothing beside itself. Needs the extra `analysis`.
    """
    with database(chosen_settings(data), reads=True) as found, err.status("asking the graph"):
        told = on_graph(found, lambda graph: _findings(graph, lang, trees))
    _write(file, render(told, made=datetime.now(UTC)))


async def _findings(graph: Graph, lang: str | None, trees: int) -> findings.Findings:
    agreed = await agreement(graph, lang=lang)
    return await findings.find(graph, lang=lang, trees=trees, agreement=agreed)


@click.command()
@click.argument("tree")
@click.option(
    "--svg",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Draws a picture into this file instead (-: standard output).",
)
@data_option
def show(tree: str, file: Path | None, data: Path | None) -> None:
    """Draws the tree that TREE, the id of any post in it, belongs to.

    Replies stand in the order of their ranks, the best thread is green.
    """
    with database(chosen_settings(data), reads=True) as found:
        posts = on_graph(found, lambda graph: findings.tree(graph, tree))
    if file is None:
        out.print(_drawn(posts))
    else:
        _write(file, drawing.svg(posts))


def _write(file: Path, text: str) -> None:
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    file.write_text(text, "utf-8", newline="\n")
    err.print(f"written: {file}", markup=False)


_COLOURS = {Role.PROMPTER: "cyan", Role.ASSISTANT: "yellow"}


def _drawn(posts: Sequence[Post]) -> Tree:
    """The tree as lines of a terminal."""
    best = {post.id for post in drawing.best_thread(posts)}
    top = Tree("", hide_root=True)
    nodes: dict[str | None, Tree] = {None: top}
    for post, above, _ in drawing.walk(posts):
        guide = "bold green" if post.id in best else "dim"
        nodes[post.id] = nodes[above].add(_line(post, is_best=post.id in best), guide_style=guide)
    return top


def _line(post: Post, *, is_best: bool) -> Text:
    """Role, rank, marks, and the first line of the text, cut where the terminal ends."""
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
    first = next((each for each in drawing.legible(post.text).splitlines() if each.strip()), "")
    style = "dim strike" if post.deleted else weight.strip()
    line.append(f"  {' '.join(first.split())}", style=style)
    return line


def _sign(post: Post) -> str:
    if post.deleted:
        return "-"
    return {None: "?", True: "✓", False: "✗"}[post.accepted]


def _sign_colour(post: Post) -> str:
    return "green" if post.accepted and not post.deleted else "red"
