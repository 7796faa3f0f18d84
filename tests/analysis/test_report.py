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

from oa_graph.agreement import Agreement, Agreements
from oa_graph.analysis import findings, panels
from oa_graph.analysis.findings import (
    Day,
    Findings,
    Finish,
    HandedOut,
    LabelValue,
    Margin,
    RankLabel,
    RankLength,
    ShownPlace,
    Skip,
)
from oa_graph.analysis.report import headline, render
from oa_graph.errors import PackageMissing
from oa_graph.graph.session import Graph
from oa_graph.model import Limits, TaskKind, TreeState
from oa_graph.policy.agreement import Metric
from tests.agreement.saying import review
from tests.builders import ADA, BOB, CAT, Hands, Shape, plant
from tests.exchange.files import REAL, bring, reply, tree

pytestmark = pytest.mark.anyio

MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVIL = "<script>alert(1)</script> \"' & \u202e\x00 ما هو المطر؟"
EMPTY = Findings(None, [], [], [], [], [], [], [], [], [], [], [], [], [])
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
    return [ElementTree.fromstring(each) for each in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]


async def seed(graph: Graph, rng: Random, *, text: str = "Water.", reason: str = "not now") -> None:
    """Trees in several states and languages, labels, rankings with a margin, skips, and a tree that is finished."""
    limits = Limits(num_required_rankings=2, num_reviews_reply=1)
    hands = [Hands(graph, limits, rng, who) for who in (ADA, BOB, CAT)]
    question: Shape = {f"What is rain? {text}": {text: {}, "Weather.": {}}}
    planted = await plant(graph, question, state=TreeState.RANKING, limits=limits)
    for each in hands[:2]:
        await each.rank(await each.ask(TaskKind.RANK_ASSISTANT_REPLIES))
    await review(graph, planted["Weather."], eve={"quality": 0.75})
    await plant(graph, {"Why?": {"?Because.": {}, "!Bad.": {}, "-Gone.": {}}}, limits=limits)
    await hands[2].label(await hands[2].ask(TaskKind.LABEL_ASSISTANT_REPLY), quality=0.5, humor=0.25)
    await hands[2].skip(await hands[2].ask(TaskKind.ASSISTANT_REPLY))
    await plant(graph, {"Was?": {}}, lang="de", state=TreeState.ABORTED_LOW_GRADE)
    await graph.execute("MATCH (task:Task {skipped: true}) SET task.skip_reason = $reason", reason=reason)
    await graph.execute(
        "MATCH (tree:Tree {state: 'ready_for_export'}) SET tree.entered = tree.created + duration('PT36H')"
    )


async def test_a_report_has_every_part(graph: Graph, rng: Random) -> None:
    await seed(graph, rng)
    found = await findings.find(graph, agreement=AGREEMENT)
    made = panels.panels(found)
    assert [each.name for each in made if each.plot is None] == []
    page = render(found, made=MADE)
    read = Page(page)
    drawings = pictures(page)
    assert len(drawings) == len(made) + len(found.drawn)
    assert [each.get("role") for each in drawings] == ["img"] * len(drawings)
    assert all(each.get("aria-label") or each.get("aria-labelledby") for each in drawings)
    assert read.tags.count("table") == len(made)
    titles = {each.title for each in made}
    assert titles <= set(read.texts)
    assert {"Growth", "Languages", "Depth", "Time to finish", "Skipped tasks", "Label values"} <= titles
    assert "not now" in read.texts
    assert "everybody gave the same value" in read.texts
    assert dict((what, number) for number, what in headline(found)) == {
        "trees": "3",
        "ready for export": "1",
        "posts": "8",
        "of the reviewed posts accepted": "86 %",
        "languages": "2",
        "post with ranked replies": "1",
        "skipped task": "1",
    }


