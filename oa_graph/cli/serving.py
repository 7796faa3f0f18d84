"""`oa-graph serve`."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import click

from oa_graph import hosting, web_server
from oa_graph.cli.console import (
    browser_login,
    chosen_settings,
    data_option,
    database,
    err,
    prepare,
    print_facts,
    starting,
)
from oa_graph.model import PRESETS, Limits, Preset
from oa_graph.policy import growth
from oa_graph.settings import Settings, neo4j_settings

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""By this variable the Prometheus client of each worker finds the folder."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that answer requests."
)
@click.option(
    "--preset",
    type=click.Choice([preset.value for preset in Preset]),
    help="Limits to start from; small: for two to four people [OA_GRAPH_PRESET].",
)
@data_option
def serve(host: str, port: int, workers: int, preset: str | None, data: Path | None) -> None:
    """Serves the HTTP API, with the managed Neo4j unless NEO4J_URI names another."""
    if preset:
        os.environ["OA_GRAPH_PRESET"] = preset  # for the workers too
    chosen = chosen_settings(data)
    started = time.monotonic()
    with web_server.bound(host, port) as listener:  # before the database, which takes its time to start
        key = hosting.trusted_key(chosen)
        if workers == 1:  # several are processes of their own
            Thread(target=_import_app, daemon=True).start()
        with database(chosen) as found, hosting.copy(chosen, starting=starting):
            _report_step("Neo4j", started)
            started = time.monotonic()
            prepare(found, key)
            _report_step("Schema", started)
            _announce(f"http://{host}:{port}", found, key)
            err.print(f"People         {_people(chosen.limits)}")
            _run(found, chosen, listener, workers=workers)


def _report_step(name: str, started: float) -> None:
    print_facts({name: f"ready after {time.monotonic() - started:.1f} s"})


def _announce(url: str, found: hosting.Database, key: hosting.TrustedKey) -> None:
    login = browser_login(found.browser, found.username, found.password_file)
    print_facts({"API docs": f"{url}/docs", **login, "Trusted key": _shown(key), "Key file": key.path})


def _shown(key: hosting.TrustedKey) -> str | None:
    """A new key, for whoever sits before the terminal; a log is read by others too."""
    if not key.is_new:
        return None
    return f"{key.value}  (made for this installation)" if err.is_terminal else "new; `oa-graph key` prints it"


def _people(limits: Limits) -> str:
    needed, small = growth.people_needed(limits), growth.people_needed(PRESETS[Preset.SMALL])
    hint = f"; with --preset small it needs {small}" if needed > small else ""
    return f"with these limits a tree needs {needed} different people{hint}"


def _import_app() -> None:
    """Import beside the start of Neo4j what is needed after it; an error shows where it is imported again."""
    with suppress(Exception):
        import uvicorn  # noqa: F401  # pyright: ignore[reportUnusedImport]

        import oa_graph.api.app  # noqa: F401  # pyright: ignore[reportUnusedImport]


def _run(found: hosting.Database, chosen: Settings, listener: socket.socket, *, workers: int) -> None:
    import uvicorn  # here, because the other commands start faster without it
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    from oa_graph.api import logs

    os.environ.update(found.environment())  # workers are new processes; this is how they find the database
    neo4j_settings.cache_clear()  # a single worker is this process, which has read the environment before
    with _counted_together(workers):
        config = uvicorn.Config(
            "oa_graph.api.app:create_app",
            factory=True,
            workers=workers,
            access_log=False,
            log_config=logs.config(format=chosen.log_format, level=chosen.log_level),
            log_level="debug" if chosen.log_level == "debug" else "warning",
            ws="none",  # there are none, and uvicorn logs the query of those who try, hence perhaps a key
            timeout_graceful_shutdown=10,
        )
        with suppress(KeyboardInterrupt), hosting.supervised(found):  # after the logs are configured
            if workers > 1:
                with listener:  # nobody answers there while the database is stopped
                    Multiprocess(config, sockets=[listener]).run()
                return
            server = uvicorn.Server(config)
            server.run(sockets=[listener])
            if not server.started:
                raise SystemExit(STARTUP_FAILURE)


@contextmanager
def _counted_together(workers: int) -> Generator[None]:
    """The folder in which several workers count, empty at the start. One that the environment names is kept."""
    if workers == 1 and _METRICS not in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="oa-graph-metrics-") as made:
        folder = os.environ.setdefault(_METRICS, made)
        Path(folder).mkdir(parents=True, exist_ok=True)
        for left in Path(folder).glob("*.db"):
            left.unlink()
        yield
