"""Trees out of the graph: filtered, under other names if wanted, in a format of `forms`, into files that are split.

Streamed: one tree is in memory, with what the driver reads ahead and, for Parquet, one row group of each split. The
same graph and the same `Export` give the same bytes.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from oa_graph.errors import CannotExport
from oa_graph.exchange import manifest, oasst
from oa_graph.exchange.anonymous import Disguise
from oa_graph.exchange.counts import Counts
from oa_graph.exchange.files import writing
from oa_graph.exchange.filters import Filters, Which
from oa_graph.exchange.forms import Choices, Cut, Form, form
from oa_graph.exchange.manifest import Tally, Written
from oa_graph.exchange.sinks import Column, Measured, Packing, Sink, recording, recording_file
from oa_graph.graph import exchange
from oa_graph.graph.exchange import FiledPost, FiledTree
from oa_graph.graph.session import Graph
from oa_graph.model import TreeState
from oa_graph.policy import ranking

_STANDARD = Path("-")
_MARK = "{split}"

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Export:
    """What to export, and how."""

    form: str = "trees"
    filters: Filters = field(default_factory=Filters)
    choices: Choices = field(default_factory=Choices)
    disguise: Disguise = field(default_factory=Disguise)
    packing: Packing | None = None
    """None: as the name of the file says."""
    splits: Mapping[str, float] = field(default_factory=dict[str, float])
    """Shares by name. A tree falls into the same one in every format, and however the graph grows."""
    manifest: bool = True
    """Whether to write a manifest and a card beside a file."""
    licence: str | None = None
    """SPDX name, for the card."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    trees: int
    posts: int
    """Of those trees, that came along."""
    records: int
    skipped: int
    """Trees that the filters leave out."""
    files: Sequence[Written]
    beside: Sequence[Path]
    """Manifest, card and the like."""


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
    filters = Filters(
        states=None if states is None else frozenset(states),
        langs=None if lang is None else frozenset({lang}),
        deleted=Which.INCLUDE if include_deleted else Which.EXCLUDE,
        rejected=Which.INCLUDE if include_rejected else Which.EXCLUDE,
        synthetic=Which.INCLUDE if include_synthetic else Which.EXCLUDE,
    )
    trees = posts = skipped = 0
    with writing(to) as file:
        async with aclosing(_found(graph, filters)) as found:
            async for tree in found:
                kept = arranged(tree.posts, filters)
                if not kept or (not include_synthetic and any(post.synthetic for post in kept)):
                    skipped += 1
                    continue
                tree.posts = kept
                file.write(oasst.render(tree) + b"\n")
                trees += 1
                posts += len(kept)
                if on_progress:
                    on_progress(posts)
    return Counts(trees=trees, posts=posts, skipped=skipped)


def _found(graph: Graph, filters: Filters, *, by_people: bool = False) -> AsyncGenerator[FiledTree, None]:
    return exchange.filed_trees(
        graph,
        states=frozenset(TreeState) if filters.states is None else filters.states,
        langs=filters.langs,
        since=filters.since,
        until=filters.until,
        without=filters.unheard,
        by_people=by_people,
    )


def arranged(posts: Sequence[FiledPost], filters: Filters) -> list[FiledPost]:
    """The posts to be written, each before its replies; among these the best first, the unranked last.

    Where ranks do not decide, the order of the file does that the tree came from, then age.
    """
    replies: dict[str | None, list[FiledPost]] = {}
    for post in posts:
        if filters.keeps(post):
            if post.parent in replies:
                replies[post.parent].append(post)
            else:
                replies[post.parent] = [post]
    for siblings in replies.values():
        if len(siblings) > 1:
            siblings.sort(key=_place, reverse=True)
    found: list[FiledPost] = []
    waiting = replies.get(None, [])
    while waiting:
        post = waiting.pop()
        found.append(post)
        if post.id in replies:
            waiting.extend(replies[post.id])
    return found


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _place(post: FiledPost) -> tuple[object, ...]:
    ranked = (1, 0) if post.rank is None else (0, post.rank)
    from_file = (1, 0) if post.position is None else (0, post.position)
    return (*ranked, *from_file, post.created or _LONG_AGO, post.id)


async def export(graph: Graph, to: BinaryIO | Path, wanted: Export, *, on_progress: Progress | None = None) -> Exported:
    """Writes the records of the trees that pass, into one file or, with `{split}` in its name, into one for each split.

    `on_progress` is told after each tree how many posts were written so far. Raises CannotExport, OSError,
    StoreUnavailable.
    """
    made = form(wanted.form)
    packing = wanted.packing or (Packing.of(to.name) if isinstance(to, Path) else Packing.PLAIN)
    if packing is Packing.PARQUET and not made.columns:
        raise CannotExport(why=f"{made.name} are as deep as they are and fit no Parquet schema; take messages")
    places = _places(to, wanted.splits)
    with ExitStack() as stack:
        sinks: dict[str, tuple[Sink, Measured]] = {}
        for split, place in places.items():
            sinks[split] = stack.enter_context(_opened(place, packing, made.shown(wanted.choices)))
        work = _Work(graph, wanted, made, packing, {split: sink for split, (sink, _) in sinks.items()})
        await work.run(on_progress)
    files = [
        Written(
            name=place.name if isinstance(place, Path) and place != _STANDARD else "",
            split=split,
            bytes=sinks[split][1].size,
            sha256=sinks[split][1].sha256,
            tally=work.tallies[split],
        )
        for split, place in places.items()
    ]
    beside: list[Path] = []
    if wanted.manifest and isinstance(to, Path) and to != _STANDARD:
        beside = manifest.write(
            to.with_name(to.name.replace(_MARK, "")),
            manifest.About(made, wanted.filters, wanted.choices, wanted.disguise, wanted.splits, packing),
            files,
            licence=wanted.licence,
        )
    total = [each.tally for each in files]
    return Exported(
        trees=sum(each.trees for each in total),
        posts=sum(each.posts for each in total),
        records=sum(each.records for each in total),
        skipped=work.skipped,
        files=files,
        beside=beside,
    )


