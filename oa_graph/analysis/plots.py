"""Plots as SVG for a page: columns, bars, spans, dots, intervals and shades, drawn by matplotlib.

Colours are names of the page's style sheet, so that one plot serves light and dark; nothing in a plot depends on the
clock, and ids in it begin with its name. Texts are texts: a reader can select them, and a screen reader finds them.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# Much of matplotlib takes **kwargs without types; what is taken from it here are figures and axes, which have some.

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from math import floor
from typing import TYPE_CHECKING

from oa_graph.analysis.intervals import Estimate
from oa_graph.errors import PackageMissing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, RED, GREY, PURPLE = "#010001", "#010002", "#010003", "#010004", "#010005", "#010006"
INK, SOFT, GRID = "#010007", "#010008", "#010009"
_VARIABLES = {
    BLUE: "blue",
    ORANGE: "orange",
    GREEN: "green",
    RED: "red",
    GREY: "grey",
    PURPLE: "purple",
    INK: "ink",
    SOFT: "soft",
    GRID: "grid",
}
"""Colours that no plot has, and what stands for each in the page's style sheet."""

_WIDTH = 4.4
"""Inches of 72 points: as wide as a phone, so that texts keep their size there."""
_STYLE: Mapping[str, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "oa-graph",
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "legend.frameon": False,
}


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of thing in a plot."""

    name: str
    colour: str
    values: Sequence[float]


def columns(
    name: str, description: str, *, labels: Sequence[str], series: Sequence[Series], across: str, up: str
) -> str:
    """Return stacked columns, each (or every few) with a label below."""

    def paint(axes: Axes) -> None:
        feet = [0.0] * len(labels)
        for part in series:
            axes.bar(range(len(labels)), part.values, bottom=feet, color=part.colour, label=part.name, width=0.8)
            feet = [below + value for below, value in zip(feet, part.values, strict=True)]
        step = max(1, -(-len(labels) // 6))
        axes.set_xticks(range(0, len(labels), step), labels[::step])
        axes.set_xlim(-0.7, max(len(labels), 4) - 0.3)
        axes.set_ylim(0, max(feet, default=0) * 1.05 or 1)
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        axes.grid(axis="y", linewidth=0.6)
        _whole(axes, "y", max(feet, default=0))
        _legend(axes, series)

    return _render(name, description, paint, height=2.7)


def bars(
    name: str, description: str, *, labels: Sequence[str], series: Sequence[Series], notes: Sequence[str], across: str
) -> str:
    """Return stacked horizontal bars, the first on top, each followed by a note."""

    def paint(axes: Axes) -> None:
        ends = [0.0] * len(labels)
        for part in series:
            axes.barh(range(len(labels)), part.values, left=ends, color=part.colour, label=part.name, height=0.66)
            ends = [end + value for end, value in zip(ends, part.values, strict=True)]
        most = max(ends, default=0) or 1
        for place, (end, note) in enumerate(zip(ends, notes, strict=True)):
            axes.text(end + most * 0.015, place, note, va="center", color=SOFT, fontsize=9)
        axes.set_xlim(0, most * (1.06 + 0.026 * max(map(len, notes), default=0)))
        _rows(axes, labels, across)
        _whole(axes, "x", most)
        _legend(axes, series)

    return _render(name, description, paint, height=_plot_height(labels))


@dataclass(frozen=True, slots=True)
class BarSpan:
    """Where most values lie: all of them in order of size."""

    low: float
    lower: float
    middle: float
    upper: float
    high: float


def spans(
    name: str,
    description: str,
    *,
    labels: Sequence[str],
    bar_spans: Sequence[BarSpan],
    ticks: Mapping[float, str],
    across: str,
) -> str:
    """Return for each label a line from low to high, a bar from lower to upper, a dot in the middle; logarithmic."""
    least, most = min(ticks), max(ticks)

    def paint(axes: Axes) -> None:
        axes.set_xscale("log")
        for place, span in enumerate(bar_spans):
            low, lower, middle, upper, high = (
                min(max(value, least), most) for value in (span.low, span.lower, span.middle, span.upper, span.high)
            )
            axes.plot([low, high], [place, place], color=BLUE, linewidth=1.5, solid_capstyle="round")
            axes.plot([lower, upper], [place, place], color=BLUE, linewidth=8, solid_capstyle="butt", alpha=0.55)
            axes.plot([middle], [place], "o", color=ORANGE, markersize=7)
        axes.set_xlim(least, most)
        axes.set_xticks(list(ticks), list(ticks.values()))
        axes.minorticks_off()
        _rows(axes, labels, across)

    return _render(name, description, paint, height=_plot_height(labels))


def dots(name: str, description: str, *, labels: Sequence[str], values: Sequence[float | None], across: str) -> str:
    """Return a dot for each label that has a value. The axis ends at 1, and begins at 0 or at the lowest value."""
    least = min((value for value in values if value is not None), default=0.0)

    def paint(axes: Axes) -> None:
        axes.axvline(0, color=SOFT, linewidth=0.8)
        for place, value in enumerate(values):
            if value is None:
                axes.text(0.02, place, "not defined", va="center", color=SOFT, fontsize=9)
                continue
            axes.plot([0, value], [place, place], color=BLUE, linewidth=2)
            axes.plot([value], [place], "o", color=BLUE, markersize=6, clip_on=False)
        axes.set_xlim(min(0.0, floor(10 * least) / 10), 1)
        _rows(axes, labels, across)

    return _render(name, description, paint, height=_plot_height(labels))


@dataclass(frozen=True, slots=True)
class Marks:
    """Estimates of one kind, one for each label; None where there is none."""

    name: str
    colour: str
    estimates: Sequence[Estimate | None]


def intervals(
    name: str,
    description: str,
    *,
    labels: Sequence[str],
    marks: Sequence[Marks],
    across: str,
    chances: Sequence[float] = (),
) -> str:
    """Return for each label the marks of all kinds, one below the other: a dot, and a line over its interval.

    The axis begins at 0. `chances` gets a stroke in each row: where the dot would be by chance.
    """
    room = 0.72 / len(marks)

    def paint(axes: Axes) -> None:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        for place, chance in enumerate(chances):
            axes.plot([chance, chance], [place - 0.36, place + 0.36], color=SOFT, linewidth=1.5)
        for number, kind in enumerate(marks):
            shift = (number - (len(marks) - 1) / 2) * room
            known = [(place + shift, estimate) for place, estimate in enumerate(kind.estimates) if estimate is not None]
            for place, estimate in known:
                if estimate.low is not None and estimate.high is not None:
                    axes.plot([max(0.0, estimate.low), estimate.high], [place, place], color=kind.colour, linewidth=2)
            values, places = [estimate.value for _, estimate in known], [place for place, _ in known]
            axes.plot(values, places, "o", color=kind.colour, markersize=6, label=kind.name, clip_on=False)
        # As many ticks at any width: those that come with the last pass of the layout would have no room there.
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.xaxis.set_major_formatter(FuncFormatter(_short))
        # A dot at 0 keeps clear of the labels.
        axes.set_xlim(left=-0.025 * axes.get_xlim()[1])
        _rows(axes, labels, across)
        _legend(axes, marks)

    return _render(
        name, description, paint, height=_plot_height(labels, row_height=max(0.27, 0.05 + 0.14 * len(marks)))
    )


def shades(
    name: str,
    description: str,
    *,
    labels: Sequence[str],
    steps: Sequence[str],
    shares: Sequence[Sequence[float]],
    across: str,
) -> str:
    """Return a row of cells for each label, shaded by share; shares of 5 % or more are printed."""

    def paint(axes: Axes) -> None:
        for place, row in enumerate(shares):
            for step, share in enumerate(row):
                if share > 0:
                    axes.barh([place], [0.94], left=[step - 0.47], height=0.84, color=BLUE, alpha=0.12 + 0.58 * share)
                if share >= 0.05:
                    axes.text(step, place, f"{100 * share:.0f}", ha="center", va="center", fontsize=8, color=INK)
        axes.set_xlim(-0.6, len(steps) - 0.4)
        axes.set_xticks(range(len(steps)), steps)
        _rows(axes, labels, across)
        axes.grid(visible=False)

    return _render(name, description, paint, height=_plot_height(labels))


def _plot_height(labels: Sequence[str], *, row_height: float = 0.27) -> float:
    """Return the height in inches for these rows."""
    return 0.95 + row_height * max(2, len(labels))


def _rows(axes: Axes, labels: Sequence[str], across: str) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(max(len(labels), 2) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", linewidth=0.6)
    axes.set_xlabel(across)


def _whole(axes: Axes, which: str, most: float) -> None:
    """Format an axis of counts: integers with thousands separators."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=1 if most < 2 else 2))
    axis.set_major_formatter(FuncFormatter(_thousands))