async def test_a_report_stands_by_itself(graph: Graph, rng: Random) -> None:
    await seed(graph, rng)
    page = render(await findings.find(graph, agreement=AGREEMENT), made=MADE)
    read = Page(page)
    assert not {"script", "link", "img", "iframe", "object"} & set(read.tags)
    loaded = [value for name in ("src", "href", "xlink:href") for value in read.values(name)]
    assert [value for value in loaded if not value.startswith("#")] == []
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    named = {name for each in read.values("aria-labelledby") for name in each.split()}
    assert named <= set(ids)
    used = re.findall(r"url\(#([^)]+)\)", page) + [value[1:] for value in loaded]
    assert set(used) <= set(ids)


async def test_the_same_graph_gives_the_same_page_but_for_one_line(graph: Graph, rng: Random) -> None:
    await seed(graph, rng)
    first = render(await findings.find(graph), made=MADE).splitlines()
    second = render(await findings.find(graph), made=MADE + timedelta(days=1)).splitlines()
    different = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    assert len(different) == 1
    assert "Made on 2026-03-01 12:00:00 UTC" in different[0][0]


async def test_what_people_wrote_stays_text(graph: Graph, rng: Random) -> None:
    await seed(graph, rng, text=EVIL, reason=EVIL)
    await graph.execute("MATCH (n) WHERE n:Post OR n:Tree SET n.lang = $evil", evil=f"$x^2$ {EVIL}")
    await graph.execute("MATCH (review:Review) SET review['<b>' + $evil] = 0.5", evil=EVIL.replace("\x00", ""))
    page = render(await findings.find(graph, lang=f"$x^2$ {EVIL}"), made=MADE)
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
    found = await findings.find(graph, lang="DE")
    assert {each.lang for each in found.states} == {"de"}
    assert [each.tree.lang for each in found.drawn] == ["de"]
    assert "Conversation trees (de)" in render(found, made=MADE)


async def test_an_empty_graph_has_a_report_too(graph: Graph) -> None:
    found = await findings.find(graph)
    assert found == EMPTY
    page = render(found, made=MADE)
    read = Page(page)
    assert pictures(page) == []
    assert {"Not measured.", "No task was skipped.", "There is no tree to draw."} <= set(read.texts)


@pytest.mark.skipif(not REAL.exists(), reason=f"the reference trees are not at {REAL}")
async def test_the_reference_trees_have_a_report(graph: Graph, limits: Limits) -> None:
    from oa_graph.exchange import import_trees

    await import_trees(graph, REAL, limits=limits)
    found = await findings.find(graph)
    assert sum(each.posts for each in found.depths) == 1167
    assert found.finishes == []  # the file has no dates
    assert len(pictures(render(found, made=MADE))) == len(found.drawn) + 5
    assert ("212", "posts with ranked replies") in headline(found)


async def test_replies_that_came_ranked_are_counted_as_ranked(graph: Graph) -> None:
    await bring(graph, tree("file", reply("file", "f.0", rank=0), reply("file", "f.1", rank=1)), tree("plain"))
    found = await findings.find(graph)
    assert ("1", "post with ranked replies") in headline(found)
    assert panels.margins(found).told == (
        "No replies were ranked here. Imported orders have no margin: those of 1 post are left out."
    )


async def test_skips_are_a_share_of_all_tasks_in_languages_without_a_skip_too(graph: Graph, rng: Random) -> None:
    limits = Limits()
    await plant(graph, {"One?": {}}, {"Two?": {}})
    await plant(graph, {"Eins?": {}}, lang="de")
    ada, bob = (Hands(graph, limits, rng, who) for who in (ADA, BOB))
    await ada.skip(await ada.ask(TaskKind.ASSISTANT_REPLY))
    await bob.write(await bob.ask(TaskKind.ASSISTANT_REPLY, lang="de"), "Wasser.")
    await bob.ask(TaskKind.INITIAL_PROMPT)
    found = await findings.find(graph)
    panel = panels.skips(found)
    assert panel.told == "1 task skipped. Most are assistant reply: 1 of 2 that were handed out, 50 %."
    assert panel.rows == [("assistant reply", "en", "not now", "1", "1", "100 %")]
    assert ("1", "skipped task") in headline(found)


