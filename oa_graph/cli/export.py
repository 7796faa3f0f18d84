"""`oa-graph export`: export trees as a dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import click

from oa_graph import exchange, hosting
from oa_graph.agreement import AT_LEAST, BELOW, distrusted
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_graph, prepare, progress
from oa_graph.exchange import FORMS, Choices, Disguise, Distrusted, Export, Exported, Filters, Packing, Which
from oa_graph.model import TreeState
from oa_graph.plural import counted

_STATES = [state.value for state in TreeState]
_SORTS = [each.value for each in Which]

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
    click.option("--as", "form", type=click.Choice([*FORMS]), default="trees", show_default=True,
                 help="Format of a record."),
    click.option("--format", "packing", type=click.Choice([each.value for each in Packing]),
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
    click.option("--deleted", type=click.Choice(_SORTS), default="exclude", show_default=True, help="Deleted posts."),
    click.option("--include-deleted", is_flag=True, help="Same as --deleted include."),
    click.option("--deleted-only", is_flag=True, help="Same as --deleted only."),
    click.option("--spam", type=click.Choice(_SORTS), default="exclude", show_default=True,
                 help="Posts that reviews rejected or have not decided on."),
    click.option("--include-spam", is_flag=True, help="Same as --spam include."),
    click.option("--spam-only", is_flag=True, help="Same as --spam only."),
    click.option("--synthetic", type=click.Choice(_SORTS), default="include", show_default=True,
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
def export(file: Path, data: Path | None, **given: Any) -> None:
    """Export trees as a dataset (-: standard output)."""
    wanted = _export(given)
    chosen = chosen_settings(data)
    with database(chosen, reads=True) as found, progress("posts exported") as show:
        prepare(found, hosting.trusted_key(chosen))
        if given["without_distrusted"]:
            below, least = given["distrust_below"], given["distrust_min"]
            users = on_graph(found, lambda graph: distrusted(graph, below=below, at_least=least))
            wanted = replace(wanted, filters=replace(wanted.filters, distrusted=Distrusted(users, below, least)))
        done = on_graph(found, lambda graph: exchange.export(graph, file, wanted, on_progress=show))
    _say(_summary(done))
    if left_out := wanted.filters.distrusted:
        users = counted(len(left_out.users), "user")
        _say(f"judgements of {users} left out (reliability below {left_out.below:g})")
    for path in done.beside:
        _say(f"written beside it: {path.name}")
    for warning in done.warnings:
        _say(f"warning: {warning}")


def _summary(done: Exported) -> str:
    trees, posts, records = counted(done.trees, "tree"), counted(done.posts, "post"), counted(done.records, "record")
    by_state = sum(done.left_out.by_state.values())
    states = f"; {by_state:,} left out: {done.left_out.states}; --state all takes them" if by_state else ""
    return f"{trees} exported ({posts}, {records}){states}"


def _say(line: str) -> None:
    """Print a line that is not wrapped, so that a pipe can search it."""
    err.print(line, markup=False, soft_wrap=True)


def _export(given: dict[str, Any]) -> Export:
    if given["users"] and given["states"]:
        raise click.UsageError("--user looks in trees of all states; leave --state away")
    if given["anonymizer_seed"] is not None and given["anonymizer_key"]:
        raise click.UsageError("--anonymizer-seed and --anonymizer-key exclude each other")
    states = given["states"] or (["all"] if given["users"] else [TreeState.READY_FOR_EXPORT.value])
    choices = Choices(
        threads=cast('Literal["all", "best"]', given["threads"]),
        pairs=cast('Literal["adjacent", "all"]', given["pairs"]),
        min_margin=given["min_margin"],
        bare=given["bare"],
        labels=given["labels"],
        events=given["events"],
    )

    return Export(
        form=given["form"],
        filters=Filters(
            states=None if "all" in states else frozenset(map(TreeState, states)),
            langs=frozenset(given["langs"]) or None,
            deleted=_which(given, "deleted"),
            rejected=_which(given, "spam"),
            synthetic=_which(given, "synthetic"),
            users=frozenset(given["users"]),
            since=_in_utc(given["since"]),
            until=_in_utc(given["until"]),
            at_least=dict(given["at_least"]),
            at_most=dict(given["at_most"]),
            prompts_only=given["prompts_only"],
            limit=given["limit"],
            without=frozenset(given["without"]),
        ),
        choices=choices,
        disguise=_disguise(given["anonymizer_seed"], given["anonymizer_key"], user_ids=given["user_ids"]),
        packing=Packing(given["packing"]) if given["packing"] else None,
        splits=dict(given["splits"]),
        manifest=not given["no_manifest"],
        licence=given["licence"],
    )


def _which(given: dict[str, Any], sort: str) -> Which:
    if given[f"{sort}_only"]:
        return Which.ONLY
    if given[f"include_{sort}"]:
        return Which.INCLUDE
    return Which.EXCLUDE if given.get(f"no_{sort}") else Which(given[sort])


def _disguise(seed: int | None, key: Path | None, *, user_ids: bool) -> Disguise:
    """Pseudonyms name nobody, so users keep theirs."""
    if seed is not None:
        return Disguise(exchange.seeded(seed))
    if key is not None:
        return Disguise(exchange.keyed(key.read_bytes()))
    return Disguise(user_ids=user_ids)


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
