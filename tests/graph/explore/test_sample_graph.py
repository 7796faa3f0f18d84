"""Every statement for analysts, in a graph whose answers are counted by hand."""

from __future__ import annotations

import re

import pytest

from oa_graph.graph.saved_queries import run_saved_query, saved_queries
from oa_graph.graph.session import Graph
from oa_graph.graph.statements import Statement
from tests.graph.explore import samples
from tests.graph.explore.answers import ANSWERS, Answer, legible
from tests.graph.explore.sample_graph import PARAMETERS, plant_garden

pytestmark = pytest.mark.anyio

QUERIES = {query.short: query for query in saved_queries()}


async def empty(graph: Graph) -> None:
    await graph.execute("MATCH (n) WHERE NOT n:Schema CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS")


@pytest.fixture(scope="module")
async def garden(connected: Graph) -> Graph:
    await empty(connected)
    await plant_garden(connected)
    return connected


async def asked(graph: Graph, name: str, **arguments: object) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    async with run_saved_query(graph, name, arguments) as answer:
        return answer.columns, [tuple(legible(value) for value in row) async for row in answer.rows]


async def test_an_order_does_not_depend_on_what_came_first(connected: Graph) -> None:
    await empty(connected)
    await plant_garden(connected, backwards=True)
    for answer in ANSWERS:
        assert (await asked(connected, answer.name, **answer.arguments))[1] == answer.rows, answer


def test_each_statement_has_an_answer() -> None:
    assert {answer.name for answer in ANSWERS} == set(QUERIES)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: " ".join([answer.name, *map(str, answer.arguments)]))
async def test_the_garden_answers(garden: Graph, answer: Answer) -> None:
    columns, rows = await asked(garden, answer.name, **answer.arguments)
    assert rows == answer.rows
    assert list(columns) == list(QUERIES[answer.name].outputs)


@pytest.mark.parametrize("name", [name for name, query in QUERIES.items() if "lang" in query.inputs])
async def test_a_language_that_nobody_speaks_has_nothing(garden: Graph, name: str) -> None:
    assert (await asked(garden, name, lang="tlh"))[1] == []


@pytest.mark.parametrize("name", QUERIES)
async def test_a_limit_takes_the_first_rows(garden: Graph, name: str) -> None:
    arguments = PARAMETERS.get(name, {})
    _, everything = await asked(garden, name, **arguments)
    for limit in (1, 2):
        assert (await asked(garden, name, **{**arguments, "limit": limit}))[1] == everything[:limit]
    columns, nothing = await asked(garden, name, **{**arguments, "limit": 0})
    assert (list(columns), nothing) == (list(QUERIES[name].outputs), [])


async def test_the_samples_in_the_readme_are_what_the_garden_answers(garden: Graph) -> None:
    now = samples.current_samples(samples.README.read_text("utf-8"))
    assert now == await samples.section(garden), "write them anew: python -m tests.graph.explore.samples"


_TYPES: dict[str, type | tuple[type, ...]] = {
    "STRING": str,
    "INTEGER": int,
    "FLOAT": float,
    "BOOLEAN": bool,
    "LIST<STRING>": list,
    "LIST<INTEGER>": list,
    "DATE": str,
    "ZONED DATETIME": str,
}


def declared(query: Statement, column: str) -> type | tuple[type, ...]:
    meaning = query.outputs[column]
    return next(kind for name, kind in _TYPES.items() if meaning.startswith(name))


_STATISTIC = re.compile(r"p\d+|median|longest|shortest")
_PART = re.compile(r"FLOAT +(part|of those|of the \w+, those) ")


@pytest.mark.parametrize("name", QUERIES)
def test_a_column_says_in_its_name_what_it_is_measured_in(name: str) -> None:
    outputs = QUERIES[name].outputs
    assert [column for column in outputs if _STATISTIC.fullmatch(column)] == []
    shares = {column for column, meaning in outputs.items() if _PART.match(meaning)}
    assert [column for column in sorted(shares) if not re.search(r"(^|_)share$", column)] == []


@pytest.mark.parametrize("name", QUERIES)
def test_no_value_is_rounded_before_it_is_shown(name: str) -> None:
    assert not re.search(r"\bround\(", QUERIES[name].text)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: " ".join([answer.name, *map(str, answer.arguments)]))
async def test_values_are_of_the_type_that_the_header_says(garden: Graph, answer: Answer) -> None:
    query = QUERIES[answer.name]
    columns, rows = await asked(garden, answer.name, **answer.arguments)
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            assert value is None or type(value) is declared(query, column), (column, value)