def _thousands(value: float, _: object) -> str:
    return f"{value:,.0f}"


def _short(value: float, _: object) -> str:
    return f"{value:,g}"


def _legend(axes: Axes, series: Sequence[Series | Marks]) -> None:
    """Add a legend above the plot, where it hides nothing."""
    if len(series) > 1:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.0),
            ncols=min(3, len(series)),
            fontsize=9,
            handlelength=1,
            columnspacing=1.0,
            handletextpad=0.5,
            borderpad=0.2,
        )


def _render(name: str, description: str, paint: Callable[[Axes], None], *, height: float) -> str:
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PackageMissing(package="matplotlib", extra="analysis") from error
    out = StringIO()
    # Where the font that measures lacks a letter, the reader's own has it.
    with rc_context(dict(_STYLE)), warnings.catch_warnings():  # pyright: ignore[reportArgumentType] - its keys are literals
        warnings.simplefilter("ignore", UserWarning)
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        axes.set_axisbelow(True)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        paint(axes)
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", transparent=True, metadata=nothing)
    return _inline(out.getvalue(), name, description)


_SIZE = re.compile(r'<svg [^>]*?viewBox="(?P<box>[^"]+)"[^>]*>')
_ID = re.compile(r'\b(id="|url\(#|href="#)')
_COLOUR = re.compile(r"#0100(?:0[1-9])")
_TAG = re.compile(r"<[a-z][^<>]*>", re.IGNORECASE)
_STYLED = re.compile(r' style="([^"]*)"')


def _inline(document: str, name: str, description: str) -> str:
    """Return only the `svg` element, with its name, a description, and the colours of the page."""
    body = document[document.index("<svg") :]
    box = _SIZE.match(body)
    if box is None:
        raise AssertionError("matplotlib writes an svg element with a viewBox")
    inside = _ID.sub(rf"\g<1>{name}-", body[box.end() :])
    inside = _COLOUR.sub(lambda match: f"var(--{_VARIABLES[match[0]]})", inside)
    inside = re.sub(r"<(metadata|style)\b.*?</\1>\s*", "", inside, flags=re.DOTALL)
    inside = _TAG.sub(lambda tag: _STYLED.sub(_attributes, tag[0]), inside)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="plot" '
        f'viewBox="{box["box"]}" stroke-linejoin="round" stroke-linecap="butt" role="img" '
        f'aria-label="{escape(description, quote=True)}">'
    )
    return head + inside.strip()


def _attributes(styled: re.Match[str]) -> str:
    """Return a style as attributes: pages of the service allow no style in their markup. The font is the page's."""
    declarations = [declaration.partition(": ") for declaration in styled[1].split("; ")]
    return "".join(f' {name}="{value}"' for name, _, value in declarations if name != "font-family")
