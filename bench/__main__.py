"""`python -m bench`, which is `make bench`."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import uvloop
from rich.console import Console

from bench import report
from bench.bench import Figures, Options, parse_sizes, parse_workers, run
from bench.place import CHECKOUT


def _options() -> Options:
    usual = Options()
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="How fast the service is on graphs of several sizes, beside the bare driver in the same run. "
        "Uses servers of its own, unless NEO4J_URI names one, which has to be empty.",
    )
    parser.add_argument("--sizes", type=parse_sizes, default=usual.sizes, help="posts, such as 10k,100k,1M (these)")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="for each figure (%(default)s)")
    parser.add_argument("--workers", type=parse_workers, default=usual.workers, help="such as 1,8,32 (these)")
    parser.add_argument("--warm-up", type=float, default=usual.warm_up, help="seconds for each size (%(default)s)")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="turns of each side (%(default)s)")
    parser.add_argument("--statements-only", action="store_true", help="without the service")
    parser.add_argument("--data-only", action="store_true", help="only what analysts ask, export and import")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the graphs there for the next time")
    parser.add_argument("--seed", type=int, default=usual.seed, help="of the graphs (%(default)s)")
    return Options(**vars(parser.parse_args()))


async def _collect(options: Options, console: Console) -> list[Figures]:
    return [figures async for figures in run(options, console)]


def main() -> None:
    options, console = _options(), Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=160)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(_collect(options, console))
    report.show(figures, console)
    console.print(f"\n{report.write(figures, options, CHECKOUT / 'bench-results')}")


if __name__ == "__main__":
    main()
