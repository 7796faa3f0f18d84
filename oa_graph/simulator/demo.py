"""The demo: load prompts into an empty service, run a crowd, show and export the finished trees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from oa_graph.client import AsyncClient, ClientError, Tree
from oa_graph.errors import Setup
from oa_graph.plural import counted

from . import canned_model, display
from .canned_model import CannedModel
from .profiles import MIX, Mix
from .prompt_loader import load_prompts
from .prompts import choose, languages
from .recorder import Recorder, SimulationReport
from .simulate import Crowd
from .tree_tracker import TreeTracker, best_thread

PACE = 0.4
"""Factor of the bots' thinking time."""
LIMIT = 300.0
"""Default time limit in seconds."""
MAX_CANDIDATES = 6
"""Number of finished trees that are fetched to show the largest one."""


class DemoTooSlow(Setup):
    """Only {ready} of {wanted} trees are ready after {seconds} s ({states}); {tasks} tasks were answered.{why}"""


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a demo."""

    prompts: int
    """Prompts that the server accepted."""
    trees: Mapping[str, int]
    """Trees that the crowd saw, by state."""
    shown: str | None
    """The id of the printed tree."""
    written: int
    """Trees in the file."""
    out: Path
    report: SimulationReport


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
    profiles: Mix = MIX,
    models: Sequence[CannedModel] = (),
    limit: float = LIMIT,
    console: Console | None = None,
    status: Console | None = None,
) -> Summary:
    """Run the demo against the server at `url` until `trees` trees are ready, at most `limit` seconds.

    `lease` is the lease time of the server in seconds. `models` write beside the crowd. `export` writes the
    finished trees to a file and returns their number; it runs in a thread. `next_steps` returns lines with further
    commands for the id of the shown tree; `addresses` are lines about running servers. Results go to `console`
    (standard output), progress to `status` (standard error). With `stay` the call runs until it is cancelled. Raise
    ClientError for an unusable server, and DemoTooSlow at the time limit.
    """
    console, status = console or Console(), status or Console(stderr=True)
    recorder = Recorder()
    async with AsyncClient(url, api_key, observer=recorder) as client:
        selected = choose(prompts)
        status.print(
            f"Bringing {counted(len(selected), 'prompt')} in {counted(len(languages(selected)), 'language')} …",
            highlight=False,
        )
        loaded = await load_prompts(client, selected)
        langs = languages(selected)
        crowd = Crowd(client, recorder, users=users, seed=seed, langs=langs, profiles=profiles, pace=pace, lease=lease)
        async with _writing(models, url, recorder, langs=langs, seed=seed, pace=pace):
            tracker, report = await _work_until_ready(crowd, trees, limit, status)
        if len(tracker.ready()) < trees:
            raise _too_slow(tracker, trees, report)
        tree = await _largest_tree(client, tracker.ready())
    _print_tree(console, tree)
    written = await asyncio.to_thread(export, out)
    _print_end(console, report, f"{counted(written, 'tree was', 'trees were')} written to {out}.")
    shown = tree.id if tree else None
    _print_lines(console, next_steps(shown))
    if stay:
        _print_lines(console, [*addresses, "The service keeps running; press Ctrl-C to stop it."])
        await asyncio.Event().wait()
    return Summary(len(loaded.taken), tracker.counts(), shown, written, out, report)


@asynccontextmanager
async def _writing(
    models: Sequence[CannedModel], url: str, recorder: Recorder, *, langs: Sequence[str], seed: int, pace: float
) -> AsyncGenerator[None]:
    """Let models write for a while; their calls are recorded with those of the crowd."""
    works = [
        asyncio.create_task(canned_model.write(url, model, recorder, langs=langs, seed=seed, pace=pace))
        for model in models
    ]
    try:
        yield
        for work in works:
            if work.done():
                work.result()  # raises its error
    finally:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)


async def _work_until_ready(
    crowd: Crowd, trees: int, limit: float, status: Console
) -> tuple[TreeTracker, SimulationReport]:
    """Run the crowd until enough trees are ready, or until the time limit."""
    tracker = TreeTracker(crowd.run)
    watch = asyncio.create_task(tracker.watch())
    try:
        with display.Screen(status, states=tracker.counts, goal=trees) as screen:
            report = await crowd.work(
                limit, until=lambda _: len(tracker.ready()) >= trees or watch.done(), on_progress=screen.show
            )
            if watch.done():
                watch.result()  # raises its error
            await tracker.update(everywhere=True)
            screen.show(crowd.current_progress())
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    return tracker, report


async def _largest_tree(client: AsyncClient, ready: list[str]) -> Tree | None:
    """Return the largest of the first finished trees."""
    candidates: list[Tree] = []
    for tree in ready[:MAX_CANDIDATES]:
        try:
            candidates.append(await client.tree(tree, include_spam=False))
        except ClientError:
            continue  # recorded by the client
    return max(candidates, key=lambda tree: len(tree.messages), default=None)


def _print_tree(console: Console, tree: Tree | None) -> None:
    if tree is None:
        return
    console.rule("a finished tree")
    console.print(display.branches(tree))
    console.rule("its best thread")
    console.print(display.thread(best_thread(tree)))


def _print_end(console: Console, report: SimulationReport, written: str) -> None:
    console.rule()
    speed = f"{report.tasks} tasks in {report.seconds:.0f} s, {report.tasks_per_second:.1f} a second."
    _print_lines(console, [speed, written, *(f"Unexpected: {line}" for line in report.unexpected)])


def _print_lines(console: Console, lines: Sequence[str]) -> None:
    """Print lines without wrapping, so that they can be copied."""
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _too_slow(tracker: TreeTracker, requested: int, report: SimulationReport) -> DemoTooSlow:
    counts = tracker.counts()
    states = ", ".join(f"{state} {counts[state]}" for state in display.STATE_ORDER if counts[state])
    return DemoTooSlow(
        seconds=round(report.seconds),
        ready=len(tracker.ready()),
        wanted=requested,
        states=states or "no tree was seen",
        tasks=report.tasks,
        why="".join(f"\nUnexpected: {line}" for line in report.unexpected[:3]),
    )
