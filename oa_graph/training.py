"""Train the AOT cache of the managed server: run the service with a simulated crowd on a server that records.

`python -m oa_graph.training` runs the training at once. Commands start it in the background after the first start of a
server, once the machine is idle, unless the setting `aot` is false.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from oa_graph.neo4j_server import Address, aot, jars
from oa_graph.neo4j_server.ports import HOST, any_free_port
from oa_graph.settings import Settings

_USERS = 16
_SECONDS = 45.0
"""Duration of the workload. A cold server has then planned and compiled the most frequent statements."""
_KEY = "of a training, known to nobody else and of no use elsewhere"
_MAX_IDLE_WAIT = 1800.0
"""Seconds until the training starts on a machine that does not become idle."""
_LOAD_CHECK_INTERVAL = 10.0


def start_in_background(settings: Settings) -> None:
    """Start the training of this machine's server in a process of its own, unless settings or the machine forbid it."""
    if not (settings.aot and aot.should_train()):
        return
    subprocess.run(
        ["/bin/sh", "-c", '"$@" &', "sh", sys.executable, "-m", "oa_graph.training", "--quietly"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(os.environ),
        start_new_session=True,
        check=True,
    )


def run_workload(address: Address, *, seconds: float = _SECONDS) -> None:
    """Run the service and a crowd on a server. Raises the errors of `web_server.running_server`, and CallFailed."""
    from oa_graph import installation, web_server  # here, because commands that only start a training need neither
    from oa_graph.simulator.simulate import simulate

    neo4j = installation.Database(address.bolt, address.username, address.password, address.database, browser=None)
    environment = {
        **_environment(os.environ),
        **neo4j.environment(),
        "OA_GRAPH_API_KEY": _KEY,
        "OA_GRAPH_RATE_LIMIT": "false",
    }
    log = jars.folder() / "training.log"
    with (
        TemporaryDirectory(prefix="oa-graph-training-") as data,
        web_server.running_server(
            HOST, any_free_port(), "--data", data, key=_KEY, environment=environment, log=log
        ) as url,
    ):
        asyncio.run(simulate(url, _KEY, users=_USERS, seconds=seconds, seed=1, pace=0))


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with this program on the path, and without its settings, except the cache folder."""
    selected = {
        name: value
        for name, value in variables.items()
        if not name.startswith(("OA_GRAPH_", "NEO4J_")) or name == "OA_GRAPH_CACHE"
    }
    root = str(Path(__file__).parents[1])
    return {**selected, "PYTHONPATH": os.pathsep.join(filter(None, (root, variables.get("PYTHONPATH"))))}


def await_idle(seconds: float = _MAX_IDLE_WAIT) -> None:
    """Wait until other processes use less than half of the cores, or until the time limit."""
    end = time.monotonic() + seconds
    time.sleep(3 * _LOAD_CHECK_INTERVAL)  # the load average does not yet include the start of the server
    while time.monotonic() < end and os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        time.sleep(_LOAD_CHECK_INTERVAL)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m oa_graph.training", description=__doc__)
    parser.add_argument("--quietly", action="store_true", help="wait for an idle machine, and remember a failure")
    if parser.parse_args().quietly:
        os.nice(19)
        aot.train_or_give_up(run_workload, before=await_idle)
        return
    started = time.monotonic()
    print(f"{aot.train(run_workload)}, {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
