"""Trees out of the graph and into it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import BinaryIO

from oa_graph import lifecycle
from oa_graph.errors import InvalidFile
from oa_graph.exchange import oasst
from oa_graph.exchange.files import Lines, reading, writing
from oa_graph.graph import exchange
from oa_graph.graph.exchange import FiledPost, FiledTree
from oa_graph.graph.session import Graph, Taken, Tx
from oa_graph.lifecycle import Moment
from oa_graph.model import Limits, TreeState
from oa_graph.policy import growth, search

CLIENT = "import"
"""The API client that imported posts and their authors belong to."""

_BATCH = 1000
"""Posts of one transaction, at least: a tree is never cut."""

_MICROSECOND = timedelta(microseconds=1)

_WANT_SOMETHING = growth.ACTIVE | {TreeState.PROMPT_LOTTERY_WAITING}
"""The states in which people are asked for something, or something falls due."""

Progress = Callable[[int], None]
Batch = list[tuple[int, FiledTree]]
"""Trees, each with the number of its line."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What went through."""

    trees: int = 0
    posts: int = 0
    skipped: int = 0
    """Trees: that were here before, when importing; that the options leave out, when exporting."""
    kept_as_is: Mapping[str, int] = field(default_factory=dict[str, int])
    """Fields that the graph keeps, and gives back, without knowing what they mean; and how often they were met."""


async def export_trees(
    graph: Graph,
    to: BinaryIO | Path,
    *,
    states: Collection[TreeState] | None = (TreeState.READY_FOR_EXPORT,),
    lang: str | None = None,
    include_deleted: bool = False,
    include_rejected: bool = False,
    include_synthetic: bool = True,
    on_progress: Progress | None = None,
) -> Counts:
    """Writes trees, one a line, in the order in which they came into the graph.

    The same graph gives the same bytes. With a message that is left out go the replies below it, and with a prompt the
    tree. `states` None: all. `lang`: of the prompt. `include_rejected`: also messages that are still under review.
    `include_synthetic` False: no tree in which a message comes from a model. `on_progress` is told after
    each tree how many posts were written so far.
    """
    trees = posts = skipped = 0
    wanted = frozenset(TreeState if states is None else states)
    with writing(to) as file:
        async with aclosing(exchange.filed_trees(graph, states=wanted, lang=lang)) as found:
            async for tree in found:
                kept = arranged(tree, include_deleted=include_deleted, include_rejected=include_rejected)
                if not kept or (not include_synthetic and any(post.synthetic for post in kept)):
                    skipped += 1
                    continue
                file.write(oasst.render(replace(tree, posts=kept)) + b"\n")
                trees += 1
                posts += len(kept)
                if on_progress:
                    on_progress(posts)
    return Counts(trees=trees, posts=posts, skipped=skipped)


def arranged(tree: FiledTree, *, include_deleted: bool, include_rejected: bool) -> list[FiledPost]:
    """The posts to be written, each before its replies; among these the best first, the unranked last.

    Where ranks do not decide, the order of the file does that the tree came from, then age.
    """
    replies: dict[str | None, list[FiledPost]] = {}
    for post in tree.posts:
        if (include_deleted or not post.deleted) and (include_rejected or post.accepted):
            replies.setdefault(post.parent, []).append(post)
    for siblings in replies.values():
        siblings.sort(key=_place, reverse=True)
    found: list[FiledPost] = []
    waiting = replies.get(None, [])
    while waiting:
        post = waiting.pop()
        found.append(post)
        waiting.extend(replies.get(post.id, ()))
    return found


def _place(post: FiledPost) -> tuple[object, ...]:
    ranked = (1, 0) if post.rank is None else (0, post.rank)
    from_file = (1, 0) if post.position is None else (0, post.position)
    return (*ranked, *from_file, post.created or datetime.min.replace(tzinfo=UTC), post.id)


async def import_trees(
    graph: Graph,
    source: BinaryIO | Path,
    *,
    limits: Limits,
    state: TreeState | None = None,
    client: str = CLIENT,
    rng: Random | None = None,
    on_progress: Progress | None = None,
) -> Counts:
    """Takes in the trees of a file; those whose id is known are skipped, so a broken import is simply run again.

    `state`: what the trees enter; None: what the file says, else ready_for_export. A tree that people are to work on
    gets its places opened at once. `limits` bounds trees that still grow. `on_progress` is told after each
    transaction how many posts of the file are done.

    Raises InvalidFile at the first line that is not a tree: nothing of that line is stored, all lines before it are.
    """
    with reading(source) as lines:
        bringing = _Bringing(graph, limits, client, rng or Random(), lines.name, on_progress)
        async with aclosing(_ahead(_batches(lines, state))) as batches:
            async for batch in batches:
                await bringing.take(batch)
    return bringing.counts()


