"""The report of a graph that has some of everything, and of one that has nothing."""

from __future__ import annotations

import builtins
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest

from oa_graph.analysis import report_data, report_panels
from oa_graph.analysis.report import headline, render
from oa_graph.analysis.report_data import (
    Day,
    Ends,
    Finish,
    HandedOut,
    LabelValue,
    Margin,
    ModelDuels,
    RankLabel,
    RankLength,
    ReportData,
    ShownPlace,
    Skip,
)
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import PackageMissing
from oa_graph.graph.session import Graph
from oa_graph.policy.agreement import Metric
from oa_graph.reliability import Agreement, Agreements
from tests.builders import ADA, BOB, CAT, Shape, Worker, plant
from tests.graph.datasets.files import REAL, bring, reply, tree
from tests.graph.reliability.judgements import review

pytestmark = pytest.mark.anyio

MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVIL = "<script>alert(1)</script> \"' & \u202e\x00 ما هو المطر؟"
EMPTY = ReportData(None, [], [], [], [], [], [], [], [], [], [], [], [], [], [], model_duels=[])
AGREEMENT = Agreements(
    None,
    20,
    labels=[
        Agreement("spam", "krippendorff_alpha", Metric.NOMINAL, 0.7, 0.0, items=12),
        Agreement("humor", "krippendorff_alpha", Metric.INTERVAL, None, items=12, why="everybody gave the same value"),
        Agreement("pii", "krippendorff_alpha", Metric.NOMINAL, None, why="nothing was judged by two people"),
    ],
    rankings=[Agreement("assistant_replies", "kendall_w", None, 0.4, 1 / 3, items=3)],
)

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Checks that elements close as they open, and collects what matters."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def values(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]


