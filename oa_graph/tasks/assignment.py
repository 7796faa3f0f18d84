"""Which task a user gets."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import inf
from uuid import uuid4

from oa_graph import graph
from oa_graph.context import Context
from oa_graph.domain.limits import Limits, Quota, SamplingPolicy
from oa_graph.domain.posts import Post
from oa_graph.domain.tasks import GuidelineSummary, NoTaskReason, Task, TaskKind
from oa_graph.domain.users import ApiClient, UserIdentity
from oa_graph.errors import (
    IdempotencyKeyReused,
    NoTask,
    NothingToHandOut,
    NotNow,
    OaGraphError,
    TermsNotAccepted,
    TooManyPending,
    TooManyRequests,
    UserDisabled,
)
from oa_graph.graph.outcomes import LeaseOutcome
from oa_graph.graph.session import milliseconds
from oa_graph.graph.tasks import LeaseResult, NewTask
from oa_graph.graph.telemetry import record_task
from oa_graph.policy import growth, nothing_to_do, review, sampling
from oa_graph.policy.kinds import (
    KINDS,
    TaskFamily,
    is_for,
    is_offered,
    is_shown_by,
    may_be_named,
    weighted_order,
)
from oa_graph.policy.nothing_to_do import NothingFound
from oa_graph.tasks.idempotency import IdempotencyKey

log = logging.getLogger(__name__)

_RIVALS = 20
"""How often to look again after another user was quicker; each time at least one of the rivals got a place."""

_SHUFFLES = 16
"""How many random numbers order the candidates of a ranking; larger sets use them again."""

FAMILIES_WITH_PLACES = frozenset({TaskFamily.REPLY, TaskFamily.LABEL, TaskFamily.RANK})
"""Families whose places a sampling policy draws."""

_END_VOTE = "end_vote"
"""The statement that draws end votes."""

Group = tuple[TaskKind, ...]

_OUTCOMES_WITHOUT_TASK: dict[type[OaGraphError], LeaseOutcome] = {
    NothingToHandOut: LeaseOutcome.NOTHING,
    TooManyPending: LeaseOutcome.LIMITED,
    TooManyRequests: LeaseOutcome.LIMITED,
    UserDisabled: LeaseOutcome.DISABLED,
    TermsNotAccepted: LeaseOutcome.TERMS,
}
"""How requests that end without a task are counted."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One request for a task."""

    context: Context
    client: ApiClient
    user: UserIdentity
    kind: TaskKind | None
    langs: Sequence[str]
    """At least one, in order of preference."""
    collective: bool = False
    key: IdempotencyKey | None = None
    guidelines: Mapping[str, Mapping[TaskKind, GuidelineSummary]] = field(
        default_factory=dict[str, Mapping[TaskKind, GuidelineSummary]]
    )
    """What the task shows, by its language and kind."""

    async def assign(self, quotas: Sequence[Quota]) -> Task:
        """Return a task. Raise what `Tasks.request` names."""
        try:
            task = await self._assign(quotas)
        except (NoTask, UserDisabled, TermsNotAccepted) as error:
            record_task(self.kind or "random", _OUTCOMES_WITHOUT_TASK[type(error)])
            raise
        record_task(task.kind, LeaseOutcome.HANDED_OUT)
        return task

    async def _assign(self, quotas: Sequence[Quota]) -> Task:
        searches = [_Search(self, lang) for lang in self.langs]
        for search in searches:
            if task := await search.task(quotas):
                return task
            quotas = ()  # counted
        languages = [await search.nothing_found() for search in searches]
        raise nothing_to_do.no_task_error(
            languages,
            kind=self.kind or "random",
            now=self.context.clock(),
            people=growth.people_needed(self.context.limits),
        )


