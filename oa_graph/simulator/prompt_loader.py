"""Loads prompts into a server over the protocol: as answers to tasks of the kind `initial_prompt`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from oa_graph.client import AsyncClient, AsyncUser, NothingToDo, PromptTask, RateLimited
from oa_graph.client.errors import NOTHING_TO_DO, RATE_LIMITED

from .prompts import Prompt
from .recorder import expecting
from .texts import NAMES

AUTHORS = 8
"""Number of authors of the prompts: lotteries depend on authors, rate limits on users."""


@dataclass(frozen=True, slots=True)
class LoadedPrompts:
    """The prompts that a server accepted and rejected."""

    taken: tuple[Prompt, ...]
    left_over: tuple[Prompt, ...]
    """Prompts in languages for which the server wanted no more."""


async def load_prompts(client: AsyncClient, prompts: Sequence[Prompt]) -> LoadedPrompts:
    """Submit prompts; skip a language after its first refusal.

    Raise ClientError if the server refuses for another reason.
    """
    run = secrets.token_hex(4)
    authors = [
        client.user(f"author-{run}-{number}", display_name=f"{NAMES[-1 - number]}, author") for number in range(AUTHORS)
    ]
    for author in authors:
        await author.register(accept_terms=True)
    taken: list[Prompt] = []
    full: set[str] = set()

    async def load_share(author: AsyncUser, share: Sequence[Prompt]) -> None:
        for prompt in share:
            if prompt.lang not in full and await _load(author, prompt):
                taken.append(prompt)
            else:
                full.add(prompt.lang)

    shares = (load_share(author, prompts[place::AUTHORS]) for place, author in enumerate(authors))
    # Wait for all before raising a failure, since the caller may then close the client.
    for failure in await asyncio.gather(*shares, return_exceptions=True):
        if failure is not None:
            raise failure
    return LoadedPrompts(
        taken=tuple(prompt for prompt in prompts if prompt in taken),
        left_over=tuple(prompt for prompt in prompts if prompt not in taken),
    )


async def _load(author: AsyncUser, prompt: Prompt) -> bool:
    """Submit a prompt; return whether the server wanted it."""
    try:
        with expecting(frozenset({NOTHING_TO_DO, RATE_LIMITED})):
            task = await author.request_task("initial_prompt", [prompt.lang])
    except NothingToDo:
        return False
    except RateLimited as limit:
        if limit.code != RATE_LIMITED or limit.retry_after is None:
            raise
        await asyncio.sleep(limit.retry_after)
        return await _load(author, prompt)
    assert isinstance(task, PromptTask), f"a task of another kind: {task.type}"
    await author.acknowledge(task)
    await author.write(task, prompt.text, lang=prompt.lang)
    return True
