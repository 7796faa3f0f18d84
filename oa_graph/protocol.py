"""The heart: hand out a task, acknowledge it, refuse it, settle it.

A request for work, its ack and the text that answers it are one statement each. What may carry a tree on, reviews,
rankings, skips and reports, is one transaction: the event first, then what follows from it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from random import Random
from typing import TypeVar, assert_never
from uuid import NAMESPACE_URL, uuid4, uuid5

from oa_graph import boards, lifecycle
from oa_graph.errors import (
    AnswerWithoutTask,
    CorruptRanking,
    DuplicateReply,
    InvalidRanking,
    LabelNotInTask,
    LabelsForAnotherPost,
    MandatoryLabelMissing,
    NotCollective,
    NothingToHandOut,
    NotNow,
    NotYourTask,
    OaGraphError,
    ReviewedBefore,
    SelfReview,
    TaskAlreadyAcknowledged,
    TaskAlreadyDone,
    TaskExpired,
    TaskNotAcknowledged,
    TaskNotFound,
    TermsNotAccepted,
    TextDuplicated,
    TextTooLong,
    TooManyPending,
    TooManyRequests,
    TreeClosed,
    UnexpectedText,
    UserDisabled,
    WrongAnswer,
)
from oa_graph.graph import posts, tasks, trees, users
from oa_graph.graph.clock import now as _now
from oa_graph.graph.session import Graph, Row, Store, Tx, milliseconds
from oa_graph.graph.tasks import Leased, Outcome, Slip
from oa_graph.graph.watch import note_task
from oa_graph.lifecycle import Moment
from oa_graph.model import (
    Answer,
    AuthMethod,
    Client,
    EmojiCode,
    LabelAnswer,
    Lease,
    Limits,
    Person,
    Quota,
    RankingAnswer,
    Task,
    TaskKind,
    TaskRequest,
    TextAnswer,
    TreeState,
    User,
)
from oa_graph.policy import availability as counting
from oa_graph.policy import growth, nothing_to_do, rating, review, sampling, scoring, search
from oa_graph.policy.kinds import KINDS, Family, offered, race

T = TypeVar("T")

log = logging.getLogger(__name__)

_RIVALS = 20
"""How often to look again when somebody else was quicker; each time at least one of the rivals got a place."""

_SHUFFLES = 16
"""How many random numbers order the candidates of a ranking; larger sets use them again."""

_PLACES = frozenset({Family.REPLY, Family.LABEL, Family.RANK})

Group = tuple[TaskKind, ...]


def _done_id(task: str | None, user: str | None) -> str:
    """The id of the `task_done` for a person's answer: the same whenever that answer is sent again."""
    return str(uuid5(NAMESPACE_URL, f"oa-graph:done:{task}:{user}"))


# Handing out


async def hand_out(
    graph: Store, limits: Limits, *, rng: Random, ask: TaskRequest, quotas: Sequence[Quota] = ()
) -> Task:
    """One piece of work for a person: of the kind asked for, or of the kind that the race draws.

    It counts against the quotas, also when it comes to nothing. Raises TooManyRequests when one of them is full;
    NothingToHandOut, TooManyPending, UserDisabled or TermsNotAccepted.
    """
    try:
        task = await _handed_out(graph, limits, rng=rng, ask=ask, quotas=quotas)
    except (NothingToHandOut, TooManyPending, TooManyRequests, UserDisabled, TermsNotAccepted) as error:
        note_task(ask.kind or "random", _NOTHING[type(error)])
        raise
    note_task(task.kind, "handed_out")
    return task


_NOTHING: dict[type[OaGraphError], str] = {
    NothingToHandOut: "nothing",
    TooManyPending: "limited",
    TooManyRequests: "limited",
    UserDisabled: "disabled",
    TermsNotAccepted: "terms",
}
"""How requests for tasks that end without one are counted."""


