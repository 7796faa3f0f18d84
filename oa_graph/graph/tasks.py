"""Tasks: handing out, acknowledging, refusing, settling. One statement, one function, one outcome.

An outcome is a word that the statement chose under its locks; `oa_graph.tasks.outcomes` turns the bad ones into errors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from oa_graph.domain.limits import Limits, Quota
from oa_graph.domain.posts import Post, Thread
from oa_graph.domain.tasks import (
    EndVoteAnswer,
    GuidelineSummary,
    KindDraw,
    LabelAnswer,
    Lease,
    Occupancy,
    OpenTask,
    PoolCount,
    RankingAnswer,
    ReviewForm,
    Task,
    TaskKind,
    TextAnswer,
)
from oa_graph.domain.users import ApiClient, UserIdentity
from oa_graph.errors import DuplicateReply, PostIdTaken, ReviewedBefore, TaskAlreadyAcknowledged
from oa_graph.graph import posts
from oa_graph.graph.guidelines import decode_summary
from oa_graph.graph.outcomes import LeaseOutcome, TaskOutcome
from oa_graph.graph.session import KeyTaken, Row, Tx, decoder, many, maybe, milliseconds, moment, one, run

_QUOTAS = 1000
"""Quotas that are removed in one transaction."""
_LATE = timedelta(hours=1)
"""A process whose clock is behind by so much still finds the windows that it counts in."""


def _lease_end(limits: Limits, now: datetime) -> int:
    """In epoch milliseconds, when a place that is reserved now becomes free again."""
    return milliseconds(now + timedelta(seconds=limits.lease_sec))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """What every task that is written down has: who, when, and until when."""

    id: str
    now: datetime
    limits: Limits
    collective: bool
    model: str | None = None
    """The model that writes the answer; None: a person does."""
    guidelines: Mapping[TaskKind, GuidelineSummary] = field(default_factory=dict[TaskKind, GuidelineSummary])
    """What a task of each kind shows; without those that have none."""
    request_hash: str | None = None
    """Of the request, if it has an idempotency key."""

    @property
    def expires(self) -> datetime | None:
        """The end of its validity; None: never."""
        validity = self.limits.task_validity_sec
        return self.now + timedelta(seconds=validity) if validity and not self.collective else None

    @property
    def lease_until(self) -> datetime | None:
        """The end of the lease of its place; None: it holds no place, since others may answer it too."""
        return None if self.collective else moment(_lease_end(self.limits, self.now))

    def parameters(self) -> dict[str, object]:
        return {
            "task_id": self.id,
            "now": self.now,
            "expires": self.expires,
            "collective": self.collective,
            "request_hash": self.request_hash,
        }

    def lease(self) -> dict[str, object]:
        return {
            "now_ms": milliseconds(self.now),
            "until_ms": _lease_end(self.limits, self.now),
            "model": self.model,
        }

    def guideline_id(self, kind: TaskKind) -> str | None:
        guideline = self.guidelines.get(kind)
        return guideline and guideline.id


@dataclass(frozen=True, slots=True)
class LeaseResult:
    """What came of asking for an open place; `kind` and the rest only when it was handed out."""

    outcome: LeaseOutcome
    user_id: str
    kind: TaskKind | None = None
    thread: Thread = ()
    candidates: tuple[Post, ...] = ()
    form: ReviewForm | None = None
    guideline: GuidelineSummary | None = None
    lease_until: datetime | None = None
    expires: datetime | None = None
    request_hash: str | None = None
    """Of the request that the task was handed out for, if it had an idempotency key."""
    limited_until: datetime | None = None
    """When a full quota begins anew."""


def _allow(limits: Limits) -> dict[str, bool]:
    return {
        "self_labeling": limits.allow_self_labeling,
        "self_ranking": limits.allow_self_ranking,
        "duplicate_tasks": limits.allow_duplicate_tasks,
    }


def _user_parameters(client: str, user: UserIdentity) -> dict[str, object]:
    return {
        "client": client,
        "method": user.method,
        "name": user.name,
        "display_name": user.display_name,
    }


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else moment(milliseconds)


def _leased(row: Row) -> LeaseResult:
    outcome = LeaseOutcome(row["outcome"])
    if outcome is not LeaseOutcome.HANDED_OUT:
        return LeaseResult(outcome, row["user_id"], limited_until=_moment(row["limited_until"]))
    return LeaseResult(
        outcome=outcome,
        user_id=row["user_id"],
        kind=TaskKind(row["kind"]),
        thread=posts.decode_all(row["thread"], row["user_id"]),
        candidates=posts.decode_all(row["candidates"], row["user_id"]),
        form=_form(row),
    )


def _reread(row: Row) -> LeaseResult:
    return replace(
        _leased(row),
        lease_until=_moment(row["lease_until"]),
        expires=row["expires"],
        request_hash=row["request_hash"],
        guideline=_guideline(row),
    )


def _guideline(row: Row) -> GuidelineSummary | None:
    return decode_summary(row["guideline"]) if row["guideline"] else None


def _form(row: Row) -> ReviewForm | None:
    form = row["form"]
    if form is None:
        return None
    return ReviewForm(form["mode"], form["disposition"], tuple(form["labels"]), tuple(form["mandatory"]))


def _new_lease(leased: LeaseResult, task: NewTask, *, holds_place: bool = True) -> LeaseResult:
    """Add what a new task says of itself."""
    until = task.lease_until if holds_place else None
    guideline = task.guidelines.get(leased.kind) if leased.kind else None
    return replace(leased, lease_until=until, expires=task.expires, request_hash=task.request_hash, guideline=guideline)


async def lease(
    tx: Tx,
    task: NewTask,
    *,
    client: ApiClient,
    user: UserIdentity,
    lang: str,
    new_user: str,
    groups: Sequence[Sequence[KindDraw]],
    statement: str,
    forms: Mapping[TaskKind, ReviewForm],
    shuffle: Sequence[float],
    quotas: Sequence[Quota],
) -> LeaseResult:
    """Take the first place that the groups give to this user, who gets the id `new_user` if not seen before.

    `statement`: `tasks/lease_<statement>` runs. That of a policy draws by its weights for the kinds of this policy, and
    without weights for the others; `end_vote` draws end votes. The request is counted against the quotas first, unless
    one of them is full.
    """
    parameters = _lease_parameters(task, lang=lang, forms=forms, shuffle=shuffle)
    parameters["groups"] = [[_draw_parameters(draw, statement) for draw in draws] for draws in groups]
    parameters |= _user_parameters(client.id, user)
    parameters["user_id"] = new_user
    parameters["quotas"] = _counters(quotas, task.now)
    parameters["guidelines"] = {draw.kind.value: task.guideline_id(draw.kind) for draws in groups for draw in draws}
    try:
        leased = await one(tx, f"tasks/lease_{statement}", _leased, **parameters)
    except KeyTaken:  # a request with the same idempotency key was quicker
        leased = LeaseResult(LeaseOutcome.AGAIN, new_user)
    match leased.outcome:
        case LeaseOutcome.HANDED_OUT:
            return _new_lease(leased, task)
        case LeaseOutcome.AGAIN:
            return await _reread_lease(tx, task) or replace(leased, outcome=LeaseOutcome.LOST)
        case _:
            return leased


def _counters(quotas: Sequence[Quota], now: datetime) -> list[dict[str, object]]:
    return [
        {"id": quota.id, "limit": quota.limit, "until_ms": milliseconds(now + timedelta(seconds=quota.span_sec))}
        for quota in quotas
    ]


async def count_request(tx: Tx, *, quotas: Sequence[Quota], now: datetime) -> datetime | None:
    """Count a request that names no user; return when a full quota begins anew, if one is full."""
    return await one(
        tx,
        "tasks/count_request",
        lambda row: _moment(row["limited_until"]),
        quotas=_counters(quotas, now),
        now_ms=milliseconds(now),
    )


async def delete_expired_quotas(tx: Tx, *, now: datetime) -> None:
    """Remove the counts of requests whose windows are over: they count nothing any more."""
    while await one(
        tx,
        "tasks/delete_expired_quotas",
        lambda row: row["forgotten"] == _QUOTAS,
        before_ms=milliseconds(now - _LATE),
        limit=_QUOTAS,
    ):
        pass


async def _reread_lease(tx: Tx, task: NewTask) -> LeaseResult | None:
    """Return the task that this request was handed before; None when its user has been removed since."""
    return await maybe(tx, "tasks/reread_lease", _reread, task_id=task.id, now_ms=milliseconds(task.now))


def _lease_parameters(
    task: NewTask,
    *,
    lang: str,
    forms: Mapping[TaskKind, ReviewForm],
    shuffle: Sequence[float],
) -> dict[str, object]:
    limits = task.limits
    return {
        **task.parameters(),
        **task.lease(),
        "lang": lang,
        "need_terms": limits.enforce_terms,
        "span_start": task.now - timedelta(seconds=limits.recent_tasks_span_sec),
        "max_pending": limits.max_pending_tasks_per_user,
        "rank_decay": limits.rank_decay,
        "allow": _allow(limits),
        "min_human_replies": limits.min_human_replies,
        "forms": {
            kind.value: {
                "mode": form.mode,
                "disposition": form.disposition,
                "labels": list(form.labels),
                "mandatory": list(form.mandatory),
            }
            for kind, form in forms.items()
        },
        "shuffle": list(shuffle),
    }


def _draw_parameters(draw: KindDraw, statement: str) -> dict[str, object]:
    return {
        "kind": draw.kind,
        "policy": draw.policy,
        "pools": list(dict.fromkeys(pool for batch in draw.batches for pool in batch)),
        "batches": [list(batch) for batch in draw.batches],
        "weighted": draw.policy == statement,
        "lapsed_first": draw.lapsed_first,
    }


async def count_places(tx: Tx, pools: Sequence[str], *, now: datetime) -> Mapping[str, float]:
    """Return the estimated number of open places of each pool, lapsed leases included."""
    rows = await many(tx, "tasks/count_places", dict, pools=list(pools), now_ms=milliseconds(now))
    return {row["pool"]: row["places"] for row in rows}


async def lease_prompt(tx: Tx, task: NewTask, *, client: ApiClient, lang: str, user_id: str) -> LeaseResult | None:
    """Take room for one more initial prompt; None when there is none, or the user was merged away meanwhile."""
    limits = task.limits
    try:
        outcome = await maybe(
            tx,
            "tasks/lease_prompt",
            lambda row: LeaseOutcome(row["outcome"]),
            **task.parameters(),
            **task.lease(),
            user_id=user_id,
            client=client.id,
            lang=lang,
            guideline=task.guideline_id(TaskKind.INITIAL_PROMPT),
            max_growing=limits.max_active_trees,
            max_reviewing=limits.max_initial_prompt_review,
            max_waiting=limits.max_prompt_lottery_waiting,
        )
    except KeyTaken:
        outcome = LeaseOutcome.AGAIN
    match outcome:
        case LeaseOutcome.HANDED_OUT:
            prompt = LeaseResult(outcome, user_id, TaskKind.INITIAL_PROMPT)
            return _new_lease(prompt, task, holds_place=False)
        case LeaseOutcome.AGAIN:
            return await _reread_lease(tx, task)
        case _:
            return None


async def lease_prompts_to_rank(
    tx: Tx, task: NewTask, *, client: ApiClient, lang: str, user_id: str, start: float
) -> LeaseResult | None:
    """Take some waiting prompts, from `start` in [0, 1) of the pool on.

    None when fewer than two are there, or the user was merged away meanwhile.
    """
    limits = task.limits
    try:
        prompts = await maybe(
            tx,
            "tasks/lease_prompts_to_rank",
            lambda row: posts.decode_all(row["candidates"], user_id),
            **task.parameters(),
            **{
                "user_id": user_id,
                "client": client.id,
                "lang": lang,
                "guideline": task.guideline_id(TaskKind.RANK_INITIAL_PROMPTS),
                "pool": f"{TaskKind.RANK_INITIAL_PROMPTS} {lang}",
                "from": start,
                "count": limits.prompts_to_rank,
                "allow": _allow(limits),
            },
        )
    except KeyTaken:
        return await _reread_lease(tx, task)
    if not prompts:
        return None
    leased = LeaseResult(LeaseOutcome.HANDED_OUT, user_id, TaskKind.RANK_INITIAL_PROMPTS, candidates=prompts)
    return _new_lease(leased, task, holds_place=False)


def _open_task(row: Row) -> OpenTask:
    task = Task(
        id=row["task_id"],
        kind=TaskKind(row["kind"]),
        thread=posts.decode_all(row["thread"], row["user_id"]),
        candidates=posts.decode_all(row["candidates"], row["user_id"]),
        form=_form(row),
        guideline=_guideline(row),
        user=row["user_id"],
        lease_until=_moment(row["lease_until"]),
        expires=row["expires"],
    )
    return OpenTask(task, created=row["created"], message_id=row["ack"])


async def open_tasks(tx: Tx, user: str, *, limit: int, now: datetime) -> list[OpenTask]:
    """Return the newest tasks of a user that are neither answered, skipped nor expired."""
    return await many(tx, "tasks/open_tasks", _open_task, user_id=user, limit=limit, now=now, now_ms=milliseconds(now))


async def open_task(tx: Tx, task: str, *, user: str, now: datetime) -> OpenTask | None:
    """Return a task of a user that is neither answered, skipped nor expired; None for any other."""
    return await maybe(tx, "tasks/open_task", _open_task, task_id=task, user_id=user, now=now, now_ms=milliseconds(now))


async def pending_since(tx: Tx, user: str, *, limits: Limits, now: datetime) -> datetime | None:
    """Return when the task was handed out that has to leave the period, so that the user gets one more.

    None when the user has fewer open tasks than `max_pending_tasks_per_user`.
    """
    return await maybe(
        tx,
        "tasks/pending_since",
        lambda row: row["created"],
        user_id=user,
        span_start=now - timedelta(seconds=limits.recent_tasks_span_sec),
        max_pending=limits.max_pending_tasks_per_user,
    )


@dataclass(frozen=True, slots=True)
class Availability:
    """What is there for a user; `user_id` None: not seen before."""

    user_id: str | None
    enabled: bool | None
    terms: bool
    growing: int
    reviewing: int
    waiting: int
    leased: int
    looks: list[PoolCount]


_standing = decoder(Availability)


async def count_available(
    tx: Tx,
    *,
    client: ApiClient,
    user: UserIdentity,
    lang: str,
    pools: Sequence[str],
    limit: int,
    closely: int,
    limits: Limits,
    now: datetime,
) -> Availability:
    """Count what each pool holds for a user: of each it sees `limit` places at most, and ask `closely` of them."""
    return await one(
        tx,
        "tasks/count_available",
        _standing,
        client=client.id,
        method=user.method,
        name=user.name,
        pools=list(pools),
        limit=limit,
        closely=closely,
        lang=lang,
        now_ms=milliseconds(now),
        allow=_allow(limits),
        model=client.writes_as_model,
        min_human_replies=limits.min_human_replies,
    )


_pool_count = decoder(PoolCount)


async def count_end_votes(
    tx: Tx, *, client: ApiClient, user: UserIdentity, pool: str, limit: int, closely: int, now: datetime
) -> PoolCount:
    """Count the open end votes of a pool for a user, as `count_available` counts places."""
    return await one(
        tx,
        "tasks/count_end_votes",
        _pool_count,
        client=client.id,
        method=user.method,
        name=user.name,
        pool=pool,
        limit=limit,
        closely=closely,
        now_ms=milliseconds(now),
    )


_occupancy = decoder(Occupancy)


async def occupancy(tx: Tx, pools: Sequence[str], *, lang: str, now: datetime) -> Occupancy:
    """What these pools hold, whoever asks, and the trees of their language."""
    return await one(tx, "tasks/occupancy", _occupancy, pools=list(pools), lang=lang, now_ms=milliseconds(now))


async def reserved(tx: Tx, pools: Sequence[str], *, limit: int, now: datetime) -> dict[str, int]:
    """How many places of each pool are wholly in somebody's hands, up to `limit` of a pool; none are left out."""
    counts = await many(
        tx,
        "tasks/reserved",
        lambda row: (str(row["pool"]), int(row["places"])),
        pools=list(pools),
        now_ms=milliseconds(now),
        limit=limit,
    )
    return dict(counts)


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of a step in a task's life; the fields that the step does not know are None."""

    outcome: TaskOutcome
    task_id: str | None = None
    kind: TaskKind | None = None
    user_id: str | None = None
    post_id: str | None = None
    tree_id: str | None = None
    state: str | None = None
    expired: datetime | None = None
    label: str | None = None
    accepted: bool | None = None
    reviews: int = 0
    spam: float | None = None
    lang_mismatch: float | None = None
    skips: int = 0
    votes_for: int = 0
    votes_against: int = 0
    votes_wanted: int | None = None
    candidates: int = 0
    held: bool | None = None
    until: int | None = None
    """In epoch milliseconds, as `last_ms`."""
    last_ms: int | None = None
    ranked: list[str] = field(default_factory=list[str])

    @property
    def lease(self) -> Lease | None:
        """The lease that an ack or a renewal leaves; None for a task without a place."""
        if self.held is None:
            return None
        return Lease(_moment(self.until) if self.held else None, renewable_until=_moment(self.last_ms))


