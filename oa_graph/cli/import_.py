"""`oa-graph import`: import trees, messages, conversations and prompts from files."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from oa_graph import datasets, installation
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_collection, prepare, progress
from oa_graph.datasets import Defaults, Destination, ImportCounts, ImportFormat, ImportOptions, OnReject, Reject
from oa_graph.domain.trees import TreeState
from oa_graph.language import TAG_RULE, is_tag, normalized
from oa_graph.plural import counted

SOME_REJECTED = 3
"""Exit status of an import with rejected lines."""


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--as",
    "format",
    type=click.Choice([import_format.value for import_format in ImportFormat]),
    help="Format of the file.  [default: detected]",
)
@click.option(
    "--into",
    type=click.Choice([destination.value for destination in Destination]),
    help="State of the imported trees: finished; ranked later (backlog); grown at once (growing), after a lottery "
    "(lottery), or after reviews of the prompt (review).  [default: as in the file; else lottery for prompts, "
    "finished for others]",
)
@click.option(
    "--activate", type=click.IntRange(min=0), default=0, help="With --into backlog: number of trees to rank at once."
)
@click.option(
    "--state", type=click.Choice([state.value for state in TreeState]), help="State of all trees; overrides the file."
)
@click.option("--lang", default="en", show_default=True, help="Language of messages without one.")
@click.option(
    "--synthetic/--human", default=None, help="Author of assistant messages without that field: a model or a human."
)
@click.option("--model-name", help="Model of assistant messages without one.")
@click.option("--origin", help="Origin of the trees.  [default: name of the file]")
@click.option("--limit", "--max-count", type=click.IntRange(min=1), help="Maximum number of trees.")
@click.option("--max-text", type=click.IntRange(min=1), help="Maximum length of a text; longer ones are rejected.")
@click.option("--strict", is_flag=True, help="Stop at the first rejected line; trees before it stay imported.")
@click.option(
    "--rejects", type=click.Path(path_type=Path), help="File for rejected lines.  [default: FILE.rejects.jsonl]"
)
@click.option("--dry-run", is_flag=True, help="Read the file and report its content; import nothing.")
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
    dry_run: bool,
    data: Path | None,
) -> None:
    """Import a file: one tree, message, conversation or prompt a line (-: standard input).

    Formats: JSON Lines, a JSON array and plain text, also compressed with gzip or zstd, and Parquet. Existing messages
    stay unchanged, so an interrupted import can be repeated. Rejected lines go to a separate file with the reason, the
    other lines are imported, and the exit status is 3.
    """
    if into and state:
        raise click.UsageError("--into and --state exclude each other")
    if not is_tag(lang):
        raise click.UsageError(f"--lang {lang} is not a language tag ({TAG_RULE})")
    if activate and into != Destination.BACKLOG:
        raise click.UsageError("--activate needs --into backlog")
    options = ImportOptions(
        format=ImportFormat(format) if format else None,
        into=Destination(into) if into else None,
        state=TreeState(state) if state else None,
        activate=activate,
        limit=limit,
        max_text=max_text,
        defaults=Defaults(lang=normalized(lang), synthetic=synthetic, model_name=model_name, origin=origin),
    )
    rejects_file = rejects or Path(f"{'stdin' if file == Path('-') else file.name}.rejects.jsonl")
    with _rejects(rejects_file, file) as on_reject:
        counts = (
            _dry_run(file, options, None if strict else on_reject)
            if dry_run
            else _import(file, options, None if strict else on_reject, data)
        )
    _report(counts, rejects_file, dry_run=dry_run)


def _dry_run(file: Path, options: ImportOptions, on_reject: OnReject | None) -> ImportCounts:
    with progress("posts read") as show:
        return datasets.check_file(file, options=options, on_reject=on_reject, on_progress=show)


def _import(file: Path, options: ImportOptions, on_reject: OnReject | None, data: Path | None) -> ImportCounts:
    chosen = chosen_settings(data)
    with database(chosen) as neo4j, progress("posts in") as show:
        prepare(neo4j, installation.trusted_key(chosen))
        return on_collection(
            neo4j,
            chosen,
            lambda collection: collection.datasets.import_file(file, options, on_reject=on_reject, on_progress=show),
        )


@contextmanager
def _rejects(target: Path, source: Path) -> Generator[OnReject]:
    """Open a file for rejected lines; it is created with the first one."""
    if target.exists() and source.exists() and target.samefile(source):
        raise click.UsageError(f"{target} cannot be read and written at once")
    file: BinaryIO | None = None

    def write_reject(reject: Reject) -> None:
        nonlocal file
        file = file or target.open("wb")
        file.write(json.dumps(_as_json(reject)).encode() + b"\n")

    try:
        yield write_reject
    finally:
        if file is not None:
            file.close()


def _as_json(reject: Reject) -> Mapping[str, Any]:
    content = reject.content
    if isinstance(content, bytes):
        content = content.decode("utf-8", "backslashreplace").rstrip("\r\n")
    elif content is not None:
        content = json.dumps(content, ensure_ascii=False, default=str)
    return {"line": reject.line, "reason": reject.reason.value, "why": reject.why, "content": content}


def _report(counts: ImportCounts, rejects: Path, *, dry_run: bool) -> None:
    for line in _summary(counts, dry_run=dry_run):
        err.print(line, soft_wrap=True)
    if counts.rejected:
        reasons = ", ".join(f"{times} {reason}" for reason, times in counts.rejected.items())
        err.print(
            f"{counted(sum(counts.rejected.values()), 'line')} rejected ({reasons}): see {rejects}", soft_wrap=True
        )
        raise SystemExit(SOME_REJECTED)


def _summary(counts: ImportCounts, *, dry_run: bool) -> Iterator[str]:
    yield f"read as {counts.format}"
    size = f"{counted(counts.trees, 'tree')}, {counted(counts.posts, 'post')}"
    if dry_run:
        repeated = f"; {counts.skipped} more are duplicates" if counts.skipped else ""
        yield f"{size} would be imported into an empty graph{repeated}"
        yield "the database was not read; trees that it already has would stay unchanged"
    else:
        grown = f"; {counted(counts.grown, 'tree')} got new branches" if counts.grown else ""
        yield f"{size} imported{grown}; {counted(counts.skipped, 'tree')} already present"
    for note, times in counts.notes.items():
        yield f"{times} {note}"
    for field, times in counts.kept_as_is.items():
        yield f"{field}: unknown field, stored unchanged in {counted(times, 'place')}"
