"""Tasks: handing out, acknowledging, refusing, settling. One statement, one function, one outcome.

An outcome is a word that the statement chose under its locks; `oa_graph.protocol` turns the bad ones into errors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from oa_graph.errors import DuplicateReply, PostIdTaken, ReviewedBefore, TaskAlreadyAcknowledged
from oa_graph.graph import posts
from oa_graph.graph.session import Row, Taken, Tx, decoder, many, maybe, milliseconds, one, run
from oa_graph.model import (
    Draw,
    Form,
    LabelAnswer,
    Limits,
    Occupancy,
    Person,
    PoolLook,
    Post,
    Quota,
    RankingAnswer,
    TaskKind,
    TaskRequest,
    TextAnswer,
    Thread,
)

_QUOTAS = 1000
"""Quotas that are removed in one transaction."""
_LATE = timedelta(hours=1)
"""A process whose clock is behind by so much still finds the windows that it counts in."""


def lease_end(limits: Limits, now: datetime) -> datetime:
    """When a place that is reserved now becomes free again."""
    return now + timedelta(seconds=limits.lease_sec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What every task that is written down has: who, when, and until when."""

    task: str
    now: datetime
    limits: Limits
    collective: bool
    policy: str

    def parameters(self) -> dict[str, object]:
        validity = self.limits.task_validity_sec
        return {
            "task_id": self.task,
            "now": self.now,
            "expires": self.now + timedelta(seconds=validity) if validity and not self.collective else None,
            "collective": self.collective,
            "policy": self.policy,
        }

    def lease(self) -> dict[str, object]:
        return {
            "now_ms": milliseconds(self.now),
            "until_ms": milliseconds(lease_end(self.limits, self.now)),
        }


@dataclass(frozen=True, slots=True)
class Leased:
    """What came of asking for an open place; `kind` and the rest only when it was handed out."""

    outcome: str
    user_id: str
    kind: TaskKind | None = None
    thread: Thread = ()
    candidates: tuple[Post, ...] = ()
    form: Form | None = None
    limited_until: int | None = None
    """In epoch milliseconds, when a full quota begins anew."""


def _allow(limits: Limits) -> dict[str, bool]:
    return {
        "self_labeling": limits.allow_self_labeling,
        "self_ranking": limits.allow_self_ranking,
        "duplicate_tasks": limits.allow_duplicate_tasks,
    }


def _who(client: str, person: Person) -> dict[str, object]:
    return {
        "client": client,
        "method": person.method,
        "name": person.name,
        "display_name": person.display_name,
    }


def _leased(row: Row) -> Leased:
    if row["outcome"] != "handed_out":
        return Leased(row["outcome"], row["user_id"], limited_until=row["limited_until"])
    form = row["form"]
    return Leased(
        outcome="handed_out",
        user_id=row["user_id"],
        kind=TaskKind(row["kind"]),
        thread=posts.decode_all(row["thread"], row["user_id"]),
        candidates=posts.decode_all(row["candidates"], row["user_id"]),
        form=None
        if form is None
        else Form(form["mode"], form["disposition"], tuple(form["labels"]), tuple(form["mandatory"])),
    )


async def lease(
    tx: Tx,
    slip: Slip,
    *,
    ask: TaskRequest,
    user: str,
    draws: Sequence[Draw],
    forms: Mapping[TaskKind, Form],
    shuffle: Sequence[float],
    quotas: Sequence[Quota],
) -> Leased:
    """Takes the first place that the draws give to this person; `user` is the id should he be new.

    The request is counted against the quotas before, unless one of them is full.
    """
    parameters = _lease_parameters(slip, ask=ask, user=user, draws=draws, forms=forms, shuffle=shuffle)
    parameters["quotas"] = _counters(quotas, slip.now)
    leased = await one(tx, "tasks/lease", _leased, **parameters)
    if leased.outcome != "again":
        return leased
    return await _again(tx, slip) or replace(leased, outcome="lost")


def _counters(quotas: Sequence[Quota], now: datetime) -> list[dict[str, object]]:
    return [
        {"id": each.id, "limit": each.limit, "until_ms": milliseconds(now + timedelta(seconds=each.span_sec))}
        for each in quotas
    ]


async def count_request(tx: Tx, *, quotas: Sequence[Quota], now: datetime) -> int | None:
    """Counts a request that names no user; the epoch millisecond at which a full quota begins anew, if one is."""
    return await one(
        tx,
        "tasks/count_request",
        lambda row: row["limited_until"],
        quotas=_counters(quotas, now),
        now_ms=milliseconds(now),
    )


async def forget_quotas(tx: Tx, *, now: datetime) -> None:
    """Removes the counts of requests whose windows are over: they count nothing any more."""
    while await one(
        tx,
        "tasks/forget_quotas",
        lambda row: row["forgotten"] == _QUOTAS,
        before_ms=milliseconds(now - _LATE),
        limit=_QUOTAS,
    ):
        pass


