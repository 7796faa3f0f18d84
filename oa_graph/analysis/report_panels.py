"""The panels of a report: each a plot, what it says in words, and its numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import log

from oa_graph.analysis import plots
from oa_graph.analysis.drawing import legible
from oa_graph.analysis.intervals import FEWEST, Estimate, mean_estimate, share_estimate
from oa_graph.analysis.plots import BLUE, GREEN, GREY, ORANGE, RED, BarSpan, Marks, Series
from oa_graph.analysis.report_data import MOST_REASONS, Depth, Finish, ModelDuels, RankLabel, ReportData
from oa_graph.domain.trees import TreeState
from oa_graph.plural import counted
from oa_graph.reliability import Agreement

_MOST_ROWS = 12
"""Bars of one plot; the table has the rest."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of a report."""

    name: str
    """Stands in the ids of the page."""
    title: str
    summary: str
    """What there is to see, in words."""
    plot: str | None = None
    """The SVG; None: there is nothing to draw, and `told` says why."""
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    note: str | None = None
    """How to read it."""


def panels(data: ReportData) -> list[Panel]:
    """Return every panel, including empty ones."""
    makers: Sequence[Callable[[ReportData], Panel]] = (
        growth,
        languages,
        depth,
        conversation_ends,
        funnel,
        finish,
        skips,
        labels,
        margins,
        lengths,
        positions,
        rank_labels,
        models,
        label_agreement,
        ranking_agreement,
    )
    return [make(data) for make in makers]


def count(number: float) -> str:
    return f"{number:,.0f}"


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _word(text: str | None, *, missing: str = "(none)") -> str:
    """Return a short text by a person or a file as a label of a plot."""
    shown = " ".join(legible(text or "").split()) or missing
    return shown if len(shown) <= 24 else f"{shown[:23]}…"


# Growth


