"""The measurement of one graph: fill, warm up, look at each step alone, then at many workers at once."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from time import perf_counter

from aiohttp import ClientSession
from neo4j import AsyncDriver
from rich.console import Console

from bench import exchange, explore, fill, reads
from bench.bare import Bare, connect
from bench.crowd import JOBS, Crowd, Side
from bench.generate import CLIENT, Plan
from bench.inside import Cost, Lockstep, Profiler, SteppedBare, SteppedWired
from bench.meter import Latency, Meter, Notes, Spent
from bench.place import Place, Service, folder, managed, named_place, new_key, serving, started
from bench.wired import Wired, open_session
from oa_graph.graph import schema
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import schema_files
from oa_graph.neo4j_server import ManagedNeo4j

VERSION = 3
"""Of what is generated."""

_POOL = 50
_WARM_BLOCK, _LEAST_BLOCKS = 6.0, 10
"""Seconds; and how many before anything is said of them."""
_BLOCK = 0.4
"""Seconds that one side works before the other has its turn, when single steps are timed."""
_SCARCE = frozenset({"review", "ranking"})
"""Jobs whose places are few even in a large graph."""
_WIDTH = 25
"""Jobs that take each step together."""
_SAMPLE = 4_000
"""Posts to read."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure, and how long."""

    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    seconds: float = 5.0
    """Of each side, for each figure."""
    workers: tuple[int, ...] = (1, 8, 32)
    warm_up: float = 240.0
    """At most; it ends when the JVM gets no better."""
    rounds: int = 2
    """How often bare driver and service take turns at each number of workers."""
    statements_only: bool = False
    data_only: bool = False
    """Without tasks: what analysts ask, export and import."""
    keep: Path | None = None
    seed: int = 1


@dataclass(slots=True)
class Rate:
    """Finished tasks of one side at one number of workers, all rounds together."""

    finished: int = 0
    spent: Spent = field(default_factory=Spent)
    rates: list[float] = field(default_factory=list[float])
    """Of each round."""
    latencies: dict[str, Latency] = field(default_factory=dict[str, Latency])
    failures: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def per_second(self) -> float:
        return self.finished / self.spent.wall if self.spent.wall else 0.0

    @property
    def cpu_ms(self) -> float:
        """CPU of all processes of the service, Neo4j included, for one finished task."""
        return 1000 * (self.spent.neo4j + self.spent.service) / max(1, self.finished)

    @property
    def others(self) -> float:
        """Cores that everything else on the machine took meanwhile."""
        return self.spent.others / self.spent.wall if self.spent.wall else 0.0


@dataclass(slots=True)
class Figures:
    """All that was found for one size."""

    posts: int
    filled: fill.Filled | None = None
    """None: the store was kept from an earlier run."""
    schema_s: float | None = None
    store_mib: float | None = None
    wrong: list[str] = field(default_factory=list[str])
    """Where the generated graph breaks the rules."""
    load_before: tuple[float, float, float] = (0.0, 0.0, 0.0)
    load_after: tuple[float, float, float] = (0.0, 0.0, 0.0)
    warm_up_ms: list[float] = field(default_factory=list[float])
    """CPU of Neo4j for a round of all jobs, block after block."""
    db_hits: dict[str, int] = field(default_factory=dict[str, int])
    bare: dict[str, Latency] = field(default_factory=dict[str, Latency])
    wired: dict[str, Latency] = field(default_factory=dict[str, Latency])
    reads: dict[str, Latency] = field(default_factory=dict[str, Latency])
    """Of the service, by what is read."""
    people_counted: float | None = None
    """In a second, when figures are counted anew."""
    exported: exchange.Exported | None = None
    imported: exchange.Imported | None = None
    """Into a store that has only its schema."""
    explored: list[explore.Explored] = field(default_factory=list[explore.Explored])
    bare_costs: dict[str, Cost] = field(default_factory=dict[str, Cost])
    wired_costs: dict[str, Cost] = field(default_factory=dict[str, Cost])
    others_alone: float = 0.0
    """Cores that everything else took while single steps were timed."""
    failures: dict[str, int] = field(default_factory=dict[str, int])
    bare_rates: dict[int, Rate] = field(default_factory=dict[int, Rate])
    wired_rates: dict[int, Rate] = field(default_factory=dict[int, Rate])


