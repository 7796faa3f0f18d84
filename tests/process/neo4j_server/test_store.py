"""What is done to a store at rest: dump, load, clone, check, import."""

from __future__ import annotations

from pathlib import Path

import pytest

from oa_graph.neo4j_server import Address, ManagedNeo4j
from oa_graph.neo4j_server.errors import (
    DumpDamaged,
    DumpExists,
    FolderMissing,
    NotADump,
    PasswordMissing,
    StoreNotEmpty,
)
from tests.process.neo4j_server.conftest import SMALL, connect, count_posts, write_posts


def test_a_store_is_imported_dumped_cloned_and_loaded(data: Path, tmp_path: Path) -> None:
    posts, replies = tmp_path / "posts.csv", tmp_path / "replies.csv"
    posts.write_text("id:ID,text\n1,What is rain?\n2,Water.\n")
    replies.write_text(":START_ID,:END_ID\n2,1\n")
    file, broken = tmp_path / "dumps" / "posts.dump", tmp_path / "broken.dump"
    server, clone = ManagedNeo4j(data, memory=SMALL), ManagedNeo4j(tmp_path / "clone", memory=SMALL)

    server.import_csv(nodes={"Post": [posts]}, relationships={"REPLY_TO": [replies]})
    with pytest.raises(StoreNotEmpty):
        server.import_csv(nodes={"Post": [posts]}, relationships={})
    with server:
        address = server.start()
        assert _replies(address) == [["Water.", "What is rain?"]]
        pid = server.status().pid
        with pytest.raises(FolderMissing, match=r"posts\.dump"):
            server.dump(file)
        file.parent.mkdir()
        file.write_text("no dump")
        with pytest.raises(DumpExists, match=r"posts\.dump"):
            server.dump(file)
        with pytest.raises(NotADump, match=r"posts\.dump"):
            server.load(file)
        assert server.status().pid == pid  # none of these stopped it
        server.dump(file, replace_file=True)
        assert server.address() == address  # it ran before, so it runs again
        write_posts(address, number=5)
        pid, whole = server.status().pid, file.read_bytes()
        for damaged in (whole[:1000], whole[:-1], whole[:1000] + bytes(100) + whole[1100:]):
            broken.write_bytes(damaged)
            with pytest.raises(DumpDamaged, match=r"broken\.dump"):
                server.load(broken)
        assert server.status().pid == pid

    server.clone(clone.data)
    assert server.status().state == "stopped"  # it did not run before
    with clone:
        copy = clone.start()
        assert count_posts(copy) == 7
        assert copy.password != address.password
    with pytest.raises(StoreNotEmpty):
        server.clone(clone.data)
    write_posts(server.start(), number=1)
    server.stop()
    server.clone(clone.data, replace_data=True)
    with clone:
        assert count_posts(again := clone.start()) == 8
        assert again.password == copy.password

    server.password_file.unlink()
    with pytest.raises(PasswordMissing, match="oa-graph db dump"):
        server.start()
    server.dump(file.with_name("saved"))
    with ManagedNeo4j(tmp_path / "saved", memory=SMALL) as saved:
        saved.load(file.with_name("saved"))
        assert count_posts(saved.start()) == 8
    server.password_file.write_text(address.password)

    server.load(file)
    server.check()
    with server:
        assert count_posts(server.start()) == 2


def test_a_clone_of_a_running_server_runs_beside_it(data: Path, tmp_path: Path) -> None:
    """The original goes on where it was, for those who use it, and each goes its own way from there."""
    with ManagedNeo4j(data, memory=SMALL) as server:
        address = server.start()
        write_posts(address, number=3)
        server.clone(tmp_path / "clone")
        assert server.address() == address
        with ManagedNeo4j(tmp_path / "clone", memory=SMALL) as clone:
            copy = clone.start()
            assert copy.bolt != address.bolt
            assert count_posts(copy) == 3
            write_posts(copy, number=2)
            write_posts(address, number=4)
            assert (count_posts(copy), count_posts(address)) == (5, 7)
            assert (server.status().state, clone.status().state) == ("running", "running")
        assert count_posts(address) == 7


def _replies(address: Address) -> list[list[str]]:
    with connect(address) as driver:
        result = driver.execute_query("MATCH (a:Post)-[:REPLY_TO]->(b:Post) RETURN a.text, b.text")
    return [record.values() for record in result.records]
