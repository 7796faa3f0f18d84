"""One simulated person: works in the manner of a habit, and knows which refusals are its own fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import assert_never
from uuid import uuid4

from . import texts, wire
from .client import (
    NOTHING_TO_DO,
    RATE_LIMITED,
    TEXT_DUPLICATED,
    TOO_MANY_PENDING,
    CallFailed,
    Client,
    Person,
    Refusal,
)
from .habits import Habit
from .stage import Stage

LATE = frozenset({1011, 2010, 2011, 2053, 2100, 2101, 2103, 2105})
"""What an answer after the lease may be refused with: the place, the task or the tree may be gone by then."""
CLOSED_TREE = frozenset({2010})
"""A tree may be halted while somebody writes: enough people skipped a message of it."""
NOBODY_ASKED = frozenset({NOTHING_TO_DO, RATE_LIMITED})
INVALID = 422
"""Status of a body that fails validation; such bodies need not hold a code."""

OWN_LANGUAGE = 0.6
"""Share of requests in the run's first language, if there are several."""
NEARLY = 0.9
"""From this share of the lease on, a refusal for lateness is nobody's fault."""
SHORT_ABSENCE = (1.0, 3.0)
LONG_ABSENCE = (1.1, 1.5)
"""As a factor of the lease."""
ENDLESS = 100_000
"""Characters; no server takes a message as long as this."""
DEFAULT_WAIT = 5.0
"""Seconds to wait when a server says `too many` but not for how long."""


@dataclass(slots=True)
class Held:
    """A task in a bot's hands."""

    task: wire.Task
    lang: str
    """The language that was asked for."""
    since: float
    """On the clock `monotonic`."""
    ack_id: str
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Blunder:
    """An answer that should be refused."""

    what: str
    interaction: Mapping[str, object]
    codes: frozenset[int]
    sure: bool = True
    """False: servers may be configured to take it."""


