"""The schema is applied step by step, once each, and a graph that does not fit the program is told apart."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import LiteralString

import pytest

from oa_graph import leaderboards
from oa_graph.domain.limits import Limits
from oa_graph.domain.scores import TimeFrame
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.trees import TreeState
from oa_graph.errors import SchemaChanged, SchemaTooNew
from oa_graph.graph import leaderboards as boards
from oa_graph.graph import schema
from oa_graph.graph.session import Graph, Row
from oa_graph.graph.statements import SchemaFile, schema_files
from oa_graph.language import normalized
from oa_graph.policy import search
from tests.builders import ADA, BOB, Worker, at_once, person, plant, snapshot, text_for
from tests.invariants import check, same_when_counted_anew
from tests.unit.test_language import TAGS, TEXTS

pytestmark = pytest.mark.anyio

EXTRA = SchemaFile(
    version=9000,
    name="schema/9000_extra",
    checksum="extra",
    statements=("CREATE INDEX extra_of_a_test IF NOT EXISTS FOR (n:ExtraOfATest) ON (n.name)",),
)


def know(monkeypatch: pytest.MonkeyPatch, *files: SchemaFile) -> None:
    """The program knows other files than it has."""
    monkeypatch.setattr(schema, "schema_files", lambda: files)


async def remembered(graph: Graph) -> list[tuple[int, str, str]]:
    rows = await graph.execute(
        "MATCH (s:Schema) RETURN s.version AS version, s.name AS name, s.checksum AS checksum ORDER BY version"
    )
    return [(row["version"], row["name"], row["checksum"]) for row in rows]


@pytest.fixture(autouse=True)
async def restored(connected: Graph) -> AsyncGenerator[None]:
    """What a test does to the schema is undone for the others."""
    yield
    await connected.execute("DROP INDEX extra_of_a_test IF EXISTS")
    await connected.execute("MATCH (s:Schema) DELETE s")
    await schema.apply(connected)


FILLS_GAPS = re.compile(r"MATCH .*\((?P<name>\w+):\w+\) WHERE (?P=name)\.\w+ IS NULL\s")
RELABELS = re.compile(
    r"(?s)MATCH \((?P<name>\w+):(?P<label>\w+)\)\nCALL \((?P=name)\) \{.*REMOVE (?P=name):(?P=label)\b.*IN TRANSACTIONS"
)
CLEARS_AWAY = re.compile(r"MATCH \((?P<name>\w+):\w+\) CALL \((?P=name)\) \{ DETACH DELETE (?P=name) \}")
LISTS_RENAMES = re.compile(
    r"(?s).*WHERE tag <> lang\nMERGE \(rename:LanguageRename \{lang: lang\}\) SET rename.tag = tag$"
)
RENAMES = re.compile(
    r"MATCH \(rename:LanguageRename\)\n(?:SET rename:LanguageRename\nWITH rename\n)?"
    r"MATCH \(\w+:\w+(?: \{\w+: |\) WHERE \w+\.\w+ = )rename\.lang"
)


def again_is_nothing(statement: str) -> bool:
    """Whether the statement, done again, does nothing: it makes or drops something once, fills gaps, changes
    labels, clears away or renames languages: what has its new name is under the old one no more."""
    return any(word in statement for word in ("IF NOT EXISTS", "IF EXISTS")) or any(
        pattern.match(statement) for pattern in (FILLS_GAPS, RELABELS, CLEARS_AWAY, LISTS_RENAMES, RENAMES)
    )


def made(statement: str) -> set[str]:
    """The name of the index or constraint that the statement makes."""
    match = re.match(r"CREATE (?:FULLTEXT |)(?:INDEX|CONSTRAINT) (\w+) ", statement)
    return {match[1]} if match else set()


async def test_the_files_are_numbered_without_a_gap_and_can_be_applied_twice() -> None:
    files = schema_files()
    assert [file.version for file in files] == list(range(1, len(files) + 1))
    for file in files:
        assert file.statements
        assert all(again_is_nothing(statement) for statement in file.statements), "a crash may come before it is noted"


async def test_a_new_graph_gets_every_file_once_with_its_checksum(graph: Graph) -> None:
    await graph.execute("MATCH (s:Schema) DELETE s")
    assert await schema.apply(graph) == [file.name for file in schema_files()]
    assert await remembered(graph) == [(file.version, file.name, file.checksum) for file in schema_files()]
    assert await schema.apply(graph) == []


async def test_a_graph_that_has_all_is_asked_twice(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    execute = Graph.execute

    async def noted(self: Graph, text: LiteralString, **parameters: object) -> list[Row]:
        sent.append(text)
        return await execute(self, text, **parameters)

    monkeypatch.setattr(Graph, "execute", noted)
    assert await schema.apply(graph) == []
    assert len(sent) == 2


async def test_all_that_the_files_promise_is_there(graph: Graph) -> None:
    rows = await graph.execute("SHOW INDEXES YIELD name, state RETURN name, state")
    online = {row["name"] for row in rows if row["state"] == "ONLINE"}
    statements = [statement for file in schema_files() for statement in file.statements]
    gone = {match[1] for statement in statements if (match := re.match(r"DROP \w+ (\w+) IF EXISTS", statement))}
    assert {name for statement in statements for name in made(statement)} - gone <= online
    assert not gone & online


async def test_a_new_file_is_applied_alone(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, *schema_files(), EXTRA)
    assert await schema.apply(graph) == [EXTRA.name]
    rows = await graph.execute("SHOW INDEXES YIELD name RETURN name")
    assert "extra_of_a_test" in {row["name"] for row in rows}


async def test_a_file_that_changed_after_it_was_applied_is_an_error_and_nothing_is_done(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await remembered(graph)
    first, *others = schema_files()
    know(monkeypatch, replace(first, checksum="another"), *others, EXTRA)
    with pytest.raises(SchemaChanged, match=first.name):
        await schema.apply(graph)
    assert await remembered(graph) == before


async def test_a_graph_that_is_newer_than_the_program_is_an_error_and_nothing_is_done(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, *schema_files(), EXTRA)
    await schema.apply(graph)
    before = await remembered(graph)
    monkeypatch.undo()
    with pytest.raises(SchemaTooNew, match="9000"):
        await schema.apply(graph)
    assert await remembered(graph) == before


async def test_a_graph_with_a_file_that_the_program_skipped_is_an_error(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(monkeypatch, *schema_files(), EXTRA)
    await schema.apply(graph)
    know(monkeypatch, *schema_files(), replace(EXTRA, version=9001, name="schema/9001_more"))
    with pytest.raises(SchemaTooNew, match="9000"):
        await schema.apply(graph)


async def test_processes_that_start_at_once_apply_it_together(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    know(monkeypatch, *schema_files(), EXTRA)
    await graph.execute("MATCH (s:Schema) DELETE s")
    _, failed = await at_once(schema.apply(graph) for _ in range(4))
    assert failed == []
    assert len(await remembered(graph)) == len(schema_files()) + 1


# Languages of graphs that were written when every spelling was a language of its own

FORGET_LANGUAGES = "MATCH (s:Schema {name: 'schema/0007_languages'}) DELETE s"
SPELLINGS = ("en", "EN", "En", "en-us", "EN_US", "pt_br", "zh-hant", "English!")
FEW = Limits(num_reviews_initial_prompt=1, num_reviews_reply=1, goal_tree_size=3, max_pending_tasks_per_user=1000)


async def write_in(graph: Graph, langs: Sequence[str], rng: Random) -> None:
    """In each spelling a prompt under review, a growing tree with a place that somebody holds, a tree that waits, and a
    prompt begun; some figures are counted, and some wait to be."""
    ada, bob, cat = (Worker(graph, FEW, rng, who) for who in (ADA, BOB, person("cat")))
    for lang in langs:
        task = await ada.ask(TaskKind.INITIAL_PROMPT, lang=lang)
        await ada.ack(task)
        await ada.settle(text_for(task, text=f"Prompt in {lang}"))
        await plant(graph, {f"Growing in {lang}": {f"?Reply in {lang}": {}}}, lang=lang, limits=FEW)
        await plant(graph, {f"Waiting in {lang}": {}}, lang=lang, limits=FEW, state=TreeState.PROMPT_LOTTERY_WAITING)
    await leaderboards.rebuild(graph, now=datetime.now(UTC))
    for lang in langs:
        await bob.ask(TaskKind.ASSISTANT_REPLY, lang=lang)
        task = await cat.ask(TaskKind.ASSISTANT_REPLY, lang=lang)
        await cat.ack(task)
        await cat.settle(text_for(task, text=f"Answer in {lang}"))
        await bob.ask(TaskKind.INITIAL_PROMPT, lang=lang)


async def languages(graph: Graph) -> set[str]:
    """Every language that is named anywhere."""
    rows = await graph.execute(
        """
        MATCH (n) WHERE n:Post OR n:Tree OR n:Task OR n:Tally OR n:Credit OR n:Language
        UNWIND [coalesce(n.lang, n.tag), split(n.pool, ' ')[1]] AS lang
        RETURN collect(DISTINCT lang) AS langs
        """
    )
    return set(rows[0]["langs"])


async def test_what_a_graph_holds_under_several_spellings_becomes_one_language(graph: Graph, rng: Random) -> None:
    await write_in(graph, SPELLINGS, rng)
    before = await languages(graph)
    assert before >= {*SPELLINGS}
    await graph.execute(FORGET_LANGUAGES)
    assert await schema.apply(graph) == ["schema/0007_languages"]
    assert await languages(graph) == {"en", "en-US", "pt-BR", "zh-Hant", "English!"}
    await check(graph, FEW)
    await same_when_counted_anew(graph)
    trees = {
        row["tag"]: row["n"] for row in await graph.execute("MATCH (n:Language) RETURN n.tag AS tag, n.growing AS n")
    }
    assert (trees["en"], trees["en-US"], trees["pt-BR"]) == (3, 2, 1)
    leases = await graph.execute(
        "MATCH (:Task)-[lease:LEASES]->(n:Language {tag: 'en'}) RETURN count(lease) AS n, min(lease.until) AS until"
    )
    assert leases[0]["n"] == 3
    assert leases[0]["until"] > 1e12
    # One pool, and one index of texts.
    dan = Worker(graph, FEW, rng, person("dan"))
    assert (await dan.available(lang="en"))["label_initial_prompt"] == 3
    rows = await graph.execute("MATCH (n:Post) RETURN n.lang AS lang, [l IN labels(n) WHERE l <> 'Post'] AS labels")
    assert [row for row in rows if row["labels"] != [search.label(row["lang"])]] == []


async def test_a_crash_between_two_statements_is_made_up_for(graph: Graph, rng: Random) -> None:
    await write_in(graph, ("EN", "pt_br"), rng)
    (step,) = (file for file in schema_files() if file.name == "schema/0007_languages")
    for done in range(len(step.statements)):
        for statement in step.statements[:done]:
            await graph.execute(statement)
    await graph.execute(FORGET_LANGUAGES)
    await schema.apply(graph)
    after = await snapshot(graph)
    for statement in step.statements:
        await graph.execute(statement)
    assert await snapshot(graph) == after
    assert await languages(graph) == {"en", "pt-BR"}
    await check(graph, FEW)
    await same_when_counted_anew(graph)


async def test_processes_that_start_at_once_rename_languages_together(graph: Graph, rng: Random) -> None:
    await write_in(graph, ("EN", "En", "pt_br"), rng)
    await graph.execute(FORGET_LANGUAGES)
    _, failed = await at_once(schema.apply(graph) for _ in range(4))
    assert failed == []
    assert await languages(graph) == {"en", "pt-BR"}
    await check(graph, FEW)
    await same_when_counted_anew(graph)


async def test_the_schema_and_the_program_write_tags_alike(graph: Graph) -> None:
    await graph.execute("UNWIND $texts AS text CREATE (:Language {tag: text})", texts=[*TAGS, *TEXTS])
    await graph.execute(FORGET_LANGUAGES)
    await schema.apply(graph)
    assert await languages(graph) == {normalized(text) for text in [*TAGS, *TEXTS]}


# Leaderboards of graphs that were written when score buckets had another name

FORGET_BUCKETS = "MATCH (s:Schema {name: 'schema/0009_score_buckets'}) DELETE s"
OLD_BUCKETS: tuple[LiteralString, ...] = (
    "DROP INDEX score_bucket_board IF EXISTS",
    "DROP CONSTRAINT score_bucket_key IF EXISTS",
    "DROP INDEX score_range_board IF EXISTS",
    "DROP CONSTRAINT score_range_key IF EXISTS",
    "MATCH (n:ScoreBucket) SET n:Rung, n.flight = n.range REMOVE n:ScoreBucket, n.range",
    "MATCH (n:ScoreRange) SET n:Flight REMOVE n:ScoreRange",
)


async def visible_boards(graph: Graph) -> list[object]:
    """The leaderboards as everybody sees them, and each user's ranks."""
    users = await graph.execute("MATCH (user:User) RETURN user.id AS id ORDER BY id")
    return [
        *[await boards.leaderboard(graph, frame, limit=10) for frame in TimeFrame],
        *[await boards.scores(graph, user["id"]) for user in users],
        *[await boards.window(graph, user["id"], TimeFrame.TOTAL, size=3) for user in users],
    ]


