"""Posts are hostile text: whatever somebody writes stays text."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Site
from tests.web.work import RAIN, take

pytestmark = pytest.mark.anyio

_RUN = "window.hacked=1"

POSTS = (
    f"<script>{_RUN}</script>",
    f"<SCRIPT SRC=data:text/javascript,{_RUN}></SCRIPT>",
    f"<img src=x onerror={_RUN}>",
    f'<img src=x onerror="{_RUN}">',
    f"<svg onload={_RUN}>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f"<math><mtext></mtext><mglyph><style></math><img src onerror={_RUN}>",
    f"<iframe src=javascript:{_RUN}></iframe>",
    f"<iframe srcdoc='<script>parent.{_RUN}</script>'></iframe>",
    f"<object data=javascript:{_RUN}></object>",
    f"<embed src=javascript:{_RUN}>",
    f"<a href=javascript:{_RUN}>click</a>",
    f'<a href="java\tscript:{_RUN}">click</a>',
    f"<body onload={_RUN}>",
    f"<input autofocus onfocus={_RUN}>",
    f"<select autofocus onfocus={_RUN}>",
    f"<textarea autofocus onfocus={_RUN}>",
    f"<details open ontoggle={_RUN}>",
    f"<video><source onerror={_RUN}></video>",
    f"<audio src=x onerror={_RUN}>",
    f"<marquee onstart={_RUN}>",
    f"<style>@import 'javascript:{_RUN}';</style>",
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href=data:text/css,body{display:none}>",
    f"<meta http-equiv=refresh content='0;url=javascript:{_RUN}'>",
    f"<base href=javascript:{_RUN}//>",
    f"<form action=javascript:{_RUN}><button>go</button></form>",
    f"</textarea><script>{_RUN}</script>",
    f"</title><script>{_RUN}</script>",
    f"--><script>{_RUN}</script>",
    f"]]><script>{_RUN}</script>",
    f'"><script>{_RUN}</script>',
    f"'><script>{_RUN}</script>",
    f"{{{{constructor.constructor('{_RUN}')()}}}}",
    f"${{{_RUN}}}",
    f"<div hx-get='/account' hx-trigger=load hx-on::load='{_RUN}'>x</div>",
    f"<div hx-on:click='{_RUN}' hx-vals='js:{{a:{_RUN}}}' data-hx-get='/tasks' data-hx-trigger='load'>x</div>",
    f"[click](javascript:{_RUN})",
    f"[click](JaVaScRiPt:{_RUN})",
    f"[click](data:text/html,<script>{_RUN}</script>)",
    f"[click](vbscript:{_RUN})",
    f"[click](&#106;avascript:{_RUN})",
    f"<javascript:{_RUN}>",
    f"[click]: javascript:{_RUN}\n\n[click]",
    f"![x](javascript:{_RUN})",
    f'![x](https://tracker.example/pixel.png "{_RUN}")',
    f'![x" onerror="{_RUN}](x)',
    f'[a](https://a.example/"onmouseover="{_RUN})',
    f"```\n</code></pre><script>{_RUN}</script>\n```",
    f"`<img src=x onerror={_RUN}>`",
    f"# <img src=x onerror={_RUN}>",
    f"| a |\n|---|\n| <img src=x onerror={_RUN}> |",
    f"&lt;script&gt;{_RUN}&lt;/script&gt;",
    f"&#60;img src=x onerror={_RUN}&#62;",
    f'<noscript><p title="</noscript><img src=x onerror={_RUN}>">',
    f"<template><script>{_RUN}</script></template>",
    f"<x onclick={_RUN} style=position:fixed;inset:0>x</x>",
    f"\u202e<script>{_RUN}</script>\u2066",
    "</main></body></html>",
    "<dialog open>Your session has ended, enter your password</dialog>",
)


async def test_hostile_posts_stay_text_wherever_they_are_shown(site: Site) -> None:
    assert len(set(POSTS)) >= 50
    page = await site.sign_in()
    foreign: list[str] = []
    page.on("request", lambda request: None if request.url.startswith(site.url) else foreign.append(request.url))
    planted = await site.plant(RAIN)
    for number, post in enumerate(POSTS):
        await site.graph.execute(
            "MATCH (post:Post {id: $id}) SET post.text = $words", id=planted["What is rain?"], words=post
        )
        await page.goto(f"{site.url}/messages/{planted['What is rain?']}/report")
        shown = page.locator(".bubble .post")
        await expect(shown).to_be_visible()
        dangerous = (
            "script, style, img, svg, iframe, object, embed, form, input, dialog, link, meta, base, video, audio"
        )
        assert await shown.locator(dangerous).count() == 0, post
        attributes = await shown.evaluate(
            """post => [...post.querySelectorAll("*")]
              .flatMap(node => [...node.attributes].map(attribute => [attribute.name, attribute.value]))"""
        )
        for name, value in attributes:
            assert name in ("href", "rel", "class", "start"), (number, post, name)
            assert name != "href" or value.startswith(("https://", "http://")), (number, post, value)
            assert name != "class" or value == "post-heading", (number, post, value)
        assert await page.evaluate("window.hacked") is None, post
    assert foreign == []


async def test_a_hostile_name_and_draft_stay_text(site: Site) -> None:
    name = "<img src=x onerror=window.hacked=1>"
    page = await site.open()
    await page.goto(await site.invite())
    await page.get_by_label("What shall we call you?").fill(name)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="To the tasks").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"What next, {name}?")
    await take(page, "Begin a conversation")
    await page.locator("#text").fill(POSTS[28])
    await expect(page.locator("[data-draft-status]")).to_have_text("Draft kept in this browser")
    await page.reload()
    await expect(page.locator("#text")).to_have_value(POSTS[28])
    await site.graph.execute("MATCH (task:Task) SET task.expires = task.created")
    await page.goto(f"{site.url}/tasks")
    await expect(page.locator("[data-unsent] .excerpt")).to_have_text(POSTS[28])
    assert await page.evaluate("window.hacked") is None
