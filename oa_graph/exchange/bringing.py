"""Trees of files on their way into the graph."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import BinaryIO

from oa_graph import boards, lifecycle
from oa_graph.errors import InvalidFile
from oa_graph.exchange import bounds, formats, identity, landing, oasst, preferences
from oa_graph.exchange.counts import CLIENT, Counts, Progress
from oa_graph.exchange.formats import WITHOUT_IDS, Defaults, Format
from oa_graph.exchange.landing import Into
from oa_graph.exchange.refusals import OnRefused, Reason, Refused, Unfit, refused
from oa_graph.exchange.rows import Found, opened
from oa_graph.graph import exchange
from oa_graph.graph.exchange import FiledPost, FiledTree, Standing
from oa_graph.graph.session import Graph, Taken, Tx
from oa_graph.lifecycle import Moment
from oa_graph.model import Limits, TreeState
from oa_graph.policy import growth, search

_BATCH = 1000
"""Posts of one transaction, at least: a tree is never cut."""
_BATCH_BYTES = 4 * 2**20
"""Or so many bytes, by `bounds.size`."""

_IN_FLIGHT = 2
"""Transactions at once: while one waits for its locks or its commit, the other keeps the server busy."""

_MICROSECOND = timedelta(microseconds=1)

WANT_SOMETHING = growth.ACTIVE | {TreeState.PROMPT_LOTTERY_WAITING}
"""The states in which people are asked for something, or something falls due."""

_LOOKED_AT = 20
"""Trees that are looked at for each that shall be activated, for not all can be ranked."""

Batch = list[Found | Refused]


@dataclass(frozen=True, slots=True)
class Wish:
    """How a file is to be taken."""

    format: Format | None = None
    """None: it is recognised."""
    into: Into | None = None
    """What its trees become. None: `state`; or what the file says; else prompts enter the lottery and all else is
    finished."""
    state: TreeState | None = None
    """The state of all trees, whatever the file says and whether or not they are fit for it."""
    activate: int = 0
    """The first so many trees of those that land in the backlog and can be ranked are ranked at once."""
    limit: int | None = None
    """Takes only so many trees from the beginning of the file."""
    longest: int | None = None
    """Characters that a text may have."""
    closed_langs: tuple[str, ...] = ()
    """Languages in which no prompts come to people; see `Limits.init_prompt_disabled_langs`."""
    defaults: Defaults = field(default_factory=Defaults)


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that is open."""

    name: str
    """For people."""
    format: Format
    items: Iterator[Found | Refused]
    """Its trees as they shall land."""


async def import_trees(
    graph: Graph,
    source: BinaryIO | Path,
    *,
    limits: Limits,
    state: TreeState | None = None,
    wish: Wish | None = None,
    rejects: OnRefused | None = None,
    client: str = CLIENT,
    rng: Random | None = None,
    on_progress: Progress | None = None,
) -> Counts:
    """Takes in the trees of a file; what is known is skipped, so a broken import is simply run again.

    `wish` says how the file is to be taken; `state` is short for a wish of nothing else. A tree that people are to work
    on gets its places opened at once. `limits` bounds trees that still grow. `on_progress` is told after each
    transaction how many posts of the file are done.

    `rejects` is told of each line that cannot be taken, and the others are taken all the same. Without it raises
    InvalidFile at the first such line: nothing of that line is stored, all lines before it are; of single messages only
    those whose trees had left the window (see `messages`). A file that is torn raises InvalidFile in any case, as does
    one whose format cannot be recognised.
    """
    wish = replace(wish or Wish(state=state), closed_langs=limits.init_prompt_disabled_langs)
    with reading(source, wish) as file:
        return await bring(
            graph, file, wish, limits=limits, rejects=rejects, client=client, rng=rng, on_progress=on_progress
        )


async def bring(
    graph: Graph,
    file: Reading,
    wish: Wish,
    *,
    limits: Limits,
    rejects: OnRefused | None,
    client: str = CLIENT,
    rng: Random | None = None,
    on_progress: Progress | None = None,
) -> Counts:
    """`import_trees` of a file that is open."""
    bringing = _Bringing(graph, limits, client, rng or Random(), file.name, wish, file.format, rejects, on_progress)
    async with aclosing(_ahead(_batches(file, strict=rejects is None))) as batches:
        await bringing.take_all(batches)
    await bringing.finish()
    return bringing.counts()


