"""`oa-graph import`: trees, messages, conversations and prompts out of files."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import click

from oa_graph import exchange, hosting
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_graph, prepare, progress
from oa_graph.exchange import Counts, Defaults, Format, Into, OnRefused, Refused, Wish, bulk
from oa_graph.exchange.bulk import NotFresh, Others
from oa_graph.exchange.counts import Progress
from oa_graph.language import TAG_RULE, is_tag, normalized
from oa_graph.managed import Server
from oa_graph.model import TreeState
from oa_graph.plural import counted
from oa_graph.settings import Settings

SOME_REJECTED = 3
"""The exit status of an import that took what it could, and could not take all."""


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--as",
    "format",
    type=click.Choice([each.value for each in Format]),
    help="What the file holds, if not what it looks like.",
)
@click.option(
    "--into",
    type=click.Choice([each.value for each in Into]),
    help="What the trees become: finished; to be ranked (backlog); to be grown at once (growing), when their turn has "
    "come (lottery), or after people have reviewed the prompts (review). As the file says unless given; else prompts "
    "enter the lottery, and all else is finished.",
)
@click.option(
    "--activate", type=click.IntRange(min=0), default=0, help="With --into backlog: rank the first so many at once."
)
@click.option(
    "--state", type=click.Choice([state.value for state in TreeState]), help="Of the trees, whatever the file says."
)
@click.option("--lang", default="en", show_default=True, help="Of messages that do not say.")
@click.option(
    "--synthetic/--human", default=None, help="Whether a model wrote the assistant's messages that do not say."
)
@click.option("--model-name", help="Of the model that wrote the assistant's messages; where they do not say.")
@click.option("--origin", help="Where the trees come from [name of the file].")
@click.option("--limit", "--max-count", type=click.IntRange(min=1), help="Take only so many trees from the beginning.")
@click.option("--max-text", type=click.IntRange(min=1), help="Refuse what has a text of more characters.")
@click.option("--strict", is_flag=True, help="Stop at the first line that cannot be taken; those before it are in.")
@click.option(
    "--rejects", type=click.Path(path_type=Path), help="Where lines go that cannot be taken [FILE.rejects.jsonl]."
)
@click.option(
    "--bulk/--no-bulk",
    "at_once",
    default=None,
    help="Whether to make the store anew with Neo4j's own importer, which is faster from some hundred thousand posts "
    "on. Only for a graph of the managed server that nobody has worked on and nobody else uses; its clients stay. "
    "[for files from 256 MiB on, if it can be]",
)
@click.option("--dry-run", is_flag=True, help="Only read the file, and say what it holds.")
@data_option
def import_(
    file: Path,
    format: str | None,
    into: str | None,
    activate: int,
    state: str | None,
    lang: str,
    synthetic: bool | None,
    model_name: str | None,
    origin: str | None,
    limit: int | None,
    max_text: int | None,
    strict: bool,
    rejects: Path | None,
    at_once: bool | None,
    dry_run: bool,
    data: Path | None,
) -> None:
    """Import a file: one tree, message, conversation or prompt a line (-: standard input).

    Read are JSON Lines, one JSON array, and plain text, packed with gzip or zstd or not, and Parquet. What is there
    already is left alone, so an import that broke off is simply run again. Lines that cannot be taken go into a file of
    their own, each with the reason, and the status is then 3; the rest goes on.
    """
    if into and state:
        raise click.UsageError("--into and --state say the same: give one of them")
    if not is_tag(lang):
        raise click.UsageError(f"--lang {lang} is not a language tag ({TAG_RULE})")
    if activate and into != Into.BACKLOG:
        raise click.UsageError("--activate takes trees out of the backlog: it needs --into backlog")
    wish = Wish(
        format=Format(format) if format else None,
        into=Into(into) if into else None,
        state=TreeState(state) if state else None,
        activate=activate,
        limit=limit,
        longest=max_text,
        defaults=Defaults(lang=normalized(lang), synthetic=synthetic, model_name=model_name, origin=origin),
    )
    to = rejects or Path(f"{'stdin' if file == Path('-') else file.name}.rejects.jsonl")
    with _rejects(to, file) as told:
        counts = (
            _look(file, wish, None if strict else told)
            if dry_run
            else _bring(file, wish, None if strict else told, data, at_once)
        )
    _report(counts, to, dry_run=dry_run)


def _look(file: Path, wish: Wish, told: OnRefused | None) -> Counts:
    with progress("posts read") as show:
        return exchange.look_through(file, wish=wish, rejects=told, on_progress=show)


def _bring(file: Path, wish: Wish, told: OnRefused | None, data: Path | None, at_once: bool | None) -> Counts:
    chosen = chosen_settings(data)
    with database(chosen) as found, progress("posts in") as show:
        into = _Into(found, chosen, wish, told, show)
        into.prepare()
        if at_once is False or (at_once is None and not (file.is_file() and file.stat().st_size >= bulk.WORTH_IT)):
            return into.add(file)
        try:
            return into.build(file)
        except NotFresh as error:
            if at_once:
                raise
            err.print(f"tree by tree, since {error.values['why']}", soft_wrap=True)
            return into.add(file)


@dataclass(frozen=True, slots=True)
class _Into:
    """Two ways of a file into the database."""

    found: hosting.Database
    chosen: Settings
    wish: Wish
    told: OnRefused | None
    show: Progress

    def prepare(self) -> None:
        prepare(self.found, hosting.trusted_key(self.chosen))

    def add(self, file: Path) -> Counts:
        """Adds it to what is there."""
        limits, rng = self.chosen.limits, self.chosen.random("import")
        return on_graph(
            self.found,
            lambda graph: exchange.import_trees(
                graph, file, limits=limits, wish=self.wish, rejects=self.told, rng=rng, on_progress=self.show
            ),
        )

    def build(self, file: Path) -> Counts:
        """Makes the store of it. Raises NotFresh, before anything is changed, when that cannot be."""
        if self.found.browser is None:
            raise NotFresh(why="the server is not ours")
        told = self.told
        if told is None or not bulk.is_possible(file, self.wish):
            raise NotFresh(why="this file or these options want one tree after the other")
        limits, server = self.chosen.limits, hosting.managed(self.chosen)
        others = on_graph(self.found, bulk.others)
        with TemporaryDirectory(prefix="import-", dir=server.data) as folder:
            files = bulk.lay_out(file, Path(folder), others, limits=limits, wish=self.wish, on_progress=self.show)
            server.import_csv(
                nodes=files.nodes,
                relationships=files.edges,
                replace_data=True,
                options=bulk.OPTIONS,
                first=lambda: self._check(server, others),
            )
            self.prepare()
            return on_graph(
                self.found,
                lambda graph: bulk.complete(
                    graph, files, limits=limits, wish=self.wish, rejects=told, on_progress=self.show
                ),
            )

    def _check(self, server: Server, others: Others) -> None:
        """What anybody did meanwhile must not be lost."""
        if any(each.pid != os.getpid() for each in server.status().holders):
            raise NotFresh(why="others use the server")
        if on_graph(self.found, bulk.others) != others:
            raise NotFresh(why="somebody has begun to work on it")


@contextmanager
def _rejects(to: Path, source: Path) -> Generator[OnRefused]:
    """Writes what is refused into a file, which is there only if something is."""
    if to.exists() and source.exists() and to.samefile(source):
        raise click.UsageError(f"{to} cannot be read and written at once")
    file: BinaryIO | None = None

    def tell(refused: Refused) -> None:
        nonlocal file
        file = file or to.open("wb")
        file.write(json.dumps(_shown(refused)).encode() + b"\n")

    try:
        yield tell
    finally:
        if file is not None:
            file.close()


def _shown(refused: Refused) -> Mapping[str, Any]:
    content = refused.content
    if isinstance(content, bytes):
        content = content.decode("utf-8", "backslashreplace").rstrip("\r\n")
    elif content is not None:
        content = json.dumps(content, ensure_ascii=False, default=str)
    return {"line": refused.line, "reason": refused.reason.value, "why": refused.why, "content": content}


def _report(counts: Counts, rejects: Path, *, dry_run: bool) -> None:
    for line in _summary(counts, dry_run=dry_run):
        err.print(line, soft_wrap=True)
    if counts.rejected:
        reasons = ", ".join(f"{times} {reason}" for reason, times in counts.rejected.items())
        err.print(
            f"{counted(sum(counts.rejected.values()), 'line')} rejected ({reasons}): see {rejects}", soft_wrap=True
        )
        raise SystemExit(SOME_REJECTED)


def _summary(counts: Counts, *, dry_run: bool) -> Iterator[str]:
    yield f"read as {counts.format}"
    size = f"{counted(counts.trees, 'tree')}, {counted(counts.posts, 'post')}"
    if dry_run:
        repeated = f"; {counts.skipped} more repeat what stands before them" if counts.skipped else ""
        yield f"{size} would come into an empty graph{repeated}"
        yield "what the database holds was not looked at: trees that are there already would be left as they are"
    else:
        grown = f"; {counted(counts.grown, 'tree')} got new branches" if counts.grown else ""
        yield f"{size} in{grown}; {counted(counts.skipped, 'tree was', 'trees were')} there already"
    for note, times in counts.notes.items():
        yield f"{times} {note}"
    for field, times in counts.kept_as_is.items():
        yield f"{field}: kept as it is in {counted(times, 'place')}, without being understood"
