"""What was found, for people and for machines."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from bench.bench import Figures, Options, Rate
from bench.crowd import STEPS
from bench.explore import CAP
from bench.inside import Cost
from bench.meter import Latency
from bench.reads import AVAILABILITY, FLOOR, LEADERBOARD
from oa_graph.neo4j_server import jar_list

STEP_FACTOR = 3.0
"""A request takes less than so many times its bare statement, at the median."""
GROWTH_FACTOR = 1.5
"""The median of the largest graph is less than so many times that of the smallest."""
RATE_SHARE = 0.5
RATE_WORKERS = 8
"""With so many workers, the service finishes at least this share of the tasks that the bare driver does."""
QUIET = 0.2
"""Cores that everything else may take. Where more is taken, both sides mostly wait for a core, which makes them look
alike, and one hour is no longer like another."""
BOARD_MS = 10.0
"""Milliseconds that a leaderboard of 100 takes more than a round trip."""
EXPORTED, IMPORTED = 40_000, 10_000
"""Posts in a second, as oasst trees."""
EXPORT_SHARE = 0.5
"""Of the rate at which the bare driver reads the same statement."""
EXPORT_MIB = 300
"""Of the exporting process, at its peak."""
EXPLORED = 5.0
"""Seconds for a statement of an analyst that does not say of itself that it is heavy."""
CPU_MS = 8.0
"""Of all processes of the service, Neo4j included, for one finished task."""

_PACKAGES = ("oa-graph", "neo4j", "neo4j-rust-ext", "litestar", "uvicorn", "uvloop", "httptools", "aiohttp")


def versions() -> dict[str, str]:
    versions = {"python": platform.python_version(), "neo4j server": jar_list.SERVER_VERSION}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "none"
    return versions


def machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "memory_mib": psutil.virtual_memory().total >> 20, "system": platform.platform()}


# Tables


def show(graphs: Sequence[Figures], console: Console) -> None:
    """Everything, in the order in which one asks."""
    words = ", ".join(f"{name} {number}" for name, number in versions().items())
    console.print(f"\n{words}\n{machine()['cores']} cores, {machine()['memory_mib']:,} MiB", highlight=False)
    console.print(_graphs(graphs))
    console.print(_exchanges(graphs))
    for figures in graphs:
        console.print(_steps(figures))
        console.print(_rates(figures))
        console.print(_reads(figures))
        console.print(_explored(figures))
        _mishaps(figures, console)
    console.print("\n[bold]Targets[/bold]")
    for line in verdicts(graphs):
        console.print(f"  {line}", highlight=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 1))
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right", no_wrap=True)
    return table


def _graphs(graphs: Sequence[Figures]) -> Table:
    table = _table(
        "\nGraphs", "posts", "trees", "users", "replies wanted", "making s", "import s", "posts/s", "schema s",
        "store MiB", "load before", "load after",
    )  # fmt: skip
    for graph in graphs:
        made = graph.filled
        table.add_row(
            f"{graph.posts:,}",
            *((f"{made.trees:,}", f"{made.users:,}", f"{made.replies_wanted:,}") if made else ("kept", "", "")),
            *((f"{made.generating_s:.1f}", f"{made.importing_s:.1f}") if made else ("", "")),
            f"{made.posts_per_second:,.0f}" if made else "",
            "" if graph.schema_s is None else f"{graph.schema_s:.1f}",
            "" if graph.store_mib is None else f"{graph.store_mib:,.0f}",
            " ".join(f"{load:.1f}" for load in graph.load_before),
            " ".join(f"{load:.1f}" for load in graph.load_after),
        )
    return table


def _exchanges(graphs: Sequence[Figures]) -> Table:
    table = _table(
        "\nWhole graphs, as oasst trees", "posts", "bare driver posts/s", "export posts/s", "share", "CPU us/post",
        "peak MiB", "file MiB", "import posts/s", "CPU us/post", "peak MiB",
    )  # fmt: skip
    for graph in graphs:
        out, back = graph.exported, graph.imported
        table.add_row(
            f"{graph.posts:,}",
            *(
                (
                    f"{out.bare_per_second:,.0f}",
                    f"{out.per_second:,.0f}",
                    f"{out.per_second / out.bare_per_second:.2f}",
                    f"{out.cpu_us:.1f}",
                    f"{out.rss_mib:,.0f}",
                    f"{out.file_mib:,.0f}",
                )
                if out
                else [""] * 6
            ),
            *((f"{back.per_second:,.0f}", f"{back.cpu_us:.1f}", f"{back.rss_mib:,.0f}") if back else ("", "", "")),
        )
    return table


def _steps(figures: Figures) -> Table:
    table = _table(
        f"\n{figures.posts:,} posts: each step alone, ms (others took {figures.others_alone:.2f} cores)",
        "statement", "db hits", "CPU", "p50", "p90", "p99", "endpoint", "p50", "p90", "p99", "ratio", "CPU Neo4j",
        "service",
    )  # fmt: skip
    table.columns[6].justify = "left"
    for name, step in STEPS.items():
        bare, wired = figures.bare.get(name), figures.wired.get(name)
        hits, costs, others = figures.db_hits.get(name), figures.bare_costs.get(name), figures.wired_costs.get(name)
        table.add_row(
            step.statement,
            "" if hits is None else f"{hits}",
            _cpu(costs),
            *_cells(bare),
            step.endpoint if wired else "",
            *_cells(wired),
            f"{wired.p50 / bare.p50:.2f}" if bare and wired else "",
            *((_cpu(others), f"{others.ms(others.spent.service):.2f}") if others else ()),
        )
    return table


def _cpu(cost: Cost | None) -> str:
    """Of Neo4j; empty where it is not ours to read."""
    return f"{cost.ms(cost.spent.neo4j):.2f}" if cost and cost.spent.neo4j else ""


def _cells(latency: Latency | None) -> tuple[str, str, str]:
    if latency is None:
        return "", "", ""
    return f"{latency.p50:.2f}", f"{latency.p90:.2f}", f"{latency.p99:.2f}"


def _rates(figures: Figures) -> Table:
    table = _table(
        f"\n{figures.posts:,} posts: tasks finished (request, ack, answer)",
        "workers", "bare/s", "rounds", "CPU ms", "HTTP/s", "rounds", "CPU ms", "Neo4j", "service", "client", "share",
        "others, cores",
    )  # fmt: skip
    for workers, bare in figures.bare_rates.items():
        wired = figures.wired_rates.get(workers)
        table.add_row(
            str(workers),
            f"{bare.per_second:.0f}",
            _rounds(bare),
            f"{bare.cpu_ms:.2f}" if bare.spent.neo4j else "",
            *(_wired_cells(wired) if wired else ("",) * 6),
            f"{wired.per_second / bare.per_second:.2f}" if wired and bare.finished else "",
            f"{bare.others:.2f}" + (f", {wired.others:.2f}" if wired else ""),
        )
    return table


def _reads(figures: Figures) -> Table:
    table = _table(f"\n{figures.posts:,} posts: reading through HTTP, ms", "what", "p50", "p90", "p99")
    for name, latency in figures.reads.items():
        table.add_row(name, *_cells(latency))
    return table


def _explored(figures: Figures) -> Table:
    table = _table(f"\n{figures.posts:,} posts: what analysts ask", "statement", "seconds", "CPU Neo4j", "rows", "")
    for explored in figures.explored:
        seconds = f"over {CAP:.0f}" if explored.seconds is None else f"{explored.seconds:.2f}"
        cpu = "" if explored.cpu_seconds is None else f"{explored.cpu_seconds:.2f}"
        table.add_row(explored.name, seconds, cpu, f"{explored.rows:,}", "heavy" if explored.heavy else "")
    return table


def _wired_cells(rate: Rate) -> tuple[str, ...]:
    ms_per_task = 1000 / max(1, rate.finished)
    parts = (rate.spent.neo4j * ms_per_task, rate.spent.service * ms_per_task, rate.spent.client * ms_per_task)
    whole = f"{rate.cpu_ms:.2f}" if rate.spent.neo4j else ""
    return f"{rate.per_second:.0f}", _rounds(rate), whole, *(f"{part:.2f}" if part else "" for part in parts)


def _rounds(rate: Rate) -> str:
    return " ".join(f"{per_second:.0f}" for per_second in rate.rates)


def _mishaps(figures: Figures, console: Console) -> None:
    for why in figures.wrong[:5]:
        console.print(f"[red]the generated graph breaks the rules: {why}[/red]")
    failures = Counter(figures.failures)
    for rate in (*figures.bare_rates.values(), *figures.wired_rates.values()):
        failures.update(rate.failures)
    for why, times in failures.most_common(10):
        console.print(f"[yellow]not done {times} times: {why}[/yellow]", highlight=False)


# Verdicts


def verdicts(graphs: Sequence[Figures]) -> list[str]:
    """One line for each promise."""
    lines: list[str] = []
    for graph in graphs:
        lines += _step_verdicts(graph)
        lines += _rate_verdicts(graph)
        lines += _read_verdicts(graph)
        lines += _exchange_verdicts(graph)
        lines += _explored_verdicts(graph)
    return lines + _growth_verdicts(graphs)


def _verdict(subject: str, figure: float, target: float, *, others: float, at_least: bool = False) -> str:
    good = figure >= target if at_least else figure < target
    sign = "at least" if at_least else "under"
    word = "[green]reached[/green]" if good else f"[red]not reached[/red]: {figure / target:.2f} of the target"
    doubt = f" [yellow](doubtful: others took {others:.1f} cores)[/yellow]" if others > QUIET else ""
    return f"{subject}: {figure:.2f}, {sign} {target:g}: {word}{doubt}"


def _exchange_verdicts(figures: Figures) -> list[str]:
    out, back, name = figures.exported, figures.imported, f"{figures.posts:,} posts"
    lines: list[str] = []
    if out:
        share = out.per_second / out.bare_per_second
        lines += [
            _verdict(f"{name}, export, posts/s", out.per_second, EXPORTED, others=0, at_least=True),
            _verdict(f"{name}, export, share of the bare driver's rate", share, EXPORT_SHARE, others=0, at_least=True),
            _verdict(f"{name}, export, peak MiB", out.rss_mib, EXPORT_MIB, others=0),
        ]
    if back:
        lines.append(_verdict(f"{name}, import, posts/s", back.per_second, IMPORTED, others=0, at_least=True))
    return lines


def _explored_verdicts(figures: Figures) -> list[str]:
    light = [
        (CAP if explored.seconds is None else explored.seconds, explored.name, explored.others)
        for explored in figures.explored
        if not explored.heavy
    ]
    if not light:
        return []
    seconds, name, others = max(light)
    subject = f"{figures.posts:,} posts, {name}, the slowest for analysts, s"
    return [_verdict(subject, seconds, EXPLORED, others=others)]


def _step_verdicts(figures: Figures) -> list[str]:
    return [
        _verdict(
            f"{figures.posts:,} posts, {step.endpoint}, p50 to that of the bare statement",
            figures.wired[name].p50 / figures.bare[name].p50,
            STEP_FACTOR,
            others=figures.others_alone,
        )
        for name, step in STEPS.items()
        if step.target and name in figures.wired and name in figures.bare
    ]


def _rate_verdicts(figures: Figures) -> list[str]:
    bare, wired = figures.bare_rates.get(RATE_WORKERS), figures.wired_rates.get(RATE_WORKERS)
    if not (bare and wired and bare.finished and wired.finished):
        return []
    subject = f"{figures.posts:,} posts, {RATE_WORKERS} workers"
    share = wired.per_second / bare.per_second
    others = max(bare.others, wired.others)
    to_bare = f"{subject}, tasks through HTTP to the bare driver's cycles"
    lines = [_verdict(to_bare, share, RATE_SHARE, at_least=True, others=others)]
    if wired.spent.neo4j:
        lines.append(_verdict(f"{subject}, CPU ms for one finished task", wired.cpu_ms, CPU_MS, others=others))
    return lines


def _read_verdicts(figures: Figures) -> list[str]:
    floor = figures.reads.get(FLOOR)
    if floor is None:
        return []
    lines: list[str] = []
    if board := figures.reads.get(LEADERBOARD):
        subject = f"{figures.posts:,} posts, {LEADERBOARD}, ms more than a round trip, p50"
        lines.append(_verdict(subject, board.p50 - floor.p50, BOARD_MS, others=figures.others_alone))
    if look := figures.reads.get(AVAILABILITY):
        subject = f"{figures.posts:,} posts, {AVAILABILITY}, p50 to that of a round trip"
        lines.append(_verdict(subject, look.p50 / floor.p50, STEP_FACTOR, others=figures.others_alone))
    return lines


def _growth_verdicts(graphs: Sequence[Figures]) -> list[str]:
    if len(graphs) < 2:
        return []
    small, large = min(graphs, key=_posts), max(graphs, key=_posts)
    lines: list[str] = []
    sides: tuple[tuple[Callable[[Figures], Mapping[str, Latency]], str], ...] = (
        (lambda figures: figures.bare, "statement"),
        (lambda figures: figures.wired, "endpoint"),
    )
    for latencies, word in sides:
        for name in latencies(small).keys() & latencies(large).keys() - {"floor"}:
            subject = f"{getattr(STEPS[name], word)}, p50 at {large.posts:,} posts to that at {small.posts:,}"
            growth = latencies(large)[name].p50 / latencies(small)[name].p50
            lines.append(_verdict(subject, growth, GROWTH_FACTOR, others=max(small.others_alone, large.others_alone)))
    for name in small.reads.keys() & large.reads.keys() - {FLOOR}:
        subject = f"{name}, p50 at {large.posts:,} posts to that at {small.posts:,}"
        growth = large.reads[name].p50 / small.reads[name].p50
        lines.append(_verdict(subject, growth, GROWTH_FACTOR, others=max(small.others_alone, large.others_alone)))
    return sorted(lines)


def _posts(figures: Figures) -> int:
    return figures.posts


# For machines


def write(graphs: Sequence[Figures], options: Options, folder: Path) -> Path:
    """Everything as JSON; returns the file."""
    folder.mkdir(exist_ok=True)
    now = datetime.now(UTC)
    path = folder / f"{now:%Y%m%d-%H%M%S}.json"
    content = {
        "when": now.isoformat(),
        "command": sys.argv,
        "options": asdict(options),
        "versions": versions(),
        "machine": machine(),
        "figures": [asdict(graph) | _derived(graph) for graph in graphs],
        "verdicts": [_plain(line) for line in verdicts(graphs)],
    }
    path.write_text(json.dumps(content, indent=1, default=str) + "\n")
    return path


def _derived(figures: Figures) -> dict[str, object]:
    def both(rates: Mapping[int, Rate]) -> dict[int, dict[str, float]]:
        return {
            workers: {"per_second": round(rate.per_second, 1), "cpu_ms": round(rate.cpu_ms, 2)}
            for workers, rate in rates.items()
        }

    return {"bare_finished": both(figures.bare_rates), "wired_finished": both(figures.wired_rates)}


def _plain(line: str) -> str:
    for mark in ("green", "red", "yellow"):
        line = line.replace(f"[{mark}]", "").replace(f"[/{mark}]", "")
    return line
