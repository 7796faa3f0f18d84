"""A store that is made at once is the one that comes of adding tree after tree."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from oa_graph.exchange import Counts, OnRefused, Refused, Wish, bulk, import_trees
from oa_graph.exchange.bulk import NotFresh
from oa_graph.exchange.landing import Into
from oa_graph.graph import clients, schema
from oa_graph.graph.session import Graph
from oa_graph.managed import Memory, Server
from oa_graph.model import Client, Limits
from tests.builders import plant
from tests.exchange.files import FULL, REAL, Json, lines, reply, taken, tree

pytestmark = pytest.mark.anyio

STRANGE = 'He said "so";\r\n\n\\n \\" \u2028\u001f,\t\'quoted\'  '


def strange() -> Json:
    """A tree with all that a file of comma-separated values could get wrong."""
    best = reply("strange", "strange,\n0", text=STRANGE, emojis={}, labels={}, rank=0, lang="zh-Hant")
    odd = reply("strange", "strange;1", text="", deleted=True, emojis={"+1": 2, "a;b": 1}, detoxify={"toxicity": 1e-05})
    found = tree("strange", best, odd)
    found["prompt"]["text"] = " leading"
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


def written(folder: Path, *trees: Json) -> Path:
    file = folder / "trees.jsonl"
    real = REAL.read_bytes() if REAL.exists() else b""
    file.write_bytes(real + lines(*trees))
    return file


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server whose store may be taken away."""
    return Server(tmp_path_factory.mktemp("bulk"), memory=Memory(heap_mib=512, page_cache_mib=128))


class Place:
    """The database of a server that is started anew in between."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._graph: Graph | None = None

    async def graph(self) -> Graph:
        if self._graph is None:
            address = self.server.start()
            self._graph = Graph.connect(
                address.bolt, address.username, address.password, database=address.database, pool=5
            )
            await schema.apply(self._graph)
        return self._graph

    async def close(self) -> None:
        if self._graph is not None:
            await self._graph.close()
            self._graph = None

    async def build(self, file: Path, folder: Path, *, wish: Wish | None = None, told: OnRefused = print) -> Counts:
        """What `oa-graph import --bulk` does."""
        others = await bulk.others(await self.graph())
        files = bulk.lay_out(file, folder, others, limits=Limits(), wish=wish or Wish())
        await self.close()
        self.server.import_csv(nodes=files.nodes, relationships=files.edges, replace_data=True, options=bulk.OPTIONS)
        return await bulk.complete(await self.graph(), files, limits=Limits(), wish=wish or Wish(), rejects=told)


@pytest.fixture
async def place(own: Server) -> AsyncGenerator[Place]:
    place = Place(own)
    graph = await place.graph()
    await graph.execute("MATCH (n) WHERE NOT n:Schema CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS")
    try:
        yield place
    finally:
        await place.close()
        own.stop()


async def told_of(graph: Graph) -> tuple[list[Any], list[Any], Counter[Any]]:
    """Nodes, edges and credits, without the moments of their making."""
    nodes = await graph.execute(
        "MATCH (n) WHERE NOT n:Schema AND NOT n:Credit RETURN labels(n) AS l, properties(n) AS p"
    )
    edges = await graph.execute("MATCH (a)-[r]->(b) RETURN a.id AS a, type(r) AS kind, properties(r) AS p, b.id AS b")
    credits: Counter[Any] = Counter()
    for row in await graph.execute("MATCH (c:Credit) RETURN properties(c) AS p"):
        for name, number in row["p"].items():
            if name not in ("at", "lang"):
                credits[row["p"]["lang"], name] += number
    return (
        sorted(json.dumps([sorted(row["l"]), _timeless(row["l"], row["p"])], default=str) for row in nodes),
        sorted(json.dumps([row["a"], row["kind"], row["p"], row["b"]]) for row in edges),
        credits,
    )


def _timeless(labels: list[str], properties: dict[str, Any]) -> list[Any]:
    undated = {"Tree", "User"} & set(labels) or "created_date" in properties.get("left_out", ())
    made = {"created", "entered", "day", "key"} if undated else {"key"}
    return sorted((name, value) for name, value in properties.items() if name not in made)


async def test_a_store_made_at_once_is_the_same(graph: Graph, place: Place, tmp_path: Path, folder: Path) -> None:
    twice = tree("twice", reply("twice", "twice.0"))
    growing = tree("growing", reply("growing", "growing.0"), tree_state="growing")
    stolen = tree("thief", reply("thief", "twice.0"))
    file = written(tmp_path, FULL, twice, strange(), growing, twice, stolen)
    file.write_bytes(file.read_bytes() + b"{not json}\n")
    refused: dict[str, list[Refused]] = {"slow": [], "fast": []}
    slow = await import_trees(graph, file, limits=Limits(), rejects=refused["slow"].append)
    await clients.create(
        await place.graph(), client=Client(id="c", description="ours", trusted=True), key_hash="0" * 64
    )
    fast = await place.build(file, folder, told=refused["fast"].append)
    assert fast == slow
    assert [(each.line, each.reason) for each in refused["fast"]] == [
        (each.line, each.reason) for each in refused["slow"]
    ]
    made = await place.graph()
    assert [each.id for each in await clients.every(made)] == ["c"]
    await made.execute("MATCH (client:Client) DELETE client")
    for one, other in zip(await told_of(made), await told_of(graph), strict=True):
        assert one == other
    assert await taken(made, everything=True) == await taken(graph, everything=True)


async def test_what_people_work_on_comes_in_afterwards(place: Place, tmp_path: Path, folder: Path) -> None:
    file = written(tmp_path, tree("a", reply("a", "a.0")))
    counts = await place.build(file, folder, wish=Wish(into=Into.BACKLOG, limit=5))
    assert counts.trees == min(5, 101)
    states = await (await place.graph()).execute("MATCH (t:Tree) RETURN DISTINCT t.state AS state")
    assert [row["state"] for row in states] == ["backlog_ranking"]


async def test_a_graph_with_work_in_it_is_not_made_anew(graph: Graph) -> None:
    await plant(graph, {"One?": {}})
    with pytest.raises(NotFresh, match="worked on"):
        await bulk.others(graph)


def test_files_whose_trees_join_are_not_taken(tmp_path: Path, folder: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("What is rain?\n")
    with pytest.raises(NotFresh, match="begin alike"):
        bulk.lay_out(file, folder, [], limits=Limits(), wish=Wish())
    assert not bulk.is_possible(Path("-"), Wish())


def test_a_torn_file_is_left_to_the_other_way(tmp_path: Path, folder: Path) -> None:
    file = tmp_path / "trees.jsonl.gz"
    file.write_bytes(gzip.compress(lines(*(tree(f"t{i}", text=f"{i * 7919}") for i in range(2000))))[:-100])
    with pytest.raises(NotFresh, match=r"trees\.jsonl\.gz"):
        bulk.lay_out(file, folder, [], limits=Limits(), wish=Wish())


def test_what_has_no_place_in_the_files_is_put_aside(tmp_path: Path, folder: Path) -> None:
    odd = reply("odd", "odd.0", detoxify={"to,xic": 0.5})
    cut = reply("cut", "cut.0", emojis={"a\u001fb": 1})
    file = tmp_path / "trees.jsonl"
    file.write_bytes(lines(tree("odd", odd), tree("cut", cut), tree("plain", reply("plain", "plain.0"))))
    files = bulk.lay_out(file, folder, [], limits=Limits(), wish=Wish())
    assert (files.counts.trees, files.counts.posts) == (1, 2)
