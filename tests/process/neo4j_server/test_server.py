"""A server of one's own: who starts it, who stops it, and what a crash leaves."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from neo4j.exceptions import AuthError, ClientError, Neo4jError

from oa_graph.neo4j_server import Address, ManagedNeo4j, home, jar_list, java, ports
from oa_graph.neo4j_server.errors import PasswordMissing, PortTaken, ServerDied, ServerRefuses, StoreHeld
from tests.paths import ROOT
from tests.process.neo4j_server.conftest import SMALL, connect, count_posts, rewrite, write_posts

# What Neo4j Browser asks when it connects, as found in its source.
_OF_THE_BROWSER = (
    "CALL db.labels() YIELD label RETURN {name: 'labels', data: collect(label)[..1000]} AS result "
    "UNION ALL CALL db.relationshipTypes() YIELD relationshipType "
    "RETURN {name: 'relationshipTypes', data: collect(relationshipType)[..1000]} AS result "
    "UNION ALL CALL db.propertyKeys() YIELD propertyKey "
    "RETURN {name: 'propertyKeys', data: collect(propertyKey)[..1000]} AS result",
    "CALL dbms.components() YIELD name, versions, edition",
    "CALL dbms.clientConfig()",
    "CALL dbms.showCurrentUser()",
    "CALL db.schema.visualization()",
    "CALL dbms.queryJmx('*:*') YIELD name RETURN count(name)",
    "SHOW DATABASES",
    "SHOW PROCEDURES YIELD name, description, signature",
    "SHOW FUNCTIONS YIELD name, description, signature",
    "SHOW INDEXES",
    "SHOW CONSTRAINTS",
)


def test_it_answers_the_driver_and_the_browser(address: Address) -> None:
    assert count_posts(address) == 0
    deadline = time.monotonic() + 20
    while True:  # HTTP opens a little later than Bolt
        try:
            with urllib.request.urlopen(f"{address.http}/browser/", timeout=5) as page:
                assert b"Neo4j Browser" in page.read()
                return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_browser_may_ask_all_that_it_asks(address: Address) -> None:
    with connect(address) as driver:
        for statement in _OF_THE_BROWSER:
            driver.execute_query(statement)  # pyright: ignore[reportArgumentType] # our own literals above


def test_cypher_25_is_spoken(address: Address) -> None:
    with connect(address) as driver:
        settings = driver.execute_query("SHOW SETTINGS 'db.query.default_language' YIELD value")
    assert settings.records[0][0] == "CYPHER_25"


def test_nothing_is_reported_to_anybody(address: Address) -> None:
    with connect(address) as driver:
        records = driver.execute_query("SHOW SETTINGS YIELD name, value").records
    settings = {record["name"]: record["value"] for record in records}
    for name in (
        "dbms.usage_report.enabled",
        "dbms.fleet_manager.enabled",
        "server.fleet_discovery.enabled",
        "client.allow_telemetry",
        "server.bolt.telemetry.enabled",
    ):
        assert settings[name] == "false", name


@pytest.mark.parametrize("url", ["file:///etc/hostname", "http://127.0.0.1:{port}/", "ftp://127.0.0.1/x"])
def test_csv_is_read_from_nowhere(address: Address, url: str) -> None:
    target = url.format(port=address.http.rpartition(":")[2])
    with connect(address) as driver, pytest.raises(Neo4jError, match=r"(?i)load|blocked|url|csv"):
        driver.execute_query("LOAD CSV FROM $url AS line RETURN line", url=target)


def test_a_procedure_that_is_not_listed_is_not_there(address: Address) -> None:
    with connect(address) as driver, pytest.raises(ClientError, match="no procedure"):
        driver.execute_query("CALL fleetManagement.status()")


def test_it_listens_on_loopback_only(shared: ManagedNeo4j) -> None:
    pid = shared.status().pid
    assert pid
    listening = _listening(pid)
    assert len(listening) == 2, listening
    assert all(re.match(r"(\[::ffff:)?127\.0\.0\.1", where) for where in listening), listening


def test_the_password_is_random_and_for_this_user_alone(shared: ManagedNeo4j, address: Address) -> None:
    file = shared.data / "neo4j-password"
    assert file.read_text().strip() == address.password
    assert len(address.password) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.data.stat().st_mode) == 0o700
    assert address.password not in repr(address)
    with connect(_with_password(address, "neo4j")) as driver, pytest.raises(AuthError):
        driver.execute_query("RETURN 1")


def test_status_tells_who_and_where(shared: ManagedNeo4j, address: Address) -> None:
    status = shared.status()
    assert (status.state, status.bolt, status.http) == ("running", address.bolt, address.http)
    assert os.getpid() in {holder.pid for holder in status.holders}
    assert status.version == "2026.08.1"
    assert status.store_bytes > 0
    assert not status.kept


def test_a_folder_without_a_server_is_stopped(tmp_path: Path) -> None:
    server = ManagedNeo4j(tmp_path / "none")
    assert server.status().state == "stopped"
    assert server.address() is None
    assert not server.stop()
    assert not (tmp_path / "none").exists()


def test_the_last_one_out_stops_it(data: Path) -> None:
    with ThreadPoolExecutor() as pool:  # two starts at once give one server
        first, second = pool.map(_started, (data, data))
    pid = first.status().pid
    assert pid == second.status().pid
    with _holder(data) as other:
        assert {holder.pid for holder in first.status().holders} == {os.getpid(), other.pid}
        first.release()
        second.release()
        assert first.status().pid == pid
    assert first.status().state == "stopped"


def test_killed_processes_are_made_up_for_and_one_that_is_kept_goes_on(data: Path) -> None:
    with _holder(data) as holder:
        server = ManagedNeo4j(data, memory=SMALL)
        running = server.status()
        address = server.address()
        assert running.pid
        assert address
        write_posts(address, number=100)
        holder.kill()
        holder.wait()
        assert server.status().state == "running"  # nobody holds it, nobody stopped it
        assert not server.status().holders

        assert server.start().bolt == address.bolt  # joined
        assert server.status().pid == running.pid
        os.kill(running.pid, signal.SIGKILL)
        _until(lambda: server.status().state == "stopped")

        again = server.start(keep=True)  # recovers
        assert (again.bolt, again.http) == (address.bolt, address.http)
        assert count_posts(again) == 100

        server.release()
        with ManagedNeo4j(data):
            assert server.status().kept
        assert server.status().state == "running"
        assert server.stop()
        assert server.status().state == "stopped"


def test_a_start_makes_do_without_what_is_broken(
    data: Path, cache: Path, mirror: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(home.INTERNAL_SETTINGS, "internal.server.gone_in_the_next_version", "1")
    java.aot_cache().write_bytes(b"no cache at all")
    kernel = next(jar for jar in jar_list.listed() if jar.artifact == "neo4j-kernel")
    rewrite(cache / kernel.file, bytes(kernel.size))  # the size is right, so that no cheap look notices
    with ManagedNeo4j(data, memory=SMALL) as server:
        assert server.status().state == "running"
    assert mirror == [f"/{kernel.path}"]


def test_a_server_that_dies_says_why(data: Path) -> None:
    server = ManagedNeo4j(data, memory=SMALL, extra_config={"dbms.no_such_setting": "1"})
    with pytest.raises(ServerDied, match=r"no_such_setting"):
        server.start()
    assert server.status().state == "stopped"


def test_a_store_in_other_hands_is_named(data: Path) -> None:
    lock = data / "data" / "databases" / "store_lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    hold = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()"
    with _python(hold, str(lock)) as other, pytest.raises(StoreHeld, match=f"process {other.pid} .*lockf"):
        ManagedNeo4j(data, memory=SMALL).start()


def test_two_that_start_at_once_get_ports_of_their_own(tmp_path: Path) -> None:
    servers = [ManagedNeo4j(tmp_path / name, memory=SMALL) for name in ("one", "two")]
    try:
        with ThreadPoolExecutor() as pool:
            one, two = pool.map(ManagedNeo4j.start, servers)
        assert len({one.bolt, two.bolt, one.http, two.http}) == 4
        assert [count_posts(served) for served in (one, two)] == [0, 0]
    finally:
        for server in servers:
            server.stop()


def test_a_chosen_port_is_not_chosen_again_before_it_is_bound(tmp_path: Path) -> None:
    with ports.Claims(tmp_path) as first, ports.Claims(tmp_path) as second:
        one = ports.choose_ports(None, None, last=None, claims=first)
        two = ports.choose_ports(None, None, last=one, claims=second)
        assert len({one.bolt, one.http, two.bolt, two.http}) == 4
        with pytest.raises(PortTaken, match=str(one.bolt)):
            ports.choose_ports(one.bolt, None, last=None, claims=second)
    with ports.Claims(tmp_path) as third:
        assert ports.choose_ports(None, None, last=one, claims=third) == one


def test_a_port_that_a_stranger_took_meanwhile_is_left_to_him(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a server with another cache folder, which knows nothing of claims: it says no to our password."""
    claimed: list[ports.Ports] = []

    def choose(*requested: int | None, last: ports.Ports | None, claims: ports.Claims) -> ports.Ports:
        taken = ports.choose_ports(*requested, last=last, claims=claims) if claimed else strangers
        claimed.append(taken)
        return taken

    with ManagedNeo4j(tmp_path / "other", memory=SMALL) as other:
        address = other.start()
        strangers = ports.Ports(*(int(url.rpartition(":")[2]) for url in (address.bolt, address.http)))
        with monkeypatch.context() as patch:
            patch.setattr("oa_graph.neo4j_server.server.choose_ports", choose)
            with ManagedNeo4j(data, memory=SMALL) as server:
                mine = server.start()
                assert mine.bolt != address.bolt
                assert [count_posts(served) for served in (mine, address)] == [0, 0]


