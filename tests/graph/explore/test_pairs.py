"""`explore/preference_pairs` and the export for preference training have the same pairs."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from oa_graph.datasets import Export, export
from oa_graph.datasets.export_formats import Choices
from oa_graph.datasets.filters import Filters
from oa_graph.domain.trees import TreeState
from oa_graph.graph.saved_queries import run_saved_query
from oa_graph.graph.session import Graph
from tests.builders import Planted, Shape, plant
from tests.graph.datasets.files import bring, parsed, reply, stored, tree
from tests.graph.reliability.judgements import rank

pytestmark = pytest.mark.anyio

CHOICES: Shape = {"A": {}, "B": {}, "C": {}}


def named(prefix: str) -> Shape:
    return {f"{prefix} {name}": below for name, below in CHOICES.items()}


async def ranked(graph: Graph, planted: Planted, *texts: str) -> None:
    await graph.execute(
        "UNWIND range(0, size($ids) - 1) AS rank MATCH (post:Post {id: $ids[rank]}) SET post.rank = rank",
        ids=[planted[text] for text in texts],
    )


async def grove(graph: Graph) -> None:
    """Ranked replies in every position that a pair may be refused for, each beside one that is not."""
    refused = {"bad": "!", "gone": "-", "new": "?"}
    below = {f"{mark}{name}": {f"{name} why?": named(name)} for name, mark in refused.items()}
    planted = await plant(graph, {"Root?": {**below, "fine": {"fine why?": named("fine")}, "other": {}}})
    for name in ("bad", "gone", "new", "fine"):
        await ranked(graph, planted, f"{name} A", f"{name} B", f"{name} C")
        await rank(graph, planted[f"{name} why?"], ada=[planted[f"{name} {letter}"] for letter in "ABC"])
    tied: Shape = {"Votes?": {**named("tie"), "-tie D": {}, "!tie E": {}}}
    votes = await plant(graph, tied, state=TreeState.READY_FOR_EXPORT)
    await ranked(graph, votes, "tie A", "tie D", "tie B", "tie E", "tie C")
    orders = {"ada": "ABC", "bob": "BAC", "cat": "ABC", "dan": "BCA"}  # A and B: 2 to 2; A and C: 3 to 1
    for maker, order in orders.items():
        await rank(graph, votes["Votes?"], **{maker: [votes[f"tie {letter}"] for letter in order]})
    against = await plant(graph, {"Against?": {"first": {}, "second": {}}})
    await ranked(graph, against, "first", "second")
    await rank(graph, against["Against?"], ada=[against["second"], against["first"]])
    gone = await plant(graph, {"Rankings gone?": named("kept")})
    await ranked(graph, gone, "kept A", "kept B", "kept C")
    await graph.execute("MATCH (post:Post {text: 'Rankings gone?'}) SET post.consensus_margin = 2")
    prompts = await plant(graph, {"Prompts?": {"Reply.": named("prompter")}})
    await ranked(graph, prompts, "prompter A", "prompter B", "prompter C")
    i, j = stored("i"), stored("j")
    texts = {i: ("1", "2", "3"), j: ("same", "same", "3")}
    ranks = {i: (0, 0, 1), j: (0, 1, 2)}
    await bring(
        graph,
        *(
            tree(root, *(reply(root, stored(f"{root} {n}"), texts[root][n], rank=ranks[root][n]) for n in range(3)))
            for root in (i, j)
        ),
    )


async def asked(graph: Graph, **arguments: object) -> list[tuple[str, str, str]]:
    async with run_saved_query(graph, "preference_pairs", arguments) as answer:
        rows = [dict(zip(answer.columns, row, strict=True)) async for row in answer.rows]
    return sorted((row["tree"], row["chosen_post"], row["rejected_post"]) for row in rows)


async def exported(graph: Graph, states: frozenset[TreeState] | None, **choices: Any) -> list[tuple[str, str, str]]:
    to = BytesIO()
    await export(graph, to, Export("preference", Filters(states=states), Choices(**choices)))
    return sorted((row["tree_id"], row["chosen_id"], row["rejected_id"]) for row in parsed(to.getvalue()))


@pytest.mark.parametrize("margin", [None, 1, 2])
@pytest.mark.parametrize("adjacent", [False, True])
async def test_the_question_and_the_export_mean_the_same_pairs(
    graph: Graph, margin: int | None, adjacent: bool
) -> None:
    await grove(graph)
    pairs = await asked(graph, margin=margin, adjacent=adjacent)
    assert pairs == await exported(graph, None, pairs="adjacent" if adjacent else "all", min_margin=margin)
    assert pairs
    ready = await asked(graph, margin=margin, adjacent=adjacent, state="ready_for_export")
    assert ready == await exported(graph, Filters().states, pairs="adjacent" if adjacent else "all", min_margin=margin)
    assert 0 < len(ready) < len(pairs)


async def test_no_pair_stands_below_what_was_refused_and_none_is_a_tie(graph: Graph) -> None:
    await grove(graph)
    async with run_saved_query(graph, "preference_pairs", {}) as answer:
        rows = [dict(zip(answer.columns, row, strict=True)) async for row in answer.rows]
    texts = sorted(f"{row['chosen']} > {row['rejected']}" for row in rows if row["margin"] is not None)
    assert texts == [
        *("fine A > fine B", "fine A > fine C", "fine B > fine C"),
        *("kept A > kept B", "kept A > kept C", "kept B > kept C"),
        *("tie A > tie C", "tie B > tie C"),
    ]
    assert {row["margin"] for row in rows} == {1, 2, 4, None}