@dataclass(frozen=True, slots=True)
class _Search:
    """The search for a task in one language."""

    request: Assignment
    lang: str

    async def task(self, quotas: Sequence[Quota]) -> Task | None:
        for stage in _stages(await self._groups(), self.request.context.limits, self.request.client):
            leased = await self._lease(stage, quotas)
            quotas = ()  # counted
            if isinstance(leased, Task):
                return leased
            if stage.placeless and (task := await self._lease_without_place(stage.placeless, leased.user_id)):
                return task
        return None

    async def _groups(self) -> Sequence[Group]:
        """Return the kinds to try, in order; of one group, a kind is drawn by its number of open places."""
        if self.request.kind is not None:
            return [(self.request.kind,)] if may_be_named(self.request.kind, self.request.client.capabilities) else []
        limits, rng = self.request.context.limits, self.request.context.rng
        groups: list[Group] = []
        for group in weighted_order(limits, capabilities=self.request.client.capabilities, rng=rng):
            if not is_for(group[0], self.request.client):
                continue
            share_statement = len(_weighted(group, limits)) < 2
            groups += [group] if share_statement else [(kind,) for kind in await self._draw_order(group)]
        return groups

    async def _draw_order(self, kinds: Group) -> Sequence[TaskKind]:
        """Draw kinds by their numbers of open places; return them in the order drawn.

        `tasks/lease_<policy>` does the same for kinds that share a statement. Each kind gets a time from Exp(places).
        """
        limits, rng = self.request.context.limits, self.request.context.rng
        pools = {kind: sampling.pools([kind], self.lang, limits) for kind in kinds}
        names = [pool for names in pools.values() for pool in names]
        places = await graph.tasks.count_places(self.request.context.store, names, now=self.request.context.clock())
        counts = {kind: sum(places[pool] for pool in pools[kind]) for kind in kinds}
        clocks = {kind: rng.expovariate(count) if count else inf for kind, count in counts.items()}
        return sorted(kinds, key=clocks.__getitem__)

    async def _lease(self, stage: _Stage, quotas: Sequence[Quota]) -> Task | LeaseResult:
        """Lease an open place of the first group that has one; without groups only the user is checked."""
        groups = stage.groups
        limits, rng = self.request.context.limits, self.request.context.rng
        new_user = str(uuid4())
        leased = LeaseResult(LeaseOutcome.LOST, new_user)
        for _ in range(_RIVALS):
            task = self._new_task()
            leased = await graph.tasks.lease(
                self.request.context.store,
                task,
                client=self.request.client,
                user=self.request.user,
                lang=self.lang,
                new_user=new_user,
                groups=[[sampling.draw(kind, self.lang, limits, rng=rng) for kind in group] for group in groups],
                statement=stage.statement,
                forms={
                    kind: review.form(kind, asked_by_name=self.request.kind is not None, limits=limits, rng=rng)
                    for group in groups
                    for kind in group
                    if KINDS[kind].family is TaskFamily.LABEL
                },
                shuffle=[rng.random() for _ in range(_SHUFFLES)] if groups else [],
                quotas=quotas,
            )
            quotas = ()  # counted, also when another user was quicker
            if leased.kind is not None:
                return self._handed_out(task, leased.kind, leased)
            match leased.outcome:
                case LeaseOutcome.LOST:
                    continue
                case LeaseOutcome.LIMITED:
                    raise _too_many_requests(leased.limited_until, task.now)
                case LeaseOutcome.DISABLED:
                    raise UserDisabled(id=self.request.user.name)
                case LeaseOutcome.TERMS:
                    raise TermsNotAccepted(id=self.request.user.name)
                case LeaseOutcome.PENDING:
                    raise await self._too_many_pending(leased.user_id, task.now)
                case _:
                    return leased
        return leased

    async def _lease_without_place(self, kind: TaskKind, user_id: str) -> Task | None:
        """Lease a prompt to write, or prompts to rank."""
        task, store = self._new_task(), self.request.context.store
        if kind is TaskKind.RANK_INITIAL_PROMPTS:
            leased = await graph.tasks.lease_prompts_to_rank(
                store,
                task,
                client=self.request.client,
                lang=self.lang,
                user_id=user_id,
                start=self.request.context.rng.random(),
            )
        elif self.lang in self.request.context.limits.init_prompt_disabled_langs:
            return None
        else:
            leased = await graph.tasks.lease_prompt(
                store, task, client=self.request.client, lang=self.lang, user_id=user_id
            )
        return self._handed_out(task, leased.kind or kind, leased) if leased else None

    def _handed_out(self, task: NewTask, kind: TaskKind, leased: LeaseResult) -> Task:
        """Return the task. Raise IdempotencyKeyReused when it was handed out for another request with this key."""
        if self.request.key and leased.request_hash != self.request.key.request_hash:
            raise IdempotencyKeyReused(key=self.request.key.key)
        return Task(
            id=task.id,
            kind=kind,
            thread=shown(leased.thread, self.request.context.limits),
            candidates=shown(leased.candidates, self.request.context.limits),
            form=leased.form,
            user=leased.user_id,
            guideline=leased.guideline,
            lease_until=leased.lease_until,
            expires=leased.expires,
        )

    def _new_task(self) -> NewTask:
        limits = self.request.context.limits
        return NewTask(
            id=self.request.key.task_id if self.request.key else str(uuid4()),
            now=self.request.context.clock(),
            limits=limits,
            collective=self.request.collective and self.request.client.writes_as_model is None,
            model=self.request.client.writes_as_model,
            guidelines=self.request.guidelines.get(self.lang, {}),
            request_hash=self.request.key.request_hash if self.request.key else None,
        )

    async def _too_many_pending(self, user_id: str, now: datetime) -> TooManyPending:
        """Return the error for a user with too many open tasks, with the time when one of them counts no more."""
        limits = self.request.context.limits
        retry_at = None
        if limits.max_pending_tasks_per_user > 0:
            since = await graph.tasks.pending_since(self.request.context.store, user_id, limits=limits, now=now)
            span = timedelta(seconds=limits.recent_tasks_span_sec)
            retry_at = since + span + timedelta.resolution if since else now
        return TooManyPending(
            id=self.request.user.name,
            limit=limits.max_pending_tasks_per_user,
            reason=NoTaskReason.TOO_MANY_PENDING,
            retry_at=retry_at,
        )

    async def nothing_found(self) -> NothingFound:
        """Return why there is no task, judged by what anybody could get."""
        now, limits = self.request.context.clock(), self.request.context.limits
        if self.request.kind is None:
            capabilities = self.request.client.capabilities
            kinds = [kind for kind in KINDS if is_offered(kind, limits) and is_shown_by(kind, capabilities)]
        else:
            kinds = [self.request.kind] if may_be_named(self.request.kind, self.request.client.capabilities) else []
        kinds = [kind for kind in kinds if is_for(kind, self.request.client)]
        occupancy = await graph.tasks.occupancy(
            self.request.context.store, _pools(kinds, self.lang, limits), lang=self.lang, now=now
        )
        return NothingFound(
            self.lang,
            nothing_to_do.reason(occupancy, kinds=kinds, lang=self.lang, limits=limits),
            nothing_to_do.wait_ms(occupancy, now_ms=milliseconds(now)),
        )


