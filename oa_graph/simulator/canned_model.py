"""Stand-ins for language models: clients that write through the protocol, with canned texts of a known quality."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from oa_graph.client import AsyncClient, ClientError, ReplyTask
from oa_graph.client.errors import NOTHING_TO_DO, TEXT_DUPLICATED, TOO_MANY_PENDING

from . import texts
from .recorder import Recorder, expecting

_DRAFTS = 5
"""Texts of which a model sends the best or the worst."""
_THINK = (0.5, 1.5)
"""The range of the time for a text in seconds, at pace 1."""
_LATE = frozenset({2010, 2101, 2105, TEXT_DUPLICATED})
"""Refusals of a text whose tree or place is closed by now."""
_NO_TASK = frozenset({NOTHING_TO_DO, TOO_MANY_PENDING})


@dataclass(frozen=True, slots=True)
class CannedModel:
    """A model, and the key of its API client."""

    name: str
    key: str
    is_good: bool
    """Whether it sends the best of its drafts, or the worst."""


async def write(
    url: str, model: CannedModel, recorder: Recorder, *, langs: Sequence[str], seed: int, pace: float
) -> None:
    """Write assistant replies until cancelled. Raise ClientError if the model cannot register."""
    rng = Random(f"{seed}:{model.name}")
    writer = texts.Writer(rng)
    async with AsyncClient(url, model.key, observer=recorder) as client:
        user = client.user("model", display_name=model.name)
        await user.register(accept_terms=True)
        while True:
            await asyncio.sleep(pace * rng.uniform(*_THINK))
            try:
                with expecting(_NO_TASK):
                    task = await user.request_task("assistant_reply", [rng.choice(langs)])
                assert isinstance(task, ReplyTask), f"a task of another kind: {task.type}"
                with expecting(_LATE):
                    await user.acknowledge(task)
                    await user.write(task, _text(task, writer, is_good=model.is_good))
            except ClientError:
                continue  # recorded


def _text(task: ReplyTask, writer: texts.Writer, *, is_good: bool) -> str:
    messages = task.conversation.messages
    prompt, lang = messages[0].text, messages[-1].lang or "en"
    drafts = [writer.answer(prompt, lang) for _ in range(_DRAFTS)]
    choose = max if is_good else min
    return choose(drafts, key=texts.quality)
