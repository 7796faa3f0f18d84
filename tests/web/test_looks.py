"""Every page: no violation that axe knows of, nothing wider than the screen, whatever the colours and the script."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Request, expect

from oa_graph.domain.sessions import SessionRole
from tests.web.conftest import Site
from tests.web.test_operators import PAGES
from tests.web.work import KINDS, RAIN, Kind, take, write

pytestmark = pytest.mark.anyio


async def pages(site: Site, page: Page) -> list[str]:
    """The addresses of all pages but those of tasks."""
    await site.plant(RAIN)
    await take(page, "Write")
    await write(page)
    await page.get_by_text("Saved. Thank you!").wait_for()
    await site.plant({"What is snow?": {}})
    await take(page, "Write")
    await page.get_by_role("link", name="Report").wait_for()
    report = await page.get_by_role("link", name="Report").get_attribute("href")
    over = "/tasks/00000000-0000-4000-8000-000000000000"
    return [
        "/pages/components",
        "/tasks",
        "/mine",
        "/account",
        "/languages",
        "/invites",
        *PAGES,
        str(report),
        over,
        "/invite/x",
    ]


async def check(page: Page, *, width: int) -> None:
    results: Any = await Axe().run(page, options={"resultTypes": ["violations"]})  # pyright: ignore[reportUnknownMemberType] - untyped
    assert results.response["violations"] == [], (page.url, results.generate_report())
    assert await page.evaluate("document.documentElement.scrollWidth") <= width, page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
async def test_pages_are_accessible_and_fit(site: Site, scheme: str, width: int) -> None:
    view: dict[str, Any] = {
        "color_scheme": scheme,
        "viewport": {"width": width, "height": 800},
        "reduced_motion": "reduce",
    }
    page = await site.sign_in(role=SessionRole.OPERATOR, **view)
    for path in await pages(site, page):
        await page.goto(f"{site.url}{path}")
        await check(page, width=width)
    visitor = await site.open(**view)
    for path in ("/", (await site.invite()).removeprefix(site.url)):
        await visitor.goto(f"{site.url}{path}")
        await check(visitor, width=width)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
async def test_tasks_are_accessible_and_fit(site: Site, kind: Kind, scheme: str) -> None:
    await site.plant(*kind.shapes, state=kind.state)
    page = await site.sign_in(
        color_scheme=scheme, viewport={"width": 320, "height": 800}, reduced_motion="reduce", has_touch=True
    )
    await take(page, kind.work)
    await page.get_by_text("Skip this task").click()
    await check(page, width=320)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await check(page, width=1280)


async def test_a_notice_that_the_connection_is_lost_is_accessible(site: Site) -> None:
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    await page.context.set_offline(True)
    await expect(page.get_by_role("alert")).to_contain_text("No connection")
    await page.context.set_offline(False)
    await check(page, width=1280)


async def test_nothing_moves_while_somebody_writes(site: Site) -> None:
    await site.publish_guideline("# Replies\n\nBe kind.\n\nAnd be brief.")
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    await page.reload()
    await page.evaluate(
        """() => {
          window.shift = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
          }).observe({ type: "layout-shift", buffered: true });
        }"""
    )
    await page.locator("#text").press_sequentially("Water that falls.", delay=20)
    await expect(page.locator("[data-draft-status]")).to_have_text("Draft kept in this browser")
    assert await page.evaluate("window.shift") == 0


async def test_the_first_load_is_small(site: Site) -> None:
    page = await site.open()
    sizes: list[int] = []

    async def note(request: Request) -> None:
        measured = await request.sizes()
        sizes.append(measured["responseBodySize"] + measured["responseHeadersSize"])

    page.on("requestfinished", note)
    await page.goto(site.url, wait_until="networkidle")
    await page.goto(f"{site.url}/pages/components", wait_until="networkidle")
    assert 0 < sum(sizes) < 100_000