class Sides:
    """The bare driver, and the service where it is measured too."""

    def __init__(
        self, place: Place, graph: Graph, driver: AsyncDriver, plan: Plan, posts: list[str], service: Service | None
    ) -> None:
        self._place = place
        self._driver = driver
        self._plan = plan
        self._posts = posts
        self._service = service
        self.graph = graph
        self.meter = Meter(neo4j=place.pid, service=service.pid if service else None)
        self._seed = 0

    def crowd(self) -> Crowd:
        self._seed += 1
        return Crowd(self._plan, self._posts, seed=self._seed)

    def bare(self) -> Bare:
        return Bare(self._driver, self._place.database, self._plan.limits, self.crowd())

    def profiler(self) -> Profiler:
        return Profiler(self._driver, self._place.database, self._plan.limits, self.crowd())

    @asynccontextmanager
    async def both(self) -> AsyncGenerator[list[Side]]:
        """Fresh sides, nothing noted yet: the bare driver first."""
        if self._service is None:
            yield [self.bare()]
            return
        async with open_session(self._service) as session:
            yield [self.bare(), Wired(session, self.crowd())]

    @asynccontextmanager
    async def readers(self) -> AsyncGenerator[ClientSession | None]:
        """The service; None where it is not measured."""
        if self._service is None:
            yield None
            return
        async with open_session(self._service) as session:
            yield session

    @asynccontextmanager
    async def stepped(self) -> AsyncGenerator[list[tuple[Side, Lockstep]]]:
        """The sides, whose jobs take each step together."""
        steps = Lockstep(self.meter)
        bare = SteppedBare(self._driver, self._place.database, self._plan.limits, self.crowd(), lockstep=steps)
        if self._service is None:
            yield [(bare, steps)]
            return
        async with open_session(self._service) as session:
            others = Lockstep(self.meter)
            yield [(bare, steps), (SteppedWired(session, self.crowd(), lockstep=others), others)]

    async def restock(self, *, always: bool = False) -> None:
        """Undoes what was done, before places run out."""
        if always or await fill.replies_wanted(self.graph) < self._plan.places // 2:
            await fill.restore(self.graph, self._plan.limits)


async def run(options: Options, console: Console) -> AsyncGenerator[Figures]:
    """The figures of each size, one after the other."""
    elsewhere = named_place()
    for size in options.sizes:
        plan = Plan(size, options.seed)
        figures = Figures(size, load_before=os.getloadavg())
        if elsewhere is not None:
            await _on_given(elsewhere, plan, figures, options, console)
        else:
            await _on_own(plan, figures, options, console)
        figures.load_after = os.getloadavg()
        yield figures


async def _on_own(plan: Plan, figures: Figures, options: Options, console: Console) -> None:
    with folder(options.keep, f"{plan.posts}-{plan.seed}-{_recipe()}") as data:
        server, mark = managed(data / "neo4j"), data / "filled.json"
        if not mark.exists():
            with _telling(console, f"making {plan.posts:,} posts"):
                figures.filled = await asyncio.to_thread(fill.by_import, plan, server, data / "csv")
        with started(server) as place:
            async with _connected(place) as graph:
                await _apply_schema(graph, figures)
                if mark.exists():
                    with _telling(console, "undoing what an earlier run left"):
                        await fill.restore(graph, plan.limits)
                else:
                    mark.write_text(json.dumps(asdict(figures.filled) if figures.filled else {}))
                await _measure(place, graph, plan, figures, options, console, log=data / "service.log")


def _recipe() -> str:
    """What a kept store was made by: another generator or schema makes another one."""
    steps = [VERSION, *(step.checksum for step in schema_files())]
    return sha256(repr(steps).encode()).hexdigest()[:8]


async def _on_given(place: Place, plan: Plan, figures: Figures, options: Options, console: Console) -> None:
    async with _connected(place) as graph:
        nodes = await graph.execute("MATCH (node) WHERE NOT node:Schema RETURN node LIMIT 1")
        if nodes:
            raise ValueError("the server at NEO4J_URI holds data; a measurement fills it and empties it again")
        await _apply_schema(graph, figures)
        try:
            with _telling(console, f"making {plan.posts:,} posts"):
                figures.filled = await fill.by_batches(plan, graph)
            with folder(None, "") as data:
                await _measure(place, graph, plan, figures, options, console, log=data / "service.log")
        finally:
            with _telling(console, "emptying the server"):
                await graph.execute(
                    "MATCH (n) WHERE NOT n:Schema CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"
                )


