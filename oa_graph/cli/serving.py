"""`oa-graph serve`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from oa_graph import hosting
from oa_graph.cli.console import chosen_settings, data_option, database, err, prepare
from oa_graph.settings import neo4j_settings


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that answer requests."
)
@data_option
def serve(host: str, port: int, workers: int, data: Path | None) -> None:
    """Serves the HTTP API, with the managed Neo4j unless NEO4J_URI names another."""
    chosen = chosen_settings(data)
    key = hosting.trusted_key(chosen)
    with database(chosen) as found:
        prepare(found, chosen, key)
        _announce(f"http://{host}:{port}", found, key)
        _run(found, key, host=host, port=port, workers=workers)


def _announce(url: str, found: hosting.Database, key: hosting.TrustedKey) -> None:
    err.print(f"API docs       {url}/docs")
    if found.browser:
        err.print(f"Neo4j Browser  {found.browser}  (user {found.username}, password in the data folder)")
    if key.is_new:
        err.print(f"Trusted key    {key.value}  (made for this installation)", soft_wrap=True)
    if key.path:
        err.print(f"Key file       {key.path}", soft_wrap=True)


def _run(found: hosting.Database, key: hosting.TrustedKey, *, host: str, port: int, workers: int) -> None:
    import uvicorn  # here, because the other commands start faster without it

    os.environ.update(found.environment())  # workers are new processes; this is how they find the database
    neo4j_settings.cache_clear()  # a single worker is this process, which has read the environment before
    uvicorn.run(
        "oa_graph.api.app:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=10,
    )
