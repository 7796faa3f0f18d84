"""The panels of a report: each a plot, what it says in words, and its numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log

from oa_graph.agreement import Agreement
from oa_graph.analysis import plots
from oa_graph.analysis.drawing import legible
from oa_graph.analysis.findings import MOST_REASONS, Depth, Findings, Finish, RankLabel
from oa_graph.analysis.intervals import FEWEST, Estimate, mean_estimate, share_estimate
from oa_graph.analysis.plots import BLUE, GREEN, GREY, ORANGE, RED, Marks, Series, Span
from oa_graph.model import TreeState
from oa_graph.plural import counted

_MOST_ROWS = 12
"""Bars of one plot; the table has the rest."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of a report."""

    name: str
    """Stands in the ids of the page."""
    title: str
    told: str
    """What there is to see, in words."""
    plot: str | None = None
    """The SVG; None: there is nothing to draw, and `told` says why."""
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    note: str | None = None
    """How to read it."""


def panels(found: Findings) -> list[Panel]:
    """Every panel, empty ones too."""
    makers: Sequence[Callable[[Findings], Panel]] = (
        growth,
        languages,
        depth,
        funnel,
        finish,
        skips,
        labels,
        margins,
        lengths,
        positions,
        rank_labels,
        label_agreement,
        ranking_agreement,
    )
    return [make(found) for make in makers]


def count(number: float) -> str:
    return f"{number:,.0f}"


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _word(text: str | None, *, missing: str = "(none)") -> str:
    """A short text that a person or a file gave, as a label of a plot."""
    shown = " ".join(legible(text or "").split()) or missing
    return shown if len(shown) <= 24 else f"{shown[:23]}…"


# Growth


