"""Import of trees from files into the graph."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import BinaryIO

from oa_graph import leaderboards, tree_lifecycle
from oa_graph.context import Context, Step, utc_now
from oa_graph.datasets import bounds, destination, identity, import_formats, oasst, preferences, replies
from oa_graph.datasets.counts import CLIENT, ImportCounts, Progress
from oa_graph.datasets.destination import Destination
from oa_graph.datasets.import_formats import WITHOUT_IDS, Defaults, ImportFormat
from oa_graph.datasets.rejects import InvalidRecord, OnReject, Reject, RejectReason, reject_of
from oa_graph.datasets.rows import TreeRecord, open_rows
from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from oa_graph.errors import InvalidFile
from oa_graph.graph import datasets
from oa_graph.graph.datasets import DatasetPost, DatasetTree, StoredTree
from oa_graph.graph.session import Graph, KeyTaken, Tx
from oa_graph.policy import growth, search

_BATCH = 1000
"""Posts of one transaction, at least: a tree is never cut."""
_BATCH_BYTES = 4 * 2**20
"""Or so many bytes, by `bounds.size`."""

_IN_FLIGHT = 2
"""Transactions at once: while one waits for its locks or its commit, the other keeps the server busy."""

_MICROSECOND = timedelta(microseconds=1)

_ADVANCED_STATES = growth.ACTIVE | {TreeState.PROMPT_LOTTERY_WAITING}
"""The states in which people are asked for something, or something falls due."""

_CANDIDATES_PER_ACTIVATION = 20
"""Trees that are looked at for each that shall be activated, for not all can be ranked."""

Batch = list[TreeRecord | Reject]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of an import."""

    format: ImportFormat | None = None
    """None: detect it."""
    into: Destination | None = None
    """What its trees become. None: `state`; or what the file says; else prompts enter the lottery and all else is
    finished."""
    state: TreeState | None = None
    """The state of all trees, whatever the file says and whether or not they are fit for it."""
    activate: int = 0
    """The first so many trees of those that land in the backlog and can be ranked are ranked at once."""
    limit: int | None = None
    """Number of trees to import, from the beginning of the file; None: all."""
    max_text: int | None = None
    """Maximum length of a text."""
    closed_langs: tuple[str, ...] = ()
    """Languages in which no prompts come to people; see `Limits.init_prompt_disabled_langs`."""
    defaults: Defaults = field(default_factory=Defaults)


@dataclass(frozen=True, slots=True)
class ImportSource:
    """A file that is open."""

    name: str
    """For people."""
    format: ImportFormat
    records: Iterator[TreeRecord | Reject]
    """Its trees as they shall land."""


async def import_trees(
    graph: Graph,
    source: BinaryIO | Path,
    *,
    limits: Limits,
    state: TreeState | None = None,
    options: ImportOptions | None = None,
    on_reject: OnReject | None = None,
    client: str = CLIENT,
    rng: Random | None = None,
    on_progress: Progress | None = None,
) -> ImportCounts:
    """Import the trees of a file; known trees are skipped, so an interrupted import can be repeated.

    `state` is short for options with this state only. Trees that people work on get their open places at once. `limits`
    bounds trees that still grow. `on_progress` is told after each
    transaction how many posts of the file are done.

    `rejects` is told of each line that cannot be taken, and the others are taken all the same. Without it raises
    InvalidFile at the first such line: nothing of that line is stored, all lines before it are; of single messages only
    those whose trees had left the window (see `messages`). A file that is torn raises InvalidFile in any case, as does
    one whose format cannot be recognised.
    """
    options = replace(options or ImportOptions(state=state), closed_langs=limits.init_prompt_disabled_langs)
    with open_source(source, options) as file:
        return await import_file(
            graph, file, options, limits=limits, on_reject=on_reject, client=client, rng=rng, on_progress=on_progress
        )


async def import_file(
    graph: Graph,
    file: ImportSource,
    options: ImportOptions,
    *,
    limits: Limits,
    on_reject: OnReject | None,
    client: str = CLIENT,
    rng: Random | None = None,
    on_progress: Progress | None = None,
) -> ImportCounts:
    """Import an open file; see `import_trees`."""
    importing = _Import(graph, limits, client, rng or Random(), file.name, options, file.format, on_reject, on_progress)
    async with aclosing(_read_ahead(_batches(file, strict=on_reject is None))) as batches:
        await importing.store_all(batches)
    await importing.finish()
    return importing.counts()


