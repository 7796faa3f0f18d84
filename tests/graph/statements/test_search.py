"""Search on the real index: what is found and when, in which order, and that nothing typed makes it fail."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.listings import FIRST_ID, LAST_ID, Bound, PageRange, PostFilter
from oa_graph.domain.tasks import TaskKind
from oa_graph.graph import posts
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import schema_files
from oa_graph.policy import search
from tests.builders import ADA, BOB, Worker, plant, text_for
from tests.invariants import check

pytestmark = pytest.mark.anyio

SCHEMA = next(file for file in schema_files() if file.name.endswith("listings"))
THEN = datetime(2026, 1, 1, tzinfo=UTC)

EVERYTHING: PageRange[datetime] = PageRange(low=None, high=None, desc=False, limit=1000)


async def matching_texts(
    graph: Graph,
    typed: str,
    *,
    lang: str = "en",
    span: PageRange[datetime] = EVERYTHING,
    among: PostFilter | None = None,
) -> list[str]:
    among = among or PostFilter(lang=lang)
    asked = search.query(typed, lang, among)
    assert asked is not None
    return [row.post.text for row in await posts.page(graph, span, among=among, viewer=None, search=asked)]


# The schema and the table of languages agree


def test_each_label_has_an_index_with_its_analyzer() -> None:
    made = re.findall(
        r"CREATE FULLTEXT INDEX (\w+) IF NOT EXISTS FOR \(p:(\w+)\).*\n.*analyzer`: '([\w-]+)'",
        "\n".join(SCHEMA.statements),
    )
    expected = [
        ("text_" + label.removeprefix("In").lower(), label, analyzer) for label, analyzer in search.ANALYZERS.items()
    ]
    assert sorted(made) == sorted(expected)


def test_posts_of_older_graphs_get_the_labels_of_the_table() -> None:
    languages = next(file for file in schema_files() if file.name == "schema/0007_languages")
    for statement in (SCHEMA.statements[-1], languages.statements[2]):
        assert dict(re.findall(r"`?([\w-]+)`?: '(In\w+)'", statement)) == search.LABELS


@pytest.mark.parametrize("lang", ["en", "pt-BR", "pt-PT", "ZH", "tlh", ""])
async def test_a_post_of_an_older_graph_is_found(graph: Graph, limits: Limits, lang: str) -> None:
    planted = await plant(graph, {"Rainbow": {}}, lang=lang)
    await graph.execute(
        "MATCH (post:Post {id: $id}) REMOVE post.day, post:$($label)",
        id=planted["Rainbow"],
        label=search.label(lang),
    )
    assert await matching_texts(graph, "rainbow", lang=lang) == []
    await graph.execute(SCHEMA.statements[-1])
    assert await matching_texts(graph, "rainbow", lang=lang) == ["Rainbow"]
    await check(graph, limits)


# What is found


@pytest.mark.parametrize(
    ("lang", "text", "typed"),
    [
        ("en", "Cats were kneading blankets.", "knead blanket cat"),
        ("de", "Die Katzen sind im Garten.", "garten Katze"),
        ("fr", "Les chevaux mangent des pommes.", "cheval pomme"),
        ("es", "Los caballos corren.", "caballo"),
        ("pt-BR", "Os meninos brincavam.", "menino"),
        ("ru", "Кошки спят на диване.", "кошка"),
        ("zh", "为什么天空是蓝色的", "天空"),
        ("ja", "空はなぜ青いのですか", "青い"),
        ("ko", "하늘은 왜 파란가요", "하늘은"),
        ("th", "แมว นอน", "แมว"),
        ("uk", "Коти сплять", "коти"),
        ("tlh", "nuqneH tera'", "NUQNEH"),
    ],
)
async def test_words_are_found_in_the_forms_of_their_language(graph: Graph, lang: str, text: str, typed: str) -> None:
    await plant(graph, {text: {}}, lang=lang)
    assert await matching_texts(graph, typed, lang=lang) == [text]


async def test_every_language_has_an_index_that_works(graph: Graph) -> None:
    for lang in [*search.LABELS, "xx"]:
        await plant(graph, {f"Bonn 1770 {lang}": {}}, lang=lang)
        assert await matching_texts(graph, "bonn 1770", lang=lang) == [f"Bonn 1770 {lang}"]


async def test_all_words_have_to_occur(graph: Graph) -> None:
    await plant(graph, {"Rain falls on cats.": {}}, {"Rain and dogs.": {}})
    assert await matching_texts(graph, "rain cats") == ["Rain falls on cats."]
    assert await matching_texts(graph, "cats dogs") == []
    assert await matching_texts(graph, "cats OR dogs") == []
    assert await matching_texts(graph, "rain -dogs") == ["Rain and dogs."]


async def test_a_phrase_is_found_in_its_order(graph: Graph) -> None:
    await plant(graph, {"Rain falls on cats.": {}}, {"Cats fall like rain.": {}})
    assert await matching_texts(graph, '"rain falls"') == ["Rain falls on cats."]
    assert len(await matching_texts(graph, "rain falls")) == 2


async def test_words_that_are_too_common_count_for_nothing(graph: Graph) -> None:
    await plant(graph, {"The rain is here.": {}})
    assert await matching_texts(graph, "the rain") == ["The rain is here."]
    assert await matching_texts(graph, "the") == []
    assert await matching_texts(graph, "is the") == []
    assert await matching_texts(graph, "?! ...") == []


async def test_the_language_is_met_exactly(graph: Graph) -> None:
    await plant(graph, {"American rain": {}}, lang="en-US")
    await plant(graph, {"British rain": {}}, lang="en")
    assert await matching_texts(graph, "rain") == ["British rain"]
    assert await matching_texts(graph, "rain", lang="en-US") == ["American rain"]
    assert await matching_texts(graph, "rain", lang="en-GB") == []


async def test_an_author_is_met_exactly(graph: Graph, limits: Limits) -> None:
    await plant(graph, {"Rain by Ada": {}}, author=ADA)
    await plant(graph, {"Rain by Bob": {}}, author=BOB)
    ada = await Worker(graph, limits, Random(1), ADA).user()
    assert await matching_texts(graph, "rain", among=PostFilter(lang="en", authors=(ada.id,))) == ["Rain by Ada"]
    assert await matching_texts(graph, "rain", among=PostFilter(lang="en", authors=(ada.id, "nobody"))) == [
        "Rain by Ada"
    ]
    assert await matching_texts(graph, "rain", among=PostFilter(lang="en", authors=())) == []


async def test_a_text_is_found_at_once_after_it_was_written_or_changed(graph: Graph, limits: Limits) -> None:
    ada = Worker(graph, limits, Random(1), ADA)
    for i in range(5):
        task = await ada.ask(TaskKind.INITIAL_PROMPT)
        await ada.settle(text_for(task, await ada.ack(task), f"Zebra number{i}"))
        assert await matching_texts(graph, f"zebras number{i}") == [f"Zebra number{i}"]
    await graph.execute("MATCH (post:Post {text: 'Zebra number3'}) SET post.text = 'A giraffe'")
    assert await matching_texts(graph, "number3") == []
    assert await matching_texts(graph, "giraffes") == ["A giraffe"]


@pytest.mark.parametrize(("lang", "label"), [("de", "InGerman"), ("pt-BR", "InBrazilian"), ("xx", "InOther")])
async def test_a_text_gets_the_label_of_its_own_language(graph: Graph, limits: Limits, lang: str, label: str) -> None:
    ada = Worker(graph, limits, Random(1), ADA)
    task = await ada.ask(TaskKind.INITIAL_PROMPT)
    await ada.settle(text_for(task, await ada.ack(task), "Regenbogen", lang=lang))
    rows = await graph.execute("MATCH (post:Post) RETURN labels(post) AS labels")
    assert [set(row["labels"]) for row in rows] == [{"Post", label}]
    assert await matching_texts(graph, "regenbogen", lang=lang) == ["Regenbogen"]


# Words that many posts have: the search walks through time


@pytest.fixture
async def many(graph: Graph) -> list[tuple[datetime, str]]:
    """Moment and id of more hits than are sorted at once, in clusters with long gaps, many at the same moment."""
    rng = Random(5)
    moments = [
        THEN + timedelta(days=rng.choice([0, 1, 1, 30, 400, 4000, 9000]), minutes=rng.randrange(600))
        for _ in range(1500)
    ]
    hits = [(moment, f"post {i:04}") for i, moment in enumerate(moments)]
    await graph.execute(
        """
        UNWIND $rows AS row
        CREATE (:Post:InEnglish {id: row.id, tree: row.id, text: 'rain ' + row.id, lang: 'en', depth: 0,
          role: 'prompter', created: row.created, deleted: false, day: format(row.created, 'uuuuMMdd')})
        """,
        rows=[{"id": id, "created": moment} for moment, id in hits],
    )
    return sorted(hits)


@pytest.mark.parametrize("desc", [False, True])
async def test_common_words_are_paged_in_order_without_gap(
    graph: Graph, many: list[tuple[datetime, str]], desc: bool
) -> None:
    seen: list[str] = []
    bound: Bound[datetime] | None = None
    while True:
        span = PageRange(low=None if desc else bound, high=bound if desc else None, desc=desc, limit=130)
        shown = await found_posts(graph, span)
        if not shown:
            break
        seen += [id for _, id in shown]
        bound = Bound(*shown[-1])
    assert seen == [id for _, id in (reversed(many) if desc else many)]


@pytest.mark.parametrize("desc", [False, True])
async def test_common_words_are_found_between_two_times(
    graph: Graph, many: list[tuple[datetime, str]], desc: bool
) -> None:
    low, high = many[200][0], many[1300][0]
    span = PageRange(low=Bound(low, FIRST_ID), high=Bound(high, LAST_ID), desc=desc, limit=2000)
    inside = [post for post in many if low <= post[0] <= high]
    assert await found_posts(graph, span) == (inside[::-1] if desc else inside)


async def found_posts(graph: Graph, span: PageRange[datetime]) -> list[tuple[datetime, str]]:
    among = PostFilter(lang="en")
    rows = await posts.page(graph, span, among=among, viewer=None, search=search.query("rain", "en", among))
    return [(row.post.created or THEN, row.post.id) for row in rows]


# Nothing that is typed makes it fail


NASTY = (
    *("AND", "OR NOT", "+", "-", "&&", "||", "!", "(", ")", "((", "[", "]", "[a TO", "{", "}", "^", "^2", '"', '"""'),
    *("~", "~2", "*", "?", ":", "\\", "\\\\", "/", "//", "/a/", "a:b", "text:", "hour:[0 TO 9]", "*:*", "_exists_:a"),
    *('"a b"~3', '"a', "a\\", '\\"', '"\\', "a AND", "NOT", "a^b", "(a OR", "a*", "*a", "?a", "<b>", "'", "`", "$x"),
    *("\u0000", "\ud7ff", "\ufeff", "\U0001f600", "a\u0301", "\u202e", "9" * 512, "a " * 256, '"' + "b " * 250),
    *("天" * 512, "'; DROP", "${jndi:x}", "%s", "\t\n", "- - -", "+ +", "a -b +c", "[* TO *]", "{* TO *}", ">=1", "<"),
)


def nasty() -> list[str]:
    rng = Random(11)
    pieces = [*NASTY[:60], "rain", "cats"]
    return [*NASTY, *("".join(rng.choices(pieces, k=rng.randrange(2, 9))) for _ in range(200 - len(NASTY)))]


@pytest.mark.parametrize("lang", ["en", "zh", "xx"])
async def test_nothing_that_is_typed_fails(graph: Graph, lang: str) -> None:
    await plant(graph, {"Rain on cats.": {}}, lang=lang)
    among = PostFilter(lang=lang)
    for typed in nasty():
        asked = search.query(typed[:512], lang, among)
        if asked is not None:
            assert len(await posts.page(graph, EVERYTHING, among=among, viewer=None, search=asked)) <= 1
