"""`oa-graph invite`: links by which people sign in to the pages."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from oa_graph import installation
from oa_graph.cli.console import chosen_settings, data_option, database, err, on_collection, out, prepare, table
from oa_graph.domain.sessions import Invite, SessionRole
from oa_graph.domain.users import AuthMethod
from oa_graph.errors import UserNotFound
from oa_graph.sessions import FIRST_OPERATOR, Sessions

if TYPE_CHECKING:
    from oa_graph.collection import Collection

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8080"


@click.group(invoke_without_command=True)
@click.option(
    "--role",
    type=click.Choice([role.value for role in SessionRole]),
    default=SessionRole.WORKER.value,
    show_default=True,
    help="Workers do tasks; analysts also run queries and reading statements; operators run the collection.",
)
@click.option("--uses", type=click.IntRange(min=1), default=1, show_default=True, help="How many people may use it.")
@click.option("--unlimited", is_flag=True, help="Any number of people may use it until it ends.")
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), default=7.0, show_default=True, help="Days until it ends."
)
@click.option(
    "--user", "user_name", metavar="NAME", help="Name of the user that it signs in again, instead of a new one."
)
@click.option("--note", default="", help="What it is for; shown in the list.")
@click.option("--url", default=DEFAULT_URL, show_default=True, help="Address of the service, as people reach it.")
@data_option
@click.pass_context
def invite(
    context: click.Context,
    role: str,
    uses: int,
    unlimited: bool,
    days: float,
    user_name: str | None,
    note: str,
    url: str,
    data: Path | None,
) -> None:
    """Print a link by which people sign in to the pages. The link is shown only once."""
    context.obj = data
    if context.invoked_subcommand:
        return
    chosen = chosen_settings(data)
    with database(chosen) as neo4j:
        prepare(neo4j, installation.trusted_key(chosen))
        token = on_collection(
            neo4j,
            chosen,
            lambda collection: collection.sessions.invite(
                role=SessionRole(role),
                uses=None if unlimited else uses,
                valid_for=timedelta(days=days),
                note=note,
                user_name=user_name,
            ),
        )
    click.echo(invite_link(url, token))


def invite_link(url: str, token: str) -> str:
    """Return the link of an invite."""
    return f"{url.rstrip('/')}/invite/{token}"


async def first_operator_link(collection: Collection, url: str) -> str | None:
    """Return a link for the first operator; None: one was used before."""
    try:
        await collection.users.acting(AuthMethod.LOCAL, FIRST_OPERATOR, client=installation.PAGES)
    except UserNotFound:
        token = await collection.sessions.invite(
            role=SessionRole.OPERATOR, user_name=FIRST_OPERATOR, note="the first operator"
        )
        return invite_link(url, token)
    return None


@invite.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """List the invites, without their links."""
    invites = _on_sessions(context.obj, lambda sessions: sessions.invites())
    if as_json:
        click.echo(json.dumps([asdict(invite) for invite in invites], indent=2, ensure_ascii=False, default=str))
    else:
        out.print(table(("id", "role", "uses left", "ends", "user", "note"), [_row(invite) for invite in invites]))


def _row(invite: Invite) -> Sequence[str]:
    uses = "unlimited" if invite.uses_left is None else str(invite.uses_left)
    ends = invite.expires.isoformat(timespec="minutes")
    return (invite.id, invite.role, uses, ends, invite.user_name or "", invite.note)


@invite.command()
@click.argument("id")
@click.pass_context
def revoke(context: click.Context, id: str) -> None:
    """End the invite ID. Its sessions continue."""
    _on_sessions(context.obj, lambda sessions: sessions.revoke(id))
    err.print(f"{id} has ended", soft_wrap=True)


def _on_sessions(data: Path | None, work: Callable[[Sessions], Awaitable[T]]) -> T:
    chosen = chosen_settings(data)
    with database(chosen, reads=True) as neo4j:
        return on_collection(neo4j, chosen, lambda collection: work(collection.sessions))