def check_file(
    source: BinaryIO | Path,
    *,
    options: ImportOptions | None = None,
    on_reject: OnReject | None = None,
    on_progress: Progress | None = None,
) -> ImportCounts:
    """Return what `import_trees` would count in an empty graph. Keeps the ids of posts in memory, but no texts.

    Raise InvalidFile as that does.
    """
    options = options or ImportOptions()
    reject_counter = _RejectCounter(on_reject)
    with open_source(source, options) as file:
        dry_run = _DryRun(
            merges=file.format in WITHOUT_IDS,
            on_reject=reject_counter,
            of_replies=file.format is ImportFormat.REPLIES,
        )
        for batch in _batches(file, strict=on_reject is None):
            for record in batch:
                if isinstance(record, Reject):
                    reject_counter(record)
                else:
                    dry_run.add(record)
            if on_progress:
                on_progress(dry_run.posts)
    return ImportCounts(
        dry_run.trees,
        dry_run.posts,
        dry_run.skipped,
        rejected=reject_counter.counts(),
        notes=_sorted(dry_run.notes),
        format=file.format.value,
    )


@dataclass(slots=True)
class _DryRun:
    """A simulated import into an empty graph."""

    merges: bool
    on_reject: _RejectCounter
    of_replies: bool
    trees: int = 0
    posts: int = 0
    skipped: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set[str])
    """Ids of trees."""
    _stored: dict[str, StoredTree] = field(default_factory=dict[str, StoredTree])
    """Posts of trees to which others may be joined."""

    def add(self, record: TreeRecord) -> None:
        self.notes.update(record.notes)
        tree = record.tree
        is_new = tree.id not in self._seen
        new_posts = [post for post in tree.posts if post.id not in self._stored]
        if not is_new and self.merges and (error := preferences.conflict(tree.posts, self._stored)):
            for refusal in _rejects_of(record, error):
                self.on_reject(refusal)
        elif is_new or (self.merges and new_posts):
            self._add(tree, new_posts)
        else:
            self.skipped += 1

    def _add(self, tree: DatasetTree, new_posts: Sequence[DatasetPost]) -> None:
        self.trees += tree.id not in self._seen and not self.of_replies
        self.posts += len(new_posts)
        self._seen.add(tree.id)
        if self.merges:
            preferences.add_stored(self._stored, new_posts)


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return {name: times for name, times in sorted(counter.items()) if times}


class _RejectCounter:
    """Pass on rejects, and count them."""

    def __init__(self, rejects: OnReject | None) -> None:
        self._rejects = rejects
        self._counter: Counter[str] = Counter()

    def __call__(self, refused: Reject) -> None:
        self._counter[refused.reason] += 1
        if self._rejects:
            self._rejects(refused)

    def counts(self) -> dict[str, int]:
        return _sorted(self._counter)


@contextmanager
def open_source(source: BinaryIO | Path, options: ImportOptions) -> Generator[ImportSource]:
    """Open a file. Raise InvalidFile if its format is unknown or, while reading, if it is damaged; OSError."""
    with open_rows(source) as rows:
        format, rows = (options.format, rows) if options.format else import_formats.recognize(rows)
        yield ImportSource(rows.name, format, _records(rows.rows, rows.name, format, options))


def _records(
    rows: Iterator[import_formats.Row], file: str, format: ImportFormat, options: ImportOptions
) -> Iterator[TreeRecord | Reject]:
    """Yield the trees of a file, prepared for their destination."""
    read = import_formats.reader(format, Path(file).name, state=options.state, defaults=options.defaults)
    taken = 0
    for record in read(rows):
        if isinstance(record, Reject):
            yield record
            continue
        try:
            if options.max_text is not None:
                destination.check_lengths(record.tree.posts, options.max_text)
            bounds.check(record.tree)
            if format is not ImportFormat.REPLIES:  # which join trees that are here
                if options.into is not None:
                    record.tree = destination.prepare_for(record.tree, options.into, whole=format not in WITHOUT_IDS)
                destination.check_lang(record.tree, options.closed_langs)
                record.tree = identity.canonical(record.tree)
        except InvalidRecord as error:
            yield from _rejects_of(record, error)
            continue
        yield record
        taken += 1
        if taken == options.limit:
            return


