"""From an empty service to finished trees: brings prompts, lets a crowd work, shows what has grown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from oa_graph.errors import Setup
from oa_graph.plural import counted

from . import display
from .client import CallFailed, Client
from .forest import Forest, best_thread
from .habits import MIX, Mix
from .ledger import Ledger, Report
from .prompts import choose, languages
from .seeding import bring_prompts
from .simulate import Crowd
from .wire import Tree

PACE = 0.4
"""Bots of the demo take this share of the time that they take elsewhere."""
LIMIT = 300.0
"""Seconds after which the demo gives up."""
CANDIDATES = 6
"""So many finished trees are looked at to show the one with most posts."""


class DemoTooSlow(Setup):
    """After {seconds} s {ready} of {wanted} trees are ready ({states}); {tasks} tasks were answered.{why}"""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a demo brought about."""

    prompts: int
    """Prompts that the server took."""
    trees: Mapping[str, int]
    """Trees that the crowd came across, by state."""
    shown: str | None
    """The id of the tree that was printed."""
    written: int
    """Trees in the file."""
    out: Path
    report: Report


async def demo(
    url: str,
    api_key: str,
    *,
    users: int,
    trees: int,
    seed: int,
    out: Path,
    export: Callable[[Path], int],
    next_steps: Callable[[str | None], Sequence[str]],
    addresses: Sequence[str],
    stay: bool,
    prompts: int = 36,
    lease: float,
    pace: float = PACE,
    habits: Mix = MIX,
    limit: float = LIMIT,
    console: Console | None = None,
    status: Console | None = None,
) -> Summary:
    """Run the demo against the server at `url`, until `trees` trees are ready, at most `limit` seconds.

    `lease` is how long the server reserves a place (seconds). `export` writes the finished trees to a file
    and gives their number; it runs in a thread. `next_steps` gives the lines that tell a user how to go on, from
    the id of the tree that is shown; `addresses` are lines about what stays up. Results go to `console` (standard
    output), progress to `status` (standard error). With `stay` the call ends only by being cancelled. Raises
    CallFailed if the server cannot be worked with, DemoTooSlow if the time is over.
    """
    console, status = console or Console(), status or Console(stderr=True)
    async with Client(url, api_key, Ledger()) as client:
        chosen = choose(prompts)
        status.print(
            f"Bringing {counted(len(chosen), 'prompt')} in {counted(len(languages(chosen)), 'language')} …",
            highlight=False,
        )
        brought = await bring_prompts(client, chosen)
        langs = languages(chosen)
        crowd = Crowd(client, users=users, seed=seed, langs=langs, habits=habits, pace=pace, lease=lease)
        forest, report = await _grow(crowd, trees, limit, status)
        if len(forest.ready()) < trees:
            raise _too_slow(forest, trees, report)
        tree = await _finest(client, forest.ready())
    _print_tree(console, tree)
    written = await asyncio.to_thread(export, out)
    _print_end(console, report, f"{counted(written, 'tree was', 'trees were')} written to {out}.")
    shown = tree.id if tree else None
    _print_lines(console, next_steps(shown))
    if stay:
        _print_lines(console, [*addresses, "All stays up; Ctrl-C ends it."])
        await asyncio.Event().wait()
    return Summary(len(brought.taken), forest.counts(), shown, written, out, report)


async def _grow(crowd: Crowd, trees: int, limit: float, status: Console) -> tuple[Forest, Report]:
    """Let the crowd work until so many trees are ready, or the time is over."""
    forest = Forest(crowd.stage)
    watch = asyncio.create_task(forest.watch())
    try:
        with display.Screen(status, states=forest.counts, wanted=trees) as screen:
            report = await crowd.work(
                limit, until=lambda _: len(forest.ready()) >= trees or watch.done(), on_progress=screen.show
            )
            if watch.done():
                watch.result()  # a fault of our own
            await forest.look(everywhere=True)
            screen.show(crowd.progress())
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    return forest, report


async def _finest(client: Client, ready: list[str]) -> Tree | None:
    """The finished tree with most posts, out of the first few."""
    found: list[Tree] = []
    for tree in ready[:CANDIDATES]:
        try:
            found.append(await client.tree(tree, with_spam=False))
        except CallFailed:
            continue  # noted in the ledger; another tree will do
    return max(found, key=lambda tree: len(tree.messages), default=None)


def _print_tree(console: Console, tree: Tree | None) -> None:
    if tree is None:
        return
    console.rule("a finished tree")
    console.print(display.branches(tree))
    console.rule("its best thread")
    console.print(display.thread(best_thread(tree)))


def _print_end(console: Console, report: Report, written: str) -> None:
    console.rule()
    speed = f"{report.tasks} tasks in {report.seconds:.0f} s, {report.tasks_per_second:.1f} a second."
    _print_lines(console, [speed, written, *(f"Unexpected: {line}" for line in report.unexpected)])


def _print_lines(console: Console, lines: Sequence[str]) -> None:
    """Print lines as they are: nothing is wrapped, so all can be pasted."""
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _too_slow(forest: Forest, wanted: int, report: Report) -> DemoTooSlow:
    counts = forest.counts()
    states = ", ".join(f"{state} {counts[state]}" for state in display.WAY if counts[state])
    return DemoTooSlow(
        seconds=round(report.seconds),
        ready=len(forest.ready()),
        wanted=wanted,
        states=states or "no tree was seen",
        tasks=report.tasks,
        why="".join(f"\nUnexpected: {line}" for line in report.unexpected[:3]),
    )