def look_through(
    source: BinaryIO | Path,
    *,
    wish: Wish | None = None,
    rejects: OnRefused | None = None,
    on_progress: Progress | None = None,
) -> Counts:
    """What `import_trees` would make of a file in an empty graph; remembers the ids of the posts, and no texts.

    Raises InvalidFile as that does.
    """
    wish = wish or Wish()
    told = _Told(rejects)
    with reading(source, wish) as file:
        rehearsal = _Rehearsal(merges=file.format in WITHOUT_IDS, told=told)
        for batch in _batches(file, strict=rejects is None):
            for each in batch:
                if isinstance(each, Refused):
                    told(each)
                else:
                    rehearsal.take(each)
            if on_progress:
                on_progress(rehearsal.posts)
    return Counts(
        rehearsal.trees,
        rehearsal.posts,
        rehearsal.skipped,
        rejected=told.counts(),
        notes=_sorted(rehearsal.notes),
        format=file.format.value,
    )


@dataclass(slots=True)
class _Rehearsal:
    """What becomes of trees in a graph that is empty at first."""

    merges: bool
    told: _Told
    trees: int = 0
    posts: int = 0
    skipped: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set[str])
    """Ids of trees."""
    _standing: dict[str, Standing] = field(default_factory=dict[str, Standing])
    """Posts of trees to which others may be joined."""

    def take(self, found: Found) -> None:
        self.notes.update(found.notes)
        tree = found.tree
        is_new = tree.id not in self._seen
        fresh = [post for post in tree.posts if post.id not in self._standing]
        if not is_new and self.merges and (error := preferences.conflict(tree.posts, self._standing)):
            for refusal in _refused(found, error):
                self.told(refusal)
        elif is_new or (self.merges and fresh):
            self._add(tree, fresh)
        else:
            self.skipped += 1

    def _add(self, tree: FiledTree, fresh: Sequence[FiledPost]) -> None:
        self.trees += tree.id not in self._seen
        self.posts += len(fresh)
        self._seen.add(tree.id)
        if self.merges:
            preferences.add_standing(self._standing, fresh)


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return {name: times for name, times in sorted(counter.items()) if times}


class _Told:
    """Passes on what is refused, and counts it."""

    def __init__(self, rejects: OnRefused | None) -> None:
        self._rejects = rejects
        self._counter: Counter[str] = Counter()

    def __call__(self, refused: Refused) -> None:
        self._counter[refused.reason] += 1
        if self._rejects:
            self._rejects(refused)

    def counts(self) -> dict[str, int]:
        return _sorted(self._counter)


@contextmanager
def reading(source: BinaryIO | Path, wish: Wish) -> Generator[Reading]:
    """Opens a file. Raises InvalidFile when nothing tells its format, and on the way where it is torn; OSError."""
    with opened(source) as rows:
        format, rows = (wish.format, rows) if wish.format else formats.recognised(rows)
        yield Reading(rows.name, format, _items(rows.rows, rows.name, format, wish))


def _items(rows: Iterator[formats.Row], file: str, format: Format, wish: Wish) -> Iterator[Found | Refused]:
    """The trees of a file as they shall land."""
    read = formats.reader(format, Path(file).name, state=wish.state, defaults=wish.defaults)
    taken = 0
    for each in read(rows):
        if isinstance(each, Refused):
            yield each
            continue
        try:
            if wish.longest is not None:
                landing.check_lengths(each.tree.posts, wish.longest)
            bounds.check(each.tree)
            if wish.into is not None:
                each.tree = landing.landed(each.tree, wish.into, whole=format not in WITHOUT_IDS)
            landing.check_lang(each.tree, wish.closed_langs)
            each.tree = identity.canonical(each.tree)
        except Unfit as error:
            yield from _refused(each, error)
            continue
        yield each
        taken += 1
        if taken == wish.limit:
            return


def _refused(found: Found, error: Unfit) -> Iterator[Refused]:
    for line, row in found.rows:
        yield refused(error, line, row)


def _batches(file: Reading, *, strict: bool) -> Generator[Batch]:
    """The trees of a file, as many at a time as are worth a transaction; the good lines before a bad one first."""
    batch: Batch = []
    waiting = size = 0
    try:
        for each in file.items:
            if isinstance(each, Refused):
                if strict:
                    raise InvalidFile(file=file.name, line=each.line, why=each.why)
                waiting += 1
            else:
                waiting += len(each.tree.posts)
                size += bounds.size(each.tree)
            batch.append(each)
            if waiting >= _BATCH or size >= _BATCH_BYTES:
                yield batch
                batch, waiting, size = [], 0, 0
    except InvalidFile:
        yield batch
        raise
    yield batch


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


