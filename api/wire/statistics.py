"""Boards, figures of users, and counts of messages and trees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Literal

from oa_graph import reliability
from oa_graph.api.wire.base import Id, Moment, Out, moment
from oa_graph.api.wire.frontend_users import streak_days
from oa_graph.domain import progress, scores
from oa_graph.domain.posts import TextLabel
from oa_graph.domain.trees import TreeState
from oa_graph.domain.users import AuthMethod
from oa_graph.policy import scoring
from oa_graph.policy.agreement import Metric


class UserScore(Out):
    """What a user has done within a time frame, and the user's place on the board."""

    rank: int | None
    """1 is best; null for users who are not on the board."""
    user_id: Id
    highlighted: bool
    """It is the acting user."""
    username: str
    auth_method: AuthMethod
    display_name: str
    leader_score: int
    level: int
    """0 to 100; 0 where nothing was done."""
    base_date: Moment | None
    """From when on things count; null: from the beginning."""
    modified_date: Moment | None
    prompts: int
    replies_assistant: int
    replies_prompter: int
    labels_simple: int
    labels_full: int
    rankings_total: int
    rankings_good: int
    """Always 0."""
    accepted_prompts: int
    accepted_replies_assistant: int
    accepted_replies_prompter: int
    reply_ranked_1: int
    """How often a ranking put a reply of the user first."""
    reply_ranked_2: int
    reply_ranked_3: int
    streak_last_day_date: Moment | None
    """When the streak began, in spite of the name."""
    streak_days: int | None
    last_activity_date: Moment | None


def user_score(value: scores.BoardEntry, *, viewer: str | None, now: datetime) -> UserScore:
    """`value` as the user with id `viewer` sees it."""
    score, who = value.score, value.user
    return UserScore(
        rank=value.rank,
        user_id=who.id,
        highlighted=who.id == viewer,
        username=who.name,
        auth_method=who.method,
        display_name=who.display_name,
        leader_score=score.points if score else 0,
        level=scoring.level(score.points) if score else 0,
        base_date=moment(scoring.frame_start(value.frame, now)),
        modified_date=moment(score.modified) if score else None,
        rankings_good=0,
        streak_last_day_date=moment(who.streak_start),
        streak_days=streak_days(who, now=now),
        last_activity_date=moment(who.last_activity),
        **{name: value.figures.get(name, 0) for name in scores.WORK},
    )


class LeaderboardStats(Out):
    """The best of a time frame, or those around a user."""

    time_frame: str
    last_updated: Moment
    leaderboard: list[UserScore]


def leaderboard(
    frame: scores.TimeFrame, rows: Iterable[scores.BoardEntry], *, viewer: str | None, now: datetime
) -> LeaderboardStats:
    listed = list(rows)
    return LeaderboardStats(
        time_frame=frame.value,
        last_updated=_newest(listed, now),
        leaderboard=[user_score(entry, viewer=viewer, now=now) for entry in listed],
    )


def _newest(rows: Iterable[scores.BoardEntry], now: datetime) -> str:
    return moment(max((entry.score.modified for entry in rows if entry.score), default=now))


class TrollScore(Out):
    """What others object to in a user's messages of a time frame."""

    rank: int | None
    user_id: Id
    highlighted: bool
    username: str
    auth_method: AuthMethod
    display_name: str
    last_activity_date: Moment | None
    enabled: bool
    deleted: bool
    show_on_leaderboard: bool
    troll_score: int
    base_date: Moment | None
    modified_date: Moment | None
    red_flags: int
    upvotes: int
    downvotes: int
    spam_prompts: int
    """Prompts whose trees were aborted."""
    quality: float | None
    """A mean over all reviews and remarks, as the four below; null when there are none."""
    humor: float | None
    toxicity: float | None
    violence: float | None
    helpfulness: float | None
    spam: int
    """How many said so, as the six below."""
    lang_mismach: int
    not_appropriate: int
    pii: int
    hate_speech: int
    sexual_content: int
    political_content: int