def _rejects_of(record: TreeRecord, error: InvalidRecord) -> Iterator[Reject]:
    for line, row in record.rows:
        yield reject_of(error, line, row)


def _batches(file: ImportSource, *, strict: bool) -> Generator[Batch]:
    """Yield batches of trees, each large enough for a transaction; valid lines before a bad one come first."""
    batch: Batch = []
    waiting = size = 0
    try:
        for record in file.records:
            if isinstance(record, Reject):
                if strict:
                    raise InvalidFile(file=file.name, line=record.line, why=record.why)
                waiting += 1
            else:
                waiting += len(record.tree.posts)
                size += bounds.size(record.tree)
            batch.append(record)
            if waiting >= _BATCH or size >= _BATCH_BYTES:
                yield batch
                batch, waiting, size = [], 0, 0
    except InvalidFile:
        yield batch
        raise
    yield batch


async def _read_ahead(batches: Generator[Batch]) -> AsyncGenerator[Batch, None]:
    """Read the next batch in a separate thread while the server works on the current one."""
    coming = asyncio.ensure_future(asyncio.to_thread(next, batches, None))
    try:
        while (batch := await asyncio.shield(coming)) is not None:
            coming = asyncio.ensure_future(asyncio.to_thread(next, batches, None))
            yield batch
    finally:
        # The thread must be out of the file before that is closed; what it found is of no interest any more.
        await asyncio.wait([coming])
        coming.exception()


@dataclass(slots=True)
class _BatchResult:
    """The result of a batch."""

    trees: list[DatasetTree] = field(default_factory=list[DatasetTree])
    posts: int = 0
    grown: int = 0
    skipped: int = 0
    rejects: list[Reject] = field(default_factory=list[Reject])


