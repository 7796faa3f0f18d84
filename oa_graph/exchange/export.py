"""Export trees as a dataset: filtered, with pseudonyms if wanted, in a format of `forms`, into files that are split.

Streamed: one tree is in memory, with what the driver reads ahead and, for Parquet, one row group of each split. The
same graph and the same `Export` give the same bytes.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from oa_graph.errors import CannotExport
from oa_graph.exchange import manifest
from oa_graph.exchange.anonymous import Disguise
from oa_graph.exchange.counts import Counts, LeftOut
from oa_graph.exchange.filters import Filters, Which, check_name, listed
from oa_graph.exchange.forms import Choices, Cut, Form, form
from oa_graph.exchange.manifest import SPLIT, Tally, Written
from oa_graph.exchange.sinks import Column, Measured, Packing, Sink, recording, recording_file
from oa_graph.graph import exchange
from oa_graph.graph.exchange import FiledPost, FiledTree, TreeCount
from oa_graph.graph.session import Graph
from oa_graph.model import TreeState
from oa_graph.plural import counted
from oa_graph.policy import ranking

_STANDARD = Path("-")

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
    left_out: LeftOut
    files: Sequence[Written]
    beside: Sequence[Path]
    """Manifest, card and the like."""
    warnings: Sequence[str]
    """Names that are valid and absent in the graph, and why nothing was exported."""


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
    each tree how many posts were written so far. Raises CannotExport, OSError, StoreUnavailable.
    """
    filters = Filters(
        states=None if states is None else frozenset(states),
        langs=None if lang is None else frozenset({lang}),
        deleted=Which.INCLUDE if include_deleted else Which.EXCLUDE,
        rejected=Which.INCLUDE if include_rejected else Which.EXCLUDE,
        synthetic=Which.INCLUDE if include_synthetic else Which.EXCLUDE,
    )
    done = await export(graph, to, Export(filters=filters, manifest=False), on_progress=on_progress)
    return Counts(trees=done.trees, posts=done.posts, skipped=done.left_out.by_posts)


