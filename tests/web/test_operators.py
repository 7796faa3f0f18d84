"""An operator's day: what the collection needs, reports, people, clients, guidelines, limits, data."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from oa_graph.domain.limits import Limits
from oa_graph.domain.sessions import SessionRole
from oa_graph.domain.trees import TreeState
from tests.graph.reliability.judgements import review
from tests.web.conftest import Site
from tests.web.work import RAIN, rows, saved, take, write

pytestmark = pytest.mark.anyio

HOSTILE = "<img src=x onerror=document.title='hacked'>"
PAGES = (
    "/overview",
    "/reports",
    "/reports/contested",
    "/people",
    "/people?by=objections",
    "/people?by=agreement",
    "/clients",
    "/guidelines",
    "/guidelines/edit?kind=assistant_reply&lang=en",
    "/limits",
    "/datasets",
)


async def operator(site: Site, path: str, **options: object) -> Page:
    """A page where an operator is signed in."""
    page = await site.sign_in("Grace", role=SessionRole.OPERATOR, **options)
    await page.goto(f"{site.url}{path}")
    return page


async def reported(site: Site) -> Page:
    """Somebody reports the message that a task shows; the page of that person."""
    await site.plant(RAIN)
    page = await site.sign_in("Ada")
    await take(page, "Write")
    await page.get_by_role("link", name="Report").click()
    await page.get_by_label("In your own words").fill(HOSTILE)
    await page.get_by_role("button", name="Report").click()
    await page.get_by_text("Your report is stored.").wait_for()
    return page


async def is_deleted(site: Site) -> bool:
    (row,) = await rows(site.graph, "MATCH (post:Post) RETURN post.deleted AS deleted")
    return bool(row["deleted"])


async def test_the_overview_tells_what_is_wanted_and_keeps_up(site: Site) -> None:
    await site.plant(RAIN)
    page = await operator(site, "/overview")
    work = page.get_by_role("region", name="Open work")
    await expect(work.get_by_role("row")).to_have_count(2)
    await expect(work.get_by_role("row").last).to_contain_text("Reply as the assistant")
    await expect(page.get_by_role("region", name="Trees")).to_contain_text("growing")
    ada = await site.sign_in("Ada")
    await take(ada, "Write")
    await expect(work.get_by_role("row").last).to_contain_text(" s")  # until her lease ends: it came by polling
    await expect(page.locator("#now")).not_to_have_class("is-stale")
    await page.context.set_offline(True)
    await expect(page.get_by_text("Not up to date")).to_be_visible()
    await expect(work.get_by_role("row")).to_have_count(2)


async def test_a_report_is_decided_by_one_key_and_undone_by_another(site: Site) -> None:
    await reported(site)
    page = await operator(site, "/reports")
    case = page.get_by_role("listitem").filter(has_text="What is rain?")
    await expect(case).to_contain_text(HOSTILE)
    await expect(case).to_be_focused()
    await page.keyboard.press("d")
    await expect(page.get_by_text("The message is deleted, with all below it.")).to_be_visible()
    assert await is_deleted(site)
    await expect(page.get_by_text("Nothing to look at")).to_be_visible()
    await page.keyboard.press("u")
    await expect(page.get_by_text("Undone.")).to_be_visible()
    assert not await is_deleted(site)
    assert await page.title() != "hacked"


async def test_a_report_is_kept_without_scripts(site: Site) -> None:
    await reported(site)
    page = await operator(site, "/reports", java_script_enabled=False)
    await page.get_by_role("link", name="The whole thread").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("A message in its thread")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_text("The message stays.")).to_be_visible()
    assert await rows(site.graph, "MATCH (flag:Flag) RETURN flag.processed AS processed") == [{"processed": True}]
    assert not await is_deleted(site)


async def test_a_contested_message_is_kept_by_one_key(site: Site) -> None:
    planted = await site.plant(RAIN)
    await review(site.graph, planted["What is rain?"], ada={"spam": 0.0}, bob={"spam": 1.0})
    page = await operator(site, "/reports/contested")
    await expect(page.get_by_role("listitem").filter(has_text="What is rain?")).to_be_focused()
    await page.keyboard.press("a")
    await expect(page.get_by_text("The message stays.")).to_be_visible()
    await expect(page.get_by_text("Nobody disagrees")).to_be_visible()
    assert not await is_deleted(site)


async def test_a_banned_person_is_out_until_the_ban_is_taken_back(site: Site) -> None:
    await site.plant(RAIN)
    ada = await site.sign_in("Ada")
    await take(ada, "Write")
    page = await operator(site, "/people?name=Ada")
    await page.get_by_role("link", name="Ada").click()
    await page.get_by_role("button", name="Ban …").click()
    await expect(page.get_by_text("1 open task becomes free for others.")).to_be_visible()
    await expect(page.get_by_text("1 session in the pages ends.")).to_be_visible()
    assert await rows(site.graph, "MATCH (user:User {display_name: 'Ada'}) RETURN user.enabled AS on") == [{"on": True}]
    await page.get_by_role("button", name="Ban", exact=True).click()
    await expect(page.get_by_text("Banned. Open tasks are free for others")).to_be_visible()
    await ada.goto(f"{site.url}/tasks")
    await expect(ada.get_by_text("You sign in by a link.")).to_be_visible()
    await page.get_by_role("button", name="Let work again").click()
    await expect(page.get_by_text("This person can work again.")).to_be_visible()
    assert await rows(site.graph, "MATCH (user:User {display_name: 'Ada'}) RETURN user.enabled AS on") == [{"on": True}]


async def test_a_purge_is_shown_before_it_is_done(site: Site) -> None:
    await site.plant(RAIN)
    ada = await site.sign_in("Ada")
    await take(ada, "Write")
    await write(ada)
    await saved(ada)
    page = await operator(site, "/people?name=Ada")
    await page.get_by_role("link", name="Ada").click()
    await page.get_by_role("button", name="Purge …").click()
    await expect(page.get_by_role("row", name="Messages")).to_have_text(
        "Messages101"
    )  # nobody counted what was planted
    count = "MATCH (post:Post) RETURN count(post) AS posts"
    assert await rows(site.graph, count) == [{"posts": 2}]
    await page.get_by_role("button", name="Purge for good").click()
    await expect(page.get_by_text("Everything this person wrote and judged is deleted.")).to_be_visible()
    assert await rows(site.graph, count) == [{"posts": 1}]


async def test_an_operator_cannot_ban_the_own_account(site: Site) -> None:
    page = await operator(site, "/people?name=Grace")
    await page.get_by_role("link", name="Grace").click()
    await page.get_by_role("button", name="Ban …").click()
    await expect(page.get_by_role("alert")).to_have_text("You cannot ban yourself.")


async def test_a_client_gets_a_key_that_works_until_it_is_switched_off(site: Site) -> None:
    page = await operator(site, "/clients")
    await page.get_by_label("What is it?").fill("A notebook")
    await page.get_by_role("switch", name="Trusted").last.check(force=True)
    await page.get_by_role("button", name="Make a key").click()
    key = await page.get_by_label("The key.").input_value()

    async def status(key: str) -> int:
        async with httpx.AsyncClient(base_url=site.url, headers={"X-API-Key": key}, trust_env=False) as client:
            return (await client.get("/api/v1/stats/progress", timeout=60)).status_code

    assert await status(key) == 200
    await page.goto(f"{site.url}/clients")
    await expect(page.get_by_label("The key.")).to_have_count(0)
    await page.get_by_text("Change A notebook").click()
    await page.get_by_role("button", name="New key").click()
    renewed = await page.get_by_label("The key.").input_value()
    assert (await status(key), await status(renewed)) == (403, 200)
    await page.get_by_text("Change A notebook").click()
    await page.get_by_role("button", name="Switch off").click()
    await expect(page.get_by_text("Changed.")).to_be_visible()
    assert await status(renewed) == 403


async def test_a_guideline_is_previewed_and_published_as_its_next_version(site: Site) -> None:
    page = await operator(site, "/guidelines/edit?kind=assistant_reply&lang=en")
    await page.get_by_label("Text in Markdown").fill(f"Be **kind**.\n\n{HOSTILE}")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_role("region", name="Preview").locator("strong")).to_have_text("kind")
    await expect(page.get_by_role("region", name="Preview")).to_contain_text(HOSTILE)
    assert await rows(site.graph, "MATCH (guideline:Guideline) RETURN guideline.id") == []
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Published: Reply as the assistant.")).to_be_visible()
    await page.goto(f"{site.url}/guidelines/edit?kind=assistant_reply&lang=en")
    await page.get_by_label("Text in Markdown").fill("# Only a heading")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("alert")).to_contain_text("The guideline was not published.")
    await expect(page.get_by_label("Text in Markdown")).to_have_value("# Only a heading")


async def test_limits_are_shown_with_what_they_mean(site: Site) -> None:
    page = await operator(site, "/limits")
    limit = page.locator(".limit").filter(has_text="Reviews needed for the verdict on a reply.")
    await expect(limit).to_contain_text("num_reviews_reply1 changed")
    assert site.limits.num_reviews_reply == 1 != Limits().num_reviews_reply


async def test_data_goes_out_and_comes_in(site: Site, tmp_path: Path) -> None:
    await site.plant({"What is rain?": {"Water.": {}}}, state=TreeState.READY_FOR_EXPORT)
    page = await operator(site, "/datasets")
    async with page.expect_download() as started:
        await page.get_by_role("button", name="Download").click()
    download = await started.value
    assert download.suggested_filename.startswith("trees-")
    content = await asyncio.to_thread(Path(await download.path()).read_bytes)
    (line,) = gzip.decompress(content).splitlines()
    assert json.loads(line)["prompt"]["replies"][0]["text"] == "Water."
    await page.get_by_role("radio", name="preference").check(force=True)
    await page.get_by_role("button", name="Download").click()
    await expect(page.get_by_text("Nothing passes these filters.")).to_be_visible()
    file = tmp_path / "prompts.txt"
    lines = [json.dumps({"prompt": "What is snow?"}), json.dumps({"prompt": HOSTILE}), "{"]
    await asyncio.to_thread(file.write_text, "\n".join(lines))
    await page.get_by_label("File", exact=True).set_input_files(file)
    await page.get_by_role("button", name="Send the file").click()
    await expect(page.locator(".notice.done")).to_contain_text("Messages that are new here: 2, in trees: 2.")
    await expect(page.get_by_text("Line 3")).to_be_visible()
    assert {"text": "What is snow?"} in await rows(site.graph, "MATCH (post:Post) RETURN post.text AS text")


async def test_pages_of_operators_are_for_operators(site: Site) -> None:
    page = await site.sign_in()
    for path in PAGES:
        answer = await page.goto(f"{site.url}{path}")
        assert answer is not None
        assert answer.status == 403, path