@asynccontextmanager
async def _connected(place: Place) -> AsyncGenerator[Graph]:
    graph = Graph.connect(place.uri, place.username, place.password, database=place.database)
    try:
        yield graph
    finally:
        await graph.close()


async def _apply_schema(graph: Graph, figures: Figures) -> None:
    begun = perf_counter()
    if await schema.apply(graph):
        figures.schema_s = round(perf_counter() - begun, 1)


async def _measure(
    place: Place, graph: Graph, plan: Plan, figures: Figures, options: Options, console: Console, *, log: Path
) -> None:
    with _telling(console, "checking the rules"):
        figures.wrong = await fill.check(graph, plan.limits)
    figures.store_mib = round(place.store_bytes / 2**20, 1) if place.store_bytes else None
    with _telling(console, "filling boards"):
        figures.people_counted = round(await fill.boards_filled(graph), 1)
    with _telling(console, "asking what analysts ask"):
        figures.explored = await asyncio.to_thread(explore.measure_explorations, place)
    with _telling(console, "exporting everything"):
        figures.exported = await asyncio.to_thread(exchange.measure_export, place, log.parent / "trees.jsonl")
    with _telling(console, "importing it elsewhere"):
        figures.imported = await asyncio.to_thread(_imported, log.parent)
    if options.data_only:
        return
    key = new_key()
    posts = await fill.some_posts(graph, _SAMPLE)
    driver = connect(place, pool=_POOL)
    try:
        if options.statements_only:
            await _figures(Sides(place, graph, driver, plan, posts, None), figures, options, console)
        else:
            async with serving(place, plan.limits, key=key, log=log) as service:
                await _same_client(graph)
                await _figures(Sides(place, graph, driver, plan, posts, service), figures, options, console)
    finally:
        await driver.close()
    with _telling(console, "undoing what was done"):
        await fill.restore(graph, plan.limits)


def _imported(data: Path) -> exchange.Imported:
    """Import the file of the export into an empty store, and measure it."""
    file = data / "trees.jsonl"
    with _empty() as server, started(server) as place:
        asyncio.run(_schema_at(place))
        imported = exchange.measure_import(place, file)
    file.unlink()
    return imported


@contextmanager
def _empty() -> Generator[ManagedNeo4j]:
    """A server that runs until it is stopped, for whoever wants it."""
    with tempfile.TemporaryDirectory(prefix="oa-graph-bench-", ignore_cleanup_errors=True) as store:
        server = managed(Path(store))
        server.start(keep=True)
        server.release()
        try:
            yield server
        finally:
            server.stop()


async def _schema_at(place: Place) -> None:
    async with _connected(place) as graph:
        await schema.apply(graph)


async def _same_client(graph: Graph) -> None:
    """The users of the generated graph have to be those of the service's client, or every request makes a new one."""
    if not await graph.execute("MATCH (client:Client {id: $id}) RETURN client.id AS id", id=CLIENT):
        raise RuntimeError("the service has another trusted client than bench.generate.CLIENT")


async def _figures(sides: Sides, figures: Figures, options: Options, console: Console) -> None:
    with _telling(console, "warming up"):
        figures.warm_up_ms = await _warm_up(sides, options)
    with _telling(console, "counting database hits"):
        figures.db_hits = await sides.profiler().db_hits(JOBS)
        await sides.restock()
    with _telling(console, "timing each step alone"):
        await _alone(sides, figures, options)
    with _telling(console, "reading everything"):
        await _read(sides, figures)
    with _telling(console, "reading the CPU of each step"):
        await _costs(sides, figures, options)
    for workers in options.workers:
        with _telling(console, f"{workers} workers"):
            await _together(sides, figures, options, workers)


async def _warm_up(sides: Sides, options: Options) -> list[float]:
    """All jobs on all sides by a few workers, until Neo4j needs no less CPU for a round of them than before.

    Returns what it needed, block by block: the JVM compiles what is used most, and that takes its time.
    """
    needed: list[float] = []
    end = perf_counter() + options.warm_up
    async with sides.both() as both:
        while perf_counter() < end and not _is_steady(needed):
            with sides.meter.reading() as spent:
                stop = perf_counter() + _WARM_BLOCK
                rounds = sum(await asyncio.gather(*(_all_jobs(side, stop) for side in both for _ in range(2))))
            needed.append(round(1000 * (spent.neo4j or spent.wall) / max(1, rounds), 1))
            await sides.restock()
    return needed


