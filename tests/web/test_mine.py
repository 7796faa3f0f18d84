"""The user's own work in the browser: open tasks, and messages that can still be changed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from oa_graph.domain.limits import Limits
from tests.graph.reliability.judgements import review
from tests.web.conftest import Site
from tests.web.test_looks import check
from tests.web.work import RAIN, rows, saved, take, write

pytestmark = pytest.mark.anyio


@pytest.fixture
def limits() -> Limits:
    return Limits(max_children_count=1, num_reviews_reply=1, author_edit_sec=600)


async def with_a_message(site: Site, **options: Any) -> Page:
    """The own work of a user who has just written a reply."""
    await site.plant(RAIN)
    page = await site.sign_in(**options)
    await take(page, "Write")
    await write(page, "Water.")
    await saved(page)
    await page.goto(f"{site.url}/mine")
    await page.get_by_text("Change this message").click()
    return page


async def texts(site: Site) -> list[object]:
    written = await rows(site.graph, "MATCH (:User)-[:WROTE]->(post) RETURN post.text AS text, post.deleted AS deleted")
    return [(post["text"], post["deleted"]) for post in written]


async def test_an_open_task_is_gone_on_with(site: Site) -> None:
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    task = page.url
    await page.goto(f"{site.url}/mine")
    await page.get_by_role("link", name="Go on").click()
    await expect(page).to_have_url(task)


@pytest.mark.parametrize("with_script", [True, False])
async def test_a_message_is_changed(site: Site, with_script: bool) -> None:
    page = await with_a_message(site, java_script_enabled=with_script)
    await page.get_by_label("Your text").fill("Water that falls.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Your message is changed.")).to_be_visible()
    assert await texts(site) == [("Water that falls.", False)]


async def test_a_message_is_withdrawn(site: Site) -> None:
    page = await with_a_message(site)
    await page.get_by_role("button", name="Withdraw").click()
    await expect(page.get_by_text("Your message is withdrawn.")).to_be_visible()
    await expect(page.get_by_text("Change this message")).to_have_count(0)
    assert await texts(site) == [("Water.", True)]


async def test_a_change_that_comes_too_late_is_not_lost(site: Site) -> None:
    page = await with_a_message(site)
    (post,) = await rows(site.graph, "MATCH (:User)-[:WROTE]->(post) RETURN post.id AS id")
    await review(site.graph, post["id"], bob={"spam": 0.0})
    await page.get_by_label("Your text").fill("Water that falls.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("This message can no longer be changed")
    await expect(page.get_by_label("Your text is not lost")).to_have_value("Water that falls.")
    assert await texts(site) == [("Water.", False)]


@pytest.mark.parametrize("width", [1280, 320])
async def test_the_form_of_a_change_is_accessible_and_fits(site: Site, width: int) -> None:
    page = await with_a_message(site, viewport={"width": width, "height": 800}, color_scheme="dark")
    await check(page, width=width)
