"""Analysis in the browser: saved queries, statements of one's own, their pictures and downloads, and the report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from oa_graph.analysis import arrow, plots
from oa_graph.domain.sessions import SessionRole
from oa_graph.domain.trees import TreeState
from oa_graph.errors import PackageMissing
from oa_graph.graph.adhoc import AdhocQueries
from oa_graph.web import results
from tests.builders import Shape
from tests.web.conftest import Site
from tests.web.test_hostile import POSTS
from tests.web.test_looks import check

pytestmark = pytest.mark.anyio

RAIN: Shape = {"What is rain?": {"Water.": {"And snow?": {"Frozen water.": {}}, "Thanks!": {}}, "Weather.": {}}}
SNOW: Shape = {"Was ist Schnee?": {"Gefrorenes Wasser.": {}}}


@pytest.fixture
async def page(site: Site) -> Page:
    """An operator's, in a collection of two languages."""
    await site.plant(RAIN, state=TreeState.READY_FOR_EXPORT)
    await site.plant(SNOW, lang="de")
    return await operator(site)


async def operator(site: Site, **options: Any) -> Page:
    return await site.sign_in("Olga", role=SessionRole.OPERATOR, **options)


async def run(page: Page, site: Site, statement: str, parameters: str = "") -> None:
    await page.goto(f"{site.url}/statement")
    await page.get_by_label("Statement").fill(statement)
    await page.get_by_label("Parameters").fill(parameters)
    await page.get_by_role("button", name="Run").click()


