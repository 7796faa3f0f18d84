"""What tests do again and again: take a task, do it, look what came of it in the graph."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, LiteralString

from playwright.async_api import Page, expect

from oa_graph.domain.trees import TreeState
from oa_graph.graph.session import Graph
from tests.builders import Shape

RAIN: Shape = {"What is rain?": {}}
TASK_ADDRESS = re.compile(r"/tasks/\w+-")
"""Of the page of a task."""


async def take(page: Page, work: str) -> None:
    """Choose a kind of work, and get a task of it."""
    if not page.url.endswith("/tasks"):
        await page.goto(page.url.partition("/tasks")[0] + "/tasks")
    await page.get_by_role("radio", name=work, exact=True).check(force=True)
    await page.get_by_role("button", name="Get a task").click()
    await expect(page).to_have_url(TASK_ADDRESS)


async def rows(graph: Graph, statement: LiteralString) -> list[Any]:
    return [dict(row) for row in await graph.execute(statement)]


async def write(page: Page, text: str = "Water that falls from clouds.") -> None:
    await page.locator("#text").fill(text)
    await page.get_by_role("button", name="Send", exact=True).click()


async def rank(page: Page) -> None:
    if await page.locator("html.has-script").count():
        await page.locator("[data-ranking] li").first.press("2")
    else:
        await page.get_by_label("Place of candidate 1").select_option("2")
        await page.get_by_label("Place of candidate 2").select_option("1")
    await page.get_by_role("button", name="Send this order").click()


async def review(page: Page) -> None:
    for question in await page.locator(".segments").all():
        await question.get_by_role("radio", name="No").check(force=True)
    await page.get_by_role("radiogroup", name="Quality").get_by_role("radio", name="excellent").check(force=True)
    await page.get_by_role("switch", name="Hate speech").check(force=True)
    await page.get_by_role("button", name="Send review").click()


async def vote(page: Page) -> None:
    await page.get_by_role("button", name="Yes, it ends here").click()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of task: how to come by one, how to do it, and what is in the graph then."""

    title: str
    work: str
    shapes: tuple[Shape, ...]
    state: TreeState
    do: Callable[[Page], Awaitable[None]]
    stored: LiteralString
    """Returns one row for each answer of this kind."""


_TEXT: LiteralString = (
    "MATCH (:User)-[:WROTE]->(post:Post {text: 'Water that falls from clouds.'}) RETURN post.role AS role"
)
_RANKING: LiteralString = "MATCH (ranking:Ranking) RETURN ranking.order AS order"
_REVIEW: LiteralString = (
    "MATCH (review:Review) RETURN review.spam AS spam, review.quality AS quality, review.hate_speech AS hate"
)

KINDS = (
    Kind("Begin a conversation", "Begin a conversation", (), TreeState.GROWING, write, _TEXT),
    Kind("Reply as the assistant", "Write", (RAIN,), TreeState.GROWING, write, _TEXT),
    Kind("Reply as the user", "Write", ({"What is rain?": {"Water.": {}}},), TreeState.GROWING, write, _TEXT),
    Kind(
        "Rank replies of the assistant",
        "Rank",
        ({"What is rain?": {"Water.": {}, "Weather.": {}}},),
        TreeState.RANKING,
        rank,
        _RANKING,
    ),
    Kind(
        "Rank prompts",
        "Rank",
        ({"What is rain?": {}}, {"What is snow?": {}}),
        TreeState.PROMPT_LOTTERY_WAITING,
        rank,
        _RANKING,
    ),
    Kind("Review a prompt", "Review", ({"?What is rain?": {}},), TreeState.INITIAL_PROMPT_REVIEW, review, _REVIEW),
    Kind(
        "Review a reply of the assistant",
        "Review",
        ({"What is rain?": {"?Water.": {}}},),
        TreeState.GROWING,
        review,
        _REVIEW,
    ),
    Kind(
        "Is this the end?",
        "Review",
        ({"What is rain?": {"=Water.": {}}},),
        TreeState.GROWING,
        vote,
        "MATCH (vote:EndVote) RETURN vote.ends AS ends",
    ),
)


async def saved(page: Page) -> None:
    """Wait until the service has said that it has the answer."""
    await expect(page.get_by_text("Saved. Thank you!")).to_be_visible()
