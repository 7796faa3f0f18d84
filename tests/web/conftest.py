"""People in browsers: Debian's Chromium on the real service, with the graph of the run behind it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from oa_graph.api import health
from oa_graph.context import Context
from oa_graph.domain.limits import Limits
from oa_graph.domain.sessions import SessionRole
from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from oa_graph.guidelines import Guidelines
from oa_graph.sessions import Sessions
from tests.builders import Planted, Shape, plant
from tests.http.api.conftest import serving

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"


_PATIENCE_MS = 90_000
"""How long to wait for what has to come: a new server plans each statement once, on a machine that may be busy."""
expect.set_options(timeout=_PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium these tests are skipped, and say how to get it."""
    if os.path.exists(CHROMIUM):
        return
    for item in items:
        if "tests/web/" in item.nodeid:
            item.add_marker(pytest.mark.skip(reason="Chromium is not there: apt-get install chromium"))


@pytest.fixture(scope="session", autouse=True)
def _cold() -> Generator[None]:
    """Each of many services would run every statement once, beside the requests of the tests."""

    async def nothing(*_: object, **__: object) -> None:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(health, "warm_up", nothing)
        yield


@pytest.fixture(scope="session")
async def browser(anyio_backend: object) -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@dataclass(slots=True)
class Site:
    """The service and people who use it, each in a browser of their own."""

    url: str
    graph: Graph
    browser: Browser
    limits: Limits = field(default_factory=Limits)
    contexts: list[BrowserContext] = field(default_factory=list[BrowserContext])
    problems: list[str] = field(default_factory=list[str])
    """What scripts of the pages complained about."""

    @property
    def sessions(self) -> Sessions:
        return Sessions(Context(store=self.graph, limits=Limits(), rng=Random(1)))

    async def plant(self, *shapes: Shape, state: TreeState = TreeState.GROWING, lang: str = "en") -> Planted:
        """Plant trees that want what the limits of the service say."""
        return await plant(self.graph, *shapes, state=state, limits=self.limits, lang=lang)

    async def publish_guideline(self, text: str, *, kind: str = "assistant_reply") -> None:
        """Make a text the English guideline of a kind of task."""
        await Guidelines(Context(store=self.graph, limits=self.limits, rng=Random(1))).publish(kind, "en", text)

    async def invite(self, *, role: SessionRole = SessionRole.WORKER, uses: int | None = 1) -> str:
        """The link of a new invite."""
        return f"{self.url}/invite/{await self.sessions.invite(role=role, uses=uses)}"

    async def open(self, **options: object) -> Page:
        """A page in a new browser, where nobody is signed in."""
        options = {"locale": "en-GB", **options}
        context = await self.browser.new_context(**options)  # pyright: ignore[reportArgumentType] - options of the library
        context.set_default_timeout(_PATIENCE_MS)
        self.contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        return page

    def _note(self, kind: str, words: str) -> None:
        """Failed requests are what some tests are about; a refused script or style never is."""
        if kind == "error" and "Content Security Policy" in words:
            self.problems.append(words)

    async def sign_in(self, name: str = "Ada", *, role: SessionRole = SessionRole.WORKER, **options: object) -> Page:
        """A page where somebody new is signed in, who works in English."""
        page = await self.open(**options)
        await page.goto(await self.invite(role=role))
        await page.get_by_label("What shall we call you?").fill(name)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="To the tasks").click()
        await page.get_by_role("heading", name=f"What next, {name}?").wait_for()
        return page


@pytest.fixture
def limits() -> Limits:
    """One reply to each message, so that it is sure which task comes."""
    return Limits(max_children_count=1, num_reviews_initial_prompt=1, num_reviews_reply=1, num_required_rankings=1)


@pytest.fixture
async def site(graph: Graph, limits: Limits, browser: Browser) -> AsyncGenerator[Site]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(graph, limits))
        site = Site(url, graph, browser, limits)
        yield site
        for context in site.contexts:
            await context.close()
    assert site.problems == []