# Panels alone


def days(*apart: int) -> list[Day]:
    return [Day(date(2026, 1, 1) + timedelta(days=each), 1, 2, 3, 0, 0, 0) for each in apart]


@pytest.mark.parametrize(
    ("apart", "columns"), [((0,), 1), ((0, 3), 4), ((0, 44), 45), ((0, 70), 11), ((0, 300, 1000), 36)]
)
def test_growth_has_a_column_for_each_day_week_or_four_weeks(apart: tuple[int, ...], columns: int) -> None:
    panel = panels.growth(replace(EMPTY, days=days(*apart)))
    assert len(panel.rows) == columns
    assert panel.rows[-1][-1] == str(6 * len(apart))
    assert panel.plot is not None


def test_hours_are_told_as_people_tell_them() -> None:
    told = [panels.duration(hours) for hours in (0.0, 0.01, 0.5, 1.5, 5, 60, 400, 3000, 20000)]
    assert told[:5] == ["0 seconds", "36 seconds", "30 minutes", "90 minutes", "5.0 hours"]
    assert told[5:] == ["2.5 days", "2.4 weeks", "4.1 months", "2.3 years"]


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
    panel = panels.finish(replace(EMPTY, finishes=[Finish("en", False, 9, low, low, low, high, high)]))
    assert [text for text in words(panel.plot) if text != "en"] == ticks


@pytest.mark.parametrize("hours", [(0.0, 0.0), (0.001, 1e6), (3.0, 5.0), (9000.0, 1e6)])
def test_any_length_of_time_can_be_drawn(hours: tuple[float, float]) -> None:
    low, high = hours
    found = replace(EMPTY, finishes=[Finish("en", False, 1, low, low, low, high, high)])
    assert panels.finish(found).plot is not None


def test_shares_of_skips_are_of_all_tasks_of_their_kind() -> None:
    found = [
        Skip("assistant_reply", "en", "a", 3, 3, 10),
        Skip("assistant_reply", "en", "b", 1, 1, 10),
        Skip("assistant_reply", "de", None, 1, 1, 15),
    ]
    tasks = [HandedOut("prompter_reply", 7, 0), HandedOut("assistant_reply", 25, 5)]
    panel = panels.skips(replace(EMPTY, skips=found, tasks=tasks))
    assert panel.told == ("5 tasks skipped. Most are assistant reply: 5 of 25 that were handed out, 20 %.")
    assert panel.rows[2] == ("assistant reply", "de", "(none given)", "1", "1", "7 %")


def test_means_of_labels_are_made_of_the_values_themselves() -> None:
    values = [(0.25, 2), (0.7, 1)]
    panel = panels.labels(replace(EMPTY, labels=[LabelValue("quality", False, *each) for each in values]))
    assert panel.told == "1 label. Means: quality 0.40."
    assert panel.header[3:] == ("0", "0.125", "0.25", "0.375", "0.5", "0.625", "0.75", "0.875", "1")
    assert list(panel.rows) == [("quality", "3", "0.40", "0", "0", "2", "0", "0", "0", "1", "0", "0")]


def test_margins_are_those_of_orders_that_people_gave_here() -> None:
    panel = panels.margins(replace(EMPTY, margins=[Margin(0, None, 40, 2.0), Margin(3, 1, 1, 2.0), Margin(3, 3, 3, 2)]))
    assert (
        panel.told == "4 posts have replies in an order that people gave; 25 % of the orders hang on one voter or none."
    )
    assert panel.note == "Imported orders have no margin: those of 40 posts are left out."
    assert panel.rows[0] == ("0", "–", "40", "2.0")


