"""The AOT cache: the server's classes loaded and linked ahead of time, which halves its start.

Java makes it from a training run. That takes 30 s of two cores and is done once for each set of jars, Java
and options, in the background with the lowest priority after the first start; the setting `aot` keeps it
from being done, `python -m oa_graph.managed train` does it now. Without a cache, or with one that Java refuses,
everything works as well, only later.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from oa_graph.managed import jars, java, locks, memory
from oa_graph.managed.ports import any_free_port
from oa_graph.settings import settings

if TYPE_CHECKING:
    from oa_graph.managed.server import Address

_LEAST_MIB = 3 * 1024  # on a smaller machine the second JVM could starve the first
_HTTP = 30.0  # seconds that HTTP may open later than Bolt

# Statements of every kind that the service has: what the planner and the runtime need is then in the cache.
_STATEMENTS = (
    "CREATE CONSTRAINT post_id IF NOT EXISTS FOR (p:Post) REQUIRE p.id IS UNIQUE",
    "CREATE INDEX post_pool IF NOT EXISTS FOR (p:Post) ON (p.pool, p.key)",
    "CALL db.awaitIndexes(30)",
    "UNWIND range(1, 50) AS i MERGE (p:Post {id: '' + i}) SET p.pool = 'en', p.key = rand(), p.depth = i",
    "MATCH (a:Post), (b:Post) WHERE a.depth = b.depth + 1 MERGE (a)-[r:REPLY_TO]->(b) RETURN count(r)",
    "MATCH (p:Post) WHERE p.pool = 'en' AND p.key >= 0.5 RETURN p.id AS id ORDER BY p.pool, p.key LIMIT 1",
    "MATCH (:Post {id: '9'})-[:REPLY_TO]->{0,8}(m:Post) RETURN collect(m {.id, .depth}) AS thread",
    "MATCH (p:Post {id: '3'}) SET p.key = 1 WITH p WHERE p['key'] = 1 "
    "CREATE (t:Task {id: randomUUID(), until: datetime()})-[:FOR]->(p) RETURN t.id, p {.*}",
    "MATCH (p:Post) OPTIONAL MATCH (p)<-[:REPLY_TO]-(c) WITH p, count(c) AS n WHERE n > 0 RETURN avg(n)",
    "MATCH (p:Post) WHERE NOT EXISTS { (p)<-[:REPLY_TO]-() } DETACH DELETE p",
    "CALL db.labels() YIELD label RETURN label",
    "SHOW INDEXES YIELD name, state RETURN *",
    "MATCH (p:Post) CALL (p) { MATCH (p)-[:REPLY_TO]->(q) RETURN q LIMIT 1 } RETURN count(q)",
)


def discard() -> None:
    """Drop a cache that does harm; whoever uses it keeps what is mapped."""
    java.aot_cache().unlink(missing_ok=True)


def train_in_background() -> None:
    """Train once the first server of this machine runs, if nobody does and there is room for it."""
    if not settings().aot or _is_settled() or memory.machine_mib() < _LEAST_MIB or locks.is_locked(_lock()):
        return
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    subprocess.run(
        ["/bin/sh", "-c", '"$@" &', "sh", sys.executable, "-m", "oa_graph.managed", "train", "--quietly"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
        check=True,
    )


def train() -> Path:
    """Make the cache if there is none, and give its file. Raises what a server raises that does not start."""
    jars.fetch()
    with locks.locked(_lock()):
        if not java.aot_cache().exists():
            _record(jars.folder() / "training")
    return java.aot_cache()


def train_or_give_up() -> Path | None:
    """Make the cache; when that fails note it, so that not every start tries again."""
    try:
        return train()
    except Exception as failure:
        _failure().write_text(f"{failure}\n")
        return None


def _is_settled() -> bool:
    """Tell whether there is a cache, or making one has failed before."""
    return java.aot_cache().exists() or _failure().exists()


def _lock() -> Path:
    return jars.folder() / "aot.lock"


def _failure() -> Path:
    return java.aot_cache().with_suffix(".failed")


def _record(folder: Path) -> None:
    from oa_graph.managed.server import Server  # which trains by calling this module

    part = java.aot_cache().with_suffix(".part")
    options = (f"-XX:AOTCacheOutput={part}",)
    server = Server(
        folder,
        memory=memory.Memory(512, 64),
        bolt_port=any_free_port(),  # the usual ones are for the real one
        http_port=any_free_port(),
        jvm_options=options,
    )
    server.stop()  # one whose trainer was killed
    shutil.rmtree(folder, ignore_errors=True)
    part.unlink(missing_ok=True)
    try:
        _exercise(server.start())
        server.leave()  # Java writes the cache when it ends
        part.replace(java.aot_cache())
        _failure().unlink(missing_ok=True)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _exercise(address: Address) -> None:
    """Run the statements through the Query API, which needs no driver."""
    _patiently(lambda: _query(address, "RETURN 1"))
    for statement in _STATEMENTS * 3:
        _query(address, statement)


def _patiently(ask: Callable[[], None]) -> None:
    end = time.monotonic() + _HTTP
    while True:
        try:
            return ask()
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _query(address: Address, statement: str) -> None:
    credential = base64.b64encode(f"{address.username}:{address.password}".encode()).decode()
    request = urllib.request.Request(
        f"{address.http}/db/{address.database}/query/v2",
        data=json.dumps({"statement": statement}).encode(),
        headers={
            "Authorization": f"Basic {credential}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        },
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with closing(direct.open(request, timeout=60)) as answer:
        answer.read()