@dataclass(frozen=True, slots=True)
class _Stage:
    """Kinds that one statement tries, and then perhaps a kind without places."""

    groups: Sequence[Group]
    statement: str
    """Its name behind `tasks/lease_`."""
    placeless: TaskKind | None = None


def _stages(groups: Sequence[Group], limits: Limits, client: ApiClient) -> Iterator[_Stage]:
    """Cut the groups behind each kind without places, and around each kind that needs another statement."""
    places: list[Group] = []
    statement = SamplingPolicy.UNIFORM
    for group in groups:
        if not (is_offered(group[0], limits) and is_for(group[0], client)):  # requested by name
            continue
        if KINDS[group[0]].family is TaskFamily.END_VOTE:
            if places:
                yield _Stage(places, statement)
            yield _Stage([group], _END_VOTE)
            places, statement = [], SamplingPolicy.UNIFORM
            continue
        if KINDS[group[0]].family not in FAMILIES_WITH_PLACES:
            yield _Stage(places, statement, placeless=group[0])
            places, statement = [], SamplingPolicy.UNIFORM
            continue
        (policy,) = _weighted(group, limits) or {statement}
        if SamplingPolicy.UNIFORM is not statement is not policy:
            yield _Stage(places, statement)
            places = []
        places.append(group)
        statement = policy
    yield _Stage(places, statement)


def _weighted(kinds: Group, limits: Limits) -> set[SamplingPolicy]:
    """Return the policies of these kinds that have statements of their own."""
    policies = {sampling.policy_of(kind, limits) for kind in kinds}
    return {policy for policy in policies if sampling.POLICIES[policy].weighted}


def _pools(kinds: Collection[TaskKind], lang: str, limits: Limits) -> tuple[str, ...]:
    """The pools that hold work of these kinds, those of waiting prompts to rank and of end votes among them."""
    families = (TaskFamily.RANK_PROMPTS, TaskFamily.END_VOTE)
    others = [kind for kind in kinds if KINDS[kind].family in families and is_offered(kind, limits)]
    return (*sampling.pools(kinds, lang, limits), *(sampling.plain_pool(kind, lang) for kind in others))


async def count_request(context: Context, quotas: Sequence[Quota]) -> None:
    """Count a request that names no user. Raise TooManyRequests when a quota is full.

    A request that cannot be counted passes: it is refused anyway, for what it lacks.
    """
    if not quotas:
        return
    now = context.clock()
    try:
        limited_until = await graph.tasks.count_request(context.store, quotas=quotas, now=now)
    except NotNow as error:
        log.warning("request not rate-limited: %s", error)
        return
    if limited_until is not None:
        raise _too_many_requests(limited_until, now)


def shown(posts: tuple[Post, ...], limits: Limits) -> tuple[Post, ...]:
    """Hide the authors if the limits say so: a tree that a task belongs to is unfinished."""
    if not limits.hide_authors_of_unfinished_trees:
        return posts
    return tuple(replace(post, hides_author=True) for post in posts)


def _too_many_requests(until: datetime | None, now: datetime) -> TooManyRequests:
    retry_at = until or now
    wait = retry_at - now
    return TooManyRequests(
        seconds=nothing_to_do.seconds(1000 * wait.total_seconds()),
        reason=NoTaskReason.RATE_LIMITED,
        retry_at=retry_at,
    )