async def _handed_out(graph: Store, limits: Limits, *, rng: Random, ask: TaskRequest, quotas: Sequence[Quota]) -> Task:
    groups = race(limits, capabilities=ask.client.capabilities, rng=rng) if ask.kind is None else [(ask.kind,)]
    for places, other in _stages(groups, limits):
        leased = await _lease(graph, limits, ask=ask, groups=places, quotas=quotas, rng=rng)
        quotas = ()  # counted
        if isinstance(leased, Task):
            return leased
        if other is not None and (
            task := await _without_place(graph, limits, ask=ask, kind=other, user=leased.user_id, rng=rng)
        ):
            return task
    raise await _nothing_to_do(graph, limits, ask=ask, groups=groups)


def _stages(groups: Sequence[Group], limits: Limits) -> Iterator[tuple[list[Group], TaskKind | None]]:
    """The groups in order, cut behind each kind without places: what comes before it is sought in one statement."""
    places: list[Group] = []
    for group in groups:
        if KINDS[group[0]].family in _PLACES:
            places.append(tuple(kind for kind in group if offered(kind, limits)))
        elif offered(group[0], limits):
            yield places, group[0]
            places = []
    yield places, None


async def _lease(
    graph: Store,
    limits: Limits,
    *,
    ask: TaskRequest,
    groups: Sequence[Group],
    quotas: Sequence[Quota],
    rng: Random,
) -> Task | Leased:
    """An open place of the first group that has one; without groups only the user is looked at."""
    new_user = str(uuid4())
    for _ in range(_RIVALS):
        slip = _slip(limits, ask)
        leased = await tasks.lease(
            graph,
            slip,
            ask=ask,
            user=new_user,
            draws=[draw for group in groups for draw in sampling.draws(group, ask.lang, limits, rng=rng)],
            forms={
                kind: review.form(kind, asked_by_name=ask.kind is not None, limits=limits, rng=rng)
                for group in groups
                for kind in group
                if KINDS[kind].family is Family.LABEL
            },
            shuffle=[rng.random() for _ in range(_SHUFFLES)] if groups else [],
            quotas=quotas,
        )
        quotas = ()  # counted, also when somebody else was quicker
        if leased.kind is not None:
            return Task(slip.task, leased.kind, leased.thread, leased.candidates, leased.form, leased.user_id)
        match leased.outcome:
            case "lost":
                continue
            case "limited":
                raise _too_many(leased.limited_until, slip.now)
            case "disabled":
                raise UserDisabled(id=ask.person.name)
            case "terms":
                raise TermsNotAccepted(id=ask.person.name)
            case "pending":
                raise TooManyPending(id=ask.person.name, limit=limits.max_pending_tasks_per_user)
            case _:
                return leased
    raise await _nothing_to_do(graph, limits, ask=ask, groups=groups)


async def _nothing_to_do(
    graph: Store, limits: Limits, *, ask: TaskRequest, groups: Sequence[Group]
) -> NothingToHandOut:
    """The error for a request that finds nothing of these groups."""
    kinds, now = [kind for group in groups for kind in group], _now()
    occupancy = await tasks.occupancy(graph, _pools(kinds, ask.lang, limits), lang=ask.lang, now=now)
    return nothing_to_do.error(
        nothing_to_do.reason(occupancy, kinds=kinds, lang=ask.lang, limits=limits),
        kind=ask.kind or "random",
        lang=ask.lang,
        seconds=nothing_to_do.seconds(occupancy, now_ms=milliseconds(now)),
        people=growth.people_needed(limits),
    )


def _pools(kinds: Collection[TaskKind], lang: str, limits: Limits) -> tuple[str, ...]:
    """The pools that hold work of these kinds, waiting prompts to rank among it."""
    to_rank = [kind for kind in kinds if KINDS[kind].family is Family.RANK_PROMPTS and offered(kind, limits)]
    return (*sampling.pools(kinds, lang, limits), *(sampling.plain_pool(kind, lang) for kind in to_rank))


async def count_request(graph: Store, quotas: Sequence[Quota]) -> None:
    """Counts a request that names no user. Raises TooManyRequests when a quota is full.

    One that cannot be counted is let through: it is refused anyway, for what it lacks.
    """
    if not quotas:
        return
    now = _now()
    try:
        limited_until = await tasks.count_request(graph, quotas=quotas, now=now)
    except NotNow as error:
        log.warning("request not rate-limited: %s", error)
        return
    if limited_until is not None:
        raise _too_many(limited_until, now)