def test_wrong_passwords_lock_nobody_out(address: Address) -> None:
    for _ in range(5):  # three are enough by default
        with connect(_with_password(address, "an old one")) as driver, pytest.raises(AuthError, match="unauthorized"):
            driver.execute_query("RETURN 1")
    with connect(address) as driver:
        assert driver.execute_query("RETURN 1").records[0][0] == 1


def test_a_damaged_store_is_named_with_the_log_and_the_way_out(data: Path) -> None:
    server = ManagedNeo4j(data, memory=SMALL)
    server.start()
    server.release()
    store = data / "data" / "databases" / "neo4j" / "neostore"
    store.write_bytes(Random(1).randbytes(store.stat().st_size))
    with pytest.raises(ServerRefuses) as refusal:
        server.start()
    assert re.fullmatch(
        r"Neo4j on bolt://127.0.0.1:\d+ is running but refuses statements: [^\n]*store version[^\n]*\n"
        r" +The full log is .*/logs/debug.log\. To replace a damaged store .*`oa-graph db load FILE`\.",
        str(refusal.value),
    )
    assert server.status().state == "stopped"


def test_a_port_in_other_hands_is_named(data: Path, address: Address) -> None:
    port = int(address.bolt.rpartition(":")[2])
    with pytest.raises(PortTaken, match=str(port)):
        ManagedNeo4j(data, bolt_port=port).start()


