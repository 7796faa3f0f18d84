"""Brings first prompts to a server as any frontend does: as answers to tasks of kind `initial_prompt`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from .client import NOTHING_TO_DO, RATE_LIMITED, Client, Person, Refusal
from .phrases import NAMES
from .prompts import Prompt

AUTHORS = 8
"""The prompts come from that many people: lotteries go by author, and rate limits by user."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of prompts that were offered to a server."""

    taken: tuple[Prompt, ...]
    left_over: tuple[Prompt, ...]
    """The server wanted no more prompts in their language."""


async def bring_prompts(client: Client, prompts: Sequence[Prompt]) -> Brought:
    """Hand in these prompts; languages that are full are left alone from the first refusal on.

    Raises CallFailed if the server refuses for any other reason.
    """
    run = secrets.token_hex(4)
    authors = [Person(f"author-{run}-{number}", f"{NAMES[-1 - number]}, author") for number in range(AUTHORS)]
    for author in authors:
        await client.register(author)
    taken: list[Prompt] = []
    full: set[str] = set()

    async def bring(author: Person, share: Sequence[Prompt]) -> None:
        for prompt in share:
            if prompt.lang not in full and await _bring(client, author, prompt):
                taken.append(prompt)
            else:
                full.add(prompt.lang)

    shares = (bring(author, prompts[place::AUTHORS]) for place, author in enumerate(authors))
    # All come to their end before a failure is passed on: the client may be closed then.
    for failure in await asyncio.gather(*shares, return_exceptions=True):
        if failure is not None:
            raise failure
    return Brought(
        taken=tuple(prompt for prompt in prompts if prompt in taken),
        left_over=tuple(prompt for prompt in prompts if prompt not in taken),
    )


async def _bring(client: Client, author: Person, prompt: Prompt) -> bool:
    """Whether the server wanted the prompt."""
    try:
        task = await client.request_task(
            author, lang=prompt.lang, kind="initial_prompt", expected=frozenset({NOTHING_TO_DO, RATE_LIMITED})
        )
    except Refusal as refusal:
        if refusal.code == NOTHING_TO_DO:
            return False
        if refusal.code == RATE_LIMITED and refusal.wait is not None:
            await asyncio.sleep(refusal.wait)
            return await _bring(client, author, prompt)
        raise
    ack_id = f"author-{uuid4()}"
    await client.acknowledge(author, task.id, ack_id)
    await client.answer(
        author,
        {
            "type": "text_reply_to_message",
            "message_id": ack_id,
            "user_message_id": f"author-{uuid4()}",
            "text": prompt.text,
            "lang": prompt.lang,
        },
    )
    return True