def growth(found: Findings) -> Panel:
    """Posts written over time."""
    title = "Growth"
    if not found.days:
        return Panel("growth", title, "There are no posts yet.")
    step, begin, name = _buckets(found.days[0].day, found.days[-1].day)
    starts = list(_starts(begin, found.days[-1].day, step))
    sums: dict[date, list[int]] = {start: [0, 0, 0] for start in starts}
    for day in found.days:
        bucket = sums[begin + (day.day - begin) // step * step]
        for place, number in enumerate((day.prompts, day.assistant_replies, day.prompter_replies)):
            bucket[place] += number
    series = [
        Series(kind, colour, [sums[start][place] for start in starts])
        for place, (kind, colour) in enumerate(
            (("prompts", GREEN), ("assistant replies", ORANGE), ("prompter replies", BLUE))
        )
    ]
    total = sum(day.posts for day in found.days)
    first, last = found.days[0].day, found.days[-1].day
    top = max(starts, key=lambda start: sum(sums[start]))
    span = f"on {first}" if first == last else f"from {first} to {last}"
    most = "" if len(starts) == 1 else f" Most, {count(sum(sums[top]))}, in the {name} from {top}."
    if name == "day" and most:
        most = f" Most, {count(sum(sums[top]))}, on {top}."
    told = f"{counted(total, 'post was', 'posts were')} written {span}.{most}"
    plot = plots.columns(
        "growth", told, labels=[f"{each:%d %b}" for each in starts], series=series, across=_years(first, last), up=""
    )
    sofar, rows = 0, list[Sequence[str]]()
    for start in starts:
        sofar += sum(sums[start])
        rows.append((str(start), *map(count, sums[start]), count(sofar)))
    header = (f"{name} from" if name != "day" else "day", "prompts", "assistant replies", "prompter replies", "so far")
    note = (
        "Deleted and rejected posts count too. Days are those of UTC; posts of a file without dates stand on the day "
        "on which they came."
    )
    return Panel("growth", title, told, plot, header, rows, f"Posts for each {name}. {note}")


def _buckets(first: date, last: date) -> tuple[timedelta, date, str]:
    days = (last - first).days + 1
    if days <= 45:
        return timedelta(days=1), first, "day"
    if days <= 7 * 60:
        return timedelta(days=7), first - timedelta(days=first.weekday()), "week"
    return timedelta(days=28), first - timedelta(days=first.weekday()), "four weeks"


def _starts(begin: date, last: date, step: timedelta) -> Iterable[date]:
    while begin <= last:
        yield begin
        begin += step


def _years(first: date, last: date) -> str:
    return str(first.year) if first.year == last.year else f"{first.year} to {last.year}"


# Languages and depth


def languages(found: Findings) -> Panel:
    """The trees of each language, and their shape."""
    title = "Languages"
    if not found.shapes:
        return Panel("languages", title, "There are no trees yet.")
    shown = found.shapes[:_MOST_ROWS]
    first = found.shapes[0]
    told = (
        f"{counted(len(found.shapes), 'language')}; {_word(first.lang)} has most: {count(first.posts)} posts "
        f"in {counted(first.trees, 'tree')}, {first.tree_size:.1f} posts a tree."
    )
    plot = plots.bars(
        "languages",
        told,
        labels=[_word(each.lang) for each in shown],
        series=[Series("posts", BLUE, [each.posts for each in shown])],
        notes=[count(each.posts) for each in shown],
        across="posts",
    )
    rows = [
        (
            legible(each.lang),
            count(each.trees),
            count(each.posts),
            f"{each.tree_size:.1f}",
            f"{each.mean_depth:.1f}",
            str(each.max_depth),
            "–" if each.branching is None else f"{each.branching:.2f}",
        )
        for each in found.shapes
    ]
    header = ("language", "trees", "posts", "posts a tree", "mean depth", "deepest", "replies where any")
    return Panel(
        "languages",
        title,
        told,
        plot,
        header,
        rows,
        "Without posts that are deleted or rejected, and trees of such posts alone.",
    )


_FATES = (("accepted", GREEN), ("undecided", BLUE), ("rejected", RED), ("deleted", GREY))


def depth(found: Findings) -> Panel:
    """The posts at each depth, and what became of them."""
    title = "Depth"
    if not found.depths:
        return Panel("depth", title, "There are no posts yet.")
    levels: dict[int, list[Depth]] = defaultdict(list)
    for each in found.depths:
        levels[each.depth].append(each)
    order = sorted(levels)
    fates = {fate: [sum(_fate(each, fate) for each in levels[level]) for level in order] for fate, _ in _FATES}
    total = sum(each.posts for each in found.depths)
    accepted = sum(fates["accepted"])
    told = (
        f"Posts stand up to {order[-1]} below their prompt. {share(accepted, total)} of {count(total)} are accepted, "
        f"{share(sum(fates['rejected']), total)} rejected, {share(sum(fates['undecided']), total)} undecided, "
        f"{share(sum(fates['deleted']), total)} deleted."
    )
    plot = plots.columns(
        "depth",
        told,
        labels=[str(level) for level in order],
        series=[Series(fate, colour, fates[fate]) for fate, colour in _FATES if any(fates[fate])],
        across="depth; 0 is the prompt",
        up="posts",
    )
    header = ("depth", "role", *(fate for fate, _ in _FATES))
    rows = [
        (str(each.depth), legible(each.role), *(count(_fate(each, fate)) for fate, _ in _FATES))
        for each in found.depths
    ]
    return Panel("depth", title, told, plot, header, rows)


def _fate(each: Depth, fate: str) -> int:
    return {
        "accepted": each.accepted,
        "undecided": each.undecided,
        "rejected": each.rejected,
        "deleted": each.deleted,
    }[fate]


# The way of trees

_PATH = (
    TreeState.INITIAL_PROMPT_REVIEW,
    TreeState.PROMPT_LOTTERY_WAITING,
    TreeState.GROWING,
    TreeState.RANKING,
    TreeState.READY_FOR_SCORING,
    TreeState.READY_FOR_EXPORT,
)
_ASIDE = (
    TreeState.BACKLOG_RANKING,
    TreeState.SCORING_FAILED,
    TreeState.ABORTED_LOW_GRADE,
    TreeState.HALTED_BY_MODERATOR,
)


def funnel(found: Findings) -> Panel:
    """The trees in each state, in the order of their way."""
    title = "Trees on their way"
    if not found.states:
        return Panel("states", title, "There are no trees yet.")
    here = {state: sum(each.trees for each in found.states if each.state == state) for state in (*_PATH, *_ASIDE)}
    further = {state: sum(here[later] for later in _PATH[place + 1 :]) for place, state in enumerate(_PATH)}
    order = [state for state in (*_PATH, *_ASIDE) if state in _PATH or here[state]]
    total = sum(each.trees for each in found.states)
    done = here[TreeState.READY_FOR_EXPORT]
    lost = here[TreeState.ABORTED_LOW_GRADE] + here[TreeState.HALTED_BY_MODERATOR]
    told = (
        f"{count(done)} of {counted(total, 'tree')} ({share(done, total)}) are ready for export; "
        f"{count(lost)} ({share(lost, total)}) were aborted or halted."
    )
    plot = plots.bars(
        "states",
        told,
        labels=[_in_words(state) for state in order],
        series=[
            Series("here now", BLUE, [here[state] if state in _PATH else 0 for state in order]),
            Series("further on", GREY, [further.get(state, 0) for state in order]),
            Series("off the way", RED, [here[state] if state in _ASIDE else 0 for state in order]),
        ],
        notes=[count(here[state]) for state in order],
        across="trees",
    )
    header = ("state", "language", "trees", "first came", "last came")
    place = {state.value: number for number, state in enumerate((*_PATH, *_ASIDE))}
    rows = [
        (
            _in_words(each.state),
            legible(each.lang),
            count(each.trees),
            "–" if each.oldest is None else f"{each.oldest:%Y-%m-%d}",
            "–" if each.newest is None else f"{each.newest:%Y-%m-%d}",
        )
        for each in sorted(found.states, key=lambda each: place.get(each.state, 99))
    ]
    note = "The number is of those that are in the state now; grey are those further on, imported ones among them."
    return Panel("states", title, told, plot, header, rows, note)


def _in_words(state: str) -> str:
    return legible(state).replace("_", " ")


_TICKS = {
    1 / 3600: "1 s",
    1 / 360: "10 s",
    1 / 60: "1 min",
    1 / 6: "10 min",
    1.0: "1 h",
    24.0: "1 day",
    168.0: "1 wk",
    730.5: "1 mo",
    8766.0: "1 yr",
    87660.0: "10 yr",
}
"""Marks on an axis of hours."""


def finish(found: Findings) -> Panel:
    """How long trees take from the prompt to the end."""
    title = "Time to finish"
    if not found.finishes:
        return Panel("finish", title, "No tree has finished of which the times are known.")
    shown = found.finishes[:_MOST_ROWS]
    most = found.finishes[0]
    told = (
        f"Half of the {counted(most.trees, 'finished tree')} in {_named(most)} took less than "
        f"{duration(most.median_hours)}, nine of ten less than {duration(most.p90_hours)}."
    )
    plot = plots.spans(
        "finish",
        told,
        labels=[_named(each) for each in shown],
        found=[Span(*_percentiles(each)) for each in shown],
        ticks=_ticks(min(each.p10_hours for each in shown), max(each.p90_hours for each in shown)),
        across="",
    )
    header = ("language", "trees", "a tenth within", "a quarter", "half", "three quarters", "nine tenths")
    rows = [
        (
            _named(each),
            count(each.trees),
            *map(duration, _percentiles(each)),
        )
        for each in found.finishes
    ]
    note = (
        "From the prompt until the tree was ready for export; of imported trees until their last post. "
        "Dot: half of the trees; bar: the middle half; line: all but the fastest and the slowest tenth."
    )
    return Panel("finish", title, told, plot, header, rows, note)


def _percentiles(each: Finish) -> tuple[float, float, float, float, float]:
    return each.p10_hours, each.p25_hours, each.median_hours, each.p75_hours, each.p90_hours


def _ticks(least: float, most: float) -> dict[float, str]:
    """Those between which all lies, two at least; the outermost say so where values lie beyond them."""
    order = sorted(_TICKS)
    first = max((place for place, tick in enumerate(order) if tick <= least), default=0)
    last = min((place for place, tick in enumerate(order) if tick >= most), default=len(order) - 1)
    first = min(first, last - 1) if last else 0
    ticks = {tick: _TICKS[tick] for tick in _legible_ticks(order[first : max(last, first + 1) + 1])}
    if least < order[0]:
        ticks[order[0]] = f"≤ {_TICKS[order[0]]}"
    if most > order[-1]:
        ticks[order[-1]] = f"≥ {_TICKS[order[-1]]}"
    return ticks


def _legible_ticks(ticks: Sequence[float]) -> list[float]:
    """The outermost, and of those between them as many as have room for their words on a logarithmic axis."""
    room = log(ticks[-1] / ticks[0]) / 7
    shown = [ticks[0]]
    for tick in ticks[1:-1]:
        if log(tick / shown[-1]) >= room and log(ticks[-1] / tick) >= room:
            shown.append(tick)
    return [*shown, ticks[-1]]


def _named(each: Finish) -> str:
    return _word(each.lang) + (", imported" if each.imported else "")


def duration(hours: float) -> str:
    """A length of time as people say it."""
    for unit, length in (("year", 8766.0), ("month", 730.5), ("week", 168.0), ("day", 24.0), ("hour", 1.0)):
        if hours >= 2 * length:
            return f"{hours / length:.1f} {unit}s"
    minutes = hours * 60
    return f"{minutes:.0f} minutes" if minutes >= 2 else f"{minutes * 60:.0f} seconds"


# Skips


def skips(found: Findings) -> Panel:
    """What is skipped, and why."""
    title = "Skipped tasks"
    # Reasons are rows of what was skipped: kinds and languages without a skip are in the tasks alone.
    tasks = sorted(found.tasks, key=lambda task: (-task.skipped, task.kind))
    if not tasks or not tasks[0].skipped:
        return Panel("skips", title, "No task was skipped.")
    top = tasks[0]
    told = (
        f"{counted(sum(task.skipped for task in tasks), 'task')} skipped. Most are {_in_words(top.kind)}: "
        f"{count(top.skipped)} of {count(top.handed_out)} that were handed out, {share(top.skipped, top.handed_out)}."
    )
    plot = plots.bars(
        "skips",
        told,
        labels=[_word(_in_words(task.kind)) for task in tasks],
        series=[Series("skipped", ORANGE, [task.skipped for task in tasks])],
        notes=[f"{count(task.skipped)} · {share(task.skipped, task.handed_out)}" for task in tasks],
        across="tasks; percent of those handed out",
    )
    header = ("task", "language", "reason", "skipped", "different posts", "of all handed out")
    rows = [
        (
            _in_words(each.kind),
            legible(each.lang or "–"),
            legible(each.reason or "(none given)"),
            count(each.skipped),
            count(each.posts),
            share(each.skipped, each.handed_out),
        )
        for each in found.skips
    ]
    cut = f" Only the {MOST_REASONS} most frequent." if len(found.skips) == MOST_REASONS else ""
    return Panel("skips", title, told, plot, header, rows, f"Reasons are as people gave them.{cut}")


# Labels and margins

_STEPS = [step / 8 for step in range(9)]
"""Eighths: people give quarters, and imported means lie between them."""


def labels(found: Findings) -> Panel:
    """Which values each label is given."""
    title = "Label values"
    if not found.labels:
        return Panel("labels", title, "Nobody has given labels yet.")
    given: dict[tuple[str, bool], dict[float, int]] = defaultdict(lambda: defaultdict(int))
    totals: dict[tuple[str, bool], float] = defaultdict(float)
    for each in found.labels:
        given[each.label, each.imported][_step(each.value)] += each.given
        totals[each.label, each.imported] += each.value * each.given
    order = sorted(given, key=lambda key: (-sum(given[key].values()), key))
    shown = order[: 2 * _MOST_ROWS]
    sums = {key: sum(given[key].values()) for key in order}
    means = {key: totals[key] / sums[key] for key in order}
    told = f"{counted(len(order), 'label')}. Means: " + ", ".join(
        f"{_in_words(_label(key))} {means[key]:.2f}" for key in shown[:5]
    )
    plot = plots.shades(
        "labels",
        f"{told}.",
        labels=[_word(_in_words(_label(key))) for key in shown],
        steps=[f"{step:g}" if step % 0.25 == 0 else "" for step in _STEPS],
        shares=[[given[key][step] / sums[key] for step in _STEPS] for key in shown],
        across="value; in the cells: percent",
    )
    header = ("label", "values", "mean", *(f"{step:g}" for step in _STEPS))
    rows = [
        (_in_words(_label(key)), count(sums[key]), f"{means[key]:.2f}", *(count(given[key][step]) for step in _STEPS))
        for key in order
    ]
    note = (
        "From the reviews of up to 20,000 posts, which the order of ids draws. Imported labels are means. "
        "What lies between two steps counts for the nearer one; means are of the values themselves."
    )
    return Panel("labels", title, f"{told}.", plot, header, rows, note)


def _step(value: float) -> float:
    """The nearest of the steps."""
    return round(8 * min(max(value, 0.0), 1.0)) / 8


def _label(key: tuple[str, bool]) -> str:
    return f"{key[0]}, imported" if key[1] else key[0]


def margins(found: Findings) -> Panel:
    """How clear each consensus is."""
    title = "Margins of rankings"
    imported = sum(each.parents for each in found.margins if each.margin is None)
    note = f"Imported orders have no margin: those of {counted(imported, 'post')} are left out." if imported else None
    sums: dict[int, int] = defaultdict(int)
    for each in found.margins:
        if each.margin is not None:
            sums[each.margin] += each.parents
    if not sums:
        return Panel("margins", title, f"No replies were ranked here. {note or ''}".strip())
    order = list(range(min(0, *sums), max(sums) + 1))
    total = sum(sums.values())
    close = sum(number for margin, number in sums.items() if margin <= 1)
    told = (
        f"{counted(total, 'post has', 'posts have')} replies in an order that people gave; "
        f"{share(close, total)} of the orders hang on one voter or none."
    )
    plot = plots.columns(
        "margins",
        told,
        labels=[str(margin) for margin in order],
        series=[Series("parents", BLUE, [sums[margin] for margin in order])],
        across="margin of the weakest decided pair, in voters",
        up="parents",
    )
    header = ("rankings", "margin", "parents", "replies ranked, mean")
    rows = [
        (
            str(each.rankings),
            "–" if each.margin is None else str(each.margin),
            count(each.parents),
            f"{each.replies:.1f}",
        )
        for each in found.margins
    ]
    return Panel("margins", title, told, plot, header, rows, note)


# Preferences

_MOST_RANKS = 4
"""Ranks of one plot; the table has the rest."""
_RANK_COLOURS = (GREEN, BLUE, ORANGE, GREY)
_OF_MEANS = f"1.96 standard errors to both sides, from {FEWEST} observations on"
_ASSUMED = "Observations are taken to be independent, which those under one post are not quite."


def lengths(found: Findings) -> Panel:
    """The length of replies by their rank."""
    title = "Length against rank"
    if not found.rank_lengths:
        return Panel("lengths", title, "No replies are ranked yet.")
    means = [
        mean_estimate(each.mean_characters, deviation=each.deviation_characters, count=each.replies)
        for each in found.rank_lengths
    ]
    compared = sum(each.compared for each in found.rank_lengths)
    longer = sum(each.longer for each in found.rank_lengths)
    told = ", ".join(f"{_ranked(each.rank)}: {each.mean_characters:,.0f}" for each in found.rank_lengths[:_MOST_RANKS])
    told = f"Mean characters of {told}."
    if compared:
        told += (
            f" Of two neighbours in an order the better one is the longer one in {_percent(longer, compared)} "
            f"of {count(compared)} pairs."
        )
    plot = plots.intervals(
        "lengths",
        told,
        labels=[f"{_ranked(each.rank)}, n = {count(each.replies)}" for each in found.rank_lengths[:_MOST_ROWS]],
        marks=[Marks("replies", BLUE, means[:_MOST_ROWS])],
        across="characters, mean and 95 % interval",
    )
    header = ("rank", "replies", "mean characters", "95 %", "median", "longer than the next", "of pairs")
    rows = [
        (
            str(each.rank + 1),
            count(each.replies),
            f"{each.mean_characters:,.1f}",
            _interval(mean, ",.1f"),
            f"{each.median_characters:,.1f}",
            _percent(each.longer, each.compared) if each.compared else "–",
            count(each.compared),
        )
        for each, mean in zip(found.rank_lengths, means, strict=True)
    ]
    note = (
        f"From up to 20,000 ranked replies. Intervals of means: {_OF_MEANS}; of shares: Wilson's. {_ASSUMED} "
        "A rank is reached only where so many replies were ranked."
    )
    return Panel("lengths", title, told, plot, header, rows, note)


def positions(found: Findings) -> Panel:
    """Whether what is shown first is put first."""
    title = "Position bias"
    if not found.places:
        return Panel("positions", title, "No replies were ranked here. Imported ranks do not say what was shown first.")
    tops = [each for each in found.places if each.shown == 0]
    rankings, first = sum(each.rankings for each in tops), sum(each.first for each in tops)
    chance = sum(each.rankings / each.candidates for each in tops) / rankings
    told = (
        f"{counted(rankings, 'ranking')} put first what was shown first in {_percent(first, rankings)} of all cases; "
        f"without a bias it would be {100 * chance:.0f} %."
    )
    shown = found.places[: 2 * _MOST_ROWS]
    shares = [share_estimate(each.first, whole=each.rankings) for each in found.places]
    plot = plots.intervals(
        "positions",
        told,
        labels=[f"{each.shown + 1} of {each.candidates}, n = {count(each.rankings)}" for each in shown],
        marks=[Marks("put first", BLUE, shares[: len(shown)])],
        across="share put first; stroke: without a bias",
        chances=[1 / each.candidates for each in shown],
    )
    header = ("candidates", "shown at", "rankings", "put first", "share", "95 %", "without a bias", "mean place")
    rows = [
        (
            str(each.candidates),
            str(each.shown + 1),
            count(each.rankings),
            count(each.first),
            f"{estimate.value:.3f}",
            _interval(estimate, ".3f"),
            f"{1 / each.candidates:.3f}",
            f"{each.mean_place + 1:.2f}",
        )
        for each, estimate in zip(found.places, shares, strict=True)
    ]
    note = (
        f"By where candidates stood on the screen, in an order that was drawn. 95 % intervals are Wilson's. {_ASSUMED}"
    )
    return Panel("positions", title, told, plot, header, rows, note)


def rank_labels(found: Findings) -> Panel:
    """The mean of each label by rank."""
    title = "Labels by rank"
    if not found.rank_labels:
        return Panel("rank-labels", title, "No ranked reply has labels.")
    ranks: dict[str, dict[int, RankLabel]] = defaultdict(dict)
    for each in found.rank_labels:
        ranks[each.label][each.rank] = each
    order = sorted(ranks, key=lambda label: (-_apart(ranks[label]), label))
    leading = "quality" if "quality" in ranks else order[0]
    told = ", ".join(f"{_ranked(rank)} {row.mean:.2f}" for rank, row in sorted(ranks[leading].items())[:_MOST_RANKS])
    told = f"Mean of {_in_words(leading)}: {told}."
    shown = order[:_MOST_ROWS]
    places = sorted({each.rank for each in found.rank_labels})[:_MOST_RANKS]
    plot = plots.intervals(
        "rank-labels",
        told,
        labels=[_word(_in_words(label)) for label in shown],
        marks=[
            Marks(_ranked(rank), colour, [_label_mean(ranks[label].get(rank)) for label in shown])
            for rank, colour in zip(places, _RANK_COLOURS, strict=False)
        ],
        across="mean and 95 % interval",
    )
    header = ("label", "rank", "posts", "mean", "95 %")
    rows = [
        (_in_words(label), str(rank + 1), count(row.posts), f"{row.mean:.3f}", _interval(_label_mean(row), ".3f"))
        for label in order
        for rank, row in sorted(ranks[label].items())
    ]
    note = (
        f"From up to 20,000 ranked replies with labels; each counts once, by the mean of what people said. Intervals: "
        f"{_OF_MEANS}. {_ASSUMED}"
    )
    return Panel("rank-labels", title, told, plot, header, rows, note)


def _ranked(rank: int) -> str:
    """A rank in words: people count from 1 on."""
    return "rank 1 (best)" if rank == 0 else f"rank {rank + 1}"


def _apart(rows: Mapping[int, RankLabel]) -> float:
    """How far the means of the best two ranks are from each other."""
    return abs(rows[0].mean - rows[1].mean) if 0 in rows and 1 in rows else 0.0


def _label_mean(row: RankLabel | None) -> Estimate | None:
    return None if row is None else mean_estimate(row.mean, deviation=row.deviation, count=row.posts)


def _interval(estimate: Estimate | None, form: str) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return "–"
    return f"{estimate.low:{form}} to {estimate.high:{form}}"


def _percent(part: int, whole: int) -> str:
    """A share with its interval."""
    estimate = share_estimate(part, whole=whole)
    return f"{100 * estimate.value:.0f} % ({100 * (estimate.low or 0):.0f} to {100 * (estimate.high or 0):.0f} %)"


# Agreement


def label_agreement(found: Findings) -> Panel:
    """Krippendorff's alpha for each label."""
    measures = found.agreement.labels if found.agreement else None
    return _agreement(
        "alpha",
        "Agreement on labels",
        measures,
        "Krippendorff's alpha: 1 is full agreement, 0 chance",
        ("label", "alpha"),
    )


def ranking_agreement(found: Findings) -> Panel:
    """Kendall's W of rankings."""
    measures = found.agreement.rankings if found.agreement else None
    chances = [f"{each.chance:.2f} for {_in_words(each.name)}" for each in measures or () if each.chance is not None]
    return _agreement(
        "kendall",
        "Agreement on rankings",
        measures,
        "Kendall's W: 1 is full agreement, 0 none",
        ("rankings of", "W"),
        note=f"Random orders would come to {' and '.join(chances)}." if chances else None,
    )


def _agreement(
    name: str,
    title: str,
    measures: Sequence[Agreement] | None,
    across: str,
    what: tuple[str, str],
    *,
    note: str | None = None,
) -> Panel:
    if measures is None:
        return Panel(name, title, "Not measured.")
    measures = [each for each in measures if each.items]
    if not measures:
        return Panel(name, title, "Nothing was judged by two people.")
    order = sorted(measures, key=lambda each: (each.value is None, -(each.value or 0), each.name))
    known = [each for each in order if each.value is not None]
    if len(known) == 1:
        told = f"{_told(known[0])}."
    elif known:
        told = f"From {_told(known[0])} to {_told(known[-1])}."
    else:
        told = "Not defined for any of them."
    shown = order[: 2 * _MOST_ROWS]
    plot = plots.dots(
        name,
        told,
        labels=[_word(_in_words(each.name)) for each in shown],
        values=[each.value for each in shown],
        across=across,
    )
    rows = [
        (
            _in_words(each.name),
            "–" if each.value is None else f"{each.value:.3f}",
            count(each.items),
            legible(each.why or ""),
        )
        for each in order
    ]
    return Panel(name, title, told, plot, (*what, "from", "why not"), rows, note)


def _told(measure: Agreement) -> str:
    return f"{measure.value:z.2f} ({_in_words(measure.name)})"