class Bot:
    """Works until the stage closes. All choices come from `rng`; ids are new each time: servers keep them."""

    def __init__(self, stage: Stage, person: Person, habit: Habit, rng: Random) -> None:
        self.person = person
        self.habit = habit
        self._stage = stage
        self._rng = rng
        self._writer = texts.Writer(rng)
        self._last_text: str | None = None
        self._left: list[Held] = []
        """Tasks that the bot walked away from."""
        self._failed = 0
        """Tasks whose answer was refused for good; the server may still count them as open."""
        self._idle = 0
        """Requests in a row that brought nothing."""

    @property
    def _client(self) -> Client:
        return self._stage.client

    async def live(self) -> None:
        """Register, then take task after task. Failures are in the ledger by then, and do not end the bot."""
        await self._stage.pause(self._rng.random() * self._stage.pace)
        if not await self._register():
            return
        while self._stage.seconds_left > 0:
            try:
                held = await self._take()
                if held is not None:
                    await self._work(held)
            except CallFailed:
                self._failed += 1
                await self._stage.pause(self._rng.uniform(0.2, 1.0))

    async def _register(self) -> bool:
        try:
            account = await self._client.register(self.person)
        except CallFailed:
            return False
        if account.id != self.person.name or account.tos_acceptance_date is None:
            self._broken("POST /frontend_users/: the account is not as it was posted")
        return True

    async def _take(self) -> Held | None:
        open_tasks = {TOO_MANY_PENDING} if self._left or self._failed else set[int]()
        lang = self._choose_lang()
        try:
            task = await self._client.request_task(self.person, lang=lang, expected=NOBODY_ASKED | open_tasks)
        except Refusal as refusal:
            await self._wait_for_work(refusal)
            return None
        self._idle = 0
        for flaw in wire.flaws(task):
            self._broken(f"POST /tasks/: a task of kind {task.type}: {flaw}")
        self._stage.touched |= wire.roots(task)
        return Held(task, lang, monotonic(), f"crowd-{uuid4()}")

    async def _wait_for_work(self, refusal: Refusal) -> None:
        """Do what the server said: come back later, or settle old tasks first."""
        if refusal.code == NOTHING_TO_DO:
            self._idle += 1
            if self._rng.random() < self.habit.browses:
                await self._look_at_availability()
            await self._stage.pause(0.1 * 1.5 ** min(self._idle, 8) * self._rng.uniform(0.5, 1.5))
        elif refusal.code == TOO_MANY_PENDING and self._left:
            await self._answer(self._left.pop(0))
        elif refusal.code in {RATE_LIMITED, TOO_MANY_PENDING}:
            await self._stage.pause((refusal.wait or DEFAULT_WAIT) + self._rng.random())
        else:
            raise refusal

    async def _work(self, held: Held) -> None:
        """From the request of a task to its end, whatever that is with this habit."""
        habit, chance = self.habit, self._rng.random
        if chance() < habit.vanishes_before_ack:
            if not await self._vanish(held):
                return
        else:
            await self._think()
        skips = chance() < habit.skips
        if not skips or chance() < 0.5:
            await self._acknowledge(held)
        if skips:
            await self._skip(held)
            return
        if chance() < habit.vanishes_after_ack:
            if not await self._vanish(held):
                return
        elif chance() < habit.overstays:
            await self._be_away_beyond_lease()
        else:
            await self._think()
        await self._answer(held)
        if chance() < habit.browses:
            await self._browse(held)

    async def _think(self) -> None:
        await self._stage.pause(self._rng.uniform(*self.habit.think) * self._stage.pace)

    async def _vanish(self, held: Held) -> bool:
        """Be gone for a while; whether the bot then takes the task up again."""
        comes_back, for_long = self._rng.random() < self.habit.returns, self._rng.random() < 0.5
        if comes_back and for_long:
            await self._be_away_beyond_lease()
        else:
            await self._stage.pause(self._rng.uniform(*SHORT_ABSENCE) * self._stage.pace)
        if not comes_back:
            self._left.append(held)
        return comes_back

    async def _be_away_beyond_lease(self) -> None:
        """Let the lease run out; in a run that is too short for that, a short while has to do."""
        absence = self._rng.uniform(*LONG_ABSENCE) * self._stage.lease
        if absence > self._stage.seconds_left:
            absence = self._rng.uniform(*SHORT_ABSENCE) * self._stage.pace
        await self._stage.pause(absence)

    async def _acknowledge(self, held: Held) -> None:
        expected = self._lateness(held)
        await self._click(
            "POST /tasks/{id}/ack",
            lambda: self._client.acknowledge(self.person, held.task.id, held.ack_id, expected=expected),
        )
        held.acknowledged = True

    async def _skip(self, held: Held) -> None:
        reason = self._rng.choice(("too difficult", "not my subject", "no time", ""))
        expected = self._lateness(held)
        await self._click(
            "POST /tasks/{id}/nack",
            lambda: self._client.skip(self.person, held.task.id, reason, expected=expected),
        )
        self._client.ledger.skipped[held.task.type] += 1
        self._stage.touched |= wire.roots(held.task)

    async def _answer(self, held: Held) -> None:
        if not held.acknowledged:
            await self._acknowledge(held)
        if self._rng.random() < self.habit.blunders and await self._blunder(held):
            return
        match held.task:
            case wire.PromptTask() | wire.ReplyTask():
                await self._answer_with_text(held, held.task)
            case wire.RankingTask():
                await self._send(held, self._ranking(held, held.task.reply_messages))
            case wire.PromptRankingTask():
                await self._send(held, self._ranking(held, held.task.prompt_messages))
            case wire.LabelTask():
                await self._send(held, self._review(held.task))
            case _:
                assert_never(held.task)

    async def _answer_with_text(self, held: Held, task: wire.PromptTask | wire.ReplyTask) -> None:
        text = self._compose(held, task)
        await self._send(held, self._text(held, text), CLOSED_TREE)
        self._last_text = text
        self._stage.write(self.person, task.type, text)

    async def _send(
        self, held: Held, interaction: Mapping[str, object], expected: frozenset[int] = frozenset()
    ) -> None:
        """Send an answer; a task is finished when this returns."""
        expected |= self._lateness(held)
        await self._click(
            "POST /tasks/interaction",
            lambda: self._client.answer(self.person, interaction, expected=expected),
        )
        self._stage.finish(held.task.type, wire.roots(held.task))

    async def _click(self, endpoint: str, call: Callable[[], Awaitable[None]]) -> None:
        """Make a call, or with the habit the same call twice at once: both have to end alike."""
        if not self.habit.twice:
            await call()
            return
        ends = await asyncio.gather(call(), call(), return_exceptions=True)
        codes = [end.code if isinstance(end, Refusal) else type(end).__name__ for end in ends if end is not None]
        if len(codes) == 1:
            self._broken(f"{endpoint}: the same sent twice at once; one was taken, the other refused ({codes[0]})")
        for end in ends:
            if end is not None and (len(codes) == len(ends) or not isinstance(end, CallFailed)):
                raise end

    async def _blunder(self, held: Held) -> bool:
        """Send what has to be refused; True if it was taken all the same, so that the task is done."""
        blunder = self._choose_blunder(held)
        if blunder is None:
            return False
        try:
            await self._client.answer(
                self.person, blunder.interaction, expected=blunder.codes | self._lateness(held) | CLOSED_TREE
            )
        except Refusal as refusal:
            if refusal.is_among(blunder.codes):
                return False
            raise
        if blunder.sure:
            self._broken(f"POST /tasks/interaction: {blunder.what} was taken")
        self._stage.finish(held.task.type, wire.roots(held.task))
        return True

    def _choose_blunder(self, held: Held) -> Blunder | None:
        match held.task:
            case wire.PromptTask() | wire.ReplyTask():
                blank = Blunder("a blank text", self._text(held, " \n\t "), frozenset({1010, INVALID}))
                endless = Blunder("an endless text", self._text(held, "no " * (ENDLESS // 3)), frozenset({1008}))
                if self._last_text is None:
                    return self._rng.choice((blank, endless))
                # Refused only within a window of time that servers set as they like.
                again = Blunder(
                    "a repeated text",
                    self._text(held, self._last_text),
                    frozenset({TEXT_DUPLICATED}),
                    sure=False,
                )
                return self._rng.choice((again, again, again, blank, endless))
            case wire.RankingTask() | wire.PromptRankingTask():
                ranking = {"type": "message_ranking", "message_id": held.ack_id, "ranking": [0, 0]}
                return Blunder("a ranking with a candidate twice", ranking, frozenset({2003}))
            case wire.LabelTask(mandatory_labels=[_, *_]):
                labels: dict[str, object] = {**self._review(held.task), "labels": dict[str, float]()}
                return Blunder("a review without its mandatory labels", labels, frozenset({2052}))
            case _:
                return None

    def _compose(self, held: Held, task: wire.PromptTask | wire.ReplyTask) -> str:
        if self._rng.random() < self.habit.spams:
            return self._writer.spam()
        if isinstance(task, wire.PromptTask):
            return self._writer.prompt(held.lang)
        root, lang = task.conversation.messages[0], task.conversation.messages[-1].lang or held.lang
        write = self._writer.answer if task.type == "assistant_reply" else self._writer.follow_up
        return write(root.text, lang)

    def _text(self, held: Held, text: str) -> dict[str, object]:
        """A text interaction, under a fresh id for the new message."""
        answer: dict[str, object] = {
            "type": "text_reply_to_message",
            "message_id": held.ack_id,
            "user_message_id": f"crowd-{uuid4()}",
            "text": text,
        }
        messages = wire.thread(held.task)
        if not messages:
            answer["lang"] = held.lang
        elif self._rng.random() < 0.5:
            # The other half lets the server take the language of the thread.
            answer["lang"] = messages[-1].lang
        return answer

    def _ranking(self, held: Held, candidates: list[wire.Message]) -> dict[str, object]:
        """The candidates in the order of their merit, as this bot sees it."""
        places = list(range(len(candidates)))
        if self._rng.random() < self.habit.careless:
            self._rng.shuffle(places)
        else:
            seen = [texts.merit(candidate.text) + self._rng.gauss(0, 0.05) for candidate in candidates]
            places.sort(key=lambda place: -seen[place])
        return {
            "type": "message_ranking",
            "message_id": held.ack_id,
            "ranking": places,
            "not_rankable": all(texts.is_worthless(candidate.text) for candidate in candidates),
        }

    def _review(self, task: wire.LabelTask) -> dict[str, object]:
        """Labels for all that the form asks, now and then only for what it requires."""
        post = task.conversation.messages[-1]
        brief = self._rng.random() < 0.1 and task.mandatory_labels
        labels = self._judge(post.text, post.lang or "en", is_prompt=len(task.conversation.messages) == 1)
        asked = task.mandatory_labels if brief and task.mandatory_labels else task.valid_labels
        return {
            "type": "text_labels",
            "task_id": task.id,
            "message_id": task.message_id,
            "text": "",
            "labels": {name: labels.get(name, 0.0) for name in asked},
        }

    def _judge(self, text: str, lang: str, *, is_prompt: bool) -> dict[str, float]:
        """What a bot thinks of a text; labels that are not in the result are 0 to it."""
        careless = self._rng.random() < self.habit.careless
        worthless = self._rng.random() < 0.3 if careless else texts.is_worthless(text)
        # Good prompts are short: they say in two sentences what takes an answer ten.
        merit = texts.merit(text) * (2.0 if is_prompt else 1.0)
        likert = ("quality", "helpfulness", "creativity")
        return {
            "spam": float(worthless),
            "fails_task": float(worthless),
            "lang_mismatch": float(texts.is_foreign(text, lang)),
            **{name: round(4 * min(1.0, max(0.0, merit + self._rng.gauss(0, 0.1)))) / 4 for name in likert},
        }

    async def _browse(self, held: Held) -> None:
        """Read something near the task, as people do on a website."""
        ids = [message.id for message in wire.thread(held.task) if message.id]
        if not ids:
            return
        post_id, person = self._rng.choice(ids), self.person
        reviewing = isinstance(held.task, wire.LabelTask)
        match self._rng.randrange(5):
            case 0 if not reviewing:
                # A thread with a message under review has no conversation that a server would show.
                await self._client.conversation(post_id, person=person)
            case 1:
                await self._client.children(post_id, person=person)
            case 2:
                await self._client.tree(post_id, person=person)
            case 3:
                await self._client.remark(person, post_id, {"humor": self._rng.randrange(5) / 4})
            case _:
                await self._client.post(post_id, person=person)

    async def _look_at_availability(self) -> None:
        counts = await self._client.availability(self.person, self._stage.langs[0])
        if counts.get("random") != sum(count for kind, count in counts.items() if kind != "random"):
            self._broken("POST /tasks/availability: `random` is not the sum of the rest")

    def _choose_lang(self) -> str:
        own, *others = self._stage.langs
        return own if not others or self._rng.random() < OWN_LANGUAGE else self._rng.choice(others)

    def _lateness(self, held: Held) -> frozenset[int]:
        """Refusals that this bot has itself to thank for, having held the task for too long."""
        return LATE if monotonic() - held.since > NEARLY * self._stage.lease else frozenset()

    def _broken(self, promise: str) -> None:
        self._client.ledger.broken[promise] += 1
