"""What somebody has written is never lost, and nothing is stored twice."""

from __future__ import annotations

from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from oa_graph.domain.limits import Limits
from oa_graph.graph.session import Graph
from tests.builders import BOB, Worker, lapse
from tests.http.api.conftest import serving
from tests.web.conftest import Site
from tests.web.work import RAIN, TASK_ADDRESS, rows, saved, take, write

pytestmark = pytest.mark.anyio

TEXT = "Water that falls from clouds.\n\nSome of it is snow: ❄ \U0001f327 مطر"


async def entered(page: Page) -> None:
    """Begin a text, and wait until the browser has it."""
    await page.locator("#text").fill(TEXT)
    await expect(page.locator("[data-draft-status]")).to_have_text("Draft kept in this browser")


async def texts(graph: Graph) -> list[str]:
    return [row["text"] for row in await rows(graph, "MATCH (:User)-[:WROTE]->(post) RETURN post.text AS text")]


async def test_a_draft_survives_a_reload_and_leaving_and_goes_with_its_answer(site: Site) -> None:
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    await entered(page)
    await page.reload()
    await expect(page.locator("#text")).to_have_value(TEXT)
    await expect(page.locator("[data-draft-status]")).to_have_text("Your draft is back")
    await page.goto(f"{site.url}/tasks")
    await page.get_by_role("link", name="Go on").click()
    await expect(page.locator("#text")).to_have_value(TEXT)
    await page.get_by_role("button", name="Send", exact=True).click()
    await saved(page)
    assert await texts(site.graph) == [TEXT]
    assert await page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('oa-graph draft'))") == []


async def test_reviews_and_rankings_are_kept_as_well(site: Site) -> None:
    await site.plant({"What is rain?": {"?Water.": {}}})
    page = await site.sign_in()
    await take(page, "Review")
    await page.get_by_role("radiogroup", name="Quality").get_by_role("radio", name="excellent").check(force=True)
    await page.get_by_role("switch", name="Hate speech").check(force=True)
    while not await page.evaluate("Object.keys(localStorage).some(key => key.startsWith('oa-graph draft'))"):
        await page.wait_for_timeout(50)
    await page.reload()
    await expect(page.get_by_role("radiogroup", name="Quality").get_by_role("radio", name="excellent")).to_be_checked()
    await expect(page.get_by_role("switch", name="Hate speech")).to_be_checked()


async def test_a_lost_connection_keeps_the_page_and_the_text_is_sent_later(site: Site) -> None:
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    await entered(page)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("No connection")
    await expect(page.locator("#text")).to_have_value(TEXT)
    await page.context.set_offline(False)
    await page.get_by_role("button", name="Send", exact=True).click()
    await saved(page)
    assert await texts(site.graph) == [TEXT]


async def test_a_restart_of_the_service_in_the_middle_loses_nothing(
    graph: Graph, browser: Browser, limits: Limits
) -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(graph, limits))
        site = Site(url, graph, browser, limits)
        await site.plant(RAIN)
        page = await site.sign_in()
        await take(page, "Write")
        await entered(page)
        await stack.aclose()
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("No connection")
        async with serving(graph, limits, port=urlsplit(url).port or 0):
            await page.reload()
            await expect(page.locator("#text")).to_have_value(TEXT)
            await page.get_by_role("button", name="Send", exact=True).click()
            await saved(page)
            await page.context.close()
        assert await texts(graph) == [TEXT]


async def test_a_late_text_is_taken_although_its_place_is_no_longer_reserved(site: Site) -> None:
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    await entered(page)
    await lapse(site.graph)
    await page.reload()
    await expect(page.locator(".lease, .task-head")).not_to_contain_text("Reserved for you until")
    await page.get_by_role("button", name="Send", exact=True).click()
    await saved(page)
    assert await texts(site.graph) == [TEXT]


async def test_a_text_whose_task_is_over_is_shown_and_stays_in_the_browser(site: Site, limits: Limits) -> None:
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    await entered(page)
    await site.graph.execute("MATCH (task:Task) SET task.expires = task.created")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("This task is too old to be answered.")
    await expect(page.get_by_label("Your text is not lost")).to_have_value(TEXT)
    await page.get_by_role("link", name="To the tasks").click()
    unsent = page.locator("[data-unsent]")
    await expect(unsent).to_contain_text("Water that falls from clouds.")
    await unsent.get_by_role("button", name="Discard").click()
    await page.reload()
    await expect(unsent).to_be_hidden()
    assert await texts(site.graph) == []


