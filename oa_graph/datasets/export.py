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

from oa_graph.datasets import manifest
from oa_graph.datasets.counts import ExcludedTrees, ImportCounts
from oa_graph.datasets.export_formats import Choices, ExportFormat, SelectedTree, export_format
from oa_graph.datasets.filters import Filters, PostStatus, check_name, listed
from oa_graph.datasets.manifest import SPLIT, FileTally, WrittenFile
from oa_graph.datasets.pseudonyms import Pseudonymizer
from oa_graph.datasets.writers import (
    Column,
    Compression,
    CountingWriter,
    RecordWriter,
    record_file_writer,
    record_writer,
)
from oa_graph.domain.trees import TreeState
from oa_graph.errors import CannotExport
from oa_graph.graph import datasets
from oa_graph.graph.datasets import DatasetPost, DatasetTree, TreeCount
from oa_graph.graph.session import Graph
from oa_graph.plural import counted
from oa_graph.policy import ranking

_STANDARD = Path("-")

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Export:
    """What to export, and how."""

    format: str = "trees"
    filters: Filters = field(default_factory=Filters)
    choices: Choices = field(default_factory=Choices)
    pseudonymizer: Pseudonymizer = field(default_factory=Pseudonymizer)
    compression: Compression | None = None
    """None: as the name of the file says."""
    splits: Mapping[str, float] = field(default_factory=dict[str, float])
    """Shares by name. A tree falls into the same one in every format, and however the graph grows."""
    manifest: bool = True
    """Whether to write a manifest and a card beside a file."""
    licence: str | None = None
    """SPDX name, for the card."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What was written."""

    trees: int
    posts: int
    """Of those trees, that came along."""
    records: int
    excluded: ExcludedTrees
    files: Sequence[WrittenFile]
    companion_files: Sequence[Path]
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
) -> ImportCounts:
    """Write trees, one a line, in the order in which they were stored.

    The same graph gives the same bytes. With a message that is left out go the replies below it, and with a prompt the
    tree. `states` None: all. `lang`: of the prompt. `include_rejected`: also messages that are still under review.
    `include_synthetic` False: no tree in which a message comes from a model. `on_progress` is told after
    each tree how many posts were written so far. Raise CannotExport, OSError, StoreUnavailable.
    """
    filters = Filters(
        states=None if states is None else frozenset(states),
        langs=None if lang is None else frozenset({lang}),
        deleted=PostStatus.INCLUDE if include_deleted else PostStatus.EXCLUDE,
        rejected=PostStatus.INCLUDE if include_rejected else PostStatus.EXCLUDE,
        synthetic=PostStatus.INCLUDE if include_synthetic else PostStatus.EXCLUDE,
    )
    result = await export(graph, to, Export(filters=filters, manifest=False), on_progress=on_progress)
    return ImportCounts(trees=result.trees, posts=result.posts, skipped=result.excluded.by_posts)


def _matching_trees(graph: Graph, filters: Filters, *, by_people: bool) -> AsyncGenerator[DatasetTree, None]:
    return datasets.dataset_trees(
        graph,
        states=frozenset(TreeState) if filters.states is None else frozenset(map(TreeState, filters.states)),
        langs=filters.langs,
        since=filters.since,
        until=filters.until,
        without=filters.ignored_judges,
        by_people=by_people,
    )


def sorted_posts(posts: Sequence[DatasetPost], filters: Filters) -> list[DatasetPost]:
    """Return the included posts, each before its replies; siblings are sorted best first, unranked last.

    Where ranks do not decide, the order of the file does that the tree came from, then age.
    """
    replies: dict[str | None, list[DatasetPost]] = {}
    for post in posts:
        if filters.includes(post):
            if post.parent in replies:
                replies[post.parent].append(post)
            else:
                replies[post.parent] = [post]
    for siblings in replies.values():
        if len(siblings) > 1:
            siblings.sort(key=_sort_key, reverse=True)
    ordered: list[DatasetPost] = []
    waiting = replies.get(None, [])
    while waiting:
        post = waiting.pop()
        ordered.append(post)
        if post.id in replies:
            waiting.extend(replies[post.id])
    return ordered


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _sort_key(post: DatasetPost) -> tuple[object, ...]:
    ranked = (1, 0) if post.rank is None else (0, post.rank)
    from_file = (1, 0) if post.position is None else (0, post.position)
    return (*ranked, *from_file, post.created or _LONG_AGO, post.id)


