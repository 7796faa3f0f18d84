"""`oa-graph serve`: run the service."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING

import click

from oa_graph import installation, web_server
from oa_graph.cli.console import (
    browser_login,
    chosen_settings,
    data_option,
    database,
    err,
    on_collection,
    prepare,
    print_facts,
    starting,
)
from oa_graph.cli.invite import first_operator_link
from oa_graph.domain.limits import PRESETS, Limits, Preset
from oa_graph.policy import growth
from oa_graph.settings import Settings

if TYPE_CHECKING:
    from litestar import Litestar

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that tells the Prometheus client of each worker the folder."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Port to listen on.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Number of worker processes.")
@click.option(
    "--preset",
    type=click.Choice([preset.value for preset in Preset]),
    help="Preset of the limits; small: for two to four people [OA_GRAPH_PRESET].",
)
@data_option
def serve(host: str, port: int, workers: int, preset: str | None, data: Path | None) -> None:
    """Serve the HTTP API, on the managed Neo4j server unless NEO4J_URI names another."""
    chosen = chosen_settings(data, **({"preset": preset} if preset else {}))
    started = time.monotonic()
    with web_server.listening_socket(host, port) as listener:  # before the database, which takes its time to start
        key = installation.trusted_key(chosen)
        if workers == 1:  # several are processes of their own
            Thread(target=_import_app, daemon=True).start()
        with database(chosen) as neo4j, installation.copy(chosen, starting=starting):
            _report_step("Neo4j", started)
            started = time.monotonic()
            prepare(neo4j, key)
            _report_step("Schema", started)
            _announce(f"http://{host}:{port}", neo4j, key)
            _announce_pages(f"http://{host}:{port}", neo4j, chosen)
            err.print(f"People         {_people_needed(chosen.limits)}")
            _run(neo4j, chosen, listener, workers=workers)


def _report_step(name: str, started: float) -> None:
    print_facts({name: f"ready after {time.monotonic() - started:.1f} s"})


def _announce(url: str, neo4j: installation.Database, key: installation.TrustedKey) -> None:
    login = browser_login(neo4j.browser, neo4j.username, neo4j.password_file)
    print_facts({"API docs": f"{url}/docs", **login, "Trusted key": _key_text(key), "Key file": key.path})


def _announce_pages(url: str, neo4j: installation.Database, chosen: Settings) -> None:
    """Print the link of the first operator, until it was used; logs do not show it."""
    if not err.is_terminal:
        print_facts({"Pages": f"{url}/; `oa-graph invite` prints links that let people sign in"})
        return
    link = on_collection(neo4j, chosen, lambda collection: first_operator_link(collection, url))
    print_facts({"Pages": link or f"{url}/"})


def _key_text(key: installation.TrustedKey) -> str | None:
    """Return a new key for a terminal; logs do not show it."""
    if not key.is_new:
        return None
    return f"{key.value}  (made for this installation)" if err.is_terminal else "new; `oa-graph key` prints it"


def _people_needed(limits: Limits) -> str:
    needed, small = growth.people_needed(limits), growth.people_needed(PRESETS[Preset.SMALL])
    hint = f"; with --preset small it needs {small}" if needed > small else ""
    return f"with these limits a tree needs {needed} different people{hint}"


def _import_app() -> None:
    """Import the application while Neo4j starts. An error appears at the next import."""
    with suppress(Exception):
        import uvicorn  # noqa: F401  # pyright: ignore[reportUnusedImport]

        import oa_graph.service  # noqa: F401  # pyright: ignore[reportUnusedImport]


def _run(neo4j: installation.Database, chosen: Settings, listener: socket.socket, *, workers: int) -> None:
    import uvicorn  # here, because the other commands start faster without it
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    from oa_graph.api import logs

    with _metrics_folder(workers):
        config = uvicorn.Config(
            partial(_create_app, chosen, replace(neo4j, server=None)),  # workers are new processes
            factory=True,
            workers=workers,
            access_log=False,
            log_config=logs.config(format=chosen.log_format, level=chosen.log_level),
            log_level="debug" if chosen.log_level == "debug" else "warning",
            ws="none",  # there are none, and uvicorn logs the query of those who try, hence perhaps a key
            timeout_graceful_shutdown=10,
        )
        with suppress(KeyboardInterrupt), installation.supervised(neo4j):  # after the logs are configured
            if workers > 1:
                with listener:  # nobody answers there while the database is stopped
                    parent = Multiprocess(config, sockets=[listener])
                    parent.run()
                failed = any(worker.exitcode == STARTUP_FAILURE for worker in parent.processes)
            else:
                server = uvicorn.Server(config)
                server.run(sockets=[listener])
                failed = not server.started
            if failed:
                raise SystemExit(STARTUP_FAILURE)


def _create_app(chosen: Settings, neo4j: installation.Database) -> Litestar:
    """Make the application in a worker, which answers its supervisor already: importing all may take seconds."""
    from oa_graph.service import create_app

    return create_app(chosen, database=neo4j)


@contextmanager
def _metrics_folder(workers: int) -> Generator[None]:
    """Prepare an empty folder for the metrics of several workers. A folder from the environment is kept at the end."""
    if workers == 1 and _METRICS not in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="oa-graph-metrics-") as temporary:
        folder = os.environ.setdefault(_METRICS, temporary)
        Path(folder).mkdir(parents=True, exist_ok=True)
        for stale_file in Path(folder).glob("*.db"):
            stale_file.unlink()
        yield