_OUTCOME_FIELDS = frozenset(TaskResult.__dataclass_fields__)


def _outcome(row: Row) -> TaskResult:
    fields = {name: value for name, value in row.items() if name in _OUTCOME_FIELDS and value is not None}
    fields["outcome"] = TaskOutcome(fields["outcome"])
    if "kind" in fields:
        fields["kind"] = TaskKind(fields["kind"])
    return TaskResult(**fields)


async def acknowledge(
    tx: Tx,
    *,
    client: str,
    task: str,
    ack: str,
    further: Sequence[str] = (),
    user: str | None,
    now: datetime,
    limits: Limits,
) -> TaskResult:
    """Bind a task to the frontend's ids; raise TaskAlreadyAcknowledged when another task has that id."""
    try:
        return await one(
            tx,
            "tasks/acknowledge",
            _outcome,
            client=client,
            task_id=task,
            ack=ack,
            further=list(further),
            user_id=user,
            **_renewal(limits, now),
        )
    except KeyTaken as taken:
        raise TaskAlreadyAcknowledged(id=task, ack=ack, why="another task has that id") from taken


async def renew(tx: Tx, *, client: str, task: str, user: str | None, now: datetime, limits: Limits) -> TaskResult:
    """Renew the lease of a task."""
    return await one(tx, "tasks/renew", _outcome, client=client, task_id=task, user_id=user, **_renewal(limits, now))


