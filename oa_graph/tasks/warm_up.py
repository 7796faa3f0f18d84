"""Have the server plan the statements of a task's life before users need them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from oa_graph.context import Context
from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import Answer, EndVoteAnswer, LabelAnswer, RankingAnswer, Task, TaskKind, TextAnswer
from oa_graph.domain.users import ApiClient, AuthMethod, UserIdentity
from oa_graph.errors import NothingToHandOut
from oa_graph.graph import clients
from oa_graph.graph.session import Graph, Row, Store, Tx
from oa_graph.policy.kinds import KINDS, TaskFamily
from oa_graph.tasks import Tasks

T = TypeVar("T")

_LANG = "x-warm-up"

_KINDS = (None, TaskKind.INITIAL_PROMPT, TaskKind.LABEL_INITIAL_PROMPT, TaskKind.ASSISTANT_REPLY)
"""A first user requests any kind."""

_CLIENT = ApiClient(id="warm-up")
_VOTER = ApiClient(id="warm-up", capabilities=("end_vote",))

GiveWay = Callable[[], Awaitable[None]]


async def _at_once() -> None:
    """Give way to nobody."""


async def warm_up(graph: Graph, limits: Limits, *, prompts: int = 6, give_way: GiveWay = _at_once) -> None:
    """Grow some trees in a transaction that is never committed; each statement waits for `give_way`.

    The statements are then planned, in the order in which users need them, and the JVM has compiled some of what they
    run: without it a first request of each kind takes a second.
    """
    easy = replace(limits, num_reviews_initial_prompt=1, num_reviews_reply=1, enforce_terms=False)
    async with graph.dry_run_session() as session:
        store = _GivingWay(session, give_way)
        tasks = Tasks(Context(store=store, limits=easy, rng=Random(0)))
        for i in range(prompts):
            for kind in _KINDS:
                user = UserIdentity(method=AuthMethod.SYSTEM, name=f"{kind} {i}", display_name="")
                with suppress(NothingToHandOut):
                    await _play_task(tasks, kind, user)
        if any(_VOTER.capabilities[0] in client.capabilities for client in await clients.list_all(store)):
            with suppress(NothingToHandOut):  # no vote is open; the lease is planned all the same
                voter = UserIdentity(method=AuthMethod.SYSTEM, name="voter", display_name="")
                await tasks.request(TaskKind.DECIDE_END, lang=_LANG, client=_VOTER, user=voter)


@dataclass(frozen=True, slots=True)
class _GivingWay:
    """A store that lets others go first, before each statement."""

    store: Store
    give_way: GiveWay

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        await self.give_way()
        return await self.store.rows(name, parameters)

    async def transact(self, work: Callable[[Tx], Awaitable[T]], *, no_timeout: bool = False) -> T:
        return await work(self)

    async def dry_run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        return await work(self)


async def _play_task(tasks: Tasks, kind: TaskKind | None, user: UserIdentity) -> None:
    task = await tasks.request(kind, lang=_LANG, client=_CLIENT, user=user)
    await tasks.acknowledge(task.id, message_id=task.id, client=_CLIENT)
    await tasks.submit(_answer(task), client=_CLIENT, user=user)


def _answer(task: Task) -> Answer:
    match KINDS[task.kind].family:
        case TaskFamily.REPLY | TaskFamily.PROMPT:
            return TextAnswer(ack=task.id, frontend_id=task.id, text=task.id, lang=_LANG)
        case TaskFamily.RANK | TaskFamily.RANK_PROMPTS:
            return RankingAnswer(task.id, tuple(range(len(task.candidates))), not_rankable=False)
        case TaskFamily.LABEL:
            return LabelAnswer(task.id, task.thread[-1].id, "", {"spam": 0.0}, is_report=False)
        case TaskFamily.END_VOTE:
            return EndVoteAnswer(task.id, ends=True)
