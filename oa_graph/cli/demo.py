"""`oa-graph demo`: the service, a simulated crowd and its trees, from an empty folder to an exported file."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oa_graph import datasets, installation, web_server
from oa_graph.cli.console import (
    browser_login,
    chosen_settings,
    command_line,
    database,
    err,
    fact_lines,
    on_collection,
    prepare,
    python,
)
from oa_graph.cli.invite import first_operator_link
from oa_graph.domain.users import ApiClient
from oa_graph.neo4j_server.errors import PortTaken
from oa_graph.settings import Settings

if TYPE_CHECKING:
    from oa_graph.simulator.canned_model import CannedModel

_DEMO_LIMITS = {
    "GOAL_TREE_SIZE": "7",
    "LEASE_SEC": "5",
    "MAX_ACTIVE_TREES": "4",
    "MAX_PENDING_TASKS_PER_USER": "20",
    "MIN_HUMAN_REPLIES": "1",
    "NUM_REQUIRED_RANKINGS": "2",
    "NUM_REVIEWS_INITIAL_PROMPT": "2",
    "NUM_REVIEWS_REPLY": "2",
}
"""Limits for small trees, which are finished within a minute. Environment variables take precedence."""


_MODELS = {"good-parrot": True, "poor-parrot": False}
"""Stand-ins for language models, and whether they write well. The report compares them with the crowd."""

_PORT = 8080
"""The default port, if it is free."""


@click.command()
@click.option("--users", type=click.IntRange(min=1), default=24, show_default=True, help="Number of bots.")
@click.option("--trees", default=8, show_default=True, help="Number of finished trees that end the run.")
@click.option("--seed", default=1, show_default=True, help="Seed of the bots' choices.")
@click.option(
    "--out",
    "path",
    type=click.Path(path_type=Path),
    default=Path("demo/trees.jsonl"),
    show_default=True,
    help="File for the finished trees.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the service.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help=f"Port of the service.  [default: {_PORT}, or another if it is in use]",
)
@click.option("--exit", "exit_when_done", is_flag=True, help="Exit when done instead of staying up.")
@click.option("--limit", default=900.0, show_default=True, help="Time limit in seconds.")
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("demo/data"), show_default=True, help="Data folder."
)
def demo(
    users: int,
    trees: int,
    seed: int,
    path: Path,
    host: str,
    port: int | None,
    exit_when_done: bool,
    limit: float,
    data: Path,
) -> None:
    """Run the service with prompts and a simulated crowd, show how trees grow, and export them."""
    from oa_graph.simulator.demo import demo as play

    environment = {f"OA_GRAPH_LIMITS__{name}": value for name, value in _DEMO_LIMITS.items()} | os.environ
    limits = {name.lower(): environment[f"OA_GRAPH_LIMITS__{name}"] for name in _DEMO_LIMITS}
    port = _free_port(host, port)  # before the database, which takes seconds to start
    url = f"http://{host}:{port}"
    chosen = chosen_settings(data, limits=limits)
    log = chosen.data / "logs" / "service.log"
    with database(chosen) as neo4j:
        prepare(neo4j, installation.trusted_key(chosen))
        link = on_collection(neo4j, chosen, lambda collection: first_operator_link(collection, url))
        key = _crowd_key(neo4j, chosen)
        on_collection(neo4j, chosen, lambda collection: collection.guidelines.load())
        models = [_model(neo4j, chosen, name, is_good=is_good) for name, is_good in _MODELS.items()]
        login = browser_login(neo4j.browser, neo4j.username, neo4j.password_file)
        err.print(f"The service is on {url}; its log is {log}", soft_wrap=True, markup=False)
        err.print(f"Take part in a browser: {link or url}", soft_wrap=True, markup=False)
        # The crowd uses the service like any frontend, but a bot does in a minute what a user does in an hour.
        environment |= {**neo4j.environment(), "OA_GRAPH_DATA": str(chosen.data), "OA_GRAPH_RATE_LIMIT": "false"}
        with web_server.running_server(host, port, key=key, environment=environment, log=log):
            path.parent.mkdir(parents=True, exist_ok=True)
            asyncio.run(
                play(
                    url,
                    key,
                    users=users,
                    models=models,
                    trees=trees,
                    seed=seed,
                    out=path,
                    export=lambda path: (
                        on_collection(
                            neo4j, chosen, lambda collection: datasets.export_trees(collection.graph, path)
                        ).trees
                    ),
                    next_steps=lambda tree: ["", *_next_steps(data, path.parent, tree), ""],
                    addresses=fact_lines(
                        {"Take part": link or f"{url}/", "API docs": f"{url}/docs", "Service log": log, **login}
                    ),
                    stay=not exit_when_done,
                    lease=float(chosen.limits.lease_sec),
                    limit=limit,
                )
            )


def _free_port(host: str, requested: int | None) -> int:
    """Return the requested port, else the default one or any free port. Raise PortTaken, OSError."""
    for port in (requested,) if requested else (_PORT, 0):
        with suppress(PortTaken), web_server.listening_socket(host, port) as listener:
            return listener.getsockname()[1]
    raise PortTaken(port=requested or _PORT, host=host)


def _next_steps(data: Path, folder: Path, tree: str | None) -> list[str]:
    """Return shell commands for the graph in `data`; they work during and after the demo and write to `folder`."""
    frame = f'connect(data={json.dumps(str(data))}).pandas("growth_by_day")'
    return [
        f"Next commands (after the demo, start the database first: `{command_line('db', 'start', data=data)}`):",
        command_line("query", "tree_states", data=data),
        command_line("report", folder / "report.html", data=data),
        *([command_line("show", tree, data=data)] if tree else []),
        command_line("export", folder / "pairs.jsonl", "--as", "preference", data=data),
        shlex.join([python(), "-c", f"from oa_graph.analysis import connect; print({frame})"]),
    ]


def _model(neo4j: installation.Database, chosen: Settings, name: str, *, is_good: bool) -> CannedModel:
    """Create an API client for a model."""
    from oa_graph.simulator.canned_model import CannedModel

    client = ApiClient(id="", description=f"A model of the demo: {name}", writes_as_model=name)
    key = on_collection(neo4j, chosen, lambda collection: collection.clients.create(client))
    return CannedModel(name, key, is_good)


def _crowd_key(neo4j: installation.Database, chosen: Settings) -> str:
    """Create an API client for the crowd and return its key. Unlike other frontends it supports prompt rankings."""
    crowd = ApiClient(id="", description="The crowd of the demo", capabilities=("rank_initial_prompts", "end_vote"))
    return on_collection(neo4j, chosen, lambda collection: collection.clients.create(crowd))