class _Import:
    """A running import of one file, and its counts."""

    def __init__(
        self,
        graph: Graph,
        limits: Limits,
        client: str,
        rng: Random,
        file: str,
        options: ImportOptions,
        format: ImportFormat,
        rejects: OnReject | None,
        on_progress: Progress | None,
    ) -> None:
        self._graph = graph
        self._limits = limits
        self._client = client
        self._file = file
        self._options = options
        self._format = format
        self._merges = format in WITHOUT_IDS
        self._notes: Counter[str] = Counter()
        self._strict = rejects is None
        self._reject = _RejectCounter(rejects)
        self._on_progress = on_progress
        self._now = utc_now()
        self._context = Context(store=graph, limits=limits, clock=lambda: self._now, rng=rng)
        self._trees = self._posts = self._grown = self._skipped = self._done = 0
        self._kept_as_is: Counter[str] = Counter()
        self._candidates: dict[str, int] = {}
        """Trees that may be activated, each with its line."""
        self._waits_for_lottery = False

    def counts(self) -> ImportCounts:
        return ImportCounts(
            self._trees,
            self._posts,
            self._skipped,
            _sorted(self._kept_as_is),
            grown=self._grown,
            rejected=self._reject.counts(),
            notes=_sorted(self._notes),
            format=self._format.value,
        )

    async def store_all(self, batches: AsyncIterator[Batch]) -> None:
        """Store batches, some at once. If one fails, the batches already started are completed."""
        slots = asyncio.Semaphore(_IN_FLIGHT)
        running: set[asyncio.Task[None]] = set()

        async def store(batch: Batch) -> None:
            try:
                await self.store(batch)
            finally:
                slots.release()

        try:
            while True:
                await slots.acquire()
                batch = await anext(batches, None)
                if batch is None:
                    break
                running.add(asyncio.create_task(store(batch)))
                done = {task for task in running if task.done()}
                running -= done
                for task in done:
                    task.result()
        finally:
            ended = await asyncio.gather(*running, return_exceptions=True)
        for task in ended:
            if isinstance(task, BaseException):
                raise task

    async def store(self, batch: Batch) -> None:
        """Store a batch. Raise InvalidFile for a message that belongs to another tree, unless rejects are collected."""
        records = [record for record in batch if isinstance(record, TreeRecord)]
        for record in batch:
            if isinstance(record, Reject):
                self._reject(record)
        try:
            await self._store(records)
        except KeyTaken:  # one of them: the others must not suffer
            for record in records:
                await self._store_alone(record)
        for record in records:
            self._notes.update(record.notes)
        self._done += sum(len(record.tree.posts) for record in records)
        if self._on_progress and records:
            self._on_progress(self._done)

    async def _store_alone(self, record: TreeRecord) -> None:
        try:
            await self._store([record])
        except KeyTaken as error:
            if await datasets.known_ids(self._graph, [record.tree.id]):  # another import was faster
                await self._store([record])
                return
            why = f"another tree in the graph has a message of this one: {error}"
            if self._strict:
                raise InvalidFile(file=self._file, line=record.line, why=why) from error
            for reject in _rejects_of(record, InvalidRecord(RejectReason.ID_TAKEN, why)):
                self._reject(reject)

    async def _store(self, batch: Sequence[TreeRecord]) -> None:
        if not batch:
            return
        stored = await self._graph.transact(lambda tx: self._store_in(tx, batch))
        self._trees += len(stored.trees)
        self._posts += stored.posts
        self._grown += stored.grown
        self._skipped += stored.skipped
        for tree in stored.trees:
            self._kept_as_is.update(oasst.kept_as_is(tree))
            self._waits_for_lottery |= tree.state is TreeState.PROMPT_LOTTERY_WAITING
        for record in batch:
            if (
                len(self._candidates) < self._options.activate * _CANDIDATES_PER_ACTIVATION
                and record.tree.state is TreeState.BACKLOG_RANKING
            ):
                self._candidates.setdefault(record.tree.id, record.line)
        for record in stored.rejects:
            if self._strict:
                raise InvalidFile(file=self._file, line=record.line, why=record.why)
            self._reject(record)

    async def _store_in(self, tx: Tx, batch: Sequence[TreeRecord]) -> _BatchResult:
        if self._format is ImportFormat.REPLIES:
            return await self._store_replies(tx, batch)
        known_states = await datasets.known_ids(tx, [record.tree.id for record in batch])
        stored = _BatchResult()
        new: dict[str, tuple[DatasetTree, datetime]] = {}
        known: list[TreeRecord] = []
        for record in batch:
            tree = record.tree
            if tree.id in known_states:
                known.append(record)
            elif tree.id not in new:
                new[tree.id] = (tree, _import_time(record, self._now))
            elif self._merges and (error := preferences.conflict_with(tree.posts, new[tree.id][0].posts)):
                stored.rejects.extend(_rejects_of(record, error))
            elif self._merges and (joined := _merged(new[tree.id][0], record)):
                new[tree.id] = (joined, new[tree.id][1])
            else:
                stored.skipped += 1
        if new:
            of_people = await datasets.store(
                tx,
                list(new.values()),
                client=self._client,
                labels=search.LABELS,
                limits=self._limits,
                now=self._now,
            )
            await leaderboards.credit_authors(tx, of_people)
        stored.trees = [tree for tree, _ in new.values()]
        stored.posts = sum(len(tree.posts) for tree in stored.trees)
        changed = {tree.id: tree.state for tree in stored.trees}
        if known and self._merges:
            grown = await self._add_branches(tx, known, known_states, stored)
            changed |= {id: known_states[id] for id in grown}
        else:
            stored.skipped += len(known)
        at = self._step(tx)
        for id, state in sorted(changed.items()):
            if state in _ADVANCED_STATES:
                await tree_lifecycle.advance(at, id)
        return stored

    async def _store_replies(self, tx: Tx, batch: Sequence[TreeRecord]) -> _BatchResult:
        """Add replies to the posts that they name."""
        stored = _BatchResult()
        named = {str(record.tree.posts[0].parent) for record in batch}
        trees = {parent.tree for parent in (await datasets.parents(tx, named)).values()}
        known = await datasets.stored_trees(tx, trees=trees, posts=[record.tree.id for record in batch])
        parents = await datasets.parents(tx, named)  # as they are under the locks of their trees
        new: dict[str, tuple[DatasetPost, str, datetime]] = {}
        for record in batch:
            post = record.tree.posts[0]
            if post.id in known or post.id in new:
                stored.skipped += 1
                continue
            try:
                reply = replies.placed(post, parents.get(str(post.parent)))
            except InvalidRecord as error:
                stored.rejects.extend(_rejects_of(record, error))
            else:
                new[post.id] = (reply, parents[str(post.parent)].tree, _import_time(record, self._now))
        if new:
            await datasets.add_posts(tx, list(new.values()), client=self._client, labels=search.LABELS, now=self._now)
        grown = {tree for _, tree, _ in new.values()}
        for tree in sorted(grown):
            await tree_lifecycle.advance(self._step(tx), tree)
        stored.posts, stored.grown = len(new), len(grown)
        return stored

    async def _add_branches(
        self, tx: Tx, known: Sequence[TreeRecord], known_states: Mapping[str, TreeState], stored: _BatchResult
    ) -> set[str]:
        """Add missing branches to stored trees. Return the ids of the changed trees."""
        ids = {post.id for record in known for post in record.tree.posts}
        stored_posts = await datasets.stored_trees(tx, trees={record.tree.id for record in known}, posts=ids)
        new: dict[str, tuple[DatasetPost, str, datetime]] = {}
        grown: set[str] = set()
        for record in known:
            tree = record.tree
            new_posts = [post for post in tree.posts if post.id not in stored_posts]
            if error := _merge_error(tree, new_posts, stored_posts, known_states[tree.id]):
                stored.rejects.extend(_rejects_of(record, error))
            elif not new_posts:
                stored.skipped += 1
            else:
                moment = _import_time(record, self._now)
                for post in new_posts:
                    branch = _of_lang(replace(post, position=record.line), stored_posts[tree.id].lang)
                    new[post.id] = (branch, tree.id, moment + post.depth * _MICROSECOND)
                preferences.add_stored(stored_posts, new_posts)
                grown.add(tree.id)
        if new:
            await datasets.add_posts(tx, list(new.values()), client=self._client, labels=search.LABELS, now=self._now)
        stored.posts += len(new)
        stored.grown += len(grown)
        return grown

    async def finish(self) -> None:
        """Do what needs all trees: activate some of them, and run the lottery."""
        left = self._options.activate
        for id in sorted(self._candidates, key=self._candidates.__getitem__):
            if left == 0:
                break
            left -= await self._graph.transact(lambda tx, id=id: tree_lifecycle.activate(self._step(tx), id))
        if self._waits_for_lottery:
            await tree_lifecycle.start_waiting_trees(self._context)

    def _step(self, tx: Tx) -> Step:
        return self._context.step(tx)


