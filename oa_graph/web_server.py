"""`oa-graph serve` as a child process, and the socket of a web server."""

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
from oa_graph.neo4j_server.errors import PortTaken

_START_TIMEOUT = 300.0
"""Seconds until the first answer of a web server."""


class WebServerSilent(Setup):
    """The web server at {url} did not answer within {seconds} s; its log is {log}."""


class WebServerEnded(Setup):
    """The web server at {url} exited with status {status}; its log is {log}."""


@contextmanager
def listening_socket(host: str, port: int) -> Generator[socket.socket]:
    """Open a listening socket on the port; 0: on any free port. Raise PortTaken, OSError."""
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
def running_server(
    host: str, port: int, *options: str, key: str, environment: Mapping[str, str], log: Path
) -> Generator[str]:
    """Start a web server that logs to `log`, and yield its address once it accepts `key`.

    No other server knows the key. Raise WebServerEnded, WebServerSilent.
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
            start_new_session=True,  # Ctrl-C does not reach it; we stop it
        )
    try:
        _await_answer(server, url, key, log)
        yield url
    finally:
        server.terminate()
        server.wait()


def _await_answer(server: subprocess.Popen[bytes], url: str, key: str, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline:
        if (status := server.poll()) is not None:
            raise WebServerEnded(url=url, status=status, log=log)
        if _accepts_key(url, key):
            return
        time.sleep(0.1)
    raise WebServerSilent(url=url, seconds=int(_START_TIMEOUT), log=log)


def _accepts_key(url: str, key: str) -> bool:
    import httpx  # here, because `serve` needs only the port and starts faster without it

    try:
        response = httpx.get(
            f"{url}/api/v1/messages/", params={"max_count": 1}, headers={"X-API-Key": key}, timeout=5, trust_env=False
        )
    except httpx.TransportError:
        return False
    return response.is_success
