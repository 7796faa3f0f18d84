"""Pictures of query results: a bar plot or a network of nodes. They are drawn in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from typing import Any, TypeVar, cast

from markupsafe import Markup

from oa_graph.analysis import plots
from oa_graph.analysis.drawing import legible
from oa_graph.errors import PackageMissing
from oa_graph.web.results import FirstRows, is_id

T = TypeVar("T")

_PAINTER = ThreadPoolExecutor(1, "painter")
"""One thread: matplotlib keeps its settings for all threads."""


async def paint_in_thread(paint: Callable[[], T]) -> T:
    """Run `paint` in the drawing thread, and return its result."""
    return await asyncio.get_running_loop().run_in_executor(_PAINTER, paint)


# Plots

_MAX_BARS = 40
_LABEL_LENGTH = 28
"""Characters of a label."""


@dataclass(frozen=True, slots=True)
class PlotColumns:
    """The columns of a bar plot, which has a bar for each row."""

    labels: Sequence[int]
    """The columns that name a row."""
    values: Sequence[int]
    """The columns that can be the length of the bars."""


def plot_columns(result: FirstRows) -> PlotColumns | None:
    """Return the columns to plot; None if no plot fits the result."""
    if not 2 <= len(result.rows) <= _MAX_BARS or result.is_cut:
        return None
    columns = list(zip(*result.rows, strict=True))
    values = [index for index, column in enumerate(columns) if _is_measure(column)]
    names = [index for index, column in enumerate(columns) if index not in values and _is_name(column)]
    if not names and len(values) > 1:
        names, values = values[:1], values[1:]
    return PlotColumns(names[:2], values) if names and values else None


def _is_measure(column: Sequence[object]) -> bool:
    numbers = [value for value in column if value is not None]
    return bool(numbers) and all(type(value) in (int, float) and cast("float", value) >= 0 for value in numbers)


def _is_name(column: Sequence[object]) -> bool:
    return all(
        value is None or (isinstance(value, (str, bool)) and len(str(value)) <= 60 and not is_id(value))
        for value in column
    )


def plot(result: FirstRows, columns: PlotColumns, value: int, description: str) -> Markup:
    """Return the plot of one column as SVG. Raise PackageMissing without matplotlib."""
    labels = [_label([row[index] for index in columns.labels]) for row in result.rows]
    lengths = [float(row[value] or 0) for row in result.rows]
    series = [plots.Series(legible(result.columns[value]), plots.BLUE, lengths)]
    is_sequence = all(label[:4].isdigit() or label.isdigit() for label in labels)
    if is_sequence:
        across = legible(" · ".join(result.columns[index] for index in columns.labels))
        svg = plots.columns("plot", description, labels=labels, series=series, across=across, up=series[0].name)
    else:
        notes = ["–" if row[value] is None else f"{row[value]:,.4g}" for row in result.rows]
        svg = plots.bars("plot", description, labels=labels, series=series, notes=notes, across=series[0].name)
    return Markup(svg)


def _label(values: Sequence[object]) -> str:
    text = " · ".join("–" if value is None else " ".join(legible(str(value)).split()) for value in values)
    return text if len(text) <= _LABEL_LENGTH else f"{text[: _LABEL_LENGTH - 1]}…"


# Graphs

_MAX_NODES = 150
_RADIUS = 15
_NODE_SPACE = 95
"""Pixels for each node, along each side."""
_COLOURS = 6


@dataclass(slots=True)
class Network:
    """The nodes and edges of a result."""

    nodes: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    edges: dict[tuple[str, str, str], None] = field(default_factory=dict[tuple[str, str, str], None])
    """Start, end and type. The direction is unknown: results do not have it."""


def network_of(result: FirstRows) -> Network | None:
    """Return the nodes of a result, and the edges that stand between two of them in a row; None without nodes."""
    network = Network()
    for row in result.rows:
        _add(network, row)
        if len(network.nodes) > _MAX_NODES:
            return None
    return network if network.nodes else None


def _add(network: Network, values: Sequence[Any]) -> None:
    """Add the nodes of a row or a list. An edge that stands between two nodes joins them."""
    for index, value in enumerate(values):
        if isinstance(value, list):
            _add(network, cast("list[Any]", value))
        elif _is_node(value):
            network.nodes[_key(value)] = value
            if index >= 2 and _is_edge(values[index - 1]) and _is_node(values[index - 2]):
                network.edges[_key(values[index - 2]), _key(value), str(values[index - 1]["type"])] = None


def _is_node(value: object) -> bool:
    return isinstance(value, dict) and isinstance(cast("dict[str, object]", value).get("labels"), list)


def _is_edge(value: object) -> bool:
    return isinstance(value, dict) and isinstance(cast("dict[str, object]", value).get("type"), str)


def _key(node: Mapping[str, Any]) -> str:
    return f"{sorted(map(str, node['labels']))} {node.get('id') or sorted(node.items(), key=lambda item: item[0])}"


def graph(network: Network, title: str) -> Markup:
    """Return the drawing of a network as SVG. Raise PackageMissing without networkx."""
    try:
        networkx = cast("Any", import_module("networkx"))
        drawn = networkx.Graph()
        drawn.add_nodes_from(network.nodes)
        drawn.add_edges_from((start, end) for start, end, _ in network.edges)
        places: Mapping[str, Sequence[float]] = networkx.spring_layout(drawn, seed=1, k=1.2 / max(1, len(drawn)) ** 0.5)
    except ImportError as error:
        raise PackageMissing(package="networkx", extra="analysis") from error
    side = _NODE_SPACE * max(3.0, len(network.nodes) ** 0.5 * 1.6)
    width, height = side * 1.4 + 2 * _NODE_SPACE, side + _NODE_SPACE
    at = {
        key: (_NODE_SPACE + side * 1.4 * (float(place[0]) + 1) / 2, _NODE_SPACE / 2 + side * (float(place[1]) + 1) / 2)
        for key, place in places.items()
    }
    types = {type for _, _, type in network.edges}
    kinds = list(dict.fromkeys(_kind(node) for node in network.nodes.values()))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="network" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="group" aria-label="{escape(title, quote=True)}">',
        *(_line(at[start], at[end], type, is_named=len(types) > 1) for start, end, type in network.edges),
        *(_circle(at[key], node, kinds.index(_kind(node))) for key, node in network.nodes.items()),
        "</svg>",
    ]
    return Markup("".join(parts))


def _kind(node: Mapping[str, Any]) -> str:
    """Return the main label of a node; labels of full-text indexes begin with `In`."""
    labels = [str(label) for label in node["labels"]]
    return next((label for label in labels if not label.startswith("In")), labels[0] if labels else "")


def _line(start: tuple[float, float], end: tuple[float, float], type: str, *, is_named: bool) -> str:
    (x1, y1), (x2, y2) = start, end
    name = escape(legible(type))
    x, y = (x1 + x2) / 2, (y1 + y2) / 2 - 3
    text = f'<text class="soft" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{name}</text>' if is_named else ""
    line = f'<line class="edge" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
    return f"<g><title>{name}</title>{line}{text}</g>"


def _circle(at: tuple[float, float], node: Mapping[str, Any], colour: int) -> str:
    x, y = at
    name = next((str(node[field]) for field in ("text", "display_name", "name", "kind", "id") if node.get(field)), "")
    words = " ".join(legible(name).split())
    short = words if len(words) <= 20 else f"{words[:19]}…"
    drawn = (
        f"<title>{escape(f'{_kind(node)}: {words[:300]}')}</title>"
        f'<circle class="node kind-{colour % _COLOURS}" cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}"/>'
        f'<text class="number" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{escape(_kind(node)[:1])}</text>'
        f'<text class="text" x="{x:.1f}" y="{y + _RADIUS + 14:.1f}" text-anchor="middle">{escape(short)}</text>'
    )
    id = node.get("id")
    link = f"/trees/{id}" if is_id(id) and _kind(node) in ("Post", "Tree") else ""
    return f'<a href="{link}">{drawn}</a>' if link else f"<g>{drawn}</g>"
