"""`oa-graph simulate` and `oa-graph demo`: a crowd that works over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import click

from oa_graph import exchange, hosting, web_server
from oa_graph.cli.console import (
    browser_login,
    chosen_settings,
    command_line,
    database,
    err,
    fact_lines,
    on_graph,
    out,
    prepare,
    python,
)
from oa_graph.graph import clients
from oa_graph.managed.errors import PortTaken
from oa_graph.model import Client

_DEMO_LIMITS = {
    "GOAL_TREE_SIZE": "7",
    "LEASE_SEC": "5",
    "MAX_ACTIVE_TREES": "4",
    "MAX_PENDING_TASKS_PER_USER": "20",
    "NUM_REQUIRED_RANKINGS": "2",
    "NUM_REVIEWS_INITIAL_PROMPT": "2",
    "NUM_REVIEWS_REPLY": "2",
}
"""Trees small enough to be finished within a minute; what the environment says comes first."""

_PORT = 8080
"""Where the demo serves when nobody asks for a port and it is free."""


@click.command()
@click.option("--url", required=True, help="Of the server, such as http://127.0.0.1:8080.")
@click.option("--api-key", required=True, envvar="OA_GRAPH_API_KEY", help="[OA_GRAPH_API_KEY]")
@click.option("--users", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--seconds", default=30.0, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--lang", "langs", multiple=True, default=("en",), show_default=True)
@click.option("--pace", default=1.0, show_default=True, help="Stretches the time that people take; 0: none.")
@click.option("--lease", default=600.0, show_default=True, help="Seconds for which the server reserves a place.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON instead of a table.")
def simulate(
    url: str,
    api_key: str,
    users: int,
    seconds: float,
    seed: int,
    langs: tuple[str, ...],
    pace: float,
    lease: float,
    as_json: bool,
) -> None:
    """Lets a simulated crowd work on any server that speaks the protocol, and reports what it met.

    Exit status 1 when there were answers that no habit explains.
    """
    from oa_graph.crowd.display import Screen
    from oa_graph.crowd.simulate import simulate as work

    with Screen(err) as screen:
        report = asyncio.run(
            work(
                url,
                api_key,
                users=users,
                seconds=seconds,
                seed=seed,
                langs=langs,
                pace=pace,
                lease=lease,
                on_progress=screen.show,
            )
        )
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2))
    else:
        out.print(report.table())
    sys.exit(1 if report.unexpected else 0)


@click.command()
@click.option("--users", type=click.IntRange(min=1), default=24, show_default=True, help="Bots that work at once.")
@click.option("--trees", default=8, show_default=True, help="Ends when so many trees are ready.")
@click.option("--seed", default=1, show_default=True)
@click.option("--out", "path", type=click.Path(path_type=Path), default=Path("demo/trees.jsonl"), show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help=f"[{_PORT}, or another where that is in use]")
@click.option("--exit", "leave", is_flag=True, help="End when done instead of staying up.")
@click.option("--limit", default=900.0, show_default=True, help="Gives up after so many seconds.")
@click.option("--data", type=click.Path(path_type=Path), default=Path("demo/data"), show_default=True)
def demo(
    users: int, trees: int, seed: int, path: Path, host: str, port: int | None, leave: bool, limit: float, data: Path
) -> None:
    """Brings prompts and a crowd, and shows how their trees grow, from an empty folder to an exported file."""
    from oa_graph.crowd.demo import demo as play

    for name, value in _DEMO_LIMITS.items():
        os.environ.setdefault(f"OA_GRAPH_LIMITS__{name}", value)
    port = _free_port(host, port)  # before the database, which takes its time to start
    url = f"http://{host}:{port}"
    chosen = chosen_settings(data)
    log = chosen.data / "logs" / "service.log"
    with database(chosen) as found:
        prepare(found, hosting.trusted_key(chosen))
        key = _crowd_key(found)
        login = browser_login(found.browser, found.username, found.password_file)
        err.print(f"The service is on {url}; its log is {log}", soft_wrap=True, markup=False)
        # The crowd shall meet what a frontend meets, but a person of it does in a minute what people do in an hour.
        environment = {**os.environ, **found.environment(), "OA_GRAPH_RATE_LIMIT": "false"}
        with web_server.running(host, port, key=key, environment=environment, log=log):
            path.parent.mkdir(parents=True, exist_ok=True)
            asyncio.run(
                play(
                    url,
                    key,
                    users=users,
                    trees=trees,
                    seed=seed,
                    out=path,
                    export=lambda to: on_graph(found, lambda graph: exchange.export_trees(graph, to)).trees,
                    next_steps=lambda tree: ["", *_next_steps(data, path.parent, tree), ""],
                    addresses=fact_lines({"API docs": f"{url}/docs", "Service log": log, **login}),
                    stay=not leave,
                    lease=float(chosen.limits.lease_sec),
                    limit=limit,
                )
            )


def _free_port(host: str, asked: int | None) -> int:
    """The port that was asked for, else the usual one or any that is free. Raises PortTaken, OSError."""
    for port in (asked,) if asked else (_PORT, 0):
        with suppress(PortTaken), web_server.bound(host, port) as listener:
            return listener.getsockname()[1]
    raise PortTaken(port=asked or _PORT, host=host)


def _next_steps(data: Path, folder: Path, tree: str | None) -> list[str]:
    """Commands for a shell, on the graph in `data`, now and after the demo; files go to `folder`."""
    frame = f'connect(data={json.dumps(str(data))}).pandas("growth_by_day")'
    return [
        f"Commands to go on with (after the demo, `{command_line('db', 'start', data=data)}` makes them fast):",
        command_line("query", "tree_states", data=data),
        command_line("report", folder / "report.html", data=data),
        *([command_line("show", tree, data=data)] if tree else []),
        command_line("export", folder / "pairs.jsonl", "--as", "preference", data=data),
        shlex.join([python(), "-c", f"from oa_graph.analysis import connect; print({frame})"]),
    ]


def _crowd_key(found: hosting.Database) -> str:
    """A key for the crowd alone: its client can show the ranking of prompts, which other frontends cannot."""
    key = secrets.token_hex(32)
    crowd = Client(id=str(uuid4()), description="The crowd of the demo", capabilities=("rank_initial_prompts",))
    on_graph(found, lambda graph: clients.create(graph, client=crowd, key_hash=clients.key_hash(key)))
    return key
