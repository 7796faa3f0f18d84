"""A request that names languages in order of preference: the first one with a task counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from oa_graph.domain.limits import Limits, Quota
from oa_graph.domain.tasks import NoTaskReason, TaskKind
from oa_graph.errors import NothingToHandOut
from oa_graph.graph.session import Graph
from tests.builders import ADA, BOB, Worker, lapse, plant, sent_statements
from tests.invariants import check

pytestmark = pytest.mark.anyio

TYPING = TaskKind.ASSISTANT_REPLY
ONE_PLACE = Limits(max_children_count=1, max_tree_depth=1, max_active_trees=0, max_initial_prompt_review=0)


@pytest.fixture
async def ada(graph: Graph, rng: Random) -> Worker:
    await plant(graph, {"What is rain?": {}}, limits=ONE_PLACE)
    await plant(graph, {"Was ist Regen?": {}}, limits=ONE_PLACE, lang="de")
    return Worker(graph, ONE_PLACE, rng, ADA)


@pytest.mark.parametrize("kind", [None, TYPING])
@pytest.mark.parametrize(
    ("langs", "expected"),
    [(["de", "en"], "de"), (["en", "de"], "en"), (["fr", "de", "en"], "de"), (["fr", "fr", "en"], "en")],
)
async def test_the_first_language_with_a_task_counts(
    graph: Graph, ada: Worker, kind: TaskKind | None, langs: Sequence[str], expected: str
) -> None:
    task = await ada.ask(kind, langs=langs)
    assert task.thread[-1].lang == expected
    (row,) = await graph.execute("MATCH (task:Task) RETURN task.lang AS lang")
    assert row["lang"] == expected


async def test_the_next_language_is_tried_when_the_places_of_the_first_are_held(ada: Worker) -> None:
    assert [(await ada.ask(TYPING, langs=("de", "en"))).thread[-1].lang for _ in range(2)] == ["de", "en"]


async def test_the_first_language_costs_as_much_as_if_it_were_the_only_one(graph: Graph, ada: Worker) -> None:
    with sent_statements() as several:
        await ada.ask(TYPING, langs=("de", "en", "fr"))
    with sent_statements() as one:
        await ada.ask(TYPING, lang="en")
    assert several.names == one.names == ["tasks/lease_uniform"]


async def test_a_prompt_is_asked_for_in_the_first_language_that_takes_one(graph: Graph, rng: Random) -> None:
    limits = Limits(init_prompt_disabled_langs=("en",))
    ada = Worker(graph, limits, rng, ADA)
    await ada.write(await ada.ask(TaskKind.INITIAL_PROMPT, langs=("en", "de")))
    (row,) = await graph.execute("MATCH (post:Post) RETURN post.lang AS lang")
    assert row["lang"] == "de"
    await check(graph, limits)


async def test_nothing_in_all_of_them_is_one_error_with_the_earliest_time(ada: Worker) -> None:
    bob = Worker(ada.graph, ada.limits, ada.rng, BOB)
    now = ada.clock()
    ada.clock = bob.clock = lambda: now
    bob.limits = replace(ONE_PLACE, lease_sec=20)
    held = await bob.ask(TYPING, lang="de")
    bob.limits = replace(ONE_PLACE, lease_sec=10)
    first = await bob.ask(TYPING, lang="en")
    with pytest.raises(NothingToHandOut) as raised:
        await ada.ask(TYPING, langs=("fr", "de", "en"))
    values = raised.value.values
    assert values["reason"] is NoTaskReason.ALL_RESERVED
    assert values["seconds"] == 10
    assert held.lease_until is not None
    assert first.lease_until is not None
    retry_at = values["retry_at"]
    assert isinstance(retry_at, datetime)
    assert abs(retry_at - first.lease_until) < timedelta(milliseconds=1)
    message = str(raised.value)
    assert "in language fr or de or en: fr: the language has no tree" in message
    assert message.endswith(
        "de: every open place is reserved for somebody; en: every open place is reserved for somebody."
    )
    await lapse(ada.graph, held, first)
    assert await ada.ask(TYPING, langs=("fr", "de", "en"))


async def test_a_request_counts_once_however_many_languages_it_names(graph: Graph, ada: Worker) -> None:
    with pytest.raises(NothingToHandOut):
        await ada.ask(TYPING, langs=("fr", "es", "it"), quotas=(Quota("of ada", limit=9, span_sec=60),))
    (row,) = await graph.execute("MATCH (quota:Quota) RETURN quota.count AS count")
    assert row["count"] == 1