def _found(graph: Graph, filters: Filters, *, by_people: bool) -> AsyncGenerator[FiledTree, None]:
    return exchange.filed_trees(
        graph,
        states=frozenset(TreeState) if filters.states is None else frozenset(map(TreeState, filters.states)),
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
    """Write the records of the trees that pass, into one file or, with `{split}` in its name, into one for each split.

    `on_progress` is called after each tree with the number of posts written so far. Raise CannotExport, also for a
    label, user, state or choice that there is not and a malformed language tag; OSError; StoreUnavailable.
    """
    made = form(wanted.form)
    packing = _packing(to, wanted, made)
    held = await exchange.tree_counts(graph, since=wanted.filters.since, until=wanted.filters.until)
    wanted = replace(wanted, filters=await _checked(graph, wanted, held))
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
    left_out = _left_out(held, wanted.filters, work)
    beside: list[Path] = []
    if wanted.manifest and isinstance(to, Path) and to != _STANDARD:
        about = manifest.About(
            made, wanted.filters, wanted.choices, wanted.disguise, wanted.splits, packing, left_out, wanted.licence
        )
        beside = manifest.write(to, about, files)
    total = [each.tally for each in files]
    done = Exported(
        trees=sum(each.trees for each in total),
        posts=sum(each.posts for each in total),
        records=sum(each.records for each in total),
        left_out=left_out,
        files=files,
        beside=beside,
        warnings=_absent(held, wanted.filters, work),
    )
    return done if done.records else replace(done, warnings=[*done.warnings, _why_empty(done, wanted, made)])


def _why_empty(done: Exported, wanted: Export, made: Form) -> str:
    reasons = done.left_out.reasons()
    if done.trees:
        reasons.append(f"{counted(done.trees, 'tree')} without a record of this format ({made.gist})")
    if not reasons:
        reasons.append("the limit is 0" if wanted.filters.limit == 0 else "the graph has no trees")
    return f"nothing was exported: {'; '.join(reasons)}"


def _packing(to: BinaryIO | Path, wanted: Export, made: Form) -> Packing:
    packing = wanted.packing or (Packing.of(to.name) if isinstance(to, Path) else Packing.PLAIN)
    check_name("way of writing", packing, [*Packing])
    if packing == Packing.PARQUET and not made.columns:
        raise CannotExport(why=f"{made.name} are as deep as they are and fit no Parquet schema; take messages")
    return Packing(packing)


async def _checked(graph: Graph, wanted: Export, held: Sequence[TreeCount]) -> Filters:
    """Return the filters as the graph understands them. Raise CannotExport for a name that there is not."""
    filters = wanted.filters
    wanted.choices.check()
    if users := filters.users | filters.without:
        for id, named in (await exchange.unknown_users(graph, users)).items():
            near = f" (it is a name of {', '.join(named)})" if named else ""
            raise CannotExport(why=f"there is no user {id}{near}")
    labels = await exchange.label_names(graph) if filters.bounded else ()
    return filters.checked(labels=labels, langs=_langs(held))


def _langs(held: Sequence[TreeCount]) -> list[str]:
    """The languages that have trees."""
    return sorted({count.lang for count in held})


def _left_out(held: Sequence[TreeCount], filters: Filters, work: _Work) -> LeftOut:
    by_lang = by_date = 0
    by_state: Counter[str] = Counter()
    for count in held:
        if filters.langs is not None and count.lang not in filters.langs:
            by_lang += count.trees
            continue
        by_date += count.trees - count.dated
        if filters.states is not None and count.state not in filters.states and count.dated:
            by_state[count.state.value] += count.dated
    return LeftOut(by_lang, by_date, dict(sorted(by_state.items())), work.by_posts, work.by_split)


def _absent(held: Sequence[TreeCount], filters: Filters, work: _Work) -> list[str]:
    """A warning for each name of a filter that is valid and that nothing bears."""
    langs = _langs(held)
    absent = sorted(frozenset[str](filters.langs or ()).difference(langs))
    unseen = sorted(work.unseen) if work.looked_at else []
    return [
        *(f"no tree is in language {lang}{listed('the graph has', langs)}" for lang in absent),
        *(f"no post of these trees has the label {label}" for label in unseen),
    ]


def _places(to: BinaryIO | Path, splits: Mapping[str, float]) -> dict[str, BinaryIO | Path]:
    """Where each split goes; the split of an export that has none is called train, as readers expect."""
    if not splits:
        return {"train": to}
    if any(share <= 0 for share in splits.values()) or sum(splits.values()) > 1 + 1e-9:
        raise CannotExport(why="the shares of splits have to be above 0 and to come to 1 at most")
    if not isinstance(to, Path) or SPLIT not in to.name:
        raise CannotExport(why=f"several splits need a file name with {SPLIT} in it")
    return {split: to.with_name(to.name.replace(SPLIT, split)) for split in splits}


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
        self.by_posts = self.by_split = 0
        """Trees that are left out; see `LeftOut`."""
        self.looked_at = 0
        """Trees."""
        self.unseen = wanted.filters.bounded
        """Labels that the filters bound and no post has had so far."""

    async def run(self, on_progress: Progress | None) -> None:
        wanted = self._wanted
        by_people = self._form.ranked or wanted.choices.events or bool(wanted.filters.unheard)
        trees = posts = 0
        async with aclosing(_found(self._graph, wanted.filters, by_people=by_people)) as found:
            async for tree in found:
                if trees == wanted.filters.limit:
                    break
                self.looked_at += 1
                if self.unseen:
                    self.unseen -= {label for post in tree.posts for label in post.labels or ()}
                split = split_of(tree.id, wanted.splits)
                if split is None:
                    self.by_split += 1
                    continue
                origin = tree.origin  # which a disguise takes away
                cut = self._cut(tree)
                if cut is None:
                    self.by_posts += 1
                    continue
                self._write(cut, split, origin)
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
        if filters.synthetic == Which.EXCLUDE and any(post.synthetic for post in tree.posts):
            return None
        picked = [place for place, post in enumerate(tree.posts) if filters.picks(post)]
        if not picked:
            return None
        worn = self._wanted.disguise.put_on(tree)
        ids = frozenset(worn.posts[place].id for place in picked) if filters.picking else None
        return Cut(worn, ids, self._wanted.choices, self._packing)

    def _write(self, cut: Cut, split: str, origin: str | None) -> None:
        sink, tally = self._sinks[split], self.tallies[split]
        records = 0
        for record in self._form.records(cut):
            sink.write(record)
            records += 1
        tally.add(cut.tree, origin=origin, records=records)


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