async def as_before(graph: Graph) -> None:
    """Give the graph the score buckets of a graph that was written before the ninth file."""
    third = next(file for file in schema_files() if file.name == "schema/0003_boards")
    for statement in OLD_BUCKETS:
        await graph.execute(statement)
    for statement in third.statements:
        if re.match(r"CREATE (INDEX|CONSTRAINT) (rung|flight)_", statement):
            await graph.execute(statement)
    await graph.execute(FORGET_BUCKETS)


async def test_leaderboards_of_an_older_graph_stay_as_they_were(graph: Graph, rng: Random) -> None:
    await write_in(graph, ("en", "de"), rng)
    await leaderboards.rebuild(graph, now=datetime.now(UTC))
    before, nodes = await visible_boards(graph), await snapshot(graph)
    assert await graph.execute("MATCH (n:ScoreBucket) RETURN n")
    await as_before(graph)
    assert await schema.apply(graph) == ["schema/0009_score_buckets"]
    assert await visible_boards(graph) == before
    assert await snapshot(graph) == nodes
    await same_when_counted_anew(graph)
    assert await graph.execute("MATCH (n:Rung|Flight) RETURN n") == []


async def test_score_buckets_are_renamed_after_a_crash_and_by_several_processes(graph: Graph, rng: Random) -> None:
    await write_in(graph, ("en", "de"), rng)
    await leaderboards.rebuild(graph, now=datetime.now(UTC))
    nodes = await snapshot(graph)
    await as_before(graph)
    step = next(file for file in schema_files() if file.name == "schema/0009_score_buckets")
    for statement in step.statements[:5]:
        await graph.execute(statement)
    _, failed = await at_once(schema.apply(graph) for _ in range(4))
    assert failed == []
    assert await snapshot(graph) == nodes