async def export(
    graph: Graph, to: BinaryIO | Path, options: Export, *, on_progress: Progress | None = None
) -> ExportResult:
    """Write the records of the trees that pass, into one file or, with `{split}` in its name, into one for each split.

    `on_progress` is called after each tree with the number of posts written so far. Raise CannotExport, also for a
    label, user, state or choice that there is not and a malformed language tag; OSError; StoreUnavailable.
    """
    export_form = export_format(options.format)
    compression = _compression_of(to, options, export_form)
    tree_counts = await datasets.tree_counts(graph, since=options.filters.since, until=options.filters.until)
    options = replace(options, filters=await _checked_filters(graph, options, tree_counts))
    targets = _targets(to, options.splits)
    with ExitStack() as stack:
        writers: dict[str, tuple[RecordWriter, CountingWriter]] = {}
        for split, target in targets.items():
            writers[split] = stack.enter_context(
                _open_writer(target, compression, export_form.visible_columns(options.choices))
            )
        run = _ExportRun(
            graph, options, export_form, compression, {split: writer for split, (writer, _) in writers.items()}
        )
        await run.run(on_progress)
    files = [
        WrittenFile(
            name=target.name if isinstance(target, Path) and target != _STANDARD else "",
            split=split,
            bytes=writers[split][1].size,
            sha256=writers[split][1].sha256,
            tally=run.tallies[split],
        )
        for split, target in targets.items()
    ]
    excluded = _excluded_trees(tree_counts, options.filters, run)
    beside: list[Path] = []
    if options.manifest and isinstance(to, Path) and to != _STANDARD:
        about = manifest.DatasetInfo(
            export_form,
            options.filters,
            options.choices,
            options.pseudonymizer,
            options.splits,
            compression,
            excluded,
            options.licence,
        )
        beside = manifest.write(to, about, files)
    total = [file.tally for file in files]
    result = ExportResult(
        trees=sum(tally.trees for tally in total),
        posts=sum(tally.posts for tally in total),
        records=sum(tally.records for tally in total),
        excluded=excluded,
        files=files,
        companion_files=beside,
        warnings=_missing_name_warnings(tree_counts, options.filters, run),
    )
    return (
        result
        if result.records
        else replace(result, warnings=[*result.warnings, _why_empty(result, options, export_form)])
    )


def _why_empty(result: ExportResult, options: Export, export_form: ExportFormat) -> str:
    reasons = result.excluded.reasons()
    if result.trees:
        reasons.append(f"{counted(result.trees, 'tree')} without a record of this format ({export_form.summary})")
    if not reasons:
        reasons.append("the limit is 0" if options.filters.limit == 0 else "the graph has no trees")
    return f"nothing was exported: {'; '.join(reasons)}"


def _compression_of(to: BinaryIO | Path, options: Export, export_form: ExportFormat) -> Compression:
    compression = options.compression or (Compression.of(to.name) if isinstance(to, Path) else Compression.PLAIN)
    check_name("way of writing", compression, [*Compression])
    if compression == Compression.PARQUET and not export_form.columns:
        raise CannotExport(why=f"{export_form.name} are as deep as they are and fit no Parquet schema; take messages")
    return Compression(compression)


async def _checked_filters(graph: Graph, options: Export, tree_counts: Sequence[TreeCount]) -> Filters:
    """Return the filters as the graph understands them. Raise CannotExport for a name that there is not."""
    filters = options.filters
    options.choices.check()
    if users := filters.users | filters.without:
        for id, named in (await datasets.unknown_users(graph, users)).items():
            near = f" (it is a name of {', '.join(named)})" if named else ""
            raise CannotExport(why=f"there is no user {id}{near}")
    labels = await datasets.label_names(graph) if filters.bounded_labels else ()
    return filters.checked(labels=labels, langs=_langs(tree_counts))


def _langs(tree_counts: Sequence[TreeCount]) -> list[str]:
    """Return the languages that have trees."""
    return sorted({count.lang for count in tree_counts})


def _excluded_trees(tree_counts: Sequence[TreeCount], filters: Filters, run: _ExportRun) -> ExcludedTrees:
    by_lang = by_date = 0
    by_state: Counter[str] = Counter()
    for count in tree_counts:
        if filters.langs is not None and count.lang not in filters.langs:
            by_lang += count.trees
            continue
        by_date += count.trees - count.dated
        if filters.states is not None and count.state not in filters.states and count.dated:
            by_state[count.state.value] += count.dated
    return ExcludedTrees(by_lang, by_date, dict(sorted(by_state.items())), run.by_posts, run.by_split)


def _missing_name_warnings(tree_counts: Sequence[TreeCount], filters: Filters, run: _ExportRun) -> list[str]:
    """Return a warning for each valid name in the filters that nothing in the graph has."""
    langs = _langs(tree_counts)
    absent = sorted(frozenset[str](filters.langs or ()).difference(langs))
    unseen = sorted(run.unseen) if run.read_trees else []
    return [
        *(f"no tree is in language {lang}{listed('the graph has', langs)}" for lang in absent),
        *(f"no post of these trees has the label {label}" for label in unseen),
    ]


def _targets(to: BinaryIO | Path, splits: Mapping[str, float]) -> dict[str, BinaryIO | Path]:
    """Return the target of each split. An export without splits has one named train, as readers expect."""
    if not splits:
        return {"train": to}
    if any(share <= 0 for share in splits.values()) or sum(splits.values()) > 1 + 1e-9:
        raise CannotExport(why="the shares of splits have to be above 0 and to come to 1 at most")
    if not isinstance(to, Path) or SPLIT not in to.name:
        raise CannotExport(why=f"several splits need a file name with {SPLIT} in it")
    return {split: to.with_name(to.name.replace(SPLIT, split)) for split in splits}


