"""Who works during a measurement, and on what; the same law on both sides.

A step is one thing that a frontend does: by hand it is a statement, through the service a request. Both sides note
their times under the step's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol
from uuid import uuid4

from bench.fill import MARK
from bench.generate import LANGS, Plan
from bench.meter import Notes
from oa_graph.domain.tasks import TaskKind
from oa_graph.domain.users import UserIdentity

_BUSIEST = 50
"""One in eight requests comes from one of so many who have written most."""


@dataclass(frozen=True, slots=True)
class Step:
    statement: str
    endpoint: str
    target: bool = False
    """Whether the promise of less than three times the bare statement is about it."""


STEPS: Mapping[str, Step] = {
    "floor": Step("RETURN 1", "GET /health/ready"),
    "lease_reply": Step("tasks/lease_uniform, a reply by name", "POST tasks/, a reply by name", target=True),
    "lease_random": Step("tasks/lease_uniform, random", "POST tasks/, random", target=True),
    "ack": Step("tasks/acknowledge", "POST tasks/…/ack", target=True),
    "ack_acting": Step("tasks/acknowledge, user named", "POST tasks/…/ack, acting user named", target=True),
    "settle_text": Step("tasks/submit_text", "POST tasks/interaction, a text", target=True),
    "lease_review": Step("tasks/lease_uniform, a review by name", "POST tasks/, a review by name"),
    "settle_review": Step("tasks/submit_review", "POST tasks/interaction, labels"),
    "lease_ranking": Step("tasks/lease_uniform, a ranking by name", "POST tasks/, a ranking by name"),
    "settle_ranking": Step("tasks/submit_ranking", "POST tasks/interaction, a ranking"),
    "refuse": Step("tasks/refuse", "POST tasks/…/nack"),
    "look": Step("tasks/count_available", "POST tasks/availability"),
    "post": Step("posts/post", "GET messages/…"),
    "thread": Step("posts/thread", "GET messages/…/conversation"),
}


class Crowd:
    """Draws who asks for what."""

    def __init__(self, plan: Plan, posts: list[str], *, seed: int) -> None:
        self._plan = plan
        self.posts = posts
        self.rng = Random(seed)

    def person(self) -> UserIdentity:
        busiest = self.rng.random() < 1 / 8
        return self._plan.person(self.rng.randrange(_BUSIEST if busiest else self._plan.users))

    def lang(self) -> str:
        return self.rng.choices(tuple(LANGS), tuple(LANGS.values()))[0]

    def reply(self) -> TaskKind:
        return TaskKind.PROMPTER_REPLY if self.rng.random() < 1 / 3 else TaskKind.ASSISTANT_REPLY

    def review(self) -> TaskKind:
        return TaskKind.LABEL_PROMPTER_REPLY if self.rng.random() < 1 / 3 else TaskKind.LABEL_ASSISTANT_REPLY

    def post(self) -> str:
        return self.rng.choice(self.posts)

    def text(self) -> tuple[str, str]:
        """A frontend's id, and a text that nobody has written before, of the usual length."""
        id = f"{MARK}{uuid4()}"
        return id, f"An answer that nobody else has given: {id}. " + "It goes on for a while. " * self.rng.randrange(24)

    def order(self, size: int) -> tuple[int, ...]:
        return tuple(self.rng.sample(range(size), size))


class Side(Protocol):
    """One way to the graph. Each method does one job from its beginning to its end and notes the times."""

    notes: Notes

    async def floor(self) -> None: ...
    async def text(self) -> bool: ...
    async def review(self) -> bool: ...
    async def ranking(self) -> bool: ...
    async def random(self) -> bool: ...
    async def look(self) -> None: ...
    async def post(self) -> None: ...
    async def thread(self) -> None: ...


JOBS = ("floor", "text", "review", "ranking", "random", "look", "post", "thread")