def _renewal(limits: Limits, now: datetime) -> dict[str, object]:
    """Return the parameters that tell how far a lease is renewed, and to whom a place is left."""
    return {
        "now": now,
        "now_ms": milliseconds(now),
        "until_ms": _lease_end(limits, now),
        "lease_max_ms": 1000 * limits.lease_max_sec if limits.lease_max_sec else None,
        "min_human_replies": limits.min_human_replies,
    }


async def unacknowledged(
    tx: Tx, *, client: str, user: UserIdentity, kinds: Collection[TaskKind], now: datetime
) -> list[str]:
    """The tasks of these kinds that a person took and never acknowledged, newest first."""
    return await many(
        tx,
        "tasks/unacknowledged",
        lambda row: str(row["task_id"]),
        client=client,
        method=user.method,
        name=user.name,
        kinds=list(kinds),
        now=now,
    )


async def refuse(tx: Tx, *, client: str, task: str, reason: str | None, user: str | None, now: datetime) -> TaskResult:
    """Skip a task and free its place."""
    return await one(
        tx,
        "tasks/refuse",
        _outcome,
        client=client,
        task_id=task,
        reason=reason,
        user_id=user,
        now=now,
        now_ms=milliseconds(now),
    )


async def release(tx: Tx, user: str, *, now: datetime) -> None:
    """End the reservations of a user."""
    await run(tx, "tasks/release", user_id=user, now_ms=milliseconds(now))