def _too_many(until: int | None, now: datetime) -> TooManyRequests:
    left = (until or 0) / 1000 - now.timestamp()
    return TooManyRequests(seconds=max(1, ceil(left)))


async def _without_place(
    graph: Store, limits: Limits, *, ask: TaskRequest, kind: TaskKind, user: str, rng: Random
) -> Task | None:
    """A prompt to write, or prompts to rank."""
    slip = _slip(limits, ask)
    if kind is TaskKind.RANK_INITIAL_PROMPTS:
        shown = await tasks.lease_prompts_to_rank(graph, slip, ask=ask, user=user, start=rng.random())
        return Task(slip.task, kind, candidates=shown, user=user) if shown else None
    if ask.lang in limits.init_prompt_disabled_langs:
        return None
    return Task(slip.task, kind, user=user) if await tasks.lease_prompt(graph, slip, ask=ask, user=user) else None


def _slip(limits: Limits, ask: TaskRequest) -> Slip:
    return Slip(task=str(uuid4()), now=_now(), limits=limits, collective=ask.collective, policy=limits.sampling)


async def availability(graph: Store, limits: Limits, *, client: Client, person: Person, lang: str) -> dict[str, int]:
    """How many tasks of each kind there are for a person, and as `random` their sum; changes nothing.

    Exact up to `counting.CLOSELY` places of a pool, estimated above. Raises UserDisabled or TermsNotAccepted.
    """
    with_pools = [kind for kind in KINDS if KINDS[kind].family in _PLACES and offered(kind, limits)]
    prompts = f"{TaskKind.RANK_INITIAL_PROMPTS} {lang}"
    standing = await tasks.look(
        graph,
        client=client.id,
        person=person,
        lang=lang,
        pools=[*sampling.pools(with_pools, lang, limits), prompts],
        limit=counting.LOOK,
        closely=counting.CLOSELY,
        limits=limits,
        now=_now(),
    )
    if standing.enabled is False:
        raise UserDisabled(id=person.name)
    if limits.enforce_terms and not standing.terms:
        raise TermsNotAccepted(id=person.name)
    wanted = growth.lottery_places(
        lang=lang,
        growing=standing.growing,
        reviewing=standing.reviewing,
        waiting=standing.waiting,
        limits=limits,
    )
    to_rank = sum(counting.count(look) for look in standing.looks if look.pool == prompts)
    return counting.counts(
        [look for look in standing.looks if look.pool != prompts],
        prompts=max(0, wanted - standing.leased),
        prompts_to_rank=to_rank if TaskKind.RANK_INITIAL_PROMPTS in client.capabilities else 0,
        limits=limits,
    )


# Acknowledging, refusing, closing


async def acknowledge(
    graph: Store, limits: Limits, *, client: Client, task_id: str, ack: str, user: User | None
) -> Lease | None:
    """Bind a task to the frontend's id and renew its lease; the same id again renews it again.

    Return the lease; None for a task that holds no place: one that is done, collective, or about no single post. Raise
    TaskNotFound, TaskExpired, NotYourTask or TaskAlreadyAcknowledged.
    """
    now = _now()
    found = await tasks.acknowledge(
        graph,
        client=client.id,
        task=task_id,
        ack=ack,
        user=user.id if user else None,
        now=now,
        limits=limits,
    )
    note_task(found.kind, found.outcome)
    match found.outcome:
        case "acknowledged":
            return None if found.held is None else Lease(tasks.lease_end(limits, now) if found.held else None)
        case "no_task":
            raise TaskNotFound(id=task_id)
        case "done":
            raise TaskAlreadyAcknowledged(id=task_id, ack=ack, why="it is done")
        case "other_ack":
            raise TaskAlreadyAcknowledged(id=task_id, ack=ack, why="it has another id already")
        case _:
            raise _refused(found, task_id, user)