def pictures(page: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


async def seed(graph: Graph, rng: Random, *, text: str = "Water.", reason: str = "not now") -> None:
    """Trees in several states and languages, labels, rankings with a margin, skips, and a tree that is finished."""
    limits = Limits(num_required_rankings=2, num_reviews_reply=1)
    hands = [Worker(graph, limits, rng, who) for who in (ADA, BOB, CAT)]
    question: Shape = {f"What is rain? {text}": {text: {}, "Weather.": {}}}
    planted = await plant(graph, question, state=TreeState.RANKING, limits=limits)
    for worker in hands[:2]:
        await worker.rank(await worker.ask(TaskKind.RANK_ASSISTANT_REPLIES))
    await review(graph, planted["Weather."], eve={"quality": 0.75})
    await plant(graph, {"Why?": {"?Because.": {}, "!Bad.": {}, "-Gone.": {}}}, limits=limits)
    await hands[2].label(await hands[2].ask(TaskKind.LABEL_ASSISTANT_REPLY), quality=0.5, humor=0.25)
    await hands[2].skip(await hands[2].ask(TaskKind.ASSISTANT_REPLY))
    await plant(graph, {"Is it?": {"=It is.": {}}}, limits=limits)
    for worker in hands[:2]:
        await worker.vote(ends=True)
    await plant(graph, {"Was?": {}}, lang="de", state=TreeState.ABORTED_LOW_GRADE)
    await graph.execute("MATCH (task:Task {skipped: true}) SET task.skip_reason = $reason", reason=reason)
    await graph.execute("MATCH (post:Post {text: 'Weather.'}) SET post.synthetic = true, post.model_name = 'parrot-1'")
    await graph.execute(
        "MATCH (tree:Tree {state: 'ready_for_export'}) SET tree.entered = tree.created + duration('PT36H')"
    )


async def test_a_report_has_every_part(graph: Graph, rng: Random) -> None:
    await seed(graph, rng)
    data = await report_data.collect(graph, agreement=AGREEMENT)
    made = report_panels.panels(data)
    assert [panel.name for panel in made if panel.plot is None] == []
    page = render(data, made=MADE)
    read = Page(page)
    drawings = pictures(page)
    assert len(drawings) == len(made) + len(data.drawn)
    assert [drawing.get("role") for drawing in drawings] == ["img"] * len(drawings)
    assert all(drawing.get("aria-label") or drawing.get("aria-labelledby") for drawing in drawings)
    assert read.tags.count("table") == len(made)
    titles = {panel.title for panel in made}
    assert titles <= set(read.texts)
    assert {"Growth", "Languages", "Depth", "Time to finish", "Skipped tasks", "Label values"} <= titles
    assert "not now" in read.texts
    assert "everybody gave the same value" in read.texts
    assert dict((label, number) for number, label in headline(data)) == {
        "trees": "4",
        "ready for export": "1",
        "posts": "10",
        "of the reviewed posts accepted": "89 %",
        "languages": "2",
        "post with ranked replies": "1",
        "skipped task": "1",
    }


async def test_a_report_stands_by_itself(graph: Graph, rng: Random) -> None:
    await seed(graph, rng)
    page = render(await report_data.collect(graph, agreement=AGREEMENT), made=MADE)
    read = Page(page)
    assert not {"script", "link", "img", "iframe", "object"} & set(read.tags)
    loaded = [value for name in ("src", "href", "xlink:href") for value in read.values(name)]
    assert [value for value in loaded if not value.startswith("#")] == []
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    named = {name for names in read.values("aria-labelledby") for name in names.split()}
    assert named <= set(ids)
    used = re.findall(r"url\(#([^)]+)\)", page) + [value[1:] for value in loaded]
    assert set(used) <= set(ids)


async def test_the_same_graph_gives_the_same_page_but_for_one_line(graph: Graph, rng: Random) -> None:
    await seed(graph, rng)
    first = render(await report_data.collect(graph), made=MADE).splitlines()
    second = render(await report_data.collect(graph), made=MADE + timedelta(days=1)).splitlines()
    different = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    assert len(different) == 1
    assert "Made on 2026-03-01 12:00:00 UTC" in different[0][0]


async def test_what_people_wrote_stays_text(graph: Graph, rng: Random) -> None:
    await seed(graph, rng, text=EVIL, reason=EVIL)
    await graph.execute("MATCH (n) WHERE n:Post OR n:Tree SET n.lang = $evil", evil=f"$x^2$ {EVIL}")
    await graph.execute("MATCH (review:Review) SET review['<b>' + $evil] = 0.5", evil=EVIL.replace("\x00", ""))
    page = render(await report_data.collect(graph, lang=f"$x^2$ {EVIL}"), made=MADE)
    read = Page(page)
    assert "script" not in read.tags
    assert "b" not in read.tags
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert "\u202e" not in page
    assert "\x00" not in page
    assert any("<script>alert(1)</script>" in text for text in read.texts)
    assert len(pictures(page)) > 8


async def test_a_report_of_one_language_leaves_the_others_out(graph: Graph, rng: Random) -> None:
    await seed(graph, rng)
    data = await report_data.collect(graph, lang="DE")
    assert {row.lang for row in data.states} == {"de"}
    assert [row.tree.lang for row in data.drawn] == ["de"]
    assert "Conversation trees (de)" in render(data, made=MADE)


async def test_an_empty_graph_has_a_report_too(graph: Graph) -> None:
    data = await report_data.collect(graph)
    assert data == EMPTY
    page = render(data, made=MADE)
    read = Page(page)
    assert pictures(page) == []
    assert {"Not measured.", "No task was skipped.", "There is no tree to draw."} <= set(read.texts)


def test_ends_are_told_by_depth() -> None:
    assert report_panels.conversation_ends(EMPTY).plot is None
    panel = report_panels.conversation_ends(
        replace(EMPTY, ends=[Ends(1, 9, 2, 1, 2, 1, 4, 5), Ends(3, 4, 0, 0, 0, 0, 0, 0)])
    )
    assert panel.summary == "1 of 3 decided posts of the assistant ends a conversation. 1 vote is open."
    assert [row[0] for row in panel.rows] == ["1"]


@pytest.mark.skipif(not REAL.exists(), reason=f"the reference trees are not at {REAL}")
async def test_the_reference_trees_have_a_report(graph: Graph, limits: Limits) -> None:
    from oa_graph.datasets import import_trees

    await import_trees(graph, REAL, limits=limits)
    data = await report_data.collect(graph)
    assert sum(row.posts for row in data.depths) == 1167
    assert data.finishes == []  # the file has no dates
    assert len(pictures(render(data, made=MADE))) == len(data.drawn) + 5
    assert ("212", "posts with ranked replies") in headline(data)


async def test_replies_that_came_ranked_are_counted_as_ranked(graph: Graph) -> None:
    await bring(graph, tree("file", reply("file", "f.0", rank=0), reply("file", "f.1", rank=1)), tree("plain"))
    data = await report_data.collect(graph)
    assert ("1", "post with ranked replies") in headline(data)
    assert report_panels.margins(data).summary == (
        "No replies were ranked here. Imported orders have no margin: those of 1 post are left out."
    )


async def test_skips_are_a_share_of_all_tasks_in_languages_without_a_skip_too(graph: Graph, rng: Random) -> None:
    limits = Limits()
    await plant(graph, {"One?": {}}, {"Two?": {}})
    await plant(graph, {"Eins?": {}}, lang="de")
    ada, bob = (Worker(graph, limits, rng, who) for who in (ADA, BOB))
    await ada.skip(await ada.ask(TaskKind.ASSISTANT_REPLY))
    await bob.write(await bob.ask(TaskKind.ASSISTANT_REPLY, lang="de"), "Wasser.")
    await bob.ask(TaskKind.INITIAL_PROMPT)
    data = await report_data.collect(graph)
    panel = report_panels.skips(data)
    assert panel.summary == "1 task skipped. Most are assistant reply: 1 of 2 that were handed out, 50 %."
    assert panel.rows == [("assistant reply", "en", "not now", "1", "1", "100 %")]
    assert ("1", "skipped task") in headline(data)


# Panels alone


def days(*apart: int) -> list[Day]:
    return [Day(date(2026, 1, 1) + timedelta(days=offset), 1, 2, 3, 0, 0, 0) for offset in apart]


@pytest.mark.parametrize(
    ("apart", "columns"), [((0,), 1), ((0, 3), 4), ((0, 44), 45), ((0, 70), 11), ((0, 300, 1000), 36)]
)
def test_growth_has_a_column_for_each_day_week_or_four_weeks(apart: tuple[int, ...], columns: int) -> None:
    panel = report_panels.growth(replace(EMPTY, days=days(*apart)))
    assert len(panel.rows) == columns
    assert panel.rows[-1][-1] == str(6 * len(apart))
    assert panel.plot is not None


def test_hours_are_told_as_people_tell_them() -> None:
    durations = [report_panels.duration(hours) for hours in (0.0, 0.01, 0.5, 1.5, 5, 60, 400, 3000, 20000)]
    assert durations[:5] == ["0 seconds", "36 seconds", "30 minutes", "90 minutes", "5.0 hours"]
    assert durations[5:] == ["2.5 days", "2.4 weeks", "4.1 months", "2.3 years"]


def words(plot: str | None) -> list[str]:
    """The texts of a plot."""
    assert plot is not None
    return [element.text or "" for element in ElementTree.fromstring(plot).iter() if element.tag.endswith("}text")]


@pytest.mark.parametrize(
    ("hours", "ticks"),
    [
        ((20 / 3600, 44 / 3600), ["10 s", "1 min"]),
        ((0.0, 30 / 3600), ["≤ 1 s", "10 s", "1 min"]),
        ((2.0, 100.0), ["1 h", "1 day", "1 wk"]),
        ((0.001, 5000.0), ["1 s", "1 min", "1 h", "1 day", "1 mo", "1 yr"]),
        ((9000.0, 1e6), ["1 yr", "≥ 10 yr"]),
    ],
)
def test_the_axis_of_times_follows_the_times(hours: tuple[float, float], ticks: list[str]) -> None:
    low, high = hours
    panel = report_panels.finish(replace(EMPTY, finishes=[Finish("en", False, 9, low, low, low, high, high)]))
    assert [text for text in words(panel.plot) if text != "en"] == ticks


@pytest.mark.parametrize("hours", [(0.0, 0.0), (0.001, 1e6), (3.0, 5.0), (9000.0, 1e6)])
def test_any_length_of_time_can_be_drawn(hours: tuple[float, float]) -> None:
    low, high = hours
    data = replace(EMPTY, finishes=[Finish("en", False, 1, low, low, low, high, high)])
    assert report_panels.finish(data).plot is not None


def test_shares_of_skips_are_of_all_tasks_of_their_kind() -> None:
    positions = [
        Skip("assistant_reply", "en", "a", 3, 3, 10),
        Skip("assistant_reply", "en", "b", 1, 1, 10),
        Skip("assistant_reply", "de", None, 1, 1, 15),
    ]
    tasks = [HandedOut("prompter_reply", 7, 0), HandedOut("assistant_reply", 25, 5)]
    panel = report_panels.skips(replace(EMPTY, skips=positions, tasks=tasks))
    assert panel.summary == ("5 tasks skipped. Most are assistant reply: 5 of 25 that were handed out, 20 %.")
    assert panel.rows[2] == ("assistant reply", "de", "(none given)", "1", "1", "7 %")


def test_means_of_labels_are_made_of_the_values_themselves() -> None:
    values = [(0.25, 2), (0.7, 1)]
    panel = report_panels.labels(replace(EMPTY, labels=[LabelValue("quality", False, *value) for value in values]))
    assert panel.summary == "1 label. Means: quality 0.40."
    assert panel.header[3:] == ("0", "0.125", "0.25", "0.375", "0.5", "0.625", "0.75", "0.875", "1")
    assert list(panel.rows) == [("quality", "3", "0.40", "0", "0", "2", "0", "0", "0", "1", "0", "0")]


def test_margins_are_those_of_orders_that_people_gave_here() -> None:
    panel = report_panels.margins(
        replace(EMPTY, margins=[Margin(0, None, 40, 2.0), Margin(3, 1, 1, 2.0), Margin(3, 3, 3, 2)])
    )
    assert (
        panel.summary
        == "4 posts have replies in an order that people gave; 25 % of the orders hang on one voter or none."
    )
    assert panel.note == "Imported orders have no margin: those of 40 posts are left out."
    assert panel.rows[0] == ("0", "–", "40", "2.0")


def test_lengths_are_told_by_rank_with_the_share_of_neighbours_whose_better_one_is_longer() -> None:
    rows = [RankLength(0, 100, 500.0, 200.0, 450.0, 100, 70), RankLength(1, 100, 400.0, 0.0, 390.0, 20, 2)]
    panel = report_panels.lengths(replace(EMPTY, rank_lengths=[*rows, RankLength(2, 9, 3.0, 1.0, 3.0, 0, 0)]))
    assert panel.summary == (
        "Mean characters of rank 1 (best): 500, rank 2: 400, rank 3: 3. Of two neighbours in an order the better one "
        "is the longer one in 60 % (51 to 68 %) of 120 pairs."
    )
    assert list(panel.rows) == [
        ("1", "100", "500.0", "460.8 to 539.2", "450.0", "70 % (60 to 78 %)", "100"),
        ("2", "100", "400.0", "400.0 to 400.0", "390.0", "10 % (3 to 30 %)", "20"),
        ("3", "9", "3.0", "–", "3.0", "–", "0"),
    ]
    assert {"rank 1 (best), n = 100", "rank 2, n = 100", "rank 3, n = 9"} <= set(words(panel.plot))
    assert report_panels.lengths(EMPTY).plot is None


def test_position_bias_is_told_beside_chance() -> None:
    places = [ShownPlace(2, 0, 60, 40, 0.4), ShownPlace(2, 1, 60, 20, 0.6)]
    places += [ShownPlace(3, shown, 30, 10, 1.0) for shown in range(3)]
    panel = report_panels.positions(replace(EMPTY, places=places))
    assert panel.summary == (
        "90 rankings put first what was shown first in 56 % (45 to 65 %) of all cases; without a bias it would be 44 %."
    )
    assert panel.rows[0] == ("2", "1", "60", "40", "0.667", "0.541 to 0.773", "0.500", "1.40")
    assert {"1 of 2, n = 60", "3 of 3, n = 30"} <= set(words(panel.plot))
    assert report_panels.positions(EMPTY).plot is None


def test_models_are_compared_with_people_and_with_each_other() -> None:
    duels = [
        ModelDuels("crow-2", None, duels=40, won=10, pairs=20),
        ModelDuels("crow-2", "parrot-1", duels=12, won=6, pairs=12),
    ]
    panel = report_panels.models(replace(EMPTY, model_duels=duels))
    assert "crow-2 in 25 % (14 to 40 %) of 40" in panel.summary
    assert panel.plot is not None
    assert [row[:6] for row in panel.rows] == [
        ("crow-2", "people", "20", "40", "10", "0.250"),
        ("crow-2", "parrot-1", "12", "12", "6", "0.500"),
    ]
    assert panel.rows[1][6] == "0.254 to 0.746"
    assert report_panels.models(EMPTY).plot is None


def test_labels_are_told_by_rank_and_those_that_tell_ranks_apart_come_first() -> None:
    rows = [RankLabel("humor", rank, 50, 0.25, 0.5) for rank in range(6)]
    rows += [RankLabel("quality", 0, 100, 0.75, 0.25), RankLabel("quality", 1, 5, 0.5, 0.25)]
    panel = report_panels.rank_labels(replace(EMPTY, rank_labels=rows))
    assert panel.summary == "Mean of quality: rank 1 (best) 0.75, rank 2 0.50."
    assert list(panel.rows[:3]) == [
        ("quality", "1", "100", "0.750", "0.701 to 0.799"),
        ("quality", "2", "5", "0.500", "–"),
        ("humor", "1", "50", "0.250", "0.111 to 0.389"),
    ]
    assert len(panel.rows) == 8
    assert [text for text in words(panel.plot) if text.startswith("rank")] == [
        "rank 1 (best)",
        "rank 2",
        "rank 3",
        "rank 4",
    ]
    assert report_panels.rank_labels(EMPTY).plot is None


def test_the_axis_of_agreement_goes_below_0_only_where_people_do() -> None:
    concordance = words(report_panels.ranking_agreement(replace(EMPTY, agreement=AGREEMENT)).plot)
    assert [text for text in concordance if text[0] in "-0123456789"] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    opposed = Agreement("spam", "krippendorff_alpha", Metric.NOMINAL, -0.45, 0.0, items=12)
    alpha = words(report_panels.label_agreement(replace(EMPTY, agreement=Agreements(None, 1, labels=[opposed]))).plot)
    assert "-0.4" in alpha


def test_agreement_that_is_not_defined_has_no_number() -> None:
    panel = report_panels.label_agreement(replace(EMPTY, agreement=AGREEMENT))
    assert list(panel.rows) == [
        ("spam", "0.700", "12", ""),
        ("humor", "–", "12", "everybody gave the same value"),
    ]
    assert panel.plot is not None
    assert "not defined" in panel.plot
    assert report_panels.label_agreement(EMPTY).summary == "Not measured."
    assert report_panels.label_agreement(replace(EMPTY, agreement=Agreements(None, 0))).summary == (
        "Nothing was judged by two people."
    )


def test_agreement_on_rankings_is_told_beside_that_of_random_orders() -> None:
    panel = report_panels.ranking_agreement(replace(EMPTY, agreement=AGREEMENT))
    assert list(panel.rows) == [("assistant replies", "0.400", "3", "")]
    assert panel.summary == "0.40 (assistant replies)."
    assert panel.note == "Random orders would come to 0.33 for assistant replies."


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_without_its_packages_a_report_says_what_to_install(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **options: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PackageMissing, match=rf"{package}.*\.\[analysis\]"):
        render(replace(EMPTY, days=days(0)), made=MADE)
