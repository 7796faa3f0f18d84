"""A simulated user. It behaves by a profile, and knows which refusals it caused itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import assert_never
from uuid import uuid4

from oa_graph.client import (
    ApiError,
    AsyncClient,
    AsyncUser,
    ClientError,
    ConversationMessage,
    EndTask,
    LabelTask,
    NothingToDo,
    PromptRankingTask,
    PromptTask,
    RankingTask,
    RateLimited,
    ReplyTask,
    Task,
    thread,
)
from oa_graph.client.errors import NOTHING_TO_DO, RATE_LIMITED, TEXT_DUPLICATED, TOO_MANY_PENDING

from . import texts
from .profiles import Profile
from .promises import roots, violations
from .recorder import expecting
from .run import Run

LATE_CODES = frozenset({1011, 2010, 2011, 2053, 2100, 2101, 2103, 2105})
"""Codes that may refuse an answer after the lease: its place, task or tree may be gone."""
CLOSED_TREE_CODES = frozenset({2010})
"""A tree may be halted while a user writes, since enough users skipped one of its messages."""
NO_TASK_CODES = frozenset({NOTHING_TO_DO, RATE_LIMITED})
INVALID_BODY = 422
"""Status of an invalid body; the response may have no code."""

FIRST_LANGUAGE_SHARE = 0.6
"""Share of requests in the first of several languages."""
LATE_SHARE = 0.9
"""After this share of the lease, a refusal for lateness is expected."""
LONG_CONVERSATION = 6
"""Messages after which every bot finds that a good answer ends the conversation."""
SHORT_ABSENCE = (1.0, 3.0)
LONG_ABSENCE = (1.1, 1.5)
"""A factor of the lease."""
ENDLESS_LENGTH = 100_000
"""Length in characters that every server rejects."""
DEFAULT_WAIT = 5.0
"""Seconds to wait if a rate limit names no time."""


@dataclass(slots=True)
class HeldTask:
    """A task that a bot works on."""

    task: Task
    lang: str
    """The requested language."""
    since: float
    """Time of the assignment, by the clock `monotonic`."""
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class DeliberateError:
    """An invalid answer that the server should refuse."""

    description: str
    send: Callable[[], Awaitable[object]]
    codes: frozenset[int]
    certain: bool = True
    """False: servers may be configured to accept it."""


class Bot:
    """Works until the run closes. All choices come from `rng`. Ids are always new, since servers store them."""

    def __init__(self, run: Run, user: AsyncUser, profile: Profile, rng: Random) -> None:
        self.user = user
        self.profile = profile
        self._run = run
        self._rng = rng
        self._writer = texts.Writer(rng)
        self._last_text: str | None = None
        self._abandoned: list[HeldTask] = []
        """Tasks that the bot abandoned."""
        self._failed = 0
        """Tasks whose answer was finally refused; the server may still count them as open."""
        self._idle = 0
        """Requests in a row without a task."""

    @property
    def _client(self) -> AsyncClient:
        return self._run.client

    async def run(self) -> None:
        """Register, then work on tasks. Failures are recorded and do not stop the bot."""
        await self._run.pause(self._rng.random() * self._run.pace)
        if not await self._register():
            return
        while self._run.seconds_left > 0:
            try:
                held = await self._request_task()
                if held is not None:
                    await self._handle_task(held)
            except ClientError:
                self._failed += 1
                await self._run.pause(self._rng.uniform(0.2, 1.0))

    async def _register(self) -> bool:
        try:
            account = await self.user.register(accept_terms=True)
        except ClientError:
            return False
        if account.id != self.user.identity.name or account.tos_acceptance_date is None:
            self._record_broken_promise("POST /frontend_users/: the account differs from the posted one")
        return True

    async def _request_task(self) -> HeldTask | None:
        open_tasks = {TOO_MANY_PENDING} if self._abandoned or self._failed else set[int]()
        lang = self._choose_lang()
        try:
            with expecting(NO_TASK_CODES | open_tasks):
                task = await self.user.request_task(langs=[lang])
        except (NothingToDo, RateLimited) as refusal:
            await self._wait_for_work(refusal)
            return None
        self._idle = 0
        for violation in violations(task):
            self._record_broken_promise(f"POST /tasks/: a task of kind {task.type}: {violation}")
        self._run.touched_trees |= roots(task)
        return HeldTask(task, lang, monotonic())

    async def _wait_for_work(self, refusal: NothingToDo | RateLimited) -> None:
        """Follow the response: wait, or answer an abandoned task first."""
        if isinstance(refusal, NothingToDo):
            self._idle += 1
            if self._rng.random() < self.profile.browses:
                await self._check_availability()
            await self._run.pause(0.1 * 1.5 ** min(self._idle, 8) * self._rng.uniform(0.5, 1.5))
        elif refusal.code == TOO_MANY_PENDING and self._abandoned:
            await self._answer(self._abandoned.pop(0))
        else:
            await self._run.pause((refusal.retry_after or DEFAULT_WAIT) + self._rng.random())

    async def _handle_task(self, held: HeldTask) -> None:
        """Work on a task to its end, which depends on the profile."""
        profile, chance = self.profile, self._rng.random
        if chance() < profile.vanishes_before_ack:
            if not await self._leave(held):
                return
        else:
            await self._think()
        skips = chance() < profile.skips
        if not skips or chance() < 0.5:
            await self._acknowledge(held)
        if skips:
            await self._skip(held)
            return
        if chance() < profile.vanishes_after_ack:
            if not await self._leave(held):
                return
        elif chance() < profile.overstays:
            await self._outlast_lease()
        else:
            await self._think()
        await self._answer(held)
        if chance() < profile.browses:
            await self._browse(held)

    async def _think(self) -> None:
        await self._run.pause(self._rng.uniform(*self.profile.think) * self._run.pace)

    async def _leave(self, held: HeldTask) -> bool:
        """Pause for a while; return whether the bot then resumes the task."""
        comes_back, for_long = self._rng.random() < self.profile.returns, self._rng.random() < 0.5
        if comes_back and for_long:
            await self._outlast_lease()
        else:
            await self._run.pause(self._rng.uniform(*SHORT_ABSENCE) * self._run.pace)
        if not comes_back:
            self._abandoned.append(held)
        return comes_back

    async def _outlast_lease(self) -> None:
        """Pause until the lease has expired, or briefly if the run is too short for that."""
        absence = self._rng.uniform(*LONG_ABSENCE) * self._run.lease
        if absence > self._run.seconds_left:
            absence = self._rng.uniform(*SHORT_ABSENCE) * self._run.pace
        await self._run.pause(absence)

    async def _acknowledge(self, held: HeldTask) -> None:
        with expecting(self._late_refusals(held)):
            await self._call("POST /tasks/{id}/ack", lambda: self.user.acknowledge(held.task))
        held.acknowledged = True

    async def _skip(self, held: HeldTask) -> None:
        reason = self._rng.choice(("too difficult", "not my subject", "no time", ""))
        with expecting(self._late_refusals(held)):
            await self._call("POST /tasks/{id}/nack", lambda: self.user.skip(held.task, reason))
        self._run.recorder.skipped[held.task.type] += 1
        self._run.touched_trees |= roots(held.task)

    async def _answer(self, held: HeldTask) -> None:
        if not held.acknowledged:
            await self._acknowledge(held)
        if self._rng.random() < self.profile.invalid_answers and await self._send_invalid_answer(held):
            return
        match held.task:
            case PromptTask() | ReplyTask() as task:
                await self._answer_with_text(held, task)
            case RankingTask() as task:
                order, not_rankable = self._order(task.reply_messages)
                await self._send(held, lambda: self.user.rank(task, order, not_rankable=not_rankable))
            case PromptRankingTask() as task:
                order, not_rankable = self._order(task.prompt_messages)
                await self._send(held, lambda: self.user.rank(task, order, not_rankable=not_rankable))
            case LabelTask() as task:
                labels = self._review(task)
                await self._send(held, lambda: self.user.label(task, labels))
            case EndTask() as task:
                ends = self._finds_ended(task)
                await self._send(held, lambda: self.user.vote_end(task, ends))
            case _:
                assert_never(held.task)

    async def _answer_with_text(self, held: HeldTask, task: PromptTask | ReplyTask) -> None:
        text = self._compose(held, task)
        await self._send(held, self._writing(held, task, text), CLOSED_TREE_CODES)
        self._last_text = text
        self._run.record_text(self.user.identity.display_name, task.type, text)

    async def _send(
        self, held: HeldTask, answer: Callable[[], Awaitable[object]], expected: frozenset[int] = frozenset()
    ) -> None:
        """Send an answer and record the finished task."""
        with expecting(expected | self._late_refusals(held)):
            await self._call("POST /tasks/interaction", answer)
        self._run.record_answer(held.task.type, roots(held.task))

    async def _call(self, endpoint: str, call: Callable[[], Awaitable[object]]) -> None:
        """Make a call. Some profiles make it twice at once; both calls must have the same outcome."""
        if not self.profile.twice:
            await call()
            return
        results = await asyncio.gather(call(), call(), return_exceptions=True)
        errors = [result for result in results if isinstance(result, BaseException)]
        codes = [error.code if isinstance(error, ApiError) else type(error).__name__ for error in errors]
        if len(codes) == 1:
            self._record_broken_promise(f"{endpoint}: of two equal calls at once, one was refused ({codes[0]})")
        for error in errors:
            if len(errors) == len(results) or not isinstance(error, ClientError):
                raise error

    async def _send_invalid_answer(self, held: HeldTask) -> bool:
        """Send an invalid answer; return whether the server accepted it, so that the task is finished."""
        error = self._choose_invalid_answer(held)
        if error is None:
            return False
        try:
            with expecting(error.codes | self._late_refusals(held) | CLOSED_TREE_CODES):
                await error.send()
        except ApiError as refusal:
            if refusal.is_among(error.codes):
                return False
            raise
        if error.certain:
            self._record_broken_promise(f"POST /tasks/interaction: {error.description} was accepted")
        self._run.record_answer(held.task.type, roots(held.task))
        return True

    def _choose_invalid_answer(self, held: HeldTask) -> DeliberateError | None:
        match held.task:
            case PromptTask() | ReplyTask() as task:
                blank = DeliberateError(
                    "a blank text", self._writing(held, task, " \n\t "), frozenset({1010, INVALID_BODY})
                )
                endless = DeliberateError(
                    "an endless text", self._writing(held, task, "no " * (ENDLESS_LENGTH // 3)), frozenset({1008})
                )
                if self._last_text is None:
                    return self._rng.choice((blank, endless))
                # Servers refuse it only within a configurable time.
                repeated = DeliberateError(
                    "a repeated text",
                    self._writing(held, task, self._last_text),
                    frozenset({TEXT_DUPLICATED}),
                    certain=False,
                )
                return self._rng.choice((repeated, repeated, repeated, blank, endless))
            case RankingTask() | PromptRankingTask() as task:
                return DeliberateError(
                    "a ranking with a candidate twice", lambda: self.user.rank(task, [0, 0]), frozenset({2003})
                )
            case LabelTask(mandatory_labels=[_, *_]) as task:
                return DeliberateError(
                    "a review without its mandatory labels", lambda: self.user.label(task, {}), frozenset({2052})
                )
            case _:
                return None

    def _compose(self, held: HeldTask, task: PromptTask | ReplyTask) -> str:
        if self._rng.random() < self.profile.spams:
            return self._writer.spam()
        if isinstance(task, PromptTask):
            return self._writer.prompt(held.lang)
        root, lang = task.conversation.messages[0], task.conversation.messages[-1].lang or held.lang
        write = self._writer.answer if task.type == "assistant_reply" else self._writer.follow_up
        return write(root.text, lang)

    def _writing(self, held: HeldTask, task: PromptTask | ReplyTask, text: str) -> Callable[[], Awaitable[str]]:
        """Return the call that sends a text with a new message id."""
        messages, lang = thread(task), held.lang
        ends = task.type == "assistant_reply" and self._rng.random() < self.profile.concludes
        if messages:
            # In half of the cases the server uses the language of the thread.
            lang = messages[-1].lang if self._rng.random() < 0.5 else None
        message_id = f"crowd-{uuid4()}"
        return lambda: self.user.write(task, text, lang=lang, ends_conversation=ends, user_message_id=message_id)

    def _order(self, candidates: Sequence[ConversationMessage]) -> tuple[list[int], bool]:
        """Return an order of the candidates by their quality, with some noise, and whether all are worthless."""
        order = list(range(len(candidates)))
        if self._rng.random() < self.profile.careless:
            self._rng.shuffle(order)
        else:
            scores = [texts.quality(candidate.text) + self._rng.gauss(0, 0.05) for candidate in candidates]
            order.sort(key=lambda place: -scores[place])
        return order, all(texts.is_worthless(candidate.text) for candidate in candidates)

    def _finds_ended(self, task: EndTask) -> bool:
        """Return a vote: the longer a conversation is, and the better its last answer, the more likely it ends."""
        messages = task.conversation.messages
        chance = (len(messages) / LONG_CONVERSATION + texts.quality(messages[-1].text)) / 2
        return self._rng.random() < chance

    def _review(self, task: LabelTask) -> Mapping[str, float]:
        """Return labels for the whole form, sometimes only the mandatory ones."""
        post = task.conversation.messages[-1]
        brief = self._rng.random() < 0.1 and task.mandatory_labels
        labels = self._judge(post.text, post.lang or "en", is_prompt=len(task.conversation.messages) == 1)
        names = task.mandatory_labels if brief and task.mandatory_labels else task.valid_labels
        return {name: labels.get(name, 0.0) for name in names}

    def _judge(self, text: str, lang: str, *, is_prompt: bool) -> dict[str, float]:
        """Return the bot's labels of a text; missing labels are 0."""
        careless = self._rng.random() < self.profile.careless
        worthless = self._rng.random() < 0.3 if careless else texts.is_worthless(text)
        # Good prompts have fewer sentences than good answers.
        merit = texts.quality(text) * (2.0 if is_prompt else 1.0)
        likert = ("quality", "helpfulness", "creativity")
        return {
            "spam": float(worthless),
            "fails_task": float(worthless),
            "lang_mismatch": float(texts.is_foreign(text, lang)),
            **{name: round(4 * min(1.0, max(0.0, merit + self._rng.gauss(0, 0.1)))) / 4 for name in likert},
        }

    async def _browse(self, held: HeldTask) -> None:
        """Read something related to the task, as users of a website do."""
        ids = [message.id for message in thread(held.task) if message.id]
        if not ids:
            return
        post_id = self._rng.choice(ids)
        reviewing = isinstance(held.task, LabelTask)
        match self._rng.randrange(5):
            case 0 if not reviewing:
                # A server does not show the conversation of a message under review.
                await self._client.conversation(post_id, viewer=self.user)
            case 1:
                await self._client.children(post_id, viewer=self.user)
            case 2:
                await self._client.tree(post_id, viewer=self.user)
            case 3:
                await self.user.remark(post_id, {"humor": self._rng.randrange(5) / 4})
            case _:
                await self._client.message(post_id, viewer=self.user)

    async def _check_availability(self) -> None:
        counts = await self.user.availability(self._run.langs[0])
        if counts.get("random") != sum(count for kind, count in counts.items() if kind != "random"):
            self._record_broken_promise("POST /tasks/availability: `random` is not the sum of the other kinds")

    def _choose_lang(self) -> str:
        own, *others = self._run.langs
        return own if not others or self._rng.random() < FIRST_LANGUAGE_SHARE else self._rng.choice(others)

    def _late_refusals(self, held: HeldTask) -> frozenset[int]:
        """Return the codes that are expected since the bot held the task for too long."""
        return LATE_CODES if monotonic() - held.since > LATE_SHARE * self._run.lease else frozenset()

    def _record_broken_promise(self, promise: str) -> None:
        self._run.recorder.broken_promises[promise] += 1