async def refuse(
    graph: Store, limits: Limits, *, rng: Random, client: Client, task_id: str, reason: str | None, user: User | None
) -> None:
    """Skips a task, before or after its ack; without `user` for whoever holds it.

    A post whose replies too many people skip ends its tree. Raises AnswerWithoutTask, TaskExpired, TaskAlreadyDone or
    NotYourTask.
    """

    async def work(tx: Tx) -> Outcome:
        now = _now()
        found = await tasks.refuse(
            tx, client=client.id, task=task_id, reason=reason, user=user.id if user else None, now=now
        )
        if found.outcome == "refused" and found.tree_id and found.state:
            at = Moment(tx, limits, now, rng)
            await lifecycle.skipped(at, tree=found.tree_id, state=TreeState(found.state), skips=found.skips)
        return found

    found = await graph.transact(work)
    note_task(found.kind, found.outcome)
    if found.outcome == "no_task":
        raise AnswerWithoutTask(id=task_id)
    if found.outcome != "refused":
        raise _refused(found, task_id, user)


async def close(graph: Store, *, client: Client, ack: str) -> str:
    """Ends a collective task; returns the id of the `task_done`.

    Raises TaskNotFound, TaskExpired, NotCollective or TaskAlreadyDone.
    """
    found = await tasks.close(graph, client=client.id, ack=ack, now=_now())
    note_task(found.kind, found.outcome)
    match found.outcome:
        case "closed":
            return _done_id(found.task_id, None)
        case "no_task":
            raise TaskNotFound(id=ack)
        case "not_collective":
            raise NotCollective(id=ack)
        case _:
            raise _refused(found, ack, None)


# Settling


async def settle(graph: Store, limits: Limits, *, rng: Random, client: Client, person: Person, answer: Answer) -> str:
    """Takes a person's answer; returns the id of the `task_done`, the same when the same answer is sent again.

    Raises what `_refused` names; nothing is changed then.
    """
    match answer:
        case TextAnswer():
            work = _settling_text(graph, limits, rng=rng, client=client, person=person, answer=answer)
        case RankingAnswer():
            work = _settling_ranking(graph, limits, rng=rng, client=client, person=person, answer=answer)
        case LabelAnswer(task=None):
            return await _remark(graph, limits, rng=rng, client=client, person=person, answer=answer)
        case LabelAnswer():
            work = _settling_review(graph, limits, rng=rng, client=client, person=person, answer=answer)
        case _:
            assert_never(answer)
    found = await work()
    if found.outcome == "unknown_user":  # the first sight of someone who joins a collective task
        await _user(graph, client, person)
        found = await work()
    note_task(found.kind, found.outcome)
    if found.outcome == "no_task" and (early := await _before_ack(graph, client, person, answer)):
        raise TaskNotAcknowledged(id=early)
    if found.outcome not in ("stored", "repeated"):
        raise _unsettled(found, answer, person, limits)
    return _done_id(found.task_id, found.user_id)


async def _before_ack(graph: Store, client: Client, person: Person, answer: Answer) -> str | None:
    """The task that an answer with an unknown ack id was meant for, where only one can be meant."""
    kinds = [kind for kind, each in KINDS.items() if each.answer is type(answer)]
    waiting = await tasks.unacknowledged(graph, client=client.id, person=person, kinds=kinds, now=_now())
    return waiting[0] if len(waiting) == 1 and not isinstance(answer, LabelAnswer) else None


Work = Callable[[], Awaitable[Outcome]]


def _settling_text(
    graph: Store, limits: Limits, *, rng: Random, client: Client, person: Person, answer: TextAnswer
) -> Work:
    post, goal = str(uuid4()), growth.goal(limits, rng)

    async def work() -> Outcome:
        return await tasks.settle_text(
            graph,
            client=client.id,
            person=person,
            answer=_of_open_lang(answer, limits),
            post=post,
            goal=goal,
            labels=search.LABELS,
            limits=limits,
            now=_now(),
        )

    return work


def _of_open_lang(answer: TextAnswer, limits: Limits) -> TextAnswer:
    """Without a language that takes no new prompts: a prompt is then in the language that it was asked for in."""
    return replace(answer, lang=None) if answer.lang in limits.init_prompt_disabled_langs else answer