def _of_lang(post: DatasetPost, lang: str) -> DatasetPost:
    """Return a post with the language of the tree that it joins, whatever its line says."""
    return post if post.lang == lang else replace(post, lang=lang, imported_lang=post.imported_lang or post.lang)


def _import_time(record: TreeRecord, now: datetime) -> datetime:
    """Return the time at which a tree is stored. Times follow the order of the lines."""
    return now + record.line * _MICROSECOND


def _merge_error(
    tree: DatasetTree, new_posts: Sequence[DatasetPost], stored_posts: Mapping[str, StoredTree], state: TreeState
) -> InvalidRecord | None:
    """Return why a tree cannot be merged into the stored one, which is in `state`; None if it can."""
    if error := preferences.conflict(tree.posts, stored_posts):
        return error
    if new_posts and any(post.id in stored_posts and stored_posts[post.id].deleted for post in tree.posts):
        return InvalidRecord(RejectReason.CANNOT_LAND, "it continues a deleted message")
    if any(map(preferences.is_judged, new_posts)) and state is not TreeState.READY_FOR_EXPORT:
        return InvalidRecord(
            RejectReason.CANNOT_LAND,
            f"its tree is stored as {state}: only finished trees take ranks and labels",
        )
    return None


def _merged(tree: DatasetTree, record: TreeRecord) -> DatasetTree | None:
    """Return the tree with the branch that another line adds; None if it adds nothing."""
    have = {post.id for post in tree.posts}
    lang = tree.posts[0].lang
    new_posts = [
        _of_lang(replace(post, position=record.line), lang) for post in record.tree.posts if post.id not in have
    ]
    return replace(tree, posts=[*tree.posts, *new_posts]) if new_posts else None
