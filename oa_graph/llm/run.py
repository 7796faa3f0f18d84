"""The work of a model: request a task, acknowledge it, write the text or skip the task, until nothing is left to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol

from oa_graph.client import (
    ApiError,
    AsyncClient,
    AsyncUser,
    ClientError,
    InvalidRequest,
    NotFound,
    NothingToDo,
    PromptTask,
    RateLimited,
    Refused,
    ReplyTask,
    TaskKind,
)
from oa_graph.errors import OaGraphError, Setup
from oa_graph.llm.chat import ChatFailed, Completion

FAILURES = 3
"""Failures of the model in a row that end the run: the endpoint is then likely down, and skips hide posts from it."""

POLL_SEC = 2.0
"""Seconds between two requests while there is nothing to do."""

_LEAST_PAUSE_SEC = 0.1

_MAX_REASON = 200
"""Maximum length of the reason of a skip in characters."""


class NotAModelsClient(Setup):
    """The API key at {url} is no model's, so that its texts count as a person's. Add a client with `oa-graph client add DESCRIPTION --writes-as-model NAME`, and delete the message {id}."""  # noqa: E501 - one sentence is one line


class Model(Protocol):
    """What writes the texts."""

    async def answer(self, task: PromptTask | ReplyTask) -> Completion:
        """Return a text for a task. Raise ChatFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Budget:
    """What ends a run; None: no bound. Texts in progress are finished, so the tokens may exceed the budget."""

    tasks: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run has done so far."""

    written: int = 0
    failed: int = 0
    """Tasks that the model failed to answer, and that were skipped."""
    refused: int = 0
    """Texts that the service refused, such as for a place that was taken meanwhile."""
    tokens: int = 0


async def run(
    url: str,
    api_key: str,
    model: Model,
    *,
    name: str,
    kinds: Sequence[TaskKind] = ("assistant_reply",),
    langs: Sequence[str] = ("en",),
    concurrency: int = 1,
    budget: Budget = Budget(),
    idle: float = 60.0,
    on_progress: Callable[[Totals], None] = lambda totals: None,
) -> Totals:
    """Work for the service at `url` until the budget is used up, or there was nothing to do for `idle` seconds.

    `name`: what the model is called in the service. Raise ClientError for an unusable service, NotAModelsClient for the
    key of another client, and ChatFailed when the model keeps failing.
    """
    async with AsyncClient(url, api_key) as client:
        user = client.user("model", display_name=name)
        await user.register(accept_terms=True)
        works: list[tuple[TaskKind, str]] = [(kind, lang) for lang in langs for kind in kinds]
        work = _Run(user, model, works, budget, idle, on_progress)
        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(work.work())
        return work.finished()


class _Run:
    """The shared state of the workers of a run. All are one user, so that no post gets two replies of the model."""

    def __init__(
        self,
        user: AsyncUser,
        model: Model,
        works: Sequence[tuple[TaskKind, str]],
        budget: Budget,
        idle: float,
        on_progress: Callable[[Totals], None],
    ) -> None:
        self._user, self._model, self._works = user, model, works
        self._budget, self._idle, self._on_progress = budget, idle, on_progress
        self._totals = Totals()
        self._in_progress = 0
        self._failures = 0
        self._last_task = monotonic()
        self._is_checked = False
        self._error: OaGraphError | None = None

    def finished(self) -> Totals:
        """Return what was done. Raise the error that ended the run, if one did."""
        if self._error:
            raise self._error
        return self._totals

    async def work(self) -> None:
        while not self._is_over():
            self._in_progress += 1  # before the request, so that no other worker exceeds the budget meanwhile
            try:
                if (task := await self._next_task()) is not None:
                    await self._write(task)
            except (ClientError, Setup) as error:
                self._error = error
                return
            finally:
                self._in_progress -= 1
            if task is None:
                if self._in_progress == 0 and monotonic() - self._last_task >= self._idle:
                    return
                await asyncio.sleep(min(POLL_SEC, max(self._idle, _LEAST_PAUSE_SEC)))

    def _is_over(self) -> bool:
        tasks, tokens = self._budget.tasks, self._budget.tokens
        return (
            self._error is not None
            or (tasks is not None and self._totals.written + self._in_progress >= tasks)
            or (tokens is not None and self._totals.tokens >= tokens)
        )

    async def _next_task(self) -> PromptTask | ReplyTask | None:
        """Return a task of the first kind that has one; None: there is nothing to do now."""
        for kind, lang in self._works:
            try:
                task = await self._user.request_task(kind, [lang])
            except (NothingToDo, RateLimited):
                continue
            self._last_task = monotonic()
            assert isinstance(task, PromptTask | ReplyTask), f"a task of another kind: {task.type}"
            return task
        return None

    async def _write(self, task: PromptTask | ReplyTask) -> None:
        """Answer a task; skip it with the reason if the model fails, or if the service does not take the text."""
        await self._user.acknowledge(task)
        try:
            completion = await self._model.answer(task)
        except ChatFailed as error:
            await self._skip(task, error)
            return
        self._failures = 0
        self._last_task = monotonic()
        tokens = self._totals.tokens + completion.tokens
        try:
            message = await self._user.write(task, completion.text)
        except ApiError as refusal:
            self._count(refused=self._totals.refused + 1, tokens=tokens)
            await self._skip_refused(task, refusal)
        else:
            self._count(written=self._totals.written + 1, tokens=tokens)
            await self._check(message)

    async def _skip(self, task: PromptTask | ReplyTask, error: ChatFailed) -> None:
        self._count(failed=self._totals.failed + 1)
        self._failures += 1
        await self._user.skip(task, str(error)[:_MAX_REASON])
        if self._failures >= FAILURES:
            raise error

    async def _skip_refused(self, task: PromptTask | ReplyTask, refusal: ApiError) -> None:
        """Give the place back. The task may be over already; then there is nothing to give back."""
        with suppress(InvalidRequest, NotFound, Refused):
            await self._user.skip(task, refusal.message[:_MAX_REASON])

    async def _check(self, message: str) -> None:
        """Look at the first text: unless the client is a model's, it counts as a person's."""
        if self._is_checked:
            return
        self._is_checked = True
        post = await self._user.client.frontend_message(message)
        if post.synthetic is False:
            raise NotAModelsClient(url=self._user.client.url, id=post.id)

    def _count(self, **totals: int) -> None:
        self._totals = replace(self._totals, **totals)
        self._on_progress(self._totals)