def _settling_review(
    graph: Store, limits: Limits, *, rng: Random, client: Client, person: Person, answer: LabelAnswer
) -> Work:
    id = str(uuid4())

    async def store(tx: Tx) -> Outcome:
        now = _now()
        found = await tasks.settle_review(
            tx,
            client=client.id,
            person=person,
            answer=answer,
            conduct=scoring.said(answer.labels),
            review=id,
            limits=limits,
            now=now,
        )
        if found.outcome == "stored" and found.tree_id and found.kind:
            await lifecycle.judge(
                Moment(tx, limits, now, rng),
                post=answer.post,
                tree=found.tree_id,
                kind=found.kind,
                reviews=found.reviews,
                spam=found.spam or 0.0,
                lang_mismatch=found.lang_mismatch or 0.0,
                accepted=found.accepted,
            )
            if answer.is_report and found.user_id:
                await _report(Moment(tx, limits, now, rng), user=found.user_id, answer=answer)
        return found

    return lambda: graph.transact(store)


def _settling_ranking(
    graph: Store, limits: Limits, *, rng: Random, client: Client, person: Person, answer: RankingAnswer
) -> Work:
    id = str(uuid4())

    async def store(tx: Tx) -> Outcome:
        now = _now()
        found = await tasks.settle_ranking(tx, client=client.id, person=person, answer=answer, ranking=id, now=now)
        if found.outcome != "stored":
            return found
        if found.tree_id is None:
            await _rate_prompts(tx, found.ranked, limits=limits)
        else:
            await lifecycle.advance(Moment(tx, limits, now, rng), found.tree_id)
        return found

    return lambda: graph.transact(store)


async def _rate_prompts(tx: Tx, ranked: Sequence[str], *, limits: Limits) -> None:
    before = await trees.ratings(tx, ranked, new=rating.NEW)
    after = rating.rate([before[id] for id in ranked])
    await trees.rate(tx, dict(zip(ranked, after, strict=True)), limits=limits)


async def _remark(
    graph: Store, limits: Limits, *, rng: Random, client: Client, person: Person, answer: LabelAnswer
) -> str:
    user = await _user(graph, client, person)
    if user.deleted or not user.enabled:
        raise UserDisabled(id=person.name)
    if answer.is_report:
        await graph.transact(lambda tx: _report(Moment(tx, limits, _now(), rng), user=user.id, answer=answer))
    else:
        await graph.transact(lambda tx: _note(tx, user=user.id, answer=answer))
    return str(uuid4())


async def _note(tx: Tx, *, user: str, answer: LabelAnswer) -> None:
    """Keeps a remark; it counts for the author of the post, an earlier one no longer does."""
    about = await posts.remark(tx, user=user, post=answer.post, labels=answer.labels, text=answer.text, now=_now())
    if about.author is not None and about.live:
        for labels, amount in ((about.before or {}, -1), (answer.labels, 1)):
            await boards.credit_labels(tx, author=about.author, created=about.created, labels=labels, amount=amount)


async def _report(at: Moment, *, user: str, answer: LabelAnswer) -> None:
    """Keeps a report and calls a moderator, even where this user has done so before."""
    await posts.report(
        at.tx,
        user=user,
        post=answer.post,
        labels=answer.labels,
        conduct=scoring.said(answer.labels),
        text=answer.text,
        now=at.now,
    )
    await lifecycle.react(at, user=user, post=answer.post, emoji=EmojiCode.RED_FLAG, renew=True)


async def _user(graph: Store, client: Client, person: Person) -> User:
    return await users.upsert(graph, client=client.id, person=person, id=str(uuid4()), now=_now(), changes={})


# What goes wrong


def _refused(found: Outcome, id: str, user: User | None) -> OaGraphError:
    """The error for an outcome that any step of a task's life can have."""
    match found.outcome:
        case "expired":
            return TaskExpired(id=id, expired=found.expired)
        case "done":
            return TaskAlreadyDone(id=id, why="it is done")
        case "not_yours":
            return NotYourTask(id=id)
        case "disabled":
            return UserDisabled(id=user.name if user else "")
        case other:
            raise AssertionError(f"unknown outcome {other}")


