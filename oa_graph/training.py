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
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from oa_graph.errors import Setup
from oa_graph.managed import Address, aot
from oa_graph.managed.ports import any_free_port

_USERS = 16
_SECONDS = 45.0
"""Of work by a crowd: by then a cold server has planned and compiled what the service asks most."""
_PATIENCE = 300.0
"""Seconds for the service to become ready: it has the lowest priority."""
_KEY = "of a training, known to nobody else and of no use elsewhere"
_LONGEST_WAIT = 1800.0
"""Seconds until a training begins on a machine that never becomes idle."""
_LOOK = 10.0


class NoService(Setup):
    """The service did not come up for a training; it said: {words}"""


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
    """Start the service on a server and let a crowd work. Raises NoService, or CallFailed where it cannot."""
    from oa_graph.crowd.simulate import simulate

    with _serving(address) as url:
        asyncio.run(simulate(url, _KEY, users=_USERS, seconds=seconds, seed=1, pace=0))


@contextmanager
def _serving(address: Address) -> Generator[str]:
    port = any_free_port()
    with TemporaryDirectory(prefix="oa-graph-training-") as folder:
        log = Path(folder) / "log"
        words = ("serve", "--port", str(port), "--data", folder)
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "oa_graph.cli", *words],
                env=_environment(os.environ) | _settings(address),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _await_ready(process, url, log)
            yield url
        finally:
            process.terminate()
            process.wait()


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    import httpx  # here, because the commands that only start a training are quicker without it

    end = time.monotonic() + _PATIENCE
    with httpx.Client(trust_env=False, timeout=_PATIENCE) as client:
        while process.poll() is None and time.monotonic() < end:
            try:
                if client.get(f"{url}/health/ready").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
    raise NoService(words=log.read_text(errors="replace")[-2000:])


def _settings(address: Address) -> dict[str, str]:
    return {
        "NEO4J_URI": address.bolt,
        "NEO4J_USERNAME": address.username,
        "NEO4J_PASSWORD": address.password,
        "NEO4J_DATABASE": address.database,
        "OA_GRAPH_API_KEY": _KEY,
        "OA_GRAPH_RATE_LIMIT": "false",
    }


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