def _places(to: BinaryIO | Path, splits: Mapping[str, float]) -> dict[str, BinaryIO | Path]:
    """Where each split goes; the split of an export that has none is called train, as readers expect."""
    if not splits:
        return {"train": to}
    if any(share <= 0 for share in splits.values()) or sum(splits.values()) > 1 + 1e-9:
        raise CannotExport(why="the shares of splits have to be above 0 and to come to 1 at most")
    if not isinstance(to, Path) or _MARK not in to.name:
        raise CannotExport(why=f"several splits need a file name with {_MARK} in it")
    return {split: to.with_name(to.name.replace(_MARK, split)) for split in splits}


@contextmanager
def _opened(place: BinaryIO | Path, packing: Packing, columns: Sequence[Column]) -> Generator[tuple[Sink, Measured]]:
    if isinstance(place, Path) and place != _STANDARD:
        with recording_file(place, packing, columns) as found:
            yield found
    else:
        stream = sys.stdout.buffer if isinstance(place, Path) else place
        with recording(stream, packing, columns) as found:
            yield found
        stream.flush()


def split_of(tree: str, splits: Mapping[str, float]) -> str | None:
    """The split of a tree, by its id alone; None: it falls beyond the shares, which need not come to 1."""
    if not splits:
        return "train"
    at = int.from_bytes(hashlib.sha256(tree.encode()).digest()[:8]) / 2**64
    end = 0.0
    for split, share in splits.items():
        end += share
        if at < end:
            return split
    return list(splits)[-1] if end > 1 - 1e-9 else None


class _Work:
    """One export on its way."""

    def __init__(self, graph: Graph, wanted: Export, made: Form, packing: Packing, sinks: Mapping[str, Sink]) -> None:
        self._graph = graph
        self._wanted = wanted
        self._form = made
        self._packing = packing
        self._sinks = sinks
        self.tallies = {split: Tally() for split in sinks}
        self.skipped = 0

    async def run(self, on_progress: Progress | None) -> None:
        wanted = self._wanted
        by_people = self._form.ranked or wanted.choices.events or bool(wanted.filters.unheard)
        trees = posts = 0
        async with aclosing(_found(self._graph, wanted.filters, by_people=by_people)) as found:
            async for tree in found:
                if trees == wanted.filters.limit:
                    break
                split = split_of(tree.id, wanted.splits)
                cut = None if split is None else self._cut(tree)
                if cut is None or split is None:
                    self.skipped += 1
                    continue
                self._write(cut, split, tree.posts[0].lang)
                trees += 1
                posts += len(cut.tree.posts)
                if on_progress:
                    on_progress(posts)

    def _cut(self, tree: FiledTree) -> Cut | None:
        filters = self._wanted.filters
        if filters.unheard:
            reranked(tree.posts)
        if filters.picking and not self._form.needs_context:
            tree.posts = [post for post in arranged(tree.posts, _everything(filters)) if filters.keeps(post)]
        else:
            tree.posts = arranged(tree.posts, filters)
        if filters.synthetic is Which.EXCLUDE and any(post.synthetic for post in tree.posts):
            return None
        picked = [place for place, post in enumerate(tree.posts) if filters.picks(post)]
        if not picked:
            return None
        worn = self._wanted.disguise.put_on(tree)
        ids = frozenset(worn.posts[place].id for place in picked) if filters.picking else None
        return Cut(worn, ids, self._wanted.choices, self._packing)

    def _write(self, cut: Cut, split: str, lang: str) -> None:
        sink, tally = self._sinks[split], self.tallies[split]
        records = 0
        for record in self._form.records(cut):
            sink.write(record)
            records += 1
        tally.add(lang, posts=len(cut.tree.posts), records=records)


def _everything(filters: Filters) -> Filters:
    return Filters(deleted=Which.INCLUDE, rejected=Which.INCLUDE, synthetic=filters.synthetic)


def reranked(posts: Sequence[FiledPost]) -> None:
    """Gives replies that people here ranked the ranks of the rankings that are left; none where none is left.

    Ranks that came with an import tell of no people and stay.
    """
    by_id = {post.id: post for post in posts}
    replies: dict[str, list[FiledPost]] = {}
    for post in posts:
        if post.parent is not None:
            replies.setdefault(post.parent, []).append(post)
    for parent, below in replies.items():
        above = by_id[parent]
        if above.margin is None and not above.rankings:
            continue
        orders = [
            [id for id in each.order if by_id[id].accepted and not by_id[id].deleted]
            for each in above.rankings
            if not each.not_rankable
        ]
        found = ranking.consensus(orders, not_rankable=sum(each.not_rankable for each in above.rankings))
        places = {id: place for place, id in enumerate(found.order)} if found else {}
        for post in below:
            post.rank = places.get(post.id)
