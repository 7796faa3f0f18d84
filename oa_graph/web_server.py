"""`oa-graph serve` as a process of its own, and the port that a web server listens on."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from oa_graph.errors import Setup
from oa_graph.managed.errors import PortTaken

_ANSWERS_WITHIN = 300.0
"""Seconds that a web server may take to answer."""


class WebServerSilent(Setup):
    """The web server at {url} did not answer within {seconds} s; its log is {log}."""


class WebServerEnded(Setup):
    """The web server at {url} ended with status {status}; its log is {log}."""


@contextmanager
def bound(host: str, port: int) -> Generator[socket.socket]:
    """A socket of our own on the port; 0: on any that is free. Raises PortTaken, OSError."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(port=port, host=host) from error
            raise
        yield listener


@contextmanager
def running(host: str, port: int, *options: str, key: str, environment: Mapping[str, str], log: Path) -> Generator[str]:
    """The address of a web server that writes to `log`, from when it takes `key`, which no other server knows.

    Raises WebServerEnded, WebServerSilent.
    """
    url = f"http://{host}:{port}"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "oa_graph.cli", "serve", "--host", host, "--port", str(port), *options],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone; we end it
        )
    try:
        _await_answer(server, url, key, log)
        yield url
    finally:
        server.terminate()
        server.wait()


def _await_answer(server: subprocess.Popen[bytes], url: str, key: str, log: Path) -> None:
    patience = time.monotonic() + _ANSWERS_WITHIN
    while time.monotonic() < patience:
        if (status := server.poll()) is not None:
            raise WebServerEnded(url=url, status=status, log=log)
        if _takes(url, key):
            return
        time.sleep(0.1)
    raise WebServerSilent(url=url, seconds=int(_ANSWERS_WITHIN), log=log)


def _takes(url: str, key: str) -> bool:
    import httpx  # here, because `serve` needs the port alone and starts faster without it

    try:
        first = httpx.get(
            f"{url}/api/v1/messages/", params={"max_count": 1}, headers={"X-API-Key": key}, timeout=5, trust_env=False
        )
    except httpx.TransportError:
        return False
    return first.is_success