@dataclass(slots=True)
class _Stored:
    """What came of a batch."""

    trees: list[FiledTree] = field(default_factory=list[FiledTree])
    posts: int = 0
    grown: int = 0
    skipped: int = 0
    refused: list[Refused] = field(default_factory=list[Refused])


class _Bringing:
    """The trees of one file on their way in, and what became of them."""

    def __init__(
        self,
        graph: Graph,
        limits: Limits,
        client: str,
        rng: Random,
        file: str,
        wish: Wish,
        format: Format,
        rejects: OnRefused | None,
        on_progress: Progress | None,
    ) -> None:
        self._graph = graph
        self._limits = limits
        self._client = client
        self._rng = rng
        self._file = file
        self._wish = wish
        self._format = format
        self._merges = format in WITHOUT_IDS
        self._notes: Counter[str] = Counter()
        self._strict = rejects is None
        self._told = _Told(rejects)
        self._on_progress = on_progress
        self._now = datetime.now(UTC)
        self._trees = self._posts = self._grown = self._skipped = self._done = 0
        self._kept_as_is: Counter[str] = Counter()
        self._first: dict[str, int] = {}
        """Trees that may be activated, each with its line."""
        self._waits_for_lottery = False

    def counts(self) -> Counts:
        return Counts(
            self._trees,
            self._posts,
            self._skipped,
            _sorted(self._kept_as_is),
            grown=self._grown,
            rejected=self._told.counts(),
            notes=_sorted(self._notes),
            format=self._format.value,
        )

    async def take_all(self, batches: AsyncIterator[Batch]) -> None:
        """Stores batches, some at once; of those that had begun when one fails, the others come to their end."""
        room = asyncio.Semaphore(_IN_FLIGHT)
        running: set[asyncio.Task[None]] = set()

        async def store(batch: Batch) -> None:
            try:
                await self.take(batch)
            finally:
                room.release()

        try:
            while True:
                await room.acquire()
                batch = await anext(batches, None)
                if batch is None:
                    break
                running.add(asyncio.create_task(store(batch)))
                done = {each for each in running if each.done()}
                running -= done
                for each in done:
                    each.result()
        finally:
            ended = await asyncio.gather(*running, return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException):
                raise each

    async def take(self, batch: Batch) -> None:
        """Stores a batch. Raises InvalidFile for a message that another tree has, unless that may be told."""
        found = [each for each in batch if isinstance(each, Found)]
        for each in batch:
            if isinstance(each, Refused):
                self._told(each)
        try:
            await self._store(found)
        except Taken:  # one of them: the others must not suffer
            for each in found:
                await self._store_alone(each)
        for each in found:
            self._notes.update(each.notes)
        self._done += sum(len(each.tree.posts) for each in found)
        if self._on_progress and found:
            self._on_progress(self._done)

    async def _store_alone(self, found: Found) -> None:
        try:
            await self._store([found])
        except Taken as error:
            if await exchange.known(self._graph, [found.tree.id]):  # another import was faster
                await self._store([found])
                return
            why = f"another tree in the graph has a message of this one: {error}"
            if self._strict:
                raise InvalidFile(file=self._file, line=found.line, why=why) from error
            for each in _refused(found, Unfit(Reason.ID_TAKEN, why)):
                self._told(each)

    async def _store(self, batch: Sequence[Found]) -> None:
        if not batch:
            return
        stored = await self._graph.transact(lambda tx: self._work(tx, batch))
        self._trees += len(stored.trees)
        self._posts += stored.posts
        self._grown += stored.grown
        self._skipped += stored.skipped
        for tree in stored.trees:
            self._kept_as_is.update(oasst.kept_as_is(tree))
            self._waits_for_lottery |= tree.state is TreeState.PROMPT_LOTTERY_WAITING
        for each in batch:
            if len(self._first) < self._wish.activate * _LOOKED_AT and each.tree.state is TreeState.BACKLOG_RANKING:
                self._first.setdefault(each.tree.id, each.line)
        for each in stored.refused:
            if self._strict:
                raise InvalidFile(file=self._file, line=each.line, why=each.why)
            self._told(each)

    async def _work(self, tx: Tx, batch: Sequence[Found]) -> _Stored:
        here = await exchange.known(tx, [each.tree.id for each in batch])
        stored = _Stored()
        new: dict[str, tuple[FiledTree, datetime]] = {}
        known: list[Found] = []
        for each in batch:
            tree = each.tree
            if tree.id in here:
                known.append(each)
            elif tree.id not in new:
                new[tree.id] = (tree, moment_of(each, self._now))
            elif self._merges and (error := preferences.conflict_with(tree.posts, new[tree.id][0].posts)):
                stored.refused.extend(_refused(each, error))
            elif self._merges and (joined := _joined(new[tree.id][0], each)):
                new[tree.id] = (joined, new[tree.id][1])
            else:
                stored.skipped += 1
        if new:
            of_people = await exchange.store(
                tx,
                list(new.values()),
                client=self._client,
                labels=search.LABELS,
                limits=self._limits,
                now=self._now,
            )
            await boards.credit_authors(tx, of_people)
        stored.trees = [tree for tree, _ in new.values()]
        stored.posts = sum(len(tree.posts) for tree in stored.trees)
        changed = {tree.id: tree.state for tree in stored.trees}
        if known and self._merges:
            grown = await self._graft(tx, known, here, stored)
            changed |= {id: here[id] for id in grown}
        else:
            stored.skipped += len(known)
        at = self._at(tx)
        for id, state in sorted(changed.items()):
            if state in WANT_SOMETHING:
                await lifecycle.advance(at, id)
        return stored

    async def _graft(self, tx: Tx, known: Sequence[Found], here: Mapping[str, TreeState], stored: _Stored) -> set[str]:
        """Adds to trees that are here, each with its state, what they lack; returns which have changed."""
        ids = {post.id for each in known for post in each.tree.posts}
        standing = await exchange.standing(tx, trees={each.tree.id for each in known}, posts=ids)
        new: dict[str, tuple[FiledPost, str, datetime]] = {}
        grown: set[str] = set()
        for each in known:
            tree = each.tree
            fresh = [post for post in tree.posts if post.id not in standing]
            if error := _misfit(tree, fresh, standing, here[tree.id]):
                stored.refused.extend(_refused(each, error))
            elif not fresh:
                stored.skipped += 1
            else:
                moment = moment_of(each, self._now)
                for post in fresh:
                    branch = _of_lang(replace(post, position=each.line), standing[tree.id].lang)
                    new[post.id] = (branch, tree.id, moment + post.depth * _MICROSECOND)
                preferences.add_standing(standing, fresh)
                grown.add(tree.id)
        if new:
            await exchange.graft(tx, list(new.values()), client=self._client, labels=search.LABELS, now=self._now)
        stored.posts += len(new)
        stored.grown += len(grown)
        return grown

    async def finish(self) -> None:
        """What can only be done once all trees are in: some are activated, and the lottery draws."""
        left = self._wish.activate
        for id in sorted(self._first, key=self._first.__getitem__):
            if left == 0:
                break
            left -= await self._graph.transact(lambda tx, id=id: lifecycle.activate(self._at(tx), id))
        if self._waits_for_lottery:
            await lifecycle.tend(self._graph, self._limits, now=self._now, rng=self._rng)

    def _at(self, tx: Tx) -> Moment:
        return Moment(tx, self._limits, self._now, self._rng)


