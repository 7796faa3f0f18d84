"""The explorer: trees are found, drawn and read, by operators at any time and by others once they are finished."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from oa_graph.domain.sessions import SessionRole
from oa_graph.domain.trees import TreeState
from oa_graph.web.request import PageRequest
from tests.builders import Planted, Shape
from tests.web.conftest import Site
from tests.web.test_hostile import POSTS
from tests.web.test_looks import check

pytestmark = pytest.mark.anyio

RAIN: Shape = {
    "What is rain?": {
        "Water that falls from clouds.": {"And snow?": {"Frozen water.": {}}, "Thanks!": {}},
        "A kind of weather.": {},
        "!Buy umbrellas": {},
        "-Somebody's telephone number": {},
    }
}
FINISHED = TreeState.READY_FOR_EXPORT
RANKS = "MATCH (post:Post) WHERE post.text IN ['Water that falls from clouds.', 'A kind of weather.'] SET post.rank = "


async def rain(site: Site, state: TreeState = FINISHED) -> Planted:
    planted = await site.plant(RAIN, state=state)
    await site.graph.execute(RANKS + "CASE WHEN post.text STARTS WITH 'Water' THEN 0 ELSE 1 END")  # pyright: ignore[reportArgumentType]
    return planted


async def operator(site: Site, **options: Any) -> Page:
    return await site.sign_in("Olga", role=SessionRole.OPERATOR, **options)


def bubbles(page: Page) -> Locator:
    return page.locator("#reader .bubble .post")


def box(page: Page, text: str) -> Locator:
    return page.locator(".picture a", has=page.locator("title", has_text=text))


async def test_a_worker_sees_finished_trees_alone(site: Site) -> None:
    await rain(site)
    growing = await site.plant({"What grows?": {"Grass.": {}}}, state=TreeState.GROWING)
    worker = await site.sign_in()
    await worker.get_by_role("link", name="Trees").click()
    await expect(worker.get_by_role("link", name="What is rain?")).to_be_visible()
    assert await worker.get_by_text("What grows?").count() == 0
    await worker.goto(f"{site.url}/trees?state=growing")
    assert await worker.get_by_text("What grows?").count() == 0
    await worker.goto(f"{site.url}/trees?q=grows")
    await expect(worker.get_by_text("No message holds these words")).to_be_visible()
    for id in (growing["What grows?"], growing["Grass."]):
        response = await worker.goto(f"{site.url}/trees/{id}")
        assert response is not None
        assert response.status == 403
        await expect(worker.get_by_role("heading", name="Not finished yet")).to_be_visible()
        assert await worker.get_by_text("Grass.").count() == 0
    page = await operator(site)
    await page.goto(f"{site.url}/trees?state=growing&lang=en&since=2020-01-01")
    await page.get_by_role("link", name="What grows?").click()
    await expect(box(page, "Grass.")).to_be_visible()


async def test_deleted_messages_are_for_operators(site: Site) -> None:
    id = (await rain(site))["What is rain?"]
    worker = await site.sign_in()
    await worker.goto(f"{site.url}/trees/{id}")
    await expect(box(worker, "Buy umbrellas")).to_contain_text("not accepted")
    assert "telephone" not in await worker.content()
    page = await operator(site)
    await page.goto(f"{site.url}/trees/{id}")
    await expect(box(page, "telephone")).to_contain_text("removed")


async def test_a_tree_begins_with_its_best_thread_and_follows_what_is_chosen(site: Site) -> None:
    id = (await rain(site))["What is rain?"]
    page = await operator(site)
    await page.goto(f"{site.url}/trees")
    await page.get_by_role("link", name="What is rain?").click()
    await expect(bubbles(page)).to_have_text(["What is rain?", "Water that falls from clouds."])
    await expect(page.locator(".turns")).to_contain_text("1 / 4")
    await page.get_by_role("link", name="Next reply").click()
    await expect(bubbles(page)).to_have_text(["What is rain?", "A kind of weather."])
    await expect(box(page, "A kind of weather.")).to_have_attribute("aria-current", "true")
    await box(page, "Frozen water.").click()
    await expect(bubbles(page)).to_have_count(4)
    assert page.url.startswith(f"{site.url}/trees/{id}?post=")
    await expect(page.locator(".picture a[aria-current]")).to_have_count(1)
    await page.go_back()
    await expect(bubbles(page)).to_have_text(["What is rain?", "A kind of weather."])


async def test_a_drawing_is_zoomed_by_buttons_keys_and_wheel_and_moved_by_the_mouse(site: Site) -> None:
    id = (await rain(site))["What is rain?"]
    page = await operator(site, viewport={"width": 1100, "height": 700})
    await page.goto(f"{site.url}/trees/{id}")
    drawing, frame = page.locator(".picture-frame svg"), page.locator(".picture-frame")

    async def width() -> float:
        return float(await drawing.get_attribute("width") or 0)

    before = await width()
    await page.get_by_role("button", name="Larger").click()
    assert await width() == pytest.approx(before * 1.25)
    await frame.focus()
    await page.keyboard.press("-")
    assert await width() == pytest.approx(before)
    unzoomed = str(await drawing.get_attribute("width"))
    await frame.hover()
    await page.keyboard.down("Control")
    await page.mouse.wheel(0, -200)
    await page.keyboard.up("Control")
    await expect(drawing).not_to_have_attribute("width", unzoomed)
    assert await width() > before
    place = await frame.bounding_box()
    assert place
    before_drag = await frame.evaluate("frame => frame.scrollLeft")
    await page.mouse.move(place["x"] + 300, place["y"] + 150)
    await page.mouse.down()
    await page.mouse.move(place["x"] + 250, place["y"] + 150, steps=3)
    await page.mouse.up()
    assert await frame.evaluate("frame => frame.scrollLeft") == pytest.approx(before_drag + 50, abs=1)
    await expect(bubbles(page)).to_have_count(2)
    await page.get_by_role("button", name="The whole tree").click()
    assert await frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")


async def test_without_script_the_drawing_is_a_picture_of_links(site: Site) -> None:
    await rain(site)
    page = await operator(site, java_script_enabled=False)
    await page.goto(f"{site.url}/trees?q=frozen")
    await page.get_by_role("link", name="Frozen water.").click()
    await expect(bubbles(page)).to_have_count(4)
    assert await page.get_by_role("button", name="Larger").count() == 0
    await box(page, "A kind of weather.").click()
    await expect(bubbles(page)).to_have_text(["What is rain?", "A kind of weather."])


async def test_a_message_tells_its_labels_opinions_and_versions(site: Site) -> None:
    planted = await rain(site)
    id, text = planted["Water that falls from clouds."], "Water that falls from clouds."
    await site.graph.execute(
        """
        MATCH (post:Post {id: $id}) SET post.edited = true
        UNWIND [[0.0, 0.5, ''], [0.0, 1.0, 'well said']] AS given
        CREATE (:Review {id: randomUUID(), key: given[1], maker: 'm', text: given[2], created: datetime(),
          spam: given[0], quality: given[1]})-[:OF]->(post)
        WITH DISTINCT post UNWIND ['Water.', post.text] AS text
        CREATE (:Revision {id: randomUUID(), number: CASE text WHEN 'Water.' THEN 0 ELSE 1 END, text: text,
          created: datetime(), editor: 'm'})-[:VERSION_OF]->(post)
        """,
        id=id,
    )
    page = await operator(site)
    await page.goto(f"{site.url}/trees/{id}")
    await expect(bubbles(page).last).to_have_text(text)
    await expect(page.locator(".meter", has_text="Quality")).to_contain_text("0.75")
    await page.get_by_text("2 single opinions").click()
    await expect(page.get_by_text("well said")).to_be_visible()
    await page.get_by_text("2 versions").click()
    await expect(page.get_by_text("Water.", exact=True)).to_be_visible()
    worker = await site.sign_in()
    await worker.goto(f"{site.url}/trees/{id}")
    await expect(worker.locator(".meter", has_text="Quality")).to_contain_text("0.75")
    assert "well said" not in await worker.content()
    assert "2 versions" not in await worker.content()


async def test_odd_addresses_are_answered(site: Site) -> None:
    page = await operator(site)
    for query in (
        "since=9999-12-31&until=9999-12-31",
        "since=yesterday&until=0001-01-01",
        "after=0001-01-01T00:00:00%2B14:00$x",
        "after=$&state=asleep&lang=%00",
        "q=%22%22%20%2B%20the&lang=xx-%22%5C",
        f"q={'long%20' * 300}",
    ):
        response = await page.goto(f"{site.url}/trees?{query}")
        assert response is not None
        assert response.status == 200, query
    unknown = "00000000-0000-4000-8000-000000000000"
    response = await page.goto(f"{site.url}/trees/{unknown}?post=x")
    assert response is not None
    assert response.status == 404


async def test_hostile_posts_stay_text_in_drawings_lists_and_threads(site: Site) -> None:
    shape: Shape = {"What is rain?": {f"Post {number}": {} for number in range(len(POSTS))}}
    planted = await site.plant(shape, state=FINISHED)
    await site.graph.execute(
        "UNWIND $rows AS row MATCH (post:Post {id: row[0]}) SET post.text = row[1], post.model_name = row[1]",
        rows=[[planted[f"Post {number}"], post] for number, post in enumerate(POSTS)],
    )
    await site.graph.execute(
        "MATCH (post:Post {id: $id}) SET post.text = $post", id=planted["What is rain?"], post=POSTS[5]
    )
    page = await operator(site)
    await page.goto(f"{site.url}/trees")
    for path in (f"/trees/{planted['What is rain?']}", f"/trees/{planted['Post 3']}", "/trees"):
        await page.goto(f"{site.url}{path}")
        dangerous = ".picture-frame :is(script, style, img, iframe, foreignObject, animate, [onload], [style])"
        assert await page.locator(dangerous).count() == 0
        assert await page.evaluate("window.hacked") is None
    await page.goto(f"{site.url}/trees/{planted['What is rain?']}")
    links = page.locator(".picture a[data-post]")
    await expect(links).to_have_count(len(POSTS) + 1)
    for address in await links.evaluate_all("links => links.map(link => link.getAttribute('href'))"):
        assert address.startswith("/trees/")


async def test_operators_open_the_node_in_the_neo4j_browser_where_that_is_known(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = (await rain(site))["What is rain?"]
    page, worker = await operator(site), await site.sign_in()
    link = page.get_by_role("link", name="Open in the Neo4j Browser")
    await page.goto(f"{site.url}/trees/{id}")
    assert await link.count() == 0
    monkeypatch.setattr(PageRequest, "neo4j_browser", "http://127.0.0.1:7474")
    await page.reload()
    address = await link.get_attribute("href")
    assert address
    assert address.startswith("http://127.0.0.1:7474/browser/?cmd=edit&arg=MATCH%20")
    await worker.goto(f"{site.url}/trees/{id}")
    assert await worker.get_by_text("Neo4j").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
async def test_the_explorer_is_accessible_and_fits(site: Site, scheme: str, width: int) -> None:
    id = (await rain(site))["What is rain?"]
    view = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, "reduced_motion": "reduce"}
    page = await operator(site, **view)
    for path in ("/trees", "/trees?q=water", "/trees?q=nothing-like-this", f"/trees/{id}"):
        await page.goto(f"{site.url}{path}")
        await check(page, width=width)