def _batches(lines: Lines, state: TreeState | None) -> Generator[Batch]:
    """The trees of a file, as many at a time as are worth a transaction; the good lines before a bad one first."""
    origin = Path(lines.name).name
    batch: Batch = []
    waiting = 0
    try:
        for number, line in lines:
            tree = _parsed(line, number, lines.name, state, origin)
            batch.append((number, tree))
            waiting += len(tree.posts)
            if waiting >= _BATCH:
                yield batch
                batch, waiting = [], 0
    except InvalidFile:
        yield batch
        raise
    yield batch


def _parsed(line: bytes, number: int, file: str, state: TreeState | None, origin: str) -> FiledTree:
    try:
        return oasst.parse(line, state=state, origin=origin)
    except ValueError as error:
        raise InvalidFile(file=file, line=number, why=error) from error


async def _ahead(batches: Generator[Batch]) -> AsyncGenerator[Batch, None]:
    """Reads the next batch, in a thread of its own, while the server is busy with this one."""
    coming = asyncio.ensure_future(asyncio.to_thread(next, batches, None))
    try:
        while (batch := await asyncio.shield(coming)) is not None:
            coming = asyncio.ensure_future(asyncio.to_thread(next, batches, None))
            yield batch
    finally:
        # The thread must be out of the file before that is closed; what it found is of no interest any more.
        await asyncio.wait([coming])
        coming.exception()


class _Bringing:
    """The trees of one file on their way in, and what became of them."""

    def __init__(
        self, graph: Graph, limits: Limits, client: str, rng: Random, file: str, on_progress: Progress | None
    ) -> None:
        self._graph = graph
        self._limits = limits
        self._client = client
        self._rng = rng
        self._file = file
        self._on_progress = on_progress
        self._now = datetime.now(UTC)
        self._trees = self._posts = self._skipped = self._done = 0
        self._kept_as_is: Counter[str] = Counter()

    def counts(self) -> Counts:
        return Counts(self._trees, self._posts, self._skipped, dict(sorted(self._kept_as_is.items())))

    async def take(self, batch: Batch) -> None:
        """Stores a batch; raises InvalidFile for a tree with a message that another tree has."""
        try:
            await self._store(batch)
        except Taken:  # one of them: the others must not suffer
            for line, tree in batch:
                await self._store_alone(line, tree)

    async def _store_alone(self, line: int, tree: FiledTree) -> None:
        try:
            await self._store([(line, tree)])
        except Taken as error:
            if await exchange.known(self._graph, [tree.id]):  # another import was faster
                await self._store([(line, tree)])
                return
            why = f"another tree in the graph has a message of this one: {error}"
            raise InvalidFile(file=self._file, line=line, why=why) from error

    async def _store(self, batch: Batch) -> None:
        async def work(tx: Tx) -> list[FiledTree]:
            here = await exchange.known(tx, [tree.id for _, tree in batch])
            new: dict[str, tuple[FiledTree, datetime]] = {}
            for line, tree in batch:
                if tree.id not in here:
                    new.setdefault(tree.id, (tree, self._now + line * _MICROSECOND))
            if new:
                await exchange.store(
                    tx,
                    list(new.values()),
                    client=self._client,
                    labels=search.LABELS,
                    limits=self._limits,
                    now=self._now,
                )
            at = Moment(tx, self._limits, self._now, self._rng)
            for tree, _ in new.values():
                if tree.state in _WANT_SOMETHING:
                    await lifecycle.advance(at, tree.id)
            return [tree for tree, _ in new.values()]

        if not batch:
            return
        stored = await self._graph.transact(work)
        self._trees += len(stored)
        self._skipped += len(batch) - len(stored)
        self._posts += sum(len(tree.posts) for tree in stored)
        for tree in stored:
            self._kept_as_is.update(oasst.kept_as_is(tree))
        self._done += sum(len(tree.posts) for _, tree in batch)
        if self._on_progress:
            self._on_progress(self._done)