async def rows(page: Page) -> list[list[str]]:
    await page.locator(".answer table").wait_for()
    return await page.locator(".answer tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )


async def saved(page: Page, link: Any) -> tuple[str, Path]:
    async with page.expect_download() as download:
        await link.click()
    file = await download.value
    return file.suggested_filename, Path(await file.path())


def read_parquet(file: Path) -> Any:
    return arrow.parquet().read_table(file)


# Saved queries


async def test_a_saved_query_is_found_filled_in_run_and_drawn(site: Site, page: Page) -> None:
    await page.get_by_role("link", name="Analysis").click()
    await page.get_by_label("Find a query").fill("length texts")
    await page.get_by_role("button", name="Find", exact=True).click()
    await page.get_by_role("link", name="Text lengths").click()
    await expect(page.get_by_text("Not run yet")).to_be_visible()
    await page.get_by_role("button", name="Run").click()
    await expect(page.get_by_role("heading", name="4 rows")).to_be_visible()
    await expect(page.locator(".answer svg.plot")).to_be_visible()
    await page.get_by_label("lang").fill("de")
    await page.get_by_label("Plotted column").select_option("longest_characters")
    await page.get_by_role("button", name="Run").click()
    await expect(page.get_by_role("heading", name="2 rows")).to_be_visible()
    assert [row[0] for row in await rows(page)] == ["de", "de"]
    await expect(page.locator(".answer svg.plot")).to_contain_text("longest_characters")
    assert "p-lang=de" in page.url
    await page.reload()
    await expect(page.get_by_role("heading", name="2 rows")).to_be_visible()


async def test_wrong_parameters_and_empty_answers_say_why(site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/queries/text_lengths?run=1&p-posts=many")
    await expect(page.get_by_role("alert")).to_contain_text("The parameter posts is INTEGER")
    await expect(page.get_by_label("posts")).to_have_value("many")
    await page.goto(f"{site.url}/queries/position_bias?run=1")
    await expect(page.get_by_text("the graph holds no rankings")).to_be_visible()
    await page.goto(f"{site.url}/queries/unheard_of")
    await expect(page.get_by_role("alert")).to_be_visible()


async def test_ids_of_trees_and_posts_are_links(site: Site, page: Page) -> None:
    post = (await site.plant({"Prompt": {}}))["Prompt"]
    await page.goto(f"{site.url}/queries/thread?run=1&p-post={post}")
    await page.locator(".answer tbody a").first.click()
    await expect(page.locator("#reader .post")).to_have_text("Prompt")


async def test_downloads_hold_every_row_with_its_types(site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/queries/tree_states?run=1&p-lang=en")
    name, file = await saved(page, page.get_by_role("link", name="JSON Lines"))
    assert name == "tree_states.jsonl"
    (line,) = file.read_text("utf-8").splitlines()
    assert json.loads(line).items() >= {"state": "ready_for_export", "lang": "en", "trees": 1}.items()
    name, file = await saved(page, page.get_by_role("link", name="Parquet"))
    assert name == "tree_states.parquet"
    table = read_parquet(file)
    assert table.column("trees").to_pylist() == [1]
    assert str(table.schema.field("oldest").type) == "timestamp[us, tz=UTC]"


async def test_a_long_answer_is_cut_on_the_page_and_whole_in_a_download(site: Site, page: Page) -> None:
    await run(page, site, "UNWIND range(1, 1000) AS number RETURN number, 'a' AS text")
    await expect(page.get_by_role("heading", name="The first 200 rows")).to_be_visible()
    assert len(await rows(page)) == results.MAX_ROWS
    _, file = await saved(page, page.get_by_role("button", name="JSON Lines"))
    assert len(file.read_text("utf-8").splitlines()) == 1000
    _, file = await saved(page, page.get_by_role("button", name="Parquet"))
    assert read_parquet(file).num_rows == 1000


# Statements


async def test_a_statement_takes_parameters_and_keeps_its_text(site: Site, page: Page) -> None:
    statement = "MATCH (post:Post {lang: $lang})\nRETURN post.text AS text ORDER BY text"
    await run(page, site, statement, '{"lang": "de"}')
    assert await rows(page) == [["Gefrorenes Wasser."], ["Was ist Schnee?"]]
    await expect(page.get_by_label("Statement")).to_have_value(statement)


@pytest.mark.parametrize(
    ("statement", "parameters", "words"),
    [
        ("CREATE (n)", "", "it writes"),
        ("MATCH (n) RETURN m", "", "Variable `m` not defined"),
        ("LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line", "", "it reads files and addresses"),
        ("RETURN 1 AS one", "[1]", "they have to be a JSON object"),
    ],
)
async def test_what_the_guard_refuses_is_said(
    site: Site, page: Page, statement: str, parameters: str, words: str
) -> None:
    await run(page, site, statement, parameters)
    await expect(page.get_by_role("alert")).to_contain_text(words)
    await expect(page.get_by_label("Statement")).to_have_value(statement)


async def test_nodes_come_back_as_a_graph_whose_posts_are_links(site: Site, page: Page) -> None:
    await run(page, site, "MATCH (reply:Post)-[edge:REPLY_TO]->(post:Post {lang: 'en'}) RETURN reply, edge, post")
    graph = page.locator(".answer svg.network")
    await expect(graph.locator("circle")).to_have_count(6)
    await expect(graph.locator("line")).to_have_count(5)
    await graph.get_by_text("Frozen water.").last.click()
    await expect(page.locator("#reader .post").last).to_have_text("Frozen water.")
    await run(page, site, "MATCH path = (:Post {text: 'Thanks!'})-[:REPLY_TO]->{1,3}(:Post) RETURN path")
    await expect(graph.locator("circle")).to_have_count(3)


async def test_analysis_is_for_operators(site: Site, page: Page) -> None:
    worker = await site.sign_in()
    assert await worker.get_by_role("link", name="Analysis").count() == 0
    for path in (
        "/queries",
        "/queries/thread?run=1",
        "/queries/thread/download",
        "/statement",
        "/report",
        "/report/file",
    ):
        response = await worker.goto(f"{site.url}{path}")
        assert response is not None
        assert response.status == 403, path


async def test_a_statement_of_another_site_is_not_run(site: Site, page: Page) -> None:
    cookies = {cookie["name"]: cookie["value"] for cookie in await page.context.cookies()}  # pyright: ignore
    async with httpx.AsyncClient(base_url=site.url, cookies=cookies, trust_env=False) as http:
        for path in ("/statement", "/statement/download"):
            got = await http.post(path, data={"text": "RETURN 1 AS one"}, headers={"Origin": "http://evil.example"})
            assert got.status_code == 403


async def test_a_busy_service_says_so(site: Site, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AdhocQueries, "at_work", 99)
    await run(page, site, "RETURN 1 AS one")
    await expect(page.get_by_role("alert")).to_contain_text("Other statements are running")


def missing(package: str, extra: str) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise PackageMissing(package=package, extra=extra)

    return fail


async def test_extras_that_are_missing_are_named(site: Site, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "bars", missing("matplotlib", "analysis"))
    monkeypatch.setattr(arrow, "parquet", missing("pyarrow", "parquet"))
    await page.goto(f"{site.url}/queries/text_lengths?run=1")
    await expect(page.get_by_text("This needs the package matplotlib")).to_be_visible()
    assert len(await rows(page)) == 4
    await page.goto(f"{site.url}/queries/text_lengths/download?as=parquet")
    await expect(page.get_by_role("alert")).to_contain_text("This needs the package pyarrow")
    monkeypatch.setattr(plots, "columns", missing("matplotlib", "analysis"))
    await page.goto(f"{site.url}/report")
    await expect(page.get_by_role("alert")).to_contain_text("This needs the package matplotlib")


async def test_hostile_texts_stay_text_in_tables_plots_and_graphs(site: Site, page: Page) -> None:
    for texts in (POSTS[:30], POSTS[30:]):
        statements: Sequence[str] = (
            "UNWIND $texts AS text RETURN text, size(text) AS length",
            "UNWIND $texts AS text RETURN left(text, 40) AS text, size(text) AS length",
            "UNWIND $texts AS text RETURN {labels: [text], id: text, text: text} AS node, {type: text} AS edge, "
            "{labels: ['x'], id: 'x'} AS other",
        )
        for statement in statements:
            await run(page, site, statement, json.dumps({"texts": texts}))
            await page.locator(".answer table").wait_for()
            dangerous = ".answer :is(script, style, img, iframe, foreignObject, animate, [onload], [style], [onerror])"
            assert await page.locator(dangerous).count() == 0
            assert await page.evaluate("window.hacked") is None


# The report


async def test_the_report_is_made_in_the_background_shown_and_downloaded(site: Site, page: Page) -> None:
    await page.get_by_role("link", name="Analysis").click()
    await page.get_by_role("link", name="Analysis report").click()
    await expect(page.get_by_role("heading", name="Growth")).to_be_visible()
    await expect(page.locator(".figure", has_text="trees")).to_contain_text("2")
    assert await page.locator("svg.plot").count() > 2
    await site.plant({"One more": {}})
    await page.reload()
    await expect(page.locator(".figure").first).to_contain_text("2")
    await page.get_by_role("link", name="Make a new one").click()
    await expect(page.locator(".figure").first).to_contain_text("3")
    await page.goto(f"{site.url}/report?lang=de")
    await expect(page.locator(".figure").first).to_contain_text("1")
    name, file = await saved(page, page.get_by_role("link", name="Download as a page"))
    assert name == "report.html"
    assert "<h1>Conversation trees" in file.read_text("utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
async def test_analysis_is_accessible_and_fits(site: Site, page: Page, scheme: str, width: int) -> None:
    view = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, "reduced_motion": "reduce"}
    looking = await operator(site, **view)

    for path in ("/queries", "/queries?find=xyz", "/queries/thread", "/queries/text_lengths?run=1", "/statement"):
        await looking.goto(f"{site.url}{path}")
        await check(looking, width=width)
    await run(looking, site, "MATCH (reply:Post)-[edge:REPLY_TO]->(post:Post) RETURN reply, edge, post")
    await looking.locator(".answer svg.network").wait_for()
    await check(looking, width=width)
    await looking.goto(f"{site.url}/report")
    await looking.get_by_role("heading", name="Growth").wait_for()
    await check(looking, width=width)
