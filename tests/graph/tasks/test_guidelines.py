"""Guidelines: their versions, and the one that a task shows and keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from oa_graph.collection import Collection
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import Task, TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import GuidelineNotFound, InvalidGuideline, InvalidGuidelineFile
from oa_graph.graph import tasks
from oa_graph.graph.saved_queries import run_saved_query
from oa_graph.graph.session import Graph
from oa_graph.guidelines import Guidelines
from tests.builders import ADA, BOB, CLIENT, answer_for, at_once, context_of, plant, questions, sent_statements

pytestmark = pytest.mark.anyio

PROMPT, REPLY = TaskKind.INITIAL_PROMPT, TaskKind.ASSISTANT_REPLY


@pytest.fixture
def limits() -> Limits:
    return Limits(num_end_votes=1, max_pending_tasks_per_user=100)


@pytest.fixture
def collection(graph: Graph, limits: Limits, rng: Random) -> Collection:
    return Collection(graph, context_of(graph, limits, rng))


async def kept(graph: Graph, task: Task) -> str | None:
    """The id of the guideline on the task in the graph."""
    (row,) = await graph.execute("MATCH (task:Task {id: $id}) RETURN task.guideline AS guideline", id=task.id)
    return row["guideline"]


async def test_versions_count_from_1_for_each_kind_and_language_and_stay_readable(collection: Collection) -> None:
    guidelines = collection.guidelines
    first = await guidelines.publish(PROMPT, "en", "# Prompts\n\nBe clear.")
    second = await guidelines.publish(PROMPT, "en", "# Prompts\n\nBe brief.")
    german = await guidelines.publish("initial_prompt", "DE", "Klar und knapp.")
    assert [(text.version, text.lang, text.short) for text in (first, second, german)] == [
        (1, "en", "Be clear."),
        (2, "en", "Be brief."),
        (1, "de", "Klar und knapp."),
    ]
    assert await guidelines.get(first.id) == first
    assert [text.id for text in await guidelines.current()] == [german.id, second.id]
    assert await guidelines.find("initial_prompt", "en") == second
    for kind, lang in (("initial_prompt", "fr"), ("decide_end", "en")):
        with pytest.raises(GuidelineNotFound):
            await guidelines.find(kind, lang)
    with pytest.raises(GuidelineNotFound):
        await guidelines.get("nothing")


async def test_the_text_that_is_current_makes_no_version_and_an_older_one_does(collection: Collection) -> None:
    first = await collection.guidelines.publish(PROMPT, "en", "Be clear.")
    assert await collection.guidelines.publish(PROMPT, "en", "\nBe clear.\r\n") == first
    await collection.guidelines.publish(PROMPT, "en", "Be brief.")
    assert (await collection.guidelines.publish(PROMPT, "en", "Be clear.")).version == 3


async def test_what_is_published_at_once_gets_a_number_each_and_equal_texts_one(
    collection: Collection, graph: Graph
) -> None:
    published, errors = await at_once(collection.guidelines.publish(PROMPT, "en", f"Text {i // 2}.") for i in range(12))
    assert not errors
    rows = await graph.execute("MATCH (g:Guideline) RETURN g.version AS version, g.text AS text ORDER BY version")
    assert [row["version"] for row in rows] == list(range(1, len(rows) + 1))
    assert {row["text"] for row in rows} == {f"Text {i}." for i in range(6)}
    assert all(before["text"] != after["text"] for before, after in pairwise(rows))
    assert {(text.version, text.text) for text in published} <= {(row["version"], row["text"]) for row in rows}


@pytest.mark.parametrize(
    ("kind", "lang", "text", "field"),
    [
        ("prompt", "en", "Be clear.", "kind"),
        (PROMPT, "english", "Be clear.", "lang"),
        (PROMPT, "en", "# Prompts", "text"),
    ],
)
async def test_a_bad_guideline_is_refused_by_field_and_nothing_is_stored(
    collection: Collection, kind: str, lang: str, text: str, field: str
) -> None:
    with pytest.raises(InvalidGuideline, match=f"^`{field}` of the guideline "):
        await collection.guidelines.publish(kind, lang, text)
    assert await collection.guidelines.current() == []


# From files


async def test_the_texts_that_are_shipped_cover_every_kind_and_loading_them_again_changes_nothing(
    collection: Collection,
) -> None:
    loaded = await collection.guidelines.load()
    assert {(text.kind, text.lang, text.version) for text in loaded} == {(kind, "en", 1) for kind in TaskKind}
    assert all(100 < len(text.short) <= 300 and not text.short.endswith("…") for text in loaded)
    assert await collection.guidelines.load() == loaded
    assert len(await collection.guidelines.current()) == len(TaskKind)


async def test_a_folder_of_languages_is_loaded(collection: Collection, tmp_path: Path) -> None:
    for name, text in (("en/initial_prompt", "Be clear."), ("pt-br/decide_end", "Leia tudo."), ("de/x", "")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / f"{name}.{'txt' if name == 'de/x' else 'md'}").write_text(text, "utf-8")
    (tmp_path / "README.md").write_text("About these texts.", "utf-8")
    loaded = await collection.guidelines.load(tmp_path)
    assert [(text.kind, text.lang, text.text) for text in loaded] == [
        (PROMPT, "en", "Be clear."),
        (TaskKind.DECIDE_END, "pt-BR", "Leia tudo."),
    ]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("en/prompt.md", b"Be clear.", "`kind` of the guideline is none of"),
        ("english/decide_end.md", b"Be clear.", "`lang` of the guideline is not"),
        ("en/decide_end.md", b"", "`text` of the guideline is empty"),
        ("en/decide_end.md", b"\xff", "invalid start byte"),
        ("en/decide_end.txt", b"Be clear.", "holds no files <lang>/<kind>.md"),
    ],
)
async def test_a_file_that_is_no_guideline_is_named_and_none_is_published(
    collection: Collection, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_bytes(content)
    if name.endswith(".md"):
        (tmp_path / "aa").mkdir()
        (tmp_path / "aa" / "initial_prompt.md").write_text("Be clear.", "utf-8")
    with pytest.raises(InvalidGuidelineFile, match=reason):
        await collection.guidelines.load(tmp_path)
    assert await collection.guidelines.current() == []


# On tasks


async def planted_for_every_kind(graph: Graph, limits: Limits) -> None:
    """Open places for each kind of task."""
    await plant(graph, {"Prompt?": {"Answer.": {}, "=Another.": {}}}, limits=limits)
    await plant(graph, {"Rank?": {"First.": {}, "Second.": {}}}, state=TreeState.RANKING, limits=limits)
    await plant(
        graph,
        {"Up?": {"A.": {"B?": {}, "C?": {}}}},
        state=TreeState.RANKING,
        limits=replace(limits, rank_prompter_replies=True),
    )
    await plant(graph, {"?Review?": {}}, state=TreeState.INITIAL_PROMPT_REVIEW, limits=limits)
    await plant(graph, {"Grow?": {"?Review.": {}, "Done.": {"?Review too?": {}}}}, limits=limits)
    for name in ("One?", "Two?"):
        await plant(graph, {name: {}}, state=TreeState.PROMPT_LOTTERY_WAITING, limits=limits)


async def test_a_task_of_each_kind_shows_its_guideline_and_keeps_the_id(
    graph: Graph, limits: Limits, rng: Random
) -> None:
    limits = replace(limits, rank_prompter_replies=True)
    collection = Collection(graph, context_of(graph, limits, rng))
    await planted_for_every_kind(graph, limits)
    by_kind = {text.kind: text for text in await collection.guidelines.load()}
    for kind in TaskKind:
        task = await collection.tasks.request(kind, client=CLIENT, user=ADA)
        assert task.guideline is not None
        assert (task.guideline.id, task.guideline.short) == (by_kind[kind].id, by_kind[kind].short)
        assert await kept(graph, task) == by_kind[kind].id


async def test_a_task_without_a_guideline_shows_none(collection: Collection, graph: Graph) -> None:
    await collection.guidelines.publish(PROMPT, "de", "Klar und knapp.")
    task = await collection.tasks.request(PROMPT, client=CLIENT, user=ADA)
    assert (task.guideline, await kept(graph, task)) == (None, None)
    task = await collection.tasks.request(PROMPT, lang="de-AT", client=CLIENT, user=ADA)
    assert task.guideline is not None
    assert await kept(graph, task) == task.guideline.id


async def test_a_new_version_is_shown_by_new_tasks_and_the_old_one_stays_on_old_tasks(
    collection: Collection, graph: Graph
) -> None:
    first = await collection.guidelines.publish(PROMPT, "en", "Be clear.")
    before = await collection.tasks.request(PROMPT, client=CLIENT, user=ADA)
    second = await collection.guidelines.publish(PROMPT, "en", "Be brief.")
    after = await collection.tasks.request(PROMPT, client=CLIENT, user=ADA)
    assert [await kept(graph, task) for task in (before, after)] == [first.id, second.id]


async def test_a_task_that_is_read_again_shows_the_guideline_that_it_was_handed_out_with(
    collection: Collection, graph: Graph, limits: Limits
) -> None:
    await plant(graph, {"Prompt?": {}}, limits=limits)
    shown = await collection.guidelines.publish(REPLY, "en", "Be right.")
    first = await collection.tasks.request(REPLY, client=CLIENT, user=ADA)
    newer = await collection.guidelines.publish(REPLY, "en", "Be brief.")

    async def again() -> Any:
        """What a request sent again gets, when the newer guideline is current."""
        task = tasks.NewTask(
            id=first.id, now=datetime.now(UTC), limits=limits, collective=False, guidelines={REPLY: newer}
        )
        return await tasks.lease(
            graph,
            task,
            client=CLIENT,
            user=ADA,
            lang="en",
            new_user="user",
            groups=[],
            statement="uniform",
            forms={},
            shuffle=[],
            quotas=(),
        )

    leased = await again()
    assert leased.kind is REPLY
    assert (leased.guideline.id, leased.guideline.short, leased.guideline.version) == (shown.id, "Be right.", 1)
    assert leased.guideline == first.guideline
    await graph.execute("MATCH (task:Task) SET task.guideline = null")
    assert (await again()).guideline is None


# In the process


@pytest.fixture
async def slow_to_notice(graph: Graph, limits: Limits, rng: Random) -> Collection:
    """Another process, which keeps what it knows."""
    return Collection(graph, replace(context_of(graph, limits, rng), guidelines_cache_sec=600))


async def test_a_request_costs_no_round_trip_more_once_the_guidelines_are_known(
    slow_to_notice: Collection, graph: Graph, limits: Limits
) -> None:
    await plant(graph, *questions(3), limits=limits)
    names: list[list[str]] = []
    for _ in range(3):
        with sent_statements() as sent:
            await slow_to_notice.tasks.request(REPLY, client=CLIENT, user=ADA)
        names.append(sent.names)
    first, second, third = names
    assert first == ["guidelines/current", *second]
    assert second == third
    assert len(second) == 1


async def test_another_process_shows_a_new_guideline_when_its_cache_has_expired(
    collection: Collection, slow_to_notice: Collection, graph: Graph, limits: Limits, rng: Random
) -> None:
    first = await collection.guidelines.publish(PROMPT, "en", "Be clear.")
    known = await slow_to_notice.guidelines.for_tasks_in("en")
    second = await collection.guidelines.publish(PROMPT, "en", "Be brief.")
    assert (await slow_to_notice.guidelines.for_tasks_in("en"))[PROMPT] == known[PROMPT]
    assert known[PROMPT].id == first.id
    quick = Guidelines(replace(context_of(graph, limits, rng), guidelines_cache_sec=0))
    assert (await quick.for_tasks_in("en"))[PROMPT].id == second.id
    third = await collection.guidelines.publish(PROMPT, "en", "Be kind.")
    assert (await quick.for_tasks_in("en"))[PROMPT].id == third.id


# For analysts


async def test_versions_are_compared_by_what_came_of_their_tasks(
    collection: Collection, graph: Graph, limits: Limits
) -> None:
    await plant(graph, *questions(6), limits=limits)
    for version in (1, 2):
        await collection.guidelines.publish(REPLY, "en", f"Version {version}.")
        for user in (ADA, BOB):
            task = await collection.tasks.request(REPLY, client=CLIENT, user=user)
            await collection.tasks.acknowledge(task.id, message_id=f"ack {task.id}", client=CLIENT)
            await collection.tasks.submit(answer_for(task), client=CLIENT, user=user)
    skipped = await collection.tasks.request(REPLY, client=CLIENT, user=ADA)
    await collection.tasks.refuse(skipped.id, client=CLIENT)
    await graph.execute(
        """
        MATCH (task:Task)-[:GAVE]->(post:Post)
        MATCH (guideline:Guideline {id: task.guideline})
        SET post.accepted = guideline.version = 2 OR task.id = $good
        """,
        good=(await first_of_version(graph, 1)),
    )
    async with run_saved_query(graph, "guideline_versions", {}) as answer:
        names = answer.columns
        rows = [dict(zip(names, row, strict=True)) async for row in answer.rows]
    assert [
        (row["version"], row["handed_out"], row["answered"], row["skipped"], row["posts"], row["accepted_share"])
        for row in rows
    ] == [(1, 2, 2, 0, 2, 0.5), (2, 3, 2, 1, 2, 1.0)]
    assert all(row["median_seconds"] >= 0 for row in rows)


async def first_of_version(graph: Graph, version: int) -> str:
    rows = await graph.execute(
        """
        MATCH (task:Task) MATCH (guideline:Guideline {id: task.guideline, version: $version})
        RETURN task.id AS id ORDER BY task.created LIMIT 1
        """,
        version=version,
    )
    return rows[0]["id"]
