"""`oa-graph export`: trees and what trainers make of them, as files."""

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
from oa_graph.exchange import FORMS, Choices, Disguise, Distrusted, Export, Filters, Packing, Which
from oa_graph.model import TreeState

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
    click.option("--as", "form", type=click.Choice([*FORMS]), default="trees", show_default=True, help="The format."),
    click.option("--format", "packing", type=click.Choice([each.value for each in Packing]),
                 help="How it is written; else as FILE ends: .gz, .zst, .parquet."),
    click.option("--split", "splits", multiple=True, type=_Assignment(), metavar="NAME=SHARE",
                 help="Parts by a hash of the tree's id; FILE has {split} in its name."),
    click.option("--state", "states", multiple=True, type=click.Choice([*_STATES, "all"]),
                 help="Of the trees.  [default: ready_for_export; with --user all]"),
    click.option("--lang", "langs", multiple=True, help="Only trees of these languages."),
    click.option("--user", "users", multiple=True, metavar="ID",
                 help="Only posts of these authors, one by one; not with --state."),
    click.option("--since", type=_DATE, help="Only trees begun then or later (UTC)."),
    click.option("--until", type=_DATE, help="Only posts written before (UTC)."),
    click.option("--deleted", type=click.Choice(_SORTS), default="exclude", show_default=True),
    click.option("--include-deleted", is_flag=True, help="The same as --deleted include."),
    click.option("--deleted-only", is_flag=True, help="The same as --deleted only."),
    click.option("--spam", type=click.Choice(_SORTS), default="exclude", show_default=True,
                 help="Posts that were rejected or are still under review."),
    click.option("--include-spam", is_flag=True, help="The same as --spam include."),
    click.option("--spam-only", is_flag=True, help="The same as --spam only."),
    click.option("--synthetic", type=click.Choice(_SORTS), default="include", show_default=True,
                 help="Posts of models; exclude: no tree that has one."),
    click.option("--include-synthetic", is_flag=True, help="The same as --synthetic include."),
    click.option("--no-synthetic", is_flag=True, help="The same as --synthetic exclude."),
    click.option("--synthetic-only", is_flag=True, help="The same as --synthetic only."),
    click.option("--min-label", "at_least", multiple=True, type=_Assignment(), metavar="LABEL=MEAN",
                 help="Only posts with this label and at least this mean."),
    click.option("--max-label", "at_most", multiple=True, type=_Assignment(), metavar="LABEL=MEAN",
                 help="No posts with a greater mean."),
    click.option("--prompts-only", is_flag=True, help="Only the prompts that trees begin with."),
    click.option("--limit", type=click.IntRange(min=0), help="Trees, at most."),
    click.option("--without-user", "without", multiple=True, metavar="ID",
                 help="Without the posts and judgements of this user."),
    click.option("--without-distrusted", is_flag=True,
                 help="Without the labels, reactions and rankings of people who are too often wrong."),
    click.option("--distrust-below", type=click.FloatRange(0, 1), default=BELOW, show_default=True,
                 help="They are right less often than this; a coin is half of the time."),
    click.option("--distrust-min", type=click.IntRange(min=1), default=AT_LEAST, show_default=True,
                 help="Judgements that it takes to tell."),
    click.option("--threads", type=click.Choice(["all", "best"]), default="all", show_default=True,
                 help="Of sft, prompt-completion, sharegpt: each, or the best of a tree."),
    click.option("--pairs", type=click.Choice(["adjacent", "all"]), default="all", show_default=True,
                 help="Of preference: neighbours in rank, or any two."),
    click.option("--min-margin", type=click.IntRange(min=1),
                 help="Of preference and kto: voters by which a pair has to be decided."),
    click.option("--bare", is_flag=True, help="Without the columns that tell where a record comes from."),
    click.option("--export-labels/--no-labels", "labels", default=True, help="Of trees and messages."),
    click.option("--export-events", "events", is_flag=True, help="Reactions and rankings, one by one."),
    click.option("--user-ids", is_flag=True, help="With the ids of authors, which are left out otherwise."),
    click.option("--anonymizer-seed", type=int, help="Ids become hashes, as the original makes them; can be guessed."),
    click.option("--anonymizer-key", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
                 help="Ids become hashes that nobody can undo without this file's content."),
    click.option("--no-manifest", is_flag=True, help="No manifest and no card beside FILE."),
    click.option("--licence", help="For the card, an SPDX name such as apache-2.0."),
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
    """Takes trees away as data sets (-: standard output)."""
    wanted = _export(given)
    chosen = chosen_settings(data)
    with database(chosen) as found, progress("posts out") as show:
        prepare(found, chosen, hosting.trusted_key(chosen))
        if given["without_distrusted"]:
            below, least = given["distrust_below"], given["distrust_min"]
            users = on_graph(found, lambda graph: distrusted(graph, below=below, at_least=least))
            wanted = replace(wanted, filters=replace(wanted.filters, distrusted=Distrusted(users, below, least)))
        done = on_graph(found, lambda graph: exchange.export(graph, file, wanted, on_progress=show))
    err.print(f"{done.trees} trees, {done.posts} posts out as {done.records} records; {done.skipped} trees left out")
    if left_out := wanted.filters.distrusted:
        who = f"users who are right less often than {left_out.below:g}"
        err.print(f"judgements left out of {who}: {len(left_out.users)}")
    for each in done.beside:
        err.print(f"beside it: {each.name}")


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