def growth(data: ReportData) -> Panel:
    """Return the panel of posts over time."""
    title = "Growth"
    if not data.days:
        return Panel("growth", title, "There are no posts yet.")
    step, begin, name = _buckets(data.days[0].day, data.days[-1].day)
    starts = list(_starts(begin, data.days[-1].day, step))
    sums: dict[date, list[int]] = {start: [0, 0, 0] for start in starts}
    for day in data.days:
        bucket = sums[begin + (day.day - begin) // step * step]
        for place, number in enumerate((day.prompts, day.assistant_replies, day.prompter_replies)):
            bucket[place] += number
    series = [
        Series(kind, colour, [sums[start][place] for start in starts])
        for place, (kind, colour) in enumerate(
            (("prompts", GREEN), ("assistant replies", ORANGE), ("prompter replies", BLUE))
        )
    ]
    total = sum(day.posts for day in data.days)
    first, last = data.days[0].day, data.days[-1].day
    top = max(starts, key=lambda start: sum(sums[start]))
    span = f"on {first}" if first == last else f"from {first} to {last}"
    most = "" if len(starts) == 1 else f" Most, {count(sum(sums[top]))}, in the {name} from {top}."
    if name == "day" and most:
        most = f" Most, {count(sum(sums[top]))}, on {top}."
    summary = f"{counted(total, 'post was', 'posts were')} written {span}.{most}"
    plot = plots.columns(
        "growth",
        summary,
        labels=[f"{start:%d %b}" for start in starts],
        series=series,
        across=_years(first, last),
        up="",
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
    return Panel("growth", title, summary, plot, header, rows, f"Posts for each {name}. {note}")


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


def languages(data: ReportData) -> Panel:
    """Return the panel of the trees of each language and their shape."""
    title = "Languages"
    if not data.shapes:
        return Panel("languages", title, "There are no trees yet.")
    shown = data.shapes[:_MOST_ROWS]
    first = data.shapes[0]
    summary = (
        f"{counted(len(data.shapes), 'language')}; {_word(first.lang)} has most: {count(first.posts)} posts "
        f"in {counted(first.trees, 'tree')}, {first.tree_size:.1f} posts a tree."
    )
    plot = plots.bars(
        "languages",
        summary,
        labels=[_word(shape.lang) for shape in shown],
        series=[Series("posts", BLUE, [shape.posts for shape in shown])],
        notes=[count(shape.posts) for shape in shown],
        across="posts",
    )
    rows = [
        (
            legible(shape.lang),
            count(shape.trees),
            count(shape.posts),
            f"{shape.tree_size:.1f}",
            f"{shape.mean_depth:.1f}",
            str(shape.max_depth),
            "–" if shape.branching is None else f"{shape.branching:.2f}",
        )
        for shape in data.shapes
    ]
    header = ("language", "trees", "posts", "posts a tree", "mean depth", "deepest", "replies where any")
    return Panel(
        "languages",
        title,
        summary,
        plot,
        header,
        rows,
        "Without posts that are deleted or rejected, and trees of such posts alone.",
    )


_FATES = (("accepted", GREEN), ("undecided", BLUE), ("rejected", RED), ("deleted", GREY))


def depth(data: ReportData) -> Panel:
    """Return the panel of the posts at each depth and their fate."""
    title = "Depth"
    if not data.depths:
        return Panel("depth", title, "There are no posts yet.")
    levels: dict[int, list[Depth]] = defaultdict(list)
    for row in data.depths:
        levels[row.depth].append(row)
    order = sorted(levels)
    fates = {fate: [sum(_posts_of_fate(row, fate) for row in levels[level]) for level in order] for fate, _ in _FATES}
    total = sum(row.posts for row in data.depths)
    accepted = sum(fates["accepted"])
    summary = (
        f"Posts stand up to {order[-1]} below their prompt. {share(accepted, total)} of {count(total)} are accepted, "
        f"{share(sum(fates['rejected']), total)} rejected, {share(sum(fates['undecided']), total)} undecided, "
        f"{share(sum(fates['deleted']), total)} deleted."
    )
    plot = plots.columns(
        "depth",
        summary,
        labels=[str(level) for level in order],
        series=[Series(fate, colour, fates[fate]) for fate, colour in _FATES if any(fates[fate])],
        across="depth; 0 is the prompt",
        up="posts",
    )
    header = ("depth", "role", *(fate for fate, _ in _FATES))
    rows = [
        (str(row.depth), legible(row.role), *(count(_posts_of_fate(row, fate)) for fate, _ in _FATES))
        for row in data.depths
    ]
    return Panel("depth", title, summary, plot, header, rows)


def _posts_of_fate(row: Depth, fate: str) -> int:
    return {
        "accepted": row.accepted,
        "undecided": row.undecided,
        "rejected": row.rejected,
        "deleted": row.deleted,
    }[fate]


def conversation_ends(data: ReportData) -> Panel:
    """Return the panel of the depths at which conversations ended."""
    title = "Ends of conversations"
    decided = [row for row in data.ends if row.ended or row.not_ended or row.open]
    if not decided:
        return Panel("ends", title, "No vote has been held on whether a conversation ends.")
    ended, asked = sum(row.ended for row in decided), sum(row.ended + row.not_ended for row in decided)
    summary = (
        f"{count(ended)} of {counted(asked, 'decided post')} of the assistant {'ends' if ended == 1 else 'end'} "
        f"a conversation. {counted(sum(row.open for row in decided), 'vote is', 'votes are')} open."
    )
    fates = (
        Series("ends", GREEN, [row.ended for row in decided]),
        Series("goes on", GREY, [row.not_ended for row in decided]),
        Series("vote open", BLUE, [row.open for row in decided]),
    )
    plot = plots.columns(
        "ends",
        summary,
        labels=[str(row.depth) for row in decided],
        series=[series for series in fates if any(series.values)],
        across="depth; 0 is the prompt",
        up="posts",
    )
    header = ("depth", "accepted posts", "said by the author", "ends", "goes on", "vote open", "for", "against")
    rows = [
        (
            str(row.depth),
            *map(
                count,
                (row.posts, row.author_ends, row.ended, row.not_ended, row.open, row.votes_for, row.votes_against),
            ),
        )
        for row in decided
    ]
    note = "Votes, a moderator or an accepted reply decide. `for` and `against` count single votes."
    return Panel("ends", title, summary, plot, header, rows, note)


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


def funnel(data: ReportData) -> Panel:
    """Return the panel of the trees in each state, in the order of the states."""
    title = "Trees on their way"
    if not data.states:
        return Panel("states", title, "There are no trees yet.")
    here = {state: sum(row.trees for row in data.states if row.state == state) for state in (*_PATH, *_ASIDE)}
    further = {state: sum(here[later] for later in _PATH[place + 1 :]) for place, state in enumerate(_PATH)}
    order = [state for state in (*_PATH, *_ASIDE) if state in _PATH or here[state]]
    total = sum(row.trees for row in data.states)
    done = here[TreeState.READY_FOR_EXPORT]
    lost = here[TreeState.ABORTED_LOW_GRADE] + here[TreeState.HALTED_BY_MODERATOR]
    summary = (
        f"{count(done)} of {counted(total, 'tree')} ({share(done, total)}) are ready for export; "
        f"{count(lost)} ({share(lost, total)}) were aborted or halted."
    )
    plot = plots.bars(
        "states",
        summary,
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
            _in_words(row.state),
            legible(row.lang),
            count(row.trees),
            "–" if row.oldest is None else f"{row.oldest:%Y-%m-%d}",
            "–" if row.newest is None else f"{row.newest:%Y-%m-%d}",
        )
        for row in sorted(data.states, key=lambda row: place.get(row.state, 99))
    ]
    note = "The number is of those that are in the state now; grey are those further on, imported ones among them."
    return Panel("states", title, summary, plot, header, rows, note)


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


def finish(data: ReportData) -> Panel:
    """Return the panel of the time that trees take from the prompt to the end."""
    title = "Time to finish"
    if not data.finishes:
        return Panel("finish", title, "No tree has finished of which the times are known.")
    shown = data.finishes[:_MOST_ROWS]
    most = data.finishes[0]
    summary = (
        f"Half of the {counted(most.trees, 'finished tree')} in {_language_name(most)} took less than "
        f"{duration(most.median_hours)}, nine of ten less than {duration(most.p90_hours)}."
    )
    plot = plots.spans(
        "finish",
        summary,
        labels=[_language_name(row) for row in shown],
        bar_spans=[BarSpan(*_percentiles(row)) for row in shown],
        ticks=_ticks(min(row.p10_hours for row in shown), max(row.p90_hours for row in shown)),
        across="",
    )
    header = ("language", "trees", "a tenth within", "a quarter", "half", "three quarters", "nine tenths")
    rows = [
        (
            _language_name(row),
            count(row.trees),
            *map(duration, _percentiles(row)),
        )
        for row in data.finishes
    ]
    note = (
        "From the prompt until the tree was ready for export; of imported trees until their last post. "
        "Dot: half of the trees; bar: the middle half; line: all but the fastest and the slowest tenth."
    )
    return Panel("finish", title, summary, plot, header, rows, note)


def _percentiles(row: Finish) -> tuple[float, float, float, float, float]:
    return row.p10_hours, row.p25_hours, row.median_hours, row.p75_hours, row.p90_hours


def _ticks(least: float, most: float) -> dict[float, str]:
    """Return two or more ticks that enclose all values; the outermost say so if values lie beyond them."""
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
    """Return the outermost ticks, and as many between them as have room on a logarithmic axis."""
    room = log(ticks[-1] / ticks[0]) / 7
    shown = [ticks[0]]
    for tick in ticks[1:-1]:
        if log(tick / shown[-1]) >= room and log(ticks[-1] / tick) >= room:
            shown.append(tick)
    return [*shown, ticks[-1]]


def _language_name(row: Finish) -> str:
    return _word(row.lang) + (", imported" if row.imported else "")


def duration(hours: float) -> str:
    """Return a length of time in words."""
    for unit, length in (("year", 8766.0), ("month", 730.5), ("week", 168.0), ("day", 24.0), ("hour", 1.0)):
        if hours >= 2 * length:
            return f"{hours / length:.1f} {unit}s"
    minutes = hours * 60
    return f"{minutes:.0f} minutes" if minutes >= 2 else f"{minutes * 60:.0f} seconds"


# Skips


def skips(data: ReportData) -> Panel:
    """Return the panel of skipped tasks and the reasons."""
    title = "Skipped tasks"
    # Reasons are rows of what was skipped: kinds and languages without a skip are in the tasks alone.
    tasks = sorted(data.tasks, key=lambda task: (-task.skipped, task.kind))
    if not tasks or not tasks[0].skipped:
        return Panel("skips", title, "No task was skipped.")
    top = tasks[0]
    summary = (
        f"{counted(sum(task.skipped for task in tasks), 'task')} skipped. Most are {_in_words(top.kind)}: "
        f"{count(top.skipped)} of {count(top.handed_out)} that were handed out, {share(top.skipped, top.handed_out)}."
    )
    plot = plots.bars(
        "skips",
        summary,
        labels=[_word(_in_words(task.kind)) for task in tasks],
        series=[Series("skipped", ORANGE, [task.skipped for task in tasks])],
        notes=[f"{count(task.skipped)} · {share(task.skipped, task.handed_out)}" for task in tasks],
        across="tasks; percent of those handed out",
    )
    header = ("task", "language", "reason", "skipped", "different posts", "of all handed out")
    rows = [
        (
            _in_words(skip.kind),
            legible(skip.lang or "–"),
            legible(skip.reason or "(none given)"),
            count(skip.skipped),
            count(skip.posts),
            share(skip.skipped, skip.handed_out),
        )
        for skip in data.skips
    ]
    cut = f" Only the {MOST_REASONS} most frequent." if len(data.skips) == MOST_REASONS else ""
    return Panel("skips", title, summary, plot, header, rows, f"Reasons are as people gave them.{cut}")


# Labels and margins

_STEPS = [step / 8 for step in range(9)]
"""Eighths: people give quarters, and imported means lie between them."""


def labels(data: ReportData) -> Panel:
    """Return the panel of the values of each label."""
    title = "Label values"
    if not data.labels:
        return Panel("labels", title, "Nobody has given labels yet.")
    counts: dict[tuple[str, bool], dict[float, int]] = defaultdict(lambda: defaultdict(int))
    totals: dict[tuple[str, bool], float] = defaultdict(float)
    for row in data.labels:
        counts[row.label, row.imported][_step(row.value)] += row.given
        totals[row.label, row.imported] += row.value * row.given
    order = sorted(counts, key=lambda key: (-sum(counts[key].values()), key))
    shown = order[: 2 * _MOST_ROWS]
    sums = {key: sum(counts[key].values()) for key in order}
    means = {key: totals[key] / sums[key] for key in order}
    summary = f"{counted(len(order), 'label')}. Means: " + ", ".join(
        f"{_in_words(_label(key))} {means[key]:.2f}" for key in shown[:5]
    )
    plot = plots.shades(
        "labels",
        f"{summary}.",
        labels=[_word(_in_words(_label(key))) for key in shown],
        steps=[f"{step:g}" if step % 0.25 == 0 else "" for step in _STEPS],
        shares=[[counts[key][step] / sums[key] for step in _STEPS] for key in shown],
        across="value; in the cells: percent",
    )
    header = ("label", "values", "mean", *(f"{step:g}" for step in _STEPS))
    rows = [
        (_in_words(_label(key)), count(sums[key]), f"{means[key]:.2f}", *(count(counts[key][step]) for step in _STEPS))
        for key in order
    ]
    note = (
        "From the reviews of up to 20,000 posts, which the order of ids draws. Imported labels are means. "
        "What lies between two steps counts for the nearer one; means are of the values themselves."
    )
    return Panel("labels", title, f"{summary}.", plot, header, rows, note)


def _step(value: float) -> float:
    """Return the nearest step."""
    return round(8 * min(max(value, 0.0), 1.0)) / 8


def _label(key: tuple[str, bool]) -> str:
    return f"{key[0]}, imported" if key[1] else key[0]


def margins(data: ReportData) -> Panel:
    """Return the panel of the margins of consensuses."""
    title = "Margins of rankings"
    imported = sum(row.parents for row in data.margins if row.margin is None)
    note = f"Imported orders have no margin: those of {counted(imported, 'post')} are left out." if imported else None
    sums: dict[int, int] = defaultdict(int)
    for row in data.margins:
        if row.margin is not None:
            sums[row.margin] += row.parents
    if not sums:
        return Panel("margins", title, f"No replies were ranked here. {note or ''}".strip())
    order = list(range(min(0, *sums), max(sums) + 1))
    total = sum(sums.values())
    close = sum(number for margin, number in sums.items() if margin <= 1)
    summary = (
        f"{counted(total, 'post has', 'posts have')} replies in an order that people gave; "
        f"{share(close, total)} of the orders hang on one voter or none."
    )
    plot = plots.columns(
        "margins",
        summary,
        labels=[str(margin) for margin in order],
        series=[Series("parents", BLUE, [sums[margin] for margin in order])],
        across="margin of the weakest decided pair, in voters",
        up="parents",
    )
    header = ("rankings", "margin", "parents", "replies ranked, mean")
    rows = [
        (
            str(row.rankings),
            "–" if row.margin is None else str(row.margin),
            count(row.parents),
            f"{row.replies:.1f}",
        )
        for row in data.margins
    ]
    return Panel("margins", title, summary, plot, header, rows, note)


# Preferences

_MOST_RANKS = 4
"""Ranks of one plot; the table has the rest."""
_RANK_COLOURS = (GREEN, BLUE, ORANGE, GREY)
_OF_MEANS = f"1.96 standard errors to both sides, from {FEWEST} observations on"
_ASSUMED = "Observations are taken to be independent, which those under one post are not quite."


def lengths(data: ReportData) -> Panel:
    """Return the panel of the length of replies by rank."""
    title = "Length against rank"
    if not data.rank_lengths:
        return Panel("lengths", title, "No replies are ranked yet.")
    means = [
        mean_estimate(row.mean_characters, deviation=row.deviation_characters, count=row.replies)
        for row in data.rank_lengths
    ]
    compared = sum(row.compared for row in data.rank_lengths)
    longer = sum(row.longer for row in data.rank_lengths)
    summary = ", ".join(f"{_ranked(row.rank)}: {row.mean_characters:,.0f}" for row in data.rank_lengths[:_MOST_RANKS])
    summary = f"Mean characters of {summary}."
    if compared:
        summary += (
            f" Of two neighbours in an order the better one is the longer one in {_percent(longer, compared)} "
            f"of {count(compared)} pairs."
        )
    plot = plots.intervals(
        "lengths",
        summary,
        labels=[f"{_ranked(row.rank)}, n = {count(row.replies)}" for row in data.rank_lengths[:_MOST_ROWS]],
        marks=[Marks("replies", BLUE, means[:_MOST_ROWS])],
        across="characters, mean and 95 % interval",
    )
    header = ("rank", "replies", "mean characters", "95 %", "median", "longer than the next", "of pairs")
    rows = [
        (
            str(row.rank + 1),
            count(row.replies),
            f"{row.mean_characters:,.1f}",
            _interval(mean, ",.1f"),
            f"{row.median_characters:,.1f}",
            _percent(row.longer, row.compared) if row.compared else "–",
            count(row.compared),
        )
        for row, mean in zip(data.rank_lengths, means, strict=True)
    ]
    note = (
        f"From up to 20,000 ranked replies. Intervals of means: {_OF_MEANS}; of shares: Wilson's. {_ASSUMED} "
        "A rank is reached only where so many replies were ranked."
    )
    return Panel("lengths", title, summary, plot, header, rows, note)


def positions(data: ReportData) -> Panel:
    """Return the panel of position bias: whether the reply shown first is ranked first."""
    title = "Position bias"
    if not data.places:
        return Panel("positions", title, "No replies were ranked here. Imported ranks do not say what was shown first.")
    tops = [row for row in data.places if row.shown == 0]
    rankings, first = sum(row.rankings for row in tops), sum(row.first for row in tops)
    chance = sum(row.rankings / row.candidates for row in tops) / rankings
    summary = (
        f"{counted(rankings, 'ranking')} put first what was shown first in {_percent(first, rankings)} of all cases; "
        f"without a bias it would be {100 * chance:.0f} %."
    )
    shown = data.places[: 2 * _MOST_ROWS]
    shares = [share_estimate(row.first, whole=row.rankings) for row in data.places]
    plot = plots.intervals(
        "positions",
        summary,
        labels=[f"{row.shown + 1} of {row.candidates}, n = {count(row.rankings)}" for row in shown],
        marks=[Marks("put first", BLUE, shares[: len(shown)])],
        across="share put first; stroke: without a bias",
        chances=[1 / row.candidates for row in shown],
    )
    header = ("candidates", "shown at", "rankings", "put first", "share", "95 %", "without a bias", "mean place")
    rows = [
        (
            str(row.candidates),
            str(row.shown + 1),
            count(row.rankings),
            count(row.first),
            f"{estimate.value:.3f}",
            _interval(estimate, ".3f"),
            f"{1 / row.candidates:.3f}",
            f"{row.mean_place + 1:.2f}",
        )
        for row, estimate in zip(data.places, shares, strict=True)
    ]
    note = (
        f"By where candidates stood on the screen, in an order that was drawn. 95 % intervals are Wilson's. {_ASSUMED}"
    )
    return Panel("positions", title, summary, plot, header, rows, note)


def rank_labels(data: ReportData) -> Panel:
    """Return the panel of the mean of each label by rank."""
    title = "Labels by rank"
    if not data.rank_labels:
        return Panel("rank-labels", title, "No ranked reply has labels.")
    ranks: dict[str, dict[int, RankLabel]] = defaultdict(dict)
    for row in data.rank_labels:
        ranks[row.label][row.rank] = row
    order = sorted(ranks, key=lambda label: (-_difference_of_best(ranks[label]), label))
    leading = "quality" if "quality" in ranks else order[0]
    summary = ", ".join(f"{_ranked(rank)} {row.mean:.2f}" for rank, row in sorted(ranks[leading].items())[:_MOST_RANKS])
    summary = f"Mean of {_in_words(leading)}: {summary}."
    shown = order[:_MOST_ROWS]
    places = sorted({row.rank for row in data.rank_labels})[:_MOST_RANKS]
    plot = plots.intervals(
        "rank-labels",
        summary,
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
    return Panel("rank-labels", title, summary, plot, header, rows, note)


def models(data: ReportData) -> Panel:
    """Return the panel of models against people and against each other."""
    title = "Models and people"
    duels = data.model_duels
    if not duels:
        return Panel("models", title, "No reply of a language model was ranked beside one of somebody else.")
    against_people = [row for row in duels if row.opponent is None]
    won = [f"{_word(row.model)} in {_percent(row.won, row.duels)} of {count(row.duels)}" for row in against_people]
    summary = (
        f"Duels that models win against people: {'; '.join(won[:_MOST_ROWS])}."
        if won
        else "Models were ranked beside each other, and never beside people."
    )
    estimates = [share_estimate(row.won, whole=row.duels) for row in duels]
    shown = duels[:_MOST_ROWS]
    plot = plots.intervals(
        "models",
        summary,
        labels=[f"{_word(row.model)} against {_opponent(row)}, n = {count(row.duels)}" for row in shown],
        marks=[Marks("duels won", BLUE, estimates[: len(shown)])],
        across="share of duels won; stroke: as often as not",
        chances=[0.5] * len(shown),
    )
    header = ("model", "against", "pairs", "duels", "won", "share", "95 %")
    rows = [
        (
            _word(row.model),
            _opponent(row),
            count(row.pairs),
            count(row.duels),
            count(row.won),
            f"{estimate.value:.3f}",
            _interval(estimate, ".3f"),
        )
        for row, estimate in zip(duels, estimates, strict=True)
    ]
    note = (
        "A duel is a pair of replies to one post in one ranking; where nobody ranked two replies here, their imported "
        f"ranks are one duel. 95 % intervals are Wilson's. {_ASSUMED} Rankings of one pair often agree, so intervals "
        "are too narrow where there are many duels for few pairs."
    )
    return Panel("models", title, summary, plot, header, rows, note)


def _opponent(row: ModelDuels) -> str:
    return "people" if row.opponent is None else _word(row.opponent)


def _ranked(rank: int) -> str:
    """Return a rank in words, counted from 1."""
    return "rank 1 (best)" if rank == 0 else f"rank {rank + 1}"


def _difference_of_best(rows: Mapping[int, RankLabel]) -> float:
    """Return the difference between the means of the best two ranks."""
    return abs(rows[0].mean - rows[1].mean) if 0 in rows and 1 in rows else 0.0


def _label_mean(row: RankLabel | None) -> Estimate | None:
    return None if row is None else mean_estimate(row.mean, deviation=row.deviation, count=row.posts)


def _interval(estimate: Estimate | None, form: str) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return "–"
    return f"{estimate.low:{form}} to {estimate.high:{form}}"


def _percent(part: int, whole: int) -> str:
    """Return a share with its interval."""
    estimate = share_estimate(part, whole=whole)
    return f"{100 * estimate.value:.0f} % ({100 * (estimate.low or 0):.0f} to {100 * (estimate.high or 0):.0f} %)"


# Agreement


def label_agreement(data: ReportData) -> Panel:
    """Return the panel of Krippendorff's alpha for each label."""
    measures = data.agreement.labels if data.agreement else None
    return _agreement(
        "alpha",
        "Agreement on labels",
        measures,
        "Krippendorff's alpha: 1 is full agreement, 0 chance",
        ("label", "alpha"),
    )


def ranking_agreement(data: ReportData) -> Panel:
    """Return the panel of Kendall's W of rankings."""
    measures = data.agreement.rankings if data.agreement else None
    chances = [f"{row.chance:.2f} for {_in_words(row.name)}" for row in measures or () if row.chance is not None]
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
    columns: tuple[str, str],
    *,
    note: str | None = None,
) -> Panel:
    if measures is None:
        return Panel(name, title, "Not measured.")
    measures = [measure for measure in measures if measure.items]
    if not measures:
        return Panel(name, title, "Nothing was judged by two people.")
    order = sorted(measures, key=lambda measure: (measure.value is None, -(measure.value or 0), measure.name))
    known = [measure for measure in order if measure.value is not None]
    if len(known) == 1:
        summary = f"{_value_of(known[0])}."
    elif known:
        summary = f"From {_value_of(known[0])} to {_value_of(known[-1])}."
    else:
        summary = "Not defined for any of them."
    shown = order[: 2 * _MOST_ROWS]
    plot = plots.dots(
        name,
        summary,
        labels=[_word(_in_words(measure.name)) for measure in shown],
        values=[measure.value for measure in shown],
        across=across,
    )
    rows = [
        (
            _in_words(measure.name),
            "–" if measure.value is None else f"{measure.value:.3f}",
            count(measure.items),
            legible(measure.why or ""),
        )
        for measure in order
    ]
    return Panel(name, title, summary, plot, (*columns, "from", "why not"), rows, note)


def _value_of(measure: Agreement) -> str:
    return f"{measure.value:z.2f} ({_in_words(measure.name)})"
