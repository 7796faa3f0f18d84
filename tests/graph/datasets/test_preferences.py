"""Preferences as people share them: how they are recognised, what trees they become, and that they come out again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from io import BytesIO
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.datasets import (
    Choices,
    Destination,
    Filters,
    ImportCounts,
    ImportFormat,
    ImportOptions,
    PostStatus,
    Reject,
    check_file,
    import_trees,
    preferences,
)
from oa_graph.datasets.import_formats import TIED, recognize
from oa_graph.datasets.preferences import IMPLIED, Order
from oa_graph.datasets.rows import open_rows
from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import Role
from oa_graph.domain.trees import TreeState
from oa_graph.graph.datasets import DatasetTree
from oa_graph.graph.session import Graph
from tests.graph.datasets.files import Json, bring, lines, reply, taken, tree
from tests.graph.datasets.test_export_formats import RAIN, assistant, rank, records, user
from tests.graph.datasets.test_import_formats import chat, found_in, only, reasons, texts
from tests.invariants import check

pytestmark = pytest.mark.anyio

HI = [user("Hi")]


def pair(chosen: str, rejected: str, prompt: str = "Hi", **fields: Any) -> Json:
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected, **fields}


def ranks(tree: DatasetTree) -> dict[str, int | None]:
    return {post.text: post.rank for post in tree.posts[1:]}


def refusals(source: bytes, wish: ImportOptions | None = None) -> list[tuple[int, str, str]]:
    return [(refusal.line, refusal.reason.value, refusal.why) for refusal in found_in(source, wish)[1]]


def file_of(*rows: Json) -> BytesIO:
    return BytesIO(lines(*rows))


# Recognising


@pytest.mark.parametrize(
    ("row", "format"),
    [
        (pair("Good", "Bad"), ImportFormat.PREFERENCE),
        ({"chosen": "\n\nHuman: Hi\n\nAssistant: Good", "rejected": "\n\nHuman: Hi\n\nAssistant: Bad"}, "preference"),
        ({"chosen": [*HI, assistant("Good")], "rejected": [*HI, assistant("Bad")]}, ImportFormat.PREFERENCE),
        ({"prompt": HI, "chosen": [assistant("Good")], "rejected": [assistant("Bad")]}, ImportFormat.PREFERENCE),
        ({**chat("Hi"), "chosen": assistant("Good"), "rejected": assistant("Bad")}, ImportFormat.PREFERENCE),
        ({"instruction": "Hi", "chosen_response": "Good", "rejected_response": "Bad"}, ImportFormat.PREFERENCE),
        ({"prompt": HI, "completions": [assistant("Good")], "scores": [1.0]}, ImportFormat.RANKED),
        ({"instruction": "Hi", "completions": [{"response": "Good", "overall_score": 7}]}, ImportFormat.RANKED),
        ({"prompt": HI, "completion": [assistant("Good")], "label": True}, ImportFormat.KTO),
        ({**chat("Hi", "Good"), "label": False}, ImportFormat.KTO),
        ({"prompt": "Hi", "completion": "Good"}, ImportFormat.CHATS),
    ],
)
def test_a_form_with_judgements_is_recognised(row: Json, format: str) -> None:
    with open_rows(file_of(row)) as rows:
        assert recognize(rows)[0].value == format


# Pairs


@pytest.mark.parametrize(
    "row",
    [
        pair("Good", " Bad "),
        {"question": "Hi", "chosen": "Good", "rejected": "Bad"},
        {"prompt": HI, "chosen": [assistant("Good")], "rejected": [assistant("Bad")]},
        {"chosen": [*HI, assistant("Good")], "rejected": [*HI, assistant("Bad")]},
        {"prompt": "Hi", "chosen": [*HI, assistant("Good")], "rejected": [*HI, assistant("Bad")]},
        {"chosen": "\n\nHuman: Hi\n\nAssistant: Good", "rejected": "\n\nHuman: Hi\n\nAssistant: Bad"},
        {"prompt": "\n\nHuman: Hi\n\nAssistant:", "chosen": " Good", "rejected": " Bad"},
        {
            "prompt": "\n\nHuman: Hi\n\nAssistant:",
            "chosen": "\n\nHuman: Hi\n\nAssistant: Good",
            "rejected": "\n\nHuman: Hi\n\nAssistant: Bad",
        },
        {
            "conversations": [{"from": "human", "value": "Hi"}],
            "chosen": {"from": "gpt", "value": "Good"},
            "rejected": {"from": "gpt", "value": "Bad"},
        },
        {"instruction": "Hi", "chosen_response": "Good", "rejected_response": "Bad"},
        {"chosen": "Hi Good", "rejected": "Hi Bad"},
    ],
)
def test_one_pair_is_one_tree_whatever_its_form(row: Json) -> None:
    imported = only(lines(row))
    assert texts(imported) == [(Role.PROMPTER, "Hi"), (Role.ASSISTANT, "Good"), (Role.ASSISTANT, "Bad")]
    assert ranks(imported) == {"Good": 0, "Bad": 1}
    assert [post.id for post in imported.posts] == [post.id for post in only(lines(pair("Good", "Bad"))).posts]
    assert imported.state is TreeState.READY_FOR_EXPORT


def test_a_thread_above_the_replies_is_kept_with_its_system_message() -> None:
    thread = [{"role": "system", "content": "Be brief."}, *chat("Hi", "Hello", "Rain?")["messages"]]
    imported = only(lines({"prompt": thread, "chosen": [assistant("Water.")], "rejected": [assistant("Sun.")]}))
    assert ranks(imported) == {"Hello": None, "Rain?": None, "Water.": 0, "Sun.": 1}
    assert json.loads(imported.extra or "")["system"] == "Be brief."
    column = {"system": "Be brief.", **pair("Water.", "Sun.", "Rain?")}
    assert only(lines(column)).extra == imported.extra


def test_conversations_that_part_early_are_compared_where_they_part() -> None:
    long = "\n\nHuman: Hi\n\nAssistant: {}\n\nHuman: Rain?\n\nAssistant: Water."
    imported = only(lines({"chosen": long.format("Good"), "rejected": long.format("Bad")}))
    assert ranks(imported) == {"Good": 0, "Rain?": None, "Water.": None, "Bad": 1}
    assert len(imported.posts) == 7


def test_equal_scores_are_a_tie_and_scores_are_kept() -> None:
    (imported,), refused = found_in(
        lines(pair("Good", "Fair", score_chosen=4.0, score_rejected=4.0), pair("Good", "Bad"))
    )
    assert (ranks(imported), refused) == ({"Good": 0, "Fair": 0, "Bad": 2}, [])
    assert json.loads(imported.posts[2].extra or "") == {"message": {"score": 4.0}}
    counts = check_file(file_of(pair("Good", "Fair", score_chosen=4.0, score_rejected=4.0)))
    assert counts.notes == {TIED: 2}


def test_other_fields_are_kept_and_a_second_copy_of_the_chosen_one_is_not() -> None:
    chosen = [*HI, assistant("Good")]
    row = {"prompt": "Hi", "chosen": chosen, "rejected": [*HI, assistant("Bad")], "messages": chosen, "source": "s"}
    imported = only(lines(row))
    assert [json.loads(post.extra or "{}") for post in imported.posts] == [{}, {"chat": {"source": "s"}}, {}]


def test_pairs_of_one_prompt_come_together_in_any_order() -> None:
    replies = ["a", "b", "c", "d", "e"]
    pairs = [pair(better, worse) for better, worse in combinations(replies, 2)]
    for seed in range(5):
        rows = Random(seed).sample(pairs, len(pairs))
        rows.insert(3, pair("x", "y", "Another prompt"))
        trees, refused = found_in(lines(*rows))
        imported, other = sorted(trees, key=lambda tree: tree.posts[0].text, reverse=True)
        assert sorted(ranks(imported).items()) == [(text, place) for place, text in enumerate(replies)]
        assert (ranks(other), refused) == ({"x": 0, "y": 1}, [])
    assert ranks(only(lines(pair("b", "c"), pair("a", "b"), pair("c", "d")))) == {"a": 0, "b": 1, "c": 2, "d": 3}


def test_a_row_that_contradicts_those_before_it_is_refused() -> None:
    rows = [pair("a", "b"), pair("b", "c"), pair("b", "a"), pair("c", "a"), pair("a", "c")]
    (imported,), refused = found_in(lines(*rows))
    assert ranks(imported) == {"a": 0, "b": 1, "c": 2}
    assert [(refusal.line, refusal.reason.value) for refusal in refused] == [(3, "contradiction"), (4, "contradiction")]


def test_pairs_that_no_row_compares_are_counted() -> None:
    counts = check_file(file_of(pair("a", "b"), pair("c", "d")))
    assert counts == ImportCounts(trees=1, posts=5, notes={IMPLIED: 2, TIED: 4})
    assert check_file(file_of(pair("a", "b"), pair("a", "c"))).notes == {TIED: 2}
    crossing = [pair("a", "b"), pair("a", "c"), pair("d", "c")]
    assert ranks(only(lines(*crossing))) == {"a": 0, "b": 2, "c": 3, "d": 0}
    assert check_file(file_of(*crossing)).notes == {IMPLIED: 2, TIED: 2}


@pytest.mark.parametrize(
    ("row", "reason", "why"),
    [
        ({"prompt": "Hi", "chosen": "Good"}, "wrong_shape", "rejected is missing"),
        (pair("Same", " Same"), "wrong_shape", "chosen and rejected are the same"),
        (pair("Good", " "), "empty_text", "rejected has an empty text"),
        (pair("Good", "Bad", ""), "empty_text", "an empty text"),
        (pair("Good", "Bad", score=3, label=True), "wrong_shape", "label would be lost"),
        ({"chosen": "Yes", "rejected": "No"}, "wrong_shape", "no beginning in common"),
        ({"prompt": "Hi", "chosen": 3, "rejected": "No"}, "wrong_shape", "chosen: it is neither a text nor messages"),
        (
            {"prompt": "Ho", "chosen": [*HI, assistant("Good")], "rejected": [*HI, assistant("Bad")]},
            "wrong_thread",
            "chosen is a conversation that does not begin with the prompt",
        ),
        (
            {"chosen": chat("Hi", "Hello", "Rain?")["messages"], "rejected": chat("Hi", "Hello", "Sun?")["messages"]},
            "wrong_role",
            "can be compared",
        ),
        (pair("Good", "Bad", lang="no language"), "unknown_language", "is not a language tag"),
    ],
)
def test_a_bad_pair_says_what_is_wrong(row: Json, reason: str, why: str) -> None:
    ((line, rejected_for, sentence),) = refusals(lines(pair("Good", "Bad"), row))
    assert (line, rejected_for) == (2, reason)
    assert why in sentence


# Lists


def scored(*scores: float, **fields: Any) -> Json:
    return {"prompt": "Hi", "completions": [f"Reply {i}" for i in range(len(scores))], "scores": list(scores), **fields}


def test_scores_order_the_replies_and_equal_ones_are_tied() -> None:
    assert ranks(only(lines(scored(1, 5.0, 3, 5)))) == {"Reply 0": 3, "Reply 1": 0, "Reply 2": 2, "Reply 3": 0}


def test_our_own_lists_have_the_best_first_whatever_the_scores() -> None:
    own = scored(0.4, 0.6, 0.6, tree_id="t")
    assert ranks(only(lines(own))) == {"Reply 0": 0, "Reply 1": 1, "Reply 2": 1}


def test_scores_and_models_may_stand_in_each_reply() -> None:
    completions = [
        {"response": "Fair", "overall_score": 5.5, "model": "m1", "critique": "So so."},
        {"response": "Good", "overall_score": 8, "model": "m2"},
    ]
    imported = only(lines({"instruction": "Hi", "completions": completions, "models": ["m1", "m2"]}))
    assert ranks(imported) == {"Fair": 1, "Good": 0}
    assert [(post.synthetic, post.model_name) for post in imported.posts] == [(False, None), (True, "m1"), (True, "m2")]
    assert json.loads(imported.posts[1].extra or "")["message"] == {"overall_score": 5.5, "critique": "So so."}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (scored(1, 2) | {"scores": [1]}, "scores has to be a list of 2 numbers"),
        (scored(1, 2) | {"scores": None}, "the better completion is unknown"),
        (scored(1, 2) | {"scores": [1, "high"]}, "the better completion is unknown"),
        (scored(1, 2) | {"completions": ["Same", "Same"]}, "two completions are the same"),
        ({"prompt": "Hi", "completions": list[str](), "scores": [1]}, "completions has to be a list of replies"),
        ({"prompt": "Hi", "completions": ["One.", "Two."], "labels": [True, False]}, "the steps of one reply"),
        (scored(1, 2) | {"completions": ["Good", {"text": ""}]}, "completion 2 has an empty text"),
        (scored(1, 2) | {"completions": ["Good", {"other": ""}]}, "completion 2: it has none of response, text"),
    ],
)
def test_a_bad_list_says_what_is_wrong(row: Json, why: str) -> None:
    ((line, _, sentence),) = refusals(lines(scored(1, 2), row))
    assert line == 2
    assert why in sentence


# Single replies


def test_a_label_is_one_of_an_accepted_reply() -> None:
    rows = [{"prompt": "Hi", "completion": text, "label": label} for text, label in (("Good", True), ("Bad", False))]
    imported = only(lines(*rows))
    assert [(post.accepted, post.rank, post.labels) for post in imported.posts] == [
        (True, None, None),
        (True, None, {"desirable": (1.0, 1)}),
        (True, None, {"desirable": (0.0, 1)}),
    ]
    assert reasons(lines(*rows, rows[0] | {"label": False}, rows[0])) == [(3, "contradiction")]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"prompt": "Hi", "completion": "Good", "label": "yes"}, "label has to be true or false"),
        ({"prompt": "Hi", "completion": "Good"}, "label has to be true or false"),
        ({**chat("Hi", "Hello", "Bye"), "label": True}, "as the last message"),
    ],
)
def test_a_bad_label_says_what_is_wrong(row: Json, why: str) -> None:
    ((_, _, sentence),) = refusals(lines(row), ImportOptions(format=ImportFormat.KTO))
    assert why in sentence


# Never lost


@pytest.mark.parametrize(
    ("row", "format"),
    [
        (pair("Good", "Bad"), ImportFormat.PROMPTS),
        ({**chat("Hi"), "chosen": "Good", "rejected": "Bad"}, ImportFormat.CHATS),
        ({"prompt": "Hi", "completion": "Good", "label": False}, ImportFormat.CHATS),
        ({"prompt": HI, "completion": [assistant("Good")], "label": False}, ImportFormat.CHATS),
        (scored(1, 2), ImportFormat.PROMPTS),
        ({"text": "Hi", "label": 1}, ImportFormat.PROMPTS),
        ({"instruction": "Hi", "scores": [1]}, None),
        ({"conversations": [{"from": "human", "value": "Hi"}], "completions": ["Good"]}, ImportFormat.SHAREGPT),
        ({"prompt": "Hi", "completion": "Good", "label": True, "scores": [1]}, ImportFormat.KTO),
    ],
)
def test_a_judgement_is_never_dropped_whatever_the_form(row: Json, format: ImportFormat | None) -> None:
    ((_, reason, why),) = refusals(lines(row), ImportOptions(format=format))
    assert reason == "wrong_shape"
    assert "would be lost; preference takes prompt, chosen and rejected" in why


# Orders


_orders = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=3), min_size=1, max_size=3).filter(
    lambda tiers: max(Counter(reply for tier in tiers for reply in tier).values()) == 1
)


@given(st.lists(_orders, max_size=12))
def test_ranks_keep_every_order_that_was_admitted(rows: list[list[list[int]]]) -> None:
    order = Order()
    admitted: list[Sequence[Sequence[str]]] = []
    for row in rows:
        tiers = [[str(reply) for reply in tier] for tier in row]
        before = order.ranks()
        if order.add(tiers):
            admitted.append(tiers)
        else:
            assert order.ranks() == before
    ranks = order.ranks()
    for tiers in admitted:
        assert all(len({ranks[reply] for reply in tier}) == 1 for tier in tiers)
        first = [ranks[tier[0]] for tier in tiers]
        assert first == sorted(set(first))
    assert all(rank == sum(other < rank for other in ranks.values()) for rank in ranks.values())


# The window


def test_rows_that_are_too_far_apart_are_refused_and_not_ranked_on_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preferences, "trees_of", partial(preferences.trees_of, window=3))
    far = [pair("Good", "Bad", f"Prompt {i}") for i in range(4)]
    refused: list[Reject] = []
    rows = [pair("a", "b"), pair("b", "c"), *far, pair("a", "d"), pair("a", "c"), pair("b", "a")]
    counts = check_file(file_of(*rows), on_reject=refused.append)
    assert (counts.trees, counts.posts) == (5, 4 + 4 * 3)
    assert sorted((refusal.line, refusal.reason.value) for refusal in refused) == [
        (7, "cannot_land"),
        (8, "cannot_land"),
        (9, "cannot_land"),
    ]
    assert all("sorted by prompt" in refusal.why for refusal in refused)


# Through the graph


async def land(graph: Graph, *rows: Json, **wishes: Any) -> tuple[ImportCounts, list[Reject]]:
    refused: list[Reject] = []
    counts = await import_trees(
        graph, file_of(*rows), limits=Limits(), options=ImportOptions(**wishes), on_reject=refused.append
    )
    return counts, refused


async def empty(graph: Graph) -> None:
    await graph.execute("MATCH (n) WHERE NOT n:Schema DETACH DELETE n")


DEEP = tree(
    "d",
    reply("d", "d1", "Hello.", rank=1, replies=[
        reply("d1", "d2", "And snow?", role="prompter", replies=[
            reply("d2", "d3", "Ice.", rank=1), reply("d2", "d4", "Frozen water.", rank=0),
            reply("d2", "d5", "Cold.", rank=1),
        ]),
    ]),
    reply("d", "d6", "Good day.", rank=0),
    reply("d", "d7", "Unranked."),
    text="Hi",
    lang="de",
)  # fmt: skip


@pytest.mark.parametrize("form", ["preference", "ranked", "kto"])
async def test_what_an_export_gives_an_import_takes_and_gives_again(graph: Graph, limits: Limits, form: str) -> None:
    """Ids are those of other posts, and margins are gone: the rankings that they come from are not in the file."""
    traces = {"tree_id", "post_ids", "chosen_id", "rejected_id", "completion_post_ids"}
    margins = {"votes_margin"}

    async def exported() -> list[Json]:
        exported = await records(graph, form, Filters(), choices=Choices())
        return [{name: value for name, value in record.items() if name not in traces | margins} for record in exported]

    await bring(graph, RAIN, DEEP)
    full = await records(graph, form, Filters())
    before = await exported()
    assert len(before) >= {"preference": 6, "ranked": 3, "kto": 6}[form]
    for rows in (before, full):
        await empty(graph)
        counts, refused = await land(graph, *rows)
        assert (counts.trees, counts.format, refused) == (2, form, [])
        if rows is before:
            assert await exported() == before
        assert await records(graph, form, Filters()) == full
        await check(graph, limits)
        again, refused = await land(graph, *rows)
        assert (again.trees, again.posts, refused) == (0, 0, [])


async def test_the_order_that_people_gave_comes_back(graph: Graph) -> None:
    await bring(graph, RAIN)
    await rank(graph, "r", ("best", "fair", "poor"), ("best", "poor", "fair"))
    before = await records(graph, "preference")
    assert [(row["chosen"][0]["content"], row["rejected"][0]["content"]) for row in before] == [
        ("Water.", "Wet."),
        ("Water.", "Sun."),
    ]
    await empty(graph)
    await land(graph, *before)
    assert await records(graph, "preference") == before


async def test_trees_with_ties_come_in_again_and_the_ties_are_told_of(graph: Graph) -> None:
    await land(graph, scored(5, 5, 1))
    before = await taken(graph)
    await empty(graph)
    counts = await import_trees(graph, BytesIO(before), limits=Limits())
    assert counts.notes == {TIED: 2}
    assert await taken(graph) == before


async def test_an_unwanted_reply_is_shown_by_a_default_export_and_as_wanted_nowhere(graph: Graph) -> None:
    rows = [{"prompt": HI, "completion": [assistant(text)], "label": text == "Good"} for text in ("Bad", "Good")]
    await land(graph, *rows)
    assert await records(graph, "kto", Filters()) == rows
    assert await records(graph, "preference", Filters()) == []
    await graph.execute("MATCH (post:Post {text: 'Good'}) SET post.accepted = false")
    exported = await records(graph, "kto", Filters(rejected=PostStatus.INCLUDE))
    assert [row["label"] for row in exported] == [False, False]
    (row,) = await graph.execute("MATCH (post:Post {text: 'Bad'}) RETURN post.label_desirable AS mean")
    assert row["mean"] == 0.0


async def test_nobody_is_asked_about_imported_preferences_unless_that_is_wanted(graph: Graph) -> None:
    await land(graph, pair("Good", "Bad"))
    (row,) = await graph.execute("MATCH (post:Post) RETURN count(post.pool) AS places")
    assert row["places"] == 0
    await empty(graph)
    await land(graph, pair("Good", "Bad"), into=Destination.BACKLOG)
    (row,) = await graph.execute("MATCH (tree:Tree) RETURN tree.state AS state")
    assert row["state"] == "backlog_ranking"


async def test_what_the_graph_holds_is_neither_changed_nor_added_to_without_a_comparison(graph: Graph) -> None:
    await land(graph, pair("a", "b"))
    await land(graph, chat("Ho", "c"))
    before = await taken(graph)
    later = {
        "cannot_land": [pair("a", "z"), pair("y", "z")],
        "contradiction": [pair("b", "a"), pair("c", "d", "Ho"), {"prompt": "Hi", "completion": "a", "label": True}],
    }
    for reason, rows in later.items():
        for row in rows:
            counts, (refused,) = await land(graph, row)
            assert (counts.trees, counts.posts, refused.reason.value) == (0, 0, reason)
    assert await taken(graph) == before
    counts, refused = await land(graph, pair("e", "f", "Ho"), pair("a", "b"))
    assert (counts.posts, counts.grown, counts.skipped, refused) == (2, 1, 1, [])


async def test_ranks_do_not_join_a_tree_that_people_work_on(graph: Graph) -> None:
    await import_trees(graph, BytesIO(b"Hi\n"), limits=Limits(), options=ImportOptions(into=Destination.GROWING))
    _, (refused,) = await land(graph, pair("Good", "Bad"))
    assert (refused.reason.value, "its tree is stored as growing" in refused.why) == ("cannot_land", True)


async def test_a_dry_run_counts_what_an_import_makes(graph: Graph) -> None:
    await bring(graph, RAIN, DEEP)
    for form in ("sft", "prompt-completion", "sharegpt", "preference", "ranked", "kto", "prompts"):
        rows = await records(graph, form, Filters())
        rows += rows[:1]
        expected = check_file(file_of(*rows))
        await empty(graph)
        counts, _ = await land(graph, *rows)
        assert (counts.trees, counts.posts, counts.notes) == (expected.trees, expected.posts, expected.notes)
        assert counts.skipped == expected.skipped
        assert counts.trees == 2
        await empty(graph)
        await bring(graph, RAIN, DEEP)


def test_a_dry_run_of_trees_takes_each_once() -> None:
    assert check_file(file_of(RAIN, DEEP, RAIN)) == ImportCounts(trees=2, posts=15, skipped=1, notes={TIED: 2})