def _of_lang(post: FiledPost, lang: str) -> FiledPost:
    """A post that joins a tree of this language, whatever the language of its line."""
    return post if post.lang == lang else replace(post, lang=lang, imported_lang=post.imported_lang or post.lang)


def moment_of(found: Found, now: datetime) -> datetime:
    """When a tree of a file comes here: in the order of its lines."""
    return now + found.line * _MICROSECOND


def _misfit(
    tree: FiledTree, fresh: Sequence[FiledPost], standing: Mapping[str, Standing], state: TreeState
) -> Unfit | None:
    """Why a tree cannot be joined to the one that is here, in this state; None: it can. `fresh`: what it would add."""
    if error := preferences.conflict(tree.posts, standing):
        return error
    if fresh and any(post.id in standing and standing[post.id].deleted for post in tree.posts):
        return Unfit(Reason.CANNOT_LAND, "what it goes on from was deleted here")
    if any(map(preferences.is_judged, fresh)) and state is not TreeState.READY_FOR_EXPORT:
        return Unfit(
            Reason.CANNOT_LAND, f"its tree is here and {state}: ranks and labels come in only where it is done"
        )
    return None


def _joined(tree: FiledTree, found: Found) -> FiledTree | None:
    """The tree with the branch that another line adds; None: it adds nothing."""
    have = {post.id for post in tree.posts}
    lang = tree.posts[0].lang
    fresh = [_of_lang(replace(post, position=found.line), lang) for post in found.tree.posts if post.id not in have]
    return replace(tree, posts=[*tree.posts, *fresh]) if fresh else None
