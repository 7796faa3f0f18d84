"""When the supervisor acts, and who gets the password."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from oa_graph.neo4j_server import ManagedNeo4j, PortOwner, Supervisor, locks, supervision
from oa_graph.neo4j_server.errors import FolderBusy, NotMended
from oa_graph.neo4j_server.home import DataFolder, RunState
from oa_graph.neo4j_server.server import HealthReport
from oa_graph.neo4j_server.supervision import DISK_FULL, Action, SupervisionHistory, decide, record_health

ANSWERS, FAILS, ENDED, AWAY = (HealthReport(condition, "a") for condition in ("answers", "fails", "ended", "away"))
WELL = SupervisionHistory(healthy_at=1000.0, answered_start="a")


def action(look: HealthReport, past: SupervisionHistory, *, after_sec: float, free_bytes: int = DISK_FULL) -> Action:
    return decide(look, past, now=1000.0 + after_sec, free_bytes=free_bytes)


@pytest.mark.parametrize("look", [ANSWERS, AWAY])
def test_what_answers_or_is_away_is_left_alone(look: HealthReport) -> None:
    assert action(look, replace(WELL, attempts=99), after_sec=1e6) == "none"


def test_what_has_ended_is_started_at_once_and_then_with_growing_pauses() -> None:
    assert action(ENDED, WELL, after_sec=0) == "start"
    tried = replace(WELL, attempts=3, restarted_at=1000.0)
    assert action(ENDED, tried, after_sec=7.9) == "none"
    assert action(ENDED, tried, after_sec=8.1) == "start"
    assert action(ENDED, replace(tried, attempts=5), after_sec=0) == "give up"


def test_what_fails_is_restarted_after_a_while_and_not_again_soon() -> None:
    assert action(FAILS, WELL, after_sec=29) == "none"
    assert action(FAILS, WELL, after_sec=31) == "restart"
    assert action(FAILS, replace(WELL, force_restarted_at=500.0), after_sec=31) == "none"
    assert action(FAILS, replace(WELL, force_restarted_at=400.0), after_sec=31) == "restart"


def test_a_server_that_has_not_answered_since_its_start_has_time_to_recover() -> None:
    recovering = replace(WELL, answered_start="another")
    assert action(FAILS, recovering, after_sec=599) == "none"
    assert action(FAILS, recovering, after_sec=601) == "restart"


def test_a_full_disk_is_waited_for() -> None:
    assert action(FAILS, WELL, after_sec=1e6, free_bytes=DISK_FULL - 1) == "none"
    assert action(ENDED, WELL, after_sec=0, free_bytes=0) == "start"  # it may have ended for another reason
    assert action(ENDED, replace(WELL, attempts=5), after_sec=1e6, free_bytes=0) == "none"


def test_a_restart_counts_as_a_success_when_the_server_stays_up() -> None:
    restarted = replace(WELL, attempts=2, restarted_at=1000.0)
    assert record_health(ANSWERS, restarted, now=1059.0).attempts == 2
    assert record_health(ANSWERS, restarted, now=1061.0).attempts == 0
    assert record_health(ANSWERS, restarted, now=1001.0) == replace(restarted, healthy_at=1001.0)
    assert record_health(AWAY, WELL, now=1001.0).healthy_at == 1001.0
    assert record_health(FAILS, WELL, now=1001.0) == record_health(ENDED, WELL, now=1001.0) == WELL


def test_the_supervisor_ends_the_work_when_nothing_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "_CHECK_INTERVAL", 0.01)
    monkeypatch.setattr(supervision, "_MAX_PAUSE", 0.0)
    ended = threading.Event()

    class Broken(ManagedNeo4j):
        def check_health(self) -> HealthReport:
            return ENDED

        def restart(self, cancelled: threading.Event) -> bool:
            raise OSError("no such luck")

    with pytest.raises(NotMended, match=r"5 restarts\. .*no such luck"), Supervisor(Broken(tmp_path), end=ended.set):
        assert ended.wait(60)


def test_nothing_is_restarted_that_was_stopped_on_purpose_or_is_in_hand(tmp_path: Path) -> None:
    server, home = ManagedNeo4j(tmp_path), DataFolder(tmp_path)
    home.prepare()
    assert server.check_health().condition == "away"  # nothing was ever started
    home.write_state(RunState("stopped", 1, 2, "then", "", ""))
    assert server.check_health().condition == "away"
    assert not server.restart(threading.Event())
    home.write_state(RunState("serving", 1, 2, "then", "", ""))
    assert server.check_health() == HealthReport("ended", "then")
    with server._change("testing"):  # pyright: ignore[reportPrivateUsage]
        assert server.check_health().condition == "away"
        with pytest.raises(FolderBusy, match="testing"):
            ManagedNeo4j(tmp_path).restart(threading.Event())
    assert not server.stop()
    assert server.check_health().condition == "away"


@contextmanager
def _listening(port: int = 0) -> Generator[int]:
    with socket.create_server(("127.0.0.1", port)) as listener:
        yield listener.getsockname()[1]


def test_a_port_belongs_to_who_listens_on_it_with_the_lock_in_hand(tmp_path: Path) -> None:
    home = DataFolder(tmp_path)
    home.prepare()
    with _listening() as port:
        owner = PortOwner(tmp_path, port)
        assert not owner()  # no server has the lock
        home.pid_file.write_text(str(os.getpid()))
        with locks.locked(home.run / "server.lock"):
            assert owner()
            assert owner()
            home.pid_file.write_text("1")
            assert not PortOwner(tmp_path, port)()  # another process has the lock
            home.pid_file.write_text(str(os.getpid()))
        assert not PortOwner(tmp_path, port)()
    with locks.locked(home.run / "server.lock"):
        assert not owner()  # it listens no more
        with _listening(port):
            assert owner()
