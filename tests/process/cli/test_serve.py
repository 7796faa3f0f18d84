"""`oa-graph serve` as people run it: a process of its own, with a database that it starts, shares and leaves."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import httpx
import psutil
import pytest

from oa_graph.neo4j_server import ManagedNeo4j as ManagedServer
from tests.conftest import Server
from tests.processes import COMMAND, PATIENCE, Serving, environment, free_port, hears_interrupts, run, serve


@pytest.fixture
def data(tmp_path: Path) -> Generator[Path]:
    """A data folder of the test's own; whatever runs on it afterwards is stopped."""
    folder = tmp_path / "data of Zoë"
    yield folder
    ManagedServer(folder).stop()


def ask(service: Serving, key: str) -> httpx.Response:
    body = {"user": {"id": "ada", "display_name": "Ada", "auth_method": "local"}}
    url = f"{service.url}/api/v1/tasks/"
    return httpx.post(url, json=body, headers={"X-API-Key": key}, timeout=60, trust_env=False)


def reviews_wanted(service: Serving, key: str) -> int:
    """How many reviews a reply needs, by the settings of the worker that answers."""
    url = f"{service.url}/api/v1/admin/backend_settings/full"
    settings = httpx.get(url, headers={"X-API-Key": key}, timeout=60, trust_env=False).json()
    return int(settings["tree_manager"]["num_reviews_reply"])


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_two_services_share_a_database_and_the_last_takes_it_along(data: Path, tmp_path: Path) -> None:
    with serve(tmp_path / "first", ["--data", data]) as first:
        key = (data / "api-key").read_text().strip()
        assert len(key) == 64
        assert stat.S_IMODE((data / "api-key").stat().st_mode) == 0o600
        assert key not in first.output()  # it is shown on a terminal only
        assert run("key", "--data", data).stdout.strip() == key
        assert re.search(r"Neo4j +ready after [0-9.]+ s\nSchema +ready after [0-9.]+ s\n", first.output())
        assert re.search(r"ready to answer requests after [0-9.]+ s", first.output())
        assert str(data / "api-key") in first.output()
        assert f"{first.url}/docs" in first.output()
        assert re.search(rf"User +neo4j\nPassword file +{re.escape(str(data))}/neo4j-password\n", first.output())
        assert "a tree needs 6 different people; with --preset small it needs 2" in first.output()
        assert ask(first, key).status_code == 200
        assert ask(first, "another key").status_code == 403

        database = ManagedServer(data)
        pid = database.status().pid
        assert pid
        with serve(tmp_path / "second", ["--data", data]) as second:
            assert database.status().pid == pid
            assert key not in second.output()
            assert str(data / "api-key") in second.output()
            assert len(database.status().holders) == 2
            assert first.end(signal.SIGTERM) == 0
            assert is_alive(pid)
            assert ask(second, key).status_code == 200
            words = ("--users", "4", "--seconds", "2", "--pace", "0", "--json")
            crowd = run("simulate", "--url", second.url, "--api-key", key, *words)
            assert crowd.returncode == 0, crowd.stdout + crowd.stderr
            assert json.loads(crowd.stdout)["users"] == 4
            assert second.end(signal.SIGINT) == 0
    assert not is_alive(pid)
    assert database.status().state == "stopped"
    for output in (first.output(), second.output()):
        assert "Traceback" not in output, output


@pytest.mark.slow
def test_statements_of_analysts_run_on_the_copy(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert run("client", "add", "a bot", "--frontend-type", "bot", "--data", data).returncode == 0
    assert run("db", "clone", copy, "--data", data).returncode == 0
    assert run("client", "add", "another bot", "--frontend-type", "bot", "--data", data).returncode == 0
    with serve(tmp_path / "log", ["--data", data], {"OA_GRAPH_CYPHER_COPY": str(copy)}) as service:
        pid = ManagedServer(copy).status().pid
        assert pid
        assert psutil.Process(pid).nice() == 10
        key = (data / "api-key").read_text().strip()
        answer = httpx.post(
            f"{service.url}/api/v1/cypher",
            json={"statement": "MATCH (c:Client) RETURN c.description AS name ORDER BY name"},
            headers={"X-API-Key": key},
            timeout=60,
            trust_env=False,
        )
        assert [json.loads(line) for line in answer.text.splitlines()[1:-1]] == [
            ["The trusted client of this installation"],
            ["a bot"],
        ]
        assert ask(service, key).status_code == 200
        assert service.end() == 0
    assert not is_alive(pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_ended_while_it_starts_leaves_nothing_behind(data: Path, number: int) -> None:
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(free_port()), "--data", str(data)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=hears_interrupts,
    )
    until = time.monotonic() + PATIENCE
    while (status := ManagedServer(data).status()).state == "stopped" or not status.pid:
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(number)
    _, output = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output.decode()
    assert b"Traceback" not in output
    assert not is_alive(status.pid)
    assert ManagedServer(data).status().state == "stopped"


@pytest.mark.anyio
@pytest.mark.usefixtures("graph")
async def test_several_workers_answer_and_end_together(server: Server, tmp_path: Path) -> None:
    environment = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}
    env = environment | {"OA_GRAPH_API_KEY": "a key from the settings"}
    with serve(tmp_path / "log", ["--data", tmp_path, "--workers", "2", "--preset", "small"], env) as service:
        workers = psutil.Process(service.process.pid).children()
        assert len(workers) >= 2
        prompts = range(6)  # as many as the small preset wants at once
        assert {ask(service, "a key from the settings").status_code for _ in prompts} == {200}
        assert {reviews_wanted(service, "a key from the settings") for _ in range(8)} == {1}
        assert "a tree needs 2 different people\n" in service.output()
        assert not (tmp_path / "api-key").exists()
        assert "a key from" not in service.output()
        assert service.end() == 0
        assert not psutil.wait_procs(workers, timeout=10)[1]
        assert "Traceback" not in service.output(), service.output()


