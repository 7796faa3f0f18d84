"""`oa-graph simulate`: run a simulated crowd against a server."""

from __future__ import annotations

import asyncio
import json
import sys

import click

from oa_graph.cli.console import (
    err,
    out,
)


@click.command()
@click.option("--url", required=True, help="Address of the server, such as http://127.0.0.1:8080.")
@click.option("--api-key", required=True, envvar="OA_GRAPH_API_KEY", help="API key of the crowd [OA_GRAPH_API_KEY].")
@click.option("--users", type=click.IntRange(min=1), default=20, show_default=True, help="Number of bots.")
@click.option("--seconds", default=30.0, show_default=True, help="Duration of the run.")
@click.option("--seed", default=1, show_default=True, help="Seed of the bots' choices.")
@click.option("--lang", "langs", multiple=True, default=("en",), show_default=True, help="Languages of the bots.")
@click.option("--pace", default=1.0, show_default=True, help="Factor of the bots' thinking time; 0: none.")
@click.option("--lease", default=600.0, show_default=True, help="Lease time of the server in seconds.")
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
    """Run a simulated crowd against a server of the protocol, and report its measurements.

    Exit status 1 if there were unexpected responses.
    """
    from oa_graph.simulator.display import Screen
    from oa_graph.simulator.simulate import simulate as work

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