def test_a_lost_password_is_named(data: Path) -> None:
    (data / "data" / "databases" / "system").mkdir(parents=True)
    with pytest.raises(PasswordMissing, match="neo4j-password"):
        ManagedNeo4j(data, memory=SMALL).start()


def _started(data: Path) -> ManagedNeo4j:
    server = ManagedNeo4j(data, memory=SMALL)
    server.start()
    return server


@contextmanager
def _holder(data: Path) -> Generator[subprocess.Popen[str]]:
    """Another process that holds the server, until it is told that it is enough."""
    hold = (
        "import sys; from pathlib import Path; from oa_graph.neo4j_server import ManagedNeo4j, Memory\n"
        f"with ManagedNeo4j(Path(sys.argv[1]), memory={SMALL!r}): print(flush=True); input()"
    )
    with _python(hold, str(data)) as process:
        yield process


@contextmanager
def _python(code: str, *arguments: str) -> Generator[subprocess.Popen[str]]:
    """Run a program that prints a line when it is ready and reads one when it is to go on."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "\n"
        yield process
        if process.poll() is None:
            process.communicate("\n")


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _with_password(address: Address, password: str) -> Address:
    return Address(address.bolt, address.http, address.username, password, address.database)


def _listening(pid: int) -> set[str]:
    """Give the addresses that a process listens on, UDP included."""
    if sys.platform == "darwin":
        asked = ["lsof", "-nP", "-a", "-p", str(pid), "-i", "-F", "n"]
        lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
        return {line[1:] for line in lines if line.startswith("n") and "->" not in line}
    inodes = {Path(link).readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    return {
        _readable(fields[1])
        for table in ("tcp", "tcp6", "udp", "udp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        if f"socket:[{(fields := line.split())[9]}]" in inodes and fields[3] in {"0A", "07"}
    }


def _readable(address: str) -> str:
    """Turn the kernel's hexadecimal words into an address as people write it."""
    host, port = address.split(":")
    octets = bytes.fromhex(host)[::-1][:4] if len(host) == 8 else bytes.fromhex(host)[-4:][::-1]
    mapped = len(host) == 8 or host.startswith("0000000000000000FFFF0000")
    text = ".".join(map(str, octets))
    return f"{text if mapped else f'[{host}]'}:{int(port, 16)}"