@pytest.mark.parametrize(
    ("words", "env", "says"),
    [
        ([], {"OA_GRAPH_LIMITS__GOAL_TREE_SIZE": "none"}, r"limits\.goal_tree_size"),
        ([], {"OA_GRAPH_LIMITS__MAX_TREE_DEPTH": "1000000"}, r"limits\.max_tree_depth"),
        ([], {"OA_GRAPH_HEAP_MIB": "1"}, "heap_mib"),
        ([], {"OA_GRAPH_DAAT": "here"}, r"environment: OA_GRAPH_DAAT is not a setting; did you mean OA_GRAPH_DATA\?"),
        ([], {"NEO4J_URI": "http://127.0.0.1:1"}, "NEO4J_URI .* scheme is bolt or neo4j"),
        ([], {"NEO4J_URI": "127.0.0.1:7687"}, "NEO4J_URI .* scheme is bolt or neo4j"),
        ([], {"NEO4J_URI": "bolt://127.0.0.1:1", "NEO4J_PASSWORD": "x"}, "does not answer"),
        ([], {"OA_GRAPH_PRESET": "tiny"}, "preset: Input should be 'default' or 'small'"),
        (["--port", "none"], {}, "--port"),
        (["--port", "99999"], {"NEO4J_URI": "bolt://127.0.0.1:1"}, "port"),
        (["--workers", "0"], {"NEO4J_URI": "bolt://127.0.0.1:1"}, "workers"),
        ([], {"NEO4J_PASSWORD_FILE": "/no/such/file", "NEO4J_URI": "bolt://127.0.0.1:1"}, "/no/such/file"),
        (["--data", "/proc/nowhere"], {}, "/proc/nowhere"),
    ],
    ids=[
        "no number",
        "too deep",
        "no heap",
        "mistyped",
        "scheme",
        "no scheme",
        "nobody there",
        "no preset",
        "no port",
        "high port",
        "no workers",
        "file",
        "folder",
    ],
)
def test_settings_that_do_not_fit_give_one_clear_line(
    tmp_path: Path, words: list[str], env: dict[str, str], says: str
) -> None:
    got = run("serve", *words, **{"OA_GRAPH_DATA": str(tmp_path), **env})
    assert got.returncode in (1, 2), got.stderr
    assert "Traceback" not in got.stderr
    assert re.search(says, got.stderr), got.stderr
    error = got.stderr[got.stderr.index("Error:") :]
    assert len(error.strip().splitlines()) == 1


def test_a_service_imports_nothing_that_only_notebooks_need() -> None:
    """Half a second and 80 MiB of each process."""
    code = (
        "import sys; from oa_graph.cli import main; main(['serve', '--help'], standalone_mode=False); "
        "import oa_graph.api.app; print('', *sorted({name.partition('.')[0] for name in sys.modules}), sep='\\n')"
    )
    got = subprocess.run([*COMMAND[:1], "-c", code], env=environment(), capture_output=True, text=True, check=True)
    imported = set(got.stdout.splitlines())
    assert {"litestar", "neo4j"} <= imported
    assert not imported & {"IPython", "ipykernel", "jinja2", "matplotlib", "networkx", "numpy", "pandas", "pyarrow"}


def test_a_port_that_is_taken_is_named(server: Server, tmp_path: Path) -> None:
    environment = {"NEO4J_URI": server.uri, "NEO4J_PASSWORD": server.password, "NEO4J_USERNAME": server.username}
    taken = server.uri.rpartition(":")[2]
    got = run("serve", "--port", taken, "--data", tmp_path, **environment)
    assert got.returncode == 1
    assert got.stderr == f"Error: Port {taken} on 127.0.0.1 is in use; choose another port, or none.\n"


def test_a_port_that_is_taken_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        got = run("serve", "--port", str(other.getsockname()[1]), "--data", tmp_path / "data")
    assert (got.returncode, got.stderr.count("\n")) == (1, 1), got.stderr
    assert "is in use" in got.stderr
    assert not (tmp_path / "data").exists()


def test_the_key_of_an_installation_that_there_is_not(tmp_path: Path) -> None:
    got = run("key", "--data", tmp_path / "mistyped")
    assert (got.returncode, got.stdout) == (1, "")
    assert "There is no graph in" in got.stderr
    assert not (tmp_path / "mistyped").exists()
    (tmp_path / "api-key").write_text("a key\n")
    assert run("key", "--data", tmp_path).stdout == "a key\n"
    assert run("key", "--data", tmp_path, OA_GRAPH_API_KEY="").stdout == "a key\n"
    assert run("key", "--data", tmp_path, OA_GRAPH_API_KEY=" ").stdout == "a key\n"
    assert run("key", "--data", tmp_path, OA_GRAPH_API_KEY="another").stdout == "another\n"