async def test_two_clicks_store_one_text(site: Site) -> None:
    await site.plant(RAIN)
    for with_script in (True, False):
        page = await site.sign_in(java_script_enabled=with_script)
        await take(page, "Write" if with_script else "Begin a conversation")
        await page.locator("#text").fill(f"Once, with scripts: {with_script}")
        await page.get_by_role("button", name="Send", exact=True).dblclick()
        await saved(page)
    assert sorted(await texts(site.graph)) == ["Once, with scripts: False", "Once, with scripts: True"]


@pytest.mark.parametrize("with_script", [True, False], ids=["with scripts", "without scripts"])
async def test_two_clicks_take_one_task(site: Site, with_script: bool) -> None:
    await site.plant(RAIN, {"What is snow?": {}}, {"What is hail?": {}})
    page = await site.sign_in(java_script_enabled=with_script)
    await page.get_by_role("radio", name="Write", exact=True).check(force=True)
    await page.get_by_role("button", name="Get a task").dblclick()
    await expect(page).to_have_url(TASK_ADDRESS)
    await page.locator("#text").fill("Water that falls.")
    await page.get_by_role("button", name="Send", exact=True).dblclick()
    await saved(page)
    assert len(await rows(site.graph, "MATCH (task:Task) RETURN task.id AS id")) == 2


async def test_a_second_tab_and_the_back_button_do_no_harm(site: Site) -> None:
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    address = page.url.partition("?")[0]
    second = await page.context.new_page()
    await second.goto(address)
    await second.locator("#text").fill("From the second tab.")
    await write(page)
    await saved(page)
    await second.get_by_role("button", name="Send", exact=True).click()
    await expect(second.get_by_role("alert")).to_contain_text("answered or skipped before")
    await expect(second.get_by_label("Your text is not lost")).to_have_value("From the second tab.")
    await page.goto(address)
    await expect(page.get_by_role("heading", level=1)).to_have_text("This task is over")
    assert await texts(site.graph) == ["Water that falls from clouds."]


async def test_drafts_of_two_people_in_one_browser_stay_apart(site: Site) -> None:
    page = await site.sign_in("Ada")
    await take(page, "Begin a conversation")
    await entered(page)
    await site.graph.execute("MATCH (task:Task) SET task.expires = task.created")
    await page.goto(f"{site.url}/account")
    await page.get_by_role("button", name="Sign out").click()
    await page.goto(await site.invite())
    await page.get_by_label("What shall we call you?").fill("Bob")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="To the tasks").click()
    await expect(page.locator("[data-unsent]")).to_be_hidden()


async def test_the_place_is_kept_while_somebody_types(graph: Graph, browser: Browser) -> None:
    limits = Limits(max_children_count=1, lease_sec=20)
    async with serving(graph, limits) as url:
        site = Site(url, graph, browser, limits)
        await site.plant(RAIN)
        page = await site.sign_in()
        await take(page, "Write")
        until = "MATCH (:Task)-[lease:LEASES]->(:Post) RETURN lease.until AS until"
        (before,) = await rows(graph, until)
        async with page.expect_response("**/renew") as renewal:
            for _ in range(200):
                await page.locator("#text").press_sequentially("rain ", delay=30)
                if renewal.is_done():  # pyright: ignore[reportAttributeAccessIssue]
                    break
        assert (await (await renewal.value).json())["until"]
        (after,) = await rows(graph, until)
        assert after["until"] > before["until"]
        await page.context.close()


async def test_a_place_that_somebody_else_took_is_said_to_be_lost(site: Site, rng: object, limits: Limits) -> None:
    from random import Random

    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    await lapse(site.graph)
    bob = Worker(site.graph, limits, Random(1), BOB)
    await bob.write(await bob.ask(), "Bob was quicker.")
    await page.reload()
    await page.locator("#text").fill("Late, and not lost.")
    await page.get_by_role("button", name="Send", exact=True).click()
    await saved(page)
    assert sorted(await texts(site.graph)) == ["Bob was quicker.", "Late, and not lost."]
