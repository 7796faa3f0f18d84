"""What a message or a tree of a file may hold is bounded, and so is what one transaction takes."""

from __future__ import annotations

from io import BytesIO

import pytest

from oa_graph.datasets import Reject, bounds, import_trees
from oa_graph.datasets.rejects import RejectReason
from oa_graph.domain.limits import Limits
from oa_graph.graph.session import Graph
from tests.graph.datasets.files import Json, lines, reply, tree

pytestmark = pytest.mark.anyio

LABEL = {"value": 0.5, "count": 1}

TOO_MUCH: dict[str, Json] = {
    "emojis of message m: 1500 names; at most 100 are allowed": {"emojis": {f"code{i}": 10_000 for i in range(1500)}},
    "emojis of message m: 10001 reactions; at most 10000 are allowed": {"emojis": {"+1": 10_000, "-1": 1}},
    "a name in emojis of message m: 101 characters; at most 100 are allowed": {"emojis": {"x" * 101: 1}},
    "labels of message m: 101 names; at most 100 are allowed": {"labels": {f"label{i}": LABEL for i in range(101)}},
    "detoxify of message m: 101 names; at most 100 are allowed": {"detoxify": {f"score{i}": 0.5 for i in range(101)}},
    "text of message m: 1000001 characters; at most 1000000 are allowed": {"text": "x" * 1_000_001},
    "other fields of message m: 1000016 characters; at most 1000000 are allowed": {"strange": "x" * 1_000_001},
}


@pytest.mark.parametrize("why", TOO_MUCH)
async def test_a_message_that_holds_too_much_is_refused_and_the_others_come_in(graph: Graph, why: str) -> None:
    refused: list[Reject] = []
    content = lines(tree("first"), tree("r", reply("r", "m", **TOO_MUCH[why])), tree("last"))
    counts = await import_trees(graph, BytesIO(content), limits=Limits(), on_reject=refused.append)
    assert (counts.trees, [reject.why for reject in refused]) == (2, [why])
    assert refused[0].reason in (RejectReason.TOO_LARGE, RejectReason.TEXT_TOO_LONG)


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ([reply("r", f"{i}") for i in range(10_000)], "replies: tree r: 10001 messages; at most 10000 are allowed"),
        ([reply("r", f"{i}", "x" * 1_000_000) for i in range(34)], "tree r: "),
    ],
)
async def test_a_tree_that_holds_too_much_is_refused(graph: Graph, replies: list[Json], why: str) -> None:
    refused: list[Reject] = []
    await import_trees(graph, BytesIO(lines(tree("r", *replies))), limits=Limits(), on_reject=refused.append)
    assert [reject.why[: len(why)] for reject in refused] == [why]


async def test_a_message_that_holds_all_that_it_may_comes_in(graph: Graph) -> None:
    most: Json = {
        "emojis": {f"code{i}": bounds.MAX_REACTIONS // bounds.MAX_NAMES for i in range(bounds.MAX_NAMES)},
        "labels": {f"label{i}": LABEL for i in range(bounds.MAX_NAMES)},
        "text": "x" * bounds.MAX_TEXT_LENGTH,
    }
    counts = await import_trees(graph, BytesIO(lines(tree("r", **most))), limits=Limits())
    assert counts.trees == 1


async def test_a_transaction_is_bounded_by_size(graph: Graph) -> None:
    seen: list[int] = []
    content = lines(*(tree(f"t{i}", text="x" * 1_000_000) for i in range(12)))
    await import_trees(graph, BytesIO(content), limits=Limits(), on_progress=seen.append)
    assert len(seen) > 2
    assert seen[-1] == 12