@contextmanager
def _open_writer(
    target: BinaryIO | Path, compression: Compression, columns: Sequence[Column]
) -> Generator[tuple[RecordWriter, CountingWriter]]:
    if isinstance(target, Path) and target != _STANDARD:
        with record_file_writer(target, compression, columns) as writer:
            yield writer
    else:
        stream = sys.stdout.buffer if isinstance(target, Path) else target
        with record_writer(stream, compression, columns) as writer:
            yield writer
        stream.flush()


def split_of(tree: str, splits: Mapping[str, float]) -> str | None:
    """Return the split of a tree, by its id alone; None if it lies beyond the shares, whose sum may be below 1."""
    if not splits:
        return "train"
    at = int.from_bytes(hashlib.sha256(tree.encode()).digest()[:8]) / 2**64
    end = 0.0
    for split, share in splits.items():
        end += share
        if at < end:
            return split
    return list(splits)[-1] if end > 1 - 1e-9 else None


class _ExportRun:
    """One export on its way."""

    def __init__(
        self,
        graph: Graph,
        options: Export,
        export_form: ExportFormat,
        compression: Compression,
        writers: Mapping[str, RecordWriter],
    ) -> None:
        self._graph = graph
        self._options = options
        self._format = export_form
        self._compression = compression
        self._writers = writers
        self.tallies = {split: FileTally() for split in writers}
        self.by_posts = self.by_split = 0
        """Trees that are left out; see `ExcludedTrees`."""
        self.read_trees = 0
        """Trees."""
        self.unseen = options.filters.bounded_labels
        """Labels that the filters bound and no post has had so far."""

    async def run(self, on_progress: Progress | None) -> None:
        options = self._options
        by_people = self._format.ranked or options.choices.events or bool(options.filters.ignored_judges)
        trees = posts = 0
        async with aclosing(_matching_trees(self._graph, options.filters, by_people=by_people)) as matches:
            async for tree in matches:
                if trees == options.filters.limit:
                    break
                self.read_trees += 1
                if self.unseen:
                    self.unseen -= {label for post in tree.posts for label in post.labels or ()}
                split = split_of(tree.id, options.splits)
                if split is None:
                    self.by_split += 1
                    continue
                origin = tree.origin  # which a disguise takes away
                selected = self._select(tree)
                if selected is None:
                    self.by_posts += 1
                    continue
                self._write(selected, split, origin)
                trees += 1
                posts += len(selected.tree.posts)
                if on_progress:
                    on_progress(posts)

    def _select(self, tree: DatasetTree) -> SelectedTree | None:
        filters = self._options.filters
        if filters.ignored_judges:
            rerank(tree.posts)
        if filters.is_selective and not self._format.needs_context:
            tree.posts = [
                post for post in sorted_posts(tree.posts, _without_post_filters(filters)) if filters.includes(post)
            ]
        else:
            tree.posts = sorted_posts(tree.posts, filters)
        if filters.synthetic == PostStatus.EXCLUDE and any(post.synthetic for post in tree.posts):
            return None
        selected = [index for index, post in enumerate(tree.posts) if filters.selects(post)]
        if not selected:
            return None
        pseudonymized = self._options.pseudonymizer.apply(tree)
        ids = frozenset(pseudonymized.posts[index].id for index in selected) if filters.is_selective else None
        return SelectedTree(pseudonymized, ids, self._options.choices, self._compression)

    def _write(self, selected: SelectedTree, split: str, origin: str | None) -> None:
        writer, tally = self._writers[split], self.tallies[split]
        records = 0
        for record in self._format.records(selected):
            writer.write(record)
            records += 1
        tally.add(selected.tree, origin=origin, records=records)


def _without_post_filters(filters: Filters) -> Filters:
    return Filters(deleted=PostStatus.INCLUDE, rejected=PostStatus.INCLUDE, synthetic=filters.synthetic)


def rerank(posts: Sequence[DatasetPost]) -> None:
    """Recompute the ranks of replies from the remaining rankings; no ranks if there are none.

    Ranks that came with an import tell of no people and stay.
    """
    by_id = {post.id: post for post in posts}
    replies: dict[str, list[DatasetPost]] = {}
    for post in posts:
        if post.parent is not None:
            replies.setdefault(post.parent, []).append(post)
    for parent, below in replies.items():
        above = by_id[parent]
        if above.margin is None and not above.rankings:
            continue
        orders = [
            [id for id in vote.order if by_id[id].accepted and not by_id[id].deleted]
            for vote in above.rankings
            if not vote.not_rankable
        ]
        consensus = ranking.consensus(orders, not_rankable=sum(vote.not_rankable for vote in above.rankings))
        ranks = {id: rank for rank, id in enumerate(consensus.order)} if consensus else {}
        for post in below:
            post.rank = ranks.get(post.id)
