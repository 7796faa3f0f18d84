"""Servers that are really started; the first one on a machine fetches the jars."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from neo4j import Driver, GraphDatabase

from oa_graph.neo4j_server import Address, ManagedNeo4j, Memory, jar_list, jars
from oa_graph.settings import settings

SMALL = Memory(heap_mib=512, page_cache_mib=64)


def connect(address: Address) -> Driver:
    auth = (address.username, address.password)
    return GraphDatabase.driver(address.bolt, auth=auth)  # pyright: ignore[reportUnknownMemberType] # its **config


def count_posts(address: Address) -> int:
    with connect(address) as driver:
        return driver.execute_query("MATCH (p:Post) RETURN count(p)").records[0][0]


def write_posts(address: Address, *, number: int) -> None:
    with connect(address) as driver:
        driver.execute_query("UNWIND range(1, $n) AS i CREATE (:Post {id: i})", n=number)


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManagedNeo4j]:
    """A server that runs for all tests of this folder; none may stop it."""
    with ManagedNeo4j(tmp_path_factory.mktemp("shared") / "data", memory=SMALL) as server:
        yield server


@pytest.fixture(scope="package")
def address(shared: ManagedNeo4j) -> Address:
    running = shared.address()
    assert running
    return running


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder of a test's own; whatever runs on it afterwards is stopped."""
    folder = tmp_path / "data of Zoë"  # neither spaces nor accents may matter
    yield folder
    ManagedNeo4j(folder).stop()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of its own, with the files of the real one."""
    jars.fetch()
    real = jars.folder()
    monkeypatch.setenv("OA_GRAPH_CACHE", str(tmp_path / "cache"))
    settings.cache_clear()
    shutil.copytree(real / "jars", jars.folder() / "jars", copy_function=_link)
    (jars.folder() / "verified").touch()
    yield jars.folder() / "jars"
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def mirror(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A repository on this machine, named by the user's jgo settings; yields the requested paths."""
    asked: list[str] = []
    for jar in jar_list.listed():
        place = tmp_path / "repository" / jar.path
        place.parent.mkdir(parents=True, exist_ok=True)
        _link(cache / jar.file, place)

    class Repository(http.server.SimpleHTTPRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            asked.append(self.path)

    handler = functools.partial(Repository, directory=str(tmp_path / "repository"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        settings = tmp_path / "jgo.conf"
        settings.write_text(f"[repositories]\nmirror = http://127.0.0.1:{server.server_port}\n")
        monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
        monkeypatch.setenv("M2_REPO", str(tmp_path / "no-local-repository"))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield asked
        server.shutdown()
        thread.join()


def _link(source: str | Path, to: str | Path) -> None:
    try:
        os.link(source, to)
    except OSError:  # another disk
        shutil.copy2(source, to)


def rewrite(path: Path, content: bytes) -> None:
    """Write a new file: the old one may be a link to the real cache."""
    path.unlink()
    path.write_bytes(content)
