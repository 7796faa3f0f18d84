"""The work of a person: request a task, show it, take the answer, send it; go on after every interruption."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, assert_never

from oa_graph.client import (
    ApiError,
    AsyncClient,
    AsyncUser,
    ConnectionLost,
    EndTask,
    InvalidRequest,
    LabelDescription,
    LabelTask,
    NotFound,
    NothingToDo,
    PromptRankingTask,
    PromptTask,
    RankingTask,
    RateLimited,
    Refused,
    ReplyTask,
    Task,
    TaskKind,
    TryLater,
)
from oa_graph.errors import Setup

from .drafts import Draft, Drafts
from .editor import Editor, Question, Skipped
from .lease_keeper import LeaseKeeper
from .screen import TaskScreen, candidates, described, label_value

T = TypeVar("T")

LONGEST_WAIT = 15.0
"""Seconds between two attempts to reach a service that names no time."""
IDLE = 10.0
"""Seconds between two requests for a task, if the service names no time."""

_BACK = "<"
_OVER = (InvalidRequest, NotFound, Refused)


class TermsRefused(Setup):
    """The user {name} has not accepted the terms of this service."""


async def work(
    url: str,
    api_key: str,
    *,
    name: str,
    langs: Sequence[str],
    kind: TaskKind | None,
    folder: Path,
    screen: TaskScreen,
    accept_terms: Callable[[], bool],
) -> None:
    """Let the user `name` work until interrupted. Drafts stand below `folder`.

    `accept_terms` asks the person, if the service has no acceptance yet. Raise ClientError, WorkerRunning,
    TermsRefused.
    """
    async with AsyncClient(url, api_key) as client:
        drafts = Drafts.of(folder, client.url, name)
        with drafts.locked():
            worker = Worker(client.user(name), drafts, screen, langs, kind)
            await worker.register(accept_terms)
            with suppress(EOFError):
                await worker.work()


class Worker:
    """A person at work."""

    def __init__(
        self, user: AsyncUser, drafts: Drafts, screen: TaskScreen, langs: Sequence[str], kind: TaskKind | None
    ) -> None:
        self._user = user
        self._drafts = drafts
        self._screen = screen
        self._langs = langs
        self._kind: TaskKind | None = kind

    async def register(self, accept_terms: Callable[[], bool]) -> None:
        """Create the user. Raise TermsRefused."""
        account = await self._patiently(self._user.register)
        if account.tos_acceptance_date is None:
            if not accept_terms():
                raise TermsRefused(name=self._user.identity.name)
            await self._patiently(lambda: self._user.register(accept_terms=True))

    async def work(self) -> None:
        """Finish what is begun, then work on new tasks."""
        for draft in await self._begun():
            await self._work_on(draft)
        while True:
            await self._work_on(Draft(task=await self._patiently(self._request)))

    async def _begun(self) -> list[Draft]:
        """Return drafts and open tasks: finished answers first, then what the person was at last."""
        drafts = {draft.task.id: draft for draft in self._drafts.all()}
        with suppress(NotFound):
            for open_task in reversed(await self._patiently(self._user.open_tasks)):
                drafts.setdefault(open_task.task.id, Draft(task=open_task.task))
        if drafts:
            self._screen.note(f"You left {len(drafts)} of your tasks open.", "bold")
        order = sorted(drafts.values(), key=lambda draft: (not draft.is_finished, not draft.is_begun))
        return order

    async def _request(self) -> Task:
        return await self._user.request_task(self._kind, self._langs)

    async def _work_on(self, draft: Draft) -> None:
        """Take the answer to a task and deliver it, or skip the task."""
        if draft.is_finished and await self._deliver(draft):
            return
        self._screen.task(draft.task)
        while True:
            try:
                async with LeaseKeeper(self._user, draft.task).kept() as lease:
                    await self._take_answer(draft, lease)
            except Skipped:
                if await self._skip(draft):
                    return
            else:
                draft.is_finished = True
                self._drafts.save(draft)
                if await self._deliver(draft):
                    return

    # The answer

    async def _take_answer(self, draft: Draft, lease: LeaseKeeper) -> None:
        editor = Editor(
            status=lambda: lease.status,
            show_guideline=lambda: self._guideline(draft.task),
            reorders=self._screen.reorders,
        )

        def keep(text: str, is_marked: bool) -> None:
            draft.text, draft.is_marked = text, is_marked
            lease.is_wanted = True
            self._drafts.save(draft)

        match draft.task:
            case PromptTask() | ReplyTask() as task:
                mark = "ends here" if task.type == "assistant_reply" else None
                question = Question("> ", _no_text, is_long=True, mark=mark, is_marked=draft.is_marked)
                await editor.ask(question, draft.text, keep)
            case RankingTask() | PromptRankingTask() as task:
                count = len(candidates(task))
                prompt = f"Numbers, best first, such as {' '.join(map(str, range(count, 0, -1)))}: "
                question = Question(prompt, lambda text: _wrong_order(text, count), mark="none is any good")
                question.is_marked = draft.is_marked
                await editor.ask(question, draft.text, keep)
            case EndTask():
                await editor.ask(Question("Does it end here? (y/n) ", _no_vote), draft.text, keep)
            case LabelTask() as task:
                await self._take_labels(draft, task, editor, lease)
            case _:
                assert_never(draft.task)

    async def _take_labels(self, draft: Draft, task: LabelTask, editor: Editor, lease: LeaseKeeper) -> None:
        """Ask for one label after the other, from the first one that is open."""
        labels = described(task)
        mandatory = set(task.mandatory_labels or ())
        place = next((place for place, label in enumerate(labels) if label.name not in draft.labels), len(labels))
        while place < len(labels):
            label = labels[place]
            is_mandatory = label.name in mandatory
            self._screen.label(label, is_mandatory=is_mandatory, answer=draft.labels.get(label.name))
            text = await editor.ask(_label_question(label, is_mandatory=is_mandatory), "", _ignore)
            if text.strip() == _BACK:
                place = max(place - 1, 0)
                continue
            if text.strip():
                draft.labels[label.name] = label_value(text, label)
            lease.is_wanted = True
            self._drafts.save(draft)
            place += 1

    async def _guideline(self, task: Task) -> Callable[[], None]:
        """Read the whole guideline, and return what prints it."""
        if task.guideline is None:
            return lambda: self._screen.note("This task has no guideline.")
        try:
            text = (await self._user.client.guideline(task.guideline.id)).text
        except (ApiError, ConnectionLost):
            text = task.guideline.short
        return lambda: self._screen.guideline(text)

    # What is sent

    async def _deliver(self, draft: Draft) -> bool:
        """Send an answer until the service has it, however late. Return False if the person has to change it."""

        async def send() -> None:
            with suppress(*_OVER):  # an answer that was sent before, too; then the same comes back
                await self._user.acknowledge(draft.task)
            await self._send(draft)

        try:
            await self._patiently(send)
        except InvalidRequest as error:
            draft.is_finished = False
            self._drafts.save(draft)
            self._screen.note(f"The service does not accept this: {error.message}", "red")
            return False
        except ApiError as error:
            file = self._drafts.set_aside(draft)
            self._screen.note(f"The service does not take this answer any more: {error.message}", "red")
            self._screen.note(f"It is kept in {file}.", "red")
            return True
        self._drafts.discard(draft)
        self._screen.note("Sent. Thank you.", "green")
        return True

    async def _send(self, draft: Draft) -> None:
        match draft.task:
            case PromptTask() | ReplyTask() as task:
                await self._user.write(task, draft.text, ends_conversation=draft.is_marked)
            case RankingTask() | PromptRankingTask() as task:
                order = [int(number) - 1 for number in draft.text.split()]
                await self._user.rank(task, order, not_rankable=draft.is_marked)
            case LabelTask() as task:
                await self._user.label(task, draft.labels)
            case EndTask() as task:
                await self._user.vote_end(task, draft.text.strip().lower() == "y")
            case _:
                assert_never(draft.task)

    async def _skip(self, draft: Draft) -> bool:
        """Ask why, and give the task back. Return False if the person changed their mind."""
        question = Question("Why do you skip it? (Enter: no reason, Ctrl-X: back to the task) ", lambda _: None)
        editor = Editor(status=lambda: "", show_guideline=lambda: self._guideline(draft.task), reorders=False)
        try:
            reason = await editor.ask(question, "", _ignore)
        except Skipped:
            return False
        with suppress(*_OVER):  # it is over anyway
            await self._patiently(lambda: self._user.skip(draft.task, reason[:512]))
        self._drafts.discard(draft)
        return True

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return the answer to a call, which is repeated as long as the service is away, or has nothing to do."""
        wait, last_note = 1.0, ""
        while True:
            try:
                return await call()
            except (NothingToDo, RateLimited) as error:
                note, seconds = error.message, error.retry_after or IDLE
            except TryLater as error:
                note, seconds = f"The service is busy: {error.message}", error.retry_after or wait
            except ConnectionLost as error:
                note, seconds = f"The service does not answer ({error.values['url']}).", wait
            wait = min(2 * wait, LONGEST_WAIT)
            if note != last_note:
                self._screen.note(f"{note} Trying again; Ctrl-C quits, and nothing is lost.", "yellow")
                last_note = note
            await asyncio.sleep(min(seconds, 60.0))


def _ignore(text: str, is_marked: bool) -> None:
    """For inputs of one key."""


def _no_text(text: str) -> str | None:
    return None if text.strip() else "Write something first."


def _no_vote(text: str) -> str | None:
    return None if text.strip().lower() in {"y", "n"} else "Type y or n."


def _wrong_order(text: str, count: int) -> str | None:
    """Say what is wrong with an order of so many candidates."""
    is_order = sorted(text.split()) == sorted(map(str, range(1, count + 1)))
    return None if is_order else f"Type each of 1 to {count} once, with blanks between them."


def _label_question(label: LabelDescription, *, is_mandatory: bool) -> Question:
    choices = "0 1 2 3 4" if label.widget == "likert" else "y n"
    allowed = {*choices.split(), _BACK, *(() if is_mandatory else ("",))}
    hint = f"Type one of {choices}, or {_BACK} to go back."
    return Question(f"({choices}) ", lambda text: None if text.strip().lower() in allowed else hint)
