"""Agreement and reliability, from what people said in the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest

from oa_graph import agreement
from oa_graph.agreement import Agreement, Agreements, Work
from oa_graph.graph.session import Graph
from oa_graph.model import GRADED_LABELS, Limits, TaskKind, TextLabel, TreeState
from oa_graph.policy.agreement import Metric
from tests.agreement.saying import rank, review
from tests.builders import ADA, BOB, Hands, Shape, plant
from tests.exchange.files import bring, reply, tree

pytestmark = pytest.mark.anyio

ANSWERS: Shape = {"What is rain?": {"Water.": {}, "Weather.": {}, "Drops.": {}}}


def named(found: Agreements) -> Mapping[str, Agreement]:
    return {each.name: each for each in found.rows}


async def test_an_empty_graph_has_a_reason_for_each_figure_that_is_not_there(graph: Graph) -> None:
    found = await agreement.agreement(graph)
    assert [each.name for each in found.labels] == [label.value for label in TextLabel]
    assert [each.name for each in found.rankings] == ["assistant_replies", "prompter_replies"]
    assert {(each.value, each.items) for each in found.rows} == {(None, 0)}
    assert {each.why for each in found.rows} == {"nothing was judged by two people", "nothing was ranked by two people"}
    assert await agreement.reliabilities(graph) == []
    assert await agreement.distrusted(graph) == frozenset()


async def test_answers_to_tasks_are_what_agreement_is_measured_from(graph: Graph, rng: Random) -> None:
    limits = Limits(num_required_rankings=2, num_reviews_reply=2)
    ada, bob = (Hands(graph, limits, rng, who) for who in (ADA, BOB))
    await plant(graph, ANSWERS, state=TreeState.RANKING, limits=limits)
    await plant(graph, {"Why?": {"?Because.": {}}}, limits=limits)
    await plant(graph, {"When?": {"?Now.": {}}}, limits=limits)
    for hand, quality in ((ada, 0.5), (bob, 1.0)):
        await hand.rank(await hand.ask(TaskKind.RANK_ASSISTANT_REPLIES))
        for _ in range(2):
            await hand.label(await hand.ask(TaskKind.LABEL_ASSISTANT_REPLY), quality=quality)
    found = named(await agreement.agreement(graph))
    assert (found["spam"].value, found["spam"].why) == (None, "everybody always said the same")
    assert (found["spam"].items, found["spam"].people, found["spam"].judgements) == (2, 2, 4)
    assert found["quality"].value == pytest.approx(-0.5)
    assert found["quality"].metric is Metric.INTERVAL
    assert found["humor"].why == "nothing was judged by two people"
    ranked = found["assistant_replies"]
    assert ranked.value is not None
    assert 0 <= ranked.value <= 1
    assert (ranked.chance, ranked.items, ranked.people, ranked.judgements) == (0.5, 1, 2, 2)


async def test_labels_of_steps_are_compared_by_difference_and_those_of_yes_and_no_are_rounded(graph: Graph) -> None:
    await bring(graph, tree("t", reply("t", "a"), reply("t", "b")))
    await review(graph, "a", ada={"spam": 0.6, "quality": 0.6}, bob={"spam": 1.0, "quality": 1.0})
    await review(graph, "b", ada={"spam": 0.0, "quality": 0.0}, bob={"spam": 0.4, "quality": 0.0})
    found = named(await agreement.agreement(graph))
    assert found["spam"].value == 1.0
    assert found["quality"].value is not None
    assert found["quality"].value < 1
    assert {each.name for each in found.values() if each.metric is Metric.INTERVAL} == set(GRADED_LABELS)


async def test_an_order_that_calls_all_bad_says_nothing_and_roles_are_told_apart(graph: Graph) -> None:
    await bring(graph, tree("t", reply("t", "a", replies=[
        reply("a", "a1", role="prompter"), reply("a", "a2", role="prompter")]), reply("t", "b")))  # fmt: skip
    await rank(graph, "t", ada="ab", bob="ab", cat="ba")
    await rank(graph, "a", ada=["a1", "a2"], bob=["a2", "a1"])
    found = named(await agreement.agreement(graph))
    assert found["prompter_replies"].value == 0.0
    assert found["assistant_replies"].value == pytest.approx(1 / 9)
    await graph.execute("MATCH (ranking:Ranking {maker: 'cat'}) SET ranking.not_rankable = true")
    assert named(await agreement.agreement(graph))["assistant_replies"].value == 1.0


async def test_one_language_and_a_part_of_the_trees_can_be_asked_for(graph: Graph) -> None:
    for id, lang in (("1", "en"), ("2", "de"), ("3", "en")):
        await bring(graph, tree(id, reply(id, f"{id}a", lang=lang), lang=lang))
        await review(graph, f"{id}a", ada={"spam": 0.0}, bob={"spam": 1.0})
    german = await agreement.agreement(graph, lang="DE")
    assert (german.lang, german.trees, named(german)["spam"].items) == ("de", 1, 1)
    first = await agreement.agreement(graph, trees=2)
    assert (first.trees, named(first)["spam"].items) == (2, 2)
    everything = await agreement.agreement(graph, trees=None)
    assert (everything.trees, named(everything)["spam"].items) == (3, 3)
    english = await agreement.agreement(graph, lang="en", trees=1)
    assert english.trees == 1


CAREFUL = ("ada", "bob", "cat", "dan")


async def crowd(graph: Graph, rng: Random, *, trees: int = 40) -> None:
    """Four careful people and Eve, who guesses; all of them review and rank everything. Fay did so twice."""
    for i in range(trees):
        id = f"tree {i:03}"
        await bring(graph, tree(id, *(reply(id, f"{id} {j}") for j in range(3))))
        spam = rng.random() < 0.4
        truth = [f"{id} {j}" for j in rng.sample(range(3), 3)]
        said = {who: {"spam": float(spam != (rng.random() < 0.05))} for who in CAREFUL}
        orders: dict[str, Sequence[str]] = dict.fromkeys(CAREFUL, truth)
        said["eve"] = {"spam": float(rng.random() < 0.5)}
        orders["eve"] = rng.sample(truth, 3)
        if i < 2:
            said["fay"] = {"spam": float(spam)}
        await review(graph, f"{id} 0", **said)
        await rank(graph, id, **orders)


async def test_who_guesses_is_not_trusted_and_who_did_little_is_not_judged(graph: Graph, rng: Random) -> None:
    await crowd(graph, rng)
    found = {(each.work, each.user): each for each in await agreement.reliabilities(graph)}
    for work in Work:
        for who in CAREFUL:
            assert (found[work, who].value or 0) > 0.85
        assert (found[work, "eve"].value or 1) < 0.65
    assert found[Work.REVIEWS, "ada"].judgements == 40
    assert found[Work.RANKINGS, "ada"].judgements == 120
    fay = found[Work.REVIEWS, "fay"]
    assert (fay.value, fay.judgements, fay.why) == (None, 2, "fewer than 20 judgements that others made too")
    assert (Work.RANKINGS, "fay") not in found
    assert await agreement.distrusted(graph, below=0.7) == {"eve"}
    assert await agreement.distrusted(graph, below=0.7, at_least=121) == frozenset()
    measured, people = await agreement.both(graph)
    assert measured == await agreement.agreement(graph)
    assert people == await agreement.reliabilities(graph) == sorted(found.values(), key=order)


def order(each: agreement.Reliability) -> tuple[int, str]:
    return [*Work].index(each.work), each.user


async def test_the_wrong_language_is_a_reason_to_reject_as_spam_is(graph: Graph) -> None:
    await bring(graph, tree("t", *(reply("t", f"p{i}") for i in range(4))))
    for i in range(4):
        bad = float(i % 2)
        flagged: dict[str, Any] = {"spam": 0.0, "lang_mismatch": bad}
        await review(graph, f"p{i}", ada={"spam": bad}, bob=flagged, cat={"quality": 1.0})
    found = await agreement.reliabilities(graph, at_least=1)
    assert {each.user: each.value for each in found} == pytest.approx({"ada": 1, "bob": 1}, abs=1e-6)