def _is_steady(needed: list[float]) -> bool:
    """Whether the last three blocks were hardly better than the best before them."""
    return len(needed) >= _LEAST_BLOCKS and min(needed[-3:]) > 0.96 * min(needed[:-3])


async def _all_jobs(side: Side, end: float) -> int:
    rounds = 0
    while perf_counter() < end:
        for job in (*JOBS, "text", "text"):
            await getattr(side, job)()
        rounds += 1
    return rounds


async def _alone(sides: Sides, figures: Figures, options: Options) -> None:
    """One worker; the sides take turns in short blocks, so that both see the same weather."""
    spent = Spent()
    async with sides.both() as both:
        for job in JOBS:
            seconds = options.seconds if job == "text" else options.seconds / 2
            with sides.meter.reading() as reading:
                for _ in range(max(1, round(seconds / _BLOCK))):
                    for side in both:
                        await _repeat(side, job, perf_counter() + _BLOCK)
            spent += reading
            await sides.restock(always=job in _SCARCE)
        figures.others_alone = round(spent.others / spent.wall, 2)
        figures.bare = both[0].notes.latencies()
        figures.wired = both[1].notes.latencies() if len(both) > 1 else {}
        figures.failures = dict(sum((side.notes.failures for side in both), Counter[str]()))


async def _read(sides: Sides, figures: Figures) -> None:
    """One worker, twice: the first time warms what few have asked for."""
    async with sides.readers() as session:
        if session is None:
            return
        at = await reads.known(sides.graph, sides.crowd().posts, seed=1)
        await reads.measure(session, at)
        notes = await reads.measure(session, at)
        figures.reads = notes.latencies()
        figures.failures |= dict(notes.failures)


async def _costs(sides: Sides, figures: Figures, options: Options) -> None:
    """Half as long as each step was timed alone, in jobs that take each step together."""
    async with sides.stepped() as both:
        for job in JOBS:
            for side, steps in both:
                end = perf_counter() + options.seconds / 2
                while perf_counter() < end:
                    await steps.run(getattr(side, job), width=_WIDTH)
                await sides.restock(always=job in _SCARCE)
        figures.bare_costs = both[0][1].costs
        figures.wired_costs = both[1][1].costs if len(both) > 1 else {}


async def _repeat(side: Side, job: str, end: float) -> int:
    finished = 0
    while perf_counter() < end:
        finished += bool(await getattr(side, job)())
    return finished


async def _together(sides: Sides, figures: Figures, options: Options, workers: int) -> None:
    """Many workers; the sides take turns, each for some seconds."""
    results: list[tuple[Rate, Notes]] = []
    async with sides.both() as both:
        results = [(Rate(), side.notes) for side in both]
        for _ in range(options.rounds):
            for side, (rate, _notes) in zip(both, results, strict=True):
                await sides.restock()
                await _round(sides, side, rate, workers, options.seconds)
    for (rate, notes), rates in zip(results, (figures.bare_rates, figures.wired_rates), strict=False):
        rate.latencies = notes.latencies()
        rate.failures = dict(notes.failures)
        rates[workers] = rate


async def _round(sides: Sides, side: Side, rate: Rate, workers: int, seconds: float) -> None:
    with sides.meter.reading() as spent:
        end = perf_counter() + seconds
        finished = sum(await asyncio.gather(*(_repeat(side, "text", end) for _ in range(workers))))
    rate.finished += finished
    rate.spent += spent
    rate.rates.append(round(finished / spent.wall, 1))


@contextmanager
def _telling(console: Console, doing: str) -> Generator[None]:
    begun = perf_counter()
    with console.status(doing):
        yield
    console.print(f"[dim]{doing}: {perf_counter() - begun:.1f} s[/dim]")


def parse_sizes(text: str) -> tuple[int, ...]:
    """`10k,1M` as numbers. Raises ValueError."""
    return tuple(_number(word.strip()) for word in text.split(",") if word.strip())


def _number(word: str) -> int:
    unit = {"k": 1_000, "m": 1_000_000}.get(word[-1].lower(), 1)
    number = int(float(word[:-1]) * unit) if unit > 1 else int(word)
    if number < 1_000:
        raise ValueError(f"{word}: a graph of less than 1000 posts has too few open places")
    return number


def parse_workers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))
