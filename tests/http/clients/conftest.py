"""The live service for these frontends, and their keys. All that is known of the service is its address."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import httpx
import pytest

from tests.http.api.conftest import BOT, OFF, ROOT, WEB, Service, remove_end_votes, serving
from tests.http.api.conftest import service as service
from tests.http.clients.conventions import Answer, Raw, value
from tests.http.clients.js_bot import JsBot
from tests.http.clients.oasst_client import DiscordBot, OasstApiClient
from tests.http.clients.text_frontend import TextFrontend
from tests.http.clients.website import Visitor, Website

Open = Callable[..., Any]

SMALL: dict[str, Any] = {
    "goal_tree_size": 4,
    "max_tree_depth": 1,
    "max_children_count": 3,
    "num_reviews_initial_prompt": 1,
    "num_reviews_reply": 1,
    "num_required_rankings": 1,
    "rank_initial_prompts": False,
}
"""A prompt, three replies to it, and one opinion on each."""


@pytest.fixture(scope="package")
async def serve(connected: Any) -> AsyncGenerator[Open]:
    """Gives the address of a service with these limits, whose boards follow by themselves.

    One is started for each set of limits; all end with these tests, since others want a graph that nobody touches.
    """
    known: dict[Any, str] = {}
    async with AsyncExitStack() as stack:

        async def start(limits: Any) -> str:
            if limits not in known:
                service = serving(connected, limits, boards_every_sec=0.2)
                known[limits] = await stack.enter_async_context(service)
            return known[limits]

        yield start


@pytest.fixture
def limits(limits: Any) -> Any:
    """Trees that are soon done."""
    return replace(limits, **SMALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service is, and the keys that it knows."""

    url: str
    web: str = WEB
    bot: str = BOT
    off: str = OFF
    root: str = ROOT

    async def admit(self, description: str, **fields: object) -> str:
        """A new key, which the operator asks for with the root token."""
        body = {"description": description, "frontend_type": "bot", **fields}
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, verify=False) as operator:
            bearer = {"Authorization": f"Bearer {self.root}"}
            key = value(Answer.of(await operator.post("/api/v1/admin/api_client", json=body, headers=bearer)))
        assert isinstance(key, str)
        return key


@pytest.fixture
async def place(service: Service) -> Place:
    """The original's frontends cannot show votes on ends of conversations."""
    await remove_end_votes(service.graph)
    return Place(service.url)


@pytest.fixture
async def website(place: Place) -> AsyncGenerator[Website]:
    async with Website(place.url, place.web) as website:
        yield website


@pytest.fixture
async def ada(website: Website) -> Visitor:
    """A visitor who has signed in."""
    return await _signed_in(website, "ada")


@pytest.fixture
async def bob(website: Website) -> Visitor:
    return await _signed_in(website, "bob")


@pytest.fixture
async def cat(website: Website) -> Visitor:
    return await _signed_in(website, "cat")


@pytest.fixture
async def dan(website: Website) -> Visitor:
    return await _signed_in(website, "dan")


async def _signed_in(website: Website, name: str) -> Visitor:
    visitor = website.visitor(name)
    await visitor.sign_in()
    return visitor


@pytest.fixture
async def discord(place: Place) -> AsyncGenerator[DiscordBot]:
    async with OasstApiClient(place.url, place.bot) as client:
        yield DiscordBot(client, "4711")


@pytest.fixture
async def terminal(place: Place, rng: Random) -> AsyncGenerator[Open]:
    """Opens a text frontend for somebody; all have one key."""
    key = await place.admit("a text frontend")
    async with AsyncExitStack() as stack:

        async def open_one(name: str) -> TextFrontend:
            return await stack.enter_async_context(TextFrontend(place.url, key, name, rng))

        yield open_one


@pytest.fixture
async def script(place: Place) -> AsyncGenerator[Open]:
    """Opens a JavaScript bot for somebody; all have one key."""
    key = await place.admit("a bot of scripts", trusted=False)
    async with AsyncExitStack() as stack:

        async def open_one(name: str) -> JsBot:
            return await stack.enter_async_context(JsBot(place.url, key, name))

        yield open_one


@pytest.fixture
async def raw(place: Place) -> AsyncGenerator[Raw]:
    """Calls with the website's key."""
    async with Raw(place.url) as raw:
        raw.http.headers["X-API-Key"] = place.web
        yield raw


@pytest.fixture
async def stranger(place: Place) -> AsyncGenerator[Raw]:
    """Calls with the key of the untrusted bot."""
    async with Raw(place.url) as raw:
        raw.http.headers["X-API-Key"] = place.bot
        yield raw


@pytest.fixture
async def nobody(place: Place) -> AsyncGenerator[Raw]:
    """Calls without any key."""
    async with Raw(place.url) as raw:
        yield raw
