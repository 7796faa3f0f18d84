"""Each kind of task, from the sign-in to what is in the graph: with scripts, without, and with keys alone."""

from __future__ import annotations

from statistics import median
from time import monotonic

import pytest
from playwright.async_api import expect

from tests.builders import questions
from tests.web.conftest import Site
from tests.web.work import KINDS, RAIN, Kind, rows, saved, take, write

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
@pytest.mark.parametrize("with_script", [True, False], ids=["with scripts", "without scripts"])
async def test_a_task_is_done_from_the_sign_in_to_the_graph(site: Site, kind: Kind, with_script: bool) -> None:
    await site.plant(*kind.shapes, state=kind.state)
    page = await site.sign_in(java_script_enabled=with_script)
    await take(page, kind.work)
    await expect(page.get_by_role("heading", level=1)).to_have_text(kind.title)
    await kind.do(page)
    await saved(page)
    (stored,) = await rows(site.graph, kind.stored)
    match stored:
        case {"role": role}:
            assert role == ("assistant" if "assistant" in kind.title else "prompter")
        case {"order": order}:
            assert order == [1, 0]
        case {"spam": spam, "quality": quality, "hate": hate}:
            assert (spam, quality, hate) == (0.0, 1.0, 1.0)
        case _:
            assert stored == {"ends": True}


async def test_a_text_is_written_and_sent_by_keys_alone(site: Site) -> None:
    await site.plant(RAIN)
    page = await site.open()
    await page.goto(await site.invite())
    await page.keyboard.type("Ada")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/languages*")
    await page.get_by_role("button", name="To the tasks").press("Enter")
    await page.get_by_role("radio", name="Anything").press("ArrowRight")
    await expect(page.get_by_role("radio", name="Write", exact=True)).to_be_checked()
    await page.keyboard.press("Enter")
    await expect(page.locator("#text")).to_be_focused()
    await page.keyboard.type("Water that falls.")
    await page.keyboard.press("Control+Enter")
    await saved(page)
    assert await rows(site.graph, "MATCH (:User)-[:WROTE]->(post) RETURN post.text AS text") == [
        {"text": "Water that falls."}
    ]


async def test_candidates_are_ordered_by_keys_buttons_and_drag(site: Site) -> None:
    await site.plant({"What is rain?": {text: {} for text in ("One.", "Two.", "Three.")}}, state=KINDS[3].state)
    page = await site.sign_in()
    await take(page, "Rank")
    items = page.locator("[data-ranking] li")

    async def order() -> list[str]:
        return [text.strip() for text in await items.locator(".post").all_inner_texts()]

    first, second, third = await order()
    await expect(items.first).to_be_focused()
    await page.keyboard.press("3")
    assert await order() == [second, third, first]
    await page.keyboard.press("ArrowUp")
    assert await order() == [second, first, third]
    await expect(page.locator("#announcer")).to_have_text("Place 2 of 3")
    await items.nth(2).get_by_role("button", name="Up").click()
    assert await order() == [second, third, first]
    await items.nth(2).locator(".grip").hover()
    await page.mouse.down()
    box = await items.nth(0).bounding_box()
    assert box
    await page.mouse.move(box["x"] + 20, box["y"] + 4, steps=8)
    await page.mouse.up()
    assert await order() == [first, second, third]
    await page.get_by_label("None is good").check(force=True)
    await page.get_by_role("button", name="Send this order").click()
    await saved(page)
    (stored,) = await rows(site.graph, "MATCH (r:Ranking) RETURN r.order AS order, r.not_rankable AS not_rankable")
    assert stored == {"order": [0, 1, 2], "not_rankable": True}


async def test_a_task_is_skipped_with_a_reason(site: Site) -> None:
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    await page.get_by_text("Skip this task").click()
    await page.get_by_role("radio", name="I do not know enough").check(force=True)
    await page.get_by_label("In your own words").fill("I am a desert dweller")
    await page.get_by_role("button", name="Skip").click()
    await page.get_by_role("heading", name="Reply as the assistant").wait_for(state="detached")
    (task,) = await rows(site.graph, "MATCH (t:Task {skipped: true}) RETURN t.skip_reason AS reason")
    assert task == {"reason": "I do not know enough: I am a desert dweller"}


async def test_a_message_is_reported_and_the_task_stays(site: Site) -> None:
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    await page.get_by_role("link", name="Report").click()
    await page.get_by_role("button", name="Report").click()
    await expect(page.get_by_role("alert")).to_have_text("Please say what is wrong.")
    await page.get_by_role("checkbox", name="Hate speech").check(force=True)
    await page.get_by_label("In your own words").fill("Rude to clouds.")
    await page.get_by_role("button", name="Report").click()
    await page.get_by_role("link", name="Back to the task").click()
    await write(page)
    await saved(page)
    (report,) = await rows(site.graph, "MATCH (r:Report) RETURN r.text AS text, r.hate_speech AS hate")
    assert report == {"text": "Rude to clouds.", "hate": 1.0}