def test_lengths_are_told_by_rank_with_the_share_of_neighbours_whose_better_one_is_longer() -> None:
    found = [RankLength(0, 100, 500.0, 200.0, 450.0, 100, 70), RankLength(1, 100, 400.0, 0.0, 390.0, 20, 2)]
    panel = panels.lengths(replace(EMPTY, rank_lengths=[*found, RankLength(2, 9, 3.0, 1.0, 3.0, 0, 0)]))
    assert panel.told == (
        "Mean characters of rank 1 (best): 500, rank 2: 400, rank 3: 3. Of two neighbours in an order the better one "
        "is the longer one in 60 % (51 to 68 %) of 120 pairs."
    )
    assert list(panel.rows) == [
        ("1", "100", "500.0", "460.8 to 539.2", "450.0", "70 % (60 to 78 %)", "100"),
        ("2", "100", "400.0", "400.0 to 400.0", "390.0", "10 % (3 to 30 %)", "20"),
        ("3", "9", "3.0", "–", "3.0", "–", "0"),
    ]
    assert {"rank 1 (best), n = 100", "rank 2, n = 100", "rank 3, n = 9"} <= set(words(panel.plot))
    assert panels.lengths(EMPTY).plot is None


def test_position_bias_is_told_beside_chance() -> None:
    places = [ShownPlace(2, 0, 60, 40, 0.4), ShownPlace(2, 1, 60, 20, 0.6)]
    places += [ShownPlace(3, shown, 30, 10, 1.0) for shown in range(3)]
    panel = panels.positions(replace(EMPTY, places=places))
    assert panel.told == (
        "90 rankings put first what was shown first in 56 % (45 to 65 %) of all cases; without a bias it would be 44 %."
    )
    assert panel.rows[0] == ("2", "1", "60", "40", "0.667", "0.541 to 0.773", "0.500", "1.40")
    assert {"1 of 2, n = 60", "3 of 3, n = 30"} <= set(words(panel.plot))
    assert panels.positions(EMPTY).plot is None


def test_labels_are_told_by_rank_and_those_that_tell_ranks_apart_come_first() -> None:
    found = [RankLabel("humor", rank, 50, 0.25, 0.5) for rank in range(6)]
    found += [RankLabel("quality", 0, 100, 0.75, 0.25), RankLabel("quality", 1, 5, 0.5, 0.25)]
    panel = panels.rank_labels(replace(EMPTY, rank_labels=found))
    assert panel.told == "Mean of quality: rank 1 (best) 0.75, rank 2 0.50."
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
    assert panels.rank_labels(EMPTY).plot is None


def test_the_axis_of_agreement_goes_below_0_only_where_people_do() -> None:
    concordance = words(panels.ranking_agreement(replace(EMPTY, agreement=AGREEMENT)).plot)
    assert [text for text in concordance if text[0] in "-0123456789"] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    opposed = Agreement("spam", "krippendorff_alpha", Metric.NOMINAL, -0.45, 0.0, items=12)
    alpha = words(panels.label_agreement(replace(EMPTY, agreement=Agreements(None, 1, labels=[opposed]))).plot)
    assert "-0.4" in alpha


def test_agreement_that_is_not_defined_has_no_number() -> None:
    panel = panels.label_agreement(replace(EMPTY, agreement=AGREEMENT))
    assert list(panel.rows) == [
        ("spam", "0.700", "12", ""),
        ("humor", "–", "12", "everybody gave the same value"),
    ]
    assert panel.plot is not None
    assert "not defined" in panel.plot
    assert panels.label_agreement(EMPTY).told == "Not measured."
    assert panels.label_agreement(replace(EMPTY, agreement=Agreements(None, 0))).told == (
        "Nothing was judged by two people."
    )


def test_agreement_on_rankings_is_told_beside_that_of_random_orders() -> None:
    panel = panels.ranking_agreement(replace(EMPTY, agreement=AGREEMENT))
    assert list(panel.rows) == [("assistant replies", "0.400", "3", "")]
    assert panel.told == "0.40 (assistant replies)."
    assert panel.note == "Random orders would come to 0.33 for assistant replies."


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_without_its_packages_a_report_says_what_to_install(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PackageMissing, match=rf"{package}.*\.\[analysis\]"):
        render(replace(EMPTY, days=days(0)), made=MADE)
