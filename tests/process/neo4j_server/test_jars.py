"""The committed list of jars, and a cache that mends itself."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import pytest

from oa_graph.neo4j_server import jar_list, jars
from tests.process.neo4j_server.conftest import rewrite


def test_the_committed_list_names_no_host() -> None:
    text = (resources.files("oa_graph.neo4j_server") / "jars.lock").read_text()
    assert "://" not in text
    line = re.compile(r"[\w.-]+(:[\w.-]+){2,3} [0-9a-f]{64} [1-9]\d*")
    assert all(map(line.fullmatch, text.splitlines()[1:]))
    assert len({jar.file for jar in jar_list.listed()}) == len(jar_list.listed()) > 200
    assert f"org.neo4j:neo4j:{jar_list.SERVER_VERSION} " in text


def test_whole_jars_are_not_fetched_again(cache: Path, mirror: list[str]) -> None:
    assert {path.parent for path in jars.fetch()} == {cache}
    assert not jars.repair()
    assert not mirror


def test_missing_and_partial_jars_are_noticed(cache: Path, mirror: list[str]) -> None:
    missing, partial, begun, *_ = (cache / jar.file for jar in jar_list.listed())
    missing.unlink()
    rewrite(partial, partial.read_bytes()[:-1])
    begun.rename(begun.with_suffix(".part"))
    rewrite(begun.with_suffix(".part"), begun.with_suffix(".part").read_bytes()[:100])
    jars.fetch()
    assert len(mirror) == 3
    assert not jars.repair()
    assert not [*cache.glob("*.part")]


def test_a_jar_that_was_damaged_in_place_is_mended(cache: Path, mirror: list[str]) -> None:
    victim = jar_list.listed()[5]
    content = bytearray((cache / victim.file).read_bytes())
    content[len(content) // 2] ^= 1
    rewrite(cache / victim.file, bytes(content))
    assert jars.repair() == [victim]
    assert mirror == [f"/{victim.path}"]


def test_two_at_once_fetch_it_once(cache: Path, mirror: list[str]) -> None:
    for jar in jar_list.listed()[:20]:
        (cache / jar.file).unlink()
    with ThreadPoolExecutor() as pool:
        for fetched in [pool.submit(jars.fetch) for _ in range(4)]:
            assert len(fetched.result()) == len(jar_list.listed())
    assert len(mirror) == 20


def test_a_part_is_resumed_at_the_real_repository(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("M2_REPO", str(tmp_path / "no-local-repository"))
    file = cache / max(jar_list.listed()[:30], key=lambda jar: jar.size).file
    content = file.read_bytes()
    file.unlink()
    file.with_suffix(".part").write_bytes(content[:-1000])
    jars.fetch()
    assert file.read_bytes() == content
