"""The notebook of `docs/` runs as it stands, and what it finds is what there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from oa_graph.datasets import import_trees
from oa_graph.domain.limits import Limits
from oa_graph.graph.session import Graph
from tests.builders import snapshot
from tests.graph.datasets.files import REAL, Json, lines, reply, tree
from tests.paths import ROOT
from tests.processes import PATIENCE

pytestmark = pytest.mark.anyio

NOTEBOOK = ROOT / "docs" / "tutorials" / "first_analysis.ipynb"

_FOUND = """
import json
print(json.dumps({
    "trees": int(shape["trees"].sum()), "posts": int(shape["posts"].sum()), "states": int(states["trees"].sum()),
    "grown": int(posts.to_numpy().sum()), "pairs": len(pairs), "apart": int(pairs["apart"].sum()),
    "longer": int(longer.sum()), "same": again.equals(pairs), "tree": tree.graph["id"], "size": len(tree),
    "depth": depth, "threads": len(threads), "best": list(threads.loc[tree.graph["id"], "texts"]),
    "margins": len(margins),
}))
"""


def read() -> Any:
    reader: Any = nbformat
    return reader.read(NOTEBOOK, as_version=4)


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = read()
    nbformat.validate(notebook)  # pyright: ignore[reportUnknownMemberType] - it is untyped
    ran = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell for cell in ran if cell.outputs or cell.execution_count] == []
    assert notebook.metadata.keys() == {"kernelspec", "language_info"}
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


async def executed(notebook: Any, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the notebook on the test's server."""
    for name in ("uri", "username", "password", "database"):
        monkeypatch.setenv(f"NEO4J_{name.upper()}", getattr(server, name))
    where = {"metadata": {"path": str(NOTEBOOK.parents[2])}}
    await NotebookClient(notebook, timeout=int(PATIENCE), kernel_name="python3", resources=where).async_execute()


@pytest.mark.usefixtures("graph")
async def test_the_notebook_says_that_a_graph_is_empty(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CellExecutionError) as stopped:
        await executed(read(), server, monkeypatch)
    assert (stopped.value.ename, stopped.value.evalue.partition(":")[0]) == ("LookupError", "this graph has no trees")


async def test_the_notebook_says_that_no_tree_is_small_enough_to_be_drawn(
    graph: Graph, server: Any, limits: Limits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "trees.jsonl"
    file.write_bytes(lines(tree("a", *(reply("a", f"a.{number}") for number in range(24)))))
    await import_trees(graph, file, limits=limits)
    with pytest.raises(CellExecutionError) as stopped:
        await executed(read(), server, monkeypatch)
    assert (stopped.value.ename, stopped.value.evalue.partition(":")[0]) == (
        "LookupError",
        "no tree has at most 24 posts",
    )


@pytest.mark.skipif(not REAL.exists(), reason=f"the reference trees are not at {REAL}")
async def test_the_notebook_finds_what_is_in_the_reference_trees(
    graph: Graph, server: Any, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    await import_trees(graph, REAL, limits=limits)
    before = await snapshot(graph)
    notebook = read()
    notebook.cells.append(nbformat.v4.new_code_cell(_FOUND, id="found"))  # pyright: ignore[reportUnknownMemberType]
    await executed(notebook, server, monkeypatch)

    cells = {cell.id: cell for cell in notebook.cells}
    values = json.loads(cells["found"].outputs[0].text)
    trees = [json.loads(line) for line in REAL.read_text("utf-8").splitlines()]
    everything = [post for record in trees for post in posts_of(record["prompt"])]
    ranked = [pair for post in everything for pair in pairs_of(post)]
    assert (values["trees"], values["states"]) == (100, 100)
    assert values["posts"] == values["grown"] == len(everything) == 1167
    assert values["pairs"] == len(ranked) > 300
    assert values["apart"] == sum(worse["rank"] - better["rank"] for better, worse in ranked)
    assert values["longer"] == sum(len(better["text"]) > len(worse["text"]) for better, worse in ranked)
    assert values["same"] is True
    assert values["margins"] == 0
    (drawn,) = (record for record in trees if record["message_tree_id"] == values["tree"])
    assert values["size"] == len([*posts_of(drawn["prompt"])])
    assert values["depth"] == depth_of(drawn["prompt"])
    assert values["threads"] == 100
    assert values["best"][:2] == [drawn["prompt"]["text"], best(drawn["prompt"])["text"]]

    assert "shape_by_language" in cells["queries"].outputs[0]["data"]["text/plain"]
    assert "1167" in cells["shape"].outputs[0]["data"]["text/plain"]
    assert {"image/png"} <= {kind for output in cells["growth"].outputs for kind in output.get("data", {})}
    assert drawn["prompt"]["text"][:20] in cells["draw"].outputs[0]["data"]["image/svg+xml"]
    assert cells["networkx"].outputs[0].text.startswith(f"{values['size']} posts, {values['depth']} deep, ")
    assert "krippendorff_alpha" in cells["agreement"].outputs[0]["data"]["text/plain"]
    assert cells["export"].outputs[0]["data"]["text/plain"] == f"({values['pairs']}, True)"
    assert await snapshot(graph) == before


def posts_of(post: Json) -> Iterator[Json]:
    yield post
    for child in post["replies"]:
        yield from posts_of(child)


def pairs_of(post: Json) -> Iterator[tuple[Json, Json]]:
    ranked = [reply for reply in post["replies"] if reply.get("rank") is not None]
    yield from ((better, worse) for better in ranked for worse in ranked if better["rank"] < worse["rank"])


def depth_of(post: Json) -> int:
    return max((1 + depth_of(reply) for reply in post["replies"]), default=0)


def best(post: Json) -> Json:
    return min(
        (reply for reply in post["replies"] if reply.get("rank") is not None), key=lambda reply: int(reply["rank"])
    )