async def _again(tx: Tx, slip: Slip) -> Leased | None:
    """The task that was handed out over a connection that broke; None when its user has been removed since."""
    return await maybe(tx, "tasks/again", _leased, task_id=slip.task)


def _lease_parameters(
    slip: Slip,
    *,
    ask: TaskRequest,
    user: str,
    draws: Sequence[Draw],
    forms: Mapping[TaskKind, Form],
    shuffle: Sequence[float],
) -> dict[str, object]:
    limits = slip.limits
    return {
        **_who(ask.client.id, ask.person),
        **slip.parameters(),
        **slip.lease(),
        "user_id": user,
        "lang": ask.lang,
        "need_terms": limits.enforce_terms,
        "span_start": slip.now - timedelta(seconds=limits.recent_tasks_span_sec),
        "max_pending": limits.max_pending_tasks_per_user,
        "draws": [_plain(draw) for draw in draws],
        "allow": _allow(limits),
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


def _plain(draw: Draw) -> dict[str, Any]:
    return {
        "pools": list(draw.pools),
        "tries": draw.tries,
        "lapsed_first": draw.lapsed_first,
        "by_depth": list(draw.by_depth),
        "by_rank": list(draw.by_rank),
        "by_thread": draw.by_thread,
    }


async def lease_prompt(tx: Tx, slip: Slip, *, ask: TaskRequest, user: str) -> bool:
    """Takes room for one more initial prompt; False when there is none, or the user was merged away meanwhile."""
    limits = slip.limits
    found = await maybe(
        tx,
        "tasks/lease_prompt",
        lambda row: bool(row["handed_out"]),
        **slip.parameters(),
        **slip.lease(),
        user_id=user,
        client=ask.client.id,
        lang=ask.lang,
        max_growing=limits.max_active_trees,
        max_reviewing=limits.max_initial_prompt_review,
        max_waiting=limits.max_prompt_lottery_waiting,
    )
    return bool(found)


async def lease_prompts_to_rank(tx: Tx, slip: Slip, *, ask: TaskRequest, user: str, start: float) -> tuple[Post, ...]:
    """Takes some waiting prompts, from `start` in [0, 1) of the pool on.

    None when fewer than two are there, or the user was merged away meanwhile.
    """
    limits = slip.limits
    try:
        found = await maybe(
            tx,
            "tasks/lease_prompts_to_rank",
            lambda row: posts.decode_all(row["candidates"], user),
            **slip.parameters(),
            **{
                "user_id": user,
                "client": ask.client.id,
                "lang": ask.lang,
                "pool": f"{TaskKind.RANK_INITIAL_PROMPTS} {ask.lang}",
                "from": start,
                "count": limits.prompts_to_rank,
                "duplicate": limits.allow_duplicate_tasks,
                "self": limits.allow_self_ranking,
            },
        )
    except Taken:
        leased = await _again(tx, slip)
        return leased.candidates if leased else ()
    return found or ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is there for a user; `user_id` None: not seen before."""

    user_id: str | None
    enabled: bool | None
    terms: bool
    growing: int
    reviewing: int
    waiting: int
    leased: int
    looks: list[PoolLook]


_standing = decoder(Standing)


async def look(
    tx: Tx,
    *,
    client: str,
    person: Person,
    lang: str,
    pools: Sequence[str],
    limit: int,
    closely: int,
    limits: Limits,
    now: datetime,
) -> Standing:
    """Counts what each pool holds for a user: of each it sees `limit` places at most, and asks `closely` of them."""
    return await one(
        tx,
        "tasks/look",
        _standing,
        client=client,
        method=person.method,
        name=person.name,
        pools=list(pools),
        limit=limit,
        closely=closely,
        lang=lang,
        now_ms=milliseconds(now),
        allow=_allow(limits),
    )


_occupancy = decoder(Occupancy)


async def occupancy(tx: Tx, pools: Sequence[str], *, lang: str, now: datetime) -> Occupancy:
    """What these pools hold, whoever asks, and the trees of their language."""
    return await one(tx, "tasks/occupancy", _occupancy, pools=list(pools), lang=lang, now_ms=milliseconds(now))


async def reserved(tx: Tx, pools: Sequence[str], *, limit: int, now: datetime) -> dict[str, int]:
    """How many places of each pool are wholly in somebody's hands, up to `limit` of a pool; none are left out."""
    found = await many(
        tx,
        "tasks/reserved",
        lambda row: (str(row["pool"]), int(row["places"])),
        pools=list(pools),
        now_ms=milliseconds(now),
        limit=limit,
    )
    return dict(found)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step in a task's life; the fields that the step does not know are None."""

    outcome: str
    task_id: str | None = None
    kind: TaskKind | None = None
    user_id: str | None = None
    tree_id: str | None = None
    state: str | None = None
    expired: datetime | None = None
    label: str | None = None
    accepted: bool | None = None
    reviews: int = 0
    spam: float | None = None
    lang_mismatch: float | None = None
    skips: int = 0
    candidates: int = 0
    held: bool | None = None
    ranked: list[str] = field(default_factory=list[str])


_OUTCOME_FIELDS = frozenset(Outcome.__dataclass_fields__)


def _outcome(row: Row) -> Outcome:
    fields = {name: value for name, value in row.items() if name in _OUTCOME_FIELDS and value is not None}
    if "kind" in fields:
        fields["kind"] = TaskKind(fields["kind"])
    return Outcome(**fields)


async def acknowledge(
    tx: Tx, *, client: str, task: str, ack: str, user: str | None, now: datetime, limits: Limits
) -> Outcome:
    """Binds a task to the frontend's id; raises TaskAlreadyAcknowledged when another task has that id."""
    try:
        return await one(
            tx,
            "tasks/acknowledge",
            _outcome,
            client=client,
            task_id=task,
            ack=ack,
            user_id=user,
            now=now,
            now_ms=milliseconds(now),
            until_ms=milliseconds(lease_end(limits, now)),
        )
    except Taken as taken:
        raise TaskAlreadyAcknowledged(id=task, ack=ack, why="another task has that id") from taken


async def unacknowledged(
    tx: Tx, *, client: str, person: Person, kinds: Collection[TaskKind], now: datetime
) -> list[str]:
    """The tasks of these kinds that a person took and never acknowledged, newest first."""
    return await many(
        tx,
        "tasks/unacknowledged",
        lambda row: str(row["task_id"]),
        client=client,
        method=person.method,
        name=person.name,
        kinds=list(kinds),
        now=now,
    )


async def refuse(tx: Tx, *, client: str, task: str, reason: str | None, user: str | None, now: datetime) -> Outcome:
    """Skips a task and frees its place."""
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
    """Ends the reservations of a user."""
    await run(tx, "tasks/release", user_id=user, now_ms=milliseconds(now))


async def settle_text(
    tx: Tx,
    *,
    client: str,
    person: Person,
    answer: TextAnswer,
    post: str,
    goal: int,
    labels: Mapping[str, str],
    limits: Limits,
    now: datetime,
) -> Outcome:
    """Stores a text as post `post`, labelled by its language as `labels` say.

    Raises PostIdTaken when the frontend used its id before.
    """
    try:
        return await one(
            tx,
            "tasks/settle_text",
            _outcome,
            **_who(client, person),
            ack=answer.ack,
            post_id=post,
            frontend_id=answer.frontend_id,
            text=answer.text,
            too_long=len(answer.text) > limits.message_size_limit,
            lang=answer.lang,
            now=now,
            now_ms=milliseconds(now),
            labels=dict(labels),
            window_start=now - timedelta(seconds=limits.duplicate_window_sec),
            allow=_allow(limits),
            num_prompter_replies=limits.num_prompter_replies,
            quota_prompt=limits.num_reviews_initial_prompt,
            quota_reply=limits.num_reviews_reply,
            goal=goal,
            max_depth=limits.max_tree_depth,
            max_children=limits.max_children_count,
        )
    except Taken as taken:
        if "reply_key" in str(taken):
            raise DuplicateReply(id=person.name) from taken
        raise PostIdTaken(id=answer.frontend_id) from taken


async def settle_review(
    tx: Tx,
    *,
    client: str,
    person: Person,
    answer: LabelAnswer,
    conduct: Mapping[str, int],
    review: str,
    limits: Limits,
    now: datetime,
) -> Outcome:
    """Stores labels as review `review`; `conduct`: what they count for the author of the post."""
    try:
        return await one(
            tx,
            "tasks/settle_review",
            _outcome,
            **_who(client, person),
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
    except Taken as taken:
        raise ReviewedBefore(id=person.name) from taken


async def settle_ranking(
    tx: Tx, *, client: str, person: Person, answer: RankingAnswer, ranking: str, now: datetime
) -> Outcome:
    """Stores an order as ranking `ranking`."""
    return await one(
        tx,
        "tasks/settle_ranking",
        _outcome,
        **_who(client, person),
        ack=answer.ack,
        order=list(answer.order),
        not_rankable=answer.not_rankable,
        ranking_id=ranking,
        now=now,
        now_ms=milliseconds(now),
    )


async def close(tx: Tx, *, client: str, ack: str, now: datetime) -> Outcome:
    """Ends a collective task."""
    return await one(tx, "tasks/close", _outcome, client=client, ack=ack, now=now, now_ms=milliseconds(now))
