"""Trains the managed server: plays the service on one, for the AOT cache that its starts are to use.

`python -m oa_graph.training` does it now. The commands have it done in the background after the first start, once
the machine is idle; the setting `aot` keeps them from it.
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

from oa_graph.managed import Address, aot, jars
from oa_graph.managed.ports import HOST, any_free_port

_USERS = 16
_SECONDS = 45.0
"""Of work by a crowd: by then a cold server has planned and compiled what the service asks most."""
_KEY = "of a training, known to nobody else and of no use elsewhere"
_LONGEST_WAIT = 1800.0
"""Seconds until a training begins on a machine that never becomes idle."""
_LOOK = 10.0


def start_in_background() -> None:
    """Start the training of this machine's server in a process of its own, if it is wanted."""
    if not aot.is_wanted():
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


def play(address: Address, *, seconds: float = _SECONDS) -> None:
    """Start the service on a server and let a crowd work. Raises what `web_server.running` raises, and CallFailed."""
    from oa_graph import hosting, web_server  # here, because the commands that only start a training need neither
    from oa_graph.crowd.simulate import simulate

    neo4j = hosting.Database(address.bolt, address.username, address.password, address.database, browser=None)
    environment = {
        **_environment(os.environ),
        **neo4j.environment(),
        "OA_GRAPH_API_KEY": _KEY,
        "OA_GRAPH_RATE_LIMIT": "false",
    }
    log = jars.folder() / "training.log"
    with (
        TemporaryDirectory(prefix="oa-graph-training-") as data,
        web_server.running(HOST, any_free_port(), "--data", data, key=_KEY, environment=environment, log=log) as url,
    ):
        asyncio.run(simulate(url, _KEY, users=_USERS, seconds=seconds, seed=1, pace=0))


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment with this program on the path, and of its settings only where the caches are."""
    kept = {
        name: value
        for name, value in given.items()
        if not name.startswith(("OA_GRAPH_", "NEO4J_")) or name == "OA_GRAPH_CACHE"
    }
    root = str(Path(__file__).parents[1])
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, (root, given.get("PYTHONPATH"))))}


def await_idle(seconds: float = _LONGEST_WAIT) -> None:
    """Wait until other processes use less than half of the cores, so many seconds at most."""
    end = time.monotonic() + seconds
    time.sleep(3 * _LOOK)  # the start that wants the cache is not over yet, and its load is not yet measured
    while time.monotonic() < end and os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        time.sleep(_LOOK)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m oa_graph.training", description=__doc__)
    parser.add_argument("--quietly", action="store_true", help="when the machine is idle; remember a failure")
    if parser.parse_args().quietly:
        os.nice(19)
        aot.train_or_give_up(play, first=await_idle)
        return
    started = time.monotonic()
    print(f"{aot.train(play)}, {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