def troll_score(value: scores.BoardEntry, *, now: datetime) -> TrollScore:
    score, who, figures = value.score, value.user, value.figures
    get = figures.get
    return TrollScore(
        rank=value.rank,
        user_id=who.id,
        highlighted=False,
        username=who.name,
        auth_method=who.method,
        display_name=who.display_name,
        last_activity_date=moment(who.last_activity),
        enabled=who.enabled,
        deleted=who.deleted,
        show_on_leaderboard=who.show_on_leaderboard,
        troll_score=score.troll_points if score else 0,
        base_date=moment(scoring.frame_start(value.frame, now)),
        modified_date=moment(score.modified) if score else None,
        red_flags=get("red_flags", 0),
        upvotes=get("upvotes", 0),
        downvotes=get("downvotes", 0),
        spam_prompts=get("spam_prompts", 0),
        spam=get("spam", 0),
        lang_mismach=get("lang_mismatch", 0),
        not_appropriate=get("not_appropriate", 0),
        pii=get("pii", 0),
        hate_speech=get("hate_speech", 0),
        sexual_content=get("sexual_content", 0),
        political_content=get("political_content", 0),
        quality=scoring.mean(figures, TextLabel.QUALITY),
        humor=scoring.mean(figures, TextLabel.HUMOR),
        toxicity=scoring.mean(figures, TextLabel.TOXICITY),
        violence=scoring.mean(figures, TextLabel.VIOLENCE),
        helpfulness=scoring.mean(figures, TextLabel.HELPFULNESS),
    )


class TrollboardStats(Out):
    """Those of a time frame whose messages others object to most."""

    time_frame: str
    last_updated: Moment
    trollboard: list[TrollScore]


def trollboard(frame: scores.TimeFrame, rows: Iterable[scores.BoardEntry], *, now: datetime) -> TrollboardStats:
    listed = list(rows)
    return TrollboardStats(
        time_frame=frame.value,
        last_updated=_newest(listed, now),
        trollboard=[troll_score(entry, now=now) for entry in listed],
    )


class SystemStats(Out):
    """How many messages and trees there are."""

    all: int
    active: int
    """Not deleted; rejected ones count."""
    active_by_lang: dict[str, int]
    deleted: int
    message_trees: int


def system_stats(value: scores.PostCounts) -> SystemStats:
    return SystemStats(
        all=value.all,
        active=value.active,
        active_by_lang=dict(value.active_by_lang),
        deleted=value.deleted,
        message_trees=value.message_trees,
    )


class PurgeResultModel(Out):
    """What a purge changed."""

    before: SystemStats
    after: SystemStats
    preview: bool
    """It was done, counted and taken back."""
    duration: float
    """Seconds."""


def purged(before: scores.PostCounts, after: scores.PostCounts, *, preview: bool, seconds: float) -> PurgeResultModel:
    return PurgeResultModel(before=system_stats(before), after=system_stats(after), preview=preview, duration=seconds)


class TreeMessageCountStats(Out):
    """How far a tree has grown; deleted messages are not counted."""

    message_tree_id: Id
    state: TreeState
    depth: int
    oldest: Moment
    youngest: Moment
    count: int
    goal_tree_size: int


class TreeManagerStats(Out):
    """Trees by state, and one by one."""

    state_counts: dict[str, int]
    message_counts: list[TreeMessageCountStats]


class CachedStatsName(StrEnum):
    """Statistics that are kept ready."""

    HUMAN_MESSAGES_BY_LANG = "human_messages_by_lang"
    HUMAN_MESSAGES_BY_ROLE = "human_messages_by_role"
    MESSAGE_TREES_BY_STATE = "message_trees_by_state"
    MESSAGE_TREES_STATES_BY_LANG = "message_trees_states_by_lang"
    USERS_ACCEPTED_TOS = "users_accepted_tos"


class LangStateCount(Out):
    """How many trees of a language are in a state."""

    lang: str
    state: TreeState
    count: int


class CachedStatsResponse(Out):
    """Statistics as they were at some time."""

    name: CachedStatsName
    last_updated: Moment
    stats: dict[str, int] | list[LangStateCount]
    """Numbers by language, role or state, or under `count`; a list for `message_trees_states_by_lang`."""