async def submit_text(
    tx: Tx,
    *,
    client: ApiClient,
    user: UserIdentity,
    answer: TextAnswer,
    post: str,
    goal: int,
    labels: Mapping[str, str],
    limits: Limits,
    now: datetime,
) -> TaskResult:
    """Store a text as post `post`, labelled by its language as `labels` say.

    Raise PostIdTaken when the frontend used its id before.
    """
    try:
        return await one(
            tx,
            "tasks/submit_text",
            _outcome,
            **_user_parameters(client.id, user),
            model=client.writes_as_model,
            min_human_replies=limits.min_human_replies,
            task_id=answer.task,
            ack=answer.ack,
            post_id=post,
            frontend_id=answer.frontend_id,
            text=answer.text,
            too_long=len(answer.text) > limits.message_size_limit,
            ends=answer.ends,
            lang=answer.lang,
            now=now,
            now_ms=milliseconds(now),
            labels=dict(labels),
            window_start=now - timedelta(seconds=limits.duplicate_window_sec),
            allow=_allow(limits),
            num_prompter_replies=limits.num_prompter_replies,
            rank_while_growing=limits.rank_while_growing,
            quota_prompt=limits.num_reviews_initial_prompt,
            quota_reply=limits.num_reviews_reply,
            goal=goal,
            max_depth=limits.max_tree_depth,
            max_children=limits.max_children_count,
        )
    except KeyTaken as taken:
        if "reply_key" in str(taken):
            raise DuplicateReply(id=user.name) from taken
        raise PostIdTaken(id=answer.frontend_id) from taken