async def test_two_people_work_on_one_tree(site: Site) -> None:
    await site.plant(RAIN)
    ada, bob = await site.sign_in("Ada"), await site.sign_in("Bob")
    await take(ada, "Write")
    await write(ada)
    await saved(ada)
    await take(bob, "Review")
    await expect(bob.locator(".is-focus .post")).to_have_text("Water that falls from clouds.")
    for question in await bob.locator(".segments").all():
        await question.get_by_role("radio", name="No").check(force=True)
    await bob.get_by_role("button", name="Send review").click()
    await saved(bob)
    await ada.goto(f"{site.url}/mine")
    await expect(ada.get_by_text("accepted", exact=True)).to_be_visible()
    await expect(ada.locator(".figure", has_text="Tasks done").locator("dd")).to_have_text("1")


async def test_a_form_that_lacks_something_is_shown_again_with_all_that_was_entered(site: Site) -> None:
    await site.plant(RAIN)
    page = await site.sign_in(java_script_enabled=False)
    await take(page, "Write")
    await page.locator("#text").fill("   ")
    await page.get_by_label("The conversation can end here").check(force=True)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("Please write something first.")
    await expect(page.get_by_label("The conversation can end here")).to_be_checked()
    await page.locator("#text").fill("x" * 2001)
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("2001 characters; 2000 are allowed")
    await expect(page.locator("#text")).to_have_value("x" * 2001)


async def test_there_is_nothing_to_do_and_it_says_why(site: Site) -> None:
    page = await site.sign_in()
    await page.get_by_role("radio", name="Review", exact=True).check(force=True)
    await page.get_by_role("button", name="Get a task").click()
    await expect(page.locator(".empty")).to_contain_text("There are no conversations in this language yet")


async def test_people_choose_their_languages(site: Site) -> None:
    await site.plant({"ما هو المطر؟": {}}, lang="ar")
    page = await site.sign_in()
    await page.goto(f"{site.url}/languages")
    await page.get_by_label("First choice").select_option("ar")
    await page.get_by_role("checkbox", name="Deutsch").check(force=True)
    await page.get_by_label("Language of these pages").select_option("de")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await page.get_by_role("radio", name="Schreiben", exact=True).check(force=True)
    await page.get_by_role("button", name="Aufgabe holen").click()
    await expect(page.locator(".bubble .post")).to_have_text("ما هو المطر؟")
    direction = await page.locator(".bubble .post p").evaluate("post => getComputedStyle(post).direction")
    assert direction == "rtl"


async def test_a_guideline_is_open_until_its_reader_closes_it(site: Site) -> None:
    await site.publish_guideline("# Replies\n\nBe kind.\n\nAnd be **brief**.")
    await site.plant(RAIN)
    page = await site.sign_in()
    await take(page, "Write")
    guideline = page.locator(".guideline")
    await expect(guideline.get_by_text("Be kind.")).to_be_visible()
    await guideline.get_by_text("Guideline", exact=True).click()
    await expect(guideline.get_by_text("Be kind.")).to_be_hidden()
    while not await page.evaluate("document.cookie.match(/closed-guidelines=[^;]/)"):
        await page.wait_for_timeout(20)
    await page.reload()
    await expect(guideline.get_by_text("Be kind.")).to_be_hidden()
    await guideline.get_by_text("Guideline", exact=True).click()
    while await page.evaluate("document.cookie.match(/closed-guidelines=[^;]/)"):
        await page.wait_for_timeout(20)
    await page.reload()
    async with page.context.expect_page() as opened:
        await guideline.get_by_role("link", name="Read all of it").click()
    whole = await opened.value
    await expect(whole.locator(".post strong")).to_have_text("brief")


async def test_thirty_tasks_in_a_row(site: Site) -> None:
    """Someone who writes answers is handed one task after the other; `-s` shows how long the next one takes."""
    await site.plant(*questions(30))
    page = await site.sign_in()
    await take(page, "Write")
    seconds: list[float] = []
    for number in range(30):
        before = page.url
        await page.locator("#text").fill(f"Answer {number}.")
        started = monotonic()
        await page.keyboard.press("Control+Enter")
        await expect(page).not_to_have_url(before)
        seconds.append(monotonic() - started)
    print(f"\nfrom an answer to the next task: median {median(seconds):.2f} s, longest {max(seconds):.2f} s")
    (row,) = await rows(site.graph, "MATCH (:User)-[:WROTE]->(post) RETURN count(DISTINCT post.text) AS texts")
    assert row == {"texts": 30}
