"""Agreement and reliability, from what people said in the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest

from oa_graph import reliability
from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import GRADED_LABELS, TextLabel
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from oa_graph.policy.agreement import Metric
from oa_graph.reliability import Agreement, Agreements, JudgementKind
from tests.builders import ADA, BOB, Shape, Worker, plant
from tests.graph.datasets.files import bring, reply, tree
from tests.graph.reliability.judgements import rank, review

pytestmark = pytest.mark.anyio

ANSWERS: Shape = {"What is rain?": {"Water.": {}, "Weather.": {}, "Drops.": {}}}


def named(agreements: Agreements) -> Mapping[str, Agreement]:
    return {row.name: row for row in agreements.rows}


async def test_an_empty_graph_has_a_reason_for_each_figure_that_is_not_there(graph: Graph) -> None:
    agreements = await reliability.agreement(graph)
    assert [row.name for row in agreements.labels] == [label.value for label in TextLabel]
    assert [row.name for row in agreements.rankings] == ["assistant_replies", "prompter_replies"]
    assert {(row.value, row.items) for row in agreements.rows} == {(None, 0)}
    assert {row.why for row in agreements.rows} == {
        "nothing was judged by two people",
        "nothing was ranked by two people",
    }
    assert await reliability.reliabilities(graph) == []
    assert await reliability.distrusted(graph) == frozenset()


async def test_answers_to_tasks_are_what_agreement_is_measured_from(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=2, num_reviews_reply=2)
    ada, bob = (Worker(graph, limits, rng, who) for who in (ADA, BOB))
    await plant(graph, ANSWERS, state=TreeState.RANKING, limits=limits)
    await plant(graph, {"Why?": {"?Because.": {}}}, limits=limits)
    await plant(graph, {"When?": {"?Now.": {}}}, limits=limits)
    for hand, quality in ((ada, 0.5), (bob, 1.0)):
        await hand.rank(await hand.ask(TaskKind.RANK_ASSISTANT_REPLIES))
        for _ in range(2):
            await hand.label(await hand.ask(TaskKind.LABEL_ASSISTANT_REPLY), quality=quality)
    agreements = named(await reliability.agreement(graph))
    assert (agreements["spam"].value, agreements["spam"].why) == (None, "everybody always said the same")
    assert (agreements["spam"].items, agreements["spam"].people, agreements["spam"].judgements) == (2, 2, 4)
    assert agreements["quality"].value == pytest.approx(-0.5)
    assert agreements["quality"].metric is Metric.INTERVAL
    assert agreements["humor"].why == "nothing was judged by two people"
    ranked = agreements["assistant_replies"]
    assert ranked.value is not None
    assert 0 <= ranked.value <= 1
    assert (ranked.chance, ranked.items, ranked.people, ranked.judgements) == (0.5, 1, 2, 2)


async def test_labels_of_steps_are_compared_by_difference_and_those_of_yes_and_no_are_rounded(graph: Graph) -> None:
    await bring(graph, tree("t", reply("t", "a"), reply("t", "b")))
    await review(graph, "a", ada={"spam": 0.6, "quality": 0.6}, bob={"spam": 1.0, "quality": 1.0})
    await review(graph, "b", ada={"spam": 0.0, "quality": 0.0}, bob={"spam": 0.4, "quality": 0.0})
    agreements = named(await reliability.agreement(graph))
    assert agreements["spam"].value == 1.0
    assert agreements["quality"].value is not None
    assert agreements["quality"].value < 1
    assert {row.name for row in agreements.values() if row.metric is Metric.INTERVAL} == set(GRADED_LABELS)


async def test_an_order_that_calls_all_bad_says_nothing_and_roles_are_told_apart(graph: Graph) -> None:
    await bring(graph, tree("t", reply("t", "a", replies=[
        reply("a", "a1", role="prompter"), reply("a", "a2", role="prompter")]), reply("t", "b")))  # fmt: skip
    await rank(graph, "t", ada="ab", bob="ab", cat="ba")
    await rank(graph, "a", ada=["a1", "a2"], bob=["a2", "a1"])
    agreements = named(await reliability.agreement(graph))
    assert agreements["prompter_replies"].value == 0.0
    assert agreements["assistant_replies"].value == pytest.approx(1 / 9)
    await graph.execute("MATCH (ranking:Ranking {maker: 'cat'}) SET ranking.not_rankable = true")
    assert named(await reliability.agreement(graph))["assistant_replies"].value == 1.0


async def test_one_language_and_a_part_of_the_trees_can_be_asked_for(graph: Graph) -> None:
    for id, lang in (("1", "en"), ("2", "de"), ("3", "en")):
        await bring(graph, tree(id, reply(id, f"{id}a", lang=lang), lang=lang))
        await review(graph, f"{id}a", ada={"spam": 0.0}, bob={"spam": 1.0})
    german = await reliability.agreement(graph, lang="DE")
    assert (german.lang, german.trees, named(german)["spam"].items) == ("de", 1, 1)
    first = await reliability.agreement(graph, trees=2)
    assert (first.trees, named(first)["spam"].items) == (2, 2)
    everything = await reliability.agreement(graph, trees=None)
    assert (everything.trees, named(everything)["spam"].items) == (3, 3)
    english = await reliability.agreement(graph, lang="en", trees=1)
    assert english.trees == 1


CAREFUL = ("ada", "bob", "cat", "dan")


async def crowd(graph: Graph, rng: Random, *, trees: int = 40) -> None:
    """Four careful people and Eve, who guesses; all of them review and rank everything. Fay did so twice."""
    for i in range(trees):
        id = f"tree {i:03}"
        await bring(graph, tree(id, *(reply(id, f"{id} {j}") for j in range(3))))
        spam = rng.random() < 0.4
        truth = [f"{id} {j}" for j in rng.sample(range(3), 3)]
        labels = {who: {"spam": float(spam != (rng.random() < 0.05))} for who in CAREFUL}
        orders: dict[str, Sequence[str]] = dict.fromkeys(CAREFUL, truth)
        labels["eve"] = {"spam": float(rng.random() < 0.5)}
        orders["eve"] = rng.sample(truth, 3)
        if i < 2:
            labels["fay"] = {"spam": float(spam)}
        await review(graph, f"{id} 0", **labels)
        await rank(graph, id, **orders)


async def test_who_guesses_is_not_trusted_and_who_did_little_is_not_judged(graph: Graph, rng: Random) -> None:
    await crowd(graph, rng)
    reliabilities = {(row.work, row.user): row for row in await reliability.reliabilities(graph)}
    for work in JudgementKind:
        for who in CAREFUL:
            assert (reliabilities[work, who].value or 0) > 0.85
        assert (reliabilities[work, "eve"].value or 1) < 0.65
    assert reliabilities[JudgementKind.REVIEWS, "ada"].judgements == 40
    assert reliabilities[JudgementKind.RANKINGS, "ada"].judgements == 120
    fay = reliabilities[JudgementKind.REVIEWS, "fay"]
    assert (fay.value, fay.judgements, fay.why) == (None, 2, "fewer than 20 judgements that others made too")
    assert (JudgementKind.RANKINGS, "fay") not in reliabilities
    assert await reliability.distrusted(graph, below=0.7) == {"eve"}
    assert await reliability.distrusted(graph, below=0.7, at_least=121) == frozenset()
    measured, people = await reliability.agreements_and_reliabilities(graph)
    assert measured == await reliability.agreement(graph)
    assert people == await reliability.reliabilities(graph) == sorted(reliabilities.values(), key=order)


def order(row: reliability.Reliability) -> tuple[int, str]:
    return [*JudgementKind].index(row.work), row.user


async def test_the_wrong_language_is_a_reason_to_reject_as_spam_is(graph: Graph) -> None:
    await bring(graph, tree("t", *(reply("t", f"p{i}") for i in range(4))))
    for i in range(4):
        bad = float(i % 2)
        flagged: dict[str, Any] = {"spam": 0.0, "lang_mismatch": bad}
        await review(graph, f"p{i}", ada={"spam": bad}, bob=flagged, cat={"quality": 1.0})
    reliabilities = await reliability.reliabilities(graph, at_least=1)
    assert {row.user: row.value for row in reliabilities} == pytest.approx({"ada": 1, "bob": 1}, abs=1e-6)
