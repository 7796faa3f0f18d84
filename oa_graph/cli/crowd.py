"""`oa-graph simulate` and `oa-graph demo`: a crowd that works over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import click
import httpx

from oa_graph import exchange, hosting
from oa_graph.cli.console import chosen_settings, database, err, on_graph, out, prepare
from oa_graph.errors import Setup
from oa_graph.graph import clients
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

_ANSWERS_WITHIN = 120.0
"""Seconds that the web server of the demo may take to answer."""


class WebServerSilent(Setup):
    """The web server at {url} did not answer within {seconds} s."""


class WebServerEnded(Setup):
    """The web server at {url} ended with status {status}; is its port taken?"""


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
@click.option("--port", default=8080, show_default=True)
@click.option("--exit", "leave", is_flag=True, help="End when done instead of staying up.")
@click.option("--limit", default=900.0, show_default=True, help="Gives up after so many seconds.")
@click.option("--data", type=click.Path(path_type=Path), default=Path("demo/data"), show_default=True)
def demo(
    users: int, trees: int, seed: int, path: Path, host: str, port: int, leave: bool, limit: float, data: Path
) -> None:
    """Brings prompts and a crowd, and shows how their trees grow, from an empty folder to an exported file."""
    from oa_graph.crowd.demo import demo as play

    for name, value in _DEMO_LIMITS.items():
        os.environ.setdefault(f"OA_GRAPH_LIMITS__{name}", value)
    chosen = chosen_settings(data)
    url = f"http://{host}:{port}"
    with database(chosen) as found:
        prepare(found, chosen, hosting.trusted_key(chosen))
        key = _crowd_key(found)
        with _web_server(found, url, host=host, port=port):
            path.parent.mkdir(parents=True, exist_ok=True)
            asyncio.run(
                play(
                    url,
                    key,
                    users=users,
                    trees=trees,
                    seed=seed,
                    out=path,
                    docs_url=f"{url}/docs",
                    browser_url=found.browser or "",
                    export=lambda to: on_graph(found, lambda graph: exchange.export_trees(graph, to)).trees,
                    stay=not leave,
                    lease=float(chosen.limits.lease_sec),
                    limit=limit,
                )
            )


def _crowd_key(found: hosting.Database) -> str:
    """A key for the crowd alone: its client can show the ranking of prompts, which other frontends cannot."""
    key = secrets.token_hex(32)
    crowd = Client(id=str(uuid4()), description="The crowd of the demo", capabilities=("rank_initial_prompts",))
    on_graph(found, lambda graph: clients.create(graph, client=crowd, key_hash=clients.key_hash(key)))
    return key


@contextmanager
def _web_server(found: hosting.Database, url: str, *, host: str, port: int) -> Generator[None]:
    """`oa-graph serve` as a process of its own: the crowd shall meet what a frontend meets."""
    server = subprocess.Popen(
        [sys.executable, "-m", "oa_graph.cli", "serve", "--host", host, "--port", str(port)],
        # A person of the crowd does in a minute what people do in an hour.
        env={**os.environ, **found.environment(), "OA_GRAPH_RATE_LIMIT": "false"},
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches us alone; we end it after the crowd
    )
    try:
        _await_answer(server, url)
        yield
    finally:
        server.terminate()
        server.wait()


def _await_answer(server: subprocess.Popen[bytes], url: str) -> None:
    patience = time.monotonic() + _ANSWERS_WITHIN
    while time.monotonic() < patience:
        if (status := server.poll()) is not None:
            raise WebServerEnded(url=url, status=status)
        try:
            if httpx.get(f"{url}/health/ready", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise WebServerSilent(url=url, seconds=int(_ANSWERS_WITHIN))