async def submit_review(
    tx: Tx,
    *,
    client: str,
    user: UserIdentity,
    answer: LabelAnswer,
    conduct: Mapping[str, int],
    review: str,
    limits: Limits,
    now: datetime,
) -> TaskResult:
    """Store labels as review `review`; `conduct`: what they count for the author of the post."""
    try:
        return await one(
            tx,
            "tasks/submit_review",
            _outcome,
            **_user_parameters(client, user),
            task_id=answer.task,
            post_id=answer.post,
            labels=dict(answer.labels),
            text=answer.text,
            conduct=dict(conduct),
            review_id=review,
            allow=_allow(limits),
            quota_prompt=limits.num_reviews_initial_prompt,
            quota_reply=limits.num_reviews_reply,
            now=now,
            now_ms=milliseconds(now),
        )
    except KeyTaken as taken:
        raise ReviewedBefore(id=user.name) from taken


async def submit_ranking(
    tx: Tx, *, client: str, user: UserIdentity, answer: RankingAnswer, ranking: str, now: datetime
) -> TaskResult:
    """Store an order as ranking `ranking`."""
    return await one(
        tx,
        "tasks/submit_ranking",
        _outcome,
        **_user_parameters(client, user),
        task_id=answer.task,
        ack=answer.ack,
        order=list(answer.order),
        not_rankable=answer.not_rankable,
        ranking_id=ranking,
        now=now,
        now_ms=milliseconds(now),
    )


async def submit_end_vote(
    tx: Tx, *, client: str, user: UserIdentity, answer: EndVoteAnswer, vote: str, now: datetime
) -> TaskResult:
    """Store a vote on the end of a conversation as `vote`."""
    return await one(
        tx,
        "tasks/submit_end_vote",
        _outcome,
        **_user_parameters(client, user),
        task_id=answer.task,
        ack=answer.ack,
        ends=answer.ends,
        vote_id=vote,
        now=now,
        now_ms=milliseconds(now),
    )


async def close(tx: Tx, *, client: str, ack: str, now: datetime) -> TaskResult:
    """End a collective task."""
    return await one(
        tx, "tasks/close", _outcome, client=client, task_id=None, ack=ack, now=now, now_ms=milliseconds(now)
    )
