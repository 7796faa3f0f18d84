"""What several users said of the same posts: the labels of reviews and the orders of rankings."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from oa_graph.domain.posts import Role
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import catalogue

_BUNCH, _AHEAD = 16, 8
"""Trees in one row, and rows that the driver reads ahead: some megabytes."""


@dataclass(frozen=True, slots=True)
class LabelsGiven:
    """What people said of posts that two or more of them reviewed."""

    trees: int
    """That were looked at."""
    makers: Sequence[Sequence[str]]
    """Of each post: the user ids of those who reviewed it, in order."""
    values: Mapping[str, Sequence[Sequence[float | None]]]
    """By label, of each post: what each of its makers said; None: nothing."""


async def labels_given(
    graph: Graph, labels: Sequence[str], *, lang: str | None, trees: int | None, seconds: float | None = None
) -> LabelsGiven:
    """The labels that people gave in the first `trees` by id, or in all; None stands for every language.

    Raise StoreBusy when it takes longer than so many seconds; StoreUnavailable.
    """
    seen, makers, known = 0, list[Sequence[str]](), dict[str, str]()
    columns: list[list[Sequence[float | None]]] = [[] for _ in labels]
    alike: dict[tuple[float | None, ...], tuple[float | None, ...]] = {}  # few, and each is there many times
    rows = _streamed(graph, "reliability/labels_given", seconds, lang=lang, trees=trees, labels=list(labels))
    async with aclosing(rows) as read:
        async for count, posts in read:
            seen += count
            for reviews in posts:
                reviews.sort(key=_maker)
                makers.append([known.setdefault(maker, maker) for maker, _ in reviews])
                for column, label_values in zip(
                    columns, zip(*(values for _, values in reviews), strict=True), strict=True
                ):
                    column.append(alike.setdefault(label_values, label_values))
    return LabelsGiven(seen, makers, dict(zip(labels, columns, strict=True)))


@dataclass(frozen=True, slots=True)
class RankingsGiven:
    """How two or more people each ranked the replies to a post."""

    role: Role
    """Of the replies."""
    makers: Sequence[str]
    """User ids, in order."""
    places: Sequence[Mapping[str, int]]
    """Of each maker: the place of each reply, by its id; 0 is best."""


_REPLIES = {Role.PROMPTER.value: Role.ASSISTANT, Role.ASSISTANT.value: Role.PROMPTER}


async def rankings_given(
    graph: Graph, *, lang: str | None, trees: int | None, seconds: float | None = None
) -> list[RankingsGiven]:
    """The orders that people gave of replies in the trees that `labels_given` looks at. Raise as that does."""
    rankings, known = list[RankingsGiven](), dict[str, str]()
    async with aclosing(_streamed(graph, "reliability/rankings_given", seconds, lang=lang, trees=trees)) as read:
        async for (parents,) in read:
            for role, orders in parents:
                orders.sort(key=_maker)
                makers = [known.setdefault(maker, maker) for maker, _ in orders]
                places = [{reply: place for place, reply in sorted(order)} for _, order in orders]
                rankings.append(RankingsGiven(_REPLIES[role], makers, places))
    return rankings


def _maker(judgement: Sequence[Any]) -> str:
    return judgement[0]


async def _streamed(
    graph: Graph, name: str, seconds: float | None, **parameters: object
) -> AsyncGenerator[tuple[Any, ...]]:
    """The rows of a statement as they come, none of them kept."""
    query = catalogue()[name]
    async with graph.reading(seconds=seconds, ahead=_AHEAD) as transaction:
        async for record in await transaction.run(query.text, query.sent({**parameters, "bunch": _BUNCH})):
            yield tuple(record)