class AllCachedStatsResponse(Out):
    """All that is kept ready."""

    stats_by_name: dict[CachedStatsName, CachedStatsResponse]


class WorkSlotStats(Out):
    """What was done within ten minutes."""

    start: Moment
    people: int
    answers: int
    """Texts, reviews and rankings."""


class PoolStats(Out):
    """The open places of a kind of task in a language, and who works on them."""

    kind: str
    lang: str
    places: int
    """Messages that want something."""
    wants: int
    """Answers that they want, all together."""
    free: int
    """Messages that take one more user now."""
    held: int
    """Leases that have not ended."""
    people: int
    """Different users who hold one."""
    next_end: Moment | None
    """When the first of these leases ends; null: there is none."""


class ProgressStats(Out):
    """What a collection needs now, and how fast it gets it."""

    at: Moment
    trees: list[LangStateCount]
    pools: list[PoolStats]
    work: list[WorkSlotStats]
    """Of the last day; slots without answers are left out."""
    answers_per_hour: float
    """Of late: in the last hour, or on average of the last day where that hour had none."""
    missing_posts: int
    """Messages that growing trees still lack of their goals."""
    answers_wanted: int
    """Answers that trees at work still want; rankings of replies that are not written yet are left out."""
    seconds_left: float | None
    """How long these take at that rate; null: nobody works."""


def progress_stats(value: progress.CollectionProgress) -> ProgressStats:
    return ProgressStats(
        at=moment(value.at),
        trees=[LangStateCount(lang=count.lang, state=count.state, count=count.trees) for count in value.trees],
        pools=[PoolStats.model_validate({**asdict(pool), "next_end": moment(pool.next_end)}) for pool in value.pools],
        work=[WorkSlotStats(start=moment(slot.start), people=slot.people, answers=slot.answers) for slot in value.work],
        answers_per_hour=value.answers_per_hour,
        missing_posts=value.missing_posts,
        answers_wanted=value.answers_wanted,
        seconds_left=value.seconds_left,
    )


class AgreementMeasure(Out):
    """How far people agree on one thing."""

    name: str
    """A label, or whose replies were ranked: `assistant_replies`, `prompter_replies`."""
    measure: Literal["krippendorff_alpha", "kendall_w"]
    metric: Metric | None
    """Of alpha: `nominal` for a yes or a no, `interval` for labels given in steps; null for W."""
    value: float | None
    """1 is full agreement; null when it is not defined."""
    chance: float | None
    """What it would be on average if everybody judged at random; null with the value."""
    items: int
    """Messages, or parents of ranked replies, that two or more people judged."""
    people: int
    judgements: int
    """Labels, or rankings."""
    why: str | None
    """Why there is no value."""


class UserReliability(Out):
    """How often a user is right, as far as others can tell."""

    user_id: Id
    work: reliability.JudgementKind
    value: float | None
    """0 to 1, where a coin has 0.5; null when it is not defined."""
    judgements: int
    """Reviews, or pairs of ranked replies, that others judged too."""
    why: str | None
    """Why there is no value."""


class AgreementStats(Out):
    """How far people agree, and how reliable each of them is."""

    lang: str | None
    """Of the trees; null: all languages."""
    trees: int
    """That were looked at."""
    labels: list[AgreementMeasure]
    rankings: list[AgreementMeasure]
    users: list[UserReliability]
    """Those who judged what others judged too."""


def agreement_stats(value: reliability.Agreements, users: Iterable[reliability.Reliability]) -> AgreementStats:
    return AgreementStats(
        lang=value.lang,
        trees=value.trees,
        labels=[_measure(agreement) for agreement in value.labels],
        rankings=[_measure(agreement) for agreement in value.rankings],
        users=[
            UserReliability(
                user_id=user.user, work=user.work, value=user.value, judgements=user.judgements, why=user.why
            )
            for user in users
        ],
    )


def _measure(value: reliability.Agreement) -> AgreementMeasure:
    return AgreementMeasure(
        name=value.name,
        measure=value.measure,
        metric=value.metric,
        value=value.value,
        chance=value.chance,
        items=value.items,
        people=value.people,
        judgements=value.judgements,
        why=value.why,
    )
