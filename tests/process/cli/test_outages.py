"""What becomes of `oa-graph serve` when its Neo4j is killed, hangs, is stopped, or finds the disk full.

A person goes on writing all the time; what was acknowledged is there afterwards, and the next task is finished.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest
from neo4j.exceptions import Neo4jError

from oa_graph.neo4j_server import ManagedNeo4j
from tests.process.neo4j_server.conftest import connect
from tests.processes import PATIENCE, Serving, run, serve

MANY_PROMPTS = {
    "OA_GRAPH_LIMITS__MAX_INITIAL_PROMPT_REVIEW": "100000",
    "OA_GRAPH_LIMITS__MAX_PROMPT_LOTTERY_WAITING": "100000",
}


def until(true: Callable[[], bool], description: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, description
        time.sleep(0.3)


@dataclass(slots=True)
class Writer:
    """A person who writes one prompt after the other, whatever happens."""

    service: Serving
    key: str
    written: list[str] = field(default_factory=list[str])
    """The ids of the messages that were acknowledged."""
    refused: int = 0
    _halt: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while not self._halt.wait(0.3):
            with suppress(httpx.TransportError):
                self._write()

    def halt(self) -> None:
        self._halt.set()

    def _write(self) -> None:
        user = {"id": str(uuid4()), "display_name": "Ada", "auth_method": "local"}
        asked = self._post("/tasks/", {"type": "initial_prompt", "user": user})
        if asked.status_code != 200:
            self.refused += 1
            return
        task, message = asked.json()["id"], str(uuid4())
        self._post(f"/tasks/{task}/ack", {"message_id": task})
        answer = {"message_id": task, "user_message_id": message, "text": f"Why is {message} so?", "user": user}
        if self._post("/tasks/interaction", {"type": "text_reply_to_message", **answer}).status_code == 200:
            self.written.append(message)

    def _post(self, path: str, body: dict[str, object]) -> httpx.Response:
        headers = {"X-API-Key": self.key}
        return httpx.post(f"{self.service.url}/api/v1{path}", json=body, headers=headers, timeout=30, trust_env=False)

    def finish_another(self) -> None:
        """Wait until one more answer is acknowledged."""
        before = len(self.written)
        until(lambda: len(self.written) > before, "no answer was taken")

    def is_stored(self, message: str) -> bool:
        url = f"{self.service.url}/api/v1/frontend_messages/{message}"
        got = httpx.get(url, headers={"X-API-Key": self.key}, timeout=60, trust_env=False)
        return got.status_code == 200


@contextmanager
def writing(service: Serving, data: Path) -> Generator[Writer]:
    """Somebody writes meanwhile, and afterwards all of it is there."""
    writer = Writer(service, (data / "api-key").read_text().strip())
    thread = threading.Thread(target=writer.work)
    thread.start()
    try:
        writer.finish_another()
        yield writer
        writer.finish_another()
    finally:
        writer.halt()
        thread.join()
    assert [message for message in writer.written if not writer.is_stored(message)] == []


def readiness(service: Serving) -> tuple[int, str]:
    try:
        got = httpx.get(f"{service.url}/health/ready", timeout=2, trust_env=False)
    except httpx.TransportError:
        return 0, ""
    return got.status_code, got.text


def is_ready(service: Serving) -> bool:
    return readiness(service)[0] == 200


def java_of(data: Path) -> int:
    pid = ManagedNeo4j(data).status().pid
    assert pid
    return pid


def port_of(data: Path) -> int:
    return int((ManagedNeo4j(data).status().bolt or "").rpartition(":")[2])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    folder = tmp_path_factory.mktemp("outages") / "data"
    yield folder
    ManagedNeo4j(folder).stop()


@pytest.fixture(scope="module")
def service(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Serving]:
    """One service for most tests here; each leaves it well."""
    log = tmp_path_factory.mktemp("log") / "log"
    with serve(log, ["--data", data], MANY_PROMPTS) as service:
        yield service
        assert service.end() == 0, service.output()


def test_a_killed_neo4j_is_started_again(service: Serving, data: Path) -> None:
    with writing(service, data) as writer:
        address = ManagedNeo4j(data).status().bolt
        os.kill(killed := java_of(data), signal.SIGKILL)
        until(lambda: readiness(service)[0] == 503, "it is never unready")
        until(lambda: is_ready(service), "it is never ready again")
        writer.finish_another()
    assert java_of(data) != killed
    assert ManagedNeo4j(data).status().bolt == address
    assert "Neo4j exited" in service.output()
    assert "Neo4j restarted in" in service.output()


@pytest.mark.slow
def test_a_hung_neo4j_is_killed_and_started_again(service: Serving, data: Path) -> None:
    with writing(service, data):
        os.kill(hung := java_of(data), signal.SIGSTOP)
        until(lambda: not psutil.pid_exists(hung), "it is never killed")
    assert "Neo4j does not answer; restart after 30 s" in service.output()


@pytest.mark.slow
def test_a_neo4j_that_was_stopped_on_purpose_is_left_alone(service: Serving, data: Path, tmp_path: Path) -> None:
    with writing(service, data) as writer:
        looks = service.output().count("not supervised meanwhile")
        assert run("db", "stop", "--data", data).returncode == 0
        until(lambda: service.output().count("not supervised meanwhile") > looks, "nobody looked")
        assert run("db", "dump", tmp_path / "dump", "--data", data).returncode == 0
        time.sleep(5)  # several looks
        assert ManagedNeo4j(data).status().state == "stopped"
        assert run("db", "start", "--data", data).returncode == 0  # which keeps it after the service's end
        writer.finish_another()
        assert run("db", "dump", tmp_path / "another", "--data", data).returncode == 0  # and comes back by itself


class Stranger:
    """A program that takes a port as soon as it is free, speaks Bolt, and keeps what it is sent."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.heard: list[bytes] = []
        self.listens = threading.Event()
        self.halt = threading.Event()

    def work(self) -> None:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            while not self.halt.is_set():
                with suppress(OSError):
                    listener.bind(("127.0.0.1", self._port))
                    break
            listener.listen()
            listener.settimeout(0.1)
            self.listens.set()
            while not self.halt.is_set():
                with suppress(OSError):
                    self._hear(listener.accept()[0])

    def _hear(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(0.3)
            self.heard.append(connection.recv(1000))
            connection.sendall(bytes.fromhex("00000405"))  # Bolt 5.4
            with suppress(OSError):
                while heard := connection.recv(1000):
                    self.heard.append(heard)


@contextmanager
def taken(port: int, java: int) -> Generator[Stranger]:
    """Kill the server that has a port, and have a stranger take it."""
    stranger = Stranger(port)
    thread = threading.Thread(target=stranger.work)
    thread.start()
    try:
        os.kill(java, signal.SIGKILL)
        assert stranger.listens.wait(PATIENCE)
        yield stranger
    finally:
        stranger.halt.set()
        thread.join()


@pytest.mark.slow
def test_a_stranger_on_the_port_never_gets_the_password(service: Serving, data: Path) -> None:
    server, port = ManagedNeo4j(data), port_of(data)
    password = server.password_file.read_bytes().strip()
    with writing(service, data) as writer, taken(port, java_of(data)) as stranger:
        refused = writer.refused
        until(lambda: len(stranger.heard) > 5 and writer.refused > refused, "nobody called the stranger")
    heard = b"".join(stranger.heard)
    assert heard
    assert password not in heard
    assert b"credentials" not in heard


@pytest.mark.slow
def test_how_a_service_ends(tmp_path: Path) -> None:
    """Workers follow a parent that was killed; what cannot be mended ends the service; its end ends mending."""
    data = tmp_path / "data"
    try:
        with serve(tmp_path / "first", ["--data", data, "--workers", "2"]) as first:
            workers = psutil.Process(first.process.pid).children()
            first.end(signal.SIGKILL)
            _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
            assert alive == []
        java = java_of(data)
        with serve(tmp_path / "second", ["--data", data]) as second, taken(port_of(data), java):
            assert second.process.wait(PATIENCE) == 1
        assert "Error: Neo4j does not stay up after 5 restarts. Last error: Port " in second.output()
        with serve(tmp_path / "third", ["--data", data]) as third:
            os.kill(java_of(data), signal.SIGKILL)
            until(
                lambda: "attempt 1" in third.output() and ManagedNeo4j(data).status().pid is not None,
                "nothing is started",
            )
            assert third.end() == 0
        assert ManagedNeo4j(data).status().state == "stopped"
        assert "Traceback" not in second.output() + third.output()
    finally:
        ManagedNeo4j(data).stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A disk of its own in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("only root may mount a disk, on Linux")
    yield folder
    ManagedNeo4j(folder / "data").stop()
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_named_and_the_service_recovers_when_there_is_room(small_disk: Path, tmp_path: Path) -> None:
    data, ballast = small_disk / "data", small_disk / "ballast"
    with serve(tmp_path / "log", ["--data", data], MANY_PROMPTS) as service:
        assert "is nearly full" in service.output()
        with writing(service, data):
            fill(data, ballast)
            until(lambda: readiness(service)[0] == 503, "it is never unready")
            until(lambda: "The disk of the graph database is full" in readiness(service)[1], "nobody says why")
            until(lambda: "restarted once the disk has room" in service.output(), "the log does not say why")
            metrics = httpx.get(f"{service.url}/metrics", timeout=60, trust_env=False).text
            (line,) = [line for line in metrics.splitlines() if line.startswith("oa_graph_disk_free_bytes ")]
            assert float(line.split()[1]) < 10e6
            ballast.unlink()
            until(lambda: is_ready(service), "it is never ready again")
        assert service.end() == 0


def fill(data: Path, ballast: Path) -> None:
    """Fill the disk, and write to the database until it gives up."""
    server = ManagedNeo4j(data)
    address = server.address()
    assert address
    with ballast.open("wb") as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 20))
    text = "ballast " * 100
    with connect(address) as driver, suppress(Neo4jError):
        while True:
            driver.execute_query("UNWIND range(1, 200) AS i CREATE (:Ballast {text: $text + i})", text=text)
