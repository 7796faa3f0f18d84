"""`oa-graph export`: export trees as a dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import click

from oa_graph import datasets, installation
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_collection, prepare, progress
from oa_graph.datasets import (
    EXPORT_FORMATS,
    Choices,
    Compression,
    Distrusted,
    Export,
    ExportResult,
    Filters,
    PostStatus,
    Pseudonymizer,
)
from oa_graph.domain.trees import TreeState
from oa_graph.plural import counted
from oa_graph.reliability import AT_LEAST, BELOW, distrusted

_STATES = [state.value for state in TreeState]
_POST_STATUSES = [status.value for status in PostStatus]

Command = TypeVar("Command", bound=Callable[..., None])


class _Assignment(click.ParamType[tuple[str, float]]):
    """`name=0.5`."""

    name = "name=number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        name, _, number = str(value).partition("=")
        try:
            return name, float(number)
        except ValueError:
            self.fail(f"{value!r} is not a name, an equals sign and a number", param, ctx)


_DATE = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])
_OPTIONS = (
    click.option("--as", "form", type=click.Choice([*EXPORT_FORMATS]), default="trees", show_default=True,
                 help="Format of a record."),
    click.option("--format", "packing", type=click.Choice([compression.value for compression in Compression]),
                 help="Compression, or Parquet.  [default: as FILE ends: .gz, .zst, .parquet]"),
    click.option("--split", "splits", multiple=True, type=_Assignment(), metavar="NAME=SHARE",
                 help="Split by a hash of the tree's id; FILE needs {split} in its name."),
    click.option("--state", "states", multiple=True, type=click.Choice([*_STATES, "all"]),
                 help="Only trees in these states.  [default: ready_for_export; with --user all]"),
    click.option("--lang", "langs", multiple=True, metavar="TAG", help="Only trees in these languages."),
    click.option("--user", "users", multiple=True, metavar="ID",
                 help="Only posts by these authors, as single posts; excludes --state."),
    click.option("--since", type=_DATE, help="Only trees whose prompt was written then or later (UTC)."),
    click.option("--until", type=_DATE, help="Only posts written before (UTC)."),
    click.option("--deleted", type=click.Choice(_POST_STATUSES), default="exclude", show_default=True,
                 help="Deleted posts."),
    click.option("--include-deleted", is_flag=True, help="Same as --deleted include."),
    click.option("--deleted-only", is_flag=True, help="Same as --deleted only."),
    click.option("--spam", type=click.Choice(_POST_STATUSES), default="exclude", show_default=True,
                 help="Posts that reviews rejected or have not decided on."),
    click.option("--include-spam", is_flag=True, help="Same as --spam include."),
    click.option("--spam-only", is_flag=True, help="Same as --spam only."),
    click.option("--synthetic", type=click.Choice(_POST_STATUSES), default="include", show_default=True,
                 help="Posts written by models; exclude leaves out every tree with one."),
    click.option("--include-synthetic", is_flag=True, help="Same as --synthetic include."),
    click.option("--no-synthetic", is_flag=True, help="Same as --synthetic exclude."),
    click.option("--synthetic-only", is_flag=True, help="Same as --synthetic only."),
    click.option("--min-label", "at_least", multiple=True, type=_Assignment(), metavar="LABEL=MEAN",
                 help="Only posts that have this label with at least this mean."),
    click.option("--max-label", "at_most", multiple=True, type=_Assignment(), metavar="LABEL=MEAN",
                 help="No posts that have this label with a greater mean."),
    click.option("--prompts-only", is_flag=True, help="Only initial prompts."),
    click.option("--limit", type=click.IntRange(min=0), help="Maximum number of trees."),
    click.option("--without-user", "without", multiple=True, metavar="ID",
                 help="Leave out the posts and judgements of this user."),
    click.option("--without-distrusted", is_flag=True,
                 help="Leave out the labels, reactions and rankings of users with a low reliability."),
    click.option("--distrust-below", type=click.FloatRange(0, 1), default=BELOW, show_default=True,
                 help="Reliability below which a user is distrusted; 0.5 is guessing."),
    click.option("--distrust-min", type=click.IntRange(min=1), default=AT_LEAST, show_default=True,
                 help="Minimum number of judgements for a reliability."),
    click.option("--threads", type=click.Choice(["all", "best"]), default="all", show_default=True,
                 help="For sft, prompt-completion and sharegpt: all threads, or the best one of each tree."),
    click.option("--pairs", type=click.Choice(["adjacent", "all"]), default="all", show_default=True,
                 help="For preference: replies of neighbouring ranks, or of any two ranks."),
    click.option("--min-margin", type=click.IntRange(min=1),
                 help="For preference and kto: minimum majority in voters; leaves out imported ranks."),
    click.option("--bare", is_flag=True, help="Leave out the columns with ids, language and margin."),
    click.option("--export-labels/--no-labels", "labels", default=True, help="For trees and messages."),
    click.option("--export-events", "events", is_flag=True,
                 help="For trees and messages: include single reactions and rankings."),
    click.option("--user-ids", is_flag=True, help="Include the ids of authors."),
    click.option("--anonymizer-seed", type=int, help="Replace ids by hashes, as the original does; can be guessed."),
    click.option("--anonymizer-key", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
                 help="Replace ids by hashes keyed with the content of this file."),
    click.option("--no-manifest", is_flag=True, help="Write no manifest and no card beside FILE."),
    click.option("--licence", help="Licence for the card, as an SPDX name such as apache-2.0."),
)  # fmt: skip


def _with_options(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@_with_options
@data_option
def export(file: Path, data: Path | None, **options: Any) -> None:
    """Export trees as a dataset (-: standard output)."""
    spec = _export_spec(options)
    chosen = chosen_settings(data)
    with database(chosen, reads=True) as neo4j, progress("posts exported") as show:
        prepare(neo4j, installation.trusted_key(chosen))
        if options["without_distrusted"]:
            below, min_judgements = options["distrust_below"], options["distrust_min"]
            users = on_collection(
                neo4j, chosen, lambda collection: distrusted(collection.graph, below=below, at_least=min_judgements)
            )
            spec = replace(spec, filters=replace(spec.filters, distrusted=Distrusted(users, below, min_judgements)))
        result = on_collection(
            neo4j, chosen, lambda collection: collection.datasets.export(file, spec, on_progress=show)
        )
    _print(_summary(result))
    if excluded := spec.filters.distrusted:
        users = counted(len(excluded.users), "user")
        _print(f"judgements of {users} left out (reliability below {excluded.below:g})")
    for path in result.companion_files:
        _print(f"written beside it: {path.name}")
    for warning in result.warnings:
        _print(f"warning: {warning}")


def _summary(result: ExportResult) -> str:
    trees, posts, records = (
        counted(result.trees, "tree"),
        counted(result.posts, "post"),
        counted(result.records, "record"),
    )
    by_state = sum(result.excluded.by_state.values())
    states = f"; {by_state:,} left out: {result.excluded.states}; --state all includes them" if by_state else ""
    return f"{trees} exported ({posts}, {records}){states}"


def _print(line: str) -> None:
    """Print a line without wrapping, so that a pipe can search it."""
    err.print(line, markup=False, soft_wrap=True)


def _export_spec(options: dict[str, Any]) -> Export:
    if options["users"] and options["states"]:
        raise click.UsageError("--user and --state exclude each other")
    if options["anonymizer_seed"] is not None and options["anonymizer_key"]:
        raise click.UsageError("--anonymizer-seed and --anonymizer-key exclude each other")
    states = options["states"] or (["all"] if options["users"] else [TreeState.READY_FOR_EXPORT.value])
    choices = Choices(
        threads=cast('Literal["all", "best"]', options["threads"]),
        pairs=cast('Literal["adjacent", "all"]', options["pairs"]),
        min_margin=options["min_margin"],
        bare=options["bare"],
        labels=options["labels"],
        events=options["events"],
    )

    return Export(
        format=options["form"],
        filters=Filters(
            states=None if "all" in states else frozenset(map(TreeState, states)),
            langs=frozenset(options["langs"]) or None,
            deleted=_post_status(options, "deleted"),
            rejected=_post_status(options, "spam"),
            synthetic=_post_status(options, "synthetic"),
            users=frozenset(options["users"]),
            since=_in_utc(options["since"]),
            until=_in_utc(options["until"]),
            at_least=dict(options["at_least"]),
            at_most=dict(options["at_most"]),
            prompts_only=options["prompts_only"],
            limit=options["limit"],
            without=frozenset(options["without"]),
        ),
        choices=choices,
        pseudonymizer=_pseudonymizer(
            options["anonymizer_seed"], options["anonymizer_key"], user_ids=options["user_ids"]
        ),
        compression=Compression(options["packing"]) if options["packing"] else None,
        splits=dict(options["splits"]),
        manifest=not options["no_manifest"],
        licence=options["licence"],
    )


def _post_status(options: dict[str, Any], name: str) -> PostStatus:
    if options[f"{name}_only"]:
        return PostStatus.ONLY
    if options[f"include_{name}"]:
        return PostStatus.INCLUDE
    return PostStatus.EXCLUDE if options.get(f"no_{name}") else PostStatus(options[name])


def _pseudonymizer(seed: int | None, key: Path | None, *, user_ids: bool) -> Pseudonymizer:
    """Return the treatment of ids. Pseudonyms of users are always included."""
    if seed is not None:
        return Pseudonymizer(datasets.seeded(seed))
    if key is not None:
        return Pseudonymizer(datasets.keyed(key.read_bytes()))
    return Pseudonymizer(user_ids=user_ids)


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
