"""Trees that the website's visitors grow, step by step, so that there is something to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from tests.http.clients.shapes import LabelPrompt, LabelReply, RankReplies
from tests.http.clients.website import Visitor

T = TypeVar("T")

PATIENCE_S = 10.0


async def eventually(look: Callable[[], Awaitable[T]], is_so: Callable[[T], bool]) -> T:
    """Looks until it is so, for a while; returns what was seen, the last time what is not so."""
    until = monotonic() + PATIENCE_S
    while True:
        seen = await look()
        if is_so(seen) or monotonic() > until:
            return seen
        await asyncio.sleep(0.05)


async def prompt(author: Visitor, reviewer: Visitor, words: str, lang: str = "en") -> str:
    """A prompt that the reviewer accepts; returns its id."""
    return await _text_reply(author, reviewer, "initial_prompt", words, lang)


async def reply(
    author: Visitor, reviewer: Visitor, words: str, *, kind: str = "assistant_reply", lang: str = "en"
) -> str:
    """A reply where one is wanted, which the reviewer accepts; returns its id."""
    return await _text_reply(author, reviewer, kind, words, lang)


async def _text_reply(author: Visitor, reviewer: Visitor, kind: str, words: str, lang: str) -> str:
    task = await author.ask(kind, lang)
    assert task, author.last_error
    await author.write(task, words, lang)
    asked = await reviewer.ask(f"label_{kind}", lang)
    assert isinstance(asked, (LabelPrompt, LabelReply)), reviewer.last_error
    assert asked.conversation.messages[-1].text == words
    await reviewer.label(asked, {"quality": 0.75} if "quality" in asked.valid_labels else None)
    return asked.message_id


@dataclass(frozen=True, slots=True)
class Tree:
    """What was grown: ids of messages."""

    root: str
    replies: tuple[str, ...]


async def finished(ada: Visitor, bob: Visitor, cat: Visitor, dan: Visitor, words: str = "What is rain?") -> Tree:
    """Ada asks, the others reply and review, ada ranks: the best is bob's, then cat's, then dan's."""
    root = await prompt(ada, bob, words)
    replies = tuple([await reply(visitor, ada, f"{words} asks {visitor.user['id']}.") for visitor in (bob, cat, dan)])
    task = await ada.ask("rank_assistant_replies")
    assert isinstance(task, RankReplies), ada.last_error
    shown = [message.id for message in task.reply_messages]
    await ada.rank(task, [shown.index(post) for post in replies])
    return Tree(root, replies)