def _unsettled(found: Outcome, answer: Answer, person: Person, limits: Limits) -> OaGraphError:
    """The error for an answer that was not taken."""
    task = found.task_id or ""
    named = answer.task if isinstance(answer, LabelAnswer) else answer.ack
    match found.outcome:
        case "no_task":
            return AnswerWithoutTask(id=named)
        case "not_acknowledged":
            return TaskNotAcknowledged(id=task)
        case "disabled":
            return UserDisabled(id=person.name)
        case "wrong_kind" if isinstance(answer, TextAnswer):
            return UnexpectedText(id=task, kind=found.kind)
        case "wrong_kind":
            return WrongAnswer(id=task, kind=found.kind, answer=_NAMES[type(answer)])
        case "too_long" if isinstance(answer, TextAnswer):
            return TextTooLong(length=len(answer.text), limit=limits.message_size_limit)
        case "duplicated":
            return TextDuplicated(minutes=limits.duplicate_window_sec // 60)
        case "closed":
            return TreeClosed(id=found.tree_id, state=found.state)
        case "answered":
            return DuplicateReply(id=person.name)
        case "place_taken":
            return TaskAlreadyDone(id=task, why="it was skipped, and its place has been taken since")
        case "ranked":
            return TaskAlreadyDone(id=task, why="this user has already ranked these candidates")
        case "not_permuted":
            return InvalidRanking(last=found.candidates - 1)
        case "corrupt":
            return CorruptRanking(id=task)
        case "other_post" if isinstance(answer, LabelAnswer):
            return LabelsForAnotherPost(id=answer.post)
        case "strange_label":
            return LabelNotInTask(label=found.label)
        case "missing_label":
            return MandatoryLabelMissing(label=found.label)
        case "self":
            return SelfReview(id=person.name)
        case "reviewed":
            return ReviewedBefore(id=person.name)
        case _:
            return _refused(found, task, None)


_NAMES: dict[type, str] = {RankingAnswer: "ranking", LabelAnswer: "set of labels"}


# Getting ready

_WARM_LANG = "x-warm-up"


_WARM_KINDS = (None, TaskKind.INITIAL_PROMPT, TaskKind.LABEL_INITIAL_PROMPT, TaskKind.ASSISTANT_REPLY)
"""A first person asks for anything."""

GiveWay = Callable[[], Awaitable[None]]


async def _at_once() -> None:
    """Give way to nobody."""


async def warm(graph: Graph, limits: Limits, *, prompts: int = 6, give_way: GiveWay = _at_once) -> None:
    """Grow some trees in a transaction that is never committed; each statement waits for `give_way`.

    The statements are then planned, in the order in which people need them, and the JVM has compiled some of what they
    run: without it a first request of each kind takes a second.
    """
    client = Client(id="warm-up")
    easy = replace(limits, num_reviews_initial_prompt=1, num_reviews_reply=1, enforce_terms=False)
    rng = Random(0)
    async with graph.rehearsal() as rehearsal:
        store = _GivingWay(rehearsal, give_way)
        for i in range(prompts):
            for kind in _WARM_KINDS:
                person = Person(method=AuthMethod.SYSTEM, name=f"{kind} {i}", display_name="")
                with suppress(NothingToHandOut):
                    await _rehearse(store, easy, rng=rng, ask=TaskRequest(client, person, kind, _WARM_LANG))


@dataclass(frozen=True, slots=True)
class _GivingWay:
    """A store that lets others go first, before each statement."""

    store: Store
    give_way: GiveWay

    async def rows(self, name: str, parameters: Mapping[str, object]) -> list[Row]:
        await self.give_way()
        return await self.store.rows(name, parameters)

    async def transact(self, work: Callable[[Tx], Awaitable[T]], *, patient: bool = False) -> T:
        return await work(self)


async def _rehearse(store: Store, limits: Limits, *, rng: Random, ask: TaskRequest) -> None:
    task = await hand_out(store, limits, rng=rng, ask=ask)
    await acknowledge(store, limits, client=ask.client, task_id=task.id, ack=task.id, user=None)
    match KINDS[task.kind].family:
        case Family.REPLY | Family.PROMPT:
            answer = TextAnswer(ack=task.id, frontend_id=task.id, text=task.id, lang=ask.lang)
        case Family.RANK | Family.RANK_PROMPTS:
            answer = RankingAnswer(task.id, tuple(range(len(task.candidates))), not_rankable=False)
        case Family.LABEL:
            answer = LabelAnswer(task.id, task.thread[-1].id, "", {"spam": 0.0}, is_report=False)
    await settle(store, limits, rng=rng, client=ask.client, person=ask.person, answer=answer)
